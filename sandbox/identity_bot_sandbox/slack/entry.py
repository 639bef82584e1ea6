"""What a person can enter in a form's element, and how Slack records it in `state.values`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from identity_bot_sandbox.errors import SandboxError
from identity_bot_sandbox.slack.limits import offered, same_option

Block = Mapping[str, Any]
Place = tuple[str, str]
"""An element's block_id and action_id."""

REQUIRED = "Please complete this required field."

# Element type -> (key of the entered value in `state`, key of the value it starts with).
_KEYS = {
    "plain_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "file_input": ("files", "initial_files"),
}
_LONGEST_TEXT = 3000


class EntryError(SandboxError):
    """Slack's client would not let a person enter that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """An element and its block."""

    block: Block
    element: Block

    @property
    def place(self) -> Place:
        """Its block_id and action_id."""
        return str(self.block["block_id"]), str(self.element["action_id"])

    @property
    def keeps_state(self) -> bool:
        """Whether a value can be entered in it; not in a button."""
        return self.element["type"] in _KEYS

    @property
    def dispatches(self) -> bool:
        """Whether the app is told of each change at once."""
        return self.block["type"] != "input" or bool(self.block.get("dispatch_action"))

    @property
    def dispatches_as_typed(self) -> bool:
        """Whether the app is told while text is typed, not only when Enter is pressed."""
        when = self.element.get("dispatch_action_config") or {}
        return self.dispatches and "on_character_entered" in when.get("trigger_actions_on", ())


def placed(blocks: Sequence[Block]) -> Iterator[Placed]:
    """Every element of the blocks that a person can use, in display order."""
    for block in blocks:
        inside = [block.get("element"), block.get("accessory")]
        if block["type"] == "actions":
            inside += block["elements"]
        for element in inside:
            if isinstance(element, Mapping) and "action_id" in element:
                yield Placed(block=block, element=element)


def completed(blocks: Sequence[Block], new_id: Callable[[], str]) -> list[dict[str, Any]]:
    """A copy of the blocks as Slack returns them: with generated ids and with `emoji` and `verbatim` set."""
    whole = [dict(block) if block["type"] == "rich_text" else _spelled_out(block) for block in blocks]
    for block in whole:
        block.setdefault("block_id", new_id())
        several = block["elements"] if block["type"] == "actions" else ()
        for element in (block.get("element"), block.get("accessory"), *several):
            if element is not None and element["type"] != "image":
                element.setdefault("action_id", new_id())
    return whole


def _spelled_out(value: Any) -> Any:
    if isinstance(value, Mapping):
        copy = {key: _spelled_out(item) for key, item in value.items()}
        default = {"plain_text": ("emoji", True), "mrkdwn": ("verbatim", False)}.get(str(copy.get("type")))
        if default is not None:
            copy.setdefault(*default)
        return copy
    return [_spelled_out(item) for item in value] if isinstance(value, list | tuple) else value


def at_first(element: Block) -> dict[str, Any]:
    """The element's initial state."""
    key, initial = _KEYS[element["type"]]
    return {
        "type": element["type"],
        key: element.get(initial, [] if key.endswith("s") else None),
    }


def still_fits(element: Block, state: Mapping[str, Any]) -> bool:
    """Whether a value entered earlier may stay in the element that replaces the old one."""
    if state["type"] != element["type"]:
        return False
    if "options" not in element and "option_groups" not in element:
        return True
    chosen = state.get("selected_options") or [state.get("selected_option")]
    return all(
        option is None or any(same_option(option, one) for one in offered(element)) for option in chosen
    )


def is_empty(state: Mapping[str, Any]) -> bool:
    """Whether nothing was entered."""
    return state[_KEYS[state["type"]][0]] in (None, "", [])


def entered(
    element: Block, value: Any, *, choices: Sequence[Block] = (), people: Mapping[str, str]
) -> dict[str, Any]:
    """The state after a person entered `value`, or cleared the element if it is None.

    `choices` are what an external menu offers now; `people` maps any name of a person to their id.
    Raises EntryError.
    """
    kind = element["type"]
    if kind == "overflow":
        return {"selected_option": _option(value, offered(element))}
    if kind not in _KEYS:
        raise EntryError(f"nothing can be entered in a {kind}")
    key = _KEYS[kind][0]
    if value is None:
        return {"type": kind, key: [] if key.endswith("s") else None}
    return {"type": kind, key: _value(element, kind, value, choices or offered(element), people)}


