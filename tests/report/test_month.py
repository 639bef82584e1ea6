"""Months begin and end where the team is."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.report.month import Month

BERLIN = ZoneInfo("Europe/Berlin")


@given(st.floats(0, 4e9), st.sampled_from([BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia")]))
def test_each_moment_is_in_one_month_only(moment: float, zone: ZoneInfo) -> None:
    month = Month.at(moment, zone)

    assert month.contains(moment)
    assert not month.before.contains(moment)
    assert not month.moved(1).contains(moment)
    assert month.before.end == month.start


def test_a_month_with_a_change_of_the_clock_is_an_hour_longer() -> None:
    """November 2026 has 30 days and the hour that comes twice."""
    month = Month(year=2026, number=11)

    assert month.end - month.start == 30 * 86400 + 3600


def test_the_year_changes_with_december() -> None:
    month = Month(year=2026, number=12)

    assert str(month.moved(1)) == "2027-01"
    assert [str(one) for one in month.last(3)] == ["2026-10", "2026-11", "2026-12"]
    assert month.name == "December 2026"


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-0", "26-11", "2026-11-01", "November", "", "1969-12", "２０２６-11"]
)
def test_what_is_no_month_is_none(text: str) -> None:
    assert Month.written(text) is None
