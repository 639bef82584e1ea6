"""What happened to tickets, for operators: found by number, in order, and row by row for an export."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Table, select

from identity_bot.store import schema
from identity_bot.store.rows import ticket_in
from identity_bot.store.store import Store
from identity_bot.text.names import fold
from identity_bot.tickets.model import Ticket

BATCH = 500
"""Rows of an export that are read at a time."""
EXPORTED: Mapping[str, Table] = {
    "tickets": schema.tickets,
    "events": schema.events,
    "messages": schema.messages,
    "surveys": schema.surveys,
}
"""The tables that an export holds, by the names of its files."""
_NOT_EXPORTED = frozenset(
    {
        "offers",
        "requested",
        "last_notified",
        "queue_rank",
        "queue_turn",
        "escalations",
        "nudged_at",
        "issue_updated_at",
        "card",
        "origin",
    }
    | {"thread_channel", "thread_ts", "former_threads", "version", "is_redacted", "is_reported"}
)
"""Columns that mean something to the bot only."""


class History:
    """The past in a store's database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def named(self, name: str) -> list[Ticket]:
        """The tickets that people call so: `123`, `#123`, `reviews#123`, `owner/name#123`, or a reference."""
        before, _, number = name.strip().rpartition("#")
        if re.fullmatch(r"[0-9]{1,9}", number):
            found = [
                one for one in self._tickets(schema.tickets.c.number == int(number)) if _fits(one, before)
            ]
            main = [one for one in found if not one.prefix]
            return main if main and not before else found
        if re.fullmatch(r"[A-Za-z2-7]{4}-[A-Za-z2-7]{4}", name.strip()):
            # A reference is the beginning of an id, written in another way.
            begun = base64.b32decode(name.strip().replace("-", "").upper()).hex()
            return self._tickets(schema.tickets.c.id.startswith(f"{begun[:8]}-{begun[8:]}"))
        return []

    def events(self, ticket: Ticket) -> list[Mapping[str, Any]]:
        """The ticket's lifecycle events, oldest first: kind, at (seconds since the epoch) and by."""
        return self._of(ticket, schema.events, schema.events.c.id)

    def messages(self, ticket: Ticket) -> list[Mapping[str, Any]]:
        """What was said about the ticket, oldest first, as in `tickets.model.TicketMessage`."""
        return self._of(ticket, schema.messages, schema.messages.c.at)

    def effects(self, ticket: Ticket) -> list[Mapping[str, Any]]:
        """The ticket's effects that are not done, oldest first, without what people wrote."""
        shown = ("id", "kind", "state", "attempts", "created_at", "due_at", "last_error")
        return [
            {name: row[name] for name in shown}
            for row in self._of(ticket, schema.outbox, schema.outbox.c.id)
            if row["state"] != "done"
        ]

    def export(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of one of the EXPORTED tables, in an order that stays, as plain values."""
        table = EXPORTED[name]
        [key] = table.primary_key.columns
        last: Any = None
        while True:
            query = select(table).order_by(key).limit(BATCH)
            with self._store.reading() as connection:
                rows = connection.execute(query if last is None else query.where(key > last)).mappings().all()
            for row in rows:
                yield {column: value for column, value in row.items() if column not in _NOT_EXPORTED}
            if len(rows) < BATCH:
                return
            last = rows[-1][key.name]

    def columns(self, name: str) -> list[str]:
        """The columns of an exported table."""
        return [column.name for column in EXPORTED[name].columns if column.name not in _NOT_EXPORTED]

    def _of(self, ticket: Ticket, table: Table, order: Any) -> list[Mapping[str, Any]]:
        with self._store.reading() as connection:
            query = select(table).where(table.c.ticket_id == ticket.id).order_by(order)
            return [dict(row) for row in connection.execute(query).mappings()]

    def _tickets(self, condition: Any) -> list[Ticket]:
        query = select(schema.tickets).where(condition).order_by(schema.tickets.c.repository)
        with self._store.reading() as connection:
            return [ticket_in(row) for row in connection.execute(query).mappings()]


def _fits(ticket: Ticket, prefix: str) -> bool:
    """Whether a ticket's repository is the one before the number; any is if there is none."""
    names = {fold(ticket.prefix), fold(ticket.repository), fold(ticket.repository.rpartition("/")[2])}
    return not prefix or fold(prefix) in names
