"""A plugin that does not come back: the check ends, says where it hung, and leaves everything as it was."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from identity_bot import Form, LongText
from identity_bot.testing import check_request_type, hanging
from tests.support_plugins import coffee

DETAILS = LongText(name="details", label="Details")
PLAIN = Form(title="Coffee", questions=[DETAILS])


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A check that waits a fraction of a second; the timer is that of nobody else."""
    monkeypatch.setattr(hanging, "LONGEST_CALL", 0.2)
    monkeypatch.setattr(hanging, "INTERVAL", 0.05)
    before = signal.getsignal(signal.SIGALRM)
    yield
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def forever(*_: Any) -> Any:
    """Never come back, whatever error a plugin outlives."""
    while True:
        try:
            time.sleep(60)
        except Exception:
            continue


LINE = forever.__code__.co_firstlineno + 4


@pytest.mark.parametrize(
    "plugin",
    [
        lambda: coffee(PLAIN, notify=lambda: forever()),
        lambda: coffee(PLAIN, validate=lambda: forever()),
        lambda: coffee(PLAIN, settings_schema=lambda: forever()),
        lambda: coffee(Form(title="C", questions=[LongText(name="a", label="A", parse=forever)])),
        lambda: coffee(Form(title="C", questions=[LongText(name="a", label="A", validate=[forever])])),
    ],
)
def test_code_that_hangs_ends_the_check_and_is_named_by_its_line(plugin: Callable[[], Any]) -> None:
    ours = logging.getLogger("identity_bot")
    handlers, propagates = list(ours.handlers), ours.propagate

    with pytest.raises(AssertionError) as said:
        check_request_type(plugin(), name="coffee")

    problem = f"its code had not come back after 0.2 s (test_hanging.py:{LINE})"
    assert problem in str(said.value).splitlines()[-1]
    assert (list(ours.handlers), ours.propagate, logging.root.manager.disable) == (handlers, propagates, 0)


def test_what_was_wrong_before_is_told_too() -> None:
    question = LongText(name="a", label="A", parse=lambda typed: f"{typed}!")

    with pytest.raises(AssertionError, match="is not accepted as it is"):
        check_request_type(
            coffee(Form(title="C", questions=[question]), notify=lambda: forever()), name="coffee"
        )


def test_many_short_calls_are_no_long_one() -> None:
    with hanging.hangs_ended():
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            DETAILS.answer("x")


def test_the_timer_of_another_goes_on_afterwards() -> None:
    rung = threading.Event()
    before = signal.signal(signal.SIGALRM, lambda *_: rung.set())
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        with hanging.hangs_ended():
            assert signal.getsignal(signal.SIGALRM) is not before

        assert rung.wait(20)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_nothing_ends_somebody_who_debugs() -> None:
    seen: list[float] = []
    stopped: dict[str, Any] = {"__name__": "bdb", "time": time, "seen": seen}
    exec("def wait(typed):\n    time.sleep(0.5)\n    seen.append(1.0)\n    return typed\n", stopped)

    with hanging.hangs_ended():
        LongText(name="a", label="A", parse=stopped["wait"]).answer("x")

    assert seen


def test_in_another_thread_nothing_is_changed() -> None:
    done: list[Any] = []

    def look() -> None:
        with hanging.hangs_ended():
            done.append(signal.getitimer(signal.ITIMER_REAL))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert done == [(0.0, 0.0)]
