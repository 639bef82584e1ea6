"""Threads for calls that may hang: nobody waits for them for long, not even the process when it ends."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable


class SideThreads:
    """Runs calls in the order in which they come, in at most so many threads.

    Unlike those of `concurrent.futures`, the threads are daemons, for which Python does not wait at its end.
    """

    def __init__(self, name: str, *, most: int) -> None:
        self._name = name
        self._most = most
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._turn = threading.Lock()
        self._is_closed = False

    def submit(self, call: Callable[[], object]) -> None:
        """Run a call, which must not raise, as soon as a thread is free; not at all once this is closed."""
        with self._turn:
            if self._is_closed:
                return
            self._calls.put(call)
            if len(self._threads) < self._most:
                name = f"{self._name}-{len(self._threads)}"
                self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
                self._threads[-1].start()

    def close(self, patience: float) -> int:
        """Begin no further call, and wait so many seconds for those that run; how many did not come to an end."""
        with self._turn:
            self._is_closed = True
            for _ in self._threads:
                self._calls.put(None)
        end = time.monotonic() + patience
        for one in self._threads:
            one.join(max(0.0, end - time.monotonic()))
        return sum(one.is_alive() for one in self._threads)

    def _run(self) -> None:
        while (call := self._calls.get()) and not self._is_closed:
            call()
