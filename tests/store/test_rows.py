"""Tickets as rows: whatever a ticket holds comes back as it was, through JSON as a database keeps it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from identity_bot.store.rows import row_of, ticket_in
from identity_bot.store.schema import tickets
from identity_bot.tickets.model import (
    Action,
    Change,
    CloseReason,
    MessageRef,
    Person,
    Priority,
    Requested,
    Stage,
    Ticket,
    TicketState,
)

texts = st.text(max_size=20)
posts = st.none() | st.builds(MessageRef, channel=texts, ts=texts, link=texts)
seconds = st.floats(min_value=0, max_value=4e9)
state = st.builds(
    TicketState,
    stage=st.sampled_from(Stage),
    priority=st.none() | st.sampled_from(Priority),
    assignees=st.lists(texts, max_size=3).map(tuple),
    spoc=texts,
    target=st.none() | st.dates(min_value=date(2020, 1, 1)),
    close_reason=st.none() | st.sampled_from(CloseReason),
)
changes = st.builds(Change, action=st.sampled_from(Action), value=texts, reason=texts)
requested = st.builds(Requested, by=texts, change=changes, is_made=st.booleans())
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner, max_size=3), max_leaves=5
)
all_tickets = st.builds(
    Ticket,
    id=st.uuids().map(str),
    type=texts,
    requestor=st.builds(Person, slack_id=texts, handle=texts, name=texts, team=texts),
    answers=st.dictionaries(texts, plain, max_size=4),
    submitted_at=seconds,
    state=state,
    is_urgent=st.booleans(),
    is_sensitive=st.booleans(),
    is_direct=st.booleans(),
    repository=texts,
    number=st.none() | st.integers(1, 10**6),
    url=texts,
    origin=posts,
    thread=posts,
    title=texts,
    closed_at=st.none() | seconds,
    card=posts,
    headline=texts,
    issue_updated_at=seconds,
    inconsistency=texts,
    requested=st.lists(requested, max_size=3).map(tuple),
    last_notified=st.none() | state,
)


def through_json(value: Any) -> Any:
    return value if isinstance(value, date) else json.loads(json.dumps(value))


@given(ticket=all_tickets)
def test_a_ticket_comes_back_from_its_row_as_it_was(ticket: Ticket) -> None:
    row = {name: through_json(value) for name, value in row_of(ticket).items()}

    assert ticket_in(row) == ticket


@given(ticket=all_tickets)
def test_a_row_has_all_columns_and_no_other(ticket: Ticket) -> None:
    assert {*row_of(ticket), "queue_rank", "queue_turn"} == {column.name for column in tickets.columns}
