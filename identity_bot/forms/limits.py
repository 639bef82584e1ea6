"""What the bot believes Slack accepts; texts are counted in characters. Pure.

The sources are docs.slack.dev/reference/views and /reference/block-kit. The sandbox has a list of its own.
"""

from __future__ import annotations

import json
import re
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
"""What people may type into one element, of whatever kind."""
OPTIONS = 100
"""How many options a view may hold in one element; also how many people can choose."""
OPTION_TEXT = 75
OPTION_VALUE = 150
FILES = 10
FILE_TYPES = 100
FILE_TYPE = 255

QUESTION_NAME = 200
"""Slack accepts 255 in a block's id, which holds the name and a prefix."""
QUESTIONS = VIEW_BLOCKS - 4
"""The modal also has the drop-down, a notice, the form's description and a warning."""
QUESTIONS_BYTES = VIEW_BYTES - 30_000
"""The rest is for those four blocks and the metadata."""
BLOCK_BYTES = 1_000
"""The most that an input block takes without its question's own texts."""
OPTION_BYTES = 110
"""The most that an option takes without its own texts."""
_UNSENDABLE = re.compile(r"[\x00\ud800-\udfff]")


def text(where: str, found: object, longest: int, *, required: bool = False) -> Iterator[str]:
    """What is wrong with a text that Slack shows."""
    if not isinstance(found, str):
        yield f"{where}: found {type(found).__name__}; expected text"
    elif len(found) > longest:
        yield f"{where}: found {len(found):,} characters; expected at most {longest:,}"
    elif required and not found.strip():
        yield f"{where}: found nothing; expected 1 to {longest:,} characters"
    elif _UNSENDABLE.search(found):
        yield f"{where}: found NUL or half a surrogate pair; expected clean text"


def whole(where: str, found: object, least: int, most: int) -> Iterator[str]:
    """What is wrong with a whole number."""
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
        yield f"{where}: found {found!r}; expected a whole number from {least:,} to {most:,}"


def json_bytes(found: object) -> int:
    """How many bytes a value takes in a view."""
    return len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
