"""The queue hands each effect to one worker at a time, in its lane's order, and loses none; on both databases."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from identity_bot.outbox.effect import UPDATES, Row
from identity_bot.outbox.outbox import Outbox
from identity_bot.outbox.queue import (
    BRIEF,
    BRIEF_LEASE,
    LEASE,
    REPEATABLE,
    VERIFICATIONS,
    Lease,
    LeaseLost,
    Queue,
)
from identity_bot.store import schema
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.testing import Clock
from tests.support import new_sqlite
from tests.support_outbox import (
    PATIENCE,
    Note,
    Tick,
    at_once,
    commits,
    enqueue,
    explained,
    failed,
    leased,
    row,
    statements,
    states,
    waiting,
)


def nothing(transaction: Transaction) -> None:
    """Nothing follows."""


def finish_all(queue: Queue, lease: Lease | None = None) -> list[int]:
    """Finish all that is due, beginning with `lease`; the effects' ids in the order in which they were leased."""
    order = []
    lease = lease or queue.lease("somebody")
    while lease:
        order.append(lease.row.id)
        lease = queue.succeed(lease, nothing) or queue.lease("somebody")
    return order


def enqueue_within(transaction: Transaction, *lanes: str) -> None:
    """Enqueue effects as part of a larger transaction."""
    for lane in lanes:
        transaction.enqueue(Note(to=lane))


# Order and time


def test_an_effect_is_handed_out_as_it_was_enqueued(queue: Queue, clock: Clock) -> None:
    written = Note(to="slack:C1", text="\N{PILE OF POO}", ticket_id="T1")

    [number] = enqueue(queue.store, written)

    found = leased(queue).row
    assert found == Row(
        id=number,
        lane="slack:C1",
        kind="note",
        payload={"to": "slack:C1", "text": "\N{PILE OF POO}", "key": None},
        ticket_id="T1",
        created_at=clock.now,
        due_at=clock.now,
        trying_since=clock.now,
        attempts=0,
        verifications=0,
    )
    assert Note.from_row(found) == written


def test_a_lane_keeps_its_order(queue: Queue, clock: Clock) -> None:
    first = enqueue(queue.store, Note(), Note())
    clock.move(1)
    later = enqueue(queue.store, Note(), Note())

    assert finish_all(queue) == first + later


def test_the_lane_that_waited_longest_comes_first(queue: Queue, clock: Clock) -> None:
    for lane in ("c", "a", "b"):
        enqueue(queue.store, Note(to=lane))
        clock.move(1)

    leases = [leased(queue) for _ in range(3)]

    assert [lease.lane for lease in leases] == ["c", "a", "b"]


def test_a_lane_is_leased_to_one_and_the_others_go_on(queue: Queue) -> None:
    enqueue(queue.store, Note(to="a"), Note(to="a"), Note(to="b"))

    lanes = {leased(queue).lane, leased(queue).lane}

    assert lanes == {"a", "b"}
    assert queue.lease("somebody else") is None


def test_a_finished_effect_brings_the_next_of_its_lane(queue: Queue) -> None:
    one, two = enqueue(queue.store, Note(), Note())

    first = leased(queue)
    second = queue.succeed(first, nothing)

    assert second
    assert (first.row.id, second.row.id) == (one, two)
    assert queue.succeed(second, nothing) is None
    assert states(queue) == {"done": 2}


def test_a_finished_lane_brings_the_next_lane(queue: Queue) -> None:
    enqueue(queue.store, Note(to="a"))
    enqueue(queue.store, Note(to="b"))

    second = queue.succeed(leased(queue), nothing)

    assert second
    assert second.lane == "b"


def test_a_lane_rests_for_its_minimum_interval(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, Note(), Note())

    following = queue.succeed(leased(queue), nothing, min_interval=1.5)

    assert following is None
    assert queue.lease("somebody") is None
    assert queue.ready_in() == 1.5
    clock.move(1.5)
    assert leased(queue)


def test_a_lane_rests_for_what_comes_later_too(queue: Queue, clock: Clock) -> None:
    """The interval holds although the lane was empty when its rest began."""
    enqueue(queue.store, Note())
    queue.succeed(leased(queue), nothing, min_interval=2.0)

    clock.move(1)
    enqueue(queue.store, Note())

    assert queue.lease("somebody") is None
    clock.move(1)
    assert leased(queue)


def test_a_timer_waits_for_its_time_and_holds_up_nobody(queue: Queue, clock: Clock) -> None:
    [timer] = enqueue(queue.store, Note(), delay=60)
    [now] = enqueue(queue.store, Note())

    assert finish_all(queue) == [now]
    assert queue.ready_in() == 60
    clock.move(60)
    assert finish_all(queue) == [timer]
    assert queue.ready_in() is None


