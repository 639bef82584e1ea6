"""What a ticket is due by: for its urgency, priority and type, without the time that it waits for its requestor."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.tickets.business_time import HOUR
from identity_bot.tickets.model import Priority, Stage, Ticket, TicketState
from identity_bot.tickets.service_levels import (
    Clock,
    ServiceLevels,
    due,
    is_overdue,
    is_paused,
    respond,
    waiting_since,
)
from tests.support_outbox import ticket
from tests.tickets.test_business_time import at

LEVELS = ServiceLevels(
    first_response={"urgent": HOUR, "critical": HOUR, "high": 4 * HOUR, "low": None, "default": 8 * HOUR},
    resolution={"default": 40 * HOUR},
    types={"data_pull": {"first_response": {"default": 16 * HOUR}}},
)
ASKED = at("2026-11-23 10:00")


def asked(stage: Stage = Stage.OPEN, **changes: Any) -> Ticket:
    state = {name: changes.pop(name) for name in list(changes) if name in TicketState.__dataclass_fields__}
    made = ticket(submitted_at=ASKED, state=TicketState(stage=stage, **state), **changes)
    return LEVELS.follow(made, ASKED)


def then(before: Ticket, now: str, **state: Any) -> Ticket:
    """The ticket once its state has changed."""
    closed_at = at(now) if state.get("stage") is Stage.CLOSED else None
    return LEVELS.follow(replace(before, state=replace(before.state, **state), closed_at=closed_at), at(now))


@pytest.mark.parametrize(
    ("changes", "response"),
    [
        ({}, "2026-11-24 10:00"),
        ({"is_urgent": True}, "2026-11-23 11:00"),
        ({"priority": Priority.HIGH}, "2026-11-23 14:00"),
        ({"priority": Priority.HIGH, "is_urgent": True}, "2026-11-23 11:00"),
        ({"priority": Priority.MEDIUM}, "2026-11-24 10:00"),
        ({"type": "data_pull"}, "2026-11-25 10:00"),
        ({"type": "data_pull", "is_urgent": True}, "2026-11-25 10:00"),
    ],
)
def test_the_shortest_promise_that_fits_counts(changes: dict[str, Any], response: str) -> None:
    assert asked(**changes).response_due == at(response)


def test_where_nothing_is_promised_nothing_is_due() -> None:
    assert asked(priority=Priority.LOW).response_due is None
    assert due(ServiceLevels().follow(ticket(), ASKED)) is None
    assert asked(is_timed=False).response_due is None


def test_a_target_date_is_the_promise_that_counts() -> None:
    assert asked().resolution_due == at("2026-12-01 10:00")  # five days, without Thanksgiving
    assert asked(target=date(2026, 12, 4)).resolution_due == at("2026-12-04 17:00")
    assert asked(target=date(2026, 12, 5)).resolution_due == at("2026-12-05 17:00")


def test_the_answer_is_due_first_and_then_the_ticket() -> None:
    new = asked()
    answered = respond(new, at("2026-11-23 12:00"))

    first, second = due(new), due(answered)

    assert first
    assert second
    assert (first.clock, second.clock) == (Clock.RESPONSE, Clock.RESOLUTION)
    assert LEVELS.response_seconds(answered) == 2 * HOUR
    assert respond(answered, at("2026-11-23 13:00")) == answered
    assert not is_overdue(new, at("2026-11-24 09:59"))
    assert is_overdue(new, at("2026-11-24 10:00"))


def test_what_was_promised_stays_once_it_is_met() -> None:
    answered = respond(asked(), at("2026-11-23 12:00"))

    assert (
        then(answered, "2026-11-24 12:00", priority=Priority.CRITICAL).response_due == answered.response_due
    )


@pytest.mark.parametrize("waits", [{"stage": Stage.UAT}, {"is_waiting": True}])
def test_the_clock_stands_while_it_waits_for_its_requestor(waits: dict[str, Any]) -> None:
    waiting = then(respond(asked(), ASKED), "2026-11-23 12:00", **waits)
    again = then(waiting, "2026-11-24 12:00", stage=Stage.IN_PROGRESS, is_waiting=False)

    assert (due(waiting), waiting_since(waiting)) == (None, at("2026-11-23 12:00"))
    assert again.resolution_due == at("2026-12-02 10:00")
    assert waiting_since(again) is None


def test_neither_uat_nor_the_time_that_it_was_closed_counts() -> None:
    tried = then(asked(), "2026-11-23 12:00", stage=Stage.UAT)
    closed = then(tried, "2026-11-24 12:00", stage=Stage.CLOSED)
    reopened = then(closed, "2026-11-25 12:00", stage=Stage.OPEN)
    again = then(reopened, "2026-11-25 14:00", stage=Stage.CLOSED)

    assert LEVELS.resolution_seconds(closed) == 2 * HOUR
    assert LEVELS.resolution_seconds(reopened) is None
    assert LEVELS.resolution_seconds(again) == 4 * HOUR
    assert again.resolution_due == at("2026-12-03 10:00")
    assert LEVELS.follow(again, at("2027-01-01 10:00")) == again


def test_reopened_five_times_only_the_time_that_it_was_open_counts() -> None:
    now = asked()
    for day in range(23, 28):
        if day != 26:
            now = then(now, f"2026-11-{day} 11:00", stage=Stage.CLOSED)
            now = then(now, f"2026-11-{day} 16:00", stage=Stage.OPEN)
    now = then(now, "2026-11-30 09:00", stage=Stage.CLOSED)

    assert LEVELS.resolution_seconds(now) == (1 + 1 + 2 + 1 + 2 + 1 + 2 + 1) * HOUR
    assert len(now.pauses) == 5


def test_closed_before_anybody_answered_it_has_no_answer() -> None:
    closed = then(asked(), "2026-11-23 11:00", stage=Stage.CLOSED)

    assert (LEVELS.response_seconds(closed), due(closed)) == (None, None)
    assert LEVELS.response_seconds(respond(asked(is_timed=False), ASKED)) is None


def test_a_warning_comes_so_much_business_time_before() -> None:
    assert LEVELS.warn_at(at("2026-11-27 09:10")) == at("2026-11-25 16:40")


STATES = st.builds(
    TicketState,
    stage=st.sampled_from([Stage.OPEN, Stage.IN_PROGRESS, Stage.UAT, Stage.CLOSED]),
    is_waiting=st.booleans(),
    priority=st.none() | st.sampled_from(Priority),
)


@given(steps=st.lists(st.tuples(STATES, st.floats(0, 90_000)), max_size=12))
def test_whatever_happens_pauses_follow_each_other_and_following_twice_changes_nothing(
    steps: list[tuple[TicketState, float]],
) -> None:
    now, ticket_now = ASKED, asked()
    for state, passed in steps:
        now += passed
        closed_at = now if state.stage is Stage.CLOSED and ticket_now.stage is not Stage.CLOSED else None
        closed_at = ticket_now.closed_at if state.stage is ticket_now.stage is Stage.CLOSED else closed_at
        ticket_now = LEVELS.follow(replace(ticket_now, state=state, closed_at=closed_at), now)

        ends = [moment for pause in ticket_now.pauses for moment in (pause.since, pause.until)]
        assert ends[:-1] == sorted(one for one in ends[:-1] if one is not None)
        assert is_paused(ticket_now) == (state.stage in (Stage.UAT, Stage.CLOSED) or state.is_waiting)
        assert LEVELS.follow(ticket_now, now + 5) == ticket_now
