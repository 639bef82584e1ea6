"""Slack as the desk sees it, with slack_sdk as it is against the sandbox."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from identity_bot.errors import OutcomeUnknown, Rejected
from identity_bot.messages.updates import Message
from identity_bot.slack import client
from identity_bot.slack.client import READ_AT_ONCE, SlackChat
from identity_bot.text.markdown import mrkdwn
from identity_bot.text.redaction import redactor
from identity_bot.tickets.model import Action, MessageRef, Ticket
from identity_bot.tickets.people import People
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.workspace import SCOPES
from identity_bot_sandbox.slack.world import SlackWorld
from tests.support import VISITOR, eventually
from tests.support_outbox import ticket

from .test_errors import EVERYWHERE

INTAKE, TEAM, SECRET, JUNIPER = "C0INTAKE", "C0TEAM", "C0SECRET", "U0JUNIPER"
GROUP, IDENTITY_TEAM = "S0IDENTITY", {"U0INDIGO", "U0SAGE", "U0LINDEN"}
MESSAGE = Message(text="Hello")
TICKET = ticket(number=12, url="https://github.test/12", headline="Ticket #12")


def draw(chat: SlackChat, card: MessageRef | None = None, ticket: Ticket = TICKET) -> MessageRef:
    """Has a ticket's card drawn, in place where there is one."""
    return chat.show_card(replace(ticket, card=card), None, channel=TEAM, idempotency_key="1", now=0.0)


def test_a_message_says_everything_in_text_and_unfurls_nothing(chat: SlackChat, slack: SlackWorld) -> None:
    post = chat.post("#vsp-identity", MESSAGE, idempotency_key="7", thread_ts=None)

    [call] = slack.traffic.calls("chat.postMessage")
    assert (post.channel, call.arguments["text"]) == (INTAKE, "Hello")
    assert call.arguments["unfurl_links"] is call.arguments["unfurl_media"] is False
    assert call.arguments["metadata"]["event_payload"] == {"key": "7"}


@pytest.mark.parametrize("channel", [INTAKE, "#vsp-identity", JUNIPER])
def test_a_post_is_found_again_by_its_key(chat: SlackChat, slack: SlackWorld, channel: str) -> None:
    since = time.time()
    other = chat.post(channel, MESSAGE, idempotency_key="1", thread_ts=None)
    posted = chat.post(channel, MESSAGE, idempotency_key="2", thread_ts=None)

    found = chat.find_message(channel, "2", since, thread_ts=None)

    assert found == posted != other
    assert chat.find_message(channel, "3", since, thread_ts=None) is None


def test_a_post_is_found_again_by_a_bot_that_was_restarted(
    running: Sandbox, chat: SlackChat, slack: SlackWorld
) -> None:
    posted = chat.post("#vsp-identity", MESSAGE, idempotency_key="1", thread_ts=None)
    restarted = SlackChat(cast.BOT_TOKEN, running.environment()["SLACK_API_URL"], People([]))

    assert restarted.find_message("#vsp-identity", "1", time.time() - 60, thread_ts=None) == posted


def test_a_post_in_a_thread_is_found_there(chat: SlackChat, slack: SlackWorld) -> None:
    root = slack.say(JUNIPER, INTAKE, "Can somebody help?")
    posted = chat.post(INTAKE, MESSAGE, idempotency_key="1", thread_ts=root)

    assert chat.find_message(INTAKE, "1", time.time() - 60, thread_ts=root) == posted
    assert chat.find_message(INTAKE, "1", time.time() - 60, thread_ts=None) is None


