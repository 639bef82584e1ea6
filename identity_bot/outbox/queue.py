"""The outbox's queue: effects wait in lanes, a worker leases a lane, and each outcome is written with what follows."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    Integer,
    RowMapping,
    String,
    and_,
    bindparam,
    case,
    exists,
    false,
    or_,
    select,
    update,
)

from identity_bot.errors import IdentityBotError
from identity_bot.outbox.effect import READS, UPDATES, Row
from identity_bot.store.schema import WAITING, lanes, outbox
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction

log = logging.getLogger(__name__)

LEASE = 30.0
"""Seconds for which a lane is a worker's own unless it renews; a dead worker's lanes are free after this."""
BRIEF_LEASE = 2.0
"""The same for BRIEF: what was begun there and is not in the database was not done, so nobody need be waited for."""
BRIEF = UPDATES
"""The lane whose effects only write to the database, timers among them."""
REPEATABLE = (READS, UPDATES)
"""Lanes in which all effects may be repeated: what they write follows from what can be read again."""
VERIFICATIONS = 3
"""How often an unknown outcome is looked up before the effect is run again: what was made may show up late."""

# Statements are built once: building them costs SQLAlchemy more than the database takes to run them. The states are
# literal in them, as the partial indexes are.
_IS_FREE = or_(lanes.c.owner.is_(None), lanes.c.leased_until < bindparam("now"))
_NEXT_READY = (
    select(lanes.c.ready_at)
    .where(lanes.c.ready_at.is_not(None), _IS_FREE)
    .order_by(lanes.c.ready_at)
    .limit(1)
)
_NEXT_READY_OR_HELD = (
    select(lanes.c.ready_at).where(lanes.c.ready_at.is_not(None)).order_by(lanes.c.ready_at).limit(1)
)
_IS_AHEAD = exists().where(lanes.c.written_at > bindparam("now"))
_LOOK = select(_NEXT_READY.scalar_subquery(), _IS_AHEAD)
_AHEAD = (
    select(lanes)
    .where(lanes.c.written_at > bindparam("now"))
    .order_by(lanes.c.written_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_NEXT_LANE = (
    select(lanes)
    .where(lanes.c.ready_at <= bindparam("now"), _IS_FREE)
    .order_by(lanes.c.ready_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_HEAD = (
    select(outbox)
    .where(outbox.c.lane == bindparam("name"), WAITING)
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(1)
)
_CLAIM = (
    select(lanes.c.name)
    .where(
        lanes.c.name == bindparam("name"),
        lanes.c.owner == bindparam("holder"),
        lanes.c.current == bindparam("head"),
    )
    .with_for_update()
)
# The latest time by which anybody wrote stays until it is found to be wrong.
_WRITTEN_AT = case((lanes.c.written_at > bindparam("now"), lanes.c.written_at), else_=bindparam("now"))
_CHANGE_LANE = update(lanes).where(lanes.c.name == bindparam("lane"))
_HOLD = _CHANGE_LANE.values(
    owner=bindparam("holder"),
    current=bindparam("head"),
    leased_until=bindparam("until"),
    written_at=_WRITTEN_AT,
)
_RELEASE = _CHANGE_LANE.values(
    owner=None,
    current=None,
    not_before=bindparam("rests_until"),
    ready_at=bindparam("next_at"),
    written_at=_WRITTEN_AT,
)
_CORRECT_LANE = _CHANGE_LANE.values(
    not_before=bindparam("rests_until"),
    leased_until=bindparam("until"),
    ready_at=bindparam("next_at"),
    written_at=bindparam("now"),
)
_CARRY_LEASES = (
    update(lanes)
    .where(lanes.c.owner.is_not(None))
    .values(leased_until=lanes.c.leased_until + bindparam("by"))
)
_CORRECT_EFFECTS = (
    update(outbox)
    .where(
        outbox.c.lane == bindparam("name"),
        WAITING,
        outbox.c.due_at > bindparam("now"),
        or_(outbox.c.created_at > bindparam("now"), outbox.c.attempts > 0),
    )
    .values(
        due_at=bindparam("now")
        + case((outbox.c.created_at > bindparam("now"), outbox.c.due_at - outbox.c.created_at), else_=0.0),
        trying_since=case(
            (outbox.c.trying_since > bindparam("now"), bindparam("now")), else_=outbox.c.trying_since
        ),
    )
)
_CHANGE = update(outbox).where(outbox.c.id == bindparam("effect"))
_MAKE_UNKNOWN = _CHANGE.where(WAITING).values(verifications=VERIFICATIONS)
_SETTLE = _CHANGE.values(
    # Nobody needs what is done again, and it may hold what somebody wrote.
    payload=case(
        (
            and_(~outbox.c.rerun, bindparam("outcome", type_=String) == "done"),
            bindparam("nothing", {}, JSON()),
        ),
        else_=outbox.c.payload,
    ),
    # One that was asked for again while it ran begins anew, unless it may have been done, which is verified first.
    state=case((outbox.c.rerun, "waiting"), else_=bindparam("outcome")),
    created_at=case(
        (and_(outbox.c.rerun, bindparam("verifications_left", type_=Integer) == 0), bindparam("now")),
        else_=outbox.c.created_at,
    ),
    attempts=case((outbox.c.rerun, 0), else_=outbox.c.attempts + 1),
    verifications=bindparam("verifications_left"),
    last_error=bindparam("reason"),
    rerun=false(),
)
_POSTPONE = _CHANGE.values(
    due_at=bindparam("due"),
    last_error=bindparam("reason"),
    verifications=bindparam("verifications_left"),
    attempts=outbox.c.attempts + bindparam("more_attempts"),
    trying_since=bindparam("since"),
)


class LeaseLost(IdentityBotError):
    """Another worker has taken the lane over, and will find out what became of the effect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A lane that is ours for a while, and the effect at its head."""

    id: str
    owner: str
    lane: str
    row: Row


class Queue:
    """The outbox in the store's database, for workers; an operator's is the Outbox."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def lease(self, owner: str) -> Lease | None:
        """The lane whose next effect has waited longest, now ours; None if nothing is due.

        `owner` says whose it is, for people to read; each lease has an id of its own.
        """
        while True:
            ready_in, is_ahead = self._look()
            if is_ahead:
                self.correct_times()
            elif ready_in is None or ready_in > 0:
                return None
            with self.store.begin() as transaction:
                found, lease = _take_next(transaction, owner)
            if lease or not found:
                return lease

    def succeed(
        self, lease: Lease, and_then: Callable[[Transaction], None], *, min_interval: float = 0.0
    ) -> Lease | None:
        """Write that the effect is done, with what follows from it; the next lease if there is more to do.

        The next is of the same lane, unless that has nothing due or must rest for `min_interval` seconds.
        A lane in which all may be repeated needs no durable commit, and goes on with its own effects only: for any
        other, it must be durable that it began.
        """

        def finish(transaction: Transaction) -> dict[str, Any]:
            and_then(transaction)
            return {"outcome": "done", "reason": None, "verifications_left": 0}

        return self._settle(lease, finish, min_interval, durable=lease.lane not in REPEATABLE)

    def fail(
        self,
        lease: Lease,
        reason: str,
        and_then: Callable[[Transaction], bool],
        *,
        verifications: int = 0,
        min_interval: float = 0.0,
    ) -> Lease | None:
        """Write that the effect cannot be done: it has failed, unless `and_then` found another way.

        `verifications` above 0 says that it may have been done all the same.
        """

        def finish(transaction: Transaction) -> dict[str, Any]:
            outcome = "done" if and_then(transaction) else "failed"
            return {"outcome": outcome, "reason": reason, "verifications_left": verifications}

        return self._settle(lease, finish, min_interval)

    def give_back(self, lease: Lease) -> None:
        """Give the lane back with its effect untouched."""
        with self.store.begin() as transaction:

            def change() -> Callable[[], None]:
                _claim(transaction, lease)
                return lambda: _release(transaction, lease.lane, transaction.now)

            transaction.with_lane(lease.lane, change)

    def postpone(
        self,
        lease: Lease,
        reason: str,
        delay: float,
        *,
        verifications: int = 0,
        is_attempt: bool = True,
        unblock_after: float | None = None,
    ) -> None:
        """Give the lane back until `delay` seconds from now, its effect still to run.

        `verifications` above 0 says that its outcome is unknown. With `unblock_after`, in seconds, only this effect
        waits so long, and the lane goes on with those behind it after that time.
        """
        row = lease.row
        with self.store.begin() as transaction:
            until = transaction.now + delay
            values = {
                "effect": row.id,
                "due": row.due_at if unblock_after is None else until,
                "reason": reason,
                "verifications_left": verifications,
                "more_attempts": int(is_attempt),
                # Before its first attempt nothing was wrong with it: perhaps no bot was running.
                "since": row.trying_since if row.attempts else transaction.now,
            }

            def change() -> Callable[[], None]:
                _claim(transaction, lease)
                transaction.connection.execute(_POSTPONE, values)
                rests_until = until if unblock_after is None else transaction.now + unblock_after
                return lambda: _release(transaction, lease.lane, rests_until)

            transaction.with_lane(lease.lane, change)

    def renew(self, held: Mapping[str, str]) -> None:
        """Keep lanes for as long again; `held` has their names by their leases' ids."""
        mine = (lanes.c.name.in_(held.values()), lanes.c.owner.in_(held.keys()))
        with self.store.begin() as transaction:
            # Locked by name, as everybody locks them.
            locked = select(lanes.c.name).where(*mine).order_by(lanes.c.name).with_for_update()
            transaction.connection.execute(locked).all()
            until = case(
                (lanes.c.name == BRIEF, transaction.now + BRIEF_LEASE), else_=transaction.now + LEASE
            )
            transaction.connection.execute(
                update(lanes).where(*mine).values(leased_until=until, written_at=_WRITTEN_AT),
                {"now": transaction.now},
            )

    def ready_in(self, *, also_held: bool = False) -> float | None:
        """Seconds until the next lane has something to do, that nobody holds or any; None for never."""
        if not also_held:
            return self._look()[0]
        with self.store.reading() as connection:
            ready_at = connection.execute(_NEXT_READY_OR_HELD).scalar()
            return None if ready_at is None else ready_at - self.store.now(connection)

    @contextmanager
    def carrying_leases(self, seconds: float) -> Iterator[None]:
        """Within the block, the clock is set so many seconds forward: leases last as long as before."""
        with self.store.begin() as transaction:
            transaction.connection.execute(_CARRY_LEASES, {"by": seconds})
            yield

    def correct_times(self) -> None:
        """Let no lane be held by what a clock wrote that was ahead, for longer than it would be from now on.

        What a lane was written by is kept with it. If that lies ahead, so may its rest, its lease, and the due times
        of its effects: a rest and a lease begin anew, an effect is due after its own delay, and one that waits for its
        next attempt is due now.
        """
        while True:
            with self.store.begin() as transaction:
                values = {"now": transaction.now}
                lane = transaction.connection.execute(_AHEAD, values).mappings().one_or_none()
                if lane is None:
                    return
                log.warning(
                    "lane %s was written %.0f s ahead of this clock; its times are corrected",
                    lane["name"],
                    lane["written_at"] - transaction.now,
                )
                _correct(transaction, lane)

    def _look(self) -> tuple[float | None, bool]:
        """Seconds until the next lane that nobody holds is ready, and whether a lane was written ahead of now."""
        with self.store.reading() as connection:
            now = self.store.now(connection)
            ready_at, is_ahead = connection.execute(_LOOK, {"now": now}).one()
        return (None if ready_at is None else ready_at - now), bool(is_ahead)

    def _settle(
        self,
        lease: Lease,
        finish: Callable[[Transaction], dict[str, Any]],
        min_interval: float,
        *,
        durable: bool = True,
    ) -> Lease | None:
        following: list[Lease | None] = []
        with self.store.begin(durable=durable) as transaction:
            values = finish(transaction) | {"effect": lease.row.id, "now": transaction.now}

            def change() -> Callable[[], None]:
                _claim(transaction, lease)
                transaction.connection.execute(_SETTLE, values)
                return lambda: following.append(_go_on(transaction, lease, min_interval))

            def take_another() -> None:
                if durable and following == [None]:
                    following[:] = [_take_next(transaction, lease.owner)[1]]

            transaction.with_lane(lease.lane, change)
            transaction.at_last(take_another)
        return following[0]


