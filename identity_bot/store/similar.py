"""Tickets that look alike: those with the same rare words in what they are about."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, union_all

from identity_bot.store import schema
from identity_bot.store.rows import ticket_in
from identity_bot.store.store import Store
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.lifecycle import GONE
from identity_bot.tickets.model import CloseReason, Stage, Ticket
from identity_bot.tickets.query import subject_term
from identity_bot.tickets.subject import MOST_WORDS, subject, subject_of

_T = schema.tickets.c
RARE = 200
"""A word that more tickets have is common: it makes no two tickets alike by itself."""
MOST_COUNTED = 1_000
"""Up to here, tickets are counted to know how rare a word is among them."""
FEW = 5
"""A word that even fewer tickets have says no more than one that so many have."""
MOST_FOUND = 600
"""How many tickets are looked up by their words."""
CANDIDATES = 40
"""How many tickets, those with the most and rarest words in common, are read and compared."""
RECENT = 90
"""Days before a ticket was requested: those that were closed earlier are not shown as similar."""
ALIKE = 0.5
"""From 0, for tickets with no word in common, to 1, for the same words: from here on they look alike."""
FOUND = 0.5
"""The share of those words in a question that any ticket has, by weight, that a ticket must have to answer it."""
LEAST_SHARED = 2
"""Words that two tickets must have in common, unless both have only one."""

# Built once, for as many words as a subject has; those that it has not are empty.
_HAVING = [
    select(schema.ticket_terms.c.term, schema.ticket_terms.c.ticket_id)
    .where(schema.ticket_terms.c.term == bindparam(f"word_{place}"))
    .limit(RARE + 1)
    .subquery()
    for place in range(MOST_WORDS)
]
_HOW_MANY = select(*(select(func.count()).select_from(part).scalar_subquery() for part in _HAVING))
_WITH_WORDS = union_all(*(select(part.c.term, part.c.ticket_id) for part in _HAVING))
_COUNT = select(func.count()).select_from(
    select(_T.id).where(_T.submitted_at > bindparam("since")).limit(MOST_COUNTED).subquery()
)
_IS_CANDIDATE = (
    _T.id.in_([bindparam(f"id_{place}") for place in range(CANDIDATES)]),
    _T.is_sensitive.is_(False),
    _T.number.is_not(None),
)
_SIMILAR = select(schema.tickets).where(
    *_IS_CANDIDATE,
    _T.submitted_at <= bindparam("until"),
    or_(_T.stage != Stage.CLOSED.value, _T.closed_at.is_(None), _T.closed_at >= bindparam("since")),
    *(func.coalesce(_T.close_reason, "") != reason.value for reason in GONE),
)
_LATER = select(schema.tickets).where(
    *_IS_CANDIDATE, _T.submitted_at >= bindparam("since"), _T.headline != ""
)
_COMPLETED = select(schema.tickets).where(
    *_IS_CANDIDATE,
    _T.stage == Stage.CLOSED.value,
    _T.close_reason == CloseReason.COMPLETED.value,
)


class Similar:
    """Finds tickets by what they are about in a store's database; sensitive ones are never found."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def to(self, ticket: Ticket, *, limit: int = 3) -> list[Ticket]:
        """The tickets that look most like this one, which were requested before it.

        They are open, or were closed after it was requested or at most RECENT days before. As nothing else is, the same
        are found whenever it is asked, unless their titles change. Nothing is like a sensitive ticket.
        """
        when = {"until": ticket.submitted_at, "since": ticket.submitted_at - RECENT * DAY}
        return self._like(ticket, subject(ticket), _SIMILAR, when)[:limit]

    def after(self, ticket: Ticket, words: Sequence[str] = ()) -> list[Ticket]:
        """The tickets with a card that look a little like this one and were requested after it: it may be shown there.

        `words` are those of its subject if it has none anymore.
        """
        when = {"since": ticket.submitted_at}
        return self._like(ticket, words or subject(ticket), _LATER, when, least=ALIKE / 2)

    def _like(
        self,
        ticket: Ticket,
        words: Sequence[str],
        statement: Any,
        when: Mapping[str, Any],
        *,
        least: float = ALIKE,
    ) -> list[Ticket]:
        def alike(weights: Mapping[str, float], other: Ticket) -> float:
            theirs = subject(other)
            shared = set(words) & set(theirs)
            if (len(shared) < LEAST_SHARED and set(words) != set(theirs)) or _are_numbered(words, theirs):
                return 0.0
            # How rare a word is that only they have is not known: as rare as ours, on average.
            usual = sum(weights.values()) / len(weights)
            total = _sum(weights, shared) + usual * (len(theirs) - len(shared))
            return _sum(weights, shared) / math.sqrt(sum(weights.values()) * total)

        found = self._find(words, statement, when, alike, least=least)
        return [one for one in found if one.id != ticket.id]

    def completed(self, text: str, *, limit: int = 3, has: Callable[[Ticket], bool]) -> list[Ticket]:
        """The tickets that were closed as completed and fit a text best; `has` says which of them may be found."""
        words = subject_of(text)

        def fits(weights: Mapping[str, float], other: Ticket) -> float:
            shared = set(words) & set(subject(other))
            is_enough = len(shared) >= LEAST_SHARED and has(other)
            return _sum(weights, shared) / sum(weights.values()) if is_enough else 0.0

        return self._find(words, _COMPLETED, {}, fits, least=FOUND)[:limit]

    def _find(
        self,
        words: Sequence[str],
        statement: Any,
        values: Mapping[str, Any],
        score: Callable[[Mapping[str, float], Ticket], float],
        *,
        least: float,
    ) -> list[Ticket]:
        """The tickets that score at least so much, best and then newest first."""
        if not words:
            return []
        with self._store.reading() as connection:
            having = _how_many(connection, words)
            looked_up = _rarest(having)
            if not looked_up:
                return []
            count = connection.execute(_COUNT, {"since": 0.0}).scalar_one()
            weights = {word: _weight(count, number) for word, number in having.items() if number}
            shares: dict[str, float] = defaultdict(float)
            for word, ticket_id in _with_words(connection, looked_up):
                shares[ticket_id] += weights[word]
            best = sorted(shares, key=lambda one: (-shares[one], one))[:CANDIDATES]
            ids = {f"id_{place}": one for place, one in enumerate([*best, *[""] * (CANDIDATES - len(best))])}
            rows = connection.execute(statement, {**values, **ids}).mappings().all()
        scored = [(score(weights, one), one) for one in map(ticket_in, rows)]
        fitting = [(scores, one) for scores, one in scored if scores >= least]
        return [
            one for _, one in sorted(fitting, key=lambda pair: (-round(pair[0], 6), -pair[1].submitted_at))
        ]


