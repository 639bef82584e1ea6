"""What the tests of the store, the outbox and the worker share: a clock to move, acts that record, and statements."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, select

from identity_bot.outbox.queue import Outbox
from identity_bot.store import schema as tables
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Effect, Person, Ticket, ticket_id

PATIENCE = 30.0
"""Seconds; tests that hammer a database share their machine with others."""
START = 1_800_000_000.0


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        """Lets time pass."""
        self.now += seconds


@dataclass
class Recorder:
    """An act that notes what is asked of it; `answers` are what it gives or raises in turn, then `{}`."""

    answers: list[Any] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)
    follows: Callable[[Transaction, Effect, Any], None] = lambda transaction, effect, result: None
    takes_refusals: bool = False
    did: list[int] = field(default_factory=list)
    looked: list[int] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def do(self, effect: Effect) -> Any:
        self.did.append(effect.id or 0)
        return _given(self.answers, {})

    def look(self, effect: Effect) -> Any | None:
        self.looked.append(effect.id or 0)
        return _given(self.found, None)

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        self.follows(transaction, effect, result)

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        self.refusals.append(reason)
        return self.takes_refusals


def outbox_at(url: str, clock: Clock) -> Outbox:
    """An outbox in an empty database, made from the tables, which is quicker than by the migrations."""
    store = Store(url, clock, patience=PATIENCE)
    tables.metadata.create_all(store.engine)
    return Outbox(store)


def ticket(submission: str = "V1", **changes: Any) -> Ticket:
    """A ticket as it is when it has just been submitted."""
    given: dict[str, Any] = {
        "id": ticket_id(submission),
        "type": "pr_review",
        "requestor": Person(slack_id="U0JUNIPER", handle="juniper", name="Juniper Vale", team="Benefits"),
        "answers": {"tested": True},
        "submitted_at": START,
        "repository": "sandbox-org/identity-requests",
    }
    return Ticket(**(given | changes))


def enqueue(store: Store, *effects: Effect) -> list[int]:
    """Writes effects in one transaction; their ids."""
    with store.begin() as transaction:
        return [transaction.enqueue(effect) for effect in effects]


def effect(lane: str = "lane", kind: str = "act", **more: Any) -> Effect:
    """An effect to enqueue."""
    return Effect(lane=lane, kind=kind, **more)


def row(store: Store, effect_id: int) -> Any:
    """An effect's row as it is in the database."""
    with store.reading() as connection:
        return connection.execute(select(tables.outbox).where(tables.outbox.c.id == effect_id)).one()


def states(outbox: Outbox) -> dict[str, int]:
    """How many effects are in each state."""
    return {state: outbox.count(state) for state in ("waiting", "done", "parked") if outbox.count(state)}


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the database is sent meanwhile, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        seen.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.engine, "before_cursor_execute", note)


def explained(store: Store, statement: str, parameters: Any) -> str:
    """How the database would go about a statement; PostgreSQL scans small tables unless it is told not to."""
    with store.reading() as connection:
        if connection.dialect.name == "sqlite":
            lines = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        else:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
            lines = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()
    return "\n".join(str(line) for line in lines)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What the calls return when each runs in a thread of its own and all begin together; the first error if any."""
    gate = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)
    errors: list[Exception] = []

    def run(number: int) -> None:
        gate.wait(10)
        try:
            results[number] = calls[number]()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
    return results


def _given(answers: list[Any], otherwise: Any) -> Any:
    answer = answers.pop(0) if answers else otherwise
    if isinstance(answer, BaseException):
        raise answer
    return answer
