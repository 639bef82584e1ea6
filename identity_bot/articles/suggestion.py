"""Where answers come from besides a request type's own plugin, and what became of those that were shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from identity_bot.articles.answer import Answer
from identity_bot.text.markdown import clean

LONGEST_NAME = 200
"""The most characters that are kept of what an answer is called."""
OWN = "type:"
"""Begins the source of answers that a request type's own plugin gave; its name follows."""


class Searchable(Protocol):
    """Something that holds answers and finds those that fit a text."""

    def search(self, text: str, limit: int) -> Sequence[Answer]:
        """At most `limit` answers, the best one first; none if nothing fits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Something to search, by the name under which its answers are counted."""

    name: str
    searchable: Searchable
    is_ours: bool = True
    """Whether the team wrote its titles; those that requestors wrote are kept nowhere and shown to nobody else."""
    is_internal: bool = False
    """Whether only people of the bot's own organization may read what it holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """An answer as it is shown to a requestor, and where it comes from."""

    answer: Answer
    source: str
    """The name of a source, or `type:` and the name of the request type whose plugin gave it."""
    is_ours: bool = True
    """Whether the team wrote its title."""

    @property
    def name(self) -> str:
        """What it is counted by, beside its source."""
        return clean(self.answer.name)[:LONGEST_NAME]

    @property
    def digest(self) -> str:
        """Tells it from every other answer, and from itself with another text."""
        answer = self.answer
        said = json.dumps([self.source, answer.name, answer.title, answer.text, answer.url])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


class Outcome(Enum):
    """What became of an answer that was shown."""

    SHOWN = "shown"
    SOLVED = "solved"
    NOT_SOLVED = "not solved"
    """A request was filed all the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownAnswer:
    """That an answer was shown in a form; it does not say to whom."""

    view_id: str
    """Slack's id of the form."""
    type: str
    """The request type of the form; empty for a search without one."""
    source: str
    name: str
    title: str
    """Empty for a title that the team did not write."""
    url: str
    at: float
    """Seconds since the epoch."""
    outcome: Outcome = Outcome.SHOWN
    ticket_id: str = ""
    """The ticket that was filed all the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How often an answer was shown, and what became of that."""

    source: str
    name: str
    title: str
    url: str
    shown: int
    """In how many forms, whatever became of them."""
    solved: int
    not_solved: int
    tickets: tuple[str, ...] = ()
    """What the tickets are called that were filed all the same, in the order of their numbers."""
