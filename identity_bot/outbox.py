"""The outbox: effects wait in lanes, a worker leases a lane, and each outcome is written with what follows from it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, bindparam, func, or_, select, text, update

from identity_bot.errors import IdentityBotError
from identity_bot.model import Effect
from identity_bot.store import Store, Transaction
from identity_bot.tables import WAITING as IS_WAITING
from identity_bot.tables import lanes, outbox

LEASE = 30.0
"""Seconds for which a lane is a worker's own unless it renews; a dead worker's lanes are free after this."""
LOOKS = 3
"""How often the trace of an act is looked for before the act is done again: what was made may show up late."""

WAITING, DONE, PARKED = "waiting", "done", "parked"

# Statements are built once: building them costs SQLAlchemy more than the database takes to run them. The states are
# literal in them, as the partial indexes are.
_IS_FREE = or_(lanes.c.owner.is_(None), lanes.c.leased_until < bindparam("now"))
_NEXT_READY = (
    select(lanes.c.ready_at)
    .where(lanes.c.ready_at.is_not(None), _IS_FREE)
    .order_by(lanes.c.ready_at)
    .limit(1)
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
    .where(outbox.c.lane == bindparam("name"), IS_WAITING)
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
_HOLD = (
    update(lanes)
    .where(lanes.c.name == bindparam("lane"))
    .values(owner=bindparam("holder"), current=bindparam("head"), leased_until=bindparam("until"))
)
_RELEASE = (
    update(lanes)
    .where(lanes.c.name == bindparam("lane"))
    .values(owner=None, current=None, not_before=bindparam("rests_until"), ready_at=bindparam("next_at"))
)
_CHANGE = update(outbox).where(outbox.c.id == bindparam("effect"))
_SETTLE = _CHANGE.values(
    state=bindparam("outcome"),
    result=bindparam("answer"),
    last_error=bindparam("reason"),
    looks=bindparam("looks_left"),
    attempts=outbox.c.attempts + 1,
)
_PUT_OFF = _CHANGE.values(
    due_at=bindparam("due"),
    last_error=bindparam("reason"),
    looks=bindparam("looks_left"),
    attempts=outbox.c.attempts + bindparam("attempts_more"),
)
_MAKE_UNSURE = _CHANGE.where(IS_WAITING).values(looks=LOOKS)
_IS_PARKED = text("state = 'parked'")
_RETRY = (
    _CHANGE.where(_IS_PARKED)
    .values(state=WAITING, attempts=0, due_at=bindparam("due"), since=bindparam("due"))
    .returning(outbox.c.lane)
)
_DROP = _CHANGE.where(_IS_PARKED).values(state=DONE)


class LeaseLost(IdentityBotError):
    """Another worker has taken the lane over, and will find out what became of the effect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A lane that is ours for a while, and the effect at its head."""

    id: str
    owner: str
    lane: str
    effect: Effect
    since: float
    """When the effect was first due, or last retried by an operator, in seconds since the epoch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An effect as the operator sees it."""

    effect: Effect
    state: str
    last_error: str


class Outbox:
    """The outbox in the store's database, for workers and for the operator."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def lease(self, owner: str) -> Lease | None:
        """The lane that has waited longest for its next effect, now ours; None where nothing is due.

        `owner` says whose it is, for people to read; each lease has an id of its own.
        """
        while (ready_at := self.next_ready()) is not None and ready_at <= self.store.clock():
            with self.store.begin() as transaction:
                found, lease = _take_next(transaction, owner)
            if lease or not found:
                return lease
        return None

    def done(
        self, lease: Lease, result: Any, then: Callable[[Transaction], None], *, pace: float = 0.0
    ) -> Lease | None:
        """Writes that the effect was done, with what follows from it; the next lease, where there is more to do.

        That is of the same lane, unless the lane has nothing due or must rest for its `pace`, in seconds.
        """

        def finish(transaction: Transaction) -> dict[str, Any]:
            then(transaction)
            return {"outcome": DONE, "answer": result, "reason": None, "looks_left": 0}

        return self._outcome(lease, finish, pace)

    def refuse(
        self,
        lease: Lease,
        reason: str,
        then: Callable[[Transaction], bool],
        *,
        looks: int = 0,
        pace: float = 0.0,
    ) -> Lease | None:
        """Writes that the effect cannot be done: it is parked for the operator unless `then` found another way.

        `looks` above 0 says that it may have been done all the same.
        """

        def finish(transaction: Transaction) -> dict[str, Any]:
            outcome = DONE if then(transaction) else PARKED
            return {"outcome": outcome, "answer": None, "reason": reason, "looks_left": looks}

        return self._outcome(lease, finish, pace)

    def give_back(self, lease: Lease) -> None:
        """Gives the lane back with its effect untouched."""
        with self.store.begin() as transaction:

            def change() -> None:
                _claim(transaction, lease)
                _release(transaction, lease.lane, transaction.now)

            transaction.with_lane(lease.lane, change)

    def postpone(
        self,
        lease: Lease,
        reason: str,
        delay: float,
        *,
        looks: int = 0,
        counts: bool = True,
        aside: bool = False,
        pace: float = 0.0,
    ) -> None:
        """Gives the lane back until `delay` seconds from now, its effect still to do.

        `looks` above 0 says that the outcome is unknown; `counts` whether it was an attempt; with `aside` only this
        effect waits, and those behind it go ahead after the lane's `pace`.
        """
        with self.store.begin() as transaction:
            until = transaction.now + delay

            def change() -> None:
                _claim(transaction, lease)
                values = {
                    "effect": lease.effect.id,
                    "due": until if aside else lease.effect.due_at,
                    "reason": reason,
                    "looks_left": looks,
                    "attempts_more": int(counts),
                }
                transaction.connection.execute(_PUT_OFF, values)
                _release(transaction, lease.lane, transaction.now + pace if aside else until)

            transaction.with_lane(lease.lane, change)

    def renew(self, held: Mapping[str, str]) -> None:
        """Keeps lanes for another LEASE; `held` has their names by their leases' ids."""
        mine = (lanes.c.name.in_(held.values()), lanes.c.owner.in_(held.keys()))
        with self.store.begin() as transaction:
            # Locked by name, as everybody locks them.
            transaction.connection.execute(
                select(lanes.c.name).where(*mine).order_by(lanes.c.name).with_for_update()
            ).all()
            transaction.connection.execute(
                update(lanes).where(*mine).values(leased_until=transaction.now + LEASE)
            )

    def next_ready(self) -> float | None:
        """When the next lane that nobody holds has something to do, in seconds since the epoch; None for never."""
        with self.store.reading() as connection:
            return connection.execute(_NEXT_READY, {"now": self.store.clock()}).scalar()

    def rows(self, state: str, limit: int = 1000) -> list[Row]:
        """The effects in this state, oldest first."""
        with self.store.reading() as connection:
            found = connection.execute(
                select(outbox).where(outbox.c.state == state).order_by(outbox.c.id).limit(limit)
            ).mappings()
            return [Row(effect=_effect(r), state=r["state"], last_error=r["last_error"] or "") for r in found]

    def count(self, state: str) -> int:
        """How many effects are in this state."""
        with self.store.reading() as connection:
            return connection.execute(
                select(func.count()).select_from(outbox).where(outbox.c.state == state)
            ).scalar_one()

    def retry(self, effect_id: int) -> bool:
        """Lets a parked effect try again now; False where there is no such parked effect."""
        with self.store.begin() as transaction:
            values = {"effect": effect_id, "due": transaction.now}
            lane = transaction.connection.execute(_RETRY, values).scalar()
            if lane is not None:
                transaction.make_ready(lane, transaction.now)
        return lane is not None

    def drop(self, effect_id: int) -> bool:
        """Gives a parked effect up for good; False where there is no such parked effect."""
        with self.store.begin() as transaction:
            return transaction.connection.execute(_DROP, {"effect": effect_id}).rowcount == 1

    def _outcome(
        self, lease: Lease, finish: Callable[[Transaction], dict[str, Any]], pace: float
    ) -> Lease | None:
        following: list[Lease | None] = []
        with self.store.begin() as transaction:
            values = finish(transaction) | {"effect": lease.effect.id}

            def change() -> None:
                _claim(transaction, lease)
                transaction.connection.execute(_SETTLE, values)
                following.append(_go_on(transaction, lease, pace))

            def elsewhere() -> None:
                if following == [None]:
                    following[:] = [_take_next(transaction, lease.owner)[1]]

            transaction.with_lane(lease.lane, change)
            transaction.at_last(elsewhere)
        return following[0]


