"""The store: one database behind an address, to read from and to write transactions to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, bindparam, select

from identity_bot.errors import StoreError
from identity_bot.store import engine, schema
from identity_bot.store.links import KnownLinks, read_links
from identity_bot.store.messages import COMMENTS, MESSAGE_AT, MESSAGE_IN, REPLIES, find_message
from identity_bot.store.rows import converter
from identity_bot.store.transaction import TICKET, TICKET_AT, TICKET_IN, Transaction, find_ticket
from identity_bot.tickets.model import Event, EventKind, Ticket, TicketMessage
from identity_bot.tickets.overview import Choices
from identity_bot.tickets.people import Link

# Built once, as in transaction.py.
_LAST_TEAM = (
    select(schema.tickets.c.requestor_team)
    .where(schema.tickets.c.requestor_slack_id == bindparam("slack_id"))
    .order_by(schema.tickets.c.submitted_at.desc())
    .limit(1)
)

_CHOICES = select(schema.home_views.c.choices).where(schema.home_views.c.slack_id == bindparam("slack_id"))
_EVENTS = (
    select(schema.events.c.kind, schema.events.c.at, schema.events.c.by)
    .where(schema.events.c.ticket_id == bindparam("wanted"))
    .order_by(schema.events.c.id.desc())
    .limit(bindparam("most"))
)
_MESSAGES = (
    select(*(column for column in schema.messages.c if column.name != "id"))
    .where(schema.messages.c.ticket_id == bindparam("wanted"), schema.messages.c.text != "")
    .order_by(schema.messages.c.at.desc())
    .limit(bindparam("most"))
)


class Store:
    """The database behind `url`, SQLite or PostgreSQL; safe to use from any thread.

    `clock` is the machine's. All times in the database are by that clock on SQLite, whose users share one machine,
    and by the database's own on PostgreSQL, unless another clock is given. `patience` is how many seconds to wait for
    others who hold it, before StoreError. One that is thrown away soon is not `durable`: it waits for no disk.
    """

    def __init__(
        self,
        url: str,
        clock: Callable[[], float] = time.time,
        *,
        patience: float = engine.PATIENCE,
        durable: bool = True,
    ) -> None:
        self.clock = clock
        self.durable = durable
        """Whether any commit waits for the disk."""
        self.on_work: Callable[[], None] = lambda: None
        """Called after a commit that made a lane ready."""
        self.links = KnownLinks(self._links, lambda: self.clock())
        """Who is who outside the settings; cheap to call."""
        self.engine = engine.open_engine(url, patience)
        self._patience = patience
        self._url = url
        # SQLite lets one writer in at a time and makes the others poll for their turn: queueing here without
        # polling keeps the wait of the last in line short.
        is_sqlite = self.engine.dialect.name == "sqlite"
        self._turn = threading.Lock() if is_sqlite else None
        self._file = engine.SameFile(self.engine) if is_sqlite else None

    @contextmanager
    def begin(self, *, durable: bool = True) -> Iterator[Transaction]:
        """A transaction that commits when the block ends and rolls back when it raises.

        With `durable=False`, SQLite does not wait for the disk. A crash of the bot undoes nothing, but a power cut may
        undo the last such transactions, up to the last durable one. This suits what would then be read or done again;
        it does not suit what was promised to somebody, or what keeps an act outside from being repeated.
        """
        if self._turn and not self._turn.acquire(timeout=self._patience):
            raise StoreError("the database cannot be used: others have been writing for too long")
        try:
            if self._file:
                self._file.check()
            durable = durable and self.durable
            with engine.failures(), engine.begin(self.engine, durable=durable) as connection:
                transaction = Transaction(connection, self.now(connection))
                yield transaction
                transaction.finish()
        finally:
            if self._turn:
                self._turn.release()
        if transaction.has_new_links:
            self.links.changed()
        if transaction.has_work:
            self.on_work()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with, seeing what was committed."""
        if self._file:
            self._file.check()
        with engine.failures(), engine.reading(self.engine) as connection:
            yield connection

    def now(self, connection: Connection) -> float:
        """The time by the clock that all who use this database share, in seconds since the epoch."""
        if self.clock is time.time and connection.dialect.name == "postgresql":
            return engine.database_time(connection)
        return self.clock()

    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket of this id."""
        with self.reading() as connection:
            return find_ticket(connection, TICKET, {"wanted": ticket_id})

    def ticket_at(self, repository: str, number: int) -> Ticket | None:
        """The ticket of this issue."""
        with self.reading() as connection:
            return find_ticket(connection, TICKET_AT, {"where": repository, "wanted": number})

    def ticket_in(self, channel: str, thread_ts: str) -> Ticket | None:
        """The latest ticket of this Slack thread."""
        with self.reading() as connection:
            return find_ticket(connection, TICKET_IN, {"where": channel, "wanted": thread_ts})

    def message_in(self, channel: str, ts: str) -> TicketMessage | None:
        """The message about a ticket at a place in Slack."""
        with self.reading() as connection:
            return find_message(connection, MESSAGE_IN, {"where": channel, "wanted": ts})

    def message_at(self, repository: str, comment_id: int) -> TicketMessage | None:
        """The message about a ticket that is this comment in GitHub."""
        with self.reading() as connection:
            return find_message(connection, MESSAGE_AT, {"where": repository, "wanted": comment_id})

    def replies(self, ticket_id: str) -> frozenset[str]:
        """The time stamps of the replies in a ticket's thread that were copied and are not known to be deleted."""
        with self.reading() as connection:
            return frozenset(connection.execute(REPLIES, {"wanted": ticket_id}).scalars())

    def comments(self, ticket_id: str) -> list[TicketMessage]:
        """The comments on a ticket's issue that were copied to Slack and are not known to be deleted."""
        with self.reading() as connection:
            rows = connection.execute(COMMENTS, {"wanted": ticket_id}).mappings().all()
        return [converter.structure(dict(row), TicketMessage) for row in rows]

    def last_team(self, slack_id: str) -> str:
        """The team that somebody named in their last ticket; empty where there is none."""
        with self.reading() as connection:
            return connection.execute(_LAST_TEAM, {"slack_id": slack_id}).scalar() or ""

    def events(self, ticket_id: str, limit: int) -> list[Event]:
        """The ticket's latest lifecycle events, oldest first; what people were told before is not kept."""
        with self.reading() as connection:
            rows = connection.execute(_EVENTS, {"wanted": ticket_id, "most": limit}).all()
        return [
            Event(kind=EventKind(kind), ticket_id=ticket_id, at=at, by=by) for kind, at, by in reversed(rows)
        ]

    def messages(self, ticket_id: str, limit: int) -> list[TicketMessage]:
        """The latest messages about the ticket, oldest first; none that was deleted or may not be shown."""
        with self.reading() as connection:
            rows = connection.execute(_MESSAGES, {"wanted": ticket_id, "most": limit}).mappings().all()
        return [converter.structure(dict(row), TicketMessage) for row in reversed(rows)]

    def home_choices(self, slack_id: str) -> Choices:
        """What somebody has chosen in the Home tab."""
        with self.reading() as connection:
            kept = connection.execute(_CHOICES, {"slack_id": slack_id}).scalar()
        return converter.structure(kept, Choices) if kept else Choices()

    def _links(self) -> tuple[Link, ...]:
        with self.reading() as connection:
            return read_links(connection)

    def check(self) -> None:
        """Raises StoreError unless a ticket could be kept now; takes no longer than that would, and keeps nothing."""
        if self._file:
            self._file.check_space()
        with self.begin(durable=False) as transaction:
            engine.try_to_write(transaction.connection)

    def migrate(self) -> None:
        """Brings the schema up to date; raises StoreError where it is newer than this program knows."""
        engine.migrate(self._url)

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()
