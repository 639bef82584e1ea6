"""The lanes: how one is leased, claimed, held and given back, each within a transaction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, bindparam, or_, select, update

from identity_bot.errors import IdentityBotError
from identity_bot.store.schema import WAITING, lanes, outbox
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Effect

LEASE = 30.0
"""Seconds for which a lane is a worker's own unless it renews; a dead worker's lanes are free after this."""
LOOKS = 3
"""How often the trace of an act is looked for before the act is done again: what was made may show up late."""

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
_MAKE_UNSURE = update(outbox).where(outbox.c.id == bindparam("effect"), WAITING).values(looks=LOOKS)


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


def next_ready(connection: Connection, now: float) -> float | None:
    """When the next lane that nobody holds has something to do, in seconds since the epoch; None for never."""
    return connection.execute(_NEXT_READY, {"now": now}).scalar()


def take_next(transaction: Transaction, owner: str) -> tuple[bool, Lease | None]:
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
        release(transaction, lane["name"], lane["not_before"])
        return None
    return _hold(transaction, head, owner, f"{owner}/{uuid.uuid4().hex[:12]}")


def go_on(transaction: Transaction, lease: Lease, pace: float) -> Lease | None:
    """Moves a lane on to its next effect, or gives it back where it must rest or has nothing due."""
    if pace == 0:
        head = _head(transaction, lease.lane)
        if head is not None and head["due_at"] <= transaction.now:
            return _hold(transaction, head, lease.owner, lease.id)
    release(transaction, lease.lane, transaction.now + pace)
    return None


def claim(transaction: Transaction, lease: Lease) -> None:
    """Locks the lane's row and makes sure that it is still ours; all of the transaction is undone if it is not."""
    mine = {"name": lease.lane, "holder": lease.id, "head": lease.effect.id}
    if transaction.connection.execute(_CLAIM, mine).one_or_none() is None:
        raise LeaseLost(f"lane {lease.lane} was taken over during effect {lease.effect.id}")


def _hold(transaction: Transaction, head: RowMapping, owner: str, lease_id: str) -> Lease:
    until = transaction.now + LEASE
    held = {"lane": head["lane"], "holder": lease_id, "head": head["id"], "until": until}
    transaction.connection.execute(_HOLD, held)
    return Lease(id=lease_id, owner=owner, lane=head["lane"], effect=effect_in(head), since=head["since"])


def release(transaction: Transaction, lane: str, not_before: float) -> None:
    """Gives a locked lane back, ready for its next effect, but not before that time."""
    head = _head(transaction, lane)
    next_at = None if head is None else max(head["due_at"], not_before)
    released = {"lane": lane, "rests_until": not_before, "next_at": next_at}
    transaction.connection.execute(_RELEASE, released)


def _head(transaction: Transaction, lane: str) -> RowMapping | None:
    return transaction.connection.execute(_HEAD, {"name": lane}).mappings().one_or_none()


def effect_in(row: RowMapping) -> Effect:
    """The effect that a row of the outbox holds."""
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
