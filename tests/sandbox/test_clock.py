"""The sandbox's clock: it goes on by itself, and forward only when it is set."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from identity_bot_sandbox.clock import TEAM_ZONE, ClockError, SandboxClock, later, next_monday, set_by


def team(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TEAM_ZONE)


def test_it_is_the_real_time_until_it_is_set() -> None:
    assert SandboxClock()() == pytest.approx(time.time(), abs=1)


def test_it_goes_on_from_where_it_is_set() -> None:
    clock = SandboxClock()

    clock.forward(days=1, hours=2, minutes=3, seconds=4)

    assert clock.utc().timestamp() == pytest.approx(clock(), abs=1)
    assert clock() - time.time() > 23 * 3600


def test_an_hour_is_an_hour_when_clocks_are_changed() -> None:
    assert later(team("2026-11-01 01:30"), hours=1) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_a_day_later_it_is_as_late_in_the_day_when_clocks_are_changed() -> None:
    assert later(team("2026-10-31 17:00"), days=1) == team("2026-11-01 17:00")
    assert later(team("2027-03-13 17:00"), days=1) == team("2027-03-14 17:00")


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-11-26 15:00", "2026-11-30 09:00"),
        ("2026-11-30 08:59", "2026-11-30 09:00"),
        ("2026-11-30 09:00", "2026-12-07 09:00"),
        ("2026-11-30 17:00", "2026-12-07 09:00"),
        ("2026-10-31 23:00", "2026-11-02 09:00"),
        ("2026-12-29 10:00", "2027-01-04 09:00"),
    ],
)
def test_the_next_monday_at_nine_is_by_the_teams_clock(now: str, monday: str) -> None:
    assert next_monday(team(now)) == team(monday)


def test_it_is_never_set_back() -> None:
    clock = SandboxClock()
    clock.forward(hours=1)

    with pytest.raises(ClockError, match="only be set forward"):
        clock.forward(hours=-1)
    with pytest.raises(ClockError, match="only be set forward"):
        clock.to(datetime.fromtimestamp(time.time(), TEAM_ZONE))

    assert clock.offset == pytest.approx(3600)


@pytest.mark.parametrize("days", [40_000, 4_000_000, 1e12])
def test_it_is_not_set_beyond_what_the_bot_can_count(days: float) -> None:
    with pytest.raises(ClockError, match="before 2100"):
        SandboxClock().forward(days=days)


def test_whoever_follows_it_is_there_before_and_after_it_moves() -> None:
    clock, seen = SandboxClock(), []

    @contextmanager
    def follow(seconds: float) -> Iterator[None]:
        seen.append((round(seconds), clock.offset))
        yield
        seen.append((round(seconds), round(clock.offset)))

    with clock.followed_by(follow):
        clock.forward(hours=1)
    clock.forward(hours=1)

    assert seen == [(3600, 0.0), (3600, 3600)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-27 16:59", "2026-11-27 16:59"),
        ("2026-11-27T16:59", "2026-11-27 16:59"),
        (" 2000-01-02 00:00 ", "2000-01-02 00:00"),
        ("2026-11-01 01:30", "2026-11-01 01:30"),
    ],
)
def test_it_begins_at_the_teams_time_that_is_asked_for(text: str, shown: str) -> None:
    assert f"{set_by(text).local():%Y-%m-%d %H:%M}" == shown


@pytest.mark.parametrize(("text", "seconds"), [("+30m", 1800), ("+3h", 3 * 3600), ("+0h", 0)])
def test_it_begins_as_much_later_as_is_asked_for(text: str, seconds: float) -> None:
    assert set_by(text).offset == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tomorrow", "expected the team's time"),
        ("-3h", "expected the team's time"),
        ("+3", "expected the team's time"),
        ("+3 weeks", "expected the team's time"),
        ("+٣h", "expected the team's time"),
        ("16:59", "expected the team's time"),
        ("2026-11-27", "expected the team's time"),
        ("2026-11-27 16:59:00+01:00", "expected the team's time"),
        ("2026-02-30 10:00", "there is no 2026-02-30 10:00 in the calendar"),
        ("2026-11-27 25:00", "there is no 2026-11-27 25:00 in the calendar"),
        ("0000-01-01 00:00", "in the calendar"),
        ("0001-01-01 00:00", "from 2000 to 2099"),
        ("1999-12-31 10:00", "from 2000 to 2099"),
        ("2100-01-01 10:00", "from 2000 to 2099"),
        ("+9999999d", "before 2100"),
        ("+99999d", "from 2000 to 2099"),
        ("2027-03-14 02:30", "clocks are set forward in that hour"),
    ],
)
def test_a_time_that_it_cannot_be_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ClockError, match=re.escape(said)):
        set_by(text)
