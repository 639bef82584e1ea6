"""The worker does each effect once, in order and at a pace, whatever the outside world answers; on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable, StoreError
from identity_bot.outbox import queue as outbox_module
from identity_bot.outbox import worker as worker_module
from identity_bot.outbox.queue import LEASE, LOOKS, Outbox
from identity_bot.outbox.worker import GIVE_UP_AFTER, LONGEST_DELAY, STEP_ASIDE_AFTER, Worker
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Effect
from tests.support import eventually
from tests.support_outbox import PATIENCE, Clock, Recorder, effect, enqueue, outbox_at, row, states, ticket

FOUND = {"ts": "1.2"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(database_url: str, clock: Clock) -> Iterator[Outbox]:
    outbox = outbox_at(database_url, clock)
    yield outbox
    outbox.store.close()


def worker(outbox: Outbox, act: Any, **more: Any) -> Worker:
    """A worker that knows one kind of effect; its jitter is in the middle."""
    return Worker(outbox, {"act": act}, **({"jitter": lambda: 0.5} | more))


def delays(outbox: Outbox, clock: Clock, doing: Worker, count: int) -> list[float]:
    """How long a single effect is put off, again and again."""
    seen = []
    for _ in range(count):
        assert doing.run_due() == 1
        ready_at = outbox.next_ready()
        assert ready_at is not None
        seen.append(round(ready_at - clock.now, 3))
        clock.now = ready_at
    return seen


# Doing


def test_what_is_due_is_done_in_order(outbox: Outbox) -> None:
    act = Recorder(answers=[{"n": 1}, {"n": 2}, {"n": 3}])
    numbers = enqueue(outbox.store, *[effect() for _ in range(3)])

    assert worker(outbox, act).run_due() == 3

    assert act.did == numbers
    assert [row(outbox.store, number).result for number in numbers] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert act.looked == []


def test_what_follows_is_done_too(outbox: Outbox) -> None:
    def follow(transaction: Transaction, done: Effect, result: Any) -> None:
        if done.lane != "c":
            transaction.enqueue(effect({"a": "b", "b": "c"}[done.lane]))

    act = Recorder(follows=follow)
    enqueue(outbox.store, effect("a"))

    assert worker(outbox, act).run_due() == 3
    assert states(outbox) == {"done": 3}


def test_each_lane_has_its_own_pace(outbox: Outbox, clock: Clock) -> None:
    act = Recorder()
    doing = worker(outbox, act, pace=lambda lane: {"slow": 1.0}.get(lane, 0.0))
    enqueue(outbox.store, effect("slow"), effect("slow"), effect("quick"), effect("quick"))

    assert doing.run_due() == 3
    clock.move(0.9)
    assert doing.run_due() == 0
    clock.move(0.1)
    assert doing.run_due() == 1


def test_the_pace_holds_after_a_refusal(outbox: Outbox, clock: Clock) -> None:
    """What was refused was asked for, and counts against the other side's limits."""
    enqueue(outbox.store, effect(), effect())
    doing = worker(outbox, Recorder(answers=[Rejected("no")]), pace=lambda lane: 1.0)

    assert doing.run_due() == 1
    assert outbox.next_ready() == clock.now + 1


# Later


def test_a_named_wait_delays_the_whole_lane_and_is_no_attempt(outbox: Outbox, clock: Clock) -> None:
    act = Recorder(answers=[Retryable("429", 30.0)])
    one, two = enqueue(outbox.store, effect(), effect())
    doing = worker(outbox, act)

    assert doing.run_due() == 1
    assert row(outbox.store, one).attempts == 0
    clock.move(29.9)
    assert doing.run_due() == 0
    clock.move(0.1)
    assert doing.run_due() == 2
    assert act.did == [one, one, two]


@pytest.mark.parametrize(
    ("asked", "waited"), [(0.0, 1.0), (-5.0, 1.0), (float("nan"), 1.0), (float("inf"), GIVE_UP_AFTER)]
)
def test_an_odd_wait_is_neither_a_hot_loop_nor_for_ever(
    outbox: Outbox, clock: Clock, asked: float, waited: float
) -> None:
    enqueue(outbox.store, effect())

    assert delays(outbox, clock, worker(outbox, Recorder(answers=[Retryable("429", asked)])), 1) == [waited]


