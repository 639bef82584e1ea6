"""Business time: the hours in which the team works, without weekends, holidays and days off. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

import holidays

from identity_bot.tickets.calendar import TEAM_TIME

HOUR = 3600.0
"""In seconds, like all times here; moments are in seconds since the epoch."""
LONGEST_BREAK = 366
"""Days in a row without business; more mean that no day is one."""
_MONDAY_TO_FRIDAY = range(5)


@dataclass(frozen=True, kw_only=True, slots=True)
class BusinessHours:
    """When the team works: from `opens` until `closes` on each business day.

    `country` is a code that the `holidays` library knows, such as `US` (its federal holidays) or `DE-BY`; its holidays
    and its weekends are no business days. Without one, all days from Monday to Friday are.
    """

    zone: ZoneInfo = TEAM_TIME
    opens: time = time(9)
    closes: time = time(17)
    country: str = "US"
    days_off: frozenset[date] = field(default_factory=frozenset)

    @property
    def day(self) -> float:
        """How long a business day is."""
        return _seconds(self.closes) - _seconds(self.opens)

    def is_business_day(self, day: date) -> bool:
        """Whether the team works on that day."""
        return _window(self, day) is not None

    def is_open(self, at: float) -> bool:
        """Whether a moment is within business hours."""
        window = _window(self, self.day_at(at))
        return window is not None and window[0] <= at < window[1]

    def day_at(self, at: float) -> date:
        """The date at a moment where the team is."""
        return datetime.fromtimestamp(at, self.zone).date()

    def moment(self, day: date, at: time) -> float:
        """The moment of a time of day where the team is."""
        return datetime.combine(day, at, self.zone).timestamp()

    def next_open(self, at: float) -> float:
        """This moment if it is within business hours, else when the next ones begin."""
        return next(max(opening, at) for opening, closing in self._windows(at) if closing > at)

    def end_of(self, day: date) -> float:
        """When the team stops for that day, or would stop if it worked then."""
        return self.moment(day, self.closes)

    def add(self, at: float, seconds: float) -> float:
        """The moment at which that much business time has passed."""
        left = seconds
        for opening, closing in self._windows(at):
            begins = max(opening, at)
            if closing - begins >= left:
                return begins + left
            left -= max(0.0, closing - begins)
        raise AssertionError("unreachable: there is always another business day")

    def subtract(self, at: float, seconds: float) -> float:
        """The moment from which on that much business time passes until `at`."""
        left, day = seconds, self.day_at(at)
        while True:
            if window := _window(self, day):
                opening, ends = window[0], min(window[1], at)
                if ends - opening >= left:
                    return ends - left
                left -= max(0.0, ends - opening)
            day -= timedelta(days=1)

    def between(self, start: float, end: float) -> float:
        """How much business time passes from one moment to another; 0 if it is not later."""
        if end <= start:
            return 0.0
        spent = 0.0
        for opening, closing in self._windows(start):
            if opening >= end:
                return spent
            spent += max(0.0, min(closing, end) - max(opening, start))
        return spent

    def next_time(self, after: float, at: time) -> float:
        """The next moment, later than `after`, at which it is that time on a business day."""
        day = self.day_at(after)
        while not (self.is_business_day(day) and self.moment(day, at) > after):
            day += timedelta(days=1)
        return self.moment(day, at)

    def _windows(self, at: float) -> Iterator[tuple[float, float]]:
        """When the team works, from the day of a moment on."""
        day = self.day_at(at)
        while True:
            if window := _window(self, day):
                yield window
            day += timedelta(days=1)


def country_problem(code: str) -> str:
    """What is wrong with the code of a country, for whoever wrote it; empty if nothing."""
    country, _, part = code.partition("-")
    known = holidays.list_supported_countries()
    if code != code.upper() and not country_problem(code.upper()):
        return f"not a country whose holidays are known; did you mean {code.upper()!r}?"
    if country not in known:
        return "not a country whose holidays are known; expected a code such as US or DE-BY"
    if part and part not in known[country]:
        parts = ", ".join(known[country]) or "none"
        return f"not a part of {country} whose holidays are known; expected one of: {parts}"
    return ""


@cache
def _calendar(code: str) -> holidays.HolidayBase:
    country, _, part = code.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


@lru_cache(maxsize=20_000)
def _window(hours: BusinessHours, day: date) -> tuple[float, float] | None:
    """From when until when the team works on a day; None if it does not."""
    if day in hours.days_off:
        return None
    is_working = (
        _calendar(hours.country).is_working_day(day) if hours.country else day.weekday() in _MONDAY_TO_FRIDAY
    )
    return (hours.moment(day, hours.opens), hours.moment(day, hours.closes)) if is_working else None


def _seconds(at: time) -> float:
    return at.hour * 3600.0 + at.minute * 60.0
