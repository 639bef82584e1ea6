"""A transaction writes facts and what follows from them together or not at all; on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from identity_bot.outbox.outbox import Outbox
from identity_bot.outbox.queue import Queue
from identity_bot.store import schema
from identity_bot.store.store import Store
from identity_bot.store.transaction import BATCH, Transaction
from identity_bot.testing import Clock
from identity_bot.tickets.model import Event, EventKind, MessageKind, Stage, TicketMessage, TicketState
from tests.support_outbox import (
    START,
    Note,
    at_once,
    enqueue,
    explained,
    statements,
    ticket,
    waiting,
)

REQUESTS, RESTRICTED = "sandbox-org/identity-requests", "sandbox-org/identity-restricted"


def add(store: Store, *submissions: str) -> None:
    for submission in submissions:
        with store.begin() as transaction:
            assert transaction.add_ticket(ticket(submission))


# Tickets


def test_a_second_ticket_of_the_same_id_changes_nothing(store: Store) -> None:
    first = ticket(answers={"comments": "first"})

    with store.begin() as transaction:
        was_new = transaction.add_ticket(first)
    with store.begin() as transaction:
        was_new_again = transaction.add_ticket(ticket(answers={"comments": "second"}))

    assert (was_new, was_new_again) == (True, False)
    assert store.ticket(first.id) == first


def test_of_many_tickets_of_one_id_at_once_one_is_new(store: Store) -> None:
    def submit() -> bool:
        with store.begin() as transaction:
            is_new = transaction.add_ticket(ticket())
            if is_new:
                transaction.enqueue(Note())
            else:
                assert transaction.ticket(ticket().id) == ticket()
            return is_new

    results = at_once(*[submit] * 16)

    assert sorted(map(bool, results)) == [False] * 15 + [True]
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM outbox")).scalar() == 1


def test_two_changes_of_one_ticket_at_once_do_not_overwrite_each_other(store: Store) -> None:
    """A ticket read in a transaction is locked until its end."""
    add(store, "V1")

    def count_up() -> None:
        with store.begin() as transaction:
            found = transaction.ticket(ticket().id)
            assert found
            transaction.save(ticket(answers={"count": found.answers.get("count", 0) + 1}))

    at_once(*[count_up] * 8)

    found = store.ticket(ticket().id)
    assert found
    assert found.answers == {"count": 8}


def test_an_error_in_a_transaction_undoes_all_of_it(store: Store) -> None:
    def write_and_fail() -> None:
        with store.begin() as transaction:
            transaction.add_ticket(ticket())
            transaction.add_event(Event(kind=EventKind.CREATED, ticket_id=ticket().id, at=START))
            transaction.enqueue(Note())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()

    with store.reading() as connection:
        for table in schema.metadata.sorted_tables:
            assert connection.execute(table.select()).all() == []


def test_open_tickets_are_those_with_an_open_issue_in_the_repository(store: Store) -> None:
    kept = {
        "new": ticket("new"),
        "open": ticket("open", number=1, state=TicketState()),
        "accepted": ticket("accepted", number=2, state=TicketState(stage=Stage.ACCEPTED)),
        "closed": ticket("closed", number=3, state=TicketState(stage=Stage.CLOSED)),
        "elsewhere": ticket("elsewhere", number=1, state=TicketState(), repository=RESTRICTED),
    }
    with store.begin() as transaction:
        for one in kept.values():
            transaction.add_ticket(one)

        found = transaction.open_tickets(REQUESTS)

    assert sorted(found) == sorted([kept["open"].id, kept["accepted"].id])


def test_a_ticket_is_locked_by_its_issue_by_an_index(store: Store) -> None:
    with statements(store) as seen, store.begin() as transaction:
        transaction.ticket_at(REQUESTS, 1)

    [asked] = [one for one in seen if "SELECT" in one[0]]
    assert re.search("(SEARCH|Index).*tickets.*(autoindex|repository_number)", explained(store, *asked))


# A part that is undone by itself


def shout(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an effect says, louder."""
    return {**payload, "text": payload["text"].upper()}


def test_what_a_tickets_effects_say_is_rewritten_where_it_is_still_to_be_said(store: Store) -> None:
    """Not in those of other tickets, nor in those that the same transaction enqueues."""
    mine, other = ticket("V1").id, ticket("V2").id
    enqueue(
        store,
        Note(ticket_id=mine, to="a", text="one"),
        Note(ticket_id=mine, to="b", text="two"),
        Note(ticket_id=other, to="a", text="three"),
    )

    with store.begin() as transaction:
        transaction.enqueue(Note(ticket_id=mine, to="a", text="four"))
        transaction.rewrite_effects(mine, shout)

    assert [one.payload["text"] for one in waiting(store)] == ["ONE", "TWO", "three", "four"]


