"""Questions as Slack's input blocks, and what people entered in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from identity_bot.forms.questions import (
    Choice,
    Choices,
    Date,
    Email,
    Files,
    LongText,
    Member,
    Number,
    Option,
    Question,
    ShortText,
    Url,
    YesNo,
    number_text,
)
from identity_bot.forms.slack_limits import check_blocks
from identity_bot.text.markdown import plain

Json = dict[str, Any]

PREFIX = "idbot:"
"""Begins every id of ours, so that no listener of the host bot hears ours, nor ours the host's."""
QUESTION = f"{PREFIX}q:"
MOST_OPTIONS = 100
"""Slack's limit for a list that travels with the view; a longer one is searched (an external select)."""

YES_OR_NO = (Option("yes", "Yes"), Option("no", "No"))
_LIMITS = ("min_length", "min_value", "max_value")


def action(question: Question) -> str:
    """The action id of a question's element: the same name and kind keep what was typed across forms."""
    return f"{PREFIX}{question.kind}"


def input_block(question: Question, value: Any, *, dispatches: bool) -> Json:
    """The block that asks a question and holds what was typed so far; `dispatches` tells the bot of changes at once."""
    block = {
        "type": "input",
        "block_id": f"{QUESTION}{question.name}",
        "label": plain_text(question.label),
        "optional": not question.required,
        "element": _element(question, value),
    }
    if question.hint:
        block["hint"] = plain_text(question.hint)
    if dispatches:
        block["dispatch_action"] = True
    return block


def entered(question: Question, state: Mapping[str, Any]) -> Any:
    """What an element's state holds, as the question's kind keeps it."""
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
    """The value in one element's state, whatever the element; None where nothing was entered."""
    for key in ("value", "selected_date", "selected_user"):
        if state.get(key):
            return state[key]
    if option := state.get("selected_option"):
        return option.get("value")
    if options := state.get("selected_options"):
        return [option.get("value") for option in options]
    return state.get("files") or None


def select(options: Sequence[Option], chosen: Any = None, *, several: bool = False) -> Json:
    """A menu of any length: one that Slack holds, or one that it searches through us."""
    is_short = len(options) <= MOST_OPTIONS
    element: Json = {"type": f"{'multi_' if several else ''}{'static' if is_short else 'external'}_select"}
    if is_short:
        element["options"] = [option_of(option) for option in options]
    else:
        element["min_query_length"] = 0
        if several:
            element["max_selected_items"] = MOST_OPTIONS
    values = chosen if isinstance(chosen, list) else [chosen]
    current = [option_of(option) for option in options if option.value in values]
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
    """The element, filled in as far as Slack would take it: it refuses a view for one bad initial value.

    A value may break the question's own limits before the form is sent. Then Slack is not told of them.
    """
    bare = {"action_id": action(question), **_bare(question)}
    filled = {"action_id": action(question), **_bare(question), **_filling(question, value)}
    unlimited = {key: item for key, item in filled.items() if key not in _LIMITS}
    if filled == bare:
        return bare
    return next((element for element in (filled, unlimited) if not _is_refused(element)), bare)


def _is_refused(element: Json) -> bool:
    return bool(check_blocks([{"type": "input", "label": plain_text("?"), "element": element}], "modal"))


def _bare(question: Question) -> Json:
    element: Json = {}
    match question:
        case ShortText() | LongText():
            element = {
                "type": "plain_text_input",
                "multiline": isinstance(question, LongText),
                "max_length": question.max_length,
            }
            if question.min_length:
                element["min_length"] = question.min_length
        case Url():
            element = {"type": "url_text_input"}
        case Email():
            element = {"type": "email_text_input"}
        case Number():
            element = {"type": "number_input", "is_decimal_allowed": question.decimal}
            if question.minimum is not None:
                element["min_value"] = number_text(question.minimum)
            if question.maximum is not None:
                element["max_value"] = number_text(question.maximum)
        case Date():
            element = {"type": "datepicker"}
        case Choice():
            element = select(question.offered)
        case Choices():
            element = select(question.offered, several=True)
        case YesNo():
            element = {"type": "radio_buttons", "options": [option_of(option) for option in YES_OR_NO]}
        case Member():
            element = {"type": "users_select"}
        case Files():
            element = {"type": "file_input", "max_files": question.max_files}
            if question.filetypes:
                element["filetypes"] = list(question.filetypes)
    if question.placeholder and not isinstance(question, YesNo | Files):
        element["placeholder"] = plain_text(question.placeholder)
    return element


def _filling(question: Question, value: Any) -> Json:
    """What makes an element hold a value; nothing for a value of another kind of question."""
    match question, value:
        case (ShortText() | LongText(), str()) if value:
            fits = len(value) <= question.max_length
            return {"initial_value": value if fits else plain(value, limit=question.max_length)}
        case (Url() | Email(), str()) if value:
            return {"initial_value": value}
        case (Number(), str() | int() | float()) if value != "" and not isinstance(value, bool):
            return {"initial_value": value if isinstance(value, str) else number_text(value)}
        case (Date(), str()):
            return {"initial_date": value}
        case (Choice(), str()):
            return select(question.offered, value)
        case (Choices(), list()):
            return select(question.offered, value, several=True)
        case (YesNo(), bool()):
            return {"initial_option": option_of(YES_OR_NO[0 if value else 1])}
        case (Member(), {"id": str(slack_id)}):
            return {"initial_user": slack_id}
    return {}
