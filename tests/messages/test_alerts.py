"""What the team is told when an operator should fix something."""

from __future__ import annotations

from identity_bot.messages import alerts
from tests.slack.test_modal import ticket


def test_an_issue_that_is_gone_is_said_with_what_to_do() -> None:
    assert "was deleted" in alerts.gone(ticket(), None)
    assert "transferred to sandbox-org/elsewhere#3" in alerts.gone(ticket(), ("sandbox-org/elsewhere", 3))
