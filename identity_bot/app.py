"""Puts the parts together: build(settings) returns a Bot; attach() adds it to a Bolt app, run() runs it alone."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from starlette.applications import Starlette

from identity_bot.articles.library import Library
from identity_bot.articles.source import FileSource, Folder
from identity_bot.articles.suggestion import Source
from identity_bot.desk.clocks import Clocks
from identity_bot.desk.comments import Comments
from identity_bot.desk.conversation import Conversation
from identity_bot.desk.desk import Desk
from identity_bot.desk.links import Linking
from identity_bot.desk.notifier import QUIET, Notifier
from identity_bot.desk.overview import Overview
from identity_bot.desk.past_tickets import PastTickets
from identity_bot.desk.reconciler import Reconciler
from identity_bot.desk.self_service import SelfService
from identity_bot.desk.survey import SurveyDesk
from identity_bot.desk.sync import Progress, Sync
from identity_bot.errors import IdentityBotError, SettingsError, StoreError, network
from identity_bot.github.code import GitHubCode
from identity_bot.github.files import RepositoryFolder
from identity_bot.github.tracker import GitHubTracker
from identity_bot.logs import open_debug_file
from identity_bot.outbox.effect import Context
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.outbox import Outbox
from identity_bot.outbox.ports import Chat, Tracker
from identity_bot.outbox.queue import Queue
from identity_bot.outbox.worker import THREADS, Worker
from identity_bot.plugins import loader
from identity_bot.plugins.approval import without_approvers
from identity_bot.settings import GitHubApp, Settings, stand_alone_problems
from identity_bot.slack.client import SlackChat
from identity_bot.slack.errors import failure
from identity_bot.slack.listeners import Listeners
from identity_bot.slack.socket_mode import Socket
from identity_bot.slack.team import Team
from identity_bot.store.gauges import Gauges, gauges
from identity_bot.store.store import Store
from identity_bot.tickets.people import People
from identity_bot.web import routes
from identity_bot.web.server import Server

log = logging.getLogger(__name__)


class Bot:
    """All parts of one bot. Nothing runs and no request is made before `attach` or `run`."""

    def __init__(
        self,
        settings: Settings,
        found: Sequence[loader.Found],
        *,
        min_intervals: bool = True,
        quiet: float = QUIET,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self.code = GitHubCode(settings.github_auth, settings.github_api_url)
        self.plugins = loader.load(settings, found, self.code.soon)
        self._close_debug_file = open_debug_file(settings.debug_file) if settings.debug_file else None
        self.store = Store(settings.database_url, clock)
        self.store.migrate()
        people = People(settings.who_is_who, self.store.links)
        self.chat = SlackChat(settings.slack_bot_token, settings.slack_api_url, people, clock)
        # One thread speaks through each at a time, as PyGithub wants it: the lane of writes, and that of reads.
        self.tracker = GitHubTracker(settings.github_auth, settings.github_api_url, clock)
        self.reader = GitHubTracker(settings.github_auth, settings.github_api_url, clock)
        self.library = library(settings)
        self.team = Team(self.chat, settings.team)
        self.desk, self.context = assemble(
            store=self.store,
            plugins=self.plugins,
            settings=settings,
            people=people,
            tracker=self.tracker,
            reader=self.reader,
            chat=self.chat,
            is_team=self.team.includes,
            quiet=quiet,
        )
        self.queue, self.outbox = Queue(self.store), Outbox(self.store)
        self.worker = Worker(
            self.queue,
            EFFECTS,
            self.context,
            min_intervals=min_intervals,
            # A lane has one effect at a time, so a slow plugin keeps no thread from the others.
            threads=THREADS + len(self.plugins.sinks),
        )
        self.listeners = Listeners(
            desk=self.desk,
            overview=Overview(
                store=self.store,
                plugins=self.plugins,
                people=people,
                is_team=self.team.includes,
                zone=settings.service_levels.hours.zone,
            ),
            linking=Linking(store=self.store, people=people),
            chat=self.chat,
            forms=self.plugins.forms,
            people=people,
            team=self.team,
            settings=settings,
            self_service=SelfService(
                store=self.store,
                plugins=self.plugins,
                sources=self._sources(),
                is_colleague=self.team.is_colleague,
            ),
            survey=SurveyDesk(store=self.store, settings=settings),
            clock=clock,
        )
        self._socket: Socket | None = None
        self._attached = False
        self._stopped = False

    def _sources(self) -> list[Source]:
        """Where answers come from besides the request types' own plugins."""
        sources = []
        if self.settings.answers["folder"] or self.settings.answers["repository"]:
            sources.append(Source(name="articles", searchable=self.library))
        if self.settings.answers["closed_tickets"]:
            past = PastTickets(self.store, self.plugins, self.settings)
            sources.append(Source(name="tickets", searchable=past, is_ours=False, is_internal=True))
        return sources

    def attach(self, app: App) -> Bot:
        """Add the bot to a Bolt app and start its worker.

        The app's own listeners, middleware and error handler stay as they are. Raises SettingsError where one of
        the app's listeners would take what is meant for ours. Messages go out with the app's own token and API
        address; an app that looks up a token for each request has none, and needs SLACK_BOT_TOKEN.
        """
        if self._attached:
            raise IdentityBotError("this bot is attached already; build another one for another app")
        if not (app.client.token or self.settings.slack_bot_token):
            raise SettingsError(
                ["SLACK_BOT_TOKEN: missing; expected a bot token (xoxb-…), as the app has none to post with"]
            )
        self.listeners.attach(app)
        self._attached = True
        if app.client.token:
            self.chat.use(app.client)
        for name in without_approvers(self.plugins):
            log.warning("%s: requests have to be approved, but the settings name no approver", name)
        self.desk.start_schedule()
        self.worker.start()
        self.library.start()
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """Finish running effects, start no others, and close the database; safe to call twice."""
        if self._stopped:
            return
        self._stopped = True
        self.worker.stop()  # first, as the socket takes its time; what comes in until then is kept for the next start
        if self._socket:
            self._socket.close()  # type: ignore[no-untyped-call]
        self.listeners.close()
        self.library.stop()
        self.code.close()
        self.store.close()
        if self._close_debug_file:
            self._close_debug_file()
        atexit.unregister(self.stop)

    @contextlib.contextmanager
    def moving_clock(self, seconds: float) -> Iterator[None]:
        """Within the block, the bot's clock is set so many seconds forward; what is then due runs at once."""
        with self.queue.carrying_leases(seconds):
            yield
        self.worker.wake()

    def web_app(self, slack_app: App | None = None) -> Starlette:
        """The HTTP endpoints, to serve or to mount in a host's own web application."""
        secret = self.settings.slack_signing_secret or ""
        if slack_app and not secret:
            raise SettingsError(
                ["SLACK_SIGNING_SECRET: missing; expected what Slack signs its requests with"]
            )
        return routes.web_app(
            desk=self.desk,
            webhook_secret=self.settings.github_webhook_secret,
            state=self.state,
            gauges=self.gauges,
            slack_app=slack_app,
            signing_secret=secret,
        )

    def gauges(self) -> Gauges | None:
        """What a monitor watches; None if the database cannot be asked."""
        try:
            return gauges(self.store, sorted(self.plugins.types))
        except StoreError:
            return None

    def state(self) -> Mapping[str, Any]:
        """What is connected, when Slack and GitHub last answered, and how the outbox is doing."""
        database, backlog = "ok", None
        try:
            self.store.check()
            backlog = self.outbox.backlog()
        except StoreError as error:
            database = str(error)
        connected = self._socket.is_connected if self._socket else None
        return {
            "ready": database == "ok" and connected is not False,
            "database": database,
            "slack_socket": {True: "connected", False: "not connected", None: "not used"}[connected],
            "slack_last_answer_seconds": self._ago(self.chat.last_contact),
            "github_token": _token_state(self.tracker, self.reader),
            "github_last_answer_seconds": self._ago(
                max(filter(None, (self.tracker.last_contact, self.reader.last_contact)), default=None)
            ),
            "effects_failed": backlog and backlog.failed,
            "effects_overdue": backlog and backlog.overdue,
            "effects_delay_seconds": backlog and round(backlog.delay, 1),
            "request_types": sorted(self.plugins.types),
            "skipped": [str(one) for one in self.plugins.skipped],
            "failed_hooks": sorted({f"{one.plugin}: {one.hook}" for one in self.plugins.failures.seen}),
        }

    def _ago(self, moment: float | None) -> float | None:
        """Seconds since a moment (seconds since the epoch), for people to read."""
        return None if moment is None else round(self._clock() - moment, 1)

    def run(self) -> None:
        """Run the bot alone until SIGTERM or SIGINT: in Socket Mode with an app token, over HTTP without one."""
        settings = self.settings
        if problems := stand_alone_problems(settings):
            raise SettingsError(problems)
        listening = _listen(**settings.http)
        client = WebClient(token=settings.slack_bot_token, base_url=settings.slack_api_url, timeout=15)
        try:
            with _asking_slack("SLACK_BOT_TOKEN"):
                app = App(
                    client=client, signing_secret=settings.slack_signing_secret or "unused in Socket Mode"
                )
            self._ask_github()
            self.attach(app)
            if settings.slack_app_token:
                self._socket = Socket(app, settings.slack_app_token, client)
                with _asking_slack("SLACK_APP_TOKEN"):
                    self._socket.connect()  # type: ignore[no-untyped-call]
            self.serve(None if settings.slack_app_token else app, listening)
        finally:
            listening.close()
            self.stop()

    def _ask_github(self) -> None:
        """Raise if GitHub does not accept the token. If it cannot be asked, go on: requests are kept meanwhile."""
        try:
            self.reader.identify()
        except IdentityBotError as error:
            if self.reader.is_refused:
                is_app = isinstance(self.settings.github_auth, GitHubApp)
                name = "GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY" if is_app else "GITHUB_TOKEN"
                raise IdentityBotError(f"{name}: GitHub did not accept it (401)") from error
            log.warning("cannot tell whether GitHub accepts the token: %s", error)

    def sync(self, pause: Callable[[float], None] = time.sleep) -> Iterator[Progress]:
        """Make every ticket again from its issue in GitHub, telling nobody; see `desk/sync.py`."""
        reconciler = self.context.reconciler
        return Sync(store=self.store, reconciler=reconciler, reader=self.reader, pause=pause).run()

    def serve(self, slack_app: App | None = None, listening: socket.socket | None = None) -> None:
        """Serve the HTTP endpoints until SIGTERM or SIGINT, then stop the bot."""
        listening = listening or _listen(**self.settings.http)
        server = Server(self.web_app(slack_app))
        host, port = listening.getsockname()[:2]
        log.info("ready: Slack by %s, HTTP on %s:%s", "HTTP" if slack_app else "Socket Mode", host, port)
        try:
            server.run(sockets=[listening])
        finally:
            log.info("stopping")
            self.stop()
            log.info("stopped")


