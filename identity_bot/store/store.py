"""The store: one database behind an address, to read from and to write transactions to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from identity_bot.errors import StoreError
from identity_bot.store import engine as database
from identity_bot.store import schema as tables
from identity_bot.store.rows import ticket_in
from identity_bot.store.transaction import TICKET, Transaction
from identity_bot.tickets.model import MessageRef, Ticket

# Built once, as in transaction.py.
_POSTED = select(tables.posts).where(
    tables.posts.c.ticket_id == bindparam("ticket"), tables.posts.c.slot == bindparam("place")
)
_OPEN = select(tables.tickets.c.id).where(
    tables.tickets.c.repository == bindparam("where"), tables.tickets.c.stage.not_in(("submitted", "closed"))
)
_LAST_TEAM = (
    select(tables.tickets.c.requestor_team)
    .where(tables.tickets.c.requestor_id == bindparam("slack_id"))
    .order_by(tables.tickets.c.submitted_at.desc())
    .limit(1)
)
BATCH = 1000
"""Rows that are deleted in one transaction."""
_CLEAN_OUTBOX = delete(tables.outbox).where(
    tables.outbox.c.id.in_(
        select(tables.outbox.c.id)
        .where(tables.outbox.c.state == "done", tables.outbox.c.due_at < bindparam("before"))
        .limit(BATCH)
    )
)
_CLEAN_HEARD = delete(tables.heard).where(
    tuple_(tables.heard.c.repository, tables.heard.c.comment_id).in_(
        select(tables.heard.c.repository, tables.heard.c.comment_id)
        .where(tables.heard.c.at < bindparam("before"))
        .limit(BATCH)
    )
)


class Store:
    """The database behind `url`, SQLite or PostgreSQL; safe to use from any thread.

    `patience` is how many seconds to wait for others who hold it, before StoreError.
    """

    def __init__(
        self, url: str, clock: Callable[[], float] = time.time, *, patience: float = database.PATIENCE
    ) -> None:
        self.clock = clock
        self.on_news: Callable[[], None] = lambda: None
        """Called after a commit that made a lane ready."""
        self.engine = database.open_engine(url, patience)
        self._patience = patience
        self._reader = self.engine.execution_options(reads=True)
        self._url = url
        # SQLite lets one writer in at a time and makes the others poll for their turn: queueing here without
        # polling keeps the wait of the last in line short.
        is_sqlite = self.engine.dialect.name == "sqlite"
        self._turn = threading.Lock() if is_sqlite else None
        self._file = database.SameFile(self.engine) if is_sqlite else None

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        if self._turn and not self._turn.acquire(timeout=self._patience):
            raise StoreError("the database cannot be used: others have been writing for too long")
        try:
            if self._file:
                self._file.check()
            with database.failures(), self.engine.begin() as connection:
                transaction = Transaction(connection, self.clock())
                yield transaction
                transaction.finish()
        finally:
            if self._turn:
                self._turn.release()
        if transaction.has_news:
            self.on_news()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with, seeing what was committed."""
        if self._file:
            self._file.check()
        with database.failures(), self._reader.connect() as connection:
            yield connection

    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket of this id."""
        with self.reading() as connection:
            row = connection.execute(TICKET, {"wanted": ticket_id}).mappings().one_or_none()
        return ticket_in(row) if row else None

    def posted(self, ticket_id: str, slot: str) -> tuple[MessageRef, int] | None:
        """Where a ticket's message of this slot stands, and the id of the effect that it shows."""
        with self.reading() as connection:
            found = connection.execute(_POSTED, {"ticket": ticket_id, "place": slot}).one_or_none()
        return (MessageRef(channel=found.channel, ts=found.ts), found.effect_id) if found else None

    def clean_up(self, *, done_before: float, heard_before: float) -> int:
        """Deletes effects that were due and are done before one time, and heard comments before another; how many."""
        count = 0
        for statement, before in ((_CLEAN_OUTBOX, done_before), (_CLEAN_HEARD, heard_before)):
            deleted = BATCH
            while deleted == BATCH:
                with self.begin() as transaction:
                    deleted = transaction.connection.execute(statement, {"before": before}).rowcount
                count += deleted
        return count

    def open_tickets(self, repository: str) -> list[str]:
        """The ids of the tickets whose issues in a repository are open."""
        with self.reading() as connection:
            return list(connection.execute(_OPEN, {"where": repository}).scalars())

    def last_team(self, slack_id: str) -> str:
        """The team that somebody named in their last ticket; empty where there is none."""
        with self.reading() as connection:
            return connection.execute(_LAST_TEAM, {"slack_id": slack_id}).scalar() or ""

    def ping(self) -> None:
        """Raises StoreError where the database cannot be read."""
        with self.reading() as connection:
            connection.execute(select(tables.lanes.c.name).limit(1))

    def migrate(self) -> None:
        """Brings the schema up to date; raises StoreError where it is newer than this program knows."""
        database.migrate(self._url)

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()
