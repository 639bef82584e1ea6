"""The tracker, with PyGithub against the sandbox: issues, comments, permissions and polls."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from github.Requester import Requester
from pytest_mock import MockerFixture

from identity_bot.errors import IdentityBotError, OutcomeUnknown, Rejected, Retryable
from identity_bot.github import issue_body
from identity_bot.github.tracker import GitHubTracker
from identity_bot.outbox.ports import IssuePage, PollResult, Tracker
from identity_bot.settings import GitHubApp
from identity_bot.text.redaction import redactor
from identity_bot.tickets.model import (
    CloseReason,
    Filed,
    IssueComment,
    IssueDraft,
    IssuePatch,
    IssueSnapshot,
    MessageRef,
    Priority,
    Stage,
    Ticket,
    ticket_id,
)
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.faults import FaultKind
from identity_bot_sandbox.github.model import Role
from identity_bot_sandbox.github.world import GitHubWorld

from .conftest import TICKET, Clock, Served, expire, key

REPOSITORY, LEAD = cast.REPOSITORY, "indigo-marshwick"
NEW = "sandbox-org/requests-of-old"
ISSUES = f"/repos/{REPOSITORY}/issues"
DRAFT = IssueDraft(
    title="A title",
    body="What is requested",
    labels=("identity-slackbot", "pr_review"),
    assignees=("indigo-marshwick",),
)


@pytest.fixture
def tracker(api_url: str) -> GitHubTracker:
    return GitHubTracker(cast.GITHUB_TOKEN, api_url)


def fails(tracker: GitHubTracker, kind: type[IdentityBotError]) -> IdentityBotError:
    with pytest.raises(kind) as raised:
        tracker.open_issue(REPOSITORY, TICKET, DRAFT)
    assert type(raised.value) is kind
    return raised.value


def test_a_new_issue_has_all_that_was_asked_for(tracker: GitHubTracker, github: GitHubWorld) -> None:
    opened = tracker.open_issue(REPOSITORY, TICKET, DRAFT)

    made = github.issue(REPOSITORY, 1)
    assert (made.title, made.assignees) == (DRAFT.title, DRAFT.assignees)
    assert made.body == issue_body.body(TICKET, "What is requested")
    assert set(github.labels(REPOSITORY, 1)) == set(DRAFT.labels)
    assert (opened.left_out, opened.snapshot.number, opened.snapshot.ticket_id) == ((), 1, TICKET.id)
    assert opened.snapshot.url.endswith(f"{REPOSITORY}/issues/1")
    assert github.traffic.count("POST", ISSUES) == 1


@pytest.mark.parametrize("spoc", ["linden-brookmere", "slack:U0LINDEN"])
def test_a_new_issue_names_its_spoc_in_the_same_request(
    tracker: GitHubTracker, github: GitHubWorld, spoc: str
) -> None:
    opened = tracker.open_issue(REPOSITORY, TICKET, DRAFT, spoc=spoc, spoc_name="Linden Brookmere")

    assert opened.snapshot.spoc == spoc
    assert github.traffic.count("PATCH", f"{ISSUES}/1") == 0
    assert ("Linden Brookmere" in (github.issue(REPOSITORY, 1).body or "")) is spoc.startswith("slack:")


def test_missing_labels_are_made_once_and_standing_ones_are_left_alone(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    github.new_label(REPOSITORY, "PR_review", "ff0000", "mine", actor="indigo-marshwick")

    tracker.open_issue(REPOSITORY, TICKET, DRAFT)
    tracker.open_issue(REPOSITORY, TICKET, DRAFT)

    assert github.traffic.count("POST", f"/repos/{REPOSITORY}/labels") == 1
    assert {"identity-slackbot", "PR_review"} <= set(github.labels(REPOSITORY))
    assert github.traffic.count("GET", f"/repos/{REPOSITORY}/labels") == 2


def test_what_a_token_without_push_access_may_not_set_is_left_out(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    github.set_role(REPOSITORY, cast.BOT_LOGIN, Role.READ)

    opened = tracker.open_issue(REPOSITORY, TICKET, DRAFT)

    assert opened.snapshot.number == 1
    assert opened.left_out == (
        "the label identity-slackbot",
        "the label pr_review",
        "the assignee indigo-marshwick",
    )


def test_somebody_who_cannot_be_assigned_costs_neither_the_issue_nor_the_others(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    draft = replace(DRAFT, assignees=("indigo-marshwick", "somebody-else"))

    opened = tracker.open_issue(REPOSITORY, TICKET, draft)

    assert opened.left_out == ("the assignee somebody-else",)
    assert github.issue(REPOSITORY, 1).assignees == ("indigo-marshwick",)
    assert len(github.issues(REPOSITORY)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502}, {"kind": FaultKind.CUT}, {"kind": FaultKind.HTML}, {"kind": FaultKind.BROKEN_JSON},
        {"status": 401}, {"kind": FaultKind.PRIMARY_LIMIT}, {"kind": FaultKind.SECONDARY_LIMIT, "retry_after": 45},
    ],
)  # fmt: skip
def test_what_fails_before_the_post_was_certainly_not_done(
    tracker: GitHubTracker, github: GitHubWorld, fault: dict[str, Any]
) -> None:
    github.faults.add("GET", "/repos/**", **fault)

    fails(tracker, Retryable)

    assert github.traffic.count("POST", ISSUES) == 0


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_label_that_cannot_be_made_does_not_cost_the_issue(
    tracker: GitHubTracker, github: GitHubWorld, status: int
) -> None:
    github.faults.add("POST", "/repos/*/*/labels", status=status, times=None)

    opened = tracker.open_issue(REPOSITORY, TICKET, DRAFT)

    assert opened.snapshot.number == 1


def test_a_repository_without_issues_rejects(tracker: GitHubTracker, github: GitHubWorld) -> None:
    github.set_has_issues(REPOSITORY, False)

    assert "410 gone, or issues are turned off" in str(fails(tracker, Rejected))


def test_a_renamed_repository_is_followed(tracker: GitHubTracker, github: GitHubWorld) -> None:
    github.rename_repository(REPOSITORY, "requests-of-old", actor="indigo-marshwick")

    opened = tracker.open_issue(REPOSITORY, TICKET, DRAFT)

    assert opened.snapshot.number == 1
    assert opened.left_out == ()
    assert len(github.issues("sandbox-org/requests-of-old")) == 1
    found = tracker.find_issue(REPOSITORY, TICKET.id, time.time())
    assert found
    assert found.number == 1


def test_an_issue_is_found_again_by_its_marker(tracker: GitHubTracker, github: GitHubWorld) -> None:
    tracker.open_issue(REPOSITORY, replace(TICKET, id=ticket_id("V0")), DRAFT)
    tracker.open_issue(REPOSITORY, TICKET, DRAFT)
    for number in range(60):
        github.open_issue(REPOSITORY, f"other {number}", "body", actor="juniper-vale")

    found = tracker.find_issue(REPOSITORY, TICKET.id, time.time())

    assert found
    assert found.number == 2
    assert tracker.find_issue(REPOSITORY, ticket_id("V2"), time.time()) is None


def test_a_marker_that_somebody_quotes_is_not_taken_for_the_issue(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    github.open_issue(
        REPOSITORY, "quoted", issue_body.body(TICKET, "x") + "\nsee above", actor="juniper-vale"
    )

    assert tracker.find_issue(REPOSITORY, TICKET.id, time.time()) is None


def test_a_marker_that_somebody_else_wrote_is_not_taken_for_the_issue(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    github.open_issue(REPOSITORY, "forged", issue_body.body(TICKET, "x"), actor="juniper-vale")

    assert tracker.find_issue(REPOSITORY, TICKET.id, time.time()) is None
    tracker.open_issue(REPOSITORY, TICKET, DRAFT)
    github.open_issue(REPOSITORY, "forged again", issue_body.body(TICKET, "x"), actor="juniper-vale")
    found = tracker.find_issue(REPOSITORY, TICKET.id, time.time())
    assert found
    assert found.number == 2


def test_the_key_of_a_comment_counts_only_if_the_bot_wrote_it(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    tracker.open_issue(REPOSITORY, TICKET, DRAFT)
    github.comment(REPOSITORY, 1, "x\n\n<!-- identity-bot:7/1.5 -->", actor="juniper-vale")

    assert not tracker.find_comment(REPOSITORY, 1, "7/1.5", time.time())
    tracker.comment(REPOSITORY, 1, "Hello.", idempotency_key="7/1.5")
    assert tracker.find_comment(REPOSITORY, 1, "7/1.5", time.time())


def test_the_bots_own_account_is_known_from_what_it_writes_or_asked_for_once(
    tracker: GitHubTracker, github: GitHubWorld, api_url: str
) -> None:
    other = GitHubTracker(cast.GITHUB_TOKEN, api_url)

    assert (tracker.account, other.account) == ("", "")
    tracker.open_issue(REPOSITORY, TICKET, DRAFT)
    assert [other.identify(), other.identify(), tracker.identify()] == [cast.BOT_LOGIN] * 3
    assert tracker.account == other.account == cast.BOT_LOGIN
    assert github.traffic.count("GET", "/user") == 1


def test_the_bot_knows_whether_it_has_reacted_to_a_comment(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    tracker.open_issue(REPOSITORY, TICKET, DRAFT)
    comment = github.comment(REPOSITORY, 1, "/uat", actor=LEAD).id
    github.react(REPOSITORY, 1, "+1", comment_id=comment, actor=LEAD)

    before = tracker.has_reacted(REPOSITORY, comment)
    tracker.react(REPOSITORY, comment, "+1")

    assert not before
    assert tracker.has_reacted(REPOSITORY, comment)
    assert not tracker.has_reacted(REPOSITORY, 999)


def test_a_token_that_is_nobodys_is_rejected(tracker: GitHubTracker, github: GitHubWorld) -> None:
    github.faults.add("GET", "/user", status=403)

    with pytest.raises(Rejected, match="403 permission denied"):
        tracker.identify()


def test_a_closed_issue_is_found_too(tracker: GitHubTracker, github: GitHubWorld) -> None:
    tracker.open_issue(REPOSITORY, TICKET, DRAFT)
    github.close(REPOSITORY, 1, actor="indigo-marshwick")

    found = tracker.find_issue(REPOSITORY, TICKET.id, time.time())

    assert found
    assert not found.is_open


def test_a_closed_issue_in_a_renamed_repository_is_found_too(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    tracker.open_issue(REPOSITORY, TICKET, DRAFT)
    github.close(REPOSITORY, 1, actor=LEAD)
    github.rename_repository(REPOSITORY, "requests-of-old", actor=LEAD)

    found = tracker.find_issue(REPOSITORY, TICKET.id, time.time())

    assert found
    assert (found.repository, found.number, found.is_open) == (REPOSITORY, 1, False)


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.CUT, FaultKind.HTML, FaultKind.BROKEN_JSON])
def test_a_search_that_fails_says_nothing_about_the_issue(
    tracker: GitHubTracker, github: GitHubWorld, kind: FaultKind
) -> None:
    github.faults.add("GET", "/repos/**", kind=kind, times=None)

    with pytest.raises(OutcomeUnknown):
        tracker.find_issue(REPOSITORY, TICKET.id, time.time())


# Reading one issue


@pytest.fixture
def ticket(tracker: GitHubTracker, github: GitHubWorld) -> Ticket:
    """A ticket whose issue is open, with nothing asked of GitHub since."""
    opened = tracker.open_issue(REPOSITORY, TICKET, replace(DRAFT, assignees=()))
    github.traffic.clear()
    return replace(TICKET, number=opened.snapshot.number, url=opened.snapshot.url)


def test_the_tracker_is_what_the_desk_needs(tracker: GitHubTracker) -> None:
    port: Tracker = tracker

    assert port is tracker


def test_an_issue_is_read_as_it_is(tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket) -> None:
    github.label(REPOSITORY, 1, "priority: high", actor=LEAD)
    github.assign(REPOSITORY, 1, LEAD, actor=LEAD)
    github.close(REPOSITORY, 1, "not_planned", actor=LEAD)

    found = tracker.get_issue(REPOSITORY, 1)

    assert found == IssueSnapshot(
        repository=REPOSITORY,
        number=1,
        url=ticket.url,
        ticket_id=TICKET.id,
        filed=Filed(type="pr_review", requestor=TICKET.requestor),
        created_at=float(int(github.issue(REPOSITORY, 1).created_at.timestamp())),
        updated_at=github.issue(REPOSITORY, 1).updated_at.timestamp(),
        title="A title",
        author=cast.BOT_LOGIN,
        labels=frozenset({"identity-slackbot", "pr_review", "priority: high"}),
        assignees=frozenset({LEAD}),
        is_open=False,
        closed_at=float(int(github.issue(REPOSITORY, 1).updated_at.timestamp())),
        close_reason=CloseReason.NOT_PLANNED,
    )
    assert github.traffic.count() == 1


@pytest.mark.parametrize("number", [1, 7])
def test_an_issue_that_is_deleted_or_never_was_is_gone(
    github: GitHubWorld, api_url: str, ticket: Ticket, number: int
) -> None:
    tracker = GitHubTracker(cast.GITHUB_TOKEN, api_url, clock=lambda: 1_800_000_000.9)
    github.delete(REPOSITORY, 1, actor=LEAD)

    found = tracker.get_issue(REPOSITORY, number)

    assert found == IssueSnapshot(
        repository=REPOSITORY,
        number=number,
        url=f"{github.base_url}/github/{REPOSITORY}/issues/{number}",
        ticket_id=None,
        updated_at=1_800_000_000.0,
        is_gone=True,
    )


def test_a_transferred_issue_is_gone_and_tells_where_to(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.transfer(REPOSITORY, 1, cast.RESTRICTED_REPOSITORY, actor=LEAD)

    found = tracker.get_issue(REPOSITORY, 1)

    assert (found.repository, found.number, found.is_gone) == (REPOSITORY, 1, True)
    assert found.moved_to == (cast.RESTRICTED_REPOSITORY, 1)
    assert found.ticket_id == TICKET.id


def test_an_issue_in_a_renamed_repository_is_where_it_was(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.rename_repository(REPOSITORY, "requests-of-old", actor=LEAD)

    found = tracker.get_issue(REPOSITORY, 1)

    assert (found.repository, found.number, found.is_gone, found.moved_to) == (REPOSITORY, 1, False, None)


def test_an_issue_that_was_transferred_out_of_a_renamed_repository_is_gone(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.rename_repository(REPOSITORY, "requests-of-old", actor=LEAD)
    github.transfer("sandbox-org/requests-of-old", 1, cast.RESTRICTED_REPOSITORY, actor=LEAD)

    assert tracker.get_issue(REPOSITORY, 1).moved_to == (cast.RESTRICTED_REPOSITORY, 1)


@pytest.mark.parametrize(
    "happens",
    [
        lambda github: github.set_role(REPOSITORY, cast.BOT_LOGIN, Role.NONE),
        lambda github: github.set_has_issues(REPOSITORY, False),
        lambda github: github.faults.add("GET", "/repos/**", status=404, times=None),
        lambda github: github.faults.add("GET", "/repos/**", status=403, times=None),
    ],
)
def test_issues_are_not_gone_because_their_repository_cannot_be_read(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket, happens: Callable[[GitHubWorld], None]
) -> None:
    happens(github)

    with pytest.raises(Rejected, match=REPOSITORY):
        tracker.get_issue(REPOSITORY, 1)


@pytest.mark.parametrize("path", ["/repos/*/*/issues/1", "/repos/*/*"])
@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"kind": FaultKind.CUT}, {"kind": FaultKind.HTML}, {"kind": FaultKind.BROKEN_JSON},
     {"status": 401}, {"kind": FaultKind.PRIMARY_LIMIT}],
)  # fmt: skip
def test_an_issue_that_github_does_not_show_is_read_again_later(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket, fault: dict[str, Any], path: str
) -> None:
    github.delete(REPOSITORY, 1, actor=LEAD)
    github.faults.add("GET", path, **fault)

    with pytest.raises(Retryable):
        tracker.get_issue(REPOSITORY, 1)


# Changing an issue


def patches(github: GitHubWorld) -> list[dict[str, Any]]:
    """What was asked to be changed, request by request."""
    return [json.loads(request.body) for request in github.traffic.requests("PATCH")]


def test_a_stage_takes_the_place_of_another_and_no_other_label_is_touched(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.label(REPOSITORY, 1, "Stage: ready for UAT", actor=LEAD)
    github.label(REPOSITORY, 1, "help wanted", actor=LEAD)

    snapshot = tracker.update_issue(ticket, IssuePatch(stage=Stage.RELEASED, priority=Priority.HIGH))

    after = {"identity-slackbot", "pr_review", "help wanted", "stage: released", "priority: high"}
    assert set(github.labels(REPOSITORY, 1)) == snapshot.labels == after
    assert [set(patch) for patch in patches(github)] == [{"labels"}]
    assert {"stage: released", "priority: high"} <= set(github.labels(REPOSITORY))


def test_a_whole_patch_is_one_request(tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket) -> None:
    patch = IssuePatch(
        priority=Priority.LOW,
        assignees=("linden-brookmere",),
        spoc="sage-hollowell",
        target=date(2026, 12, 1),
        is_open=False,
        close_reason=CloseReason.DUPLICATE,
    )

    snapshot = tracker.update_issue(ticket, patch)

    assert snapshot == tracker.get_issue(REPOSITORY, 1)
    assert [set(patch) for patch in patches(github)] == [
        {"labels", "assignees", "body", "state", "state_reason"}
    ]
    assert (snapshot.spoc, snapshot.target, snapshot.target_over) == (
        "sage-hollowell",
        date(2026, 12, 1),
        None,
    )
    assert (snapshot.assignees, snapshot.close_reason) == (
        frozenset({"linden-brookmere"}),
        CloseReason.DUPLICATE,
    )


def test_what_is_so_already_is_not_asked_for(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    patch = IssuePatch(
        stage=Stage.TRIAGED,
        assignees=("Linden-Brookmere",),
        spoc="sage-hollowell",
        target=date(2026, 12, 1),
        is_open=True,
    )
    first = tracker.update_issue(ticket, patch)

    again = tracker.update_issue(ticket, patch)

    assert again == first
    assert len(patches(github)) == 1


def test_an_empty_patch_brings_the_status_block_up_to_date(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    tracker.update_issue(ticket, IssuePatch(spoc="sage-hollowell"))
    linked = replace(ticket, thread=MessageRef(channel="C0INTAKE", ts="1.0", link="https://slack.example/p1"))

    snapshot = tracker.update_issue(linked, IssuePatch())
    tracker.update_issue(linked, IssuePatch())

    body = github.issue(REPOSITORY, 1).body or ""
    assert "https://slack.example/p1" in body
    assert "What is requested" in body
    assert snapshot.spoc == "sage-hollowell"
    assert [set(patch) for patch in patches(github)] == [{"body"}, {"body"}]


def test_what_people_wrote_into_the_issue_stays(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    body = github.issue(REPOSITORY, 1).body or ""
    github.edit(REPOSITORY, 1, actor=LEAD, body=f"Read me first.\r\n{body}\r\nP.S. by hand")

    snapshot = tracker.update_issue(ticket, IssuePatch(spoc="sage-hollowell"))

    written = github.issue(REPOSITORY, 1).body or ""
    assert written.startswith("Read me first.\r\n")
    assert "\nP.S. by hand\n" in written
    assert (snapshot.spoc, snapshot.ticket_id) == ("sage-hollowell", ticket.id)


def test_an_issue_that_the_bot_did_not_make_can_be_adopted(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    made = github.open_issue(REPOSITORY, "By hand", None, actor="juniper-vale")

    snapshot = tracker.update_issue(replace(TICKET, number=made.number), IssuePatch())

    assert snapshot.ticket_id == TICKET.id


def test_a_target_date_is_set_over_the_milestones_of_that_moment(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.new_milestone(REPOSITORY, "Sprint 12", date(2026, 11, 30), actor=LEAD)
    github.set_milestone(REPOSITORY, 1, 1, actor=LEAD)

    snapshot = tracker.update_issue(ticket, IssuePatch(target=date(2026, 12, 1)))
    github.edit_milestone(REPOSITORY, 1, actor=LEAD, due_on=date(2026, 12, 7))
    later = tracker.update_issue(ticket, IssuePatch(spoc="sage-hollowell"))

    assert (snapshot.target, snapshot.target_over) == (date(2026, 12, 1), date(2026, 11, 30))
    assert (later.target, later.target_over, later.milestone_due) == (
        date(2026, 12, 1),
        date(2026, 11, 30),
        date(2026, 12, 7),
    )


def test_a_spoc_without_a_login_keeps_the_name_that_was_given_once(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    tracker.update_issue(ticket, IssuePatch(spoc="slack:U0SAGE"), spoc_name="Sage Hollowell")

    snapshot = tracker.update_issue(ticket, IssuePatch(spoc="slack:U0SAGE", target=date(2026, 12, 1)))

    assert snapshot.spoc == "slack:U0SAGE"
    assert "SPOC: `Sage Hollowell` (slack:U0SAGE)\n" in (github.issue(REPOSITORY, 1).body or "")


def test_a_spoc_can_be_taken_back(tracker: GitHubTracker, ticket: Ticket) -> None:
    tracker.update_issue(ticket, IssuePatch(spoc="sage-hollowell"))

    assert tracker.update_issue(ticket, IssuePatch(spoc="")).spoc == ""


def test_a_spoc_that_could_not_be_read_again_is_rejected(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    with pytest.raises(Rejected, match="GitHub login"):
        tracker.update_issue(ticket, IssuePatch(spoc="Sage Hollowell"))

    assert not patches(github)


@pytest.mark.parametrize(
    "reason", [CloseReason.COMPLETED, CloseReason.NOT_PLANNED, CloseReason.DUPLICATE, None]
)
def test_an_issue_is_closed_for_a_reason_and_opened_again(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket, reason: CloseReason | None
) -> None:
    closed = tracker.update_issue(ticket, IssuePatch(is_open=False, close_reason=reason))
    opened = tracker.update_issue(ticket, IssuePatch(is_open=True, stage=Stage.OPEN))

    assert (closed.is_open, closed.close_reason) == (False, reason or CloseReason.COMPLETED)
    assert (opened.is_open, opened.close_reason) == (True, None)
    assert github.issue(REPOSITORY, 1).state_reason == "reopened"


def test_the_reason_of_a_closed_issue_is_left_as_it_is(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.close(REPOSITORY, 1, "completed", actor=LEAD)

    snapshot = tracker.update_issue(ticket, IssuePatch(is_open=False, close_reason=CloseReason.DUPLICATE))

    assert snapshot.close_reason is CloseReason.COMPLETED
    assert not patches(github)


def test_somebody_who_is_no_member_cannot_be_assigned_and_nothing_else_is_changed(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    before = github.issue(REPOSITORY, 1)

    with pytest.raises(Rejected, match=r"can't assign .*#1 to somebody-else; .* must be a member"):
        tracker.update_issue(ticket, IssuePatch(assignees=("somebody-else",), priority=Priority.HIGH))

    assert github.issue(REPOSITORY, 1) == before


def test_what_a_token_without_push_access_may_not_change_is_named(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.label(REPOSITORY, 1, "stage: triaged", actor=LEAD)
    github.set_role(REPOSITORY, cast.BOT_LOGIN, Role.READ)

    with pytest.raises(Rejected) as rejected:
        tracker.update_issue(ticket, IssuePatch(stage=Stage.RELEASED, assignees=(LEAD,)))

    assert str(rejected.value) == (
        f"GitHub did not apply the label stage: released, the assignee {LEAD}, the removal of the label "
        f"stage: triaged to {REPOSITORY}#1; the token needs write access"
    )


def test_a_status_that_has_no_room_is_rejected_and_a_label_is_not(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    body = github.issue(REPOSITORY, 1).body or ""
    longest = body.replace(
        "What is requested", "x" * (issue_body.LONGEST_BODY - len(body) + len("What is requested"))
    )
    github.edit(REPOSITORY, 1, actor=LEAD, body=longest)

    with pytest.raises(Rejected, match="no room"):
        tracker.update_issue(ticket, IssuePatch(spoc="sage-hollowell"))
    snapshot = tracker.update_issue(ticket, IssuePatch(stage=Stage.TRIAGED))

    assert "stage: triaged" in snapshot.labels


@pytest.mark.parametrize(("number", "says"), [(1, "410 gone"), (7, "404")])
def test_an_issue_that_is_gone_cannot_be_changed(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket, number: int, says: str
) -> None:
    github.delete(REPOSITORY, 1, actor=LEAD)

    with pytest.raises(Rejected, match=f"{says}.*#{number}"):
        tracker.update_issue(replace(ticket, number=number), IssuePatch(stage=Stage.TRIAGED))


def test_an_issue_that_was_transferred_is_not_changed_where_it_is_now(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.transfer(REPOSITORY, 1, cast.RESTRICTED_REPOSITORY, actor=LEAD)

    with pytest.raises(Rejected, match=f"#1 is now {cast.RESTRICTED_REPOSITORY}#1"):
        tracker.update_issue(ticket, IssuePatch(stage=Stage.TRIAGED))

    assert not patches(github)


def test_an_issue_in_a_renamed_repository_is_changed(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.rename_repository(REPOSITORY, "requests-of-old", actor=LEAD)

    snapshot = tracker.update_issue(ticket, IssuePatch(stage=Stage.TRIAGED))

    assert snapshot.repository == REPOSITORY
    assert "stage: triaged" in github.labels("sandbox-org/requests-of-old", 1)


@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"kind": FaultKind.CUT}, {"kind": FaultKind.HTML}, {"kind": FaultKind.BROKEN_JSON}],
)
def test_a_change_of_unknown_outcome_is_made_once_and_may_be_asked_for_again(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket, fault: dict[str, Any]
) -> None:
    github.faults.add("PATCH", "**", after=True, **fault)
    patch = IssuePatch(stage=Stage.TRIAGED, spoc="sage-hollowell")

    with pytest.raises(OutcomeUnknown):
        tracker.update_issue(ticket, patch)
    again = tracker.update_issue(ticket, patch)

    assert again.spoc == "sage-hollowell"
    assert github.traffic.count("PATCH") == 1


def test_a_server_that_knows_no_duplicates_closes_one_as_not_planned(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.faults.add("PATCH", "/repos/*/*/issues/1", status=422)
    patch = IssuePatch(is_open=False, close_reason=CloseReason.DUPLICATE)

    closed = tracker.update_issue(ticket, patch)

    assert (closed.is_open, closed.close_reason) == (False, CloseReason.NOT_PLANNED)


def test_another_close_reason_that_github_refuses_is_not_changed(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.faults.add("PATCH", "/repos/*/*/issues/1", status=422)

    with pytest.raises(Rejected):
        tracker.update_issue(ticket, IssuePatch(is_open=False, close_reason=CloseReason.COMPLETED))

    assert tracker.get_issue(ticket.repository, 1).is_open


@pytest.mark.parametrize(("method", "kind"), [("GET", Retryable), ("PATCH", OutcomeUnknown)])
def test_a_change_that_fails_before_the_request_was_certainly_not_made(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket, method: str, kind: type[IdentityBotError]
) -> None:
    github.faults.add(method, "/repos/*/*/issues/1", status=502)

    with pytest.raises(kind):
        tracker.update_issue(ticket, IssuePatch(spoc="sage-hollowell"))


# Comments, reactions and who may


def test_a_comment_is_found_again_by_its_hidden_key(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    for number in range(40):
        github.comment(REPOSITORY, 1, f"remark {number}", actor=LEAD)

    tracker.comment(REPOSITORY, 1, "Accepted by Juniper", idempotency_key="effect:7")

    assert github.comments(REPOSITORY, 1)[-1].body == "Accepted by Juniper\n\n<!-- identity-bot:effect:7 -->"
    assert tracker.find_comment(REPOSITORY, 1, "effect:7", time.time())
    assert not tracker.find_comment(REPOSITORY, 1, "effect:8", time.time())
    assert not tracker.find_comment(REPOSITORY, 1, "effect:7", time.time() + 1000)


def test_a_key_that_somebody_quotes_is_not_taken_for_the_comment(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.comment(
        REPOSITORY, 1, issue_body.with_idempotency_key("said", "effect:7") + "\nsee above", actor=LEAD
    )

    assert not tracker.find_comment(REPOSITORY, 1, "effect:7", time.time())


def test_a_comment_follows_its_issue_into_a_renamed_repository(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.rename_repository(REPOSITORY, "requests-of-old", actor=LEAD)

    tracker.comment(REPOSITORY, 1, "said", idempotency_key="effect:7")

    assert len(github.comments("sandbox-org/requests-of-old", 1)) == 1
    assert tracker.find_comment(REPOSITORY, 1, "effect:7", time.time())


@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"kind": FaultKind.CUT}, {"kind": FaultKind.HTML}, {"kind": FaultKind.BROKEN_JSON}],
)
@pytest.mark.parametrize("after", [False, True])
def test_a_comment_of_unknown_outcome_is_looked_for(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket, fault: dict[str, Any], after: bool
) -> None:
    github.faults.add("POST", "**", after=after, **fault)

    with pytest.raises(OutcomeUnknown):
        tracker.comment(REPOSITORY, 1, "said", idempotency_key="effect:7")

    assert (tracker.find_comment(REPOSITORY, 1, "effect:7", time.time()) is not None) is after
    assert github.traffic.count("POST") == 1


def test_a_comment_on_a_deleted_issue_is_rejected(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.delete(REPOSITORY, 1, actor=LEAD)

    with pytest.raises(Rejected):
        tracker.comment(REPOSITORY, 1, "said", idempotency_key="effect:7")
    with pytest.raises(Rejected):
        tracker.find_comment(REPOSITORY, 1, "effect:7", time.time())


def test_a_reaction_is_put_on_a_comment_once(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    said = github.comment(REPOSITORY, 1, "/spoc", actor=LEAD)

    tracker.react(REPOSITORY, said.id, "confused")
    tracker.react(REPOSITORY, said.id, "confused")

    [reaction] = github.comments(REPOSITORY, 1)[0].reactions
    assert (reaction.author, reaction.content) == (cast.BOT_LOGIN, "confused")


def test_a_comment_that_is_gone_needs_no_reaction(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    said = github.comment(REPOSITORY, 1, "/spoc", actor=LEAD)
    github.delete_comment(REPOSITORY, said.id, actor=LEAD)

    tracker.react(REPOSITORY, said.id, "confused")

    with pytest.raises(Rejected, match="422"):
        tracker.react(REPOSITORY, github.comment(REPOSITORY, 1, "x", actor=LEAD).id, "no such reaction")


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.ADMIN, True), (Role.MAINTAIN, True), (Role.WRITE, True), (Role.TRIAGE, False), (Role.READ, False),
     (Role.NONE, False)],
)  # fmt: skip
def test_who_may_write_is_asked_of_github(
    tracker: GitHubTracker, github: GitHubWorld, role: Role, may: bool
) -> None:
    github.set_role(REPOSITORY, "juniper-vale", role)

    assert tracker.may_write(REPOSITORY, "Juniper-Vale") is may


@pytest.mark.parametrize("login", ["nobody-here", "../../labels", "x[bot]", ""])
def test_somebody_whom_github_does_not_know_may_not_write(tracker: GitHubTracker, login: str) -> None:
    assert not tracker.may_write(REPOSITORY, login)


def test_the_e_mail_address_of_a_person_is_known_if_they_show_it(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    github.access.show_email("juniper-vale", "juniper@sandbox.example")
    github.access.show_email("sandbox-org", "office@sandbox.example")

    shown = [tracker.public_email(login) for login in ("Juniper-Vale", "sage-hollowell", "sandbox-org")]

    assert shown == ["juniper@sandbox.example", "", ""]
    with pytest.raises(Rejected):
        tracker.public_email("nobody-here")


# Polling


def polled(tracker: GitHubTracker, since: float = 0.0, etag: str = "") -> PollResult:
    """What a poll brings that must bring something."""
    found = tracker.poll(REPOSITORY, since=since, etag=etag, comments_since=since)
    assert found
    return found


def settled(tracker: GitHubTracker) -> PollResult:
    """The last poll after which nothing has changed."""
    last = polled(tracker)
    while again := tracker.poll(REPOSITORY, since=last.since, etag=last.etag, comments_since=last.since):
        last = again
    return last


@pytest.mark.parametrize("issues", [0, 3, 130])
def test_an_unchanged_repository_costs_one_conditional_request(
    tracker: GitHubTracker, github: GitHubWorld, issues: int
) -> None:
    for number in range(issues):
        github.open_issue(REPOSITORY, f"issue {number}", actor=LEAD)
    last = settled(tracker)
    github.traffic.clear()

    again = tracker.poll(REPOSITORY, since=last.since, etag=last.etag, comments_since=last.since)

    assert again is None
    [request] = github.traffic.requests()
    assert (request.status, request.headers["if-none-match"]) == (304, last.etag)


def test_a_poll_brings_what_has_changed_since_oldest_first(
    tracker: GitHubTracker, github: GitHubWorld, clock: Clock
) -> None:
    for number in range(3):
        github.open_issue(REPOSITORY, f"issue {number}", actor=LEAD)
    last = settled(tracker)
    clock.move(60)
    github.close(REPOSITORY, 3, actor=LEAD)
    clock.move(60)
    github.label(REPOSITORY, 1, "stage: triaged", actor=LEAD)

    found = polled(tracker, last.since, last.etag)

    assert [issue.number for issue in found.issues if issue.updated_at > last.since] == [3, 1]
    assert found.since == github.issue(REPOSITORY, 1).updated_at.timestamp()
    assert found.issues[-1] == tracker.get_issue(REPOSITORY, 1)
    assert found.renamed_to is None
    assert [issue.number for issue in polled(tracker, found.since, found.etag).issues] == [1]


def test_a_poll_leaves_pull_requests_out(tracker: GitHubTracker, github: GitHubWorld) -> None:
    pull = github.open_pull(REPOSITORY, "A fix", actor=LEAD, branch="fix", files=())
    github.comment(REPOSITORY, pull.number, "/uat", actor=LEAD)
    github.open_issue(REPOSITORY, "An issue", actor=LEAD)

    found = polled(tracker)

    assert [issue.title for issue in found.issues] == ["An issue"]
    assert found.comments == ()


def test_a_poll_brings_what_people_wrote_or_edited_since_and_nothing_of_bots(
    tracker: GitHubTracker, github: GitHubWorld, clock: Clock, ticket: Ticket
) -> None:
    old = github.comment(REPOSITORY, 1, "old", actor=LEAD)
    clock.move(60)
    since = clock().timestamp()
    said = github.comment(REPOSITORY, 1, "/uat", actor="linden-brookmere")
    tracker.comment(REPOSITORY, 1, "/uat", idempotency_key="effect:7")
    app = github.install_app(4711, "PEM")
    github.comment(REPOSITORY, 1, "/uat", actor=app.login)
    github.edit_comment(REPOSITORY, old.id, "/released", actor=LEAD)

    found = polled(tracker, since)

    edited, new = found.comments
    assert new == IssueComment(
        repository=REPOSITORY,
        number=1,
        id=said.id,
        author="linden-brookmere",
        body="/uat",
        created_at=said.created_at.timestamp(),
        updated_at=said.created_at.timestamp(),
        is_by_member=True,
    )
    assert (edited.id, edited.body, edited.is_edit) == (old.id, "/released", True)


@pytest.mark.parametrize("seconds", [0, 1, 7])
def test_a_poll_brings_all_of_a_great_many_changes_once(
    tracker: GitHubTracker, github: GitHubWorld, clock: Clock, seconds: int
) -> None:
    for number in range(1, 256):
        github.open_issue(REPOSITORY, f"issue {number}", actor=LEAD)
        github.comment(REPOSITORY, number, f"/target {number}", actor=LEAD)
        clock.move(seconds)

    found = polled(tracker, 1.0)

    assert [issue.number for issue in found.issues] == list(range(1, 256))
    assert [comment.number for comment in found.comments] == list(range(1, 256))


def test_an_issue_is_not_lost_because_others_change_while_the_pages_are_read(
    tracker: GitHubTracker, github: GitHubWorld, clock: Clock, served: Served
) -> None:
    """Each answer is followed by a change and a deletion among those that were listed already."""
    for number in range(260):
        github.open_issue(REPOSITORY, f"issue {number}", actor=LEAD)
        clock.move(5)
    untouched = set(range(41, 261))
    fickle = iter(range(1, 41))

    def meanwhile() -> None:
        github.label(REPOSITORY, next(fickle), "moved", actor=LEAD)
        github.delete(REPOSITORY, next(fickle), actor=LEAD)

    served.after = meanwhile
    found = polled(tracker)

    assert untouched <= {issue.number for issue in found.issues}
    assert len({issue.number for issue in found.issues}) == len(found.issues)


def test_what_changes_while_the_pages_are_read_comes_with_the_next_poll(
    tracker: GitHubTracker, github: GitHubWorld, clock: Clock, served: Served
) -> None:
    for number in range(120):
        github.open_issue(REPOSITORY, f"issue {number}", actor=LEAD)
    seen: list[float] = []

    def meanwhile() -> None:
        clock.move(60)
        if not seen:
            github.label(REPOSITORY, 5, "moved", actor=LEAD)
        seen.append(1)

    served.after = meanwhile
    first = polled(tracker)
    after = polled(tracker, first.since, first.etag)

    assert "moved" in {issue.number: issue.labels for issue in (*first.issues, *after.issues)}[5]


def test_a_renamed_repository_is_polled_under_its_new_name(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    github.close(REPOSITORY, 1, actor=LEAD)
    github.comment(REPOSITORY, 1, "/uat", actor=LEAD)
    github.rename_repository(REPOSITORY, "requests-of-old", actor=LEAD)

    found = polled(tracker)
    again = tracker.poll(REPOSITORY, since=0.0, etag=found.etag, comments_since=0.0)

    assert found.renamed_to == "sandbox-org/requests-of-old"
    [issue] = found.issues
    assert (issue.repository, issue.number, issue.is_open) == (REPOSITORY, 1, False)
    assert [comment.repository for comment in found.comments] == [REPOSITORY]
    assert again is None


@pytest.mark.parametrize("kind", ["/issues", "/issues/comments"])
def test_one_unreadable_item_does_not_stop_a_poll(
    tracker: GitHubTracker,
    github: GitHubWorld,
    mocker: MockerFixture,
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    for title in ("One", "Two", "Three"):
        github.open_issue(REPOSITORY, title, "It is slow.", actor="juniper-vale")
        github.comment(REPOSITORY, 1, f"About {title}", actor="juniper-vale")
    send = Requester.requestJson

    def spoiled(requester: Requester, method: str, url: str, **more: Any) -> tuple[int, dict[str, Any], str]:
        status, headers, text = send(requester, method, url, **more)
        if urlsplit(url).path.endswith(kind):
            items = json.loads(text)
            items[1]["body"] = "a \0 b"
            text = json.dumps(items)
        return status, headers, text

    mocker.patch.object(Requester, "requestJson", spoiled)

    found = polled(tracker)

    assert len(found.issues) == (2 if kind == "/issues" else 3)
    assert len(found.comments) == (2 if kind == "/issues/comments" else 3)
    assert "skipping an unreadable item" in caplog.text
    assert "\0" not in caplog.text


def test_an_empty_repository_brings_nothing(tracker: GitHubTracker, github: GitHubWorld) -> None:
    found = polled(tracker, 5.0)

    assert (found.issues, found.comments, found.since) == ((), (), 5.0)
    assert not github.traffic.count("GET", f"{ISSUES}/comments")


@pytest.mark.parametrize("path", ["/repos/*/*/issues", "/repos/*/*/issues/comments"])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [({"status": 502}, Retryable), ({"kind": FaultKind.CUT}, Retryable), ({"kind": FaultKind.HTML}, Retryable),
     ({"kind": FaultKind.BROKEN_JSON}, Retryable), ({"status": 401}, Retryable), ({"status": 404}, Rejected),
     ({"status": 403}, Rejected), ({"kind": FaultKind.SECONDARY_LIMIT, "retry_after": 45}, Retryable)],
)  # fmt: skip
def test_a_poll_that_fails_says_nothing_about_any_issue(
    tracker: GitHubTracker,
    github: GitHubWorld,
    ticket: Ticket,
    path: str,
    fault: dict[str, Any],
    kind: type[IdentityBotError],
) -> None:
    github.faults.add("GET", path, **fault)

    with pytest.raises(kind):
        tracker.poll(REPOSITORY, since=0.0, etag="", comments_since=0.0)


def test_a_poll_of_many_pages_goes_on_when_an_apps_token_expires(
    github: GitHubWorld, api_url: str, served: Served, mocker: MockerFixture
) -> None:
    mocker.patch("identity_bot.github.tracker.PAGE", 2)
    for number in range(40):
        github.open_issue(REPOSITORY, f"issue {number}", "body", actor=LEAD)
    private, public = key()
    app = github.install_app(4711, public)
    auth = GitHubApp(app_id=4711, installation_id=app.installation_id, private_key=private)
    answers = itertools.count(1)

    def expire_often() -> None:
        if next(answers) % 7 == 0:
            expire(github)

    served.after = expire_often
    found = GitHubTracker(auth, api_url).poll(REPOSITORY, since=0, etag="", comments_since=0)
    served.after = lambda: None

    assert found
    assert len(found.issues) == 40
    assert github.traffic.count("POST", "/app/installations") > 3


def test_each_write_to_a_renamed_repository_is_made_once(tracker: GitHubTracker, github: GitHubWorld) -> None:
    """GitHub answers 307 to a write and 301 to a read (google/go-github issue 184)."""
    github.rename_repository(REPOSITORY, "requests-of-old", actor=LEAD)

    opened = tracker.open_issue(REPOSITORY, TICKET, DRAFT).snapshot
    ticket = replace(TICKET, number=opened.number)
    changed = tracker.update_issue(ticket, IssuePatch(stage=Stage.TRIAGED))
    tracker.comment(REPOSITORY, 1, "Hello.", idempotency_key="7/1.5")
    comment = github.comments(NEW, 1)[0]
    tracker.react(REPOSITORY, comment.id, "+1")

    assert tracker.find_comment(REPOSITORY, 1, "7/1.5", time.time())
    assert tracker.has_reacted(REPOSITORY, comment.id)
    assert (changed.repository, "stage: triaged" in changed.labels) == (REPOSITORY, True)
    assert len(github.issues(NEW)) == len(github.comments(NEW, 1)) == 1
    sent = [(one.method, one.status) for one in github.traffic.requests() if one.method in ("POST", "PATCH")]
    assert sent.count(("POST", 307)) == sent.count(("POST", 201))
    assert sent.count(("PATCH", 200)) == 1


def test_an_issue_whose_answer_was_lost_after_a_redirect_is_not_opened_again(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    github.rename_repository(REPOSITORY, "requests-of-old", actor=LEAD)
    github.faults.add("POST", "/repositories/*/issues", status=502, after=True)

    with pytest.raises(OutcomeUnknown):
        tracker.open_issue(REPOSITORY, TICKET, DRAFT)

    found = tracker.find_issue(REPOSITORY, TICKET.id, time.time())
    assert found
    assert len(github.issues(NEW)) == 1


# Redaction

SECRET = "tr0ub4dor&3"


@pytest.fixture
def slipped(tracker: GitHubTracker, github: GitHubWorld) -> Ticket:
    """A ticket whose issue has a secret in its title, its description and comments of the bot's and others'."""
    draft = replace(DRAFT, title=f"A title with {SECRET}", body=f"```text\n{SECRET}\n```")
    tracker.open_issue(REPOSITORY, TICKET, draft)
    tracker.comment(REPOSITORY, 1, f"Closed because of {SECRET}", idempotency_key="1")
    github.comment(REPOSITORY, 1, f"> {SECRET}\n\nReally?", actor=LEAD)
    github.comment(REPOSITORY, 1, "Nothing here", actor=LEAD)
    return replace(TICKET, number=1)


def test_a_text_is_removed_from_an_issue_and_all_comments(
    tracker: GitHubTracker, github: GitHubWorld, slipped: Ticket
) -> None:
    before = tracker.get_issue(REPOSITORY, 1)

    found = tracker.redact(slipped, redactor([SECRET]))

    issue, comments = github.issue(REPOSITORY, 1), github.comments(REPOSITORY, 1)
    assert issue.title == "A title with [redacted]"
    assert issue.body == issue_body.body(TICKET, "```text\n[redacted]\n```")
    assert [one.body.partition("\n\n")[0] for one in comments] == [
        "Closed because of [redacted]", "> [redacted]", "Nothing here",
    ]  # fmt: skip
    assert issue_body.idempotency_key_in(comments[0].body) == "1"
    assert (found.is_changed, found.has_title, found.refused) == (True, True, ())
    assert [link.partition("#")[0] for link in found.edited] == [before.url] * 3
    assert found.snapshot == tracker.get_issue(REPOSITORY, 1)


def test_to_remove_it_again_changes_nothing_and_still_tells_where_it_was(
    tracker: GitHubTracker, github: GitHubWorld, slipped: Ticket
) -> None:
    first = tracker.redact(slipped, redactor([SECRET]))
    edits = github.traffic.count("PATCH")

    again = tracker.redact(slipped, redactor([SECRET]))

    assert again == replace(first, is_changed=False)
    assert github.traffic.count("PATCH") == edits


def test_a_comment_as_long_as_github_takes_is_redacted_and_named(
    tracker: GitHubTracker, github: GitHubWorld, slipped: Ticket
) -> None:
    github.comment(REPOSITORY, 1, "abcd " * 13107 + ".", actor=LEAD)

    found = tracker.redact(slipped, redactor(["abcd"]))

    comment = github.comments(REPOSITORY, 1)[-1]
    assert "abcd" not in comment.body
    assert (len(found.edited), found.refused, found.is_changed) == (1, (), True)


def test_text_that_is_not_there_changes_nothing(
    tracker: GitHubTracker, github: GitHubWorld, slipped: Ticket
) -> None:
    found = tracker.redact(slipped, redactor(["another"]))

    assert (found.is_changed, found.edited, found.refused, found.has_title) == (False, (), (), False)
    assert github.traffic.count("PATCH") == 0


def test_what_the_token_may_not_edit_is_named(
    tracker: GitHubTracker, github: GitHubWorld, slipped: Ticket
) -> None:
    """The bot's own issue and comment it may edit with the least of roles."""
    github.set_role(REPOSITORY, cast.BOT_LOGIN, Role.READ)

    found = tracker.redact(slipped, redactor([SECRET]))

    assert (found.is_changed, len(found.edited), len(found.refused)) == (True, 2, 1)
    assert found.refused[0].partition("#")[0] == tracker.get_issue(REPOSITORY, 1).url
    assert SECRET in github.comments(REPOSITORY, 1)[1].body