def test_a_post_is_found_behind_several_pages_of_other_messages(chat: SlackChat, slack: SlackWorld) -> None:
    posted = chat.post(INTAKE, MESSAGE, idempotency_key="1", thread_ts=None)
    root = slack.say(JUNIPER, INTAKE, "Can somebody help?")
    for number in range(250):
        slack.say(JUNIPER, INTAKE, f"message {number}")
        slack.say(JUNIPER, INTAKE, f"reply {number}", thread_ts=root)
    replied = chat.post(INTAKE, MESSAGE, idempotency_key="2", thread_ts=root)

    assert chat.find_message(INTAKE, "1", time.time() - 60, thread_ts=None) == posted
    assert chat.find_message(INTAKE, "2", time.time() - 60, thread_ts=root) == replied
    assert len(slack.traffic.calls("conversations.history")) == 3


def test_what_people_wrote_with_our_key_in_it_is_not_taken_for_ours(
    chat: SlackChat, slack: SlackWorld
) -> None:
    slack.say(JUNIPER, INTAKE, "identity_bot_message 1")

    assert chat.find_message(INTAKE, "1", time.time() - 60, thread_ts=None) is None


# What is drawn


def test_a_message_has_its_buttons_below_its_text(chat: SlackChat, slack: SlackWorld) -> None:
    asked = Message(text="Is it *well*?", buttons=(Action.ACCEPT, Action.REJECT), ticket_id=TICKET.id)

    chat.post(INTAKE, asked, idempotency_key="1", thread_ts=None)

    [posted] = slack.messages(INTAKE)
    section, actions = posted.blocks
    assert posted.text == section["text"]["text"] == "Is it *well*?"
    assert [button["value"] for button in actions["elements"]] == [TICKET.id, TICKET.id]


def test_a_card_is_edited_where_it_is_and_keeps_its_key(chat: SlackChat, slack: SlackWorld) -> None:
    posted = draw(chat)
    before = slack.messages(TEAM)[0].text

    again = draw(chat, posted, replace(TICKET, headline="Ticket #12 is assigned"))

    [now] = slack.messages(TEAM)
    assert again == posted
    assert (now.ts, now.blocks[0]["text"]["text"]) == (posted.ts, "*Submitted.* Ticket #12 is assigned")
    assert before.startswith("*New.* Ticket #12")
    assert now.text.startswith("*Submitted.* Ticket #12 is assigned")
    assert chat.find_message(TEAM, "1", time.time() - 60, thread_ts=None) == posted


@pytest.mark.parametrize(
    "code",
    ["cant_update_message", "channel_not_found", "edit_window_closed", "is_inactive", "message_not_found"],
)
def test_a_card_that_can_no_longer_be_edited_is_posted_anew(
    chat: SlackChat, slack: SlackWorld, code: str
) -> None:
    posted = draw(chat)
    slack.faults.add("chat.update", error=code)

    anew = draw(chat, posted)

    assert [message.ts for message in slack.messages(TEAM)] == [posted.ts, anew.ts]


def test_a_card_that_was_deleted_is_posted_anew(chat: SlackChat, slack: SlackWorld) -> None:
    posted = draw(chat)
    slack.delete(slack.message(TEAM, posted.ts))

    anew = draw(chat, posted)

    assert [message.ts for message in slack.messages(TEAM)] == [anew.ts]
    assert anew != posted


def test_what_people_wrote_is_not_edited(chat: SlackChat, slack: SlackWorld) -> None:
    theirs = MessageRef(channel=TEAM, ts=slack.say("U0INDIGO", TEAM, "Hello"))

    anew = draw(chat, theirs)

    assert [message.ts for message in slack.messages(TEAM)] == [theirs.ts, anew.ts]
    assert slack.message(TEAM, theirs.ts).text == "Hello"


@pytest.mark.parametrize("letter", ["x", "ü", "😀", "&amp;", "<@U0JUNIPER>", " "])
def test_a_text_that_is_too_long_to_edit_is_cut_and_its_blocks_are_not(
    chat: SlackChat, slack: SlackWorld, letter: str
) -> None:
    posted = chat.post(TEAM, MESSAGE, idempotency_key="1", thread_ts=None)

    chat.settle(posted, Message(text=letter * 5000), "Closed.")

    [now] = slack.messages(TEAM)
    assert 3900 < len(now.text.encode()) <= 4000
    assert now.text.removesuffix("…").replace(letter, "") == ""
    assert len(str(now.blocks[0]["text"]["text"])) > 2900
    assert "Closed." in str(now.blocks[1])


