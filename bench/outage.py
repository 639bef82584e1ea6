"""How long it takes to tell people about everything that changed while GitHub could not be reached."""

from __future__ import annotations

import time
from pathlib import Path

from bench.office import Office
from bench.people import REPOSITORY
from identity_bot.outbox.effects.recurring import Poll
from identity_bot.testing import Clock, MemoryTracker
from identity_bot.tickets.model import IssueSnapshot

DAY = 24 * 3600.0


def catch_up(folder: Path, *, changes: int) -> float:
    """Seconds from the first poll after a day to the last message, for `changes` changes of as many tickets.

    One poll finds them all. Slack and GitHub are in memory and lanes have no interval, so only our own work counts.
    Raises RuntimeError if a message is missing or wrong.
    """
    clock = Clock()
    tracker = MemoryTracker(clock)
    office = Office(folder, tracker, clock)
    numbers = range(1, changes + 1)
    for number in numbers:
        tracker.now[REPOSITORY, number] = IssueSnapshot(
            repository=REPOSITORY,
            number=number,
            url=f"https://github.test/{REPOSITORY}/issues/{number}",
            ticket_id=None,
            updated_at=clock(),
            title=f"Request {number}",
            author="juniper-vale",
            labels=frozenset({"identity-slackbot"}),
        )
        office.desk.observe(tracker.now[REPOSITORY, number])
    office.finish()
    before = len(office.chat.posts)
    for number in numbers:
        clock.move(DAY / changes)
        tracker.edit(number, repository=REPOSITORY, assignees=frozenset({"linden-brookmere"}))
    begun = time.perf_counter()
    with office.store.begin() as transaction:
        transaction.enqueue(Poll())
    office.finish()
    seconds = time.perf_counter() - begun
    requestors = sum("assigned to" in posted.text for posted in office.chat.posts[before:])
    if requestors != changes or any(not office.ticket(number).state.assignees for number in numbers):
        raise RuntimeError(f"{requestors} requestors were told of {changes} changes")
    office.store.close()
    return seconds
