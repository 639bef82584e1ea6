"""Effects on the team's cards: draw one as its ticket is now, and those that show a ticket as similar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from identity_bot.messages import duplicates, queue
from identity_bot.outbox.effect import UPDATES, Context, Row, TicketEffect, slack_lane
from identity_bot.outbox.effects.home import publish_homes
from identity_bot.outbox.effects.issue_access import with_names
from identity_bot.outbox.effects.messages import find_posted
from identity_bot.plugins.loader import Plugins
from identity_bot.store.similar import Similar
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import MessageRef, Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawCard(TicketEffect):
    """Draw the team's card as the ticket is now: post it, and from then on edit it in place."""

    kind: ClassVar[str] = "draw_card"
    label: ClassVar[str] = "draw the card"
    is_unique: ClassVar[bool] = True
    min_interval: ClassVar[float] = 1.0

    channel: str
    opened_at: float | None = None
    """When the issue was opened, of an adopted ticket's first card."""

    @property
    def lane(self) -> str:
        return slack_lane(self.channel)

    def run(self, context: Context, row: Row) -> MessageRef:
        ticket = self.ticket(context)
        key = self._key(ticket, row)
        if ticket.card is None:
            posted = find_posted(context, ticket, self.channel, key, opened_at=self.opened_at)
            ticket = replace(ticket, card=posted)
        request_type = context.plugins.of(ticket.type)
        return context.chat.show_card(
            with_names(ticket, request_type, context) if request_type and not ticket.is_sensitive else ticket,
            request_type.form if request_type else None,
            channel=self.channel,
            idempotency_key=key,
            now=context.store.clock(),
            notes=_notes(ticket, context),
        )

    def find_result(self, context: Context, row: Row) -> MessageRef | None:
        since, key = row.earliest(context.store.clock()), self._key(self.ticket(context), row)
        return context.chat.find_message(self.channel, key, since, thread_ts=None)

    def on_success(self, transaction: Transaction, context: Context, result: MessageRef) -> None:
        ticket = transaction.ticket(self.ticket_id)
        if ticket and ticket.card != result:
            transaction.save(replace(ticket, card=result))
        publish_homes(transaction)

    def _key(self, ticket: Ticket, row: Row) -> str:
        """The ticket's first card can be found without the effect that posted it; one in its place cannot."""
        return row.idempotency_key if ticket.card else f"card:{self.ticket_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RedrawSimilar(TicketEffect):
    """Have the cards drawn again that show a ticket as similar, with its stage and some words of its title."""

    kind: ClassVar[str] = "redraw_similar"
    label: ClassVar[str] = "draw the cards of similar tickets"
    fixed_lane: ClassVar[str] = UPDATES
    is_repeatable: ClassVar[bool] = True

    text: str = ""
    """The words of its subject, if it has just become sensitive and must be shown no more."""

    @property
    def unique_key(self) -> str:
        return self.content_key if self.text else f"{self.kind}:{self.ticket_id}"

    def run(self, context: Context, row: Row) -> tuple[str, ...]:
        """The ids of the tickets on whose cards it may be."""
        found = Similar(context.store).after(self.ticket(context), self.text.split())
        return tuple(one.id for one in found if one.card)

    def on_success(self, transaction: Transaction, context: Context, result: tuple[str, ...]) -> None:
        for ticket_id in result:
            transaction.enqueue(DrawCard(ticket_id=ticket_id, channel=context.settings.team_channel))


def _notes(ticket: Ticket, context: Context) -> list[str]:
    """What its card says of other tickets: which one it is a duplicate of, and which look alike.

    Those are looked for each time it is drawn, which takes some milliseconds, and stay the same; when one of them gets
    another stage, the card is drawn again.
    """
    original = context.store.ticket(ticket.duplicate_of) if ticket.duplicate_of else None
    notes = [duplicates.note(original)] if original else []
    return [*notes, *similar_lines(Similar(context.store), context.plugins, ticket, but=original)]


def similar_lines(
    similar: Similar, plugins: Plugins, ticket: Ticket, *, but: Ticket | None = None
) -> list[str]:
    """A line of mrkdwn for each ticket that looks like this one, but for the one that it is said to be."""
    alike = [one for one in similar.to(ticket) if but is None or one.id != but.id]
    return [queue.similar(one, plugins.title_of(one.type)) for one in alike]
