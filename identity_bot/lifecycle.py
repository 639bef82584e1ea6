"""What a change of an issue means for its ticket: (ticket, snapshot) → ticket and lifecycle events. Pure."""

from __future__ import annotations

from dataclasses import replace

from identity_bot.model import Event, EventKind, IssueSnapshot, Stage, Ticket


def observe(ticket: Ticket, snapshot: IssueSnapshot, at: float) -> tuple[Ticket, tuple[Event, ...]]:
    """The ticket as the issue now shows it, and what people are to be told of; seen twice, nothing is new."""
    if ticket.stage is Stage.SUBMITTED:
        opened = replace(
            ticket,
            stage=Stage.OPEN,
            repository=snapshot.repository,
            number=snapshot.number,
            url=snapshot.url,
        )
        return opened, (Event(kind=EventKind.CREATED, ticket_id=ticket.id, at=at),)
    return ticket, ()