def _take_next(transaction: Transaction, owner: str) -> tuple[bool, Lease | None]:
    """Whether a lane is ready that others are not just taking, and its lease if it has something due."""
    lane = transaction.connection.execute(_NEXT_LANE, {"now": transaction.now}).mappings().one_or_none()
    return (True, _take(transaction, lane, owner)) if lane else (False, None)


def _take(transaction: Transaction, lane: RowMapping, owner: str) -> Lease | None:
    """Lease a locked lane; None if it turns out to have nothing due."""
    if lane["owner"] and lane["current"]:
        # Whoever had the lane vanished during this effect: nobody knows whether it was done.
        transaction.connection.execute(_MAKE_UNKNOWN, {"effect": lane["current"]})
    head = _head(transaction.connection, lane["name"])
    if head is None or head["due_at"] > transaction.now:
        _release(transaction, lane["name"], lane["not_before"])
        return None
    return _hold(transaction, head, owner, f"{owner}/{uuid.uuid4().hex[:12]}")


def _go_on(transaction: Transaction, lease: Lease, min_interval: float) -> Lease | None:
    """Move a lane on to its next effect, or give it back if it must rest or has nothing due."""
    if min_interval == 0:
        head = _head(transaction.connection, lease.lane)
        if head is not None and head["due_at"] <= transaction.now:
            return _hold(transaction, head, lease.owner, lease.id)
    _release(transaction, lease.lane, transaction.now + min_interval)
    return None


