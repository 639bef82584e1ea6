"""Effects that carry what people write between GitHub and Slack; each has the copy say what the original says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from identity_bot.errors import Retryable
from identity_bot.messages import conversation
from identity_bot.messages.updates import Destination, Message
from identity_bot.outbox.effect import GITHUB, LATE, READS, Context, Row, TicketEffect, slack_lane
from identity_bot.outbox.effects.comments import Reply
from identity_bot.outbox.effects.issue_access import Seen, reconcile, wherever_it_is
from identity_bot.outbox.effects.messages import SendDirectMessage, place_of
from identity_bot.settings import Settings
from identity_bot.store.transaction import Transaction
from identity_bot.text import privacy
from identity_bot.text.formatted import Document, from_markdown, to_markdown, to_mrkdwn
from identity_bot.tickets.model import IssueComment, MessageRef, ThreadReply, Ticket, TicketMessage
from identity_bot.tickets.people import People

Place = TypeVar("Place")

THREADS = "slack:threads"
"""The lane of what reads threads: Slack allows about fifty such calls a minute, and they hold up no messages."""


NOWHERE = MessageRef(channel="", ts="")
UNTIL_OPEN, MOST_TRIES, LATEST = 30.0, 20, 20
"""Seconds between two looks whether a reply's issue is open or a thread is used, how many there are, and at what."""
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """A ticket's thread as it was read; `known` and `began` are from before."""

    root: MessageRef | None
    replies: tuple[ThreadReply, ...] = ()
    known: frozenset[str] = frozenset()
    """The time stamps of replies that were copied."""
    began: float = 0.0
    """Seconds since the epoch."""
    is_early: bool = False
    """Whether it was not read because nothing was posted there yet, so that nobody knows whether that is possible."""


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
    is_first: bool = False
    """Whether the requestor is told if the bot cannot read it, although it can post there."""
    tries: int = 0
    """How often it was put off because nothing was posted there yet."""

    @property
    def unique_key(self) -> str:
        return f"{self.kind}:{self.ticket_id}:{self.since!r}"

    def run(self, context: Context, row: Row) -> Thread:
        began, known = context.store.clock(), context.store.replies(self.ticket_id)
        ticket = self.ticket(context)
        root = ticket.thread
        if self.is_first and not self.is_earlier:
            is_origin = bool(root and ticket.origin and root.ts == ticket.origin.ts)
            told = context.store.messages(ticket.id, LATEST)
            if not (is_origin and root and any(one.channel == root.channel for one in told)):
                return Thread(root=None, is_early=is_origin)
        # All of it: what the bot knows may have been edited or deleted since.
        replies = context.chat.read_thread(root) if root else ()
        return Thread(root=root, replies=replies, known=known, began=began)

    def on_success(self, transaction: Transaction, context: Context, result: Thread) -> None:
        if result.is_early and self.tries < MOST_TRIES:
            transaction.enqueue(replace(self, tries=self.tries + 1), delay=UNTIL_OPEN)
        if result.root is None:
            return
        for reply in result.replies:
            if reply.ts in result.known or float(reply.ts) > self.since:
                context.conversation.copy_reply(transaction, reply, is_earlier=self.is_earlier)
        for ts in sorted(result.known - {reply.ts for reply in result.replies}):
            gone = ThreadReply(
                channel=result.root.channel,
                thread_ts=result.root.ts,
                ts=ts,
                author="",
                version=result.began,
                is_deleted=True,
            )
            context.conversation.copy_reply(transaction, gone)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """The bot is not in that conversation, or the thread is gone."""
        ticket = transaction.ticket(self.ticket_id)
        if ticket and self.is_first:
            to, text = ticket.requestor.slack_id, conversation.NOT_READ
            transaction.enqueue(SendDirectMessage(ticket_id=ticket.id, to=to, text=text))
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadComments(TicketEffect):
    """Read the comments on a ticket's issue, if any were copied: no poll shows that one was deleted."""

    kind: ClassVar[str] = "read_comments"
    label: ClassVar[str] = "read the comments on the issue"
    fixed_lane: ClassVar[str] = READS
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True

    def run(self, context: Context, row: Row) -> tuple[IssueComment, ...]:
        """What has become of each comment that was copied."""
        began, ticket = context.store.clock(), self.ticket(context)
        copied = {
            one.comment_id: one
            for one in context.store.comments(ticket.id)
            if one.comment_id is not None and one.repository == ticket.repository
        }
        if not copied or ticket.number is None:
            return ()
        listed = context.reader.list_comments(ticket.repository, ticket.number)
        there = {one.id: replace(one, is_edit=True) for one in listed}
        gone = (
            IssueComment(
                repository=ticket.repository,
                number=ticket.number,
                id=number,
                author=one.author,
                body="",
                created_at=one.at,
                updated_at=began,
                is_edit=True,
                is_deleted=True,
            )
            for number, one in copied.items()
            if number not in there
        )
        return (*(one for number, one in there.items() if number in copied), *gone)

    def on_success(
        self, transaction: Transaction, context: Context, result: tuple[IssueComment, ...]
    ) -> None:
        ticket = transaction.ticket(self.ticket_id)
        for comment in result if ticket else ():
            if ticket and ticket.repository == comment.repository:
                context.conversation.copy_comment(transaction, ticket, comment)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        return True  # the issue is gone or elsewhere, which is found by other effects


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