# Places and people that are not as they were


@pytest.mark.parametrize(
    ("place", "thread", "happens", "word"),
    [
        (INTAKE, "1.000001", lambda slack: None, "thread_not_found"),
        (INTAKE, None, lambda slack: setattr(slack.channels[INTAKE], "is_archived", True), "is_archived"),
        (SECRET, None, lambda slack: None, "channel_not_found"),
        (JUNIPER, None, lambda slack: slack.deactivated.add(JUNIPER), "channel_not_found"),
    ],
    ids=["the thread's root is gone", "archived", "the bot was removed", "deactivated"],
)
def test_a_place_that_cannot_be_written_to_any_more_is_refused_in_slacks_word(
    chat: SlackChat,
    slack: SlackWorld,
    place: str,
    thread: str | None,
    happens: Callable[[SlackWorld], object],
    word: str,
) -> None:
    happens(slack)

    with pytest.raises(Rejected, match=word):
        chat.post(place, MESSAGE, idempotency_key="1", thread_ts=thread)


def test_a_reply_whose_thread_is_gone_is_not_left_in_the_channel(chat: SlackChat, slack: SlackWorld) -> None:
    root = slack.say(JUNIPER, INTAKE, "Can somebody help?")
    slack.delete(slack.message(INTAKE, root))

    with pytest.raises(Rejected, match="thread_not_found"):
        chat.post(INTAKE, MESSAGE, idempotency_key="1", thread_ts=root)

    assert slack.messages(INTAKE, replies=True) == []


def test_a_reply_that_cannot_be_taken_back_is_refused_all_the_same(
    chat: SlackChat, slack: SlackWorld, caplog: pytest.LogCaptureFixture
) -> None:
    slack.faults.add("chat.delete", status=502)

    with pytest.raises(Rejected, match="thread_not_found"):
        chat.post(INTAKE, MESSAGE, idempotency_key="1", thread_ts="1.000001")

    assert "a reply to a deleted thread stays in channel C0INTAKE" in caplog.text


def test_a_reply_that_somebody_was_quicker_to_delete_is_no_trouble(
    chat: SlackChat, slack: SlackWorld, caplog: pytest.LogCaptureFixture
) -> None:
    slack.faults.add("chat.delete", error="message_not_found")

    with pytest.raises(Rejected, match="thread_not_found"):
        chat.post(INTAKE, MESSAGE, idempotency_key="1", thread_ts="1.000001")

    assert caplog.text == ""


def test_a_reply_that_slack_misplaced_in_the_channel_is_found_and_deleted(
    chat: SlackChat, slack: SlackWorld
) -> None:
    """Its answer was lost, and the thread's first message is gone: it was not posted where it belongs."""
    root = slack.say(JUNIPER, INTAKE, "Can somebody help?")
    slack.delete(slack.message(INTAKE, root))
    chat.post(INTAKE, MESSAGE, idempotency_key="1", thread_ts=None)

    assert chat.find_message(INTAKE, "1", time.time() - 60, thread_ts=root) is None
    assert slack.messages(INTAKE) == []


def test_a_thread_whose_first_message_left_a_tombstone_goes_on(chat: SlackChat, slack: SlackWorld) -> None:
    root = slack.say(JUNIPER, INTAKE, "Can somebody help?")
    chat.post(INTAKE, MESSAGE, idempotency_key="1", thread_ts=root)
    slack.delete(slack.message(INTAKE, root))

    posted = chat.post(INTAKE, MESSAGE, idempotency_key="2", thread_ts=root)

    assert chat.find_message(INTAKE, "2", time.time() - 60, thread_ts=root) == posted


