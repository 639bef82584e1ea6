"""What a monitor watches: how many tickets are open and overdue, and how much of the outbox waits, cheaply counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Select, bindparam, func, select

from identity_bot.store import schema
from identity_bot.store.store import Store
from identity_bot.tickets.model import Stage
from identity_bot.tickets.query import MOST_COUNTED, OVERDUE_RANKS

_T, _O = schema.tickets.c, schema.outbox.c


def _open_with(column: Column[Any]) -> Select[int]:
    """How many open tickets have a value, read off an index of the queue."""
    found = select(_T.id).where(schema.IN_QUEUE, column == bindparam("value")).limit(MOST_COUNTED)
    return select(func.count()).select_from(found.subquery())


_OF_STAGE, _OF_TYPE = _open_with(_T.stage), _open_with(_T.type)
# The queue marks them, in two runs of its index, and they are few.
_OVERDUE = [
    select(_T.response_due, _T.responded_at, _T.resolution_due)
    .where(schema.IN_QUEUE, _T.queue_rank >= ranks[0], _T.queue_rank <= ranks[-1])
    .order_by(_T.queue_rank)
    .limit(MOST_COUNTED)
    for ranks in (OVERDUE_RANKS[:5], OVERDUE_RANKS[5:])
]
_EFFECTS = {
    state: select(_O.kind)
    .where(_O.state == state)
    .order_by(_O.state, _O.trying_since, _O.id)
    .limit(MOST_COUNTED)
    for state in ("waiting", "failed")
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauges:
    """Counts at one moment, none of them without an end."""

    open_by_stage: Mapping[str, int] = field(default_factory=dict)
    open_by_type: Mapping[str, int] = field(default_factory=dict)
    overdue_responses: int = 0
    overdue_resolutions: int = 0
    effects: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By state (waiting or failed) and kind, of the oldest ones."""


def gauges(store: Store, types: Iterable[str]) -> Gauges:
    """Count what a monitor watches; `types` are the request types to count."""
    with store.reading() as connection:
        now = store.now(connection)
        late = [row for statement in _OVERDUE for row in connection.execute(statement).all()]
        return Gauges(
            open_by_stage={
                stage.value: connection.execute(_OF_STAGE, {"value": stage.value}).scalar_one()
                for stage in Stage
                if stage is not Stage.CLOSED
            },
            open_by_type={name: connection.execute(_OF_TYPE, {"value": name}).scalar_one() for name in types},
            overdue_responses=sum(row[0] is not None and row[0] <= now and row[1] is None for row in late),
            overdue_resolutions=sum(row[2] is not None and row[2] <= now for row in late),
            effects={
                (state, kind): count
                for state, statement in _EFFECTS.items()
                for kind, count in Counter(connection.execute(statement).scalars()).items()
            },
        )
