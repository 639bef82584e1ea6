"""What requestors were asked once their tickets were done, and what they answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from identity_bot.store import schema
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.text.redaction import Redact
from identity_bot.tickets.model import MessageRef
from identity_bot.tickets.survey import Satisfaction, Survey

_S = schema.surveys.c
OF_TICKET = select(schema.surveys).where(_S.ticket_id == bindparam("wanted"))
"""A ticket's survey."""
ASKED_SINCE = (
    select(_S.ticket_id).where(_S.slack_id == bindparam("who"), _S.asked_at > bindparam("since")).limit(1)
)
"""Whether somebody was asked since then, about any ticket."""
_BETWEEN = (
    select(_S.ticket_id, _S.answer, _S.answered_at)
    .where(_S.answered_at >= bindparam("start"), _S.answered_at < bindparam("end"))
    .order_by(_S.answered_at, _S.ticket_id)
)
_FORGET = delete(schema.surveys).where(_S.ticket_id == bindparam("wanted"))
_ADD = insert(schema.surveys).inline()
_SAVE = update(schema.surveys).where(_S.ticket_id == bindparam("wanted"))


class Surveys:
    """The surveys, read outside of transactions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, ticket_id: str) -> Survey | None:
        """A ticket's survey."""
        with self._store.reading() as connection:
            return _found(connection, ticket_id)


class SurveyRows:
    """The surveys in one transaction, in which the ticket is to be locked first."""

    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    def of(self, ticket_id: str) -> Survey | None:
        """A ticket's survey."""
        return _found(self._connection, ticket_id)

    def was_asked(self, slack_id: str, since: float) -> bool:
        """Whether somebody was asked after that time (seconds since the epoch), about any ticket."""
        return self._connection.execute(ASKED_SINCE, {"who": slack_id, "since": since}).first() is not None

    def add(self, survey: Survey) -> None:
        """Keep a new survey, in place of one that was not answered."""
        self.forget(survey.ticket_id)
        self._connection.execute(_ADD, _row(survey))

    def save(self, survey: Survey) -> None:
        """Keep a survey as it is now."""
        self._connection.execute(_SAVE, {**_row(survey), "wanted": survey.ticket_id})

    def forget(self, ticket_id: str) -> None:
        """Forget a survey that could not be posted."""
        self._connection.execute(_FORGET, {"wanted": ticket_id})

    def redact(self, ticket_id: str, redact: Redact) -> bool:
        """Redact what a requestor wrote in a survey; whether that changed anything."""
        survey = self.of(ticket_id)
        if survey is None or (now := redact(survey.comment)) == survey.comment:
            return False
        self._connection.execute(_SAVE, {"comment": now, "wanted": ticket_id})
        return True


def answers_between(connection: Connection, start: float, end: float) -> list[tuple[str, int, float]]:
    """The answers that were last changed from `start` to just before `end` (seconds since the epoch), oldest first.

    Each is the ticket's id, 5 (very satisfied) to 1 (very dissatisfied), and when that was answered.
    """
    rows = connection.execute(_BETWEEN, {"start": start, "end": end}).all()
    return [(row.ticket_id, row.answer, row.answered_at) for row in rows]


def _found(connection: Connection, ticket_id: str) -> Survey | None:
    row = connection.execute(OF_TICKET, {"wanted": ticket_id}).mappings().one_or_none()
    return _survey(row) if row else None


def _survey(row: Mapping[str, Any] | Any) -> Survey:
    return Survey(
        ticket_id=row["ticket_id"],
        slack_id=row["slack_id"],
        asked_at=row["asked_at"],
        message=MessageRef(channel=row["channel"], ts=row["ts"]) if row["ts"] else None,
        answer=Satisfaction(row["answer"]) if row["answer"] else None,
        comment=row["comment"],
        answered_at=row["answered_at"],
        is_reported=row["is_reported"],
    )


def _row(survey: Survey) -> dict[str, Any]:
    return {
        "ticket_id": survey.ticket_id,
        "slack_id": survey.slack_id,
        "asked_at": survey.asked_at,
        "channel": survey.message.channel if survey.message else "",
        "ts": survey.message.ts if survey.message else "",
        "answer": survey.answer.value if survey.answer else None,
        "comment": survey.comment,
        "answered_at": survey.answered_at,
        "is_reported": survey.is_reported,
    }