def test_a_person_who_left_after_a_first_message_is_refused(chat: SlackChat, slack: SlackWorld) -> None:
    chat.post(JUNIPER, MESSAGE, idempotency_key="1", thread_ts=None)
    slack.deactivated.add(JUNIPER)

    with pytest.raises(Rejected, match="channel_not_found"):
        chat.post(JUNIPER, MESSAGE, idempotency_key="2", thread_ts=None)
    with pytest.raises(Rejected, match="user_disabled"):
        SlackChat(cast.BOT_TOKEN, chat.client.base_url, People([])).find_message(
            JUNIPER, "2", time.time(), thread_ts=None
        )


def test_a_bot_that_was_removed_from_a_private_channel_is_refused(chat: SlackChat, slack: SlackWorld) -> None:
    slack.channels[SECRET].bot_is_member = True
    chat.post("#claims-private", MESSAGE, idempotency_key="1", thread_ts=None)
    slack.channels[SECRET].bot_is_member = False

    with pytest.raises(Rejected, match="channel_not_found"):
        chat.post("#claims-private", MESSAGE, idempotency_key="2", thread_ts=None)
    with pytest.raises(Rejected, match="channel_not_found"):
        chat.members("#claims-private")


def test_a_card_in_an_archived_channel_is_neither_edited_nor_posted_anew(
    chat: SlackChat, slack: SlackWorld
) -> None:
    posted = draw(chat)
    slack.channels[TEAM].is_archived = True

    with pytest.raises(Rejected, match="is_archived"):
        draw(chat, posted)


def test_a_card_in_a_private_channel_that_the_bot_was_removed_from_is_refused(
    chat: SlackChat, slack: SlackWorld
) -> None:
    slack.channels[SECRET].bot_is_member = True
    posted = chat.post(SECRET, MESSAGE, idempotency_key="1", thread_ts=None)
    slack.channels[SECRET].bot_is_member = False

    with pytest.raises(Rejected, match="channel_not_found"):
        chat.show_card(replace(TICKET, card=posted), None, channel=SECRET, idempotency_key="2", now=0.0)


def test_a_bot_that_may_not_write_where_it_is_not_a_member_is_refused(
    chat: SlackChat, slack: SlackWorld
) -> None:
    slack.scopes = SCOPES - {"chat:write.public"}

    with pytest.raises(Rejected, match="not_in_channel"):
        chat.post("C0GENERAL", MESSAGE, idempotency_key="1", thread_ts=None)


def test_a_channel_that_was_archived_after_its_first_message_is_refused(
    chat: SlackChat, slack: SlackWorld
) -> None:
    chat.post("#vsp-identity", MESSAGE, idempotency_key="1", thread_ts=None)
    slack.channels[INTAKE].is_archived = True

    with pytest.raises(Rejected, match="is_archived"):
        chat.post("#vsp-identity", MESSAGE, idempotency_key="2", thread_ts=None)


# Who belongs where


@pytest.mark.parametrize("place", [TEAM, "#identity-surge"])
def test_the_members_of_a_channel_are_known_by_its_name_and_id(
    chat: SlackChat, slack: SlackWorld, place: str
) -> None:
    assert chat.members(place) == IDENTITY_TEAM | {cast.BOT_USER_ID}


def test_the_members_of_a_user_group_are_known(chat: SlackChat, slack: SlackWorld) -> None:
    assert chat.members(GROUP) == IDENTITY_TEAM


def test_the_members_of_a_large_channel_come_in_pages(chat: SlackChat, slack: SlackWorld) -> None:
    crowd = {f"U{n:05}" for n in range(2500)}
    slack.channels["C0GENERAL"].members, before = crowd, slack.channels["C0GENERAL"].members
    try:
        assert chat.members("C0GENERAL") == crowd
        assert len(slack.traffic.calls("conversations.members")) == 3
    finally:
        slack.channels["C0GENERAL"].members = before


