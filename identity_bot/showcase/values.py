"""What a showcase holds: a request type's form, its issue, and all messages through a ticket's life. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class Kind(StrEnum):
    """Which sample ticket a life belongs to."""

    USUAL = "usual"
    URGENT = "urgent"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A message in Slack: for whom it is, where it stands, its text, and its blocks as Block Kit."""

    to: str
    """`requestor`, `intake`, `team`, `members`, `card`, `alert`, or `person` for somebody else."""
    where: str
    """The same in words, with the channel."""
    text: str
    blocks: tuple[Json, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """The issue as the bot opens it; its body is Markdown with the bot's status block and ticket marker."""

    repository: str
    title: str
    body: str
    labels: tuple[str, ...]
    assignees: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """What somebody did, the lifecycle events that follow from it, and what everybody sees of them."""

    events: tuple[str, ...]
    """The values of `EventKind`, in the order of the process."""
    by: str
    """Who did what, such as *Indigo Marshwick set the priority*."""
    messages: tuple[Told, ...]
    labels: tuple[str, ...]
    """The issue's labels afterward."""
    assignees: tuple[str, ...]
    comments: tuple[str, ...]
    """What the bot commented on the issue, as Markdown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """A sample ticket from its submission on; no issue and no moments if its answers were refused."""

    kind: Kind
    issue: Issue | None = None
    moments: tuple[Moment, ...] = ()
    problems: tuple[str, ...] = ()
    """Why the sample answers were refused, one sentence for each question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """The questions that an answer adds to the form, and the form with them."""

    when: str
    questions: tuple[str, ...]
    """Their names."""
    labels: tuple[str, ...]
    view: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Showcase:
    """All that people see of a request type."""

    name: str
    title: str
    description: str
    form: Json
    """The modal as it is first opened, as Block Kit."""
    branches: tuple[Branch, ...]
    lives: tuple[Life, ...]
    failures: tuple[str, ...]
    """The hooks that raised or returned something wrong, one line for each; the rest went on without them."""
