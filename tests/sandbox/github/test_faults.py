"""Faults, limits and the log: what a client meets when GitHub does not answer as it should."""

from __future__ import annotations

import json
import time
from typing import Any

import github
import httpx
import pytest
import requests

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.faults import FaultKind
from identity_bot_sandbox.github.world import GitHubWorld

ISSUES = f"/repos/{cast.REPOSITORY}/issues"
CREATE = ("POST", "/repos/*/*/issues")
LEAD = "indigo-marshwick"


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422, 429, 500, 502, 503])
def test_an_error_is_answered_once_and_nothing_is_done(
    api: httpx.Client, world: GitHubWorld, status: int
) -> None:
    world.faults.add(*CREATE, status=status)

    refused = api.post(ISSUES, json={"title": "t"})
    accepted = api.post(ISSUES, json={"title": "t"})

    assert (refused.status_code, accepted.status_code) == (status, 201)
    assert refused.json()["message"]
    assert refused.json()["status"] == str(status)
    assert len(world.issues(cast.REPOSITORY)) == 1


def test_a_fault_meets_only_the_requests_that_it_is_meant_for(api: httpx.Client, world: GitHubWorld) -> None:
    world.open_issue(cast.REPOSITORY, "t", actor=LEAD)
    world.faults.add("GET", "/repos/*/*/issues", status=500, times=None)

    assert api.get(ISSUES).status_code == 500
    assert api.get(ISSUES).status_code == 500
    assert api.get(f"{ISSUES}/1").status_code == 200
    assert api.post(ISSUES, json={"title": "t"}).status_code == 201
    world.faults.clear()
    assert api.get(ISSUES).status_code == 200


def test_an_act_may_be_done_although_its_answer_is_an_error(api: httpx.Client, world: GitHubWorld) -> None:
    world.faults.add(*CREATE, status=502, after=True)

    answer = api.post(ISSUES, json={"title": "Done all the same"})

    assert answer.status_code == 502
    assert [issue.title for issue in world.issues(cast.REPOSITORY)] == ["Done all the same"]


def test_pygithub_knows_the_limits_when_it_meets_them(hub: github.Github, world: GitHubWorld) -> None:
    repository = hub.get_repo(cast.REPOSITORY)
    world.faults.add(*CREATE, kind=FaultKind.SECONDARY_LIMIT, retry_after=7)
    world.faults.add(*CREATE, kind=FaultKind.PRIMARY_LIMIT, retry_after=60)

    with pytest.raises(github.RateLimitExceededException) as secondary:
        repository.create_issue("t")
    with pytest.raises(github.RateLimitExceededException) as primary:
        repository.create_issue("t")

    assert secondary.value.headers is not None
    assert primary.value.headers is not None
    assert secondary.value.headers["retry-after"] == "7"
    assert primary.value.headers["x-ratelimit-remaining"] == "0"
    assert int(primary.value.headers["x-ratelimit-reset"]) == pytest.approx(time.time() + 60, abs=3)


def test_a_cut_connection_gives_no_answer_whether_the_act_is_done_or_not(
    hub: github.Github, world: GitHubWorld
) -> None:
    repository = hub.get_repo(cast.REPOSITORY)
    world.faults.add(*CREATE, kind=FaultKind.CUT)
    world.faults.add(*CREATE, kind=FaultKind.CUT, after=True)

    with pytest.raises(requests.ConnectionError):
        repository.create_issue("before")
    with pytest.raises(requests.ConnectionError):
        repository.create_issue("after")

    assert [issue.title for issue in world.issues(cast.REPOSITORY)] == ["after"]
    assert [one.status for one in world.traffic.requests("POST")] == [0, 0]


def test_a_server_that_hangs_is_given_up_by_the_caller(api: httpx.Client, world: GitHubWorld) -> None:
    world.faults.add(*CREATE, kind=FaultKind.HANG)

    with pytest.raises(httpx.ReadTimeout):
        api.post(ISSUES, json={"title": "t"}, timeout=0.2)

    assert world.issues(cast.REPOSITORY) == []


def test_a_slow_answer_is_a_right_one(api: httpx.Client, world: GitHubWorld) -> None:
    world.faults.add(*CREATE, kind=FaultKind.SLOW, delay=0.2)
    started = time.monotonic()

    answer = api.post(ISSUES, json={"title": "t"})

    assert answer.status_code == 201
    assert time.monotonic() - started >= 0.2


def test_garbage_comes_with_status_200(hub: github.Github, world: GitHubWorld, api: httpx.Client) -> None:
    world.faults.add("GET", kind=FaultKind.HTML)
    world.faults.add("GET", kind=FaultKind.BROKEN_JSON)

    page = api.get("/user")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    with pytest.raises(json.JSONDecodeError):
        hub.get_repo(cast.REPOSITORY)


def test_pygithub_retries_a_post_unless_it_is_told_not_to(world: GitHubWorld) -> None:
    world.faults.add(*CREATE, status=502, after=True, times=2)
    hasty = github.Github(
        base_url=f"{world.base_url}/github/api",
        auth=github.Auth.Token(cast.GITHUB_TOKEN),
        seconds_between_requests=0,
        seconds_between_writes=0,
    )

    hasty.get_repo(cast.REPOSITORY).create_issue("t")
    hasty.close()

    assert world.traffic.count("POST", ISSUES) == 3
    assert len(world.issues(cast.REPOSITORY)) == 3


def test_the_hourly_allowance_runs_out(api: httpx.Client, world: GitHubWorld) -> None:
    world.traffic.limit = 3

    answers = [api.get("/user") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 403]
    assert answers[3].headers["x-ratelimit-remaining"] == "0"
    assert api.get("/rate_limit").json()["rate"]["remaining"] == 0


def test_the_log_of_requests_holds_bodies_but_no_token(api: httpx.Client, world: GitHubWorld) -> None:
    api.post(ISSUES, json={"title": "noted"})

    noted: Any = world.traffic.requests("POST", ISSUES)[0]
    assert noted.status == 201
    assert json.loads(noted.body) == {"title": "noted"}
    assert cast.GITHUB_TOKEN not in str(noted)
