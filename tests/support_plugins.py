"""What the tests of plugins share: settings, a request type, its tickets, and plugins without a package."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from identity_bot import Event, EventKind, Form, Person, ShortText, Ticket, When, YesNo, hookimpl
from identity_bot.plugins.loader import Found, Plugins, RequestType
from identity_bot.tickets.model import ticket_id

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = """
intake_channel = "#vsp-identity"
team_channel = "#identity-surge"
repository = "octo/identity-requests"
leads = [{ slack = "U0LEAD", github = "lead" }]
"""
JUNIPER = Person(slack_id="U0JUNIPER", name="Juniper Vale", team="Benefits")
ANSWERS = {"team": "Benefits", "name": "Juniper Vale", "production": False, "size": "large"}
CREATED = Event(kind=EventKind.CREATED, ticket_id=ticket_id("V1"), at=0.0)

COFFEE = Form(title="Coffee", questions=[ShortText(name="size", label="Size")])
SENSITIVE = Form(title="X", questions=[YesNo(name="secret", label="?")], sensitive_when=When("secret", True))


def found(name: str, plugin: Any, distribution: str | None = None) -> Found:
    """A plugin as if a package announced it; an exception or a function instead of one happens at its import."""

    def import_it() -> Any:
        if isinstance(plugin, BaseException):
            raise plugin
        return plugin

    return Found(name=name, distribution=distribution or f"identity-bot-{name} 1.0", load=import_it)


def module(**functions: Any) -> SimpleNamespace:
    """A plugin whose functions all carry the marker."""
    return SimpleNamespace(**{name: hookimpl(function) for name, function in functions.items()})


def coffee(form: Any = COFFEE, **functions: Any) -> SimpleNamespace:
    """A request type with this form."""
    return module(form=lambda: form, **functions)


def ticket(**more: Any) -> Ticket:
    known: dict[str, Any] = {
        "id": ticket_id("V1"),
        "type": "coffee",
        "requestor": JUNIPER,
        "answers": ANSWERS,
        "submitted_at": 0.0,
        "number": 7,
        "url": "https://github.test/7",
    }
    return Ticket(**known | more)


def only(load: Callable[..., Plugins], **functions: Any) -> RequestType:
    return load(coffee=coffee(**functions)).types["coffee"]


ALL_HOOKS = (
    "deliver, form, migrate_answers, notify, render_issue, route, self_service, settings_schema, validate"
)
"""The names of the hooks, as the bot lists them."""


def example_folders() -> list[Path]:
    return sorted(path.parent for path in (ROOT / "examples").glob("*/setup.cfg"))


def shipped_folders() -> list[Path]:
    return sorted(path.parent for path in (ROOT / "plugins").glob("*/setup.cfg"))


@functools.cache
def shipped_entry_points(group: str) -> tuple[SimpleNamespace, ...]:
    """The entry points of this repository's request types, and not of others that are installed beside them.

    Looked up once, as a bot looks at each installed package, and there are as many bots as tests.
    """
    shipped = {folder.name for folder in shipped_folders()}
    return tuple(
        SimpleNamespace(
            name=point.name,
            load=point.load,
            dist=point.dist and SimpleNamespace(name=point.dist.name, version=point.dist.version),
        )
        for point in entry_points(group=group)
        if point.name in shipped
    )
