"""Links and claims: one login for each person and one person for each login; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytest_mock import MockerFixture

from identity_bot.errors import StoreError
from identity_bot.store.links import READ_AGAIN, Claim, KnownLinks, Links
from identity_bot.store.store import Store
from identity_bot.testing import Clock
from identity_bot.tickets.people import Link, LinkSource
from tests.support_outbox import PATIENCE, START, at_once

ADA, EVE = "U0ADA", "U0EVE"


def link(slack_id: str, login: str) -> Link:
    return Link(slack_id=slack_id, login=login, source=LinkSource.PROVED, at=START)


def saved(store: Store, *links: Link) -> list[bool]:
    with store.begin() as transaction:
        return [Links(transaction).save(one) for one in links]


def claim(slack_id: str, login: str, digest: str = "x", at: float = START) -> Claim:
    return Claim(slack_id=slack_id, login=login, digest=digest, at=at)


def test_a_link_is_known_at_once_and_spelled_as_it_was_written(store: Store) -> None:
    before = store.links()

    assert saved(store, link(ADA, "Ada-L")) == [True]

    assert before == ()
    assert store.links() == (link(ADA, "Ada-L"),)
    with store.begin() as transaction:
        assert Links(transaction).owner("ADA-l") == ADA
        assert Links(transaction).owner("eve") == ""


def test_a_login_that_is_somebodys_is_nobody_elses(store: Store) -> None:
    assert saved(store, link(ADA, "ada"), link(EVE, "eve"), link(EVE, "ADA")) == [True, True, False]

    assert store.links() == (link(ADA, "ada"), link(EVE, "eve"))


def test_a_new_link_takes_the_place_of_the_persons_old_one(store: Store) -> None:
    saved(store, link(ADA, "ada"), link(ADA, "ada-two"), link(EVE, "ada"))

    assert store.links() == (link(EVE, "ada"), link(ADA, "ada-two"))


def test_a_suggested_link_takes_nobodys_place_and_keeps_nobody_from_a_proof(store: Store) -> None:
    guess = replace(link(EVE, "ada"), source=LinkSource.EMAIL)
    saved(store, link(ADA, "ada-two"))
    with store.begin() as transaction:
        suggested = [Links(transaction).suggest(one) for one in (guess, replace(guess, slack_id=ADA), guess)]
        owner = Links(transaction).owner("ada")
    known = store.links()

    assert (suggested, owner, known) == ([True, False, False], "", (guess, link(ADA, "ada-two")))
    assert saved(store, link(ADA, "ada")) == [True]
    assert store.links() == (link(ADA, "ada"),)


def test_a_forgotten_link_is_not_suggested_again_but_can_be_proved(store: Store) -> None:
    guess = replace(link(ADA, "ada"), source=LinkSource.EMAIL)
    with store.begin() as transaction:
        links = Links(transaction)
        links.suggest(guess)
        forgotten = [links.forget(ADA, START), links.forget(ADA, START), links.forget(EVE, START)]
        suggested = [
            links.suggest(one) for one in (guess, replace(guess, login="two"), replace(guess, slack_id=EVE))
        ]
    known = store.links()

    assert (forgotten, suggested, known) == ([guess, None, None], [False, False, False], ())
    assert saved(store, link(EVE, "ada")) == [True]


def test_of_many_who_get_a_login_at_once_one_has_it(store: Store) -> None:
    results: list[bool] = []

    def get(who: str) -> Callable[[], None]:
        return lambda: results.extend(saved(store, link(who, "ada")))

    at_once(*[get(f"U0{number}") for number in range(6)])

    assert sorted(results) == [False] * 5 + [True]
    assert len(store.links()) == 1


def test_a_removed_link_is_gone_at_once(store: Store) -> None:
    saved(store, link(ADA, "ada"))
    with store.begin() as transaction:
        removed = Links(transaction).remove(ADA), Links(transaction).remove(EVE)

    assert removed == (link(ADA, "ada"), None)
    assert store.links() == ()


def test_what_is_undone_is_not_known(store: Store) -> None:
    def fail() -> None:
        with store.begin() as transaction:
            Links(transaction).save(link(ADA, "ada"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert store.links() == ()


def test_another_process_sees_a_change_within_seconds(database_url: str) -> None:
    clock = Clock()
    one, other = (Store(database_url, clock, patience=PATIENCE) for _ in range(2))
    before = other.links()
    saved(one, link(ADA, "ada"))
    meanwhile = other.links()
    clock.move(READ_AGAIN)

    assert (before, meanwhile) == ((), ())
    assert other.links() == (link(ADA, "ada"),)
    assert other.links() is other.links()
    one.close()
    other.close()


def test_while_the_database_cannot_be_read_who_was_known_stays_known(mocker: MockerFixture) -> None:
    clock = Clock()
    read = mocker.Mock(side_effect=[(link(ADA, "ada"),), StoreError("it is locked"), ()])
    known = KnownLinks(read, clock)
    seen = []
    for _ in range(3):
        seen += [known(), known()]
        clock.move(READ_AGAIN)

    assert seen == [(link(ADA, "ada"),)] * 4 + [()] * 2
    assert read.call_count == 3


def test_a_claim_takes_the_place_of_the_persons_others_and_all_are_counted(store: Store) -> None:
    with store.begin() as transaction:
        links = Links(transaction)
        links.add_claim(claim(ADA, "ada", "1", START - 10))
        links.add_claim(claim(EVE, "Ada", "2"))
        links.add_claim(claim(ADA, "ADA", "3"))
        of_login, counted = links.claims_of("ada"), links.count_claims(ADA, START - 11)
        recent = links.count_claims(ADA, START - 1)
        links.void_claims(ADA)
        left = links.claims_of("ada"), links.count_claims(ADA, 0.0)

    assert sorted(one.digest for one in of_login) == ["2", "3"]
    assert (counted, recent) == (2, 1)
    assert left == ([claim(EVE, "Ada", "2")], 2)


def test_old_claims_are_forgotten(store: Store) -> None:
    with store.begin() as transaction:
        Links(transaction).add_claim(claim(ADA, "ada", "1", START - 10))
        Links(transaction).add_claim(claim(EVE, "eve", "2"))
        count = transaction.clean_up(done_before=0.0, processed_before=0.0, claimed_before=START)

        assert count == 1
        assert Links(transaction).count_claims(ADA, 0.0) == 0
        assert Links(transaction).count_claims(EVE, 0.0) == 1
