"""Lists of tickets: the pages and the size of what a query asks for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, select, tuple_

from identity_bot.store import schema
from identity_bot.store.rows import ticket_in
from identity_bot.store.store import Store
from identity_bot.tickets.calendar import DAY, TEAM_TIME, team_day
from identity_bot.tickets.model import MessageKind, Stage, Ticket
from identity_bot.tickets.query import (
    MOST_COUNTED,
    OVERDUE_RANKS,
    PRESSING_RANKS,
    RANKS,
    Due,
    Query,
    wanted_terms,
    week_end,
)

_T = schema.tickets.c
RARE = 300
"""A term that no more tickets have is looked up first, for a page."""
FEW = 4000
"""The same for all that a list holds: a digest looks through all that one person has, or through all of the queue."""
_OF_IDS = select(schema.tickets).where(_T.id.in_(bindparam("wanted", expanding=True)))
_WITH_TERM = (
    select(schema.ticket_terms.c.ticket_id)
    .where(schema.ticket_terms.c.term == bindparam("wanted"))
    .limit(bindparam("most"))
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some tickets of a list, and where the next ones begin; empty on the last page."""

    tickets: tuple[Ticket, ...]
    next: str = ""


class Lists:
    """The lists of tickets in a store's database.

    Open tickets come in the order in which the team should take them, see `tickets/query.py`; others the newest first.
    `zone` is the team's, in which weeks and days begin.
    """

    def __init__(self, store: Store, zone: ZoneInfo = TEAM_TIME) -> None:
        self._store = store
        self._zone = zone

    def page(self, query: Query, *, limit: int, after: str = "") -> Page:
        """At most `limit` tickets, after the place that the page before named; from the first one if it is unreadable.

        What changes between two pages may move from one to the other, but nothing that stays is left out.
        """
        keys = [_T.queue_rank, _T.queue_turn, _T.id] if query.is_open else [_T.submitted_at, _T.id]
        order = keys if query.is_open else [key.desc() for key in keys]
        with self._store.reading() as connection:
            statement = select(schema.tickets).where(
                *_conditions(query, self._store.now(connection), self._zone)
            )
            if (rare := _rare(connection, query, RARE)) is not None:
                statement = statement.where(_T.id.in_(rare))
            place = _place_in(after, len(keys))
            if place:
                here = tuple_(*keys)
                statement = statement.where(here > tuple_(*place) if query.is_open else here < tuple_(*place))
            rows = connection.execute(statement.order_by(*order).limit(limit + 1)).mappings().all()
        shown = rows[:limit]
        more = json.dumps([shown[-1][key.name] for key in keys]) if len(rows) > limit and shown else ""
        return Page(tickets=tuple(map(ticket_in, shown)), next=more)

    def ids(self, query: Query) -> tuple[str, ...]:
        """The ids of what a list of open tickets holds, in its order, up to MOST_COUNTED."""
        with self._store.reading() as connection:
            found = select(_T.id).where(*_conditions(query, self._store.now(connection), self._zone))
            if (rare := _rare(connection, query, FEW)) is not None:
                found = found.where(_T.id.in_(rare))
            # What nobody touched is found by when that was; sorting all of the queue for it would cost more.
            order = (
                (_T.queue_rank, _T.queue_turn, _T.id)
                if query.untouched_since is None
                else (_T.issue_updated_at,)
            )
            return tuple(connection.execute(found.order_by(*order).limit(MOST_COUNTED)).scalars())

    def tickets(self, ids: Sequence[str]) -> dict[str, Ticket]:
        """The tickets with these ids."""
        with self._store.reading() as connection:
            rows = connection.execute(_OF_IDS, {"wanted": ids}).mappings().all()
        return {row["id"]: ticket_in(row) for row in rows}

    def count(self, query: Query) -> int:
        """How many tickets there are, up to MOST_COUNTED."""
        with self._store.reading() as connection:
            found = (
                select(_T.id)
                .where(*_conditions(query, self._store.now(connection), self._zone))
                .limit(MOST_COUNTED)
            )
            if (rare := _rare(connection, query, MOST_COUNTED)) is not None:
                found = found.where(_T.id.in_(rare))
            return connection.execute(select(func.count()).select_from(found.subquery())).scalar_one()


