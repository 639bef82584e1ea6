"""The acts that follow a comment on an issue: its commands are obeyed, and it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from identity_bot.desk.desk import GITHUB, Desk
from identity_bot.desk.ports import Tracker
from identity_bot.errors import Impossible
from identity_bot.messages import issue_comments as attribution
from identity_bot.messages import words
from identity_bot.outbox.effects.act import DeskAct, mark
from identity_bot.outbox.effects.issues import looked_at, where_it_is
from identity_bot.store.transaction import Transaction
from identity_bot.tickets import actions, lifecycle
from identity_bot.tickets.commands import change_for
from identity_bot.tickets.model import Action, Effect, Requested, Ticket


class RunCommands(DeskAct):
    """Does what a comment on an issue commands."""

    def __init__(self, desk: Desk, tracker: Tracker) -> None:
        super().__init__(desk)
        self._tracker = tracker

    def do(self, effect: Effect) -> Any:
        ticket, author = self.ticket(effect), effect.payload["author"]
        if not self._tracker.may_write(ticket.repository, author):
            return {"problems": [attribution.NO_WRITE_ACCESS], "stranger": author}
        return {"problems": [*effect.payload["problems"], *self._obey(effect, ticket, author)]}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        # An effect of its own: where GitHub takes no answer for a while, nothing is obeyed a second time, which would
        # undo what others have changed since.
        asks_help = any(name == "help" for name, _ in effect.payload["commands"])
        payload = {
            "comment": effect.payload["comment"],
            "problems": result["problems"],
            "wants_help": asks_help and not result["problems"],
            "stranger": result.get("stranger", ""),
        }
        transaction.enqueue(Effect(lane=GITHUB, kind="answer", ticket_id=effect.ticket_id, payload=payload))

    def _obey(self, effect: Effect, ticket: Ticket, author: str) -> Iterator[str]:
        by = self._desk.people.slack_id(author) or author
        for name, value in effect.payload["commands"]:
            change = change_for(name, value)
            if change is None:
                continue
            if change.action is Action.SPOC and not self._tracker.may_write(ticket.repository, value):
                yield attribution.no_member(value)
                continue
            try:
                ticket = looked_at(self._desk, self._tracker, ticket)
                edit = actions.plan(ticket, change)
            except Impossible as error:
                if not error.is_so:
                    yield words.impossible(error)
                continue
            self._desk.note(ticket.id, actions.event_for(ticket, change), Requested(by=by))
            self._desk.observe(self._tracker.update_issue(ticket, edit), is_fresh=True)


class Answer(DeskAct):
    """Says below a comment with commands what became of them: by a reaction, and where that is not enough a reply."""

    def __init__(self, desk: Desk, tracker: Tracker) -> None:
        super().__init__(desk)
        self._tracker = tracker

    def do(self, effect: Effect) -> Any:
        payload = effect.payload
        reaction = "confused" if payload["problems"] else "+1"
        reply = attribution.reply(payload["problems"], wants_help=payload["wants_help"])

        def write(to: Ticket) -> None:
            self._tracker.react(to.repository, payload["comment"], reaction)
            if reply and not (payload["stranger"] and self._is_said(to, effect)):
                key, _ = _trace(to, effect)
                self._tracker.comment(to.repository, to.number or 0, reply, idempotency_key=key)

        where_it_is(self._desk, self._tracker, self.ticket(effect), write)
        return {}

    def look(self, effect: Effect) -> Any | None:
        ticket = looked_at(self._desk, self._tracker, self.ticket(effect))
        return {} if lifecycle.is_gone(ticket) or self._is_said(ticket, effect) else None

    def _is_said(self, ticket: Ticket, effect: Effect) -> bool:
        return self._tracker.has_comment(ticket.repository, ticket.number or 0, *_trace(ticket, effect))


def _trace(ticket: Ticket, effect: Effect) -> tuple[str, float]:
    """The idempotency key of a reply, and since when there may be one."""
    if stranger := effect.payload["stranger"]:
        # Told once: else anybody could have the bot fill an issue and use up what GitHub lets it write.
        return f"no-write-access:{stranger}", ticket.submitted_at
    return mark(effect), effect.created_at
