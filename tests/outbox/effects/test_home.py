"""Home tabs that people may be looking at are published again, once for a burst of changes, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from identity_bot.outbox.effects.home import MOST_WATCHING, WATCHED
from identity_bot.tickets.model import Action, Priority
from identity_bot.tickets.overview import Choices
from tests.support_desk import Office

LINDEN = "U0LINDEN"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.store.close()


def look(office: Office, *slack_ids: str, choices: Choices | None = None) -> None:
    with office.store.begin() as transaction:
        for slack_id in slack_ids:
            transaction.open_home(slack_id, choices or Choices())


def test_who_looks_sees_a_change_with_what_they_have_chosen(office: Office) -> None:
    chosen = Choices(type="pr_review", priority=Priority.HIGH)
    look(office, LINDEN, choices=chosen)

    office.submit()
    office.work(30)

    [(slack_id, home)] = office.chat.homes
    assert (slack_id, home.choices, home.is_team) == (LINDEN, chosen, True)


def test_nobody_is_published_for_who_has_left(office: Office) -> None:
    look(office, LINDEN)
    office.clock.move(WATCHED + 1)

    office.submit()
    office.work(30)

    assert office.chat.homes == []


def test_of_a_thousand_who_look_the_latest_are_kept_up_to_date(office: Office) -> None:
    for number in range(1000):
        office.clock.move(0.001)
        look(office, f"U{number:04}")

    office.submit()
    office.work(120)

    assert len(office.chat.homes) == MOST_WATCHING
    assert "U0999" in {slack_id for slack_id, _ in office.chat.homes}


def test_a_burst_of_changes_is_published_once(office: Office) -> None:
    ticket = office.submit()
    office.work(30)
    look(office, LINDEN)

    for action, value in (
        (Action.CRITICAL, ""),
        (Action.TARGET, "2027-02-01"),
        (Action.SPOC, "sage-hollowell"),
    ):
        office.click(office.ticket(ticket), action, value, by="U0INDIGO")
    office.work(30)

    assert 1 <= len(office.chat.homes) <= 3