def _take_next(transaction: Transaction, owner: str) -> tuple[bool, Lease | None]:
    """Whether a lane is ready that others are not just taking, and its lease where it has something due."""
    lane = transaction.connection.execute(_NEXT_LANE, {"now": transaction.now}).mappings().one_or_none()
    return (True, _take(transaction, lane, owner)) if lane else (False, None)


def _take(transaction: Transaction, lane: RowMapping, owner: str) -> Lease | None:
    """Leases a locked lane; None where it turns out to have nothing due."""
    if lane["owner"] and lane["current"]:
        # Whoever had the lane vanished during this effect: nobody knows whether it was done.
        transaction.connection.execute(_MAKE_UNSURE, {"effect": lane["current"]})
    head = _head(transaction, lane["name"])
    if head is None or head["due_at"] > transaction.now:
        _release(transaction, lane["name"], lane["not_before"])
        return None
    return _hold(transaction, head, owner, f"{owner}/{uuid.uuid4().hex[:12]}")


def _go_on(transaction: Transaction, lease: Lease, pace: float) -> Lease | None:
    """Moves a lane on to its next effect, or gives it back where it must rest or has nothing due."""
    if pace == 0:
        head = _head(transaction, lease.lane)
        if head is not None and head["due_at"] <= transaction.now:
            return _hold(transaction, head, lease.owner, lease.id)
    _release(transaction, lease.lane, transaction.now + pace)
    return None