@pytest.mark.parametrize(
    ("place", "scope"),
    [(TEAM, "channels:read"), ("#identity-surge", "channels:read"), (GROUP, "usergroups:read")],
)
def test_members_that_may_not_be_seen_are_refused_with_the_scope(
    chat: SlackChat, slack: SlackWorld, place: str, scope: str
) -> None:
    slack.scopes = SCOPES - {scope}

    with pytest.raises(Rejected, match=rf"missing_scope \(needed: {scope}\)"):
        chat.members(place)


def test_a_group_or_channel_that_is_not_there_has_no_members_to_tell(
    chat: SlackChat, slack: SlackWorld
) -> None:
    for place, word in (
        ("S0NOBODY", "no_such_subteam"),
        ("C0NOBODY", "channel_not_found"),
        ("#x", "no channel #x"),
    ):
        with pytest.raises(Rejected, match=word):
            chat.members(place)


def test_somebody_whose_id_begins_with_w_has_direct_messages_too(chat: SlackChat, slack: SlackWorld) -> None:
    slack.meet(replace(VISITOR, slack_id="W012A3CDE", workspace=cast.WORKSPACE_ID))

    posted = chat.post("W012A3CDE", MESSAGE, idempotency_key="1", thread_ts=None)
    found = SlackChat(cast.BOT_TOKEN, chat.client.base_url, People([])).find_message(
        "W012A3CDE", "1", time.time() - 60, thread_ts=None
    )

    assert found == posted
    assert [message.text for message in slack.dm("W012A3CDE")] == ["Hello"]


# Who is of the bot's own organization

OUTSIDE_ENTERPRISE: dict[str, str | None] = {"team_id": "T0SANDBOX", "enterprise_id": None}
IN_ENTERPRISE = OUTSIDE_ENTERPRISE | {"enterprise_id": "E0OWN"}
ELSEWHERE = {"team_id": "T0ELSEWHERE"}


@pytest.mark.parametrize(
    ("user", "own", "is_one"),
    [
        ({}, OUTSIDE_ENTERPRISE, True),
        ({}, IN_ENTERPRISE, True),
        ({"is_restricted": True}, OUTSIDE_ENTERPRISE, True),
        ({"is_ultra_restricted": True}, OUTSIDE_ENTERPRISE, True),
        ({"is_bot": True}, OUTSIDE_ENTERPRISE, False),
        ({"deleted": True}, OUTSIDE_ENTERPRISE, False),
        ({"is_stranger": True}, OUTSIDE_ENTERPRISE, False),
        (ELSEWHERE, OUTSIDE_ENTERPRISE, False),
        (ELSEWHERE, IN_ENTERPRISE, False),
        (ELSEWHERE | {"enterprise_user": {"enterprise_id": "E0OWN"}}, IN_ENTERPRISE, True),
        (ELSEWHERE | {"enterprise_user": {"enterprise_id": "E0OTHER"}}, IN_ENTERPRISE, False),
        (ELSEWHERE | {"enterprise_user": {"enterprise_id": None}}, OUTSIDE_ENTERPRISE, False),
        ({"enterprise_user": {"enterprise_id": "E0OWN"}, "is_bot": True}, IN_ENTERPRISE, False),
    ],
)
def test_colleagues_are_active_people_of_the_same_organization_and_its_guests(
    user: dict[str, Any], own: dict[str, Any], is_one: bool
) -> None:
    assert client.is_colleague({"id": "U1", "team_id": "T0SANDBOX", **user}, own) is is_one


def test_slack_is_asked_who_is_a_colleague(chat: SlackChat, slack: SlackWorld) -> None:
    slack.meet(VISITOR)
    slack.meet(replace(VISITOR, slack_id="U0HIDDEN", handle="hidden", is_hidden=True))
    slack.meet(replace(VISITOR, slack_id="W0SIBLING", handle="sibling", enterprise="E0OWN"))
    slack.deactivated.add("U0MARLO")
    slack.enterprise_id = "E0OWN"

    asked = (JUNIPER, "U0ROWAN", "W0SIBLING", cast.BOT_USER_ID, "U0MARLO", "U0WREN", "U0HIDDEN", "U0NOBODY")
    try:
        colleagues = {one for one in asked if chat.is_colleague(one)}
    finally:
        slack.deactivated.clear()
        slack.enterprise_id = None

    assert colleagues == {JUNIPER, "U0ROWAN", "W0SIBLING"}
    assert len(slack.traffic.calls("auth.test")) == 1


