"""Tickets and their events, and the transactions in which facts and the effects that follow are written."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, String, bindparam, delete, exists, insert, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from identity_bot import database, tables
from identity_bot.errors import StoreError
from identity_bot.model import Effect, Event, Post, Ticket
from identity_bot.rows import row_of, ticket_in

# Statements are built once: building them costs SQLAlchemy more than the database takes to run them.
_TICKET = select(tables.tickets).where(tables.tickets.c.id == bindparam("wanted"))
_TICKET_LOCKED = _TICKET.with_for_update()
_TICKET_AT = (
    select(tables.tickets)
    .where(tables.tickets.c.repository == bindparam("where"), tables.tickets.c.number == bindparam("wanted"))
    .with_for_update()
)
_POSTED = select(tables.posts).where(
    tables.posts.c.ticket_id == bindparam("ticket"), tables.posts.c.slot == bindparam("place")
)
_UNPOST = delete(tables.posts).where(
    tables.posts.c.ticket_id == bindparam("ticket"), tables.posts.c.slot == bindparam("place")
)
_WAITS_OR_IS_DONE = (
    select(tables.outbox.c.id)
    .where(tables.outbox.c.lane == bindparam("at"), tables.outbox.c.kind == bindparam("what"), tables.WAITING)
    .limit(1)
)
_WAITS = _WAITS_OR_IS_DONE.where(~exists().where(tables.lanes.c.current == tables.outbox.c.id))
_WAITS_FOR_TICKET = _WAITS.where(tables.outbox.c.ticket_id == bindparam("ticket"))
_SAME = (
    tables.outbox.c.lane == bindparam("at"),
    tables.outbox.c.kind == bindparam("what"),
    tables.outbox.c.ticket_id.is_not_distinct_from(bindparam("ticket", type_=String)),
)
_SINCE = select(tables.outbox.c.payload).where(*_SAME, tables.outbox.c.created_at >= bindparam("earliest"))
_PAYLOADS = select(tables.outbox.c.payload).where(*_SAME, tables.WAITING).order_by(tables.outbox.c.id.desc())
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
_SAVE = update(tables.tickets).where(tables.tickets.c.id == bindparam("wanted"))
_NEW_EFFECT, _NEW_EVENT, _NEW_POST = insert(tables.outbox), insert(tables.events), insert(tables.posts)
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
_HEARD = {
    name: dialect.insert(tables.heard).on_conflict_do_nothing().returning(tables.heard.c.comment_id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
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
        return self.connection.execute(_NEW_TICKET[self._dialect], row_of(ticket)).one_or_none() is not None

    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket of this id, locked until the transaction ends."""
        row = self.connection.execute(_TICKET_LOCKED, {"wanted": ticket_id}).mappings().one_or_none()
        return ticket_in(row) if row else None

    def ticket_at(self, repository: str, number: int) -> Ticket | None:
        """The ticket of this issue, locked until the transaction ends."""
        issue = {"where": repository, "wanted": number}
        row = self.connection.execute(_TICKET_AT, issue).mappings().one_or_none()
        return ticket_in(row) if row else None

    def save(self, ticket: Ticket) -> None:
        """Keeps a ticket as it now is."""
        self.connection.execute(_SAVE, {**row_of(ticket), "wanted": ticket.id})

    def keep_post(self, ticket_id: str, slot: str, post: Post, effect_id: int) -> None:
        """Remembers where a message stands that may have to be edited, and the effect that it shows.

        `slot` says which of the ticket's messages it is.
        """
        self.forget_post(ticket_id, slot)
        values = {
            "ticket_id": ticket_id,
            "slot": slot,
            "channel": post.channel,
            "ts": post.ts,
            "effect_id": effect_id,
        }
        self.connection.execute(_NEW_POST, values)

    def forget_post(self, ticket_id: str, slot: str) -> None:
        """Remembers a message no more."""
        self.connection.execute(_UNPOST, {"ticket": ticket_id, "place": slot})

    def hear(self, repository: str, comment_id: int) -> bool:
        """Notes that a comment was heard; False where it had been before."""
        values = {"repository": repository, "comment_id": comment_id, "at": self.now}
        heard = self.connection.execute(_HEARD[self._dialect], values)
        return heard.one_or_none() is not None

    def add_event(self, happened: Event) -> None:
        """Keeps a lifecycle event."""
        values = {
            "ticket_id": happened.ticket_id,
            "kind": happened.kind.value,
            "at": happened.at,
            "by": happened.by,
        }
        self.connection.execute(_NEW_EVENT, values)

    def enqueue_once(self, effect: Effect) -> None:
        """Writes an effect unless one of its kind waits already, in its lane and for its ticket.

        One that is being done does not count: it may have read what has changed since.
        """
        wanted = {"at": effect.lane, "what": effect.kind}
        if effect.ticket_id:
            waits = self.connection.execute(_WAITS_FOR_TICKET, wanted | {"ticket": effect.ticket_id})
        else:
            waits = self.connection.execute(_WAITS, wanted)
        if waits.first() is None:
            self.enqueue(effect)

    def enqueue_only(self, effect: Effect) -> None:
        """Writes an effect, as of a timer, unless its lane has one of its kind that waits or is being done."""
        wanted = {"at": effect.lane, "what": effect.kind}
        if self.connection.execute(_WAITS_OR_IS_DONE, wanted).first() is None:
            self.enqueue(effect)

    def was_written(self, effect: Effect, since: float) -> bool:
        """Whether the very same effect was written since then (seconds since the epoch), whatever became of it."""
        wanted = {"at": effect.lane, "ticket": effect.ticket_id, "what": effect.kind, "earliest": since}
        return dict(effect.payload) in self.connection.execute(_SINCE, wanted).scalars().all()

    def is_waiting(self, effect: Effect, *, is_last: bool = False) -> bool:
        """Whether the very same effect waits already, or is being done; with `is_last`, none of its kind after it."""
        wanted = {"at": effect.lane, "ticket": effect.ticket_id, "what": effect.kind}
        waiting = self.connection.execute(_PAYLOADS, wanted).scalars().all()
        return dict(effect.payload) in (waiting[:1] if is_last else waiting)

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
        return ticket_in(row) if row else None

    def posted(self, ticket_id: str, slot: str) -> tuple[Post, int] | None:
        """Where a ticket's message of this slot stands, and the id of the effect that it shows."""
        with self.reading() as connection:
            found = connection.execute(_POSTED, {"ticket": ticket_id, "place": slot}).one_or_none()
        return (Post(channel=found.channel, ts=found.ts), found.effect_id) if found else None

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