def test_an_earlier_effect_moves_a_timers_lane_forward(queue: Queue, clock: Clock) -> None:
    [late] = enqueue(queue.store, Note(), delay=60)
    [soon] = enqueue(queue.store, Note(), delay=5)

    clock.move(5)
    assert finish_all(queue) == [soon]
    clock.move(55)
    assert finish_all(queue) == [late]


def test_what_is_due_in_the_past_is_due_now(queue: Queue, clock: Clock) -> None:
    [number] = enqueue(queue.store, Note(), delay=-1000)

    assert row(queue.store, number).due_at == clock.now


# Postponing


def test_a_postponed_effect_holds_its_lane(queue: Queue, clock: Clock) -> None:
    one, two = enqueue(queue.store, Note(), Note())

    queue.postpone(leased(queue), "busy", 30.0)

    assert queue.lease("somebody") is None
    clock.move(30)
    assert finish_all(queue) == [one, two]


def test_what_is_enqueued_into_a_postponed_lane_waits_too(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, Note())
    queue.postpone(leased(queue), "busy", 30.0)

    enqueue(queue.store, Note())

    assert queue.lease("somebody") is None
    assert queue.ready_in() == 30


def test_a_postponed_effect_keeps_why_and_how_often(queue: Queue, clock: Clock) -> None:
    [number] = enqueue(queue.store, Note())

    queue.postpone(leased(queue), "busy", 1.0, verifications=2)
    clock.move(1)
    queue.postpone(leased(queue), "asked to wait", 1.0, is_attempt=False)

    found = row(queue.store, number)
    assert (found.last_error, found.attempts, found.verifications, found.state) == (
        "asked to wait",
        1,
        0,
        "waiting",
    )


def test_an_unblocked_lane_goes_on_without_the_postponed_effect(queue: Queue, clock: Clock) -> None:
    one, two = enqueue(queue.store, Note(), Note())

    queue.postpone(leased(queue), "broken", 60.0, unblock_after=0.0)

    assert finish_all(queue) == [two]
    clock.move(60)
    assert finish_all(queue) == [one]


def test_an_unblocked_lane_keeps_its_minimum_interval(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, Note(), Note())

    queue.postpone(leased(queue), "broken", 60.0, unblock_after=1.0)

    assert queue.lease("somebody") is None
    assert queue.ready_in() == 1


def test_a_lane_given_back_is_as_it_was(queue: Queue) -> None:
    [number] = enqueue(queue.store, Note())

    queue.give_back(leased(queue))

    lease = leased(queue)
    assert (lease.row.id, lease.row.verifications, lease.row.attempts) == (number, 0, 0)


# Leases


def test_a_dead_workers_lane_is_taken_over_and_its_effect_verified(queue: Queue, clock: Clock) -> None:
    one, two = enqueue(queue.store, Note(), Note())
    leased(queue)

    clock.move(LEASE)
    assert queue.lease("another") is None
    clock.move(0.001)
    taken = leased(queue)

    assert (taken.row.id, taken.row.verifications) == (one, VERIFICATIONS)
    following = queue.succeed(taken, nothing)
    assert following
    assert (following.row.id, following.row.verifications) == (two, 0)


def test_a_dead_workers_second_effect_is_verified_and_its_first_is_not(queue: Queue, clock: Clock) -> None:
    """A lane goes on within one lease; what counts is the effect that was under way."""
    one, two = enqueue(queue.store, Note(), Note())
    queue.succeed(leased(queue), nothing)

    clock.move(LEASE + 1)
    taken = leased(queue)

    assert (taken.row.id, taken.row.verifications) == (two, VERIFICATIONS)
    assert row(queue.store, one).verifications == 0


def test_a_dead_worker_holds_up_timers_for_a_moment_only(queue: Queue, clock: Clock) -> None:
    """What it had begun was undone with its transaction, so nobody need wait for it."""
    [number] = enqueue(queue.store, Note(to=BRIEF))
    dead = leased(queue)

    clock.move(BRIEF_LEASE - 0.5)
    queue.renew({dead.id: dead.lane})
    clock.move(BRIEF_LEASE)
    assert queue.lease("another") is None
    clock.move(0.001)
    taken = leased(queue)

    assert taken.row.id == number
    with pytest.raises(LeaseLost):
        queue.succeed(dead, nothing)
    queue.succeed(taken, nothing)


def test_a_renewed_lane_stays_with_its_worker(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, Note(to="a"), Note(to="b"), Note(to="c"))
    kept = [leased(queue) for _ in range(3)]

    for _ in range(5):
        clock.move(LEASE - 1)
        queue.renew({lease.id: lease.lane for lease in kept[:2]})

    assert leased(queue).lane == kept[2].lane
    assert queue.lease("another") is None
    queue.succeed(kept[0], nothing)


