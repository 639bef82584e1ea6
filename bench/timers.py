"""How late timers ring while one of three replicas after the other is killed and started again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bench.office import SETTINGS
from bench.people import REPOSITORY, percentile
from identity_bot import app, settings
from identity_bot.outbox.effects.clocks import Escalate
from identity_bot.store.store import Store
from identity_bot.tickets.model import Person, Stage, Ticket, TicketState
from identity_bot_sandbox.server import Sandbox

REPLICAS = 3


def ring(folder: Path, url: str, *, timers: int, seconds: float, kill_every: float) -> Mapping[str, float]:
    """How many seconds timers are late that ring one after the other; raises if one rings twice, or never."""
    store, chance, kills = Store(url), random.Random(timers), 0
    store.migrate()
    (folder / "timers.toml").write_text(SETTINGS, encoding="utf-8")
    with Sandbox() as sandbox:
        environment = {**os.environ, **sandbox.environment(), "DATABASE_URL": url}
        running = [_Replica(folder / "timers.toml", environment) for _ in range(REPLICAS)]
        try:
            for one in running:
                one.await_ready()
            _set(store, timers, seconds)
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(left, kill_every * 2 * chance.random()))
                for one in running:  # it is measured how soon the others take over, not how soon one starts
                    one.await_ready()
                victim = chance.choice(running)
                victim.kill()
                victim.start()
                kills += 1
            late = _await_all(store, timers)
        finally:
            for one in running:
                one.kill()
    store.close()
    return {"p50": percentile(late, 50), "p95": percentile(late, 95), "max": max(late), "kills": kills}


class _Replica:
    """A worker in a process of its own, without what would compute anew when tickets are due."""

    def __init__(self, settings: Path, environment: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", "bench.timers", str(settings)]
        self._environment = environment
        self.start()

    def start(self) -> None:
        """Begin, once more if it was killed; it works as soon as it has started."""
        self._is_ready = False
        self._process = subprocess.Popen(
            self._command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def await_ready(self) -> None:
        """Wait until it works."""
        assert self._process.stdout
        if not self._is_ready and not self._process.stdout.readline():
            raise RuntimeError("a replica did not start")
        self._is_ready = True

    def kill(self) -> None:
        """Kill it, wherever it is."""
        self._process.kill()
        self._process.communicate()


def _set(store: Store, timers: int, seconds: float) -> None:
    """Tickets whose answers are due one after the other, beginning now."""
    state = TicketState(stage=Stage.OPEN)
    with store.begin() as transaction:
        for number in range(timers):
            delay = seconds * number / timers
            ticket = Ticket(
                id=f"00000000-0000-4000-8000-{number:012}",
                type="mock_auth",
                requestor=Person(slack_id="U0JUNIPER", handle="juniper"),
                answers={},
                submitted_at=transaction.now,
                state=state,
                last_notified=state,
                repository=REPOSITORY,
                number=number + 1,
                response_due=transaction.now + delay,
            )
            transaction.add_ticket(ticket)
            transaction.enqueue(Escalate(ticket_id=ticket.id), delay=delay)


def _await_all(store: Store, timers: int) -> list[float]:
    """How late each timer was, once all have rung."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with store.reading() as connection:
            late = [
                float(one)
                for one in connection.exec_driver_sql(
                    "SELECT events.at - tickets.response_due FROM events JOIN tickets"
                    " ON tickets.id = events.ticket_id WHERE events.kind = 'response missed'"
                ).scalars()
            ]
        if len(late) >= timers:
            if len(late) > timers:
                raise RuntimeError(f"{timers} timers rang {len(late)} times")
            return late
        time.sleep(0.2)
    raise RuntimeError(f"{timers - len(late)} of {timers} timers have not rung")


def _work(path: Path) -> None:
    bot = app.build(settings.load(path, os.environ))
    bot.worker.start()
    print("ready", flush=True)
    signal.pause()


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
