"""What people are told when they have text removed from a ticket."""

from __future__ import annotations

from identity_bot.messages import redactions
from identity_bot.tickets.model import Ticket
from tests.slack.test_modal import ticket


def test_of_a_ticket_that_may_have_been_moved_is_said_where_text_was_not_looked_for() -> None:
    def told(of: Ticket) -> str:
        return redactions.clear_history(of, is_removed=True, edited=(), refused=(), has_title=False)

    assert "messages in channels that link to the old issue" in told(ticket(is_sensitive=True))
    assert "before" not in told(ticket())