def test_a_lane_stays_with_its_worker_when_the_clock_is_set_forward(queue: Queue, clock: Clock) -> None:
    """A lease lasts as long as it would have, and no longer."""
    enqueue(queue.store, Note(to="a"))
    kept = leased(queue)

    with queue.carrying_leases(24 * 3600):
        clock.move(24 * 3600)

    assert queue.lease("another") is None
    clock.move(LEASE + 1)
    assert leased(queue).row.id == kept.row.id


def test_renewing_a_lane_that_was_lost_does_not_take_it_back(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, Note())
    lost = leased(queue)
    clock.move(LEASE + 1)
    taken = leased(queue)

    clock.move(LEASE - 1)
    queue.renew({lost.id: lost.lane})
    clock.move(2)

    assert leased(queue).id not in (lost.id, taken.id)


Ending = Callable[[Queue, Lease, Callable[[Transaction], None]], object]


def _fail(queue: Queue, lease: Lease, follows: Callable[[Transaction], None]) -> object:
    def and_then(transaction: Transaction) -> bool:
        follows(transaction)
        return True

    return queue.fail(lease, "no", and_then)


ENDINGS: list[Ending] = [
    lambda queue, lease, follows: queue.succeed(lease, follows),
    _fail,
    lambda queue, lease, follows: queue.postpone(lease, "later", 1.0, verifications=1, unblock_after=0.0),
    lambda queue, lease, follows: queue.give_back(lease),
]


@pytest.mark.parametrize("end", ENDINGS, ids=["done", "failed", "postponed", "given back"])
@pytest.mark.parametrize("by", ["somebody", "another"])
def test_what_a_worker_writes_after_its_lease_was_lost_is_undone(
    queue: Queue, clock: Clock, end: Ending, by: str
) -> None:
    """With all that would have followed; also if a thread of the same process has the lane now."""
    [number] = enqueue(queue.store, Note())
    lost = leased(queue)
    clock.move(LEASE + 1)
    taken = queue.lease(by)
    assert taken

    with pytest.raises(LeaseLost):
        end(queue, lost, lambda transaction: enqueue_within(transaction, "elsewhere"))

    found = row(queue.store, number)
    assert (found.state, found.attempts, found.last_error) == ("waiting", 0, None)
    assert found.verifications == VERIFICATIONS
    assert states(queue) == {"waiting": 1}
    queue.succeed(taken, nothing)
    assert states(queue) == {"done": 1}


def test_an_outcome_is_written_once(queue: Queue) -> None:
    """A worker that does not know whether its commit came through may say it again."""
    enqueue(queue.store, Note(), Note())
    first = leased(queue)
    queue.succeed(first, nothing)

    with pytest.raises(LeaseLost):
        queue.succeed(first, nothing)

    assert states(queue) == {"done": 1, "waiting": 1}


def test_an_error_in_what_follows_undoes_the_outcome(queue: Queue) -> None:
    enqueue(queue.store, Note())
    lease = leased(queue)

    def fail(transaction: Transaction) -> None:
        enqueue_within(transaction, "elsewhere")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        queue.succeed(lease, fail)

    assert states(queue) == {"waiting": 1}
    queue.succeed(lease, nothing)


# What follows


def test_what_follows_is_written_with_the_outcome(queue: Queue) -> None:
    enqueue(queue.store, Note(to="a"))

    following = queue.succeed(leased(queue), lambda transaction: enqueue_within(transaction, "a", "b", "a"))

    assert following
    assert following.lane == "a"
    assert states(queue) == {"done": 1, "waiting": 3}
    assert len(finish_all(queue, following)) == 3


# Durability


@pytest.fixture
def on_sqlite(tmp_path: Path, clock: Clock) -> Iterator[Queue]:
    queue = Queue(Store(new_sqlite(tmp_path / "bot.db"), clock))
    yield queue
    queue.store.close()


@pytest.mark.parametrize("lane", REPEATABLE)
def test_what_may_be_repeated_is_settled_without_waiting_for_the_disk(on_sqlite: Queue, lane: str) -> None:
    enqueue(on_sqlite.store, Note(to=lane), Note(to=lane))
    lease = leased(on_sqlite)

    with commits(on_sqlite.store) as seen:
        finish_all(on_sqlite, lease)

    assert seen == ["not durable"] * 2


@pytest.mark.parametrize("lane", REPEATABLE)
def test_another_lane_is_leased_by_a_durable_commit(on_sqlite: Queue, lane: str) -> None:
    """If a power cut undid the lease, what was begun under it would be begun again, unverified."""
    enqueue(on_sqlite.store, Note(to=lane))
    lease = leased(on_sqlite)
    enqueue(on_sqlite.store, Note(to="slack:C1"))

    with commits(on_sqlite.store) as seen:
        following = on_sqlite.succeed(lease, nothing)
        other = leased(on_sqlite)

    assert following is None
    assert other.lane == "slack:C1"
    assert seen == ["not durable", "durable"]


