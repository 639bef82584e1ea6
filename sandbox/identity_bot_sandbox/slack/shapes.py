"""What the referee is built from: checks of one value that say, with a JSON pointer, what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Check = Callable[[Any, str], Iterator[str]]

MODAL, HOME, MESSAGE = "modal", "home", "message"
SURFACES = frozenset({MODAL, HOME, MESSAGE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What Slack accepts for one type of block or element: the check of each required and optional key."""

    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    blocks: frozenset[str] = frozenset()
    surfaces: frozenset[str] = SURFACES
    also: Check | None = None

    def problems(self, value: Mapping[str, Any], at: str) -> Iterator[str]:
        """Every way in which `value` differs from this shape."""
        for key in self.required:
            if key not in value:
                yield f"{at}: lacks the required key {key!r}"
        for key, item in value.items():
            check = self.required.get(key) or self.optional.get(key)
            if check is not None:
                yield from check(item, f"{at}/{key}")
            elif key != "type":
                yield f"{at}/{key}: unknown key; {value.get('type', 'this object')} has {self._keys()}"
        if self.also is not None:
            yield from self.also(value, at)

    def _keys(self) -> str:
        return ", ".join(sorted({*self.required, *self.optional}))


def string(most: int, least: int = 1) -> Check:
    """A string of `least` to `most` characters."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{at}: {kind_of(value)}; Slack wants a string"
        elif len(value) > most:
            yield f"{at}: {len(value):,} characters; Slack accepts at most {most:,}"
        elif len(value) < least:
            yield (
                f"{at}: empty" if not value else f"{at}: {len(value)} characters; Slack wants {least} or more"
            )

    return check


def text(most: int, *kinds: str) -> Check:
    """A text object of 1 to `most` characters, of one of the `kinds`; `plain_text` by default."""
    accepted = kinds or ("plain_text",)

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{at}: {kind_of(value)}; Slack wants a text object"
            return
        kind = value.get("type")
        if kind not in accepted:
            yield f"{at}/type: {kind!r}; Slack wants {' or '.join(accepted)} here"
        extra = {"plain_text": "emoji", "mrkdwn": "verbatim"}.get(str(kind), "emoji")
        yield from Shape(required={"text": string(most)}, optional={extra: boolean}).problems(value, at)

    return check


def boolean(value: Any, at: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield f"{at}: {kind_of(value)}; Slack wants true or false"


def whole(least: int, most: int) -> Check:
    """A whole number from `least` to `most`."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{at}: {kind_of(value)}; Slack wants a whole number"
        elif not least <= value <= most:
            yield f"{at}: {value}; Slack accepts {least:,} to {most:,}"

    return check


def matching(pattern: str, example: str) -> Check:
    """A string that matches the whole regular expression."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            yield f"{at}: Slack wants {example}"

    return check


def among(*values: str) -> Check:
    """One of the given words."""

    def check(value: Any, at: str) -> Iterator[str]:
        if value not in values:
            yield f"{at}: {value!r}; Slack wants {' or '.join(values)}"

    return check


def items(check_item: Check, most: int, noun: str = "items", least: int = 1) -> Check:
    """A list of `least` to `most` items that each pass `check_item`."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list | tuple):
            yield f"{at}: {kind_of(value)}; Slack wants a list"
            return
        if len(value) > most:
            yield f"{at}: {len(value):,} {noun}; Slack accepts at most {most:,}"
        if len(value) < least:
            yield f"{at}: no {noun}; Slack wants at least {least}"
        for index, item in enumerate(value):
            yield from check_item(item, f"{at}/{index}")

    return check


def object_of(shape: Shape) -> Check:
    """An object of the given shape."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{at}: {kind_of(value)}; Slack wants an object"
        else:
            yield from shape.problems(value, at)

    return check


def kind_of(value: Any) -> str:
    """What a value is, in the words of JSON."""
    names = {
        "NoneType": "null",
        "dict": "an object",
        "list": "a list",
        "str": "a string",
        "bool": "a boolean",
    }
    return names.get(type(value).__name__, "a number" if isinstance(value, int | float) else "not JSON")
