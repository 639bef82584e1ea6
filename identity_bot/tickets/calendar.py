"""The team's days, which begin at midnight in its own time zone, and how exact clocks are. Pure."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

TEAM_TIME = ZoneInfo("America/New_York")
"""Eastern time, in which the team works unless the settings name another time zone."""
DAY = 24 * 3600.0
"""In seconds, as the next one is."""
CLOCK_SKEW = 120.0
"""By how much GitHub's clock and ours may differ."""


def team_day(at: float, zone: ZoneInfo = TEAM_TIME) -> date:
    """The team's date at a moment (seconds since the epoch)."""
    return datetime.fromtimestamp(at, zone).date()
