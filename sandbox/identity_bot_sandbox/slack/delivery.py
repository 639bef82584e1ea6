"""How the sandbox's Slack reaches the app: over Socket Mode while it is connected, else by a signed POST."""

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


class LostError(ConnectionError):
    """There is no socket to send by, or the server stopped before the app answered."""


@dataclass(eq=False, slots=True)
class Socket:
    """One open connection: texts put into `outbox` go out in order, None closes it; `cut` ends it rudely."""

    outbox: asyncio.Queue[str | None]
    cut: Callable[[], None]


@dataclass(slots=True)
class Sockets:
    """The app's open connections; any thread may use them once `loop`, the server's, is known."""

    loop: asyncio.AbstractEventLoop | None = None
    _open: list[Socket] = field(default_factory=list)
    _pending: dict[str, Future[Any]] = field(default_factory=dict)
    _tickets: set[str] = field(default_factory=set)
    _turn: itertools.count[int] = field(default_factory=itertools.count)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _is_refreshing: bool = False

    @property
    def count(self) -> int:
        """How many are open."""
        with self._changed:
            return len(self._open)

    def wait_for(self, count: int = 1, timeout: float = 5.0) -> bool:
        """Wait until at least `count` are open, or exactly none where `count` is 0."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self._open) >= count if count else not self._open, timeout
            )

    def ticket(self) -> str:
        """A new ticket, with which one socket may be opened once."""
        ticket = f"{random.getrandbits(96):024x}"
        with self._changed:
            self._tickets.add(ticket)
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Use a ticket up; false if it never was one or was used before."""
        with self._changed:
            if ticket not in self._tickets:
                return False
            self._tickets.remove(ticket)
            return True

    def add(self, socket: Socket) -> int | None:
        """Take a new socket in and say how many there are now; None if there were too many already."""
        with self._changed:
            if len(self._open) >= MOST_SOCKETS:
                return None
            self._open.append(socket)
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
        """Hand an answer to whoever waits for it; it may come over any socket, and a late one is dropped."""
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
        """Send an envelope by any one socket: its id and where its answer will be, None without sockets.

        While the app is reconnecting after a refresh, waits for its new socket at most `patience` seconds.
        """
        with self._changed:
            if not self._open and not self._is_refreshing:
                return None
            if not self._changed.wait_for(lambda: bool(self._open), patience):
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
            self._put(self._open[next(self._turn) % len(self._open)], json.dumps(envelope))
        return envelope_id, future

    def refresh(self) -> None:
        """Ask every client to connect anew, as Slack does every few hours, and close the old sockets."""
        frame = json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})
        with self._changed:
            self._is_refreshing = bool(self._open)
            for socket in self._open:
                self._put(socket, frame)
                self._put(socket, None)
            self._open.clear()

    def drop(self) -> None:
        """Break every connection off without a word."""
        with self._changed:
            for socket in self._open:
                self._soon(socket.cut)
            self._open.clear()

    def close(self) -> None:
        """Close all sockets and give up all waiting: the server is about to stop."""
        with self._changed:
            for socket in self._open:
                self._put(socket, None)
            self._open.clear()
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


COMMAND, INTERACTION, EVENT = "slash_commands", "interactive", "events_api"


class NotTakenError(Exception):
    """The app answered a POST with something other than 2xx, or there is nowhere to send it."""

    def __init__(self, *, no_retry: bool = False) -> None:
        self.no_retry = no_retry
        super().__init__("not taken")


@dataclass(slots=True)
class Delivery:
    """Carries payloads to the app and waits for its answer; any thread but the server's own may ask.

    `timeout` and `retry_delays` (of events) are in seconds, and Slack's own unless a test changes them.
    """

    signing_secret: str
    sockets: Sockets = field(default_factory=Sockets)
    request_url: str | None = None
    timeout: float = 3.0
    retry_delays: tuple[float, ...] = (0.5, 60.0, 300.0)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def ask(self, kind: str, payload: Mapping[str, Any]) -> Ack:
        """Deliver a command or an interaction and wait for what the app answers, at most `timeout`."""
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
        """Deliver an event without waiting, again after each of `retry_delays` until the app takes it."""
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
        """Try once; gives Slack's word for what went wrong, None when there is no need to try again."""
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
    """The two headers by which an app knows that a request is Slack's; `at` is now unless given."""
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
