"""The worker does each effect once, in order and at its interval, whatever is answered; on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import text

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable, StoreError
from identity_bot.outbox import worker as worker_module
from identity_bot.outbox.effect import Context, Row
from identity_bot.outbox.outbox import Outbox
from identity_bot.outbox.queue import BRIEF, BRIEF_LEASE, LEASE, VERIFICATIONS, Queue
from identity_bot.outbox.worker import GIVE_UP_AFTER, LONGEST_DELAY, UNBLOCK_AFTER, Worker
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.testing import Clock
from tests.support import eventually
from tests.support_outbox import (
    PATIENCE,
    Log,
    Note,
    context_of,
    enqueue,
    recorder,
    row,
    states,
    ticket,
)

FOUND = {"ts": "1.2"}


def worker(
    queue: Queue, log: Log, *, repeatable: bool = False, interval: float = 0.0, **options: Any
) -> Worker:
    """A worker that knows one kind of effect; its jitter is in the middle."""
    effects = {Note.kind: recorder(log, repeatable=repeatable, interval=interval)}
    return Worker(queue, effects, context_of(queue.store, log), **({"jitter": lambda: 0.5} | options))


def delays(queue: Queue, clock: Clock, working: Worker, count: int) -> list[float]:
    """How long a single effect is postponed, again and again."""
    seen = []
    for _ in range(count):
        assert working.run_due() == 1
        ready_in = queue.ready_in()
        assert ready_in is not None
        seen.append(round(ready_in, 3))
        clock.move(ready_in)
    return seen


# Running


def test_what_is_due_is_run_in_order(queue: Queue) -> None:
    log = Log(answers=[{"n": 1}, {"n": 2}, {"n": 3}])
    numbers = enqueue(queue.store, *[Note() for _ in range(3)])

    assert worker(queue, log).run_due() == 3

    assert log.ran == numbers
    assert log.results == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert log.verified == []


def test_what_follows_is_run_too(queue: Queue) -> None:
    def follow(transaction: Transaction, effect: Note, result: Any) -> None:
        if effect.to != "c":
            transaction.enqueue(Note(to={"a": "b", "b": "c"}[effect.to]))

    log = Log(follows=follow)
    enqueue(queue.store, Note(to="a"))

    assert worker(queue, log).run_due() == 3
    assert states(queue) == {"done": 3}


def test_each_kind_has_its_own_minimum_interval(queue: Queue, clock: Clock) -> None:
    log = Log()

    class Slow(recorder(log, interval=1.0)):  # type: ignore[misc]
        kind = "slow"

    effects = {"slow": Slow, "note": recorder(log)}
    working = Worker(queue, effects, context_of(queue.store, log))
    enqueue(queue.store, Slow(to="slow"), Slow(to="slow"), Note(to="quick"), Note(to="quick"))

    assert working.run_due() == 3
    clock.move(0.9)
    assert working.run_due() == 0
    clock.move(0.1)
    assert working.run_due() == 1


def test_minimum_intervals_can_be_switched_off(queue: Queue) -> None:
    enqueue(queue.store, Note(), Note())

    assert worker(queue, Log(), interval=1.0, min_intervals=False).run_due() == 2


def test_the_minimum_interval_holds_after_a_rejection(queue: Queue, clock: Clock) -> None:
    """What was rejected was asked for, and counts against the other side's limits."""
    enqueue(queue.store, Note(), Note())
    working = worker(queue, Log(answers=[Rejected("no")]), interval=1.0)

    assert working.run_due() == 1
    assert queue.ready_in() == 1


def test_the_minimum_interval_holds_when_a_lane_is_unblocked(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, Note(), Note())
    working = worker(queue, Log(answers=[Retryable("down")] * UNBLOCK_AFTER), interval=1.0)

    assert delays(queue, clock, working, UNBLOCK_AFTER)[-1] == 1.0


# Later


def test_a_named_wait_delays_the_whole_lane_and_is_no_attempt(queue: Queue, clock: Clock) -> None:
    log = Log(answers=[Retryable("429", 30.0)])
    one, two = enqueue(queue.store, Note(), Note())
    working = worker(queue, log)

    assert working.run_due() == 1
    assert row(queue.store, one).attempts == 0
    clock.move(29.9)
    assert working.run_due() == 0
    clock.move(0.1)
    assert working.run_due() == 2
    assert log.ran == [one, one, two]


