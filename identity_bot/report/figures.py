"""The month's figures, counted in one pass over the tickets. Pure."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from identity_bot.report.month import Month
from identity_bot.text.markdown import clean
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import Priority, Stage

SHOWN_MONTHS = 12
"""Months in the picture of opened and closed tickets."""
NO_TYPE, NO_TEAM, NO_PRIORITY, NO_REASON = "no type", "no team given", "not prioritized", "no reason given"
"""What stands for a name that a ticket lacks; an issue that was adopted may have no type."""

Breakdown = tuple[tuple[str, int], ...]
"""Names, and how many tickets each has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reported:
    """What a report needs of a ticket; times are in seconds since the epoch."""

    type: str
    team: str
    submitted_at: float
    stage: str
    priority: str | None = None
    close_reason: str | None = None
    closed_at: float | None = None
    is_timed: bool = True
    """False if nobody knows when it was first answered: it was adopted, or found again after a loss."""
    responded_at: float | None = None
    response_due: float | None = None
    resolution_due: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it is closed now, for whatever reason."""
        return self.stage == Stage.CLOSED.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """Tickets opened and closed in a time."""

    opened: int = 0
    closed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Durations:
    """How long something took, in seconds; None if it never happened."""

    count: int = 0
    average: float | None = None
    median: float | None = None
    percentile_90: float | None = None
    """The least that was enough for nine of ten (the nearest rank)."""

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Durations:
        """Summarize measured durations."""
        if not seconds:
            return cls()
        ordered = sorted(seconds)
        return cls(
            count=len(ordered),
            average=math.fsum(ordered) / len(ordered),
            median=statistics.median(ordered),
            percentile_90=ordered[math.ceil(len(ordered) * 9 / 10) - 1],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """How many promises were kept and missed; those that are not due yet are in neither."""

    kept: int = 0
    missed: int = 0

    @property
    def percent(self) -> float | None:
        """The share that was kept; None if none was due."""
        return _percent(self.kept, self.kept + self.missed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Satisfaction:
    """What requestors answered to the survey: how many gave each score, from 1 to 5."""

    scores: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, answers: Iterable[int]) -> Satisfaction:
        """Count answers from 1 (very dissatisfied) to 5 (very satisfied)."""
        return cls(scores=Counter(answers))

    @property
    def count(self) -> int:
        """How many answered."""
        return sum(self.scores.values())

    @property
    def percent(self) -> float | None:
        """CSAT: the share of those who are satisfied or very satisfied; None if nobody answered."""
        return _percent(self.scores.get(4, 0) + self.scores.get(5, 0), self.count)


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfService:
    """What became of the forms in which answers were shown."""

    shown: int = 0
    """Forms in which at least one answer was shown."""
    solved: int = 0
    filed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """All that the report of a month says."""

    month: Month
    made_at: float
    """When it was counted, in seconds since the epoch."""
    first_at: float | None
    """When the first of all tickets was submitted; None if there is none."""
    all_time: Flow
    """Up to the end of the month."""
    this_month: Flow
    month_before: Flow
    history: tuple[tuple[Month, Flow], ...]
    """The last twelve months, the oldest first."""
    closed_by_reason: Breakdown
    """Those closed this month."""
    opened_by_team: Breakdown
    opened_by_type: Breakdown
    """Those opened this month."""
    open_count: int
    """Those that were open when it was counted, as are the following ones."""
    open_by_stage: Breakdown
    open_by_type: Breakdown
    open_by_team: Breakdown
    open_by_priority: Breakdown
    first_response: Durations
    """Business time, of the tickets opened this month."""
    unanswered: int
    """Those opened this month that nobody has answered and that are open."""
    days_to_close: Durations
    """Calendar time, of the tickets closed this month."""
    response_promise: Promise
    resolution_promise: Promise
    satisfaction: Satisfaction
    self_service: SelfService

    @property
    def is_over(self) -> bool:
        """Whether the month was over when it was counted."""
        return self.made_at >= self.month.end

    @property
    def self_service_percent(self) -> float | None:
        """The share of this month's requests that an answer solved before a ticket was opened."""
        return _percent(self.self_service.solved, self.self_service.solved + self.this_month.opened)


def count(
    tickets: Iterable[Reported],
    month: Month,
    *,
    now: float,
    business_time: Callable[[float, float], float],
    satisfaction: Satisfaction | None = None,
    self_service: SelfService | None = None,
) -> Figures:
    """Count a month's figures; `business_time` is the team's seconds between two moments."""
    tally = _Tally(month, now, business_time)
    for ticket in tickets:
        tally.add(ticket)
    return tally.figures(satisfaction or Satisfaction(), self_service or SelfService())