def test_whatever_else_becomes_of_effects_is_durable(on_sqlite: Queue) -> None:
    enqueue(on_sqlite.store, Note(to="github"), Note(to="slack:C1"), Note(to=UPDATES))

    with commits(on_sqlite.store) as seen:
        github = leased(on_sqlite)
        slack = on_sqlite.succeed(github, lambda transaction: enqueue_within(transaction, "later"))
        assert slack
        assert slack.lane == "slack:C1"
        on_sqlite.postpone(slack, "later", 9)
        update = leased(on_sqlite)
        on_sqlite.fail(update, "a bug", lambda transaction: False)

    assert set(seen) == {"durable"}


# One effect with a unique key


def once(text: str = "", *, key: str = "key", lane: str = "lane") -> Note:
    """An effect of which one waits at a time."""
    return Note(to=lane, text=text, key=key)


def debounce(queue: Queue, *, quiet: float = 2.0, longest_wait: float = 10.0) -> None:
    """Enqueue a debounced effect."""
    with queue.store.begin() as transaction:
        transaction.enqueue(once(), delay=quiet, longest_wait=longest_wait)


def texts(queue: Queue) -> list[str]:
    """What the effects that wait say, oldest first."""
    return [one.payload["text"] for one in waiting(queue.store)]


def test_an_effect_that_waits_is_not_enqueued_again(queue: Queue, clock: Clock) -> None:
    """The first stays as it is; keys are compared, not lanes or payloads."""
    enqueue(queue.store, once("first"))
    clock.move(1)
    enqueue(
        queue.store, once("second"), once("another key", key="other"), Note(text="none"), Note(text="none")
    )

    assert texts(queue) == ["first", "another key", "none", "none"]
    assert waiting(queue.store)[0].due_at == clock.now - 1
    assert len(finish_all(queue)) == 4


def test_one_transaction_enqueues_an_effect_once(queue: Queue) -> None:
    with queue.store.begin() as transaction:
        transaction.enqueue(once("first"))
        transaction.enqueue(once("second"))

    assert texts(queue) == ["first"]


def test_of_many_who_enqueue_an_effect_at_once_one_does(queue: Queue) -> None:
    at_once(*[lambda: enqueue(queue.store, once())] * 8)

    assert states(queue) == {"waiting": 1}


@pytest.mark.parametrize("outcome", ["done", "failed"])
def test_an_effect_that_no_longer_waits_is_enqueued_again(queue: Queue, outcome: str) -> None:
    [first] = enqueue(queue.store, once())
    queue.fail(leased(queue), "no", lambda transaction: outcome == "done")

    [second] = enqueue(queue.store, once())

    assert states(queue) == {outcome: 1, "waiting": 1}
    assert finish_all(queue) == [second]
    assert row(queue.store, first).state == outcome


def test_an_effect_that_is_enqueued_while_it_is_running_runs_once_more(queue: Queue, clock: Clock) -> None:
    """It may have read what has changed since. Its second run begins anew, and leaves traces of its own."""
    [number] = enqueue(queue.store, once())
    queue.postpone(leased(queue), "busy", 1.0)
    clock.move(1)
    first = leased(queue)

    for _ in range(3):
        enqueue(queue.store, once())
    second = queue.succeed(first, nothing)

    assert second
    assert (second.row.id, second.row.attempts, second.row.verifications) == (number, 0, 0)
    assert second.row.idempotency_key != first.row.idempotency_key
    assert queue.succeed(second, nothing) is None
    assert states(queue) == {"done": 1}


def test_an_effect_that_waits_for_its_next_attempt_does_not_run_twice(queue: Queue, clock: Clock) -> None:
    [number] = enqueue(queue.store, once())
    queue.postpone(leased(queue), "busy", 1.0)

    enqueue(queue.store, once())

    clock.move(1)
    assert finish_all(queue) == [number]


def test_a_failed_effect_that_was_enqueued_while_it_was_running_runs_once_more(queue: Queue) -> None:
    [number] = enqueue(queue.store, once())
    lease = leased(queue)
    enqueue(queue.store, once())

    again = queue.fail(lease, "no such channel", lambda transaction: False)

    assert again
    queue.fail(again, "no such channel", lambda transaction: False)
    assert row(queue.store, number).state == "failed"


def test_an_unknown_outcome_stays_unknown_when_the_effect_runs_once_more(queue: Queue) -> None:
    """Else it would act a second time, under another idempotency key."""
    enqueue(queue.store, once())
    lease = leased(queue)
    enqueue(queue.store, once())

    again = queue.fail(lease, "a bug", lambda transaction: False, verifications=VERIFICATIONS)

    assert again
    assert again.row.verifications == VERIFICATIONS
    assert again.row.idempotency_key == lease.row.idempotency_key


