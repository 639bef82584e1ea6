"""Webhooks of the sandbox's GitHub, as a receiver sees them, also when they are made to go wrong."""

from __future__ import annotations

import hashlib
import hmac
import time

import httpx

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.world import GitHubWorld
from tests.sandbox.github.conftest import Receiver

REPO = cast.REPOSITORY
LEAD = "indigo-marshwick"


def test_a_delivery_is_signed_and_named_as_github_does(world: GitHubWorld, receiver: Receiver) -> None:
    hook = world.add_hook(receiver.url, secret="s3cret", repository=REPO)

    world.open_issue(REPO, "Hej \N{WAVING HAND SIGN}", actor=LEAD)
    assert world.webhooks.settle()

    headers, body = receiver.deliveries[1]
    assert headers["x-hub-signature-256"] == "sha256=" + hmac.digest(b"s3cret", body, hashlib.sha256).hex()
    assert headers["x-github-event"] == "issues"
    assert headers["x-github-hook-id"] == str(hook.id)
    assert headers["user-agent"].startswith("GitHub-Hookshot/")
    assert headers["content-type"] == "application/json"
    assert len({headers["x-github-delivery"] for headers, _ in receiver.deliveries}) == 2


def test_a_new_issue_is_told_once_and_each_label_and_assignee_once_more(
    world: GitHubWorld, receiver: Receiver, api: httpx.Client
) -> None:
    world.add_hook(receiver.url, secret=None, events=("issues",))
    fields = {"title": "t", "labels": ["bug", "question"], "assignees": [LEAD, "linden-brookmere"]}

    api.post(f"/repos/{REPO}/issues", json=fields)
    assert world.webhooks.settle()

    told = ["opened", "labeled", "labeled", "assigned", "assigned"]
    assert receiver.told() == [f"issues.{action}" for action in told]
    assert receiver.payloads()[1]["label"]["name"] == "bug"
    assert receiver.payloads()[4]["assignee"]["login"] == "linden-brookmere"
    assert receiver.payloads()[4]["sender"]["login"] == cast.BOT_LOGIN


def test_an_edit_tells_what_was_there_before(world: GitHubWorld, receiver: Receiver) -> None:
    world.open_issue(REPO, "Old", "old text", actor=LEAD)
    world.add_hook(receiver.url, secret=None)

    world.edit(REPO, 1, title="New", body="new text", actor=LEAD)
    world.edit(REPO, 1, title="New", actor=LEAD)
    assert world.webhooks.settle()

    assert receiver.told() == ["issues.edited"]
    assert receiver.payloads()[0]["changes"] == {"title": {"from": "Old"}, "body": {"from": "old text"}}


def test_a_hook_hears_only_of_its_own_repository_and_events(world: GitHubWorld, receiver: Receiver) -> None:
    world.add_hook(receiver.url, secret=None, repository=REPO, events=("issue_comment",))

    world.open_issue(cast.RESTRICTED_REPOSITORY, "t", actor=LEAD)
    world.comment(cast.RESTRICTED_REPOSITORY, 1, "elsewhere", actor=LEAD)
    world.open_issue(REPO, "t", actor=LEAD)
    world.comment(REPO, 1, "here", actor=LEAD)
    assert world.webhooks.settle()

    assert receiver.told() == ["issue_comment.created"]
    assert receiver.payloads()[0]["comment"]["body"] == "here"


def test_a_payload_is_the_issue_of_that_moment(world: GitHubWorld, receiver: Receiver) -> None:
    receiver.delay = 0.05
    world.add_hook(receiver.url, secret=None, events=("issues",))

    world.open_issue(REPO, "t", actor=LEAD)
    world.close(REPO, 1, actor=LEAD)
    world.reopen(REPO, 1, actor=LEAD)
    assert world.webhooks.settle()

    states = [(payload["action"], payload["issue"]["state"]) for payload in receiver.payloads()]
    assert states == [("opened", "open"), ("closed", "closed"), ("reopened", "open")]


def test_a_redelivery_carries_the_same_delivery_id(world: GitHubWorld, receiver: Receiver) -> None:
    world.add_hook(receiver.url, secret="s")
    receiver.status = 500
    world.open_issue(REPO, "t", actor=LEAD)
    assert world.webhooks.settle()
    failed = world.webhooks.deliveries()[-1]

    receiver.status = 200
    again = world.redeliver(failed.id)
    assert world.webhooks.settle()

    assert (failed.status_code, failed.is_redelivery) == (500, False)
    first, second = receiver.deliveries[-2:]
    assert first == second
    assert again.guid == failed.guid
    assert again.id != failed.id
    done = world.webhooks.delivery(again.id)
    assert (done.status, done.status_code, done.is_redelivery) == ("OK", 200, True)


