"""Payloads that Slack would not send: none is a bug of ours, whoever signed it, and none counts twice."""

from __future__ import annotations

import copy
import json
import logging
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_bolt import App, BoltRequest

from identity_bot.errors import Rejected
from identity_bot.slack.payloads import checked, fingerprint, is_slacks, malformed
from identity_bot_sandbox.slack.delivery import signed
from tests.support import World

UNUSED_SECRET = "unused in Socket Mode"
"""The signing secret of the world's app."""

USER = {"id": "U0JUNIPER", "username": "juniper", "team_id": "T0SANDBOX"}
COMMON = {
    "user": USER,
    "team": {"id": "T0SANDBOX", "domain": "sandbox"},
    "trigger_id": "1.2.abc",
    "token": "t",
}
VIEW = {
    "id": "V1", "type": "modal", "hash": "1.a", "callback_id": "idbot:form", "team_id": "T0SANDBOX",
    "private_metadata": json.dumps({"type": "data_pull", "origin": {"channel": "C0INTAKE", "ts": "1.1", "link": ""}}),
    "blocks": [{"type": "input", "block_id": "idbot:q:team"}],
    "state": {
        "values": {
            "idbot:q:team": {"idbot:text": {"type": "plain_text_input", "value": "Benefits"}},
            "idbot:q:production": {
                "idbot:yes_no": {"type": "radio_buttons", "selected_option": {"value": "no", "text": {}}}
            },
        }
    },
}  # fmt: skip
ACTION_VIEW = VIEW | {
    "callback_id": "idbot:action",
    "private_metadata": json.dumps({"action": "priority", "ticket_id": "x", "text": "", "response_url": ""}),
    "state": {"values": {"idbot:value": {"idbot:value": {"selected_option": {"value": "high"}}}}},
}
BUTTON = {
    "type": "button",
    "action_id": "idbot:action:take",
    "block_id": "idbot:actions",
    "value": "x",
    "action_ts": "1.2",
}
CHOICE = {"type": "static_select", "action_id": "idbot:type", "block_id": "idbot:type",
          "selected_option": {"value": "data_pull"}}  # fmt: skip
MESSAGE = {"ts": "1.1", "text": "Can you look at <https://example.com/pull/1>?", "user": "U0ROWAN"}
CHANNEL = {"id": "C0INTAKE", "name": "intake"}
PAYLOADS: tuple[dict[str, Any], ...] = (
    {"command": "/help", "text": "data_pull", "user_id": "U0JUNIPER", "user_name": "juniper", "team_id": "T0SANDBOX",
     "channel_id": "C0INTAKE", "channel_name": "intake", "trigger_id": "1.2.abc"},
    COMMON | {"type": "block_actions", "actions": [BUTTON], "message": MESSAGE, "channel": CHANNEL,
              "container": {"type": "message", "message_ts": "1.1", "channel_id": "C0INTAKE", "thread_ts": "1.0"}},
    COMMON | {"type": "block_actions", "actions": [CHOICE], "view": VIEW},
    COMMON | {"type": "block_suggestion", "action_id": "idbot:type", "block_id": "idbot:type", "value": "da",
              "view": VIEW},
    COMMON | {"type": "view_submission", "view": VIEW, "response_urls": []},
    COMMON | {"type": "view_submission", "view": ACTION_VIEW, "response_urls": []},
    COMMON | {"type": "view_closed", "view": VIEW, "is_cleared": False},
    COMMON | {"type": "shortcut", "callback_id": "idbot:ask", "action_ts": "1.2"},
    COMMON | {"type": "message_action", "callback_id": "idbot:ask_about", "message": MESSAGE, "channel": CHANNEL},
    {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": "Ev1", "authorizations": [{"team_id": "T0SANDBOX"}],
     "event": {"type": "message", "channel_type": "im", "user": "U0JUNIPER", "channel": "D1", "text": "hi",
               "ts": "1.1"}},
    {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": "Ev2",
     "event": {"type": "app_home_opened", "user": "U0JUNIPER", "channel": "D1", "tab": "home"}},
)  # fmt: skip
"""One of each kind, with the fields that Slack documents."""
KINDS = [
    "block_actions", "block_suggestion", "view_submission", "view_closed", "shortcut", "message_action",
    "event_callback", "interactive_message", "dialog_submission", "dialog_cancellation", "dialog_suggestion",
    "workflow_step_edit", "url_verification", "options", "nothing",
]  # fmt: skip
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just([]), st.just({}), st.just(""), st.text(max_size=20),
    st.just([None]), st.just([[]]), st.just([{}]), st.just({"id": None}), st.just({"values": []}),
    st.sampled_from(KINDS),
)  # fmt: skip


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of everything in a payload."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield (*before, key)
        yield from paths(child, (*before, key))


