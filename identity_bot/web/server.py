"""The HTTP server of `run`: uvicorn, with limits on connections and on the time that a request's head may take."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_PATIENCE = 10.0
"""Seconds in which the head of a connection's first or next request must be complete."""
MOST_CONNECTIONS = 512
ACCEPTED_AT_ONCE = 32
"""Connections that asyncio accepts before any other is served or closed."""
WAITING = 1024
"""Connections that the system keeps until they are accepted."""


def most_connections() -> int:
    """Connections open at a time: at most a third of the files that the process may open, as others need some too."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else max(1, min(MOST_CONNECTIONS, files // 3))


class _Config(uvicorn.Config):
    most_connections: int
    idle: dict[Connection, None]
    """The connections that wait for a request, the one that has waited longest first."""


class Connection(H11Protocol):
    """A connection that is closed if no request comes in time, or if it has waited longest when there are too many."""

    config: _Config
    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()
        self._giving_up = self.loop.call_later(HEAD_PATIENCE, self._drop)
        if len(self.connections) > self.config.most_connections:
            next(iter(self.config.idle))._drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._giving_up is None:
            self._giving_up = self.loop.call_later(HEAD_PATIENCE, self._drop)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:  # no request was sent ahead
            self._wait()

    def _wait(self) -> None:
        if not self.transport.is_closing():
            self.config.idle[self] = None

    def _stop_waiting(self) -> None:
        self.config.idle.pop(self, None)
        if self._giving_up:
            self._giving_up.cancel()
            self._giving_up = None

    def _drop(self) -> None:
        self._stop_waiting()
        # It is gone only after others may have come.
        self.connections.discard(self)
        self.transport.abort()


class Server(uvicorn.Server):
    """Exits at SIGTERM and SIGINT; uvicorn's own server re-raises them, which ends the process before the bot stops."""

    def __init__(self, application: ASGIApp, most: int | None = None) -> None:
        config = _Config(
            application,
            http=Connection,
            ws="none",
            backlog=ACCEPTED_AT_ONCE,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
        )
        config.most_connections, config.idle = most or most_connections(), {}
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening. More connections may wait than asyncio accepts at once, as only those need a file each."""
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(WAITING)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.handle_exit)
            # A second Ctrl-C ends the process where it is: what was half done is looked for at the next start.
            signal.signal(signal.SIGINT, self._handle_ctrl_c)
        yield

    def _handle_ctrl_c(self, sig: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self.handle_exit(sig, frame)