@pytest.mark.parametrize(
    ("asked", "waited"), [(0.0, 1.0), (-5.0, 1.0), (float("nan"), 1.0), (float("inf"), GIVE_UP_AFTER)]
)
def test_an_odd_wait_is_neither_a_hot_loop_nor_for_ever(
    queue: Queue, clock: Clock, asked: float, waited: float
) -> None:
    enqueue(queue.store, Note())

    assert delays(queue, clock, worker(queue, Log(answers=[Retryable("429", asked)])), 1) == [waited]


def test_an_unnamed_wait_doubles_up_to_a_limit(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, Note())
    working = worker(queue, Log(answers=[Retryable("down")] * 11))

    assert delays(queue, clock, working, 11) == [
        1,
        2,
        4,
        8,
        16,
        32,
        64,
        128,
        256,
        LONGEST_DELAY,
        LONGEST_DELAY,
    ]


@pytest.mark.parametrize(("jitter", "first"), [(0.0, 0.75), (0.999999, 1.25)])
def test_jitter_spreads_a_wait_by_a_quarter(queue: Queue, clock: Clock, jitter: float, first: float) -> None:
    enqueue(queue.store, Note())
    working = worker(queue, Log(answers=[Retryable("down")] * 2), jitter=lambda: jitter)

    assert delays(queue, clock, working, 2) == [first, 2 * first]


def test_after_five_attempts_a_lane_is_unblocked(queue: Queue, clock: Clock) -> None:
    stuck, behind = enqueue(queue.store, Note(), Note())
    log = Log(answers=[Retryable("down")] * UNBLOCK_AFTER)
    working = worker(queue, log)

    delays(queue, clock, working, UNBLOCK_AFTER - 1)
    assert log.ran == [stuck] * (UNBLOCK_AFTER - 1)
    working.run_due()

    assert log.ran == [*[stuck] * UNBLOCK_AFTER, behind]
    clock.move(60)
    assert working.run_due() == 1
    assert states(queue) == {"done": 2}


def test_after_three_days_an_effect_has_failed_and_is_told(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, Note())
    log = Log(answers=[Retryable("down")] * 3)
    working = worker(queue, log)

    working.run_due()
    clock.move(GIVE_UP_AFTER)
    working.run_due()
    assert log.failed == []
    clock.move(LONGEST_DELAY)
    working.run_due()

    assert log.failed == [("note", "given up after three days: down")]
    assert states(queue) == {"failed": 1}


def test_a_timer_has_its_three_days_from_when_it_is_due(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, Note(), delay=10 * GIVE_UP_AFTER)
    working = worker(queue, Log(answers=[Retryable("down")]))

    clock.move(10 * GIVE_UP_AFTER + 60)
    working.run_due()

    assert states(queue) == {"waiting": 1}


def test_what_waited_while_no_bot_was_running_has_its_three_days_from_its_first_attempt(
    queue: Queue, clock: Clock
) -> None:
    """After a long week-end a single failure gives nothing up."""
    enqueue(queue.store, Note())
    working = worker(queue, Log(answers=[Retryable("down")] * 2 + [Retryable("limit", 60.0)]))
    clock.move(2 * GIVE_UP_AFTER)

    delays(queue, clock, working, 3)
    working.run_due()

    assert states(queue) == {"done": 1}


def test_a_retried_effect_has_its_three_days_again(queue: Queue, clock: Clock) -> None:
    [number] = enqueue(queue.store, Note())
    working = worker(queue, Log(answers=[Rejected("no"), Retryable("down")]))
    working.run_due()
    clock.move(10 * GIVE_UP_AFTER)

    Outbox(queue.store).retry(number)
    working.run_due()

    assert states(queue) == {"waiting": 1}


# Rejected


