"""The Web API's wire: tokens, scopes, arguments, response_url and files."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.world import SlackWorld

INTAKE = "C0INTAKE"
SECRET = "C0SECRET"
WHO = "U0JUNIPER"


@contextmanager
def refused(error: str) -> Iterator[dict[str, Any]]:
    """Expect Slack to refuse with one of its codes; gives the whole answer."""
    answer: dict[str, Any] = {}
    with pytest.raises(SlackApiError) as caught:
        yield answer
    assert caught.value.response["error"] == error
    answer.update(caught.value.response.data)


def test_a_wrong_or_missing_token_is_refused(client: WebClient) -> None:
    with refused("invalid_auth"):
        client.auth_test(token="xoxb-forged")
    with refused("not_authed"):
        WebClient(base_url=client.base_url).auth_test()
    with refused("not_allowed_token_type"):
        client.auth_test(token=cast.APP_TOKEN)
    with refused("not_allowed_token_type"):
        client.apps_connections_open(app_token=cast.BOT_TOKEN)
    with refused("unknown_method"):
        client.api_call("chat.shout")


def test_a_scope_that_was_not_granted_is_named(client: WebClient, world: SlackWorld) -> None:
    world.scopes = {"chat:write"}

    with refused("missing_scope") as answer:
        client.users_info(user=WHO)

    assert answer["needed"] == "users:read"
    assert answer["provided"] == "chat:write"


def test_arguments_may_come_as_json_or_as_a_form(client: WebClient, world: SlackWorld) -> None:
    blocks = [{"type": "divider"}]

    as_form = client.api_call("chat.postMessage", data={"channel": INTAKE, "blocks": json.dumps(blocks)})
    as_json = client.api_call("chat.postMessage", json={"channel": INTAKE, "blocks": blocks})

    for answer in (as_form, as_json):
        assert world.message(INTAKE, answer["ts"]).blocks[0]["type"] == "divider"


def test_a_response_url_works_five_times_in_half_an_hour_without_membership(world: SlackWorld) -> None:
    hook = WebhookClient(world.response_url(WHO, SECRET))
    late_url = world.response_url(WHO, SECRET)
    world.response_urls[late_url.rpartition("/")[2]].expires = world.clock() - 1

    answers = [hook.send(text=f"answer {number}") for number in range(6)]
    late = WebhookClient(late_url).send(text="late")

    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[5].body
    assert "expired_url" in late.body
    assert [one.text for one in world.ephemerals(WHO)][-5:] == [f"answer {number}" for number in range(5)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{not json", b"invalid_payload"),
        (b"{}", b"no_text"),
        (b'{"blocks": [{"type": "x"}]}', b"invalid_blocks"),
    ],
)
def test_a_response_url_refuses_what_slack_could_not_show(
    world: SlackWorld, body: bytes, said: bytes
) -> None:
    url = world.response_url(WHO, INTAKE)
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})

    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(request)

    assert caught.value.code == 400
    assert said in caught.value.read()


def test_a_response_url_replaces_or_removes_the_message_that_was_used(world: SlackWorld) -> None:
    private = world.post(INTAKE, cast.BOT_USER_ID, "choose", only_for=WHO, is_from_app=True)
    public = world.post(INTAKE, cast.BOT_USER_ID, "card", is_from_app=True)

    WebhookClient(world.response_url(WHO, INTAKE, private)).send(text="chosen", replace_original=True)
    WebhookClient(world.response_url(WHO, INTAKE, public)).send(delete_original=True)

    assert world.ephemerals(WHO)[-1].text == "chosen"
    with pytest.raises(LookupError):
        world.message(INTAKE, public.ts)


def test_a_file_is_fetched_with_the_bots_token_only(client: WebClient, world: SlackWorld) -> None:
    file = world.upload(WHO, "shot.png", b"picture")
    url = client.files_info(file=file.file_id)["file"]["url_private"]

    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {cast.BOT_TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        assert answer.read() == b"picture"
        assert answer.headers["content-type"] == "image/png"
    with pytest.raises(HTTPError):
        urllib.request.urlopen(url)
