"""GitHub's webhook deliveries: reads the payload into one of a few values. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from identity_bot.errors import Rejected
from identity_bot.github.snapshot import (
    UNREADABLE,
    comment_of,
    is_pull_request,
    number_of,
    snapshot_of,
    text_of,
)
from identity_bot.tickets.model import IssueComment, IssueSnapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueSeen:
    """An issue as it was after something happened to it."""

    snapshot: IssueSnapshot
    comment: IssueComment | None = None
    """The comment that a person just posted on it, edited or deleted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelRenamed:
    """A label has a new name, on all issues that have it."""

    repository: str
    was: str
    now: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelDeleted:
    """A label was deleted, and so removed from all issues."""

    repository: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryRenamed:
    """A repository has a new full name: it was renamed, or transferred to another owner."""

    was: str
    now: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MilestoneChanged:
    """A milestone has a new due date. GitHub sends no delivery for its issues."""

    repository: str


Delivery = IssueSeen | LabelRenamed | LabelDeleted | MilestoneChanged | RepositoryRenamed
"""What a delivery can tell."""


def read_webhook(event: str, body: bytes | bytearray) -> Delivery | None:
    """Read the body of a delivery whose signature was checked; None if it is of no interest to us.

    `event` is what its header X-GitHub-Event names. Empties a bytearray, so that a large body is not held twice.
    Raises Rejected if the body is malformed.
    """
    try:
        text = body.decode()
        if isinstance(body, bytearray):
            body.clear()
        payload = json.loads(text)
        if not isinstance(payload, dict):
            raise TypeError("expected an object")
        return _read(event, payload)
    except UNREADABLE as error:
        raise Rejected(f"unreadable delivery ({type(error).__name__})") from error


def _read(event: str, payload: Mapping[str, Any]) -> Delivery | None:
    match event, payload.get("action"):
        case "issues" | "issue_comment", _:
            return None if is_pull_request(payload["issue"]) else _issue_seen(event, payload)
        case "label", "edited" if "name" in (payload.get("changes") or {}):
            was, now = text_of(payload["changes"]["name"], "from"), text_of(payload["label"], "name")
            return LabelRenamed(repository=_repository(payload), was=was, now=now)
        case "label", "deleted":
            return LabelDeleted(repository=_repository(payload), name=text_of(payload["label"], "name"))
        case "milestone", "edited" if "due_on" in payload["changes"]:
            return MilestoneChanged(repository=_repository(payload))
        case "repository", "renamed" | "transferred" as action:
            return RepositoryRenamed(was=_former_name(action, payload), now=_repository(payload))
        case _:
            return None


def _issue_seen(event: str, payload: Mapping[str, Any]) -> IssueSeen:
    snapshot = snapshot_of(_repository(payload), payload["issue"])
    match event, payload.get("action"):
        case "issues", "deleted":
            return IssueSeen(snapshot=replace(snapshot, is_gone=True))
        case "issues", "transferred":
            changes = payload["changes"]
            to = text_of(changes["new_repository"], "full_name"), number_of(changes["new_issue"], "number")
            return IssueSeen(snapshot=replace(snapshot, is_gone=True, moved_to=to))
        case "issue_comment", "created" | "edited" | "deleted" as action:
            comment = comment_of(snapshot.repository, snapshot.number, payload["comment"])
            return IssueSeen(snapshot=snapshot, comment=comment and _as_after(comment, action))
        case _:
            return IssueSeen(snapshot=snapshot)


def _as_after(comment: IssueComment, action: str) -> IssueComment:
    """A comment after it was created, edited or deleted.

    GitHub's times are whole seconds: an edit in the second in which it was written is newer nevertheless, and so is a
    deletion, whose time GitHub does not tell.
    """
    match action:
        case "edited":
            return replace(comment, is_edit=True, updated_at=comment.updated_at + 0.5)
        case "deleted":
            return replace(comment, is_edit=True, is_deleted=True, updated_at=comment.updated_at + 0.75)
    return comment


def _former_name(action: str, payload: Mapping[str, Any]) -> str:
    """A repository's full name before it was renamed or transferred."""
    owner, _, name = _repository(payload).partition("/")
    changes = payload["changes"]
    if action == "renamed":
        return f"{owner}/{text_of(changes['repository']['name'], 'from')}"
    former_owner = changes["owner"]["from"]
    return f"{text_of(former_owner.get('organization') or former_owner['user'], 'login')}/{name}"


def _repository(payload: Mapping[str, Any]) -> str:
    return text_of(payload["repository"], "full_name")
