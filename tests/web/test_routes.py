"""The HTTP endpoints with whatever may be sent to them: what is taken, what is refused, and what the log keeps."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from slack_bolt import App
from slack_sdk import WebClient
from starlette.types import ASGIApp

from identity_bot import app, settings
from identity_bot.app import Bot
from identity_bot.logs import LIBRARIES, handler
from identity_bot.tickets.model import Person, Stage, Ticket
from identity_bot.web.routes import LARGEST_DELIVERY, LARGEST_REQUEST, web_app
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.delivery import signed
from tests.conftest import SETTINGS
from tests.support import eventually

ANSWER = "the users of 3 May are gone"
SECRETS = (cast.BOT_TOKEN, cast.APP_TOKEN, cast.GITHUB_TOKEN, cast.SIGNING_SECRET, cast.WEBHOOK_SECRET)
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
HEAD = b"POST /github/webhook HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=00\r\n"
VIEW = {"id": "V1", "type": "modal", "callback_id": "nobodys"}


@contextlib.contextmanager
def served(application: ASGIApp) -> Iterator[httpx.Client]:
    """A client for an application on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        eventually(lambda: server.started)
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            yield client
        server.should_exit = True
        thread.join(5)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def bot(running: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """A bot whose worker sleeps, so that only what arrives over HTTP changes anything."""
    folder = tmp_path_factory.mktemp("web")
    file = folder / "identity-bot.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    environ = running.environment() | {"DATABASE_URL": f"sqlite:///{folder / 'bot.db'}"}
    bot = app.build(settings.load(file, environ))
    bot.reader.identify()
    yield bot
    bot.listeners.close()
    bot.store.close()


@pytest.fixture(scope="module")
def site(running: Sandbox, bot: Bot) -> Iterator[httpx.Client]:
    """The endpoints in HTTP mode."""
    client = WebClient(token=cast.BOT_TOKEN, base_url=running.environment()["SLACK_API_URL"])
    slack_app = App(client=client, signing_secret=cast.SIGNING_SECRET)
    bot.listeners.attach(slack_app)
    with served(bot.web_app(slack_app)) as site:
        yield site


@pytest.fixture(autouse=True)
def log() -> Iterator[StringIO]:
    """What the log keeps though every library talks as much as it can; never a secret or an answer."""
    stream, root = StringIO(), logging.getLogger()
    ours, level = handler(stream), root.level
    names = [*LIBRARIES, *(name for name in logging.root.manager.loggerDict if name.startswith(LIBRARIES))]
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(ours)
    root.setLevel(logging.DEBUG)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(ours)
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    kept = stream.getvalue()
    assert ANSWER not in kept
    assert not [secret for secret in SECRETS if secret in kept]
    assert "Traceback" not in kept


def ticket(bot: Bot, submission: str) -> Ticket:
    """A ticket whose issue the worker has not opened yet."""
    answers = {
        "team": "t",
        "name": "Juniper Vale",
        "production": "no",
        "data_needed": ANSWER,
        "sensitive": "no",
    }
    person = Person(slack_id="U0JUNIPER")
    return bot.desk.submit("data_pull", answers, person, submission=submission, origin=None)


def issue(of: Ticket, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "html_url": f"https://github.example/{number}",
        "state": "open",
        "title": "A request",
        "user": {"login": "identity-helper-bot", "type": "User"},
        "updated_at": "2026-11-21T12:00:00Z",
        "body": f"{ANSWER}\n\n<!-- identity-bot:ticket={of.id} -->",
    }


def deliver(
    site: httpx.Client,
    payload: object,
    *,
    event: str = "issues",
    secret: str = cast.WEBHOOK_SECRET,
    **headers: str | None,
) -> httpx.Response:
    """Sends a delivery as GitHub does; a header that is None is left out."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    sent: dict[str, str | None] = {
        "x-hub-signature-256": signature,
        "x-github-event": event,
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        **headers,
    }
    return site.post(
        "/github/webhook", content=body, headers={n: v for n, v in sent.items() if v is not None}
    )


def about(of: Ticket, number: int, repository: str = cast.REPOSITORY) -> dict[str, Any]:
    return {"action": "opened", "repository": {"full_name": repository}, "issue": issue(of, number)}


# GitHub's webhook


def test_a_signed_delivery_changes_the_ticket_and_its_redelivery_nothing(
    site: httpx.Client, bot: Bot
) -> None:
    one = ticket(bot, "V-webhook-1")

    answers = [deliver(site, about(one, 41)).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    seen = bot.store.ticket(one.id)
    assert seen
    assert (seen.stage, seen.number) == (Stage.OPEN, 41)
    told = [row for row in bot.outbox.rows("waiting") if row.ticket_id == one.id]
    assert sorted(row.kind for row in told if row.kind != "escalate") == [
        "draw_card",
        "open_issue",
        "post_update",
        "tell_delay",
    ]


def test_the_name_of_a_repository_is_the_same_in_any_case(site: httpx.Client, bot: Bot) -> None:
    one = ticket(bot, "V-webhook-2")

    deliver(site, about(one, 42, cast.REPOSITORY.upper()))

    seen = bot.store.ticket(one.id)
    assert seen
    assert seen.number == 42


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"x-hub-signature-256": "sha256=" + "0" * 64}, 401),
        ({"x-hub-signature-256": "sha1=abc"}, 401),
        ({"x-hub-signature-256": None}, 401),
        ({"x-github-event": "push"}, 200),
        ({"x-github-event": None}, 200),
    ],
)
def test_what_is_forged_or_about_something_else_changes_nothing(
    site: httpx.Client, bot: Bot, change: dict[str, str | None], status: int
) -> None:
    one = ticket(bot, "V-webhook-3")

    answer = deliver(site, about(one, 43), **change)  # type: ignore[arg-type]

    assert answer.status_code == status
    seen = bot.store.ticket(one.id)
    assert seen
    assert seen.stage is Stage.SUBMITTED


def test_a_delivery_signed_with_another_secret_is_refused(
    site: httpx.Client, bot: Bot, log: StringIO
) -> None:
    answer = deliver(site, about(ticket(bot, "V-webhook-3"), 43), secret="guessed")

    assert answer.status_code == 401
    assert "/github/webhook: refused a delivery: the signature does not match" in log.getvalue()


def test_another_repositorys_issue_changes_nothing(site: httpx.Client, bot: Bot) -> None:
    """Somebody may copy our marker into an issue of a repository that happens to share the webhook's secret."""
    one = ticket(bot, "V-webhook-3")

    assert deliver(site, about(one, 43, "somebody-else/repository")).status_code == 200
    seen = bot.store.ticket(one.id)
    assert seen
    assert seen.stage is Stage.SUBMITTED


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 50_000, [], "x", 7, {}, {"repository": {"full_name": 3}, "issue": 5}],
)
def test_a_signed_delivery_that_makes_no_sense_is_refused_politely(
    site: httpx.Client, payload: object
) -> None:
    assert deliver(site, payload).status_code == 400


