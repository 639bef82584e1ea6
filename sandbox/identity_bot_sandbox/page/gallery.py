"""The gallery: all installed request types as their requestors and the team would see them.

The bot plays them and hands over JSON; nothing here knows the bot.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from identity_bot_sandbox import cast
from identity_bot_sandbox.errors import SandboxError
from identity_bot_sandbox.page import markdown
from identity_bot_sandbox.page.mrkdwn import Reader
from identity_bot_sandbox.slack.entry import completed
from identity_bot_sandbox.slack.views import View

Json = Mapping[str, Any]
Showcase = Callable[[], Json]
"""Plays the installed request types: `types`, `skipped` and `people`, as the bot describes them."""

NO_BOT = (
    "The gallery is empty because this sandbox was started without a bot, which would play what stands here."
)
KINDS = {"": "Messages", "urgent": "An urgent request", "sensitive": "A sensitive request"}
"""The kinds of sample tickets by their name in the JSON, and how each is headed."""


class GalleryError(SandboxError):
    """The bot could not play its request types; the text says why in one line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A form: as it is opened, or, with the answer `when`, with the questions that this adds."""

    when: str
    adds: Sequence[str]
    view: View


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A message: for whom, and its blocks with the ids that Slack would give them."""

    where: str
    blocks: Sequence[Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """What somebody did, its event, how the issue was changed, and who was told."""

    event: str
    by: str
    added: Sequence[str]
    removed: Sequence[str]
    comments: Sequence[Markup]
    messages: Sequence[Shown]

    @property
    def title(self) -> str:
        """The event as a heading."""
        return self.event[:1].upper() + self.event[1:].replace("poc ", "POC ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """One sample ticket: its issue, if there is one, and its moments."""

    anchor: str
    title: str
    issue: Json | None
    body: Markup
    moments: Sequence[Moment]
    problems: Sequence[str]
    reader: Reader


@dataclass(frozen=True, kw_only=True, slots=True)
class Exhibit:
    """A request type: its form, the form with the answers that add questions, and its sample tickets."""

    name: str
    title: str
    description: str
    anchor: str
    forms: Sequence[Drawn]
    lives: Sequence[Life]
    failures: Sequence[str]


class Gallery:
    """Draws the page from what the bot played; keeps it until somebody asks for it again."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._lock = threading.Lock()
        self._played: tuple[Showcase, Json] | None = None

    def html(self, showcase: Showcase | None, *, again: bool = False) -> str:
        """The page; it says in one line why it is empty without a bot, or where the bot could not play."""
        played: Json = {}
        trouble = NO_BOT if showcase is None else ""
        if showcase is not None:
            try:
                played = self._play(showcase, again=again)
            except GalleryError as error:
                trouble = str(error)
        new_id = _ids()
        reader = Reader(
            people={cast.BOT_USER_ID: "Identity"} | played.get("people", {}),
            now=lambda: datetime.fromtimestamp(played.get("at", 0.0), UTC),
        )
        return self._environment.get_template("gallery.html").render(
            trouble=trouble,
            exhibits=[_exhibit(one, reader, new_id) for one in played.get("types", ())],
            skipped=played.get("skipped", ()),
            slack=SimpleNamespace(people=cast.PEOPLE, conversations=()),
        )

    def _play(self, showcase: Showcase, *, again: bool) -> Json:
        with self._lock:
            if again or self._played is None or self._played[0] is not showcase:
                self._played = showcase, showcase()
            return self._played[1]


def _ids() -> Callable[[], str]:
    """Ids as Slack gives them to blocks that have none."""
    numbers = itertools.count(1)
    return lambda: f"g{next(numbers)}"


def _exhibit(played: Json, reader: Reader, new_id: Callable[[], str]) -> Exhibit:
    name = str(played["name"])
    opened = {"when": "", "adds": (), "view": played["form"]}
    return Exhibit(
        name=name,
        title=played["title"],
        description=played["description"],
        anchor=f"type-{name}",
        forms=[
            Drawn(when=one["when"], adds=one["adds"], view=_view(f"{name}-{place}", one["view"], new_id))
            for place, one in enumerate([opened, *played["form_with_answers"]])
        ],
        lives=[
            _life(
                f"type-{name}{f'-{kind}' if kind else ''}",
                title,
                played[kind] if kind else played,
                reader,
                new_id,
            )
            for kind, title in KINDS.items()
            if not kind or kind in played
        ],
        failures=played["failures"],
    )


def _view(view_id: str, given: Json, new_id: Callable[[], str]) -> View:
    view = View(view_id=view_id, user="", root_id=view_id, previous_id=None)
    view.draw(given, new_id, "")
    return view


def _life(anchor: str, title: str, played: Json, reader: Reader, new_id: Callable[[], str]) -> Life:
    issue = played["issue"]
    repository = issue["repository"] if issue else ""

    def leads_to(address: str) -> str | None:
        """Its links lead to its own issue and messages, as nothing else is there."""
        if f"{quote(repository)}/issues/" in address:
            return f"#{anchor}-issue"
        return f"#{anchor}-messages" if ".test/" in address else None

    read = partial(markdown.html, repository=repository, leads_to=leads_to)
    return Life(
        anchor=anchor,
        title=title,
        issue=issue,
        body=read(issue["body"]) if issue else Markup(),
        moments=_moments(played, read, new_id),
        problems=played["problems"],
        reader=replace(reader, leads_to=leads_to),
    )


def _moments(played: Json, read: Callable[[str], Markup], new_id: Callable[[], str]) -> list[Moment]:
    """The history of the issue, each with the messages that followed, which are in the same order."""
    told = [list(some) for _, some in groupby(played["messages"], lambda one: (one["event"], one["by"]))]
    moments = []
    before: set[str] | None = None
    for step in played["issue_history"]:
        is_told = bool(told) and (told[0][0]["event"], told[0][0]["by"]) == (step["event"], step["by"])
        now = {*step["labels"], *(f"@{login}" for login in step["assignees"])}
        had = now if before is None else before
        moments.append(
            Moment(
                event=step["event"],
                by=step["by"],
                added=sorted(now - had),
                removed=sorted(had - now),
                comments=[read(one) for one in step["comments"]],
                messages=[
                    Shown(where=one["where"], blocks=completed(one["blocks"], new_id))
                    for one in (told.pop(0) if is_told else ())
                ],
            )
        )
        before = now
    return moments
