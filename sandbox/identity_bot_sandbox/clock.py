"""The clock of everybody in the sandbox: the real time, set forward by as much as somebody wants to see."""

from __future__ import annotations

import re
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
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
EXPECTED = 'the team\'s time, such as "2026-11-27 16:59", or how much later than now: +30m, +3h or +2d'
"""What may be asked for with `--clock`."""
MONDAY, OPENING = 0, time_of_day(9)

_AFTER = re.compile(r"\+(\d{1,7})([mhd])", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", re.ASCII)

Follow = Callable[[float], AbstractContextManager[object]]


class ClockError(SandboxError):
    """The clock cannot be set to that."""


class SandboxClock:
    """Seconds since the epoch when it is called, as `time.time` gives them; it goes on at the usual pace.

    `offset` is by how many seconds it is ahead of the real time.
    """

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset
        self._moving = threading.RLock()
        self._followers: list[Follow] = []

    def __call__(self) -> float:
        return time.time() + self.offset

    def utc(self) -> datetime:
        """Now, in UTC."""
        return datetime.fromtimestamp(self(), UTC)

    def local(self) -> datetime:
        """Now, as the team's clock on the wall shows it."""
        return datetime.fromtimestamp(self(), TEAM_ZONE)

    @property
    def is_followed(self) -> bool:
        """Whether there is a bot that goes by it."""
        return bool(self._followers)

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
        with self._moving:
            self._followers.append(follow)
        try:
            yield
        finally:
            self._followers.remove(follow)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody sets the clock within the block."""
        with self._moving:
            yield


def set_by(text: str) -> SandboxClock:
    """A clock that begins when somebody says, as in EXPECTED; raises ClockError if it is no such text."""
    text = text.strip()
    now = datetime.now(TEAM_ZONE)
    if found := _AFTER.fullmatch(text):
        unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2]]
        moment = later(now, **{unit: int(found[1])})
    elif _MOMENT.fullmatch(text):
        moment = _on_the_wall(text)
    else:
        raise ClockError(f"{text!r} is no time for the clock; expected {EXPECTED}")
    if not EARLIEST <= moment < LATEST:
        raise ClockError(f"the clock can be set to any time from {EARLIEST.year} to {LATEST.year - 1}")
    return SandboxClock(moment.timestamp() - now.timestamp())


def _on_the_wall(text: str) -> datetime:
    """A moment by the team's clock on the wall, which skips an hour each spring."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=TEAM_ZONE)
        real = moment.astimezone(UTC).astimezone(TEAM_ZONE)
    except (ValueError, OverflowError):
        raise ClockError(f"there is no {text} in the calendar; expected {EXPECTED}") from None
    if real.replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise ClockError(f"there is no {text} Eastern: clocks are set forward in that hour")
    return moment


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
