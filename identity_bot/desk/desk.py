"""The desk: requests come in, become tickets, and are changed; it knows no vendor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from identity_bot.desk.clocks import Clocks
from identity_bot.desk.comments import Comments
from identity_bot.desk.conversation import Conversation
from identity_bot.desk.notifier import Notifier
from identity_bot.desk.reconciler import Reconciler
from identity_bot.errors import Invalid, NotAllowed, StoreError
from identity_bot.forms import form as forms
from identity_bot.messages import alerts, words
from identity_bot.messages.digest import NOT_YOURS
from identity_bot.messages.templates import DELAYED_AFTER
from identity_bot.outbox.effect import click_key
from identity_bot.outbox.effects.cards import similar_lines
from identity_bot.outbox.effects.clocks import RecomputeDueTimes
from identity_bot.outbox.effects.digest import ScheduleDigest
from identity_bot.outbox.effects.issue_access import record_requests
from identity_bot.outbox.effects.issues import ChangeIssue, OpenIssue
from identity_bot.outbox.effects.messages import TellDelay
from identity_bot.outbox.effects.reading import ReadThread
from identity_bot.outbox.effects.recurring import (
    CatchUp,
    CleanUp,
    Poll,
    Resync,
    ResyncRepository,
)
from identity_bot.outbox.effects.redaction import request_redaction
from identity_bot.outbox.effects.report import ScheduleReport
from identity_bot.plugins.approval import check_approver
from identity_bot.plugins.loader import Plugins
from identity_bot.settings import Settings
from identity_bot.store import digests
from identity_bot.store.answers import ShownAnswers
from identity_bot.store.similar import Similar
from identity_bot.store.store import Store
from identity_bot.text.names import fold
from identity_bot.tickets import actions, duplicates, lifecycle
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.errors import AlreadyFiled, Impossible
from identity_bot.tickets.model import (
    Action,
    Change,
    IssueComment,
    IssueSnapshot,
    MessageRef,
    Person,
    ThreadReply,
    Ticket,
    ticket_id,
)
from identity_bot.tickets.people import People
from identity_bot.tickets.rota import Turns
from identity_bot.tickets.service_levels import may_respond

log = logging.getLogger(__name__)

READ_AFTER = 30.0
"""Seconds until the bot looks whether it can read the thread that a request was made from."""


class Desk:
    """The use cases: each is one transaction that writes what is so now, and the effects that must follow.

    `is_team` says whether somebody with this Slack id is on the team, and `is_colleague` whether they are active in the
    workspace; both may raise what a port raises. `sees_all` says the former, too, but no while Slack does not tell.
    """

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        settings: Settings,
        reconciler: Reconciler,
        comments: Comments,
        conversation: Conversation,
        notifier: Notifier,
        clocks: Clocks,
        people: People,
        is_team: Callable[[str], bool] = lambda slack_id: False,
        sees_all: Callable[[str], bool] = lambda slack_id: False,
        is_colleague: Callable[[str], bool] = lambda slack_id: True,
    ) -> None:
        self._plugins = plugins
        self._people = people
        self._is_colleague = is_colleague
        self._store = store
        self._settings = settings
        self._reconciler = reconciler
        self._comments = comments
        self._conversation = conversation
        self._notifier = notifier
        self._clocks = clocks
        self._is_team = is_team
        self._sees_all = sees_all

    def submit(
        self,
        type_name: str,
        values: Mapping[str, Any],
        requestor: Person,
        *,
        submission: str,
        origin: MessageRef | None,
        with_earlier: bool = False,
        outside_intake: bool = False,
        is_private: bool = False,
    ) -> Ticket:
        """The ticket for a filled-in form; the same submission is the same ticket, however often it comes.

        `with_earlier` has what was said in the origin's thread before copied to the issue, if that is not sensitive.
        `outside_intake` says that the form was opened outside the intake channel and belongs to no message either,
        `is_private` that not everybody can read where it was opened: then the intake channel does not hear of it.
        Raises Invalid with the problems by question, AlreadyFiled if it comes with other answers than before,
        KeyError for a type that is not installed, and StoreError if nothing could be kept.
        """
        request_type = self._plugins.types[type_name]
        form = request_type.form
        answers = forms.load(form, values)
        problems = request_type.validate(answers, requestor)
        if problems:
            raise Invalid(problems)
        is_sensitive = form.is_sensitive(answers)
        thread = None if is_sensitive else origin
        if is_private:
            origin = replace(origin or MessageRef(channel="", ts=""), is_private=True)
        ticket = Ticket(
            id=ticket_id(submission),
            type=type_name,
            requestor=replace(
                requestor,
                name=form.read(answers, "name") or requestor.name or requestor.handle,
                team=form.read(answers, "team"),
            ),
            answers=answers,
            submitted_at=self._store.clock(),
            is_urgent=bool(answers.get("production")),
            is_sensitive=is_sensitive,
            is_direct=is_sensitive or outside_intake,
            origin=origin,
            thread=thread,
        )
        ticket = replace(ticket, repository=request_type.repository_for(ticket))
        with self._store.begin() as transaction:
            ticket = self._clocks.with_due_times(transaction, ticket)
            if not transaction.add_ticket(ticket):
                log.info("duplicate submission", extra={"ticket": ticket.id})
                filed = transaction.ticket(ticket.id) or ticket
                if filed.answers != ticket.answers:
                    raise AlreadyFiled(filed)
                return filed
            self._clocks.set_timer(transaction, ticket)
            if request_type.settings["rota"] and request_type.settings["rota_turns"] is Turns.ROUND_ROBIN:
                own = "rota" in self._settings.request_types.get(type_name, {})
                ticket = replace(ticket, turn=transaction.take_turn(type_name if own else ""))
                transaction.save(ticket)
            ShownAnswers(transaction).file(submission, ticket.id)
            transaction.enqueue(OpenIssue(ticket_id=ticket.id, view_id=submission))
            transaction.enqueue(TellDelay(ticket_id=ticket.id), delay=DELAYED_AFTER)
            self._notifier.alert_failures(transaction)
            if ticket.thread and self._settings.conversation:
                since = 0.0 if with_earlier else ticket.submitted_at
                read = ReadThread(ticket_id=ticket.id, since=since, is_earlier=with_earlier, is_first=True)
                transaction.enqueue(read, delay=0.0 if with_earlier else READ_AFTER)
        log.info("ticket submitted: %s", type_name, extra={"ticket": ticket.id})
        return ticket

    def hints(self, ticket: Ticket) -> list[str]:
        """What the receipt should add about a ticket's answers."""
        request_type = self._plugins.types.get(ticket.type)
        return request_type.hints(ticket) if request_type else []

    def last_team(self, slack_id: str) -> str:
        """The team that somebody named in their last ticket; empty if there is none."""
        return self._store.last_team(slack_id)

    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket with this id, as it was last seen."""
        return self._store.ticket(ticket_id)

    def is_team(self, slack_id: str) -> bool:
        """Whether somebody is on the team; raises what a port raises if Slack cannot tell."""
        return self._is_team(slack_id)

    def has_login(self, slack_id: str) -> bool:
        """Whether somebody's GitHub login is known, by which tickets are assigned."""
        return bool(self._people.login(slack_id))

    def today(self) -> date:
        """Today's date in the team's time zone."""
        return self._settings.service_levels.hours.day_at(self._store.clock())

    def check(self, ticket: Ticket, action: Action, by: str) -> None:
        """Raise NotAllowed if somebody may not take an action, Impossible if the ticket as it is does not allow it."""
        is_own = by == ticket.requestor.slack_id
        whose = actions.ACTIONS[action].by
        if whose is actions.By.REQUESTOR and not is_own:
            raise NotAllowed(words.not_requestor(ticket))
        if whose is actions.By.APPROVER:
            check_approver(self._plugins, ticket, self._people, slack_id=by, is_colleague=self._is_colleague)
        may = whose is actions.By.APPROVER or (is_own and whose is not actions.By.TEAM)
        if not may and not self.is_team(by):
            raise NotAllowed(words.not_team(ticket))
        if action not in actions.possible(ticket):
            raise Impossible(ticket, action, is_so=ticket.stage in actions.ACTIONS[action].at)

    def change(self, ticket_id: str, change: Change, *, by: str, click: str = "") -> Ticket:
        """Have the issue changed as somebody in Slack (`by`) requests, once for each `click`.

        Raises NotAllowed, Impossible, NotAnOriginal, KeyError for an unknown ticket, and what `is_team` and the store
        raise.
        """
        ticket = self._store.ticket(ticket_id)
        if ticket is None:
            raise KeyError(ticket_id)
        self.check(ticket, change.action, by)
        actions.plan(ticket, change)
        if change.action is Action.DUPLICATE:
            duplicates.check(ticket, self._store.ticket(change.value), self._store.ticket)
        with self._store.begin() as transaction:
            locked = transaction.ticket(ticket.id) or ticket
            if click and transaction.was_enqueued(click_key(click), since=0.0):
                log.info("duplicate click: %s", change.action.value, extra={"ticket": ticket.id})
                return ticket
            if change.action is Action.REDACT:
                request_redaction(transaction, self._settings, locked, [change], by=by, click=click)
            else:
                if by != ticket.requestor.slack_id or actions.ACTIONS[change.action].by is actions.By.TEAM:
                    locked = self._clocks.respond(transaction, locked, transaction.now)
                transaction.save(record_requests(locked, [change], by))
                transaction.enqueue(ChangeIssue(ticket_id=ticket.id, change=change, by=by, click=click))
        log.info("ticket: %s requested", change.action.value, extra={"ticket": ticket.id})
        return ticket

    def original(self, ticket: Ticket, written: str) -> Ticket:
        """The ticket that somebody in Slack says this one is a duplicate of; raises NotAnOriginal if it cannot be.

        A number alone is that of an issue in the main repository, as messages write it.
        """
        repositories = tuple(self._reconciler.repositories.values())
        tickets = duplicates.Tickets(
            at=self._store.ticket_at, by_id=self._store.ticket, repositories=repositories
        )
        return duplicates.resolve(ticket, written, tickets, here=repositories[0])

    def similar(self, ticket: Ticket) -> list[str]:
        """A line for each ticket that looks like this one, as its card shows them; none if they cannot be read."""
        try:
            return similar_lines(Similar(self._store), self._plugins, ticket)
        except StoreError as error:
            log.warning("cannot look for similar tickets: %s", error)
            return []

    def start_schedule(self) -> None:
        """Enqueue the recurring effects, once per database."""
        with self._store.begin() as transaction:
            if self._settings.poll_seconds:
                transaction.enqueue(Poll())
            transaction.enqueue(Resync(), delay=DAY)
            transaction.enqueue(CleanUp())
            transaction.enqueue(RecomputeDueTimes())
            if self._settings.digest is not None:
                now = transaction.now
                begins = self._settings.service_levels.hours.next_time(now, self._settings.digest)
                transaction.enqueue(ScheduleDigest(), delay=begins - now)
            if self._settings.conversation:
                transaction.enqueue(CatchUp())
            if self._settings.report:
                transaction.enqueue(ScheduleReport())

    def subscribe(self, slack_id: str, *, is_on: bool) -> None:
        """Give a member of the team a digest of their own, or end it; raises NotAllowed, and what `is_team` raises."""
        if is_on and not self.is_team(slack_id):
            raise NotAllowed(NOT_YOURS)
        with self._store.begin() as transaction:
            digests.subscribe(transaction, slack_id, is_on=is_on)

    def observe(self, snapshot: IssueSnapshot) -> None:
        """Reconcile an issue that GitHub told us of; what is known already costs no write.

        A power cut may undo it if the next poll finds it again: one finds no issue that is gone.
        """
        if self._reconciler.is_known(snapshot, self._store):
            return
        with self._store.begin(durable=snapshot.is_gone or not self._settings.poll_seconds) as transaction:
            self._reconciler.reconcile(transaction, snapshot)

    def handle_comment(self, comment: IssueComment) -> None:
        """Enqueue what a comment asks for, or its copy to Slack, once; one that is not for the bot costs no write."""
        if not self._comments.is_wanted(comment, self.today(), self._store):
            return
        with self._store.begin() as transaction:
            self._comments.handle(transaction, comment)

    def handle_reply(self, reply: ThreadReply) -> bool:
        """Keep a reply in a Slack thread, and enqueue its copy to the issue; False if it is in no ticket's thread.

        Raises StoreError if it could not be kept.
        """
        ticket = self._store.ticket_in(reply.channel, reply.thread_ts)
        if not (ticket or self._store.message_in(reply.channel, reply.ts)):
            return False
        is_new = not reply.is_deleted and reply.version <= float(reply.ts)
        # Asked before the transaction begins, as Slack may take its time.
        is_by_team = is_new and may_respond(ticket, reply.author) and self._sees_all(reply.author)
        with self._store.begin() as transaction:
            if is_new:
                self._conversation.hear(transaction, reply, is_by_team=is_by_team)
            self._conversation.copy_reply(transaction, reply)
        return True

    def resync_repository(self, repository: str) -> None:
        """Enqueue a resync of the repository's open tickets."""
        if name := self._reconciler.repositories.get(fold(repository)):
            with self._store.begin() as transaction:
                transaction.enqueue(ResyncRepository(repository=name))

    def label_renamed(self, repository: str, was: str, now: str) -> None:
        """Alert the team that a label that means something here has another name; `now` is empty if it is gone."""
        ours = {fold(self._settings.label), *(fold(name) for name in self._plugins.types)}
        is_ours = fold(was) in ours or lifecycle.is_meant(was)
        if is_ours and fold(repository) in self._reconciler.repositories:
            self._alert(alerts.label_renamed(repository, was, now))

    def repository_renamed(self, was: str, now: str) -> None:
        """Alert the team that a repository of the settings has another name."""
        if fold(was) in self._reconciler.repositories:
            self._alert(alerts.repository_renamed(was, now))

    def _alert(self, text: str) -> None:
        with self._store.begin() as transaction:
            self._notifier.alert(transaction, text, again_after=DAY)
