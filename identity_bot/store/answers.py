"""Which answers were shown in which form before it was sent, and what became of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from identity_bot.articles.suggestion import Outcome, ShownAnswer, Tally
from identity_bot.store import schema
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import reference

_A, _T = schema.shown_answers.c, schema.tickets.c
_COLUMNS = tuple(column for column in _A if column.name != "id")
_INSERT: Mapping[str, Any] = {
    "sqlite": sqlite.insert(schema.shown_answers).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(schema.shown_answers).on_conflict_do_nothing(),
}
_OF_VIEW = select(_A.id, *_COLUMNS).where(_A.view_id == bindparam("view"))
_OF_TICKET = select(_A.id, *_COLUMNS).where(_A.ticket_id == bindparam("ticket"), _A.ticket_id != "")
_SOLVE = (
    update(schema.shown_answers)
    .where(
        _A.view_id == bindparam("view"),
        _A.source == bindparam("from"),
        _A.name == bindparam("called"),
        _A.outcome == Outcome.SHOWN.value,  # a ticket may be filed just now
    )
    .values(outcome=Outcome.SOLVED.value)
)
_FILE = (
    update(schema.shown_answers)
    .where(_A.view_id == bindparam("view"), _A.ticket_id == "")
    .values(outcome=Outcome.NOT_SOLVED.value, ticket_id=bindparam("ticket"))
)
_SINCE = _A.at >= bindparam("since")


def _count(outcome: Outcome) -> Any:
    return func.sum(case((_A.outcome == outcome.value, 1), else_=0))


_TALLY = (
    select(
        _A.source,
        _A.name,
        func.max(_A.title).label("title"),
        func.max(_A.url).label("url"),
        func.count().label("shown"),
        _count(Outcome.SOLVED).label("solved"),
        _count(Outcome.NOT_SOLVED).label("not_solved"),
    )
    .where(_SINCE)
    .group_by(_A.source, _A.name)
)
_BEHIND = (
    select(_A.source, _A.name, _T.id, _T.prefix, _T.number)
    .join(schema.tickets, _T.id == _A.ticket_id)
    .where(_SINCE, _A.ticket_id != "")
    .order_by(_T.prefix, _T.number, _T.id)
)


class ShownAnswers:
    """What was shown, in one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    def add(self, shown: Iterable[ShownAnswer]) -> None:
        """Keep that answers were shown; each counts once for each view."""
        insertion = _INSERT[self._connection.dialect.name]
        for one in shown:
            self._connection.execute(insertion, _row(one))

    def of_view(self, view_id: str) -> list[ShownAnswer]:
        """What was shown in a view, in the order in which it was."""
        return _found(self._connection, _OF_VIEW, {"view": view_id})

    def solve(self, view_id: str, source: str, name: str) -> bool:
        """Keep that an answer solved it; False if it was never shown there, or if the view is settled already."""
        if any(one.outcome is not Outcome.SHOWN for one in self.of_view(view_id)):
            return False
        solved = {"view": view_id, "from": source, "called": name}
        return self._connection.execute(_SOLVE, solved).rowcount == 1

    def file(self, view_id: str, ticket_id: str) -> None:
        """Keep that a ticket was filed although answers had been shown, or were said to have solved it."""
        self._connection.execute(_FILE, {"view": view_id, "ticket": ticket_id})


def shown_before(store: Store, ticket_id: str) -> list[ShownAnswer]:
    """What was shown before a ticket was filed, in the order in which it was."""
    with store.reading() as connection:
        return _found(connection, _OF_TICKET, {"ticket": ticket_id})


def tallies(store: Store, since: float = 0.0) -> list[Tally]:
    """How often each answer was shown since then (seconds since the epoch), the least helpful first."""
    behind: dict[tuple[str, str], list[str]] = {}
    with store.reading() as connection:
        counted = connection.execute(_TALLY, {"since": since}).all()
        for source, name, ticket_id, prefix, number in connection.execute(_BEHIND, {"since": since}):
            called = reference(ticket_id) if number is None else f"{prefix}#{number}"
            behind.setdefault((source, name), []).append(called)
    found = [
        Tally(
            source=row.source,
            name=row.name,
            title=row.title,
            url=row.url,
            shown=row.shown,
            solved=row.solved,
            not_solved=row.not_solved,
            tickets=tuple(behind.get((row.source, row.name), ())),
        )
        for row in counted
    ]
    return sorted(found, key=lambda one: (-one.not_solved, one.solved, -one.shown, one.source, one.name))


def _found(connection: Connection, query: Any, values: Mapping[str, str]) -> list[ShownAnswer]:
    rows = sorted(map(dict, connection.execute(query, values).mappings()), key=lambda row: int(row.pop("id")))
    return [ShownAnswer(**{**row, "outcome": Outcome(row["outcome"])}) for row in rows]


def _row(shown: ShownAnswer) -> dict[str, Any]:
    return {column.name: getattr(shown, column.name) for column in _COLUMNS} | {
        "outcome": shown.outcome.value
    }
