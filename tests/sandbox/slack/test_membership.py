"""People and the bot come and go, channels close, messages vanish: what the app then hears from Slack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from identity_bot_sandbox.slack.entry import EntryError
from identity_bot_sandbox.slack.workspace import SCOPES
from identity_bot_sandbox.slack.world import TEAM_GROUP, SlackWorld

from .conftest import Bot, modal, option, plain, question

WHO = "U0JUNIPER"
LEAD = "U0INDIGO"
ENGINEER = "U0LINDEN"
INTAKE = "C0INTAKE"
TEAM = "C0TEAM"


@contextmanager
def refused(error: str) -> Iterator[None]:
    with pytest.raises(SlackApiError) as caught:
        yield
    assert caught.value.response["error"] == error


def button(action_id: str) -> dict[str, Any]:
    return {"type": "button", "text": plain(action_id), "action_id": action_id, "value": "7"}


def card(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"text": "card", "blocks": [{"type": "actions", "block_id": "acts", "elements": list(elements)}]}


@pytest.fixture
def world(world: SlackWorld) -> Iterator[SlackWorld]:
    """The workspace, with everybody back in their places after the test."""
    members = {name: set(one.members) for name, one in world.channels.items()}
    bots = {name: one.bot_is_member for name, one in world.channels.items()}
    groups = {name: list(people) for name, people in world.groups.items()}
    yield world
    world.deactivated.clear()
    world.groups = groups
    for name, people in members.items():
        place = world.channels[name]
        place.members, place.bot_is_member, place.is_archived = people, bots[name], False


def test_somebody_who_has_left_gets_nothing_and_is_listed_nowhere(
    client: WebClient, world: SlackWorld
) -> None:
    dm = client.chat_postMessage(channel=ENGINEER, text="hello")["channel"]
    world.deactivate(ENGINEER)

    for channel in (ENGINEER, dm):
        with refused("channel_not_found"):
            client.chat_postMessage(channel=channel, text="lost")
    with refused("user_disabled"):
        client.conversations_open(users=ENGINEER)
    assert ENGINEER not in client.usergroups_users_list(usergroup=TEAM_GROUP)["users"]
    assert ENGINEER not in client.conversations_members(channel=TEAM)["members"]
    assert client.users_info(user=ENGINEER)["user"]["deleted"] is True
    with pytest.raises(EntryError, match="has left the workspace"):
        world.say(ENGINEER, TEAM, "still here?")

    world.reactivate(ENGINEER)
    assert client.chat_postMessage(channel=ENGINEER, text="back")["channel"] == dm
    assert ENGINEER in client.conversations_members(channel=TEAM)["members"]


def test_people_move_between_channels_and_groups(client: WebClient, world: SlackWorld) -> None:
    world.remove(ENGINEER, TEAM)
    world.remove_from_group(ENGINEER)
    world.invite(WHO, TEAM)
    world.add_to_group(WHO)
    world.add_to_group(WHO, "S0OTHER")

    assert set(client.conversations_members(channel=TEAM)["members"]) == {WHO, LEAD, "U0SAGE", "U0BOT"}
    assert set(client.usergroups_users_list(usergroup=TEAM_GROUP)["users"]) == {WHO, LEAD, "U0SAGE"}
    assert client.usergroups_users_list(usergroup="S0OTHER")["users"] == [WHO]
    with pytest.raises(EntryError, match="is not in identity-surge"):
        world.say(ENGINEER, TEAM, "hello?")


def test_an_archived_channel_takes_nothing(client: WebClient, world: SlackWorld) -> None:
    ts = client.chat_postMessage(channel=TEAM, **card(button("take")))["ts"]
    world.archive(TEAM)

    with refused("is_archived"):
        client.chat_postMessage(channel=TEAM, text="a")
    with refused("is_inactive"):
        client.chat_update(channel=TEAM, ts=ts, text="b")
    with pytest.raises(EntryError, match="archived"):
        world.click(LEAD, TEAM, ts, "take")
    assert client.conversations_info(channel=TEAM)["channel"]["is_archived"] is True

    world.unarchive(TEAM)
    assert client.chat_update(channel=TEAM, ts=ts, text="b")["ok"]


def test_a_bot_that_was_put_out_is_not_in_the_channel(client: WebClient, world: SlackWorld) -> None:
    world.remove_bot(TEAM)

    assert client.chat_postMessage(channel=TEAM, text="by chat:write.public")["ok"]
    world.scopes = SCOPES - {"chat:write.public"}
    with refused("not_in_channel"):
        client.chat_postMessage(channel=TEAM, text="a")
    with refused("not_in_channel"):
        client.conversations_history(channel=TEAM)
    world.invite_bot(TEAM)
    assert client.chat_postMessage(channel=TEAM, text="a")["ok"]


def test_a_reply_to_a_deleted_message_falls_into_the_channel(client: WebClient, world: SlackWorld) -> None:
    """What slack-go#1571 tells: the post succeeds, and its answer has no thread_ts."""
    root = client.chat_postMessage(channel=INTAKE, text="root")["ts"]
    world.delete(world.message(INTAKE, root))

    posted = client.chat_postMessage(channel=INTAKE, text="reply", thread_ts=root)

    assert "thread_ts" not in posted["message"]
    assert world.messages(INTAKE)[-1].text == "reply"


