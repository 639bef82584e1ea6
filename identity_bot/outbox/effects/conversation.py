"""Effects that carry what people write from GitHub to Slack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from identity_bot.errors import Rejected
from identity_bot.messages import conversation
from identity_bot.messages.updates import Destination, Message
from identity_bot.outbox.effect import LATE, Context, Row, TicketEffect, slack_lane
from identity_bot.outbox.effects.comments import Reply
from identity_bot.outbox.effects.messages import SendDirectMessage, place_of
from identity_bot.store.transaction import Transaction
from identity_bot.text import privacy
from identity_bot.text.formatted import Document, from_markdown, to_mrkdwn
from identity_bot.tickets.model import MessageKind, MessageRef, Ticket, TicketMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """Where a comment was copied to and what it says without formatting, or what the privacy gate found in it."""

    text: str
    message: MessageRef | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyComment(TicketEffect):
    """Copy a comment on the issue to the ticket's thread, unless the privacy gate refuses it."""

    kind: ClassVar[str] = "copy_comment"
    label: ClassVar[str] = "copy a comment to Slack"
    min_interval: ClassVar[float] = 1.0

    comment_id: int
    author: str
    """A login."""
    text: str
    """Markdown."""
    at: float
    """When it was written, in seconds since the epoch."""
    channel: str
    """Where it goes as the ticket was then."""

    @property
    def lane(self) -> str:
        return slack_lane(self.channel)

    def run(self, context: Context, row: Row) -> Copied:
        written = from_markdown(self.text)
        found = privacy.find(written.text, context.settings.privacy)
        if kinds := tuple(one.kind.value for one in found if one.kind.blocks):
            return Copied(text="", refused=kinds)
        ticket = self.ticket(context)
        if context.store.clock() - self.at > LATE and (posted := self._posted(context, self.at)):
            return Copied(text=written.text, message=posted)  # a restored backup does not know of it
        channel, thread_ts = _thread(ticket, context)
        message = self._message(context, ticket, written)
        posted = context.chat.post(channel, message, idempotency_key=self._key, thread_ts=thread_ts)
        return Copied(text=written.text, message=posted)

    def find_result(self, context: Context, row: Row) -> Copied | None:
        posted = self._posted(context, row.earliest(context.store.clock()))
        return Copied(text=from_markdown(self.text).text, message=posted) if posted else None

    def on_success(self, transaction: Transaction, context: Context, result: Copied) -> None:
        ticket = transaction.ticket(self.ticket_id)
        if ticket is None:
            return
        if result.message is None:
            self._refuse(transaction, context, result.refused)
            return
        copied = TicketMessage(
            ticket_id=ticket.id,
            kind=MessageKind.COMMENT,
            at=self.at,
            text=result.text,
            author=self.author,
            to=Destination.REQUESTOR,
            channel=result.message.channel,
            ts=result.message.ts,
            repository=ticket.repository,
            comment_id=self.comment_id,
        )
        transaction.add_message(copied)

    def _refuse(self, transaction: Transaction, context: Context, kinds: tuple[str, ...]) -> None:
        """Tell the author alone if they are known in Slack, else below the comment."""
        text = conversation.not_copied(kinds)
        if slack_id := context.people.slack_id(self.author):
            transaction.enqueue(SendDirectMessage(ticket_id=self.ticket_id, to=slack_id, text=text))
        else:
            transaction.enqueue(Reply(ticket_id=self.ticket_id, comment_id=self.comment_id, problems=(text,)))

    def _message(self, context: Context, ticket: Ticket, written: Document) -> Message:
        slack_id = context.people.slack_id(self.author)
        name = (slack_id and context.chat.name_of(slack_id)) or self.author
        more = to_mrkdwn(
            written, slack_id=context.people.slack_id, more=conversation.rest(ticket, self.comment_id)
        )
        return Message(text=conversation.replied(name), more=more)

    def _posted(self, context: Context, since: float) -> MessageRef | None:
        channel, thread_ts = _thread(self.ticket(context), context)
        return context.chat.find_message(channel, self._key, since, thread_ts=thread_ts)

    @property
    def _key(self) -> str:
        return f"comment:{self.comment_id}"


def _thread(ticket: Ticket, context: Context) -> tuple[str, str | None]:
    """Where the conversation with the requestor is."""
    channel, thread_ts = place_of(ticket, Destination.REQUESTOR, context.settings)
    if thread_ts is None and channel != ticket.requestor.slack_id:
        raise Rejected("the ticket has no thread in Slack")
    return channel, thread_ts
