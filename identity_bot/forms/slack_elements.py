"""Slack's block elements as a table: which keys each has, how long they may be, where each may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from identity_bot.forms.slack_checks import (
    MODAL,
    Check,
    Shape,
    among,
    boolean,
    items,
    matching,
    object_of,
    string,
    text,
    whole,
)

SECTION, ACTIONS, INPUT, CONTEXT = "section", "actions", "input", "context"


def _anything(value: Any, at: str) -> Iterator[str]:
    yield from ()


def _chosen(value: Mapping[str, Any]) -> list[Any]:
    one = value.get("initial_option")
    return ([one] if one is not None else []) + _list(value.get("initial_options"))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def offered(element: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All options of a menu, radio group or checkbox group, those inside option groups too."""
    found = _list(element.get("options"))
    for group in _list(element.get("option_groups")):
        found += _list(group.get("options")) if isinstance(group, Mapping) else []
    return [option for option in found if isinstance(option, Mapping)]


def same_option(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether Slack takes the two for one option: value and words must both agree."""
    words = [item.get("text", {}) for item in (one, other)]
    spoken = [item.get("text") if isinstance(item, Mapping) else item for item in words]
    return one.get("value") == other.get("value") and spoken[0] == spoken[1]


def _initial_is_offered(element: Mapping[str, Any], at: str) -> Iterator[str]:
    key = "initial_option" if "initial_option" in element else "initial_options"
    for chosen in _chosen(element):
        if isinstance(chosen, Mapping) and not any(same_option(chosen, one) for one in offered(element)):
            yield f"{at}/{key}: {chosen.get('value')!r} is not among the options"


def _options_or_groups(element: Mapping[str, Any], at: str) -> Iterator[str]:
    if ("options" in element) == ("option_groups" in element):
        yield f"{at}: wants either options or option_groups"
    yield from _initial_is_offered(element, at)


def _text_fits(element: Mapping[str, Any], at: str) -> Iterator[str]:
    least, most = element.get("min_length"), element.get("max_length")
    initial = element.get("initial_value")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield f"{at}/min_length: {least} is more than max_length {most}"
    if isinstance(initial, str) and isinstance(most, int) and len(initial) > most:
        yield f"{at}/initial_value: {len(initial):,} characters; max_length is {most:,}"
    if isinstance(initial, str) and isinstance(least, int) and len(initial) < least:
        yield f"{at}/initial_value: {len(initial):,} characters; min_length is {least:,}"


def _number_fits(element: Mapping[str, Any], at: str) -> Iterator[str]:
    numbers: dict[str, float] = {}
    for key in ("initial_value", "min_value", "max_value"):
        written = element.get(key)
        if isinstance(written, str) and re.fullmatch(_NUMBER, written):
            numbers[key] = float(written)
            if element.get("is_decimal_allowed") is False and "." in written:
                yield f"{at}/{key}: {written!r} has decimals; is_decimal_allowed is false"
    least, most = numbers.get("min_value"), numbers.get("max_value")
    initial = numbers.get("initial_value")
    if least is not None and most is not None and least > most:
        yield f"{at}/min_value: {element['min_value']} is more than max_value {element['max_value']}"
    low, high = least if least is not None else initial, most if most is not None else initial
    if initial is not None and low is not None and high is not None and not low <= initial <= high:
        yield f"{at}/initial_value: {element['initial_value']} is outside min_value to max_value"


def has_picture(image: Mapping[str, Any], at: str) -> Iterator[str]:
    """An image is given by its address or by a file in Slack, not both."""
    if ("image_url" in image) == ("slack_file" in image):
        yield f"{at}: wants either image_url or slack_file"


_NUMBER = r"-?\d+(\.\d+)?"
ANY_TEXT = ("plain_text", "mrkdwn")
_id = string(255)
_placeholder = text(150)
_confirm = object_of(
    Shape(
        required={"title": text(100), "text": text(300, *ANY_TEXT), "confirm": text(30), "deny": text(30)},
        optional={"style": among("primary", "danger")},
    )
)


def _option(words: Check, described: Check, **more: Check) -> Check:
    return object_of(
        Shape(required={"text": words, "value": string(150)}, optional={"description": described, **more})
    )


_plain_option = _option(text(75), text(75))
_rich_option = _option(text(75, *ANY_TEXT), text(75, *ANY_TEXT))
_link_option = _option(text(75), text(75), url=string(3000))
_options = items(_plain_option, 100, "options")
_groups = items(
    object_of(Shape(required={"label": text(75), "options": _options})),
    100,
    "option groups",
)
_dispatch = object_of(
    Shape(
        optional={
            "trigger_actions_on": items(
                among("on_enter_pressed", "on_character_entered"), 2, "triggers", least=1
            )
        }
    )
)
_EVERYWHERE = frozenset({SECTION, ACTIONS, INPUT})
_common: dict[str, Check] = {"action_id": _id, "focus_on_load": boolean}
_menu: dict[str, Check] = {**_common, "placeholder": _placeholder, "confirm": _confirm}
_typed: dict[str, Check] = {**_common, "placeholder": _placeholder, "dispatch_action_config": _dispatch}
_several: dict[str, Check] = {**_menu, "max_selected_items": whole(1, 100)}
_one_of_static: dict[str, Check] = {"options": _options, "option_groups": _groups}
_person = string(255)
_query = {"min_query_length": whole(0, 3000)}
_choices_of_ten: dict[str, Check] = {"options": items(_rich_option, 10, "options")}


def _lookup(kind: str) -> dict[str, Shape]:
    """The single and multiple menu of what Slack itself lists: users, channels or conversations."""
    one, several = kind.removesuffix("s"), kind
    extra: dict[str, Check] = {"response_url_enabled": boolean} if kind != "users" else {}
    if kind == "conversations":
        extra |= {"default_to_current_conversation": boolean, "filter": _anything}
    return {
        f"{kind}_select": Shape(optional={**_menu, **extra, f"initial_{one}": _person}, blocks=_EVERYWHERE),
        f"multi_{kind}_select": Shape(
            optional={**_several, **extra, f"initial_{several}": items(_person, 100)},
            blocks=frozenset({SECTION, INPUT}),
        ),
    }


PICTURE: dict[str, Check] = {
    "image_url": string(3000),
    "slack_file": object_of(Shape(optional={"id": _id, "url": string(3000)})),
}

ELEMENTS: Mapping[str, Shape] = {
    "button": Shape(
        required={"text": text(75)},
        optional={
            "action_id": _id,
            "url": string(3000),
            "value": string(2000),
            "style": among("primary", "danger"),
            "confirm": _confirm,
            "accessibility_label": string(75),
        },
        blocks=frozenset({SECTION, ACTIONS}),
    ),
    "overflow": Shape(
        required={"options": items(_link_option, 5, "options")},
        optional={"action_id": _id, "confirm": _confirm},
        blocks=frozenset({SECTION, ACTIONS}),
    ),
    "image": Shape(
        required={"alt_text": string(2000)},
        optional=PICTURE,
        blocks=frozenset({SECTION, CONTEXT}),
        also=has_picture,
    ),
    "plain_text_input": Shape(
        optional={
            **_typed,
            "initial_value": string(3000, least=0),
            "multiline": boolean,
            "min_length": whole(0, 3000),
            "max_length": whole(1, 3000),
        },
        blocks=frozenset({INPUT}),
        also=_text_fits,
    ),
    "rich_text_input": Shape(optional={**_typed, "initial_value": _anything}, blocks=frozenset({INPUT})),
    "url_text_input": Shape(optional={**_typed, "initial_value": string(3000)}, blocks=frozenset({INPUT})),
    "email_text_input": Shape(optional={**_typed, "initial_value": string(3000)}, blocks=frozenset({INPUT})),
    "number_input": Shape(
        required={"is_decimal_allowed": boolean},
        optional={
            **_typed,
            **dict.fromkeys(
                ("initial_value", "min_value", "max_value"),
                matching(_NUMBER, 'a number as a string, such as "3"'),
            ),
        },
        blocks=frozenset({INPUT}),
        also=_number_fits,
    ),
    "datepicker": Shape(
        optional={**_menu, "initial_date": matching(r"\d{4}-\d\d-\d\d", "a date as YYYY-MM-DD")},
        blocks=_EVERYWHERE,
    ),
    "timepicker": Shape(
        optional={
            **_menu,
            "initial_time": matching(r"([01]\d|2[0-3]):[0-5]\d", "a time as HH:mm"),
            "timezone": string(255),
        },
        blocks=_EVERYWHERE,
    ),
    "datetimepicker": Shape(
        optional={**_common, "confirm": _confirm, "initial_date_time": whole(1_000_000_000, 9_999_999_999)},
        blocks=frozenset({ACTIONS, INPUT}),
    ),
    "static_select": Shape(
        optional={**_menu, **_one_of_static, "initial_option": _plain_option},
        blocks=_EVERYWHERE,
        also=_options_or_groups,
    ),
    "multi_static_select": Shape(
        optional={**_several, **_one_of_static, "initial_options": items(_plain_option, 100, "options")},
        blocks=frozenset({SECTION, INPUT}),
        also=_options_or_groups,
    ),
    "external_select": Shape(
        optional={**_menu, **_query, "initial_option": _plain_option},
        blocks=_EVERYWHERE,
    ),
    "multi_external_select": Shape(
        optional={**_several, **_query, "initial_options": items(_plain_option, 100, "options")},
        blocks=frozenset({SECTION, INPUT}),
    ),
    "radio_buttons": Shape(
        required=_choices_of_ten,
        optional={**_common, "confirm": _confirm, "initial_option": _rich_option},
        blocks=_EVERYWHERE,
        also=_initial_is_offered,
    ),
    "checkboxes": Shape(
        required=_choices_of_ten,
        optional={**_common, "confirm": _confirm, "initial_options": items(_rich_option, 10, "options")},
        blocks=_EVERYWHERE,
        also=_initial_is_offered,
    ),
    "file_input": Shape(
        optional={"action_id": _id, "filetypes": items(string(255), 100), "max_files": whole(1, 10)},
        blocks=frozenset({INPUT}),
        surfaces=frozenset({MODAL}),
    ),
    **_lookup("users"),
    **_lookup("channels"),
    **_lookup("conversations"),
}
