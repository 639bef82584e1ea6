"""Messages as Block Kit, and the text blocks that views are made of too. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from identity_bot.forms import limits
from identity_bot.messages.updates import Message
from identity_bot.slack.inputs import PREFIX, Json, plain_text
from identity_bot.text.markdown import ELLIPSIS
from identity_bot.text.redaction import Redact
from identity_bot.tickets.actions import ACTIONS
from identity_bot.tickets.model import Action

ACTION = f"{PREFIX}action:"
"""Begins the action ids of the buttons by which people change tickets."""
ANSWERS = f"{PREFIX}answers"
"""The block of a message's buttons, which what somebody chose replaces."""
CHOICES = f"{PREFIX}choices"
"""The block of a message's choices."""


def message(message: Message) -> Json:
    """A message with its text in full for screen readers, the same text as a block, and the reader's buttons."""
    text = cut("\n".join(message.parts), limits.MESSAGE_TEXT)
    shown: Json = {"text": text, "blocks": [section(part) for part in message.parts]}
    if message.buttons:
        rows = (ACTIONS[action] for action in message.buttons)
        labels = {row.action: row.button_mine or row.button for row in rows}
        shown["blocks"].append(action_buttons(labels, message.ticket_id, ANSWERS))
    if message.choices:
        shown["blocks"].append(_choices(message))
    return shown


def _choices(message: Message) -> Json:
    """The block of a message's choices; what is chosen also has a mark, as not everybody sees its color."""
    buttons = []
    for one in message.choices:
        label = f"✓ {one.label}" if one.is_chosen else one.label
        button: Json = {"type": "button", "action_id": f"{PREFIX}{one.name}", "text": plain_text(label)}
        button |= {"value": message.ticket_id} | ({"style": "primary"} if one.is_chosen else {})
        buttons.append(button)
    return {"type": "actions", "block_id": CHOICES, "elements": buttons}


def settled(now: Message, outcome: str) -> Json:
    """A message that has lost buttons: what became of them stands in their place."""
    shown = message(now)
    line = {"type": "context", "elements": [verbatim(outcome)]}
    text = cut(f"{now.text}\n{outcome}", limits.MESSAGE_TEXT)
    return {"text": text, "blocks": [shown["blocks"][0], line, *shown["blocks"][1:]]}


def redacted(message: Mapping[str, Any], redact: Redact) -> Json | None:
    """A message of ours as Slack describes it, redacted; None if it need not be."""
    text, blocks = message.get("text") or "", message.get("blocks") or []
    drawn = {"text": redact(text), "blocks": _redacted(blocks, redact)}
    return drawn if drawn != {"text": text, "blocks": blocks} else None


def _redacted(drawn: Any, redact: Redact) -> Any:
    """Blocks with what people read in them redacted, not their ids and values."""
    match drawn:
        case list():
            return [_redacted(one, redact) for one in drawn]
        case dict():
            return {
                name: redact(one) if name == "text" and isinstance(one, str) else _redacted(one, redact)
                for name, one in drawn.items()
            }
    return drawn


def action_buttons(labels: Mapping[Action, str], ticket_id: str, block_id: str) -> Json:
    """The block of buttons for a ticket's actions."""
    buttons = [
        {
            "type": "button",
            "action_id": f"{ACTION}{action.value}",
            "text": plain_text(label),
            "value": ticket_id,
        }
        for action, label in labels.items()
    ]
    return {"type": "actions", "block_id": block_id, "elements": buttons}


def section(text: str) -> Json:
    """A block of mrkdwn, cut to the length that Slack accepts."""
    return {"type": "section", "text": verbatim(cut(text, limits.SECTION_TEXT))}


def context(*texts: str) -> Json:
    """A block of small plain texts."""
    return {"type": "context", "elements": [plain_text(text) for text in texts]}


def verbatim(text: str) -> Json:
    """A mrkdwn text object in which Slack links only the mentions and channels that are written out."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def cut(text: str, limit: int) -> str:
    """A mrkdwn text within a limit, never cut inside a link, a mention or an escaped character."""
    if len(text) <= limit:
        return text
    kept = re.sub(r"<[^<>]*\Z|&[a-z]{0,4}\Z", "", text[: limit - 1])
    return f"{kept}{ELLIPSIS}"
