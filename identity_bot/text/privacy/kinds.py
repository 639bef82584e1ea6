"""The kinds of personal data and secrets, and the rules that find them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What was found, in the words that people see after "this looks like"."""

    SSN = "a Social Security number"
    ITIN = "a taxpayer identification number (ITIN)"
    ICN = "a Veteran's ICN"
    EDIPI = "an EDIPI (DoD ID number)"
    VA_FILE = "a VA file or claim number"
    BIRTH_DATE = "a date of birth"
    CARD = "a card number"
    BANK = "a bank account or routing number"
    PASSWORD = "a password"
    SECRET = "a secret key or token"
    OTHER = "something that your team keeps out of tickets"
    EMAIL = "an e-mail address"
    PHONE = "a phone number"

    @property
    def blocks(self) -> bool:
        """Whether such a finding must stay out of a ticket; the other kinds only deserve a warning."""
        return self not in (Kind.EMAIL, Kind.PHONE)


Span = tuple[int, int, Kind]
"""Where something was found in a folded text, and what it is."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, and what each of its matches is; a group named "value" marks what is personal, else all of it is."""

    pattern: re.Pattern[str]
    kind_of: Callable[[re.Match[str]], Kind | None]
    hints: tuple[str, ...] = ()
    """A text without any of these has no match, which is found out faster."""

    def search(self, text: str) -> Iterator[Span]:
        """Everything in the text that is of a kind."""
        if self.hints and not has_any(text, self.hints):
            return
        group = "value" if "value" in self.pattern.groupindex else 0
        for match in self.pattern.finditer(text):
            if kind := self.kind_of(match):
                yield *match.span(group), kind


def rule(
    kind: Kind, pattern: str, *hints: str, accepts: Callable[[re.Match[str]], bool] | None = None
) -> Rule:
    """A rule for one kind, whose pattern takes letters and digits to be those of ASCII."""

    def kind_of(match: re.Match[str]) -> Kind | None:
        return kind if accepts is None or accepts(match) else None

    return Rule(re.compile(pattern, re.ASCII), kind_of, hints)


def search_all(text: str, rules: Iterable[Rule]) -> Iterator[Span]:
    """What any of the rules finds."""
    for one in rules:
        yield from one.search(text)


def has_any(text: str, parts: Iterable[str]) -> bool:
    """Whether the text has one of the parts, which costs far less than a pattern that finds none."""
    return any(part in text for part in parts)
