"""Issues and comments as GitHub shows them: what each field becomes, and what is malformed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from identity_bot.github import issue_body
from identity_bot.github.snapshot import (
    UNREADABLE,
    comment_of,
    due_day,
    is_pull_request,
    iso,
    repository_in,
    snapshot_of,
    timestamp,
)
from identity_bot.tickets.model import CloseReason
from identity_bot_sandbox import cast

from .conftest import TICKET

REPOSITORY = cast.REPOSITORY
ISSUE: dict[str, Any] = {
    "number": 3, "html_url": "https://github.example/3", "state": "open", "title": "A title",
    "body": issue_body.body(TICKET, "What is requested"), "updated_at": "2026-11-21T10:00:00Z",
    "user": {"login": "juniper-vale", "type": "User"}, "labels": [], "assignees": [], "milestone": None,
    "state_reason": None, "repository_url": f"https://api.github.example/repos/{REPOSITORY}",
}  # fmt: skip
COMMENT: dict[str, Any] = {
    "id": 5_000_000_000, "user": {"login": "juniper-vale", "type": "User"}, "body": "/uat",
    "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-21T10:00:05Z",
}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        ("closed", "completed", CloseReason.COMPLETED),
        ("closed", "not_planned", CloseReason.NOT_PLANNED),
        ("closed", "duplicate", CloseReason.DUPLICATE),
        ("closed", None, None),
        ("closed", "something new", None),
        ("open", "reopened", None),
    ],
)
def test_the_reason_for_closing_is_known_where_github_gives_one_of_ours(
    state: str, reason: str | None, expected: CloseReason | None
) -> None:
    snapshot = snapshot_of(REPOSITORY, ISSUE | {"state": state, "state_reason": reason})

    assert (snapshot.is_open, snapshot.close_reason) == (state == "open", expected)


@pytest.mark.parametrize(
    "due_on",
    ["2026-12-01T08:00:00Z", "2026-12-01T00:00:00Z", "2026-12-01T07:00:00Z", "2026-11-30T23:00:00-08:00"],
)
def test_a_milestone_is_due_on_the_day_that_github_shows(due_on: str) -> None:
    assert due_day(due_on) == date(2026, 12, 1)


def test_an_issue_of_somebody_who_left_github_has_no_author() -> None:
    assert snapshot_of(REPOSITORY, ISSUE | {"user": None}).author == ""


def test_an_issue_without_a_description_is_no_tickets() -> None:
    snapshot = snapshot_of(REPOSITORY, ISSUE | {"body": None})

    assert (snapshot.ticket_id, snapshot.spoc) == (None, "")


def test_an_issue_names_its_repository_and_whether_it_is_a_pull_request() -> None:
    assert repository_in(ISSUE) == REPOSITORY
    assert not is_pull_request(ISSUE)
    assert is_pull_request(ISSUE | {"pull_request": {}})


@pytest.mark.parametrize(
    "changed",
    [
        {"user": None},
        {"user": {"login": "identity-helper[bot]", "type": "Bot"}},
        {"body": issue_body.with_idempotency_key("/uat", "effect:7")},
    ],
)
def test_a_comment_that_nobody_or_a_bot_wrote_is_left_out(changed: dict[str, Any]) -> None:
    assert comment_of(REPOSITORY, 3, COMMENT)
    assert comment_of(REPOSITORY, 3, COMMENT | changed) is None


@pytest.mark.parametrize(
    "changed",
    [{"id": 2**63}, {"id": True}, {"body": "a \0 b"}, {"body": "\ud800"}, {"body": 5}, {"created_at": "now"},
     {"created_at": "2026-11-21T10:00:00"}, {"user": {"type": "User"}}],
)  # fmt: skip
def test_a_comment_that_a_database_could_not_store_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(UNREADABLE):
        comment_of(REPOSITORY, 3, COMMENT | changed)


def test_a_time_has_whole_seconds_in_any_zone() -> None:
    assert timestamp("2026-11-21T10:00:00.9Z") == timestamp("2026-11-21T02:00:00-08:00")
    assert iso(timestamp("2026-11-21T10:00:00Z") + 0.9) == "2026-11-21T10:00:00Z"
