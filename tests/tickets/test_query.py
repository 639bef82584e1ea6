"""Queries: what people type becomes conditions, and what cannot be one is said with a way out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.tickets.calendar import TEAM_TIME
from identity_bot.tickets.model import Person, Priority, Stage, Ticket, TicketState
from identity_bot.tickets.query import (
    MOST_WORDS,
    PRESSING_RANKS,
    BadQuery,
    Due,
    Query,
    Reader,
    rank,
    searched,
    terms,
    written,
)
from identity_bot.tickets.service_levels import ServiceLevels

LOGINS = {"U0LINDEN": "linden"}
READER = Reader(
    types=("data_pull", "mock_auth", "pr_review"),
    me="U0LINDEN",
    key_of=lambda slack_id: LOGINS.get(slack_id, f"slack:{slack_id}"),
)
TODAY = date(2026, 11, 25)


def ticket(state: TicketState | None = None, **changes: Any) -> Ticket:
    given: dict[str, Any] = {
        "id": "t",
        "type": "pr_review",
        "requestor": Person(slack_id="U0JUNIPER", name="Juniper Vale", team="Benefits"),
        "answers": {},
        "submitted_at": 0.0,
        "title": "Fix the login page",
        "state": state or TicketState(),
    }
    return Ticket(**(given | changes))


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("", Query()),
        ("priority:high unassigned", Query(priorities=(Priority.HIGH,), assignee="")),
        ("type:pr-review urgent overdue", Query(types=("pr_review",), is_urgent=True, due=Due.OVERDUE)),
        ("assignee:me", Query(assignee="linden")),
        ("assignee:@sage-hollowell spoc:nobody", Query(assignee="sage-hollowell", spoc="")),
        ("assignee:<@U0SAGE|sage>", Query(assignee="slack:U0SAGE")),
        ("requestor:<@U0JUNIPER>", Query(requestor="U0JUNIPER")),
        ("requestor:@juniper.vale", Query(handle="juniper.vale")),
        ("requestor:me", Query(requestor="U0LINDEN")),
        ('team:"Sign-in experience" older:7', Query(team="Sign-in experience", older_than=7)),
        ("stage:ready-for-uat", Query(stages=(Stage.UAT,))),
        ("stage:closed", Query(stages=(Stage.CLOSED,), is_open=None)),
        ("closed target:week", Query(is_open=False, due=Due.THIS_WEEK)),
        ('all "Login PAGE"', Query(is_open=None, words=("login", "page"))),
        ("%_' OR 1=1; --", Query(words=("or", "1"))),
        ("🔥 café", Query(words=("café",))),
        ('"overdue" “closed”', Query(words=("overdue", "closed"))),
        ('"', Query()),
        ("sensitive", Query(is_sensitive=True)),
    ],
)
def test_what_is_typed_is_read(typed: str, query: Query) -> None:
    assert READER.read(typed) == query


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("prio:high", "Did you mean `priority:`?"),
        ("xyz:red", "You can use `type:`"),
        ("priority:hgih", "Did you mean `high`?"),
        ("type:gone", "There are `data_pull`, `mock_auth`, `pr_review`."),
        ("stage:nowhere", "There is no stage with that name."),
        ("older:soon", "such as `older:7`"),
        ("x" * 10_000, "at most 500 characters"),
    ],
)
def test_what_cannot_be_a_condition_is_said_with_a_way_out(typed: str, said: str) -> None:
    with pytest.raises(BadQuery) as caught:
        READER.read(typed)

    assert said in str(caught.value)
    assert "hgih" not in str(caught.value)


@given(typed=st.text(max_size=200))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    try:
        query = READER.read(typed)
    except BadQuery:
        return

    assert len(query.words) <= MOST_WORDS


queries = st.builds(
    Query,
    is_open=st.sampled_from([True, False, None]),
    types=st.lists(st.sampled_from(sorted(READER.types)), max_size=2).map(tuple),
    priorities=st.lists(st.sampled_from(Priority), max_size=2).map(tuple),
    is_urgent=st.sampled_from([None, True]),
    assignee=st.sampled_from([None, "", "linden"]),
    team=st.sampled_from(["", "Benefits", "Sign-in experience"]),
    due=st.none() | st.sampled_from(Due),
    older_than=st.integers(0, 90),
    handle=st.sampled_from(["", "juniper.vale", "two words"]),
    words=st.lists(st.sampled_from(["login", "page", "café", "overdue"]), max_size=2, unique=True).map(tuple),
)


@given(query=queries)
def test_a_query_is_written_as_somebody_could_type_it(query: Query) -> None:
    assert READER.read(written(query)) == query


def test_urgent_and_critical_go_first_then_overdue_then_by_priority() -> None:
    late, now = date(2026, 11, 24), datetime(2026, 11, 25, 12, tzinfo=TEAM_TIME).timestamp()
    in_any_order = [
        ticket(TicketState(priority=Priority.CRITICAL, target=late)),
        ticket(TicketState(priority=Priority.LOW, target=late), is_urgent=True),
        ticket(is_urgent=True),
        ticket(TicketState(priority=Priority.LOW, target=late)),
        ticket(TicketState(priority=Priority.HIGH)),
        ticket(TicketState(priority=Priority.LOW, target=TODAY)),
        ticket(),
    ]

    in_order = [ServiceLevels().follow(one, now) for one in in_any_order]
    assert [rank(one, now) for one in in_order] == sorted(rank(one, now) for one in in_order)
    assert [rank(one, now) in PRESSING_RANKS for one in in_order] == [True] * 3 + [False] * 4


def test_a_sensitive_ticket_is_not_found_by_its_content() -> None:
    found = searched(ticket(is_sensitive=True, title=""))

    assert "login" not in found
    assert {"pr", "review", "juniper", "benefits"} <= set(found)


def test_a_word_is_never_taken_for_a_name() -> None:
    assert "assignee:" in terms(ticket())
    assert "assignee:" not in terms(ticket(TicketState(assignees=("linden",)), title="assignee: nobody"))
