"""The sandbox answers only to its own name: a page elsewhere cannot reach it by DNS rebinding."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from identity_bot_sandbox import cast
from identity_bot_sandbox.host import named
from identity_bot_sandbox.page.routes import routes
from identity_bot_sandbox.server import Sandbox

PATHS = ("/", "/page/events", "/page/static/page.js", "/slack/api/auth.test", "/github/api/user")
FOREIGN = ("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1@evil.example", "[::", "")


@pytest.fixture(scope="module")
def shown() -> Iterator[Sandbox]:
    """A sandbox with its page."""
    with Sandbox(pages=[routes]) as running:
        yield running


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", FOREIGN)
def test_a_request_for_another_host_is_refused(shown: Sandbox, path: str, host: str) -> None:
    answer = httpx.get(shown.url + path, headers={"Host": host})

    assert answer.status_code == 421
    assert "It answers only to: 127.0.0.1, localhost, ::1." in answer.text


def test_a_form_is_refused_though_its_page_has_the_same_foreign_host(shown: Sandbox) -> None:
    """A rebound page is of the same origin, so only the name of its host betrays it."""
    headers = {
        "Host": "evil.example:8000",
        "Origin": "http://evil.example:8000",
        "Sec-Fetch-Site": "same-origin",
    }

    answer = httpx.post(f"{shown.url}/page/say", data={"text": "hi"}, headers=headers)

    assert answer.status_code == 421
    assert shown.slack.messages(cast.PLACES[0].channel_id) == []


def test_a_bot_with_a_token_is_refused_too(shown: Sandbox) -> None:
    headers = {"Host": "evil.example", "Authorization": f"Bearer {cast.BOT_TOKEN}"}

    answer = httpx.post(f"{shown.url}/slack/api/auth.test", headers=headers)

    assert answer.status_code == 421


def test_a_websocket_for_another_host_is_refused(shown: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {cast.APP_TOKEN}"}
    url = httpx.post(f"{shown.url}/slack/api/apps.connections.open", headers=headers).json()["url"]
    parts = urlsplit(url)

    with pytest.raises(InvalidStatus) as refusal:
        connect(
            url.replace(parts.netloc, "evil.example"),
            sock=socket.create_connection((parts.hostname, parts.port)),
        ).close()

    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
@pytest.mark.parametrize("port", ["", ":8000"])
def test_the_sandbox_answers_to_each_of_its_own_names_with_any_port(
    shown: Sandbox, host: str, port: str
) -> None:
    assert httpx.get(f"{shown.url}/", headers={"Host": host + port}).status_code == 200


def test_a_sandbox_that_listens_everywhere_answers_to_the_address_that_was_asked() -> None:
    with Sandbox(host="0.0.0.0") as running:
        url = f"http://127.0.0.2:{urlsplit(running.url).port}/slack/api/auth.test"
        arrived = httpx.post(url)
        foreign = httpx.post(url, headers={"Host": "evil.example"})

    assert arrived.json()["error"] == "not_authed"
    assert foreign.status_code == 421


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Box.example:8000", "box.example"),
        ("[::1]:8000", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("", None),
        ("[", None),
    ],
)
def test_the_named_host_has_no_port_and_no_capitals(header: str, expected: str | None) -> None:
    assert named(header) == expected
