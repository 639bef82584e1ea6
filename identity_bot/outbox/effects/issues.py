"""The acts in GitHub: issues opened, changed, linked and looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from identity_bot.desk.desk import DAY, GITHUB, VIEWS, Desk
from identity_bot.desk.notifier import slack_lane
from identity_bot.desk.ports import Chat, Tracker
from identity_bot.desk.reconciler import repository_for
from identity_bot.errors import Impossible, Rejected
from identity_bot.forms.questions import Member
from identity_bot.messages import issue_comments as attribution
from identity_bot.messages import words
from identity_bot.messages.updates import Message
from identity_bot.outbox.effects.act import DeskAct, mark
from identity_bot.plugins.loader import RequestType
from identity_bot.slack import messages as slack_messages
from identity_bot.store.transaction import Transaction
from identity_bot.tickets import actions, lifecycle
from identity_bot.tickets.model import (
    Action,
    Change,
    Effect,
    IssuePatch,
    Requested,
    Ticket,
)

log = logging.getLogger(__name__)

Found = TypeVar("Found")

RECEIPT_DELAY = 0.3
"""Seconds that the modal's second receipt waits, lest it reach Slack before the ack that brings the first."""


class _IssueAct(DeskAct):
    """An act on an issue that also takes a word of Slack: a name, or a link."""

    def __init__(self, desk: Desk, tracker: Tracker, chat: Chat) -> None:
        super().__init__(desk)
        self._tracker = tracker
        self._chat = chat

    def name_of(self, key: str) -> str:
        """The name of somebody who is only known in Slack; empty for a login, which is a name."""
        _, is_slack, slack_id = key.partition("slack:")
        return self._chat.name_of(slack_id) if is_slack else ""


class OpenIssue(_IssueAct):
    """Makes the ticket's issue, and has everybody told of it."""

    def do(self, effect: Effect) -> Any:
        ticket = self.ticket(effect)
        if ticket.number is not None:
            return {}
        request_type = self._desk.teller.type_of(ticket)
        named = replace(ticket, answers=self._with_names(ticket, request_type))
        draft = request_type.render_issue(named)
        settings = request_type.settings
        leads = [lead["github"] for lead in settings["leads"] if "github" in lead] if ticket.is_urgent else []
        opened = self._tracker.open_issue(
            # By today's settings: a repository that was wrong when the request came may have been mended since.
            repository_for(request_type, is_sensitive=ticket.is_sensitive),
            ticket,
            replace(
                draft,
                labels=_unique(self._desk.settings.label, *draft.labels, *settings["labels"]),
                assignees=_unique(*draft.assignees, *leads),
            ),
        )
        self._desk.observe(opened.snapshot, is_fresh=True)
        return {"left_out": list(opened.left_out)}

    def look(self, effect: Effect) -> Any | None:
        ticket = self.ticket(effect)
        if ticket.number is None:
            found = self._tracker.find_issue(
                self._desk.lookout.candidate_repositories(ticket)[0], ticket.id, effect.created_at
            )
            if found is None:
                return None
            self._desk.observe(found, is_fresh=True)
        # Else a webhook told of it, which may be sooner than GitHub's own list does.
        return {}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        if view := effect.payload.get("view"):
            due_at = transaction.now + RECEIPT_DELAY
            payload = {"view": view}
            transaction.enqueue(
                Effect(
                    lane=VIEWS,
                    kind="show_receipt",
                    ticket_id=effect.ticket_id,
                    payload=payload,
                    due_at=due_at,
                )
            )
        if (left_out := result.get("left_out")) and (ticket := transaction.ticket(effect.ticket_id or "")):
            for name in left_out:
                self._desk.teller.notice(transaction, words.refused_by_github(ticket, name))

    def _with_names(self, ticket: Ticket, request_type: RequestType) -> dict[str, Any]:
        answers = dict(ticket.answers)
        for question in request_type.form.all_questions:
            if isinstance(question, Member) and question.name in answers:
                slack_id = answers[question.name]["id"]
                answers[question.name] = {"id": slack_id, "name": self._chat.name_of(slack_id)}
        return answers