def test_a_delivery_that_never_ends_is_not_read_to_its_end(site: httpx.Client) -> None:
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", site.base_url.port or 0), timeout=5) as connection:
        connection.sendall(head)
        with contextlib.suppress(ConnectionError):
            while sent < 3 * LARGEST_DELIVERY:
                connection.sendall(chunk)
                sent += len(chunk)

    assert sent < 2 * LARGEST_DELIVERY
    assert site.get("/healthz").status_code == 200


def test_a_delivery_that_cannot_be_kept_is_asked_for_again(
    site: httpx.Client, bot: Bot, tmp_path: Path
) -> None:
    one = ticket(bot, "V-webhook-4")
    file = Path(str(bot.store.engine.url.database))
    bot.store.engine.dispose()
    moved = [(f, f.rename(tmp_path / f.name)) for f in file.parent.glob(f"{file.name}*")]
    try:
        gone = deliver(site, about(one, 44))
        unready = site.get("/readyz")
    finally:
        for there, here in moved:
            here.rename(there)

    assert gone.status_code == 503
    assert (unready.status_code, unready.json()["ready"]) == (503, False)
    assert deliver(site, about(one, 44)).status_code == 200
    assert site.get("/readyz").status_code == 200


def test_without_a_secret_no_webhook_is_taken(bot: Bot) -> None:
    with served(web_app(desk=bot.desk, webhook_secret=None, state=bot.state)) as without:
        answer = deliver(without, {}, secret="")

    assert answer.status_code == 404
    assert answer.text == "GITHUB_WEBHOOK_SECRET is not set\n"


