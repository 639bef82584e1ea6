"""The page's switches for faults."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from tests.support import eventually


def test_the_switches_put_faults_on_and_off(sandbox: Sandbox, visitor: httpx.Client) -> None:
    on = visitor.post("/page/faults", data={"on": ["github-broken", "slack-limited", "unknown"]}).text
    faults = (len(sandbox.github.faults.active()), len(sandbox.slack.faults.active()))
    off = visitor.post("/page/faults", data={}).text

    assert "2 on" in on
    assert faults == (1, 1)
    assert " on</span>" not in off
    assert sandbox.github.faults.active() == ()


def test_a_switch_that_works_once_is_off_when_it_has(sandbox: Sandbox, visitor: httpx.Client) -> None:
    visitor.post("/page/faults", data={"on": "github-unsure"})
    sandbox.github.faults.meet("POST", "/repos/a/b/issues")

    assert " on</span>" not in visitor.get("/").text


def test_the_four_mishaps_of_webhooks_can_be_switched_on(sandbox: Sandbox, visitor: httpx.Client) -> None:
    names = {f"webhooks-{what}" for what in ("lost", "doubled", "delayed", "reordered")}

    on = visitor.post("/page/faults", data={"on": [*names]}).text
    visitor.post("/page/faults", data={})
    off = visitor.get("/").text

    assert "4 on" in on
    assert all(f'value="{name}" checked' in on for name in names)
    assert not any(f'value="{name}" checked' in off for name in names)


def test_the_bots_socket_can_be_dropped(sandbox: Sandbox, visitor: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {cast.APP_TOKEN}"}
    url = visitor.post("/slack/api/apps.connections.open", headers=headers).json()["url"]

    with connect(url) as socket:
        socket.recv(5)
        connected = visitor.get("/").text
        visitor.post("/page/faults", data={"do": "drop"})

        with pytest.raises(ConnectionClosedError):
            socket.recv(5)

    assert "Bot connected by Socket Mode" in connected
    eventually(lambda: "No bot is connected" in visitor.get("/").text)


def test_the_bots_socket_can_go_silent(sandbox: Sandbox, visitor: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {cast.APP_TOKEN}"}
    url = visitor.post("/slack/api/apps.connections.open", headers=headers).json()["url"]

    # A silent server does not answer a goodbye either.
    with connect(url, close_timeout=0.1) as socket:
        socket.recv(5)
        visitor.post("/page/faults", data={"do": "silence"})

        assert not socket.ping().wait(0.3)
    eventually(lambda: "No bot is connected" in visitor.get("/").text)
