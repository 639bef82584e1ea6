"""What an operator adds to the rules: patterns that are refused, and exceptions that pass.

The patterns are RE2's, which takes linear time for any of them; those of `re` can take years.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import re2

from identity_bot.text.privacy.kinds import Kind, Span

LONGEST = 500
"""Characters of a pattern."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Additions:
    """Patterns whose matches are refused, and exceptions: what one of them matches passes."""

    patterns: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()

    def found(self, text: str) -> Iterator[Span]:
        """What the patterns match in a folded text."""
        yield from ((start, end, Kind.OTHER) for start, end in _matches(self.patterns, text))

    def without_exceptions(self, spans: Iterable[Span], text: str) -> list[Span]:
        """The spans that no match of an exception covers."""
        passing = sorted(_matches(self.exceptions, text))
        starts = [start for start, _ in passing]
        furthest = list(accumulate((end for _, end in passing), max))
        return [
            span
            for span in spans
            if not ((place := bisect_right(starts, span[0])) and span[1] <= furthest[place - 1])
        ]


NO_ADDITIONS = Additions()


def problem_with(pattern: str) -> str | None:
    """Why a pattern cannot be used, or None."""
    if len(pattern) > LONGEST:
        return f"{len(pattern)} characters; expected at most {LONGEST}"
    try:
        compiled = _compiled(pattern)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        return f"not a pattern: {reason.decode() if isinstance(reason, bytes) else reason}; expected RE2's syntax"
    return "matches text of no characters; expected a pattern for some" if compiled.search("") else None


def _matches(patterns: Iterable[str], text: str) -> Iterator[tuple[int, int]]:
    for pattern in patterns:
        yield from (
            match.span() for match in _compiled(pattern).finditer(text) if match.end() > match.start()
        )


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern, options)
