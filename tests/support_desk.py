"""A desk without a world: a tracker and a chat in memory, and a clock to move."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from identity_bot import settings
from identity_bot.errors import OutcomeUnknown
from identity_bot.plugins import loader
from identity_bot.testing import MemoryDesk
from identity_bot.testing.candidates import SETTINGS as SETTINGS
from identity_bot.testing.database import new_sqlite
from identity_bot.tickets.model import Action, Change, Person, Ticket

JUNIPER = Person(slack_id="U0JUNIPER", handle="juniper")
COMMON = {"team": "Benefits", "name": "Juniper Vale", "production": False}
REVIEW = COMMON | {"tested": True, "pull_request": "https://github.com/sandbox-org/vets-api/pull/7"}
DATA = COMMON | {"sensitive": False, "data_needed": "Sign-ins per credential in May"}


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


class Office(MemoryDesk):
    """A desk with the shipped plugins, or with those found, on a database in a folder."""

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
        known = settings.load(folder / "identity-bot.toml", environ)
        plugins = installed(known, toml) if found is None else loader.load(known, found)
        super().__init__(folder, settings=known, plugins=plugins)

    def submit(self, type_name: str = "pr_review", *, view: str = "V1", **changes: Any) -> Ticket:
        """Send a form, filled in as usual but for the changes."""
        origin = changes.pop("origin", None)
        values = (DATA if type_name == "data_pull" else REVIEW) | changes
        return self.desk.submit(type_name, values, JUNIPER, submission=view, origin=origin)

    def click(self, ticket: Ticket, action: Action, value: str = "", *, by: str, reason: str = "") -> None:
        """Somebody in Slack requests a change."""
        self.desk.change(ticket.id, Change(action=action, value=value, reason=reason), by=by)

    def work(self, seconds: float = 30, *, min_intervals: bool = True) -> None:
        """Let the worker work for that long."""
        super().work(seconds, min_intervals=min_intervals)


def cut_off(office: Office, method: str) -> None:
    """Have the next call of one of the chat's methods be done, and its answer be lost."""
    call = getattr(office.chat, method)

    def cut(*given: Any, **more: Any) -> None:
        setattr(office.chat, method, call)
        call(*given, **more)
        raise OutcomeUnknown("Slack: ReadTimeout")

    setattr(office.chat, method, cut)
