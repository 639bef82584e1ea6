"""What GitHub refuses in what people write: blank, too long, or not one of the words it knows."""

from __future__ import annotations

import re
from typing import Any

from identity_bot_sandbox.github.values import REACTIONS, GitHubError, Label

BODY_LIMIT = 65_536
TITLE_LIMIT = 256
LOCK_REASONS = ("off-topic", "too heated", "resolved", "spam")
CLOSE_REASONS = ("completed", "not_planned", "duplicate")


def invalid(field_name: str, code: str, *, resource: str = "Issue", **more: Any) -> GitHubError:
    """The refusal that GitHub calls "Validation Failed", naming one field."""
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
    """Refuse a label without a name, with one of over 50 characters, or with a colour that is none."""
    if not label.name.strip():
        raise invalid("name", "missing_field", resource="Label")
    _check_length("Label", "name", label.name, 50)
    _check_length("Label", "description", label.description or "", 100)
    if not re.fullmatch("[0-9a-fA-F]{6}", label.color):
        raise invalid("color", "invalid", resource="Label")


def check_reaction(content: str) -> None:
    """Refuse a reaction that GitHub does not have."""
    if content not in REACTIONS:
        raise invalid("content", "invalid", resource="Reaction", value=content)


def _check_length(resource: str, name: str, text: str, limit: int) -> None:
    if len(text) > limit:
        message = f"{name} is too long (maximum is {limit} characters)"
        raise invalid(name, "custom", resource=resource, message=message)
