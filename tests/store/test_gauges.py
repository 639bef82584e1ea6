"""What a monitor watches, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from identity_bot.store.gauges import Gauges, gauges
from identity_bot.store.store import Store
from identity_bot.tickets.model import CloseReason, Stage, TicketState
from tests.support_outbox import START, Note, ticket


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url, clock=lambda: START)
    yield opened
    opened.close()


def test_an_empty_database_has_nothing_to_watch(store: Store) -> None:
    found = gauges(store, ["pr_review"])

    assert set(found.open_by_stage.values()) | set(found.open_by_type.values()) == {0}
    assert (found.overdue_responses, found.overdue_resolutions, found.effects) == (0, 0, {})


def test_open_and_overdue_tickets_and_effects_are_counted(store: Store) -> None:
    tickets = (
        ticket("V1", state=TicketState(stage=Stage.OPEN), response_due=START - 1, submitted_at=START - 9),
        ticket("V2", state=TicketState(stage=Stage.ASSIGNED), type="data_pull", resolution_due=START - 1,
               responded_at=START - 2, response_due=START - 3, submitted_at=START - 9),
        ticket("V3", state=TicketState(stage=Stage.OPEN), response_due=START + 9),
        ticket("V4", state=TicketState(stage=Stage.CLOSED, close_reason=CloseReason.COMPLETED), closed_at=START,
               response_due=START - 1),
    )  # fmt: skip
    with store.begin() as transaction:
        for one in tickets:
            transaction.add_ticket(one)
        transaction.enqueue(Note(to="slack:C1", text="1", ticket_id=None))

    found = gauges(store, ["pr_review", "data_pull"])

    assert replace(
        found, open_by_stage={name: count for name, count in found.open_by_stage.items() if count}
    ) == Gauges(
        open_by_stage={"open": 2, "assigned": 1},
        open_by_type={"pr_review": 2, "data_pull": 1},
        overdue_responses=1,
        overdue_resolutions=1,
        effects={("waiting", "note"): 1},
    )
