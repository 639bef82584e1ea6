"""Effects of tickets' clocks: tell people what is due or overdue, and keep due times as the settings promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from identity_bot.outbox.effect import UPDATES, Context, Effect, TicketEffect
from identity_bot.store.clocks import in_queue
from identity_bot.store.transaction import BATCH, Transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalate(TicketEffect):
    """A ticket's timer: when it rings, people are told what is due or overdue, and it is set again for what follows.

    There is one for each ticket, which is put off or brought forward as what is due changes.
    """

    kind: ClassVar[str] = "escalate"
    label: ClassVar[str] = "tell what is due"
    fixed_lane: ClassVar[str] = UPDATES
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        context.clocks.escalate(transaction, self.ticket_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecomputeDueTimes(Effect):
    """Bring the due times of open tickets up to date when the bot starts: its settings may promise something else."""

    kind: ClassVar[str] = "recompute_due_times"
    label: ClassVar[str] = "compute when tickets are due"
    fixed_lane: ClassVar[str] = "cleaning"
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True

    after: str = ""
    """The id of the last ticket that was looked at."""

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        # A batch at a time, as nobody else can write to SQLite meanwhile.
        tickets = in_queue(transaction, self.after, BATCH)
        context.clocks.recompute(transaction, tickets)
        if len(tickets) == BATCH:
            transaction.enqueue(RecomputeDueTimes(after=tickets[-1].id))
