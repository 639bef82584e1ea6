"""Issues and comments as GitHub's answers and webhooks show them, read into our values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from identity_bot.github import issue_body as issue_text
from identity_bot.tickets.model import CloseReason, IssueComment, IssueSnapshot

LARGEST_NUMBER = 2**31 - 1
LARGEST_ID = 2**63 - 1
CLOSE_REASONS = {
    "completed": CloseReason.COMPLETED,
    "not_planned": CloseReason.NOT_PLANNED,
    "duplicate": CloseReason.DUPLICATE,
}
"""GitHub's words for why an issue is closed (rest/issues, state_reason), and ours."""


def snapshot_of(repository: str, data: Mapping[str, Any]) -> IssueSnapshot:
    """An issue as GitHub's REST answers and webhooks show it.

    What does not look like one raises ValueError, KeyError, TypeError, AttributeError or OverflowError.
    """
    body = None if data.get("body") is None else text_of(data, "body")
    status = issue_text.status_in(body)
    is_open = text_of(data, "state") == "open"
    milestone = data.get("milestone") or {}
    return IssueSnapshot(
        repository=repository,
        number=number_of(data, "number"),
        url=text_of(data, "html_url"),
        ticket_id=issue_text.ticket_id_in(body),
        updated_at=moment(text_of(data, "updated_at")),
        title=text_of(data, "title"),
        author=login_of(data.get("user")),
        labels=frozenset(text_of(label, "name") for label in data.get("labels") or ()),
        assignees=frozenset(text_of(person, "login") for person in data.get("assignees") or ()),
        is_open=is_open,
        close_reason=None if is_open else CLOSE_REASONS.get(str(data.get("state_reason"))),
        milestone_due=due_day(text_of(milestone, "due_on")) if milestone.get("due_on") else None,
        spoc=status.spoc,
        target=status.target,
        target_over=status.target_over,
    )


def comment_of(repository: str, number: int, data: Mapping[str, Any]) -> IssueComment | None:
    """A comment; None for one that a bot wrote, ours among them, for bots give no commands."""
    body = text_of(data, "body") if data.get("body") else ""
    author = data.get("user") or {}
    if not author or author.get("type") == "Bot" or issue_text.idempotency_key_in(body):
        return None
    return IssueComment(
        repository=repository,
        number=number,
        id=number_of(data, "id", LARGEST_ID),
        author=login_of(author),
        body=body,
        created_at=moment(text_of(data, "created_at")),
    )


def is_pull(data: Mapping[str, Any]) -> bool:
    """Whether what GitHub calls an issue is a pull request, which is no ticket."""
    return data.get("pull_request") is not None


def repository_in(data: Mapping[str, Any]) -> str:
    """The full name of the repository that an issue says it is in."""
    return "/".join(text_of(data, "repository_url").split("/")[-2:])


def is_same(one: str, other: str) -> bool:
    """Whether two full names are of the same repository; GitHub ignores their case."""
    return one.casefold() == other.casefold()


def due_day(due_on: str) -> date:
    """The day that a milestone is due on, as people see it in GitHub.

    GitHub keeps midnight on the Pacific coast, which is 07:00 or 08:00 of the same day by UTC, whatever time of the
    day it was given (github.com/microsoft/PowerShellForGitHub/pull/133 quotes GitHub's support).
    """
    return _instant(due_on).date()


def moment(text: str) -> float:
    """A moment of GitHub's in whole seconds since the epoch."""
    return float(int(_instant(text).timestamp()))


def iso(seconds: float) -> str:
    """A moment as GitHub takes it, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def login_of(person: Mapping[str, Any] | None) -> str:
    """Somebody's login; empty for an account that is no more."""
    return text_of(person, "login") if person else ""


def text_of(data: Mapping[str, Any], name: str) -> str:
    """A field that must be text, and such that every database takes it."""
    text = data[name]
    if not isinstance(text, str):
        raise TypeError(f"{name} is no text")
    if "\0" in text:
        raise ValueError(f"{name} has a character that no database takes")
    text.encode()
    return text


def number_of(data: Mapping[str, Any], name: str, largest: int = LARGEST_NUMBER) -> int:
    """A field that must be the number of an issue, or an id, and such that every database takes it."""
    number = data[name]
    if type(number) is not int or not 0 < number <= largest:
        raise ValueError(f"{name} is no number")
    return number


def _instant(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError("a moment without its time zone")
    return read.astimezone(UTC)
