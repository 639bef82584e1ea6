"""Milestones, labels, pull requests and roles, and issues that are moved, converted or deleted."""

from __future__ import annotations

from datetime import date

import github
import httpx
import pytest

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.model import GitHubError, Role
from identity_bot_sandbox.github.world import CODE_REPOSITORY, GitHubWorld

REPO = cast.REPOSITORY
LEAD, ENGINEER, REQUESTOR = "indigo-marshwick", "linden-brookmere", "juniper-vale"


def test_a_milestone_has_its_due_date_and_counts(world: GitHubWorld, hub: github.Github) -> None:
    world.new_milestone(REPO, "Soon", date(2026, 12, 1), actor=LEAD)
    world.open_issue(REPO, "t", milestone=1, actor=LEAD)
    world.open_issue(REPO, "t", milestone=1, actor=LEAD)
    world.close(REPO, 1, actor=LEAD)

    milestone = hub.get_repo(REPO).get_milestone(1)

    assert milestone.due_on is not None
    assert milestone.due_on.date() == date(2026, 12, 1)
    assert (milestone.open_issues, milestone.closed_issues) == (1, 1)


def test_a_transferred_issue_is_followed_to_its_new_place(world: GitHubWorld, hub: github.Github) -> None:
    world.open_issue(REPO, "t", "b", labels=["bug"], assignees=[ENGINEER], actor=LEAD)
    world.comment(REPO, 1, "c", actor=LEAD)
    world.open_issue(cast.RESTRICTED_REPOSITORY, "first", actor=LEAD)

    world.transfer(REPO, 1, cast.RESTRICTED_REPOSITORY, actor=LEAD)
    found = hub.get_repo(REPO).get_issue(1)

    assert found.number == 2
    assert found.html_url == f"{world.base_url}/github/{cast.RESTRICTED_REPOSITORY}/issues/2"
    assert [label.name for label in found.labels] == ["bug"]
    assert [person.login for person in found.assignees] == [ENGINEER]
    assert [comment.body for comment in found.get_comments()] == ["c"]


def test_what_went_where_somebody_may_not_look_is_not_there_for_them(
    world: GitHubWorld, api: httpx.Client
) -> None:
    world.open_issue(REPO, "t", actor=LEAD)
    world.transfer(REPO, 1, cast.RESTRICTED_REPOSITORY, actor=LEAD)

    followed = api.get(f"/repos/{REPO}/issues/1")
    world.set_role(cast.RESTRICTED_REPOSITORY, cast.BOT_LOGIN, Role.NONE)
    hidden = api.get(f"/repos/{REPO}/issues/1")

    assert followed.status_code == 301
    assert hidden.status_code == 404


def test_nothing_goes_out_of_a_private_repository_into_a_public_one(world: GitHubWorld) -> None:
    world.open_issue(cast.RESTRICTED_REPOSITORY, "t", actor=LEAD)

    with pytest.raises(GitHubError, match="cannot be transferred"):
        world.transfer(cast.RESTRICTED_REPOSITORY, 1, REPO, actor=LEAD)


def test_an_issue_that_became_a_discussion_is_closed_locked_and_silent(
    world: GitHubWorld, hub: github.Github
) -> None:
    world.open_issue(REPO, "How do I?", actor=REQUESTOR)
    world.convert_to_discussion(REPO, 1, actor=ENGINEER)
    world.unlock(REPO, 1, actor=LEAD)

    issue = hub.get_repo(REPO).get_issue(1)

    assert (issue.state, issue.state_reason) == ("closed", None)
    told = [event.event for event in issue.get_events()]
    assert told == ["closed", "locked", "converted_to_discussion", "unlocked"]
    with pytest.raises(github.GithubException) as refused:
        issue.create_comment("Anybody?")
    assert refused.value.status == 403
    with pytest.raises(GitHubError, match="Must have"):
        world.convert_to_discussion(REPO, 1, actor=REQUESTOR)


def test_a_deleted_issue_is_gone_for_good(world: GitHubWorld, hub: github.Github) -> None:
    world.open_issue(REPO, "t", actor=LEAD)
    world.delete(REPO, 1, actor=LEAD)

    with pytest.raises(github.GithubException) as gone:
        hub.get_repo(REPO).get_issue(1)

    assert gone.value.status == 410
    assert world.open_issue(REPO, "next", actor=LEAD).number == 2


def test_a_renamed_repository_is_followed_for_reading_and_refused_for_writing(
    world: GitHubWorld, api: httpx.Client, hub: github.Github
) -> None:
    world.open_issue(REPO, "t", actor=LEAD)
    repository = world.rename_repository(REPO, "tickets", actor=LEAD)

    read = api.get(f"/repos/{REPO}/issues/1")
    written = api.post(f"/repos/{REPO}/issues", json={"title": "t"})

    assert read.status_code == 301
    assert read.headers["location"].endswith(f"/repositories/{repository.id}/issues/1")
    assert written.status_code == 307
    assert hub.get_repo(REPO).full_name == "sandbox-org/tickets"


def test_a_renamed_label_stays_on_its_issues_and_is_found_in_any_case(
    world: GitHubWorld, hub: github.Github
) -> None:
    world.open_issue(REPO, "t", labels=["stage: new"], actor=LEAD)

    world.edit_label(REPO, "STAGE: NEW", new_name="stage: open/new", actor=LEAD)

    assert world.labels(REPO, 1) == ["stage: open/new"]
    repository = hub.get_repo(REPO)
    assert repository.get_label("Stage: open/NEW").name == "stage: open/new"
    world.delete_label(REPO, "stage: open/new", actor=LEAD)
    assert world.labels(REPO, 1) == []


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [(LEAD, "admin", "admin"), (ENGINEER, "write", "write"), (REQUESTOR, "read", "read")],
)
def test_pygithub_asks_what_somebody_may_do(
    hub: github.Github, login: str, permission: str, role: str
) -> None:
    repository = hub.get_repo(REPO)

    assert repository.get_collaborator_permission(login) == permission
    assert repository.get_collaborator_role_name(login) == role
    assert repository.has_in_assignees(login)


def test_pygithub_reads_a_pull_request_and_its_files(world: GitHubWorld, hub: github.Github) -> None:
    pull = hub.get_repo(CODE_REPOSITORY).get_pull(1)

    assert pull.html_url == f"{world.base_url}/github/{CODE_REPOSITORY}/pull/1"
    assert pull.user.login == REQUESTOR
    assert [file.filename for file in pull.get_files()] == [
        "app/services/sign_in/session.rb",
        "spec/services/sign_in/session_spec.rb",
    ]
    assert (pull.additions, pull.deletions, pull.changed_files) == (65, 7, 2)
    assert pull.as_issue().pull_request is not None


def test_the_role_of_somebody_can_change(world: GitHubWorld, hub: github.Github) -> None:
    world.set_role(REPO, ENGINEER, Role.TRIAGE)

    assert hub.get_repo(REPO).get_collaborator_permission(ENGINEER) == "read"
    assert hub.get_repo(REPO).get_collaborator_role_name(ENGINEER) == "triage"
