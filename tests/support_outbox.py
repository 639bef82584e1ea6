"""What the tests of the store, the queue and the worker share: effects that record, and statements."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event, func, select

from identity_bot.outbox.effect import Context, Effect, Row
from identity_bot.outbox.outbox import Outbox
from identity_bot.outbox.queue import Lease, Queue
from identity_bot.store import schema
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Person, Ticket, ticket_id

PATIENCE = 30.0
"""Seconds; tests that hammer a database share their machine with others."""
START = 1_800_000_000.0


@dataclass(frozen=True, kw_only=True)
class Note(Effect):
    """An effect for tests, in any lane; with a key, one waits at a time."""

    kind = "note"
    label = "take a note"

    to: str = "lane"
    text: str = ""
    key: str | None = None

    @property
    def lane(self) -> str:
        return self.to

    @property
    def unique_key(self) -> str | None:
        return self.key


@dataclass(frozen=True, kw_only=True)
class Tick(Note):
    """A note that is dropped while the same is running."""

    kind = "tick"
    reruns = False


@dataclass
class Log:
    """What recorders are asked, and how they answer.

    `answers` are what `run` gives or raises in turn, then `{}`; `found` what `find_result` does, then None.
    """

    answers: list[Any] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)
    meanwhile: Callable[[Row], None] = lambda row: None
    """Called by `run`."""
    follows: Callable[[Transaction, Note, Any], None] = lambda transaction, effect, result: None
    """Called by `on_success`."""
    takes_rejections: bool = False
    ran: list[int] = field(default_factory=list)
    verified: list[int] = field(default_factory=list)
    """The ids of rows whose effects were run, and whose results were looked for."""
    results: list[Any] = field(default_factory=list)
    rejections: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Kind and reason of each effect that has failed."""

    def effect_failed(self, transaction: Transaction, kind: str, ticket_id: str | None, reason: str) -> None:
        """As the notifier is told."""
        self.failed.append((kind, reason))


def recorder(log: Log, *, repeatable: bool = False, interval: float = 0.0) -> type[Note]:
    """An effect class that notes in `log` what is asked of it."""

    class Recorded(Note):
        is_repeatable = repeatable
        min_interval = interval

        def run(self, context: Context, row: Row) -> Any:
            log.meanwhile(row)
            log.ran.append(row.id)
            return _given(log.answers, {})

        def find_result(self, context: Context, row: Row) -> Any | None:
            log.verified.append(row.id)
            return _given(log.found, None)

        def on_success(self, transaction: Transaction, context: Context, result: Any) -> None:
            log.follows(transaction, self, result)
            log.results.append(result)

        def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
            log.rejections.append(reason)
            return log.takes_rejections

    return Recorded


def context_of(store: Store, log: Log) -> Context:
    """What recorders work with: nothing but the store, and the log where failures are told."""
    nothing: Any = None
    notifier: Any = log
    return Context(
        store=store,
        plugins=nothing,
        settings=nothing,
        people=nothing,
        tracker=nothing,
        reader=nothing,
        chat=nothing,
        reconciler=nothing,
        comments=nothing,
        conversation=nothing,
        notifier=notifier,
        clocks=None,  # type: ignore[arg-type]
        overview=nothing,
    )


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


def enqueue(store: Store, *effects: Effect, delay: float = 0.0) -> list[int]:
    """Write effects, each in a transaction of its own; their ids."""
    ids = []
    for effect in effects:
        with store.begin() as transaction:
            transaction.enqueue(effect, delay=delay)
        with store.reading() as connection:
            ids.append(connection.execute(select(func.max(schema.outbox.c.id))).scalar_one())
    return ids


def waiting(store: Store) -> list[Any]:
    """The rows of effects that wait, oldest first."""
    query = select(schema.outbox).where(schema.outbox.c.state == "waiting").order_by(schema.outbox.c.id)
    with store.reading() as connection:
        return list(connection.execute(query).all())


def row(store: Store, effect_id: int) -> Any:
    """An effect's row as it is in the database."""
    with store.reading() as connection:
        return connection.execute(select(schema.outbox).where(schema.outbox.c.id == effect_id)).one()


def states(queue: Queue) -> dict[str, int]:
    """How many effects are in each state, apart from the timers of tickets, of which some always wait."""
    outbox = Outbox(queue.store)
    counts = {state: outbox.count(state) for state in ("waiting", "done", "failed")}
    counts["waiting"] -= sum(row.kind in ("tell_delay", "escalate") for row in outbox.rows("waiting"))
    return {state: count for state, count in counts.items() if count}


def leased(queue: Queue) -> Lease:
    """The next lease, which there must be."""
    lease = queue.lease("somebody")
    assert lease
    return lease


def failed(queue: Queue, *, verifications: int = 0) -> int:
    """An effect that has failed."""
    [number] = enqueue(queue.store, Note())
    queue.fail(leased(queue), "no such channel", lambda transaction: False, verifications=verifications)
    return number


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the database is sent meanwhile, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if "set_config" not in statement:  # with which every transaction begins on PostgreSQL
            seen.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.engine, "before_cursor_execute", note)


@contextmanager
def commits(store: Store) -> Iterator[list[str]]:
    """What each commit that SQLite makes meanwhile is: "durable", or "not durable" if it does not wait for the disk."""
    seen: list[str] = []

    def note(connection: Connection) -> None:
        level = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        seen.append({1: "not durable", 2: "durable"}[level])

    event.listen(store.engine, "commit", note)
    yield seen
    event.remove(store.engine, "commit", note)


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
