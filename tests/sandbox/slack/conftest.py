"""A real Bolt app in front of the sandbox's Slack, once over Socket Mode and once over signed HTTP."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.workspace import EVENTS, SCOPES
from identity_bot_sandbox.slack.world import SlackWorld
from tests.support import close

Listener = Callable[..., object]


@dataclass
class Bot:
    """A Bolt app that hears everything; a test says in `on` what it does, else it acknowledges."""

    app: App
    client: WebClient
    world: SlackWorld
    on: dict[str, Listener] = field(default_factory=dict)
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)

    def hears(self, kind: str) -> Listener:
        """A listener that does what the test wants done for `kind`."""

        def listener(ack: Any, body: dict[str, Any]) -> None:
            with self.world.changed:
                self.heard.append((kind, body))
                self.world.changed.notify_all()
            act = self.on.get(kind)
            if act is None:
                ack()
            else:
                act(ack, body)

        return listener

    def notes_retry(self, request: BoltRequest, next_: Callable[[], object]) -> object:
        """Middleware that remembers why Slack tried again."""
        with self.world.changed:
            self.retries += request.headers.get("x-slack-retry-reason", [])
            self.world.changed.notify_all()
        return next_()

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        """What it heard of one kind so far."""
        return [body for one, body in self.heard if one == kind]

    def opens(self, view: dict[str, Any]) -> None:
        """From now on the command opens this modal."""

        def act(ack: Any, body: dict[str, Any]) -> None:
            ack()
            self.client.views_open(trigger_id=body["trigger_id"], view=view)

        self.on["command"] = act


def plain(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def option(value: str) -> dict[str, Any]:
    return {"text": plain(value.title()), "value": value}


def question(block_id: str, kind: str = "plain_text_input", **more: Any) -> dict[str, Any]:
    """An input block whose element has the action_id `answer`."""
    own = {key: more.pop(key) for key in ("optional", "dispatch_action") if key in more}
    element = {"type": kind, "action_id": "answer", **more}
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **own}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Form"),
        "submit": plain("Send"),
        "blocks": list(blocks),
        **more,
    }


def _bot(sandbox: Sandbox) -> Bot:
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)
    client = WebClient(token=cast.BOT_TOKEN, base_url=sandbox.environment()["SLACK_API_URL"])
    quiet = logging.getLogger("tests.quiet")
    quiet.setLevel(logging.CRITICAL)
    app = App(client=client, signing_secret=cast.SIGNING_SECRET, logger=quiet)
    bot = Bot(app, client, sandbox.slack)
    app.use(bot.notes_retry)
    everything = re.compile(".*")
    app.command(re.compile("/(?!unheard)"))(bot.hears("command"))
    app.view(everything)(bot.hears("view"))
    app.view_closed(everything)(bot.hears("closed"))
    app.action(everything)(bot.hears("action"))
    app.options(everything)(bot.hears("options"))
    app.shortcut(everything)(bot.hears("shortcut"))
    app.event("message")(bot.hears("message"))
    app.event("reaction_added")(bot.hears("reaction"))
    app.event("reaction_removed")(bot.hears("reaction"))
    app.event("app_mention")(bot.hears("mention"))
    app.event("app_home_opened")(bot.hears("home"))
    return bot


class _Server(ThreadingHTTPServer):
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when Slack has given up waiting for an answer."""


def _serve(app: App) -> ThreadingHTTPServer:
    """Bolt behind a plain HTTP server, as it stands in the world."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers: dict[str, Any] = dict(self.headers.items())
            answer = app.dispatch(BoltRequest(body=body, headers=headers))
            self.send_response(answer.status)
            for name, values in answer.headers.items():
                for value in values:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write((answer.body or "").encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module", params=["socket", "http"])
def _connected(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Bot]:
    bot = _bot(sandbox)
    if request.param == "socket":
        handler = SocketModeHandler(bot.app, cast.APP_TOKEN, logger=bot.app.logger)
        handler.connect()
        assert sandbox.slack.delivery.sockets.wait_for()
        yield bot
        close(handler, sandbox)
        assert sandbox.slack.delivery.sockets.wait_for(0)
    else:
        server = _serve(bot.app)
        sandbox.slack.delivery.request_url = f"http://127.0.0.1:{server.server_port}/slack/events"
        yield bot
        sandbox.slack.delivery.request_url = None
        server.shutdown()
        server.server_close()


@pytest.fixture
def bot(_connected: Bot) -> Iterator[Bot]:
    """The app, without memory of other tests."""
    yield _connected
    world = _connected.world
    _connected.on.clear()
    _connected.heard.clear()
    _connected.retries.clear()
    world.faults.clear()
    world.traffic.clear()
    world.views.stacks.clear()
    world.views.homes.clear()
    world.delivery.timeout = 3.0
    world.delivery.retry_delays = (0.5, 60.0, 300.0)
    world.commands = None
    world.events = EVENTS
    world.channels["C0GENERAL"].bot_is_member = False


@pytest.fixture
def world(sandbox: Sandbox) -> Iterator[SlackWorld]:
    """The sandbox's Slack without an app, with faults and settings put back after the test."""
    yield sandbox.slack
    sandbox.slack.faults.clear()
    sandbox.slack.traffic.clear()
    sandbox.slack.scopes = SCOPES
    sandbox.slack.views.stacks.clear()
    sandbox.slack.views.homes.clear()
    sandbox.slack.pace.is_on = False


@pytest.fixture
def client(sandbox: Sandbox) -> WebClient:
    """Slack's own client with the bot's token, which does not try again by itself."""
    return WebClient(
        token=cast.BOT_TOKEN, base_url=sandbox.environment()["SLACK_API_URL"], timeout=5, retry_handlers=[]
    )
