"""`identity-bot why` and `identity-bot export`: what happened to a ticket, and everything for a spreadsheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from identity_bot.cli.database import open_store
from identity_bot.errors import IdentityBotError

if TYPE_CHECKING:
    from identity_bot.store.history import History
    from identity_bot.tickets.model import Ticket

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a spreadsheet tells a formula, which must not come from what somebody typed."""


@click.command()
@click.argument("ticket")
def why(ticket: str) -> None:
    """Print all that happened to a ticket: its events, what was told to whom, and what has not arrived.

    TICKET is a number such as 123, reviews#12 for one outside the main repository, or a reference.
    """
    from identity_bot.store.history import History

    with open_store() as store:
        history = History(store)
        found = history.named(ticket)
        if not found:
            raise IdentityBotError(f"there is no ticket {ticket!r:.80} in the database")
        if len(found) > 1:
            names = ", ".join(f"{one.repository}#{one.number}" for one in found)
            raise IdentityBotError(f"{ticket!r:.80} may be any of {names}; name its repository, too")
        for line in _told(history, found[0]):
            click.echo(line)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--format", "kinds", type=click.Choice(["csv", "jsonl"]), multiple=True, help="Write only this format."
)
@click.option("--force", is_flag=True, help="Replace files that are there already.")
def export(folder: Path, kinds: tuple[str, ...], force: bool) -> None:
    """Write tickets, events, messages and surveys into FOLDER, as CSV and as JSON Lines.

    They hold names and what people wrote: keep them where only the team can read them. Times are in UTC: as ISO 8601
    in CSV, and in seconds since 1970 in JSON Lines and in the column `pauses`.
    """
    from identity_bot.store.history import EXPORTED, History

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise IdentityBotError(f"{folder}: cannot be written to: {error.strerror}") from error
    kinds = tuple(dict.fromkeys(kinds)) or ("csv", "jsonl")
    files = {folder / f"{name}.{kind}": (name, kind) for name in EXPORTED for kind in kinds}
    if not force and (there := [str(file) for file in files if file.exists()]):
        raise IdentityBotError(f"{there[0]}: is there already; --force replaces it, or name another folder")
    with open_store() as store:
        history = History(store)
        for file, (name, kind) in files.items():
            count = _write(file, history, name, kind)
            click.echo(f"{file}: {count} rows")


def _told(history: History, ticket: Ticket) -> Iterator[str]:
    """A heading, and what happened in the order in which it did."""
    name = f"{ticket.repository}#{ticket.number}" if ticket.number else "no issue yet"
    yield f"{name} ({ticket.type}), reference {ticket.reference}, now {ticket.stage.value}"
    yield f"{_moment(ticket.submitted_at)}  requested by {ticket.requestor.slack_id}, {ticket.requestor.name}"
    happened = [(one["at"], f"{one['kind']}{_by(one['by'])}") for one in history.events(ticket)]
    happened += [(one["at"], _message(one)) for one in history.messages(ticket)]
    for at, said in sorted(happened):
        yield f"{_moment(at)}  {said}"
    for effect in history.effects(ticket):
        reason = f": {' '.join(effect['last_error'].split())[:300]}" if effect["last_error"] else ""
        yield (
            f"{_moment(effect['created_at'])}  {effect['kind']} has not been done: {effect['state']} after"
            f" {effect['attempts']} attempts{reason}"
        )


def _message(message: Mapping[str, Any]) -> str:
    """A message without its text, which `export` has: a screen is easily shared."""
    where = f"{message['channel']} {message['ts']}" if message["ts"] else f"comment {message['comment_id']}"
    if message["kind"] == "update":
        return f"told {message['to']} ({where}, {len(message['text'])} characters)"
    copied = message["ts"] and message["comment_id"] is not None
    outcome = "" if copied and message["text"] else ", not copied: refused, deleted, or still to be done"
    return f"{message['kind']}{_by(message['author'])} ({where}{outcome})"


def _by(who: str) -> str:
    return f" by {who}" if who else ""


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(file: Path, history: History, name: str, kind: str) -> int:
    """Write one file; how many rows it has."""
    count = 0
    columns = history.columns(name)
    with _new(file) as written:
        table = csv.writer(written)
        if kind == "csv":
            table.writerow(columns)
        for row in history.export(name):
            if kind == "csv":
                table.writerow([_cell(column, row[column]) for column in columns])
            else:
                written.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _cell(column: str, value: Any) -> Any:
    if isinstance(value, float) and (column == "at" or column.endswith(("_at", "_due"))):
        return _moment(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _new(file: Path) -> IO[str]:
    """A file that only its owner can read."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    return file.open("w", encoding="utf-8", newline="")
