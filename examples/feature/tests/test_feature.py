"""Feature requests: what people are told when they ask, and when it will not be built."""

from __future__ import annotations

from dataclasses import replace

import pytest

import identity_bot_feature as feature
from identity_bot import Action, CloseReason, Event, EventKind, Person, Stage, Ticket, TicketState
from identity_bot.testing import MemoryDesk, check_request_type

SETTINGS = feature.FeatureSettings().load({"planning": "Monday <!here>"})
TICKET = Ticket(
    id="3d9a0f6c-2f4e-5b0a-9c59-0d8f4f0f7f11",
    type="feature",
    requestor=Person(slack_id="U1", name="Juniper Vale", team="Benefits"),
    answers={
        "summary": "Longer sessions",
        "problem": "People lose what they typed.",
        "benefits": ["Veterans"],
    },
    submitted_at=0.0,
    number=7,
)
CREATED = Event(kind=EventKind.CREATED, ticket_id=TICKET.id, at=0.0)
CLOSED = Event(kind=EventKind.CLOSED, ticket_id=TICKET.id, at=0.0, reason="Sessions <!here> stay short.")


def test_it_keeps_what_every_request_type_promises() -> None:
    check_request_type(feature, settings={"planning": "each Monday"})


def closed(reason: CloseReason) -> Ticket:
    return replace(TICKET, state=TicketState(stage=Stage.CLOSED, close_reason=reason))


def test_a_new_request_is_told_when_features_are_planned() -> None:
    [told] = feature.notify(TICKET, CREATED, SETTINGS) or []

    assert "The next planning is on Monday" in told.next
    assert "<!here>" not in told.next
    assert not told.instead


def test_one_that_is_not_planned_is_told_why_in_words_that_mention_nobody() -> None:
    [told] = feature.notify(closed(CloseReason.NOT_PLANNED), CLOSED, SETTINGS) or []

    assert told.instead
    assert told.text.startswith("We decided not to build it for now. The reason: Sessions")
    assert "<!here>" not in told.text


def test_who_asked_reads_it_in_the_thread(desk: MemoryDesk) -> None:
    desk.load(feature, settings={"planning": "each Monday"})

    ticket = desk.submit("feature")
    desk.work()
    desk.act(ticket, Action.CLOSE, "not planned")
    desk.work()

    new, closed = desk.told("requestor")
    assert "The next planning is on each Monday." in new
    assert "We decided not to build it for now." in closed


def test_a_duplicate_is_told_in_the_standard_words_where_github_closes_it_as_not_planned() -> None:
    event = replace(CLOSED, original=replace(TICKET, number=5))

    assert feature.notify(closed(CloseReason.NOT_PLANNED), event, SETTINGS) is None


def test_no_reason_is_no_sentence() -> None:
    event = replace(CLOSED, reason="")

    [told] = feature.notify(closed(CloseReason.NOT_PLANNED), event, SETTINGS) or []

    assert told.text == "We decided not to build it for now."


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.CREATED])
def test_all_else_is_told_in_the_standard_words(kind: EventKind) -> None:
    event = replace(CLOSED, kind=kind)

    assert feature.notify(closed(CloseReason.COMPLETED), event, SETTINGS) is None
