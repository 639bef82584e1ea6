"""Answers before the form is sent, as blocks: below the question that they answer, to read, and as a list. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from identity_bot.articles.suggestion import Suggestion
from identity_bot.forms import limits
from identity_bot.messages import answers, words
from identity_bot.slack.inputs import PREFIX, Json, plain_text
from identity_bot.slack.messages import context, section
from identity_bot.text.formatted import to_mrkdwn
from identity_bot.text.markdown import plain

ANSWER = f"{PREFIX}answer:"
"""Begins the ids of the blocks and the buttons of answers."""
READ, OPEN, SOLVED = f"{ANSWER}read", f"{ANSWER}open", f"{ANSWER}solved"
ARTICLE = f"{PREFIX}article"
"""The callback id of the view in which an answer is read."""
LONGEST_URL = 3_000
LONGEST_SEARCH = 300
"""Characters of a search that are read, and kept in its buttons: another process searches again for what was found."""
_HEADING = f"{ANSWER}heading"
_PAGES = (20, 8, 3)
"""How many blocks of text an answer may take, the most first; fewer where those are too large for a view."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pressed:
    """Which answer somebody chose."""

    source: str
    name: str
    digest: str
    words: str = ""
    """What was searched for, if it was chosen from a search."""


def suggestion_blocks(suggestions: Sequence[Suggestion]) -> list[Json]:
    """The answers as a form shows them: each a section and its buttons."""
    if not suggestions:
        return []
    blocks: list[Json] = [{**section(answers.MAY_HELP), "block_id": _HEADING}]
    for one in suggestions:
        blocks.append({**section(answers.row(one)), "block_id": f"{ANSWER}{one.digest}"})
        buttons = [_reading(one), _button(one, SOLVED, answers.SOLVED)]
        blocks.append(
            {
                "type": "actions",
                "block_id": f"{ANSWER}{one.digest}:buttons",
                "elements": [button for button in buttons if button],
            }
        )
    return blocks


def drawn_in(view: Mapping[str, Any]) -> tuple[str, ...]:
    """The digests of the answers that a view shows, in order."""
    ids = (str(block.get("block_id") or "") for block in view.get("blocks", ()))
    return tuple(
        block_id.removeprefix(ANSWER).removesuffix(":buttons")
        for block_id in ids
        if block_id.startswith(ANSWER) and block_id.endswith(":buttons")
    )


def with_answers(view: Json, suggestions: Sequence[Suggestion], *, below: str) -> Json:
    """The view with as many of the answers as it has room for, below one of its blocks, or at the end without that."""
    blocks = view["blocks"]
    place = next((n for n, block in enumerate(blocks, 1) if block.get("block_id") == below), len(blocks))
    for count in range(len(suggestions), 0, -1):
        added = suggestion_blocks(suggestions[:count])
        drawn = {**view, "blocks": [*blocks[:place], *added, *blocks[place:]]}
        if len(drawn["blocks"]) <= limits.VIEW_BLOCKS and limits.json_bytes(drawn) <= limits.VIEW_BYTES:
            return drawn
    return view


def article(suggestion: Suggestion, *, is_pushed: bool) -> Json:
    """The view in which an answer is read.

    If it is pushed over a form, *I still need help* leads back there, as Slack does when somebody closes a pushed view.
    """
    answer = suggestion.answer
    text = answers.body(answer)
    view: Json = {
        "type": "modal",
        "callback_id": ARTICLE,
        "title": plain_text(answers.ARTICLE),
        "close": plain_text(answers.STILL_NEED_HELP if is_pushed else words.CLOSE),
    }
    opening = _opening(suggestion)
    buttons = [_button(suggestion, SOLVED, answers.SOLVED, style="primary"), opening]
    last = {"type": "actions", "block_id": f"{ANSWER}buttons", "elements": [one for one in buttons if one]}
    heading = {"type": "header", "text": plain_text(plain(answer.title, limit=150))}
    for most in _PAGES:
        parts = to_mrkdwn(
            text,
            slack_id=lambda login: "",
            limit=limits.SECTION_TEXT,
            most=most,
            more=answers.rest(answer.url),
        )
        drawn = {**view, "blocks": [heading, *map(section, parts), last]}
        if limits.json_bytes(drawn) <= limits.VIEW_BYTES:
            break
    return drawn


def thanks() -> Json:
    """The view that takes the place of a form, and of an answer over it, once an answer has solved the problem."""
    return {
        "type": "modal",
        "callback_id": ARTICLE,
        "title": plain_text(words.MODAL_TITLE),
        "close": plain_text(words.CLOSE),
        "clear_on_close": True,
        "blocks": [section(answers.GLAD)],
    }


def found(typed: str, suggestions: Sequence[Suggestion]) -> Json:
    """What a search found, as a message."""
    said = answers.listed(typed, len(suggestions))
    rows = [
        {**section(answers.row(one)), "block_id": f"{ANSWER}{one.digest}", "accessory": button}
        for one in suggestions
        if (button := _reading(one, typed))
    ]
    text = "\n".join([said, *(row["text"]["text"] for row in rows)])
    return {"text": text, "blocks": [section(said), *rows]}


def pressed(value: Any) -> Pressed | None:
    """Which answer a button is for; None if another version of the bot wrote its value, or none did."""
    try:
        kept = json.loads(value)
        source, name, digest, typed = (kept[key] for key in ("source", "name", "id", "words"))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not all(isinstance(one, str) for one in (source, name, digest, typed)):
        return None
    return Pressed(source=source, name=name, digest=digest, words=typed)


def gone() -> Json:
    """The view in place of an answer that is not to be found anymore."""
    return {
        "type": "modal",
        "callback_id": ARTICLE,
        "title": plain_text(answers.ARTICLE),
        "close": plain_text(words.BACK),
        "blocks": [context(answers.GONE)],
    }


def _reading(suggestion: Suggestion, typed: str = "") -> Json | None:
    """The button that shows an answer here or, if it has no text, where it is."""
    if suggestion.answer.text.strip():
        return _button(suggestion, READ, answers.READ, typed=typed)
    return _opening(suggestion)


def _opening(suggestion: Suggestion) -> Json | None:
    """The button that opens an answer where it is; Slack tells the bot of the click, too."""
    url = answers.address(suggestion.answer.url)
    if not url or len(url) > LONGEST_URL:
        return None
    return {
        "type": "button",
        "action_id": OPEN,
        "text": plain_text(answers.OPEN),
        "accessibility_label": answers.spoken(answers.OPEN, suggestion),
        "url": url,
    }


def _button(suggestion: Suggestion, action_id: str, label: str, *, typed: str = "", style: str = "") -> Json:
    value = {
        "source": suggestion.source,
        "name": suggestion.name,
        "id": suggestion.digest,
        "words": typed[:LONGEST_SEARCH],
    }
    button = {
        "type": "button",
        "action_id": action_id,
        "text": plain_text(label),
        "accessibility_label": answers.spoken(label, suggestion),
        "value": json.dumps(value, ensure_ascii=False),
    }
    return button | ({"style": style} if style else {})
