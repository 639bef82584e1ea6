"""The conversation about a ticket: which words go from Slack to GitHub and back, and which stay where they are."""

from __future__ import annotations

from identity_bot.desk.clocks import Clocks
from identity_bot.messages.updates import Destination
from identity_bot.outbox.effects.conversation import (
    CopyComment,
    CopyReply,
    refused_in,
    tell_author,
    tell_commenter,
)
from identity_bot.outbox.effects.issues import ask_to_resume
from identity_bot.outbox.effects.messages import place_of
from identity_bot.settings import Settings
from identity_bot.store.transaction import Transaction
from identity_bot.text.formatted import from_markdown
from identity_bot.tickets.commands import is_internal
from identity_bot.tickets.model import IssueComment, MessageKind, ThreadReply, Ticket, TicketMessage
from identity_bot.tickets.people import People
from identity_bot.tickets.service_levels import waiting_since


class Conversation:
    """Notes each version of what people say about tickets, once, and enqueues its copy.

    So what comes twice, late or in another order changes nothing. What is said is kept once it was copied: only then
    has it passed the privacy gate.
    """

    def __init__(self, settings: Settings, people: People, clocks: Clocks) -> None:
        self._settings = settings
        self._people = people
        self._clocks = clocks

    def hear(
        self, transaction: Transaction, reply: ThreadReply, *, is_by_team: bool, is_late: bool = False
    ) -> None:
        """Take in that somebody has replied: the team's first reply is its first response, and the requestor's answers.

        `is_late` says that it was read long after it was said: then the question may be the younger one.
        """
        ticket = transaction.ticket_in(reply.channel, reply.thread_ts)
        if ticket is None or reply.ts == reply.thread_ts:
            return
        said_at = float(reply.ts)
        if reply.author == ticket.requestor.slack_id:
            is_older = is_late and said_at < (waiting_since(ticket) or said_at)
            if ticket.state.is_waiting and not is_older:
                ask_to_resume(transaction, ticket, click=f"{reply.channel}/{reply.ts}")
        elif is_by_team:
            self._clocks.respond(transaction, ticket, said_at)

    def belongs(self, comment: IssueComment, ticket: Ticket) -> bool:
        """Whether a comment without commands is for the requestor, or may change one that was."""
        is_said = bool(comment.body.strip()) and not is_internal(comment.body)
        is_heard = self._settings.conversation and bool(ticket.requestor.slack_id)
        return is_heard and (is_said or comment.is_edit)

    def copy_comment(
        self, transaction: Transaction, ticket: Ticket, comment: IssueComment, *, is_fresh: bool = False
    ) -> None:
        """Take in a comment on a ticket's issue as it is now; `is_fresh` says that the bot just asked GitHub for it."""
        if not self.belongs(comment, ticket):
            return
        version = max(comment.created_at, comment.updated_at)
        known = transaction.message_at(ticket.repository, comment.id) or self._moved(
            transaction, ticket, comment
        )
        if known:
            # Somebody may have edited the copy of a reply.
            is_open = known.kind is MessageKind.COMMENT and (comment.is_deleted or not known.is_redacted)
            is_later = is_open and transaction.set_version(known, version)
            is_news = is_later or (is_open and is_fresh and self._differs(known, comment))
        elif comment.is_edit:
            # What was not copied is not copied once it is edited: it was internal, or commands. A deletion that comes
            # before its comment is remembered.
            if comment.is_deleted:
                transaction.process_comment(ticket.repository, comment.id)
            return
        else:
            is_news = transaction.process_comment(ticket.repository, comment.id)
        if not is_news:
            return
        if known is None:
            said = TicketMessage(
                ticket_id=ticket.id,
                kind=MessageKind.COMMENT,
                at=comment.created_at,
                text="",
                author=comment.author,
                to=Destination.REQUESTOR,
                repository=ticket.repository,
                comment_id=comment.id,
                version=version,
            )
            transaction.add_message(said)
        channel, _ = place_of(ticket, Destination.REQUESTOR, self._settings)
        copy = CopyComment(
            ticket_id=ticket.id,
            repository=ticket.repository,
            comment_id=comment.id,
            author=comment.author,
            text="" if comment.is_deleted or is_internal(comment.body) else comment.body,
            at=comment.created_at,
            version=version,
            channel=channel,
        )
        # What is plainly personal does not even wait in the outbox.
        if refused := refused_in(copy.text, self._settings):
            tell_commenter(transaction, self._people, copy, refused)
        else:
            transaction.enqueue(copy)

    def _differs(self, known: TicketMessage, comment: IssueComment) -> bool:
        """Whether a comment does not say what its copy says: it was edited twice within one second of GitHub's clock.

        Of two such edits as they are delivered, nobody knows which came last.
        """
        text = from_markdown(comment.body).text
        is_copied = bool(known.text) and not comment.is_deleted and not is_internal(comment.body)
        return is_copied and text != known.text and not refused_in(text, self._settings)

    def _moved(self, transaction: Transaction, ticket: Ticket, comment: IssueComment) -> TicketMessage | None:
        """The comment as it is known from before its issue was transferred."""
        known = transaction.find_moved_comment(ticket.id, comment.author, comment.created_at)
        if known is None or known.repository == ticket.repository:
            return None
        transaction.move_comment(known, ticket.repository, comment.id)
        return transaction.message_at(ticket.repository, comment.id)

    def copy_reply(self, transaction: Transaction, reply: ThreadReply, *, is_earlier: bool = False) -> None:
        """Take in what was said in a Slack thread as it now is, if a ticket has that thread.

        `is_earlier` says that the ticket's requestor chose to have it copied although it was said before. Else the
        thread's first message is not: it has become the request, or is the bot's.
        """
        known = transaction.message_in(reply.channel, reply.ts)
        ticket = transaction.ticket_in(reply.channel, reply.thread_ts)
        ticket_id = known.ticket_id if known else ticket.id if ticket else ""
        if not ticket_id or not self._settings.conversation:
            return
        if known:
            is_open = known.kind is MessageKind.REPLY and (reply.is_deleted or not known.is_redacted)
            is_news = is_open and transaction.set_version(known, reply.version)
        else:
            said = TicketMessage(
                ticket_id=ticket_id,
                kind=MessageKind.REPLY,
                at=float(reply.ts),
                text="",
                author=reply.author,
                to=Destination.REQUESTOR,
                channel=reply.channel,
                ts=reply.ts,
                version=reply.version,
            )
            is_copied = is_earlier or reply.ts != reply.thread_ts
            # A deletion that comes before its reply is remembered.
            is_news = is_copied and transaction.add_message(said) and not reply.is_deleted
        if not is_news:
            return
        # What is plainly personal does not even wait in the outbox.
        if refused := refused_in(reply.words.text, self._settings):
            if not is_earlier:
                tell_author(transaction, ticket_id, reply.author, refused)
        else:
            transaction.enqueue(CopyReply(ticket_id=ticket_id, reply=reply, is_quiet=is_earlier))