def test_an_effect_runs_once_more_although_its_worker_died(queue: Queue, clock: Clock) -> None:
    enqueue(queue.store, once())
    leased(queue)
    enqueue(queue.store, once())
    clock.move(LEASE + 1)

    taken = leased(queue)
    again = queue.succeed(taken, nothing)

    assert taken.row.verifications == VERIFICATIONS
    assert again
    assert again.row.verifications == 0
    assert finish_all(queue, again) == [taken.row.id]


def test_an_effect_that_need_not_run_again_is_dropped_while_it_is_running(queue: Queue) -> None:
    """As a recurring one, which enqueues itself."""
    enqueue(queue.store, Tick(text="first", key="key"))
    lease = leased(queue)
    enqueue(queue.store, Tick(text="another", key="key"))

    following = queue.succeed(lease, lambda transaction: transaction.enqueue(Tick(text="next", key="key")))

    assert following
    assert following.row.payload["text"] == "next"
    assert finish_all(queue, following) == [following.row.id]


def test_an_effect_can_enqueue_itself(queue: Queue, clock: Clock) -> None:
    """In the transaction that settles it, it no longer waits."""
    enqueue(queue.store, once("first"))

    queue.succeed(leased(queue), lambda transaction: transaction.enqueue(once("second"), delay=60))

    assert states(queue) == {"done": 1, "waiting": 1}
    assert queue.ready_in() == 60


def test_a_retried_effect_and_a_new_one_like_it_both_run(queue: Queue) -> None:
    [failed] = enqueue(queue.store, once())
    queue.fail(leased(queue), "no", lambda transaction: False)
    [new] = enqueue(queue.store, once())

    assert Outbox(queue.store).retry(failed)

    assert sorted(finish_all(queue)) == [failed, new]


def test_a_debounced_effect_waits_until_it_has_been_quiet(queue: Queue, clock: Clock) -> None:
    for _ in range(3):
        debounce(queue)
        clock.move(1.5)
        assert queue.lease("somebody") is None

    clock.move(0.5)

    assert len(finish_all(queue)) == 1
    assert queue.ready_in() is None


def test_a_debounced_effect_waits_no_longer_than_its_longest_wait(queue: Queue, clock: Clock) -> None:
    start = clock.now
    while queue.lease("somebody") is None:
        debounce(queue)
        clock.move(1)

    assert clock.now == start + 10


def test_a_debounced_effect_waits_across_restarts(database_url: str, queue: Queue, clock: Clock) -> None:
    """What counts is in the database: each process goes on where the last one ended."""
    start = clock.now
    lease = None
    while lease is None:
        restarted = Queue(Store(database_url, clock, patience=PATIENCE))
        debounce(restarted)
        clock.move(1)
        lease = restarted.lease("somebody")
        restarted.store.close()

    assert clock.now == start + 10
    assert states(queue) == {"waiting": 1}


def test_a_debounced_effect_that_is_running_runs_again_once_it_has_been_quiet(
    queue: Queue, clock: Clock
) -> None:
    debounce(queue)
    clock.move(2)
    lease = leased(queue)
    debounce(queue)

    assert queue.succeed(lease, nothing) is None

    assert queue.ready_in() == 2
    clock.move(2)
    assert finish_all(queue) == [lease.row.id]


def test_after_a_debounced_effect_the_longest_wait_begins_anew(queue: Queue, clock: Clock) -> None:
    debounce(queue)
    clock.move(2)
    lease = leased(queue)
    debounce(queue)
    queue.succeed(lease, nothing)
    start = clock.now
    while queue.lease("somebody") is None:
        debounce(queue)
        clock.move(1)

    assert clock.now == start + 10


def test_a_debounced_effect_holds_up_nobody(queue: Queue, clock: Clock) -> None:
    """Its lane is ready for others meanwhile, and ready for it in time."""
    debounce(queue)
    [now] = enqueue(queue.store, Note())

    assert finish_all(queue) == [now]

    assert queue.ready_in() == 2
    debounce(queue)
    clock.move(2)
    assert len(finish_all(queue)) == 1


# Failed effects


def test_a_failed_effect_with_another_way_is_done(queue: Queue) -> None:
    enqueue(queue.store, Note())

    queue.fail(leased(queue), "no", lambda transaction: True)

    assert states(queue) == {"done": 1}


def test_a_failed_effect_does_not_hold_its_lane(queue: Queue) -> None:
    _, two = enqueue(queue.store, Note(), Note())

    following = queue.fail(leased(queue), "no", lambda transaction: False)

    assert following
    assert following.row.id == two


