"""Effects in Slack: updates, alerts and direct messages, and the receipt in an open modal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from identity_bot.errors import Rejected
from identity_bot.messages import alerts, words
from identity_bot.messages.updates import Destination, Message
from identity_bot.outbox.effect import (
    GITHUB,
    LATE,
    UPDATES,
    Context,
    Effect,
    Row,
    TicketEffect,
    slack_lane,
)
from identity_bot.outbox.effects.issue_access import Seen, reconcile, wherever_it_is
from identity_bot.settings import Settings
from identity_bot.store.transaction import Transaction
from identity_bot.text.names import MEMBER_ID
from identity_bot.tickets.actions import possible
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import (
    Action,
    IssuePatch,
    IssueSnapshot,
    MessageKind,
    MessageRef,
    Offer,
    Requested,
    Ticket,
    TicketMessage,
)

LONGEST_SEARCH = 4 * DAY
"""Seconds of a channel that are searched for a ticket's first messages, which are tried for three days."""
LONGEST_SINCE_ADOPTED = 7 * DAY
"""Seconds of a channel that are searched for those of a ticket that may have been adopted before."""
RECEIPT_LIFE = 600.0
"""Seconds after which nobody looks at the modal anymore."""


def place_of(ticket: Ticket, to: Destination, settings: Settings) -> tuple[str, str | None]:
    """The channel, and the thread there, where messages for a destination go as the ticket is now."""
    match to:
        case Destination.INTAKE:
            return settings.intake_channel, None
        case Destination.TEAM | Destination.MEMBERS | Destination.APPROVERS:
            return settings.team_channel, ticket.card.ts if ticket.card else None
    if ticket.thread:
        return ticket.thread.channel, ticket.thread.ts
    return ticket.requestor.slack_id if ticket.is_direct else settings.intake_channel, None


def find_posted(
    context: Context,
    ticket: Ticket,
    channel: str,
    key: str,
    *,
    opened_at: float | None,
    thread_ts: str | None = None,
) -> MessageRef | None:
    """A card or a first message that the database does not know of, since a backup was restored.

    `opened_at` is when the issue was opened if it was adopted, perhaps for the second time. Nothing for another ticket
    so young that no backup can be older, or if the bot may not read the channel.
    """
    now = context.store.clock()
    if opened_at is not None:
        since, until = max(opened_at, now - LONGEST_SINCE_ADOPTED), None
    elif now - ticket.submitted_at < LATE:
        return None
    else:
        since, until = ticket.submitted_at, ticket.submitted_at + LONGEST_SEARCH
    try:
        return context.chat.find_message(channel, key, since, thread_ts=thread_ts, until=until)
    except Rejected:
        return None


def title_of(ticket: Ticket, context: Context) -> str:
    """The title of the ticket's request type, or its name if the type is not installed."""
    return context.plugins.title_of(ticket.type)


def tell_requestor(transaction: Transaction, context: Context, ticket: Ticket, text: str) -> None:
    """Enqueue a message to the requestor, which holds none of their answers."""
    channel, _ = place_of(ticket, Destination.REQUESTOR, context.settings)
    message = Message(text=f"{ticket.requestor.mention} {text}")
    update = PostUpdate(
        ticket_id=ticket.id, to=Destination.REQUESTOR, message=message, channel=channel, is_sensitive=True
    )
    transaction.enqueue(update)


def retire_buttons(transaction: Transaction, ticket: Ticket, made: Sequence[Requested] = ()) -> None:
    """Enqueue an edit of each message with a button that is no longer possible; `made` is what was done since."""
    able = set(possible(ticket))
    for offer in ticket.offers:
        if able.issuperset(offer.buttons):
            continue
        used = [
            words.chose(one.change.action, one.by)
            for one in made
            if one.change.action in offer.buttons and re.fullmatch(MEMBER_ID, one.by)
        ]
        retire = RetireButtons(
            ticket_id=ticket.id,
            channel=offer.message.channel,
            ts=offer.message.ts,
            outcome=used[-1] if used and not ticket.is_sensitive else words.settled(ticket),
        )
        transaction.enqueue(retire)


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkThread(TicketEffect):
    """Put the link to the ticket's Slack thread into its issue."""

    kind: ClassVar[str] = "link_thread"
    label: ClassVar[str] = "link the Slack thread"
    fixed_lane: ClassVar[str] = GITHUB
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True
    min_interval: ClassVar[float] = 1.0

    def run(self, context: Context, row: Row) -> tuple[MessageRef, Seen]:
        """The thread with its link, and how the issue was seen."""
        ticket = self.ticket(context)
        if ticket.thread is None or ticket.number is None:
            raise Rejected("the ticket has no thread or no issue")
        thread = replace(ticket.thread, link=ticket.thread.link or context.chat.link_to(ticket.thread))

        def link(to: Ticket) -> IssueSnapshot:
            return context.tracker.update_issue(replace(to, thread=thread), IssuePatch())

        linked, seen = wherever_it_is(context, ticket, link)
        return thread, (*seen, linked) if linked else seen

    def on_success(self, transaction: Transaction, context: Context, result: tuple[MessageRef, Seen]) -> None:
        thread, seen = result
        ticket = transaction.ticket(self.ticket_id)
        if ticket and ticket.thread:
            transaction.save(replace(ticket, thread=replace(ticket.thread, link=thread.link)))
        reconcile(transaction, context, seen)