def _claim(transaction: Transaction, lease: Lease) -> None:
    """Lock the lane's row and make sure that it is still ours; if not, all of the transaction is undone."""
    mine = {"name": lease.lane, "holder": lease.id, "head": lease.row.id}
    if transaction.connection.execute(_CLAIM, mine).one_or_none() is None:
        raise LeaseLost(f"lane {lease.lane} was taken over during effect {lease.row.id}")


def _hold(transaction: Transaction, head: RowMapping, owner: str, lease_id: str) -> Lease:
    held = {
        "lane": head["lane"],
        "holder": lease_id,
        "head": head["id"],
        "until": transaction.now + _lease_of(head["lane"]),
        "now": transaction.now,
    }
    transaction.connection.execute(_HOLD, held)
    return Lease(id=lease_id, owner=owner, lane=head["lane"], row=row_in(head))


def _release(transaction: Transaction, lane: str, not_before: float) -> None:
    """Give a locked lane back, ready for its next effect, but not before that time."""
    head = _head(transaction.connection, lane)
    next_at = None if head is None else max(head["due_at"], not_before)
    values = {"lane": lane, "rests_until": not_before, "next_at": next_at, "now": transaction.now}
    transaction.connection.execute(_RELEASE, values)


def _correct(transaction: Transaction, lane: RowMapping) -> None:
    """Move back what lies ahead in a locked lane that was written by a clock that was ahead."""
    connection, now, name = transaction.connection, transaction.now, lane["name"]
    connection.execute(_CORRECT_EFFECTS, {"name": name, "now": now})
    rests_until = lane["not_before"]
    if rests_until > now:
        rests_until = max(now, rests_until - (lane["written_at"] - now))
    head = _head(connection, name)
    values = {
        "lane": name,
        "rests_until": rests_until,
        "until": min(lane["leased_until"], now + _lease_of(name)),
        "next_at": None if head is None else max(head["due_at"], rests_until),
        "now": now,
    }
    connection.execute(_CORRECT_LANE, values)


def _lease_of(lane: str) -> float:
    """Seconds for which a lane is leased."""
    return BRIEF_LEASE if lane == BRIEF else LEASE


def _head(connection: Connection, lane: str) -> RowMapping | None:
    return connection.execute(_HEAD, {"name": lane}).mappings().one_or_none()


def row_in(found: RowMapping) -> Row:
    """The effect's row in what a query found."""
    values = {field.name: found[field.name] for field in fields(Row)}
    return Row(**values | {"last_error": found["last_error"] or ""})
