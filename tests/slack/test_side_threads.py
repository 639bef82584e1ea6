"""Threads for calls that may hang."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from identity_bot.slack.side_threads import SideThreads
from tests.support import eventually


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a call hangs on, until the test is over."""
    gate = threading.Event()
    yield gate
    gate.set()


def test_calls_run_beside_each_other_and_in_order() -> None:
    threads = SideThreads("test", most=2)
    together = threading.Barrier(2)
    done: list[int] = []

    for _ in range(2):
        threads.submit(lambda: together.wait(10))
    for number in range(3):
        threads.submit(partial(done.append, number))

    eventually(lambda: sorted(done) == [0, 1, 2])
    assert threads.close(10) == 0


def test_there_are_no_more_threads_than_allowed(gate: threading.Event) -> None:
    threads = SideThreads("test-most", most=3)
    begun: list[str] = []

    def wait() -> None:
        begun.append(threading.current_thread().name)
        gate.wait(10)

    for _ in range(9):
        threads.submit(wait)
    eventually(lambda: len(begun) == 3)
    gate.set()
    eventually(lambda: len(begun) == 9)

    assert len(set(begun)) == 3
    assert threads.close(10) == 0


def test_a_call_that_hangs_holds_up_no_end(gate: threading.Event) -> None:
    threads = SideThreads("test", most=1)
    begun, late = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        gate.wait(60)

    threads.submit(hang)
    threads.submit(late.set)
    assert begun.wait(10)

    still = threads.close(0.0)
    threads.submit(late.set)
    gate.set()
    threads.close(10)

    assert (still, late.is_set()) == (1, False)
    assert all(one.daemon for one in threads._threads)
