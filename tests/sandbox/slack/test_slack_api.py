"""Slack's own client against the sandbox's Web API: what it gives, and what it refuses in Slack's words."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.workspace import SCOPES
from identity_bot_sandbox.slack.world import SlackWorld

from .conftest import modal, option, plain, question

INTAKE = "C0INTAKE"
SECRET = "C0SECRET"
GENERAL = "C0GENERAL"
WHO = "U0JUNIPER"
FORM = modal(question("q"))
HOME = {"type": "home", "blocks": [{"type": "divider"}]}


@contextmanager
def refused(error: str) -> Iterator[dict[str, Any]]:
    """Expect Slack to refuse with one of its codes; gives the whole answer."""
    answer: dict[str, Any] = {}
    with pytest.raises(SlackApiError) as caught:
        yield answer
    assert caught.value.response["error"] == error
    answer.update(caught.value.response.data)


def test_auth_test_tells_who_the_token_is_and_what_it_may_do(client: WebClient) -> None:
    answer = client.auth_test()

    assert answer["user_id"] == cast.BOT_USER_ID
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


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


def test_a_message_is_posted_by_name_or_id_and_to_a_person(client: WebClient, world: SlackWorld) -> None:
    by_name = client.chat_postMessage(channel="#vsp-identity", text="hello", unfurl_links=False)
    to_person = client.chat_postMessage(channel=WHO, text="psst")

    assert world.message(INTAKE, by_name["ts"]).text == "hello"
    assert world.message(INTAKE, by_name["ts"]).unfurls is False
    assert world.dm(WHO)[-1].text == "psst"
    assert to_person["channel"].startswith("D")


def test_every_ts_of_a_channel_is_its_own(client: WebClient) -> None:
    stamps = [client.chat_postMessage(channel=INTAKE, text="a")["ts"] for _ in range(20)]

    assert len(set(stamps)) == 20
    assert stamps == sorted(stamps)


def test_a_reply_stands_in_the_thread_and_in_the_channel_only_when_broadcast(
    client: WebClient, world: SlackWorld
) -> None:
    parent = client.chat_postMessage(channel=INTAKE, text="parent")["ts"]
    reply = client.chat_postMessage(channel=INTAKE, text="reply", thread_ts=parent)["ts"]
    client.chat_postMessage(channel=INTAKE, text="to all", thread_ts=reply, reply_broadcast=True)

    shown = [message.text for message in world.messages(INTAKE)]
    assert [message.text for message in world.thread(INTAKE, parent)] == ["parent", "reply", "to all"]
    assert "reply" not in shown
    assert shown[-1] == "to all"


def test_places_that_the_bot_may_not_see_do_not_exist_for_it(client: WebClient, world: SlackWorld) -> None:
    with refused("channel_not_found"):
        client.chat_postMessage(channel=SECRET, text="a")
    with refused("channel_not_found"):
        client.conversations_info(channel=SECRET)
    with refused("channel_not_found"):
        client.chat_postMessage(channel="#nowhere", text="a")

    listed = client.conversations_list(types="public_channel,private_channel")["channels"]
    assert [one["id"] for one in listed] == [INTAKE, "C0TEAM", GENERAL]


def test_a_public_channel_needs_membership_or_the_scope_for_it(client: WebClient, world: SlackWorld) -> None:
    assert client.chat_postMessage(channel=GENERAL, text="a")["ok"]
    world.scopes = SCOPES - {"chat:write.public"}
    with refused("not_in_channel"):
        client.chat_postMessage(channel=GENERAL, text="a")
    with refused("not_in_channel"):
        client.conversations_history(channel=GENERAL)

    client.conversations_join(channel=GENERAL)

    assert client.chat_postMessage(channel=GENERAL, text="a")["ok"]
    world.channel(GENERAL).bot_is_member = False


def test_an_archived_channel_takes_no_messages(client: WebClient, world: SlackWorld) -> None:
    world.channel(GENERAL).is_archived = True

    with refused("is_archived"):
        client.chat_postMessage(channel=GENERAL, text="a")

    world.channel(GENERAL).is_archived = False


def test_messages_that_slack_would_not_take_are_refused_with_the_place(client: WebClient) -> None:
    menu = {"type": "static_select", "action_id": "a", "options": [option(str(n)) for n in range(101)]}

    with refused("no_text"):
        client.api_call("chat.postMessage", json={"channel": INTAKE, "text": ""})
    with refused("invalid_blocks") as answer:
        client.chat_postMessage(
            channel=INTAKE, text="a", blocks=[{"type": "section", "text": plain("a"), "accessory": menu}]
        )
    with refused("msg_blocks_too_long"):
        client.chat_postMessage(
            channel=INTAKE, text="a", blocks=[{"type": "section", "text": plain("w" * 2900)}] * 5
        )
    with refused("invalid_blocks_format"):
        client.chat_postMessage(channel=INTAKE, text="a", blocks="[not json")

    assert answer["response_metadata"]["messages"] == [
        "[ERROR] 101 options; Slack accepts at most 100 [json-pointer:/blocks/0/accessory/options]"
    ]


def test_a_long_text_is_cut_when_posted_and_refused_when_edited(client: WebClient, world: SlackWorld) -> None:
    posted = client.chat_postMessage(channel=INTAKE, text="a" * 40_001)["ts"]

    assert len(world.message(INTAKE, posted).text) == 40_000
    with refused("msg_too_long"):
        client.chat_update(channel=INTAKE, ts=posted, text="a" * 4001)


def test_the_app_edits_and_deletes_its_own_messages_only(client: WebClient, world: SlackWorld) -> None:
    own = client.chat_postMessage(channel=INTAKE, text="a", blocks=[{"type": "divider"}])["ts"]
    other = world.say(WHO, INTAKE, "mine")

    client.chat_update(channel=INTAKE, ts=own, text="b")

    assert world.message(INTAKE, own).text == "b"
    assert not world.message(INTAKE, own).blocks
    with refused("cant_update_message"):
        client.chat_update(channel=INTAKE, ts=other, text="b")
    with refused("cant_delete_message"):
        client.chat_delete(channel=INTAKE, ts=other)
    client.chat_delete(channel=INTAKE, ts=own)
    with refused("message_not_found"):
        client.chat_update(channel=INTAKE, ts=own, text="b")


def test_an_ephemeral_message_is_seen_by_one_person(client: WebClient, world: SlackWorld) -> None:
    client.chat_postEphemeral(channel=INTAKE, user=WHO, text="only you")

    assert world.ephemerals(WHO)[-1].text == "only you"
    assert world.ephemerals("U0MARLO") == []
    with refused("user_not_in_channel"):
        client.chat_postEphemeral(channel="C0TEAM", user=WHO, text="a")
    with refused("user_not_found"):
        client.chat_postEphemeral(channel=INTAKE, user="U0NOBODY", text="a")


def test_metadata_is_given_back_when_asked_for(client: WebClient) -> None:
    about = {"event_type": "ticket", "event_payload": {"id": "7"}}
    ts = client.chat_postMessage(channel=INTAKE, text="a", metadata=about)["ts"]

    plain_read = client.conversations_history(channel=INTAKE, oldest=ts, inclusive=True)["messages"]
    full_read = client.conversations_history(
        channel=INTAKE, oldest=ts, inclusive=True, include_all_metadata=True
    )["messages"]

    assert "metadata" not in plain_read[0]
    assert full_read[0]["metadata"] == about


def test_history_is_read_newest_first_in_pages(client: WebClient) -> None:
    start = client.chat_postMessage(channel=INTAKE, text="start")["ts"]
    for number in range(5):
        client.chat_postMessage(channel=INTAKE, text=str(number))

    pages = [
        ([message["text"] for message in page["messages"]], page["has_more"])
        for page in client.conversations_history(channel=INTAKE, oldest=start, limit=2)
    ]

    assert pages == [(["4", "3"], True), (["2", "1"], True), (["0"], False)]


def test_a_thread_is_read_with_its_parent_first(client: WebClient) -> None:
    parent = client.chat_postMessage(channel=INTAKE, text="parent")["ts"]
    first = client.chat_postMessage(channel=INTAKE, text="one", thread_ts=parent)["ts"]
    client.chat_postMessage(channel=INTAKE, text="two", thread_ts=parent)

    whole = client.conversations_replies(channel=INTAKE, ts=parent)["messages"]
    rest = client.conversations_replies(channel=INTAKE, ts=parent, oldest=first)["messages"]

    assert [message["text"] for message in whole] == ["parent", "one", "two"]
    assert [message["text"] for message in rest] == ["parent", "two"]
    assert client.chat_getPermalink(channel=INTAKE, message_ts=first)["permalink"].endswith(
        f"?thread_ts={parent}&cid={INTAKE}"
    )


def test_people_are_described_guests_and_leavers_too(client: WebClient, world: SlackWorld) -> None:
    world.deactivated.add("U0MARLO")

    person = client.users_info(user=WHO)["user"]
    guest = client.users_info(user="U0ROWAN")["user"]
    gone = client.users_info(user="U0MARLO")["user"]
    world.deactivated.clear()

    assert person["real_name"] == "Juniper Vale"
    assert person["profile"]["display_name"] == "juniper"
    assert person["profile"]["title"] == "Developer, Benefits Claims"
    assert guest["is_restricted"] is True
    assert gone["deleted"] is True
    assert client.users_lookupByEmail(email=person["profile"]["email"])["user"]["id"] == WHO
    assert len(client.users_list()["members"]) == len(cast.PEOPLE) + 1
    assert client.usergroups_users_list(usergroup="S0IDENTITY")["users"] == ["U0INDIGO", "U0SAGE", "U0LINDEN"]
    with refused("user_not_found"):
        client.users_info(user="U0NOBODY")


def test_a_modal_opens_once_for_a_trigger_within_three_seconds(client: WebClient, world: SlackWorld) -> None:
    trigger, late = world.trigger(WHO), world.trigger(WHO)
    world.triggers[late].expires = world.clock() - 0.001

    client.views_open(trigger_id=trigger, view=FORM)

    assert world.view(WHO)
    with refused("exchanged_trigger_id"):
        client.views_open(trigger_id=trigger, view=FORM)
    with refused("expired_trigger_id"):
        client.views_open(trigger_id=late, view=FORM)
    with refused("invalid_trigger_id"):
        client.views_open(trigger_id="1.2.3", view=FORM)


def test_a_bad_view_is_refused_with_the_place_and_does_not_use_the_trigger(
    client: WebClient, world: SlackWorld
) -> None:
    trigger = world.trigger(WHO)

    with refused("invalid_arguments") as answer:
        client.views_open(trigger_id=trigger, view={**FORM, "title": plain("t" * 25)})
    with refused("view_too_large"):
        client.views_open(trigger_id=trigger, view={**FORM, "private_metadata": "m" * 250_000})

    assert answer["response_metadata"]["messages"] == [
        "[ERROR] 25 characters; Slack accepts at most 24 [json-pointer:/view/title/text]"
    ]
    assert client.views_open(trigger_id=trigger, view=FORM)["ok"]


def test_views_are_pushed_three_deep_and_ids_of_the_app_are_unique(
    client: WebClient, world: SlackWorld
) -> None:
    with refused("not_found"):
        client.views_push(trigger_id=world.trigger(WHO), view=FORM)
    client.views_open(trigger_id=world.trigger(WHO), view={**FORM, "external_id": "one"})
    with refused("duplicate_external_id"):
        client.views_push(trigger_id=world.trigger(WHO), view={**FORM, "external_id": "one"})
    client.views_push(trigger_id=world.trigger(WHO), view=FORM)
    client.views_push(trigger_id=world.trigger(WHO), view=FORM)

    with refused("push_limit_reached"):
        client.views_push(trigger_id=world.trigger(WHO), view=FORM)


def test_an_update_needs_an_open_view_and_the_latest_hash(client: WebClient, world: SlackWorld) -> None:
    view = client.views_open(trigger_id=world.trigger(WHO), view={**FORM, "external_id": "two"})["view"]

    after = client.views_update(view_id=view["id"], hash=view["hash"], view=FORM)["view"]

    assert after["id"] == view["id"]
    with refused("hash_conflict"):
        client.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
    world.close(WHO)
    with refused("not_found"):
        client.views_update(view_id=view["id"], view=FORM)


def test_a_home_tab_keeps_its_id_and_takes_no_modal(client: WebClient, world: SlackWorld) -> None:
    first = client.views_publish(user_id=WHO, view=HOME)["view"]
    second = client.views_publish(user_id=WHO, view=HOME, hash=first["hash"])["view"]

    assert first["id"] == second["id"]
    with refused("hash_conflict"):
        client.views_publish(user_id=WHO, view=HOME, hash=first["hash"])
    with refused("invalid_arguments"):
        client.views_publish(user_id=WHO, view=FORM)


def test_blocks_can_be_checked_without_showing_them(client: WebClient) -> None:
    assert client.api_call("blocks.validate", json={"view": FORM})["ok"]
    with refused("invalid_blocks"):
        client.api_call("blocks.validate", json={"blocks": [{"type": "section"}]})


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


def test_a_reaction_is_put_once(client: WebClient, world: SlackWorld) -> None:
    ts = world.say(WHO, INTAKE, "hello")

    client.reactions_add(channel=INTAKE, timestamp=ts, name="eyes")

    assert world.message(INTAKE, ts).json()["reactions"][0]["name"] == "eyes"
    with refused("already_reacted"):
        client.reactions_add(channel=INTAKE, timestamp=ts, name="eyes")


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


def test_whoever_watches_is_told_of_each_change_until_they_stop(client: WebClient, world: SlackWorld) -> None:
    seen: list[str] = []
    stop = world.subscribe(lambda change: seen.append(f"{change.kind} {change.channel}"))
    client.chat_postMessage(channel=INTAKE, text="a")
    stop()
    client.chat_postMessage(channel=INTAKE, text="b")

    assert seen.count(f"message {INTAKE}") == 1
