"""How the page's form of a modal or home tab is read and entered into the sandbox's Slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from starlette.datastructures import FormData, UploadFile

from identity_bot_sandbox.slack.entry import EntryError, Place, Placed
from identity_bot_sandbox.slack.views import View
from identity_bot_sandbox.slack.world import SlackWorld

NewFile = tuple[str, bytes]
"""A chosen file that is not yet uploaded: its name and content."""

_ABSENT = object()


def key(place: Place | tuple[str, str, str]) -> str:
    """An element's name in the page's forms; with a third part, the name of one of its options."""
    return "/".join(quote(part, safe="") for part in place)


def element_place(block: Mapping[str, Any], element: Mapping[str, Any]) -> Place:
    """An element's block_id and action_id."""
    return str(block["block_id"]), str(element["action_id"])


def place_in(name: str) -> tuple[Place | None, str | None]:
    """The element, and the option if any, that a button or field of the form names."""
    parts = [unquote(part) for part in name.split("/")]
    if len(parts) < 2:
        return None, None
    return (parts[0], parts[1]), parts[2] if len(parts) > 2 else None


async def files_in(form: FormData) -> dict[str, list[NewFile]]:
    """The chosen files by field; read before the form is closed."""
    found: dict[str, list[NewFile]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and value.filename:
            found.setdefault(name, []).append((value.filename, await value.read()))
    return found


def enter(
    world: SlackWorld,
    view: View,
    form: FormData,
    files: Mapping[str, Sequence[NewFile]],
    *,
    in_home: bool = False,
) -> dict[str, str]:
    """Enter everything that differs from the view; return what could not be entered, by block_id."""
    refused: dict[str, str] = {}
    for item in list(view.items()):
        if not item.keeps_state or item.place not in view.values:
            continue
        try:
            value = _entered(world, view, item, form, files)
            if value is not _ABSENT:
                world.fill(view.user, {item.place: value}, in_home=in_home)
        except (EntryError, ValueError) as refusal:
            refused[item.place[0]] = str(refusal)
    return refused


def show_refusals(world: SlackWorld, view: View, refused: Mapping[str, str]) -> None:
    """Show at each question why its value could not be entered."""
    with world.changed:
        view.errors |= {block_id: f"{text[:1].upper()}{text[1:]}." for block_id, text in refused.items()}
        world.announce("view", user=view.user)


def held(world: SlackWorld, state: Mapping[str, Any]) -> Any:
    """An element's value, as SlackWorld.act takes it."""
    if files := state.get("files"):
        return [world.files[str(file["id"])] for file in files]
    for name in ("rich_text_value", "selected_date_time"):
        if name in state:
            return state[name]
    return untouched(state)


def _entered(
    world: SlackWorld, view: View, item: Placed, form: FormData, files: Mapping[str, Sequence[NewFile]]
) -> Any:
    """An element's value in the form, as SlackWorld.fill takes it; `_ABSENT` if unchanged."""
    name, kind = key(item.place), item.element["type"]
    if name not in form:
        return _ABSENT
    given = [text for text in form.getlist(name) if isinstance(text, str) and text]
    state = view.values.get(item.place, {})
    if kind == "file_input":
        return _files(world, given, files.get(name, ()), state)
    before = untouched(state)
    if kind.startswith("multi_") or kind == "checkboxes":
        return _ABSENT if given == before else given or None
    text = given[0].replace("\r\n", "\n") if given else None
    if text == before:
        return _ABSENT
    if text is not None and kind == "datetimepicker":
        return int(datetime.fromisoformat(text).timestamp())
    if text is not None and kind == "rich_text_input":
        leaf = {"type": "text", "text": text}
        return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}
    return text


def keep_chosen(world: SlackWorld, view: View, place: Place) -> None:
    """Keep the chosen options of a searched list among the results."""
    with world.changed:
        offered = view.offered.get(place, [])
        kept = [dict(option) for option in chosen(view.values.get(place, {})) if option not in offered]
        view.offered[place] = [*kept, *offered]
        world.announce("view", user=view.user)


def _files(world: SlackWorld, kept: list[str], new: Sequence[NewFile], state: Mapping[str, Any]) -> Any:
    before = [str(file["id"]) for file in state.get("files") or []]
    if not new and kept == before:
        return _ABSENT
    return [*(world.files[one] for one in kept if one in before), *new] or None


def chosen(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A menu's chosen options."""
    one = state.get("selected_option")
    return list(state.get("selected_options") or ([one] if one else []))


def untouched(state: Mapping[str, Any]) -> Any:
    """The value that an untouched form would send for a state."""
    for name, value in state.items():
        if name == "selected_options":
            return [option["value"] for option in value]
        if name == "selected_option":
            return value["value"] if value else None
        if name == "rich_text_value":
            return rich_text_words(value)
        if name == "selected_date_time" and value:
            return datetime.fromtimestamp(value).strftime("%Y-%m-%dT%H:%M")
        if name != "type":
            return value
    return None


def rich_text_words(value: Mapping[str, Any] | None) -> str | None:
    """A rich text value as plain text."""
    if not value:
        return None
    lines = [
        "".join(str(leaf.get("text", "")) for leaf in branch.get("elements", []))
        for branch in value.get("elements", [])
    ]
    return "\n".join(lines) or None