class ChangeIssue(_IssueAct):
    """Makes a move that somebody in Slack asked for."""

    def do(self, effect: Effect) -> Any:
        change, by = _change_in(effect), effect.payload["by"]
        try:
            ticket = looked_at(self._desk, self._tracker, self.ticket(effect))
            edit = actions.plan(ticket, change)
        except Impossible as error:
            if not error.is_so:
                return {"problem": words.impossible(error)}
            noted = error.ticket.asked.get(actions.event_for(error.ticket, change))
            # Where an attempt was cut short, it was ours, unless somebody else asked for the same since. And a reason
            # that somebody wrote is said also where another was quicker.
            is_ours = effect.looks > 0 and (noted is None or noted.by == by)
            return {"is_made": is_ours or bool(change.reason), "is_ours": is_ours}
        self._desk.note(ticket.id, actions.event_for(ticket, change), Requested(by=by, reason=change.reason))
        name = self.name_of(edit.spoc or "")
        self._desk.observe(self._tracker.update_issue(ticket, edit, spoc_name=name), is_fresh=True)
        return {"is_made": True, "is_ours": True}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        if not result.get("is_ours"):
            self._forget(transaction, effect)  # an earlier attempt may have noted it
        if problem := result.get("problem"):
            _answer(transaction, effect, problem)
        elif result["is_made"]:
            payload = dict(effect.payload)
            transaction.enqueue(
                Effect(lane=GITHUB, kind="attribute", ticket_id=effect.ticket_id, payload=payload)
            )

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        """Whoever asked for it is told; they can ask again."""
        ticket = self._forget(transaction, effect)
        if ticket:
            _answer(transaction, effect, words.not_taken(ticket, reason))
        return True

    def _forget(self, transaction: Transaction, effect: Effect) -> Ticket | None:
        """The ticket, which remembers no more that somebody asks for what was not made."""
        ticket = transaction.ticket(effect.ticket_id or "")
        if ticket:
            asked = Requested(by=effect.payload["by"], reason=effect.payload["reason"])
            kind = actions.event_for(ticket, _change_in(effect))
            others = {k: a for k, a in ticket.asked.items() if (k, a) != (kind, asked)}
            if others != ticket.asked:
                transaction.save(replace(ticket, asked=others))
        return ticket


class CreditAction(_IssueAct):
    """Says below the issue whose a change from Slack was, and why."""

    def do(self, effect: Effect) -> Any:
        ticket, by = self.ticket(effect), effect.payload["by"]
        change = _change_in(effect)
        said = attribution.comment(change, self._chat.name_of(by) or by, self.name_of(change.value))

        def write(to: Ticket) -> None:
            self._tracker.comment(to.repository, to.number or 0, said, idempotency_key=mark(effect))

        where_it_is(self._desk, self._tracker, ticket, write)
        return {}

    def look(self, effect: Effect) -> Any | None:
        ticket = looked_at(self._desk, self._tracker, self.ticket(effect))
        where = ticket.repository, ticket.number or 0
        is_said = lifecycle.is_gone(ticket) or self._tracker.has_comment(
            *where, mark(effect), effect.created_at
        )
        return {} if is_said else None


class LinkThread(_IssueAct):
    """Puts the link to the ticket's Slack thread into its issue."""

    def do(self, effect: Effect) -> Any:
        ticket = self.ticket(effect)
        if ticket.thread is None or ticket.number is None:
            raise Rejected("the ticket has no thread or no issue")
        thread = replace(ticket.thread, link=ticket.thread.link or self._chat.link_to(ticket.thread))

        def write(to: Ticket) -> None:
            self._desk.observe(
                self._tracker.update_issue(replace(to, thread=thread), IssuePatch()), is_fresh=True
            )

        where_it_is(self._desk, self._tracker, ticket, write)
        return {"link": thread.link}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        ticket = transaction.ticket(effect.ticket_id or "")
        if ticket and ticket.thread:
            transaction.save(replace(ticket, thread=replace(ticket.thread, link=result["link"])))


class GetIssue(DeskAct):
    """Asks GitHub how an issue is, where what it told us leaves that open."""

    def __init__(self, desk: Desk, tracker: Tracker) -> None:
        super().__init__(desk)
        self._tracker = tracker

    def do(self, effect: Effect) -> Any:
        looked_at(self._desk, self._tracker, self.ticket(effect))
        return {}

    def look(self, effect: Effect) -> Any | None:
        return self.do(effect)

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        """The team is told once, however many issues cannot be asked for: each is looked at again within a day."""
        self._desk.teller.notice(transaction, words.cannot_poll(reason), again_after=DAY)
        return True


def looked_at(desk: Desk, tracker: Tracker, ticket: Ticket) -> Ticket:
    """The ticket as its issue is at this moment, which the desk takes in."""
    snapshot = tracker.get_issue(ticket.repository, ticket.number or 0)
    desk.observe(snapshot, is_fresh=True)
    return desk.ticket(ticket.id) or ticket


def where_it_is(desk: Desk, tracker: Tracker, ticket: Ticket, act: Callable[[Ticket], Found]) -> Found | None:
    """What an act on the ticket's issue gives, also where that was moved since; None where it is nowhere any more."""
    try:
        return act(ticket)
    except Rejected:
        now = looked_at(desk, tracker, ticket)
        if lifecycle.is_gone(now):
            return None
        if (now.repository, now.number) == (ticket.repository, ticket.number):
            raise
    return act(now)


def _change_in(effect: Effect) -> Change:
    payload = effect.payload
    return Change(action=Action(payload["action"]), value=payload["value"], reason=payload["reason"])


def _answer(transaction: Transaction, effect: Effect, text: str) -> None:
    """Tells whoever asked for a change, by direct message."""
    by = effect.payload["by"]
    payload = {"channel": by, "message": slack_messages.message(Message(text=text))}
    transaction.enqueue(Effect(lane=slack_lane(by), kind="post", ticket_id=effect.ticket_id, payload=payload))


def _unique(*names: str) -> tuple[str, ...]:
    """Names without repetition, whatever their case, in their order."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return tuple(first.values())
