"""Checks a section of the settings file against its schema: a line for each thing to mend. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields

_EXPECTED = {
    "Not a valid string.": 'text in quotes, such as "…"',
    "Not a valid integer.": "a whole number",
    "Not a valid number.": "a number",
    "Not a valid boolean.": "true or false",
    "Not a valid list.": "a list in brackets, such as […]",
    "Invalid input type.": "a table of settings",
    "Invalid type.": "a table of settings",
    "Not a valid mapping type.": "a table of settings",
}
"""What marshmallow's words for a wrong type ask for."""


def check_section(
    schema: Schema, found: Mapping[str, Any], where: str, problems: list[str]
) -> dict[str, Any] | None:
    """A section as its schema loads it; None, with a line for each problem, where it does not fit."""
    try:
        loaded = schema.load(found)
    except ValidationError as error:
        problems += _lines(error.messages, schema, found, where)
        return None
    if not isinstance(loaded, dict):
        raise TypeError("the settings' schema makes something other than a dict")
    return loaded


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` where a known name is near, else what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(names) or 'none'}"


def _lines(messages: Any, at: Any, found: Any, where: str) -> Iterator[str]:
    """However deep marshmallow nests them; `at` is the schema or field that they are about, `found` its value."""
    if isinstance(messages, list):
        for message in messages:
            yield from _lines(message, at, found, where)
        return
    if not isinstance(messages, dict):
        yield f"{where}: {_said(str(messages), at, found)}"
        return
    for key, inner in messages.items():
        name = f"{where}.{key}" if where else str(key)
        if inner == ["Unknown field."]:
            yield f"{name}: unknown setting{did_you_mean(str(key), _fields(at))}"
        elif key == "_schema":
            yield from _lines(inner, None, None if isinstance(found, Mapping) else found, where)
        else:
            yield from _lines(inner, _inner(at, key), _item(found, key), name)


def _said(text: str, field: Any, found: Any) -> str:
    expected = getattr(field, "metadata", {}).get("expected") or _EXPECTED.get(text)
    if text == "Missing data for required field.":
        return f"missing; expected {expected}" if expected else "missing"
    if text in _EXPECTED:
        text = f"expected {expected}"
    if found is None or getattr(field, "load_only", False):  # marshmallow's mark for a secret
        return text
    shown = json.dumps(found, ensure_ascii=False, default=str)
    return f"found {shown if len(shown) <= 60 else f'{shown[:60]}…'}; {text}"


def _fields(at: Any) -> Mapping[str, Any]:
    schema = at.schema if isinstance(at, fields.Nested) else at
    return schema.fields if isinstance(schema, Schema) else {}


def _inner(at: Any, key: Any) -> Any:
    return at.inner if isinstance(at, fields.List) else _fields(at).get(key)


def _item(found: Any, key: Any) -> Any:
    try:
        return found[key]
    except (KeyError, IndexError, TypeError):
        return None
