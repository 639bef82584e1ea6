"""Which ticket another one is a duplicate of: read from what people write, and whether it may be so. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from identity_bot.errors import IdentityBotError
from identity_bot.text.names import fold
from identity_bot.tickets.lifecycle import is_gone
from identity_bot.tickets.model import Action, Change, Ticket

LONGEST = 300
"""Characters of a ticket's name, which may be the address of its issue."""
FARTHEST = 20
"""How many duplicates of each other are followed to the ticket that is none."""

_NAME = re.compile(
    r"(?:(?P<where>[A-Za-z0-9._-]{1,100}(?:/[A-Za-z0-9._-]{1,100})?)?#)?(?P<number>[1-9]\d{0,8})", re.ASCII
)
_LINK = re.compile(
    r"<?https?://[^\s/?#@]{1,200}/(?P<where>[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100})/issues/"
    r"(?P<number>[1-9]\d{0,8})/?(?:[?#][^\s<>]*)?>?",
    re.ASCII,
)


class DuplicateProblem(StrEnum):
    """Why a ticket cannot be closed as a duplicate of another one."""

    UNREADABLE = "not a ticket's number"
    UNKNOWN = "no such ticket"
    ELSEWHERE = "no such ticket here, but one of that number in another repository"
    ITSELF = "the same ticket"
    SENSITIVE = "a sensitive ticket, while this one is not"
    GONE = "a ticket without an issue"
    CIRCLE = "a duplicate of this ticket"
    DUPLICATE = "a duplicate of a third ticket"


class NotAnOriginal(IdentityBotError):
    """A ticket cannot be closed as a duplicate of what was named; `messages/duplicates.py` says why."""

    def __init__(self, problem: DuplicateProblem, other: Ticket | None = None) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.other = other
        """The ticket that was named or, for ELSEWHERE and DUPLICATE, the one that was probably meant."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketName:
    """What somebody calls a ticket: its number, and the folded name of its repository, with or without the owner."""

    number: int
    where: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tickets:
    """Where to look tickets up, by their issue and by their id; neither may lock them."""

    at: Callable[[str, int], Ticket | None]
    by_id: Callable[[str], Ticket | None]
    repositories: Sequence[str]
    """Those that the bot watches, the main one first."""


def read(written: str) -> TicketName | None:
    """The ticket in `12`, `#12`, `reviews#12`, `owner/name#12` or the address of an issue; None in anything else."""
    if len(written) > LONGEST:
        return None
    found = _NAME.fullmatch(written.strip()) or _LINK.fullmatch(written.strip())
    return TicketName(number=int(found["number"]), where=fold(found["where"] or "")) if found else None


def resolve(ticket: Ticket, written: str, tickets: Tickets, *, here: str) -> Ticket:
    """The ticket that `ticket` is said to be a duplicate of; raises NotAnOriginal if it cannot be.

    A number without a repository is that of an issue in the repository `here`.
    """
    name = read(written)
    if name is None:
        raise NotAnOriginal(DuplicateProblem.UNREADABLE)
    names = {one: (fold(one), fold(one.rpartition("/")[2])) for one in tickets.repositories}
    meant = [one for one in tickets.repositories if name.where in names[one]] if name.where else [here]
    found = next(filter(None, (tickets.at(one, name.number) for one in meant)), None)
    if found is None and not name.where:
        others = [tickets.at(one, name.number) for one in tickets.repositories if one != here]
        near = [one for one in others if one and not is_hidden_from(ticket, one) and one.id != ticket.id]
        raise (
            NotAnOriginal(DuplicateProblem.ELSEWHERE, near[0])
            if near
            else NotAnOriginal(DuplicateProblem.UNKNOWN)
        )
    if found is None:
        raise NotAnOriginal(DuplicateProblem.UNKNOWN)
    check(ticket, found, tickets.by_id)
    return found


def check(ticket: Ticket, original: Ticket | None, by_id: Callable[[str], Ticket | None]) -> None:
    """Raise NotAnOriginal if `ticket` cannot be closed as a duplicate of the other one."""
    if original is None or original.number is None:
        raise NotAnOriginal(DuplicateProblem.UNKNOWN)
    if original.id == ticket.id:
        raise NotAnOriginal(DuplicateProblem.ITSELF)
    if is_hidden_from(ticket, original):
        raise NotAnOriginal(DuplicateProblem.SENSITIVE, original)
    if is_gone(original):
        raise NotAnOriginal(DuplicateProblem.GONE, original)
    final, seen = original, {original.id}
    while final.duplicate_of and final.duplicate_of not in seen and len(seen) < FARTHEST:
        if (following := by_id(final.duplicate_of)) is None:
            break
        if following.id == ticket.id:
            raise NotAnOriginal(DuplicateProblem.CIRCLE, original)
        seen.add(following.id)
        final = following
    if final.id == original.id or final.duplicate_of in seen:
        return  # where others are duplicates of each other, any of them will do
    if is_hidden_from(ticket, final):
        raise NotAnOriginal(DuplicateProblem.SENSITIVE, original)
    raise NotAnOriginal(DuplicateProblem.DUPLICATE, final)


def is_unsaid(ticket: Ticket, change: Change) -> bool:
    """Whether a change names the ticket that this one is a duplicate of, and nobody has been told of it."""
    return change.action is Action.DUPLICATE and ticket.duplicate_of != change.value


def is_hidden_from(ticket: Ticket, other: Ticket) -> bool:
    """Whether those who read one ticket may not be led to the other."""
    return other.is_sensitive and not ticket.is_sensitive


def name_in(repository: str, other: Ticket) -> str:
    """What GitHub makes a link to another ticket's issue of, below an issue in `repository`."""
    number = f"#{other.number}"
    return number if fold(repository) == fold(other.repository) else f"{other.repository}{number}"
