"""The words of a ticket's clocks stay right in messages, which Slack draws again on later days."""

from __future__ import annotations

from identity_bot.messages import clocks
from identity_bot.tickets.business_time import HOUR
from tests.support_outbox import START, ticket

OWED = ticket(response_due=START + HOUR)


def test_only_what_is_drawn_again_says_today() -> None:
    """Lists stand in messages, too: the digest's."""
    [listed, _] = clocks.facts(OWED, START)
    [(_, shown)] = clocks.state(OWED, START)

    assert "^{date_short} at {time}|" in listed
    assert "^{date_short_pretty} at {time}|" in shown
