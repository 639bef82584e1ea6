"""Tickets and their events, and the transactions in which facts and the effects that follow are written."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from identity_bot import database, tables
from identity_bot.errors import StoreError
from identity_bot.model import Effect, Event, Person, Post, Stage, Ticket

# Statements are built once: building them costs SQLAlchemy more than the database takes to run them.
_TICKET = select(tables.tickets).where(tables.tickets.c.id == bindparam("wanted"))
_TICKET_LOCKED = _TICKET.with_for_update()
_LAST_TEAM = (
    select(tables.tickets.c.requestor_team)
    .where(tables.tickets.c.requestor_id == bindparam("slack_id"))
    .order_by(tables.tickets.c.submitted_at.desc())
    .limit(1)
)
_NEW_EFFECT = insert(tables.outbox)
_READY_AT = text(
    "CASE WHEN lanes.ready_at IS NOT NULL AND lanes.ready_at <= excluded.ready_at THEN lanes.ready_at"
    " WHEN excluded.ready_at < lanes.not_before THEN lanes.not_before ELSE excluded.ready_at END"
)
_NEW_TICKET = {
    "sqlite": sqlite.insert(tables.tickets)
    .on_conflict_do_nothing(index_elements=["id"])
    .returning(tables.tickets.c.id),
    "postgresql": postgresql.insert(tables.tickets)
    .on_conflict_do_nothing(index_elements=["id"])
    .returning(tables.tickets.c.id),
}
_TOUCH = {
    "sqlite": sqlite.insert(tables.lanes).on_conflict_do_update(
        index_elements=["name"], set_={"ready_at": _READY_AT}
    ),
    "postgresql": postgresql.insert(tables.lanes).on_conflict_do_update(
        index_elements=["name"], set_={"ready_at": _READY_AT}
    ),
}


class Transaction:
    """One write to the database: all of it happens, or none."""

    def __init__(self, connection: Connection, now: float) -> None:
        self.connection = connection
        self.now = now
        self._dialect = connection.dialect.name
        self._ready: dict[str, float] = {}
        self._changes: dict[str, Callable[[], None]] = {}
        self._last: Callable[[], None] | None = None

    @property
    def has_news(self) -> bool:
        """Whether it makes a lane ready, so that an idle worker should look."""
        return bool(self._ready)

    def add_ticket(self, ticket: Ticket) -> bool:
        """Keeps a new ticket; False, with nothing written, where its id is already known."""
        return self.connection.execute(_NEW_TICKET[self._dialect], _row(ticket)).one_or_none() is not None

    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket of this id, locked until the transaction ends."""
        row = self.connection.execute(_TICKET_LOCKED, {"wanted": ticket_id}).mappings().one_or_none()
        return _ticket(row) if row else None

    def save(self, ticket: Ticket) -> None:
        """Keeps a ticket as it now is."""
        self.connection.execute(
            update(tables.tickets).where(tables.tickets.c.id == ticket.id).values(_row(ticket))
        )

    def add_event(self, happened: Event) -> None:
        """Keeps a lifecycle event."""
        self.connection.execute(
            insert(tables.events).values(
                ticket_id=happened.ticket_id, kind=happened.kind.value, at=happened.at
            )
        )

    def enqueue(self, effect: Effect) -> int:
        """Writes an effect to the outbox and makes its lane ready for it; its id there."""
        due_at = max(effect.due_at, self.now)
        values = {
            "ticket_id": effect.ticket_id,
            "lane": effect.lane,
            "kind": effect.kind,
            "payload": dict(effect.payload),
            "created_at": self.now,
            "due_at": due_at,
            "since": due_at,
        }
        result = self.connection.execute(_NEW_EFFECT, values)
        self.make_ready(effect.lane, due_at)
        assert result.inserted_primary_key is not None
        return int(result.inserted_primary_key[0])

    def make_ready(self, lane: str, due_at: float) -> None:
        """Lets a lane run no later than `due_at`, or its pace where that is later."""
        self._ready[lane] = min(due_at, self._ready.get(lane, due_at))

    def with_lane(self, name: str, change: Callable[[], None]) -> None:
        """Makes a change to a lane, and to the effect that it holds, when the transaction's other work is done.

        All transactions touch tickets first, then lanes by name, then the effects that those hold, so that no two
        of them ever wait for each other.
        """
        self._changes[name] = change

    def at_last(self, change: Callable[[], None]) -> None:
        """Makes a change that waits for no lock, after all others."""
        self._last = change

    def finish(self) -> None:
        """Touches the lanes; called once, just before the commit."""
        for name in sorted({*self._ready, *self._changes}):
            if name in self._ready:
                ready = {"name": name, "ready_at": self._ready[name]}
                self.connection.execute(_TOUCH[self._dialect], ready)
            if name in self._changes:
                self._changes[name]()
        if self._last:
            self._last()


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
            row = connection.execute(_TICKET, {"wanted": ticket_id}).mappings().one_or_none()
        return _ticket(row) if row else None

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


POSTS = ("origin", "thread", "card")
"""The columns that hold a message's place."""


def _row(ticket: Ticket) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "type": ticket.type,
        "requestor_id": ticket.requestor.slack_id,
        "requestor_handle": ticket.requestor.handle,
        "requestor_name": ticket.requestor.name,
        "requestor_team": ticket.requestor.team,
        "answers": dict(ticket.answers),
        "submitted_at": ticket.submitted_at,
        "stage": ticket.stage.value,
        "is_urgent": ticket.is_urgent,
        "is_sensitive": ticket.is_sensitive,
        "repository": ticket.repository,
        "number": ticket.number,
        "url": ticket.url,
        **{name: asdict(post) if (post := getattr(ticket, name)) else None for name in POSTS},
    }


def _ticket(row: Mapping[str, Any] | Any) -> Ticket:
    return Ticket(
        id=row["id"],
        type=row["type"],
        requestor=Person(
            slack_id=row["requestor_id"],
            handle=row["requestor_handle"],
            name=row["requestor_name"],
            team=row["requestor_team"],
        ),
        answers=row["answers"],
        submitted_at=row["submitted_at"],
        stage=Stage(row["stage"]),
        is_urgent=row["is_urgent"],
        is_sensitive=row["is_sensitive"],
        repository=row["repository"],
        number=row["number"],
        url=row["url"],
        **{name: Post(**row[name]) if row[name] else None for name in POSTS},
    )