def assemble(
    *,
    store: Store,
    plugins: loader.Plugins,
    settings: Settings,
    people: People,
    tracker: Tracker,
    reader: Tracker,
    chat: Chat,
    is_team: Callable[[str], bool],
    quiet: float = QUIET,
) -> tuple[Desk, Context]:
    """The desk, and what effects work with: the same over GitHub and Slack as over stand-ins for them."""
    notifier = Notifier(plugins=plugins, settings=settings, people=people, quiet=quiet)
    clocks = Clocks(settings.service_levels, notifier)
    zone = settings.service_levels.hours.zone
    overview = Overview(store=store, plugins=plugins, people=people, is_team=is_team, zone=zone)
    conversation = Conversation(settings, people, clocks)
    reconciler = Reconciler(
        plugins=plugins,
        settings=settings,
        people=people,
        notifier=notifier,
        clocks=clocks,
        account=lambda: tracker.account or reader.account,
    )
    comments = Comments(
        repositories=reconciler.repositories,
        settings=settings,
        people=people,
        conversation=conversation,
        clocks=clocks,
    )
    desk = Desk(
        store=store,
        plugins=plugins,
        settings=settings,
        reconciler=reconciler,
        comments=comments,
        conversation=conversation,
        notifier=notifier,
        clocks=clocks,
        people=people,
        is_team=is_team,
        sees_all=overview.sees_all,
        is_colleague=chat.is_colleague,
    )
    context = Context(
        store=store,
        plugins=plugins,
        settings=settings,
        people=people,
        tracker=tracker,
        reader=reader,
        chat=chat,
        reconciler=reconciler,
        comments=comments,
        conversation=conversation,
        notifier=notifier,
        clocks=clocks,
        overview=overview,
    )
    return desk, context


