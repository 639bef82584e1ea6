"""Slack, its WebSocket and GitHub are reached through a proxy that reads TLS; what is in the way is said in a line."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from urllib.error import URLError

import pytest
import requests
from click.testing import CliRunner

from identity_bot.cli import main
from identity_bot.errors import network
from identity_bot_sandbox.server import Sandbox
from tests.support import eventually
from tests.support_proxy import Proxy, proxy
from tests.test_app import ask, running, settings_file, told

TRUST = "its certificate is not trusted; if a proxy reads TLS, set SSL_CERT_FILE and REQUESTS_CA_BUNDLE to the file "
REFUSED = "the proxy in HTTPS_PROXY refuses the connection"


def environment(sandbox: Sandbox, way: Proxy, *trusting: str) -> dict[str, str]:
    """The variables of a bot whose every request goes over TLS through the proxy, and of what makes it trust that."""
    secure = sandbox.url.replace("http:", "https:")
    sandbox.slack.base_url = sandbox.github.base_url = secure
    addresses = {"SLACK_API_URL": f"{secure}/slack/api/", "GITHUB_API_URL": f"{secure}/github/api"}
    trust = dict.fromkeys(trusting, str(way.authority))
    return sandbox.environment() | addresses | {"HTTPS_PROXY": way.url} | trust


def check(folder: Path, environ: dict[str, str]) -> list[str]:
    """The problems that `identity-bot check` reports, without that word."""
    environ = environ | {"DATABASE_URL": f"sqlite:///{folder / 'bot.db'}"}
    arguments = ["--config", str(settings_file(folder)), "check"]
    said = CliRunner().invoke(main, arguments, env=environ, catch_exceptions=False).stdout
    return [line.partition(" ")[2].strip() for line in said.splitlines() if line.startswith("problem")]


def test_a_request_is_made_and_answered_through_a_proxy_that_reads_tls(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with proxy(tmp_path) as way:
        environ = environment(sandbox, way, "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        problems = check(tmp_path, environ)
        with running(tmp_path, environ) as bot:
            bot.url()
            ask(sandbox)
            eventually(lambda: told(sandbox), seconds=20)

    assert problems == []
    for path in ("GET /slack/socket/", "POST /slack/api/chat.postMessage", "GET /github/api/repos/"):
        assert any(line.startswith(path) for line in way.read), path


@pytest.mark.parametrize(
    ("trusting", "missing"),
    [((), {"Slack", "GitHub"}), (("SSL_CERT_FILE",), {"GitHub"}), (("REQUESTS_CA_BUNDLE",), {"Slack"})],
)
def test_check_says_which_variables_make_the_bot_trust_the_proxy(
    sandbox: Sandbox, tmp_path: Path, trusting: tuple[str, ...], missing: set[str]
) -> None:
    with proxy(tmp_path) as way:
        problems = check(tmp_path, environment(sandbox, way, *trusting))

    assert {line.partition(" ")[0].rstrip(":") for line in problems} == missing
    assert all(TRUST in line for line in problems)


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        ("407 Proxy Authentication Required", f"{REFUSED} (407): it wants a user name and a password: "),
        ("403 Forbidden", f"{REFUSED} (403): it does not allow this address"),
        ("502 Bad Gateway", f"{REFUSED} (502)"),
    ],
)
def test_check_says_that_the_proxy_refuses(
    sandbox: Sandbox, tmp_path: Path, refusal: str, expected: str
) -> None:
    with proxy(tmp_path, refusal) as way:
        problems = check(tmp_path, environment(sandbox, way))

    assert {line.partition(" ")[0].rstrip(":") for line in problems} == {"Slack", "GitHub"}
    assert all(expected in line for line in problems)


def test_a_start_through_a_proxy_that_refuses_ends_in_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    with (
        proxy(tmp_path, "407 Proxy Authentication Required") as way,
        running(tmp_path, environment(sandbox, way)) as bot,
    ):
        assert bot.process.wait(30) == 2
        bot.end()

    assert bot.log.splitlines()[-1].startswith(f"Slack cannot be reached: {REFUSED} (407)")
    assert "Traceback" not in bot.log


def test_a_proxys_password_is_in_no_log(sandbox: Sandbox, tmp_path: Path) -> None:
    """slack_sdk names the whole address of a proxy that does not let the WebSocket through."""
    with proxy(tmp_path, "403 Forbidden", after="apps.connections.open") as way:
        environ = environment(sandbox, way, "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        environ["HTTPS_PROXY"] = way.url.replace("//", "//name:hunter2@")
        with running(tmp_path, environ) as bot:
            eventually(lambda: "Failed to establish a connection" in bot.log, seconds=20)
            bot.end()

    assert "hunter2" not in bot.log
    assert "Traceback" not in bot.log


def test_no_proxy_exempts_slack_its_websocket_and_github(sandbox: Sandbox, tmp_path: Path) -> None:
    with proxy(tmp_path, "502 Bad Gateway") as way:
        proxies = {"HTTPS_PROXY": way.url, "HTTP_PROXY": way.url, "NO_PROXY": "127.0.0.1"}
        with running(tmp_path, sandbox.environment() | proxies) as bot:
            bot.url()
            ask(sandbox)
            eventually(lambda: told(sandbox), seconds=20)


# Errors as the libraries raise them


def wrapped(inner: Exception, *, by: type[Exception] = RuntimeError) -> Exception:
    """An error that another one is raised from."""
    try:
        raise by("it failed") from inner
    except by as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "expected", "began"),
    [
        (URLError(ConnectionRefusedError(111, "Connection refused")), "connection refused", False),
        (URLError(socket.gaierror(-2, "Name or service not known")), "the name of the server, or of", False),
        (URLError(ssl.SSLCertVerificationError("token xoxb-secret")), TRUST, False),
        (URLError(OSError("Tunnel connection failed: 503 Busy")), f"{REFUSED} (503)", False),
        (
            requests.exceptions.ProxyError(wrapped(OSError("Tunnel connection failed: 407 x"))),
            "(407): it",
            False,
        ),
        (URLError(TimeoutError("timed out")), "TimeoutError", True),
        (ConnectionResetError(104, "reset by xoxb-secret"), "ConnectionResetError", True),
        (requests.ConnectionError("secret"), "ConnectionError", True),
        (wrapped(ssl.SSLCertVerificationError()), TRUST, False),
    ],
)
def test_the_reason_is_in_our_words_and_says_whether_anything_was_sent(
    error: Exception, expected: str, began: bool
) -> None:
    assert expected in network.reason(error)
    assert network.never_began(error) is not began
    assert "xoxb" not in network.reason(error)


@pytest.mark.parametrize(
    ("no_proxy", "expected"),
    [("", False), ("slack.com", True), (".slack.com,other", True), ("*", True), ("github.com", False)],
)
def test_no_proxy_names_hosts_and_domains(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, expected: bool
) -> None:
    monkeypatch.setenv("no_proxy", no_proxy)

    assert network.needs_no_proxy("https://slack.com/api/") is expected
