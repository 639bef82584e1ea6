"""Tickets' clocks: how soon the team must answer and be done, who is told when that time comes, and who is nudged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from identity_bot.desk.notifier import Notifier
from identity_bot.messages import clocks as words
from identity_bot.outbox.effects.clocks import CloseUntried, Escalate
from identity_bot.outbox.effects.issue_access import record_requests
from identity_bot.store import clocks
from identity_bot.store.transaction import Transaction
from identity_bot.tickets import service_levels
from identity_bot.tickets.model import Action, Change, CloseReason, Event, EventKind, Stage, Ticket
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
        ticket = self._taken_in(ticket, transaction.now)
        self.set_timer(transaction, ticket)
        return ticket

    def recover(self, transaction: Transaction, ticket: Ticket) -> Ticket:
        """A ticket that was found again, with its clocks, saved; what is overdue by now is told to nobody anew."""
        ticket = self._taken_in(ticket, transaction.now)
        news = self._news(ticket, transaction.now)
        missed = {clock: kind for clock, kind in news.items() if kind is MISSES[clock]}
        ticket = replace(ticket, escalations=self._told(ticket, missed))
        transaction.save(ticket)
        self.set_timer(transaction, ticket)
        return ticket

    def with_due_times(self, transaction: Transaction, ticket: Ticket) -> Ticket:
        """A ticket that may turn out to be known already, with its clocks; the caller sets the timer if it is not."""
        return self._levels.follow(ticket, transaction.now)

    def follow(self, transaction: Transaction, ticket: Ticket, *, is_reopened: bool = False) -> Ticket:
        """The ticket with clocks that fit its state, saved, and with its timer set, if they did not.

        Of one that was reopened, people are told once more when it is overdue.
        """
        now = self._levels.follow(ticket, transaction.now)
        if is_reopened:
            now = replace(
                now, escalations=tuple(one for one in now.escalations if not _is_of_resolution(one))
            )
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
            self._notifier.follow(transaction, now)  # the card says by when to answer
        return now

    def escalate(self, transaction: Transaction, ticket_id: str) -> None:
        """Tell people of what is due, overdue or untouched by now, each once, and set the timer for what follows."""
        ticket = transaction.ticket(ticket_id)
        if ticket is None or ticket.stage is Stage.CLOSED:
            return
        touched = max(service_levels.touched_at(ticket), transaction.last_said(ticket.id))
        overdue = self._news(ticket, transaction.now)
        ticket = replace(ticket, escalations=self._told(ticket, overdue))
        news = [*overdue.values()]
        if self._levels.is_stale(ticket, touched, transaction.now):
            ticket = replace(ticket, nudged_at=transaction.now)
            news.append(EventKind.UNTRIED if ticket.stage is Stage.UAT else EventKind.STALE)
        ticket = self._expire(transaction, ticket, touched)
        transaction.save(ticket)  # also for its place in the queue, where what is overdue moves up
        for kind in news:
            self._notifier.tell(
                transaction, ticket, Event(kind=kind, ticket_id=ticket.id, at=transaction.now)
            )
        self._notifier.follow(transaction, ticket)
        self.set_timer(transaction, ticket, touched)

    def _taken_in(self, ticket: Ticket, now: float) -> Ticket:
        """A ticket that the bot has just found, with its clocks.

        If nobody has touched it for long, nobody is nudged, as many such tickets may come at once; but a requestor
        whose ticket may be closed untried is reminded first.
        """
        ticket = self._levels.follow(ticket, now)
        is_stale = self._levels.is_stale(ticket, service_levels.touched_at(ticket), now)
        return replace(ticket, nudged_at=now) if is_stale and not self._levels.may_expire(ticket) else ticket

    def _expire(self, transaction: Transaction, ticket: Ticket, touched: float) -> Ticket:
        """The ticket once it is to be closed because its requestor does not try it, if it is time for that."""
        close_at = self._levels.close_at(ticket, touched)
        if close_at is None or close_at > transaction.now or _is_expiring(ticket):
            return ticket
        reason = words.no_answer(self._levels.close_untried_after)
        change = Change(action=Action.CLOSE, value=CloseReason.COMPLETED.value, reason=reason)
        transaction.enqueue(CloseUntried(ticket_id=ticket.id, change=change, touched=touched))
        return record_requests(ticket, [change], by="")

    def _news(self, ticket: Ticket, now: float) -> Mapping[Clock, EventKind]:
        """What there is to tell of a ticket that nobody was told yet."""
        kinds = {one.clock: self._kind(one, now) for one in service_levels.owed(ticket)}
        return {
            clock: kind
            for clock, kind in kinds.items()
            if kind and _name(kind, ticket) not in ticket.escalations
        }

    def _told(self, ticket: Ticket, news: Mapping[Clock, EventKind]) -> tuple[str, ...]:
        """What people have been told once they are told this, too."""
        # Whoever was told that it is overdue need not hear that it was about to be.
        names = {_name(kind, ticket) for clock, one in news.items() for kind in (one, WARNINGS[clock])}
        return tuple(sorted({*ticket.escalations, *names}))

    def _kind(self, one: Due, now: float) -> EventKind | None:
        """What there is to tell of something due at this time."""
        if one.at <= now:
            return MISSES[one.clock]
        is_soon = self._levels.warn_before and self._levels.warn_at(one.at) <= now
        return WARNINGS[one.clock] if is_soon else None

    def set_timer(
        self, transaction: Transaction, ticket: Ticket, touched: float = 0.0, *, warns_late: bool = False
    ) -> None:
        """Have a ticket's timer ring when there will be something to tell, as far as is known.

        Whoever touches it later does not set the timer: then it finds nothing to tell, and is set anew. What is so
        close that its warning should have come already is told only once it is missed, unless `warns_late`: whoever
        has just brought it about knows.
        """
        if ticket.stage is Stage.CLOSED:
            return
        now, touched = transaction.now, max(touched, service_levels.touched_at(ticket))
        since = ticket.submitted_at if warns_late else now
        rings = [ring for one in service_levels.owed(ticket) for ring in self._rings(ticket, one, now, since)]
        # It is looked at again after a nudge, too: somebody may have touched it in between.
        rings.append(self._levels.nudge_at(now if service_levels.is_nudged(ticket, touched) else touched))
        if (close_at := self._levels.close_at(ticket, touched)) and not _is_expiring(ticket):
            rings.append(close_at)
        timer = Escalate(ticket_id=ticket.id)
        transaction.enqueue(timer, delay=max(0.0, min(rings) - now), longest_wait=FOREVER)

    def _rings(self, ticket: Ticket, one: Due, now: float, since: float) -> Iterator[float]:
        """When there will be something to tell, or to draw, of what is due, of warnings only those after `since`."""
        if _name(MISSES[one.clock], ticket) not in ticket.escalations or one.at > now:
            yield max(one.at, now)
        warns = self._levels.warn_before and _name(WARNINGS[one.clock], ticket) not in ticket.escalations
        if warns and (at := self._levels.warn_at(one.at)) > since:
            yield max(at, now)


def _is_expiring(ticket: Ticket) -> bool:
    """Whether the bot is about to close it."""
    return any(one.is_automatic and one.change.action is Action.CLOSE for one in ticket.requested)


def _is_of_resolution(name: str) -> bool:
    """Whether something that was told is about when a ticket should be done."""
    return name.startswith((WARNINGS[Clock.RESOLUTION].value, MISSES[Clock.RESOLUTION].value))


def _name(kind: EventKind, ticket: Ticket) -> str:
    """What is told once for as long as it stays open: of a target date, for each date that somebody sets."""
    is_dated = kind in (EventKind.RESOLUTION_DUE, EventKind.RESOLUTION_MISSED) and ticket.state.target
    return f"{kind.value} {ticket.state.target}" if is_dated else kind.value
