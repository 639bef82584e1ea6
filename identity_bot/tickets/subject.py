"""The words of a text as they are searched for, and those that say what a ticket is about. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from identity_bot.text.names import fold
from identity_bot.tickets.model import Ticket

MOST_WORDS = 16
"""Words of a subject, from the first on."""
SHORTEST_WORD = 3
"""Letters of a word in a subject; a number may be shorter."""
LONGEST_TEXT = 2_000
"""Characters of each text that are looked at for a subject."""

_WORD = re.compile(r"[^\W_]+")
_WHO = frozenset({"name", "team"})
"""The questions of every form that ask who somebody is."""
_COMMON = frozenset(
    _WORD.findall(
        "about after all also and any are because been but can cannot com could did does doing don done "
        "each for from get gets getting github had has have help here how http https into isn its just "
        "may more need needed needs new not now off one only org other our out over please pull redacted "
        "request see she should some such than thank thanks that the their them then there these they "
        "this those too use used using very want was were what when where which who why will with would "
        "www yes you your"
    )
)
"""Words that say nothing of what a text is about."""


def words_in(text: str) -> tuple[str, ...]:
    """The words of a text as they are searched for, each once."""
    return tuple(dict.fromkeys(fold(word)[:40] for word in _WORD.findall(text)))


def subject(ticket: Ticket) -> tuple[str, ...]:
    """The words that say what a ticket is about, in its title and its answers; none of a sensitive one.

    Neither those of its type and its requestor, which would make tickets alike that have nothing else in common, nor
    those that any text has.
    """
    if ticket.is_sensitive:
        return ()
    who = ticket.requestor
    told = [value for name, value in ticket.answers.items() if name not in _WHO and isinstance(value, str)]
    others = {*words_in(" ".join([ticket.type.replace("_", " "), who.name, who.handle, who.team])), *_COMMON}
    return _subject([ticket.title, *told], others)


def subject_of(text: str) -> tuple[str, ...]:
    """The same words of any text."""
    return _subject([text], _COMMON)


def _subject(texts: Iterable[str], others: Collection[str]) -> tuple[str, ...]:
    words = words_in(" ".join(text[:LONGEST_TEXT] for text in texts))
    told = (word for word in words if len(word) >= SHORTEST_WORD or word.isdigit())
    return tuple(word for word in told if word not in others)[:MOST_WORDS]
