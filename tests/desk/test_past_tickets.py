"""Closed tickets answer those who have the same problem; nothing that only the team may read is among them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from identity_bot.desk.past_tickets import PastTickets
from identity_bot.text.privacy import Additions
from identity_bot.tickets.model import Action, CloseReason, Ticket
from tests.support_desk import COMMON, JUNIPER, Office

INDIGO = "U0INDIGO"
SETTINGS_OF_OTHERS = {"repository": "o/others", "restricted_repository": None}
PROBLEM = "Blank page after signing in\nIt happens with *every* account since Tuesday, <b>always</b>."
ASKED = "I get a blank page after signing in"


@pytest.fixture
def past(office: Office) -> PastTickets:
    return PastTickets(office.store, office.plugins, office.settings)


def closed(
    office: Office, view: str = "V1", *, reason: str = "completed", comments: str = PROBLEM, **changes: Any
) -> Ticket:
    """A ticket about a problem that was solved."""
    answers = COMMON | {"credential": "dslogon", "environment": "local", "comments": comments} | changes
    ticket = office.desk.submit("mock_auth", answers, JUNIPER, submission=view, origin=None)
    office.work(30)
    if reason:
        office.click(ticket, Action.CLOSE, reason, by=INDIGO)
        office.work(30)
    return office.ticket(ticket)


def test_a_completed_ticket_answers_with_its_first_words_and_a_link(
    office: Office, past: PastTickets
) -> None:
    ticket = closed(office)

    [answer] = past.search(ASKED)

    assert (answer.title, answer.name) == ("Mocked authentication: Blank page after signing in", "ticket:1")
    assert answer.text == f"```text\n{PROBLEM}\n```"
    assert answer.url == ticket.url
    assert "Juniper" not in str(answer)


def test_without_words_of_their_own_the_issues_title_says_what_it_was_about(
    office: Office, past: PastTickets
) -> None:
    closed(office, comments="")

    [answer] = past.search("mocked authentication with DS Logon, local")

    assert (answer.title, answer.text) == ("Mocked authentication: DS Logon, Local (Benefits)", "")


@pytest.mark.parametrize("reason", ["", "not planned", "duplicate"])
def test_what_is_open_or_was_not_done_answers_nothing(office: Office, past: PastTickets, reason: str) -> None:
    closed(office, reason=reason)

    assert past.search(ASKED) == []


def test_what_only_the_team_may_read_answers_nothing(office: Office, past: PastTickets) -> None:
    secret = office.desk.submit(
        "data_pull",
        COMMON | {"sensitive": True, "data_needed": PROBLEM},
        JUNIPER,
        submission="V1",
        origin=None,
    )
    office.work(30)
    office.click(secret, Action.APPROVE, by=INDIGO)
    office.work(30)
    office.click(secret, Action.CLOSE, "completed", by=INDIGO)
    office.work(30)
    assert office.ticket(secret).state.close_reason is CloseReason.COMPLETED

    assert past.search(ASKED) == []
    assert past.search(PROBLEM) == []


def test_a_request_that_began_in_private_answers_nobody_else(office: Office, past: PastTickets) -> None:
    answers = COMMON | {"credential": "dslogon", "environment": "local", "comments": PROBLEM}
    ticket = office.desk.submit("mock_auth", answers, JUNIPER, submission="V1", origin=None, is_private=True)
    office.work(30)
    office.click(ticket, Action.CLOSE, "completed", by=INDIGO)
    office.work(30)

    assert past.search(ASKED) == []


def test_a_ticket_in_a_repository_that_is_no_longer_watched_answers_nothing(office: Office) -> None:
    closed(office)
    elsewhere = replace(office.plugins.adopted, settings=SETTINGS_OF_OTHERS)
    plugins = replace(office.plugins, types={}, adopted=elsewhere)

    assert PastTickets(office.store, plugins, office.settings).search(ASKED) == []


def test_the_settings_can_switch_it_off(office: Office) -> None:
    closed(office)
    settings = replace(office.settings, answers={"closed_tickets": False})

    assert PastTickets(office.store, office.plugins, settings).search(ASKED) == []


def test_what_was_removed_from_a_ticket_stays_removed(office: Office, past: PastTickets) -> None:
    ticket = closed(office, comments=f"{PROBLEM} The user is zanzibar-nine.")

    office.click(ticket, Action.REDACT, "zanzibar-nine", by=INDIGO)
    office.work(60)

    [answer] = past.search(ASKED)
    assert "zanzibar" not in str(answer)
    assert "[redacted]" in answer.text
    assert past.search("zanzibar nine") == []


def test_at_most_as_many_as_are_wanted_the_latest_first(office: Office, past: PastTickets) -> None:
    for number in range(5):
        closed(office, f"V{number}")
        office.clock.move(3600)

    assert [one.name for one in past.search(ASKED)] == ["ticket:5", "ticket:4", "ticket:3"]
    assert len(past.search(ASKED, limit=1)) == 1


@pytest.mark.parametrize(
    "text", ["", "a", "page", "🙂", "x" * 3_000, "' OR 1=1; --", "%", "blank " * 900, "\x00"]
)
def test_whatever_is_typed_can_be_searched_for(office: Office, past: PastTickets, text: str) -> None:
    closed(office)

    assert past.search(text) == []


def test_what_was_asked_in_private_answers_nobody_else(office: Office, past: PastTickets) -> None:
    answers = COMMON | {"credential": "dslogon", "environment": "local", "comments": PROBLEM}
    ticket = office.desk.submit("mock_auth", answers, JUNIPER, submission="V1", origin=None, is_private=True)
    office.work(30)
    office.click(ticket, Action.CLOSE, "completed", by=INDIGO)
    office.work(30)
    assert office.ticket(ticket).is_private

    assert past.search(ASKED) == []


def test_what_the_team_calls_personal_is_hidden_in_an_older_ticket(office: Office) -> None:
    """The pattern came into the settings after the ticket was filed."""
    closed(office, comments=f"{PROBLEM} Case zz-4711.")
    additions = Additions(patterns=(r"zz-\d+",))
    past = PastTickets(office.store, office.plugins, replace(office.settings, privacy=additions))

    [answer] = past.search(ASKED)

    assert "4711" not in str(answer)
    assert "[redacted]" in answer.text


def test_a_long_answer_shows_its_beginning(office: Office, past: PastTickets) -> None:
    closed(office, comments=f"{PROBLEM}\n" + "and so on ``` " * 190)

    [answer] = past.search(ASKED)

    assert len(answer.text) < 1_000
    assert "left out" in answer.text
