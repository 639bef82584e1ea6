"""`identity-bot answers`: which answers help before a request is filed, and which do not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from identity_bot.cli.database import open_store

if TYPE_CHECKING:
    from identity_bot.articles.suggestion import Tally

LONGEST_CELL = 60
MOST_TICKETS = 10


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all tickets and addresses.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Count only what was shown from this day on (UTC)."
)
def answers(as_json: bool, since: datetime | None) -> None:
    """List the answers that people saw before they sent a request, the least helpful first.

    Each form counts once: as solved if somebody pressed "This solved it", as not solved if a ticket was filed, or else
    only as shown.
    """
    from identity_bot.store.answers import tallies

    start = since.replace(tzinfo=UTC).timestamp() if since else 0.0
    with open_store() as store:
        found = tallies(store, start)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
    elif not found:
        click.echo("no answers were shown" + (f" since {since:%Y-%m-%d}" if since else ""))
    else:
        for line in _listed(found):
            click.echo(line)


def _listed(found: Sequence[Tally]) -> Iterator[str]:
    """A heading and a line for each answer."""
    table = [("answer", "from", "shown", "solved", "not solved", "tickets")]
    table += [
        (
            _cell(one.title or one.name),
            _cell(one.source),
            str(one.shown),
            str(one.solved),
            str(one.not_solved),
            _tickets(one.tickets),
        )
        for one in found
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def _tickets(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_TICKETS} more" if len(names) > MOST_TICKETS else ""
    return " ".join(names[:MOST_TICKETS]) + more


def _cell(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_CELL else f"{line[: LONGEST_CELL - 1]}…"
