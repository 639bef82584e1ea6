"""The outbox hands each effect to one worker at a time, in its lane's order, and loses none; on both databases."""

from __future__ import annotations

import itertools
import random
import re
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import insert, text

from identity_bot.outbox.queue import LEASE, LOOKS, Lease, LeaseLost, Outbox
from identity_bot.store import schema as tables
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Effect
from tests.support_outbox import (
    Clock,
    at_once,
    effect,
    enqueue,
    explained,
    outbox_at,
    row,
    statements,
    states,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(database_url: str, clock: Clock) -> Iterator[Outbox]:
    outbox = outbox_at(database_url, clock)
    yield outbox
    outbox.store.close()


def nothing(transaction: Transaction) -> None:
    """Nothing follows."""


def leased(outbox: Outbox) -> Lease:
    """The next lease, which there must be."""
    lease = outbox.lease("somebody")
    assert lease
    return lease


def finish_all(outbox: Outbox) -> list[int]:
    """Does all that is due, lane by lane; the effects' ids in the order in which they were handed out."""
    order = []
    lease = outbox.lease("somebody")
    while lease:
        order.append(lease.effect.id or 0)
        lease = outbox.done(lease, {}, nothing) or outbox.lease("somebody")
    return order


# Order and time


def test_an_effect_is_handed_out_as_it_was_enqueued(outbox: Outbox, clock: Clock) -> None:
    written = effect("slack:C1", "post", payload={"text": "\N{PILE OF POO}", "n": 1}, ticket_id="T1")

    [number] = enqueue(outbox.store, written)

    found = leased(outbox).effect
    assert found == Effect(
        id=number,
        lane="slack:C1",
        kind="post",
        payload={"text": "\N{PILE OF POO}", "n": 1},
        ticket_id="T1",
        created_at=clock.now,
        due_at=clock.now,
    )


def test_a_lane_keeps_its_order(outbox: Outbox, clock: Clock) -> None:
    first = enqueue(outbox.store, effect(), effect())
    clock.move(1)
    later = enqueue(outbox.store, effect(), effect())

    assert finish_all(outbox) == first + later


def test_the_lane_that_waited_longest_comes_first(outbox: Outbox, clock: Clock) -> None:
    for lane in ("c", "a", "b"):
        enqueue(outbox.store, effect(lane))
        clock.move(1)

    leases = [leased(outbox) for _ in range(3)]

    assert [lease.lane for lease in leases] == ["c", "a", "b"]


def test_a_lane_is_leased_to_one_and_the_others_go_on(outbox: Outbox) -> None:
    enqueue(outbox.store, effect("a"), effect("a"), effect("b"))

    lanes = {leased(outbox).lane, leased(outbox).lane}

    assert lanes == {"a", "b"}
    assert outbox.lease("somebody else") is None


def test_a_finished_effect_brings_the_next_of_its_lane(outbox: Outbox) -> None:
    one, two = enqueue(outbox.store, effect(), effect())

    first = leased(outbox)
    second = outbox.done(first, {"ts": "1.2"}, nothing)

    assert second
    assert (first.effect.id, second.effect.id) == (one, two)
    assert row(outbox.store, one).result == {"ts": "1.2"}
    assert outbox.done(second, None, nothing) is None
    assert states(outbox) == {"done": 2}


def test_a_finished_lane_brings_the_next_lane(outbox: Outbox) -> None:
    enqueue(outbox.store, effect("a"))
    enqueue(outbox.store, effect("b"))

    second = outbox.done(leased(outbox), {}, nothing)

    assert second
    assert second.lane == "b"


def test_a_lane_rests_for_its_pace(outbox: Outbox, clock: Clock) -> None:
    enqueue(outbox.store, effect(), effect())

    following = outbox.done(leased(outbox), {}, nothing, pace=1.5)

    assert following is None
    assert outbox.lease("somebody") is None
    assert outbox.next_ready() == clock.now + 1.5
    clock.move(1.5)
    assert leased(outbox)


def test_a_lane_rests_for_what_comes_later_too(outbox: Outbox, clock: Clock) -> None:
    """The pace holds although the lane was empty when its rest began."""
    enqueue(outbox.store, effect())
    outbox.done(leased(outbox), {}, nothing, pace=2.0)

    clock.move(1)
    enqueue(outbox.store, effect())

    assert outbox.lease("somebody") is None
    clock.move(1)
    assert leased(outbox)


def test_a_timer_waits_for_its_time_and_holds_up_nobody(outbox: Outbox, clock: Clock) -> None:
    [timer] = enqueue(outbox.store, effect(due_at=clock.now + 60))
    [now] = enqueue(outbox.store, effect())

    assert finish_all(outbox) == [now]
    assert outbox.next_ready() == clock.now + 60
    clock.move(60)
    assert finish_all(outbox) == [timer]
    assert outbox.next_ready() is None


def test_an_earlier_effect_moves_a_timers_lane_forward(outbox: Outbox, clock: Clock) -> None:
    [late] = enqueue(outbox.store, effect(due_at=clock.now + 60))
    [soon] = enqueue(outbox.store, effect(due_at=clock.now + 5))

    clock.move(5)
    assert finish_all(outbox) == [soon]
    clock.move(55)
    assert finish_all(outbox) == [late]


def test_what_is_due_in_the_past_is_due_now(outbox: Outbox, clock: Clock) -> None:
    [number] = enqueue(outbox.store, effect(due_at=clock.now - 1000))

    assert row(outbox.store, number).due_at == clock.now


# Putting off


def test_a_postponed_effect_holds_its_lane(outbox: Outbox, clock: Clock) -> None:
    one, two = enqueue(outbox.store, effect(), effect())

    outbox.postpone(leased(outbox), "busy", 30.0)

    assert outbox.lease("somebody") is None
    clock.move(30)
    assert finish_all(outbox) == [one, two]


def test_what_is_enqueued_into_a_postponed_lane_waits_too(outbox: Outbox, clock: Clock) -> None:
    enqueue(outbox.store, effect())
    outbox.postpone(leased(outbox), "busy", 30.0)

    enqueue(outbox.store, effect())

    assert outbox.lease("somebody") is None
    assert outbox.next_ready() == clock.now + 30


def test_a_postponed_effect_keeps_why_and_how_often(outbox: Outbox, clock: Clock) -> None:
    [number] = enqueue(outbox.store, effect())

    outbox.postpone(leased(outbox), "busy", 1.0, looks=2)
    clock.move(1)
    outbox.postpone(leased(outbox), "asked to wait", 1.0, counts=False)

    found = row(outbox.store, number)
    assert (found.last_error, found.attempts, found.looks, found.state) == ("asked to wait", 1, 0, "waiting")


def test_an_effect_that_steps_aside_lets_the_others_pass(outbox: Outbox, clock: Clock) -> None:
    one, two = enqueue(outbox.store, effect(), effect())

    outbox.postpone(leased(outbox), "broken", 60.0, aside=True)

    assert finish_all(outbox) == [two]
    clock.move(60)
    assert finish_all(outbox) == [one]


def test_stepping_aside_keeps_the_pace(outbox: Outbox, clock: Clock) -> None:
    enqueue(outbox.store, effect(), effect())

    outbox.postpone(leased(outbox), "broken", 60.0, aside=True, pace=1.0)

    assert outbox.lease("somebody") is None
    assert outbox.next_ready() == clock.now + 1


def test_a_lane_given_back_is_as_it_was(outbox: Outbox) -> None:
    [number] = enqueue(outbox.store, effect())

    outbox.give_back(leased(outbox))

    lease = leased(outbox)
    assert (lease.effect.id, lease.effect.looks, lease.effect.attempts) == (number, 0, 0)


# Leases


def test_a_dead_workers_lane_is_taken_over_and_its_effect_looked_for(outbox: Outbox, clock: Clock) -> None:
    one, two = enqueue(outbox.store, effect(), effect())
    leased(outbox)

    clock.move(LEASE)
    assert outbox.lease("another") is None
    clock.move(0.001)
    taken = leased(outbox)

    assert (taken.effect.id, taken.effect.looks) == (one, LOOKS)
    following = outbox.done(taken, {}, nothing)
    assert following
    assert (following.effect.id, following.effect.looks) == (two, 0)


def test_a_dead_workers_second_effect_is_looked_for_and_its_first_is_not(
    outbox: Outbox, clock: Clock
) -> None:
    """A lane goes on within one lease; what counts is the effect that was under way."""
    one, two = enqueue(outbox.store, effect(), effect())
    outbox.done(leased(outbox), {}, nothing)

    clock.move(LEASE + 1)
    taken = leased(outbox)

    assert (taken.effect.id, taken.effect.looks) == (two, LOOKS)
    assert row(outbox.store, one).looks == 0


def test_a_renewed_lane_stays_with_its_worker(outbox: Outbox, clock: Clock) -> None:
    enqueue(outbox.store, effect("a"), effect("b"), effect("c"))
    kept = [leased(outbox) for _ in range(3)]

    for _ in range(5):
        clock.move(LEASE - 1)
        outbox.renew({lease.id: lease.lane for lease in kept[:2]})

    assert leased(outbox).lane == kept[2].lane
    assert outbox.lease("another") is None
    outbox.done(kept[0], {}, nothing)


def test_renewing_a_lane_that_was_lost_does_not_take_it_back(outbox: Outbox, clock: Clock) -> None:
    enqueue(outbox.store, effect())
    lost = leased(outbox)
    clock.move(LEASE + 1)
    taken = leased(outbox)

    clock.move(LEASE - 1)
    outbox.renew({lost.id: lost.lane})
    clock.move(2)

    assert leased(outbox).id not in (lost.id, taken.id)


Ending = Callable[[Outbox, Lease, Callable[[Transaction], None]], object]


def _refuse(outbox: Outbox, lease: Lease, follows: Callable[[Transaction], None]) -> object:
    def then(transaction: Transaction) -> bool:
        follows(transaction)
        return True

    return outbox.refuse(lease, "no", then)


ENDINGS: list[Ending] = [
    lambda outbox, lease, follows: outbox.done(lease, {}, follows),
    _refuse,
    lambda outbox, lease, follows: outbox.postpone(lease, "later", 1.0, looks=1, aside=True),
    lambda outbox, lease, follows: outbox.give_back(lease),
]


@pytest.mark.parametrize("end", ENDINGS, ids=["done", "refused", "postponed", "given back"])
@pytest.mark.parametrize("by", ["the same owner", "another"])
def test_what_a_worker_says_after_its_lease_was_lost_is_undone(
    outbox: Outbox, clock: Clock, end: Ending, by: str
) -> None:
    """With all that would have followed; also where a thread of the same process has the lane now."""
    [number] = enqueue(outbox.store, effect())
    lost = leased(outbox)
    clock.move(LEASE + 1)
    taken = outbox.lease("somebody" if by == "the same owner" else by)
    assert taken

    with pytest.raises(LeaseLost):
        end(outbox, lost, lambda transaction: enqueue_within(transaction, "elsewhere"))

    found = row(outbox.store, number)
    assert (found.state, found.attempts, found.last_error, found.looks) == ("waiting", 0, None, LOOKS)
    assert states(outbox) == {"waiting": 1}
    outbox.done(taken, {}, nothing)
    assert states(outbox) == {"done": 1}


def test_an_outcome_is_written_once(outbox: Outbox) -> None:
    """A worker that does not know whether its commit came through may say it again."""
    enqueue(outbox.store, effect(), effect())
    first = leased(outbox)
    outbox.done(first, {}, nothing)

    with pytest.raises(LeaseLost):
        outbox.done(first, {}, nothing)

    assert states(outbox) == {"done": 1, "waiting": 1}


def test_an_error_in_what_follows_undoes_the_outcome(outbox: Outbox) -> None:
    enqueue(outbox.store, effect())
    lease = leased(outbox)

    def fail(transaction: Transaction) -> None:
        enqueue_within(transaction, "elsewhere")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        outbox.done(lease, {}, fail)

    assert states(outbox) == {"waiting": 1}
    outbox.done(lease, {}, nothing)


# What follows


def test_what_follows_is_written_with_the_outcome(outbox: Outbox) -> None:
    enqueue(outbox.store, effect("a"))

    following = outbox.done(leased(outbox), {}, lambda tx: enqueue_within(tx, "a", "b", "a"))

    assert following
    assert following.lane == "a"
    assert states(outbox) == {"done": 1, "waiting": 3}
    assert len(finish_all_but(outbox, following)) == 3


def finish_all_but(outbox: Outbox, lease: Lease) -> list[int]:
    """Does all, beginning with a lease that is had already."""
    order = [lease.effect.id or 0]
    following = outbox.done(lease, {}, nothing)
    while following:
        order.append(following.effect.id or 0)
        following = outbox.done(following, {}, nothing)
    return order + finish_all(outbox)


def enqueue_within(transaction: Transaction, *lanes: str) -> None:
    """Enqueues effects as part of a larger transaction."""
    for lane in lanes:
        transaction.enqueue(effect(lane))


# The operator


def parked(outbox: Outbox, *, looks: int = 0) -> int:
    """An effect that was parked."""
    [number] = enqueue(outbox.store, effect())
    outbox.refuse(leased(outbox), "no such channel", lambda transaction: False, looks=looks)
    return number


def test_a_refused_effect_is_parked_with_the_reason(outbox: Outbox) -> None:
    number = parked(outbox)

    [found] = outbox.rows("parked")
    assert (found.effect.id, found.last_error, found.state) == (number, "no such channel", "parked")
    assert outbox.lease("somebody") is None


def test_a_refused_effect_with_another_way_is_done(outbox: Outbox) -> None:
    enqueue(outbox.store, effect())

    outbox.refuse(leased(outbox), "no", lambda transaction: True)

    assert states(outbox) == {"done": 1}


def test_a_parked_effect_does_not_hold_its_lane(outbox: Outbox) -> None:
    _, two = enqueue(outbox.store, effect(), effect())

    following = outbox.refuse(leased(outbox), "no", lambda transaction: False)

    assert following
    assert following.effect.id == two


def test_a_retried_effect_begins_anew(outbox: Outbox, clock: Clock) -> None:
    number = parked(outbox)
    clock.move(1000)

    assert outbox.retry(number)

    lease = leased(outbox)
    assert (lease.effect.id, lease.effect.attempts, lease.since) == (number, 0, clock.now)
    assert lease.effect.created_at < clock.now


def test_a_retried_effect_that_may_have_been_done_is_looked_for(outbox: Outbox) -> None:
    outbox.retry(parked(outbox, looks=LOOKS))

    assert leased(outbox).effect.looks == LOOKS


def test_a_dropped_effect_is_over(outbox: Outbox) -> None:
    number = parked(outbox)

    assert outbox.drop(number)

    assert states(outbox) == {"done": 1}
    assert outbox.lease("somebody") is None


def test_only_parked_effects_are_retried_or_dropped(outbox: Outbox) -> None:
    waiting, done = enqueue(outbox.store, effect("waiting"), effect("done"))
    lease = next(lease for lease in (leased(outbox), leased(outbox)) if lease.lane == "done")
    outbox.done(lease, {}, nothing)

    for number in (waiting, done, 12345):
        assert not outbox.retry(number)
        assert not outbox.drop(number)

    assert states(outbox) == {"waiting": 1, "done": 1}


def test_of_many_who_retry_one_effect_one_succeeds(outbox: Outbox) -> None:
    number = parked(outbox)

    results = at_once(*[lambda: outbox.retry(number)] * 6)

    assert sorted(map(bool, results)) == [False] * 5 + [True]


def test_rows_are_listed_oldest_first_up_to_a_limit(outbox: Outbox) -> None:
    numbers = enqueue(outbox.store, *[effect() for _ in range(5)])

    assert [found.effect.id for found in outbox.rows("waiting", limit=3)] == numbers[:3]
    assert outbox.count("waiting") == 5


# At the same time


def assert_nothing_is_stranded(outbox: Outbox) -> None:
    """No lane without a worker has effects waiting and does not know when it is ready."""
    with outbox.store.reading() as connection:
        stranded = connection.execute(
            text(
                "SELECT o.id, o.lane, l.ready_at, o.due_at FROM outbox o LEFT JOIN lanes l ON l.name = o.lane"
                " WHERE o.state = 'waiting' AND l.owner IS NULL"
                " AND (l.name IS NULL OR l.ready_at IS NULL)"
            )
        ).all()
    assert stranded == []


def test_enqueueing_while_a_lane_is_given_back_strands_nothing(outbox: Outbox) -> None:
    """Whichever of the two comes first, the lane is ready for the new effect."""
    count = 40

    def write() -> None:
        for _ in range(count):
            enqueue(outbox.store, effect("shared"))

    def work() -> None:
        done = 0
        while done < count * 2:
            lease = outbox.lease("somebody")
            while lease:
                done += 1
                lease = outbox.done(lease, {}, nothing)

    at_once(write, write, work)

    assert states(outbox) == {"done": 2 * count}
    assert_nothing_is_stranded(outbox)


def test_lanes_that_enqueue_into_each_other_do_not_block_each_other(outbox: Outbox) -> None:
    """Two workers whose outcomes go to each other's lanes, with renewals in between: no deadlock, nothing lost."""
    lanes = ["a", "b", "c"]
    enqueue(outbox.store, *[effect(lane) for lane in lanes * 4])
    left = itertools.count(60, -1)
    held: dict[str, str] = {}
    ended = threading.Event()

    def follow(lease: Lease) -> Callable[[Transaction], None]:
        others = [lane for lane in lanes if lane != lease.lane]

        def then(transaction: Transaction) -> None:
            if next(left) > 0:
                enqueue_within(transaction, *random.sample(others, 2))

        return then

    def work() -> None:
        while outbox.count("waiting"):
            lease = outbox.lease("somebody")
            while lease:
                held[lease.id] = lease.lane
                lease = outbox.done(lease, {}, follow(lease))

    def renew() -> None:
        while not ended.is_set() and outbox.count("waiting"):
            outbox.renew(dict(held) or {"none": "none"})

    at_once(work, work, work, renew)

    assert states(outbox) == {"done": 12 + 120}
    assert_nothing_is_stranded(outbox)


def test_after_any_mixture_of_outcomes_nothing_is_stranded(outbox: Outbox, clock: Clock) -> None:
    """Random outcomes, crashes and new effects: in the end each effect was done, and in no two hands at once."""
    chance = random.Random(7)
    in_hand: dict[str, Lease] = {}
    for step in range(250):
        if step < 150 and chance.random() < 0.4:
            delay = chance.choice([0, 0, 5])
            enqueue(outbox.store, effect(chance.choice("abc"), due_at=clock.now + delay))
        lease = outbox.lease("somebody")
        if lease:
            assert lease.lane not in in_hand
            in_hand[lease.lane] = lease
        for lane in list(in_hand):
            end = chance.choice(["done", "paced", "postpone", "aside", "refuse", "back", "hold", "crash"])
            lease = in_hand.pop(lane)
            following = None
            if end == "done":
                following = outbox.done(lease, {}, nothing)
            elif end == "paced":
                following = outbox.done(lease, {}, nothing, pace=1.0)
            elif end in ("postpone", "aside"):
                outbox.postpone(lease, "later", 2.0, aside=end == "aside")
            elif end == "refuse":
                following = outbox.refuse(lease, "no", lambda transaction: True)
            elif end == "back":
                outbox.give_back(lease)
            elif end == "hold":
                outbox.renew({lease.id: lane})
                in_hand[lane] = lease
            else:
                clock.move(LEASE + 1)
                outbox.renew({held.id: name for name, held in in_hand.items()})
            if following:
                assert following.lane not in in_hand
                in_hand[following.lane] = following
        clock.move(1)
        assert_nothing_is_stranded(outbox)

    clock.move(LEASE * 2)
    while outbox.count("waiting"):
        finish_all(outbox)
        clock.move(10)
    assert_nothing_is_stranded(outbox)


# Speed


@pytest.fixture
def full_outbox(outbox: Outbox) -> Outbox:
    """With thousands of rows done and waiting, as a planner needs them to choose."""
    columns = {"lane": "x", "kind": "act", "payload": {}, "created_at": 0, "due_at": 0, "since": 0}
    rows = [
        columns
        | {"lane": f"lane {number % 50}", "state": "done" if number % 2 else "waiting", "due_at": number}
        for number in range(3000)
    ]
    lanes = [{"name": f"lane {number}", "ready_at": None if number % 2 else number} for number in range(500)]
    with outbox.store.begin() as transaction:
        transaction.connection.execute(insert(tables.outbox), rows)
        transaction.connection.execute(insert(tables.lanes), lanes)
        transaction.connection.execute(text("ANALYZE"))
    return outbox


def test_the_worker_finds_its_way_by_indexes(full_outbox: Outbox) -> None:
    """No statement between a lease and its outcome reads a whole table."""
    with statements(full_outbox.store) as seen:
        lease = leased(full_outbox)
        full_outbox.done(lease, {}, nothing)

    asked = [(sql, values) for sql, values in seen if re.match("SELECT|UPDATE", sql)]
    plans = {sql: explained(full_outbox.store, sql, values) for sql, values in asked}
    assert len(plans) >= 6
    for sql, plan in plans.items():
        assert not re.search(r"SCAN (outbox|lanes)(?! USING)|Seq Scan|TEMP B-TREE|Sort", plan), (
            f"{sql}\n{plan}"
        )
    used = "\n".join(plans.values())
    assert "outbox_next" in used
    assert "lanes_ready" in used


def test_parked_effects_are_found_by_an_index(full_outbox: Outbox) -> None:
    with statements(full_outbox.store) as seen:
        full_outbox.rows("parked")

    [plan] = [explained(full_outbox.store, sql, values) for sql, values in seen if sql.startswith("SELECT")]
    assert "outbox_parked" in plan
