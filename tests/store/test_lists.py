"""Lists show what a query asks for, in the queue's order and page by page; on both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from identity_bot.store.clocks import in_queue
from identity_bot.store.lists import RARE, Lists
from identity_bot.store.store import Store
from identity_bot.text.names import fold
from identity_bot.tickets.calendar import DAY, team_day
from identity_bot.tickets.model import Person, Priority, Stage, Ticket, TicketState
from identity_bot.tickets.query import MOST_COUNTED, Due, Query, rank, searched, turn, week_end
from identity_bot.tickets.service_levels import ServiceLevels, is_overdue
from tests.support_outbox import START, ticket

TODAY = team_day(START)
LEVELS = ServiceLevels()
TITLES = ("Fix the login page", "Sign-ins per credential", "Login fails with DS Logon", "")


def some(count: int, seed: int = 1) -> Iterator[Ticket]:
    """Tickets of all sorts, made by chance."""
    chance = random.Random(seed)
    for number in range(count):
        stage = chance.choice([Stage.OPEN, Stage.ASSIGNED, Stage.UAT, Stage.CLOSED])
        target = chance.choice([None, TODAY + timedelta(days=chance.randrange(-9, 20))])
        made = ticket(
            f"V{number}",
            type=chance.choice(["pr_review", "data_pull"]),
            requestor=Person(
                slack_id=chance.choice(["U0JUNIPER", "U0SAGE"]),
                handle=chance.choice(["juniper.vale", "sage"]),
                name="Juniper",
                team=chance.choice(["Benefits", "Café"]),
            ),
            submitted_at=START - chance.randrange(40) * DAY,
            state=TicketState(
                stage=stage,
                priority=chance.choice([None, *Priority]),
                assignees=chance.choice([(), ("linden",), ("Sage", "linden")]),
                spoc=chance.choice(["", "sage"]),
                target=target,
            ),
            is_urgent=chance.random() < 0.2,
            is_sensitive=chance.random() < 0.2,
            repository="o/n",
            number=number + 1,
            title=chance.choice(TITLES),
        )
        yield LEVELS.follow(made, START)


def keep(store: Store, *tickets: Ticket) -> None:
    with store.begin() as transaction:
        for one in tickets:
            transaction.add_ticket(one)


QUERIES = [
    Query(),
    Query(is_open=False),
    Query(is_open=None),
    Query(assignee=""),
    Query(assignee="SAGE"),
    Query(spoc="sage", is_open=None),
    Query(stages=(Stage.UAT,)),
    Query(stages=(Stage.UAT, Stage.OPEN), types=("pr_review",)),
    Query(priorities=(Priority.HIGH, Priority.LOW)),
    Query(is_urgent=True),
    Query(is_sensitive=True),
    Query(due=Due.OVERDUE),
    Query(due=Due.OVERDUE, is_open=None),
    Query(due=Due.THIS_WEEK),
    Query(due=Due.NONE),
    Query(requestor="U0SAGE", is_open=None),
    Query(handle="SAGE"),
    Query(team="café"),
    Query(older_than=20),
    Query(words=("login",)),
    Query(words=("login", "benefits"), is_open=None),
    Query(words=("nowhere",)),
    Query(words=("juniper",), visible_to="U0SAGE", is_open=None),
]


def is_in(ticket: Ticket, query: Query, today: date, now: float) -> bool:
    """Whether a list shows a ticket; `now` is in seconds since the epoch."""
    state, who = ticket.state, ticket.requestor
    target = state.target
    logins = [fold(login) for login in state.assignees]
    checks = (
        query.is_open in (None, ticket.stage is not Stage.CLOSED),
        not query.stages or ticket.stage in query.stages,
        not query.types or ticket.type in query.types,
        not query.priorities or state.priority in query.priorities,
        query.is_urgent in (None, ticket.is_urgent),
        query.is_sensitive in (None, ticket.is_sensitive),
        query.assignee is None or (fold(query.assignee) in logins if query.assignee else not logins),
        query.spoc is None or fold(query.spoc) == fold(state.spoc),
        query.requestor in ("", who.slack_id),
        not query.handle or fold(query.handle) == fold(who.handle),
        not query.team or fold(query.team) == fold(who.team),
        query.due is not Due.OVERDUE
        or (is_overdue(ticket, now) if query.is_open else target is not None and target < today),
        query.due is not Due.THIS_WEEK or (target is not None and today <= target <= week_end(today)),
        query.due is not Due.NONE or target is None,
        ticket.submitted_at <= now - query.older_than * DAY,
        set(query.words) <= set(searched(ticket)),
        query.visible_to in ("", who.slack_id),
    )
    return all(checks)


def test_lists_show_what_a_naive_filter_finds_in_the_order_of_the_queue(store: Store) -> None:
    tickets = list(some(120))
    keep(store, *tickets)
    lists = Lists(store)

    for query in QUERIES:
        wanted = [one for one in tickets if is_in(one, query, TODAY, START)]
        if query.is_open:
            wanted.sort(key=lambda one: (rank(one, START), turn(one), one.id))
        else:
            wanted.sort(key=lambda one: (one.submitted_at, one.id), reverse=True)
        found, after = [], ""
        while True:
            page = lists.page(query, limit=7, after=after)
            found += page.tickets
            after = page.next
            if not after:
                break

        assert [one.id for one in found] == [one.id for one in wanted], query
        assert lists.count(query) == len(wanted), query


def test_a_change_moves_a_ticket_to_its_new_place(store: Store) -> None:
    first, second = ticket("V1", number=1), ticket("V2", number=2)
    keep(store, first, second)
    lists = Lists(store)
    with store.begin() as transaction:
        found = transaction.ticket(second.id)
        assert found
        transaction.save(replace(found, title="New words", is_urgent=True))

    assert [one.number for one in lists.page(Query(), limit=5).tickets] == [2, 1]
    assert [one.number for one in lists.page(Query(words=("words",)), limit=5).tickets] == [2]
    with store.begin() as transaction:
        transaction.save(second)

    assert lists.page(Query(words=("words",)), limit=5).tickets == ()


@pytest.mark.parametrize("after", ["", "nonsense", "[1]", '{"a": 1}', '["x", 1, "y"]', "[1, 2, 3]"])
def test_a_place_that_cannot_be_read_is_the_beginning(store: Store, after: str) -> None:
    keep(store, ticket("V1", number=1))

    assert len(Lists(store).page(Query(), limit=5, after=after).tickets) == 1


def test_what_is_due_comes_before_what_is_not_and_first_once_it_is_overdue(store: Store) -> None:
    waits, late = ticket("V1", number=1, submitted_at=START - 60), ticket("V2", number=2)
    keep(
        store,
        waits,
        replace(late, resolution_due=START + DAY),
        ticket("V3", number=3, state=TicketState(priority=Priority.LOW)),
    )
    lists = Lists(store)
    before = [one.number for one in lists.page(Query(), limit=5).tickets]

    store.clock.now = START + DAY  # type: ignore[attr-defined]
    with store.begin() as transaction:
        [found] = [one for one in in_queue(transaction, "", 100) if one.number == 2]
        transaction.save(found)

    assert before == [3, 2, 1]
    assert [one.number for one in lists.page(Query(), limit=5).tickets] == [2, 3, 1]
    assert lists.count(Query(due=Due.OVERDUE)) == 1


def test_what_many_tickets_have_is_counted_and_found_too(store: Store) -> None:
    keep(store, *(ticket(f"V{number}", number=number, title="common") for number in range(1, RARE + 20)))
    lists = Lists(store)

    assert lists.count(Query(words=("common",))) == RARE + 19 < MOST_COUNTED
    assert len(lists.page(Query(words=("common",)), limit=50).tickets) == 50
