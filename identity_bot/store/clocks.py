"""Tickets' clocks in the database: those of many tickets are read and kept at once."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select, update

from identity_bot.store import bulk, schema
from identity_bot.store.rows import converter, ticket_in
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Ticket
from identity_bot.tickets.query import rank, turn

_KEPT = ("pauses", "response_due", "resolution_due", "queue_rank", "queue_turn")
_AFTER = (
    select(schema.tickets)
    .where(schema.IN_QUEUE, schema.tickets.c.id > bindparam("after"))
    .order_by(schema.tickets.c.id)
    .limit(bindparam("most"))
    .with_for_update()
)
_SAVE = (
    update(schema.tickets)
    .where(schema.tickets.c.id == bindparam("ticket"))
    .values({name: bindparam(f"new_{name}") for name in _KEPT})
)
_NOW = bulk.rows_from(
    {"ticket": schema.tickets.c.id, **{f"new_{name}": schema.tickets.c[name] for name in _KEPT}}
).subquery("now")
_SAVE_ALL = (
    update(schema.tickets)
    .where(schema.tickets.c.id == _NOW.c.id)
    .values({name: _NOW.c[name] for name in _KEPT})
)


def in_queue(transaction: Transaction, after: str, most: int) -> list[Ticket]:
    """Tickets that are not closed, by their ids, from the one that follows `after`; locked."""
    rows = transaction.connection.execute(_AFTER, {"after": after, "most": most})
    return [ticket_in(row) for row in rows.mappings()]


def save(transaction: Transaction, tickets: Iterable[Ticket]) -> None:
    """Keep the pauses and due times of tickets, and their places in the queue; nothing else of them."""
    rows = [
        {
            "ticket": one.id,
            "new_pauses": converter.unstructure(one.pauses),
            "new_response_due": one.response_due,
            "new_resolution_due": one.resolution_due,
            "new_queue_rank": rank(one, transaction.now),
            "new_queue_turn": turn(one),
        }
        for one in tickets
    ]
    bulk.write(transaction.connection, rows, each=_SAVE, all_at_once=_SAVE_ALL)