@dataclass(frozen=True, kw_only=True, slots=True)
class PostUpdate(TicketEffect):
    """Post what has changed about a ticket at one destination."""

    kind: ClassVar[str] = "post_update"
    label: ClassVar[str] = "post a message"
    min_interval: ClassVar[float] = 1.0

    to: Destination
    message: Message
    channel: str
    """Where it goes as the ticket was when it was written; a requestor's Slack id for a direct message."""
    is_first: bool = False
    """Whether it begins the ticket's thread."""
    opened_at: float | None = None
    """When the issue was opened, of an adopted ticket's first messages."""
    is_sensitive: bool = False
    """Whether the message was written for a sensitive ticket, and so shows nothing of its content."""
    instead_of: str = ""
    """The channel where the requestor could not be told, so that they are told directly."""
    because: str = ""

    @property
    def lane(self) -> str:
        return slack_lane(self.channel)

    def run(self, context: Context, row: Row) -> MessageRef:
        channel, thread_ts = self._where(context)
        ticket, key = self.ticket(context), self._key(row)
        if self.is_first:
            posted = find_posted(context, ticket, channel, key, opened_at=self.opened_at, thread_ts=thread_ts)
            if posted:
                return posted
        return context.chat.post(channel, self._message(ticket), idempotency_key=key, thread_ts=thread_ts)

    def find_result(self, context: Context, row: Row) -> MessageRef | None:
        channel, thread_ts = self._where(context)
        since = row.earliest(context.store.clock())
        return context.chat.find_message(channel, self._key(row), since, thread_ts=thread_ts)

    def on_success(self, transaction: Transaction, context: Context, result: MessageRef) -> None:
        """Where the requestor was told first, or had to be told instead, they are told all else."""
        ticket = transaction.ticket(self.ticket_id)
        if ticket is None:
            return
        told = TicketMessage(
            ticket_id=ticket.id,
            kind=MessageKind.UPDATE,
            at=float(result.ts),
            text=self._message(ticket).text,
            to=self.to,
            channel=result.channel,
            ts=result.ts,
        )
        transaction.add_message(told)
        if self._message(ticket).text == self.message.text and self.message.buttons:
            # With all its buttons: the ticket may have changed since `run` chose among them.
            offer = Offer(message=result, text=self.message.text, buttons=self.message.buttons)
            ticket = replace(ticket, offers=(*ticket.offers, offer))
            transaction.save(ticket)
            retire_buttons(transaction, ticket)
        if self.to is Destination.REQUESTOR:
            self._follow(transaction, context, ticket, result)

    def _follow(self, transaction: Transaction, context: Context, ticket: Ticket, result: MessageRef) -> None:
        if self.instead_of:
            transaction.save(replace(ticket.with_thread(result), is_direct=True))
            if not ticket.is_direct:
                context.notifier.alert(transaction, alerts.told_directly(self.instead_of, self.because))
            return
        if ticket.is_direct and self.channel != ticket.requestor.slack_id:
            return
        if ticket.thread is None:
            transaction.save(replace(ticket, thread=result))
        is_linked = ticket.thread and ticket.thread.link
        if self.is_first and not ticket.is_direct and not is_linked:
            transaction.enqueue(LinkThread(ticket_id=ticket.id))

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """A requestor who cannot be told in the thread is told directly, and the team hears of it."""
        ticket = transaction.ticket(self.ticket_id) if self.to is Destination.REQUESTOR else None
        if ticket is None:
            return False
        if self.instead_of or (ticket.is_direct and ticket.thread is None):
            context.notifier.alert(transaction, alerts.cannot_be_told(ticket, reason))
            return True
        channel = place_of(ticket, self.to, context.settings)[0]
        slack_id = ticket.requestor.slack_id
        transaction.enqueue(replace(self, channel=slack_id, instead_of=channel, because=reason))
        return True

    def _key(self, row: Row) -> str:
        return f"first:{self.ticket_id}:{self.to}" if self.is_first else row.idempotency_key

    def _message(self, ticket: Ticket) -> Message:
        """The message as the ticket now allows it: without what became sensitive or impossible while it waited."""
        if ticket.is_sensitive and not self.is_sensitive and self.to is not Destination.REQUESTOR:
            return Message(text=words.became_sensitive(ticket))
        able = possible(ticket) if self.message.buttons else ()
        return replace(self.message, buttons=tuple(one for one in self.message.buttons if one in able))

    def _where(self, context: Context) -> tuple[str, str | None]:
        ticket = self.ticket(context)
        if self.instead_of:
            return ticket.requestor.slack_id, None
        return place_of(ticket, self.to, context.settings)


