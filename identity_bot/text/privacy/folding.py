"""Folds text to plain characters, and remembers where each of them stood.

Copying from web pages and documents brings odd digits, dashes and invisible characters along; a link's query string
writes characters as codes such as %40. The rules see neither.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

# Keeps every character in its place, which str.lower() does not.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_LINK = re.compile(r"(?:://|[?&][\w.-]{1,40}=)[^\s<>\"']+", re.IGNORECASE)
_CODE = re.compile(r"%([0-7][0-9A-Fa-f])")
# What follows "owner/repository/" up to a query string is made of numbers, names and hashes.
_CODE_PATH = re.compile(
    r"https?://[^\s/?#]{1,200}/[\w.-]{1,100}/[\w.-]{1,100}/(?P<path>(?:pull|pulls|issues|commits?|compare|blob|tree"
    r"|discussions|releases|actions)\b[^\s?<>\"')]*)",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in plain characters, the same in lower case, and the way back to the text as it was given."""

    text: str
    lower: str
    _places: Sequence[int] = field(repr=False)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the folded text stands in the original one, with codes and invisible characters after it."""
        return self._places[start], max(self._places[end], self._places[end - 1] + 1)


def fold(text: str) -> Folded:
    """The text without disguises; of a link to code, a pull request for one, only the address and the query."""
    plain, places = _plain(text)
    if "://" in plain:
        plain = _CODE_PATH.sub(
            lambda link: link[0][: link.start("path") - link.start()] + "/" * len(link["path"]), plain
        )
    return Folded(plain, plain.translate(_LOWER), places)


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """The text in plain characters, and where each of them and the end stands in the original one."""
    table: dict[str, str | int | None] = {character: _folded(character) for character in set(text)}
    is_coded = "%" in text and bool(_LINK.search(text))
    if not is_coded and all(len(_folded(character)) == 1 for character in table):
        return text.translate(str.maketrans(table)), range(len(text) + 1)
    pieces = list(map(_folded, text))
    if is_coded:
        _decode_links(text, pieces)
    return "".join(pieces), [*(place for place, piece in enumerate(pieces) for _ in piece), len(text)]


def _decode_links(text: str, pieces: list[str]) -> None:
    for link in _LINK.finditer(text):
        for code in _CODE.finditer(text, *link.span()):
            start = code.start()
            pieces[start : start + 3] = [_folded(chr(int(code[1], 16))), "", ""]


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    if character in "\n\r\v\f\x85\u2028\u2029":
        return "\n"
    category = unicodedata.category(character)
    if category == "Zs" or character in "\t\u2800":
        return " "
    if category == "Pd" or character in "−⁃˗":
        return "-"
    if category in ("Cc", "Cf", "Cs", "Mn", "Me") or character in "\ufffd\u115f\u1160\u3164\uffa0":
        return ""
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", character)
    return plain if plain.isascii() and len(plain) <= 4 else character