def test_a_slack_that_does_not_say_who_somebody_is_makes_nobody_a_colleague(
    chat: SlackChat, slack: SlackWorld
) -> None:
    slack.faults.add("users.info", status=503)

    with pytest.raises(OutcomeUnknown):
        chat.is_colleague(JUNIPER)


def test_a_colleague_is_found_by_their_e_mail_address_and_nobody_else(
    chat: SlackChat, slack: SlackWorld
) -> None:
    slack.meet(replace(VISITOR, slack_id="U0OTHER", handle="stranger", workspace="T0ELSEWHERE"))
    slack.meet(replace(VISITOR, slack_id="U0HIDDEN", handle="hidden", is_hidden=True))
    slack.deactivated.add("U0MARLO")

    handles = ("Juniper", "rowan", "marlo", "stranger", "hidden", "nobody")
    try:
        found = [chat.find_colleague(f"{handle}@sandbox.example") for handle in handles]
    finally:
        slack.deactivated.clear()

    assert found == [JUNIPER, "U0ROWAN", "", "", "", ""]


def test_without_the_scope_nobody_is_found_and_that_is_logged_once_without_the_address(
    chat: SlackChat, slack: SlackWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "identity_bot")
    slack.scopes = SCOPES - {"users:read.email"}

    assert [chat.find_colleague("juniper@sandbox.example") for _ in range(2)] == ["", ""]
    assert caplog.text.count("users:read.email") == 1
    assert "juniper@" not in caplog.text


def test_a_slack_that_does_not_respond_is_not_taken_for_one_that_knows_nobody(
    chat: SlackChat, slack: SlackWorld
) -> None:
    slack.faults.add("users.lookupByEmail", status=503)

    with pytest.raises(OutcomeUnknown):
        chat.find_colleague("juniper@sandbox.example")


# Names


@pytest.mark.parametrize(
    "code",
    ["user_not_found", "user_not_visible", *(c for codes in EVERYWHERE.values() for c in codes.split())],
)
def test_a_name_that_slack_does_not_tell_is_empty_and_asked_for_again(
    chat: SlackChat, slack: SlackWorld, code: str
) -> None:
    slack.faults.add("users.info", error=code)

    assert chat.name_of(JUNIPER) == ""
    assert chat.known_name(JUNIPER) is None
    assert chat.name_of(JUNIPER) == "Juniper Vale"


@pytest.mark.parametrize("fault", [{"status": 502}, {"cut": True}, {"retry_after": 3}, {"status": 200}])
def test_a_name_that_slack_fails_to_tell_is_empty(
    chat: SlackChat, slack: SlackWorld, fault: dict[str, Any]
) -> None:
    slack.faults.add("users.info", **fault)

    assert chat.name_of(JUNIPER) == ""


def test_a_name_is_asked_for_once(chat: SlackChat, slack: SlackWorld) -> None:
    assert [chat.name_of(JUNIPER), chat.name_of(JUNIPER)] == ["Juniper Vale"] * 2
    assert chat.known_name(JUNIPER) == "Juniper Vale"
    assert len(slack.traffic.calls("users.info")) == 1


def test_private_channels_are_looked_at_only_where_the_public_ones_do_not_do(
    chat: SlackChat, slack: SlackWorld
) -> None:
    """A bot in public channels only needs no scope for private ones."""
    slack.scopes = SCOPES - {"groups:read"}

    assert chat.find_message("#vsp-identity", "1", time.time(), thread_ts=None) is None
    with pytest.raises(Rejected, match="no channel #claims-private"):
        chat.find_message("#claims-private", "1", time.time(), thread_ts=None)


