"""The sandbox's server: a Slack and a GitHub in one process, on one local port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from identity_bot_sandbox import cast
from identity_bot_sandbox.clock import SandboxClock
from identity_bot_sandbox.github.api import routes as github_routes
from identity_bot_sandbox.github.record import utc_now
from identity_bot_sandbox.github.world import GitHubWorld
from identity_bot_sandbox.host import OwnHost
from identity_bot_sandbox.slack.api import routes as slack_routes
from identity_bot_sandbox.slack.world import SlackWorld

Pages = Callable[["Sandbox"], Sequence[BaseRoute]]


class Sandbox:
    """A sandbox with its two worlds, `slack` and `github`; use it as a context manager, or `start` and `stop` it.

    Both worlds go by `clock`, which can be set forward; what holds for seconds between two machines, such as trigger
    ids, and what others check by the real time, such as signatures and tokens, goes by the real time.
    `port` 0 picks a free port. `pages` are functions that add routes, such as the page's. Requests for any other
    host than `host`, `localhost` or the address they arrive at are refused.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        pages: Sequence[Pages] = (),
        clock: SandboxClock | None = None,
    ) -> None:
        self._socket = socket.create_server((host, port), backlog=512)
        # asyncio sets this only for sockets created as TCP; without it, every answer waits 40 ms.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        self.clock = clock or SandboxClock()
        self.slack = SlackWorld(base_url=self.url, clock=self.clock, real_clock=time.time)
        self.github = GitHubWorld(base_url=self.url, clock=self.clock.utc, real_clock=utc_now)
        self.showcase: Callable[[], Mapping[str, Any]] | None = None
        """Plays the bot's request types for the page's gallery; whoever starts a bot sets it."""
        self.problems: tuple[str, ...] = ()
        """What the page says is wrong with the bot; see `show_problems`."""
        self._closing = asyncio.Event()
        routes = [*slack_routes(self.slack), *github_routes(self.github)]
        for page in pages:
            routes += page(self)
        self._ready = threading.Event()
        self._server = uvicorn.Server(
            uvicorn.Config(
                Starlette(
                    routes=routes, middleware=[Middleware(OwnHost, name=host)], lifespan=self._lifespan
                ),
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="sandbox", daemon=True
        )

    def environment(self) -> dict[str, str]:
        """The environment variables that point a bot to the sandbox."""
        return {
            "SLACK_API_URL": f"{self.url}/slack/api/",
            "SLACK_BOT_TOKEN": cast.BOT_TOKEN,
            "SLACK_APP_TOKEN": cast.APP_TOKEN,
            "SLACK_SIGNING_SECRET": cast.SIGNING_SECRET,
            "GITHUB_API_URL": f"{self.url}/github/api",
            "GITHUB_TOKEN": cast.GITHUB_TOKEN,
            "GITHUB_WEBHOOK_SECRET": cast.WEBHOOK_SECRET,
        }

    def show_problems(self, *problems: str) -> None:
        """Have the page say what is wrong with the bot, or with none that all is well."""
        self.problems = problems
        self.slack.announce("problems")

    def start(self) -> None:
        """Serve in a new thread; returns when the server is ready."""
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the sandbox did not start; see the log")

    def stop(self) -> None:
        """Close every connection and end the thread."""
        loop = self.slack.delivery.sockets.loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._closing.set)
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(10)
        self._socket.close()

    async def closing(self) -> None:
        """Wait until the sandbox stops; endless responses, such as event streams, must end then."""
        await self._closing.wait()

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        self.slack.delivery.sockets.loop = asyncio.get_running_loop()
        self._ready.set()
        yield
        self.slack.delivery.close()
        await asyncio.to_thread(self.github.close_down)
