"""Months in the team's time zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from identity_bot.tickets.calendar import TEAM_TIME

_WRITTEN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """A month, from its first midnight in a time zone to that of the next month."""

    year: int
    number: int
    """From 1 to 12."""
    zone: ZoneInfo = TEAM_TIME

    @classmethod
    def at(cls, moment: float, zone: ZoneInfo = TEAM_TIME) -> Month:
        """The month that a moment (seconds since the epoch) is in."""
        day = datetime.fromtimestamp(moment, zone)
        return cls(year=day.year, number=day.month, zone=zone)

    @classmethod
    def written(cls, text: str, zone: ZoneInfo = TEAM_TIME) -> Month | None:
        """The month that is written as in `2026-11`; None for anything else."""
        found = _WRITTEN.fullmatch(text)
        if found is None or int(found[1]) < 1970:
            return None
        return cls(year=int(found[1]), number=int(found[2]), zone=zone)

    @property
    def start(self) -> float:
        """When it begins, in seconds since the epoch."""
        return datetime(self.year, self.number, 1, tzinfo=self.zone).timestamp()

    @property
    def end(self) -> float:
        """When the next month begins, in seconds since the epoch."""
        return self.moved(1).start

    @property
    def before(self) -> Month:
        """The month before this one."""
        return self.moved(-1)

    def moved(self, months: int) -> Month:
        """The month that is so many months later, or earlier if it is negative."""
        year, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year=year, number=number + 1, zone=self.zone)

    def last(self, count: int) -> Iterator[Month]:
        """This month and those before it, the oldest first."""
        return (self.moved(back) for back in range(1 - count, 1))

    def contains(self, moment: float | None) -> bool:
        """Whether a moment (seconds since the epoch) is in it."""
        return moment is not None and self.start <= moment < self.end

    @property
    def name(self) -> str:
        """How people read it, such as `November 2026`."""
        return f"{_NAMES[self.number - 1]} {self.year}"

    @property
    def short(self) -> str:
        """How it is labeled in a picture, such as `Nov 26`."""
        return f"{_NAMES[self.number - 1][:3]} {self.year % 100:02}"

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"
