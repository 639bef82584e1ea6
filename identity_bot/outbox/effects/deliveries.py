"""The effect that hands an event to a plugin."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, replace
from typing import ClassVar

from identity_bot.outbox.effect import Context, Row, TicketEffect
from identity_bot.plugins.loader import Plugins
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import TICKETS, Event, Ticket, TicketState

log = logging.getLogger(__name__)


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
            log.warning("effect %s discarded: the plugin %r is not installed anymore", row.id, self.plugin)
            return
        ticket = replace(self.ticket(context), state=self.state)
        sink.deliver(ticket, self.event, self.idempotency_key)


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
