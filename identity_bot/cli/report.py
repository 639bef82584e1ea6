"""`identity-bot report`: a month's figures as a page, and for spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from identity_bot import settings as settings_module
from identity_bot.cli.bot import without_secrets
from identity_bot.cli.database import open_store
from identity_bot.cli.tickets import FORMULA
from identity_bot.errors import IdentityBotError

if TYPE_CHECKING:
    from identity_bot.report.figures import Figures


@click.command()
@click.option("--month", "written", metavar="YYYY-MM", help="The month; by default the one before this one.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder to write to; by default the one that the command runs in.",
)
@click.pass_obj
def report(config: Path | None, written: str | None, output: Path) -> None:
    """Write what the team did in a month: a page (HTML), and its figures as CSV and JSON.

    The page needs nothing else and can be printed. It holds numbers and the names of teams, but nobody's name. Files
    of the same month are replaced.
    """
    from identity_bot.report.charts import check_installed
    from identity_bot.report.month import Month
    from identity_bot.report.page import page
    from identity_bot.store.reported import count_month

    check_installed()
    settings, _ = settings_module.examine(config, os.environ)
    levels = settings.service_levels
    month = None if written is None else Month.written(written, levels.hours.zone)
    if written is not None and month is None:
        raise IdentityBotError(f"--month: found {written[:40]!r}; expected a month such as 2026-11")
    with open_store() as store:
        figures = count_month(store, month, levels.hours)
    files = {"html": page(figures, _title_of(config)), "csv": _as_csv(figures), "json": _as_json(figures)}
    try:
        output.mkdir(parents=True, exist_ok=True)
        for kind, text in files.items():
            file = output / f"report-{figures.month}.{kind}"
            file.write_text(text, encoding="utf-8", newline="")
            click.echo(str(file))
    except OSError as error:
        raise IdentityBotError(f"{output}: cannot be written to: {error.strerror}") from error


def _title_of(config: Path | None) -> Callable[[str], str]:
    """What gives a request type's title by its name; the name itself if the plugins cannot be loaded."""
    try:
        _, plugins = without_secrets(config, is_needed=False)
    except IdentityBotError:
        return str
    return plugins.title_of


def _as_csv(figures: Figures) -> str:
    from identity_bot.report.words import rows

    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["month", "figure", "name", "value"])
    for figure, name, value in rows(figures):
        cell = f"'{name}" if name.startswith(FORMULA) else name
        table.writerow([str(figures.month), figure, cell, "" if value is None else value])
    return written.getvalue()


def _as_json(figures: Figures) -> str:
    from identity_bot.report.words import as_json

    return json.dumps(as_json(figures), indent=2, ensure_ascii=False) + "\n"
