"""The database: tickets and their events, and the transactions in which facts and their effects are written."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from identity_bot import tables
from identity_bot.errors import StoreError
from identity_bot.model import Effect, Event, Person, Post, Stage, Ticket

NEWEST = "0001"
"""The newest revision in migrations/versions; a test holds the two together."""
PATIENCE = 1.0
"""Seconds to wait for the database before giving up: twice that must fit into Slack's three, with an apology."""
MIGRATION_LOCK = 0x1DB07


class Transaction:
    """One write to the database: all of it happens, or none."""

    def __init__(self, connection: Connection, now: float) -> None:
        self.connection = connection
        self.now = now
        self._insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        self._ready: dict[str, float] = {}
        self._changes: dict[str, Callable[[], None]] = {}

    def add_ticket(self, ticket: Ticket) -> bool:
        """Keeps a new ticket; False, with nothing written, where its id is already known."""
        statement = (
            self._insert(tables.tickets).values(_row(ticket)).on_conflict_do_nothing(index_elements=["id"])
        )
        return self.connection.execute(statement).rowcount == 1

    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket of this id, locked until the transaction ends."""
        query = select(tables.tickets).where(tables.tickets.c.id == ticket_id).with_for_update()
        row = self.connection.execute(query).mappings().one_or_none()
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
        result = self.connection.execute(
            insert(tables.outbox).values(
                ticket_id=effect.ticket_id,
                lane=effect.lane,
                kind=effect.kind,
                payload=dict(effect.payload),
                created_at=self.now,
                due_at=due_at,
            )
        )
        self.make_ready(effect.lane, due_at)
        assert result.inserted_primary_key is not None
        return int(result.inserted_primary_key[0])

    def make_ready(self, lane: str, due_at: float) -> None:
        """Lets a lane run no later than `due_at`, or its pace where that is later."""
        self._ready[lane] = min(due_at, self._ready.get(lane, due_at))

    def with_lane(self, name: str, change: Callable[[], None]) -> None:
        """Makes a change to a lane when the transaction's other work is done.

        All transactions touch lanes last and by name, so that no two of them wait for each other.
        """
        self._changes[name] = change

    def finish(self) -> None:
        """Touches the lanes; called once, just before the commit."""
        for name in sorted({*self._ready, *self._changes}):
            if name in self._ready:
                self._touch(name, self._ready[name])
            if name in self._changes:
                self._changes[name]()

    def _touch(self, lane: str, due_at: float) -> None:
        statement = self._insert(tables.lanes).values(name=lane, ready_at=due_at)
        sooner = text(
            "CASE WHEN lanes.ready_at IS NOT NULL AND lanes.ready_at <= excluded.ready_at THEN lanes.ready_at"
            " WHEN excluded.ready_at < lanes.not_before THEN lanes.not_before ELSE excluded.ready_at END"
        )
        self.connection.execute(
            statement.on_conflict_do_update(index_elements=[tables.lanes.c.name], set_={"ready_at": sooner})
        )


class Store:
    """The database behind `url`, SQLite or PostgreSQL; safe to use from any thread."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.engine = _engine(url)
        # SQLite lets one writer in at a time and makes the others poll for their turn: queueing here, in order
        # and without polling, keeps the wait of the last in line short.
        self._turn = threading.Lock() if self.engine.dialect.name == "sqlite" else None

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        if self._turn and not self._turn.acquire(timeout=PATIENCE):
            raise StoreError("the database cannot be used: others have been writing for too long")
        try:
            with _failures(), self.engine.begin() as connection:
                transaction = Transaction(connection, self.clock())
                yield transaction
                transaction.finish()
        finally:
            if self._turn:
                self._turn.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with, seeing what was committed."""
        with _failures(), self.engine.execution_options(reads=True).connect() as connection:
            yield connection

    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket of this id."""
        with self.reading() as connection:
            query = select(tables.tickets).where(tables.tickets.c.id == ticket_id)
            row = connection.execute(query).mappings().one_or_none()
        return _ticket(row) if row else None

    def last_team(self, slack_id: str) -> str:
        """The team that somebody named in their last ticket; empty where there is none."""
        with self.reading() as connection:
            tickets = tables.tickets.c
            query = select(tickets.requestor_team).where(tickets.requestor_id == slack_id)
            return connection.execute(query.order_by(tickets.submitted_at.desc()).limit(1)).scalar() or ""

    def ping(self) -> None:
        """Raises StoreError where the database cannot be read."""
        with self.reading() as connection:
            connection.execute(select(tables.lanes.c.name).limit(1))

    def migrate(self) -> None:
        """Brings the schema up to NEWEST; raises StoreError where it is newer than this program knows."""
        with _failures():
            if _revision(self.engine) != NEWEST:
                with self.engine.begin() as connection:
                    _migrate(connection)

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError('DATABASE_URL: expected "sqlite:///file.db" or "postgresql://…"') from error
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            f"DATABASE_URL: {parsed.get_backend_name()} is not supported; SQLite and PostgreSQL are"
        )
    if parsed.get_backend_name() == "postgresql":
        try:
            return create_engine(
                parsed,
                pool_size=10,
                max_overflow=20,
                pool_pre_ping=True,
                pool_timeout=PATIENCE,
                connect_args={"connect_timeout": 2, "options": f"-c lock_timeout={PATIENCE:.0f}s"},
            )
        except ImportError as error:
            raise StoreError(
                "DATABASE_URL: PostgreSQL needs `pip install 'identity-bot[postgres]'`"
            ) from error
    if parsed.database in (None, "", ":memory:"):
        raise StoreError("DATABASE_URL: a SQLite database needs a file, or nothing would survive a restart")
    engine = create_engine(parsed, connect_args={"timeout": PATIENCE, "check_same_thread": False}, pool_size=32)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = (
        None  # we say BEGIN ourselves: sqlite3 would begin too late for a reader-writer
    )
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged ticket survives a power cut
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _revision(engine: Engine) -> str | None:
    with engine.execution_options(reads=True).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, NEWEST)
    except CommandError as error:
        raise StoreError(
            f"the database has a newer schema than this version of identity_bot knows ({error}); "
            "install the newer version again"
        ) from error


@contextmanager
def _failures() -> Iterator[None]:
    """Turns a database's own errors into one kind, with the reason and none of the statement's values."""
    try:
        yield
    except DBAPIError as error:
        # Only the first line: what follows may show a row's values.
        reason = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
        raise StoreError(f"the database cannot be used: {reason}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the database cannot be used: {type(error).__name__}") from error


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


POSTS = ("origin", "thread", "card")


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
