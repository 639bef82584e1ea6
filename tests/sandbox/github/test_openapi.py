"""Every answer and every webhook of the sandbox's GitHub keeps to GitHub's published OpenAPI description."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.routing import Route

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.api import routes
from identity_bot_sandbox.github.call import ROOT
from identity_bot_sandbox.github.model import Role
from identity_bot_sandbox.github.world import CODE_REPOSITORY, GitHubWorld
from tests.sandbox.github.conftest import Receiver
from tests.sandbox.github.description import Description

REPO = f"/repos/{cast.REPOSITORY}"
LEAD = "indigo-marshwick"
FETCHER = Path(__file__).parents[3] / "script" / "github_openapi.py"


@pytest.fixture(scope="session")
def description() -> Description:
    """GitHub's description, fetched once; without npm the tests are skipped, in CI they fail."""
    spec = importlib.util.spec_from_file_location("github_openapi", FETCHER)
    assert spec is not None
    assert spec.loader is not None
    fetcher = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fetcher)
    try:
        return Description(fetcher.fetch())
    except (OSError, subprocess.TimeoutExpired) as problem:
        complaint = (
            f"no OpenAPI description of GitHub ({problem}); install npm and run script/github_openapi.py"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(complaint)
        pytest.skip(complaint)


class Tour:
    """Asks the server and remembers what was asked and answered."""

    def __init__(self, world: GitHubWorld, api: httpx.Client) -> None:
        self.world = world
        self.api = api
        self.answers: list[tuple[str, str, int, Any]] = []

    def __call__(self, method: str, path: str, status: int, fields: Any = None, **headers: str) -> Any:
        answer = self.api.request(method, path, json=fields, headers=headers)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        body = answer.json() if answer.content else None
        path = answer.request.url.raw_path.decode().partition("?")[0].removeprefix("/github/api")
        self.answers.append((method, path, status, body))
        return body


def see_issues(ask: Tour) -> None:
    ask("GET", "/repos/nobody/nothing/issues", 404)
    ask("POST", f"{REPO}/issues", 422, {"title": ""})
    ask("POST", f"{REPO}/milestones", 201, {"title": "Soon", "due_on": "2026-12-01T08:00:00Z"})
    fields = {"title": "t", "body": "b", "labels": ["bug", "new"], "assignees": [LEAD], "milestone": 1}
    ask("POST", f"{REPO}/issues", 201, fields)
    ask("POST", f"{REPO}/issues", 201, {"title": "Second"})
    ask("PATCH", f"{REPO}/issues/1", 200, {"title": "T", "body": None, "labels": [], "assignees": []})
    ask("PATCH", f"{REPO}/issues/1", 422, {"state": "ajar"})
    ask("PATCH", f"{REPO}/issues/1", 200, {"milestone": None})
    ask("PATCH", f"{REPO}/issues/1", 200, {"state": "closed", "state_reason": "duplicate", "milestone": 1})
    ask("PATCH", f"{REPO}/issues/1", 200, {"state": "open"})
    ask("GET", f"{REPO}/issues?state=all", 200)
    ask("GET", f"{REPO}/issues?since=yesterday", 422)
    ask("POST", f"{REPO}/issues/1/labels", 200, {"labels": ["a/b", "c"]})
    ask("DELETE", f"{REPO}/issues/1/labels/a%2Fb", 200)
    ask("DELETE", f"{REPO}/issues/1/labels/a%2Fb", 404)
    ask("PUT", f"{REPO}/issues/1/labels", 200, ["bug", "question"])
    ask("GET", f"{REPO}/issues/1/labels", 200)
    ask("POST", f"{REPO}/issues/1/assignees", 201, {"assignees": [LEAD, "nobody-here"]})
    ask("GET", f"{REPO}/issues/1/assignees/{LEAD}", 204)
    ask("DELETE", f"{REPO}/issues/1/assignees", 200, {"assignees": [LEAD]})
    ask("DELETE", f"{REPO}/issues/1/labels", 204)
    ask("PUT", f"{REPO}/issues/1/lock", 204, {"lock_reason": "too heated"})
    ask("GET", f"{REPO}/issues/1", 200)
    ask("DELETE", f"{REPO}/issues/1/lock", 204)
    ask("GET", f"{REPO}/issues/1/events", 200)
    ask("GET", f"{REPO}/issues/events", 200)
    event = ask("GET", f"{REPO}/issues/1/events", 200)[0]["id"]
    ask("GET", f"{REPO}/issues/events/{event}", 200)
    ask("GET", f"{REPO}/issues/events/1", 404)


def see_talk(ask: Tour) -> None:
    comment = ask("POST", f"{REPO}/issues/1/comments", 201, {"body": "Hello"})["id"]
    ask("POST", f"{REPO}/issues/1/comments", 422, {"body": " "})
    ask("PATCH", f"{REPO}/issues/comments/{comment}", 200, {"body": "Hello again"})
    ask("GET", f"{REPO}/issues/comments/{comment}", 200)
    ask("GET", f"{REPO}/issues/comments/1", 404)
    ask("GET", f"{REPO}/issues/1/comments", 200)
    ask("GET", f"{REPO}/issues/comments", 200)
    ask("GET", f"{REPO}/issues/1/timeline", 200)
    for target in (f"{REPO}/issues/1", f"{REPO}/issues/comments/{comment}"):
        reaction = ask("POST", f"{target}/reactions", 201, {"content": "rocket"})["id"]
        ask("POST", f"{target}/reactions", 200, {"content": "rocket"})
        ask("POST", f"{target}/reactions", 422, {"content": "shrug"})
        ask("GET", f"{target}/reactions", 200)
        ask("DELETE", f"{target}/reactions/{reaction}", 204)
    ask("DELETE", f"{REPO}/issues/comments/{comment}", 204)


def see_repository(ask: Tour) -> None:
    ask("GET", REPO, 200)
    ask("GET", "/repos/nobody/nothing", 404)
    ask("POST", f"{REPO}/labels", 201, {"name": "stage: new/old", "color": "00ff00", "description": "d"})
    ask("POST", f"{REPO}/labels", 422, {"name": "STAGE: new/old"})
    ask("GET", f"{REPO}/labels/Stage:%20new%2Fold", 200)
    ask("PATCH", f"{REPO}/labels/Stage:%20new%2Fold", 200, {"new_name": "stage: x", "color": "000000"})
    ask("GET", f"{REPO}/labels", 200)
    ask("DELETE", f"{REPO}/labels/stage:%20x", 204)
    ask("GET", f"{REPO}/milestones", 200)
    ask("GET", f"{REPO}/milestones/1", 200)
    ask("GET", f"{REPO}/milestones/9", 404)
    ask("PATCH", f"{REPO}/milestones/1", 200, {"title": "Later", "due_on": None, "state": "closed"})
    ask("GET", f"{REPO}/assignees", 200)
    ask("GET", f"{REPO}/assignees/{LEAD}", 204)
    ask("GET", f"{REPO}/assignees/nobody-here", 404)
    ask("GET", f"{REPO}/collaborators", 200)
    ask("GET", f"{REPO}/collaborators/{LEAD}", 204)
    ask("GET", f"{REPO}/collaborators/{LEAD}/permission", 200)


def see_pulls(ask: Tour) -> None:
    code = f"/repos/{CODE_REPOSITORY}"
    ask("GET", f"{code}/pulls", 200)
    ask("GET", f"{code}/pulls/1", 200)
    ask("GET", f"{code}/pulls/1/files", 200)
    ask("GET", f"{code}/pulls/9", 404)
    ask("GET", f"{REPO}/pulls/1", 404)
    ask("GET", f"{code}/issues", 200)
    ask("POST", f"{code}/issues/1/comments", 201, {"body": "Looks right"})
    ask("GET", f"{code}/issues/1", 200)


def see_files(ask: Tour) -> None:
    code = f"/repos/{CODE_REPOSITORY}"
    ask("GET", f"{code}/contents/docs", 404)
    ask.world.put_file(CODE_REPOSITORY, "README.md", "# Code")
    ask.world.put_file(CODE_REPOSITORY, "docs/help/a.md", "# A")
    ask.world.put_file(CODE_REPOSITORY, "docs/link.md", "help/a.md", mode="120000")
    ask("GET", f"{code}/contents/README.md", 200)
    [folder, _] = ask("GET", f"{code}/contents/docs", 200)
    ask("GET", f"{code}/git/trees/{folder['sha']}?recursive=1", 200)
    [*_, file] = ask("GET", f"{code}/git/trees/main?recursive=1", 200)["tree"]
    ask("GET", f"{code}/git/trees/0000", 404)
    ask("GET", f"{code}/git/blobs/{file['sha']}", 200)
    ask("GET", f"{code}/git/blobs/0000", 404)


def see_hooks(ask: Tour) -> None:
    ask("POST", f"{REPO}/hooks", 422, {"config": {"url": "nonsense"}})
    config = {"url": f"{ask.world.base_url}/nowhere", "secret": "s"}
    hook = f"{REPO}/hooks/{ask('POST', f'{REPO}/hooks', 201, {'config': config, 'events': ['label']})['id']}"
    ask.world.webhooks.settle()
    ask("GET", f"{REPO}/hooks", 200)
    ask("GET", hook, 200)
    ask("GET", f"{REPO}/hooks/1", 404)
    ask("POST", f"{hook}/pings", 204)
    delivery = ask("GET", f"{hook}/deliveries", 200)[-1]["id"]
    ask("GET", f"{hook}/deliveries/{delivery}", 200)
    ask("POST", f"{hook}/deliveries/{delivery}/attempts", 202)
    ask.world.webhooks.settle()
    ask("DELETE", hook, 204)


def see_accounts(ask: Tour) -> None:
    ask("GET", "/user", 200)
    ask("GET", "/user", 401, authorization="Bearer wrong")
    ask("GET", f"/users/{LEAD}", 200)
    ask.world.access.show_email(LEAD, "lead@sandbox.example")
    assert ask("GET", f"/users/{LEAD}", 200)["email"] == "lead@sandbox.example"
    ask("GET", "/users/nobody-here", 404)
    ask("GET", "/rate_limit", 200)
    ask("GET", "/meta", 200)


def see_app(ask: Tour) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    app = ask.world.install_app(77, pem.decode())
    now = int(ask.world.now().timestamp())
    signed = "Bearer " + jwt.encode({"iss": "77", "iat": now, "exp": now + 300}, private, algorithm="RS256")
    ask("GET", "/app", 200, authorization=signed)
    ask("GET", "/app/installations", 200, authorization=signed)
    ask("GET", f"/app/installations/{app.installation_id}", 200, authorization=signed)
    ask("GET", "/app/installations/1", 404, authorization=signed)
    ask("GET", f"{REPO}/installation", 200, authorization=signed)
    ask("GET", "/orgs/sandbox-org/installation", 200, authorization=signed)
    path = f"/app/installations/{app.installation_id}/access_tokens"
    token = "Bearer " + ask("POST", path, 201, authorization=signed)["token"]
    ask("POST", path, 401, authorization=token)
    ask("POST", f"{REPO}/issues", 201, {"title": "By the App"}, authorization=token)
    ask("POST", f"{REPO}/issues/3/comments", 201, {"body": "By the App"}, authorization=token)
    ask("GET", f"{REPO}/issues/3/timeline", 200, authorization=token)


def see_what_is_gone(ask: Tour) -> None:
    ask.world.transfer(cast.REPOSITORY, 1, cast.RESTRICTED_REPOSITORY, actor=LEAD)
    ask.world.delete(cast.REPOSITORY, 2, actor=LEAD)
    ask("GET", f"{REPO}/issues/1", 301)
    ask("PATCH", f"{REPO}/issues/1", 301, {"title": "t"})
    number = ask.world.open_issue(cast.REPOSITORY, "A question", actor=LEAD).number
    ask.world.convert_to_discussion(cast.REPOSITORY, number, actor=LEAD)
    ask("GET", f"{REPO}/issues/{number}", 200)
    ask("GET", f"{REPO}/issues/{number}/events", 200)
    ask("POST", f"{REPO}/issues/{number}/comments", 403, {"body": "b"})
    ask("GET", f"{REPO}/issues/2", 410)
    ask("POST", f"{REPO}/issues/2/comments", 410, {"body": "b"})
    ask.world.set_role(cast.REPOSITORY, cast.BOT_LOGIN, Role.READ)
    ask("PATCH", f"{REPO}/issues/3", 403, {"title": "t"})
    ask("GET", f"{REPO}/hooks", 404)
    ask.world.set_has_issues(cast.REPOSITORY, False)
    ask("POST", f"{REPO}/issues", 410, {"title": "t"})
    ask.world.rename_repository(cast.REPOSITORY, "renamed", actor=LEAD)
    ask("GET", REPO, 301)


WEBHOOKS = {
    "ping",
    *(f"issue_comment {action}" for action in ("created", "edited", "deleted")),
    *(f"label {action}" for action in ("created", "edited", "deleted")),
    *(f"milestone {action}" for action in ("created", "edited", "closed", "opened")),
    *(f"issues {action}" for action in ("opened", "edited", "closed", "reopened", "deleted", "transferred")),
    *(f"issues {action}" for action in ("labeled", "unlabeled", "assigned", "unassigned")),
    *(f"issues {action}" for action in ("locked", "unlocked", "milestoned", "demilestoned")),
    "repository renamed",
}
STOPS = (
    see_issues,
    see_talk,
    see_repository,
    see_pulls,
    see_files,
    see_hooks,
    see_accounts,
    see_app,
    see_what_is_gone,
)


@pytest.fixture
def tour(world: GitHubWorld, api: httpx.Client) -> Tour:
    """A visit to every endpoint, errors included."""
    tour = Tour(world, api)
    for stop in STOPS:
        stop(tour)
    return tour


def live(world: GitHubWorld, as_app: bool) -> None:
    """All that can happen to an issue, so that every webhook is sent."""
    repo, actor = cast.REPOSITORY, LEAD
    if as_app:
        actor = world.install_app(77, "").login
        world.set_role(repo, actor, Role.ADMIN)
        world.set_role(cast.RESTRICTED_REPOSITORY, actor, Role.ADMIN)
    world.new_milestone(repo, "Soon", date(2026, 12, 1), actor=actor)
    world.edit_milestone(repo, 1, title="Later", description="d", due_on=date(2027, 1, 2), actor=actor)
    number = world.open_issue(repo, "t", actor=actor, labels=["new"], assignees=[LEAD], milestone=1).number
    world.edit(repo, number, title="T", body="b", actor=actor)
    comment = world.comment(repo, number, "c", actor=actor)
    world.edit_comment(repo, comment.id, "d", actor=actor)
    world.delete_comment(repo, comment.id, actor=actor)
    world.lock(repo, number, "off-topic", actor=actor)
    world.unlock(repo, number, actor=actor)
    world.unlabel(repo, number, "new", actor=actor)
    world.unassign(repo, number, LEAD, actor=actor)
    world.set_milestone(repo, number, None, actor=actor)
    world.close(repo, number, "not_planned", actor=actor)
    world.reopen(repo, number, actor=actor)
    world.transfer(repo, number, cast.RESTRICTED_REPOSITORY, actor=actor)
    world.delete(cast.RESTRICTED_REPOSITORY, 1, actor=actor)
    world.convert_to_discussion(repo, world.open_issue(repo, "t", actor=actor).number, actor=actor)
    world.edit_milestone(repo, 1, is_open=False, actor=actor)
    world.edit_milestone(repo, 1, is_open=True, actor=actor)
    world.edit_label(repo, "new", new_name="old", color="000000", description="d", actor=actor)
    world.delete_label(repo, "old", actor=actor)
    world.rename_repository(repo, "renamed", actor=actor)


def test_every_answer_is_as_github_describes_it(description: Description, tour: Tour) -> None:
    problems = {
        f"{method} {path} {status}": found
        for method, path, status, body in tour.answers
        if (found := description.answer_problems(method, path, status, body))
    }

    assert problems == {}


@pytest.mark.parametrize(
    "damage",
    [
        {"node_id": None},
        {"updated_at": "2026-11-21 12:00"},
        {"labels": [{"name": 5}]},
        {"user": {"login": "x"}},
        {"state_reason": "bored"},
        {"html_url": "no address"},
    ],
)
def test_the_check_finds_what_is_wrong_with_an_answer(
    description: Description, world: GitHubWorld, api: httpx.Client, damage: dict[str, Any]
) -> None:
    world.open_issue(cast.REPOSITORY, "t", actor=LEAD)
    good = api.get(f"{REPO}/issues/1").json()

    assert description.answer_problems("GET", f"{REPO}/issues/1", 200, good) == []
    assert description.answer_problems("GET", f"{REPO}/issues/1", 200, good | damage) != []


@pytest.mark.parametrize("as_app", [False, True])
def test_every_webhook_is_as_github_describes_it(
    description: Description, world: GitHubWorld, receiver: Receiver, as_app: bool
) -> None:
    world.add_hook(receiver.url, secret=None)
    world.add_hook(receiver.url, secret="s", repository=cast.REPOSITORY, events=("push",))

    live(world, as_app)
    assert world.webhooks.settle()

    events = [(headers["x-github-event"], json.loads(body)) for headers, body in receiver.deliveries]
    problems = {
        f"{event} {body.get('action')}": found
        for event, body in events
        if (found := description.webhook_problems(event, body))
    }
    assert problems == {}
    assert {f"{event} {body.get('action', '')}".strip() for event, body in events} == WEBHOOKS


def test_no_endpoint_is_left_out_of_the_check(description: Description, tour: Tour) -> None:
    visited = {(method, description.template(method, path)) for method, path, _, _ in tour.answers}
    served = {
        (method, description.template(method, re.sub(r"{\w+(:\w+)?}", "x", route.path.removeprefix(ROOT))))
        for route in routes(tour.world)
        if isinstance(route, Route) and "{rest" not in route.path and "/repositories/" not in route.path
        for method in (route.methods or set()) - {"HEAD"}
    }

    assert served - visited == set()
    assert None not in {template for _, template in served}
