"""A desk without a world: a tracker and a chat in memory, and a clock to move."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from identity_bot import settings
from identity_bot.app import assemble
from identity_bot.desk.desk import Desk
from identity_bot.errors import OutcomeUnknown
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.outbox import Outbox
from identity_bot.outbox.queue import Queue
from identity_bot.outbox.worker import Worker
from identity_bot.plugins import loader
from identity_bot.store.store import Store
from identity_bot.testing import Clock, MemoryChat, MemoryTracker
from identity_bot.tickets.model import Action, Change, Person, Ticket
from identity_bot.tickets.people import People
from tests.support import new_sqlite
from tests.support_outbox import PATIENCE

JUNIPER = Person(slack_id="U0JUNIPER", handle="juniper")
COMMON = {"team": "Benefits", "name": "Juniper Vale", "production": False}
REVIEW = COMMON | {"tested": True, "pull_request": "https://github.com/sandbox-org/vets-api/pull/7"}
DATA = COMMON | {"sensitive": False, "data_needed": "Sign-ins per credential in May"}

SETTINGS = """
intake_channel = "C0INTAKE"
team_channel = "C0TEAM"
repository = "sandbox-org/identity-requests"
restricted_repository = "sandbox-org/identity-restricted"
leads = [{ slack = "U0INDIGO", github = "indigo-marshwick" }, { slack = "U0SAGE", github = "sage-hollowell" }]
people = [{ slack = "U0LINDEN", github = "linden-brookmere" }]
"""


_checked: dict[tuple[str, tuple[loader.Found, ...]], loader.Plugins] = {}


def installed(known: settings.Settings, toml: str) -> loader.Plugins:
    """The installed plugins, of each request type a copy of one's own.

    They are checked once for the same settings, as that takes longer than most tests.
    """
    found = tuple(loader.find())
    if (toml, found) not in _checked:
        _checked[toml, found] = loader.load(known, found)
    plugins = _checked[toml, found]
    types = {name: copy.copy(one) for name, one in plugins.types.items()}
    return replace(plugins, types=types, adopted=copy.copy(plugins.adopted))


class Office:
    """A desk with its outbox and worker, on a database in a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        toml: str = SETTINGS,
        found: Sequence[loader.Found] | None = None,
        database_url: str = "",
    ) -> None:
        (folder / "identity-bot.toml").write_text(toml, encoding="utf-8")
        database_url = database_url or new_sqlite(folder / "bot.db")
        environ = {"GITHUB_TOKEN": "ghp-x", "DATABASE_URL": database_url}
        self.settings = settings.load(folder / "identity-bot.toml", environ)
        self.plugins = installed(self.settings, toml) if found is None else loader.load(self.settings, found)
        self.clock = Clock()
        self.store = Store(self.settings.database_url, self.clock, patience=PATIENCE)
        self.people = People(self.settings.who_is_who, self.store.links)
        self.tracker = MemoryTracker(
            self.clock, writers={"indigo-marshwick", "sage-hollowell", "linden-brookmere"}
        )
        self.chat = MemoryChat(people=self.people, team=frozenset({"U0INDIGO", "U0SAGE", "U0LINDEN"}))
        self.queue = Queue(self.store)
        self.restart()

    @property
    def outbox(self) -> Outbox:
        """The outbox as operators see it."""
        return Outbox(self.store)

    def restart(self, *, without: str = "") -> Desk:
        """A desk on the same database, as after a restart, without one of the request types."""
        types = {name: one for name, one in self.plugins.types.items() if name != without}
        self.desk, self.context = assemble(
            store=self.store,
            plugins=replace(self.plugins, types=types),
            settings=self.settings,
            people=self.people,
            tracker=self.tracker,
            reader=self.tracker,
            chat=self.chat,
            is_team=lambda slack_id: slack_id in self.chat.team,
        )
        return self.desk

    def submit(self, type_name: str = "pr_review", *, view: str = "V1", **changes: Any) -> Ticket:
        """Send a form, filled in as usual but for the changes."""
        origin = changes.pop("origin", None)
        values = (DATA if type_name == "data_pull" else REVIEW) | changes
        return self.desk.submit(type_name, values, JUNIPER, submission=view, origin=origin)

    def ticket(self, ticket: Ticket) -> Ticket:
        """A ticket as it now is."""
        found = self.store.ticket(ticket.id)
        assert found
        return found

    def click(self, ticket: Ticket, action: Action, value: str = "", *, by: str, reason: str = "") -> None:
        """Somebody in Slack requests a change."""
        self.desk.change(ticket.id, Change(action=action, value=value, reason=reason), by=by)

    def work(self, seconds: float = 30, *, min_intervals: bool = True) -> None:
        """Let the worker work for that long."""
        worker = Worker(self.queue, EFFECTS, self.context, min_intervals=min_intervals, jitter=lambda: 0.5)
        end = self.clock.now + seconds
        while self.clock.now < end:
            worker.run_due()
            self.clock.move(min(1.0, end - self.clock.now))


def cut_off(office: Office, method: str) -> None:
    """Have the next call of one of the chat's methods be done, and its answer be lost."""
    call = getattr(office.chat, method)

    def cut(*given: Any, **more: Any) -> None:
        setattr(office.chat, method, call)
        call(*given, **more)
        raise OutcomeUnknown("Slack: ReadTimeout")

    setattr(office.chat, method, cut)
