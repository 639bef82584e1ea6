"""Draw questions as Slack's input blocks, and read what people entered. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import singledispatch
from typing import Any

from identity_bot.forms import limits
from identity_bot.forms.questions import (
    Choices,
    Chosen,
    Date,
    Email,
    Files,
    LongText,
    Member,
    Number,
    Option,
    Question,
    Text,
    Url,
    YesNo,
    number_text,
)
from identity_bot.text.markdown import plain
from identity_bot.text.names import MEMBER_ID

Json = dict[str, Any]

PREFIX = "idbot:"
"""Begins all ids of the bot, to keep its listeners and those of a host bot apart."""
QUESTION = f"{PREFIX}q:"
YES_OR_NO = (Option("yes", "Yes"), Option("no", "No"))
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def action(question: Question) -> str:
    """The action id of a question's element. Slack keeps what was typed if a question's name and kind stay the same."""
    return f"{PREFIX}{question.kind}"


def input_block(question: Question, value: Any, *, dispatches: bool, as_typed: bool = False) -> Json:
    """The block that asks a question, filled in with `value`.

    If it `dispatches`, Slack tells the bot about each change, of text only once it was entered; `as_typed`, about text
    while it is typed, too. (Were it also told of Enter, Slack would say that Enter sends the form.)
    """
    block: Json = {
        "type": "input",
        "block_id": f"{QUESTION}{question.name}",
        "label": plain_text(question.label),
        "optional": not question.required,
        "element": _element(question, value),
    }
    if question.hint:
        block["hint"] = plain_text(question.hint)
    if dispatches or as_typed:
        block["dispatch_action"] = True
    if as_typed:
        block["element"]["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    return block


def entered(question: Question, state: Mapping[str, Any]) -> Any:
    """The value in an element's state, in the form that the question's kind expects."""
    value = entry(state)
    match question:
        case YesNo():
            return value == "yes"
        case Member():
            return {"id": value, "name": ""}
        case Files():
            return [
                {
                    "id": file.get("id") or "",
                    "name": plain(file.get("name") or "file", limit=200),
                    "link": file.get("permalink") or "",
                }
                for file in value
            ]
    return value


def entry(state: Mapping[str, Any]) -> Any:
    """The value in the state of an element of any kind; None if nothing was entered."""
    for key in ("value", "selected_date", "selected_user"):
        if state.get(key):
            return state[key]
    if option := state.get("selected_option"):
        return option.get("value")
    if options := state.get("selected_options"):
        return [option.get("value") for option in options]
    return state.get("files") or None


def select(options: Sequence[Option], chosen: Any = None, *, several: bool = False) -> Json:
    """A menu. Slack holds the options of a short one and asks the bot to search a long one."""
    is_short = len(options) <= limits.OPTIONS
    element: Json = {"type": f"{'multi_' if several else ''}{'static' if is_short else 'external'}_select"}
    if is_short:
        element["options"] = [option_of(option) for option in options]
    else:
        element["min_query_length"] = 0
        if several:
            element["max_selected_items"] = limits.OPTIONS
    values = chosen if isinstance(chosen, list) else [chosen]
    current = [option_of(option) for option in options if option.value in values][: limits.OPTIONS]
    if current:
        element |= {"initial_options": current} if several else {"initial_option": current[0]}
    return element


def option_of(option: Option) -> Json:
    """An option as Slack's object."""
    made: Json = {"text": plain_text(option.label), "value": option.value}
    return made | ({"description": plain_text(option.description)} if option.description else {})


def plain_text(text: str) -> Json:
    """A text object that formats nothing."""
    return {"type": "plain_text", "text": text}


def _element(question: Question, value: Any) -> Json:
    """The element that asks a question, filled in if Slack would accept the value.

    One bad initial value makes Slack refuse the whole view. A value outside the question's own limits is still
    shown, because people get to correct it when they submit; the element then does not state those limits.
    """
    element = {"action_id": action(question), **_drawn(question, value)}
    if question.placeholder and not isinstance(question, YesNo | Files):
        element["placeholder"] = plain_text(question.placeholder)
    return element


@singledispatch
def _drawn(question: Question, value: Any) -> Json:
    """The part of an element that depends on the kind of question: one function for each kind."""
    raise TypeError(f"no element for a question of the type {type(question).__name__}")


@_drawn.register
def _text(question: Text, value: Any) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "multiline": isinstance(question, LongText),
        "max_length": question.max_length,
    }
    shown = value if isinstance(value, str) else ""
    if len(shown) > question.max_length:
        shown = plain(shown, limit=question.max_length)
    if shown:
        element["initial_value"] = shown
    if question.min_length and (not shown or len(shown) >= question.min_length):
        element["min_length"] = question.min_length
    return element


@_drawn.register
def _address(question: Url | Email, value: Any) -> Json:
    element: Json = {"type": f"{question.kind}_text_input"}
    if isinstance(value, str) and 0 < len(value) <= limits.INPUT_TEXT:
        element["initial_value"] = value
    return element


@_drawn.register
def _number(question: Number, value: Any) -> Json:
    element: Json = {"type": "number_input", "is_decimal_allowed": question.decimal}
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    shown = number_text(value) if is_number else str(value)
    if _NUMBER.fullmatch(shown) and (question.decimal or "." not in shown):
        element["initial_value"] = shown
    if "initial_value" not in element or _is_within(question, float(shown)):
        bounds = {"min_value": question.minimum, "max_value": question.maximum}
        element |= {key: number_text(limit) for key, limit in bounds.items() if limit is not None}
    return element


@_drawn.register
def _date(question: Date, value: Any) -> Json:
    return {"type": "datepicker"} | ({"initial_date": value} if _is_day(value) else {})


@_drawn.register
def _chosen(question: Chosen, value: Any) -> Json:
    several = isinstance(question, Choices)
    return select(
        question.offered, value if isinstance(value, list if several else str) else None, several=several
    )


@_drawn.register
def _yes_no(question: YesNo, value: Any) -> Json:
    element: Json = {"type": "radio_buttons", "options": [option_of(option) for option in YES_OR_NO]}
    if isinstance(value, bool):
        element["initial_option"] = option_of(YES_OR_NO[0 if value else 1])
    return element


@_drawn.register
def _member(question: Member, value: Any) -> Json:
    slack_id = value.get("id") if isinstance(value, dict) else None
    is_member = isinstance(slack_id, str) and re.fullmatch(MEMBER_ID, slack_id)
    return {"type": "users_select"} | ({"initial_user": slack_id} if is_member else {})


@_drawn.register
def _files(question: Files, value: Any) -> Json:
    """Never filled in: Slack itself keeps the files by the element's ids."""
    endings = {"filetypes": list(question.filetypes)} if question.filetypes else {}
    return {"type": "file_input", "max_files": question.max_files, **endings}


def _is_within(question: Number, number: float) -> bool:
    low, high = question.minimum, question.maximum
    return (low is None or number >= low) and (high is None or number <= high)


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
