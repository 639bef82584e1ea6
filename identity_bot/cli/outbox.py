"""`identity-bot outbox`: list, retry or discard effects."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from identity_bot.cli.database import open_store
from identity_bot.errors import IdentityBotError

if TYPE_CHECKING:
    from identity_bot.outbox.effect import Row
    from identity_bot.outbox.outbox import Outbox

HEADING = ("id", "state", "kind", "ticket", "lane", "attempts", "due", "last error")


@click.group(invoke_without_command=True)
@click.pass_context
def outbox(ctx: click.Context) -> None:
    """List, retry or discard effects: messages to Slack and changes in GitHub (default: list)."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(outbox_list)


@outbox.command("list")
@click.option(
    "--state", type=click.Choice(["waiting", "failed", "done"]), help="List only the effects in this state."
)
@click.pass_context
def outbox_list(ctx: click.Context, state: str | None = None) -> None:
    """List the effects that have failed and those that wait; exit with 1 if any has failed or is overdue."""
    with _open_outbox() as opened:
        for line in _table(opened, [state] if state else ["failed", "waiting"]):
            click.echo(line)
        backlog = opened.backlog()
        if backlog.overdue:
            minutes = round(backlog.delay / 60)
            click.echo(f"{backlog.overdue} overdue, one for {minutes} minutes; is a bot running?", err=True)
        ctx.exit(int(bool(backlog.failed or backlog.overdue)))


@outbox.command("retry")
@click.argument("ids", type=int, nargs=-1, metavar="ID…")
@click.option("--all", "everything", is_flag=True, help="Retry all that have failed.")
def outbox_retry(ids: tuple[int, ...], everything: bool) -> None:
    """Retry failed effects now."""
    if bool(ids) == everything:
        raise click.UsageError("expected the ids of effects, or --all")
    with _open_outbox() as opened:
        if everything:
            ids = tuple(row.id for row in opened.rows("failed", limit=100_000))
        _each(ids, opened.retry, "will be retried")


@outbox.command("discard")
@click.argument("ids", type=int, nargs=-1, required=True, metavar="ID…")
def outbox_discard(ids: tuple[int, ...]) -> None:
    """Discard failed effects for good."""
    with _open_outbox() as opened:
        _each(ids, opened.discard, "discarded")


def _each(ids: tuple[int, ...], change: Callable[[int], bool], done: str) -> None:
    unknown = []
    for one in dict.fromkeys(ids):
        if change(one):
            click.echo(f"{one}: {done}")
        else:
            unknown.append(f"{one}: no effect with this id has failed; `identity-bot outbox` lists them")
    if unknown:
        raise IdentityBotError("\n".join(unknown))
    if not ids:
        click.echo("no failed effects")


def _table(opened: Outbox, states: Sequence[str]) -> Iterator[str]:
    """A heading and a line for each effect in these states, oldest first, without anything that people wrote."""
    rows = [row for state in states for row in opened.rows(state)]
    if not rows:
        yield f"no {' or '.join(states)} effects"
        return
    table = [HEADING, *(_cells(opened, row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)][:-1]
    for line in table:
        yield "  ".join([*map(str.ljust, line, widths), line[-1]]).rstrip()
    for state in states:
        if (more := opened.count(state) - sum(row.state == state for row in rows)) > 0:
            yield f"and {more} more {state} effects"


def _cells(opened: Outbox, row: Row) -> tuple[str, ...]:
    ticket = opened.store.ticket(row.ticket_id) if row.ticket_id else None
    due = datetime.fromtimestamp(row.due_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    reference, error = ticket.reference if ticket else "-", " ".join(row.last_error.split())[:300]
    return (str(row.id), row.state, row.kind, reference, row.lane, str(row.attempts), due, error)


@contextlib.contextmanager
def _open_outbox() -> Iterator[Outbox]:
    from identity_bot.outbox.outbox import Outbox

    with open_store() as store:
        yield Outbox(store)
