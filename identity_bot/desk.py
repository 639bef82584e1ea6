"""The desk: requests come in, become tickets, and every change of a ticket is told; it knows no vendor."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from identity_bot import blocks, defaults, forms, lifecycle, words
from identity_bot.errors import AlreadyFiled, Invalid, Refused
from identity_bot.model import (
    Audience,
    Effect,
    Event,
    IssueSnapshot,
    Notification,
    Person,
    Post,
    Ticket,
    ticket_id,
)
from identity_bot.plugins import Plugins, RequestType
from identity_bot.settings import Settings
from identity_bot.store import Store, Transaction

log = logging.getLogger(__name__)

GITHUB = "github"
VIEWS = "slack:views"


def pace(lane: str) -> float:
    """Seconds that a lane rests between two effects: both Slack (a channel) and GitHub (writes) ask for one."""
    return 0.0 if lane == VIEWS else 1.0


def slack_lane(channel: str) -> str:
    """The lane of a Slack channel, or of a person's direct messages."""
    return f"slack:{channel}"


def repository_for(request_type: RequestType, *, is_sensitive: bool) -> str:
    """The repository that gets such a ticket's issue, by the settings in force."""
    settings = request_type.settings
    return str((is_sensitive and settings["restricted_repository"]) or settings["repository"])


class Desk:
    """The use cases: each is one transaction that writes what is now so, and the effects that must follow."""

    def __init__(self, *, store: Store, plugins: Plugins, settings: Settings) -> None:
        self.store = store
        self.plugins = plugins
        self.settings = settings

    def submit(
        self,
        type_name: str,
        values: Mapping[str, Any],
        requestor: Person,
        *,
        submission: str,
        origin: Post | None,
    ) -> Ticket:
        """The ticket for a filled-in form; the same submission is the same ticket, however often it comes.

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
            repository=repository_for(request_type, is_sensitive=is_sensitive),
            origin=origin,
            thread=origin,
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
        return defaults.remarks(request_type.form, ticket.answers) if request_type else []

    def observe(self, snapshot: IssueSnapshot) -> None:
        """Takes in an issue as it was seen, by whatever way it was; the only way in which a ticket changes."""
        with self.store.begin() as transaction:
            self.observe_within(transaction, snapshot)

    def observe_within(self, transaction: Transaction, snapshot: IssueSnapshot) -> None:
        """The same, as part of a larger transaction; a ticket's marker in another repository is nobody's."""
        ticket = transaction.ticket(snapshot.ticket_id) if snapshot.ticket_id else None
        if ticket is None or ticket.repository.casefold() != snapshot.repository.casefold():
            return
        now, events = lifecycle.observe(ticket, snapshot, transaction.now)
        if now != ticket:
            transaction.save(now)
        for event in events:
            transaction.add_event(event)
            log.info("ticket %s: #%s", event.kind.value, now.number, extra={"ticket": now.id})
            self._tell(transaction, now, event)

    def parked(self, transaction: Transaction, effect: Effect, reason: str) -> None:
        """Tells the team that an effect waits for an operator; a notice that cannot be told is only logged."""
        if effect.payload.get("is_notice"):
            return
        ticket = transaction.ticket(effect.ticket_id) if effect.ticket_id else None
        request_type = self.plugins.types.get(ticket.type) if ticket and ticket.is_urgent else None
        leads = words.leads(request_type.settings) if request_type else ""
        self.notice(transaction, words.parked(effect.kind, ticket, leads, reason))

    def notice(self, transaction: Transaction, text: str) -> None:
        """Tells the team something that an operator should mend."""
        payload = {"message": blocks.message(text), "channel": self.settings.team_channel, "is_notice": True}
        transaction.enqueue(Effect(lane=slack_lane(self.settings.team_channel), kind="post", payload=payload))

    def type_of(self, ticket: Ticket) -> RequestType:
        """The ticket's request type; raises Refused where it has been uninstalled since."""
        try:
            return self.plugins.types[ticket.type]
        except KeyError:
            raise Refused(f"the request type {ticket.type!r} is not installed") from None

    def _tell(self, transaction: Transaction, ticket: Ticket, event: Event) -> None:
        request_type = self.plugins.types.get(ticket.type)
        if request_type is None:
            self.notice(transaction, words.type_uninstalled(ticket))
            return
        for notification in request_type.notify(ticket, event):
            transaction.enqueue(self._message(ticket, request_type, notification))

    def _message(self, ticket: Ticket, request_type: RequestType, told: Notification) -> Effect:
        payload: dict[str, Any] = {"channel": self.settings.intake_channel}
        match told.to:
            case Audience.REQUESTOR:
                payload["keep_as"] = "thread"
                payload["otherwise"] = ticket.requestor.slack_id
                if ticket.thread:
                    payload |= {"channel": ticket.thread.channel, "in_thread": True}
            case Audience.TEAM:
                payload["channel"] = self.settings.team_channel
                if told.is_card:
                    payload["keep_as"] = "card"
        if told.is_card:
            payload["message"] = blocks.card(ticket, request_type.form, told.text)
        else:
            payload["message"] = blocks.message(told.text)
        return Effect(lane=slack_lane(payload["channel"]), kind="post", ticket_id=ticket.id, payload=payload)
