"""What requestors answer in the survey, as far as it is theirs and its week is not over."""

from __future__ import annotations

import logging
from dataclasses import replace

from identity_bot.errors import NotAllowed
from identity_bot.messages import survey as words
from identity_bot.outbox.effects.survey import REPORT_AFTER, DrawSurvey, ReportLowAnswer, tell_team
from identity_bot.settings import Settings
from identity_bot.store.store import Store
from identity_bot.store.surveys import SurveyRows, Surveys
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.survey import Satisfaction, Survey

log = logging.getLogger(__name__)


class SurveyDesk:
    """Keeps answers and comments. All methods raise NotAllowed with why somebody cannot answer, and StoreError."""

    def __init__(self, *, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def answer(self, ticket_id: str, by: str, answer: Satisfaction) -> None:
        """Keep an answer, in place of an earlier one."""
        with self._store.begin() as transaction:
            transaction.ticket(ticket_id)  # locked, so that of two answers at once one comes after the other
            rows = SurveyRows(transaction)
            survey = _checked(rows.of(ticket_id), by, transaction.now)
            if survey.answer is answer:
                self._draw(transaction, survey)
                return
            is_reported = survey.is_reported and answer.is_low
            now = replace(survey, answer=answer, answered_at=transaction.now, is_reported=is_reported)
            rows.save(now)
            self._draw(transaction, now)
            if answer.is_low and not is_reported:
                transaction.enqueue(ReportLowAnswer(ticket_id=ticket_id), delay=REPORT_AFTER)
        log.info("survey answered", extra={"ticket": ticket_id})

    def answered(self, ticket_id: str, by: str) -> Survey:
        """The survey that somebody wants to comment on."""
        survey = _checked(Surveys(self._store).of(ticket_id), by, self._store.clock())
        if survey.answer is None:
            raise NotAllowed(words.NOT_ANSWERED)
        return survey

    def comment(self, ticket_id: str, by: str, text: str) -> None:
        """Keep what somebody adds to their answer, or with nothing take it back; it has passed the privacy gate."""
        with self._store.begin() as transaction:
            ticket = transaction.ticket(ticket_id)
            rows = SurveyRows(transaction)
            survey = _checked(rows.of(ticket_id), by, transaction.now)
            if ticket is None or survey.answer is None:
                raise NotAllowed(words.NOT_ANSWERED)
            if survey.comment == text:
                return
            now = replace(survey, comment=text)
            rows.save(now)
            self._draw(transaction, now)
            if survey.is_reported and text:
                tell_team(transaction, self._settings, ticket, words.later_comment(ticket, now))

    def _draw(self, transaction: Transaction, survey: Survey) -> None:
        if survey.message:
            transaction.enqueue(DrawSurvey(ticket_id=survey.ticket_id, channel=survey.message.channel))


def _checked(survey: Survey | None, by: str, now: float) -> Survey:
    """A survey that somebody can answer; raises NotAllowed if they cannot."""
    if survey is None:
        raise NotAllowed(words.NO_SURVEY)
    if by != survey.slack_id:
        raise NotAllowed(words.NOT_YOURS)
    if now >= survey.ends_at:
        raise NotAllowed(words.OVER)
    return survey
