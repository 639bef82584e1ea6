"""The server starts and stops quickly, and tells a bot all that it needs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from slack_sdk import WebClient
from websockets.sync.client import ClientConnection, connect

from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox


@contextmanager
def opened(sandbox: Sandbox) -> Iterator[ClientConnection]:
    """A bare socket, with its hello already read."""
    client = WebClient(base_url=sandbox.environment()["SLACK_API_URL"])
    with connect(client.apps_connections_open(app_token=cast.APP_TOKEN)["url"]) as socket:
        assert json.loads(socket.recv(2))["type"] == "hello"
        yield socket


def test_the_server_starts_and_stops_quickly_with_a_socket_open() -> None:
    before = threading.active_count()
    start = time.monotonic()

    with Sandbox() as sandbox, opened(sandbox) as socket:
        started = time.monotonic() - start
        sandbox.stop()
        with pytest.raises(Exception, match="received 10"):
            socket.recv(2)
    ended = time.monotonic() - start

    assert started < 1
    assert ended < 3
    assert threading.active_count() <= before + 1


def test_the_environment_names_all_that_a_bot_needs(sandbox: Sandbox) -> None:
    assert sandbox.environment() == {
        "SLACK_API_URL": f"{sandbox.url}/slack/api/",
        "SLACK_BOT_TOKEN": cast.BOT_TOKEN,
        "SLACK_APP_TOKEN": cast.APP_TOKEN,
        "SLACK_SIGNING_SECRET": cast.SIGNING_SECRET,
        "GITHUB_API_URL": f"{sandbox.url}/github/api",
        "GITHUB_TOKEN": cast.GITHUB_TOKEN,
        "GITHUB_WEBHOOK_SECRET": cast.WEBHOOK_SECRET,
    }