def test_an_effect_that_is_over_keeps_nothing_of_what_it_said(queue: Queue) -> None:
    """One that has failed does: an operator may retry it."""
    text = "somebody wrote this"
    done, refused, failed = enqueue(
        queue.store, *[Note(to=lane, text=text) for lane in ("done", "discarded", "failed")]
    )
    leases = {lease.lane: lease for lease in (leased(queue), leased(queue), leased(queue))}

    queue.succeed(leases["done"], nothing)
    queue.fail(leases["discarded"], "no", lambda transaction: False)
    Outbox(queue.store).discard(refused)
    queue.fail(leases["failed"], "no", lambda transaction: False)

    assert [row(queue.store, one).payload for one in (done, refused)] == [{}, {}]
    assert row(queue.store, failed).payload["text"] == text


def test_an_effect_that_runs_once_more_still_knows_what_to_say(queue: Queue) -> None:
    [number] = enqueue(queue.store, Note(text="again", key="k"))
    lease = leased(queue)
    enqueue(queue.store, Note(text="again", key="k"))

    queue.succeed(lease, nothing)

    assert (row(queue.store, number).state, row(queue.store, number).payload["text"]) == ("waiting", "again")


# At the same time


def assert_nothing_is_stranded(queue: Queue) -> None:
    """No lane without a worker has effects waiting and does not know when it is ready."""
    with queue.store.reading() as connection:
        stranded = connection.execute(
            text(
                "SELECT o.id, o.lane, l.ready_at, o.due_at FROM outbox o LEFT JOIN lanes l ON l.name = o.lane"
                " WHERE o.state = 'waiting' AND l.owner IS NULL"
                " AND (l.name IS NULL OR l.ready_at IS NULL)"
            )
        ).all()
    assert stranded == []


def test_enqueueing_while_a_lane_is_given_back_strands_nothing(queue: Queue) -> None:
    """Whichever of the two comes first, the lane is ready for the new effect."""
    count = 40

    def write() -> None:
        for _ in range(count):
            enqueue(queue.store, Note(to="shared"))

    def work() -> None:
        done = 0
        while done < count * 2:
            lease = queue.lease("somebody")
            while lease:
                done += 1
                lease = queue.succeed(lease, nothing)

    at_once(write, write, work)

    assert states(queue) == {"done": 2 * count}
    assert_nothing_is_stranded(queue)


def test_lanes_that_enqueue_into_each_other_do_not_block_each_other(queue: Queue) -> None:
    """Two workers whose outcomes go to each other's lanes, with renewals in between: no deadlock, nothing lost."""
    lanes = ["a", "b", "c"]
    enqueue(queue.store, *[Note(to=lane) for lane in lanes * 4])
    left = itertools.count(60, -1)
    held: dict[str, str] = {}

    def follow(lease: Lease) -> Callable[[Transaction], None]:
        others = [lane for lane in lanes if lane != lease.lane]

        def then(transaction: Transaction) -> None:
            if next(left) > 0:
                enqueue_within(transaction, *random.sample(others, 2))

        return then

    def work() -> None:
        while Outbox(queue.store).count("waiting"):
            lease = queue.lease("somebody")
            while lease:
                held[lease.id] = lease.lane
                lease = queue.succeed(lease, follow(lease))

    def renew() -> None:
        while Outbox(queue.store).count("waiting"):
            queue.renew(dict(held) or {"none": "none"})

    at_once(work, work, work, renew)

    assert states(queue) == {"done": 12 + 120}
    assert_nothing_is_stranded(queue)


def test_transactions_that_enqueue_the_same_effects_do_not_block_each_other(queue: Queue) -> None:
    """In any order, and while these effects are running."""
    lanes = ["a", "b", "c"]

    def write() -> None:
        for _ in range(15):
            with queue.store.begin() as transaction:
                for lane in random.sample(lanes, 3):
                    transaction.enqueue(once(key=lane, lane=lane), longest_wait=random.choice([None, 0.0]))

    at_once(write, write, write, lambda: finish_all(queue), lambda: finish_all(queue))

    finish_all(queue)
    assert Outbox(queue.store).count("waiting") == 0
    assert_nothing_is_stranded(queue)


