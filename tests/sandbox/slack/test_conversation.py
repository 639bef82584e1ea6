"""What people say: the events that the app gets, and what it reads afterward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.entry import EntryError

from .conftest import Bot

WHO, OTHER = "U0JUNIPER", "U0MARLO"
WHERE = "C0INTAKE"


def event(bot: Bot, kind: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The one event that fits, once it has arrived."""
    bot.world.wait_until(lambda: any(wanted(body["event"]) for body in bot.bodies(kind)))
    (found,) = [body["event"] for body in bot.bodies(kind) if wanted(body["event"])]
    return dict(found)


def of(subtype: str) -> Callable[[dict[str, Any]], bool]:
    return lambda found: found.get("subtype") == subtype


def test_an_edit_arrives_with_the_message_before_and_after(bot: Bot) -> None:
    ts = bot.world.say(WHO, WHERE, "the frist words")

    bot.world.edit_message(WHO, WHERE, ts, "the first words")
    bot.world.edit_message(WHO, WHERE, ts, "the first words")

    found = event(bot, "message", of("message_changed"))
    assert (found["hidden"], found["channel"], found["channel_type"]) == (True, WHERE, "channel")
    assert found["ts"] == found["event_ts"] != ts
    assert (found["previous_message"]["text"], found["message"]["text"]) == (
        "the frist words",
        "the first words",
    )
    assert found["message"]["ts"] == ts
    assert found["message"]["edited"]["user"] == WHO


def test_a_preview_changes_a_message_that_nobody_edited(bot: Bot) -> None:
    ts = bot.world.say(WHO, WHERE, "see https://example.com")

    bot.world.unfurl(WHERE, ts, {"title": "Example", "from_url": "https://example.com"})

    found = event(bot, "message", of("message_changed"))
    assert "edited" not in found["message"]
    assert found["message"]["text"] == found["previous_message"]["text"]


def test_a_deletion_names_the_message_and_a_thread_keeps_a_tombstone(bot: Bot) -> None:
    root = bot.world.say(WHO, WHERE, "a question")
    reply = bot.world.say(OTHER, WHERE, "an answer", thread_ts=root)

    bot.world.delete_message(WHO, WHERE, root)
    bot.world.delete_message(OTHER, WHERE, reply)

    buried = event(bot, "message", of("message_changed"))
    gone = event(bot, "message", of("message_deleted"))
    assert buried["message"]["subtype"] == "tombstone"
    assert buried["previous_message"]["text"] == "a question"
    assert (gone["deleted_ts"], gone["previous_message"]["thread_ts"]) == (reply, root)
    assert bot.world.thread(WHERE, root) == []


def test_a_reply_may_also_go_to_the_channel(bot: Bot) -> None:
    root = bot.world.say(WHO, WHERE, "a question")

    ts = bot.world.say(OTHER, WHERE, "for everyone", thread_ts=root, is_broadcast=True)

    found = event(bot, "message", of("thread_broadcast"))
    assert (found["ts"], found["thread_ts"]) == (ts, root)
    assert found["root"]["reply_count"] == 1
    history = bot.client.conversations_history(channel=WHERE, oldest=root)["messages"]
    assert [one["ts"] for one in history] == [ts]


def test_a_shared_file_arrives_with_the_message(bot: Bot) -> None:
    file = bot.world.upload(WHO, "screen.png", b"png")

    bot.world.say(WHO, WHERE, "like this", files=[file])

    found = event(bot, "message", of("file_share"))
    assert found["text"] == "like this"
    assert found["files"][0]["url_private"] == file.url


def test_a_thread_is_read_with_its_numbers(bot: Bot) -> None:
    root = bot.world.say(WHO, WHERE, "a question")
    first = bot.world.say(OTHER, WHERE, "one", thread_ts=root)
    second = bot.world.say(WHO, WHERE, "two", thread_ts=root)

    thread = bot.client.conversations_replies(channel=WHERE, ts=root)["messages"]

    assert [one["ts"] for one in thread] == [root, first, second]
    assert (thread[0]["reply_count"], thread[0]["latest_reply"]) == (2, second)
    assert thread[1]["parent_user_id"] == WHO


def test_reactions_arrive_and_only_ones_own_are_removed(bot: Bot) -> None:
    ts = bot.client.chat_postMessage(channel=WHERE, text="a card")["ts"]

    bot.world.react(WHO, WHERE, ts, "eyes")
    bot.world.react(WHO, WHERE, ts, "eyes")
    with pytest.raises(Exception, match="no_reaction"):
        bot.client.reactions_remove(channel=WHERE, timestamp=ts, name="eyes")
    shown = bot.client.reactions_get(channel=WHERE, timestamp=ts)["message"]["reactions"]
    bot.world.unreact(WHO, WHERE, ts, "eyes")

    added = event(bot, "reaction", lambda found: found["type"] == "reaction_added")
    removed = event(bot, "reaction", lambda found: found["type"] == "reaction_removed")
    assert shown == [{"name": "eyes", "users": [WHO], "count": 1}]
    assert (added["user"], added["item_user"]) == (WHO, cast.BOT_USER_ID)
    assert added["item"] == removed["item"] == {"type": "message", "channel": WHERE, "ts": ts}


def test_the_app_hears_of_no_conversation_without_its_bot(bot: Bot) -> None:
    ts = bot.world.say(WHO, "C0GENERAL", "not for you")
    bot.world.react(OTHER, "C0GENERAL", ts, "eyes")
    bot.world.edit_message(WHO, "C0GENERAL", ts, "nor this")

    bot.world.delete_message(WHO, "C0GENERAL", ts)

    heard = bot.world.say(WHO, WHERE, "this is")
    event(bot, "message", lambda found: found["ts"] == heard)
    # What other tests have said before may still arrive.
    assert "C0GENERAL" not in str(bot.heard)


def test_people_change_only_their_own_messages(bot: Bot) -> None:
    ts = bot.world.say(WHO, WHERE, "mine")

    with pytest.raises(EntryError, match="Marlo Pinesong's own"):
        bot.world.edit_message(OTHER, WHERE, ts, "yours")
    with pytest.raises(EntryError, match="Marlo Pinesong's own"):
        bot.world.delete_message(OTHER, WHERE, ts)


def test_a_workflow_speaks_without_being_a_person(bot: Bot) -> None:
    bot.world.workflow_says("Morning round", WHERE, "Good morning")

    found = event(bot, "message", of("bot_message"))
    assert found["username"] == "Morning round"
    assert found["bot_id"]
    assert "user" not in found