def test_effects_are_rewritten_in_the_order_in_which_all_lock_lanes(store: Store) -> None:
    """Else two transactions that touch the same lanes in another order would wait for each other."""
    one, other = ticket("V1").id, ticket("V2").id
    lanes = [f"lane {number}" for number in range(8)]
    enqueue(store, *[Note(ticket_id=mine, to=lane, text="x") for mine in (one, other) for lane in lanes])

    def rewrite(mine: str, order: Iterable[str]) -> None:
        for _ in range(10):
            with store.begin() as transaction:
                transaction.rewrite_effects(mine, shout)
                for lane in order:
                    transaction.enqueue(Note(to=lane))

    at_once(partial(rewrite, one, lanes), partial(rewrite, other, lanes[::-1]))

    assert {one.payload["text"] for one in waiting(store) if one.ticket_id} == {"X"}


def test_a_tickets_effects_are_found_by_an_index(store: Store) -> None:
    enqueue(store, Note(ticket_id="T1", text="one"))

    with statements(store) as seen, store.begin() as transaction:
        transaction.rewrite_effects("T1", shout)

    found = [one for one in seen if "ticket_id = " in one[0] and one[0].startswith("SELECT")]
    assert len(found) == 2
    assert all("outbox_" in explained(store, *one) for one in found)


def test_a_savepoint_undoes_its_part_and_no_other(store: Store) -> None:
    """With the effects and the lanes that were collected in it."""
    add(store, "V1")

    def fail(transaction: Transaction) -> None:
        with transaction.savepoint():
            transaction.save(ticket("V1", url="changed"))
            transaction.add_event(Event(kind=EventKind.CREATED, ticket_id=ticket().id, at=START))
            transaction.enqueue(Note(to="kept", text="undone"))
            transaction.enqueue(Note(to="undone"))
            raise ZeroDivisionError

    with store.begin() as transaction:
        transaction.enqueue(Note(to="kept", text="before"))
        with pytest.raises(ZeroDivisionError):
            fail(transaction)
        with transaction.savepoint():
            transaction.enqueue(Note(to="kept", text="after"))

    assert store.ticket(ticket().id) == ticket()
    assert [one.payload["text"] for one in waiting(store)] == ["before", "after"]
    with store.reading() as connection:
        assert connection.execute(schema.events.select()).all() == []
        assert connection.execute(schema.lanes.select()).scalars().all() == ["kept"]


def test_a_row_that_the_database_refuses_can_be_undone_by_itself(store: Store) -> None:
    add(store, "V1", "V2")
    with store.begin() as transaction:
        transaction.save(ticket("V1", number=1))

    with store.begin() as transaction:
        with pytest.raises(IntegrityError), transaction.savepoint():
            transaction.save(ticket("V2", number=1))
        transaction.save(ticket("V2", number=2))

    assert store.ticket_at(REQUESTS, 2) == ticket("V2", number=2)


# Effects


def test_what_was_enqueued_is_known_whatever_became_of_it(store: Store) -> None:
    queue = Queue(store)
    key = Note(key="key").unique_key or ""

    def was_enqueued(since: float) -> bool:
        with store.begin() as transaction:
            return transaction.was_enqueued(key, since)

    before = was_enqueued(START)
    enqueue(store, Note(key="key"))
    while_waiting = was_enqueued(START)
    lease = queue.lease("worker")
    assert lease
    queue.succeed(lease, lambda transaction: None)

    assert (before, while_waiting) == (False, True)
    assert was_enqueued(START)
    assert not was_enqueued(START + 1)


def test_whether_an_effect_for_a_ticket_has_failed_is_known(store: Store) -> None:
    queue, one = Queue(store), ticket()
    enqueue(store, Note(ticket_id=one.id))

    def has_failed() -> bool:
        with store.begin() as transaction:
            return transaction.has_failed(one.id)

    before = has_failed()
    lease = queue.lease("worker")
    assert lease
    queue.fail(lease, "no", lambda transaction: False)

    assert (before, has_failed()) == (False, True)
    with store.begin() as transaction:
        assert not transaction.has_failed("another")


def test_an_effect_is_written_at_the_commit(store: Store) -> None:
    """Lanes are locked last, so that no two transactions wait for each other."""
    with statements(store) as seen, store.begin() as transaction:
        transaction.enqueue(Note(to="b"))
        transaction.enqueue(Note(to="a"))
        transaction.add_ticket(ticket())

    written = [re.search(r"INSERT INTO (\w+)", sql) for sql, _ in seen]
    assert [found[1] for found in written if found] == [
        "tickets",
        "ticket_terms",
        "lanes",
        "outbox",
        "lanes",
        "outbox",
    ]
    assert [one.lane for one in waiting(store)] == ["a", "b"]


