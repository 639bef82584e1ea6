"""Issues by unchanged PyGithub and by plain HTTP, against the sandbox's GitHub."""

from __future__ import annotations

import github
import httpx
import pytest

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.model import Role
from identity_bot_sandbox.github.world import GitHubWorld

TEAM = ["linden-brookmere"]
ISSUES = f"/repos/{cast.REPOSITORY}/issues"
LEAD = "indigo-marshwick"


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


def test_a_revoked_token_is_answered_401(hub: github.Github, world: GitHubWorld) -> None:
    world.revoke(cast.GITHUB_TOKEN)

    with pytest.raises(github.BadCredentialsException):
        hub.get_user().login  # noqa: B018 - reading it asks the server
