"""The sandbox's GitHub on a port of its own, clients for it, and a receiver of webhooks."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import github
import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.api import routes
from identity_bot_sandbox.github.world import GitHubWorld


class Served:
    """One server for all tests of a session; `world` is the one that is asked now."""

    def __init__(self) -> None:
        self.application = Starlette()
        # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms.
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(self._serve, interface="asgi3", log_level="warning", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(
            target=self.server.run, kwargs={"sockets": [listener]}, daemon=True, name="github"
        )
        self.thread.start()
        while not self.server.started:
            time.sleep(0.005)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.application(scope, receive, send)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """The server, without a world yet."""
    served = Served()
    yield served
    served.server.should_exit = served.server.force_exit = True
    served.thread.join(5)


@pytest.fixture
def world(served: Served) -> Iterator[GitHubWorld]:
    """A fresh GitHub that is served at its `base_url`."""
    world = GitHubWorld(base_url=served.base_url)
    served.application = Starlette(routes=routes(world))
    yield world
    world.close_down()


@pytest.fixture
def api(world: GitHubWorld) -> Iterator[httpx.Client]:
    """A plain HTTP client that speaks for the bot; paths are below the API's root."""
    headers = {"authorization": f"Bearer {cast.GITHUB_TOKEN}"}
    with httpx.Client(base_url=f"{world.base_url}/github/api", headers=headers, timeout=5) as client:
        yield client


@pytest.fixture
def hub(world: GitHubWorld) -> Iterator[github.Github]:
    """Unchanged PyGithub with the bot's token, without its pauses and retries."""
    hub = github.Github(
        base_url=f"{world.base_url}/github/api",
        auth=github.Auth.Token(cast.GITHUB_TOKEN),
        seconds_between_requests=0,
        seconds_between_writes=0,
        retry=None,
        timeout=5,
    )
    yield hub
    hub.close()


class Receiver:
    """Takes webhooks at `url`; answers with `status` after `delay` seconds and remembers them in order."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.delay = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.deliveries.append((headers, body))
                time.sleep(receiver.delay)
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def told(self) -> list[str]:
        """What arrived, as `event.action`, without the pings."""
        told = [
            (headers["x-github-event"], json.loads(body).get("action")) for headers, body in self.deliveries
        ]
        return [f"{event}.{action}" for event, action in told if event != "ping"]

    def payloads(self) -> list[dict[str, Any]]:
        """The bodies that arrived, without the pings."""
        return [json.loads(body) for headers, body in self.deliveries if headers["x-github-event"] != "ping"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody to send webhooks to."""
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
