"""Operators see what waits and what has failed, and decide about the latter; on both databases."""

from __future__ import annotations

import pytest

from identity_bot.outbox.outbox import OVERDUE_AFTER, Backlog, Outbox
from identity_bot.outbox.queue import VERIFICATIONS, Queue
from identity_bot.testing import Clock
from tests.support_outbox import Note, at_once, enqueue, failed, leased, statements, states


@pytest.fixture
def outbox(queue: Queue) -> Outbox:
    return Outbox(queue.store)


def test_a_failed_effect_keeps_the_reason(outbox: Outbox, queue: Queue) -> None:
    number = failed(queue)

    [found] = outbox.rows("failed")
    assert (found.id, found.last_error, found.state) == (number, "no such channel", "failed")
    assert queue.lease("somebody") is None


def test_a_retried_effect_begins_anew(outbox: Outbox, queue: Queue, clock: Clock) -> None:
    number = failed(queue)
    clock.move(1000)

    assert outbox.retry(number)

    found = leased(queue).row
    assert (found.id, found.attempts, found.trying_since) == (number, 0, clock.now)
    assert found.created_at < clock.now


def test_a_retried_effect_that_may_have_been_done_is_verified(outbox: Outbox, queue: Queue) -> None:
    outbox.retry(failed(queue, verifications=VERIFICATIONS))

    assert leased(queue).row.verifications == VERIFICATIONS


def test_a_discarded_effect_is_over(outbox: Outbox, queue: Queue) -> None:
    number = failed(queue)

    assert outbox.discard(number)

    assert states(queue) == {"done": 1}
    assert queue.lease("somebody") is None


def test_only_failed_effects_are_retried_or_discarded(outbox: Outbox, queue: Queue) -> None:
    waits, done = enqueue(queue.store, Note(to="waits"), Note(to="done"))
    lease = next(lease for lease in (leased(queue), leased(queue)) if lease.lane == "done")
    queue.succeed(lease, lambda transaction: None)

    for number in (waits, done, 12345):
        assert not outbox.retry(number)
        assert not outbox.discard(number)

    assert states(queue) == {"waiting": 1, "done": 1}


@pytest.mark.parametrize("act", ["retry", "discard"])
def test_an_operator_locks_the_lane_before_the_effect(outbox: Outbox, queue: Queue, act: str) -> None:
    """As a redaction does, which changes what has failed as well; else the two might wait for each other."""
    number = failed(queue)

    with statements(queue.store) as seen:
        assert getattr(outbox, act)(number)

    said = [statement for statement, _ in seen]
    locked = min(place for place, statement in enumerate(said) if "lanes" in statement)
    [changed] = [place for place, statement in enumerate(said) if statement.startswith("UPDATE outbox")]
    assert locked < changed


def test_of_many_who_retry_one_effect_one_succeeds(outbox: Outbox, queue: Queue) -> None:
    number = failed(queue)

    results = at_once(*[lambda: outbox.retry(number)] * 6)

    assert sorted(map(bool, results)) == [False] * 5 + [True]


def test_rows_are_listed_oldest_first_up_to_a_limit(outbox: Outbox, queue: Queue) -> None:
    numbers = enqueue(queue.store, *[Note() for _ in range(5)])

    assert [found.id for found in outbox.rows("waiting", limit=3)] == numbers[:3]
    assert outbox.count("waiting") == 5


def test_the_backlog_is_what_needs_an_operator(outbox: Outbox, queue: Queue, clock: Clock) -> None:
    """What has waited too long counts, tried or not; a timer whose time has not come does not."""
    assert outbox.backlog() == Backlog(failed=0, overdue=0, delay=0.0)
    failed(queue)
    enqueue(queue.store, Note(), Note())
    enqueue(queue.store, Note(), delay=10 * OVERDUE_AFTER)
    queue.postpone(leased(queue), "broken", 60.0, unblock_after=0.0)

    clock.move(OVERDUE_AFTER)
    assert outbox.backlog() == Backlog(failed=1, overdue=0, delay=OVERDUE_AFTER)
    clock.move(1)

    assert outbox.backlog() == Backlog(failed=1, overdue=2, delay=OVERDUE_AFTER + 1)
