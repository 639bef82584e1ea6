"""Effects that follow a comment on an issue: its commands are run, and it gets a reply."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from identity_bot.errors import NotAllowed, Rejected
from identity_bot.messages import duplicates as messages
from identity_bot.messages import issue_comments, words
from identity_bot.outbox.effect import GITHUB, Context, Row, TicketEffect
from identity_bot.outbox.effects.issue_access import (
    Seen,
    name_of,
    read_issue,
    reconcile,
    settle_requests,
    wherever_it_is,
)
from identity_bot.outbox.effects.issues import GetIssue, tell_original
from identity_bot.outbox.effects.redaction import request_redaction
from identity_bot.plugins.approval import check_approver
from identity_bot.store.transaction import Transaction
from identity_bot.text.markdown import span
from identity_bot.tickets import actions, duplicates, lifecycle
from identity_bot.tickets.duplicates import NotAnOriginal
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.model import Action, Change, IssueSnapshot, Ticket
from identity_bot.tickets.people import Entry


@dataclass(frozen=True, slots=True)
class _Ran:
    """What is wrong with a comment's commands, in words; what was changed; and the issue as it was seen meanwhile."""

    problems: tuple[str, ...]
    made: tuple[Change, ...] = ()
    seen: Seen = ()
    has_access: bool = True
    has_reply: bool = False
    """Whether the comment has got its reply, so that its commands have run before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunCommands(TicketEffect):
    """Do what the commands in a comment on the issue say."""

    kind: ClassVar[str] = "run_commands"
    label: ClassVar[str] = "run the commands in a comment"
    fixed_lane: ClassVar[str] = GITHUB
    is_repeatable: ClassVar[bool] = True
    min_interval: ClassVar[float] = 1.0

    comment_id: int
    author: str
    """A GitHub login."""
    changes: tuple[Change, ...]
    wants_help: bool = False
    problems: tuple[str, ...] = ()
    """What is wrong with the other lines that look like commands."""
    is_late: bool = False
    """Whether the comment is so old that its commands may have run already, unknown to a restored backup."""

    def run(self, context: Context, row: Row) -> _Ran:
        ticket = self.ticket(context)
        if self.is_late and context.tracker.has_reacted(ticket.repository, self.comment_id):
            return _Ran((), has_reply=True)
        if not context.tracker.may_write(ticket.repository, self.author):
            return _Ran((issue_comments.NO_WRITE_ACCESS,), has_access=False)
        problems = list(self.problems)
        made: list[Change] = []
        seen: list[IssueSnapshot] = []
        for change in self.changes:
            if change.action is Action.REDACT:
                made.append(change)  # by effects of its own, as more than the issue must change
                continue
            if change.action is Action.SPOC and not context.tracker.may_write(
                ticket.repository, change.value
            ):
                problems.append(issue_comments.no_member(change.value))
                continue
            ticket, found = read_issue(context, context.tracker, ticket)
            seen += found
            try:
                self._check(context, ticket, change)
                patch = actions.plan(ticket, change)
                seen.append(context.tracker.update_issue(ticket, patch))
            except Impossible as error:
                is_again = row.attempts or row.verifications
                if error.is_so and is_again:
                    made.append(change)  # an attempt that was cut short has made it
                elif (
                    not error.is_so
                    or change.action is Action.WAIT  # nobody would be asked a second question
                    or duplicates.is_unsaid(ticket, change)
                ):
                    problems.append(words.impossible(error))
                continue
            except NotAllowed as error:
                problems.append(str(error))
                continue
            except NotAnOriginal as error:
                problems.append(messages.problem(error, partial(duplicates.name_in, ticket.repository)))
                continue
            except Rejected as error:
                problems.append(issue_comments.not_taken(str(error)))
                continue
            made.append(change)
        return _Ran(tuple(problems), tuple(made), tuple(seen))

    def _check(self, context: Context, ticket: Ticket, change: Change) -> None:
        """Raise NotAllowed for what only approvers can do, and NotAnOriginal for a duplicate of no ticket."""
        if actions.ACTIONS[change.action].by is actions.By.APPROVER:
            check_approver(
                context.plugins,
                ticket,
                context.people,
                slack_id=context.people.slack_id(self.author),
                login=self.author,
                is_colleague=context.chat.is_colleague,
                name=lambda one: _name(context, one),
            )
        if change.action is Action.DUPLICATE:
            duplicates.check(ticket, context.store.ticket(change.value), context.store.ticket)

    def on_success(self, transaction: Transaction, context: Context, result: _Ran) -> None:
        self._settle(transaction, context, result)
        if result.has_reply:
            return
        # In an effect of its own: if GitHub takes no reply for a while, no command is run a second time, which would
        # undo what others have changed since.
        reply = Reply(
            ticket_id=self.ticket_id,
            comment_id=self.comment_id,
            problems=result.problems,
            wants_help=self.wants_help and not result.problems,
            said_once="" if result.has_access else f"no-write-access:{self.author}",
        )
        transaction.enqueue(reply)
        for change in result.made:
            tell_original(transaction, self.ticket_id, change)
        ticket = transaction.ticket(self.ticket_id)
        if ticket and (texts := [change for change in result.made if change.action is Action.REDACT]):
            by = context.people.slack_id(self.author)
            request_redaction(transaction, context.settings, ticket, texts, by=by, login=self.author)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        transaction.enqueue(GetIssue(ticket_id=self.ticket_id))
        return False

    def on_failed(self, transaction: Transaction, context: Context, reason: str) -> None:
        self._settle(transaction, context, _Ran(()))

    def _settle(self, transaction: Transaction, context: Context, result: _Ran) -> None:
        by = context.people.slack_id(self.author) or self.author
        not_made = [change for change in self.changes if change not in result.made]
        settle_requests(
            transaction,
            context,
            self.ticket_id,
            by,
            made=result.made,
            not_made=not_made,
            seen=result.seen,
        )


def _name(context: Context, person: Entry) -> str:
    """How to name somebody of the settings in GitHub, without mentioning them."""
    key = person.get("github") or context.people.key_of(person["slack"])
    return span(name_of(context, key) or words.nameless(key), limit=100)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply(TicketEffect):
    """Say below a comment with commands what became of them: by a reaction and, if that is not enough, a comment."""

    kind: ClassVar[str] = "reply"
    label: ClassVar[str] = "reply to a comment"
    fixed_lane: ClassVar[str] = GITHUB
    min_interval: ClassVar[float] = 1.0

    comment_id: int
    problems: tuple[str, ...] = ()
    wants_help: bool = False
    said_once: str = ""
    """What is said and to whom, if it is said only once below an issue, whatever they write.

    Else anybody could have the bot fill an issue and use up what GitHub lets it write.
    """

    def run(self, context: Context, row: Row) -> Seen:
        reaction = "confused" if self.problems else "+1"
        text = issue_comments.reply(
            self.problems, wants_help=self.wants_help, is_about_commands=not self.said_once
        )

        def reply(ticket: Ticket) -> None:
            context.tracker.react(ticket.repository, self.comment_id, reaction)
            if text and not (self.said_once and self._is_said(context, ticket, row)):
                key = self._trace(ticket, row)[0]
                context.tracker.comment(ticket.repository, ticket.number or 0, text, idempotency_key=key)

        return wherever_it_is(context, self.ticket(context), reply)[1]

    def find_result(self, context: Context, row: Row) -> Seen | None:
        ticket, seen = read_issue(context, context.tracker, self.ticket(context))
        return seen if lifecycle.is_gone(ticket) or self._is_said(context, ticket, row) else None

    def on_success(self, transaction: Transaction, context: Context, result: Seen) -> None:
        reconcile(transaction, context, result)

    def _is_said(self, context: Context, ticket: Ticket, row: Row) -> bool:
        key, since = self._trace(ticket, row)
        earliest = min(since, row.earliest(context.store.clock()))
        found = context.tracker.find_comment(ticket.repository, ticket.number or 0, key, earliest)
        return found is not None

    def _trace(self, ticket: Ticket, row: Row) -> tuple[str, float]:
        """The reply's idempotency key, and since when there may be one."""
        if self.said_once:
            return self.said_once, ticket.submitted_at
        return row.idempotency_key, row.created_at
