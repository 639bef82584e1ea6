"""What a request meets in the sandbox's GitHub: faults, the rate limit and the log."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from starlette.responses import Response

from identity_bot_sandbox.faults import ActiveFaults, Log, NoAnswer
from identity_bot_sandbox.github.json import Json

DOCUMENTATION = "https://docs.github.com/rest"
_HOUR = 3600
_LOGGED_HEADERS = ("user-agent", "if-none-match", "if-modified-since", "x-github-api-version", "accept")


class FaultKind(StrEnum):
    """How a faulty request ends."""

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
    """What happens to matching requests; `times` is how many are left, None for all.

    With `after`, the request takes effect before its answer fails: an outcome the caller cannot know.
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
        """Whether this fault applies to a request; in a path, `*` is one segment and `**` any number."""
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


class Faults(ActiveFaults[Fault]):
    """The faults that are switched on in the sandbox's GitHub."""

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
        `retry_after` is in seconds; for a used-up limit it sets `x-ratelimit-reset`.
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
        return self.switch_on(fault)

    def meet(self, method: str, path: str) -> Fault | None:
        """The fault for a request, if one is on; counts it down."""
        return self.first(lambda fault: fault.matches(method, path))


def fault_response(fault: Fault, now: datetime) -> Response:
    """The response that a fault gives."""
    match fault.kind:
        case FaultKind.CUT | FaultKind.HANG:
            return NoAnswer(patient=fault.kind is FaultKind.HANG)
        case FaultKind.HTML:
            page = "<!DOCTYPE html><html><head><title>Unicorn!</title></head><body>Sorry.</body></html>"
            return Response(page, fault.status, media_type="text/html")
        case FaultKind.BROKEN_JSON:
            return Response('{"id": 1, "number": ', fault.status, media_type="application/json")
    headers = {"content-type": "application/json; charset=utf-8"}
    if fault.kind is FaultKind.PRIMARY_LIMIT:
        reset = int(now.astimezone(UTC).timestamp()) + (fault.retry_after or 0)
        headers |= {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-used": "5000",
            "x-ratelimit-reset": str(reset),
            "x-ratelimit-resource": "core",
        }
    elif fault.retry_after is not None:
        headers["retry-after"] = str(fault.retry_after)
    body: Json = {"message": fault.message}
    if fault.errors:
        body["errors"] = [dict(error) for error in fault.errors]
    body |= {"documentation_url": DOCUMENTATION, "status": str(fault.status)}
    return Response(json.dumps(body).encode(), fault.status, headers)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedRequest:
    """An answered request; `status` is 0 if the connection ended without an answer.

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
    """How many requests a credential has left this hour."""

    limit: int = 5000
    used: int = 0
    reset: int = 0

    @property
    def remaining(self) -> int:
        """Requests left until `reset`."""
        return max(0, self.limit - self.used)


@dataclass(slots=True)
class Traffic(Log[LoggedRequest]):
    """The last requests and each credential's hourly allowance."""

    limit: int = 5000
    _allowances: dict[str, Allowance] = field(default_factory=dict)

    def requests(self, method: str | None = None, path_start: str = "") -> list[LoggedRequest]:
        """The requests with that method and start of path, oldest first."""
        return [
            request
            for request in self.entries()
            if method in (None, request.method) and request.path.startswith(path_start)
        ]

    def count(self, method: str | None = None, path_start: str = "") -> int:
        """The number of requests with that method and start of path."""
        return len(self.requests(method, path_start))

    def spend(self, name: str, now: float, cost: int) -> Allowance:
        """Charge a credential for a request (a 304 is free) and return its allowance."""
        with self._lock:
            allowance = self._allowances.get(name)
            if allowance is None or allowance.reset <= now:
                allowance = self._allowances[name] = Allowance(limit=self.limit, reset=int(now) + _HOUR)
            allowance.used = min(allowance.limit, allowance.used + cost)
            return Allowance(limit=allowance.limit, used=allowance.used, reset=allowance.reset)


def logged_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers to log; never the token."""
    return {name: headers[name] for name in _LOGGED_HEADERS if name in headers}
