"""The GitHub half of the page: what one person sees of it, and what its buttons and fields do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from identity_bot_sandbox.github.model import (
    CLOSE_REASONS,
    LOCK_REASONS,
    Comment,
    GitHubError,
    Issue,
    Label,
    Milestone,
    Occurrence,
    Repository,
    Role,
)
from identity_bot_sandbox.github.world import GitHubWorld
from identity_bot_sandbox.page.scene import Act, RefusedError, Scene, Sent
from identity_bot_sandbox.page.where import GITHUB, Where

_MOST_ISSUES = 100

Change = Callable[[GitHubWorld, Where, Sent, str], Where | None]
"""Changes an issue or its repository; returns the place to show if it is a different one."""

_REPOSITORY_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)

# How an event reads after the actor's name.
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
    """An entry in an issue's history: `actor` did `words` to `to`."""

    actor: str
    words: str
    to: str
    color: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An issue with its labels, milestone and number of comments."""

    issue: Issue
    labels: Sequence[Label]
    milestone: Milestone | None
    comments: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubPane:
    """The GitHub half of the page for one person; `trouble` says why nothing is shown.

    `others` are the repositories to which the person may transfer an issue.
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
    """The GitHub half at this place."""
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


def _found(world: GitHubWorld, here: Where) -> tuple[Repository, int]:
    """The repository and issue that a place names, following redirects."""
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
        return "There is nothing here, or you don’t have access: only its members see a private repository."
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


def issue(scene: Scene, here: Where, sent: Sent) -> Where:
    """Change the shown issue or its repository as the button `do` says."""
    change = CHANGES.get(sent.text("do"))
    if change is None:
        raise RefusedError("There is no such action.")
    return change(scene.github, here, sent, _login(here)) or here


def new_issue(scene: Scene, here: Where, sent: Sent) -> Where:
    """Open an issue and show it."""
    opened = scene.github.open_issue(
        here.repository, sent.text("title"), sent.text("body"), actor=_login(here)
    )
    return here.at(issue=opened.number, pane=GITHUB)


def _login(here: Where) -> str:
    login = here.character.github_login
    if login is None:
        raise RefusedError(f"{here.character.name} has no GitHub account and can only read.")
    return login


def _comment(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.comment(here.repository, here.issue, sent.text("body"), actor=login)


def _edit_comment(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.edit_comment(here.repository, _comment_id(sent), sent.text("body"), actor=login)


def _delete_comment(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.delete_comment(here.repository, _comment_id(sent), actor=login)


def _comment_id(sent: Sent) -> int:
    number = sent.text("comment")
    if not number.isdecimal():
        raise RefusedError("There is no such comment.")
    return int(number)


def _close(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    with world.mutex:
        if sent.text("body").strip():
            _comment(world, here, sent, login)
        world.close(here.repository, here.issue, sent.text("reason") or "completed", actor=login)


def _reopen(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    with world.mutex:
        if sent.text("body").strip():
            _comment(world, here, sent, login)
        world.reopen(here.repository, here.issue, actor=login)


def _edit(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    title, body = sent.text("title"), sent.text("body")
    world.edit(here.repository, here.issue, actor=login, title=title, body=body)


def _assign(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.assign(here.repository, here.issue, sent.text("assignee"), actor=login)


def _unassign(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.unassign(here.repository, here.issue, sent.text("assignee"), actor=login)


def _label(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.label(here.repository, here.issue, sent.text("label").strip(), actor=login)


def _unlabel(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.unlabel(here.repository, here.issue, sent.text("label"), actor=login)


def _milestone(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    """Set or remove the milestone by its number, or create one if a title is given."""
    title, number, due = sent.text("title").strip(), sent.text("milestone"), _day(sent.text("due_on"))
    with world.mutex:
        chosen = int(number) if number.isdigit() else None
        if title:
            chosen = world.new_milestone(here.repository, title, due, actor=login).number
        world.set_milestone(here.repository, here.issue, chosen, actor=login)


def _due(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    """Change or remove the due date of the issue's milestone."""
    with world.mutex:
        milestone = world.issue(here.repository, here.issue).milestone
        if milestone is None:
            raise RefusedError("The issue has no milestone.")
        due = _day(sent.text("due_on"))
        world.edit_milestone(
            here.repository, milestone, due_on=due, has_due_date=due is not None, actor=login
        )


def _lock(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.lock(here.repository, here.issue, sent.text("reason") or None, actor=login)


def _unlock(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.unlock(here.repository, here.issue, actor=login)


def _transfer(world: GitHubWorld, here: Where, sent: Sent, login: str) -> Where:
    to = sent.text("to")
    arrived = world.transfer(here.repository, here.issue, to, actor=login)
    return here.at(repository=to, issue=arrived.number)


def _discuss(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.convert_to_discussion(here.repository, here.issue, actor=login)


def _delete(world: GitHubWorld, here: Where, sent: Sent, login: str) -> Where:
    world.delete(here.repository, here.issue, actor=login)
    return here.at(issue=0)


def _rename_label(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.edit_label(here.repository, sent.text("label"), new_name=sent.text("name").strip(), actor=login)


def _delete_label(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.delete_label(here.repository, sent.text("label"), actor=login)


def _rename_repository(world: GitHubWorld, here: Where, sent: Sent, login: str) -> Where:
    name = sent.text("name").strip()
    if not _REPOSITORY_NAME.fullmatch(name):
        raise RefusedError(
            "A repository's name may contain only letters, digits, dots, hyphens and underscores."
        )
    return here.at(repository=world.rename_repository(here.repository, name, actor=login).full_name)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise RefusedError("That date doesn’t exist.") from None


CHANGES: Mapping[str, Change] = {
    "comment": _comment,
    "edit-comment": _edit_comment,
    "delete-comment": _delete_comment,
    "close": _close,
    "reopen": _reopen,
    "edit": _edit,
    "assign": _assign,
    "unassign": _unassign,
    "label": _label,
    "unlabel": _unlabel,
    "milestone": _milestone,
    "due": _due,
    "lock": _lock,
    "unlock": _unlock,
    "transfer": _transfer,
    "discuss": _discuss,
    "delete": _delete,
    "rename-label": _rename_label,
    "delete-label": _delete_label,
    "rename-repository": _rename_repository,
}

ACTS: Mapping[str, Act] = {"issue": issue, "new-issue": new_issue}
