"""Service levels: how soon the team promises to answer and to finish, and how each ticket is doing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from identity_bot.tickets.business_time import BusinessHours
from identity_bot.tickets.model import Pause, Priority, Stage, Ticket

URGENT, DEFAULT = "urgent", "default"
KEYS = (URGENT, *(one.value for one in Priority), DEFAULT)
"""What a promise may depend on; of those that fit a ticket the shortest one counts, and `default` if none does."""

Promises = Mapping[str, float | None]
"""Seconds of business time by KEYS; None for no promise."""
STALE_AFTER = 5
"""Business days after which somebody is nudged about a ticket that nobody has touched."""


class Clock(StrEnum):
    """What is measured."""

    RESPONSE = "first response"
    RESOLUTION = "resolution"


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """What the team owes next, and by when (seconds since the epoch)."""

    clock: Clock
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLevels:
    """The team's hours and what it promises in them; `types` has what single request types promise instead."""

    hours: BusinessHours = field(default_factory=BusinessHours)
    first_response: Promises = field(default_factory=dict)
    resolution: Promises = field(default_factory=dict)
    types: Mapping[str, Mapping[str, Promises]] = field(default_factory=dict)
    """By the type's name: `first_response` and `resolution`, as far as it has its own."""
    warn_before: float = 30 * 60.0
    """Seconds of business time before something is due at which its assignees are told."""
    on_call: str = ""
    """Whom to call outside of business hours, as the operator says it to requestors."""
    close_untried_after: int = 0
    """Business days after which a ticket is closed that its requestor has not tried; 0 for never."""

    def follow(self, ticket: Ticket, now: float) -> Ticket:
        """The ticket with its pauses and due times as its state asks for; called whenever the state has changed."""
        pauses = _pauses(ticket, now)
        if has_changed := pauses != ticket.pauses:
            ticket = replace(ticket, pauses=pauses)
        if ticket.stage is Stage.CLOSED:
            # What was promised when it was closed stays, whatever the settings become.
            return replace(ticket, resolution_due=self._resolution_due(ticket)) if has_changed else ticket
        return replace(
            ticket,
            response_due=self._response_due(ticket),
            resolution_due=ticket.resolution_due if is_paused(ticket) else self._resolution_due(ticket),
        )

    def response_seconds(self, ticket: Ticket) -> float | None:
        """Business time until the first response; None if there was none, or nobody knows."""
        if ticket.responded_at is None or not ticket.is_timed:
            return None
        return self.hours.between(ticket.submitted_at, ticket.responded_at)

    def resolution_seconds(self, ticket: Ticket) -> float | None:
        """Business time until it was closed, without its pauses; None if it is open."""
        if ticket.stage is not Stage.CLOSED or ticket.closed_at is None:
            return None
        return max(0.0, self.hours.between(ticket.submitted_at, ticket.closed_at) - self._paused(ticket))

    def warn_at(self, due: float) -> float:
        """When to tell somebody that this will be due: that much business time before, or when it is due if later."""
        return self.hours.subtract(due, self.warn_before)

    def nudge_at(self, touched: float) -> float:
        """When to nudge somebody about a ticket that was last touched then."""
        return self.hours.add(touched, STALE_AFTER * self.hours.day)

    def is_stale(self, ticket: Ticket, touched: float, now: float) -> bool:
        """Whether it is time to nudge somebody about an open ticket, for the first time since it was touched."""
        return not is_nudged(ticket, touched) and self.nudge_at(touched) <= now

    def close_at(self, ticket: Ticket, touched: float) -> float | None:
        """When to close a ticket that its requestor does not try; None if it is not to be closed.

        Its requestor has been nudged since it was last touched, and has had the rest of the time to answer.
        """
        if ticket.nudged_at is None or not is_nudged(ticket, touched) or not self.may_expire(ticket):
            return None
        return self.hours.add(ticket.nudged_at, (self.close_untried_after - STALE_AFTER) * self.hours.day)

    def may_expire(self, ticket: Ticket) -> bool:
        """Whether it may be closed without its requestor's word: of those in GitHub only, nobody was reminded."""
        is_untried = ticket.stage is Stage.UAT and bool(ticket.requestor.slack_id)
        is_pressing = ticket.is_urgent or ticket.state.is_unapproved
        return is_untried and not is_pressing and self.close_untried_after > 0

    def _response_due(self, ticket: Ticket) -> float | None:
        if ticket.responded_at is not None:
            return ticket.response_due  # what was promised when somebody answered
        seconds = self._promised("first_response", ticket) if ticket.is_timed else None
        return None if seconds is None else self.hours.add(ticket.submitted_at, seconds)

    def _resolution_due(self, ticket: Ticket) -> float | None:
        """The end of its target date or, without one, what is promised for all tickets of its kind."""
        if ticket.state.target:
            return self.hours.end_of(ticket.state.target)
        seconds = self._promised("resolution", ticket)
        if seconds is None:
            return None
        return self.hours.add(ticket.submitted_at, seconds + self._paused(ticket))

    def _paused(self, ticket: Ticket) -> float:
        """Business time of its pauses, without one that still lasts."""
        over = [(pause.since, pause.until) for pause in ticket.pauses if pause.until is not None]
        return sum(self.hours.between(since, until) for since, until in over)

    def _promised(self, what: str, ticket: Ticket) -> float | None:
        common = self.first_response if what == "first_response" else self.resolution
        promises = self.types.get(ticket.type, {}).get(what, common)
        kinds = [URGENT] * ticket.is_urgent + ([ticket.state.priority.value] if ticket.state.priority else [])
        fitting = [promises[kind] for kind in kinds if kind in promises]
        seconds = [one for one in fitting if one is not None]
        return min(seconds) if seconds else None if fitting else promises.get(DEFAULT)


