"""How many effects a second the worker does on SQLite, when the acts themselves take no time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from identity_bot.outbox.queue import Outbox
from identity_bot.outbox.worker import Worker
from identity_bot.store.schema import outbox
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Effect

MEASURED = 2000
"""How many effects are timed; fewer where fewer are waiting."""


class Instant:
    """An act that takes no time, and counts."""

    count = 0

    def do(self, effect: Effect) -> Any:
        self.count += 1
        return {}

    def look(self, effect: Effect) -> Any | None:
        return None

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        return None

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        return False


def effects_per_second(folder: Path, *, waiting: int, done: int) -> float:
    """The pace at which effects are done in a lane that holds so many, with so many others done before."""
    store = Store(f"sqlite:///{folder / f'effects-{waiting}-{done}.db'}")
    store.migrate()
    now = time.time()
    row = {"lane": "bench", "kind": "instant", "payload": {}, "created_at": now, "due_at": now, "since": now}
    with store.begin() as transaction:
        for state, count in (("done", done), ("waiting", waiting)):
            for written in range(0, count, 10_000):
                rows = [row | {"state": state}] * min(10_000, count - written)
                transaction.connection.execute(insert(outbox), rows)
        transaction.make_ready("bench", now)
    act = Instant()
    worker = Worker(Outbox(store), {"instant": act})
    begun = time.perf_counter()
    worker.start()
    while act.count < min(MEASURED, waiting):
        time.sleep(0.005)
    rate = act.count / (time.perf_counter() - begun)
    worker.stop()
    store.close()
    return rate
