"""Many at once: webhooks, polls, clicks, comments and tellings touch the same tickets, on both databases."""

from __future__ import annotations

from pathlib import Path

from identity_bot.errors import Impossible
from identity_bot.outbox.effects.acts import acts
from identity_bot.outbox.worker import Worker
from identity_bot.tickets.model import Action, IssueComment, Ticket
from tests.support_desk import Office
from tests.support_outbox import at_once, states

REQUESTS = "sandbox-org/identity-requests"
LOGINS = ("linden-brookmere", "sage-hollowell", "indigo-marshwick")
COUNT = 4


def test_nobody_waits_for_each_other_and_all_is_told_once(tmp_path: Path, database_url: str) -> None:
    """Observed in crossed order, with copied markers, clicked and commanded, while four workers tell."""
    office = Office(tmp_path, database_url=database_url)
    tickets = [office.submit(view=f"V{number}") for number in range(COUNT)]
    office.work(10, has_pace=False)
    office.clock.move(60)
    parts = acts(office.desk, office.tracker, office.chat)
    workers = [Worker(office.outbox, parts, parked=office.desk.teller.parked) for _ in range(4)]

    def see(first: int) -> None:
        for step in range(3 * COUNT):
            number = 1 + (first + (step if first % 2 else -step)) % COUNT
            other = tickets[number % COUNT]
            office.desk.observe(
                office.tracker.hand(number, ticket_id=other.id, assignees=frozenset({LOGINS[step % 3]}))
            )

    def click(ticket: Ticket) -> None:
        for priority in ("high", "low"):
            try:
                office.click(ticket, Action.PRIORITY, priority, by="U0INDIGO")
            except Impossible:
                continue

    def say(number: int) -> None:
        office.desk.hear(
            IssueComment(
                repository=REQUESTS,
                number=number,
                id=number,
                author=LOGINS[0],
                body="/help",
                created_at=office.clock(),
            )
        )

    at_once(
        *[lambda first=first: see(first) for first in range(4)],
        *[lambda ticket=ticket: click(ticket) for ticket in tickets],
        *[lambda number=number: say(number) for number in range(1, COUNT + 1)],
        *[lambda worker=worker: worker.run_due() for worker in workers],
    )
    office.work(100, has_pace=False)

    for number, ticket in enumerate(map(office.ticket, tickets), 1):
        assert ticket.number == number
        assert ticket.told
        assert ticket.state == ticket.told.now
        assert set(ticket.state.assignees) == office.tracker.snapshot(number).assignees
    assert len([text for text in office.chat.texts("C0TEAM") if text.startswith("New ticket")]) == COUNT
    assert sorted(office.tracker.reactions) == [(number, "+1") for number in range(1, COUNT + 1)]
    assert set(states(office.outbox)) == {"done"}
    office.store.close()
