"""Effects that carry what people write between GitHub and Slack; each has the copy say what the original says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from identity_bot.errors import Retryable
from identity_bot.messages import conversation
from identity_bot.messages.updates import Destination, Message
from identity_bot.outbox.effect import GITHUB, LATE, Context, Row, TicketEffect, slack_lane
from identity_bot.outbox.effects.comments import Reply
from identity_bot.outbox.effects.issue_access import Seen, reconcile, wherever_it_is
from identity_bot.outbox.effects.messages import SendDirectMessage, place_of
from identity_bot.settings import Settings
from identity_bot.store.transaction import Transaction
from identity_bot.text import privacy
from identity_bot.text.formatted import Document, from_markdown, to_markdown, to_mrkdwn
from identity_bot.tickets.model import MessageRef, ThreadReply, Ticket, TicketMessage
from identity_bot.tickets.people import People

Place = TypeVar("Place")

NOWHERE = MessageRef(channel="", ts="")
UNTIL_OPEN = 30.0
"""Seconds between two looks whether a reply's issue is open, or a thread is used."""
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
    is_early: bool = False
    """Whether there is no issue yet."""


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
    version: float
    """When it was last edited or deleted; by then a newer version may be known, which has an effect of its own."""
    channel: str
    """Where it goes as the ticket was then."""
    is_direct: bool = False
    """Whether it goes to the requestor directly, because nobody can post in the thread."""

    @property
    def lane(self) -> str:
        return slack_lane(self.channel)

    def run(self, context: Context, row: Row) -> Copy[MessageRef] | None:
        known = context.store.message_at(self.repository, self.comment_id)
        if known and known.version > self.version:
            return None
        written = from_markdown(self.text)
        if refused := refused_in(written.text, context.settings):
            return Copy(refused=refused)
        ticket = self.ticket(context)
        copied = MessageRef(channel=known.channel, ts=known.ts) if known and known.ts else None
        if copied and not self.text:
            context.chat.delete(copied)
            return Copy(place=NOWHERE)
        if copied and not _is_former(copied, ticket):
            context.chat.edit(copied, self._message(context, ticket, written))
        elif self.text and not copied:
            copied = self._post(context, ticket, written)
        return Copy(place=copied, text=written.text)

    def find_result(self, context: Context, row: Row) -> Copy[MessageRef] | None:
        known = context.store.message_at(self.repository, self.comment_id)
        if not self.text or (known and (known.ts or known.version > self.version)):
            return None  # an edit and a deletion may simply be repeated
        posted = self._posted(context, row.earliest(context.store.clock()))
        return Copy(place=posted, text=from_markdown(self.text).text) if posted else None

    def on_success(self, transaction: Transaction, context: Context, result: Copy[MessageRef] | None) -> None:
        if result and result.refused:
            tell_commenter(transaction, context.people, self, result.refused)
        elif result and result.place:
            transaction.place_comment(self.repository, self.comment_id, result.place, result.text)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """If nobody can post in the thread, the requestor gets it directly."""
        ticket = transaction.ticket(self.ticket_id)
        if ticket is None or self.is_direct or not self.text:
            return False
        transaction.enqueue(replace(self, channel=ticket.requestor.slack_id, is_direct=True))
        return True

    def _post(self, context: Context, ticket: Ticket, written: Document) -> MessageRef:
        if context.store.clock() - self.at > LATE and (posted := self._posted(context, self.at)):
            return posted  # a restored backup does not know of it
        channel, thread_ts = self._where(context, ticket)
        message = self._message(context, ticket, written)
        return context.chat.post(channel, message, idempotency_key=self._key, thread_ts=thread_ts)

    def _where(self, context: Context, ticket: Ticket) -> tuple[str, str | None]:
        """Where the conversation with the requestor is."""
        if self.is_direct:
            return ticket.requestor.slack_id, None
        channel, thread_ts = place_of(ticket, Destination.REQUESTOR, context.settings)
        if thread_ts is None and channel != ticket.requestor.slack_id:
            raise Retryable("the ticket has no thread in Slack yet")
        return channel, thread_ts

    def _message(self, context: Context, ticket: Ticket, written: Document) -> Message:
        slack_id = context.people.named(self.author)
        name = (slack_id and context.chat.name_of(slack_id)) or self.author
        more = to_mrkdwn(
            written,
            slack_id=context.people.named,
            more=conversation.rest_in_github(ticket, self.comment_id),
        )
        return Message(text=conversation.commented(name), more=more)

    def _posted(self, context: Context, since: float) -> MessageRef | None:
        channel, thread_ts = self._where(context, self.ticket(context))
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

    def run(self, context: Context, row: Row) -> Copy[CommentRef] | None:
        ticket, known, words = self.ticket(context), self._known(context), self.reply.words
        if ticket.number is None:
            return Copy(is_early=True)
        if known and known.version > self.reply.version:
            return None
        if refused := refused_in(words.text, context.settings):
            return Copy(refused=refused)
        copied = (known.repository, known.comment_id) if known and known.comment_id is not None else None
        if copied and self.reply.is_deleted:
            context.tracker.delete_comment(*copied)
        if self.reply.is_deleted:
            return Copy(place=copied)
        if copied and context.tracker.edit_comment(*copied, self._body(context), idempotency_key=self._key):
            return Copy(place=copied, text=words.text)
        is_late = context.store.clock() - float(self.reply.ts) > LATE
        if (copied or is_late) and (found := self._found(context, ticket)) and found.place:
            # The issue was transferred, or a restored backup does not know of it.
            if copied:
                context.tracker.edit_comment(*found.place, self._body(context), idempotency_key=self._key)
            return found

        def comment(to: Ticket) -> CommentRef:
            body, number = self._body(context), to.number or 0
            return to.repository, context.tracker.comment(
                to.repository, number, body, idempotency_key=self._key
            )

        if copied:
            return Copy(place=copied, text=words.text)  # somebody deleted the comment
        place, seen = wherever_it_is(context, ticket, comment)
        return Copy(place=place, text=words.text, seen=seen)

    def find_result(self, context: Context, row: Row) -> Copy[CommentRef] | None:
        ticket, known = self.ticket(context), self._known(context)
        is_placed = known and (known.comment_id is not None or known.version > self.reply.version)
        if ticket.number is None or self.reply.is_deleted or is_placed:
            return None  # an edit and a deletion may simply be repeated
        return self._found(context, ticket)

    def on_success(self, transaction: Transaction, context: Context, result: Copy[CommentRef] | None) -> None:
        if result is None:
            return
        if result.is_early:
            # Not by a retry, which would hold up the lane in which the issue is opened.
            transaction.enqueue(self, delay=UNTIL_OPEN)
        elif result.place:
            reply = MessageRef(channel=self.reply.channel, ts=self.reply.ts)
            transaction.place_reply(reply, *result.place, result.text)
        elif result.refused and not self.is_quiet:
            tell_author(transaction, self.ticket_id, self.reply.author, result.refused)
        reconcile(transaction, context, result.seen)

    def _known(self, context: Context) -> TicketMessage | None:
        return context.store.message_in(self.reply.channel, self.reply.ts)

    def _found(self, context: Context, ticket: Ticket) -> Copy[CommentRef] | None:
        since = float(self.reply.ts)
        found = context.tracker.find_comment(ticket.repository, ticket.number or 0, self._key, since)
        return None if found is None else Copy(place=(ticket.repository, found), text=self.reply.words.text)

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


