"""What one person sees of the sandbox's GitHub: the repositories, a list of issues, or one issue with its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identity_bot_sandbox.github.repository import Repository
from identity_bot_sandbox.github.rules import CLOSE_REASONS, LOCK_REASONS
from identity_bot_sandbox.github.state import GitHubWorld
from identity_bot_sandbox.github.values import Comment, GitHubError, Issue, Label, Milestone, Occurrence, Role
from identity_bot_sandbox.page.where import Where

_MOST_ISSUES = 100
_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (365, "day"))

# How a line of an issue's history reads after the actor's name; the words in braces come from its detail.
HISTORY = {
    "labeled": "added the label",
    "unlabeled": "removed the label",
    "assigned": "assigned",
    "unassigned": "unassigned",
    "milestoned": "added this to the milestone",
    "demilestoned": "removed this from the milestone",
    "renamed": "changed the title",
    "closed": "closed this",
    "reopened": "reopened this",
    "locked": "locked the conversation",
    "unlocked": "unlocked the conversation",
    "transferred": "transferred this issue",
    "converted_to_discussion": "converted this to a discussion",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """An entry of an issue's history: `words` say what `actor` did, `to` is the thing it was done to."""

    actor: str
    words: str
    to: str
    color: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An issue in a list, or the one that is open, with what its repository knows of it."""

    issue: Issue
    labels: Sequence[Label]
    milestone: Milestone | None
    comments: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubPane:
    """The GitHub half of the page for one person; `trouble` is why there is nothing to see.

    `others` are the repositories to which the person may transfer an issue of this one.
    """

    repositories: Sequence[Repository]
    repository: Repository | None
    login: str | None
    role: Role
    rows: Sequence[Row]
    open_count: int
    closed_count: int
    row: Row | None
    entries: Sequence[Line | Comment]
    assignable: Sequence[str]
    labels: Sequence[Label]
    milestones: Sequence[Milestone]
    now: datetime
    trouble: str = ""
    others: Sequence[str] = ()
    close_reasons: Sequence[str] = CLOSE_REASONS
    lock_reasons: Sequence[str] = LOCK_REASONS

    @property
    def may_triage(self) -> bool:
        """Whether the person may assign, label and close any issue."""
        return self.role.covers(Role.TRIAGE)

    @property
    def may_write(self) -> bool:
        """Whether the person may edit and lock any issue."""
        return self.role.covers(Role.WRITE)

    @property
    def may_administer(self) -> bool:
        """Whether the person may delete issues and rename the repository."""
        return self.role.covers(Role.ADMIN)

    @property
    def is_author(self) -> bool:
        """Whether the open issue is the person's own."""
        return self.row is not None and self.row.issue.author == self.login


def pane(world: GitHubWorld, here: Where) -> GitHubPane:
    """What the GitHub half shows at this place."""
    login = here.character.github_login
    with world.mutex:
        visible = [one for one in world.repositories() if one.role(login).covers(Role.READ)]
        base: dict[str, Any] = {"repositories": visible, "login": login, "now": world.now()}
        try:
            repository, number = _found(world, here)
            repository.require(login, Role.READ)
            issue = repository.issue(number) if number else None
        except GitHubError as refusal:
            return GitHubPane(**base, **_nothing(), trouble=_words(refusal))
        is_open = here.state == "open"
        found = [repository.issues[number] for number in sorted(repository.issues, reverse=True)]
        listed = [one for one in found if one.is_open == is_open][:_MOST_ISSUES]
        return GitHubPane(
            **base,
            repository=repository,
            role=repository.role(login),
            rows=[] if issue else [_row(repository, one) for one in listed],
            open_count=sum(one.is_open for one in found),
            closed_count=sum(not one.is_open for one in found),
            row=_row(repository, issue) if issue else None,
            entries=_entries(world, repository, issue) if issue else [],
            assignable=[
                account.login
                for account in world.access.accounts.values()
                if repository.is_assignable(account.login)
            ],
            labels=sorted(repository.labels.values(), key=lambda label: label.name.lower()),
            milestones=list(repository.milestones.values()),
            others=[
                one.full_name
                for one in visible
                if one is not repository
                and one.role(login).covers(Role.WRITE)
                and one.is_private >= repository.is_private
            ],
        )


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was, in words."""
    amount = max(0, int((now - then).total_seconds()))
    for size, unit in _STEPS:
        if amount < size or unit == "day":
            break
        amount //= size
    if unit == "second":
        return "just now"
    return f"{amount} {unit}{'' if amount == 1 else 's'} ago"


def _found(world: GitHubWorld, here: Where) -> tuple[Repository, int]:
    """What a place names, followed to where it is now as GitHub's pages follow it."""
    try:
        repository = world.repository(here.repository)
    except GitHubError as refusal:
        if refusal.location is None:
            raise
        repository = world.repository(int(refusal.location.rpartition("/")[2]))
    number = here.issue
    while number in repository.moved:
        repository_id, number = repository.moved[number]
        repository = world.repository(repository_id)
    return repository, number


def _nothing() -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(("rows", "entries", "assignable", "labels", "milestones"), ())
    return empty | {"repository": None, "role": Role.NONE, "open_count": 0, "closed_count": 0, "row": None}


def _words(refusal: GitHubError) -> str:
    if refusal.status == 404:
        return "There is nothing here, or you may not see it: a private repository shows itself only to its people."
    return refusal.message


def _row(repository: Repository, issue: Issue) -> Row:
    milestone = None if issue.milestone is None else repository.milestones.get(issue.milestone)
    return Row(
        issue=issue,
        labels=repository.labels_of(issue),
        milestone=milestone,
        comments=len(issue.comments),
    )


def _entries(world: GitHubWorld, repository: Repository, issue: Issue) -> list[Line | Comment]:
    timeline = world.timeline(repository.full_name, issue.number)
    return [one if isinstance(one, Comment) else _line(one) for one in timeline]


def _line(entry: Occurrence) -> Line:
    detail: Mapping[str, Any] = entry.detail
    label = detail.get("label") or {}
    words = HISTORY.get(entry.event, entry.event.replace("_", " "))
    to = label.get("name") or detail.get("assignee") or (detail.get("milestone") or {}).get("title") or ""
    if rename := detail.get("rename"):
        to = f"from “{rename['from']}” to “{rename['to']}”"
    reason = detail.get("state_reason") or detail.get("lock_reason")
    if reason:
        words = f"{words} as {str(reason).replace('_', ' ')}"
    return Line(
        actor=entry.actor, words=words, to=str(to), color=str(label.get("color", "")), at=entry.created_at
    )
