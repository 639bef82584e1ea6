"""Tickets look alike that are about the same: not those of one type, team or requestor; on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from identity_bot.store.similar import RARE, RECENT, Similar
from identity_bot.store.store import Store
from identity_bot.text.redaction import REDACTED
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import CloseReason, Stage, Ticket, TicketState
from tests.support_outbox import START, ticket

OPEN = TicketState(stage=Stage.OPEN)
DONE = TicketState(stage=Stage.CLOSED, close_reason=CloseReason.COMPLETED)
SIGN_INS = "Data pull for Benefits: Sign-ins per credential since spring"


@pytest.fixture
def similar(store: Store) -> Similar:
    return Similar(store)


def about(number: int, title: str, *, answer: str = "", **changes: Any) -> Ticket:
    """A ticket about something, one day after the one before."""
    given: dict[str, Any] = {
        "type": "data_pull",
        "answers": {"data_needed": answer, "team": "Benefits", "name": "Juniper Vale"},
        "submitted_at": START + number * DAY,
        "repository": "o/n",
        "number": number,
        "title": title,
        "state": OPEN,
    }
    return ticket(f"V{number}", **(given | changes))


def keep(store: Store, *tickets: Ticket) -> None:
    with store.begin() as transaction:
        for one in tickets:
            transaction.add_ticket(one)


def numbers(found: list[Ticket]) -> list[int | None]:
    return [one.number for one in found]


def test_two_identical_tickets_look_alike_and_the_later_one_shows_the_earlier(
    store: Store, similar: Similar
) -> None:
    first, second = about(1, SIGN_INS), about(2, SIGN_INS)
    keep(store, first, second, about(3, "Data pull for Benefits: Addresses of unverified accounts"))

    assert numbers(similar.to(second)) == [1]
    assert similar.to(first) == []


def test_tickets_of_one_type_team_and_requestor_have_nothing_in_common(
    store: Store, similar: Similar
) -> None:
    keep(store, *(about(number, "Data pull: Benefits") for number in range(1, 6)))

    assert similar.to(about(9, "Data pull: Benefits")) == []
    assert similar.to(about(9, "Data pull for Benefits: Juniper Vale asks")) == []


def test_tickets_whose_titles_say_nothing_are_compared_by_their_answers(
    store: Store, similar: Similar
) -> None:
    keep(
        store,
        about(1, "Data pull: Benefits", answer="Monthly sign-ins by credential provider"),
        about(2, "Data pull: Benefits", answer="Addresses of unverified accounts"),
    )

    found = similar.to(
        about(9, "Data pull: Benefits", answer="sign-ins monthly, per credential provider please")
    )

    assert numbers(found) == [1]


def test_what_differs_in_its_number_is_something_else(store: Store, similar: Similar) -> None:
    title = "PR review: vets-api pull request {} (Benefits)"
    keep(store, *(about(number, title.format(number), type="pr_review", answers={}) for number in (1, 2, 3)))

    assert numbers(similar.to(about(9, title.format(2), type="pr_review", answers={}))) == [2]
    assert similar.to(about(9, title.format(7), type="pr_review", answers={})) == []


def test_the_most_alike_come_first_and_there_are_at_most_three(store: Store, similar: Similar) -> None:
    title = "Login redirect loses cookies mobile"
    keep(
        store,
        about(1, "Login redirect loses profile claims"),
        *(about(number, title) for number in (2, 3, 4)),
        about(5, "Login redirect loses cookies desktop"),
    )

    found = similar.to(about(9, title))

    assert numbers(found) == [4, 3, 2]
    assert numbers(similar.to(about(9, title), limit=4)) == [4, 3, 2, 5]


def test_closed_ones_are_shown_if_that_is_not_long_ago(store: Store, similar: Similar) -> None:
    new = about(200, SIGN_INS)
    earliest = new.submitted_at - RECENT * DAY
    keep(
        store,
        about(1, SIGN_INS, state=DONE, closed_at=earliest - 1),
        about(2, SIGN_INS, state=DONE, closed_at=earliest),
        about(3, SIGN_INS, state=DONE, closed_at=new.submitted_at + 400 * DAY),
    )

    assert numbers(similar.to(new)) == [3, 2]


def test_a_sensitive_ticket_is_like_none_and_none_is_like_it(store: Store, similar: Similar) -> None:
    secret = about(1, "", is_sensitive=True, answer="Sign-ins per credential since spring")
    keep(store, secret, about(2, SIGN_INS))

    assert numbers(similar.to(about(9, SIGN_INS))) == [2]
    assert similar.to(replace(about(9, SIGN_INS), is_sensitive=True)) == []


def test_a_ticket_that_became_sensitive_is_found_no_more(store: Store, similar: Similar) -> None:
    before = about(1, SIGN_INS)
    keep(store, before)
    with store.begin() as transaction:
        transaction.save(replace(before, is_sensitive=True, title=""))

    assert similar.to(about(9, SIGN_INS)) == []


def test_what_was_removed_from_a_ticket_finds_it_no_more(store: Store, similar: Similar) -> None:
    before = about(1, "Data pull: Benefits", answer="zanzibar-nine quokka-eleven")
    keep(store, before)
    asked = about(9, "Data pull: Benefits", answer="zanzibar-nine quokka-eleven")
    assert numbers(similar.to(asked)) == [1]

    with store.begin() as transaction:
        transaction.save(before.redacted(lambda text: REDACTED if "zanzibar" in text else text))

    assert similar.to(asked) == []


def test_a_ticket_whose_issue_is_gone_is_not_shown(store: Store, similar: Similar) -> None:
    for number, reason in enumerate((CloseReason.DELETED, CloseReason.MOVED), 1):
        keep(store, about(number, SIGN_INS, state=replace(DONE, close_reason=reason)))

    assert similar.to(about(9, SIGN_INS)) == []


def test_a_ticket_without_an_issue_is_not_shown(store: Store, similar: Similar) -> None:
    keep(store, replace(about(1, SIGN_INS), number=None, state=TicketState(stage=Stage.SUBMITTED)))

    assert similar.to(about(9, SIGN_INS)) == []


@pytest.mark.parametrize(
    "title",
    ["", "x", "🙂", "' OR 1=1; --", "%_%", "a" * 3_000, "a b c d e f", "\ufeff", "<!channel> <@U1> `x`"],
)
def test_whatever_a_title_says_it_can_be_looked_for(store: Store, similar: Similar, title: str) -> None:
    keep(store, about(1, SIGN_INS))

    assert similar.to(about(9, title)) == []
    assert similar.completed(title, has=bool) == []


def test_words_that_everybody_uses_make_nobody_alike(store: Store, similar: Similar) -> None:
    keep(store, *(about(number, f"Login page thing{number}") for number in range(1, RARE + 5)))

    assert similar.to(about(999, "Login page unheard")) == []
    assert numbers(similar.to(about(999, "Login page thing7"))) == [7]


def test_completed_tickets_answer_a_question_and_no_others_do(store: Store, similar: Similar) -> None:
    title = "Mocked sign-in returns a blank page with DS Logon"
    keep(
        store,
        about(1, title, state=DONE),
        about(2, title),
        about(3, title, state=replace(DONE, close_reason=CloseReason.NOT_PLANNED)),
        about(4, title, state=DONE, is_sensitive=True),
        about(5, "Something else", state=DONE),
    )

    assert numbers(similar.completed("I get a blank page from DS Logon", has=bool)) == [1]
    assert similar.completed("I get a blank page from DS Logon", has=lambda one: False) == []
    assert similar.completed("page", has=bool) == []