def test_an_unnamed_wait_doubles_up_to_a_limit(outbox: Outbox, clock: Clock) -> None:
    enqueue(outbox.store, effect())
    doing = worker(outbox, Recorder(answers=[Retryable("down")] * 11))

    assert delays(outbox, clock, doing, 11) == [
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
def test_jitter_spreads_a_wait_by_a_quarter(
    outbox: Outbox, clock: Clock, jitter: float, first: float
) -> None:
    enqueue(outbox.store, effect())
    doing = worker(outbox, Recorder(answers=[Retryable("down")] * 2), jitter=lambda: jitter)

    assert delays(outbox, clock, doing, 2) == [first, 2 * first]


def test_after_five_attempts_the_others_go_ahead(outbox: Outbox, clock: Clock) -> None:
    stuck, behind = enqueue(outbox.store, effect(), effect())
    act = Recorder(answers=[Retryable("down")] * STEP_ASIDE_AFTER)
    doing = worker(outbox, act)

    delays(outbox, clock, doing, STEP_ASIDE_AFTER - 1)
    assert act.did == [stuck] * (STEP_ASIDE_AFTER - 1)
    doing.run_due()

    assert act.did == [*[stuck] * STEP_ASIDE_AFTER, behind]
    clock.move(60)
    assert doing.run_due() == 1
    assert states(outbox) == {"done": 2}


def test_after_three_days_it_is_parked_and_told(outbox: Outbox, clock: Clock) -> None:
    told: list[str] = []
    [number] = enqueue(outbox.store, effect())
    doing = worker(
        outbox,
        Recorder(answers=[Retryable("down")] * 3),
        parked=lambda transaction, given, reason: told.append(f"{given.id}: {reason}"),
    )

    doing.run_due()
    clock.move(GIVE_UP_AFTER)
    doing.run_due()
    assert told == []
    clock.move(LONGEST_DELAY)
    doing.run_due()

    assert told == [f"{number}: given up after three days: down"]
    assert states(outbox) == {"parked": 1}


def test_a_timer_has_its_three_days_from_when_it_is_due(outbox: Outbox, clock: Clock) -> None:
    enqueue(outbox.store, effect(due_at=clock.now + 10 * GIVE_UP_AFTER))
    doing = worker(outbox, Recorder(answers=[Retryable("down")]))

    clock.move(10 * GIVE_UP_AFTER + 60)
    doing.run_due()

    assert states(outbox) == {"waiting": 1}


def test_what_waited_while_no_bot_was_running_has_its_three_days_from_its_first_attempt(
    outbox: Outbox, clock: Clock
) -> None:
    """After a long week-end a single failure gives nothing up."""
    enqueue(outbox.store, effect())
    doing = worker(outbox, Recorder(answers=[Retryable("down")] * 2 + [Retryable("limit", 60.0)]))
    clock.move(2 * GIVE_UP_AFTER)

    delays(outbox, clock, doing, 3)
    doing.run_due()

    assert states(outbox) == {"done": 1}


def test_a_retried_effect_has_its_three_days_again(outbox: Outbox, clock: Clock) -> None:
    [number] = enqueue(outbox.store, effect())
    doing = worker(outbox, Recorder(answers=[Rejected("no"), Retryable("down")]))
    doing.run_due()
    clock.move(10 * GIVE_UP_AFTER)

    outbox.retry(number)
    doing.run_due()

    assert states(outbox) == {"waiting": 1}


# Rejected


def test_what_is_refused_is_parked_and_told_in_one_transaction(outbox: Outbox) -> None:
    [number] = enqueue(outbox.store, effect())
    act = Recorder(answers=[Rejected("no such channel")])

    def tell(transaction: Transaction, given: Effect, reason: str) -> None:
        transaction.enqueue(effect("told", payload={"id": given.id, "reason": reason}))

    worker(outbox, act, parked=tell).run_due()

    assert row(outbox.store, number).last_error == "no such channel"
    assert row(outbox.store, number + 1).payload == {"id": number, "reason": "no such channel"}
    assert states(outbox) == {"parked": 1, "done": 1}


def test_an_act_may_have_another_way_after_a_refusal(outbox: Outbox) -> None:
    told: list[str] = []
    enqueue(outbox.store, effect())
    act = Recorder(answers=[Rejected("no")], takes_refusals=True)

    worker(outbox, act, parked=lambda transaction, given, reason: told.append(reason)).run_due()

    assert (act.refusals, told, states(outbox)) == (["no"], [], {"done": 1})


def test_an_unknown_kind_is_parked_and_holds_up_nobody(outbox: Outbox) -> None:
    """As after a downgrade; a retry by a version that knows it does it."""
    odd, known = enqueue(outbox.store, effect(kind="odd"), effect())
    act = Recorder()

    worker(outbox, act).run_due()

    assert act.did == [known]
    assert "does not know effects of the kind 'odd'" in row(outbox.store, odd).last_error
    outbox.retry(odd)
    Worker(outbox, {"odd": act}).run_due()
    assert states(outbox) == {"done": 2}


# Looking


def test_an_unknown_outcome_is_looked_for_three_times_and_then_done_again(
    outbox: Outbox, clock: Clock
) -> None:
    """About ten seconds apart in all, as what was made may show up late."""
    [number] = enqueue(outbox.store, effect())
    act = Recorder(answers=[OutcomeUnknown("time-out")])
    doing = worker(outbox, act)

    waits = delays(outbox, clock, doing, 3)
    assert (len(act.looked), len(act.did)) == (2, 1)
    doing.run_due()

    assert waits == [1.0, 3.0, 6.0]
    assert (len(act.looked), len(act.did)) == (3, 2)
    assert row(outbox.store, number).attempts == 2


@pytest.mark.parametrize("misses", [0, 1, 2])
def test_an_act_whose_trace_is_found_is_not_done_again(outbox: Outbox, clock: Clock, misses: int) -> None:
    [number] = enqueue(outbox.store, effect())
    follows: list[Any] = []
    act = Recorder(
        answers=[OutcomeUnknown("time-out")],
        found=[*[None] * misses, FOUND],
        follows=lambda transaction, given, result: follows.append(result),
    )
    doing = worker(outbox, act)

    delays(outbox, clock, doing, 1 + misses)
    doing.run_due()

    assert len(act.did) == 1
    assert follows == [FOUND]
    assert row(outbox.store, number).result == FOUND


def test_looking_holds_the_lane(outbox: Outbox, clock: Clock) -> None:
    """What is behind must not overtake what may have to be done again."""
    one, two = enqueue(outbox.store, effect(), effect())
    act = Recorder(answers=[OutcomeUnknown("time-out")])
    doing = worker(outbox, act)

    delays(outbox, clock, doing, 3)
    doing.run_due()

    assert act.did == [one, one, two]


@pytest.mark.parametrize("failure", [Retryable("429", 9.0), Retryable("down"), OutcomeUnknown("time-out")])
def test_an_act_is_not_done_again_while_looking_fails(
    outbox: Outbox, clock: Clock, failure: Exception
) -> None:
    enqueue(outbox.store, effect())
    act = Recorder(answers=[OutcomeUnknown("time-out")], found=[failure, failure, FOUND])
    doing = worker(outbox, act)

    delays(outbox, clock, doing, 3)
    doing.run_due()

    assert (len(act.did), len(act.looked)) == (1, 3)
    assert states(outbox) == {"done": 1}


def test_where_looking_is_refused_nothing_is_done_twice(outbox: Outbox, clock: Clock) -> None:
    """Nor in another way: it is parked, and looked for again when it is retried."""
    [number] = enqueue(outbox.store, effect())
    act = Recorder(
        answers=[OutcomeUnknown("time-out")], found=[Rejected("missing_scope")], takes_refusals=True
    )
    doing = worker(outbox, act)

    delays(outbox, clock, doing, 1)
    doing.run_due()

    assert (act.refusals, states(outbox)) == ([], {"parked": 1})
    assert row(outbox.store, number).last_error == "nobody can tell whether it was done: missing_scope"
    act.found.append(FOUND)
    outbox.retry(number)
    doing.run_due()
    assert (len(act.did), states(outbox)) == (1, {"done": 1})


def test_what_was_unsure_when_given_up_is_looked_for_when_retried(outbox: Outbox, clock: Clock) -> None:
    [number] = enqueue(outbox.store, effect())
    act = Recorder(answers=[Retryable("down"), OutcomeUnknown("time-out")], found=[FOUND])
    doing = worker(outbox, act)
    doing.run_due()
    clock.move(GIVE_UP_AFTER + 1)
    doing.run_due()

    outbox.retry(number)
    doing.run_due()

    assert (len(act.did), states(outbox)) == (2, {"done": 1})


# Bugs and broken databases


def test_a_bug_in_an_act_is_parked_and_looked_for_when_retried(outbox: Outbox) -> None:
    """Nobody knows how far it came."""
    one, two = enqueue(outbox.store, effect(), effect())
    act = Recorder(answers=[ZeroDivisionError("secret")], found=[FOUND])
    doing = worker(outbox, act)

    doing.run_due()

    assert act.did == [one, two]
    assert row(outbox.store, one).last_error == "a bug: ZeroDivisionError"
    outbox.retry(one)
    doing.run_due()
    assert (act.did, states(outbox)) == ([one, two], {"done": 2})


def test_a_bug_in_what_follows_does_not_do_the_act_again(outbox: Outbox) -> None:
    [number] = enqueue(outbox.store, effect())
    bugs = [ZeroDivisionError()]

    def follow(transaction: Transaction, given: Effect, result: Any) -> None:
        transaction.enqueue(effect("next"))
        if bugs:
            raise bugs.pop()

    act = Recorder(follows=follow, found=[FOUND])
    doing = worker(outbox, act)

    doing.run_due()
    assert states(outbox) == {"parked": 1}
    act.follows = lambda transaction, given, result: None
    outbox.retry(number)
    doing.run_due()

    assert (act.did, act.looked) == ([number], [number])
    assert states(outbox) == {"done": 1}


def test_an_outcome_that_the_database_refuses_does_not_block_its_lane_for_ever(
    outbox: Outbox, clock: Clock
) -> None:
    """It is tried like any other failure: with pauses, aside from the others, and given up in the end."""
    stuck, behind = enqueue(outbox.store, effect(), effect())

    def follow(transaction: Transaction, given: Effect, result: Any) -> None:
        if given.id == stuck:
            transaction.connection.execute(text("INSERT INTO events (ticket_id) VALUES (NULL)"))

    act = Recorder(follows=follow, found=[FOUND] * 100)
    doing = worker(outbox, act)

    for _ in range(STEP_ASIDE_AFTER):
        doing.run_due()
        clock.move(60)

    assert act.did == [stuck, behind]
    assert "the database refused a row" in row(outbox.store, stuck).last_error
    clock.move(GIVE_UP_AFTER)
    doing.run_due()
    assert states(outbox) == {"parked": 1, "done": 1}


def test_an_act_that_cannot_read_the_database_is_put_off(outbox: Outbox, clock: Clock) -> None:
    enqueue(outbox.store, effect())
    act = Recorder(answers=[StoreError("locked")])
    doing = worker(outbox, act)

    delays(outbox, clock, doing, 3)
    doing.run_due()

    assert states(outbox) == {"done": 1}


# Leases


def test_a_lease_lost_during_the_act_leaves_the_outcome_to_who_has_it(outbox: Outbox, clock: Clock) -> None:
    """The first worker slept through its lease; the second looks, finds the act done, and tells what follows once."""
    [number] = enqueue(outbox.store, effect())
    follows: list[str] = []
    second = Recorder(found=[FOUND], follows=lambda *rest: follows.append("second"))

    class Slow(Recorder):
        def do(self, given: Effect) -> Any:
            clock.move(LEASE + 1)
            worker(outbox, second).run_due()
            return super().do(given)

    worker(outbox, Slow(follows=lambda *rest: follows.append("first"))).run_due()

    assert second.did == []
    assert states(outbox) == {"done": 1}
    assert row(outbox.store, number).attempts == 1
    assert row(outbox.store, number).result == FOUND


def test_a_long_act_keeps_its_lane(outbox: Outbox, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease is renewed for as long as it lasts, and also while the worker stops."""
    monkeypatch.setattr(worker_module, "LEASE", 0.03)
    begun, go_on = threading.Event(), threading.Event()
    [number] = enqueue(outbox.store, effect())

    class Long(Recorder):
        def do(self, given: Effect) -> Any:
            begun.set()
            go_on.wait(20)
            return super().do(given)

    def leased_until() -> float:
        with outbox.store.reading() as connection:
            return float(connection.execute(text("SELECT leased_until FROM lanes")).scalar_one())

    act = Long()
    doing = worker(outbox, act)
    doing.start()
    assert begun.wait(10)

    for is_stopping in (False, True):
        if is_stopping:
            stopping = threading.Thread(target=doing.stop)
            stopping.start()
        clock.move(LEASE - 1)
        eventually(lambda: leased_until() == clock.now + LEASE)
        clock.move(LEASE - 1)
        assert outbox.lease("another") is None
    go_on.set()
    stopping.join(20)

    assert states(outbox) == {"done": 1}
    assert act.did == [number]


def test_two_workers_never_do_an_effect_twice_nor_a_lane_at_once(database_url: str) -> None:
    """Eight threads of two workers with a connection pool each, as two processes would; a few hundred effects."""
    store = Store(database_url, patience=PATIENCE)
    store.migrate()
    lanes = [f"lane {number}" for number in range(7)]
    busy: Counter[str] = Counter()
    done: list[tuple[str, int]] = []
    trouble: list[str] = []
    lock = threading.Lock()

    class Act(Recorder):
        def do(self, given: Effect) -> Any:
            with lock:
                busy[given.lane] += 1
                if busy[given.lane] > 1:
                    trouble.append(f"two in {given.lane}")
            with lock:
                busy[given.lane] -= 1
                done.append((given.lane, given.id or 0))
            return {}

        def look(self, given: Effect) -> Any | None:
            return {} if (given.lane, given.id or 0) in done else None

        def done(self, transaction: Transaction, given: Effect, result: Any) -> None:
            if given.payload.get("more"):
                at = (lanes.index(given.lane) + 1) % len(lanes)
                transaction.enqueue(effect(lanes[at], payload={"more": given.payload["more"] - 1}))

    enqueue(store, *[effect(lane, payload={"more": 4}) for lane in lanes * 6])
    stores = [Store(database_url, patience=PATIENCE), Store(database_url, patience=PATIENCE)]
    workers = [Worker(Outbox(one), {"act": Act()}) for one in stores]

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


def test_an_idle_worker_hears_at_once_of_what_is_written(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without waiting for its nap to end."""
    monkeypatch.setattr(worker_module, "LONGEST_NAP", 600.0)
    act = Recorder()
    doing = worker(outbox, act)
    doing.start()
    enqueue(outbox.store, effect())
    eventually(lambda: states(outbox) == {"done": 1})

    enqueue(outbox.store, effect())

    eventually(lambda: states(outbox) == {"done": 2})
    doing.stop()


def test_an_idle_worker_hears_in_a_while_of_what_another_process_has_written(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "LONGEST_NAP", 0.02)
    doing = worker(outbox, Recorder())
    doing.start()
    outbox.store.on_news = lambda: None

    enqueue(outbox.store, effect())

    eventually(lambda: states(outbox) == {"done": 1})
    doing.stop()


def test_a_woken_worker_looks_again(outbox: Outbox, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "LONGEST_NAP", 600.0)
    enqueue(outbox.store, effect(due_at=clock.now + 500))
    doing = worker(outbox, Recorder())
    doing.start()

    clock.move(500)
    doing.wake()

    eventually(lambda: states(outbox) == {"done": 1})
    doing.stop()


def test_stopping_ends_the_act_under_way_and_begins_no_other(outbox: Outbox) -> None:
    begun, go_on = threading.Event(), threading.Event()
    one, two = enqueue(outbox.store, effect("a"), effect("a"))

    class Long(Recorder):
        def do(self, given: Effect) -> Any:
            begun.set()
            go_on.wait(20)
            return super().do(given)

    act = Long()
    doing = worker(outbox, act, threads=1)
    doing.start()
    assert begun.wait(10)
    stopping = threading.Thread(target=doing.stop)
    stopping.start()
    eventually(lambda: doing._stopping.is_set())

    enqueue(outbox.store, effect("b"))
    go_on.set()
    stopping.join(20)

    assert not stopping.is_alive()
    assert act.did == [one]
    assert states(outbox) == {"done": 1, "waiting": 2}
    lease = outbox.lease("the next")
    assert lease
    assert (lease.effect.id, lease.effect.looks) == (two, 0)


def test_a_worker_that_never_started_stops(outbox: Outbox) -> None:
    worker(outbox, Recorder()).stop()


def test_a_worker_outlives_a_database_that_fails(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker_module, "LONGEST_NAP", 0.02)
    with outbox.store.begin() as transaction:
        transaction.connection.execute(text("ALTER TABLE lanes RENAME TO mislaid"))
    doing = worker(outbox, Recorder())
    doing.start()
    eventually(lambda: "the outbox waits: the database cannot be used" in caplog.text)

    with outbox.store.begin() as transaction:
        transaction.connection.execute(text("ALTER TABLE mislaid RENAME TO lanes"))
    enqueue(outbox.store, effect())

    eventually(lambda: states(outbox) == {"done": 1})
    doing.stop()


def test_logs_name_effects_and_show_nothing_of_them(
    outbox: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="identity_bot")
    secret = "what somebody wrote"
    answers = [Retryable("down"), OutcomeUnknown("time-out"), Rejected("no")]
    for answer in answers:
        enqueue(outbox.store, effect(payload={"text": secret}, ticket_id=ticket().id))
        doing = worker(outbox, Recorder(answers=[answer], found=[FOUND]))
        doing.run_due()
        clock.move(LONGEST_DELAY)
        doing.run_due()

    assert "is parked: no" in caplog.text
    assert "effect 1 done: act" in caplog.text
    assert secret not in caplog.text


def test_the_outbox_and_the_worker_agree_on_the_lease() -> None:
    assert outbox_module.LEASE == worker_module.LEASE
    assert set(worker_module.LOOK_DELAYS) == set(range(2, LOOKS + 1))
