"""What the bot believes that Slack accepts, in characters unless a name says otherwise.

The pages are docs.slack.dev/reference/views and /reference/block-kit. The sandbox refuses by a list of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

MODAL_TITLE = 24
METADATA = 3_000
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
MESSAGE_BLOCKS = 50
MESSAGE_TEXT = 40_000
SECTION_TEXT = 3_000
FIELD_TEXT = 2_000

LABEL = 2_000
HINT = 2_000
PLACEHOLDER = 150
INPUT_TEXT = 3_000
"""For every kind of typed text: what people may type, and what a view may hold already."""
OPTIONS = 100
"""Options that travel with a view, and how many of them can be chosen."""
OPTION_TEXT = 75
OPTION_VALUE = 150
FILES = 10
FILE_TYPES = 100
FILE_TYPE = 255

QUESTION_NAME = 200
"""Slack accepts 255 in a block's id, which holds the name and a prefix."""
QUESTIONS = VIEW_BLOCKS - 4
"""A form's modal also holds the drop-down, a notice, the form's description and a warning."""
QUESTIONS_BYTES = VIEW_BYTES - 30_000
"""The rest of the view is for those four blocks and for what the bot keeps in the view."""
BLOCK_BYTES = 1_000
"""An input block without the texts of its question."""
OPTION_BYTES = 110
"""An option's JSON without its texts."""


def text(where: str, found: object, longest: int, *, required: bool = False) -> Iterator[str]:
    """What is wrong with a text that Slack shows."""
    if not isinstance(found, str):
        yield f"{where}: found {type(found).__name__}; expected text"
    elif len(found) > longest:
        yield f"{where}: found {len(found):,} characters; expected at most {longest:,}"
    elif required and not found.strip():
        yield f"{where}: found nothing; expected 1 to {longest:,} characters"


def whole(where: str, found: object, least: int, most: int) -> Iterator[str]:
    """What is wrong with a whole number."""
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
        yield f"{where}: found {found!r}; expected a whole number from {least:,} to {most:,}"


def json_bytes(found: object) -> int:
    """How many bytes a value takes in a view."""
    return len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