def test_a_limit_between_two_edits_leaves_the_rest_to_be_seen(
    tracker: GitHubTracker, github: GitHubWorld, slipped: Ticket
) -> None:
    github.faults.add("PATCH", "/repos/*/*/issues/comments/*", kind=FaultKind.SECONDARY_LIMIT)

    with pytest.raises(Retryable):
        tracker.redact(slipped, redactor([SECRET]))

    assert tracker.redact(slipped, redactor([SECRET])).is_changed


def test_an_edit_whose_answer_is_lost_may_have_been_made(
    tracker: GitHubTracker, github: GitHubWorld, slipped: Ticket
) -> None:
    github.faults.add("PATCH", "/repos/*/*/issues/*", kind=FaultKind.CUT, after=True)

    with pytest.raises(OutcomeUnknown):
        tracker.redact(slipped, redactor([SECRET]))


def test_more_comments_than_a_page_holds_are_redacted(
    tracker: GitHubTracker, github: GitHubWorld, slipped: Ticket
) -> None:
    for _ in range(100):
        github.comment(REPOSITORY, 1, "More", actor=LEAD)
    github.comment(REPOSITORY, 1, SECRET, actor=LEAD)

    tracker.redact(slipped, redactor([SECRET]))

    assert github.comments(REPOSITORY, 1)[-1].body == "[redacted]"