@dataclass(frozen=True, kw_only=True, slots=True)
class RetireButtons(TicketEffect):
    """Take the buttons from a message that are no longer possible, and say there what is so now."""

    kind: ClassVar[str] = "retire_buttons"
    label: ClassVar[str] = "remove buttons that are no longer possible"
    is_repeatable: ClassVar[bool] = True
    min_interval: ClassVar[float] = 1.0

    channel: str
    ts: str
    outcome: str

    @property
    def lane(self) -> str:
        return slack_lane(self.channel)

    @property
    def unique_key(self) -> str:
        return f"{self.kind}:{self.ticket_id}:{self.ts}"

    def run(self, context: Context, row: Row) -> tuple[Action, ...]:
        """The buttons that the message has left."""
        ticket = self.ticket(context)
        offer = next(iter(self._offers(ticket)), None)
        if offer is None:
            return ()
        able = possible(ticket)
        left = tuple(one for one in offer.buttons if one in able)
        if left != offer.buttons:
            now = Message(text=offer.text, buttons=left, ticket_id=ticket.id)
            context.chat.settle(offer.message, now, self.outcome)
        return left

    def on_success(self, transaction: Transaction, context: Context, result: tuple[Action, ...]) -> None:
        ticket = transaction.ticket(self.ticket_id)
        if ticket is None:
            return
        others = tuple(one for one in ticket.offers if one not in self._offers(ticket))
        kept = tuple(replace(one, buttons=result) for one in self._offers(ticket) if result)
        transaction.save(replace(ticket, offers=(*others, *kept)))

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """Whoever presses a button that has stayed is told why nothing changed."""
        self.on_success(transaction, context, ())
        return True

    def _offers(self, ticket: Ticket) -> tuple[Offer, ...]:
        return tuple(
            one for one in ticket.offers if (one.message.channel, one.message.ts) == (self.channel, self.ts)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TellDelay(TicketEffect):
    """Tell a requestor whose ticket still has no issue that their request is kept."""

    kind: ClassVar[str] = "tell_delay"
    label: ClassVar[str] = "tell the requestor that their ticket is delayed"
    fixed_lane: ClassVar[str] = UPDATES
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        ticket = transaction.ticket(self.ticket_id)
        # If opening it has failed for good, the requestor was told then.
        if ticket and ticket.number is None and not transaction.has_failed(ticket.id):
            text = words.not_opened_yet(ticket, title_of(ticket, context))
            tell_requestor(transaction, context, ticket, text)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Post(Effect):
    """Base class of messages that are told without a thread; a ticket is named for operators only."""

    min_interval: ClassVar[float] = 1.0

    to: str
    """A channel, or somebody's Slack id."""
    text: str

    @property
    def lane(self) -> str:
        return slack_lane(self.to)

    def run(self, context: Context, row: Row) -> MessageRef:
        message = Message(text=self.text)
        return context.chat.post(self.to, message, idempotency_key=row.idempotency_key, thread_ts=None)

    def find_result(self, context: Context, row: Row) -> MessageRef | None:
        since = row.earliest(context.store.clock())
        return context.chat.find_message(self.to, row.idempotency_key, since, thread_ts=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class PostAlert(_Post):
    """Tell the team of something to fix; the same alert waits only once."""

    kind: ClassVar[str] = "post_alert"
    label: ClassVar[str] = "post an alert"
    reruns: ClassVar[bool] = False

    @property
    def unique_key(self) -> str:
        return self.content_key


@dataclass(frozen=True, kw_only=True, slots=True)
class SendDirectMessage(_Post):
    """Answer somebody in private."""

    kind: ClassVar[str] = "send_direct_message"
    label: ClassVar[str] = "send a direct message"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowReceipt(TicketEffect):
    """Show the issue's number in the modal, if that is still open; the requestor is told in Slack anyway."""

    kind: ClassVar[str] = "show_receipt"
    label: ClassVar[str] = "show the receipt"
    fixed_lane: ClassVar[str] = "slack:views"
    is_repeatable: ClassVar[bool] = True

    view_id: str

    def run(self, context: Context, row: Row) -> None:
        ticket = self.ticket(context)
        if context.store.clock() - ticket.submitted_at < RECEIPT_LIFE:
            request_type = context.plugins.of(ticket.type)
            hints = request_type.hints(ticket) if request_type else []
            context.chat.show_receipt(self.view_id, ticket, hints)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Notify(TicketEffect):
    """Tell people what has changed once the ticket has been quiet for a while."""

    kind: ClassVar[str] = "notify"
    label: ClassVar[str] = "tell what has changed"
    fixed_lane: ClassVar[str] = UPDATES
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        context.notifier.notify(transaction, self.ticket_id)
