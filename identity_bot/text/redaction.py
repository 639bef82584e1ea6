"""Replaces what must not be read anywhere, however the places that show it have written it. Pure."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Collection, Iterable
from typing import Any

from identity_bot.text.markdown import HIDDEN, clean
from identity_bot.text.privacy import REDACTED

__all__ = (
    "REDACTED",
    "SHORTEST",
    "Redact",
    "is_long_enough",
    "redacted",
    "redacted_fields",
    "redactor",
    "within",
)

SHORTEST = 4
"""Characters. A shorter text is part of too many others."""

Redact = Callable[[str], str]

# Where lines are quoted, the white space between two words holds the quotes' marks too.
_SPACE = rf"(?:[\s>{HIDDEN}]|&gt;)+"
# A text this short may well be a word, or a part of one, that means something else.
_SHORT = 8
# Slack's notation for people, channels and dates, and the addresses of our links up to a query. What stands before the
# at sign of an address is a name and a password.
_MENTION = r"<[@#][A-Z0-9]+(?=[|>])|<!\w+(?:\^[^\s<>|]*)?"
_PATH = r"https?://(?![^\s/?#<>]*@)[^\s<>|?#]+"
_LABELED = rf"(?<=<){_PATH}(?=[^\s<>]*\|)"
_NUMBER = r"#[0-9]+"
# A percent-encoded character ends in a letter or digit, but is no part of a word.
_WORD_BEGINS = r"(?:(?<=%[0-9A-Fa-f]{2})|(?<![^\W_]))"
_WORD_ENDS = r"(?![^\W_])"
# mrkdwn() and to_mrkdwn() show these characters by others, or encode them in an address; Slack escapes the three before
# the last itself.
_WRITTEN = {
    "*": r"(?:\*|∗|%2A)",
    "_": r"(?:_|ˍ|%5F)",
    "~": r"(?:~|∼|%7E)",
    "`": r"(?:`|'|%60)",
    "@": r"(?:@|＠)",
    "&": r"&(?:amp;)?",
    "<": r"(?:<|&lt;)",
    ">": r"(?:>|&gt;|›)",
    "|": r"(?:\||¦)",
}


def is_long_enough(text: str) -> bool:
    """Whether a text can be redacted without taking parts of other words along."""
    return len("".join(_plain(text).split())) >= SHORTEST


def redactor(texts: Iterable[str], *, is_whole: bool = False) -> Redact:
    """A function that replaces these texts; those that are too short or redacted already stay.

    Line ends, runs of white space, hidden characters, and what Slack's notation makes of a character do not matter;
    case does. A short text is replaced only where it is no part of a longer word, and neither in a mention nor in the
    address of one of our links, up to a query. With `is_whole` no text is replaced in a longer word, and a short one
    neither in the number of an issue nor in any address, up to a query.
    """
    wanted = {_plain(text) for text in texts if is_long_enough(text)} - {REDACTED}
    # The longest first, as one may be part of another.
    ordered = sorted(wanted, key=lambda text: (-len(text), text))
    long = [_pattern(text, is_whole=is_whole) for text in ordered if len(text) >= _SHORT]
    short = [_pattern(text, is_whole=True) for text in ordered if len(text) < _SHORT]
    kept = f"{_MENTION}|{_PATH}|{_NUMBER}" if is_whole else f"{_MENTION}|{_LABELED}"
    patterns = [re.compile("|".join(long))] if long else []
    patterns += [re.compile(f"{'|'.join(short)}|(?P<kept>{kept})")] if short else []

    def redact(text: str) -> str:
        for pattern in patterns:
            text = pattern.sub(lambda found: found.groupdict().get("kept") or REDACTED, text)
        return text

    return redact


def within(text: str, start: int, end: int) -> tuple[str, ...]:
    """A part of a text, and what it is a part of there: a word, a number with its sign, or the path of an address.

    To redact all of them removes that part wherever `is_whole` lets one of them be replaced, and here in any case.
    """
    part = text[start:end]
    before = re.search(r"#?(?:[^\W_]+)?\Z", text[:start])
    after = re.match(r"[^\W_]*", text[end:])
    word = (before[0] if before else "") + part + (after[0] if after else "")
    paths = (path[0] for path in re.finditer(_PATH, text) if path.start() <= start < path.end())
    return tuple(dict.fromkeys([part, word, *paths]))


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


def _plain(text: str) -> str:
    """A text without what is hidden in it, on one line."""
    return " ".join(re.sub(f"[{HIDDEN}]", "", clean(text)).split())


def _pattern(text: str, *, is_whole: bool) -> str:
    words = (f"[{HIDDEN}]*".join(_letter(letter) for letter in word) for word in text.split())
    begins = _WORD_BEGINS if is_whole and text[0].isalnum() else ""
    ends = _WORD_ENDS if is_whole and text[-1].isalnum() else ""
    return begins + _SPACE.join(words) + ends


def _letter(letter: str) -> str:
    written = _WRITTEN.get(letter) or re.escape(letter)
    # to_markdown() escapes what Markdown would format.
    return rf"\\?{written}" if letter in string.punctuation else written
