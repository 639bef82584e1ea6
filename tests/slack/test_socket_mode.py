"""Socket Mode: what reaches Bolt, and by which way Slack is reached."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.socket_mode.request import SocketModeRequest

from identity_bot.slack import socket_mode
from identity_bot.slack.socket_mode import Socket
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox

COMMAND = {"command": "/help", "text": "", "user_id": "U0JUNIPER", "trigger_id": "1", "team_id": "T0"}


def connection(url: str) -> Socket:
    client = WebClient(token=cast.BOT_TOKEN, base_url=url)
    app = App(client=client, signing_secret="x", token_verification_enabled=False)
    return Socket(app, cast.APP_TOKEN, client)


@pytest.mark.parametrize(
    ("payload", "heard", "said"),
    [
        (COMMAND, 1, []),
        (COMMAND | {"user_id": 7}, 0, ["Socket Mode: refused a request: it is malformed (user_id)"]),
        ({"type": "block_actions", "actions": 7}, 0, ["Socket Mode: refused a request: it cannot be read (TypeError)"]),
    ],
    ids=["well formed", "malformed", "unreadable"],
)  # fmt: skip
def test_bolt_gets_only_what_slack_can_have_sent(
    running: Sandbox, payload: dict[str, Any], heard: int, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    socket, calls = connection(running.environment()["SLACK_API_URL"]), []

    @socket.app.command("/help")
    def command(ack: Ack, body: dict[str, Any]) -> None:
        calls.append(body)
        ack()

    with contextlib.closing(socket):
        socket.connect()  # type: ignore[no-untyped-call]
        socket.handle(
            socket.client, SocketModeRequest(type="slash_commands", envelope_id="1", payload=payload)
        )

    assert len(calls) == heard
    assert [one.getMessage() for one in caplog.records if one.name == socket_mode.__name__] == said


@pytest.mark.parametrize(
    ("url", "proxy"), [("https://slack.com/api/", "http://proxy:1"), ("http://here:9/", None)]
)
def test_a_socket_heeds_no_proxy(monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None) -> None:
    for name, value in (("https_proxy", "http://proxy:1"), ("no_proxy", "here")):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(name.upper(), value)

    assert connection(url).client.proxy == proxy


def test_a_socket_that_was_never_opened_is_not_connected() -> None:
    assert not connection("http://127.0.0.1:9/api/").is_connected
