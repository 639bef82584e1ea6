"""Where the parts meet: build(settings) makes a bot, attach() adds it to a Bolt app, start() and stop() run it."""

from __future__ import annotations

import atexit
import logging
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import uvicorn
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from starlette.applications import Starlette

from identity_bot import plugins, web
from identity_bot.chat import SlackChat
from identity_bot.desk import Desk, pace
from identity_bot.errors import IdentityBotError, SettingsError, StoreError
from identity_bot.github import GitHubTracker
from identity_bot.outbox import Outbox
from identity_bot.settings import Settings, stand_alone_problems
from identity_bot.slack import Listeners
from identity_bot.store import Store
from identity_bot.worker import Worker

log = logging.getLogger(__name__)


class Bot:
    """All parts of one bot; nothing runs and nobody is called before `attach` or `run`."""

    def __init__(self, settings: Settings, found: Sequence[plugins.Found]) -> None:
        self.settings = settings
        self.plugins = plugins.load(settings, found)
        self.store = Store(settings.database_url)
        self.store.migrate()
        self.chat = SlackChat(settings.slack_bot_token, settings.slack_api_url)
        self.tracker = GitHubTracker(settings.github_auth, settings.github_api_url)
        self.desk = Desk(
            store=self.store, plugins=self.plugins, settings=settings, tracker=self.tracker, chat=self.chat
        )
        self.outbox = Outbox(self.store)
        self.worker = Worker(self.outbox, self.desk.acts, pace=pace, parked=self.desk.parked)
        self.listeners = Listeners(self.desk, self.chat, settings.commands, self.worker.wake)
        self._socket: SocketModeHandler | None = None
        self._stopped = False

    def attach(self, app: App) -> Bot:
        """Adds the bot to a Bolt app and starts its worker.

        The app's own listeners, middleware and error handler stay as they are. Raises SettingsError where the app
        already answers one of our commands. Messages go out with the app's own token and API address.
        """
        self.listeners.attach(app)
        if app.client.token:
            self.chat.use(app.client)
        self.worker.start()
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """Finishes what is being done, begins nothing new, and lets go of the database; safe to call twice."""
        if self._stopped:
            return
        self._stopped = True
        if self._socket:
            self._socket.close()  # type: ignore[no-untyped-call]
        self.listeners.close()
        self.worker.stop()
        self.store.close()
        atexit.unregister(self.stop)

    def web_app(self, slack_app: App | None = None) -> Starlette:
        """The HTTP endpoints, to serve or to mount in a host's own web application."""
        names = [self.settings.repository, self.settings.restricted_repository]
        for request_type in self.plugins.types.values():
            names += [request_type.settings["repository"], request_type.settings["restricted_repository"]]
        return web.web_app(
            desk=self.desk,
            webhook_secret=self.settings.github_webhook_secret,
            state=self.state,
            slack_app=slack_app,
            repositories=frozenset(name.casefold() for name in names if name),
            wake=self.worker.wake,
        )

    def state(self) -> Mapping[str, Any]:
        """What is connected, and how many seconds ago Slack and GitHub last answered."""
        try:
            self.store.ping()
            database = "ok"
        except StoreError as error:
            database = str(error)
        connected = self._socket.client.is_connected() if self._socket else None
        return {
            "ready": database == "ok" and connected is not False,
            "database": database,
            "slack_socket": {True: "connected", False: "not connected", None: "not used"}[connected],
            "slack_last_answer_seconds": web.ago(self.chat.last_contact),
            "github_last_answer_seconds": web.ago(self.tracker.last_contact),
            "request_types": sorted(self.plugins.types),
            "left_out": [str(one) for one in self.plugins.left_out],
        }

    def run(self) -> None:
        """Runs the bot by itself until SIGTERM or SIGINT: Socket Mode with an app token, HTTP without."""
        settings = self.settings
        if problems := stand_alone_problems(settings):
            raise SettingsError(problems)
        client = WebClient(token=settings.slack_bot_token, base_url=settings.slack_api_url, timeout=15)
        try:
            app = App(client=client, signing_secret=settings.slack_signing_secret or "unused in Socket Mode")
        except Exception as error:
            raise IdentityBotError(f"SLACK_BOT_TOKEN: Slack did not accept it: {error}") from error
        self.attach(app)
        if settings.slack_app_token:
            self._socket = SocketModeHandler(app, settings.slack_app_token, web_client=client)
            self._socket.connect()  # type: ignore[no-untyped-call]
        self.serve(None if settings.slack_app_token else app)

    def serve(self, slack_app: App | None = None) -> None:
        """Serves the HTTP endpoints until SIGTERM or SIGINT, then stops the bot."""
        listening = _listen(self.settings.http_host, self.settings.http_port)
        config = uvicorn.Config(
            self.web_app(slack_app), log_config=None, access_log=False, timeout_graceful_shutdown=10
        )
        host, port = listening.getsockname()[:2]
        log.info("ready: Slack by %s, HTTP on %s:%s", "HTTP" if slack_app else "Socket Mode", host, port)
        try:
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            log.info("stopping")
            self.stop()
            log.info("stopped")


def build(settings: Settings, found: Sequence[plugins.Found] | None = None) -> Bot:
    """A bot for these settings with the installed plugins, or those given; raises an error for each thing to mend."""
    return Bot(settings, plugins.find() if found is None else found)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise SettingsError([f"http: cannot listen on {host}:{port}: {error.strerror}"]) from error
