"""The effect that hands an event to a plugin."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, replace
from typing import ClassVar

from identity_bot.errors import Retryable
from identity_bot.messages import alerts
from identity_bot.outbox.effect import Context, Row, TicketEffect
from identity_bot.plugins.loader import Plugins
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import TICKETS, Event, Ticket, TicketState

log = logging.getLogger(__name__)

GRACE = 3600.0
"""Seconds that an event waits for a plugin which is not there: another process may have it, or it may be back soon."""
TOLD_AFTER = 5
"""Attempts after which the team is told that a plugin fails: what a moment mends is no news."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliver(TicketEffect):
    """Deliver an event to a plugin, at least once, in the plugin's own lane."""

    kind: ClassVar[str] = "deliver"
    label: ClassVar[str] = "deliver an event to a plugin"
    is_repeatable: ClassVar[bool] = True
    reruns: ClassVar[bool] = False

    plugin: str
    event: Event
    state: TicketState
    """What the event led to."""
    idempotency_key: str

    @property
    def lane(self) -> str:
        return f"plugin:{self.plugin}"

    @property
    def unique_key(self) -> str:
        return f"{self.kind}:{self.plugin}:{self.idempotency_key}"

    def run(self, context: Context, row: Row) -> None:
        sink = context.plugins.sinks.get(self.plugin)
        if sink is None:
            if context.store.clock() - row.created_at < GRACE:
                raise Retryable(f"the plugin {self.plugin!r} is not installed here")
            log.warning("effect %s discarded: the plugin %r is not installed anymore", row.id, self.plugin)
            return
        ticket = replace(self.ticket(context), state=self.state)
        if request_type := context.plugins.of(ticket.type):
            ticket = request_type.migrated(ticket)
        try:
            sink.deliver(ticket, self.event, self.idempotency_key)
        except Retryable as error:
            if row.attempts + 1 == TOLD_AFTER:
                context.plugins.failures.keep(self.plugin, "deliver", error.__cause__ or error)
            raise

    def on_failed(self, transaction: Transaction, context: Context, reason: str) -> None:
        context.notifier.alert(transaction, alerts.delivery_failed(self.plugin), again_after=DAY)


def record(transaction: Transaction, plugins: Plugins, ticket: Ticket, event: Event) -> None:
    """Keep an event, and have it delivered to the plugins that get the ticket's events."""
    transaction.add_event(event)
    # A ticket has no two events of one kind at one time.
    key = str(uuid.uuid5(TICKETS, f"{event.ticket_id} {event.kind.value} {event.at!r}"))
    event = replace(
        event, original=None
    )  # another ticket, with answers that may be redacted while this waits
    for name, sink in plugins.sinks.items():
        if sink.wants(ticket):
            transaction.enqueue(
                Deliver(
                    ticket_id=ticket.id, plugin=name, event=event, state=ticket.state, idempotency_key=key
                )
            )
