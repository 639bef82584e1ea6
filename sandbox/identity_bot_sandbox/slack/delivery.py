"""How the sandbox's Slack reaches the app: over Socket Mode if it is connected, otherwise by signed POST."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from identity_bot_sandbox.slack.model import Ack

MOST_SOCKETS = 10
TIMED_OUT = "operation_timeout"
NOT_TAKEN = "dispatch_failed"
COMMAND, INTERACTION, EVENT = "slash_commands", "interactive", "events_api"


class LostError(ConnectionError):
    """No socket is open, or the server stopped before the app answered."""


@dataclass(eq=False, slots=True)
class Socket:
    """One open connection: `outbox` is sent in order, None closes it; `cut` aborts it, `pause` stops reading."""

    outbox: asyncio.Queue[str | None]
    cut: Callable[[], None]
    pause: Callable[[], None]


@dataclass(slots=True)
class Sockets:
    """The app's open connections. Safe from any thread once `loop`, the server's, is set."""

    loop: asyncio.AbstractEventLoop | None = None
    _open: list[Socket] = field(default_factory=list)
    _silent: list[Socket] = field(default_factory=list)
    _pending: dict[str, Future[Any]] = field(default_factory=dict)
    _tickets: set[str] = field(default_factory=set)
    _turn: itertools.count[int] = field(default_factory=itertools.count)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _is_refreshing: bool = False

    @property
    def count(self) -> int:
        """The number of open connections."""
        with self._changed:
            return len(self._open)

    def wait_for(self, count: int = 1, timeout: float = 5.0) -> bool:
        """Wait until at least `count` are open, or none if `count` is 0."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self._open) >= count if count else not self._open, timeout
            )

    def ticket(self) -> str:
        """A new ticket, good for opening one socket."""
        ticket = f"{random.getrandbits(96):024x}"
        with self._changed:
            self._tickets.add(ticket)
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Use up a ticket; False if it is unknown or used."""
        with self._changed:
            if ticket not in self._tickets:
                return False
            self._tickets.remove(ticket)
            return True

    def add(self, socket: Socket) -> int | None:
        """Register a new socket and return how many are open; None if there are too many."""
        with self._changed:
            if len(self._open) >= MOST_SOCKETS:
                return None
            self._open.append(socket)
            self._cut_silent()
            self._is_refreshing = False
            self._changed.notify_all()
            return len(self._open)

    def remove(self, socket: Socket) -> None:
        """Forget a socket that has closed."""
        with self._changed:
            if socket in self._open:
                self._open.remove(socket)
            self._changed.notify_all()

    def acknowledge(self, envelope_id: str, payload: Any) -> None:
        """Pass an answer to whoever waits for it. It may come over any socket; a late one is ignored."""
        with self._changed:
            future = self._pending.pop(envelope_id, None)
        if future is not None:
            future.set_result(payload)

    def forget(self, envelope_id: str) -> None:
        """Stop waiting for the answer to an envelope."""
        with self._changed:
            self._pending.pop(envelope_id, None)

    def send(
        self, kind: str, payload: Mapping[str, Any], extra: Mapping[str, Any], *, patience: float
    ) -> tuple[str, Future[Any]] | None:
        """Send an envelope over one socket; return its id and the future answer, or None without sockets.

        While the app reconnects after a refresh, wait up to `patience` seconds for its new socket. What is sent
        over a silent one is lost.
        """
        with self._changed:
            if not self._open and not self._is_refreshing and not self._silent:
                return None
            if not self._silent and not self._changed.wait_for(lambda: bool(self._open), patience):
                raise LostError
            envelope_id = f"{random.getrandbits(128):032x}"
            future: Future[Any] = Future()
            self._pending[envelope_id] = future
            envelope = {
                "envelope_id": envelope_id,
                "type": kind,
                "payload": payload,
                "accepts_response_payload": kind != "events_api",
                **extra,
            }
            if self._open:
                self._put(self._open[next(self._turn) % len(self._open)], json.dumps(envelope))
        return envelope_id, future

    def refresh(self) -> None:
        """Ask every client to reconnect, as Slack does every few hours, and close the old sockets."""
        frame = json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})
        with self._changed:
            self._is_refreshing = bool(self._open)
            for socket in self._open:
                self._put(socket, frame)
                self._put(socket, None)
            self._open.clear()

    def keep_newest(self) -> None:
        """Send over the newest connection only; the others stay open for what they still have to answer."""
        with self._changed:
            del self._open[:-1]
            self._changed.notify_all()

    def drop(self) -> None:
        """Abort every connection."""
        with self._changed:
            for socket in self._open:
                self._soon(socket.cut)
            self._open.clear()

    def silence(self) -> None:
        """Neither read from nor write to any connection anymore, and leave it open, as a broken network does."""
        with self._changed:
            for socket in self._open:
                self._soon(socket.pause)
            self._silent += self._open
            self._open.clear()

    def _cut_silent(self) -> None:
        for socket in self._silent:
            self._soon(socket.cut)
        self._silent.clear()

    def close(self) -> None:
        """Close all sockets and fail everything that waits, before the server stops."""
        with self._changed:
            for socket in self._open:
                self._put(socket, None)
            self._open.clear()
            self._cut_silent()
            self._is_refreshing = False
            pending = list(self._pending.values())
            self._pending.clear()
            self._changed.notify_all()
        for future in pending:
            future.set_exception(LostError())

    def _put(self, socket: Socket, text: str | None) -> None:
        self._soon(lambda: socket.outbox.put_nowait(text))

    def _soon(self, act: Callable[[], object]) -> None:
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(act)


class NotTakenError(Exception):
    """The app answered a POST with a status other than 2xx, or has no request URL."""

    def __init__(self, *, no_retry: bool = False) -> None:
        self.no_retry = no_retry
        super().__init__("not taken")


@dataclass(slots=True)
class Delivery:
    """Carries payloads to the app and waits for its answers. Call it from any thread but the server's own.

    `timeout` and `retry_delays` (of events) are in seconds, and Slack's own unless a test changes them.
    """

    signing_secret: str
    sockets: Sockets = field(default_factory=Sockets)
    request_url: str | None = None
    timeout: float = 3.0
    retry_delays: tuple[float, ...] = (0.5, 60.0, 300.0)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def ask(self, kind: str, payload: Mapping[str, Any]) -> Ack:
        """Deliver a command or an interaction and wait up to `timeout` seconds for the app's answer."""
        started = time.monotonic()
        answer, error = None, None
        try:
            sent = self.sockets.send(kind, payload, {}, patience=self.timeout)
            if sent is None:
                answer = self._post(kind, payload, {})
            else:
                envelope_id, future = sent
                try:
                    answer = future.result(self.timeout - (time.monotonic() - started))
                finally:
                    self.sockets.forget(envelope_id)
        except TimeoutError:
            error = TIMED_OUT
        except (OSError, http.client.HTTPException, NotTakenError):
            error = NOT_TAKEN
        return Ack(payload=answer or None, error=error, seconds=time.monotonic() - started)

    def tell(self, payload: Mapping[str, Any]) -> None:
        """Deliver an event without waiting; retry after each of `retry_delays` until the app accepts it."""
        loop = self.sockets.loop
        if loop is None or loop.is_closed():
            return

        def begin() -> None:
            task = loop.create_task(self._tell(payload))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        loop.call_soon_threadsafe(begin)

    def close(self) -> None:
        """Stop retrying, close the sockets; called in the server's own thread."""
        for task in self._tasks:
            task.cancel()
        self.sockets.close()

    async def _tell(self, payload: Mapping[str, Any]) -> None:
        retry: dict[str, Any] = {}
        for attempt, delay in enumerate((*self.retry_delays, None), start=1):
            reason = await self._tell_once(payload, retry)
            if reason is None or delay is None:
                return
            await asyncio.sleep(delay)
            retry = {"retry_attempt": attempt, "retry_reason": reason}

    async def _tell_once(self, payload: Mapping[str, Any], retry: Mapping[str, Any]) -> str | None:
        """Try once; return Slack's reason for a retry, or None if none is needed."""
        try:
            sent = self.sockets.send(EVENT, payload, retry, patience=0)
            if sent is None:
                await asyncio.to_thread(self._post, EVENT, payload, retry)
                return None
            envelope_id, future = sent
            try:
                await asyncio.wait_for(asyncio.wrap_future(future), self.timeout)
            finally:
                self.sockets.forget(envelope_id)
        except TimeoutError:
            return "http_timeout"
        except NotTakenError as refusal:
            return None if refusal.no_retry else "http_error"
        except (LostError, OSError, http.client.HTTPException):
            return "connection_failed"
        return None

    def _post(self, kind: str, payload: Mapping[str, Any], retry: Mapping[str, Any]) -> Any:
        if self.request_url is None:
            raise NotTakenError(no_retry=True)
        body, content_type = _written(kind, payload)
        headers = {"Content-Type": content_type, **signed(self.signing_secret, body)}
        if retry:
            headers["X-Slack-Retry-Num"] = str(retry["retry_attempt"])
            headers["X-Slack-Retry-Reason"] = retry["retry_reason"]
        url = urlsplit(self.request_url)
        connecting = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = connecting(url.hostname or "127.0.0.1", url.port, timeout=self.timeout)
        try:
            connection.request("POST", url.path or "/", body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        if response.status >= 300:
            raise NotTakenError(no_retry=response.getheader("X-Slack-No-Retry") == "1")
        if (response.getheader("Content-Type") or "").startswith("application/json"):
            return json.loads(text or "null")
        return {"text": text} if text else None


def signed(secret: str, body: bytes, at: float | None = None) -> dict[str, str]:
    """The two headers that prove that a request is Slack's; `at` defaults to now."""
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


def _written(kind: str, payload: Mapping[str, Any]) -> tuple[bytes, str]:
    form = "application/x-www-form-urlencoded"
    if kind == EVENT:
        return json.dumps(payload).encode(), "application/json"
    if kind == COMMAND:
        return urlencode(payload).encode(), form
    return urlencode({"payload": json.dumps(payload)}).encode(), form
