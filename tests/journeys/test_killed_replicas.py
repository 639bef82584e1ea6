"""Three replicas on one database are killed at any moment while timers ring: each of them tells once."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import text

from identity_bot import app, settings
from identity_bot.outbox import queue, worker
from identity_bot.outbox.effect import Context, Effect, Row
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.effects.clocks import Escalate
from identity_bot.outbox.effects.messages import PostUpdate
from identity_bot.plugins import loader
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Person, Stage, Ticket, TicketState
from identity_bot_sandbox.server import Sandbox
from tests.support import Ahead, eventually
from tests.support_plugins import shipped_entry_points

TEAM, REPOSITORY = "C0TEAM", "sandbox-org/identity-requests"
TICKETS, EVERY = 36, 0.05
"""How many timers ring, and the seconds from one to the next."""
CLOCKS = (0.0, 300.0, -300.0)
"""Seconds by which the clocks of the replicas' machines are wrong."""
FATES = ("before", "after", "within") * 2
"""When one replica after the other is killed: before or after `run`, or within the transaction that follows."""

Fate = tuple[str, int]
"""A moment, and the count of effects, of either kind, at which a replica is killed there.

Both kinds count, since one replica may hold the lane of one kind alone: whichever runs most is killed."""

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def replica(path: Path, environ: dict[str, str], ahead: float, fate: Fate | None) -> None:
    """A replica whose machine's clock is ahead, and which is killed as soon as its fate is met."""

    met = itertools.count(1)

    def meet(moment: str) -> None:
        if fate and moment == fate[0] and next(met) == fate[1]:
            os.kill(os.getpid(), signal.SIGKILL)

    def mortal(effect_class: type[Effect]) -> type[Effect]:
        class Mortal(effect_class):  # type: ignore[misc, valid-type]
            def run(self, context: Context, row: Row) -> Any:
                meet("before")
                result = effect_class.run(self, context, row)
                meet("after")
                return result

            def on_success(self, transaction: Transaction, context: Context, result: Any) -> None:
                effect_class.on_success(self, transaction, context, result)
                meet("within")

        return Mortal

    with (
        # What others wait for after each kill, so that the test need not wait as long.
        mock.patch.multiple(queue, LEASE=2.0, BRIEF_LEASE=0.5),
        mock.patch.multiple(worker, LEASE=2.0, BRIEF_LEASE=0.5, VERIFICATION_DELAYS={3: 0.1, 2: 0.1}),
        mock.patch.dict(EFFECTS, {one.kind: mortal(one) for one in (Escalate, PostUpdate)}),
        mock.patch.object(loader, "entry_points", shipped_entry_points),
        mock.patch("time.time", Ahead(time.time, ahead)),
    ):
        bot = app.build(settings.load(path, environ), min_intervals=False, clock=time.time)
        bot.worker.start()
        signal.pause()


@contextmanager
def three_replicas(start: Callable[[float, Fate | None], Any]) -> Iterator[Callable[[], int]]:
    """Three replicas, killed in the end; what it yields starts those again that were killed, and counts the kills."""
    chance, kills = random.Random(11), 0
    fates: Iterator[Fate | None] = itertools.chain(
        ((moment, chance.randint(1, 4)) for moment in FATES), itertools.repeat(None)
    )
    running = [start(ahead, next(fates)) for ahead in CLOCKS]

    def start_again() -> int:
        nonlocal kills
        for number, one in enumerate(running):
            if not one.is_alive():
                assert one.exitcode == -signal.SIGKILL
                running[number] = start(CLOCKS[number], next(fates))
                kills += 1
        return kills

    try:
        yield start_again
    finally:
        for one in running:
            one.kill()
            one.join()


def overdue(store: Store) -> list[Ticket]:
    """Tickets that nobody answers, each due a little after the one before, with timers of their own."""
    with store.begin() as transaction:
        tickets = [
            Ticket(
                id=f"00000000-0000-4000-8000-{number:012}",
                type="mock_auth",
                requestor=Person(slack_id="U0JUNIPER", handle="juniper"),
                answers={},
                submitted_at=transaction.now,
                state=(state := TicketState(stage=Stage.OPEN)),
                last_notified=state,
                repository=REPOSITORY,
                number=number,
                response_due=transaction.now + number * EVERY,
            )
            for number in range(1, TICKETS + 1)
        ]
        for number, one in enumerate(tickets, 1):
            transaction.add_ticket(one)
            transaction.enqueue(Escalate(ticket_id=one.id), delay=number * EVERY)
    return tickets


def test_each_timer_tells_once_though_replicas_are_killed(
    sandbox: Sandbox, settings_file: Path, postgres_url: str
) -> None:
    """Their machines' clocks are ten minutes apart, too: on PostgreSQL all go by the database's."""
    environ = {**os.environ, **sandbox.environment(), "DATABASE_URL": postgres_url}

    def start(ahead: float, fate: Fate | None) -> Any:
        process = PROCESSES.Process(target=replica, args=(settings_file, environ, ahead, fate), daemon=True)
        process.start()
        return process

    store = Store(postgres_url)
    tickets = overdue(store)

    def told() -> Counter[str]:
        said = [one.text for one in sandbox.slack.messages(TEAM, replies=True)]
        return Counter(one.partition("ticket ")[2].partition(".")[0] for one in said if "answered" in one)

    with three_replicas(start) as start_again:
        eventually(lambda: start_again() >= 0 and len(told()) == TICKETS, seconds=60)
        kills = start_again()

    with store.reading() as connection:
        rung = Counter(
            connection.execute(text("SELECT ticket_id FROM events WHERE kind = 'response missed'")).scalars()
        )
    store.close()
    assert kills
    assert rung == Counter(one.id for one in tickets)
    assert set(told().values()) == {1}
