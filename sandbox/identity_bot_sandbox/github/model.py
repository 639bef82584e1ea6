"""What exists in the sandbox's GitHub: accounts, repositories, issues; and what GitHub refuses in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from identity_bot_sandbox.errors import SandboxError

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
BODY_LIMIT = 65_536
TITLE_LIMIT = 256
LOCK_REASONS = ("off-topic", "too heated", "resolved", "spam")
CLOSE_REASONS = ("completed", "not_planned", "duplicate")


class GitHubError(SandboxError):
    """GitHub refuses a request with this HTTP `status` and `message`.

    `location` is the new path below the API's root, for redirects (301, 307).
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
    """What someone may do in a repository, from nothing to everything."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Whether this role includes `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A person, bot or organization."""

    id: int
    login: str
    name: str
    kind: str = "User"
    email: str | None = None
    """The address that everybody sees."""
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
    """A milestone of one repository."""

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
    """A person's reaction to an issue or a comment."""

    id: int
    author: str
    content: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """A comment on an issue."""

    id: int
    issue: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: tuple[Reaction, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    """An event of an issue, such as `labeled`; `detail` holds the fields that GitHub adds for it."""

    id: int
    event: str
    actor: str
    created_at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """A file on a repository's default branch; `mode` is Git's."""

    data: bytes
    mode: str = "100644"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedFile:
    """A file that a pull request changes, with its counts of lines."""

    path: str
    additions: int = 1
    deletions: int = 0
    status: str = "modified"
    previous: str = ""
    """The path that it had, if it is renamed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """What a pull request has in addition to an issue."""

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
    """Something changed in the sandbox's GitHub.

    `event` and `action` are the webhook's names (`issues`, `labeled`); `number` is the issue's, if any.
    """

    repository: str
    event: str
    action: str | None = None
    number: int | None = None


@dataclass(kw_only=True, slots=True)
class Repository:
    """One repository's mutable tables; only GitHubWorld changes them, under its mutex."""

    id: int
    owner: str
    name: str
    description: str
    is_private: bool
    created_at: datetime
    updated_at: datetime
    has_issues: bool = True
    last_number: int = 0
    roles: dict[str, Role] = field(default_factory=dict)
    labels: dict[int, Label] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    moved: dict[int, tuple[int, int]] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    def role(self, login: str | None) -> Role:
        """The role of `login` here; anyone can read a public repository."""
        floor = Role.NONE if self.is_private else Role.READ
        return self.roles.get(login.lower(), floor) if login else floor

    def require(self, login: str | None, needed: Role) -> None:
        """Refuse, in GitHub's words, unless `login` has the role `needed`."""
        if not self.role(login).covers(Role.READ):
            raise GitHubError(404, "Not Found")
        if not self.role(login).covers(needed):
            raise GitHubError(403, "Must have admin rights to Repository.")

    def issue(self, number: int) -> Issue:
        """The issue with that number, or the error that says what became of it."""
        if not self.has_issues:
            raise GitHubError(410, "Issues has been disabled in this repository.")
        if number in self.deleted:
            raise GitHubError(410, "This issue was deleted")
        if number in self.moved:
            repository_id, new_number = self.moved[number]
            location = f"/repositories/{repository_id}/issues/{new_number}"
            raise GitHubError(301, "Moved Permanently", location=location)
        if number not in self.issues:
            raise GitHubError(404, "Not Found")
        return self.issues[number]

    def comment(self, comment_id: int) -> Comment:
        """The comment with that id, or 404."""
        if comment_id not in self.comments:
            raise GitHubError(404, "Not Found")
        return self.comments[comment_id]

    def comments_of(self, issue: Issue) -> list[Comment]:
        """The comments of one issue, oldest first."""
        return [self.comments[comment_id] for comment_id in issue.comments]

    def milestone(self, number: int) -> Milestone:
        """The milestone of that number, or 404."""
        if number not in self.milestones:
            raise GitHubError(404, "Not Found")
        return self.milestones[number]

    def find_label(self, name: str) -> Label | None:
        """The label with that name, ignoring case as GitHub does."""
        return next((label for label in self.labels.values() if label.name.lower() == name.lower()), None)

    def label(self, name: str) -> Label:
        """The label of that name, or 404."""
        label = self.find_label(name)
        if label is None:
            raise GitHubError(404, "Not Found")
        return label

    def labels_of(self, issue: Issue) -> list[Label]:
        """An issue's labels in the order in which they were added."""
        return [self.labels[label_id] for label_id in issue.labels]

    def is_assignable(self, login: str) -> bool:
        """Whether an issue may be assigned to `login`: they need a role here."""
        return self.roles.get(login.lower(), Role.NONE).covers(Role.READ)


def invalid(field_name: str, code: str, *, resource: str = "Issue", **more: Any) -> GitHubError:
    """GitHub's error "Validation Failed" for one field."""
    error = {"resource": resource, "code": code, "field": field_name, **more}
    return GitHubError(422, "Validation Failed", errors=(error,))


def check_text(*, title: str, body: str | None) -> None:
    """Refuse a blank or over-long title and an over-long body of an issue."""
    if not title.strip():
        raise invalid("title", "missing_field")
    _check_length("Issue", "title", title, TITLE_LIMIT)
    _check_length("Issue", "body", body or "", BODY_LIMIT)


def check_comment(body: str) -> None:
    """Refuse a blank or over-long comment."""
    if not body.strip():
        raise invalid("data", "unprocessable", resource="IssueComment", message="Body cannot be blank")
    _check_length("IssueComment", "body", body, BODY_LIMIT)


def check_label(label: Label) -> None:
    """Refuse a label with a missing or too long name or an invalid color."""
    if not label.name.strip():
        raise invalid("name", "missing_field", resource="Label")
    _check_length("Label", "name", label.name, 50)
    _check_length("Label", "description", label.description or "", 100)
    if not re.fullmatch("[0-9a-fA-F]{6}", label.color):
        raise invalid("color", "invalid", resource="Label")


def check_reaction(content: str) -> None:
    """Refuse an unknown reaction."""
    if content not in REACTIONS:
        raise invalid("content", "invalid", resource="Reaction", value=content)


def _check_length(resource: str, name: str, text: str, limit: int) -> None:
    if len(text) > limit:
        message = f"{name} is too long (maximum is {limit} characters)"
        raise invalid(name, "custom", resource=resource, message=message)
