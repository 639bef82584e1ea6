"""What the acts share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from identity_bot.desk.desk import Desk
from identity_bot.errors import Rejected
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Effect, Ticket


class DeskAct(ABC):
    """An act of which there is nothing to find and from which nothing follows, unless it says otherwise."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @abstractmethod
    def do(self, effect: Effect) -> Any:
        """Acts on the outside world; the result is kept as JSON."""

    def look(self, effect: Effect) -> Any | None:
        """The result of an act whose outcome is unknown, if its trace can be found."""
        return None

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        """Writes what follows from the act, in the transaction that marks it done."""
        return

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        """Writes what follows from a refusal; False where nothing does and the effect is to be parked."""
        return False

    def ticket(self, effect: Effect) -> Ticket:
        """The effect's ticket as it now is."""
        ticket = self._desk.ticket(effect.ticket_id or "")
        if ticket is None:
            raise Rejected("its ticket is not in the database")
        return ticket


def mark(effect: Effect) -> str:
    """What tells the trace of an effect from all others, of other databases too, whose ids may be the same."""
    return f"{effect.id}/{effect.created_at!r}"