def test_what_people_wrote_is_read_without_what_the_bot_keeps(
    tracker: GitHubTracker, slipped: Ticket
) -> None:
    title, written = tracker.read_text(REPOSITORY, 1)

    assert (title, written.strip()) == (f"A title with {SECRET}", f"```text\n{SECRET}\n```")


# All issues, for a sync


def test_all_issues_are_listed_page_by_page_from_the_oldest_on(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    for number in range(1, 103):
        github.open_issue(REPOSITORY, f"Issue {number}", actor=LEAD)
    github.close(REPOSITORY, 1, "completed", actor=LEAD)
    github.traffic.clear()

    first, second = tracker.list_issues(REPOSITORY, 1), tracker.list_issues(REPOSITORY, 2)

    assert [one.number for one in (*first.issues, *second.issues)] == list(range(1, 103))
    assert (first.pages, second.pages) == (2, 2)
    assert not first.issues[0].is_open
    assert github.traffic.count() == 2


def test_a_repository_without_issues_is_one_empty_page(tracker: GitHubTracker) -> None:
    assert tracker.list_issues(REPOSITORY, 1) == IssuePage(issues=(), pages=1)


def test_the_comments_of_people_on_an_issue_are_listed(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    said = [github.comment(REPOSITORY, 1, f"number {number}", actor=LEAD) for number in range(3)]
    tracker.comment(REPOSITORY, 1, "ours", idempotency_key="1")
    github.edit_comment(REPOSITORY, said[1].id, "edited", actor=LEAD)
    github.delete_comment(REPOSITORY, said[2].id, actor=LEAD)

    listed = tracker.list_comments(REPOSITORY, 1)

    assert [(one.id, one.body) for one in listed] == [(said[0].id, "number 0"), (said[1].id, "edited")]


def test_a_comment_of_ours_is_edited_and_deleted_as_long_as_it_is_there(
    tracker: GitHubTracker, github: GitHubWorld, ticket: Ticket
) -> None:
    own = tracker.comment(REPOSITORY, 1, "Helo", idempotency_key="1")

    assert tracker.edit_comment(REPOSITORY, own, "Hello", idempotency_key="1")
    [edited] = github.comments(REPOSITORY, 1)
    tracker.delete_comment(REPOSITORY, own)
    tracker.delete_comment(REPOSITORY, own)

    assert edited.body.startswith("Hello\n")
    assert tracker.find_comment(REPOSITORY, 1, "1", time.time()) is None
    assert github.comments(REPOSITORY, 1) == []
    assert not tracker.edit_comment(REPOSITORY, own, "Hello", idempotency_key="1")
