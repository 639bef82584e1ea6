"""The outbox as operators see it: what waits, and what has failed and is to be retried or discarded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Update, bindparam, case, func, select, update

from identity_bot.outbox.effect import Row
from identity_bot.outbox.queue import row_in
from identity_bot.store.schema import outbox
from identity_bot.store.store import Store
from identity_bot.store.transaction import LOCK_LANE

OVERDUE_AFTER = 900.0
"""Seconds after its due time that an effect is overdue: no bot runs, or what it needs is out of order."""
MOST_COUNTED = 1000

# Built once and with literal states, as in queue.py.
_IS_WAITING, _IS_FAILED = outbox.c.state == "waiting", outbox.c.state == "failed"
_LANE_OF_FAILED = select(outbox.c.lane).where(outbox.c.id == bindparam("effect"), _IS_FAILED)
_CHANGE_FAILED = update(outbox).where(outbox.c.id == bindparam("effect"), _IS_FAILED)
_RETRY = _CHANGE_FAILED.values(
    state="waiting",
    attempts=0,
    due_at=case((outbox.c.due_at > bindparam("now"), bindparam("now")), else_=outbox.c.due_at),
    trying_since=bindparam("now"),
    unique_key=None,
)
_DISCARD = _CHANGE_FAILED.values(state="done", payload={})
# In the order of their index, or PostgreSQL may prefer to read another from its beginning to its end.
_TRIED_LONGEST = select(outbox.c.trying_since).order_by(outbox.c.trying_since)
_OVERDUE = _TRIED_LONGEST.where(_IS_WAITING, outbox.c.trying_since < bindparam("before"))
_BACKLOG = select(
    select(func.count())
    .select_from(_TRIED_LONGEST.where(_IS_FAILED).limit(MOST_COUNTED).subquery())
    .scalar_subquery(),
    select(func.count()).select_from(_OVERDUE.limit(MOST_COUNTED).subquery()).scalar_subquery(),
    _TRIED_LONGEST.where(_IS_WAITING).limit(1).scalar_subquery(),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """How much of the outbox needs an operator; no count goes above MOST_COUNTED."""

    failed: int
    overdue: int
    """Effects that have waited for more than OVERDUE_AFTER seconds, tried or not."""
    delay: float
    """How many seconds the oldest waiting effect has waited."""


class Outbox:
    """The outbox in the store's database, for operators; a worker's is the Queue."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def rows(self, state: str, limit: int = 1000) -> list[Row]:
        """The effects in this state (waiting, done or failed), those first that have been tried longest."""
        query = (
            select(outbox)
            .where(outbox.c.state == state)
            .order_by(outbox.c.trying_since, outbox.c.id)
            .limit(limit)
        )
        with self.store.reading() as connection:
            return [row_in(found) for found in connection.execute(query).mappings()]

    def count(self, state: str) -> int:
        """How many effects are in this state."""
        query = select(func.count()).select_from(outbox).where(outbox.c.state == state)
        with self.store.reading() as connection:
            return connection.execute(query).scalar_one()

    def backlog(self) -> Backlog:
        """What needs an operator."""
        with self.store.reading() as connection:
            now = self.store.now(connection)
            failed, overdue, oldest = connection.execute(_BACKLOG, {"before": now - OVERDUE_AFTER}).one()
        return Backlog(
            failed=failed, overdue=overdue, delay=0.0 if oldest is None else max(0.0, now - oldest)
        )

    def retry(self, effect_id: int) -> bool:
        """Let a failed effect run again now; False if there is no failed effect with this id."""
        return self._change_failed(effect_id, _RETRY, makes_ready=True)

    def discard(self, effect_id: int) -> bool:
        """Give a failed effect up for good; False if there is no failed effect with this id."""
        return self._change_failed(effect_id, _DISCARD)

    def _change_failed(self, effect_id: int, statement: Update, *, makes_ready: bool = False) -> bool:
        """Change an effect if it has failed, once its lane is locked, as everybody locks it before its effects."""
        changed = []
        with self.store.begin() as transaction:
            lane = transaction.connection.execute(_LANE_OF_FAILED, {"effect": effect_id}).scalar()
            if lane is None:
                return False

            def change() -> Callable[[], None]:
                transaction.connection.execute(LOCK_LANE, {"name": lane})
                values = {"effect": effect_id, "now": transaction.now}
                changed.append(transaction.connection.execute(statement, values).rowcount == 1)
                return lambda: None

            transaction.with_lane(lane, change)
            if makes_ready:
                transaction.make_ready(lane, transaction.now)
        return changed == [True]