@dataclass
class Mixture:
    """Workers that meet a random outcome, or crash; each lane is in one hand at most."""

    queue: Queue
    clock: Clock
    chance: random.Random
    held: dict[str, Lease] = field(default_factory=dict)

    def take(self, lease: Lease | None) -> None:
        """Hold a lane, if there is one."""
        if lease:
            assert lease.lane not in self.held
            self.held[lease.lane] = lease

    def let_something_happen(self, lease: Lease) -> None:
        """Let the effect at the head of a lane have an outcome, or none yet."""
        del self.held[lease.lane]
        outcomes = (self.finish, self.rest, self.postpone, self.unblock, self.fail)
        self.chance.choice((*outcomes, self.queue.give_back, self.hold, self.crash))(lease)

    def finish(self, lease: Lease) -> None:
        self.take(self.queue.succeed(lease, nothing))

    def rest(self, lease: Lease) -> None:
        self.take(self.queue.succeed(lease, nothing, min_interval=1.0))

    def postpone(self, lease: Lease) -> None:
        self.queue.postpone(lease, "later", 2.0)

    def unblock(self, lease: Lease) -> None:
        self.queue.postpone(lease, "later", 2.0, unblock_after=0.0)

    def fail(self, lease: Lease) -> None:
        self.take(self.queue.fail(lease, "no", lambda transaction: True))

    def hold(self, lease: Lease) -> None:
        self.queue.renew({lease.id: lease.lane})
        self.held[lease.lane] = lease

    def crash(self, lease: Lease) -> None:
        self.clock.move(LEASE + 1)
        self.queue.renew({held.id: lane for lane, held in self.held.items()})

    def enqueue(self) -> None:
        """Write an effect to some lane: at once or later, with a key of its lane's or none."""
        lane, delay = self.chance.choice("abc"), self.chance.choice([0, 0, 5])
        key = self.chance.choice([None, None, lane])
        enqueue(self.queue.store, Note(to=lane, key=key), delay=delay)


def test_after_any_mixture_of_outcomes_nothing_is_stranded(queue: Queue, clock: Clock) -> None:
    """Random outcomes, crashes and new effects: in the end each effect was done, and in no two hands at once."""
    mixture = Mixture(queue, clock, random.Random(7))
    for step in range(250):
        if step < 150 and mixture.chance.random() < 0.4:
            mixture.enqueue()
        mixture.take(queue.lease("somebody"))
        for lease in list(mixture.held.values()):
            mixture.let_something_happen(lease)
        clock.move(1)
        assert_nothing_is_stranded(queue)

    clock.move(LEASE * 2)
    while Outbox(queue.store).count("waiting"):
        finish_all(queue)
        clock.move(10)
    assert_nothing_is_stranded(queue)


# Clocks that were ahead for a while

AHEAD = pytest.mark.parametrize("ahead", [3600.0, 2 * 24 * 3600.0], ids=["an hour", "two days"])


@AHEAD
def test_a_lane_rests_no_longer_than_its_interval(queue: Queue, clock: Clock, ahead: float) -> None:
    enqueue(queue.store, Note())
    clock.move(ahead)
    queue.succeed(leased(queue), nothing, min_interval=1.5)
    clock.move(-ahead)

    enqueue(queue.store, Note())

    assert queue.lease("somebody") is None
    assert queue.ready_in() == 1.5
    clock.move(1.5)
    assert leased(queue)


@AHEAD
def test_a_postponed_lane_rests_no_longer_than_was_meant(queue: Queue, clock: Clock, ahead: float) -> None:
    one, two = enqueue(queue.store, Note(), Note())
    clock.move(ahead)
    queue.postpone(leased(queue), "busy", 30.0, is_attempt=False)
    clock.move(-ahead)

    assert queue.lease("somebody") is None
    clock.move(30)
    assert finish_all(queue) == [one, two]


@AHEAD
def test_an_effect_that_was_put_off_is_due_again(queue: Queue, clock: Clock, ahead: float) -> None:
    """Also if others of its lane were done since."""
    one, two = enqueue(queue.store, Note(), Note())
    clock.move(ahead)
    queue.postpone(leased(queue), "broken", 60.0, unblock_after=0.0)
    clock.move(-ahead)

    assert set(finish_all(queue)) == {one, two}


@AHEAD
def test_what_was_enqueued_ahead_is_due_after_its_own_delay(queue: Queue, clock: Clock, ahead: float) -> None:
    clock.move(ahead)
    [now] = enqueue(queue.store, Note())
    [timer] = enqueue(queue.store, Note(), delay=60)
    clock.move(-ahead)

    assert finish_all(queue) == [now]
    assert queue.ready_in() == 60
    clock.move(60)
    assert finish_all(queue) == [timer]


@AHEAD
def test_a_timer_that_was_enqueued_rightly_keeps_its_time(queue: Queue, clock: Clock, ahead: float) -> None:
    """Though its lane was written by a clock that was ahead, if not so far ahead."""
    [timer] = enqueue(queue.store, Note(), delay=2 * ahead)
    clock.move(ahead)
    enqueue(queue.store, Note())
    clock.move(-ahead)

    finish_all(queue)

    assert queue.ready_in() == 2 * ahead
    clock.move(2 * ahead)
    assert finish_all(queue) == [timer]


