"""Messages, reactions, modals and home tabs: what the app may show, and what Slack refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from identity_bot_sandbox.slack.workspace import SCOPES
from identity_bot_sandbox.slack.world import SlackWorld

from .conftest import modal, option, plain, question

INTAKE = "C0INTAKE"
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


def test_a_message_is_posted_by_name_or_id_and_to_a_person(client: WebClient, world: SlackWorld) -> None:
    by_name = client.chat_postMessage(channel="#vsp-identity", text="hello", unfurl_links=False)
    to_person = client.chat_postMessage(channel=WHO, text="psst")

    assert world.message(INTAKE, by_name["ts"]).text == "hello"
    assert world.message(INTAKE, by_name["ts"]).unfurls is False
    assert world.dm(WHO)[-1].text == "psst"
    assert to_person["channel"].startswith("D")


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


def test_a_reaction_is_put_once(client: WebClient, world: SlackWorld) -> None:
    ts = world.say(WHO, INTAKE, "hello")

    client.reactions_add(channel=INTAKE, timestamp=ts, name="eyes")

    assert world.message(INTAKE, ts).json()["reactions"][0]["name"] == "eyes"
    with refused("already_reacted"):
        client.reactions_add(channel=INTAKE, timestamp=ts, name="eyes")