# Comments


def test_of_many_who_process_a_comment_at_once_one_is_the_first(store: Store) -> None:
    def process() -> bool:
        with store.begin() as transaction:
            return transaction.process_comment(REQUESTS, 2**40)

    processed = at_once(*[process] * 8)
    with store.begin() as transaction:
        elsewhere = transaction.process_comment(RESTRICTED, 2**40)

    assert sorted(map(bool, processed)) == [False] * 7 + [True]
    assert elsewhere


# Cleaning up


def test_effects_that_were_done_long_ago_are_deleted_and_no_others(store: Store) -> None:
    """A batch at a time, however many they are."""
    outbox = Outbox(store)
    with store.begin() as transaction:
        for number in range(BATCH + 2):
            transaction.enqueue(Note(to=f"old {number % 3}"))
    with store.begin() as transaction:
        transaction.connection.execute(schema.outbox.update().values(state="done"))
        transaction.connection.execute(schema.lanes.update().values(ready_at=None))
    waits, failed = enqueue(store, Note(to="waits"), Note(to="failed"))
    [later] = enqueue(store, Note(to="later"), delay=100)
    with store.begin() as transaction:
        for number, state in ((failed, "failed"), (later, "done")):
            change = schema.outbox.update().where(schema.outbox.c.id == number).values(state=state)
            transaction.connection.execute(change)

    deleted = []
    for _ in range(3):
        with store.begin() as transaction:
            deleted.append(transaction.clean_up(done_before=START + 50, processed_before=0.0))

    assert deleted == [BATCH, 2, 0]
    assert [one.id for state in ("waiting", "failed", "done") for one in outbox.rows(state)] == [
        waits,
        failed,
        later,
    ]


def test_comments_that_were_processed_long_ago_are_forgotten_and_no_others(store: Store) -> None:
    for at, comment_id in ((START, 1), (START + 1, 2)):
        store.clock = Clock(at)
        with store.begin() as transaction:
            transaction.process_comment(REQUESTS, comment_id)

    with store.begin() as transaction:
        deleted = transaction.clean_up(done_before=0.0, processed_before=START + 1)

    assert deleted == 1
    with store.begin() as transaction:
        assert [transaction.process_comment(REQUESTS, comment_id) for comment_id in (1, 2)] == [True, False]


# Messages


def test_a_message_at_one_place_is_kept_once(store: Store) -> None:
    add(store, "V1")
    said = TicketMessage(
        ticket_id=ticket().id, kind=MessageKind.UPDATE, at=START, text="Hello", channel="C0TEAM", ts="1.0"
    )

    with store.begin() as transaction:
        transaction.add_message(said)
        transaction.add_message(replace(said, text="Hello again"))
        transaction.add_message(replace(said, ts="", repository=REQUESTS, comment_id=7))

    with store.reading() as connection:
        kept = connection.execute(text("SELECT text, ts, comment_id FROM messages ORDER BY id")).all()
    assert [tuple(row) for row in kept] == [("Hello", "1.0", None), ("Hello", "", 7)]


def test_what_was_said_about_a_ticket_can_be_rewritten(store: Store) -> None:
    add(store, "V1", "V2")
    with store.begin() as transaction:
        for number, submission in enumerate(("V1", "V1", "V2"), 1):
            said = f"secret {number}"
            about = ticket(submission).id
            transaction.add_message(
                TicketMessage(ticket_id=about, kind=MessageKind.REPLY, at=START, text=said, comment_id=number)
            )

    with store.begin() as transaction:
        transaction.rewrite_messages(ticket("V1").id, lambda text: text.replace("secret", "[redacted]"))

    with store.reading() as connection:
        kept = connection.execute(text("SELECT text FROM messages ORDER BY id")).scalars().all()
    assert list(kept) == ["[redacted] 1", "[redacted] 2", "secret 3"]


# Turns of a rota


def test_turns_are_counted_for_each_rota_and_given_back_if_the_transaction_is_undone(store: Store) -> None:
    with store.begin() as transaction:
        assert [transaction.take_turn(rota) for rota in ("", "", "data_pull")] == [0, 1, 0]

    with suppress(RuntimeError), store.begin() as transaction:
        transaction.take_turn("")
        raise RuntimeError

    with store.begin() as transaction:
        assert transaction.take_turn("") == 2


def test_no_two_tickets_that_come_at_once_have_the_same_turn(store: Store) -> None:
    """As with several replicas: each has connections of its own."""

    def take(_: int) -> int:
        with store.begin() as transaction:
            return transaction.take_turn("")

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(take, range(40))) == list(range(40))
