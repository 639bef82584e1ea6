"""Tickets' clocks: how long it takes to compute when all tickets are due, and to put a digest together."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import insert, text

from bench.lists import LOGIN, TEAM, fill
from bench.office import SETTINGS, Office
from bench.people import INTAKE, REPOSITORY
from identity_bot.desk import digest
from identity_bot.outbox.effects.clocks import RecomputeDueTimes
from identity_bot.store import schema
from identity_bot.store.store import Store
from identity_bot.testing import Clock, MemoryTracker
from identity_bot.tickets.business_time import BusinessHours
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import MessageKind

PATIENCE = 120.0
"""Seconds to wait for PostgreSQL's own housekeeping, which so many changed rows bring about."""


def recompute(folder: Path, url: str, count: int) -> float:
    """Seconds until so many tickets, all of them open, have other due times and timers: the settings have changed."""
    clock = Clock(time.time())
    took = 0.0
    for days in (20, 30):
        promised = f'first_response = {{ default = "none" }}, resolution = {{ default = "{days} days" }}'
        toml = f"{SETTINGS}service_levels = {{ {promised} }}\n"
        office = Office(folder, MemoryTracker(clock), clock, url=url, toml=toml)
        fill(office.store, count, one_open_in=1, days=5)
        with office.store.begin() as transaction:
            transaction.enqueue(RecomputeDueTimes())
        began = time.perf_counter()
        office.worker.run_due()
        took = time.perf_counter() - began
        _check(office.store, count, at_least=clock.now + (days - 10) * DAY)
        office.store.close()
    return took


def _check(store: Store, count: int, *, at_least: float) -> None:
    with store.reading() as connection:
        due = connection.exec_driver_sql(
            "SELECT count(*) FROM tickets WHERE target IS NULL AND stage <> 'ready for UAT'"
            f" AND (resolution_due IS NULL OR resolution_due < {at_least})"
        ).scalar_one()
        timers = connection.exec_driver_sql(
            "SELECT count(*) FROM outbox WHERE kind = 'escalate' AND state = 'waiting'"
        ).scalar_one()
    if due or not 0.6 * count < timers <= count:
        raise RuntimeError(f"{due} due times are wrong, and there are {timers} timers")


def digests(url: str, times: int) -> Mapping[str, float]:
    """Median milliseconds to put together the team's digest and a member's own, of what `recompute` has left."""
    store = Store(url, patience=PATIENCE)
    _live_on(store)
    hours, now = BusinessHours(), store.clock()
    acts: dict[str, Callable[[], object]] = {
        "team": lambda: digest.of_team(store, hours, now),
        "own": lambda: digest.of_person(store, hours, now, slack_id=TEAM, login=LOGIN),
    }
    found = {}
    for name, act in acts.items():
        took = []
        for _ in range(times + 1):
            began = time.perf_counter()
            act()
            took.append((time.perf_counter() - began) * 1000)
        found[name] = statistics.median(took[1:])
    store.close()
    return found


def _live_on(store: Store) -> None:
    """A tenth of what is due is overdue, some tickets wait for their requestors, and half are stale."""
    chance, now = random.Random(37), store.clock()
    with store.begin() as transaction:
        execute = transaction.connection.execute
        ids = list(execute(text("SELECT id FROM tickets ORDER BY number")).scalars())
        execute(
            text(
                "UPDATE tickets SET is_waiting = (number % 37 = 0),"
                " issue_updated_at = submitted_at + (number % 2) * 86400000,"
                " queue_rank = CASE WHEN number % 10 = 0 AND resolution_due IS NOT NULL AND queue_rank % 10 > 4"
                " THEN queue_rank - 5 ELSE queue_rank END,"
                " queue_turn = CASE WHEN number % 10 = 0 AND resolution_due IS NOT NULL AND queue_rank % 10 > 4"
                f" THEN queue_turn - {100 * DAY} ELSE queue_turn END"
            )
        )
        said = [
            {
                "ticket_id": ticket,
                "kind": chance.choice([MessageKind.UPDATE, MessageKind.REPLY]).value,
                "at": now - chance.randrange(60) * DAY,
                "text": "It is done",
                "author": TEAM,
                "to": "requestor",
                "channel": INTAKE,
                "ts": f"{number}.{turn}",
                "repository": REPOSITORY,
                "version": 1.0,
                "is_redacted": False,
            }
            for number, ticket in enumerate(ids)
            for turn in range(2)
        ]
        execute(insert(schema.messages), said)
        execute(text("ANALYZE"))
