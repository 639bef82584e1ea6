"""What people do by hand in the sandbox's GitHub, and what they may not do."""

from __future__ import annotations

import threading
from datetime import date

import github
import httpx
import pytest

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.model import Change, GitHubError, Occurrence, Role
from identity_bot_sandbox.github.world import CODE_REPOSITORY, GitHubWorld

REPO = cast.REPOSITORY
LEAD, ENGINEER, REQUESTOR = "indigo-marshwick", "linden-brookmere", "juniper-vale"


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


def test_a_milestone_has_its_due_date_and_counts(world: GitHubWorld, hub: github.Github) -> None:
    world.new_milestone(REPO, "Soon", date(2026, 12, 1), actor=LEAD)
    world.open_issue(REPO, "t", milestone=1, actor=LEAD)
    world.open_issue(REPO, "t", milestone=1, actor=LEAD)
    world.close(REPO, 1, actor=LEAD)

    milestone = hub.get_repo(REPO).get_milestone(1)

    assert milestone.due_on is not None
    assert milestone.due_on.date() == date(2026, 12, 1)
    assert (milestone.open_issues, milestone.closed_issues) == (1, 1)


def test_a_locked_issue_takes_comments_only_from_the_team(world: GitHubWorld) -> None:
    world.open_issue(REPO, "t", actor=REQUESTOR)
    world.lock(REPO, 1, "too heated", actor=LEAD)

    world.comment(REPO, 1, "from the team", actor=ENGINEER)
    with pytest.raises(GitHubError, match="locked") as refused:
        world.comment(REPO, 1, "from outside", actor=REQUESTOR)

    assert refused.value.status == 403


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


def test_subscribers_are_told_of_every_change_until_they_leave(world: GitHubWorld) -> None:
    changes: list[Change] = []
    leave = world.subscribe(changes.append)

    world.open_issue(REPO, "t", labels=["bug"], actor=LEAD)
    leave()
    world.close(REPO, 1, actor=LEAD)

    assert [(one.event, one.action, one.number) for one in changes] == [
        ("issues", "opened", 1),
        ("issues", "labeled", 1),
    ]


def test_a_subscriber_that_fails_undoes_nothing(world: GitHubWorld, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Change) -> None:
        raise RuntimeError("no page today")

    world.subscribe(fail)

    assert world.open_issue(REPO, "t", actor=LEAD).number == 1
    assert "no page today" in caplog.text


def test_many_people_at_once_get_numbers_of_their_own(world: GitHubWorld) -> None:
    def open_some() -> None:
        for _ in range(50):
            number = world.open_issue(REPO, "t", labels=["shared"], actor=LEAD).number
            world.comment(REPO, number, "c", actor=LEAD)

    threads = [threading.Thread(target=open_some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(issue.number for issue in world.issues(REPO)) == list(range(1, 401))
    assert world.labels(REPO).count("shared") == 1
    assert all(len(issue.comments) == 1 for issue in world.issues(REPO))
