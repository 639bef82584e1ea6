"""What tests import from each other: waiting for something to become true, and a bot in a sandbox."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import uvicorn
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from starlette.types import ASGIApp

from identity_bot.app import Bot
from identity_bot.testing.database import new_sqlite as new_sqlite
from identity_bot_sandbox.cast import Character
from identity_bot_sandbox.server import Sandbox

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], *, seconds: float = 20.0) -> Found:
    """What `look` finds, as soon as it is true; fails where it does not become true in time."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"not true within {seconds} s; last seen: {found!r}")
        pause.wait(0.01)
    return found


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of a language, without their indentation."""
    found = re.finditer(rf"^( *)```{language}\n(.*?)^ *```$", document, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{match[1]}", "", match[2], flags=re.MULTILINE) for match in found]


def close(handler: SocketModeHandler, sandbox: Sandbox) -> None:
    """Ends a Socket Mode connection from the server's side first, or slack_sdk waits seconds for its own threads."""
    client = handler.client
    client.auto_reconnect_enabled = False
    sandbox.slack.delivery.sockets.close()
    eventually(lambda: not client.is_connected())
    client.closed = True
    client.message_queue.put(None)  # wakes the thread that would wait a second for a message
    handler.close()


RECURRING = {"poll", "resync", "mark_overdue", "catch_up", "clean_up", "tell_delay", "read_thread"}
"""The kinds of effects that wait for later: recurring ones, and what follows a request after a while."""


@contextmanager
def served(web_app: ASGIApp) -> Iterator[str]:
    """Serves an application over real HTTP; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # asyncio sets this only for sockets created as TCP; without it, every answer waits 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Connections are kept, however long a busy machine makes us pause between two requests.
        config = uvicorn.Config(
            web_app, log_config=None, access_log=False, lifespan="off", timeout_keep_alive=600
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        eventually(lambda: server.started)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A clock that is ahead of another."""

    clock: Callable[[], float]
    seconds: float

    def __call__(self) -> float:
        return self.clock() + self.seconds


@dataclass(frozen=True, slots=True)
class World:
    """A sandbox with a bot attached to a Bolt app in it, over Socket Mode."""

    sandbox: Sandbox
    bot: Bot
    app: App

    def settle(self, seconds: float = 15.0) -> None:
        """Waits until the bot has nothing left to do."""
        github = self.sandbox.github
        # A poll for later always waits.
        eventually(
            lambda: (
                github.webhooks.settle(0.1)
                and all(row.kind in RECURRING for row in self.bot.outbox.rows("waiting"))
            ),
            seconds=seconds,
        )

    def open_form(self, user: str, type_name: str, *, channel: str = "C0INTAKE") -> None:
        """Opens a type's form by the command and waits until it shows."""
        self.sandbox.slack.command(user, channel, f"/help {type_name}")
        eventually(
            lambda: (
                f'"type": "{type_name}"' in (self.sandbox.slack.view(user) or {}).get("private_metadata", "")
            )
        )

    def fill(self, user: str, **answers: object) -> None:
        """Enters answers by the questions' names."""
        self.sandbox.slack.fill(user, {f"idbot:q:{name}": answer for name, answer in answers.items()})

    def request(self, user: str, type_name: str, **answers: object) -> dict[str, str]:
        """Opens a form, fills it in and sends it; what it then says is wrong, by block."""
        self.open_form(user, type_name)
        self.fill(user, **answers)
        return self.sandbox.slack.submit(user)


VISITOR = Character(
    slack_id="U0WREN",
    handle="wren",
    name="Wren Farrow",
    title="Engineer, of another organization",
    github_login=None,
    workspace="T0ELSEWHERE",
)
"""Somebody who meets the team in a channel that two organizations share."""
REVIEW = {
    "team": "Benefits",
    "production": "no",
    "tested": "yes",
    "pull_request": "https://github.com/sandbox-org/vets-api/pull/7",
}
"""Answers that make a valid PR review request."""
DATA = {
    "team": "Education",
    "production": "no",
    "sensitive": "no",
    "data_needed": "Sign-ins per credential in May",
}
"""Answers that make a valid data pull request."""
