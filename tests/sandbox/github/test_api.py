"""Lists, pages, filters and conditional requests, as clients and pollers use them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import github
import httpx
import pytest
from starlette.applications import Starlette

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.api import routes
from identity_bot_sandbox.github.world import GitHubWorld
from tests.sandbox.github.conftest import Served

REPO = cast.REPOSITORY
ISSUES = f"/repos/{REPO}/issues"
LEAD = "indigo-marshwick"


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(served: Served, clock: Clock) -> Iterator[GitHubWorld]:
    world = GitHubWorld(base_url=served.base_url, clock=clock)
    served.application = Starlette(routes=routes(world))
    yield world
    world.close_down()


def numbers(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [issue["number"] for issue in answer.json()]


def test_pygithub_follows_the_links_through_all_pages(hub: github.Github, world: GitHubWorld) -> None:
    for number in range(65):
        world.open_issue(REPO, f"Issue {number + 1}", actor=LEAD)

    found = [issue.number for issue in hub.get_repo(REPO).get_issues()]

    assert found == list(range(65, 0, -1))


def test_a_page_links_to_its_neighbors(api: httpx.Client, world: GitHubWorld) -> None:
    for number in range(5):
        world.open_issue(REPO, str(number), actor=LEAD)

    first = api.get(ISSUES, params={"per_page": 2})
    last = api.get(ISSUES, params={"per_page": 2, "page": 3})
    beyond = api.get(ISSUES, params={"per_page": 2, "page": 9})

    assert numbers(first) == [5, 4]
    assert set(first.links) == {"next", "last"}
    assert numbers(last) == [1]
    assert set(last.links) == {"prev", "first"}
    assert numbers(beyond) == []
    assert numbers(httpx.get(first.links["next"]["url"])) == [3, 2]


def test_since_finds_what_changed_at_that_second_or_later(
    api: httpx.Client, world: GitHubWorld, clock: Clock
) -> None:
    for number in range(3):
        world.open_issue(REPO, str(number), actor=LEAD)
    clock.pass_by(60)
    world.comment(REPO, 2, "changed", actor=LEAD)

    changed = api.get(ISSUES, params={"since": "2026-11-20T12:01:00Z", "state": "all"})
    nothing = api.get(ISSUES, params={"since": "2026-11-20T12:01:01Z", "state": "all"})

    assert numbers(changed) == [2]
    assert changed.json()[0]["updated_at"] == "2026-11-20T12:01:00Z"
    assert numbers(nothing) == []


def test_every_change_moves_updated_at(world: GitHubWorld, clock: Clock) -> None:
    world.open_issue(REPO, "t", actor=LEAD)
    comment = world.comment(REPO, 1, "c", actor=LEAD)
    world.new_milestone(REPO, "Soon", actor=LEAD)
    acts = [
        lambda: world.edit(REPO, 1, title="T", actor=LEAD),
        lambda: world.label(REPO, 1, "bug", actor=LEAD),
        lambda: world.unlabel(REPO, 1, "bug", actor=LEAD),
        lambda: world.assign(REPO, 1, LEAD, actor=LEAD),
        lambda: world.unassign(REPO, 1, LEAD, actor=LEAD),
        lambda: world.set_milestone(REPO, 1, 1, actor=LEAD),
        lambda: world.edit_comment(REPO, comment.id, "d", actor=LEAD),
        lambda: world.delete_comment(REPO, comment.id, actor=LEAD),
        lambda: world.lock(REPO, 1, actor=LEAD),
        lambda: world.unlock(REPO, 1, actor=LEAD),
        lambda: world.close(REPO, 1, actor=LEAD),
        lambda: world.reopen(REPO, 1, actor=LEAD),
    ]

    for act in acts:
        clock.pass_by(1)
        act()
        assert world.issue(REPO, 1).updated_at == clock.time


def test_what_is_so_already_changes_nothing(world: GitHubWorld, clock: Clock) -> None:
    world.open_issue(REPO, "t", labels=["bug"], assignees=[LEAD], actor=LEAD)
    before = world.issue(REPO, 1)
    clock.pass_by(60)

    world.label(REPO, 1, "BUG", actor=LEAD)
    world.assign(REPO, 1, LEAD.upper(), actor=LEAD)
    world.reopen(REPO, 1, actor=LEAD)
    world.edit(REPO, 1, title="t", actor=LEAD)

    assert world.issue(REPO, 1) == before


def test_an_unchanged_list_is_answered_304_at_no_cost(api: httpx.Client, world: GitHubWorld) -> None:
    world.open_issue(REPO, "t", actor=LEAD)
    first = api.get(ISSUES)
    condition = {"if-none-match": first.headers["etag"]}

    same = api.get(ISSUES, headers=condition)
    world.label(REPO, 1, "bug", actor=LEAD)
    other = api.get(ISSUES, headers=condition)

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert same.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"] == "1"
    assert (other.status_code, other.headers["x-ratelimit-used"]) == (200, "2")
    assert [one.status for one in world.traffic.requests("GET")] == [200, 304, 200]
    assert world.traffic.requests("GET")[1].headers["if-none-match"] == condition["if-none-match"]


def test_an_issue_that_was_not_modified_since_is_answered_304(
    api: httpx.Client, world: GitHubWorld, clock: Clock
) -> None:
    world.open_issue(REPO, "t", actor=LEAD)
    modified = api.get(f"{ISSUES}/1").headers["last-modified"]

    same = api.get(f"{ISSUES}/1", headers={"if-modified-since": modified})
    clock.pass_by(1)
    world.close(REPO, 1, actor=LEAD)
    other = api.get(f"{ISSUES}/1", headers={"if-modified-since": modified})

    assert (same.status_code, other.status_code) == (304, 200)


def test_pygithub_sees_whether_an_issue_changed(hub: github.Github, world: GitHubWorld) -> None:
    world.open_issue(REPO, "t", actor=LEAD)
    issue = hub.get_repo(REPO).get_issue(1)

    unchanged = issue.update()
    world.close(REPO, 1, actor=LEAD)
    changed = issue.update()

    assert (unchanged, changed, issue.state) == (False, True, "closed")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [3, 2]),
        ({"state": "closed"}, [1]),
        ({"state": "all", "direction": "asc"}, [1, 2, 3]),
        ({"state": "all", "sort": "updated"}, [1, 3, 2]),
        ({"state": "all", "sort": "comments"}, [2, 3, 1]),
        ({"labels": "BUG"}, [2]),
        ({"labels": "bug,question"}, []),
        ({"assignee": LEAD}, [3]),
        ({"assignee": "none"}, [2]),
        ({"assignee": "*"}, [3]),
        ({"creator": "sage-hollowell", "state": "all"}, [3]),
        ({"milestone": "1"}, [3]),
        ({"milestone": "none"}, [2]),
        ({"per_page": "nonsense", "page": "-1"}, [3, 2]),
    ],
)
def test_a_list_can_be_asked_for_a_part(
    api: httpx.Client, world: GitHubWorld, clock: Clock, query: dict[str, str], expected: list[int]
) -> None:
    world.new_milestone(REPO, "Soon", actor=LEAD)
    world.open_issue(REPO, "closed", actor=LEAD)
    clock.pass_by(1)
    world.open_issue(REPO, "labeled", labels=["bug"], actor=LEAD)
    world.comment(REPO, 2, "c", actor=LEAD)
    clock.pass_by(1)
    world.open_issue(REPO, "assigned", assignees=[LEAD], milestone=1, actor="sage-hollowell")
    clock.pass_by(1)
    world.close(REPO, 1, actor=LEAD)

    assert numbers(api.get(ISSUES, params=query)) == expected


def test_the_private_repository_is_hidden_from_those_without_a_role(
    api: httpx.Client, world: GitHubWorld
) -> None:
    path = f"/repos/{cast.RESTRICTED_REPOSITORY}"

    seen = api.get(path)
    hidden = httpx.get(f"{world.base_url}/github/api{path}")

    assert seen.json()["private"] is True
    assert seen.json()["permissions"]["push"] is True
    assert hidden.status_code == 404


def test_an_address_that_does_not_exist_is_a_404_in_json(api: httpx.Client) -> None:
    answer = api.get("/no/such/thing")

    assert answer.status_code == 404
    assert answer.json()["message"] == "Not Found"


def test_a_poller_sees_every_change_once_and_comments_in_the_order_of_their_change(
    served: Served, clock: Clock, hub: github.Github, world: GitHubWorld
) -> None:
    """The requests of a poll, made by PyGithub's own requester."""
    for title in ("one", "two", "three"):
        world.open_issue(REPO, title, actor=LEAD)
    first = world.comment(REPO, 1, "first", actor=LEAD)
    clock.pass_by(60)
    since = world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    world.comment(REPO, 3, "second", actor=LEAD)
    clock.pass_by(60)
    world.edit_comment(REPO, first.id, "first, again", actor=LEAD)
    query = f"state=all&sort=updated&direction=asc&since={since}&per_page=100"

    def ask(path: str, **headers: str) -> tuple[int, dict[str, str], list[dict[str, object]]]:
        status, answered, body = hub.requester.requestJson("GET", path, headers=headers)
        return status, answered, json.loads(body or "[]")

    status, headers, issues = ask(f"{ISSUES}?{query}")
    again, _, nothing = ask(f"{ISSUES}?{query}", **{"If-None-Match": headers["etag"]})
    _, _, comments = ask(f"{ISSUES}/comments?since={since}&sort=updated&per_page=100")
    world.label(REPO, 2, "stage: new", actor=LEAD)
    changed, _, more = ask(f"{ISSUES}?{query}", **{"If-None-Match": headers["etag"]})

    assert (status, again, changed) == (200, 304, 200)
    assert [issue["number"] for issue in issues] == [3, 1]
    assert nothing == []
    assert [comment["body"] for comment in comments] == ["second", "first, again"]
    assert [issue["number"] for issue in more] == [3, 1, 2]


