"""What people enter in modals and home tabs, and what they then see."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from slack_bolt import Ack as BoltAck

from identity_bot_sandbox.slack.entry import REQUIRED, EntryError
from identity_bot_sandbox.slack.modals import TROUBLE

from .conftest import Bot, modal, option, plain, question

WHO = "U0JUNIPER"
WHERE = "C0INTAKE"


def opened(bot: Bot, view: dict[str, Any], user: str = WHO) -> dict[str, Any]:
    bot.opens(view)
    bot.world.command(user, WHERE, "/help")
    shown = bot.world.wait_until(lambda: bot.world.view(user))
    assert shown is not None
    return shown


def answers(payload: dict[str, Any]) -> Any:
    return lambda ack, body: ack(**payload)


def test_a_form_is_filled_in_and_sent_with_every_kind_of_answer(bot: Bot) -> None:
    menu = {"options": [option("red"), option("blue")]}
    opened(
        bot,
        modal(
            question("short"),
            question("long", multiline=True, optional=True),
            question("link", "url_text_input"),
            question("mail", "email_text_input"),
            question("count", "number_input", is_decimal_allowed=False, min_value="1"),
            question("day", "datepicker"),
            question("one", "static_select", **menu),
            question("yes", "radio_buttons", options=[option("yes"), option("no")]),
            question("several", "checkboxes", **menu),
            question("many", "multi_static_select", **menu, max_selected_items=1),
            question("who", "users_select"),
            question("proof", "file_input", max_files=2),
        ),
    )

    bot.world.fill(
        WHO,
        {
            "short": "words",
            "link": "https://example.gov",
            "mail": "a@example.gov",
            "count": 3,
            "day": "2026-12-01",
            "one": "Blue",
            "yes": True,
            "several": ["red", "blue"],
            "many": "red",
            "who": "Sage Hollowell",
            "proof": [("shot.png", b"picture")],
        },
    )
    problems = bot.world.submit(WHO)

    values = {name: own["answer"] for name, own in bot.bodies("view")[0]["view"]["state"]["values"].items()}
    assert problems == {}
    assert bot.world.view(WHO) is None
    assert values["short"] == {"type": "plain_text_input", "value": "words"}
    assert values["long"]["value"] is None
    assert values["count"]["value"] == "3"
    assert values["day"]["selected_date"] == "2026-12-01"
    assert values["one"]["selected_option"]["value"] == "blue"
    assert values["yes"]["selected_option"]["value"] == "yes"
    assert [one["value"] for one in values["several"]["selected_options"]] == ["red", "blue"]
    assert values["who"]["selected_user"] == "U0SAGE"
    assert values["proof"]["files"][0]["name"] == "shot.png"
    assert values["proof"]["files"][0]["size"] == 7


@pytest.mark.parametrize(
    ("block", "value", "reason"),
    [
        (question("q", max_length=3), "four", "takes 3"),
        (question("q"), "two\nlines", "line break"),
        (question("q", "static_select", options=[option("red")]), "green", "not offered; there is red"),
        (question("q", "number_input", is_decimal_allowed=True), "three", "not a number"),
        (question("q", "datepicker"), "2026-02-30", "not a date"),
        (question("q", "users_select"), "Nobody", "nobody is called"),
        (question("q", "file_input", max_files=1), [("a", b""), ("b", b"")], "at most 1"),
        (question("q", "file_input"), [("a", b"0" * 10_000_001)], "10 MB"),
        (
            question("q", "multi_static_select", options=[option("a"), option("b")], max_selected_items=1),
            ["a", "b"],
            "at most 1",
        ),
    ],
)
def test_what_slacks_client_does_not_let_one_enter_cannot_be_entered(
    bot: Bot, block: dict[str, Any], value: Any, reason: str
) -> None:
    opened(bot, modal(block))

    with pytest.raises(EntryError, match=reason):
        bot.world.fill(WHO, {"q": value})


@pytest.mark.parametrize(
    ("block", "value", "words"),
    [
        (question("q"), None, REQUIRED),
        (question("q", min_length=3), "ab", "Please enter at least 3 characters."),
        (question("q", "url_text_input"), "example", "Please enter a valid URL."),
        (question("q", "email_text_input"), "a at b", "Please enter a valid email address."),
        (question("q", "number_input", is_decimal_allowed=False), "1.5", "Please enter a whole number."),
        (
            question("q", "number_input", is_decimal_allowed=True, max_value="2"),
            "2.5",
            "Please enter a number of at most 2.",
        ),
    ],
)
def test_slacks_client_refuses_some_answers_before_anything_is_sent(
    bot: Bot, block: dict[str, Any], value: Any, words: str
) -> None:
    opened(bot, modal(block))
    bot.world.fill(WHO, {"q": value})

    assert bot.world.submit(WHO) == {"q": words}
    assert bot.bodies("view") == []


def test_errors_stand_at_their_questions_until_the_answer_changes(bot: Bot) -> None:
    opened(bot, modal(question("q"), question("r", optional=True)))
    bot.on["view"] = answers({"response_action": "errors", "errors": {"q": "not so"}})
    bot.world.fill(WHO, {"q": "this"})

    assert bot.world.submit(WHO) == {"q": "not so"}
    assert bot.world.errors(WHO) == {"q": "not so"}
    bot.world.fill(WHO, {"r": "else"})
    assert bot.world.errors(WHO) == {"q": "not so"}
    bot.world.fill(WHO, {"q": "that"})
    assert bot.world.errors(WHO) == {}


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "not so"}},
        {"response_action": "update", "view": modal(title=plain("t" * 25))},
        {"response_action": "dance"},
    ],
)
def test_an_answer_that_slack_cannot_use_is_trouble_for_the_person(bot: Bot, answer: dict[str, Any]) -> None:
    opened(bot, modal(question("q", optional=True)))
    bot.on["view"] = answers(answer)

    assert bot.world.submit(WHO) == {"": TROUBLE}
    assert bot.world.view(WHO) is not None


def test_a_submission_that_is_not_acknowledged_leaves_the_form_open(bot: Bot) -> None:
    opened(bot, modal(question("q", optional=True)))
    bot.world.delivery.timeout = 0.1
    late = threading.Event()
    bot.on["view"] = lambda ack, body: late.wait(2)

    assert bot.world.submit(WHO) == {"": TROUBLE}
    late.set()
    assert bot.world.view(WHO) is not None


def test_an_updating_answer_keeps_the_id_and_changes_the_content(bot: Bot) -> None:
    before = opened(bot, modal(question("q", optional=True)))
    receipt = {"type": "modal", "title": plain("Receipt"), "blocks": [{"type": "divider"}]}
    bot.on["view"] = answers({"response_action": "update", "view": receipt})

    bot.world.submit(WHO)

    after = bot.world.view(WHO)
    assert after is not None
    assert after["id"] == before["id"]
    assert after["hash"] != before["hash"]
    assert after["title"]["text"] == "Receipt"
    with pytest.raises(EntryError, match="no submit button"):
        bot.world.submit(WHO)


def test_views_stack_three_deep_and_clear_closes_them_all(bot: Bot) -> None:
    root = opened(bot, modal(question("q", optional=True)))
    bot.on["view"] = answers({"response_action": "push", "view": modal(question("q", optional=True))})

    bot.world.submit(WHO)
    second = bot.world.view(WHO)
    bot.world.submit(WHO)
    assert bot.world.submit(WHO) == {"": TROUBLE}

    assert second is not None
    assert second["previous_view_id"] == second["root_view_id"] == root["id"]
    bot.on["view"] = answers({"response_action": "clear"})
    bot.world.submit(WHO)
    assert bot.world.view(WHO) is None


def test_an_empty_answer_closes_only_the_topmost_view(bot: Bot) -> None:
    root = opened(bot, modal(question("q", optional=True)))
    bot.on["view"] = answers({"response_action": "push", "view": modal(question("q", optional=True))})
    bot.world.submit(WHO)
    del bot.on["view"]

    bot.world.submit(WHO)

    shown = bot.world.view(WHO)
    assert shown is not None
    assert shown["id"] == root["id"]


def test_the_same_submission_can_arrive_twice_at_once_and_again(bot: Bot) -> None:
    opened(bot, modal(question("q", optional=True)))
    both = threading.Barrier(2, timeout=2)
    bot.on["view"] = lambda ack, body: (both.wait(), ack())

    bot.world.submit(WHO, clicks=2)
    del bot.on["view"]
    again = bot.world.resubmit(WHO)

    first, second, third = bot.bodies("view")
    assert again.is_ok
    assert first["view"]["id"] == second["view"]["id"] == third["view"]["id"]
    assert first["view"]["hash"] == second["view"]["hash"] == third["view"]["hash"]


def test_an_update_keeps_what_was_typed_where_ids_stay_and_drops_the_rest(bot: Bot) -> None:
    kinds = [option("pr"), option("data")]
    choice = question("kind", "static_select", options=kinds, dispatch_action=True)
    opened(bot, modal(choice, question("name"), question("old")))
    bot.world.fill(WHO, {"name": "Juniper", "old": "gone"})

    def show_other_form(ack: BoltAck, body: dict[str, Any]) -> None:
        ack()
        bot.client.views_update(
            view_id=body["view"]["id"],
            hash=body["view"]["hash"],
            view=modal(
                choice, question("name", initial_value="other"), question("new", initial_value="hello")
            ),
        )

    bot.on["action"] = show_other_form
    bot.world.act(WHO, "kind", "data")
    bot.world.wait_until(lambda: "new" in (bot.world.view(WHO) or {})["state"]["values"])

    (body,) = bot.bodies("action")
    shown = bot.world.view(WHO)
    assert shown is not None
    values = {name: own["answer"] for name, own in shown["state"]["values"].items()}
    assert body["actions"][0]["selected_option"]["value"] == "data"
    assert body["view"]["state"]["values"]["name"]["answer"]["value"] == "Juniper"
    assert values["kind"]["selected_option"]["value"] == "data"
    assert values["name"]["value"] == "Juniper"
    assert values["new"]["value"] == "hello"
    assert "old" not in values


def test_the_app_hears_of_typing_only_where_it_asked_to(bot: Bot) -> None:
    as_typed = {"trigger_actions_on": ["on_character_entered"]}
    on_enter = {"trigger_actions_on": ["on_enter_pressed"]}
    opened(
        bot,
        modal(
            question("told", dispatch_action=True, dispatch_action_config=as_typed),
            question("enter", dispatch_action=True, dispatch_action_config=on_enter),
            question("untold", dispatch_action_config=as_typed),
        ),
    )

    for name in ("told", "enter", "untold"):
        bot.world.type_text(WHO, name, "Hello")

    (body,) = bot.bodies("action")
    values = body["view"]["state"]["values"]
    assert body["actions"][0]["block_id"] == "told"
    assert body["actions"][0]["type"] == "plain_text_input"
    assert body["actions"][0]["value"] == values["told"]["answer"]["value"] == "Hello"


def test_an_external_menu_offers_what_the_app_answers(bot: Bot) -> None:
    opened(bot, modal(question("repo", "external_select", min_query_length=2)))
    found = {"options": [option("vets-api"), option("vets-website")]}
    bot.on["options"] = answers(found)

    too_short = bot.world.options(WHO, "repo", "v")
    offered = bot.world.options(WHO, "repo", "vets")
    bot.world.fill(WHO, {"repo": "vets-api"})
    bot.world.submit(WHO)

    assert too_short == []
    assert [one["value"] for one in offered] == ["vets-api", "vets-website"]
    assert bot.bodies("options")[0]["value"] == "vets"
    chosen = bot.bodies("view")[0]["view"]["state"]["values"]["repo"]["answer"]["selected_option"]
    assert chosen["value"] == "vets-api"
    assert chosen["text"]["emoji"] is True


def test_an_external_menu_with_over_100_options_offers_nothing(bot: Bot) -> None:
    opened(bot, modal(question("repo", "external_select", min_query_length=0)))
    bot.on["options"] = answers({"options": [option(str(number)) for number in range(101)]})

    assert bot.world.options(WHO, "repo", "") == []


def test_the_app_hears_of_a_closed_view_only_if_it_asked_to(bot: Bot) -> None:
    opened(bot, modal(question("q")))
    bot.world.close(WHO)
    opened(bot, modal(question("q"), notify_on_close=True))
    bot.world.close(WHO, everything=True)

    (body,) = bot.bodies("closed")
    assert body["is_cleared"] is True
    assert bot.world.view(WHO) is None


def test_a_home_tab_is_published_and_used(bot: Bot) -> None:
    go = {"type": "button", "text": plain("Ask"), "action_id": "ask"}
    home = {"type": "home", "blocks": [{"type": "actions", "block_id": "acts", "elements": [go]}]}

    def publish(ack: BoltAck, body: dict[str, Any]) -> None:
        ack()
        bot.client.views_publish(user_id=body["event"]["user"], view=home)

    bot.on["home"] = publish
    bot.world.open_home(WHO)
    bot.world.wait_until(lambda: bot.world.home(WHO))
    ack = bot.world.act(WHO, "acts", action_id="ask", in_home=True)

    assert ack.is_ok
    assert bot.bodies("action")[0]["view"]["type"] == "home"