def test_a_rejected_effect_has_failed_and_is_told_in_one_transaction(queue: Queue) -> None:
    class Telling(Log):
        def effect_failed(self, transaction: Transaction, kind: str, ticket_id: Any, reason: str) -> None:
            transaction.enqueue(Note(to="told", text=f"{kind} of {ticket_id}: {reason}"))

    [number] = enqueue(queue.store, Note(ticket_id="T1"))
    told: list[str] = []
    log = Telling(
        answers=[Rejected("no such channel")], meanwhile=lambda row: told.append(row.payload["text"])
    )

    worker(queue, log).run_due()

    assert row(queue.store, number).last_error == "no such channel"
    assert told == ["", "note of T1: no such channel"]
    assert states(queue) == {"failed": 1, "done": 1}


def test_an_error_while_a_failure_is_told_leaves_nothing_half_written(queue: Queue, clock: Clock) -> None:
    class Failing(Log):
        def effect_failed(self, transaction: Transaction, *rest: Any) -> None:
            transaction.enqueue(Note(to="told"))
            raise StoreError("locked")

    enqueue(queue.store, Note())

    worker(queue, Failing(answers=[Rejected("no")])).run_due()

    assert states(queue) == {"waiting": 1}


def test_an_effect_may_have_another_way_after_a_rejection(queue: Queue) -> None:
    enqueue(queue.store, Note())
    log = Log(answers=[Rejected("no")], takes_rejections=True)

    worker(queue, log).run_due()

    assert (log.rejections, log.failed, states(queue)) == (["no"], [], {"done": 1})


def test_an_unknown_kind_has_failed_and_holds_up_nobody(queue: Queue) -> None:
    """As after a downgrade; a retry by a version that knows it does it."""

    class Odd(Note):
        kind = "odd"

    odd, known = enqueue(queue.store, Odd(), Note())
    log = Log()

    worker(queue, log).run_due()

    assert log.ran == [known]
    assert "does not know effects of the kind 'odd'" in row(queue.store, odd).last_error
    Outbox(queue.store).retry(odd)
    Worker(queue, {"odd": recorder(log)}, context_of(queue.store, log)).run_due()
    assert states(queue) == {"done": 2}


