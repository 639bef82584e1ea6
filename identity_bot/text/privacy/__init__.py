"""Finds personal data and secrets in text, by shape and by the words in front of them.

It looks for what people paste without thinking, not for what somebody hides on purpose. Every pattern is bounded, so
that hostile text costs no more than plain text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from identity_bot.text.privacy.accounts import find_accounts
from identity_bot.text.privacy.additions import NO_ADDITIONS, Additions
from identity_bot.text.privacy.contacts import find_contacts
from identity_bot.text.privacy.folding import fold
from identity_bot.text.privacy.identifiers import find_identifiers
from identity_bot.text.privacy.kinds import Kind, Span
from identity_bot.text.privacy.passwords import find_passwords
from identity_bot.text.privacy.tables import find_in_tables
from identity_bot.text.privacy.tokens import find_tokens

__all__ = ["NO_ADDITIONS", "REDACTED", "Additions", "Finding", "Kind", "find", "find_in_link", "redact"]

REDACTED = "[redacted]"
"""What replaces a finding."""
_UNMISTAKABLE = (Kind.ICN, Kind.PASSWORD, Kind.SECRET, Kind.OTHER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something personal in a text: what it is, and its characters without the words that gave it away."""

    kind: Kind
    value: str = field(repr=False)
    """In plain characters, if the text disguised it."""
    start: int
    end: int
    """Where it stands in the text as it was given: `text[start:end]`."""


def find(text: str, additions: Additions = NO_ADDITIONS) -> list[Finding]:
    """Everything in `text` that looks personal or secret, in order; a blocking finding hides warnings it overlaps."""
    folded = fold(text)
    lower = folded.lower
    blocking = _outermost(
        additions.without_exceptions(
            [
                *find_identifiers(lower),
                *find_accounts(lower),
                *find_passwords(folded),
                *find_tokens(folded),
                *find_in_tables(folded),
                *additions.found(folded.text),
            ],
            folded.text,
        )
    )
    contacts = find_contacts(_blanked(lower, blocking))
    warning = _outermost(additions.without_exceptions(contacts, folded.text))
    return [
        Finding(
            kind=kind,
            value=folded.text[start:end],
            **dict(zip(("start", "end"), folded.original(start, end), strict=True)),
        )
        for start, end, kind in sorted([*blocking, *warning], key=lambda span: span[:2])
    ]


def find_in_link(address: str, additions: Additions = NO_ADDITIONS) -> list[Finding]:
    """What looks personal or secret in a web address; before its query, numbers and names can be anything."""
    query = min((place for mark in "?#" if (place := address.find(mark)) >= 0), default=len(address))
    return [one for one in find(address, additions) if one.start >= query or one.kind in _UNMISTAKABLE]


def redact(text: str, additions: Additions = NO_ADDITIONS) -> str:
    """The text with `[redacted]` in place of everything that must not be in a ticket, and otherwise unchanged."""
    kept: list[str] = []
    place = 0
    for finding in find(text, additions):
        if finding.kind.blocks and finding.end > place:
            kept += [text[place : finding.start], REDACTED] if finding.start >= place else []
            place = finding.end
    return "".join([*kept, text[place:]])


def _outermost(spans: Iterable[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or span[1] > kept[-1][1]:
            kept.append(span)
    return kept


def _blanked(folded: str, spans: list[Span]) -> str:
    pieces = []
    place = 0
    for start, end, _ in spans:
        pieces += [folded[place:start], " " * (end - max(place, start))]
        place = end
    return "".join([*pieces, folded[place:]])
