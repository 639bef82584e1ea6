"""The teller: has people told of what has happened to a ticket, and keeps the team's card true."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from identity_bot.errors import Rejected
from identity_bot.messages import updates as telling
from identity_bot.messages import words
from identity_bot.plugins.loader import Plugins, RequestType
from identity_bot.settings import Settings
from identity_bot.slack import card as cards
from identity_bot.slack import messages as slack_messages
from identity_bot.store.transaction import Transaction
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import (
    Audience,
    Effect,
    Event,
    EventKind,
    LastNotified,
    Requested,
    Stage,
    Ticket,
    TicketState,
)
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)

TELLINGS = "tellings"
TOGETHER = 5.0
"""Seconds within which what happens to a ticket is told in one message: that message is edited."""
BREATH = 0.3
"""Seconds that a telling waits, as what is done in one go comes in several deliveries."""
ANSWERS = frozenset({EventKind.ACCEPTED, EventKind.REJECTED})
"""What a requestor does about what they were told."""


def slack_lane(channel: str) -> str:
    """The lane of a Slack channel, or of a person's direct messages."""
    return f"slack:{channel}"


class Notifier:
    """Writes the effects by which people hear of a ticket, each in the transaction of what they hear of."""

    def __init__(self, *, plugins: Plugins, settings: Settings, people: People) -> None:
        self._plugins = plugins
        self._settings = settings
        self._people = people

    def welcome(self, transaction: Transaction, ticket: Ticket) -> None:
        """Saves a ticket whose issue has just been seen for the first time, and tells of it."""
        event = Event(kind=EventKind.CREATED, ticket_id=ticket.id, at=transaction.now)
        transaction.add_event(event)
        request_type = self._plugins.of(ticket.type)
        if request_type is None:
            transaction.save(ticket)
            self.notice(transaction, words.type_uninstalled(ticket))
            return
        notifications = request_type.notify(ticket, event)
        headline = next((told.text for told in notifications if told.is_card), "")
        ticket = replace(ticket, headline=headline)
        transaction.save(ticket)
        self.follow(transaction, ticket)  # the card first, as other messages go into its thread
        said = telling.messages(ticket, [(event, notifications)], request_type.form.title, self._people)
        for place, message in said.items():
            transaction.enqueue(self._post(ticket, place, message, ""))

    def follow(self, transaction: Transaction, ticket: Ticket) -> None:
        """Has the card drawn anew, and people told, of a ticket that has changed and is saved."""
        if ticket.headline or ticket.card:
            lane = slack_lane(self._settings.team_channel)
            transaction.enqueue_once(Effect(lane=lane, kind="draw_card", ticket_id=ticket.id))
        if ticket.told is None or ticket.state != ticket.told.now:
            due_at = transaction.now + BREATH
            transaction.enqueue_once(Effect(lane=TELLINGS, kind="tell", ticket_id=ticket.id, due_at=due_at))

    def tell(self, transaction: Transaction, ticket_id: str) -> None:
        """Tells people how a ticket has changed since they were last told, in the words of now."""
        ticket = transaction.ticket(ticket_id)
        if ticket is None:
            return
        told = ticket.told or LastNotified(number=0, at=0.0, before=TicketState(), now=TicketState())
        if ticket.state != told.now:
            self._tell(transaction, ticket, told)

    def _tell(self, transaction: Transaction, ticket: Ticket, told: LastNotified) -> None:
        request_type = self._plugins.of(ticket.type)
        # Another process may have told it, whose clock is ahead.
        is_new = abs(transaction.now - told.at) > TOGETHER or _is_answered(ticket, told)
        before = told.now if is_new else told.before
        asked = {k: a for k, a in ticket.asked.items() if not (is_new and a.telling is not None)}
        number = told.number + 1 if is_new else told.number
        kinds = lifecycle.news(before, ticket.state)
        happened = []
        for kind in kinds:
            who = asked.get(kind, Requested())
            event = Event(
                kind=kind, ticket_id=ticket.id, at=transaction.now, was=before, by=who.by, reason=who.reason
            )
            happened.append((event, request_type.notify(ticket, event) if request_type else []))
            if is_new or kind not in told.kinds:
                transaction.add_event(event)
                log.info("ticket %s: #%s", kind.value, ticket.number, extra={"ticket": ticket.id})
        if request_type is None and kinds:
            self.notice(transaction, words.type_uninstalled(ticket))
        title = request_type.form.title if request_type else ""
        said = telling.messages(ticket, happened, title, self._people)
        for place, message in said.items():
            transaction.enqueue(self._post(ticket, place, message, f"{number}:{place}"))
        for place in set(told.to) - set(said) if not is_new else ():
            lane = slack_lane(self.place_of(ticket, place)[0])
            transaction.enqueue(withdrawal(lane, ticket, f"{number}:{place}"))
        following = LastNotified(
            number=number,
            at=transaction.now if is_new else told.at,
            before=before,
            now=ticket.state,
            kinds=kinds,
            to=tuple(said),
        )
        used = {k: replace(a, telling=number) if k in kinds else a for k, a in asked.items()}
        if ticket.state.stage is Stage.CLOSED:
            # Of what was asked for until then nothing is told any more; a later change like it is another's.
            used = {k: a for k, a in used.items() if k in (EventKind.CLOSED, EventKind.REOPENED)}
        transaction.save(replace(ticket, told=following, asked=used))

    def _post(self, ticket: Ticket, place: str, message: telling.Message, slot: str) -> Effect:
        drawn = slack_messages.message(message, ticket.id)
        payload = {"to": place, "message": drawn, "slot": slot}
        lane = slack_lane(self.place_of(ticket, place)[0])
        return Effect(lane=lane, kind="post", ticket_id=ticket.id, payload=payload)

    def place_of(self, ticket: Ticket, place: str) -> tuple[str, str | None]:
        """The channel where a place's messages go, and the thread there, as the ticket now is."""
        if place == Audience.INTAKE.value:
            return self._settings.intake_channel, None
        if place != Audience.REQUESTOR.value:
            return self._settings.team_channel, ticket.card.ts if ticket.card else None
        if ticket.thread:
            return ticket.thread.channel, ticket.thread.ts
        return ticket.requestor.slack_id if ticket.is_direct else self._settings.intake_channel, None

    def parked(self, transaction: Transaction, effect: Effect, reason: str) -> None:
        """Tells the team that an effect waits for an operator; a notice that cannot be told is only logged."""
        if effect.payload.get("is_notice"):
            return
        ticket = transaction.ticket(effect.ticket_id) if effect.ticket_id else None
        request_type = self._plugins.types.get(ticket.type) if ticket and ticket.is_urgent else None
        leads = words.leads(request_type.settings) if request_type else ""
        self.notice(transaction, words.parked(effect.kind, ticket, leads, reason))

    def notice(self, transaction: Transaction, text: str, *, again_after: float = 0.0) -> None:
        """Tells the team something that an operator should mend, unless they were told `again_after` seconds ago."""
        drawn = slack_messages.message(telling.Message(text=text))
        payload = {"message": drawn, "channel": self._settings.team_channel, "is_notice": True}
        effect = Effect(lane=slack_lane(self._settings.team_channel), kind="post", payload=payload)
        is_old = again_after and transaction.was_written(effect, transaction.now - again_after)
        if not is_old and not transaction.is_waiting(effect):
            transaction.enqueue(effect)

    def type_of(self, ticket: Ticket) -> RequestType:
        """The ticket's request type; raises Rejected where it has been uninstalled since."""
        request_type = self._plugins.of(ticket.type)
        if request_type is None:
            raise Rejected(f"the request type {ticket.type!r} is not installed")
        return request_type

    def draw(self, ticket: Ticket) -> Mapping[str, Any]:
        """The team's card as the ticket now is; without the answers where its type is not installed any more."""
        request_type = self._plugins.of(ticket.type)
        return cards.card(ticket, request_type.form if request_type else None, self._people)


def _is_answered(ticket: Ticket, told: LastNotified) -> bool:
    """Whether the requestor has answered what was told, or what was told is an answer: nothing is added to either.

    Where they are known not to have clicked, it was a label in GitHub, whose delivery may be all that we hear of.
    """
    step = lifecycle.news(told.now, ticket.state)
    answers = {kind: asked.telling for kind, asked in ticket.asked.items() if kind in ANSWERS}
    return any(answers.get(kind, 0) is None for kind in step) or told.number in answers.values()


def withdrawal(lane: str, ticket: Ticket, slot: str) -> Effect:
    """The effect that takes away the message of a slot."""
    return Effect(lane=lane, kind="withdraw", ticket_id=ticket.id, payload={"slot": slot})


def is_standing(ticket: Ticket, slot: str) -> bool:
    """Whether the message of a slot is part of the telling under way."""
    number, _, place = slot.partition(":")
    told = ticket.told
    return told is not None and number == str(told.number) and place in told.to


def is_withdrawn(ticket: Ticket, slot: str) -> bool:
    """Whether the message of a slot has become untrue within the telling that it is of."""
    number, _, place = slot.partition(":")
    told = ticket.told
    return told is not None and number == str(told.number) and place not in told.to
