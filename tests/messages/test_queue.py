"""The words of lists: everything that a row needs in plain words, and nothing that it must not show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from identity_bot.messages import queue
from identity_bot.tickets.calendar import team_day
from identity_bot.tickets.model import (
    Approval,
    Event,
    EventKind,
    MessageKind,
    Person,
    Priority,
    Stage,
    TicketMessage,
    TicketState,
)
from identity_bot.tickets.overview import Numbers
from identity_bot.tickets.people import People
from identity_bot.tickets.service_levels import ServiceLevels
from tests.support_outbox import START, ticket

PEOPLE = People([{"slack": "U0LINDEN", "github": "linden"}])
LATE = team_day(START) - timedelta(days=1)
DUE = TicketState(
    stage=Stage.IN_PROGRESS,
    priority=Priority.HIGH,
    assignees=("linden", "sage"),
    target=LATE,
)
ONE = ServiceLevels().follow(
    ticket(number=7, url="https://github.test/7", title="Fix *this* <@U0SAGE>", state=DUE, is_urgent=True),
    START,
)


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("PR review: vets-api pull request 7", "PR review: vets-api pull request 7"),
        ("PR review for Benefits: vets-api", "PR review for Benefits: vets-api"),
        ("pr review", "pr review"),
        ("Look at vets-api", "PR review: Look at vets-api"),
        ("", "PR review"),
    ],
)
def test_a_title_that_begins_with_the_type_says_it_once(title: str, said: str) -> None:
    row = queue.row(replace(ONE, title=title), "PR review", PEOPLE, START)

    assert row.partition("\n")[0].endswith(f"* {said}")


def test_a_row_says_everything_in_words() -> None:
    assert queue.row(ONE, "PR review", PEOPLE, START + 3 * 86_400) == (
        "*<https://github.test/7|#7>* PR review: Fix ∗this∗ &lt;@U0SAGE&gt;\n"
        f"In progress · Urgent · High priority · Assigned to <@U0LINDEN>, sage · "
        f"Overdue by 3 days · Due {LATE:%B} {LATE.day}, {LATE.year} · 3 days old · Juniper Vale, Benefits"
    )


def test_a_row_names_its_type_once() -> None:
    said = queue.row(replace(ONE, title="PR review: Juniper Vale"), "PR review", PEOPLE, START)

    assert said.startswith("*<https://github.test/7|#7>* PR review: Juniper Vale\n")


def test_a_row_of_a_sensitive_ticket_has_neither_title_nor_link() -> None:
    said = queue.row(replace(ONE, is_sensitive=True), "Data pull", PEOPLE, START)

    assert said.startswith("*#7* Data pull\n")
    assert "Sensitive" in said
    assert "Fix" not in said


def test_a_row_of_a_ticket_that_has_nothing_yet() -> None:
    said = queue.row(ticket(requestor=Person(slack_id="")), "PR review", PEOPLE, START)

    assert (
        "Submitted · No priority · Unassigned · No target date · Requested today · Requestor unknown" in said
    )


def test_a_closed_ticket_says_how_long_it_took() -> None:
    closed = replace(ONE, state=TicketState(stage=Stage.CLOSED), closed_at=START + 2 * 86_400.0)

    assert "Took 2 days" in queue.row(closed, "PR review", PEOPLE, START + 9 * 86_400)


def test_numbers_above_a_thousand_are_not_counted() -> None:
    found = Numbers(open=1000, unassigned=999, overdue=0, uat=1, urgent=2)

    assert queue.numbers(found).startswith("*1,000+* open · *999* unassigned")


def test_every_open_stage_says_what_happens_next() -> None:
    assert set(queue.NEXT_STEP) == set(Stage) - {Stage.CLOSED}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (TicketState(stage=Stage.ACCEPTED, approval=Approval.NEEDED), "approves or declines it"),
        (TicketState(stage=Stage.OPEN, approval=Approval.DECLINED), "it was declined"),
        (TicketState(stage=Stage.UAT, approval=Approval.NEEDED), "Please try it"),
        (TicketState(approval=Approval.NEEDED, is_waiting=True), "Please answer"),
        (TicketState(stage=Stage.ACCEPTED, approval=Approval.APPROVED), "releases or closes it"),
    ],
)
def test_what_is_not_approved_waits_for_that_next(state: TicketState, said: str) -> None:
    assert said in queue.next_step(ticket(state=state))


@pytest.mark.parametrize("kind", EventKind)
def test_everything_that_happens_has_a_line_in_the_history(kind: EventKind) -> None:
    happened = Event(kind=kind, ticket_id="t", at=START, by="U0LINDEN")

    assert queue.event(happened, PEOPLE).endswith(" by <@U0LINDEN>")


def test_what_somebody_wrote_is_shown_as_they_wrote_it() -> None:
    reply = TicketMessage(
        ticket_id="t", kind=MessageKind.REPLY, at=START, text="<!channel> *now*", author="U0JUNIPER", ts="1"
    )

    said = queue.said(reply, PEOPLE)

    assert "<@U0JUNIPER>" in said
    assert "<!channel>" not in said


def test_a_long_update_keeps_its_links_whole() -> None:
    link = "<https://github.test/requests/issues/1|#1>"
    update = TicketMessage(
        ticket_id="t", kind=MessageKind.UPDATE, at=START, text=f"{'y' * 280} {link}", ts="1"
    )

    assert link in queue.said(update, PEOPLE)
