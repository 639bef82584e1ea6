"""What people call the ticket that another one is a duplicate of, and which of them it can be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.tickets.duplicates import (
    DuplicateProblem,
    NotAnOriginal,
    TicketName,
    Tickets,
    check,
    name_in,
    read,
    resolve,
)
from identity_bot.tickets.model import Action, Change, CloseReason, Requested, Stage, Ticket, TicketState
from tests.support_outbox import ticket

MAIN, REVIEWS = "o/requests", "o/Reviews"


def numbered(number: int, repository: str = MAIN, *, of: Ticket | None = None, **changes: object) -> Ticket:
    """A ticket with this number, closed as a duplicate of another one if that is given."""
    made = ticket(f"{repository} {number}", repository=repository, number=number, **changes)
    if of is None:
        return replace(made, state=replace(made.state, stage=Stage.OPEN)) if "state" not in changes else made
    change = Change(action=Action.DUPLICATE, value=of.id)
    closed = TicketState(stage=Stage.CLOSED, close_reason=CloseReason.DUPLICATE)
    return replace(made, state=closed, requested=(Requested(by="U0SAGE", change=change, is_made=True),))


def world(*tickets: Ticket) -> Tickets:
    """Where these tickets are, and no others."""
    places = {(one.repository, one.number): one for one in tickets}
    return Tickets(
        at=lambda repository, number: places.get((repository, number)),
        by_id={one.id: one for one in tickets}.get,
        repositories=(MAIN, REVIEWS),
    )


def problem(about: Ticket, written: str, tickets: Tickets, here: str = MAIN) -> NotAnOriginal:
    """Why a ticket cannot be a duplicate of what was named."""
    with pytest.raises(NotAnOriginal) as refused:
        resolve(about, written, tickets, here=here)
    return refused.value


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("12", TicketName(number=12)),
        (" #12 ", TicketName(number=12)),
        ("Reviews#12", TicketName(number=12, where="reviews")),
        ("o/Reviews#12", TicketName(number=12, where="o/reviews")),
        ("https://github.com/o/Reviews/issues/12", TicketName(number=12, where="o/reviews")),
        ("<https://github.com/o/r/issues/12#issuecomment-3>", TicketName(number=12, where="o/r")),
        ("https://git.example.test/o/r/issues/12?a=b", TicketName(number=12, where="o/r")),
    ],
)
def test_a_ticket_can_be_named_in_each_of_these_ways(written: str, expected: TicketName) -> None:
    assert read(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "", "#", "twelve", "0", "-1", "1.5", "#12 #13", "12 or 13", "１２", "9" * 10, "a/b/c#1", "#12x",
        "https://github.com/o/r/pull/12", "https://github.com/o/r/issues/", "javascript:1#1", "x" * 400 + "#1",
        "https://user@evil.test/o/r/issues/1", "o/r#1\n#2",
    ],
)  # fmt: skip
def test_nothing_else_is_a_tickets_name(written: str) -> None:
    assert read(written) is None


@given(st.text(max_size=400))
def test_whatever_is_typed_is_read_or_refused(written: str) -> None:
    name = read(written)

    assert name is None or 0 < name.number < 10**9


def test_a_bare_number_is_that_of_the_repository_at_hand_and_no_other() -> None:
    new, first, other = numbered(5), numbered(12), numbered(12, REVIEWS)
    tickets = world(new, first, other)

    assert resolve(new, "12", tickets, here=MAIN) == first
    assert resolve(new, "#12", tickets, here=REVIEWS) == other
    assert resolve(new, "reviews#12", tickets, here=MAIN) == other
    assert resolve(new, "O/REVIEWS#12", tickets, here=MAIN) == other


def test_a_number_that_is_only_elsewhere_is_not_taken_for_it_but_offered() -> None:
    new, other = numbered(5), numbered(12, REVIEWS)

    found = problem(new, "12", world(new, other))

    assert (found.problem, found.other) == (DuplicateProblem.ELSEWHERE, other)


def test_what_cannot_be_the_original_is_said() -> None:
    new = numbered(5)
    secret = numbered(6, is_sensitive=True)
    gone = numbered(7, state=TicketState(stage=Stage.CLOSED, close_reason=CloseReason.DELETED))
    back = numbered(8, of=new)
    tickets = world(new, secret, gone, back)

    assert problem(new, "x", tickets).problem is DuplicateProblem.UNREADABLE
    assert problem(new, "99", tickets).problem is DuplicateProblem.UNKNOWN
    assert problem(new, "o/elsewhere#5", tickets).problem is DuplicateProblem.UNKNOWN
    assert problem(new, "5", tickets).problem is DuplicateProblem.ITSELF
    assert problem(new, "6", tickets).problem is DuplicateProblem.SENSITIVE
    assert problem(new, "7", tickets).problem is DuplicateProblem.GONE
    assert problem(new, "8", tickets).problem is DuplicateProblem.CIRCLE


def test_a_sensitive_ticket_may_be_a_duplicate_of_another_and_of_one_that_is_not() -> None:
    secret, other, plain = numbered(5, is_sensitive=True), numbered(6, is_sensitive=True), numbered(7)

    assert resolve(secret, "6", world(secret, other, plain), here=MAIN) == other
    assert resolve(secret, "7", world(secret, other, plain), here=MAIN) == plain


def test_of_a_chain_of_duplicates_the_last_one_is_offered() -> None:
    last = numbered(1)
    second = numbered(2, of=last)
    third = numbered(3, of=second)
    new = numbered(5)

    found = problem(new, "3", world(new, last, second, third))

    assert (found.problem, found.other) == (DuplicateProblem.DUPLICATE, last)


def test_a_circle_is_found_however_long_and_one_among_others_ends() -> None:
    new = numbered(5)
    first = numbered(1, of=new)
    second = numbered(2, of=first)
    one = numbered(8)
    other = numbered(9, of=one)
    one = numbered(8, of=other)

    assert problem(new, "2", world(new, first, second)).problem is DuplicateProblem.CIRCLE
    assert resolve(new, "8", world(new, one, other), here=MAIN) == one


def test_a_duplicate_that_was_reopened_can_be_an_original() -> None:
    last = numbered(1)
    reopened = replace(numbered(2, of=last), state=TicketState(stage=Stage.OPEN))
    new = numbered(5)

    check(new, reopened, {last.id: last}.get)


def test_a_duplicate_of_a_ticket_that_is_lost_can_be_an_original() -> None:
    check(numbered(5), numbered(2, of=numbered(1)), {}.get)


def test_below_an_issue_of_another_repository_the_name_has_its_repository() -> None:
    assert name_in("O/Requests", numbered(12)) == "#12"
    assert name_in(REVIEWS, numbered(12)) == "o/requests#12"