def test_a_private_channel_is_found_by_its_name(chat: SlackChat, slack: SlackWorld) -> None:
    slack.channels[SECRET].bot_is_member = True
    try:
        posted = chat.post(SECRET, MESSAGE, idempotency_key="1", thread_ts=None)

        assert chat.find_message("#claims-private", "1", time.time() - 60, thread_ts=None) == posted
    finally:
        slack.channels[SECRET].bot_is_member = False


def test_the_time_of_slacks_last_answer_is_known(chat: SlackChat, slack: SlackWorld) -> None:
    before = chat.last_contact

    chat.name_of(JUNIPER)

    assert before is None
    assert eventually(lambda: chat.last_contact)


def test_a_channel_is_described_by_its_name_or_its_id_and_an_archived_one_on_request(
    chat: SlackChat, slack: SlackWorld
) -> None:
    slack.channels[TEAM].is_archived = True

    assert chat.channel("#vsp-identity")["id"] == INTAKE
    assert chat.channel(TEAM)["is_archived"]
    assert chat.channel("#identity-surge", archived=True)["id"] == TEAM
    with pytest.raises(Rejected, match="no channel #identity-surge"):
        chat.channel("#identity-surge")


# Redaction

WORDS = "tr0ub4dor&3"
ADDRESS = "https://github.test/issues/7"


def redact(
    chat: SlackChat, channel: str, thread_ts: str | None = None, *, since: float = 0.0, cursor: str = ""
) -> str:
    return chat.redact(
        channel, redactor([WORDS]), thread_ts=thread_ts, since=since, about=ADDRESS, cursor=cursor
    )


def say(chat: SlackChat, text: str, *, channel: str = INTAKE, thread_ts: str | None = None) -> MessageRef:
    """A message of ours that has the words to remove, as people's words are shown."""
    message = Message(text=f"{text} {mrkdwn(WORDS)}", buttons=(Action.ACCEPT,), ticket_id=TICKET.id)
    return chat.post(channel, message, idempotency_key=text, thread_ts=thread_ts)


def test_our_messages_in_a_thread_are_redacted_and_no_others(chat: SlackChat, slack: SlackWorld) -> None:
    root = slack.post(INTAKE, JUNIPER, f"I wrote {WORDS}")
    ours = say(chat, "reply", thread_ts=root.ts)
    say(chat, "elsewhere")

    redact(chat, INTAKE, root.ts)

    first, reply = slack.thread(INTAKE, root.ts)
    assert (first.text, reply.text) == (f"I wrote {WORDS}", "reply [redacted]")
    assert "tr0ub4dor" not in json.dumps(reply.blocks)
    assert [block["type"] for block in reply.blocks] == ["section", "actions"]
    assert chat.find_message(INTAKE, "reply", time.time() - 60, thread_ts=root.ts) == ours
    assert "tr0ub4dor" in slack.messages(INTAKE)[-1].text


def test_our_messages_in_a_channel_are_redacted_if_they_name_the_ticket(
    chat: SlackChat, slack: SlackWorld
) -> None:
    say(chat, f"<{ADDRESS}|#7>")
    say(chat, f"<{ADDRESS}#issuecomment-1|a comment>")
    say(chat, "<https://github.test/issues/8|#8>")
    say(chat, f"<{ADDRESS}1|#71>")

    assert redact(chat, INTAKE) == ""

    mine, comment, *others = slack.messages(INTAKE)[-4:]
    assert mine.text == f"<{ADDRESS}|#7> [redacted]"
    assert comment.text.endswith("[redacted]")
    assert all("tr0ub4dor" in other.text for other in others)


