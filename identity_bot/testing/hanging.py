"""End a check whose plugin does not come back, by a signal that sees how long one call of its code has lasted."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from identity_bot.forms.questions import Question
from identity_bot.plugins import checks
from identity_bot.plugins.request_type import RequestType

LONGEST_CALL = 10.0
"""Seconds after which a call counts as one that never ends."""
INTERVAL = 1.0
"""Seconds from one look to the next."""
_CALLS = frozenset(
    one.__code__ for one in (RequestType._results, Question.answer, checks.call, checks.import_plugin)
)
"""What calls a plugin's code."""
_DEBUGGERS = ("bdb", "pydevd")


class Hang(KeyboardInterrupt):
    """A call does not come back; as with Ctrl-C, nothing that outlives a plugin's errors outlives this."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


@contextmanager
def hangs_ended() -> Iterator[None]:
    """Raise Hang where a plugin hangs, unless this is no main thread, the system has no timers, or somebody debugs."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    handler = signal.signal(signal.SIGALRM, _Watch())
    began = time.monotonic()
    others, interval = signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
        if others:  # somebody else's, such as the time limit of a test
            left = others - (time.monotonic() - began)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), interval)


class _Watch:
    """Which call is running, and since when."""

    def __init__(self) -> None:
        self._call: FrameType | None = None
        self._since = 0.0

    def __call__(self, _: int, frame: FrameType | None) -> None:
        call = _call_in(frame)
        if call is not self._call:
            self._call, self._since = call, time.monotonic()
        elif call is not None and time.monotonic() - self._since > LONGEST_CALL:
            raise Hang(LONGEST_CALL)


def _call_in(frame: FrameType | None) -> FrameType | None:
    """The outermost call of a plugin's code that is running; none while a debugger has stopped it."""
    found = None
    while frame is not None:
        if frame.f_globals.get("__name__") in _DEBUGGERS:
            return None
        if frame.f_code in _CALLS:
            found = frame
        frame = frame.f_back
    return found
