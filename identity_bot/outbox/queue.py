"""The outbox: effects wait in lanes, a worker leases a lane, and each outcome is written with what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, text, update

from identity_bot.outbox.lanes import (
    LEASE,
    LOOKS,
    Lease,
    LeaseLost,
    claim,
    effect_in,
    go_on,
    next_ready,
    release,
    take_next,
)
from identity_bot.store.schema import lanes, outbox
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Effect

__all__ = ("DONE", "LEASE", "LOOKS", "PARKED", "WAITING", "Lease", "LeaseLost", "Outbox", "Row")

WAITING, DONE, PARKED = "waiting", "done", "parked"

# Built once, as in lanes.py.
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
    since=bindparam("tried_since"),
)
_IS_PARKED = text("state = 'parked'")
_RETRY = (
    _CHANGE.where(_IS_PARKED)
    .values(state=WAITING, attempts=0, due_at=bindparam("due"), since=bindparam("due"))
    .returning(outbox.c.lane)
)
_DROP = _CHANGE.where(_IS_PARKED).values(state=DONE)


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
                found, lease = take_next(transaction, owner)
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
                claim(transaction, lease)
                release(transaction, lease.lane, transaction.now)

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
                claim(transaction, lease)
                values = {
                    "effect": lease.effect.id,
                    "due": until if aside else lease.effect.due_at,
                    "reason": reason,
                    "looks_left": looks,
                    "attempts_more": int(counts),
                    # Until it was tried, nothing was wrong with it: perhaps no bot was running.
                    "tried_since": lease.since if lease.effect.attempts else transaction.now,
                }
                transaction.connection.execute(_PUT_OFF, values)
                release(transaction, lease.lane, transaction.now + pace if aside else until)

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
            return next_ready(connection, self.store.clock())

    def rows(self, state: str, limit: int = 1000) -> list[Row]:
        """The effects in this state, oldest first."""
        with self.store.reading() as connection:
            found = connection.execute(
                select(outbox).where(outbox.c.state == state).order_by(outbox.c.id).limit(limit)
            ).mappings()
            return [
                Row(effect=effect_in(r), state=r["state"], last_error=r["last_error"] or "") for r in found
            ]

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
                claim(transaction, lease)
                transaction.connection.execute(_SETTLE, values)
                following.append(go_on(transaction, lease, pace))

            def elsewhere() -> None:
                if following == [None]:
                    following[:] = [take_next(transaction, lease.owner)[1]]

            transaction.with_lane(lease.lane, change)
            transaction.at_last(elsewhere)
        return following[0]
