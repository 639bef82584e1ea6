"""Socket Mode as Slack's side sees it: one-use tickets, at most ten open sockets, envelopes and answers."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

MOST_SOCKETS = 10


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
