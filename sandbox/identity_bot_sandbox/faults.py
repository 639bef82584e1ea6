"""What the faults of both worlds have in common: which are on, what was asked, and requests without an answer."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_LOGGED = 10_000


class Counted(Protocol):
    """A fault that is on for the next `times` requests that match, or for all of them where that is None."""

    @property
    def times(self) -> int | None:
        """How many requests it is still meant for."""


FaultT = TypeVar("FaultT", bound=Counted)
EntryT = TypeVar("EntryT")


@dataclass(slots=True)
class ActiveFaults(Generic[FaultT]):
    """The faults that are switched on, oldest first; each request meets at most one. Safe from any thread."""

    _faults: list[FaultT] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def switch_on(self, fault: FaultT) -> FaultT:
        """Add a fault."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def active(self) -> tuple[FaultT, ...]:
        """The faults that are still on."""
        with self._lock:
            return tuple(self._faults)

    def first(self, matches: Callable[[FaultT], bool]) -> FaultT | None:
        """The oldest fault that matches a request, counted down by one."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not matches(fault):
                    continue
                if fault.times == 1:
                    del self._faults[index]
                elif fault.times is not None:
                    changed: Any = fault
                    self._faults[index] = replace(changed, times=fault.times - 1)
                return fault
        return None


@dataclass(slots=True)
class Log(Generic[EntryT]):
    """The last 10,000 requests, oldest first. Safe from any thread."""

    _entries: deque[EntryT] = field(default_factory=lambda: deque(maxlen=_LOGGED))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, entry: EntryT) -> None:
        """Remember a request that has been answered."""
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        """Forget the requests so far, such as those that set up a test."""
        with self._lock:
            self._entries.clear()

    def entries(self) -> tuple[EntryT, ...]:
        """The requests so far."""
        with self._lock:
            return tuple(self._entries)


class NoAnswer(Response):
    """End a request without an answer: at once, or where `patient` once the caller has given up."""

    def __init__(self, *, patient: bool) -> None:
        super().__init__()
        self.patient = patient

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.patient:
            # ASGI has no message for this, so cut uvicorn's own connection.
            transport = getattr(getattr(receive, "__self__", None), "transport", None)
            if transport is None:
                raise ConnectionAbortedError("the sandbox cannot cut this server's connections")
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
