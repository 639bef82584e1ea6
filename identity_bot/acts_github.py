"""The acts in GitHub: issues opened, changed, linked and looked at, and comments obeyed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from identity_bot import attribution, blocks, issue, lifecycle, words
from identity_bot.act import DeskAct, mark
from identity_bot.desk import GITHUB, VIEWS, Desk
from identity_bot.errors import Impossible, Refused
from identity_bot.lookout import repository_for
from identity_bot.model import Asked, Change, Edit, Effect, EventKind, IssueDraft, Move, Ticket
from identity_bot.plugins import RequestType
from identity_bot.ports import Chat, Tracker
from identity_bot.questions import Member
from identity_bot.store import Transaction
from identity_bot.teller import slack_lane

log = logging.getLogger(__name__)

RECEIPT_DELAY = 0.3
"""Seconds that the modal's second receipt waits, lest it reach Slack before the ack that brings the first."""

KINDS: Mapping[Move, EventKind] = {
    Move.CRITICAL: EventKind.TRIAGED,
    Move.PRIORITY: EventKind.PRIORITISED,
    Move.SPOC: EventKind.SPOC_NAMED,
    Move.TAKE: EventKind.ASSIGNED,
    Move.ASSIGN: EventKind.ASSIGNED,
    Move.UAT: EventKind.READY_FOR_UAT,
    Move.ACCEPT: EventKind.ACCEPTED,
    Move.REJECT: EventKind.REJECTED,
    Move.RELEASE: EventKind.RELEASED,
    Move.CLOSE: EventKind.CLOSED,
    Move.REOPEN: EventKind.REOPENED,
}
"""The event that a move leads to; a target date is set or changed."""


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
            IssueDraft(
                title=draft.title,
                body=issue.body(ticket, draft.body),
                labels=_unique(self._desk.settings.label, *draft.labels, *settings["labels"]),
                assignees=_unique(*draft.assignees, *leads),
            ),
        )
        self._desk.observe(opened.snapshot, is_now=True)
        return {"refused": list(opened.refused)}

    def look(self, effect: Effect) -> Any | None:
        ticket = self.ticket(effect)
        if ticket.number is None:
            found = self._tracker.find_issue(
                self._desk.lookout.homes(ticket)[0], ticket.id, effect.created_at
            )
            if found is None:
                return None
            self._desk.observe(found, is_now=True)
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
        refusals = result.get("refused", ())
        ticket = transaction.ticket(effect.ticket_id or "") if refusals else None
        for refused in refusals if ticket else ():
            assert ticket
            self._desk.teller.notice(transaction, words.refused_by_github(ticket, refused))

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
            ticket = _looked_at(self._desk, self._tracker, self.ticket(effect))
            edit = lifecycle.plan(ticket, change)
        except Impossible as error:
            if not error.is_so:
                return {"problem": words.impossible(error)}
            noted = error.ticket.asked.get(_kind(error.ticket, change))
            # Where an attempt was cut short, it was ours, unless somebody else asked for the same since.
            return {"is_made": effect.looks > 0 and (noted is None or noted.by == by)}
        self._desk.note(ticket.id, _kind(ticket, change), Asked(by=by, reason=change.reason))
        name = self.name_of(edit.spoc or "")
        self._desk.observe(self._tracker.edit_issue(ticket, edit, spoc_name=name), is_now=True)
        return {"is_made": True}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        if problem := result.get("problem"):
            _answer(transaction, effect, problem)
        elif result["is_made"]:
            payload = dict(effect.payload)
            transaction.enqueue(
                Effect(lane=GITHUB, kind="attribute", ticket_id=effect.ticket_id, payload=payload)
            )

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        """Whoever asked for it is told; they can ask again."""
        ticket = transaction.ticket(effect.ticket_id or "")
        if ticket:
            kind, by = _kind(ticket, _change_in(effect)), effect.payload["by"]
            others = {k: a for k, a in ticket.asked.items() if (k, a.by) != (kind, by)}
            transaction.save(replace(ticket, asked=others))
            _answer(transaction, effect, words.not_taken(ticket, reason))
        return True


class Attribute(_IssueAct):
    """Says below the issue whose a change from Slack was, and why."""

    def do(self, effect: Effect) -> Any:
        ticket, by = self.ticket(effect), effect.payload["by"]
        change = _change_in(effect)
        said = attribution.comment(change, self._chat.name_of(by) or by, self.name_of(change.value))
        self._tracker.comment(ticket.repository, ticket.number or 0, said, mark=mark(effect))
        return {}

    def look(self, effect: Effect) -> Any | None:
        ticket = self.ticket(effect)
        where = ticket.repository, ticket.number or 0
        return {} if self._tracker.has_comment(*where, mark(effect), effect.created_at) else None


