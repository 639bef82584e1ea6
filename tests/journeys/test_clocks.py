"""A clock that is ahead for a few seconds, and then right again, costs those few seconds and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from identity_bot.testing import Clock
from identity_bot.tickets.model import Action, Priority
from tests.support_desk import Office
from tests.support_outbox import states
from tests.tickets.test_business_time import at

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


def test_two_processes_five_minutes_apart(office: Office) -> None:
    """They take turns, as those of a machine whose clock is set again and again: what is due is told once."""
    office.clock.now = at("2026-11-23 10:00")
    office.tracker.clock = Clock(office.clock.now)
    urgent = [office.submit(view=f"V{number}", production=True) for number in range(3)]
    office.work(30)
    while office.clock.now < at("2026-11-23 11:30"):
        for ahead in (300.0, -300.0):
            office.clock.move(ahead)
            office.work(5)
        office.clock.move(50)

    for words in ("The answer is due", "The answer was due"):
        told = [post.text for post in office.chat.posts if words in post.text]
        assert len(told) == len(urgent)
        assert len(set(told)) == len(urgent)
    assert "failed" not in states(office.queue)
