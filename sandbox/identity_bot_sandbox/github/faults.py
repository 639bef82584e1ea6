"""Faults that can be switched on in the sandbox's GitHub: errors, limits, garbage and broken connections."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """How a faulty request ends; the value is what the page shows."""

    ERROR = "error"
    SECONDARY_LIMIT = "secondary rate limit"
    PRIMARY_LIMIT = "rate limit used up"
    HTML = "HTML instead of JSON"
    BROKEN_JSON = "JSON that breaks off"
    CUT = "connection cut"
    HANG = "no answer until the caller gives up"
    SLOW = "slow, but right"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What happens to the requests that it matches; `times` is how many are left, None for all.

    `after` says that the act is done before its answer is spoilt: the outcome that a caller cannot know.
    """

    method: str
    path: str
    kind: FaultKind
    status: int
    message: str
    errors: tuple[Mapping[str, Any], ...] = ()
    retry_after: int | None = None
    delay: float = 0.0
    after: bool = False
    times: int | None = 1

    def matches(self, method: str, path: str) -> bool:
        """Whether this fault is meant for a request; `*` in a path is one segment, `**` any number."""
        if self.method not in ("*", method):
            return False
        pieces = re.split(r"(\*\*|\*)", self.path)
        pattern = "".join({"*": "[^/]*", "**": ".*"}.get(piece, re.escape(piece)) for piece in pieces)
        return re.fullmatch(pattern, path) is not None


_MESSAGES = {
    400: "Problems parsing JSON",
    401: "Bad credentials",
    403: "Resource not accessible by personal access token",
    404: "Not Found",
    410: "Issues has been disabled in this repository.",
    422: "Validation Failed",
    429: "Too Many Requests",
    500: "Server Error",
    502: "Server Error",
    503: "No server is currently available to service your request.",
    504: "We couldn't respond to your request in time.",
}
_KIND_STATUS = {FaultKind.SECONDARY_LIMIT: 403, FaultKind.PRIMARY_LIMIT: 403, FaultKind.ERROR: 502}
_KIND_MESSAGES = {
    FaultKind.SECONDARY_LIMIT: (
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    ),
    FaultKind.PRIMARY_LIMIT: "API rate limit exceeded for user ID 1001.",
}


@dataclass(slots=True)
class Faults:
    """The faults that are switched on, oldest first; each request meets at most one."""

    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self,
        method: str = "*",
        path: str = "**",
        *,
        kind: FaultKind = FaultKind.ERROR,
        status: int | None = None,
        message: str | None = None,
        errors: tuple[Mapping[str, Any], ...] = (),
        retry_after: int | None = None,
        delay: float = 0.0,
        after: bool = False,
        times: int | None = 1,
    ) -> Fault:
        """Switch a fault on, for the next `times` requests that match.

        `path` is below the API's root, with `*` and `**`: `add("POST", "/repos/*/*/issues", status=502)`.
        `retry_after` is in seconds; for a used-up limit it is how far away `x-ratelimit-reset` is.
        """
        status = status or _KIND_STATUS.get(kind, 200)
        fault = Fault(
            method=method.upper(),
            path=path,
            kind=kind,
            status=status,
            message=message or _KIND_MESSAGES.get(kind) or _MESSAGES.get(status, "Server Error"),
            errors=errors,
            retry_after=retry_after,
            delay=delay,
            after=after,
            times=times,
        )
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def active(self) -> tuple[Fault, ...]:
        """The faults that are still on."""
        with self._lock:
            return tuple(self._faults)

    def meet(self, method: str, path: str) -> Fault | None:
        """The fault that a request meets, counted down by one."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not fault.matches(method, path):
                    continue
                if fault.times is not None:
                    if fault.times == 1:
                        del self._faults[index]
                    else:
                        self._faults[index] = replace(fault, times=fault.times - 1)
                return fault
        return None
