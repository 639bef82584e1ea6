"""Comments on tickets' issues: the commands in them, answers to questions, and what is copied to Slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from identity_bot.desk.clocks import Clocks
from identity_bot.desk.conversation import Conversation
from identity_bot.desk.links import prove
from identity_bot.errors import NotAllowed
from identity_bot.messages import duplicates, issue_comments, links
from identity_bot.outbox.effect import LATE
from identity_bot.outbox.effects.comments import Reply, RunCommands
from identity_bot.outbox.effects.issue_access import record_requests
from identity_bot.outbox.effects.issues import Reconcile, ask_to_resume
from identity_bot.outbox.effects.messages import SendDirectMessage
from identity_bot.outbox.effects.recurring import KEEP_PROCESSED
from identity_bot.settings import Settings
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.text import privacy
from identity_bot.text.names import fold, is_same
from identity_bot.tickets import commands
from identity_bot.tickets.commands import Command, is_internal
from identity_bot.tickets.duplicates import NotAnOriginal, Tickets, name_in, resolve
from identity_bot.tickets.model import Action, Change, IssueComment, Ticket
from identity_bot.tickets.people import People

RETRIES = (60.0, 600.0)
"""Seconds until commands in a comment are looked at again if its issue is no ticket."""


class Comments:
    """Takes in what people write below an issue, each comment once."""

    def __init__(
        self,
        *,
        repositories: Mapping[str, str],
        settings: Settings,
        people: People,
        conversation: Conversation,
        clocks: Clocks,
    ) -> None:
        """`repositories` are those that the bot watches, spelled as in the settings, by their folded names."""
        self._repositories = repositories
        self._settings = settings
        self._people = people
        self._conversation = conversation
        self._clocks = clocks

    def is_wanted(self, comment: IssueComment, today: date, store: Store) -> bool:
        """Whether a comment holds commands, well written or not, or belongs to a ticket's conversation."""
        repository = self._repositories.get(fold(comment.repository))
        if repository is None:
            return False
        if not comment.is_edit and not commands.read(comment.body, today).is_empty:
            return True
        ticket = store.ticket_at(repository, comment.number)
        return ticket is not None and (
            self._conversation.belongs(comment, ticket)
            or _is_response(comment, ticket)
            or self._is_answer(comment, ticket)
        )

    def handle(self, transaction: Transaction, comment: IssueComment, *, tries: int = 0) -> None:
        """Enqueue the commands in a comment or, if it has none, its copy to Slack, once for each comment.

        An edit runs no commands, but the copy follows it.
        `tries` is how often that was tried before. An issue may become a ticket only after the comment was seen: it
        was transferred, and GitHub is asked first.
        """
        repository = self._repositories.get(fold(comment.repository))
        is_old = comment.created_at < transaction.now - KEEP_PROCESSED
        today = self._settings.service_levels.hours.day_at(transaction.now)
        reading = commands.read(comment.body, today)
        if repository is None or is_old:
            return
        ticket = transaction.ticket_at(repository, comment.number)
        if comment.is_edit or reading.is_empty:
            if ticket:
                ticket = self._hear(transaction, ticket, comment)
                # What has become commands, or holds a code, is no longer for the requestor.
                now = comment if reading.is_empty else replace(comment, is_deleted=True)
                self._conversation.copy_comment(transaction, ticket, now)
            return
        if ticket is None and tries < len(RETRIES):
            again = Reconcile(comments=(comment,), tries=tries + 1)
            transaction.enqueue(again, delay=RETRIES[tries])
        if ticket is None or not transaction.process_comment(repository, comment.id):
            return
        for one in reading.commands:
            if one.name == commands.LINK:
                self._prove(transaction, ticket, comment, one.value)
        for wrong in reading.problems:
            if wrong.name == commands.LINK:
                self._reply(transaction, ticket, comment, issue_comments.problem(wrong, today))
        reading = reading.without(commands.LINK)
        if reading.is_empty:
            return
        changes, problems = self._changes(transaction, ticket, reading.commands)
        by = self._people.slack_id(comment.author) or comment.author
        # What is to be removed is not kept with the ticket.
        kept = [change for change in changes if change.action is not Action.REDACT]
        transaction.save(record_requests(ticket, kept, by))
        run = RunCommands(
            ticket_id=ticket.id,
            comment_id=comment.id,
            author=comment.author,
            changes=changes,
            wants_help=any(one.name == "help" for one in reading.commands),
            problems=(*(issue_comments.problem(one, today) for one in reading.problems), *problems),
            is_late=transaction.now - comment.created_at > LATE,
        )
        transaction.enqueue(run)

    def _hear(self, transaction: Transaction, ticket: Ticket, comment: IssueComment) -> Ticket:
        """The team's first comment is its first response; the requestor's ends the wait for their answer."""
        if _is_response(comment, ticket) and not self._is_requestor(comment.author, ticket):
            return self._clocks.respond(transaction, ticket, comment.created_at)
        if self._is_answer(comment, ticket):
            ask_to_resume(transaction, ticket, click=f"{comment.repository}/{comment.id}")
        return transaction.ticket(ticket.id) or ticket

    def _is_answer(self, comment: IssueComment, ticket: Ticket) -> bool:
        """Whether a comment answers what its requestor was asked."""
        is_new = not comment.is_edit and not is_internal(comment.body)
        return is_new and ticket.state.is_waiting and self._is_requestor(comment.author, ticket)

    def _is_requestor(self, login: str, ticket: Ticket) -> bool:
        slack_id = ticket.requestor.slack_id
        return (
            is_same(login, ticket.requestor.handle)
            if not slack_id
            else self._people.slack_id(login) == slack_id
        )

    def _changes(
        self, transaction: Transaction, ticket: Ticket, asked: Sequence[Command]
    ) -> tuple[tuple[Change, ...], list[str]]:
        """The changes that commands ask for, and why others name no ticket that this can be a duplicate of."""
        changes, problems = [], []
        tickets = Tickets(
            at=transaction.read_ticket_at,
            by_id=transaction.read_ticket,
            repositories=tuple(self._repositories.values()),
        )
        for change in filter(None, (commands.change_for(one.name, one.value) for one in asked)):
            try:
                if change.action is Action.DUPLICATE:
                    original = resolve(ticket, change.value, tickets, here=ticket.repository)
                    change = replace(change, value=original.id)
            except NotAnOriginal as error:
                problems.append(duplicates.problem(error, partial(name_in, ticket.repository)))
                continue
            reason = privacy.redact(change.reason, self._settings.privacy)  # it is told in Slack, too
            changes.append(replace(change, reason=reason))
        return tuple(changes), problems

    def _prove(self, transaction: Transaction, ticket: Ticket, comment: IssueComment, code: str) -> None:
        """Link the comment's author, who needs no write access, to whoever was given the code in Slack."""
        command = self._settings.commands[0]
        try:
            link = prove(transaction, self._people, comment, code, command=command)
        except NotAllowed as error:
            self._reply(transaction, ticket, comment, str(error))
            return
        self._reply(transaction, ticket, comment)
        transaction.enqueue(SendDirectMessage(to=link.slack_id, text=links.linked(link.login, command)))

    def _reply(
        self, transaction: Transaction, ticket: Ticket, comment: IssueComment, problem: str = ""
    ) -> None:
        reply = Reply(
            ticket_id=ticket.id,
            comment_id=comment.id,
            problems=(problem,) if problem else (),
            said_once=f"link:{comment.author}" if problem else "",
        )
        transaction.enqueue(reply)


def _is_response(comment: IssueComment, ticket: Ticket) -> bool:
    """Whether a comment may be the team's first response: its requestor can be a member, too."""
    is_new = comment.is_by_member and not comment.is_edit and not is_internal(comment.body)
    return is_new and ticket.responded_at is None
