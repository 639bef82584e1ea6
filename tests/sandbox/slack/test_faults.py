"""Faults, Slack's rate limit and the log of calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.world import SlackWorld

INTAKE = "C0INTAKE"


@contextmanager
def refused(error: str) -> Iterator[dict[str, Any]]:
    """Expect Slack to refuse with one of its codes; gives the whole answer."""
    answer: dict[str, Any] = {}
    with pytest.raises(SlackApiError) as caught:
        yield answer
    assert caught.value.response["error"] == error
    answer.update(caught.value.response.data)


def test_a_fault_answers_with_an_error_a_status_or_a_limit(client: WebClient, world: SlackWorld) -> None:
    world.faults.add("chat.postMessage", error="fatal_error")
    world.faults.add("chat.postMessage", status=503)
    world.faults.add("chat.postMessage", retry_after=7)

    with refused("fatal_error"):
        client.chat_postMessage(channel=INTAKE, text="lost 1")
    with pytest.raises(SlackApiError) as unavailable:
        client.chat_postMessage(channel=INTAKE, text="lost 2")
    with pytest.raises(SlackApiError) as limited:
        client.chat_postMessage(channel=INTAKE, text="lost 3")

    assert unavailable.value.response.status_code == 503
    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["retry-after"] == "7"
    assert client.chat_postMessage(channel=INTAKE, text="there")["ok"]
    assert not [message for message in world.messages(INTAKE) if message.text.startswith("lost")]


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_is_cut_before_or_after_the_act(
    client: WebClient, world: SlackWorld, after: bool
) -> None:
    world.faults.add("chat.postMessage", cut=True, after=after)
    before = len(world.messages(INTAKE))

    with pytest.raises((URLError, HTTPException, ConnectionError)):
        client.chat_postMessage(channel=INTAKE, text="unknown")

    assert len(world.messages(INTAKE)) - before == int(after)


def test_a_call_that_hangs_ends_when_the_caller_gives_up(world: SlackWorld, client: WebClient) -> None:
    world.faults.add("chat.postMessage", hang=True, after=True)
    impatient = WebClient(token=cast.BOT_TOKEN, base_url=client.base_url, timeout=1, retry_handlers=[])
    impatient.timeout = 0.1  # type: ignore[assignment]

    with pytest.raises((TimeoutError, URLError)):
        impatient.chat_postMessage(channel=INTAKE, text="did it arrive?")

    assert world.messages(INTAKE)[-1].text == "did it arrive?"


def test_a_slow_call_is_slow_but_right(client: WebClient, world: SlackWorld) -> None:
    world.faults.add("*", delay=0.1)
    start = time.monotonic()

    assert client.auth_test()["ok"]
    assert time.monotonic() - start >= 0.1


def test_slacks_pace_is_kept_for_each_channel_when_switched_on(client: WebClient, world: SlackWorld) -> None:
    world.pace.is_on = True

    for _ in range(5):
        client.chat_postMessage(channel=INTAKE, text="burst")
    with refused("ratelimited") as answer:
        client.chat_postMessage(channel=INTAKE, text="too many")

    assert answer["error"] == "ratelimited"
    assert client.chat_postMessage(channel="C0TEAM", text="elsewhere")["ok"]


def test_all_calls_are_remembered_with_their_answers(client: WebClient, world: SlackWorld) -> None:
    client.chat_postMessage(channel=INTAKE, text="hello")
    with refused("message_not_found"):
        client.chat_update(channel=INTAKE, ts="1.0", text="a")

    posted, edited = world.traffic.calls("chat.postMessage", "chat.update")
    assert posted.is_ok
    assert posted.arguments["text"] == "hello"
    assert edited.answer["error"] == "message_not_found"