def library(settings: Settings) -> Library:
    """The team's own articles; empty if the settings name no place for them."""
    where = settings.answers
    sources: list[FileSource] = []
    if where["folder"]:
        sources.append(Folder(where["folder"]))
    if where["repository"]:
        auth, api_url = settings.github_auth, settings.github_api_url
        sources.append(RepositoryFolder(auth, api_url, where["repository"], where["path"]))
    return Library(sources, refresh_seconds=60 * where["refresh_minutes"])


def build(
    settings: Settings,
    found: Sequence[loader.Found] | None = None,
    *,
    min_intervals: bool = True,
    quiet: float = QUIET,
    clock: Callable[[], float] = time.time,
) -> Bot:
    """A bot for these settings with the installed plugins, or those given; raises an error for each thing to fix.

    Without `min_intervals` it does not keep to the pace that Slack and GitHub ask for, and with a shorter `quiet`, in
    seconds, it splits a burst of changes into more messages. With another `clock`, in seconds since the epoch, it goes
    by that. All three suit a sandbox only.
    """
    return Bot(
        settings,
        loader.find() if found is None else found,
        min_intervals=min_intervals,
        quiet=quiet,
        clock=clock,
    )


def _token_state(*trackers: GitHubTracker) -> str:
    """What GitHub last said about the token."""
    if any(one.is_refused for one in trackers):
        return "refused"
    return "accepted" if any(one.last_contact for one in trackers) else "unknown"


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SettingsError([f"http: cannot listen on {host}:{port}: {reason}"]) from error


@contextlib.contextmanager
def _asking_slack(token: str) -> Iterator[None]:
    """Say in one line why Slack refused a token, or that Slack cannot be reached."""
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause and not isinstance(cause, (SlackApiError, OSError)):
            cause = cause.__cause__ or cause.__context__
        if isinstance(cause, SlackApiError):
            said = str(failure("start", cause)).partition(": ")[2]
            raise IdentityBotError(f"{token}: Slack did not accept it: {said}") from error
        if isinstance(cause, OSError):
            raise IdentityBotError(f"Slack cannot be reached: {network.reason(cause)}") from error
        raise