def _value(element: Block, kind: str, value: Any, choices: Sequence[Block], people: Mapping[str, str]) -> Any:
    match kind:
        case "plain_text_input" | "url_text_input" | "email_text_input":
            return _text(element, str(value)) or None
        case "number_input":
            return _number(value)
        case "static_select" | "external_select" | "radio_buttons":
            return _option(value, choices)
        case "multi_static_select" | "multi_external_select" | "checkboxes":
            if isinstance(value, bool):
                value = [choices[0]["value"]] if value else []
            return _at_most(element, [_option(one, choices) for one in _listed(value)])
        case "datepicker":
            return _date(value)
        case "users_select":
            return _person(value, people)
        case "multi_users_select":
            return _at_most(element, [_person(one, people) for one in _listed(value)])
        case "file_input":
            files = list(_listed(value))
            if len(files) > element.get("max_files", 10):
                raise EntryError(f"{len(files)} files; at most {element.get('max_files', 10)} can be chosen")
            return files
    return value


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _at_most(element: Block, chosen: list[Any]) -> list[Any]:
    most = element.get("max_selected_items")
    if most is not None and len(chosen) > most:
        raise EntryError(f"{len(chosen)} chosen; at most {most} can be")
    return chosen


def _text(element: Block, value: str) -> str:
    most = element.get("max_length", _LONGEST_TEXT)
    if len(value) > most:
        raise EntryError(f"{len(value):,} characters; the field takes {most:,}")
    if "\n" in value and not element.get("multiline"):
        raise EntryError("a line break in a single-line field")
    return value


def _number(value: Any) -> str:
    try:
        Decimal(str(value))
    except InvalidOperation:
        raise EntryError(f"{value!r} is not a number") from None
    return str(value)


def _date(value: Any) -> str:
    try:
        return (value if isinstance(value, date) else date.fromisoformat(str(value))).isoformat()
    except ValueError:
        raise EntryError(f"{value!r} is not a date") from None


def _option(value: Any, choices: Sequence[Block]) -> dict[str, Any]:
    wanted = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    for option in choices:
        if wanted in (option["value"], option["text"]["text"]):
            return {name: option[name] for name in ("text", "value", "description") if name in option}
    there = ", ".join(str(one["value"]) for one in choices) or "nothing"
    raise EntryError(f"{value!r} is not offered; there is {there}")


def _person(value: Any, people: Mapping[str, str]) -> str:
    if value not in people:
        raise EntryError(f"nobody is called {value!r}")
    return people[value]


def refusal(item: Placed, state: Mapping[str, Any]) -> str | None:
    """What Slack's client says at an input on submit, before anything is sent; None if it is valid."""
    element, kind = item.element, item.element["type"]
    if is_empty(state):
        return None if item.block.get("optional") else REQUIRED
    value = state.get("value")
    if not isinstance(value, str):
        return None
    least = element.get("min_length")
    if least is not None and len(value) < least:
        return f"Please enter at least {least} characters."
    if kind == "url_text_input":
        parts = urlsplit(value)
        return None if parts.scheme in ("http", "https") and parts.netloc else "Please enter a valid URL."
    if kind == "email_text_input":
        return (
            None
            if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value)
            else "Please enter a valid email address."
        )
    if kind == "number_input":
        return _number_refusal(element, Decimal(value))
    return None


def _number_refusal(element: Block, number: Decimal) -> str | None:
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "Please enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None


def action(item: Placed, state: Mapping[str, Any] | None, ts: str) -> dict[str, Any]:
    """The entry in `actions` that tells the app what a person did."""
    block_id, action_id = item.place
    told: dict[str, Any] = {
        "type": item.element["type"],
        "block_id": block_id,
        "action_id": action_id,
        "action_ts": ts,
    }
    if state is not None:
        return {**told, **state}
    keep = ("text", "value", "style", "url")
    return {**told, **{key: item.element[key] for key in keep if key in item.element}}