def _how_many(connection: Connection, words: Sequence[str]) -> dict[str, int]:
    """How many tickets have each word, at most one more than RARE."""
    [row] = connection.execute(_HOW_MANY, _parameters(words)).all()
    return dict(zip(words, row, strict=False))


def _rarest(having: Mapping[str, int]) -> list[str]:
    """The rare words, the rarest first, until they lead to MOST_FOUND tickets."""
    found: list[str] = []
    total = 0
    for number, word in sorted((number, word) for word, number in having.items() if 0 < number <= RARE):
        if found and total + number > MOST_FOUND:
            break
        found.append(word)
        total += number
    return found


def _with_words(connection: Connection, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each of these words with the id of each ticket that has it."""
    by_term = {subject_term(word): word for word in words}
    for term, ticket_id in connection.execute(_WITH_WORDS, _parameters(words)):
        yield by_term[term], ticket_id


def _parameters(words: Sequence[str]) -> dict[str, str]:
    padded = [*map(subject_term, words), *[""] * (MOST_WORDS - len(words))]
    return {f"word_{place}": term for place, term in enumerate(padded)}


def _are_numbered(some: Collection[str], others: Collection[str]) -> bool:
    """Whether both name numbers, such as that of a pull request, and none is the same."""
    one, other = ({word for word in words if word.isdigit()} for words in (some, others))
    return bool(one and other) and not one & other


def _weight(count: int, having: int) -> float:
    """How much a word says: more, the fewer tickets have it."""
    total = max(count, having)
    return math.log(1 + total / (max(having, FEW) if having <= RARE else total))


def _sum(weights: Mapping[str, float], words: Collection[str]) -> float:
    return sum(weights.get(word, 0.0) for word in words)
