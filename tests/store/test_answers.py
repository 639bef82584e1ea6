"""Which answers were shown, on both databases: each once for a view, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_mock import MockerFixture

from identity_bot.articles.suggestion import Outcome, ShownAnswer, Tally
from identity_bot.store.answers import ShownAnswers, shown_before, tallies
from identity_bot.store.store import Store
from identity_bot.testing import Clock
from identity_bot.tickets.model import reference
from tests.support_outbox import PATIENCE, ticket

NOON = 1_800_000_000.0


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url, Clock(), patience=PATIENCE)
    yield store
    store.close()


def shown(name: str, *, view: str = "V1", source: str = "articles", at: float = NOON) -> ShownAnswer:
    return ShownAnswer(
        view_id=view, type="mock_auth", source=source, name=name, title=f"On {name}", url="", at=at
    )


def add(store: Store, *several: ShownAnswer) -> None:
    with store.begin() as transaction:
        ShownAnswers(transaction).add(several)


def solve(store: Store, view: str, name: str) -> bool:
    with store.begin() as transaction:
        return ShownAnswers(transaction).solve(view, "articles", name)


def file(store: Store, view: str, ticket_id: str) -> None:
    with store.begin() as transaction:
        ShownAnswers(transaction).file(view, ticket_id)


def outcomes(store: Store, view: str = "V1") -> dict[str, Outcome]:
    with store.begin() as transaction:
        return {one.name: one.outcome for one in ShownAnswers(transaction).of_view(view)}


def test_an_answer_counts_once_for_each_view(store: Store) -> None:
    add(store, shown("a"), shown("a"), shown("b"))
    add(store, shown("a", at=NOON + 9), shown("a", view="V2"))

    assert {(one.name, one.shown) for one in tallies(store)} == {("a", 2), ("b", 1)}


def test_an_answer_that_solved_it_counts_once(store: Store) -> None:
    add(store, shown("a"), shown("b"))

    solved = [solve(store, "V1", "a"), solve(store, "V1", "a"), solve(store, "V1", "b")]

    assert solved == [True, False, False]
    assert outcomes(store) == {"a": Outcome.SOLVED, "b": Outcome.SHOWN}


def test_what_a_ticket_settles_meanwhile_has_not_solved_it(postgres_url: str, mocker: MockerFixture) -> None:
    """With SQLite, one process writes at a time."""
    store = Store(postgres_url, Clock(), patience=PATIENCE)
    add(store, shown("a"))
    read = ShownAnswers.of_view

    def read_then_filed(self: ShownAnswers, view: str) -> list[ShownAnswer]:
        seen = read(self, view)
        file(store, view, "00000000-0000-4000-8000-000000000001")
        return seen

    mocker.patch.object(ShownAnswers, "of_view", read_then_filed)
    is_new = solve(store, "V1", "a")

    mocker.stopall()
    assert is_new is False
    assert outcomes(store) == {"a": Outcome.NOT_SOLVED}
    store.close()


@pytest.mark.parametrize(("view", "name"), [("V2", "a"), ("V1", "c"), ("", ""), ("V" * 500, "a")])
def test_what_was_not_shown_cannot_have_solved_it(store: Store, view: str, name: str) -> None:
    add(store, shown("a"))

    assert solve(store, view, name) is False
    assert outcomes(store) == {"a": Outcome.SHOWN}


def test_a_ticket_settles_what_its_form_had_shown(store: Store) -> None:
    """And nothing in other forms. What was said to have solved it has not, if a ticket was filed all the same."""
    add(store, shown("a"), shown("b"), shown("a", view="V2"), shown("c", view="V3"))
    solve(store, "V3", "c")

    for view in ("V1", "V3"):
        file(store, view, ticket().id)

    assert outcomes(store) == {"a": Outcome.NOT_SOLVED, "b": Outcome.NOT_SOLVED}
    assert outcomes(store, "V2") == {"a": Outcome.SHOWN}
    assert outcomes(store, "V3") == {"c": Outcome.NOT_SOLVED}
    assert [one.name for one in shown_before(store, ticket().id)] == ["a", "b", "c"]
    assert solve(store, "V1", "a") is False


def test_answers_without_a_ticket_belong_to_none(store: Store) -> None:
    add(store, shown("a"))

    assert shown_before(store, "") == []


def test_answers_are_counted_by_source_the_least_helpful_first(store: Store) -> None:
    filed = ticket()
    with store.begin() as transaction:
        transaction.add_ticket(filed)
    add(store, shown("a"), shown("b", view="V2"), shown("b"), shown("a", view="V3", source="type:mock_auth"))
    solve(store, "V2", "b")
    file(store, "V1", filed.id)

    counted = tallies(store)

    def tally(name: str, source: str, *numbers: int, tickets: tuple[str, ...] = ()) -> Tally:
        total, solved, not_solved = numbers
        return Tally(
            source=source,
            name=name,
            title=f"On {name}",
            url="",
            shown=total,
            solved=solved,
            not_solved=not_solved,
            tickets=tickets,
        )

    behind = (reference(filed.id),) if filed.number is None else (f"#{filed.number}",)
    assert counted == [
        tally("a", "articles", 1, 0, 1, tickets=behind),
        tally("b", "articles", 2, 1, 1, tickets=behind),
        tally("a", "type:mock_auth", 1, 0, 0),
    ]


def test_only_what_was_shown_since_then_is_counted(store: Store) -> None:
    add(store, shown("old", at=NOON - 1), shown("new", view="V2"))

    assert [one.name for one in tallies(store, since=NOON)] == ["new"]
