"""Every message says in its text all that its blocks show, and offers what its reader can do."""

from __future__ import annotations

from hypothesis import given, settings

from identity_bot import mrkdwn
from identity_bot.messages.updates import Message
from identity_bot.slack.messages import message, settled
from identity_bot.tickets.model import Action
from identity_bot_sandbox.slack.limits import check_message
from tests.slack.test_modal import spoken, text


@given(text)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_slack_takes_every_message_and_its_text_is_complete(said: str) -> None:
    shown = message(Message(text=said or "x"))

    assert check_message(shown) == []
    [in_block] = spoken(shown["blocks"])
    assert shown["text"].startswith(in_block.removesuffix("…"))


def test_a_message_has_a_button_for_each_thing_its_reader_can_do() -> None:
    buttons = (Action.ACCEPT, Action.REJECT, Action.CLOSE)
    shown = message(Message(text="It is ready.", buttons=buttons, ticket_id="T1"))

    assert check_message(shown) == []
    said = {one["action_id"]: (one["text"]["text"], one["value"]) for one in shown["blocks"][1]["elements"]}
    assert said == {
        "idbot:action:accept": ("Accept", "T1"),
        "idbot:action:reject": ("Needs work…", "T1"),
        "idbot:action:close": ("Close my request…", "T1"),
    }


def test_what_became_of_a_message_stands_in_the_place_of_its_buttons() -> None:
    shown = settled(Message(text="It is ready."), "<@U1> accepted it.")

    assert check_message(shown) == []
    assert shown["text"] == "It is ready.\n<@U1> accepted it."
    assert [block["type"] for block in shown["blocks"]] == ["section", "context"]


def test_buttons_that_are_still_possible_stay_below_what_became_of_the_others() -> None:
    left = Message(text="It is ready.", buttons=(Action.CLOSE,), ticket_id="T1")

    shown = settled(left, "Accepted.")

    assert check_message(shown) == []
    assert [block["type"] for block in shown["blocks"]] == ["section", "context", "actions"]


def test_a_long_message_is_not_cut_inside_a_link_or_an_escape() -> None:
    for tail in ("<https://va.gov|here>", "&amp;" * 9, "<@U0ADA>"):
        for length in range(2975, 3001):
            [in_block] = spoken(message(Message(text="x" * length + tail + mrkdwn("y" * 50)))["blocks"])

            assert len(in_block) <= 3000
            assert in_block.count("<") == in_block.count(">")
            assert in_block.count("&") == in_block.count(";")
