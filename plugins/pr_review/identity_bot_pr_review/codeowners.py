"""Whose a file is by a repository's CODEOWNERS, as GitHub reads it: the last pattern that matches decides.

docs.github.com, "About code owners". It has no `!` and no `[ ]`, so lines with those say nothing certain: such a line
makes `may_be_owned` true if it names the owners, and is ignored otherwise, as it could only take files from them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2  # a stranger writes the patterns, and this one matches each in linear time

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for the file, in this order."""
LARGEST = 3_000_000
"""The most bytes of the file that GitHub reads."""
MOST_WORK = 2_000_000
"""How often a path may be held against a pattern, which takes about a second."""
MOST_RULES = 20_000
"""Lines that are read: each takes some kilobytes and microseconds, and anybody may write as many as fit."""
_PART = re.compile(r"(?:\\.|\S)+")
_UNKNOWN = re.compile(r"[\[\]!]|\\[^ #]")
_LONGEST = 1_000


class TooLarge(Exception):
    """There are too many rules or files to tell in time."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of the file: what it matches, and whose that is. `matches` is None if GitHub does not say."""

    matches: Any
    owners: frozenset[str]
    """In lower case; empty if nobody owns what it matches."""


@lru_cache(maxsize=8)
def rules(text: str) -> tuple[Rule, ...]:
    """The rules of a CODEOWNERS file, in its order."""
    if len(text) > LARGEST:
        raise TooLarge(f"found {len(text):,} characters")
    lines = text.splitlines()
    if len(lines) > MOST_RULES:
        raise TooLarge(f"found {len(lines):,} lines")
    found = []
    for line in lines:
        parts = _PART.findall(line)
        comment = next((place for place, part in enumerate(parts) if part.startswith("#")), len(parts))
        if parts := parts[:comment]:
            found.append(Rule(_compiled(parts[0]), frozenset(owner.lower() for owner in parts[1:])))
    return tuple(found)


def owners_of(found: Sequence[Rule], path: str) -> frozenset[str]:
    """Who owns a file; nobody if no rule matches, or the last one that does names nobody."""
    for rule in reversed(found):
        if rule.matches and rule.matches.match(path):
            return rule.owners
    return frozenset()


def names(found: Iterable[Rule], owners: Iterable[str]) -> bool:
    """Whether one of these owners is named at all: if none is, they may be mistyped in the settings."""
    ours = {owner.lower() for owner in owners}
    return any(rule.owners & ours for rule in found)


def may_be_owned(found: Sequence[Rule], paths: Collection[str], owners: Iterable[str]) -> bool:
    """Whether these owners own one of the files, as far as can be told. Raises TooLarge if that takes too long."""
    ours = {owner.lower() for owner in owners}
    if any(rule.matches is None and rule.owners & ours for rule in found):
        return True
    if len(found) * len(paths) > MOST_WORK:
        raise TooLarge(f"found {len(found):,} rules and {len(paths):,} files")
    return any(owners_of(found, path) & ours for path in paths)


def _compiled(pattern: str) -> Any:
    """What a pattern matches; None if GitHub does not say what it means."""
    plain = pattern.replace("\\ ", " ").replace("\\#", "#")
    segments = plain.strip("/").split("/")
    if _UNKNOWN.search(pattern) or len(plain) > _LONGEST or not all(segments):
        return None
    is_anchored = "/" in plain.rstrip("/")
    written = "" if is_anchored else "(?:.*/)?"
    for place, segment in enumerate(segments):
        is_last = place == len(segments) - 1
        if segment == "**":
            written += ".+" if is_last else "(?:.*/)?"
        else:
            written += "".join(map(_translated, re.findall(r"\*+|.", segment))) + ("" if is_last else "/")
    if plain.endswith("/"):
        ending = "/"  # only what is in a folder of that name
    elif segments[-1] == "*" and is_anchored:
        ending = r"\z"  # `docs/*`: only what is directly in it
    else:
        ending = r"(?:/|\z)"
    return re2.compile(f"(?s){written}{ending}")


def _translated(piece: str) -> str:
    if piece.startswith("*"):
        return "[^/]*"
    return "[^/]" if piece == "?" else str(re2.escape(piece))
