"""The outbox as an operator sees it: one line for each effect, and no word of what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from identity_bot.outbox.queue import Outbox, Row

HEAD = ("id", "state", "kind", "ticket", "lane", "attempts", "due", "last error")
NO_TICKET = "-"


def lines(outbox: Outbox, states: Sequence[str]) -> Iterator[str]:
    """A head and a line for each effect in these states, oldest first; one line where there are none."""
    rows = [row for state in states for row in outbox.rows(state)]
    if not rows:
        yield f"nothing is {' or '.join(states)}"
        return
    table = [HEAD, *(_cells(outbox, row) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEAD) - 1)]
    for line in table:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        yield "  ".join([*cells, line[-1]]).rstrip()
    for state in states:
        if (count := outbox.count(state)) > (shown := sum(row.state == state for row in rows)):
            yield f"and {count - shown} more that are {state}"


def _cells(outbox: Outbox, row: Row) -> tuple[str, ...]:
    effect = row.effect
    ticket = outbox.store.ticket(effect.ticket_id) if effect.ticket_id else None
    due = datetime.fromtimestamp(effect.due_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        str(effect.id),
        row.state,
        effect.kind,
        ticket.reference if ticket else NO_TICKET,
        effect.lane,
        str(effect.attempts),
        due,
        " ".join(row.last_error.split())[:300],
    )
