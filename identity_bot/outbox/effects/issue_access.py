"""What effects on issues share: reading an issue, finding where it is now, and remembering requests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import TypeVar

from identity_bot.errors import Rejected
from identity_bot.forms.questions import Member
from identity_bot.messages import words
from identity_bot.outbox.effect import Context
from identity_bot.outbox.ports import Tracker
from identity_bot.plugins.request_type import RequestType
from identity_bot.store.transaction import Transaction
from identity_bot.text.names import fold
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import Change, IssueSnapshot, Requested, Ticket

Result = TypeVar("Result")
Seen = tuple[IssueSnapshot, ...]
"""The issue as GitHub answered with it, in order."""


def read_issue(context: Context, tracker: Tracker, ticket: Ticket) -> tuple[Ticket, Seen]:
    """The ticket as its issue is at this moment, also if it was moved to a repository that is followed.

    Nothing is written: what was seen is to be reconciled on success.
    """
    snapshot = tracker.get_issue(ticket.repository, ticket.number or 0)
    there = snapshot.moved_to
    repository = context.reconciler.repositories.get(fold(there[0])) if there else None
    if there and repository:
        moved = replace(ticket, repository=repository, number=there[1])
        now = tracker.get_issue(repository, there[1])
        return lifecycle.observe(moved, now), (snapshot, now)
    return lifecycle.observe(ticket, snapshot), (snapshot,)


def wherever_it_is(
    context: Context, ticket: Ticket, act: Callable[[Ticket], Result]
) -> tuple[Result | None, Seen]:
    """What an act on the ticket's issue gives, also if that was moved since; None if it is nowhere anymore."""
    try:
        return act(ticket), ()
    except Rejected:
        now, seen = read_issue(context, context.tracker, ticket)
        if lifecycle.is_gone(now):
            return None, seen
        if (now.repository, now.number) == (ticket.repository, ticket.number):
            raise
    return act(now), seen


def reconcile(transaction: Transaction, context: Context, seen: Seen) -> None:
    """Take in how the issue was seen while an effect ran."""
    for snapshot in seen:
        context.reconciler.reconcile(transaction, snapshot, is_fresh=True)


def name_of(context: Context, key: str) -> str:
    """The name of somebody who is only known in Slack; empty for a login, which is a name."""
    _, is_slack, slack_id = key.partition("slack:")
    return context.chat.name_of(slack_id) if is_slack else ""


def with_names(ticket: Ticket, request_type: RequestType, context: Context) -> Ticket:
    """The ticket, migrated, with the names of chosen people, whom a form knows by their ids only."""
    answers = dict(request_type.migrated(ticket).answers)
    for question in request_type.form.all_questions:
        match answers.get(question.name):
            case {"id": str(slack_id)} if isinstance(question, Member):
                name = context.chat.name_of(slack_id) or words.nameless(context.people.key_of(slack_id))
                answers[question.name] = {"id": slack_id, "name": name}
    return replace(ticket, answers=answers)


def record_requests(ticket: Ticket, changes: Iterable[Change], by: str) -> Ticket:
    """The ticket that remembers who requests these changes and why, for those who are told of them."""
    return replace(ticket, requested=(*ticket.requested, *(Requested(by=by, change=one) for one in changes)))


def settle_requests(
    transaction: Transaction,
    context: Context,
    ticket_id: str,
    by: str,
    *,
    made: Collection[Change] = (),
    not_made: Collection[Change] = (),
    seen: Seen = (),
) -> Ticket | None:
    """Take in how the issue was seen, and what became of somebody's requests; the ticket as it then is.

    What was not made is forgotten at once; what was made, when people are told of the ticket, whether or not they are
    told of it: later, somebody else would be taken for the one who does the same.
    """
    if ticket := transaction.ticket(ticket_id):
        kept = tuple(
            replace(one, is_made=True) if one.by == by and one.change in made else one
            for one in ticket.requested
            if one.by != by or one.change not in not_made
        )
        transaction.save(replace(ticket, requested=kept))
    reconcile(transaction, context, seen)
    ticket = transaction.ticket(ticket_id)
    if ticket and ticket.state == ticket.last_notified:
        ticket = ticket.without_made_requests()
        transaction.save(ticket)
    return ticket
