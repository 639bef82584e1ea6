"""Effects that remove text from a ticket: in what we keep of it, in its issue, and in our messages about it.

What is to be removed is in the payloads of these effects, which the queue empties once they are over, and nowhere else:
no key, no log and no message has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from identity_bot.messages import alerts, issue_comments, redactions, words
from identity_bot.outbox.effect import (
    GITHUB,
    READS,
    REDACTIONS,
    WRITTEN,
    ClickEffect,
    Context,
    Row,
    TicketEffect,
    slack_lane,
)
from identity_bot.outbox.effects.cards import DrawCard
from identity_bot.outbox.effects.issue_access import Seen, read_issue, reconcile, wherever_it_is
from identity_bot.outbox.effects.issues import Comment, GetIssue
from identity_bot.outbox.effects.messages import SendDirectMessage
from identity_bot.outbox.ports import RedactedIssue
from identity_bot.settings import Settings
from identity_bot.store.surveys import SurveyRows
from identity_bot.store.transaction import Transaction
from identity_bot.text import privacy, redaction
from identity_bot.tickets import lifecycle
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import Change, Event, EventKind, MessageRef, Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class _Requested(ClickEffect):
    """Base class of what somebody requested, who is told what became of it."""

    by: str = ""
    """A Slack id; empty if it is not known."""
    login: str = ""
    """A GitHub login, if it was requested by a comment."""
    reason: str = ""

    def _answer(self, transaction: Transaction, in_slack: str, in_github: str) -> None:
        """Tell them in private or, if their Slack id is not known, on the issue."""
        if self.by:
            transaction.enqueue(SendDirectMessage(ticket_id=self.ticket_id, to=self.by, text=in_slack))
        else:
            transaction.enqueue(Comment(ticket_id=self.ticket_id, text=in_github))

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        self.on_failed(transaction, context, reason)
        transaction.enqueue(GetIssue(ticket_id=self.ticket_id))
        return True

    def on_failed(self, transaction: Transaction, context: Context, reason: str) -> None:
        if ticket := transaction.ticket(self.ticket_id):
            self._answer(transaction, words.not_taken(ticket, reason), issue_comments.not_taken(reason))


@dataclass(frozen=True, kw_only=True, slots=True)
class FindPersonalData(_Requested):
    """Find what the privacy gate would refuse or warn of in the issue, and have it removed everywhere.

    Nothing is removed before all is found: what stands beside a secret may be what it is known by.
    """

    kind: ClassVar[str] = "find_personal_data"
    label: ClassVar[str] = "look for personal data in the issue"
    fixed_lane: ClassVar[str] = READS
    is_repeatable: ClassVar[bool] = True

    def run(self, context: Context, row: Row) -> tuple[tuple[str, ...], Seen]:
        ticket, seen = read_issue(context, context.reader, self.ticket(context))
        if lifecycle.is_gone(ticket):
            return (), seen
        written = context.reader.read_text(ticket.repository, ticket.number or 0)
        additions = context.settings.privacy
        found = (
            part
            for text in written
            for one in privacy.find(text, additions)
            for part in redaction.within(text, one.start, one.end)
        )
        return tuple(dict.fromkeys(filter(redaction.is_long_enough, found))), seen

    def on_success(
        self, transaction: Transaction, context: Context, result: tuple[tuple[str, ...], Seen]
    ) -> None:
        texts, seen = result
        reconcile(transaction, context, seen)
        ticket = transaction.ticket(self.ticket_id)
        if ticket and texts:
            wanted = RedactIssue(
                ticket_id=ticket.id,
                texts=texts,
                is_whole=True,
                by=self.by,
                login=self.login,
                reason=self.reason,
            )
            _redact(transaction, context.settings, ticket, wanted)
        elif ticket:
            self._answer(transaction, redactions.nothing_personal(ticket), issue_comments.NOTHING_PERSONAL)


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of the issue, and the name of who requested it."""

    issue: RedactedIssue | None
    seen: Seen
    name: str
    is_repeated: bool
    """Whether an attempt that was cut short may have changed it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RedactIssue(_Requested):
    """Remove text from the issue and its comments; then say so there, to the requestor and to whoever requested it."""

    kind: ClassVar[str] = "redact_issue"
    label: ClassVar[str] = "remove text from the issue"
    fixed_lane: ClassVar[str] = GITHUB
    is_repeatable: ClassVar[bool] = True
    min_interval: ClassVar[float] = 1.0

    texts: tuple[str, ...]
    is_whole: bool = False
    """Whether they are removed only where they are no part of a longer word."""
    is_found: bool = False
    """Whether what we keep of the ticket had the text."""

    def run(self, context: Context, row: Row) -> _Done:
        redact = redaction.redactor(self.texts, is_whole=self.is_whole)
        issue, seen = wherever_it_is(
            context, self.ticket(context), lambda ticket: context.tracker.redact(ticket, redact)
        )
        name = self.login or context.chat.name_of(self.by)
        name = name or words.nameless(context.people.key_of(self.by))
        return _Done(issue, seen, name, is_repeated=row.verifications > 0)

    def on_success(self, transaction: Transaction, context: Context, result: _Done) -> None:
        issue = result.issue
        reconcile(transaction, context, (*result.seen, *([issue.snapshot] if issue else [])))
        ticket = transaction.ticket(self.ticket_id)
        if ticket is None:
            return
        edited, refused = (issue.edited, issue.refused) if issue else ((), ())
        is_removed = self.is_found or result.is_repeated or bool(issue and issue.is_changed)
        if not is_removed and not refused:
            self._answer(transaction, redactions.nothing_to_redact(ticket), issue_comments.NOTHING_TO_REDACT)
            return
        by_hand: dict[str, Any] = {
            "edited": edited,
            "refused": refused,
            "has_title": bool(issue and issue.has_title),
        }
        in_github = issue_comments.clear_history(ticket, **by_hand)
        if is_removed:
            event = Event(
                kind=EventKind.REDACTED,
                ticket_id=ticket.id,
                at=transaction.now,
                was=ticket.last_notified,
                by=self.by or self.login,
                reason=self.reason,
            )
            context.notifier.tell(transaction, ticket, event)
            said = issue_comments.redacted(result.name, self.reason, is_slack=not self.login)
            said = said if self.by else f"{said}\n\n{in_github}".strip()
            if issue:
                transaction.enqueue(Comment(ticket_id=ticket.id, text=said))
        if self.by or not is_removed:
            self._answer(
                transaction, redactions.clear_history(ticket, is_removed=is_removed, **by_hand), in_github
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class RedactMessages(TicketEffect):
    """Remove text from our messages about a ticket in one place, page by page: each page's effect enqueues the next.

    A limit of Slack's so costs no page that has been read.
    """

    kind: ClassVar[str] = "redact_messages"
    label: ClassVar[str] = "remove text from messages"
    is_repeatable: ClassVar[bool] = True
    min_interval: ClassVar[float] = 1.0

    texts: tuple[str, ...]
    is_whole: bool = False
    channel: str
    """The channel in whose lane it waits first, behind what is just being posted there."""
    thread: MessageRef | None = None
    """The first message of the thread; without it, messages in the channel itself that name the ticket."""
    cursor: str | None = None
    """Where the page to redact begins; None while what is just being posted in the channel goes first."""

    @property
    def lane(self) -> str:
        return slack_lane(self.channel) if self.cursor is None else REDACTIONS

    def run(self, context: Context, row: Row) -> str | None:
        if self.cursor is None:
            return ""
        ticket = self.ticket(context)
        following = context.chat.redact(
            self.thread.channel if self.thread else self.channel,
            redaction.redactor(self.texts, is_whole=self.is_whole),
            thread_ts=self.thread.ts if self.thread else None,
            since=_first_posted(ticket, context.store.clock()),
            about=ticket.url or ticket.reference,
            cursor=self.cursor,
        )
        return following or None

    def on_success(self, transaction: Transaction, context: Context, result: str | None) -> None:
        if result is not None:
            transaction.enqueue(replace(self, cursor=result))

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """The team must delete those messages by hand."""
        if ticket := transaction.ticket(self.ticket_id):
            context.notifier.alert(transaction, alerts.not_redacted(ticket, self.channel, reason))
        return True


def _first_posted(ticket: Ticket, now: float) -> float:
    """The earliest time of our messages about a ticket; the clock may have been ahead when it was submitted."""
    # The thread under a message that somebody made the request from may be far older.
    begun = (ticket.card, ticket.thread if ticket.thread != ticket.origin else None)
    return min(ticket.submitted_at, now - DAY, *(float(one.ts) for one in begun if one))


def request_redaction(
    transaction: Transaction,
    settings: Settings,
    ticket: Ticket,
    changes: Sequence[Change],
    *,
    by: str = "",
    login: str = "",
    click: str = "",
) -> None:
    """Have the texts of these changes removed from a ticket; one without a text stands for all personal data."""
    texts = tuple(one.value for one in changes if one.value)
    reason = next((one.reason for one in changes if one.reason), "")
    requested: dict[str, Any] = {"by": by, "login": login, "reason": reason, "click": click}
    if texts:
        _redact(transaction, settings, ticket, RedactIssue(ticket_id=ticket.id, texts=texts, **requested))
    if not all(one.value for one in changes):
        transaction.enqueue(FindPersonalData(ticket_id=ticket.id, **requested))


def _redact(transaction: Transaction, settings: Settings, ticket: Ticket, wanted: RedactIssue) -> None:
    """Redact what we keep of a ticket and what is about to be said of it; have the rest follow."""
    redact = redaction.redactor(wanted.texts, is_whole=wanted.is_whole)
    ours = ticket.redacted(redact)
    transaction.save(ours)
    is_commented = SurveyRows(transaction).redact(ticket.id, redact)
    transaction.rewrite_messages(ticket.id, redact)
    transaction.rewrite_effects(
        ticket.id,
        lambda payload: redaction.redacted_fields(payload, WRITTEN, redact),
    )
    transaction.enqueue(
        replace(wanted, reason=redact(wanted.reason), is_found=is_commented or ours != ticket)
    )
    if ticket.headline or ticket.card:
        transaction.enqueue(DrawCard(ticket_id=ticket.id, channel=settings.team_channel))
    places: dict[tuple[str, MessageRef | None], None] = {
        (settings.intake_channel, None): None,
        (settings.team_channel, None): None,
    }
    for thread in (*ticket.former_threads, *([ticket.thread] if ticket.thread else ())):
        places[thread.channel, thread] = None
    if ticket.card:
        places[settings.team_channel, ticket.card] = None
    for channel, root in places:
        transaction.enqueue(
            RedactMessages(
                ticket_id=ticket.id,
                texts=wanted.texts,
                is_whole=wanted.is_whole,
                channel=channel,
                thread=root,
            )
        )
