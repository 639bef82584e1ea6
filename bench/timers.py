"""How late timers ring, and whether each rings once, while the processes that wait for them are being killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.office import SETTINGS
from bench.people import REPOSITORY
from identity_bot import settings
from identity_bot.app import assemble
from identity_bot.outbox import queue
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.outbox import Outbox
from identity_bot.outbox.queue import Queue
from identity_bot.outbox.worker import Worker
from identity_bot.plugins import loader
from identity_bot.store import schema
from identity_bot.store.store import Store
from identity_bot.testing import Clock, MemoryChat, MemoryTracker
from identity_bot.tickets.calendar import TEAM_TIME
from identity_bot.tickets.model import EventKind, MessageRef, Person, Stage, Ticket, TicketState, ticket_id
from identity_bot.tickets.people import People

BEGINNING = datetime(2026, 12, 2, 10, tzinfo=TEAM_TIME).timestamp()
"""Within business hours: it is always then."""
LONGEST = 120.0
"""Seconds that it may take until all is told."""
_PROCESSES = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """What became of timers: seconds by which each was late, and how often each ticket was told of in Slack."""

    late: tuple[float, ...]
    told: Counter[str]
    killed: int


class _Chat(MemoryChat):
    """Slack, for several processes: a file to which each message adds a line."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def _post(self, channel: str, drawn: Any, key: str, thread_ts: str | None) -> MessageRef:
        line = json.dumps({"channel": channel, "key": key, "text": drawn["text"]}) + "\n"
        with self._path.open("ab", buffering=0) as file:
            file.write(line.encode())
        return MessageRef(channel=channel, ts="1.0")

    def find_message(self, channel: str, idempotency_key: str, *_: Any, **__: Any) -> MessageRef | None:
        found = any(one["key"] == idempotency_key for one in said(self._path))
        return MessageRef(channel=channel, ts="1.0") if found else None

    def _edit(self, message: MessageRef, drawn: Any) -> None:
        return


def said(path: Path) -> list[dict[str, str]]:
    """All that was posted."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def ring(
    folder: Path,
    database_url: str,
    *,
    tickets: int,
    within: float,
    kill_every: float,
    lease: float = queue.LEASE,
) -> Rung:
    """Let the answers to so many tickets be missed within so many seconds, while one of three replicas is killed again
    and again; what is left is waited for. The database is new. `lease` is how long a dead one holds what it acted on.
    """
    slack = folder / "slack.jsonl"
    slack.touch()
    begins = time.time() + 2
    store, clock = Store(database_url, partial(_now, begins)), partial(_now, begins)
    store.migrate()
    _, context = _desk(folder, store, slack)
    due = [BEGINNING + within * place / tickets for place in range(tickets)]
    with store.begin() as transaction:
        for number, at in enumerate(due, 1):
            ticket = _ticket(number, at)
            transaction.add_ticket(ticket)
            context.clocks.set_timer(transaction, ticket)
    start = partial(_start, folder, database_url, slack, begins, lease)
    chance, killed = random.Random(7), 0
    replicas = [start() for _ in range(3)]
    try:
        while clock() < due[-1] + 1:
            time.sleep(kill_every)
            victim = chance.randrange(3)
            replicas[victim].kill()
            replicas[victim].join()
            replicas[victim] = start()
            killed += clock() > BEGINNING
        _wait_until_idle(store, clock)
    finally:
        for one in replicas:
            one.kill()
            one.join()
    return Rung(late=_lateness(store), told=Counter(one["text"] for one in said(slack)), killed=killed)


def replica(folder: Path, database_url: str, slack: Path, begins: float, lease: float) -> None:
    """One process of the bot, until it is killed."""
    queue.LEASE = lease
    store = Store(database_url, partial(_now, begins))
    _, context = _desk(folder, store, slack)
    Worker(Queue(store), EFFECTS, context, min_intervals=False).start()
    while True:
        signal.pause()


def _start(*given: Any) -> BaseProcess:
    process = _PROCESSES.Process(target=replica, args=given, daemon=True)
    process.start()
    return process


def _now(begins: float) -> float:
    return BEGINNING + time.time() - begins


def _desk(folder: Path, store: Store, slack: Path) -> tuple[Any, Any]:
    path = folder / f"bench-{os.getpid()}.toml"
    path.write_text(f"{SETTINGS}[service_levels]\nwarn_minutes = 0\n", encoding="utf-8")
    known = settings.load(
        path, {"GITHUB_TOKEN": "unused", "DATABASE_URL": store.engine.url.render_as_string(False)}
    )
    tracker = MemoryTracker(Clock())
    return assemble(
        store=store,
        plugins=loader.load(known, loader.find()),
        settings=known,
        people=People(known.who_is_who, store.links),
        tracker=tracker,
        reader=tracker,
        chat=_Chat(slack),
        is_team=lambda slack_id: False,
    )


def _ticket(number: int, due: float) -> Ticket:
    state = TicketState(stage=Stage.OPEN)
    return Ticket(
        id=ticket_id(f"timer {number}"),
        type="pr_review",
        requestor=Person(slack_id="U0JUNIPER", handle="juniper"),
        answers={},
        submitted_at=due - 3600,
        state=state,
        repository=REPOSITORY,
        number=number,
        url=f"https://github.test/{number}",
        card=MessageRef(channel="C0TEAM", ts="1.0"),
        headline=f"Ticket #{number}",
        response_due=due,
        last_notified=replace(state),
    )


def _wait_until_idle(store: Store, clock: Any) -> None:
    outbox, end = Outbox(store), time.monotonic() + LONGEST
    while [row for row in outbox.rows("waiting") if row.due_at <= clock()]:
        if time.monotonic() > end:
            raise RuntimeError("effects are left")
        time.sleep(0.2)


def _lateness(store: Store) -> tuple[float, ...]:
    tickets, events = schema.tickets.c, schema.events.c
    missed = select(events.at - tickets.response_due).where(
        events.ticket_id == tickets.id, events.kind == EventKind.RESPONSE_MISSED.value
    )
    with store.reading() as connection:
        return tuple(connection.execute(missed).scalars())
