"""A transaction: facts about tickets, and the effects that follow from them, written together or not at all."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, String, bindparam, delete, exists, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from identity_bot.store import schema as tables
from identity_bot.store.rows import row_of, ticket_in
from identity_bot.tickets.model import Effect, Event, MessageRef, Ticket

# Statements are built once: building them costs SQLAlchemy more than the database takes to run them.
TICKET = select(tables.tickets).where(tables.tickets.c.id == bindparam("wanted"))
"""One ticket by its id."""
_TICKET_LOCKED = TICKET.with_for_update()
_TICKET_AT = (
    select(tables.tickets)
    .where(tables.tickets.c.repository == bindparam("where"), tables.tickets.c.number == bindparam("wanted"))
    .with_for_update()
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

    def keep_post(self, ticket_id: str, slot: str, post: MessageRef, effect_id: int) -> None:
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
