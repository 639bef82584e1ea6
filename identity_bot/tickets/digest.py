"""What a digest tells: tickets under headings, each under the first that fits it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from identity_bot.tickets.model import Ticket

SHOWN = 5
"""Tickets under a heading; the others are counted."""


class Heading(StrEnum):
    """Why a ticket is in a digest, the most pressing reason first."""

    OVERDUE = "overdue"
    TODAY = "due today"
    URGENT = "urgent"
    UNASSIGNED = "unassigned"
    UAT = "waiting for UAT"
    ASKED = "waiting for the requestor"
    STALE = "stale"
    OWN_UAT = "waiting for you to try"
    OWN_ASKED = "waiting for your answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The tickets under one heading, and how many more there are."""

    heading: Heading
    tickets: tuple[Ticket, ...]
    more: int = 0

    def folded(self, most: int) -> Section:
        """With at most so many of its tickets."""
        left_out = max(0, len(self.tickets) - most)
        return replace(self, tickets=self.tickets[:most], more=self.more + left_out)


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """What the team, or one person, is told in the morning; nothing if it has no sections."""

    sections: tuple[Section, ...]
    slack_id: str = ""
    """Whose it is; empty for the team's."""


def sorted_out(found: Iterable[tuple[Heading, Sequence[str]]]) -> Iterator[tuple[Heading, tuple[str, ...]]]:
    """The ids of tickets by headings, each under the first one only; headings without any are left out."""
    seen: set[str] = set()
    for heading, ids in found:
        left = tuple(one for one in ids if one not in seen)
        seen.update(left)
        if left:
            yield heading, left
