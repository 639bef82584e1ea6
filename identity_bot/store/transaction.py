"""A transaction: facts about tickets, and the effects that follow from them, written together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from identity_bot.store import schema
from identity_bot.store.engine import failures
from identity_bot.store.enqueue import Enqueueable as Enqueueable
from identity_bot.store.enqueue import New, write
from identity_bot.store.messages import Messages
from identity_bot.store.rows import converter, row_of, ticket_in
from identity_bot.tickets.model import Event, Ticket
from identity_bot.tickets.overview import Choices
from identity_bot.tickets.query import rank, terms, turn

_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

# Statements are built once: building them costs SQLAlchemy more than the database takes to run them.
TICKET = select(schema.tickets).where(schema.tickets.c.id == bindparam("wanted"))
"""One ticket by its id."""
TICKET_AT = select(schema.tickets).where(
    schema.tickets.c.repository == bindparam("where"), schema.tickets.c.number == bindparam("wanted")
)
"""The ticket of one issue."""
TICKET_IN = (
    select(schema.tickets)
    .where(
        schema.tickets.c.thread_channel == bindparam("where"),
        schema.tickets.c.thread_ts == bindparam("wanted"),
    )
    .order_by(schema.tickets.c.submitted_at.desc())
    .limit(1)
)
"""The latest ticket of a Slack thread, in which somebody may make several requests."""
_TICKET_LOCKED, _TICKET_AT_LOCKED, _TICKET_IN_LOCKED = (
    query.with_for_update() for query in (TICKET, TICKET_AT, TICKET_IN)
)
_SAVE = update(schema.tickets).where(schema.tickets.c.id == bindparam("wanted"))
_TERMS = select(schema.ticket_terms.c.term).where(schema.ticket_terms.c.ticket_id == bindparam("wanted"))
_ADD_TERM = {name: new(schema.ticket_terms).on_conflict_do_nothing() for name, new in _INSERT.items()}
_DROP_TERM = delete(schema.ticket_terms).where(
    schema.ticket_terms.c.term == bindparam("dropped"), schema.ticket_terms.c.ticket_id == bindparam("wanted")
)
_NEW_TICKET = {
    name: new(schema.tickets).on_conflict_do_nothing(index_elements=["id"]).returning(schema.tickets.c.id)
    for name, new in _INSERT.items()
}
_PROCESSED = {
    name: new(schema.processed_comments)
    .on_conflict_do_nothing()
    .returning(schema.processed_comments.c.comment_id)
    for name, new in _INSERT.items()
}
_OPEN_HOME = {
    name: new(schema.home_views).on_conflict_do_update(
        index_elements=["slack_id"],
        set_={"choices": text("excluded.choices"), "opened_at": text("excluded.opened_at")},
    )
    for name, new in _INSERT.items()
}
_VIEWERS = (
    select(schema.home_views.c.slack_id)
    .where(schema.home_views.c.opened_at > bindparam("since"))
    .order_by(schema.home_views.c.opened_at.desc())
    .limit(bindparam("most"))
)
_TAKE_TURN = {
    name: new(schema.rotas)
    .values(name=bindparam("rota"), turns=1)
    .on_conflict_do_update(index_elements=["name"], set_={"turns": schema.rotas.c.turns + 1})
    .returning(schema.rotas.c.turns)
    for name, new in _INSERT.items()
}
_SYNCED = select(schema.syncs.c.page).where(schema.syncs.c.repository == bindparam("where"))
_FORGET_SYNC = delete(schema.syncs).where(schema.syncs.c.repository == bindparam("where"))
_NOTE_SYNC = insert(schema.syncs).inline()
_NEW_EVENT = insert(schema.events).inline()
_OPEN = select(schema.tickets.c.id).where(schema.tickets.c.repository == bindparam("where"), schema.OPEN)
_OPEN_THREADS = _OPEN.where(schema.tickets.c.thread_ts.is_not(None))
_ENQUEUED_SINCE = (
    select(schema.outbox.c.id)
    .where(
        schema.outbox.c.unique_key == bindparam("key"),
        schema.outbox.c.created_at.between(bindparam("since"), bindparam("now")),
    )
    .limit(1)
)
_FAILED = (
    select(schema.outbox.c.id)
    .where(
        schema.UNSETTLED, schema.outbox.c.ticket_id == bindparam("wanted"), schema.outbox.c.state == "failed"
    )
    .limit(1)
)
_READY_AT = text(
    "CASE WHEN lanes.ready_at IS NOT NULL AND lanes.ready_at <= excluded.ready_at THEN lanes.ready_at"
    " WHEN excluded.ready_at < lanes.not_before THEN lanes.not_before ELSE excluded.ready_at END"
)
_WRITTEN_AT = text(
    "CASE WHEN lanes.written_at > excluded.written_at THEN lanes.written_at ELSE excluded.written_at END"
)
_MAKE_READY = {
    name: new(schema.lanes).on_conflict_do_update(
        index_elements=["name"], set_={"ready_at": _READY_AT, "written_at": _WRITTEN_AT}
    )
    for name, new in _INSERT.items()
}
_UNSETTLED_LANES = select(schema.outbox.c.lane).where(
    schema.outbox.c.ticket_id == bindparam("wanted"), schema.UNSETTLED
)
_UNSETTLED = select(schema.outbox.c.id, schema.outbox.c.payload).where(
    schema.outbox.c.ticket_id == bindparam("wanted"),
    schema.outbox.c.lane == bindparam("name"),
    schema.UNSETTLED,
)
_REWRITE = (
    update(schema.outbox).where(schema.outbox.c.id == bindparam("effect")).values(payload=bindparam("new"))
)
LOCK_LANE = select(schema.lanes.c.name).where(schema.lanes.c.name == bindparam("name")).with_for_update()
"""Locks a lane until the transaction ends."""

BATCH = 200
"""Rows of each table that one transaction of a recurring effect changes at most."""
# First found and then deleted: as one statement, PostgreSQL may read the whole table.
_OLD_EFFECTS = (
    select(schema.outbox.c.id.label("effect"))
    .where(schema.outbox.c.state == "done", schema.outbox.c.trying_since < bindparam("before"))
    .limit(BATCH)
)
_DELETE_EFFECT = delete(schema.outbox).where(schema.outbox.c.id == bindparam("effect"))
_OLD_COMMENTS = (
    select(
        schema.processed_comments.c.repository.label("where"),
        schema.processed_comments.c.comment_id.label("comment"),
    )
    .where(schema.processed_comments.c.at < bindparam("before"))
    .limit(BATCH)
)
_DELETE_COMMENT = delete(schema.processed_comments).where(
    schema.processed_comments.c.repository == bindparam("where"),
    schema.processed_comments.c.comment_id == bindparam("comment"),
)
_OLD_CLAIMS = (
    select(schema.link_claims.c.id.label("claim"))
    .where(schema.link_claims.c.at < bindparam("before"))
    .limit(BATCH)
)
_DELETE_CLAIM = delete(schema.link_claims).where(schema.link_claims.c.id == bindparam("claim"))


def find_ticket(connection: Connection, query: Any, values: Mapping[str, Any]) -> Ticket | None:
    """The ticket that a query finds."""
    row = connection.execute(query, values).one_or_none()
    return ticket_in(dict(zip(row._fields, row, strict=True))) if row else None


class Transaction(Messages):
    """One write to the database: all of it happens, or none.

    All transactions lock tickets first, then lanes by name, then effects, so that no two wait for each other. What
    concerns lanes and effects is therefore collected, and written just before the commit.
    """

    def __init__(self, connection: Connection, now: float) -> None:
        super().__init__(connection)
        self.now = now
        self._terms: dict[str, frozenset[str]] = {}
        self._ready: dict[str, float] = {}
        self._new: dict[str, list[New]] = {}
        self._changes: dict[str, Callable[[], Callable[[], None]]] = {}
        self._rewritten: dict[str, list[Callable[[], None]]] = {}
        self._last: Callable[[], None] | None = None
        self.has_new_links = False
        """Whether it changes who is who, as `store/links.py` keeps it."""

    @property
    def has_work(self) -> bool:
        """Whether it makes a lane ready, so that an idle worker should look."""
        return bool(self._ready)

    def add_ticket(self, ticket: Ticket) -> bool:
        """Keep a new ticket; False, with nothing written, if its id is already known."""
        row = self.connection.execute(_NEW_TICKET[self._dialect], self._row(ticket)).one_or_none()
        if row is not None:
            self._terms[ticket.id] = frozenset()
            self._save_terms(ticket)
        return row is not None

    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket with this id, locked until the transaction ends."""
        return self._read(find_ticket(self.connection, _TICKET_LOCKED, {"wanted": ticket_id}))

    def ticket_at(self, repository: str, number: int) -> Ticket | None:
        """The ticket of this issue, locked until the transaction ends."""
        return self._read(
            find_ticket(self.connection, _TICKET_AT_LOCKED, {"where": repository, "wanted": number})
        )

    def read_ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket with this id, not locked: for what is said of it elsewhere."""
        return find_ticket(self.connection, TICKET, {"wanted": ticket_id})

    def read_ticket_at(self, repository: str, number: int) -> Ticket | None:
        """The same by its issue."""
        return find_ticket(self.connection, TICKET_AT, {"where": repository, "wanted": number})

    def ticket_in(self, channel: str, thread_ts: str) -> Ticket | None:
        """The latest ticket of this Slack thread, locked until the transaction ends."""
        return self._read(
            find_ticket(self.connection, _TICKET_IN_LOCKED, {"where": channel, "wanted": thread_ts})
        )

    def save(self, ticket: Ticket) -> None:
        """Keep a ticket as it is now."""
        self.connection.execute(_SAVE, {**self._row(ticket), "wanted": ticket.id})
        self._save_terms(ticket)

    def open_tickets(self, repository: str) -> list[str]:
        """The ids of the tickets whose issues in a repository are open."""
        return list(self.connection.execute(_OPEN, {"where": repository}).scalars())

    def open_threads(self, repository: str) -> list[str]:
        """The ids of those of them that have a thread in Slack."""
        return list(self.connection.execute(_OPEN_THREADS, {"where": repository}).scalars())

    def process_comment(self, repository: str, comment_id: int) -> bool:
        """Note that a comment is processed; False if it was before."""
        values = {"repository": repository, "comment_id": comment_id, "at": self.now}
        return self.connection.execute(_PROCESSED[self._dialect], values).one_or_none() is not None

    def open_home(self, slack_id: str, choices: Choices) -> None:
        """Note that somebody has the Home tab open, and what they have chosen there."""
        values = {"slack_id": slack_id, "choices": converter.unstructure(choices), "opened_at": self.now}
        self.connection.execute(_OPEN_HOME[self._dialect], values)

    def home_viewers(self, since: float, most: int) -> list[str]:
        """The Slack ids of those who opened the Home tab since then, the latest first."""
        return list(self.connection.execute(_VIEWERS, {"since": since, "most": most}).scalars())

    def take_turn(self, rota: str) -> int:
        """The next turn of a rota, counted from 0; it is given back if the transaction is undone."""
        return int(self.connection.execute(_TAKE_TURN[self._dialect], {"rota": rota}).scalar_one()) - 1

    def synced_page(self, repository: str) -> int:
        """The last page of a repository's issues that an unfinished sync has recovered; 0 for none."""
        return self.connection.execute(_SYNCED, {"where": repository}).scalar() or 0

    def save_synced_page(self, repository: str, page: int) -> None:
        """Note how far a sync has come, or with 0 that it is finished."""
        self.connection.execute(_FORGET_SYNC, {"where": repository})
        if page:
            self.connection.execute(_NOTE_SYNC, {"repository": repository, "page": page})

    def add_event(self, event: Event) -> None:
        """Keep a lifecycle event."""
        values = {"ticket_id": event.ticket_id, "kind": event.kind.value, "at": event.at, "by": event.by}
        self.connection.execute(_NEW_EVENT, values)

    def enqueue(self, effect: Enqueueable, *, delay: float = 0.0, longest_wait: float | None = None) -> None:
        """Write an effect to the outbox, due `delay` seconds from now, unless one with its unique key waits there.

        With `longest_wait` it is debounced: the one that waits is put off as well, but never for longer than that
        many seconds since it was first enqueued.
        """
        due_at = self.now + max(delay, 0.0)
        self._new.setdefault(effect.lane, []).append(New(effect, due_at, longest_wait))
        self.make_ready(effect.lane, due_at)

    def rewrite_effects(
        self, ticket_id: str, rewrite: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> None:
        """Change the payloads of a ticket's effects that are not done, apart from those that are new here."""

        def change(lane: str) -> None:
            values = {"wanted": ticket_id, "name": lane}
            for effect_id, old in self.connection.execute(_UNSETTLED, values).all():
                if (new := rewrite(old)) != old:
                    self.connection.execute(_REWRITE, {"effect": effect_id, "new": new})

        for lane in set(self.connection.execute(_UNSETTLED_LANES, {"wanted": ticket_id}).scalars()):
            self._rewritten.setdefault(lane, []).append(partial(change, lane))

    def was_enqueued(self, unique_key: str, since: float) -> bool:
        """Whether an effect with this key was enqueued since then (seconds since the epoch), whatever became of it."""
        values = {"key": unique_key, "since": since, "now": self.now}
        return self.connection.execute(_ENQUEUED_SINCE, values).first() is not None

    def has_failed(self, ticket_id: str) -> bool:
        """Whether an effect for this ticket has failed and waits for an operator."""
        return self.connection.execute(_FAILED, {"wanted": ticket_id}).first() is not None

    def clean_up(self, *, done_before: float, processed_before: float, claimed_before: float = 0.0) -> int:
        """Delete effects that were due and done before one time, comments processed before another, and old claims.

        At most BATCH of each; how many rows that were.
        """
        count = 0
        for find, before, forget in (
            (_OLD_EFFECTS, done_before, _DELETE_EFFECT),
            (_OLD_COMMENTS, processed_before, _DELETE_COMMENT),
            (_OLD_CLAIMS, claimed_before, _DELETE_CLAIM),
        ):
            old = [dict(row) for row in self.connection.execute(find, {"before": before}).mappings()]
            if old:
                self.connection.execute(forget, old)
            count += len(old)
        return count

    def _row(self, ticket: Ticket) -> dict[str, Any]:
        return {**row_of(ticket), "queue_rank": rank(ticket, self.now), "queue_turn": turn(ticket)}

    def _read(self, ticket: Ticket | None) -> Ticket | None:
        if ticket:
            self._terms[ticket.id] = terms(ticket)
        return ticket

    def _save_terms(self, ticket: Ticket) -> None:
        """Keep what the ticket is looked up by, as far as it has changed."""
        before = self._terms.get(ticket.id)
        if before is None:
            before = frozenset(self.connection.execute(_TERMS, {"wanted": ticket.id}).scalars())
        now = self._terms[ticket.id] = terms(ticket)
        if added := now - before:
            rows = [{"term": term, "ticket_id": ticket.id} for term in sorted(added)]
            self.connection.execute(_ADD_TERM[self._dialect], rows)
        if dropped := before - now:
            self.connection.execute(
                _DROP_TERM, [{"dropped": term, "wanted": ticket.id} for term in sorted(dropped)]
            )

    def make_ready(self, lane: str, due_at: float) -> None:
        """Let a lane run no later than `due_at`, or its minimum interval where that is later."""
        self._ready[lane] = min(due_at, self._ready.get(lane, due_at))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of this transaction that is undone by itself if it raises; StoreError if the database fails."""
        ready, new = dict(self._ready), {lane: list(effects) for lane, effects in self._new.items()}
        rewritten = {lane: list(changes) for lane, changes in self._rewritten.items()}
        try:
            with self.connection.begin_nested():
                yield
        except BaseException as error:
            self._ready, self._new, self._rewritten = ready, new, rewritten
            if isinstance(error, OperationalError):
                with failures():
                    raise
            raise

    def with_lane(self, name: str, change: Callable[[], Callable[[], None]]) -> None:
        """Make a change to a lane once it is locked; what `change` returns is called once new effects are in it."""
        self._changes[name] = change

    def at_last(self, change: Callable[[], None]) -> None:
        """Make a change that waits for no lock, after all others."""
        self._last = change

    def finish(self) -> None:
        """Write what was collected; called once, just before the commit."""
        for lane in sorted({*self._ready, *self._changes, *self._rewritten}):
            if lane in self._ready:
                ready = {"name": lane, "ready_at": self._ready[lane], "written_at": self.now}
                self.connection.execute(_MAKE_READY[self._dialect], ready)
            and_then = self._changes[lane]() if lane in self._changes else None
            if lane in self._rewritten:
                self.connection.execute(LOCK_LANE, {"name": lane})
            for rewrite in self._rewritten.get(lane, ()):
                rewrite()
            write(self.connection, self._new.get(lane, ()), self.now)
            if and_then:
                and_then()
        if self._last:
            self._last()