def test_a_receiver_that_is_not_there_is_written_down(world: GitHubWorld) -> None:
    world.add_hook("http://127.0.0.1:9/hook", secret=None)

    assert world.webhooks.settle()

    assert world.webhooks.deliveries()[0].status == "failed to connect to host"
    assert world.webhooks.deliveries()[0].status_code == 0


def test_a_slow_receiver_keeps_nobody_waiting(world: GitHubWorld, receiver: Receiver) -> None:
    receiver.delay = 2.0
    world.add_hook(receiver.url, secret=None)
    started = time.monotonic()

    world.open_issue(REPO, "t", actor=LEAD)

    assert time.monotonic() - started < receiver.delay


def test_lost_deliveries_never_arrive_but_can_be_redelivered(world: GitHubWorld, receiver: Receiver) -> None:
    world.add_hook(receiver.url, secret=None, events=("issues",))
    world.webhooks.lose(2)

    world.open_issue(REPO, "t", actor=LEAD)
    world.close(REPO, 1, actor=LEAD)
    world.reopen(REPO, 1, actor=LEAD)
    assert world.webhooks.settle()
    lost = [one for one in world.webhooks.deliveries() if one.status == "lost on purpose"]
    world.redeliver(lost[1].id)
    assert world.webhooks.settle()

    assert len(lost) == 2
    assert receiver.told() == ["issues.reopened", "issues.closed"]


def test_duplicated_deliveries_arrive_twice_with_one_id(world: GitHubWorld, receiver: Receiver) -> None:
    world.add_hook(receiver.url, secret=None, events=("issues",))
    world.webhooks.duplicate(1)

    world.open_issue(REPO, "t", actor=LEAD)
    world.close(REPO, 1, actor=LEAD)
    assert world.webhooks.settle()

    assert receiver.told() == ["issues.opened", "issues.opened", "issues.closed"]
    ids = [headers["x-github-delivery"] for headers, _ in receiver.deliveries[1:]]
    assert ids[0] == ids[1] != ids[2]


def test_a_delayed_delivery_is_overtaken(world: GitHubWorld, receiver: Receiver) -> None:
    world.add_hook(receiver.url, secret=None, events=("issues",))
    world.webhooks.delay(0.2, 1)

    world.open_issue(REPO, "t", actor=LEAD)
    world.close(REPO, 1, actor=LEAD)
    assert world.webhooks.settle()

    assert receiver.told() == ["issues.closed", "issues.opened"]


def test_reordered_deliveries_arrive_last_one_first(world: GitHubWorld, receiver: Receiver) -> None:
    world.add_hook(receiver.url, secret=None, events=("issues",))
    assert world.webhooks.settle()
    world.webhooks.reorder(3)

    world.open_issue(REPO, "t", actor=LEAD)
    world.close(REPO, 1, actor=LEAD)
    world.reopen(REPO, 1, actor=LEAD)
    world.lock(REPO, 1, actor=LEAD)
    assert world.webhooks.settle()

    assert receiver.told() == ["issues.reopened", "issues.closed", "issues.opened", "issues.locked"]


def test_reordered_deliveries_wait_no_longer_than_there_is_something_to_come(
    world: GitHubWorld, receiver: Receiver
) -> None:
    world.add_hook(receiver.url, secret=None, events=("issues",))
    assert world.webhooks.settle()
    world.webhooks.reorder(None)

    world.open_issue(REPO, "t", actor=LEAD)
    world.close(REPO, 1, actor=LEAD)
    assert world.webhooks.settle()

    assert receiver.told() == ["issues.closed", "issues.opened"]


def test_mended_webhooks_go_out_as_they_should(world: GitHubWorld, receiver: Receiver) -> None:
    world.add_hook(receiver.url, secret=None, events=("issues",))
    world.webhooks.lose(None)
    world.webhooks.duplicate(None)

    world.webhooks.mend()
    world.open_issue(REPO, "t", actor=LEAD)
    assert world.webhooks.settle()

    assert receiver.told() == ["issues.opened"]
