"""What a patch asks of an issue, and what of it GitHub left out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from identity_bot.errors import Rejected
from identity_bot.github import issue_body
from identity_bot.github.patch import fields_of, left_out, not_applied
from identity_bot.tickets.model import CloseReason, IssuePatch, Priority, Stage

from .conftest import TICKET

BODY = issue_body.body(TICKET, "What is requested")


def issue(**changed: Any) -> dict[str, Any]:
    """An issue as GitHub shows it; labels and assignees by their names."""
    labels = [{"name": name} for name in changed.pop("labels", ["pr_review"])]
    assignees = [{"login": login} for login in changed.pop("assignees", [])]
    return {
        "number": 3, "html_url": "https://github.example/3", "state": "open", "body": BODY, "title": "A title",
        "updated_at": "2026-11-21T10:00:00Z", "user": {"login": "juniper-vale"}, "labels": labels,
        "assignees": assignees, "milestone": {"due_on": "2026-11-30T08:00:00Z"}, "state_reason": None, **changed,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("patch", "fields"),
    [
        (IssuePatch(), {}),
        (IssuePatch(stage=Stage.TRIAGED), {"labels": ["pr_review", "stage: triaged"]}),
        (IssuePatch(priority=Priority.HIGH), {"labels": ["pr_review", "priority: high"]}),
        (IssuePatch(assignees=("sage-hollowell",)), {"assignees": ["sage-hollowell"]}),
        (IssuePatch(assignees=()), {}),
        (IssuePatch(is_open=True), {}),
        (IssuePatch(is_open=False), {"state": "closed", "state_reason": "completed"}),
        (
            IssuePatch(is_open=False, close_reason=CloseReason.NOT_PLANNED),
            {"state": "closed", "state_reason": "not_planned"},
        ),
    ],
)
def test_only_what_differs_is_asked_for(patch: IssuePatch, fields: dict[str, Any]) -> None:
    assert fields_of(issue(), TICKET, patch) == fields


def test_names_that_differ_only_in_case_are_no_difference() -> None:
    patch = IssuePatch(stage=Stage.TRIAGED, assignees=("Sage-Hollowell",))

    assert fields_of(issue(labels=["Stage: Triaged"], assignees=["sage-hollowell"]), TICKET, patch) == {}


def test_a_closed_issue_keeps_its_reason_and_can_be_reopened() -> None:
    closed = issue(state="closed", state_reason="completed")

    again = fields_of(closed, TICKET, IssuePatch(is_open=False, close_reason=CloseReason.DUPLICATE))
    reopened = fields_of(closed, TICKET, IssuePatch(is_open=True))

    assert again == {}
    assert reopened == {"state": "open", "state_reason": "reopened"}


def test_the_body_keeps_the_spoc_the_target_date_and_the_milestones_of_that_moment() -> None:
    patch = IssuePatch(spoc="slack:U0SAGE", target=date(2026, 12, 1))

    fields = fields_of(issue(), TICKET, patch, spoc_name="Sage Hollowell")

    assert list(fields) == ["body"]
    assert issue_body.status_in(fields["body"]) == issue_body.Status(
        spoc="slack:U0SAGE",
        spoc_name="Sage Hollowell",
        target=date(2026, 12, 1),
        target_over=date(2026, 11, 30),
    )


def test_a_spoc_that_could_not_be_read_again_is_rejected() -> None:
    with pytest.raises(Rejected, match="GitHub login"):
        fields_of(issue(), TICKET, IssuePatch(spoc="Sage Hollowell"))


def test_what_is_missing_from_a_new_issue_is_said_in_words() -> None:
    fields = {"title": "A title", "labels": ["PR_review", "hot"], "assignees": ["sage-hollowell"]}

    assert left_out(fields, issue()) == ("the label hot", "the assignee sage-hollowell")
    assert left_out(fields, issue(labels=["pr_review", "Hot"], assignees=["Sage-Hollowell"])) == ()


def test_all_that_github_did_not_apply_is_said_in_words() -> None:
    status = issue_body.Status(spoc="sage-hollowell")
    fields = {
        "labels": ["hot"],
        "assignees": ["sage-hollowell"],
        "state": "closed",
        "state_reason": "completed",
        "body": issue_body.with_status(BODY, TICKET, status),
    }

    assert not_applied(fields, issue(assignees=["linden-brookmere"])) == (
        "the label hot",
        "the assignee sage-hollowell",
        "the removal of the label pr_review",
        "the removal of the assignee linden-brookmere",
        "closing it",
        "the new description",
    )
    assert not_applied({"state": "open"}, issue(state="closed")) == ("reopening it",)
    assert not_applied({"state": "open", "labels": ["PR_review"]}, issue()) == ()