def test_one_patch_changes_labels_assignees_text_and_state_together(
    api: httpx.Client, world: GitHubWorld
) -> None:
    world.open_issue(REPO, "t", "before", labels=["stage: new", "pr_review"], actor=LEAD)
    fields = {
        "labels": ["stage: done", "pr_review"],
        "assignees": ["linden-brookmere"],
        "state": "closed",
        "state_reason": "not_planned",
        "body": "after",
    }

    shown = api.patch(f"{ISSUES}/1", json=fields).json()
    refused = api.patch(f"{ISSUES}/1", json=fields | {"assignees": ["nobody-here"], "body": "never"})

    assert {label["name"] for label in shown["labels"]} == {"stage: done", "pr_review"}
    assert [person["login"] for person in shown["assignees"]] == ["linden-brookmere"]
    assert (shown["state"], shown["state_reason"], shown["body"]) == ("closed", "not_planned", "after")
    assert refused.status_code == 422
    assert world.issue(REPO, 1).body == "after"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"7", 400),
        (b"\xff\xfe", 400),
        (b'{"title": "\\ud800"}', 400),
        (b"[" * 100_000, 400),
        (b'{"title": NaN}', 400),
        (b'{"title": 7}', 422),
        (b'{"title": "t", "labels": "bug"}', 422),
        (b'{"title": "t", "labels": [7]}', 422),
        (b'{"title": "t", "assignees": {}}', 422),
        (b'{"title": "t", "milestone": []}', 422),
        (b"{}", 422),
        (b"[]", 422),
    ],
)
def test_a_body_that_github_could_not_use_is_refused(
    api: httpx.Client, world: GitHubWorld, content: bytes, status: int
) -> None:
    answer = api.post(ISSUES, content=content)

    assert answer.status_code == status, answer.text
    assert world.issues(cast.REPOSITORY) == []
