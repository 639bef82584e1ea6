"""What a monitor watches: how many tickets are open and overdue, and how much of the outbox waits, cheaply counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, case, func, select

from identity_bot.store import schema
from identity_bot.store.store import Store
from identity_bot.tickets.query import MOST_COUNTED, OVERDUE_RANKS

_T, _O = schema.tickets.c, schema.outbox.c
# Each reads one index of the open tickets, and none of the tickets.
_BY_STAGE = select(_T.stage, func.count()).where(schema.IN_QUEUE).group_by(_T.stage)
_BY_TYPE = select(_T.type, func.count()).where(schema.IN_QUEUE).group_by(_T.type)
_TICKETS = select(func.count()).select_from(schema.tickets)
# The queue marks them, and they are few.
_LATE = (
    select(_T.response_due, _T.responded_at, _T.resolution_due)
    .where(schema.IN_QUEUE, _T.queue_rank.in_(OVERDUE_RANKS))
    .limit(MOST_COUNTED)
    .subquery()
)
_NOW: Any = bindparam("now")
_OVERDUE = select(
    func.coalesce(
        func.sum(case((and_(_LATE.c.responded_at.is_(None), _LATE.c.response_due <= _NOW), 1), else_=0)), 0
    ),
    func.coalesce(func.sum(case((_LATE.c.resolution_due <= _NOW, 1), else_=0)), 0),
)


def _oldest(state: str) -> Select[str, int]:
    """How many effects of each kind are among the oldest in a state."""
    found = (
        select(_O.kind)
        .where(_O.state == state)
        .order_by(_O.trying_since, _O.id)
        .limit(MOST_COUNTED)
        .subquery()
    )
    return select(found.c.kind, func.count()).group_by(found.c.kind)


_EFFECTS = {state: _oldest(state) for state in ("waiting", "failed")}
STATEMENTS = (_BY_STAGE, _BY_TYPE, _TICKETS, _OVERDUE, *_EFFECTS.values())
"""All that a scrape asks the database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauges:
    """Counts at one moment; those of overdue tickets and of effects stop at MOST_COUNTED."""

    tickets: int = 0
    """All of them, open and closed."""
    open_by_stage: Mapping[str, int] = field(default_factory=dict)
    open_by_type: Mapping[str, int] = field(default_factory=dict)
    overdue_responses: int = 0
    overdue_resolutions: int = 0
    effects: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By state (waiting or failed) and kind."""


def gauges(store: Store) -> Gauges:
    """Count what a monitor watches."""
    with store.reading() as connection:
        responses, resolutions = connection.execute(_OVERDUE, {"now": store.now(connection)}).one()
        return Gauges(
            tickets=connection.execute(_TICKETS).scalar_one(),
            open_by_stage=_counts(connection, _BY_STAGE),
            open_by_type=_counts(connection, _BY_TYPE),
            overdue_responses=int(responses),
            overdue_resolutions=int(resolutions),
            effects={
                (state, kind): count
                for state, statement in _EFFECTS.items()
                for kind, count in connection.execute(statement)
            },
        )


def _counts(connection: Connection, statement: Select[str, int]) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(statement)}
