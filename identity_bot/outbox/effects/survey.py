"""Effects of the survey: the question is posted, drawn as it was answered, and a low answer told to the leads."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import ClassVar

from identity_bot.messages import alerts
from identity_bot.messages import survey as words
from identity_bot.messages.updates import Destination, Message
from identity_bot.outbox.effect import UPDATES, Context, Row, TicketEffect, slack_lane
from identity_bot.outbox.effects.messages import PostUpdate, place_of
from identity_bot.settings import Settings
from identity_bot.store.surveys import SurveyRows, Surveys
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import CloseReason, MessageKind, MessageRef, Stage, Ticket, TicketMessage
from identity_bot.tickets.survey import WEEK, Survey

log = logging.getLogger(__name__)

REPORT_AFTER = 60.0
"""Seconds until the leads are told of a low answer, in which it may be changed and a comment be added."""
SHARED = ("C", "G")
"""How the ids of channels begin, in which others read along."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskSurvey(TicketEffect):
    """Ask a requestor how satisfied they are, if their ticket is still closed as completed."""

    kind: ClassVar[str] = "ask_survey"
    label: ClassVar[str] = "ask how satisfied the requestor is"
    min_interval: ClassVar[float] = 1.0

    channel: str
    """Where it goes as the ticket was then: that of the message that says that the ticket is closed."""
    is_direct: bool = False
    """Whether it goes to the requestor directly, because nobody can post in the thread."""

    @property
    def lane(self) -> str:
        return slack_lane(self.channel)

    def run(self, context: Context, row: Row) -> MessageRef | None:
        ticket = self.ticket(context)
        survey = Surveys(context.store).of(ticket.id)
        if survey is None or not _is_done(ticket):
            return None
        channel, thread_ts = self._where(context, ticket)
        message = _question(ticket, survey, channel)
        return context.chat.post(channel, message, idempotency_key=row.idempotency_key, thread_ts=thread_ts)

    def find_result(self, context: Context, row: Row) -> MessageRef | None:
        channel, thread_ts = self._where(context, self.ticket(context))
        since = row.earliest(context.store.clock())
        return context.chat.find_message(channel, row.idempotency_key, since, thread_ts=thread_ts)

    def on_success(self, transaction: Transaction, context: Context, result: MessageRef | None) -> None:
        """The week begins when the question can be read."""
        ticket = transaction.ticket(self.ticket_id)
        rows = SurveyRows(transaction)
        survey = rows.of(self.ticket_id)
        if ticket is None or survey is None:
            return
        if result is None:
            _take_back(rows, survey)
            return
        asked = replace(survey, message=result, asked_at=transaction.now)
        rows.save(asked)
        told = TicketMessage(
            ticket_id=ticket.id,
            kind=MessageKind.UPDATE,
            at=float(result.ts),
            text=_question(ticket, replace(survey, answer=None, comment=""), result.channel).text,
            to=Destination.REQUESTOR,
            channel=result.channel,
            ts=result.ts,
        )
        transaction.add_message(told)
        if asked.answer:  # somebody was faster than this transaction
            transaction.enqueue(DrawSurvey(ticket_id=ticket.id, channel=result.channel))

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """A requestor who cannot be asked in the thread is asked directly, or else not at all."""
        ticket = transaction.ticket(self.ticket_id)
        rows = SurveyRows(transaction)
        survey = rows.of(self.ticket_id)
        if ticket and survey and not self.is_direct:
            transaction.enqueue(replace(self, channel=ticket.requestor.slack_id, is_direct=True))
        elif survey:
            _take_back(rows, survey)
        log.info("a survey was not posted: %s", reason, extra={"ticket": self.ticket_id})
        return True

    def _where(self, context: Context, ticket: Ticket) -> tuple[str, str | None]:
        """In the ticket's thread; directly if it has none, as it is nobody else's business."""
        channel, thread_ts = place_of(ticket, Destination.REQUESTOR, context.settings)
        if self.is_direct or thread_ts is None:
            return ticket.requestor.slack_id, None
        return channel, thread_ts


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawSurvey(TicketEffect):
    """Show the question as it was answered."""

    kind: ClassVar[str] = "draw_survey"
    label: ClassVar[str] = "show what was answered"
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True
    min_interval: ClassVar[float] = 1.0

    channel: str

    @property
    def lane(self) -> str:
        return slack_lane(self.channel)

    def run(self, context: Context, row: Row) -> None:
        survey = Surveys(context.store).of(self.ticket_id)
        if survey and survey.message:
            drawn = _question(self.ticket(context), survey, survey.message.channel)
            context.chat.edit(survey.message, drawn)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """The answer is kept all the same."""
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportLowAnswer(TicketEffect):
    """Tell the leads that a requestor is not satisfied, once for as long as the answer stays low."""

    kind: ClassVar[str] = "report_low_answer"
    label: ClassVar[str] = "tell the leads that a requestor is not satisfied"
    fixed_lane: ClassVar[str] = UPDATES
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        ticket = transaction.ticket(self.ticket_id)
        rows = SurveyRows(transaction)
        survey = rows.of(self.ticket_id)
        is_low = survey is not None and survey.answer is not None and survey.answer.is_low
        if ticket is None or survey is None or not is_low or survey.is_reported:
            return
        request_type = context.plugins.of(ticket.type) or context.plugins.stand_in(ticket.type)
        leads = alerts.leads({"leads": request_type.route(ticket).leads})
        tell_team(transaction, context.settings, ticket, words.low_answer(ticket, survey, leads))
        rows.save(replace(survey, is_reported=True))


def ask_requestor(transaction: Transaction, settings: Settings, ticket: Ticket) -> None:
    """Enqueue the question to a requestor whose ticket was just closed as completed.

    That they are asked is kept at once, so that of two tickets closed at the same time only one is asked about.
    """
    who = ticket.requestor.slack_id
    if not settings.survey or not who or not _is_done(ticket):
        return
    rows = SurveyRows(transaction)
    before = rows.of(ticket.id)
    if (before and before.answer) or rows.was_asked(who, transaction.now - WEEK):
        return
    rows.add(Survey(ticket_id=ticket.id, slack_id=who, asked_at=transaction.now))
    channel, thread_ts = place_of(ticket, Destination.REQUESTOR, settings)
    transaction.enqueue(AskSurvey(ticket_id=ticket.id, channel=channel if thread_ts else who))


def tell_team(transaction: Transaction, settings: Settings, ticket: Ticket, text: str) -> None:
    """Enqueue a message about an answer into the thread of the ticket's card."""
    channel, _ = place_of(ticket, Destination.TEAM, settings)
    update = PostUpdate(
        ticket_id=ticket.id,
        to=Destination.TEAM,
        message=Message(text=text),
        channel=channel,
        is_sensitive=ticket.is_sensitive,
    )
    transaction.enqueue(update)


def _is_done(ticket: Ticket) -> bool:
    return ticket.stage is Stage.CLOSED and ticket.state.close_reason is CloseReason.COMPLETED


def _take_back(rows: SurveyRows, survey: Survey) -> None:
    """Forget a question that was not posted, so that it can be asked later."""
    if survey.message is None and survey.answer is None:
        rows.forget(survey.ticket_id)


def _question(ticket: Ticket, survey: Survey, channel: str) -> Message:
    return words.question(ticket, survey, is_shared=channel.startswith(SHARED))
