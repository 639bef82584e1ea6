"""Write values as Python code that stays as it is under `ruff format`. Pure.

Whatever a text holds, it ends up inside one string literal: nothing in it can become code.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from identity_bot.forms.form import Form
from identity_bot.forms.questions import Option, Question

WIDTH = 110
INDENT = "    "
FIRST = ("name", "label", "options")
"""The arguments of a question that stand before the others."""
_AS_THEY_ARE = (
    (" ", "\u052f"), ("\u1e00", "\u1fff"), ("\u2010", "\u2bff"), ("\u3001", "\u30ff"), ("\u4e00", "\u9fff"),
    ("\uac00", "\ud7a3"), ("\uff01", "\uff60"), ("\U0001f300", "\U0001faff"),
)  # fmt: skip
"""Characters that are drawn alone; others are escaped, as their width depends on what stands beside them."""
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def form_code(form: Form) -> str:
    """The call that makes a form, as code that stands in an indented `return` statement.

    Raises ValueError for a question with conditions or functions.
    """
    return _value(form, 1, len("return "))


def names_in(form: Form) -> list[str]:
    """The names that the code of a form imports, sorted as ruff sorts them."""
    used = {"Form", *(type(question).__name__ for question in form.questions)}
    options = [one for question in form.questions for one in getattr(question, "options", ())]
    if any(isinstance(one, Option) for one in options):
        used.add("Option")
    return sorted(used)


def value_code(value: object, level: int = 0, before: int = 0) -> str:
    """A value as code, `before` columns after an indentation of so many levels."""
    return _value(value, level, before)


def literal(text: str) -> str:
    """A text as a string literal, with the quotes that need fewer escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(char, quote) for char in text) + quote


def _escaped(char: str, quote: str) -> str:
    if char == quote:
        return f"\\{char}"
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isascii() and char.isprintable():
        return char
    is_alone = unicodedata.category(char) not in ("Mn", "Mc", "Me", "Sk") and char.isprintable()
    if is_alone and any(first <= char <= last for first, last in _AS_THEY_ARE):
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _value(value: object, level: int, before: int) -> str:
    room = WIDTH - len(INDENT) * level - before - 1  # a comma follows
    match value:
        case str():
            return _text(value, level, room)
        case bool() | int() | float() | None:
            return repr(value)
        case Option():
            return _option(value, level, room)
        case Form() | Question():
            return _exploded(f"{type(value).__name__}(", ")", _arguments(value, level + 1), level)
        case Mapping():
            items = ((f"{literal(str(key))}: ", one) for key, one in value.items())
            return _exploded("{", "}", _items(items, level + 1), level)
        case list() | tuple():
            return _list(value, level, room)
        case _:
            raise ValueError(f"found {type(value).__name__}, which cannot be written as code")


def _text(text: str, level: int, room: int) -> str:
    whole = literal(text)
    if _width(whole) <= room:
        return whole
    inner, outer = INDENT * (level + 1), INDENT * level
    fits = len(inner) + _width(whole) <= WIDTH  # the formatter would join the pieces
    pieces = [text] if fits else _pieces(text, WIDTH - len(inner) - 2)
    return "(\n" + "".join(f"{inner}{literal(piece)}\n" for piece in pieces) + f"{outer})"


def _pieces(text: str, room: int) -> list[str]:
    """A text in pieces whose literals fit, cut after white space if there is some."""
    pieces, piece, width = [], "", 0
    for word in _words(text):
        added = sum(_width(_escaped(char, '"')) for char in word)
        if piece and width + added > room:
            pieces.append(piece)
            piece, width = "", 0
        while added > room:  # a word without an end
            cut = _prefix(word, room)
            pieces.append(word[:cut])
            word = word[cut:]
            added = sum(_width(_escaped(char, '"')) for char in word)
        piece, width = piece + word, width + added
        if word.endswith("\n"):
            pieces.append(piece)
            piece, width = "", 0
    return [*pieces, piece] if piece else pieces


def _words(text: str) -> Iterator[str]:
    word = ""
    for char in text:
        word += char
        if char in " \n":
            yield word
            word = ""
    if word:
        yield word


def _prefix(word: str, room: int) -> int:
    """How many characters of a word fit."""
    width = 0
    for at, char in enumerate(word):
        width += _width(_escaped(char, '"'))
        if width > room:
            return max(at, 1)
    return len(word)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _option(option: Option, level: int, room: int) -> str:
    arguments = [option.value, option.label, *([option.description] if option.description else [])]
    line = f"Option({', '.join(map(literal, arguments))})"
    if _width(line) <= room:
        return line
    return _exploded("Option(", ")", _items((("", one) for one in arguments), level + 1), level)


def _list(values: Sequence[object], level: int, room: int) -> str:
    if not values:
        return "[]"
    if all(isinstance(one, str) for one in values):
        line = f"[{', '.join(literal(str(one)) for one in values)}]"
        if _width(line) <= room:
            return line
    return _exploded("[", "]", _items((("", one) for one in values), level + 1), level)


def _arguments(value: Form | Question, level: int) -> Iterator[str]:
    """The arguments that differ from their defaults."""
    declared = {one.name: one for one in fields(value) if one.init}
    for name in dict.fromkeys([*(one for one in FIRST if one in declared), *declared]):
        given: Any = getattr(value, name)
        default = declared[name].default
        if default is MISSING or given != default:
            yield from _items([(f"{name}=", given)], level)


def _items(items: Iterable[tuple[str, object]], level: int) -> Iterator[str]:
    for before, value in items:
        yield f"{INDENT * level}{before}{_value(value, level, _width(before))},\n"


def _exploded(head: str, tail: str, lines: Iterable[str], level: int) -> str:
    """A call or a list with a line for each item; the trailing comma has the formatter keep it so."""
    return f"{head}\n{''.join(lines)}{INDENT * level}{tail}"
