"""The clock of everybody in the sandbox: the real time, set forward by as much as somebody wants to see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from identity_bot_sandbox.errors import SandboxError

TEAM_ZONE = ZoneInfo("America/New_York")
"""The team works on Eastern time."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
MONDAY, OPENING = 0, time_of_day(9)

Follow = Callable[[float], AbstractContextManager[object]]


class ClockError(SandboxError):
    """The clock cannot be set to that."""


class SandboxClock:
    """Seconds since the epoch when it is called, as `time.time` gives them; it goes on at the usual pace.

    `offset` is by how many seconds it is ahead of the real time.
    """

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset
        self._moving = threading.Lock()
        self._followers: list[Follow] = []

    def __call__(self) -> float:
        return time.time() + self.offset

    def utc(self) -> datetime:
        """Now, in UTC."""
        return datetime.fromtimestamp(self(), UTC)

    def local(self) -> datetime:
        """Now, as the team's clock on the wall shows it."""
        return datetime.fromtimestamp(self(), TEAM_ZONE)

    def forward(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Set it forward. After a whole day it is as late in the team's day as before, even if clocks are changed."""
        self.to(later(self.local(), days=days, hours=hours, minutes=minutes, seconds=seconds))

    def to(self, moment: datetime) -> None:
        """Set it to a later moment, which needs a time zone; raises ClockError if that is not later."""
        if moment > LATEST:
            raise ClockError(f"the clock can be set to any time before {LATEST.year}")
        with self._moving:
            seconds = moment.timestamp() - self()
            if seconds < 0:
                raise ClockError("the clock can only be set forward")
            with ExitStack() as moved:
                for follow in tuple(self._followers):
                    moved.enter_context(follow(seconds))
                self.offset += seconds

    def to_monday(self) -> None:
        """Set it to the next Monday at nine in the team's zone."""
        self.to(next_monday(self.local()))

    @contextmanager
    def followed_by(self, follow: Follow) -> Iterator[None]:
        """Within the block, move the clock inside what `follow` returns for the seconds that it moves by."""
        self._followers.append(follow)
        try:
            yield
        finally:
            self._followers.remove(follow)


def later(
    moment: datetime, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
) -> datetime:
    """A moment's later one: days are counted on the calendar of its time zone, all else in time that passes."""
    try:
        on_the_day = (moment + timedelta(days=days)).astimezone(UTC)
        return on_the_day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise ClockError(f"the clock can be set to any time before {LATEST.year}") from None


def next_monday(moment: datetime) -> datetime:
    """The first Monday after a moment, at nine by the clock of its time zone."""
    days = (MONDAY - moment.weekday()) % 7
    nine = datetime.combine(moment.date() + timedelta(days=days), OPENING, moment.tzinfo)
    return nine if nine > moment else nine + timedelta(days=7)
