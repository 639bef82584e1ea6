"""`identity-bot sync`: every ticket of the repositories again, from GitHub alone."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import click

from identity_bot import settings as settings_module
from identity_bot.logs import set_up_logging


@click.command()
@click.option("--full", is_flag=True, required=True, help="Read all issues of all repositories.")
@click.pass_obj
def sync(config: Path | None, full: bool) -> None:
    """Make every ticket again from its issue, or bring it up to date, telling nobody.

    For an empty database, or after a backup was restored. One that was cut short goes on where it was.
    """
    from identity_bot import app

    set_up_logging()
    logging.getLogger().setLevel(logging.WARNING)  # the progress is shown instead
    bot = app.build(settings_module.load(config, os.environ))
    tickets = 0
    try:
        for at in bot.sync(_pause):
            tickets += at.tickets
            bar = "#" * round(30 * at.page / at.pages)
            click.echo(f"{at.repository}: [{bar:<30}] page {at.page} of {at.pages}, {tickets} tickets")
    finally:
        bot.stop()
    click.echo(f"{tickets} tickets are as in GitHub; nobody was told of anything")


def _pause(seconds: float) -> None:
    click.echo(f"GitHub asks to wait: going on in {seconds:.0f} seconds", err=True)
    time.sleep(seconds)
