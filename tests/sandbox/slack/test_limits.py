"""The referee refuses what Slack refuses, and says where it stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot_sandbox.slack.limits import check_message, check_view

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def plain(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def option(value: str) -> dict[str, Any]:
    return {"text": plain(value.title()), "value": value}


def question(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": "q", "label": plain("Question"), "element": element, **more}


def modal(*blocks: Any, **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Title"), "submit": plain("Send"), "blocks": list(blocks), **more}


SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*hello*"}}
GOOD_ELEMENTS: list[dict[str, Any]] = [
    {"type": "plain_text_input", "action_id": "a", "multiline": True, "min_length": 1, "max_length": 3000},
    {"type": "plain_text_input", "initial_value": "", "placeholder": plain("such as this")},
    {"type": "url_text_input", "initial_value": "https://example.gov"},
    {
        "type": "plain_text_input",
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered", "on_enter_pressed"]},
    },
    {"type": "email_text_input", "focus_on_load": True},
    {"type": "number_input", "is_decimal_allowed": False, "min_value": "0", "initial_value": "0"},
    {"type": "datepicker", "initial_date": "2026-12-01"},
    {"type": "timepicker", "initial_time": "09:30"},
    {"type": "static_select", "options": [option("a"), option("b")], "initial_option": option("b")},
    {"type": "static_select", "option_groups": [{"label": plain("G"), "options": [option("a")]}]},
    {"type": "external_select", "min_query_length": 0, "initial_option": option("z")},
    {"type": "multi_static_select", "options": [option("a")], "initial_options": [option("a")]},
    {"type": "multi_external_select", "max_selected_items": 3},
    {"type": "radio_buttons", "options": [option(str(n)) for n in range(10)]},
    {"type": "checkboxes", "options": [{**option("a"), "description": {"type": "mrkdwn", "text": "*b*"}}]},
    {"type": "users_select", "initial_user": "U1"},
    {"type": "file_input", "max_files": 10, "filetypes": ["png"]},
]


@pytest.mark.parametrize("element", GOOD_ELEMENTS, ids=lambda element: element["type"])
def test_every_kind_of_question_that_slack_takes_is_taken(element: dict[str, Any]) -> None:
    assert check_view(modal(question(element))) == []


def test_every_block_that_we_use_is_taken() -> None:
    button = {"type": "button", "text": plain("Go"), "action_id": "go", "style": "primary", "value": "1"}
    overflow = {"type": "overflow", "action_id": "more", "options": [option("a")]}
    blocks = [
        {"type": "header", "text": plain("Hello")},
        {**SECTION, "accessory": button},
        {"type": "section", "fields": [plain("a"), {"type": "mrkdwn", "text": "b"}]},
        {"type": "divider"},
        {
            "type": "context",
            "elements": [plain("small"), {"type": "image", "image_url": "u", "alt_text": "a"}],
        },
        {"type": "actions", "block_id": "acts", "elements": [button, overflow]},
        {"type": "image", "image_url": "https://example.gov/a.png", "alt_text": "a"},
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "words"}]}],
        },
    ]

    assert check_view({"type": "home", "blocks": blocks}) == []
    assert check_message({"text": "hello", "blocks": blocks}) == []


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        ({"type": "static_select", "options": [option(str(n)) for n in range(101)]}, "/options: 101 options"),
        ({"type": "static_select", "options": []}, "/options: no options"),
        ({"type": "static_select"}, ": wants either options or option_groups"),
        (
            {"type": "static_select", "options": [option("a")], "initial_option": option("b")},
            "/initial_option: 'b' is not among the options",
        ),
        ({"type": "static_select", "options": [option("a" * 76)]}, "/options/0/text/text: 76 characters"),
        (
            {"type": "plain_text_input", "dispatch_action_config": {"trigger_actions_on": ["on_blur"]}},
            "/dispatch_action_config/trigger_actions_on/0",
        ),
        (
            {"type": "url_text_input", "dispatch_action_config": {"trigger_actions_on": []}},
            "/dispatch_action_config/trigger_actions_on",
        ),
        ({"type": "plain_text_input", "dispatch_action_config": {"on": []}}, "/dispatch_action_config/on"),
        (
            {"type": "datepicker", "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]}},
            "/dispatch_action_config",
        ),
        (
            {"type": "static_select", "options": [{**option("a"), "value": "v" * 151}]},
            "/options/0/value: 151",
        ),
        ({"type": "static_select", "options": [{"text": plain("a")}]}, "/options/0: lacks the required key"),
        ({"type": "radio_buttons", "options": [option(str(n)) for n in range(11)]}, "/options: 11 options"),
        ({"type": "plain_text_input", "max_length": 4000}, "/max_length: 4000; Slack accepts 1 to 3,000"),
        ({"type": "plain_text_input", "min_length": 9, "max_length": 8}, "/min_length: 9 is more than"),
        (
            {"type": "plain_text_input", "max_length": 3, "initial_value": "four"},
            "/initial_value: 4 characters",
        ),
        ({"type": "plain_text_input", "placeholder": plain("p" * 151)}, "/placeholder/text: 151 characters"),
        ({"type": "plain_text_input", "placeholder": plain("")}, "/placeholder/text: empty"),
        ({"type": "plain_text_input", "multiline": "yes"}, "/multiline: a string; Slack wants true or false"),
        ({"type": "plain_text_input", "maxlength": 3}, "/maxlength: unknown key"),
        (
            {"type": "plain_text_input", "placeholder": {"type": "mrkdwn", "text": "a"}},
            "/placeholder/type: 'mrkd",
        ),
        ({"type": "number_input"}, ": lacks the required key 'is_decimal_allowed'"),
        (
            {"type": "number_input", "is_decimal_allowed": True, "min_value": 3},
            "/min_value: Slack wants a number",
        ),
        (
            {"type": "number_input", "is_decimal_allowed": False, "max_value": "3", "initial_value": "4"},
            "/initial_value: 4 is outside",
        ),
        (
            {"type": "number_input", "is_decimal_allowed": False, "min_value": "0.5"},
            "/min_value: '0.5' has deci",
        ),
        (
            {"type": "datepicker", "initial_date": "1 December"},
            "/initial_date: Slack wants a date as YYYY-MM-DD",
        ),
        ({"type": "file_input", "max_files": 11}, "/max_files: 11; Slack accepts 1 to 10"),
        ({"type": "button", "text": plain("Go")}, "/type: button cannot stand in a block of type input"),
        ({"type": "colour_picker"}, "/type: unknown element type 'colour_picker'"),
        (
            {"type": "users_select", "action_id": "a" * 256},
            "/action_id: 256 characters; Slack accepts at most 255",
        ),
        ({"type": "users_select", "initial_user": None}, "/initial_user: null; Slack wants a string"),
    ],
)
def test_a_bad_question_is_found_with_a_pointer_to_it(element: dict[str, Any], problem: str) -> None:
    found = check_view(modal(SECTION, question(element)))

    assert [line for line in found if line.startswith(f"/view/blocks/1/element{problem}")], found


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (modal(title=plain("t" * 25)), "/view/title/text: 25 characters; Slack accepts at most 24"),
        (modal(submit=plain("")), "/view/submit/text: empty"),
        (modal(close=plain("c" * 25)), "/view/close/text: 25 characters"),
        (modal(private_metadata="m" * 3001), "/view/private_metadata: 3,001 characters"),
        (modal(callback_id="c" * 256), "/view/callback_id: 256 characters"),
        (modal(*[{"type": "divider"}] * 101), "/view/blocks: 101 blocks; Slack accepts at most 100"),
        (modal(colour="red"), "/view/colour: unknown key"),
        (modal({"type": "video_wall"}), "/view/blocks/0/type: unknown block type 'video_wall'"),
        (modal("hello"), "/view/blocks/0/type: unknown block type None"),
        (modal({"type": "markdown", "text": "a"}), "/view/blocks/0/type: markdown cannot stand in a modal"),
        (modal({"type": "section"}), "/view/blocks/0: wants text or fields"),
        (modal({"type": "header", "text": plain("h" * 151)}), "/view/blocks/0/text/text: 151 characters"),
        (modal({"type": "section", "fields": [plain("f")] * 11}), "/view/blocks/0/fields: 11 fields"),
        (modal({"type": "context", "elements": [plain("c")] * 11}), "/view/blocks/0/elements: 11 elements"),
        (modal({"type": "image", "image_url": "u"}), "/view/blocks/0: lacks the required key 'alt_text'"),
        (modal({"type": "section", "text": plain("s" * 3001)}), "/view/blocks/0/text/text: 3,001 characters"),
        ({"type": "modal", "title": plain("T")}, "/view: lacks the required key 'blocks'"),
        ({"type": "popup"}, "/view/type: 'popup'; Slack wants modal or home"),
        (
            {"type": "home", "blocks": [question({"type": "file_input"})]},
            "/view/blocks/0: file_input cannot stand in a home",
        ),
    ],
)
def test_a_bad_view_is_found_with_a_pointer_to_it(view: dict[str, Any], problem: str) -> None:
    found = check_view(view)

    assert [line for line in found if line.startswith(problem)], found


def test_a_modal_with_a_question_wants_a_submit_text() -> None:
    view = modal(question({"type": "plain_text_input"}))
    del view["submit"]

    assert check_view(view) == [
        "/view/submit: missing; Slack wants a submit text when the view has input blocks"
    ]


def test_a_block_id_may_be_used_once_in_a_view() -> None:
    asked = question({"type": "plain_text_input"})

    assert check_view(modal(asked, asked)) == [
        "/view/blocks/1/block_id: 'q' is already used at /view/blocks/0"
    ]


def test_an_action_id_may_be_used_once_in_a_block_but_again_in_another() -> None:
    button = {"type": "button", "text": plain("Go"), "action_id": "go"}

    twice = check_view(modal({"type": "actions", "elements": [button, button]}))
    apart = check_view(modal({"type": "actions", "elements": [button]}, {**SECTION, "accessory": button}))

    assert twice == ["/view/blocks/0: action_id 'go' is used twice in one block"]
    assert apart == []


def test_only_one_element_may_take_the_focus() -> None:
    first = question({"type": "plain_text_input", "focus_on_load": True})
    second = question({"type": "plain_text_input", "focus_on_load": True}, block_id="r")

    assert check_view(modal(first, second)) == [
        "/view/blocks: 2 elements with focus_on_load; Slack accepts one"
    ]


def test_a_view_of_more_than_250_kilobytes_is_refused() -> None:
    huge = [{"type": "section", "text": plain("é" * 3000)} for _ in range(42)]

    found = check_view(modal(*huge))

    assert found[0].startswith("/view: 25")


def test_a_message_of_51_blocks_or_40001_characters_or_nothing_is_refused() -> None:
    assert check_message({"text": "a", "blocks": [SECTION] * 50}) == []
    assert check_message({"text": "a", "blocks": [SECTION] * 51}) == [
        "/blocks: 51 blocks; Slack accepts at most 50"
    ]
    assert check_message({"text": "a" * 40_001}) == ["/text: 40,001 characters; Slack accepts at most 40,000"]
    assert check_message({"text": "", "blocks": []}) == [
        "/text: nothing to post; Slack wants text, blocks or attachments"
    ]


def test_the_words_of_all_blocks_of_a_message_count_together() -> None:
    long = {"type": "section", "text": plain("w" * 2900)}

    assert check_message({"text": "a", "blocks": [long] * 4}) == []
    assert check_message({"text": "a", "blocks": [long] * 5})[0].startswith(
        "/blocks: 14,500 characters in all"
    )


def test_rich_text_is_checked_for_its_structure() -> None:
    loose = {"type": "rich_text", "elements": [{"type": "text", "text": "words"}]}
    strange = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "blink"}, {"type": "text", "text": ""}]}
        ],
    }

    assert "must stand inside a rich_text_section" in check_message({"blocks": [loose]})[0]
    assert check_message({"blocks": [strange]}) == [
        "/blocks/0/elements/0/elements/0/type: unknown rich text type 'blink'",
        "/blocks/0/elements/0/elements/1/text: empty",
    ]


@given(JSON, st.sampled_from(["element", "elements", "accessory", "text", "options", "block_id", "type"]))
def test_nothing_that_json_can_say_breaks_the_check(value: Any, key: str) -> None:
    select = {"type": "static_select", "options": [option("a")], key: value}

    found = [
        check_view(modal({"type": "section", key: value}, {"type": "actions", "elements": value}, value)),
        check_view(modal(question(select), blocks=value)),
        check_view(modal(question(select))),
        check_message({"text": value, "blocks": value, "attachments": value}),
    ]

    assert all(isinstance(line, str) and line.startswith("/") for lines in found for line in lines)