def test_a_payload_of_another_version_has_failed_and_shows_no_values(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    [number] = enqueue(queue.store, Note())
    with queue.store.begin() as transaction:
        transaction.connection.execute(text("""UPDATE outbox SET payload = '["my secret"]'"""))

    worker(queue, Log()).run_due()

    assert row(queue.store, number).last_error.startswith("a bug: ")
    assert "my secret" not in caplog.text


# Verifying


def test_an_unknown_outcome_is_verified_three_times_before_the_effect_is_run_again(
    queue: Queue, clock: Clock
) -> None:
    """About ten seconds apart in all, as what was made may show up late."""
    [number] = enqueue(queue.store, Note())
    log = Log(answers=[OutcomeUnknown("timeout")])
    working = worker(queue, log)

    waits = delays(queue, clock, working, 3)
    assert (len(log.verified), len(log.ran)) == (2, 1)
    working.run_due()

    assert waits == [1.0, 3.0, 6.0]
    assert (len(log.verified), len(log.ran)) == (3, 2)
    assert row(queue.store, number).attempts == 2


@pytest.mark.parametrize("misses", [0, 1, 2])
def test_an_effect_whose_result_is_found_is_not_run_again(queue: Queue, clock: Clock, misses: int) -> None:
    enqueue(queue.store, Note())
    log = Log(answers=[OutcomeUnknown("timeout")], found=[*[None] * misses, FOUND])
    working = worker(queue, log)

    delays(queue, clock, working, 1 + misses)
    working.run_due()

    assert len(log.ran) == 1
    assert log.results == [FOUND]
    assert states(queue) == {"done": 1}


def test_a_repeatable_effect_is_run_again_without_verification(queue: Queue, clock: Clock) -> None:
    [number] = enqueue(queue.store, Note())
    log = Log(answers=[OutcomeUnknown("timeout"), StoreError("locked")])
    working = worker(queue, log, repeatable=True)

    delays(queue, clock, working, 2)
    working.run_due()

    assert (log.ran, log.verified) == ([number] * 3, [])


def test_verifying_holds_the_lane(queue: Queue, clock: Clock) -> None:
    """What is behind must not overtake what may have to be run again."""
    one, two = enqueue(queue.store, Note(), Note())
    log = Log(answers=[OutcomeUnknown("timeout")])
    working = worker(queue, log)

    delays(queue, clock, working, 3)
    working.run_due()

    assert log.ran == [one, one, two]


@pytest.mark.parametrize("failure", [Retryable("429", 9.0), Retryable("down"), OutcomeUnknown("timeout")])
def test_an_effect_is_not_run_again_while_its_verification_fails(
    queue: Queue, clock: Clock, failure: Exception
) -> None:
    enqueue(queue.store, Note())
    log = Log(answers=[OutcomeUnknown("timeout")], found=[failure, failure, FOUND])
    working = worker(queue, log)

    delays(queue, clock, working, 3)
    working.run_due()

    assert (len(log.ran), len(log.verified)) == (1, 3)
    assert states(queue) == {"done": 1}


def test_an_effect_that_cannot_be_verified_is_not_run_again(queue: Queue, clock: Clock) -> None:
    """Nor in another way: it has failed, and is verified again when it is retried."""
    [number] = enqueue(queue.store, Note())
    log = Log(answers=[OutcomeUnknown("timeout")], found=[Rejected("missing_scope")], takes_rejections=True)
    working = worker(queue, log)

    delays(queue, clock, working, 1)
    working.run_due()

    assert (log.rejections, states(queue)) == ([], {"failed": 1})
    assert row(queue.store, number).last_error == "cannot be verified: missing_scope"
    log.found.append(FOUND)
    Outbox(queue.store).retry(number)
    working.run_due()
    assert (len(log.ran), states(queue)) == (1, {"done": 1})


def test_an_outcome_that_was_unknown_when_given_up_is_verified_when_retried(
    queue: Queue, clock: Clock
) -> None:
    [number] = enqueue(queue.store, Note())
    log = Log(answers=[Retryable("down"), OutcomeUnknown("timeout")], found=[FOUND])
    working = worker(queue, log)
    working.run_due()
    clock.move(GIVE_UP_AFTER + 1)
    working.run_due()

    Outbox(queue.store).retry(number)
    working.run_due()

    assert (len(log.ran), states(queue)) == (2, {"done": 1})


# Bugs and broken databases


def test_an_effect_with_a_bug_has_failed_and_is_verified_when_retried(queue: Queue) -> None:
    """Nobody knows how far it came."""
    one, two = enqueue(queue.store, Note(), Note())
    log = Log(answers=[ZeroDivisionError("secret")], found=[FOUND])
    working = worker(queue, log)

    working.run_due()

    assert log.ran == [one, two]
    assert row(queue.store, one).last_error == "a bug: ZeroDivisionError"
    Outbox(queue.store).retry(one)
    working.run_due()
    assert (log.ran, states(queue)) == ([one, two], {"done": 2})


def test_a_bug_in_what_follows_does_not_run_the_effect_again(queue: Queue) -> None:
    [number] = enqueue(queue.store, Note())
    bugs = [ZeroDivisionError()]

    def follow(transaction: Transaction, effect: Note, result: Any) -> None:
        transaction.enqueue(Note(to="next"))
        if bugs:
            raise bugs.pop()

    log = Log(follows=follow, found=[FOUND])
    working = worker(queue, log)

    working.run_due()
    assert states(queue) == {"failed": 1}
    log.follows = lambda transaction, effect, result: None
    Outbox(queue.store).retry(number)
    working.run_due()

    assert (log.ran, log.verified) == ([number], [number])
    assert states(queue) == {"done": 1}


def test_an_outcome_that_the_database_refuses_does_not_block_its_lane_forever(
    queue: Queue, clock: Clock
) -> None:
    """It is retried like any other failure: with pauses, the lane unblocked, and given up in the end."""
    stuck, behind = enqueue(queue.store, Note(text="stuck"), Note())

    def follow(transaction: Transaction, effect: Note, result: Any) -> None:
        if effect.text == "stuck":
            transaction.connection.execute(text("INSERT INTO events (ticket_id) VALUES (NULL)"))

    log = Log(follows=follow, found=[FOUND] * 100)
    working = worker(queue, log)

    for _ in range(UNBLOCK_AFTER):
        working.run_due()
        clock.move(60)

    assert log.ran == [stuck, behind]
    assert "the database refused a row" in row(queue.store, stuck).last_error
    clock.move(GIVE_UP_AFTER)
    working.run_due()
    assert states(queue) == {"failed": 1, "done": 1}


def test_an_effect_that_cannot_read_the_database_is_postponed(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, Note())
    log = Log(answers=[StoreError("locked")])
    working = worker(queue, log)

    delays(queue, clock, working, 3)
    working.run_due()

    assert states(queue) == {"done": 1}


# Leases


def test_a_lease_lost_while_running_leaves_the_outcome_to_who_has_it(queue: Queue, clock: Clock) -> None:
    """The first worker slept through its lease; the second finds that the effect was done, and writes what follows."""
    [number] = enqueue(queue.store, Note())
    second = Log(found=[FOUND])

    def sleep(_: Row) -> None:
        clock.move(LEASE + 1)
        worker(queue, second).run_due()

    first = Log(meanwhile=sleep)
    worker(queue, first).run_due()

    assert (first.ran, second.ran, second.verified) == ([number], [], [number])
    assert second.results == [FOUND]
    assert states(queue) == {"done": 1}
    assert row(queue.store, number).attempts == 1


@pytest.mark.parametrize(("lane", "lease"), [("slack:C1", LEASE), (BRIEF, BRIEF_LEASE)])
def test_a_long_effect_keeps_its_lane(
    queue: Queue, clock: Clock, mocker: MockerFixture, lane: str, lease: float
) -> None:
    """Its lease is renewed for as long as it lasts, and also while the worker stops."""
    mocker.patch.multiple(worker_module, LEASE=0.03, BRIEF_LEASE=0.03)
    begun, go_on = threading.Event(), threading.Event()
    [number] = enqueue(queue.store, Note(to=lane))

    def linger(_: Row) -> None:
        begun.set()
        go_on.wait(20)

    def leased_until() -> float:
        with queue.store.reading() as connection:
            return float(connection.execute(text("SELECT leased_until FROM lanes")).scalar_one())

    log = Log(meanwhile=linger)
    working = worker(queue, log)
    working.start()
    assert begun.wait(10)

    for is_stopping in (False, True):
        if is_stopping:
            stopping = threading.Thread(target=working.stop)
            stopping.start()
        for _ in range(2):
            clock.move(lease - 1)
            assert queue.lease("another") is None
            eventually(lambda: leased_until() == clock.now + lease)
    go_on.set()
    stopping.join(20)

    assert states(queue) == {"done": 1}
    assert log.ran == [number]


def test_two_workers_never_run_an_effect_twice_nor_a_lane_at_once(database_url: str) -> None:
    """Eight threads of two workers with a connection pool each, as two processes would; a few hundred effects."""
    store = Store(database_url, patience=PATIENCE)
    lanes = [f"lane {number}" for number in range(7)]
    busy: Counter[str] = Counter()
    done: list[tuple[str, int]] = []
    trouble: list[str] = []
    lock = threading.Lock()

    class Relay(Note):
        def run(self, context: Context, row: Row) -> Any:
            with lock:
                busy[row.lane] += 1
                if busy[row.lane] > 1:
                    trouble.append(f"two in {row.lane}")
            with lock:
                busy[row.lane] -= 1
                done.append((row.lane, row.id))
            return {}

        def find_result(self, context: Context, row: Row) -> Any | None:
            return {} if (row.lane, row.id) in done else None

        def on_success(self, transaction: Transaction, context: Context, result: Any) -> None:
            if left := self.text[1:]:
                at = (lanes.index(self.to) + 1) % len(lanes)
                transaction.enqueue(Relay(to=lanes[at], text=left))

    enqueue(store, *[Relay(to=lane, text="54321") for lane in lanes * 6])
    stores = [Store(database_url, patience=PATIENCE), Store(database_url, patience=PATIENCE)]
    workers = [Worker(Queue(one), {Relay.kind: Relay}, context_of(one, Log())) for one in stores]

    for one in workers:
        one.start()
    eventually(lambda: Outbox(store).count("waiting") == 0, seconds=50)
    for one in workers:
        one.stop()

    assert trouble == []
    assert len(done) == 7 * 6 * 5
    assert len(set(done)) == len(done)
    for lane in lanes:
        by_lane = [number for where, number in done if where == lane]
        assert by_lane[:6] == sorted(by_lane[:6])
    for one in [store, *stores]:
        one.close()


# Starting, waking, stopping


def test_an_idle_worker_hears_at_once_of_what_is_written(queue: Queue, mocker: MockerFixture) -> None:
    """Without waiting for its nap to end."""
    mocker.patch.object(worker_module, "LONGEST_NAP", 600.0)
    log = Log()
    working = worker(queue, log)
    working.start()
    enqueue(queue.store, Note())
    eventually(lambda: states(queue) == {"done": 1})

    enqueue(queue.store, Note())

    eventually(lambda: states(queue) == {"done": 2})
    working.stop()


def test_an_idle_worker_hears_in_a_while_of_what_another_process_has_written(
    queue: Queue, mocker: MockerFixture
) -> None:
    mocker.patch.object(worker_module, "LONGEST_NAP", 0.02)
    working = worker(queue, Log())
    working.start()
    queue.store.on_work = lambda: None

    enqueue(queue.store, Note())

    eventually(lambda: states(queue) == {"done": 1})
    working.stop()


def test_a_woken_worker_asks_again(queue: Queue, clock: Clock, mocker: MockerFixture) -> None:
    mocker.patch.object(worker_module, "LONGEST_NAP", 600.0)
    enqueue(queue.store, Note(), delay=500)
    working = worker(queue, Log())
    working.start()

    clock.move(500)
    working.wake()

    eventually(lambda: states(queue) == {"done": 1})
    working.stop()


def test_stopping_finishes_the_running_effect_and_begins_no_other(queue: Queue) -> None:
    begun, go_on = threading.Event(), threading.Event()
    one, two = enqueue(queue.store, Note(to="a"), Note(to="a"))

    def linger(_: Row) -> None:
        begun.set()
        go_on.wait(20)

    log = Log(meanwhile=linger)
    working = worker(queue, log, threads=1)
    working.start()
    assert begun.wait(10)
    stopping = threading.Thread(target=working.stop)
    stopping.start()
    eventually(lambda: working._stopping.is_set())

    enqueue(queue.store, Note(to="b"))
    go_on.set()
    stopping.join(20)

    assert not stopping.is_alive()
    assert log.ran == [one]
    assert states(queue) == {"done": 1, "waiting": 2}
    lease = queue.lease("the next")
    assert lease
    assert (lease.row.id, lease.row.verifications) == (two, 0)


def test_a_worker_that_never_started_stops(queue: Queue) -> None:
    worker(queue, Log()).stop()


def test_a_worker_outlives_a_database_that_fails(
    queue: Queue, mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch.object(worker_module, "LONGEST_NAP", 0.02)
    with queue.store.begin() as transaction:
        transaction.connection.execute(text("ALTER TABLE lanes RENAME TO mislaid"))
    working = worker(queue, Log())
    working.start()
    eventually(lambda: "database unavailable; retrying: the database cannot be used" in caplog.text)

    with queue.store.begin() as transaction:
        transaction.connection.execute(text("ALTER TABLE mislaid RENAME TO lanes"))
    enqueue(queue.store, Note())

    eventually(lambda: states(queue) == {"done": 1})
    working.stop()


def test_logs_name_effects_and_show_nothing_of_them(
    queue: Queue, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="identity_bot")
    secret = "what somebody wrote"
    answers = [Retryable("down"), OutcomeUnknown("timeout"), Rejected("no")]
    for answer in answers:
        enqueue(queue.store, Note(text=secret, ticket_id=ticket().id))
        working = worker(queue, Log(answers=[answer], found=[FOUND]))
        working.run_due()
        clock.move(LONGEST_DELAY)
        working.run_due()

    assert "(note) has failed: no" in caplog.text
    assert "effect 1 done: note" in caplog.text
    assert secret not in caplog.text


def test_each_verification_but_the_last_has_a_delay() -> None:
    assert set(worker_module.VERIFICATION_DELAYS) == set(range(2, VERIFICATIONS + 1))
