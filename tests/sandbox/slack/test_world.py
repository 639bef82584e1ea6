"""What people do: commands, shortcuts, messages and buttons, and where they belong."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from identity_bot_sandbox.slack.entry import EntryError

from .conftest import Bot, modal, option, plain, question

WHO = "U0JUNIPER"
WHERE = "C0INTAKE"


def answers(payload: dict[str, Any]) -> Any:
    return lambda ack, body: ack(**payload)


def test_a_command_arrives_with_all_that_slack_sends(bot: Bot) -> None:
    ack = bot.world.command(WHO, WHERE, "/help pr_review please")

    (body,) = bot.bodies("command")
    assert ack.is_ok
    assert body["command"] == "/help"
    assert body["text"] == "pr_review please"
    assert body["user_id"] == WHO
    assert body["channel_name"] == "vsp-identity"
    assert body["trigger_id"]
    assert body["response_url"].startswith(bot.world.base_url)


def test_a_command_in_a_private_place_does_not_tell_its_name(bot: Bot) -> None:
    between = bot.world.dm_channel("U0JUNIPER", "U0MARLO", with_app=False)

    bot.world.command(WHO, "C0SECRET", "/help")
    bot.world.command(WHO, between.channel_id, "/help")

    assert [body["channel_name"] for body in bot.bodies("command")] == ["privategroup", "directmessage"]


def test_what_a_command_is_answered_is_seen_by_the_person_alone_unless_in_channel(bot: Bot) -> None:
    bot.on["command"] = answers({"text": "just for you"})
    bot.world.command(WHO, WHERE, "/help")
    bot.on["command"] = answers({"text": "for all", "response_type": "in_channel"})
    bot.world.command(WHO, WHERE, "/help")

    assert bot.world.ephemerals(WHO)[-1].text == "just for you"
    assert bot.world.messages(WHERE)[-1].text == "for all"


def test_an_unknown_command_is_refused_by_slack_itself(bot: Bot) -> None:
    bot.world.commands = {"/help"}

    ack = bot.world.command(WHO, WHERE, "/hlep")

    assert ack.error == "invalid_command"
    assert bot.world.ephemerals(WHO)[-1].text == "/hlep is not a valid command."
    assert bot.heard == []


def test_a_command_that_is_not_acknowledged_in_time_fails_for_the_person(bot: Bot) -> None:
    bot.world.delivery.timeout = 0.1
    late = threading.Event()
    bot.on["command"] = lambda ack, body: late.wait(2)

    ack = bot.world.command(WHO, WHERE, "/help")
    late.set()

    assert ack.error == "operation_timeout"
    assert bot.world.ephemerals(WHO)[-1].text == '/help failed with the error "operation_timeout"'


def test_a_command_without_a_listener_fails_for_the_person(bot: Bot) -> None:
    bot.world.delivery.timeout = 0.2

    ack = bot.world.command(WHO, WHERE, "/unheard")

    # Over Socket Mode Bolt says nothing at all; over HTTP it answers 404.
    expected = "operation_timeout" if bot.world.delivery.sockets.count else "dispatch_failed"
    assert ack.error == expected
    assert bot.world.ephemerals(WHO)[-1].text == f'/unheard failed with the error "{expected}"'


def test_a_person_cannot_type_where_they_are_not_a_member(bot: Bot) -> None:
    with pytest.raises(EntryError, match="is not in claims-private"):
        bot.world.command("U0ROWAN", "C0SECRET", "/help")


def test_shortcuts_arrive_with_trigger_and_message(bot: Bot) -> None:
    ts = bot.world.say("U0MARLO", WHERE, "it does not work")

    bot.world.shortcut(WHO, "global")
    bot.world.message_shortcut(WHO, "about", WHERE, ts)

    one, other = bot.bodies("shortcut")
    assert (one["type"], one["callback_id"]) == ("shortcut", "global")
    assert other["type"] == "message_action"
    assert other["message"]["text"] == "it does not work"
    assert other["channel"] == {"id": WHERE, "name": "vsp-identity"}
    assert bot.client.views_open(trigger_id=other["trigger_id"], view=modal(question("q")))["ok"]


def test_a_button_in_a_message_is_clicked_and_its_response_url_replaces_the_message(bot: Bot) -> None:
    button = {"type": "button", "text": plain("Take"), "action_id": "take", "value": "7"}
    menu = {"type": "static_select", "action_id": "rank", "options": [option("high"), option("low")]}
    blocks = [{"type": "actions", "block_id": "acts", "elements": [button, menu]}]
    posted = bot.client.chat_postMessage(channel=WHERE, text="card", blocks=blocks)

    bot.world.click(WHO, WHERE, posted["ts"], "take")
    bot.world.click(WHO, WHERE, posted["ts"], "rank", "low")

    taken, ranked = bot.bodies("action")
    assert taken["actions"][0]["value"] == "7"
    assert taken["container"]["message_ts"] == posted["ts"]
    assert taken["message"]["text"] == "card"
    assert ranked["actions"][0]["selected_option"]["value"] == "low"
    assert ranked["state"]["values"]["acts"]["rank"]["selected_option"]["value"] == "low"
    with pytest.raises(EntryError, match="it has take, rank"):
        bot.world.click(WHO, WHERE, posted["ts"], "drop")


def test_a_message_reaches_the_app_only_where_its_bot_is_a_member(bot: Bot) -> None:
    bot.world.say(WHO, "C0GENERAL", "not for you")
    ts = bot.world.say(WHO, WHERE, "hello <@U0BOT>")

    bot.world.wait_until(lambda: bot.bodies("mention") and bot.bodies("message"))

    (body,) = bot.bodies("message")
    assert body["event"]["ts"] == ts
    assert body["event"]["channel_type"] == "channel"


def test_thirty_two_people_are_served_at_once(bot: Bot) -> None:
    everybody = list(bot.world.people)

    with ThreadPoolExecutor(32) as hands:
        acks = list(
            hands.map(
                lambda number: bot.world.command(
                    everybody[number % len(everybody)], WHERE, f"/help {number}"
                ),
                range(96),
            )
        )

    assert all(ack.is_ok for ack in acks)
    assert {int(body["text"]) for body in bot.bodies("command")} == set(range(96))
