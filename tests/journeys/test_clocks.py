"""A clock that is ahead for a few seconds, and then right again, costs those few seconds and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from identity_bot.testing import Clock
from identity_bot.tickets.model import Action, Priority
from tests.support_desk import Office
from tests.support_outbox import states

INDIGO = "U0INDIGO"
AHEAD = 2 * 24 * 3600.0


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """A desk on each database, whose recurring effects are enqueued."""
    office = Office(tmp_path, database_url=database_url)
    office.desk.start_schedule()
    office.work(5)
    yield office
    office.store.close()


def test_two_days_ahead_for_six_seconds(office: Office) -> None:
    """Old tickets, those from that time and new ones all go on within the lanes' intervals."""
    old = office.submit(view="V1")
    office.work(3)
    office.tracker.clock = Clock(office.clock.now)  # GitHub's own is right
    office.clock.move(AHEAD)
    office.click(office.ticket(old), Action.PRIORITY, "high", by=INDIGO)
    between = office.submit(view="V2")
    office.work(6)
    office.clock.move(-AHEAD)

    new = office.submit(view="V3")
    office.work(3)
    opened = office.ticket(new).number
    office.work(30)

    assert opened
    assert office.ticket(between).number
    assert office.ticket(old).state.priority is Priority.HIGH
    for ticket in (old, between, new):
        found = office.ticket(ticket)
        assert found.last_notified == found.state
    reads = office.tracker.reads
    office.work(office.settings.poll_seconds)
    assert office.tracker.reads > reads
    assert "failed" not in states(office.queue)