def _conditions(query: Query, now: float, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    conditions: list[Any] = []
    if query.is_open is not None:
        conditions.append(schema.IN_QUEUE if query.is_open else _T.stage == Stage.CLOSED.value)
    for column, values in ((_T.stage, query.stages), (_T.type, query.types), (_T.priority, query.priorities)):
        if values:
            conditions.append(column == values[0] if len(values) == 1 else column.in_(values))
    for column, value in ((_T.is_urgent, query.is_urgent), (_T.is_sensitive, query.is_sensitive)):
        if value is not None:
            conditions.append(column.is_(value))
    if query.is_urgent and query.is_open:
        # They stand together at the head of the queue, which has an index.
        conditions.append(_T.queue_rank < PRESSING_RANKS.stop)
    if query.requestor:
        conditions.append(_T.requestor_slack_id == query.requestor)
    if query.visible_to:
        conditions.append(_T.requestor_slack_id == query.visible_to)
    if query.older_than:
        conditions.append(_T.submitted_at <= now - query.older_than * DAY)
    conditions += _due(query, team_day(now, zone))
    found = schema.ticket_terms.c
    conditions += [
        exists().where(found.term == term, found.ticket_id == _T.id) for term in sorted(wanted_terms(query))
    ]
    return conditions + _of_digest(query)  # last, as SQLite asks in this order and messages are many


def _of_digest(query: Query) -> list[ColumnElement[bool]]:
    conditions: list[Any] = []
    if query.due_by is not None:
        # The ranks are named so that the queue's index leads to what is due.
        conditions += [_T.queue_rank.in_(RANKS), _T.queue_turn <= query.due_by]
    if query.due_after is not None:
        conditions.append(_T.queue_turn > query.due_after)
    if query.is_waiting:
        conditions.append(schema.ASKED)
    if query.untouched_since is not None:
        conditions += _untouched(query.untouched_since)
    return conditions


def _untouched(since: float) -> list[ColumnElement[bool]]:
    said = schema.messages.c
    by_people = (said.ticket_id == _T.id, said.at > since, said.kind != MessageKind.UPDATE.value)
    return [
        _T.issue_updated_at <= since,
        _T.submitted_at <= since,
        func.coalesce(_T.responded_at, 0.0) <= since,
        ~exists().where(*by_people),
    ]


def _rare(connection: Connection, query: Query, most: int) -> list[str] | None:
    """The ids of all tickets with one of the terms, if `most` or fewer have it; None if there is no such term.

    A planner that knows no better would look for a rare term in the whole queue.
    """
    for term in sorted(wanted_terms(query)):
        ids = list(connection.execute(_WITH_TERM, {"wanted": term, "most": most + 1}).scalars())
        if len(ids) <= most:
            return ids
    return None


def _due(query: Query, today: date) -> list[ColumnElement[bool]]:
    match query.due:
        case Due.OVERDUE if query.is_open:
            # They are marked in the queue, where they have an index, as soon as they are due.
            return [_T.queue_rank.in_(OVERDUE_RANKS)]
        case Due.OVERDUE:
            return [_T.target < today.isoformat()]
        case Due.THIS_WEEK:
            return [_T.target.between(today.isoformat(), week_end(today).isoformat())]
        case Due.NONE:
            # As such that no index on the date serves it: many have none, and the queue's order is what costs.
            return [func.coalesce(_T.target, "") == ""]
    return []


def _place_in(after: str, length: int) -> list[Any] | None:
    """The place that a page named; None for none, or for one of another kind of list."""
    try:
        place = json.loads(after) if after else None
    except ValueError:
        return None
    if not isinstance(place, list) or len(place) != length or not isinstance(place[-1], str):
        return None
    return place if all(isinstance(one, (int, float)) for one in place[:-1]) else None
