"""Tickets' clocks: how soon the team must answer and be done, and who is told when that time comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from identity_bot.desk.notifier import Notifier
from identity_bot.outbox.effects.clocks import Escalate
from identity_bot.store import clocks
from identity_bot.store.transaction import Transaction
from identity_bot.tickets import service_levels
from identity_bot.tickets.model import Event, EventKind, Stage, Ticket
from identity_bot.tickets.service_levels import Clock, Due, ServiceLevels

FOREVER = 1e12
"""Seconds: a timer may be put off for as long as it takes."""
WARNINGS = {Clock.RESPONSE: EventKind.RESPONSE_DUE, Clock.RESOLUTION: EventKind.RESOLUTION_DUE}
MISSES = {Clock.RESPONSE: EventKind.RESPONSE_MISSED, Clock.RESOLUTION: EventKind.RESOLUTION_MISSED}


class Clocks:
    """Keeps due times and the timers that follow from them, in the transaction of what has changed."""

    def __init__(self, levels: ServiceLevels, notifier: Notifier) -> None:
        self._levels = levels
        self._notifier = notifier

    def start(self, transaction: Transaction, ticket: Ticket) -> Ticket:
        """A ticket that is new here, with its clocks, which the caller saves; its timer is set."""
        ticket = self._levels.follow(ticket, transaction.now)
        self.set_timer(transaction, ticket)
        return ticket

    def with_due_times(self, transaction: Transaction, ticket: Ticket) -> Ticket:
        """A ticket that may turn out to be known already, with its clocks; the caller sets the timer if it is not."""
        return self._levels.follow(ticket, transaction.now)

    def follow(self, transaction: Transaction, ticket: Ticket) -> Ticket:
        """The ticket with clocks that fit its state, saved, and with its timer set, if they did not."""
        now = self._levels.follow(ticket, transaction.now)
        if now != ticket:
            transaction.save(now)
            self.set_timer(transaction, now)
        return now

    def recompute(self, transaction: Transaction, tickets: Iterable[Ticket]) -> None:
        """Bring the clocks and timers of tickets up to date, as the settings or their hours may have changed."""
        pairs = [(ticket, self._levels.follow(ticket, transaction.now)) for ticket in tickets]
        clocks.save(transaction, (now for ticket, now in pairs if now != ticket))
        for _, now in pairs:
            self.set_timer(transaction, now, warns_late=True)

    def respond(self, transaction: Transaction, ticket: Ticket, at: float) -> Ticket:
        """The ticket once somebody of the team has responded at that time, saved if that was the first time."""
        now = service_levels.respond(ticket, at)
        if now != ticket:
            transaction.save(now)
            self.set_timer(transaction, now)
        return now

    def escalate(self, transaction: Transaction, ticket_id: str) -> None:
        """Tell people of what is due or overdue by now, each once, and set the timer for what follows."""
        ticket = transaction.ticket(ticket_id)
        if ticket is None or ticket.stage is Stage.CLOSED:
            return
        news, told = [], set(ticket.escalations)
        for one in service_levels.owed(ticket):
            kind = self._kind(one, transaction.now)
            if kind and _name(kind, ticket) not in told:
                news.append(kind)
                # Whoever was told that it is overdue need not hear that it was about to be.
                told |= {_name(kind, ticket), _name(WARNINGS[one.clock], ticket)}
        ticket = replace(ticket, escalations=tuple(sorted(told)))
        transaction.save(ticket)  # also for its place in the queue, where what is overdue moves up
        for kind in news:
            self._notifier.tell(
                transaction, ticket, Event(kind=kind, ticket_id=ticket.id, at=transaction.now)
            )
        self._notifier.follow(transaction, ticket)
        self.set_timer(transaction, ticket)

    def _kind(self, one: Due, now: float) -> EventKind | None:
        """What there is to tell of something due at this time."""
        if one.at <= now:
            return MISSES[one.clock]
        is_soon = self._levels.warn_before and self._levels.warn_at(one.at) <= now
        return WARNINGS[one.clock] if is_soon else None

    def set_timer(self, transaction: Transaction, ticket: Ticket, *, warns_late: bool = False) -> None:
        """Have a ticket's timer ring when there will be something to tell.

        What is so close that its warning should have come already is told only once it is missed, unless
        `warns_late`: whoever has just brought it about knows.
        """
        now = transaction.now
        since = ticket.submitted_at if warns_late else now
        rings = [ring for one in service_levels.owed(ticket) for ring in self._rings(ticket, one, now, since)]
        if rings:  # a timer that was set for something else finds nothing to tell
            timer = Escalate(ticket_id=ticket.id)
            transaction.enqueue(timer, delay=min(rings) - now, longest_wait=FOREVER)

    def _rings(self, ticket: Ticket, one: Due, now: float, since: float) -> Iterator[float]:
        """When there will be something to tell, or to draw, of what is due, of warnings only those after `since`."""
        if _name(MISSES[one.clock], ticket) not in ticket.escalations or one.at > now:
            yield max(one.at, now)
        warns = self._levels.warn_before and _name(WARNINGS[one.clock], ticket) not in ticket.escalations
        if warns and (at := self._levels.warn_at(one.at)) > since:
            yield max(at, now)


def _name(kind: EventKind, ticket: Ticket) -> str:
    """What is told once: of a target date, for each date that somebody sets."""
    is_dated = kind in (EventKind.RESOLUTION_DUE, EventKind.RESOLUTION_MISSED) and ticket.state.target
    return f"{kind.value} {ticket.state.target}" if is_dated else kind.value