def respond(ticket: Ticket, at: float) -> Ticket:
    """The ticket, to which somebody of the team has responded at that time.

    The first response counts, unless the ticket was closed by then: its requestor waited for none anymore.
    """
    is_over = ticket.stage is Stage.CLOSED and ticket.closed_at is not None and at > ticket.closed_at
    if ticket.responded_at is not None or is_over:
        return ticket
    return replace(ticket, responded_at=max(at, ticket.submitted_at))


def touched_at(ticket: Ticket) -> float:
    """When somebody last did something about a ticket, apart from what was said about it."""
    return max(ticket.issue_updated_at, ticket.submitted_at, ticket.responded_at or 0.0)


def may_respond(ticket: Ticket | None, slack_id: str) -> bool:
    """Whether a reply of somebody would be the first response, if they are on the team."""
    return ticket is not None and ticket.responded_at is None and slack_id != ticket.requestor.slack_id


def is_paused(ticket: Ticket) -> bool:
    """Whether its clock stands: it waits for its requestor, or is closed."""
    return bool(ticket.pauses) and ticket.pauses[-1].until is None


def waiting_since(ticket: Ticket) -> float | None:
    """Since when it has waited for its requestor; None if it does not."""
    return ticket.pauses[-1].since if is_paused(ticket) and ticket.stage is not Stage.CLOSED else None


def owed(ticket: Ticket) -> list[Due]:
    """All that the team owes, by when it is due; nothing if it is closed, and only an answer while it waits."""
    if ticket.stage is Stage.CLOSED:
        return []
    found = []
    if ticket.response_due is not None and ticket.responded_at is None:
        found.append(Due(clock=Clock.RESPONSE, at=ticket.response_due))
    if ticket.resolution_due is not None and not is_paused(ticket):
        found.append(Due(clock=Clock.RESOLUTION, at=ticket.resolution_due))
    return sorted(found, key=lambda one: one.at)


def due(ticket: Ticket) -> Due | None:
    """What the team owes next; None if it is closed, waits for its requestor, or nothing is promised."""
    return next(iter(owed(ticket)), None)


def is_overdue(ticket: Ticket, now: float) -> bool:
    """Whether what the team owes next should have been done by now."""
    one = due(ticket)
    return one is not None and one.at <= now


def is_nudged(ticket: Ticket, touched: float) -> bool:
    """Whether somebody was nudged after it was last touched."""
    return ticket.nudged_at is not None and ticket.nudged_at >= touched


def _pauses(ticket: Ticket, now: float) -> tuple[Pause, ...]:
    """Its pauses, the last one begun or ended as its state asks for."""
    if ticket.stage is Stage.CLOSED:
        # That pause is its own, so that the one before it is known in full.
        since = now if ticket.closed_at is None else ticket.closed_at
        is_known = is_paused(ticket) and (ticket.closed_at is None or ticket.pauses[-1].since == since)
        return ticket.pauses if is_known else (*_ended(ticket, since), Pause(since=since))
    is_waiting = ticket.stage is Stage.UAT or ticket.state.is_waiting
    if is_waiting == is_paused(ticket):
        return ticket.pauses
    return (*ticket.pauses, Pause(since=now)) if is_waiting else _ended(ticket, now)


def _ended(ticket: Ticket, at: float) -> tuple[Pause, ...]:
    """Its pauses, of which none lasts after that time."""
    if not is_paused(ticket):
        return ticket.pauses
    last = ticket.pauses[-1]
    return (*ticket.pauses[:-1], replace(last, until=max(at, last.since)))