# Slack's requests


def send(
    site: httpx.Client,
    body: bytes | str,
    headers: dict[str, str] = FORM,
    *,
    at: float | None = None,
    **more: str | bytes,
) -> httpx.Response:
    """Sends a request as Slack does, signed at a moment."""
    content = body.encode() if isinstance(body, str) else body
    sent: dict[str, str | bytes] = {**headers, **signed(cast.SIGNING_SECRET, content, at)}
    for name, value in more.items():
        sent[f"X-Slack-{name.replace('_', '-').title()}"] = value
    return site.post("/slack/events", content=content, headers=sent)


def command(running: Sandbox, name: str = "/help", text: str = "") -> str:
    return urlencode(
        {
            "command": name, "text": text, "user_id": "U0JUNIPER", "team_id": cast.WORKSPACE_ID,
            "channel_id": "C0INTAKE", "trigger_id": running.slack.trigger("U0JUNIPER"),
            "response_url": running.slack.response_url("U0JUNIPER", "C0INTAKE"),
        }
    )  # fmt: skip


def interaction(kind: str, **more: Any) -> str:
    payload = {
        "type": kind,
        "user": {"id": "U0JUNIPER"},
        "team": {"id": cast.WORKSPACE_ID},
        "trigger_id": "1",
        **more,
    }
    return urlencode({"payload": json.dumps(payload)})


def test_a_signed_command_opens_the_form(site: httpx.Client, running: Sandbox) -> None:
    answer = send(site, command(running))

    assert (answer.status_code, answer.text) == (200, "")
    assert eventually(lambda: running.slack.view("U0JUNIPER"))


def test_slacks_question_for_a_challenge_is_answered(site: httpx.Client) -> None:
    answer = send(site, json.dumps({"type": "url_verification", "challenge": "c0"}), JSON)

    assert answer.json() == {"challenge": "c0"}


@pytest.mark.parametrize("age", [-600, 600, 301])
def test_a_stale_request_is_refused(site: httpx.Client, running: Sandbox, log: StringIO, age: int) -> None:
    answer = send(site, command(running, text=ANSWER), at=time.time() - age)

    assert answer.status_code == 401
    assert "refused a request: the signature is wrong or old" in log.getvalue()


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": "v0=" + "0" * 64}, {"signature": ""}, {"signature": "v0=é".encode()},
        {"request_timestamp": ""}, {"request_timestamp": "x"}, {"request_timestamp": "٣"},
        {"request_timestamp": "9" * 400}, {"request_timestamp": "-1"}, {"request_timestamp": "1e9"},
    ],
)  # fmt: skip
def test_a_forged_request_is_refused_and_not_quoted(
    site: httpx.Client, running: Sandbox, wrong: dict[str, str | bytes]
) -> None:
    sent = {name: value if isinstance(value, bytes) else value.encode() for name, value in wrong.items()}

    assert send(site, command(running, text=ANSWER), **sent).status_code == 401


