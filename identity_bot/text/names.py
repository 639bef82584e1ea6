"""Names of people and things: what they look like, which are the same, and which was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LOGIN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}"
"""A GitHub login; an underscore stands in those of users whom an enterprise manages."""
MEMBER_ID = r"[UW][A-Z0-9]{1,30}"
"""The id of a member of a Slack workspace."""


def fold(name: str) -> str:
    """The form of a GitHub name to compare or to look it up by: case makes no difference there."""
    return name.casefold()


def is_same(one: str, other: str) -> bool:
    """Whether two names mean the same login, label or repository."""
    return fold(one) == fold(other)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant: one that begins like it or is similar; empty if there is none."""
    names = sorted(known)
    begun = [one for one in names if name and one.startswith(name)]
    return next(iter(begun or difflib.get_close_matches(name, names, n=1)), "")


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """`; did you mean …?` if a known name is similar, else `otherwise` or the names to choose from."""
    by_folded = {one.casefold(): one for one in sorted(known)}
    if near := difflib.get_close_matches(name.casefold(), by_folded, n=1):
        return f"; did you mean {by_folded[near[0]]!r}?"
    expected = otherwise or (f"one of {', '.join(by_folded.values())}" if by_folded else "none")
    return f"; expected {expected}"
