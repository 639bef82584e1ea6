"""The outbox: effects wait in lanes, a worker leases a lane, and each outcome is written with what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update

from identity_bot.errors import IdentityBotError
from identity_bot.model import Effect
from identity_bot.store import Store, Transaction
from identity_bot.tables import lanes, outbox

LEASE = 30.0
"""Seconds for which a lane is a worker's own unless it renews; a dead worker's lanes are free after this."""
LOOKS = 3
"""How often the trace of an act is looked for before the act is done again: what was made may show up late."""

WAITING, DONE, PARKED = "waiting", "done", "parked"


class LeaseLost(IdentityBotError):
    """Another worker has taken the lane over, and will find out what became of the effect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A lane that is ours for a while, and the effect at its head."""

    lane: str
    owner: str
    effect: Effect


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
        """The lane that has waited longest for its next effect, now ours; None where nothing is due."""
        while (ready_at := self.next_ready()) is not None and ready_at <= self.store.clock():
            with self.store.begin() as transaction:
                effect = _take(transaction, owner)
            if effect is not None:
                return Lease(lane=effect.lane, owner=owner, effect=effect)
        return None

    def done(
        self, lease: Lease, result: Any, then: Callable[[Transaction], None], *, pace: float = 0.0
    ) -> Lease | None:
        """Writes that the effect was done, with what follows from it; the lane's next lease, if it goes on at once.

        With a `pace`, in seconds, the lane rests that long and is given back.
        """

        def finish(transaction: Transaction) -> dict[str, Any]:
            then(transaction)
            return {"state": DONE, "result": result, "last_error": None}

        return self._outcome(lease, finish, pace)

    def refuse(
        self, lease: Lease, reason: str, then: Callable[[Transaction], bool], *, pace: float = 0.0
    ) -> Lease | None:
        """Writes that the effect cannot be done: it is parked for the operator unless `then` found another way."""

        def finish(transaction: Transaction) -> dict[str, Any]:
            return {"state": DONE if then(transaction) else PARKED, "last_error": reason}

        return self._outcome(lease, finish, pace)

    def give_back(self, lease: Lease) -> None:
        """Gives the lane back with its effect untouched."""
        with self.store.begin() as transaction:
            transaction.with_lane(lease.lane, lambda: _give_back(transaction, lease, transaction.now))

    def postpone(
        self,
        lease: Lease,
        reason: str,
        delay: float,
        *,
        looks: int = 0,
        counts: bool = True,
        aside: bool = False,
    ) -> None:
        """Gives the lane back until `delay` seconds from now, its effect still to do.

        `looks` above 0 says that the outcome is unknown; `counts` whether it was an attempt; with `aside` only this
        effect waits and those behind it go ahead.
        """
        with self.store.begin() as transaction:
            until = transaction.now + delay
            values: dict[str, Any] = {"last_error": reason, "looks": looks}
            if counts:
                values["attempts"] = outbox.c.attempts + 1
            if aside:
                values["due_at"] = until
            transaction.connection.execute(_change(lease.effect.id).values(values))
            transaction.with_lane(
                lease.lane, lambda: _give_back(transaction, lease, transaction.now if aside else until)
            )

    def renew(self, owner: str, names: Sequence[str]) -> None:
        """Keeps these lanes for another LEASE."""
        with self.store.begin() as transaction:
            transaction.connection.execute(
                update(lanes)
                .where(lanes.c.owner == owner, lanes.c.name.in_(names))
                .values(leased_until=transaction.now + LEASE)
            )

    def next_ready(self) -> float | None:
        """When the next lane that nobody holds has something to do, in seconds since the epoch; None for never."""
        query = select(lanes.c.ready_at).where(lanes.c.ready_at.is_not(None), _is_free(self.store.clock()))
        with self.store.reading() as connection:
            return connection.execute(query.order_by(lanes.c.ready_at).limit(1)).scalar()

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
            row = transaction.connection.execute(
                select(outbox.c.lane).where(outbox.c.id == effect_id, outbox.c.state == PARKED)
            ).one_or_none()
            if row is None:
                return False
            transaction.connection.execute(
                _change(effect_id).values(state=WAITING, attempts=0, due_at=transaction.now)
            )
            transaction.make_ready(row.lane, transaction.now)
        return True

    def drop(self, effect_id: int) -> bool:
        """Gives a parked effect up for good; False where there is no such parked effect."""
        with self.store.begin() as transaction:
            dropped = transaction.connection.execute(
                _change(effect_id).where(outbox.c.state == PARKED).values(state=DONE)
            )
        return dropped.rowcount == 1

    def _outcome(
        self, lease: Lease, finish: Callable[[Transaction], dict[str, Any]], pace: float
    ) -> Lease | None:
        following: list[Effect] = []
        with self.store.begin() as transaction:
            values = finish(transaction) | {"attempts": outbox.c.attempts + 1}
            transaction.connection.execute(_change(lease.effect.id).values(values))
            transaction.with_lane(lease.lane, lambda: following.extend(_go_on(transaction, lease, pace)))
        return Lease(lane=lease.lane, owner=lease.owner, effect=following[0]) if following else None


def _take(transaction: Transaction, owner: str) -> Effect | None:
    """Leases the lane that is ready longest; None where it turns out to have nothing due, or is just being taken."""
    connection, now = transaction.connection, transaction.now
    query = select(lanes).where(lanes.c.ready_at <= now, _is_free(now)).order_by(lanes.c.ready_at).limit(1)
    lane = connection.execute(query.with_for_update(skip_locked=True)).mappings().one_or_none()
    if lane is None:
        return None
    if lane["owner"] and lane["current"]:
        # Whoever had the lane vanished during this effect: nobody knows whether it was done.
        connection.execute(_change(lane["current"]).where(outbox.c.state == WAITING).values(looks=LOOKS))
    head = _head(transaction, lane["name"])
    if head is None or head.due_at > now:
        _release(transaction, lane["name"], head, not_before=lane["not_before"])
        return None
    connection.execute(
        update(lanes)
        .where(lanes.c.name == lane["name"])
        .values(owner=owner, leased_until=now + LEASE, current=head.id)
    )
    return head


def _is_free(now: float) -> ColumnElement[bool]:
    return or_(lanes.c.owner.is_(None), lanes.c.leased_until < now)


def _go_on(transaction: Transaction, lease: Lease, pace: float) -> list[Effect]:
    """Moves a lane on to its next effect, or gives it back where it must rest or has nothing due."""
    if pace == 0:
        _claim(transaction, lease)
        head = _head(transaction, lease.lane)
        if head is not None and head.due_at <= transaction.now:
            transaction.connection.execute(
                _own(lease).values(current=head.id, leased_until=transaction.now + LEASE)
            )
            return [head]
    _give_back(transaction, lease, transaction.now + pace)
    return []


def _give_back(transaction: Transaction, lease: Lease, not_before: float) -> None:
    _claim(transaction, lease)
    _release(transaction, lease.lane, _head(transaction, lease.lane), not_before=not_before)


def _claim(transaction: Transaction, lease: Lease) -> None:
    """Locks the lane's row and makes sure that it is still ours; all of the transaction is undone if it is not."""
    query = select(lanes.c.name).where(lanes.c.name == lease.lane, lanes.c.owner == lease.owner)
    mine = query.where(lanes.c.current == lease.effect.id).with_for_update()
    if transaction.connection.execute(mine).one_or_none() is None:
        raise LeaseLost(f"lane {lease.lane} was taken over during effect {lease.effect.id}")


def _release(transaction: Transaction, lane: str, head: Effect | None, *, not_before: float) -> None:
    ready_at = None if head is None else max(head.due_at, not_before)
    transaction.connection.execute(
        update(lanes)
        .where(lanes.c.name == lane)
        .values(owner=None, current=None, not_before=not_before, ready_at=ready_at)
    )


def _head(transaction: Transaction, lane: str) -> Effect | None:
    query = select(outbox).where(outbox.c.lane == lane, outbox.c.state == WAITING)
    row = transaction.connection.execute(query.order_by(outbox.c.due_at, outbox.c.id).limit(1)).mappings()
    head = row.one_or_none()
    return _effect(head) if head else None


def _change(effect_id: int | None) -> Any:
    return update(outbox).where(outbox.c.id == effect_id)


def _own(lease: Lease) -> Any:
    return update(lanes).where(lanes.c.name == lease.lane, lanes.c.owner == lease.owner)


def _effect(row: Any) -> Effect:
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
