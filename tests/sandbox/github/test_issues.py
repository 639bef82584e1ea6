"""What people and clients can do to an issue, and what they are refused."""

from __future__ import annotations

from datetime import date

import github
import httpx
import pytest

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.model import GitHubError, Occurrence, Role
from identity_bot_sandbox.github.world import GitHubWorld

ISSUES = f"/repos/{cast.REPOSITORY}/issues"
LEAD = "indigo-marshwick"
REPO = cast.REPOSITORY
LEAD, ENGINEER, REQUESTOR = "indigo-marshwick", "linden-brookmere", "juniper-vale"


def test_pygithub_opens_an_issue_with_a_label_that_did_not_exist(
    hub: github.Github, world: GitHubWorld
) -> None:
    repository = hub.get_repo(cast.REPOSITORY)

    issue = repository.create_issue(
        "Title", "Body", labels=["bug", "pr_review"], assignees=["linden-brookmere"]
    )

    assert issue.number == 1
    assert issue.html_url == f"{world.base_url}/github/{cast.REPOSITORY}/issues/1"
    assert [label.name for label in issue.labels] == ["bug", "pr_review"]
    assert [person.login for person in issue.assignees] == ["linden-brookmere"]
    assert issue.user.login == cast.BOT_LOGIN
    assert repository.get_label("PR_REVIEW").color == "ededed"


def test_pygithub_changes_closes_and_reopens_an_issue(hub: github.Github) -> None:
    issue = hub.get_repo(cast.REPOSITORY).create_issue("Title", labels=["bug"])

    issue.edit(title="Better", body="More", labels=["question"], assignees=[LEAD])
    issue.edit(state="closed", state_reason="not_planned")
    closed = hub.get_repo(cast.REPOSITORY).get_issue(1)
    issue.edit(state="open")

    assert (closed.title, closed.body, closed.state, closed.state_reason) == (
        "Better",
        "More",
        "closed",
        "not_planned",
    )
    assert closed.closed_by is not None
    assert closed.closed_by.login == cast.BOT_LOGIN
    assert (issue.state, issue.state_reason, issue.closed_at) == ("open", "reopened", None)
    assert [label.name for label in issue.labels] == ["question"]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"title": " "}, "title", "missing_field"),
        ({"title": "t" * 257}, "title", "custom"),
        ({"title": "t", "body": "b" * 65_537}, "body", "custom"),
        ({"title": "t", "assignees": ["nobody-here"]}, "assignees", "invalid"),
        ({"title": "t", "milestone": 9}, "milestone", "invalid"),
    ],
)
def test_an_issue_that_github_would_refuse_is_refused_whole(
    api: httpx.Client, world: GitHubWorld, fields: dict[str, object], field: str, code: str
) -> None:
    answer = api.post(ISSUES, json=fields)

    assert answer.status_code == 422
    assert answer.json()["message"] == "Validation Failed"
    assert answer.json()["errors"][0].items() >= {"field": field, "code": code}.items()
    assert world.issues(cast.REPOSITORY) == []


def test_a_token_without_push_access_loses_labels_and_assignees_in_silence(
    api: httpx.Client, world: GitHubWorld
) -> None:
    world.set_role(cast.REPOSITORY, cast.BOT_LOGIN, Role.READ)

    answer = api.post(ISSUES, json={"title": "t", "labels": ["bug"], "assignees": [LEAD]})

    assert answer.status_code == 201
    assert answer.json()["labels"] == answer.json()["assignees"] == []
    assert api.post(f"{ISSUES}/1/labels", json=["bug"]).status_code == 403


def test_a_requestor_may_close_and_reopen_only_their_own(world: GitHubWorld) -> None:
    world.open_issue(REPO, "Mine", actor=REQUESTOR)
    world.open_issue(REPO, "Theirs", actor=LEAD)

    world.close(REPO, 1, actor=REQUESTOR)
    world.reopen(REPO, 1, actor=REQUESTOR)

    with pytest.raises(GitHubError) as refused:
        world.close(REPO, 2, actor=REQUESTOR)
    assert refused.value.status == 403


@pytest.mark.parametrize("act", ["label", "assign", "lock", "delete", "transfer", "set_milestone"])
def test_somebody_who_can_only_read_changes_nothing(world: GitHubWorld, act: str) -> None:
    world.open_issue(REPO, "t", actor=LEAD)
    arguments = {"label": ["bug"], "assign": [LEAD], "transfer": [cast.RESTRICTED_REPOSITORY]}
    arguments["set_milestone"] = [1]  # type: ignore[list-item]

    with pytest.raises(GitHubError) as refused:
        getattr(world, act)(REPO, 1, *arguments.get(act, []), actor=REQUESTOR)

    assert refused.value.status == 403


def test_labels_by_somebody_who_can_only_read_are_dropped(world: GitHubWorld) -> None:
    issue = world.open_issue(REPO, "t", labels=["bug"], assignees=[LEAD], actor=REQUESTOR)

    assert (issue.labels, issue.assignees) == ((), ())


def test_the_timeline_tells_all_that_happened_in_order(world: GitHubWorld, hub: github.Github) -> None:
    world.new_milestone(REPO, "Soon", date(2026, 12, 1), actor=LEAD)
    world.open_issue(REPO, "t", actor=REQUESTOR)
    world.label(REPO, 1, "bug", actor=LEAD)
    world.assign(REPO, 1, ENGINEER, actor=LEAD)
    world.comment(REPO, 1, "On it", actor=ENGINEER)
    world.set_milestone(REPO, 1, 1, actor=ENGINEER)
    world.edit(REPO, 1, title="T", actor=ENGINEER)
    world.close(REPO, 1, actor=ENGINEER)

    told = [entry.event if isinstance(entry, Occurrence) else "said" for entry in world.timeline(REPO, 1)]
    shown = list(hub.get_repo(REPO).get_issue(1).get_timeline())

    assert told == ["labeled", "assigned", "said", "milestoned", "renamed", "closed"]
    assert [event.event for event in shown] == [*told[:2], "commented", *told[3:]]
    assert shown[1].actor.login == LEAD


def test_a_locked_issue_takes_comments_only_from_the_team(world: GitHubWorld) -> None:
    world.open_issue(REPO, "t", actor=REQUESTOR)
    world.lock(REPO, 1, "too heated", actor=LEAD)

    world.comment(REPO, 1, "from the team", actor=ENGINEER)
    with pytest.raises(GitHubError, match="locked") as refused:
        world.comment(REPO, 1, "from outside", actor=REQUESTOR)

    assert refused.value.status == 403


def test_pygithub_comments_reacts_and_locks(world: GitHubWorld, hub: github.Github) -> None:
    issue = hub.get_repo(REPO).create_issue("t")

    comment = issue.create_comment("first")
    comment.edit("second")
    comment.create_reaction("+1")
    issue.create_reaction("eyes")
    issue.lock("resolved")

    assert [one.body for one in world.comments(REPO, 1)] == ["second"]
    assert [one.content for one in world.comments(REPO, 1)[0].reactions] == ["+1"]
    assert [one.content for one in world.issue(REPO, 1).reactions] == ["eyes"]
    assert world.issue(REPO, 1).lock_reason == "resolved"
    comment.delete()
    issue.unlock()
    assert world.comments(REPO, 1) == []
    assert not world.issue(REPO, 1).is_locked
