"""Effects that carry what people write between GitHub and Slack; each has the copy say what the original says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from identity_bot.errors import Rejected, Retryable
from identity_bot.messages import conversation
from identity_bot.messages.updates import Destination, Message
from identity_bot.outbox.effect import GITHUB, LATE, Context, Row, TicketEffect, slack_lane
from identity_bot.outbox.effects.comments import Reply
from identity_bot.outbox.effects.issue_access import Seen, reconcile, wherever_it_is
from identity_bot.outbox.effects.messages import SendDirectMessage, place_of
from identity_bot.store.transaction import Transaction
from identity_bot.text import privacy
from identity_bot.text.formatted import Document, from_markdown, to_markdown, to_mrkdwn
from identity_bot.tickets.model import MessageRef, ThreadReply, Ticket

Place = TypeVar("Place")

THREADS = "slack:threads"
"""The lane of what reads threads: Slack allows about fifty such calls a minute, and they hold up no messages."""


CommentRef = tuple[str, int]
"""A comment in GitHub: the repository and the comment's id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy(Generic[Place]):
    """Where the copy of a message is and what it says without formatting, or what the privacy gate found in it."""

    place: Place | None = None
    """None if it is nowhere."""
    text: str = ""
    refused: tuple[str, ...] = ()
    seen: Seen = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyComment(TicketEffect):
    """Have the ticket's thread say what a comment on the issue says."""

    kind: ClassVar[str] = "copy_comment"
    label: ClassVar[str] = "copy a comment to Slack"
    min_interval: ClassVar[float] = 1.0

    repository: str
    comment_id: int
    author: str
    """A login."""
    text: str
    """Markdown; empty if the comment was deleted or became internal."""
    at: float
    """When it was written, in seconds since the epoch."""
    channel: str
    """Where it goes as the ticket was then."""

    @property
    def lane(self) -> str:
        return slack_lane(self.channel)

    def run(self, context: Context, row: Row) -> Copy[MessageRef]:
        written = from_markdown(self.text)
        if refused := _refused(written, context):
            return Copy(refused=refused)
        ticket, copied = self.ticket(context), self._copied(context)
        if copied and self.text:
            context.chat.edit(copied, self._message(context, ticket, written))
        elif copied:
            context.chat.delete(copied)
        elif self.text:
            copied = self._post(context, ticket, written)
        return Copy(place=copied, text=written.text)

    def find_result(self, context: Context, row: Row) -> Copy[MessageRef] | None:
        if self._copied(context) or not self.text:
            return None  # an edit and a deletion may simply be repeated
        posted = self._posted(context, row.earliest(context.store.clock()))
        return Copy(place=posted, text=from_markdown(self.text).text) if posted else None

    def on_success(self, transaction: Transaction, context: Context, result: Copy[MessageRef]) -> None:
        if result.refused:
            self._tell(transaction, context, result.refused)
        elif result.place:
            transaction.place_comment(self.repository, self.comment_id, result.place, result.text)

    def _tell(self, transaction: Transaction, context: Context, kinds: tuple[str, ...]) -> None:
        """Tell the author alone if they are known in Slack, else below the comment."""
        text = conversation.comment_not_copied(kinds)
        if slack_id := context.people.slack_id(self.author):
            transaction.enqueue(SendDirectMessage(ticket_id=self.ticket_id, to=slack_id, text=text))
        else:
            transaction.enqueue(Reply(ticket_id=self.ticket_id, comment_id=self.comment_id, problems=(text,)))

    def _post(self, context: Context, ticket: Ticket, written: Document) -> MessageRef:
        if context.store.clock() - self.at > LATE and (posted := self._posted(context, self.at)):
            return posted  # a restored backup does not know of it
        channel, thread_ts = _thread(ticket, context)
        message = self._message(context, ticket, written)
        return context.chat.post(channel, message, idempotency_key=self._key, thread_ts=thread_ts)

    def _copied(self, context: Context) -> MessageRef | None:
        known = context.store.message_at(self.repository, self.comment_id)
        return MessageRef(channel=known.channel, ts=known.ts) if known and known.ts else None

    def _message(self, context: Context, ticket: Ticket, written: Document) -> Message:
        slack_id = context.people.slack_id(self.author)
        name = (slack_id and context.chat.name_of(slack_id)) or self.author
        more = to_mrkdwn(
            written,
            slack_id=context.people.slack_id,
            more=conversation.rest_in_github(ticket, self.comment_id),
        )
        return Message(text=conversation.commented(name), more=more)

    def _posted(self, context: Context, since: float) -> MessageRef | None:
        channel, thread_ts = _thread(self.ticket(context), context)
        return context.chat.find_message(channel, self._key, since, thread_ts=thread_ts)

    @property
    def _key(self) -> str:
        return f"comment:{self.comment_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyReply(TicketEffect):
    """Have a comment on the issue say what a reply in the ticket's thread says."""

    kind: ClassVar[str] = "copy_reply"
    label: ClassVar[str] = "copy a reply to GitHub"
    fixed_lane: ClassVar[str] = GITHUB
    min_interval: ClassVar[float] = 1.0

    reply: ThreadReply
    is_quiet: bool = False
    """Whether its author is not told if it may not be copied."""

    def run(self, context: Context, row: Row) -> Copy[CommentRef]:
        ticket, copied, words = self._opened(context), self._copied(context), self.reply.words
        if refused := _refused(words, context):
            return Copy(refused=refused)
        if copied and self.reply.is_deleted:
            context.tracker.delete_comment(*copied)
        elif copied:
            context.tracker.edit_comment(*copied, self._body(context), idempotency_key=self._key)
        if copied or self.reply.is_deleted:
            return Copy(place=copied, text=words.text)
        if context.store.clock() - float(self.reply.ts) > LATE and (found := self._found(context, ticket)):
            return found  # a restored backup does not know of it

        def comment(to: Ticket) -> CommentRef:
            body, number = self._body(context), to.number or 0
            return to.repository, context.tracker.comment(
                to.repository, number, body, idempotency_key=self._key
            )

        place, seen = wherever_it_is(context, ticket, comment)
        return Copy(place=place, text=words.text, seen=seen)

    def find_result(self, context: Context, row: Row) -> Copy[CommentRef] | None:
        ticket = self._opened(context)
        if self.reply.is_deleted or self._copied(context):
            return None  # an edit and a deletion may simply be repeated
        return self._found(context, ticket)

    def on_success(self, transaction: Transaction, context: Context, result: Copy[CommentRef]) -> None:
        if result.place:
            reply = MessageRef(channel=self.reply.channel, ts=self.reply.ts)
            transaction.place_reply(reply, *result.place, result.text)
        elif result.refused and not self.is_quiet:
            text = conversation.reply_not_copied(result.refused)
            to = self.reply.author
            transaction.enqueue(SendDirectMessage(ticket_id=self.ticket_id, to=to, text=text))
        reconcile(transaction, context, result.seen)

    def _found(self, context: Context, ticket: Ticket) -> Copy[CommentRef] | None:
        since = float(self.reply.ts)
        found = context.tracker.find_comment(ticket.repository, ticket.number or 0, self._key, since)
        return None if found is None else Copy(place=(ticket.repository, found), text=self.reply.words.text)

    def _copied(self, context: Context) -> CommentRef | None:
        known = context.store.message_in(self.reply.channel, self.reply.ts)
        return (known.repository, known.comment_id) if known and known.comment_id is not None else None

    def _opened(self, context: Context) -> Ticket:
        ticket = self.ticket(context)
        if ticket.number is None:
            raise Retryable("its issue is not open yet")
        return ticket

    def _body(self, context: Context) -> str:
        name = context.chat.name_of(self.reply.author)
        said = to_markdown(
            self.reply.words,
            login=context.people.login,
            name=context.chat.name_of,
            more=conversation.REST_IN_SLACK,
        )
        return f"{conversation.replied(name)}\n\n{said}"

    @property
    def _key(self) -> str:
        return f"reply:{self.reply.channel}:{self.reply.ts}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadThread(TicketEffect):
    """Read a ticket's thread in Slack, for what the bot was not told: it was away, or the ticket is younger."""

    kind: ClassVar[str] = "read_thread"
    label: ClassVar[str] = "read a thread in Slack"
    fixed_lane: ClassVar[str] = THREADS
    is_repeatable: ClassVar[bool] = True
    min_interval: ClassVar[float] = 1.2

    since: float = 0.0
    """Replies that the bot does not know count from then on (seconds since the epoch)."""
    is_earlier: bool = False
    """Whether it is for what was said before the request, which its requestor chose to have copied.

    Then nobody else is told of what may not be copied.
    """

    @property
    def unique_key(self) -> str:
        return f"{self.kind}:{self.ticket_id}:{self.since!r}"

    def run(self, context: Context, row: Row) -> tuple[ThreadReply, ...]:
        thread = self.ticket(context).thread
        # All of it: what the bot knows may have been edited or deleted since.
        return context.chat.read_thread(thread) if thread else ()

    def on_success(self, transaction: Transaction, context: Context, result: tuple[ThreadReply, ...]) -> None:
        ticket = transaction.ticket(self.ticket_id)
        if ticket is None or ticket.thread is None:
            return
        known, found = set(transaction.replies(ticket.id)), {reply.ts for reply in result}
        for reply in result:
            if reply.ts in known or float(reply.ts) > self.since:
                context.conversation.copy_reply(transaction, reply, is_earlier=self.is_earlier)
        for ts in sorted(known - found):
            gone = ThreadReply(
                channel=ticket.thread.channel,
                thread_ts=ticket.thread.ts,
                ts=ts,
                author="",
                version=transaction.now,
                is_deleted=True,
            )
            context.conversation.copy_reply(transaction, gone)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """The bot is not in that conversation, or the thread is gone."""
        ticket = transaction.ticket(self.ticket_id)
        if ticket and self.is_earlier:
            to, text = ticket.requestor.slack_id, conversation.EARLIER_NOT_READ
            transaction.enqueue(SendDirectMessage(ticket_id=ticket.id, to=to, text=text))
        return True


def _thread(ticket: Ticket, context: Context) -> tuple[str, str | None]:
    """Where the conversation with the requestor is."""
    channel, thread_ts = place_of(ticket, Destination.REQUESTOR, context.settings)
    if thread_ts is None and channel != ticket.requestor.slack_id:
        raise Rejected("the ticket has no thread in Slack")
    return channel, thread_ts


def _refused(written: Document, context: Context) -> tuple[str, ...]:
    """The kinds of personal data and secrets in what may therefore not be copied."""
    found = privacy.find(written.text, context.settings.privacy)
    return tuple(one.kind.value for one in found if one.kind.blocks)