class _Tally:
    """Counts tickets one by one and keeps none."""

    def __init__(self, month: Month, now: float, business_time: Callable[[float, float], float]) -> None:
        self._month, self._now, self._business_time = month, now, business_time
        self._start, self._end = month.start, month.end
        self._months = list(month.last(SHOWN_MONTHS))
        self._starts = [one.start for one in self._months]
        self._first = self._starts[0]
        self._first_at: float | None = None
        self._opened: Counter[Month] = Counter()
        self._closed: Counter[Month] = Counter()
        self._all_opened = self._all_closed = self._open = self._unanswered = 0
        self._reasons: Counter[str] = Counter()
        self._stages: Counter[str] = Counter()
        self._priorities: Counter[str] = Counter()
        self._types: Counter[str] = Counter()
        self._new_types: Counter[str] = Counter()
        self._teams, self._new_teams = _Names(), _Names()
        self._responses: list[float] = []
        self._closing: list[float] = []
        self._response = _Kept()
        self._resolution = _Kept()

    def add(self, ticket: Reported) -> None:
        """Count a ticket."""
        at = ticket.submitted_at
        self._first_at = at if self._first_at is None else min(at, self._first_at)
        self._all_opened += at < self._end
        if self._first <= at < self._end:
            self._opened[self._months[bisect_right(self._starts, at) - 1]] += 1
        if self._start <= at < self._end:
            self._add_opened(ticket)
        if ticket.is_closed:
            self._add_closed(ticket)
        else:
            self._add_open(ticket)

    def _add_opened(self, ticket: Reported) -> None:
        self._new_types[ticket.type or NO_TYPE] += 1
        self._new_teams.add(ticket.team)
        if not ticket.is_timed:
            return
        if ticket.responded_at is not None:
            self._responses.append(self._business_time(ticket.submitted_at, ticket.responded_at))
        elif not ticket.is_closed:
            self._unanswered += 1
        if (due := ticket.response_due) is not None:
            # A ticket that was closed before its answer was due asked for none anymore.
            until = ticket.closed_at if ticket.is_closed and ticket.closed_at is not None else self._now
            self._response.add(due, ticket.responded_at, until)

    def _add_closed(self, ticket: Reported) -> None:
        at = ticket.closed_at
        self._all_closed += at is None or at < self._end
        if at is None:
            return
        if self._first <= at < self._end:
            self._closed[self._months[bisect_right(self._starts, at) - 1]] += 1
        if self._start <= at < self._end:
            self._reasons[ticket.close_reason or NO_REASON] += 1
            self._closing.append(max(0.0, at - ticket.submitted_at))
            if ticket.resolution_due is not None:
                self._resolution.add(ticket.resolution_due, at, at)

    def _add_open(self, ticket: Reported) -> None:
        self._open += 1
        self._stages[ticket.stage] += 1
        self._types[ticket.type or NO_TYPE] += 1
        self._teams.add(ticket.team)
        self._priorities[ticket.priority or NO_PRIORITY] += 1

    def figures(self, satisfaction: Satisfaction, self_service: SelfService) -> Figures:
        """All that was counted."""
        flows = {one: Flow(opened=self._opened[one], closed=self._closed[one]) for one in self._months}
        return Figures(
            month=self._month,
            made_at=self._now,
            first_at=self._first_at,
            all_time=Flow(opened=self._all_opened, closed=self._all_closed),
            this_month=flows[self._month],
            month_before=flows[self._month.before],
            history=tuple(flows.items()),
            closed_by_reason=_ranked(self._reasons),
            opened_by_team=self._new_teams.ranked(),
            opened_by_type=_ranked(self._new_types),
            open_count=self._open,
            open_by_stage=_ordered(self._stages, [one.value for one in Stage]),
            open_by_type=_ranked(self._types),
            open_by_team=self._teams.ranked(),
            open_by_priority=_ordered(self._priorities, [*(one.value for one in Priority), NO_PRIORITY]),
            first_response=Durations.of(self._responses),
            unanswered=self._unanswered,
            days_to_close=Durations.of(self._closing),
            response_promise=self._response.promise(),
            resolution_promise=self._resolution.promise(),
            satisfaction=satisfaction,
            self_service=self_service,
        )


class _Kept:
    """Counts promises that were kept and missed."""

    def __init__(self) -> None:
        self._kept = self._missed = 0

    def add(self, due: float, done_at: float | None, until: float) -> None:
        """Count what was due then and was done at that time, if ever; `until` is how far that is known."""
        if done_at is not None:
            self._kept += done_at <= due
            self._missed += done_at > due
        else:
            self._missed += due <= until

    def promise(self) -> Promise:
        """All that was counted."""
        return Promise(kept=self._kept, missed=self._missed)


class _Names:
    """Counts names as people typed them; capitals and spaces make no difference."""

    def __init__(self) -> None:
        self._spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._folded: dict[str, tuple[str, str]] = {}

    def add(self, name: str) -> None:
        """Count a name."""
        if name not in self._folded:
            shown = " ".join(clean(name).split()) or NO_TEAM
            self._folded[name] = shown.casefold(), shown
        folded, shown = self._folded[name]
        self._spellings[folded][shown] += 1

    def ranked(self) -> Breakdown:
        """Each name as most people spell it, the most frequent one first."""
        counts = Counter(
            {
                min(spellings, key=lambda one: (-spellings[one], one)): spellings.total()
                for spellings in self._spellings.values()
            }
        )
        return _ranked(counts)


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _ranked(counts: Mapping[str, int]) -> Breakdown:
    """The most frequent first; equals by their names."""
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].casefold(), pair[0])))


def _ordered(counts: Mapping[str, int], order: Sequence[str]) -> Breakdown:
    """In an order of their own, without those that nothing has; names that it lacks come last."""
    places = {name: place for place, name in enumerate(order)}
    return tuple(sorted(counts.items(), key=lambda pair: (places.get(pair[0], len(places)), pair[0])))


def days(seconds: float) -> float:
    """Seconds as calendar days."""
    return seconds / DAY