def test_a_deleted_message_with_replies_leaves_a_tombstone_with_its_thread(
    client: WebClient, world: SlackWorld
) -> None:
    root = client.chat_postMessage(channel=INTAKE, text="root")["ts"]
    reply = client.chat_postMessage(channel=INTAKE, text="one", thread_ts=root)["ts"]
    client.chat_delete(channel=INTAKE, ts=root)

    posted = client.chat_postMessage(channel=INTAKE, text="two", thread_ts=root)

    thread = client.conversations_replies(channel=INTAKE, ts=root)["messages"]
    assert posted["message"]["thread_ts"] == root
    assert [one.get("subtype", one["text"]) for one in thread] == ["tombstone", "one", "two"]
    for act in (client.chat_delete, client.chat_update):
        with refused("message_not_found"):
            act(channel=INTAKE, ts=root, text="again")
    for ts in (reply, posted["ts"]):
        client.chat_delete(channel=INTAKE, ts=ts)
    with refused("thread_not_found"):
        client.conversations_replies(channel=INTAKE, ts=root)


def test_a_button_opens_a_modal_that_is_filled_in_and_sent(bot: Bot) -> None:
    """Two people at once press a button of the same card; each has a modal of their own."""
    menu = {"type": "static_select", "action_id": "rank", "options": [option("high"), option("low")]}
    ts = bot.client.chat_postMessage(channel=TEAM, **card(button("assign"), menu))["ts"]
    sizes = {"options": [option("small"), option("large")]}
    form = modal(
        question("who", "users_select"),
        question("due", "datepicker"),
        question("size", "static_select", **sizes),
        question("why", optional=True),
    )

    def opens(ack: Any, body: dict[str, Any]) -> None:
        ack()
        bot.client.views_open(trigger_id=body["trigger_id"], view=form)

    def refuses(ack: Any, body: dict[str, Any]) -> None:
        ack(response_action="errors", errors={"due": "In the past."})

    bot.on |= {"action": opens, "view": refuses}
    for user in (LEAD, ENGINEER):
        assert bot.world.click(user, TEAM, ts, "assign").is_ok
        bot.world.wait_until(lambda user=user: bot.world.view(user))
    bot.world.fill(LEAD, {"who": "Linden Brookmere", "due": "2026-12-01", "size": "large", "why": "because"})
    said = bot.world.submit(LEAD)
    del bot.on["view"]
    bot.world.submit(LEAD)

    body = bot.bodies("action")[0]
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": TEAM,
        "is_ephemeral": False,
    }
    assert body["channel"] == {"id": TEAM, "name": "identity-surge"}
    assert body["message"]["ts"] == ts
    assert body["actions"][0]["block_id"] == "acts"
    assert body["state"]["values"] == {"acts": {"rank": {"type": "static_select", "selected_option": None}}}
    assert said == {"due": "In the past."}
    values = bot.bodies("view")[-1]["view"]["state"]["values"]
    assert values["who"]["answer"]["selected_user"] == ENGINEER
    assert values["due"]["answer"]["selected_date"] == "2026-12-01"
    assert values["size"]["answer"]["selected_option"]["value"] == "large"
    assert values["why"]["answer"]["value"] == "because"
    assert bot.world.view(LEAD) is None
    assert bot.world.view(ENGINEER) is not None


def test_a_click_is_answered_by_its_response_url(bot: Bot) -> None:
    ts = bot.client.chat_postMessage(channel=TEAM, **card(button("take")))["ts"]

    bot.world.click(LEAD, TEAM, ts, "take")
    answer = WebhookClient(bot.bodies("action")[0]["response_url"])
    answer.send(text="Somebody was quicker.", response_type="ephemeral", replace_original=False)
    before = bot.world.message(TEAM, ts).text
    answer.send(text="taken", replace_original=True)

    assert bot.world.ephemerals(LEAD)[-1].text == "Somebody was quicker."
    assert before == "card"
    assert bot.world.message(TEAM, ts).text == "taken"
