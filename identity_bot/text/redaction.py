"""Replaces what must not be read anywhere, however the places that show it have written it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

from identity_bot.text.markdown import clean
from identity_bot.text.privacy import REDACTED

__all__ = ("REDACTED", "SHORTEST", "Redact", "is_long_enough", "redacted", "redacted_fields", "redactor")

SHORTEST = 4
"""Characters. A shorter text is part of too many others."""

Redact = Callable[[str], str]

# Where lines are quoted, the white space between two words holds the quotes' marks too.
_SPACE = r"(?:[\s>]|&gt;)+"
# mrkdwn() shows these characters by others, or encodes them in an address; Slack escapes the last three itself.
_WRITTEN = {
    "*": r"(?:\*|∗|%2A)",
    "_": r"(?:_|ˍ|%5F)",
    "~": r"(?:~|∼|%7E)",
    "`": r"(?:`|'|%60)",
    "@": r"(?:@|＠)",
    "&": r"&(?:amp;)?",
    "<": r"(?:<|&lt;)",
    ">": r"(?:>|&gt;|›)",
}


def is_long_enough(text: str) -> bool:
    """Whether a text can be redacted without taking parts of other words along."""
    return len("".join(clean(text).split())) >= SHORTEST


def redactor(texts: Iterable[str]) -> Redact:
    """A function that replaces these texts; those that are too short or redacted already stay.

    Line ends, runs of white space, and what Slack's notation makes of a character do not matter; case does.
    """
    wanted = {" ".join(clean(text).split()) for text in texts if is_long_enough(text)} - {REDACTED}
    # The longest first, as one may be part of another.
    patterns = [_pattern(text) for text in sorted(wanted, key=lambda text: (-len(text), text))]
    if not patterns:
        return lambda text: text
    pattern = re.compile("|".join(patterns))
    return lambda text: pattern.sub(REDACTED, text)


def redacted_fields(value: Any, names: Collection[str], redact: Redact) -> Any:
    """Plain JSON with the fields of these names redacted, however deep they are, and all else as it was."""
    match value:
        case dict():
            return {
                name: redacted(one, redact) if name in names else redacted_fields(one, names, redact)
                for name, one in value.items()
            }
        case list() | tuple():
            return [redacted_fields(one, names, redact) for one in value]
    return value


def redacted(value: Any, redact: Redact) -> Any:
    """Plain JSON with every text in it redacted; a number whose digits are redacted becomes a text."""
    match value:
        case str():
            return redact(value)
        case bool() | None:
            return value
        case int() | float():
            shown = redact(str(value))
            return shown if shown != str(value) else value
        case dict():
            return {name: redacted(one, redact) for name, one in value.items()}
        case _:
            return [redacted(one, redact) for one in value]


def _pattern(text: str) -> str:
    words = ("".join(_WRITTEN.get(letter) or re.escape(letter) for letter in word) for word in text.split())
    return _SPACE.join(words)
