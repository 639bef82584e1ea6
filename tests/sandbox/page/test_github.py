"""The GitHub half of the page, by its forms alone."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox

REPOSITORY = cast.REPOSITORY
LIST = f"/github/{REPOSITORY}/issues"
ISSUE = f"repository={REPOSITORY}&issue=1&pane=github"


@pytest.fixture
def issue(sandbox: Sandbox) -> None:
    """An issue to work on."""
    sandbox.github.open_issue(REPOSITORY, "Help me", "It *broke*", actor="juniper-vale")


def act(visitor: httpx.Client, do: str, who: str = "indigo", **fields: str) -> httpx.Response:
    return visitor.post(f"/page/issue?as={who}&{ISSUE}", data={"do": do, **fields})


def test_the_address_of_an_issue_opens_the_page_at_it(
    sandbox: Sandbox, visitor: httpx.Client, issue: None
) -> None:
    url = sandbox.github.rendering().page_url(
        sandbox.github.repository(REPOSITORY), sandbox.github.issue(REPOSITORY, 1).number
    )

    shown = visitor.get(url)

    assert shown.status_code == 200
    assert "It <em>broke</em>" in shown.text
    assert 'data-pane="github"' in shown.text


def test_the_list_tells_open_from_closed(sandbox: Sandbox, visitor: httpx.Client, issue: None) -> None:
    sandbox.github.open_issue(REPOSITORY, "Old thing", actor="juniper-vale")
    sandbox.github.close(REPOSITORY, 2, actor="indigo-marshwick")

    assert "Help me" in visitor.get(LIST).text
    assert "Old thing" not in visitor.get(LIST).text
    assert "Old thing" in visitor.get(f"{LIST}?state=closed").text


def test_a_private_repository_shows_itself_to_its_people_only(visitor: httpx.Client) -> None:
    path = f"/github/{cast.RESTRICTED_REPOSITORY}/issues"

    assert "There is nothing here" in visitor.get(path).text
    assert "There is nothing here" not in visitor.get(f"{path}?as=sage").text


def test_what_is_not_there_is_said_on_the_page(visitor: httpx.Client) -> None:
    for path in (f"{LIST}/99", "/github/no/where/issues", "/github/no/where"):
        shown = visitor.get(path)

        assert shown.status_code == 200
        assert "There is nothing here" in shown.text


def test_every_control_of_an_issue_works(sandbox: Sandbox, visitor: httpx.Client, issue: None) -> None:
    github = sandbox.github
    for do, fields in (
        ("assign", {"assignee": "linden-brookmere"}),
        ("label", {"label": "stage: triaged"}),
        ("milestone", {"title": "Sprint 1", "due_on": "2026-12-01"}),
        ("due", {"due_on": "2026-12-08"}),
        ("edit", {"title": "Help us", "body": "It broke\r\ntwice"}),
        ("comment", {"body": "Looking into it, @juniper-vale"}),
        ("lock", {"reason": "resolved"}),
    ):
        assert "x-refused" not in act(visitor, do, **fields).headers

    shown = visitor.get(f"{LIST}/1?as=indigo").text
    held = github.issue(REPOSITORY, 1)
    assert (held.title, held.body, held.is_locked) == ("Help us", "It broke\ntwice", True)
    assert held.assignees == ("linden-brookmere",)
    assert github.labels(REPOSITORY, 1) == ["stage: triaged"]
    due = github.repository(REPOSITORY).milestone(1).due_on
    assert due is not None
    assert due.date() == date(2026, 12, 8)
    for seen in ("added the label", "assigned", "Sprint 1", "from “Help me” to “Help us”", "Looking into it"):
        assert seen in shown

    for do, fields in (
        ("unlock", {}),
        ("unassign", {"assignee": "linden-brookmere"}),
        ("unlabel", {"label": "stage: triaged"}),
        ("milestone", {"milestone": ""}),
    ):
        assert "x-refused" not in act(visitor, do, **fields).headers
    held = github.issue(REPOSITORY, 1)
    assert (held.assignees, held.labels, held.milestone, held.is_locked) == ((), (), None, False)


def test_a_comment_is_edited_and_deleted_by_its_author_and_by_maintainers(
    sandbox: Sandbox, visitor: httpx.Client, issue: None
) -> None:
    said = sandbox.github.comment(REPOSITORY, 1, "frist", actor="juniper-vale")
    other = sandbox.github.comment(REPOSITORY, 1, "second", actor="indigo-marshwick")

    offered = visitor.get(f"{LIST}/1?as=juniper").text
    act(visitor, "edit-comment", "juniper", comment=str(said.id), body="first")
    refused = act(visitor, "delete-comment", "juniper", comment=str(other.id))
    act(visitor, "delete-comment", comment=str(other.id))

    assert offered.count("Edit or delete") == 1
    assert "x-refused" in refused.headers
    assert [one.body for one in sandbox.github.comments(REPOSITORY, 1)] == ["first"]


@pytest.mark.parametrize("reason", ["completed", "not_planned", "duplicate"])
def test_an_issue_is_closed_with_a_reason_and_a_comment_and_opened_again(
    sandbox: Sandbox, visitor: httpx.Client, issue: None, reason: str
) -> None:
    act(visitor, "close", reason=reason, body="Thanks")
    closed = sandbox.github.issue(REPOSITORY, 1)
    act(visitor, "reopen")

    assert (closed.is_open, closed.state_reason) == (False, reason)
    assert [one.body for one in sandbox.github.comments(REPOSITORY, 1)] == ["Thanks"]
    assert sandbox.github.issue(REPOSITORY, 1).is_open


def test_who_has_no_account_can_only_read_and_is_told(visitor: httpx.Client, issue: None) -> None:
    shown = visitor.get(f"{LIST}/1?as=rowan").text
    refused = act(visitor, "comment", "rowan", body="hello")

    assert "has no GitHub account and can only read" in shown
    assert 'name="body"' not in shown
    assert "x-refused" in refused.headers


def test_who_may_not_is_refused_in_githubs_words(
    sandbox: Sandbox, visitor: httpx.Client, issue: None
) -> None:
    refused = act(visitor, "assign", "juniper", assignee="juniper-vale")
    blank = act(visitor, "comment", body="  ")

    assert "Must have admin rights" in refused.text
    assert "GitHub refused: Validation Failed" in blank.text
    assert sandbox.github.issue(REPOSITORY, 1).assignees == ()


@pytest.mark.parametrize(
    ("do", "fields"),
    [
        ("nonsense", {}),
        ("due", {"due_on": "soon"}),
        ("close", {"reason": "x"}),
        ("edit-comment", {"comment": "x"}),
    ],
)
def test_an_act_that_makes_no_sense_is_refused(
    visitor: httpx.Client, issue: None, do: str, fields: dict[str, str]
) -> None:
    assert "x-refused" in act(visitor, do, **fields).headers


def test_an_issue_is_opened_by_hand_and_shown(visitor: httpx.Client) -> None:
    shown = visitor.post("/page/new-issue?as=juniper", data={"title": "By hand", "body": "x"})

    assert str(shown.url).endswith(f"{LIST}/1")
    assert "By hand" in shown.text


def test_an_issue_is_transferred_and_its_old_address_still_shows_it(
    sandbox: Sandbox, visitor: httpx.Client, issue: None
) -> None:
    shown = act(visitor, "transfer", to=cast.RESTRICTED_REPOSITORY)

    assert str(shown.url).partition("?")[0].endswith(f"/github/{cast.RESTRICTED_REPOSITORY}/issues/1")
    assert "Help me" in visitor.get(f"{LIST}/1?as=indigo").text
    assert "There is nothing here" in visitor.get(f"{LIST}/1?as=juniper").text


def test_an_issue_is_made_a_discussion(sandbox: Sandbox, visitor: httpx.Client, issue: None) -> None:
    shown = act(visitor, "discuss")

    assert "converted this to a discussion" in shown.text
    assert "Converted to a discussion" in shown.text
    assert sandbox.github.issue(REPOSITORY, 1).is_locked


def test_an_issue_is_deleted_by_an_administrator_only(
    sandbox: Sandbox, visitor: httpx.Client, issue: None
) -> None:
    offered = {who: visitor.get(f"{LIST}/1?as={who}").text for who in ("indigo", "linden", "juniper")}
    refused = act(visitor, "delete", "linden")
    shown = act(visitor, "delete")

    assert ["Delete issue" in offered[who] for who in offered] == [True, False, False]
    assert ["Move or delete" in offered[who] for who in offered] == [True, True, False]
    assert "x-refused" in refused.headers
    assert "No open issues" in shown.text
    assert "This issue was deleted" in visitor.get(f"{LIST}/1").text


def test_labels_and_the_repository_get_other_names(
    sandbox: Sandbox, visitor: httpx.Client, issue: None
) -> None:
    sandbox.github.label(REPOSITORY, 1, "stage: new", actor="indigo-marshwick")

    act(visitor, "rename-label", label="stage: new", name="stage: fresh")
    act(visitor, "delete-label", label="wontfix")
    bad = act(visitor, "rename-repository", name="no/such")
    shown = act(visitor, "rename-repository", name="tickets")

    assert sandbox.github.labels("sandbox-org/tickets", 1) == ["stage: fresh"]
    assert "wontfix" not in sandbox.github.labels("sandbox-org/tickets")
    assert "x-refused" in bad.headers
    assert "/github/sandbox-org/tickets/issues/1" in str(shown.url)
    assert "Help me" in visitor.get(f"{LIST}/1").text
    assert "Name of the repository" in visitor.get(f"{LIST}?as=indigo").text
    assert "Name of the repository" not in visitor.get(f"{LIST}?as=linden").text


def test_reactions_to_a_comment_are_shown_and_hidden_text_is_not(
    sandbox: Sandbox, visitor: httpx.Client, issue: None
) -> None:
    body = "Thanks\n\n<!-- identity-bot:answer=1 -->"
    comment = sandbox.github.comment(REPOSITORY, 1, body, actor="juniper-vale")
    sandbox.github.react(REPOSITORY, 1, "eyes", actor="indigo-marshwick", comment_id=comment.id)

    shown = visitor.get(f"{LIST}/1?as=marlo").text

    assert 'title="eyes">👀 1' in shown
    assert "identity-bot:answer" not in shown


def test_a_pull_request_is_shown_at_its_own_address(visitor: httpx.Client) -> None:
    assert "Keep the session" in visitor.get("/github/sandbox-org/vets-api/pull/1").text
