"""Effects that read what people wrote, in Slack and in GitHub, for what the bot was not told of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar

from identity_bot.messages import conversation
from identity_bot.outbox.effect import READS, Context, Row, TicketEffect
from identity_bot.outbox.effects.conversation import UNTIL_OPEN
from identity_bot.outbox.effects.messages import SendDirectMessage
from identity_bot.store.transaction import Transaction
from identity_bot.tickets import commands
from identity_bot.tickets.model import IssueComment, MessageRef, ThreadReply
from identity_bot.tickets.service_levels import may_respond

THREADS = "slack:threads"
"""The lane of what reads threads: Slack allows about fifty such calls a minute, and they hold up no messages."""
MOST_TRIES, LATEST = 20, 20
"""How often it is looked whether a thread is used, and at how many of the ticket's messages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """A ticket's thread as it was read; `known` and `began` are from before."""

    root: MessageRef | None
    replies: tuple[ThreadReply, ...] = ()
    known: frozenset[str] = frozenset()
    """The time stamps of replies that were copied."""
    team: frozenset[str] = frozenset()
    """The Slack ids of those on the team who replied, while nobody had responded."""
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
        authors = {reply.author for reply in replies if self._is_news(reply, known)}
        team = frozenset(
            one for one in authors if may_respond(ticket, one) and context.overview.sees_all(one)
        )
        return Thread(root=root, replies=replies, known=known, began=began, team=team)

    def _is_news(self, reply: ThreadReply, known: Collection[str]) -> bool:
        """Whether the bot was not there when somebody said this."""
        return not self.is_earlier and reply.ts not in known and float(reply.ts) > self.since

    def on_success(self, transaction: Transaction, context: Context, result: Thread) -> None:
        if result.is_early and self.tries < MOST_TRIES:
            transaction.enqueue(replace(self, tries=self.tries + 1), delay=UNTIL_OPEN)
        if result.root is None:
            return
        for reply in result.replies:
            if self._is_news(reply, result.known):
                is_by_team = reply.author in result.team
                context.conversation.hear(transaction, reply, is_by_team=is_by_team, is_late=True)
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
        today = context.settings.service_levels.hours.day_at(transaction.now)
        for comment in result if ticket else ():
            if not commands.read(comment.body, today).is_empty:
                # What has become commands, or holds a code, is no longer for the requestor.
                comment = replace(comment, is_deleted=True)
            if ticket and ticket.repository == comment.repository:
                context.conversation.copy_comment(transaction, ticket, comment, is_fresh=True)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        return True  # the issue is gone or elsewhere, which is found by other effects
