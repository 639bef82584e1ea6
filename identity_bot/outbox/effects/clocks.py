"""Effects of tickets' clocks: tell people what is due, close what nobody tries, keep due times as promised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from identity_bot.messages import issue_comments
from identity_bot.outbox.effect import GITHUB, UPDATES, Context, Effect, Row, TicketEffect
from identity_bot.outbox.effects.issue_access import Seen, read_issue, settle_requests
from identity_bot.outbox.effects.issues import Comment
from identity_bot.store.clocks import in_queue
from identity_bot.store.transaction import BATCH, Transaction
from identity_bot.tickets import actions
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.model import Change, Stage


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


@dataclass(frozen=True, slots=True)
class _Closed:
    """Whether the issue was closed, and how it was seen meanwhile."""

    seen: Seen
    is_ours: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseUntried(TicketEffect):
    """Close the issue of a ticket that its requestor does not try, unless somebody has touched it since."""

    kind: ClassVar[str] = "close_untried"
    label: ClassVar[str] = "close a ticket that nobody tries"
    fixed_lane: ClassVar[str] = GITHUB
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True
    min_interval: ClassVar[float] = 1.0

    change: Change
    touched: float
    """When it was last touched, in seconds since the epoch."""

    def run(self, context: Context, row: Row) -> _Closed:
        ticket, seen = read_issue(context, context.tracker, self.ticket(context))
        if actions.is_so(ticket.state, self.change):
            return _Closed(seen, is_ours=row.verifications > 0)  # an attempt that was cut short
        if ticket.stage is not Stage.UAT or ticket.issue_updated_at > self.touched:
            return _Closed(seen, is_ours=False)
        try:
            patch = actions.plan(ticket, self.change)
        except Impossible:
            return _Closed(seen, is_ours=False)
        return _Closed((*seen, context.tracker.update_issue(ticket, patch, spoc_name="")), is_ours=True)

    def on_success(self, transaction: Transaction, context: Context, result: _Closed) -> None:
        made, not_made = ([self.change], []) if result.is_ours else ([], [self.change])
        settle_requests(
            transaction, context, self.ticket_id, "", made=made, not_made=not_made, seen=result.seen
        )
        if result.is_ours:
            transaction.enqueue(
                Comment(ticket_id=self.ticket_id, text=issue_comments.closed_untried(self.change.reason))
            )

    def on_failed(self, transaction: Transaction, context: Context, reason: str) -> None:
        settle_requests(transaction, context, self.ticket_id, "", not_made=[self.change])


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
