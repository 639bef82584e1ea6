"""Read YAML that somebody else wrote: small files of plain values only, counted before anything is built."""

from __future__ import annotations

from typing import Any

import yaml

from identity_bot.errors import IdentityBotError

MOST_BYTES = 100_000
MOST_NODES = 10_000
"""Values in a file, where an alias counts as all that it stands for."""
MOST_LEVELS = 20
_STRING = "tag:yaml.org,2002:str"
_KNOWN = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Builds texts, true, false and nothing; numbers and dates stay as they are written."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (the vendor's own shape)
        first: [(tag, pattern) for tag, pattern in resolvers if tag in _KNOWN]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_mapping_node(self, anchor: Any) -> Any:
        """A mapping as it is written; PyYAML itself would let the last of two equal keys win."""
        node = super().compose_mapping_node(anchor)
        keys: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in keys:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r:.60} occurs twice", key.start_mark
                    )
                keys.add((key.tag, key.value))
        return node


def read(raw: bytes) -> object:
    """What a YAML file holds. Raises IdentityBotError, in one line, if it is too large or not plain YAML."""
    if len(raw) > MOST_BYTES:
        raise IdentityBotError(f"expected at most {MOST_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise IdentityBotError("expected a text file in UTF-8") from error
    try:
        _count(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise IdentityBotError(_described(error)) from error
    except (ValueError, OverflowError) as error:  # which PyYAML lets through for "\\U00110000"
        raise IdentityBotError("not YAML: an escape stands for no character") from error


def _count(text: str) -> None:
    """Raise IdentityBotError if the values, with all that aliases repeat, are too many, too deep or not plain."""
    count = _Count()
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if problem := count.add(event):
            raise IdentityBotError(f"line {event.start_mark.line + 1}: {problem}")


class _Count:
    """The values of a file so far: how many stand in each open list or mapping, and below each anchor."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._open: list[tuple[str | None, int]] = []
        self._documents = 0

    def add(self, event: Any) -> str:
        """Count what an event of the parser brings; returns what is wrong with it."""
        if getattr(event, "tag", None) not in (None, _STRING):
            return "expected plain values, without tags"
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            return (
                "expected one document; a Markdown template between two --- has no questions"
                if self._documents > 1
                else ""
            )
        if isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, 1))
            return f"expected at most {MOST_LEVELS} levels" if len(self._open) > MOST_LEVELS else ""
        if isinstance(event, yaml.AliasEvent) and event.anchor not in self._sizes:
            return "the alias stands for nothing, or for what it is in"
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            return self._close(*self._closed(event))
        return ""

    def _closed(self, event: Any) -> tuple[str | None, int]:
        """The anchor and the size of a value that is complete."""
        if isinstance(event, yaml.CollectionEndEvent):
            return self._open.pop()
        return (None, self._sizes[event.anchor]) if isinstance(event, yaml.AliasEvent) else (event.anchor, 1)

    def _close(self, anchor: str | None, size: int) -> str:
        if anchor:
            self._sizes[anchor] = size
        if self._open:
            outer, so_far = self._open[-1]
            size += so_far
            self._open[-1] = (outer, size)
        return (
            f"expected at most {MOST_NODES:,} values, counting what aliases repeat"
            if size > MOST_NODES
            else ""
        )


def _described(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return f"{f'line {mark.line + 1}: ' if mark else ''}not YAML: {' '.join(str(said).split())}"
