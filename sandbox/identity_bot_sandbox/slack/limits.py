"""The referee of Slack's limits: says what Slack would refuse in a view or a message, and where.

It shares no code and no number with the bot, so that a wrong belief of the bot's shows in the sandbox.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from identity_bot_sandbox.slack.shapes import (
    HOME,
    MESSAGE,
    MODAL,
    Check,
    Shape,
    among,
    boolean,
    items,
    kind_of,
    matching,
    object_of,
    string,
    text,
    whole,
)

VIEW_BYTES = 250_000
VIEW_BLOCKS = 100
MESSAGE_BLOCKS = 50
MESSAGE_TEXT = 40_000
# Not in Slack's pages; seen by users of its API as the error msg_blocks_too_long a little above this.
MESSAGE_BLOCKS_TEXT = 13_000

SECTION, ACTIONS, INPUT, CONTEXT = "section", "actions", "input", "context"


def check_view(view: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse in a modal or an App Home: one line each, with a JSON pointer and the reason.

    The rules are those of docs.slack.dev/reference/views and /reference/block-kit. Where Slack is known to be
    stricter than its pages, the stricter rule counts.
    """
    return list(_view(view))


def check_message(message: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse or cut in a message's `text`, `blocks` and `attachments`: one line each."""
    return list(_message(message))


def check_blocks(blocks: Any, surface: str, at: str = "/blocks") -> list[str]:
    """What Slack would refuse in the blocks of a `modal`, a `home` or a `message`."""
    return list(_blocks(blocks, surface, at))


def view_bytes(view: Mapping[str, Any]) -> int:
    """The size of a view on the wire, in bytes."""
    return len(
        json.dumps(view, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "replace")
    )


def _anything(value: Any, at: str) -> Iterator[str]:
    yield from ()


def _chosen(value: Mapping[str, Any]) -> list[Any]:
    one = value.get("initial_option")
    return ([one] if one is not None else []) + _list(value.get("initial_options"))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def offered(element: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All options of a menu, radio group or checkbox group, including those in option groups."""
    found = _list(element.get("options"))
    for group in _list(element.get("option_groups")):
        found += _list(group.get("options")) if isinstance(group, Mapping) else []
    return [option for option in found if isinstance(option, Mapping)]


def same_option(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two options are one to Slack: both the value and the text are the same."""
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
    """An image has either an address or a file in Slack."""
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


def _has_text_or_fields(block: Mapping[str, Any], at: str) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield f"{at}: wants text or fields"


def _element_in(block: str, *, or_text: bool = False) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{at}: {kind_of(value)}; Slack wants an element"
            return
        kind = value.get("type")
        if or_text and kind in ANY_TEXT:
            yield from text(3000, *ANY_TEXT)(value, at)
            return
        shape = ELEMENTS.get(str(kind))
        if shape is None:
            yield f"{at}/type: unknown element type {kind!r}"
            return
        if block not in shape.blocks:
            yield f"{at}/type: {kind} cannot stand in a block of type {block}"
        yield from shape.problems(value, at)

    return check


_RICH_LEAVES = frozenset(
    {"text", "link", "emoji", "user", "channel", "usergroup", "broadcast", "date", "color", "team"}
)
_RICH_BRANCHES = frozenset(
    {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
)


def _rich(value: Any, at: str) -> Iterator[str]:
    """Check the structure only: branches hold branches or leaves; text and links are not empty."""
    kind = str(value.get("type")) if isinstance(value, Mapping) else None
    if kind in _RICH_BRANCHES:
        yield from items(_rich, 3000, "elements", least=0)(value.get("elements"), f"{at}/elements")
    elif kind not in _RICH_LEAVES:
        yield f"{at}/type: unknown rich text type {kind!r}"
    elif kind in ("text", "link"):
        key = "text" if kind == "text" else "url"
        yield from string(40_000)(value.get(key), f"{at}/{key}")


def _rich_branch(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, Mapping) and str(value.get("type")) in _RICH_LEAVES:
        yield f"{at}/type: {value.get('type')} must stand inside a rich_text_section"
    else:
        yield from _rich(value, at)


_named: dict[str, Check] = {"block_id": string(255)}

BLOCKS: Mapping[str, Shape] = {
    "section": Shape(
        optional={
            **_named,
            "text": text(3000, *ANY_TEXT),
            "fields": items(text(2000, *ANY_TEXT), 10, "fields"),
            "accessory": _element_in(SECTION),
            "expand": boolean,
        },
        also=_has_text_or_fields,
    ),
    "header": Shape(required={"text": text(150)}, optional={**_named, "level": whole(1, 6)}),
    "divider": Shape(optional=_named),
    "context": Shape(
        required={"elements": items(_element_in(CONTEXT, or_text=True), 10, "elements")}, optional=_named
    ),
    "actions": Shape(required={"elements": items(_element_in(ACTIONS), 25, "elements")}, optional=_named),
    "input": Shape(
        required={"label": text(2000), "element": _element_in(INPUT)},
        optional={**_named, "hint": text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "image": Shape(
        required={"alt_text": string(2000)},
        optional={**_named, **PICTURE, "title": text(2000)},
        also=has_picture,
    ),
    "rich_text": Shape(required={"elements": items(_rich_branch, 3000, "elements")}, optional=_named),
    "markdown": Shape(required={"text": string(12_000)}, optional=_named, surfaces=frozenset({MESSAGE})),
}

_any_view: dict[str, Check] = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
_modal = Shape(
    required={"title": text(24), "blocks": lambda value, at: _blocks(value, MODAL, at)},
    optional={
        **_any_view,
        "submit": text(24),
        "close": text(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_home = Shape(required={"blocks": lambda value, at: _blocks(value, HOME, at)}, optional=_any_view)


def _view(view: Mapping[str, Any]) -> Iterator[str]:
    kind = view.get("type")
    if kind not in (MODAL, HOME):
        yield f"/view/type: {kind!r}; Slack wants modal or home"
        return
    yield from (_modal if kind == MODAL else _home).problems(view, "/view")
    if kind == MODAL and "submit" not in view and any(_type(block) == "input" for block in _listed(view)):
        yield "/view/submit: missing; Slack wants a submit text when the view has input blocks"
    focused = [block for block in _listed(view) if any(one.get("focus_on_load") for one in _elements(block))]
    if len(focused) > 1:
        yield f"/view/blocks: {len(focused)} elements with focus_on_load; Slack accepts one"
    size = view_bytes(view)
    if size > VIEW_BYTES:
        yield f"/view: {size:,} bytes; Slack accepts at most {VIEW_BYTES:,}"


def _message(message: Mapping[str, Any]) -> Iterator[str]:
    words, blocks, attachments = (message.get(key) for key in ("text", "blocks", "attachments"))
    if not words and not blocks and not attachments:
        yield "/text: nothing to post; Slack wants text, blocks or attachments"
    if words is not None:
        yield from string(MESSAGE_TEXT, least=0)(words, "/text")
    if blocks is not None:
        yield from _blocks(blocks, MESSAGE, "/blocks")
        spoken = sum(_letters(block) for block in _listed(message))
        if spoken > MESSAGE_BLOCKS_TEXT:
            yield f"/blocks: {spoken:,} characters in all; Slack accepts about {MESSAGE_BLOCKS_TEXT:,}"
    if attachments is not None:
        yield from items(_any_object, 100, "attachments", least=0)(attachments, "/attachments")


def _blocks(blocks: Any, surface: str, at: str) -> Iterator[str]:
    most = MESSAGE_BLOCKS if surface == MESSAGE else VIEW_BLOCKS
    seen: dict[str, int] = {}
    yield from items(lambda block, here: _block(block, surface, here), most, "blocks", least=0)(blocks, at)
    for index, block in enumerate(blocks if isinstance(blocks, list | tuple) else ()):
        name = block.get("block_id") if isinstance(block, Mapping) else None
        if isinstance(name, str) and seen.setdefault(name, index) != index:
            yield f"{at}/{index}/block_id: {name!r} is already used at {at}/{seen[name]}"


def _block(block: Any, surface: str, at: str) -> Iterator[str]:
    shape = BLOCKS.get(str(_type(block)))
    if shape is None:
        yield f"{at}/type: unknown block type {_type(block)!r}"
        return
    if surface not in shape.surfaces:
        yield f"{at}/type: {_type(block)} cannot stand in a {surface}"
    yield from shape.problems(block, at)
    names: set[str] = set()
    for element in _elements(block):
        kind, name = str(element.get("type")), element.get("action_id")
        if kind in ELEMENTS and surface not in ELEMENTS[kind].surfaces:
            yield f"{at}: {kind} cannot stand in a {surface}"
        if isinstance(name, str) and name in names:
            yield f"{at}: action_id {name!r} is used twice in one block"
        names.add(str(name))


def _any_object(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{at}: Slack wants an object"


def _type(block: Any) -> Any:
    return block.get("type") if isinstance(block, Mapping) else None


def _listed(holder: Mapping[str, Any]) -> list[Any]:
    blocks = holder.get("blocks")
    return list(blocks) if isinstance(blocks, list | tuple) else []


def _elements(block: Any) -> list[Mapping[str, Any]]:
    if not isinstance(block, Mapping) or block.get("type") == "rich_text":
        return []
    several = block.get("elements")
    found = [
        block.get("element"),
        block.get("accessory"),
        *(several if isinstance(several, list | tuple) else ()),
    ]
    return [element for element in found if isinstance(element, Mapping)]


def _letters(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(
            len(item) if key == "text" and isinstance(item, str) else _letters(item)
            for key, item in value.items()
        )
    return sum(map(_letters, value)) if isinstance(value, list | tuple) else 0
