"""What to change about an issue, as the fields of one PATCH request, and what GitHub left out of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from identity_bot.errors import Rejected
from identity_bot.github import issue_body
from identity_bot.github.snapshot import CLOSE_REASONS, snapshot_of
from identity_bot.text.names import fold
from identity_bot.text.redaction import Redact
from identity_bot.tickets.lifecycle import labels_after
from identity_bot.tickets.model import CloseReason, IssuePatch, IssueSnapshot, Ticket

STATE_REASONS = {reason: word for word, reason in CLOSE_REASONS.items()}
LONGEST_TITLE = 256
"""GitHub's limit in characters."""


def fields_of(
    issue: Mapping[str, Any], ticket: Ticket, patch: IssuePatch, *, spoc_name: str = ""
) -> dict[str, Any]:
    """The fields that differ from what the patch asks for, and the body if its status block is out of date.

    `spoc_name` is the name of a SPOC whose login is not known. Raises Rejected for a SPOC that cannot be stored.
    """
    before = snapshot_of(ticket.repository, issue)
    fields: dict[str, Any] = {}
    labels = labels_after([label["name"] for label in issue.get("labels") or ()], patch)
    if _folded(labels) != _folded(before.labels):
        fields["labels"] = labels
    if patch.assignees is not None and _folded(patch.assignees) != _folded(before.assignees):
        fields["assignees"] = list(patch.assignees)
    # GitHub ignores a reason unless the state changes (rest/issues).
    if patch.is_open and not before.is_open:
        fields |= {"state": "open", "state_reason": "reopened"}
    elif patch.is_open is False and before.is_open:
        reason = STATE_REASONS[patch.close_reason or CloseReason.COMPLETED]
        fields |= {"state": "closed", "state_reason": reason}
    old_body = issue.get("body") or ""
    body = issue_body.with_status(old_body, ticket, _patched(old_body, patch, before, spoc_name))
    if body != old_body:
        fields["body"] = body
    return fields


def redacted_fields(issue: Mapping[str, Any], ticket: Ticket, redact: Redact) -> dict[str, Any]:
    """The fields of an issue that must change to be redacted; the status block becomes that of the ticket."""
    title, body = issue["title"], issue.get("body") or ""
    fields = {"title": redact(title)[:LONGEST_TITLE]} if redact(title) != title else {}
    if redact(body) != body:
        new = issue_body.with_status(issue_body.redacted(body, redact), ticket)
        fields |= {"body": new} if new != body else {}
    return fields


def redacted_comment(comment: Mapping[str, Any], redact: Redact) -> dict[str, Any]:
    """The same for a comment."""
    body = comment.get("body") or ""
    new = issue_body.redacted(body, redact)
    return {"body": new} if new != body else {}


def _patched(body: str, patch: IssuePatch, before: IssueSnapshot, spoc_name: str) -> issue_body.Status:
    """The status block's content after the patch."""
    status = issue_body.status_in(body)
    if patch.spoc is not None:
        if patch.spoc and not issue_body.is_spoc(patch.spoc):
            raise Rejected("the SPOC must be a GitHub login or slack: and a Slack user ID")
        known_name = status.spoc_name if patch.spoc == status.spoc else ""
        status = replace(status, spoc=patch.spoc, spoc_name=spoc_name or known_name)
    if patch.target is not None:
        status = replace(status, target=patch.target, target_over=before.milestone_due)
    return status


def left_out(fields: Mapping[str, Any], issue: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels and assignees in a request that are missing from the issue that GitHub returned, in words.

    GitHub silently ignores what the token may not set (rest/issues).
    """
    labels, assignees = _labels(issue), _assignees(issue)
    return (
        *(f"the label {name}" for name in fields.get("labels", ()) if fold(name) not in labels),
        *(f"the assignee {name}" for name in fields.get("assignees", ()) if fold(name) not in assignees),
    )


def not_applied(fields: Mapping[str, Any], issue: Mapping[str, Any]) -> tuple[str, ...]:
    """What a PATCH asked for that is not so in the issue that GitHub returned, in words."""
    return (*left_out(fields, issue), *_other_differences(fields, issue))


def _other_differences(fields: Mapping[str, Any], issue: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(_labels(issue) - _folded(fields["labels"])) if "labels" in fields else ():
        yield f"the removal of the label {name}"
    for name in sorted(_assignees(issue) - _folded(fields["assignees"])) if "assignees" in fields else ():
        yield f"the removal of the assignee {name}"
    if fields.get("state") not in (None, issue.get("state")):
        yield "closing it" if fields["state"] == "closed" else "reopening it"
    if "body" in fields and issue_body.status_in(fields["body"]) != issue_body.status_in(issue.get("body")):
        yield "the new description"


def _labels(issue: Mapping[str, Any]) -> frozenset[str]:
    return _folded(label["name"] for label in issue.get("labels") or ())


def _assignees(issue: Mapping[str, Any]) -> frozenset[str]:
    return _folded(person["login"] for person in issue.get("assignees") or ())


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(fold, names))
