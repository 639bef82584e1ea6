"""What the sandbox's GitHub was asked: a log of requests for tests and the page, and the hourly allowance."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

_KEPT = 10_000
_HOUR = 3600
_NOTED_HEADERS = ("user-agent", "if-none-match", "if-modified-since", "x-github-api-version", "accept")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request that has been answered; `status` is 0 where the connection ended without an answer.

    `path` is below the API's root; `body` is what was sent, as text; `at` is in seconds since the epoch.
    """

    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str
    status: int


@dataclass(kw_only=True, slots=True)
class Allowance:
    """How many requests one credential may still make this hour."""

    limit: int = 5000
    used: int = 0
    reset: int = 0

    @property
    def remaining(self) -> int:
        """What is left until `reset`."""
        return max(0, self.limit - self.used)


@dataclass(slots=True)
class Traffic:
    """The last requests, oldest first, and each credential's allowance; any thread may ask."""

    limit: int = 5000
    _requests: deque[Request] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _allowances: dict[str, Allowance] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, request: Request) -> None:
        """Remember a request that has been answered."""
        with self._lock:
            self._requests.append(request)

    def clear(self) -> None:
        """Forget the requests so far, such as those of a test's own preparations."""
        with self._lock:
            self._requests.clear()

    def requests(self, method: str | None = None, path_start: str = "") -> list[Request]:
        """The requests of that method whose path starts so, oldest first."""
        with self._lock:
            return [
                request
                for request in self._requests
                if method in (None, request.method) and request.path.startswith(path_start)
            ]

    def count(self, method: str | None = None, path_start: str = "") -> int:
        """How many requests of that method and start of path have been answered."""
        return len(self.requests(method, path_start))

    def spend(self, name: str, now: float, cost: int) -> Allowance:
        """Charge a credential for a request (a 304 is free) and say how it stands."""
        with self._lock:
            allowance = self._allowances.get(name)
            if allowance is None or allowance.reset <= now:
                allowance = self._allowances[name] = Allowance(limit=self.limit, reset=int(now) + _HOUR)
            allowance.used = min(allowance.limit, allowance.used + cost)
            return Allowance(limit=allowance.limit, used=allowance.used, reset=allowance.reset)


def noted_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers worth remembering; never the token."""
    return {name: headers[name] for name in _NOTED_HEADERS if name in headers}
