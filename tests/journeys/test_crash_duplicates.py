"""The crash test of a ticket that is closed as a duplicate: both issues say so once, whatever is cut short."""

from __future__ import annotations

import pytest

from identity_bot.tickets.model import Action, Change
from tests.support_crash import REPOSITORY, TEAM, Accidents, Life, crash, life, on_sqlite

__all__ = ("life",)

INDIGO, LEAD = "U0INDIGO", "indigo-marshwick"


@on_sqlite
@pytest.mark.parametrize("name", ["change_issue", "credit_action", "comment", "news", "draw_card"])
def test_a_crash_between_the_two_issues_loses_nothing_and_doubles_nothing(life: Life, name: str) -> None:
    """Between the act and its transaction, and in that transaction before it commits."""
    life.submit()
    life.run()
    github = life.sandbox.github
    github.open_issue(REPOSITORY, "The same", actor=LEAD, labels=["identity-slackbot"])
    life.bot.desk.observe(life.bot.tracker.get_issue(REPOSITORY, 2))
    life.run()
    life.clock.move(60)
    assert life.ticket
    ticket = life.bot.desk.ticket(life.ticket.id)
    assert ticket
    original = life.bot.desk.original(ticket, "#2")
    life.accidents = Accidents(roles={name}, after=crash, within=crash)

    life.bot.desk.change(ticket.id, Change(action=Action.DUPLICATE, value=original.id), by=INDIGO)
    life.run()
    life.clock.move(2000)
    life.run()

    assert life.accidents.seen == [f"after {name}", f"within {name}"]
    [said] = [one.body for one in github.comments(REPOSITORY, 1)]
    [noted] = [one.body for one in github.comments(REPOSITORY, 2)]
    assert said.startswith("Duplicate of #2\n\n`Indigo Marshwick` closed this as a duplicate via Slack.")
    assert noted.startswith("#1 was closed as a duplicate of this ticket.")
    [news] = life.news()
    assert "It continues there" in news
    [card] = [
        one.text for one in life.sandbox.slack.messages(TEAM) if "*Stage:* Closed as a duplicate" in one.text
    ]
    assert "Duplicate of" in card
    assert life.count()["not done"] == {}
