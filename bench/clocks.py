"""Tickets' clocks: how long it takes to compute when all tickets are due, and to put a digest together."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.lists import LOGIN, TEAM, fill
from bench.office import SETTINGS, Office
from identity_bot.desk import digest
from identity_bot.outbox.effects.clocks import RecomputeDueTimes
from identity_bot.store.store import Store
from identity_bot.testing import Clock, MemoryTracker
from identity_bot.tickets.business_time import BusinessHours


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
        _check(office.store, count, at_least=clock.now + (days - 10) * 24 * 3600)
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


def digests(store: Store, times: int) -> Mapping[str, float]:
    """Median milliseconds to put together the team's digest and that of one of its members."""
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
    return found
