"""Names in GitHub: logins, labels and repositories that differ only in case are the same."""

from __future__ import annotations


def fold(name: str) -> str:
    """The form of a name to compare or to look it up by."""
    return name.casefold()


def is_same(one: str, other: str) -> bool:
    """Whether two names mean the same login, label or repository."""
    return fold(one) == fold(other)
