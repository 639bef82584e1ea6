"""`identity-bot answers`: which answers help, and which do not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from identity_bot.articles.suggestion import ShownAnswer
from identity_bot.store.answers import ShownAnswers
from identity_bot.store.store import Store
from tests.support_cli import run
from tests.support_outbox import ticket

DAY = 86_400.0
NEW_YEAR = 1_798_761_600.0
"""January 1, 2027, in UTC."""


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """A database in which one answer solved it and another did not."""
    store = Store(database)
    store.migrate()
    shown = [
        ShownAnswer(
            view_id=view,
            type="mock_auth",
            source="articles",
            name=f"{name}.md",
            title=f"On {name}",
            url=f"https://docs.test/{name}",
            at=NEW_YEAR + DAY * day,
        )
        for view, name, day in (("V1", "codes", -1), ("V2", "codes", 0), ("V3", "users", 1))
    ]
    with store.begin() as transaction:
        transaction.add_ticket(ticket())
        ShownAnswers(transaction).add(shown)
        ShownAnswers(transaction).solve("V1", "articles", "codes.md")
        ShownAnswers(transaction).file("V3", ticket().id)
    yield store
    store.close()


def test_the_least_helpful_answer_comes_first_with_its_tickets(store: Store) -> None:
    code, said, _ = run("answers")

    head, *lines = said.splitlines()
    assert code == 0
    assert head.split("  ")[0] == "answer"
    assert [line.split() for line in lines] == [
        ["On", "users", "articles", "1", "0", "1", ticket().reference],
        ["On", "codes", "articles", "2", "1", "0"],
    ]


def test_json_has_everything(store: Store) -> None:
    _, said, _ = run("answers", "--json")

    assert json.loads(said)[0] == {
        "source": "articles",
        "name": "users.md",
        "title": "On users",
        "url": "https://docs.test/users",
        "shown": 1,
        "solved": 0,
        "not_solved": 1,
        "tickets": [ticket().reference],
    }


def test_since_counts_whole_days_of_utc(store: Store) -> None:
    counted = json.loads(run("answers", "--json", "--since", "2027-01-01")[1])

    assert {(one["name"], one["shown"], one["solved"]) for one in counted} == {
        ("users.md", 1, 0),
        ("codes.md", 1, 0),
    }


def test_nothing_shown_is_said(store: Store) -> None:
    assert run("answers", "--since", "2027-02-01")[:2] == (0, "no answers were shown since 2027-02-01\n")


@pytest.mark.parametrize("day", ["yesterday", "2027-13-01", "01/02/2027"])
def test_a_day_that_is_none_is_refused(store: Store, day: str) -> None:
    code, _, said = run("answers", "--since", day)

    assert code == 2
    assert "--since" in said
