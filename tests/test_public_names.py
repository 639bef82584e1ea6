"""The names that plugins import keep their shape: what they take and what they have stands in public_names.txt."""

from __future__ import annotations

import dataclasses
import difflib
import enum
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from marshmallow import Schema

import identity_bot
from identity_bot import testing
from identity_bot.plugins.checks import HOOKS

FROZEN = Path(__file__).with_name("public_names.txt")
CHANGED = """\
What plugins import has changed. A new name or a new optional part is an addition: write it into tests/public_names.txt.
Anything else breaks plugins: docs/plugins.md says when that may happen and how it is announced.
"""


def described() -> Iterator[str]:
    """A line for each public name and each of its parts."""
    for name in sorted(identity_bot.__all__):
        yield from _of(name, getattr(identity_bot, name))
    for name, hook in sorted(HOOKS.items()):
        yield f"hook {name}{_signature(hook)}"
    for tool in (testing.MemoryDesk, testing.check_request_type):
        yield from (f"testing {line}" for line in _of(tool.__name__, tool))


def _of(name: str, value: Any) -> Iterator[str]:
    if not inspect.isclass(value):
        yield f"{name}{_signature(value)}" if inspect.isfunction(value) else f"{name} = {_plain(value)}"
    elif issubclass(value, BaseException):
        yield f"{name}: an exception"
    elif issubclass(value, enum.Enum):
        yield from (f"{name}.{member.name} = {member.value!r}" for member in value)
    elif issubclass(value, Schema):
        yield from (f"{name}[{field!r}]" for field in sorted(value().fields))
    else:
        yield f"{name}{_signature(value)}"
        yield from _parts(name, value)


def _parts(name: str, value: type) -> Iterator[str]:
    """What a class of ours has besides the arguments that make it."""
    arguments = inspect.signature(value).parameters
    if dataclasses.is_dataclass(value):
        kept = (field.name for field in dataclasses.fields(value) if field.name not in arguments)
        yield from (f"{name}.{field}" for field in kept if not field.startswith("_"))
    for part, member in inspect.getmembers(value):
        is_ours = not part.startswith("_")
        if is_ours and isinstance(member, property):
            yield f"{name}.{part}"
        elif is_ours and (inspect.isfunction(member) or inspect.ismethod(member)):
            yield f"{name}.{part}{_signature(member)}"


def _signature(value: Any) -> str:
    """What a callable takes, on one line, the same in every version of Python."""
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", _plain(inspect.signature(value)))


def _plain(value: Any) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


def test_public_names_keep_their_shape() -> None:
    frozen = FROZEN.read_text(encoding="utf-8").splitlines()

    changed = list(difflib.unified_diff(frozen, list(described()), "frozen", "now", n=0, lineterm=""))

    assert not changed, "\n".join([CHANGED, *changed])