class Obey(DeskAct):
    """Does what a comment on an issue commands, and answers it."""

    def __init__(self, desk: Desk, tracker: Tracker) -> None:
        super().__init__(desk)
        self._tracker = tracker

    def do(self, effect: Effect) -> Any:
        ticket, payload = self.ticket(effect), effect.payload
        author, where = payload["author"], (ticket.repository, ticket.number or 0)
        trace, since = mark(effect), effect.created_at
        if not self._tracker.may_write(ticket.repository, author):
            problems = [attribution.NO_WRITE_ACCESS]
            # Told once: else anybody could have the bot fill an issue and use up what GitHub lets it write.
            trace, since = f"no-write-access:{author}", ticket.submitted_at
        else:
            problems = [*payload["problems"], *self._obey(effect, ticket, author)]
        wants_help = any(name == "help" for name, _ in payload["commands"]) and not problems
        self._tracker.react(ticket.repository, payload["comment"], "confused" if problems else "+1")
        reply = attribution.reply(problems, wants_help=wants_help)
        if reply and not self._tracker.has_comment(*where, trace, since):
            self._tracker.comment(*where, reply, mark=trace)
        return {}

    def _obey(self, effect: Effect, ticket: Ticket, author: str) -> Iterator[str]:
        by = self._desk.people.slack_id(author) or author
        for name, value in effect.payload["commands"]:
            change = attribution.change(name, value)
            if change is None:
                continue
            if change.move is Move.SPOC and not self._tracker.may_write(ticket.repository, value):
                yield attribution.no_member(value)
                continue
            try:
                ticket = _looked_at(self._desk, self._tracker, ticket)
                edit = lifecycle.plan(ticket, change)
            except Impossible as error:
                if not error.is_so:
                    yield words.impossible(error)
                continue
            self._desk.note(ticket.id, _kind(ticket, change), Asked(by=by))
            self._desk.observe(self._tracker.edit_issue(ticket, edit), is_now=True)


class LinkThread(_IssueAct):
    """Puts the link to the ticket's Slack thread into its issue."""

    def do(self, effect: Effect) -> Any:
        ticket = self.ticket(effect)
        if ticket.thread is None or ticket.number is None:
            raise Refused("the ticket has no thread or no issue")
        link = ticket.thread.link or self._chat.link_to(ticket.thread)
        linked = replace(ticket, thread=replace(ticket.thread, link=link))
        self._desk.observe(self._tracker.edit_issue(linked, Edit()), is_now=True)
        return {"link": link}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        ticket = transaction.ticket(effect.ticket_id or "")
        if ticket and ticket.thread:
            transaction.save(replace(ticket, thread=replace(ticket.thread, link=result["link"])))


class LookAtIssue(DeskAct):
    """Asks GitHub how an issue is, where what it told us leaves that open."""

    def __init__(self, desk: Desk, tracker: Tracker) -> None:
        super().__init__(desk)
        self._tracker = tracker

    def do(self, effect: Effect) -> Any:
        _looked_at(self._desk, self._tracker, self.ticket(effect))
        return {}

    def look(self, effect: Effect) -> Any | None:
        return self.do(effect)


def _looked_at(desk: Desk, tracker: Tracker, ticket: Ticket) -> Ticket:
    """The ticket as its issue is at this moment, which the desk takes in."""
    snapshot = tracker.look_at(ticket.repository, ticket.number or 0)
    desk.observe(snapshot, is_now=True)
    return desk.ticket(ticket.id) or ticket


def _change_in(effect: Effect) -> Change:
    payload = effect.payload
    return Change(move=Move(payload["move"]), value=payload["value"], reason=payload["reason"])


def _kind(ticket: Ticket, change: Change) -> EventKind:
    """The event that a change of this ticket will be told as."""
    if change.move is Move.TARGET:
        return EventKind.TARGET_CHANGED if ticket.facts.target else EventKind.TARGET_SET
    if change.move is Move.PRIORITY and change.value == "critical":
        return EventKind.TRIAGED
    return KINDS[change.move]


def _answer(transaction: Transaction, effect: Effect, text: str) -> None:
    """Tells whoever asked for a change, by direct message."""
    by = effect.payload["by"]
    payload = {"channel": by, "message": blocks.message(text)}
    transaction.enqueue(Effect(lane=slack_lane(by), kind="post", ticket_id=effect.ticket_id, payload=payload))


def _unique(*names: str) -> tuple[str, ...]:
    """Names without repetition, whatever their case, in their order."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return tuple(first.values())
