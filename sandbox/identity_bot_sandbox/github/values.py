"""The things that exist in the sandbox's GitHub, all frozen: accounts, labels, comments, issues and so on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from identity_bot.errors import IdentityBotError

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


class GitHubError(IdentityBotError):
    """GitHub says no; `status` is the HTTP status and `message` the text that its API answers with.

    `location` is the path below the API's root where the thing is now, for the moved (301, 307).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: tuple[Mapping[str, Any], ...] = (),
        location: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.location = location


class Role(StrEnum):
    """What somebody may do in a repository, from nothing to everything."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Whether this role may do all that `needed` may do."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Somebody or something with a login: a person, a bot or an organisation."""

    id: int
    login: str
    name: str
    kind: str = "User"
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """A label of one repository; `color` is six hexadecimal digits without a number sign."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    is_default: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestone:
    """A milestone of one repository, whose due date is what the page and the bot care for."""

    id: int
    number: int
    title: str
    description: str | None
    due_on: datetime | None
    state: str = "open"
    creator: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reaction:
    """One person's thumb, heart or rocket on an issue or a comment."""

    id: int
    author: str
    content: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """What somebody wrote below an issue."""

    id: int
    issue: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: tuple[Reaction, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    """One line of an issue's history, such as `labeled`; `detail` is what GitHub adds for that kind."""

    id: int
    event: str
    actor: str
    created_at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedFile:
    """One file that a pull request changes, with how many lines."""

    path: str
    additions: int = 1
    deletions: int = 0
    status: str = "modified"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """What makes an issue a pull request."""

    branch: str
    files: tuple[ChangedFile, ...]
    is_draft: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """An issue or pull request at one moment; labels, comments and milestone point into its repository's tables."""

    id: int
    number: int
    title: str
    body: str | None
    author: str
    created_at: datetime
    updated_at: datetime
    labels: tuple[int, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: int | None = None
    is_open: bool = True
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    is_locked: bool = False
    lock_reason: str | None = None
    reactions: tuple[Reaction, ...] = ()
    comments: tuple[int, ...] = ()
    pull: PullRequest | None = None
    is_discussion: bool = False
    history: tuple[Occurrence, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something moved in the sandbox's GitHub; what the page is told, and what a webhook is made of.

    `event` and `action` are the webhook's names (`issues`, `labeled`); `number` is the issue's, if any.
    """

    repository: str
    event: str
    action: str | None = None
    number: int | None = None
