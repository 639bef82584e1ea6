"""Issues and comments as GitHub's API and webhooks show them, read into our values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from identity_bot.github import issue_body
from identity_bot.tickets.model import CloseReason, IssueComment, IssueSnapshot

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading malformed data raises, here and in the JSON parser."""
MEMBERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""The values of `author_association` by which GitHub says that somebody works here (graphql/reference/enums)."""
LARGEST_NUMBER = 2**31 - 1
LARGEST_ID = 2**63 - 1
CLOSE_REASONS = {
    "completed": CloseReason.COMPLETED,
    "not_planned": CloseReason.NOT_PLANNED,
    "duplicate": CloseReason.DUPLICATE,
}
"""GitHub's values of `state_reason` for a closed issue (rest/issues), and ours."""


def snapshot_of(repository: str, data: Mapping[str, Any]) -> IssueSnapshot:
    """Read an issue as GitHub's API and webhooks show it. Raises one of UNREADABLE if it is malformed."""
    body = None if data.get("body") is None else text_of(data, "body")
    status = issue_body.status_in(body)
    is_open = text_of(data, "state") == "open"
    milestone = data.get("milestone") or {}
    return IssueSnapshot(
        repository=repository,
        number=number_of(data, "number"),
        url=text_of(data, "html_url"),
        ticket_id=issue_body.ticket_id_in(body),
        filed=issue_body.filed_in(body),
        created_at=timestamp(text_of(data, "created_at")) if "created_at" in data else 0.0,
        updated_at=timestamp(text_of(data, "updated_at")),
        title=text_of(data, "title"),
        author=login_of(data.get("user")),
        labels=frozenset(text_of(label, "name") for label in data.get("labels") or ()),
        assignees=frozenset(text_of(person, "login") for person in data.get("assignees") or ()),
        is_open=is_open,
        closed_at=None if is_open or not data.get("closed_at") else timestamp(text_of(data, "closed_at")),
        close_reason=None if is_open else CLOSE_REASONS.get(str(data.get("state_reason"))),
        milestone_due=due_day(text_of(milestone, "due_on")) if milestone.get("due_on") else None,
        spoc=status.spoc,
        target=status.target,
        target_over=status.target_over,
    )


def comment_of(repository: str, number: int, data: Mapping[str, Any]) -> IssueComment | None:
    """Read a comment. None for one by a bot, ours included: bots give no commands."""
    body = text_of(data, "body") if data.get("body") else ""
    author = data.get("user") or {}
    if not author or author.get("type") == "Bot" or issue_body.idempotency_key_in(body):
        return None
    return IssueComment(
        repository=repository,
        number=number,
        id=number_of(data, "id", LARGEST_ID),
        author=login_of(author),
        body=body,
        created_at=timestamp(text_of(data, "created_at")),
        updated_at=timestamp(text_of(data, "updated_at")),
        is_by_member=data.get("author_association") in MEMBERS,
    )


def is_pull_request(data: Mapping[str, Any]) -> bool:
    """Whether an issue is a pull request, which GitHub lists among the issues."""
    return data.get("pull_request") is not None


def repository_in(data: Mapping[str, Any]) -> str:
    """The full name of the repository that an issue is in."""
    return "/".join(text_of(data, "repository_url").split("/")[-2:])


def due_day(due_on: str) -> date:
    """The day on which a milestone is due, as GitHub shows it to people.

    GitHub stores midnight in the Pacific time zone, 07:00 or 08:00 UTC of the same day, whatever time it was given
    (github.com/microsoft/PowerShellForGitHub/pull/133 quotes GitHub's support).
    """
    return _instant(due_on).date()


def timestamp(text: str) -> float:
    """GitHub's notation of a time, as whole seconds since the epoch."""
    return float(int(_instant(text).timestamp()))


def iso(seconds: float) -> str:
    """A time (seconds since the epoch) in GitHub's notation, which has whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def login_of(person: Mapping[str, Any] | None) -> str:
    """A person's login; empty if the account was deleted."""
    return text_of(person, "login") if person else ""


def text_of(data: Mapping[str, Any], name: str) -> str:
    """A field that must be text that every database can store."""
    text = data[name]
    if not isinstance(text, str):
        raise TypeError(f"{name}: expected text")
    if "\0" in text:
        raise ValueError(f"{name}: holds a NUL, which PostgreSQL cannot store")
    text.encode()
    return text


def number_of(data: Mapping[str, Any], name: str, largest: int = LARGEST_NUMBER) -> int:
    """A field that must be an issue's number or an id that every database can store."""
    number = data[name]
    if type(number) is not int or not 0 < number <= largest:
        raise ValueError(f"{name}: expected a number from 1 to {largest}")
    return number


def _instant(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("expected a time with its zone")
    return time.astimezone(UTC)
