"""A bot in the sandbox: plugins over Slack's and GitHub's real protocols, in one process."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from starlette.types import ASGIApp

from identity_bot.app import Bot
from identity_bot.forms.questions import Files, Member, Number, Question, number_text
from identity_bot.forms.samples import sample_values
from identity_bot.outbox.effect import Row
from identity_bot.plugins import loader
from identity_bot.showcase.life import REQUESTOR
from identity_bot.slack.inputs import QUESTION
from identity_bot.testing.candidates import INTAKE, base_settings, candidate
from identity_bot.testing.candidates import load as load_plugins
from identity_bot.testing.database import new_sqlite
from identity_bot_sandbox import cast
from identity_bot_sandbox.clock import SandboxClock
from identity_bot_sandbox.github.world import GitHubWorld
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.world import SlackWorld

Found = TypeVar("Found")

LATER = 60.0
"""Seconds from now after which what is due then counts as waiting for its time."""
RECURRING = {
    "poll",
    "resync",
    "catch_up",
    "clean_up",
    "tell_delay",
    "read_thread",
    "escalate",
    "schedule_report",
    "schedule_digest",
}
"""The kinds of effects that wait for later: recurring ones, and what follows a request after a while."""


def eventually(look: Callable[[], Found], *, seconds: float = 20.0) -> Found:
    """What `look` finds, as soon as it is true; fails where it does not become true in time."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"not true within {seconds} s; last seen: {found!r}")
        pause.wait(0.01)
    return found


@contextlib.contextmanager
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


def close(handler: SocketModeHandler, sandbox: Sandbox) -> None:
    """Ends a Socket Mode connection from the server's side first, or slack_sdk waits seconds for its own threads."""
    client = handler.client
    client.auto_reconnect_enabled = False
    sandbox.slack.delivery.sockets.close()
    eventually(lambda: not client.is_connected())
    client.closed = True
    client.message_queue.put(None)  # wakes the thread that would wait a second for a message
    handler.close()  # type: ignore[no-untyped-call]


class SandboxBot:
    """A bot with the plugins that a test loads, in a Slack and a GitHub of its own; `slack` and `github` are those.

    All of them go by `clock`: after `clock.forward(hours=1)`, or `days`, `minutes` or `seconds`, whatever is then due
    happens at once.

    It is connected by Socket Mode, and GitHub tells it by webhook what people do there.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.slack: SlackWorld = sandbox.slack
        self.github: GitHubWorld = sandbox.github
        self.clock: SandboxClock = sandbox.clock
        self._sandbox = sandbox
        self._folder = folder
        self._found: dict[str, loader.Found] = {}
        self._sections: dict[str, Mapping[str, Any]] = {}
        self._running = contextlib.ExitStack()
        self._bot: Bot | None = None

    @property
    def bot(self) -> Bot:
        """The bot, once a plugin is loaded."""
        assert self._bot, "load a plugin first"
        return self._bot

    def load(self, plugin: Any, *, settings: Mapping[str, Any] | None = None, name: str = "") -> None:
        """Start a bot with one more plugin: its module, or the name of one that is installed.

        `settings` are its section of the settings file. Raises SettingsError or PluginError, as the bot says it, if
        the plugin or its section cannot be used.
        """
        found = candidate(plugin, name)
        known, sections = {**self._found, found.name: found}, {**self._sections, found.name: settings or {}}
        database = self._folder / "sandbox.db"
        address = f"sqlite:///{database}" if database.exists() else new_sqlite(database)
        in_force = base_settings(self._sandbox.environment() | {"DATABASE_URL": address})
        in_force, _ = load_plugins(in_force, tuple(known.values()), sections)
        self.stop()
        self._found, self._sections = known, sections
        self._bot = Bot(in_force, tuple(known.values()), min_intervals=False, quiet=0.1, clock=self.clock)
        self._running.callback(self._bot.stop)
        self._running.enter_context(self.clock.followed_by(self._bot.moving_clock))
        client = WebClient(token=in_force.slack_bot_token, base_url=in_force.slack_api_url)
        app = App(client=client, signing_secret="unused in Socket Mode")
        self._bot.attach(app)
        handler = SocketModeHandler(app, in_force.slack_app_token, web_client=client)
        handler.connect()  # type: ignore[no-untyped-call]
        self._running.callback(close, handler, self._sandbox)
        eventually(lambda: self.slack.delivery.sockets.wait_for(1))
        hook = f"{self._running.enter_context(served(self._bot.web_app()))}/github/webhook"
        self.github.add_hook(hook, secret=cast.WEBHOOK_SECRET, events=("*",))

    def submit(self, type_name: str, *, by: str = REQUESTOR.slack_id, **answers: Any) -> dict[str, str]:
        """Open a form by the command, fill it in with sample answers but for those given, and send it.

        Returns what it then says is wrong, by the questions' names.
        """
        form = self.bot.plugins.types[type_name].form
        values = sample_values(form, answers) | answers
        self.slack.command(by, INTAKE, f"/help {type_name}")
        for question in form.all_questions:
            if question.name in values:
                block = f"{QUESTION}{question.name}"
                self._wait_for(by, block)
                self.slack.act(by, block, _entered(question, values[question.name]))
        return {name.removeprefix(QUESTION): said for name, said in self.slack.submit(by).items()}

    def _wait_for(self, user: str, block: str) -> None:
        """Wait until somebody's form shows a block: an answer may bring further questions."""
        eventually(lambda: block in str(self.slack.view(user)))

    def settle(self, seconds: float = 20.0) -> None:
        """Wait until the bot has nothing left to do now; what waits for its time does not count."""
        eventually(
            lambda: (
                self.github.webhooks.settle(0.1)
                and all(map(self._is_for_later, self.bot.outbox.rows("waiting")))
            ),
            seconds=seconds,
        )

    def _is_for_later(self, row: Row) -> bool:
        wait = row.due_at - self.clock()
        return row.attempts > 0 or wait > 0 if row.kind in RECURRING else row.attempts == 0 and wait > LATER

    def told(self, channel: str) -> list[str]:
        """What the bot wrote into a channel or to a person, in threads too, oldest first."""
        return [
            one.text for one in self.slack.messages(channel, replies=True) if one.user == cast.BOT_USER_ID
        ]

    def stop(self) -> None:
        """Stop the bot; the sandbox goes on."""
        self._running.close()
        self._bot = None


def _entered(question: Question, value: Any) -> Any:
    """An answer as somebody enters it in Slack's client."""
    match question:
        case Member():
            return value["id"] if isinstance(value, Mapping) else value
        case Files():
            return [(file["name"], b"a file") if isinstance(file, Mapping) else file for file in value]
        case Number() if isinstance(value, int | float):
            return number_text(value)
    return value