@AHEAD
def test_a_dead_workers_lease_from_ahead_ends_after_a_lease(queue: Queue, clock: Clock, ahead: float) -> None:
    [number] = enqueue(queue.store, Note())
    clock.move(ahead)
    leased(queue)
    clock.move(-ahead)

    assert queue.lease("another") is None
    clock.move(LEASE + 0.001)
    taken = leased(queue)
    assert (taken.row.id, taken.row.verifications) == (number, VERIFICATIONS)


@AHEAD
def test_a_live_workers_lease_from_ahead_stays_its_own(queue: Queue, clock: Clock, ahead: float) -> None:
    """As long as it renews it: its clock may go on being ahead."""
    enqueue(queue.store, Note())
    clock.move(ahead)
    lease = leased(queue)
    for _ in range(5):
        clock.move(LEASE / 3)
        queue.renew({lease.id: lease.lane})
        clock.move(-ahead)
        assert queue.lease("another") is None
        clock.move(ahead)

    queue.succeed(lease, nothing)

    assert states(queue) == {"done": 1}


@AHEAD
def test_an_effect_retried_by_an_operator_whose_clock_is_ahead_is_due(
    queue: Queue, clock: Clock, ahead: float
) -> None:
    number = failed(queue)
    clock.move(ahead)
    assert Outbox(queue.store).retry(number)
    clock.move(-ahead)

    assert finish_all(queue) == [number]


@AHEAD
def test_an_alert_from_ahead_does_not_hide_those_of_now(queue: Queue, clock: Clock, ahead: float) -> None:
    clock.move(ahead)
    enqueue(queue.store, once())
    clock.move(-ahead)

    with queue.store.begin() as transaction:
        assert not transaction.was_enqueued("key", clock.now - 60)


def test_processes_whose_clocks_differ_share_the_lanes(database_url: str) -> None:
    """Whoever comes next: nothing waits longer than what each of them means, and nothing is done twice."""
    clocks = [Clock(), Clock()]
    clocks[1].move(2 * 24 * 3600)
    queues = [Queue(Store(database_url, clock, patience=PATIENCE)) for clock in clocks]
    done: list[int] = []
    for number in range(40):
        enqueue(queues[number % 2].store, Note(to=f"lane {number % 3}", text=str(number)))

    for turn in range(200):
        queue = queues[turn // 3 % 2]
        if lease := queue.lease(f"process {turn // 3 % 2}"):
            done.append(lease.row.id)
            queue.succeed(lease, nothing, min_interval=1.0)
        for clock in clocks:
            clock.move(0.5)

    assert len(done) == len(set(done)) == 40
    assert states(queues[0]) == {"done": 40}
    for queue in queues:
        queue.store.close()


# Speed


@pytest.fixture
def full(queue: Queue) -> Queue:
    """With thousands of rows done and waiting, as a planner needs them to choose."""
    columns = {"kind": "note", "payload": {}, "created_at": 0, "trying_since": 0}
    rows = [
        columns
        | {
            "lane": f"lane {number % 50}",
            "state": "done" if number % 2 else "waiting",
            "due_at": number,
            "unique_key": f"key {number}",
        }
        for number in range(3000)
    ]
    lanes = [{"name": f"lane {number}", "ready_at": None if number % 2 else number} for number in range(500)]
    with queue.store.begin() as transaction:
        transaction.connection.execute(insert(schema.outbox), rows)
        transaction.connection.execute(insert(schema.lanes), lanes)
        transaction.connection.execute(text("ANALYZE"))
    return queue


def test_the_worker_finds_its_way_by_indexes(full: Queue) -> None:
    """No statement between a lease and its outcome reads a whole table."""
    with statements(full.store) as seen:
        lease = leased(full)
        full.succeed(lease, nothing)

    asked = [(sql, values) for sql, values in seen if re.match("SELECT|UPDATE", sql)]
    plans = {sql: explained(full.store, sql, values) for sql, values in asked}
    assert len(plans) >= 6
    for sql, plan in plans.items():
        assert not re.search(r"SCAN (outbox|lanes)(?! USING)|Seq Scan|TEMP B-TREE|Sort", plan), (
            f"{sql}\n{plan}"
        )
    used = "\n".join(plans.values())
    assert "outbox_next" in used
    assert "lanes_ready" in used


def test_failed_effects_are_found_by_an_index(full: Queue) -> None:
    with statements(full.store) as seen:
        Outbox(full.store).rows("failed")

    [plan] = [explained(full.store, sql, values) for sql, values in seen if sql.startswith("SELECT")]
    assert "outbox_by_state" in plan


def test_what_was_enqueued_is_found_by_an_index(full: Queue) -> None:
    """However much has been done."""
    with statements(full.store) as seen, full.store.begin() as transaction:
        transaction.was_enqueued("key 7", 0.0)

    [plan] = [explained(full.store, sql, values) for sql, values in seen if sql.startswith("SELECT")]
    assert "outbox_by_key" in plan
