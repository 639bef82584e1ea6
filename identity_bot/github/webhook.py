"""What a webhook delivery of GitHub's tells: checked, then read into one of a few values, without any I/O. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from identity_bot.errors import Rejected
from identity_bot.github.snapshot import comment_of, is_pull, number_of, snapshot_of, text_of
from identity_bot.tickets.model import IssueComment, IssueSnapshot


class InvalidSignature(Rejected):
    """A delivery that is not GitHub's, or was signed with another secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueSeen:
    """An issue as it was when something happened to it."""

    snapshot: IssueSnapshot
    comment: IssueComment | None = None
    """What a person has just written below it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelRenamed:
    """A label of a repository has another name, on all issues that bear it."""

    repository: str
    was: str
    now: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelDeleted:
    """A label was taken out of a repository and off all its issues."""

    repository: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryRenamed:
    """A repository has another full name, by a new name or a new owner."""

    was: str
    now: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MilestoneChanged:
    """A milestone of a repository has another due date, of which GitHub tells nothing at its issues."""

    repository: str


Delivery = IssueSeen | LabelRenamed | LabelDeleted | MilestoneChanged | RepositoryRenamed
"""What a delivery can tell."""


def read_webhook(headers: Mapping[str, str], body: bytes, secret: str) -> Delivery | None:
    """What a delivery tells; None for what is no matter of ours.

    Raises InvalidSignature where the signature does not fit the raw body, and Rejected where the body is no delivery.
    `headers` has lower-case names. See docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.
    """
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = headers.get("x-hub-signature-256", "").encode(errors="replace")
    if not hmac.compare_digest(expected.encode(), given):
        raise InvalidSignature("the signature does not fit")
    try:
        payload = json.loads(body)
        if not isinstance(payload, dict):
            raise TypeError("no object")
        return _read(headers.get("x-github-event", ""), payload)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Rejected(f"not a delivery that can be read ({type(error).__name__})") from error


def _read(event: str, payload: Mapping[str, Any]) -> Delivery | None:
    match event, payload.get("action"):
        case "issues" | "issue_comment", _:
            return None if is_pull(payload["issue"]) else _issue_seen(event, payload)
        case "label", "edited" if "name" in (payload.get("changes") or {}):
            was, now = text_of(payload["changes"]["name"], "from"), text_of(payload["label"], "name")
            return LabelRenamed(repository=_repository(payload), was=was, now=now)
        case "label", "deleted":
            return LabelDeleted(repository=_repository(payload), name=text_of(payload["label"], "name"))
        case "milestone", "edited" if "due_on" in payload["changes"]:
            return MilestoneChanged(repository=_repository(payload))
        case "repository", "renamed":
            owner = _repository(payload).partition("/")[0]
            was = f"{owner}/{text_of(payload['changes']['repository']['name'], 'from')}"
            return RepositoryRenamed(was=was, now=_repository(payload))
        case "repository", "transferred":
            giver = payload["changes"]["owner"]["from"]
            owner = text_of(giver.get("organization") or giver["user"], "login")
            was = f"{owner}/{_repository(payload).partition('/')[2]}"
            return RepositoryRenamed(was=was, now=_repository(payload))
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
        case "issue_comment", "created":
            comment = comment_of(snapshot.repository, snapshot.number, payload["comment"])
            return IssueSeen(snapshot=snapshot, comment=comment)
        case _:
            return IssueSeen(snapshot=snapshot)


def _repository(payload: Mapping[str, Any]) -> str:
    return text_of(payload["repository"], "full_name")
