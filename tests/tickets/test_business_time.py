"""Business time passes within the team's hours only, whatever the calendar and the clocks do."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.tickets.business_time import HOUR, BusinessHours, country_problem

USUAL = BusinessHours()
BERLIN = BusinessHours(zone=ZoneInfo("Europe/Berlin"), country="DE-BY")
ISRAEL = BusinessHours(zone=ZoneInfo("Asia/Jerusalem"), country="IL")
ALL_DAY = BusinessHours(opens=time(0), closes=time(23, 59), country="")
OFFICES = (USUAL, BERLIN, ISRAEL, ALL_DAY, BusinessHours(days_off=frozenset({date(2026, 11, 25)})))
MOMENTS = st.floats(
    datetime(2025, 1, 1, tzinfo=USUAL.zone).timestamp(), datetime(2028, 1, 1, tzinfo=USUAL.zone).timestamp()
)


def at(text: str, hours: BusinessHours = USUAL) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=hours.zone).timestamp()


@pytest.mark.parametrize(
    ("asked", "hours", "due"),
    [
        ("2026-11-24 10:00", 1, "2026-11-24 11:00"),
        ("2026-11-24 10:00", 8, "2026-11-25 10:00"),
        ("2026-11-20 16:59", 1, "2026-11-23 09:59"),
        ("2026-11-20 16:59", 8, "2026-11-23 16:59"),
        ("2026-11-24 00:00", 8, "2026-11-24 17:00"),
        ("2026-11-24 00:00", 1, "2026-11-24 10:00"),
        ("2026-11-24 17:00", 1, "2026-11-25 10:00"),
        ("2026-11-21 12:00", 1, "2026-11-23 10:00"),
        ("2026-11-25 16:00", 2, "2026-11-27 10:00"),  # Thanksgiving lies between
        ("2026-07-02 16:00", 2, "2026-07-06 10:00"),  # July 4 is a Saturday, so Friday is off
        ("2027-12-30 16:00", 2, "2028-01-03 10:00"),  # New Year's Day is a Saturday of the next year
        ("2026-10-30 16:00", 2, "2026-11-02 10:00"),  # the clocks go back on Sunday
        ("2026-03-06 16:00", 2, "2026-03-09 10:00"),  # and forward
    ],
)
def test_what_is_due_after_some_hours_of_business(asked: str, hours: float, due: str) -> None:
    assert USUAL.add(at(asked), hours * HOUR) == at(due)
    assert USUAL.between(at(asked), at(due)) == hours * HOUR


def test_a_day_that_the_clocks_make_longer_has_its_length() -> None:
    """Only hours around two in the morning are affected."""
    early = BusinessHours(opens=time(0), closes=time(4), country="")
    sunday_is_off = early.between(at("2026-10-31 00:00"), at("2026-11-03 00:00"))

    assert sunday_is_off == 4 * HOUR


def test_a_holiday_is_one_only_in_its_country() -> None:
    assert not USUAL.is_business_day(date(2026, 11, 26))
    assert BERLIN.is_business_day(date(2026, 11, 26))
    assert not BERLIN.is_business_day(date(2026, 11, 1))
    assert not BERLIN.is_business_day(date(2026, 1, 6))
    assert ISRAEL.is_business_day(date(2026, 11, 22))
    assert not ISRAEL.is_business_day(date(2026, 11, 20))


def test_a_day_off_is_no_business_day() -> None:
    hours = BusinessHours(days_off=frozenset({date(2026, 12, 24)}))

    assert hours.add(at("2026-12-23 16:00"), 2 * HOUR) == at("2026-12-28 10:00")


@pytest.mark.parametrize("day", [date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 28)])
def test_a_day_without_business_ends_when_others_do(day: date) -> None:
    """Else what is due on it would be overdue before it comes."""
    assert USUAL.end_of(day) == at(f"{day} 17:00")


def test_when_the_team_is_there_next() -> None:
    assert USUAL.next_open(at("2026-11-25 17:00")) == at("2026-11-27 09:00")
    assert USUAL.next_open(at("2026-11-25 09:00")) == at("2026-11-25 09:00")
    assert USUAL.next_time(at("2026-11-25 09:00"), time(9)) == at("2026-11-27 09:00")
    assert USUAL.next_time(at("2026-11-25 08:59"), time(9)) == at("2026-11-25 09:00")


@given(start=MOMENTS, seconds=st.floats(0, 30 * 24 * HOUR), hours=st.sampled_from(OFFICES))
def test_so_much_business_time_passes_until_something_is_due(
    start: float, seconds: float, hours: BusinessHours
) -> None:
    due = hours.add(start, seconds)

    assert due >= start
    assert hours.between(start, due) == pytest.approx(seconds, abs=1e-3)


@given(due=MOMENTS, seconds=st.floats(1, 30 * 24 * HOUR), hours=st.sampled_from(OFFICES))
def test_so_much_business_time_passes_from_a_warning_on(
    due: float, seconds: float, hours: BusinessHours
) -> None:
    assert hours.between(hours.subtract(due, seconds), due) == pytest.approx(seconds, abs=1e-3)


@given(moments=st.lists(MOMENTS, min_size=3, max_size=3).map(sorted), hours=st.sampled_from(OFFICES))
def test_business_time_adds_up_and_never_exceeds_the_clock(
    moments: list[float], hours: BusinessHours
) -> None:
    first, second, third = moments

    whole = hours.between(first, third)

    assert whole == pytest.approx(hours.between(first, second) + hours.between(second, third), abs=1e-3)
    assert 0 <= whole <= third - first + 1e-3


@pytest.mark.parametrize("code", ["XX", "us", "United States", "DE-XX", "", "US-"])
def test_a_calendar_that_is_not_known_is_refused(code: str) -> None:
    assert country_problem(code) or code == "US-"


def test_calendars_of_other_countries_are_known() -> None:
    assert [country_problem(code) for code in ("US", "DE", "DE-BY", "IL", "CA-QC")] == [""] * 5
