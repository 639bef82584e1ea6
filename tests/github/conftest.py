"""The sandbox's GitHub over real HTTP, with a clock to move."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from identity_bot.tickets.model import Person, Ticket, ticket_id
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.api import routes
from identity_bot_sandbox.github.world import GitHubWorld

TICKET = Ticket(
    id=ticket_id("V1"), type="pr_review", requestor=Person(slack_id="U0JUNIPER", name="Juniper"), answers={},
    submitted_at=0.0, repository=cast.REPOSITORY,
)  # fmt: skip


class Served:
    """One server for all tests of a module. `app` answers requests, and `after` is called after each answer."""

    def __init__(self) -> None:
        self.app = Starlette()
        self.after: Callable[[], None] = lambda: None
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(self.serve, interface="asgi3", log_level="warning", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]}, daemon=True)
        self.thread.start()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
        self.after()


class Clock:
    """GitHub's clock, which is right until a test moves it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, seconds: float) -> None:
        """Let time pass for GitHub."""
        self.ahead += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.server.should_exit = served.server.force_exit = True
    served.thread.join(5)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github(served: Served, clock: Clock) -> Iterator[GitHubWorld]:
    """A fresh GitHub behind the module's server."""
    world = GitHubWorld(base_url=served.url, clock=clock)
    served.app, served.after = Starlette(routes=routes(world)), lambda: None
    yield world
    world.close_down()


@pytest.fixture
def api_url(github: GitHubWorld) -> str:
    return f"{github.base_url}/github/api"


def key() -> tuple[str, str]:
    """A private key and its public half, as PEM text."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return (
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode(),
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )  # fmt: skip


def expire(github: GitHubWorld) -> None:
    """GitHub no longer takes the installations' tokens, though by our clock they are good."""
    for token, credential in list(github.access.tokens.items()):
        if credential.installation_id:
            github.revoke(token)
