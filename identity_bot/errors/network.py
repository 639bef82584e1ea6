"""Why a server could not be reached, in our words, and whether anything was sent to it. Knows no client library."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\b")
"""What http.client says of a proxy that refuses a CONNECT."""
_PROXY = {
    "403": "it does not allow this address",
    "407": "it wants a user name and a password: HTTPS_PROXY=http://name:password@host:port",
}
_KINDS: tuple[tuple[type[OSError], str], ...] = (
    (
        ssl.SSLCertVerificationError,
        "its certificate is not trusted; if a proxy reads TLS, set SSL_CERT_FILE and REQUESTS_CA_BUNDLE to the file "
        "with its CA",
    ),
    (socket.gaierror, "the name of the server, or of the proxy, is unknown"),
    (ConnectionRefusedError, "connection refused"),
)


def reason(error: BaseException) -> str:
    """What kept a request from its server and, where known, what to do; else the name of the error's type.

    Never an error's own text, which may quote a request.
    """
    if status := _proxy_refusal(error):
        remedy = f": {_PROXY[status]}" if status in _PROXY else ""
        return f"the proxy in HTTPS_PROXY refuses the connection ({status}){remedy}"
    for one in _causes(error):
        for kind, words in _KINDS:
            if isinstance(one, kind):
                return words
    inner = getattr(error, "reason", None)
    return type(inner if isinstance(inner, Exception) else error).__name__


def never_began(error: BaseException) -> bool:
    """Whether the connection failed before any request was sent through it."""
    kinds = tuple(kind for kind, _ in _KINDS)
    return bool(_proxy_refusal(error)) or any(isinstance(one, kinds) for one in _causes(error))


def needs_no_proxy(url: str) -> bool:
    """Whether NO_PROXY exempts the host of an address."""
    return bool(proxy_bypass(urlsplit(url).hostname or ""))


def _proxy_refusal(error: BaseException) -> str:
    """The status with which a proxy refused; empty if none did."""
    found = (_TUNNEL.search(str(one)) for one in _causes(error) if isinstance(one, OSError))
    return next((one[1] for one in found if one), "")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps: as its cause, in its `reason`, or among its arguments."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            yield one
            waiting += [getattr(one, "reason", None), one.__cause__, one.__context__, *one.args]
