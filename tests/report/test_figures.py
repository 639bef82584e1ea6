"""The month's figures: which tickets count where, and how often."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.report.figures import (
    NO_PRIORITY,
    NO_TEAM,
    Durations,
    Flow,
    Reported,
    Satisfaction,
    SelfService,
)
from identity_bot.tickets.model import Stage
from tests.support_report import DAY, HOUR, LATER, NOVEMBER, START, closed, figures, ticket

MOMENTS = st.floats(START - 500 * DAY, LATER)
TICKETS = st.builds(
    Reported,
    type=st.sampled_from(["pr_review", "data_pull"]),
    team=st.sampled_from(["Benefits", " benefits", "BENEFITS", "", "Mobile"]),
    submitted_at=MOMENTS,
    stage=st.sampled_from([one.value for one in Stage]),
    priority=st.sampled_from([None, "high", "low"]),
    closed_at=st.none() | MOMENTS,
    is_timed=st.booleans(),
    responded_at=st.none() | MOMENTS,
    response_due=st.none() | MOMENTS,
    resolution_due=st.none() | MOMENTS,
)


@given(st.lists(TICKETS, max_size=40))
def test_every_breakdown_adds_up_to_all_that_it_breaks_down(tickets: list[Reported]) -> None:
    found = figures(*tickets)

    for breakdown in (found.open_by_stage, found.open_by_type, found.open_by_team, found.open_by_priority):
        assert sum(count for _, count in breakdown) == found.open_count
    for breakdown in (found.opened_by_type, found.opened_by_team):
        assert sum(count for _, count in breakdown) == found.this_month.opened
    assert sum(count for _, count in found.closed_by_reason) == found.this_month.closed
    assert found.history[-1] == (NOVEMBER, found.this_month)
    assert found.all_time.opened == sum(one.submitted_at < NOVEMBER.end for one in tickets)
    assert found.open_count + sum(one.is_closed for one in tickets) == len(tickets)


@given(st.lists(TICKETS, max_size=20), st.randoms())
def test_the_order_of_tickets_makes_no_difference(tickets: list[Reported], random: object) -> None:
    shuffled = list(tickets)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert figures(*shuffled) == figures(*tickets)


def test_a_month_begins_with_its_first_moment_and_ends_before_the_next_one() -> None:
    found = figures(
        ticket(submitted_at=START - 0.001),
        ticket(submitted_at=START),
        ticket(submitted_at=NOVEMBER.end - 0.001),
        ticket(submitted_at=NOVEMBER.end),
    )

    assert (found.month_before.opened, found.this_month.opened, found.all_time.opened) == (1, 2, 3)
    assert found.open_count == 4


def test_a_reopened_ticket_is_open_and_closed_in_no_month() -> None:
    """Whatever the time of its last closing may still be."""
    found = figures(ticket(stage="assigned", closed_at=START + DAY))

    assert found.this_month == Flow(opened=1, closed=0)
    assert found.open_by_stage == (("assigned", 1),)


def test_a_ticket_closed_at_an_unknown_time_counts_in_all_time_only() -> None:
    found = figures(ticket(stage="closed"))

    assert (found.all_time.closed, found.this_month.closed, found.open_count) == (1, 0, 0)


def test_teams_that_differ_in_capitals_and_spaces_are_one_team_as_most_spell_it() -> None:
    spellings = ["Health Apps", " health   apps", "Health Apps", "", "\u200b"]

    found = figures(*(ticket(team=team) for team in spellings))

    assert found.open_by_team == (("Health Apps", 3), (NO_TEAM, 2))


def test_an_adopted_issue_without_a_type_is_named_too() -> None:
    found = figures(ticket(type=""), ticket(type="pr_review"))

    assert found.opened_by_type == found.open_by_type == (("no type", 1), ("pr_review", 1))


def test_stages_and_priorities_come_in_their_order() -> None:
    found = figures(
        ticket(stage="ready for UAT"),
        ticket(stage="open"),
        ticket(stage="ready for UAT", priority="critical"),
    )

    assert found.open_by_stage == (("open", 1), ("ready for UAT", 2))
    assert found.open_by_priority == (("critical", 1), (NO_PRIORITY, 2))


@given(st.lists(st.floats(0, 1e9), min_size=1))
def test_nine_of_ten_are_within_the_90th_percentile(seconds: list[float]) -> None:
    found = Durations.of(seconds)

    assert found.percentile_90 in seconds
    assert sum(one <= found.percentile_90 for one in seconds) >= math.ceil(0.9 * len(seconds))
    assert sum(one < found.percentile_90 for one in seconds) < 0.9 * len(seconds)
    assert found.median is not None
    assert min(seconds) <= found.median <= found.percentile_90


def test_first_responses_are_of_tickets_opened_in_the_month() -> None:
    before = ticket(submitted_at=START - DAY, responded_at=START + HOUR)

    found = figures(before, *(ticket(responded_at=START + hours * HOUR) for hours in (2, 4, 10)), ticket())

    assert found.first_response == Durations(
        count=3, average=13 * HOUR / 3, median=3 * HOUR, percentile_90=9 * HOUR
    )
    assert found.unanswered == 1


def test_what_nobody_has_timed_is_left_out() -> None:
    found = figures(ticket(is_timed=False, responded_at=START + 2 * HOUR, response_due=START + DAY))

    assert found.first_response.count == 0
    assert found.response_promise.percent is None


@pytest.mark.parametrize(
    ("one", "kept", "missed"),
    [
        (ticket(response_due=START + 5 * HOUR, responded_at=START + 5 * HOUR), 1, 0),
        (ticket(response_due=START + 5 * HOUR, responded_at=START + 6 * HOUR), 0, 1),
        (ticket(response_due=START + 5 * HOUR), 0, 1),
        (ticket(response_due=LATER + 1), 0, 0),
        (ticket(responded_at=START + 2 * HOUR), 0, 0),
        (closed(START + 2 * HOUR, response_due=START + 5 * HOUR), 0, 0),
        (closed(START + 6 * HOUR, response_due=START + 5 * HOUR), 0, 1),
    ],
    ids=[
        "in time",
        "late",
        "overdue",
        "not due yet",
        "nothing promised",
        "closed before it was due",
        "closed after",
    ],
)
def test_a_first_response_counts_once_it_is_known_whether_it_came_in_time(
    one: Reported, kept: int, missed: int
) -> None:
    found = figures(one).response_promise

    assert (found.kept, found.missed) == (kept, missed)


def test_a_resolution_counts_when_the_ticket_is_closed() -> None:
    due = START + 5 * DAY

    found = figures(
        closed(due, resolution_due=due),
        closed(due + 1, resolution_due=due),
        closed(due),
        ticket(resolution_due=due),
    ).resolution_promise

    assert (found.kept, found.missed) == (1, 1)


def test_satisfaction_is_the_share_of_the_two_best_answers() -> None:
    found = Satisfaction.of([5, 4, 3, 1])

    assert (found.count, found.percent) == (4, 50.0)
    assert Satisfaction().percent is None


def test_self_service_is_a_share_of_all_requests() -> None:
    found = figures(ticket(), ticket(), ticket(), self_service=SelfService(shown=7, solved=1, filed=2))

    assert found.self_service_percent == 25.0


def test_a_database_without_tickets_has_figures_without_values() -> None:
    found = figures()

    assert found.first_at is None
    assert (found.all_time, found.open_count, found.first_response.median) == (Flow(), 0, None)
