"""What the monthly report needs of the database: every ticket in a few columns, and what became of shown answers."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select

from identity_bot.articles.suggestion import Outcome
from identity_bot.errors import IdentityBotError
from identity_bot.report.figures import Figures, Reported, Satisfaction, SelfService, count
from identity_bot.report.month import Month
from identity_bot.store import schema, surveys
from identity_bot.store.store import Store
from identity_bot.tickets.business_time import BusinessHours
from identity_bot.tickets.calendar import DAY

BATCH = 1000
"""Rows that are in memory at a time."""
_T, _A = schema.tickets.c, schema.shown_answers.c
# One statement, so that all figures are of the same moment.
_TICKETS = select(
    _T.type,
    _T.requestor_team,
    _T.submitted_at,
    _T.stage,
    _T.priority,
    _T.close_reason,
    _T.closed_at,
    _T.is_timed,
    _T.responded_at,
    _T.response_due,
    _T.resolution_due,
).execution_options(stream_results=True, yield_per=BATCH)


def _any(outcome: Outcome) -> ColumnElement[int]:
    return func.max(case((_A.outcome == outcome.value, 1), else_=0))


# A form is open for less than a day.
_FORMS = (
    select(_any(Outcome.SOLVED).label("solved"), _any(Outcome.NOT_SOLVED).label("filed"))
    .where(_A.at.between(bindparam("start") - DAY, bindparam("end") + DAY))
    .group_by(_A.view_id)
    .having(func.min(_A.at) >= bindparam("start"), func.min(_A.at) < bindparam("end"))
    .subquery()
)
_SELF_SERVICE = select(
    func.count().label("shown"),
    func.coalesce(func.sum(_FORMS.c.solved * (1 - _FORMS.c.filed)), 0).label("solved"),
    func.coalesce(func.sum(_FORMS.c.filed), 0).label("filed"),
).select_from(_FORMS)


class NothingToReport(IdentityBotError):
    """There was no ticket yet in that month."""


def count_month(store: Store, month: Month | None, hours: BusinessHours) -> Figures:
    """The figures of a month, or of the one before the present one.

    Raises IdentityBotError for a month that has not begun, and NothingToReport for one that ended before there was any
    ticket.
    """
    with store.reading() as connection:
        now = store.now(connection)
        month = month or Month.at(now, hours.zone).before
        if month.start > now:
            raise IdentityBotError(
                f"{month} has not begun yet; the latest month to report on is {Month.at(now, hours.zone)}"
            )
        found = count(
            _reported(connection),
            month,
            now=now,
            business_time=hours.between,
            satisfaction=_satisfaction(connection, month),
            self_service=_self_service(connection, month),
        )
    if found.first_at is not None and found.first_at >= month.end:
        raise NothingToReport(
            f"there was no ticket yet in {month}; the first one is of {Month.at(found.first_at, hours.zone)}"
        )
    return found


def _reported(connection: Connection) -> Iterator[Reported]:
    """Every ticket, in no order."""
    for row in connection.execute(_TICKETS):
        yield Reported(
            type=row[0],
            team=row[1],
            submitted_at=row[2],
            stage=row[3],
            priority=row[4],
            close_reason=row[5],
            closed_at=row[6],
            is_timed=row[7],
            responded_at=row[8],
            response_due=row[9],
            resolution_due=row[10],
        )


def _satisfaction(connection: Connection, month: Month) -> Satisfaction:
    """What requestors answered in a month."""
    answers = surveys.answers_between(connection, month.start, month.end)
    return Satisfaction.of(answer for _, answer, _ in answers)


def _self_service(connection: Connection, month: Month) -> SelfService:
    """What became of the forms in which answers were first shown in a month."""
    found = connection.execute(_SELF_SERVICE, {"start": month.start, "end": month.end}).one()
    return SelfService(shown=found.shown, solved=int(found.solved), filed=int(found.filed))
