"""Says, before Slack does, what Slack would refuse in a view or a message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from identity_bot.forms.slack_checks import (
    HOME,
    MESSAGE,
    MODAL,
    Check,
    Shape,
    boolean,
    items,
    kind_of,
    string,
    text,
    whole,
)
from identity_bot.forms.slack_elements import (
    ACTIONS,
    ANY_TEXT,
    CONTEXT,
    ELEMENTS,
    INPUT,
    PICTURE,
    SECTION,
    has_picture,
)

VIEW_BYTES = 250_000
VIEW_BLOCKS = 100
MESSAGE_BLOCKS = 50
MESSAGE_TEXT = 40_000
# Not in Slack's pages; seen by users of its API as the error msg_blocks_too_long a little above this.
MESSAGE_BLOCKS_TEXT = 13_000


def check_view(view: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse in a modal or an App Home, a line each: a JSON pointer, then the reason.

    The rules are those of docs.slack.dev/reference/views and /reference/block-kit; some are narrower there in
    practice than on paper, and then the narrower one is taken.
    """
    return list(_view(view))


def check_message(message: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse or cut in a message's `text`, `blocks` and `attachments`, a line each."""
    return list(_message(message))


def check_blocks(blocks: Any, surface: str, at: str = "/blocks") -> list[str]:
    """What Slack would refuse in a list of blocks on a `modal`, a `home` or in a `message`."""
    return list(_blocks(blocks, surface, at))


def view_bytes(view: Mapping[str, Any]) -> int:
    """How large the view is on the wire."""
    return len(
        json.dumps(view, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "replace")
    )


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
    """Only the structure: branches hold branches or leaves, and text and link leaves are not empty."""
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

_common: dict[str, Check] = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
_modal = Shape(
    required={"title": text(24), "blocks": lambda value, at: _blocks(value, MODAL, at)},
    optional={
        **_common,
        "submit": text(24),
        "close": text(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_home = Shape(required={"blocks": lambda value, at: _blocks(value, HOME, at)}, optional=_common)


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
