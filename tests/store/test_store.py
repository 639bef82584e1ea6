"""The store keeps what it is given and finds it again, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import text

from identity_bot.store.store import Store
from identity_bot.text.markdown import clean
from identity_bot.tickets.model import (
    Action,
    Change,
    CloseReason,
    MessageRef,
    Person,
    Priority,
    Requested,
    Stage,
    TicketState,
)
from tests.support_outbox import START, Note, enqueue, explained, statements, ticket


def test_a_ticket_comes_back_as_it_was_kept(store: Store) -> None:
    kept = ticket(
        state=TicketState(
            stage=Stage.IN_PROGRESS,
            priority=Priority.HIGH,
            assignees=("a-login", "b-login"),
            spoc="slack:U1",
            target=date(2027, 3, 1),
        ),
        headline="New ticket",
        issue_updated_at=START,
        inconsistency="odd",
        requested=(
            Requested(
                by="U1", change=Change(action=Action.CLOSE, value="completed", reason="no longer needed")
            ),
        ),
        last_notified=TicketState(
            stage=Stage.CLOSED, close_reason=CloseReason.DUPLICATE, target=date(2027, 3, 2)
        ),
        is_direct=True,
        is_urgent=True,
        is_sensitive=True,
        number=12,
        url="https://github.test/12",
        origin=MessageRef(channel="C1", ts="1.2", link="https://slack.test/1"),
        thread=MessageRef(channel="C2", ts="1.3"),
        card=MessageRef(channel="C3", ts="1.4"),
        answers={"yes": True, "count": 3, "list": ["a", "b"], "person": {"id": "U1", "name": "Ann"}},
    )

    with store.begin() as transaction:
        transaction.add_ticket(kept)

    assert store.ticket(kept.id) == kept


@pytest.mark.parametrize(
    "hostile",
    [
        "\N{PILE OF POO}" * 3000,
        "\N{HEBREW LETTER ALEF}\N{ARABIC LETTER BEH} \N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
        "one\x00two \x1b[31m \ud800 lone",
        "'; DROP TABLE tickets; -- %s %(name)s :name {}",
        "<!channel> @everyone <!-- identity-bot:end -->",
    ],
    ids=["emoji", "right-to-left", "controls", "quotes", "markup"],
)
def test_hostile_text_is_kept_letter_for_letter(store: Store, hostile: str) -> None:
    text = clean(hostile)
    asked_by = Person(slack_id="U1", handle=text, name=text, team=text)
    kept = ticket(requestor=asked_by, answers={"comments": text}, url=text)

    with store.begin() as transaction:
        transaction.add_ticket(kept)

    assert store.ticket(kept.id) == kept
    assert store.last_team("U1") == text


def test_answers_survive_characters_that_no_text_column_takes(store: Store) -> None:
    """Answers are JSON, so that even uncleaned ones come back."""
    kept = ticket(answers={"comments": "one\x00two\ud800"})

    with store.begin() as transaction:
        transaction.add_ticket(kept)

    assert store.ticket(kept.id) == kept


def test_a_ticket_that_nobody_knows_is_none(store: Store) -> None:
    assert store.ticket("nobody's") is None
    assert store.ticket_at("sandbox-org/identity-requests", 1) is None
    with store.begin() as transaction:
        assert transaction.ticket("nobody's") is None
        assert transaction.ticket_at("sandbox-org/identity-requests", 1) is None


def test_a_ticket_is_found_by_its_issue(store: Store) -> None:
    kept = ticket(number=12)
    with store.begin() as transaction:
        transaction.add_ticket(kept)
        transaction.add_ticket(ticket("V2", number=13))

    assert store.ticket_at(kept.repository, 12) == kept
    assert store.ticket_at("sandbox-org/identity-restricted", 12) is None


def test_the_last_team_is_that_of_the_newest_ticket(store: Store) -> None:
    for number, team in enumerate(["Benefits", "Education", ""]):
        asked_by = Person(slack_id="U1" if team else "U2", team=team)
        with store.begin() as transaction:
            transaction.add_ticket(ticket(f"V{number}", requestor=asked_by, submitted_at=START + number))

    assert store.last_team("U1") == "Education"
    assert store.last_team("U2") == ""
    assert store.last_team("U3") == ""


def test_a_worker_hears_of_work_after_the_commit_and_only_then(store: Store) -> None:
    heard: list[bool] = []

    def hear() -> None:
        with store.reading() as connection:
            heard.append(connection.execute(text("SELECT count(*) FROM outbox")).scalar() == 1)

    def enqueue_and_fail() -> None:
        with store.begin() as transaction:
            transaction.enqueue(Note())
            raise ZeroDivisionError

    store.on_work = hear

    with store.begin() as transaction:
        transaction.add_ticket(ticket())
    with pytest.raises(ZeroDivisionError):
        enqueue_and_fail()
    enqueue(store, Note())

    assert heard == [True]


# How the database is asked


def test_the_newest_ticket_of_a_person_is_found_by_an_index(store: Store) -> None:
    with statements(store) as seen:
        store.last_team("U1")

    assert re.search("(SEARCH|Index).*tickets_of_requestor", explained(store, *seen[-1]))


def test_a_ticket_is_found_by_its_issue_by_an_index(store: Store) -> None:
    with statements(store) as seen:
        store.ticket_at("sandbox-org/identity-requests", 1)

    [asked] = [one for one in seen if "SELECT" in one[0]]
    assert re.search("(SEARCH|Index).*tickets.*(autoindex|repository_number)", explained(store, *asked))
