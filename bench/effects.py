"""How many effects a second the worker runs on SQLite, when the effects themselves take no time."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import insert

from identity_bot.outbox.effect import Context, Effect, Row
from identity_bot.outbox.queue import Queue
from identity_bot.outbox.worker import Worker
from identity_bot.store.schema import outbox
from identity_bot.store.store import Store

MEASURED = 2000
"""How many effects are timed; fewer if fewer are waiting."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Instant(Effect):
    """An effect that takes no time, and counts."""

    kind: ClassVar[str] = "instant"
    label: ClassVar[str] = "count"
    counted: ClassVar[Any] = itertools.count(1)
    count: ClassVar[int] = 0

    @property
    def lane(self) -> str:
        return "bench"

    def run(self, context: Context, row: Row) -> None:
        Instant.count = next(Instant.counted)


def effects_per_second(folder: Path, *, waiting: int, done: int) -> float:
    """The pace at which effects are run in a lane that holds so many, with so many others done before."""
    store = Store(f"sqlite:///{folder / f'effects-{waiting}-{done}.db'}")
    store.migrate()
    now = time.time()
    times = dict.fromkeys(("created_at", "due_at", "trying_since"), now)
    row = {"lane": "bench", "kind": Instant.kind, "payload": {}, **times}
    with store.begin() as transaction:
        for state, count in (("done", done), ("waiting", waiting)):
            for written in range(0, count, 10_000):
                rows = [row | {"state": state}] * min(10_000, count - written)
                transaction.connection.execute(insert(outbox), rows)
        transaction.make_ready("bench", now)
    nothing: Any = None
    worker = Worker(Queue(store), {Instant.kind: Instant}, nothing)
    before, begun = Instant.count, time.perf_counter()
    worker.start()
    while Instant.count - before < min(MEASURED, waiting):
        time.sleep(0.005)
    rate = (Instant.count - before) / (time.perf_counter() - begun)
    worker.stop()
    store.close()
    return rate
