"""The desk: requests come in, become tickets, and every change of a ticket is told; it knows no vendor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from identity_bot.desk.notifier import TELLINGS, Notifier
from identity_bot.desk.reconciler import READS, Reconciler, repository_for
from identity_bot.errors import AlreadyFiled, Impossible, Invalid, NotAllowed
from identity_bot.forms import form as forms
from identity_bot.messages import issue_comments, words
from identity_bot.plugins import defaults
from identity_bot.plugins.loader import Plugins
from identity_bot.settings import Settings
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.tickets import actions, commands, lifecycle
from identity_bot.tickets.model import (
    Action,
    Change,
    Effect,
    EventKind,
    IssueComment,
    IssueSnapshot,
    MessageRef,
    Person,
    Requested,
    Ticket,
    ticket_id,
)
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)

GITHUB, VIEWS, CLEANING = "github", "slack:views", "cleaning"
DAY = 24 * 3600.0
TEAM_TIME = ZoneInfo("America/New_York")
KEEP_HEARD = 365 * DAY
"""Seconds for which it is remembered which comments were heard; older ones are heard no more."""


def resync_repository(transaction: Transaction, repository: str) -> None:
    """Has all open tickets of a repository looked at, by an effect of its own: there may be many."""
    effect = Effect(lane=READS, kind="resync_repository", payload={"repository": repository})
    if not transaction.is_waiting(effect):
        transaction.enqueue(effect)


def pace(lane: str) -> float:
    """Seconds that a lane rests between two effects: both Slack (a channel) and GitHub (writes) ask for one."""
    return 0.0 if lane in (READS, VIEWS, TELLINGS, CLEANING) else 1.0


class Desk:
    """The use cases: each is one transaction that writes what is now so, and the effects that must follow.

    `members` gives the Slack ids of who is of the team; it may raise what a port raises.
    """

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        settings: Settings,
        members: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self.store = store
        self.plugins = plugins
        self.settings = settings
        self.people = People(settings.who_is_who)
        self.teller = Notifier(plugins=plugins, settings=settings, people=self.people)
        self._members = members
        self.lookout = Reconciler(plugins=plugins, settings=settings, people=self.people, teller=self.teller)
        self.repositories = self.lookout.repositories

    def submit(
        self,
        type_name: str,
        values: Mapping[str, Any],
        requestor: Person,
        *,
        submission: str,
        origin: MessageRef | None,
        outside_intake: bool = False,
    ) -> Ticket:
        """The ticket for a filled-in form; the same submission is the same ticket, however often it comes.

        `outside_intake` says that the form was opened outside the intake channel and belongs to no message either.
        Raises Invalid with the problems by question, AlreadyFiled where it comes with other answers than before,
        KeyError for a type that is not installed, and StoreError where nothing could be kept.
        """
        request_type = self.plugins.types[type_name]
        form = request_type.form
        answers = forms.load(form, values)
        problems = request_type.validate(answers, requestor)
        if problems:
            raise Invalid(problems)
        is_sensitive = form.is_sensitive(answers)
        ticket = Ticket(
            id=ticket_id(submission),
            type=type_name,
            requestor=replace(requestor, name=answers["name"], team=answers["team"]),
            answers=answers,
            submitted_at=self.store.clock(),
            is_urgent=answers["production"],
            is_sensitive=is_sensitive,
            is_direct=is_sensitive or outside_intake,
            repository=repository_for(request_type, is_sensitive=is_sensitive),
            origin=origin,
            thread=None if is_sensitive else origin,
        )
        effect = Effect(lane=GITHUB, kind="open_issue", ticket_id=ticket.id, payload={"view": submission})
        with self.store.begin() as transaction:
            if not transaction.add_ticket(ticket):
                log.info("submission came again", extra={"ticket": ticket.id})
                filed = transaction.ticket(ticket.id) or ticket
                if filed.answers != ticket.answers:
                    raise AlreadyFiled(filed)
                return filed
            transaction.enqueue(effect)
        log.info("ticket submitted: %s", type_name, extra={"ticket": ticket.id})
        return ticket

    def remarks(self, ticket: Ticket) -> list[str]:
        """What the receipt should add about a ticket's answers."""
        request_type = self.plugins.types.get(ticket.type)
        return defaults.hints(request_type.form, ticket.answers) if request_type else []

    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket of this id, as it was last seen."""
        return self.store.ticket(ticket_id)

    def is_team(self, slack_id: str) -> bool:
        """Whether somebody may move tickets; raises where Slack cannot tell."""
        return slack_id in self._members()

    def today(self) -> date:
        """The day that it is where the team works."""
        return datetime.fromtimestamp(self.store.clock(), TEAM_TIME).date()

    def check(self, ticket: Ticket, action: Action, by: str) -> None:
        """Raises NotAllowed if somebody may not do this, Impossible if the ticket does not allow it."""
        is_own = by == ticket.requestor.slack_id
        whose = actions.ACTIONS[action].by
        if whose is actions.By.REQUESTOR and not is_own:
            raise NotAllowed(words.not_requestor(ticket))
        may = is_own and whose is not actions.By.TEAM
        if not may and not self.is_team(by):
            raise NotAllowed(words.not_team(ticket))
        if action not in actions.possible(ticket):
            raise Impossible(ticket, action, is_so=ticket.stage in actions.ACTIONS[action].at)

    def change(self, ticket_id: str, change: Change, *, by: str) -> Ticket:
        """Has the issue changed as somebody in Slack (`by`) asks; clicked twice it is done once.

        Raises NotAllowed, Impossible, KeyError for a ticket that there is not, and what `is_team` and the store raise.
        """
        ticket = self.store.ticket(ticket_id)
        if ticket is None:
            raise KeyError(ticket_id)
        self.check(ticket, change.action, by)
        actions.plan(ticket, change)
        payload = {"action": change.action.value, "value": change.value, "reason": change.reason, "by": by}
        effect = Effect(lane=GITHUB, kind="change_issue", ticket_id=ticket.id, payload=payload)
        with self.store.begin() as transaction:
            transaction.ticket(ticket.id)  # locked, so that of clicks at once each sees the one before
            if not transaction.is_waiting(effect, is_last=True):
                transaction.enqueue(effect)
        log.info("ticket: %s asked for", change.action.value, extra={"ticket": ticket.id})
        return ticket

    def note(self, ticket_id: str, kind: EventKind, asked: Requested) -> None:
        """Remembers who asks for a change that is about to be made."""
        with self.store.begin() as transaction:
            ticket = transaction.ticket(ticket_id)
            if ticket:
                transaction.save(replace(ticket, asked={**ticket.asked, kind: asked}))

    def keep_time(self) -> None:
        """Has the timers go from now on: GitHub polled, the database cleaned up; each once for all processes."""
        with self.store.begin() as transaction:
            if self.settings.poll_seconds:
                transaction.enqueue_only(Effect(lane=READS, kind="poll"))
            transaction.enqueue_only(Effect(lane=READS, kind="resync", due_at=transaction.now + DAY))
            transaction.enqueue_only(Effect(lane=CLEANING, kind="clean_up"))

    def resync_repository(self, repository: str) -> None:
        """Has the issues of all open tickets in a repository looked at, as something there concerns any of them."""
        if name := self.repositories.get(repository.casefold()):
            with self.store.begin() as transaction:
                resync_repository(transaction, name)

    def hear(self, comment: IssueComment) -> None:
        """Takes in a comment on an issue: the commands in it are obeyed, once."""
        repository = self.repositories.get(comment.repository.casefold())
        reading = commands.read(comment.body, self.today())
        if repository is None or reading.is_empty:
            return
        with self.store.begin() as transaction:
            ticket = transaction.ticket_at(repository, comment.number)
            is_old = comment.created_at < transaction.now - KEEP_HEARD
            if ticket is None or is_old or not transaction.hear(repository, comment.id):
                return
            payload = {
                "comment": comment.id,
                "author": comment.author,
                "commands": [[command.name, command.value] for command in reading.commands],
                "problems": [issue_comments.problem(one, self.today()) for one in reading.problems],
            }
            transaction.enqueue(Effect(lane=GITHUB, kind="obey", ticket_id=ticket.id, payload=payload))

    def label_renamed(self, repository: str, was: str, now: str) -> None:
        """Tells the team where a label that means something here has another name; `now` is empty where it is gone."""
        ours = {self.settings.label.casefold(), *(name.casefold() for name in self.plugins.types)}
        is_ours = was.casefold() in ours or lifecycle.is_meant(was)
        if is_ours and repository.casefold() in self.repositories:
            with self.store.begin() as transaction:
                self.teller.notice(transaction, words.label_renamed(repository, was, now), again_after=DAY)

    def repository_renamed(self, was: str, now: str) -> None:
        """Tells the team where a repository of the settings has another name."""
        if was.casefold() in self.repositories:
            with self.store.begin() as transaction:
                self.teller.notice(transaction, words.repository_renamed(was, now), again_after=DAY)

    def observe(self, snapshot: IssueSnapshot, *, is_fresh: bool = False) -> None:
        """Takes in an issue as it was seen, by whatever way it was; the only way in which a ticket changes.

        `is_now` says that GitHub was asked for this issue, rather than told us of it.
        """
        repository = self.repositories.get(snapshot.repository.casefold())
        if repository is None:
            return
        with self.store.begin() as transaction:
            self.lookout.take_in(transaction, replace(snapshot, repository=repository), is_fresh=is_fresh)