def _claim(transaction: Transaction, lease: Lease) -> None:
    """Locks the lane's row and makes sure that it is still ours; all of the transaction is undone if it is not."""
    mine = {"name": lease.lane, "holder": lease.id, "head": lease.effect.id}
    if transaction.connection.execute(_CLAIM, mine).one_or_none() is None:
        raise LeaseLost(f"lane {lease.lane} was taken over during effect {lease.effect.id}")


def _hold(transaction: Transaction, head: RowMapping, owner: str, lease_id: str) -> Lease:
    until = transaction.now + LEASE
    held = {"lane": head["lane"], "holder": lease_id, "head": head["id"], "until": until}
    transaction.connection.execute(_HOLD, held)
    return Lease(id=lease_id, owner=owner, lane=head["lane"], effect=_effect(head), since=head["since"])


def _release(transaction: Transaction, lane: str, not_before: float) -> None:
    head = _head(transaction, lane)
    next_at = None if head is None else max(head["due_at"], not_before)
    released = {"lane": lane, "rests_until": not_before, "next_at": next_at}
    transaction.connection.execute(_RELEASE, released)


def _head(transaction: Transaction, lane: str) -> RowMapping | None:
    return transaction.connection.execute(_HEAD, {"name": lane}).mappings().one_or_none()


def _effect(row: RowMapping) -> Effect:
    return Effect(
        id=row["id"],
        ticket_id=row["ticket_id"],
        lane=row["lane"],
        kind=row["kind"],
        payload=row["payload"],
        created_at=row["created_at"],
        due_at=row["due_at"],
        attempts=row["attempts"],
        looks=row["looks"],
    )
