"""The notifier: has people told how a ticket has changed, and keeps the team's card up to date."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from identity_bot.messages import alerts, updates
from identity_bot.messages.updates import Happened
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.effects.cards import DrawCard, RedrawSimilar
from identity_bot.outbox.effects.deliveries import Deliver, record
from identity_bot.outbox.effects.messages import Notify, PostAlert, PostUpdate, place_of, retire_buttons
from identity_bot.outbox.effects.people import FindPerson
from identity_bot.outbox.effects.survey import ask_requestor
from identity_bot.plugins.approval import approvers, mention
from identity_bot.plugins.loader import Plugins
from identity_bot.plugins.request_type import RequestType
from identity_bot.settings import Settings
from identity_bot.store.transaction import Transaction
from identity_bot.tickets import lifecycle
from identity_bot.tickets.actions import event_for, is_so
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.duplicates import is_hidden_from
from identity_bot.tickets.model import (
    Action,
    Approval,
    Change,
    Event,
    EventKind,
    Notification,
    Requested,
    Stage,
    Ticket,
    TicketState,
)
from identity_bot.tickets.people import People
from identity_bot.tickets.subject import subject

log = logging.getLogger(__name__)

QUIET = 2.0
"""Debounce: one change in GitHub arrives as several webhooks. Seconds without a change until people are told."""
REDRAW = 0.5
"""Debounce of the card, which is edited in place: Slack takes about one edit a second in a channel."""
ASKED_AGAIN = 30 * DAY
"""Seconds after which it may be asked again who somebody is: as long as effects that are done are kept."""
LONGEST_WAIT = 10.0
"""Seconds from the first change until people are told, however many follow it."""


class Notifier:
    """Writes the effects by which people are told of a ticket, in the transaction of what they are told."""

    def __init__(self, *, plugins: Plugins, settings: Settings, people: People, quiet: float = QUIET) -> None:
        self._plugins = plugins
        self._settings = settings
        self._people = people
        self._quiet = quiet

    def welcome(self, transaction: Transaction, ticket: Ticket, *, opened_at: float | None = None) -> None:
        """Save a ticket whose issue has just been seen for the first time, and tell people of it.

        `opened_at` is when the issue was opened if it is adopted. It may have been before, and the database lost it.
        """
        event = Event(kind=EventKind.CREATED, ticket_id=ticket.id, at=transaction.now)
        record(transaction, self._plugins, ticket, event)
        request_type = self._request_type(transaction, ticket)
        notifications = request_type.notify(ticket, event)
        ticket = replace(ticket, headline=_headline(notifications))
        transaction.save(ticket)
        self.follow(transaction, ticket, opened_at=opened_at)  # the card first: others go into its thread
        self._alert_without_approvers(transaction, ticket)
        happened = [(event, notifications)]
        self._post(transaction, ticket, happened, request_type, is_first=True, opened_at=opened_at)

    def restore(self, transaction: Transaction, ticket: Ticket, created_at: float) -> None:
        """Save a ticket that the database had lost. Its card is found or drawn; people have been told all else."""
        event = Event(kind=EventKind.CREATED, ticket_id=ticket.id, at=created_at)
        transaction.add_event(event)
        request_type = self._plugins.of(ticket.type)
        headline = _headline(request_type.notify(ticket, event)) if request_type else ""
        ticket = replace(ticket, headline=headline, last_notified=ticket.state)
        transaction.save(ticket)
        if ticket.stage is not Stage.CLOSED:
            self.follow(transaction, ticket)

    def follow(self, transaction: Transaction, ticket: Ticket, *, opened_at: float | None = None) -> None:
        """Have the card drawn, and soon people told, of a ticket that has changed and is saved."""
        if ticket.headline or ticket.card:
            card = DrawCard(ticket_id=ticket.id, channel=self._settings.team_channel, opened_at=opened_at)
            transaction.enqueue(card, delay=REDRAW if ticket.card else 0.0, longest_wait=LONGEST_WAIT)
        if ticket.state != ticket.last_notified:
            self._find_people(transaction, ticket.last_notified or TicketState(), ticket.state)
            transaction.enqueue(Notify(ticket_id=ticket.id), delay=self._quiet, longest_wait=LONGEST_WAIT)

    def hide(self, transaction: Transaction, ticket: Ticket) -> None:
        """Have the cards drawn again that may show a ticket as similar which is about to become sensitive."""
        if words := subject(ticket):
            transaction.enqueue(RedrawSimilar(ticket_id=ticket.id, text=" ".join(words)))

    def notify(self, transaction: Transaction, ticket_id: str) -> None:
        """Tell people how a ticket differs from what they were last told, in one message for each destination."""
        ticket = transaction.ticket(ticket_id)
        if ticket is None:
            return
        before = ticket.last_notified or TicketState()
        if not ticket.is_sensitive:
            transaction.enqueue(RedrawSimilar(ticket_id=ticket_id))
        kinds = lifecycle.news(before, ticket.state)
        request_type = self._request_type(transaction, ticket) if kinds else None
        # Only if the ticket now is as was requested: else somebody else has done something of the same kind.
        requested = {
            event_for(before, one.change): one for one in ticket.requested if is_so(ticket.state, one.change)
        }
        happened = []
        for kind in kinds:
            one = requested.get(kind)
            event = Event(
                kind=kind,
                ticket_id=ticket.id,
                at=transaction.now,
                was=before,
                by=one.by if one else "",
                reason=one.change.reason if one else "",
                original=_original(transaction, ticket, one.change) if one else None,
            )
            record(transaction, self._plugins, ticket, event)
            if kind is EventKind.CLOSED and lifecycle.is_closed_unapproved(ticket.state):
                self.alert(transaction, alerts.closed_unapproved(ticket, _leads(request_type, ticket)))
            log.info("ticket %s: #%s", kind.value, ticket.number, extra={"ticket": ticket.id})
            happened.append((event, request_type.notify(ticket, event) if request_type else []))
        if EventKind.APPROVAL_NEEDED in kinds:
            self._alert_without_approvers(transaction, ticket)
        self._post(transaction, ticket, happened, request_type)
        if EventKind.CLOSED in kinds and not _is_untried(requested.get(EventKind.CLOSED)):
            ask_requestor(transaction, self._settings, ticket)
        notified = replace(ticket, last_notified=ticket.state).without_made_requests()
        if notified != ticket:
            transaction.save(notified)
        retire_buttons(transaction, ticket, [requested[kind] for kind in kinds if kind in requested])

    def tell(self, transaction: Transaction, ticket: Ticket, event: Event) -> None:
        """Tell people at once of something that the ticket's state does not show."""
        record(transaction, self._plugins, ticket, event)
        if event.kind is EventKind.REDACTED:
            transaction.enqueue(RedrawSimilar(ticket_id=ticket.id))  # they may show half of what was removed
        log.info("ticket %s: #%s", event.kind.value, ticket.number, extra={"ticket": ticket.id})
        request_type = self._request_type(transaction, ticket)
        self._post(transaction, ticket, [(event, request_type.notify(ticket, event))], request_type)

    def alert(self, transaction: Transaction, text: str, *, again_after: float = 0.0) -> None:
        """Tell the team of something to fix, unless they were told within `again_after` seconds."""
        alert = PostAlert(to=self._settings.team_channel, text=text)
        if not (again_after and transaction.was_enqueued(alert.unique_key, transaction.now - again_after)):
            transaction.enqueue(alert)

    def _alert_without_approvers(self, transaction: Transaction, ticket: Ticket) -> None:
        """Tell the team if a ticket waits for an approval that nobody can give in Slack."""
        is_needed = ticket.state.approval is Approval.NEEDED
        if is_needed and not approvers(self._plugins, ticket, self._people):
            self.alert(transaction, alerts.no_approvers(ticket))

    def alert_failures(self, transaction: Transaction) -> None:
        """Tell the team which plugins have failed since they were last told, once a day for each hook."""
        for failure in self._plugins.failures.take():
            self.alert(transaction, alerts.plugin_failed(failure.plugin, failure.hook), again_after=DAY)

    def _request_type(self, transaction: Transaction, ticket: Ticket) -> RequestType:
        """The ticket's type, or a stand-in if it is not installed, of which the team is told."""
        if request_type := self._plugins.of(ticket.type):
            return request_type
        self.alert(transaction, alerts.type_uninstalled(ticket), again_after=DAY)
        return self._plugins.stand_in(ticket.type)

    def _find_people(self, transaction: Transaction, before: TicketState, now: TicketState) -> None:
        """Find out once who somebody is in Slack to whom a ticket was given: a login alone mentions nobody."""
        given = {*now.assignees, now.spoc} - {*before.assignees, before.spoc, ""}
        for login in sorted(key for key in given if not self._people.is_known(key)):
            find = FindPerson(login=login)
            if not transaction.was_enqueued(find.unique_key, transaction.now - ASKED_AGAIN):
                transaction.enqueue(find)

    def effect_failed(self, transaction: Transaction, kind: str, ticket_id: str | None, reason: str) -> None:
        """Tell the team that an effect waits for an operator; an alert that cannot be posted is only logged.

        A delivery to a plugin tells of its own failure: whatever waits for the plugin may fail in the same way.
        """
        if kind in (PostAlert.kind, Deliver.kind):
            return
        ticket = transaction.ticket(ticket_id) if ticket_id else None
        request_type = self._plugins.types.get(ticket.type) if ticket and ticket.is_urgent else None
        leads = _leads(request_type, ticket)
        effect = EFFECTS.get(kind)
        self.alert(transaction, alerts.effect_failed(effect.label if effect else kind, ticket, leads, reason))

    def _post(
        self,
        transaction: Transaction,
        ticket: Ticket,
        happened: Happened,
        request_type: RequestType | None,
        *,
        is_first: bool = False,
        opened_at: float | None = None,
    ) -> None:
        title = request_type.form.title if request_type else ""
        able = [mention(one, self._people) for one in approvers(self._plugins, ticket, self._people)]
        for to, message in updates.messages(ticket, happened, title, self._people, able).items():
            channel, _ = place_of(ticket, to, self._settings)
            update = PostUpdate(
                ticket_id=ticket.id,
                to=to,
                message=message,
                channel=channel,
                is_first=is_first,
                opened_at=opened_at,
                is_sensitive=ticket.is_sensitive,
            )
            transaction.enqueue(update)
        self.alert_failures(transaction)


def _is_untried(requested: Requested | None) -> bool:
    """Whether the bot has closed a ticket because its requestor did not try it, and so can say nothing about it."""
    return requested is not None and requested.is_automatic


def _leads(request_type: RequestType | None, ticket: Ticket | None) -> str:
    """Mentions of the ticket's leads."""
    return alerts.leads({"leads": request_type.route(ticket).leads}) if request_type and ticket else ""


def _original(transaction: Transaction, ticket: Ticket, change: Change) -> Ticket | None:
    """The ticket that this one is a duplicate of, if whoever hears of this one in Slack may hear of that one, too."""
    found = transaction.read_ticket(change.value) if change.action is Action.DUPLICATE else None
    if found is None or is_hidden_from(ticket, found):
        return None
    if found.is_private:
        is_theirs = bool(found.requestor.slack_id) and found.requestor.slack_id == ticket.requestor.slack_id
        return found if is_theirs and (ticket.is_private or ticket.is_sensitive) else None
    return found


def _headline(notifications: Sequence[Notification]) -> str:
    """The card's first line."""
    return next((one.text for one in notifications if one.is_card), "")