@st.composite
def odd_payloads(draw: st.DrawFn) -> dict[str, Any]:
    """A real payload in which up to three things are missing or something else."""
    payload = copy.deepcopy(draw(st.sampled_from(PAYLOADS)))
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(list(paths(payload))))
        place: Any = payload
        for key in above:
            place = place[key]
        if draw(st.booleans()):
            del place[last]
        else:
            place[last] = copy.deepcopy(draw(ODD))
        if not payload:
            break
    return payload


def answered(app: App, payload: dict[str, Any], *, is_http: bool) -> int:
    """The status of the answer to a payload, as the bot's own edges pass it to Bolt."""
    if is_http:
        name = "payload" if "type" in payload and payload["type"] != "event_callback" else ""
        raw = urlencode({name: json.dumps(payload)}) if name else json.dumps(payload)
        kind = "application/x-www-form-urlencoded" if name else "application/json"
        headers = {"content-type": kind, **signed(UNUSED_SECRET, raw.encode())}
        read = partial(BoltRequest, body=raw, headers=headers)
    else:
        read = partial(BoltRequest, body=payload, mode="socket_mode")
    try:
        return app.dispatch(checked(read)).status
    except Rejected:
        return 400


@pytest.mark.parametrize("is_http", [True, False])
def test_an_odd_payload_is_answered_or_refused_and_never_a_traceback(
    world: World, caplog: pytest.LogCaptureFixture, is_http: bool
) -> None:
    """404 is Bolt's word for what is nobody's."""

    @settings(max_examples=100, deadline=None)
    @given(odd_payloads())
    def check(payload: dict[str, Any]) -> None:
        assert answered(world.app, payload, is_http=is_http) in {200, 400, 404}

    check()
    world.bot.listeners.close()

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: str(payload.get("type", "command")))
def test_what_slack_sends_is_well_formed(payload: dict[str, Any]) -> None:
    assert malformed(payload) == ""


@pytest.mark.parametrize(
    ("path", "odd", "said"),
    [
        (("actions",), [], "actions"), (("actions",), None, "actions"), (("user",), None, "user"),
        (("user", "id"), 7, "user"), (("actions", 0), "x", "actions"), (("message", "text"), [], "message"),
        (("container",), [], "container"), (("type",), [], "type"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_named_and_not_quoted(path: tuple[Any, ...], odd: Any, said: str) -> None:
    payload = copy.deepcopy(PAYLOADS[1])
    *above, last = path
    place: Any = payload
    for key in above:
        place = place[key]
    place[last] = odd

    assert malformed(payload) == said


@pytest.mark.parametrize("body", [None, [], "x", 7])
def test_what_is_no_object_is_malformed(body: object) -> None:
    assert malformed(body) == "payload"


# Where answers go


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://hooks.slack.com/actions/T0/1/abc", True), ("https://hooks.slack-gov.com/commands/T0/1/abc", True),
        ("https://HOOKS.slack.com:443/commands/1", True), ("http://127.0.0.1:8010/response/1", True),
        ("http://hooks.slack.com/actions/1", False), ("https://hooks.slack.com.evil.example/1", False),
        ("https://hooks.slack.com@evil.example/1", False), ("https://evil.example/hooks.slack.com", False),
        ("https://hooks.slack.com:8443/1", False), ("http://127.0.0.1:8011/1", False), ("http://[::1", False),
        ("file:///etc/passwd", False), ("", False), ("https://hooks.slack.com:x/1", False),
    ],
)  # fmt: skip
def test_only_slacks_own_host_and_that_of_its_api_are_called(url: str, expected: bool) -> None:
    assert is_slacks(url, "http://127.0.0.1:8010/api/") is expected


@pytest.mark.parametrize("payload", PAYLOADS[:2], ids=["command", "button"])
def test_a_payload_that_wants_its_answer_elsewhere_is_refused(world: World, payload: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.3)
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"

        assert answered(world.app, payload | {"response_url": url}, is_http=False) == 400
        with pytest.raises(TimeoutError):
            elsewhere.accept()


# Replays


def test_payloads_are_told_apart_by_anything_in_them() -> None:
    assert fingerprint({"a": 1, "b": {"c": 2}}) == fingerprint({"b": {"c": 2}, "a": 1})
    assert fingerprint({"action_ts": "1.1"}) != fingerprint({"action_ts": "1.2"})


def test_a_view_of_the_hosts_needs_no_callback_id_of_its_own() -> None:
    """Slack then sends an empty one."""
    pressed = COMMON | {"type": "block_actions", "actions": [BUTTON], "view": VIEW | {"callback_id": ""}}
    sent = COMMON | {"type": "view_submission", "view": VIEW | {"callback_id": ""}}

    assert [malformed(pressed), malformed(sent)] == ["", ""]