def refused_in(text: str, settings: Settings) -> tuple[str, ...]:
    """The kinds of personal data and secrets in a text that may therefore not be copied."""
    return tuple(one.kind.value for one in privacy.find(text, settings.privacy) if one.kind.blocks)


def tell_commenter(
    transaction: Transaction, people: People, comment: CopyComment, kinds: tuple[str, ...]
) -> None:
    """Say why a comment is not copied: to the author alone if they are known in Slack, else below the comment."""
    if slack_id := people.slack_id(comment.author):
        tell_author(transaction, comment.ticket_id, slack_id, kinds)
        return
    reply = Reply(
        ticket_id=comment.ticket_id,
        comment_id=comment.comment_id,
        problems=(conversation.comment_not_copied(comment.author),),
        said_once=f"not-copied:{comment.author}",
    )
    transaction.enqueue(reply)


def tell_author(transaction: Transaction, ticket_id: str, slack_id: str, kinds: tuple[str, ...]) -> None:
    """Say why something is not copied, to its author alone."""
    if ticket := transaction.ticket(ticket_id):
        text = conversation.not_copied(kinds, ticket)
        transaction.enqueue(SendDirectMessage(ticket_id=ticket_id, to=slack_id, text=text))


def _is_former(place: MessageRef, ticket: Ticket) -> bool:
    """Whether a message is where the ticket's conversation was before it was moved, for all to read."""
    return ticket.thread is None or place.channel != ticket.thread.channel
