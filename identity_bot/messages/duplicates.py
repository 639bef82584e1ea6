"""The words about a ticket that is a duplicate of another one."""

from __future__ import annotations

from collections.abc import Callable

from identity_bot.messages import words
from identity_bot.tickets.duplicates import DuplicateProblem, NotAnOriginal
from identity_bot.tickets.model import Ticket

EXAMPLE = "#12, owner/name#12 or the address of its issue"


def problem(error: NotAnOriginal, name_of: Callable[[Ticket], str] = words.number) -> str:
    """Why a ticket cannot be closed as a duplicate of what was named; plain text, `name_of` says what to call one."""
    named = name_of(error.other) if error.other and not error.other.is_sensitive else "That ticket"
    match error.problem:
        case DuplicateProblem.UNREADABLE:
            return f"Please write the ticket's number, such as {EXAMPLE}."
        case DuplicateProblem.UNKNOWN:
            return "We have no ticket by that number. Please check it."
        case DuplicateProblem.ELSEWHERE:
            return f"We have no ticket by that number there. If you mean {named}, please write it like that."
        case DuplicateProblem.ITSELF:
            return "This is the ticket itself. Please name the one that covers it."
        case DuplicateProblem.SENSITIVE:
            return (
                "That ticket is sensitive, so others must not be led to it. Please close this one without naming it, "
                "and tell the requestor in private."
            )
        case DuplicateProblem.GONE:
            return f"{named} no longer has an issue in GitHub. Please name another ticket."
        case DuplicateProblem.CIRCLE:
            return f"{named} was closed as a duplicate of this ticket. Please reopen it first, or name another one."
        case DuplicateProblem.DUPLICATE:
            return f"That ticket is a duplicate itself. Please name {named}, which covers both."


def note(original: Ticket) -> str:
    """On the card of a duplicate: which ticket covers it."""
    return f"Duplicate of {words.link(original)}"
