"""Who somebody in GitHub is in Slack: found by an equal e-mail address, for naming only, else the team is asked."""

from __future__ import annotations

import pytest
from pytest_mock import MockerFixture

from identity_bot.desk.links import Linking
from identity_bot.errors import Rejected, Retryable
from identity_bot.store import schema
from identity_bot.tickets.model import Ticket
from tests.support_desk import Office

TEAM = "C0TEAM"


@pytest.fixture
def ticket(office: Office) -> Ticket:
    """A ticket whose issue is open, and of which everybody has been told."""
    ticket = office.submit()
    office.work(60)
    return office.ticket(ticket)


def test_somebody_with_the_e_mail_address_of_a_colleague_is_mentioned_and_nobody_is_asked(
    office: Office, ticket: Ticket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    office.tracker.emails = {"octocat": "mona@sandbox.example"}
    office.chat.emails = {"mona@sandbox.example": "U0MARLO"}

    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"octocat"})))
    office.work(60)

    assert not [text for text in office.chat.texts(TEAM) if "Who is" in text]
    assert [text for text in office.chat.texts(TEAM) if text.startswith("<@U0MARLO>")]
    assert "mona@" not in caplog.text
    with office.store.reading() as connection:
        tables = [
            connection.exec_driver_sql(f"SELECT * FROM {name}").all() for name in schema.metadata.tables
        ]
    assert "mona@" not in str(tables)


def test_an_equal_e_mail_address_gives_nobody_more_than_a_name(office: Office, ticket: Ticket) -> None:
    office.tracker.emails = {"octocat": "mona@sandbox.example"}
    office.chat.emails = {"mona@sandbox.example": "U0MARLO"}
    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"octocat"})))
    office.work(60)

    assert office.people.mention("octocat") == "<@U0MARLO>"
    assert (office.people.slack_id("octocat"), office.people.login("U0MARLO")) == ("", "")


def test_a_removed_link_is_not_found_again_by_the_e_mail_address(office: Office, ticket: Ticket) -> None:
    office.tracker.emails = {"octocat": "mona@sandbox.example"}
    office.chat.emails = {"mona@sandbox.example": "U0MARLO"}
    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"octocat"})))
    office.work(60)
    Linking(store=office.store, people=office.people).unlink("U0MARLO")
    office.clock.move(40 * 24 * 3600)

    for assignees in (set(), {"octocat"}):
        office.desk.observe(office.tracker.edit(1, assignees=frozenset(assignees)))
        office.work(60)

    assert office.people.mention("octocat") == "octocat"
    assert len([text for text in office.chat.texts(TEAM) if "Who is" in text]) == 1


def test_somebody_of_another_organization_is_not_found_by_their_e_mail_address(
    office: Office, ticket: Ticket
) -> None:
    office.tracker.emails = {"octocat": "mona@sandbox.example"}
    office.chat.emails = {"mona@sandbox.example": "U0MARLO"}
    office.chat.outsiders = frozenset({"U0MARLO"})

    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"octocat"})))
    office.work(60)

    assert [text for text in office.chat.texts(TEAM) if "Who is *octocat*" in text]
    assert office.store.links() == ()


@pytest.mark.parametrize("error", [Rejected("Not Found"), Retryable("busy")])
def test_where_github_does_not_tell_who_somebody_is_the_team_is_asked(
    office: Office, ticket: Ticket, error: Exception, mocker: MockerFixture
) -> None:
    look_up = mocker.patch.object(office.tracker, "public_email", side_effect=[error, ""])

    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"octocat"})))
    office.work(60)

    assert [text for text in office.chat.texts(TEAM) if "Who is *octocat*" in text]
    assert look_up.call_count == (1 if isinstance(error, Rejected) else 2)


def test_while_slack_does_not_respond_the_team_is_asked_and_the_polls_go_on(
    office: Office, ticket: Ticket, mocker: MockerFixture
) -> None:
    office.tracker.emails = {"octocat": "mona@sandbox.example"}
    mocker.patch.object(office.chat, "find_colleague", side_effect=Retryable("busy"))

    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"octocat"})))
    office.work(60)

    assert [text for text in office.chat.texts(TEAM) if "Who is *octocat*" in text]


def test_a_person_whom_the_settings_name_is_nobody_else(office: Office, ticket: Ticket) -> None:
    office.tracker.emails = {"octocat": "sage@sandbox.example"}
    office.chat.emails = {"sage@sandbox.example": "U0SAGE"}

    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"octocat"})))
    office.work(60)

    assert [text for text in office.chat.texts(TEAM) if "Who is *octocat*" in text]
    assert office.store.links() == ()


def test_a_login_is_looked_up_once_a_month(office: Office, ticket: Ticket, mocker: MockerFixture) -> None:
    look_up = mocker.spy(office.tracker, "public_email")
    counts = []
    for days in (0, 20, 20):
        office.clock.move(days * 24 * 3600)
        for assignees in ({"Octocat"}, set(), {"octocat", "linden-brookmere"}, set()):
            office.desk.observe(office.tracker.edit(1, assignees=frozenset(assignees)))
            office.work(60)
        counts.append(look_up.call_count)

    assert counts == [1, 1, 2]