def test_a_request_without_a_signature_is_refused(site: httpx.Client, running: Sandbox) -> None:
    answer = site.post("/slack/events", content=command(running, text=ANSWER), headers=FORM)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\xff\xfe", FORM), (b"{", JSON), (b"[1]", JSON), (b"7", JSON), (b"null", JSON), (b"[" * 50_000, JSON),
        (b"payload={", FORM), (b"payload=[]", FORM), (b"payload=7", FORM),
        (b'{"authorizations": 7}', JSON), (b'{"authorizations": [7]}', JSON), (b'{"team": 7, "user": []}', JSON),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_signed", [True, False])
def test_what_cannot_be_read_is_refused_whoever_sent_it(
    site: httpx.Client, body: bytes, headers: dict[str, str], is_signed: bool
) -> None:
    answer = send(site, body, headers) if is_signed else send(site, body, headers, signature="v0=0")

    assert answer.status_code in ({400, 404} if is_signed else {400, 401})


def test_a_request_that_is_too_large_is_refused(site: httpx.Client) -> None:
    assert send(site, b"payload=" + b"x" * LARGEST_REQUEST).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        interaction("block_actions", actions=[{"action_id": "nobodys", "block_id": "b", "value": ANSWER}]),
        interaction("view_submission", view={**VIEW, "state": {"a": ANSWER}}),
        interaction("block_suggestion", action_id="nobodys", block_id="b", value=ANSWER),
        interaction("shortcut", callback_id="nobodys"),
        interaction(
            "message_action", callback_id="nobodys", message={"ts": "1.1", "text": ANSWER}, channel={"id": "C0"}
        ),
        interaction("no_such_type", value=ANSWER),
        json.dumps({"type": "event_callback", "event": {"type": "app_mention", "text": ANSWER}}),
        "",
    ],
)  # fmt: skip
def test_what_is_nobodys_is_not_taken_and_not_quoted(site: httpx.Client, body: str) -> None:
    headers = JSON if body.startswith("{") else FORM

    assert send(site, body, headers).status_code == 404


def test_a_command_that_is_not_ours_is_not_taken(site: httpx.Client, running: Sandbox, log: StringIO) -> None:
    assert send(site, command(running, "/deploy", ANSWER)).status_code == 404
    assert "Unhandled request" in log.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        interaction("block_actions", actions=[{"action_id": "idbot:of-an-older-version", "block_id": "b"}]),
        interaction("block_actions", actions=[{"action_id": "idbot:type"}], view=VIEW),
        interaction("block_suggestion", action_id="idbot:q:gone", block_id="idbot:q:gone", value=ANSWER),
    ],
)
def test_what_was_ours_once_is_taken_and_does_no_harm(site: httpx.Client, body: str) -> None:
    assert send(site, body).status_code == 200


def test_in_socket_mode_nothing_is_taken_over_http(bot: Bot, running: Sandbox) -> None:
    with served(bot.web_app()) as other:
        assert send(other, command(running)).status_code == 404


# Health


def test_the_process_says_that_it_lives(site: httpx.Client) -> None:
    assert site.get("/healthz").text == "ok\n"


def test_readiness_tells_what_is_connected_and_no_secret(site: httpx.Client) -> None:
    answer = site.get("/readyz")

    state = answer.json()
    assert answer.status_code == 200
    assert (state["ready"], state["database"], state["slack_socket"]) == (True, "ok", "not used")
    assert state["request_types"] == ["data_pull", "mock_auth", "pr_review"]
    assert not [secret for secret in SECRETS if secret in answer.text]


def test_metrics_are_the_figures_of_readiness_and_of_the_database(site: httpx.Client) -> None:
    state, answer = site.get("/readyz").json(), site.get("/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "identity_bot_ready 1.0\n" in answer.text
    assert f"identity_bot_effects_overdue {float(state['effects_overdue'])}\n" in answer.text
    assert 'identity_bot_tickets_open{stage="open"} ' in answer.text
    assert not [secret for secret in SECRETS if secret in answer.text]


@pytest.mark.parametrize("path", ["/", "/slack", "/github/webhook/x", "/metrics/../etc"])
def test_other_addresses_are_not_there(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/slack/events", "/github/webhook"])
def test_only_posts_are_taken(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code == 405
