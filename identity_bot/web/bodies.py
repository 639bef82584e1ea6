"""Request bodies that anybody may send: bounded in size, number and time, and refused if their signature is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request

from identity_bot.errors import Rejected

MOST_HELD = 25 * 1024 * 1024
"""Bytes of all bodies at once, apart from the first SMALL of each: room for one delivery of the largest size."""
SMALL = 64 * 1024
"""Bytes of each body that there is always room for, so that a flood of large bodies keeps out no small one."""
PATIENCE = 10.0
"""Seconds in which a body must arrive; GitHub itself waits no longer for an answer."""
FRESH = 300
"""Seconds for which Slack's signature is good (authentication/verifying-requests-from-slack)."""


class Refused(Rejected):
    """A body is refused; `status` is the answer's, and `is_heard` says whether its sender is still there to read it."""

    def __init__(self, reason: str, status: int, *, is_heard: bool = True) -> None:
        super().__init__(reason)
        self.status = status
        self.is_heard = is_heard


@dataclass(slots=True)
class Signature:
    """A signature that is checked while the body arrives."""

    received: bytes
    prefix: bytes
    _digest: hmac.HMAC

    def update(self, chunk: bytes) -> None:
        """The next part of the body."""
        self._digest.update(chunk)

    def matches(self) -> bool:
        """Whether it is the signature of all that has arrived."""
        expected = self.prefix + self._digest.hexdigest().encode()
        return hmac.compare_digest(expected, self.received)


def github_signature(headers: Mapping[str, str], secret: str) -> Signature:
    """The signature of a delivery from GitHub (webhooks/validating-webhook-deliveries); Refused if it has none."""
    received = headers.get("x-hub-signature-256", "").encode(errors="replace")
    if not received.startswith(b"sha256="):
        raise Refused("the signature does not match", 401)
    return Signature(received, b"sha256=", hmac.new(secret.encode(), digestmod=hashlib.sha256))


def slack_signature(headers: Mapping[str, str], secret: str, now: float) -> Signature:
    """The signature of a request from Slack; Refused if it has none, or an old one."""
    moment, signature = (headers.get(f"x-slack-{name}", "") for name in ("request-timestamp", "signature"))
    is_time = moment.isascii() and moment.isdecimal() and len(moment) < 20
    if not is_time or not signature.startswith("v0="):
        raise Refused("not signed", 401)
    if abs(now - int(moment)) > FRESH:
        raise Refused("the signature is wrong or old", 401)
    digest = hmac.new(secret.encode(), f"v0:{moment}:".encode(), hashlib.sha256)
    return Signature(signature.encode(errors="replace"), b"v0=", digest)


@dataclass(slots=True)
class Bodies:
    """The bodies that are being read or handled at a time."""

    most: int = MOST_HELD
    patience: float = PATIENCE
    _held: int = field(default=0, init=False)

    @asynccontextmanager
    async def read(self, request: Request, signature: Signature, *, largest: int) -> AsyncIterator[bytearray]:
        """A request's body, at most `largest` bytes and well signed, and room for it while it is handled."""
        if int(request.headers.get("content-length", "0")) > largest:
            raise Refused("too large", 413)
        body, size = bytearray(), 0
        try:
            try:
                async with asyncio.timeout(self.patience):
                    async for chunk in request.stream():
                        self._take(size, len(chunk), largest)
                        size += len(chunk)
                        body += chunk
                        signature.update(chunk)
            except TimeoutError:
                raise Refused("too slow", 408) from None
            except ClientDisconnect:
                raise Refused("cut off", 400, is_heard=False) from None
            if not signature.matches():
                raise Refused("the signature does not match", 401)
            yield body
        finally:
            self._held -= _counted(size)

    async def drain(self, request: Request) -> None:
        """Read what is left of a small body that was refused.

        Closing a connection that still has unread bytes resets it, and the answer may be lost with it.
        """
        if int(request.headers.get("content-length", "0")) > SMALL:
            return
        size = 0
        # RuntimeError: all of it was read before.
        with contextlib.suppress(TimeoutError, ClientDisconnect, RuntimeError):
            async with asyncio.timeout(self.patience):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > SMALL:
                        return

    def _take(self, size: int, more: int, largest: int) -> None:
        """Make room for more of a body of this size; both are in bytes."""
        if size + more > largest:
            raise Refused("too large", 413)
        counted = _counted(size + more) - _counted(size)
        if self._held + counted > self.most:
            raise Refused("too many large requests at once", 503)
        self._held += counted


def _counted(size: int) -> int:
    return max(0, size - SMALL)
