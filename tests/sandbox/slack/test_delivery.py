"""Socket Mode and signed requests: how payloads reach the app."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.delivery import MOST_SOCKETS, signed

from .conftest import Bot

WHO = "U0JUNIPER"
WHERE = "C0INTAKE"


@contextmanager
def opened(sandbox: Sandbox) -> Iterator[ClientConnection]:
    """A bare socket, with its hello already read."""
    client = WebClient(base_url=sandbox.environment()["SLACK_API_URL"])
    with connect(client.apps_connections_open(app_token=cast.APP_TOKEN)["url"]) as socket:
        assert json.loads(socket.recv(2))["type"] == "hello"
        yield socket


def test_a_ticket_opens_one_socket_once(sandbox: Sandbox) -> None:
    client = WebClient(base_url=sandbox.environment()["SLACK_API_URL"])
    url = client.apps_connections_open(app_token=cast.APP_TOKEN)["url"]

    with connect(url) as socket:
        assert json.loads(socket.recv(2))["num_connections"] == 1
        with pytest.raises(InvalidStatus):
            connect(url)
    with pytest.raises(InvalidStatus):
        connect(url.replace("ticket=", "ticket=forged"))
    assert sandbox.slack.delivery.sockets.wait_for(0)


def test_an_eleventh_socket_is_sent_away(sandbox: Sandbox) -> None:
    client = WebClient(base_url=sandbox.environment()["SLACK_API_URL"])

    with ExitStack() as sockets:
        for _ in range(MOST_SOCKETS):
            sockets.enter_context(opened(sandbox))
        with connect(client.apps_connections_open(app_token=cast.APP_TOKEN)["url"]) as extra:
            assert json.loads(extra.recv(2))["reason"] == "too_many_websockets"
    assert sandbox.slack.delivery.sockets.wait_for(0)


def test_each_payload_goes_to_one_socket_and_may_be_acknowledged_over_another(sandbox: Sandbox) -> None:
    answered = []
    with opened(sandbox) as one, opened(sandbox) as other:
        for reader, writer in ((one, other), (other, one)):
            person = threading.Thread(
                target=lambda: answered.append(sandbox.slack.command(WHO, WHERE, "/help").payload)
            )
            person.start()
            envelope = json.loads(reader.recv(2))
            writer.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "heard"}}))
            person.join()

    assert envelope["type"] == "slash_commands"
    assert envelope["accepts_response_payload"] is True
    assert answered == [{"text": "heard"}, {"text": "heard"}]
    assert sandbox.slack.delivery.sockets.wait_for(0)


def test_without_app_a_command_fails_at_once(sandbox: Sandbox) -> None:
    ack = sandbox.slack.command(WHO, WHERE, "/help")

    assert ack.error == "dispatch_failed"
    assert sandbox.slack.ephemerals(WHO)[-1].text == '/help failed with the error "dispatch_failed"'


def test_the_app_reconnects_after_a_refresh_and_a_lost_connection(sandbox: Sandbox) -> None:
    quiet = logging.getLogger("tests.quiet")
    client = WebClient(token=cast.BOT_TOKEN, base_url=sandbox.environment()["SLACK_API_URL"])
    app = App(client=client, signing_secret=cast.SIGNING_SECRET, logger=quiet)
    app.command("/help")(lambda ack: ack())
    handler = SocketModeHandler(app, cast.APP_TOKEN, logger=quiet, ping_interval=0.1)
    handler.connect()
    sockets = sandbox.slack.delivery.sockets
    assert sockets.wait_for()

    sockets.refresh()
    after_refresh = sandbox.slack.command(WHO, WHERE, "/help")
    sockets.drop()
    is_back = sockets.wait_for(timeout=5)
    after_drop = sandbox.slack.command(WHO, WHERE, "/help")
    handler.close()

    assert after_refresh.is_ok
    assert after_refresh.seconds < 1
    assert is_back
    assert after_drop.is_ok


def test_a_silent_connection_stays_open_and_loses_what_is_sent(sandbox: Sandbox) -> None:
    with opened(sandbox) as socket:
        sandbox.slack.delivery.sockets.silence()
        sandbox.slack.delivery.timeout = 0.2
        ack = sandbox.slack.command(WHO, WHERE, "/help")
        pong = socket.ping()

        assert ack.error == "operation_timeout"
        assert not pong.wait(0.3)
        with pytest.raises(TimeoutError):
            socket.recv(0.3)
        with opened(sandbox):
            assert sandbox.slack.delivery.sockets.count == 1


def test_posts_are_signed_as_slack_signs_them() -> None:
    headers = signed(cast.SIGNING_SECRET, b"payload=x")

    check = SignatureVerifier(cast.SIGNING_SECRET).is_valid
    signature, timestamp = headers["X-Slack-Signature"], headers["X-Slack-Request-Timestamp"]
    assert check("payload=x", timestamp, signature)
    assert not check("payload=y", timestamp, signature)


def test_an_event_that_nobody_acknowledges_is_told_three_times_more_with_the_reason(bot: Bot) -> None:
    bot.world.delivery.timeout = 0.05
    bot.world.delivery.retry_delays = (0.01, 0.01, 0.01)
    bot.world.events |= {"member_joined_channel"}

    bot.world.invite_bot("C0GENERAL")
    bot.world.wait_until(lambda: len(bot.retries) == 3)

    assert set(bot.retries) <= {"http_timeout", "http_error"}
