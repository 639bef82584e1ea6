"""The rota: each ticket has the person whose turn it is, and nobody is left out who is there."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.tickets.model import Ticket
from identity_bot.tickets.people import Entry, People
from identity_bot.tickets.rota import Absence, Turns, key_of, on_duty, present
from tests.support_outbox import ticket

A, B, C = {"slack": "U0A"}, {"slack": "U0B", "github": "bee"}, {"github": "cee"}
ROTA = [A, B, C]
PEOPLE = People([{"slack": "U0C", "github": "Cee"}])
MONDAY = date(2026, 11, 23)


def at(day: date, turn: int | None = None, hour: int = 17) -> Ticket:
    """A ticket of a day, by default at noon in the team's zone."""
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return ticket(submitted_at=moment.timestamp(), turn=turn)


def away(who: Entry, first: date, last: date) -> Absence:
    return Absence(who=who, first=first, last=last)


def weekly(day: date, *absences: Absence, rota: list[dict[str, str]] = ROTA, hour: int = 17) -> Entry | None:
    return on_duty(rota, Turns.WEEKLY, absences, at(day, hour=hour), PEOPLE)


def test_a_week_from_monday_to_sunday_is_one_persons_and_the_next_the_next_ones() -> None:
    for week in range(200):  # over two changes of the year, one of them after a 53rd week
        begin = MONDAY + timedelta(weeks=week)
        whose = weekly(begin)
        assert all(weekly(begin + timedelta(days=day)) == whose for day in range(7))
        assert weekly(begin + timedelta(weeks=1)) == ROTA[(ROTA.index(dict(whose or {})) + 1) % 3]


def test_the_week_begins_at_midnight_of_the_teams_zone() -> None:
    """Four in the morning in UTC is still Sunday evening in Eastern time."""
    assert weekly(MONDAY, hour=4) == weekly(MONDAY - timedelta(days=1))
    assert weekly(MONDAY, hour=5) == weekly(MONDAY)


@pytest.mark.parametrize("name", [{"slack": "U0C"}, {"github": "CEE"}, C])
def test_who_is_away_is_known_by_either_name_and_the_next_one_stands_in(name: Entry) -> None:
    day = next(MONDAY + timedelta(weeks=n) for n in range(3) if weekly(MONDAY + timedelta(weeks=n)) == C)

    assert weekly(day, away(name, day, day)) == A
    assert weekly(day, away(name, day - timedelta(days=9), day)) == A
    assert weekly(day, away(name, day + timedelta(days=1), day + timedelta(days=9))) == C
    assert weekly(day, away(name, day, day), away(A, day, day)) == B


@pytest.mark.parametrize("turns", Turns)
def test_nobody_is_on_duty_if_all_are_away_or_there_is_no_rota(turns: Turns) -> None:
    gone = [away(one, MONDAY, MONDAY) for one in ROTA]

    assert on_duty(ROTA, turns, gone, at(MONDAY, 4), PEOPLE) is None
    assert on_duty([], turns, [], at(MONDAY, 4), PEOPLE) is None


@given(st.sets(st.sampled_from([0, 1, 2]), max_size=2), st.integers(0, 10_000))
def test_tickets_go_around_evenly_among_those_who_are_there(gone: set[int], first: int) -> None:
    absences = [away(ROTA[one], MONDAY, MONDAY) for one in gone]

    found = [
        on_duty(ROTA, Turns.ROUND_ROBIN, absences, at(MONDAY, first + turn), PEOPLE) for turn in range(6)
    ]

    there = present(ROTA, absences, MONDAY, PEOPLE)
    counts = Counter(key_of(one, PEOPLE) for one in found if one)
    assert counts == {key_of(one, PEOPLE): 6 // len(there) for one in there}


@given(
    st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=6, unique=True),
    st.sets(st.sampled_from("ABCDEF")),
    st.sampled_from(Turns),
    st.dates(date(2001, 1, 2), date(2100, 1, 1)),
    st.none() | st.integers(0, 1000),
)
def test_whoever_is_on_duty_is_of_the_rota_and_there(
    names: list[str], gone: set[str], turns: Turns, day: date, turn: int | None
) -> None:
    rota = [{"slack": f"U{name}"} for name in names]
    absences = [away({"slack": f"U{name}"}, day, day) for name in gone]

    found = on_duty(rota, turns, absences, at(day, turn), PEOPLE)

    assert (found is None) is (set(names) <= gone)
    assert found is None or (found in rota and found["slack"][1:] not in gone)


def test_a_ticket_calls_them_by_their_login_as_far_as_it_is_known() -> None:
    assert [key_of(one, PEOPLE) for one in (A, B, C, {"slack": "U0C"})] == ["slack:U0A", "bee", "cee", "Cee"]