@pytest.mark.parametrize("is_thread", [True, False])
def test_one_page_is_redacted_at_a_time(
    chat: SlackChat, slack: SlackWorld, monkeypatch: pytest.MonkeyPatch, is_thread: bool
) -> None:
    monkeypatch.setattr("identity_bot.slack.client.REDACTED_AT_ONCE", 2)
    root = slack.post(INTAKE, JUNIPER, "Hello").ts if is_thread else None
    for number in range(3):
        say(chat, f"{number} <{ADDRESS}|#7>", thread_ts=root)
    reads = "conversations.replies" if is_thread else "conversations.history"
    cursor, pages = "", 0

    while cursor or not pages:
        cursor = redact(chat, INTAKE, root, since=time.time() - 60, cursor=cursor)
        pages += 1
        assert len(slack.traffic.calls(reads)) == pages
        said = slack.thread(INTAKE, root) if root else slack.messages(INTAKE)
        assert ("tr0ub4dor" in json.dumps([one.text for one in said])) == bool(cursor)

    assert pages > 1


def test_a_thread_is_read_from_its_beginning_whatever_the_clock_said(
    chat: SlackChat, slack: SlackWorld
) -> None:
    root = say(chat, "root")
    say(chat, "reply", thread_ts=root.ts)

    redact(chat, INTAKE, root.ts, since=time.time() + 3600)

    assert all("tr0ub4dor" not in one.text for one in slack.thread(INTAKE, root.ts))


def test_to_redact_again_edits_nothing(chat: SlackChat, slack: SlackWorld) -> None:
    root = say(chat, "root")
    redact(chat, INTAKE, root.ts)
    edits = len(slack.traffic.calls("chat.update"))

    redact(chat, INTAKE, root.ts)

    assert len(slack.traffic.calls("chat.update")) == edits


def test_what_can_no_longer_be_edited_is_deleted(chat: SlackChat, slack: SlackWorld) -> None:
    root = say(chat, "root")
    slack.faults.add("chat.update", error="edit_window_closed")

    redact(chat, INTAKE, root.ts)

    assert root.ts not in [one.ts for one in slack.messages(INTAKE)]


def test_what_can_be_neither_edited_nor_deleted_is_rejected(chat: SlackChat, slack: SlackWorld) -> None:
    root = say(chat, "root")
    slack.faults.add("chat.update", error="edit_window_closed")
    slack.faults.add("chat.delete", error="cant_delete_message")

    with pytest.raises(Rejected, match="cant_delete_message"):
        redact(chat, INTAKE, root.ts)


def test_a_thread_that_is_gone_needs_nothing(chat: SlackChat) -> None:
    redact(chat, INTAKE, "1.000001")


# Threads


def test_a_thread_of_any_length_is_read_whole_and_in_order(chat: SlackChat, slack: SlackWorld) -> None:
    root = slack.say("U0JUNIPER", INTAKE, "What now?")
    for number in range(READ_AT_ONCE * 2 + 7):
        slack.say("U0MARLO", INTAKE, f"reply {number}", thread_ts=root)
    slack.workflow_says("Echo", INTAKE, "I am no person", thread_ts=root)
    chat.post(INTAKE, MESSAGE, idempotency_key="1", thread_ts=root)
    slack.deactivate("U0MARLO")

    first, *replies = chat.read_thread(MessageRef(channel=INTAKE, ts=root))

    assert (first.ts, first.author) == (root, "U0JUNIPER")
    assert [one.words.text for one in replies] == [f"reply {n}" for n in range(READ_AT_ONCE * 2 + 7)]
    assert chat.name_of("U0MARLO") == "Marlo Pinesong"


def test_a_thread_that_is_gone_is_no_empty_one(chat: SlackChat) -> None:
    with pytest.raises(Rejected):
        chat.read_thread(MessageRef(channel=INTAKE, ts="17.000000"))


def test_a_message_is_edited_and_deleted_once(chat: SlackChat, slack: SlackWorld) -> None:
    posted = chat.post(INTAKE, MESSAGE, idempotency_key="1", thread_ts=None)

    chat.edit(posted, Message(text="Something else"))
    edited = slack.message(INTAKE, posted.ts).text
    chat.delete(posted)
    chat.delete(posted)
    chat.edit(posted, Message(text="Too late"))

    assert edited == "Something else"
    assert posted.ts not in [one.ts for one in slack.messages(INTAKE)]
