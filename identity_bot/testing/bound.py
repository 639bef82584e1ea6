"""Bound how long a plugin's own code may take, whatever it is called for: an import, a question's check, or a hook."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from identity_bot.messages import plugin_check as words
from identity_bot.plugins.request_type import SLOW

PATIENCE = 5.0
"""Seconds that calls of a plugin's code may take together, counting those that take longer than `SLOW`."""
LOOK_EVERY = 0.05
LIBRARIES = sys.stdlib_module_names | {
    "identity_bot",
    "pluggy",
    "marshmallow",
    "sqlalchemy",
    "alembic",
    "markdown_it",
}
"""The packages on the way to a plugin's code."""


def found_in_time(problems: Callable[[], Iterable[str]]) -> list[str]:
    """The problems; those so far, and which code takes so long, if the plugin's code takes too long.

    They are looked for in a daemon thread, as nothing can interrupt code that hangs.
    """
    found: list[str] = []
    failed: list[BaseException] = []
    is_over = threading.Event()

    def look() -> None:
        try:
            for problem in problems():
                if is_over.is_set():
                    return
                found.append(problem)
        except BaseException as error:  # raised again below, where the caller is
            failed.append(error)

    thread = threading.Thread(target=look, name="check of a plugin", daemon=True)
    thread.start()
    late = _wait(thread)
    is_over.set()
    if failed:
        raise failed[0]
    return [*found, late] if late else found


def _wait(thread: threading.Thread) -> str:
    """Wait for the thread; what to say if the plugin's code takes too long first."""
    called, since, before = None, 0.0, 0.0
    while thread.is_alive():
        thread.join(LOOK_EVERY)
        frame = _plugins_frame(thread)
        now = time.monotonic()
        took = now - since if called else 0.0
        if frame is not called:
            before += took if took > SLOW else 0.0
            called, since, took = frame, now, 0.0
        spent = before + (took if took > SLOW else 0.0)
        if called and spent > PATIENCE:
            where = f"{Path(called.f_code.co_filename).name}:{called.f_lineno}"
            return words.took_too_long(called.f_code.co_name, where, PATIENCE)
    return ""


def _plugins_frame(thread: threading.Thread) -> FrameType | None:
    """The call of the plugin's code that the thread is in, if it is in one."""
    frame = sys._current_frames().get(thread.ident or 0)
    outermost = None
    while frame:
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] not in LIBRARIES:
            outermost = frame
        frame = frame.f_back
    return outermost
