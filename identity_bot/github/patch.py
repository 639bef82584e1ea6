"""How an issue must be changed in GitHub, as the fields of one request, and what GitHub took of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from identity_bot.errors import Rejected
from identity_bot.github import issue_body as issue_text
from identity_bot.github.snapshot import CLOSE_REASONS, snapshot_of
from identity_bot.tickets.lifecycle import labels_after
from identity_bot.tickets.model import CloseReason, IssuePatch, Ticket

REASONS = {reason: word for word, reason in CLOSE_REASONS.items()}


def fields_of(
    found: Mapping[str, Any], ticket: Ticket, patch: IssuePatch, *, spoc_name: str = ""
) -> dict[str, Any]:
    """What a PATCH must carry to make an issue what the patch says; empty where it is so already.

    `spoc_name` is what a SPOC is called whose login is not known. Raises Rejected for what cannot be kept.
    """
    now = snapshot_of(ticket.repository, found)
    fields: dict[str, Any] = {}
    labels = labels_after([label["name"] for label in found.get("labels") or ()], patch)
    if _folded(labels) != _folded(now.labels):
        fields["labels"] = labels
    if patch.assignees is not None and _folded(patch.assignees) != _folded(now.assignees):
        fields["assignees"] = list(patch.assignees)
    if patch.is_open is not None and patch.is_open != now.is_open:
        # The reason of an issue that is closed already cannot be changed (rest/issues: "ignored unless").
        closed_as = REASONS.get(patch.close_reason or CloseReason.COMPLETED, "completed")
        reason = "reopened" if patch.is_open else closed_as
        fields |= {"state": "open" if patch.is_open else "closed", "state_reason": reason}
    body = found.get("body") or ""
    written = issue_text.with_status(body, ticket, _status_after(found, ticket, patch, spoc_name))
    if written != body:
        fields["body"] = written
    return fields


def _status_after(
    found: Mapping[str, Any], ticket: Ticket, patch: IssuePatch, spoc_name: str
) -> issue_text.Status:
    status = issue_text.status_in(found.get("body"))
    if patch.spoc is not None:
        if patch.spoc and not issue_text.is_spoc(patch.spoc):
            raise Rejected("a SPOC is named by a GitHub login, or by slack: and a Slack id")
        known = status.spoc_name if patch.spoc == status.spoc else ""
        status = replace(status, spoc=patch.spoc, spoc_name=spoc_name or known)
    if patch.target is not None:
        due = snapshot_of(ticket.repository, found).milestone_due
        status = replace(status, target=patch.target, target_over=due)
    return status


def left_out(fields: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels and assignees that were asked for and are not in the issue, in words.

    GitHub drops what the token may not set without a word (rest/issues).
    """
    labels, assignees = _labels(answer), _assignees(answer)
    return (
        *(f"the label {name}" for name in fields.get("labels", ()) if name.casefold() not in labels),
        *(f"the assignee {name}" for name in fields.get("assignees", ()) if name.casefold() not in assignees),
    )


def not_taken(fields: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[str, ...]:
    """What of a PATCH is not so in the issue that GitHub answered with, in words."""
    missing = list(left_out(fields, answer))
    if "labels" in fields:
        missing += _still("label", _labels(answer), fields["labels"])
    if "assignees" in fields:
        missing += _still("assignee", _assignees(answer), fields["assignees"])
    if fields.get("state") not in (None, answer.get("state")):
        missing.append("its closing" if fields["state"] == "closed" else "its reopening")
    if "body" in fields and issue_text.status_in(fields["body"]) != issue_text.status_in(answer.get("body")):
        missing.append("its text")
    return tuple(missing)


def _still(kind: str, have: frozenset[str], wanted: list[str]) -> list[str]:
    return [f"the removal of the {kind} {name}" for name in sorted(have - _folded(wanted))]


def _labels(answer: Mapping[str, Any]) -> frozenset[str]:
    return _folded(label["name"] for label in answer.get("labels") or ())


def _assignees(answer: Mapping[str, Any]) -> frozenset[str]:
    return _folded(person["login"] for person in answer.get("assignees") or ())


def _folded(names: Any) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)
