"""Effects that are enqueued together are written as if one after the other, on both databases."""

from __future__ import annotations

import pytest

from identity_bot.outbox.queue import Queue
from identity_bot.store.store import Store
from identity_bot.testing import Clock
from tests.support_outbox import START, Note, Tick, leased, statements, waiting


@pytest.fixture
def store(database_url: str) -> Store:
    return Store(database_url, Clock(START))


def test_many_of_one_kind_take_few_statements(store: Store) -> None:
    with statements(store) as seen, store.begin() as transaction:
        for number in range(50):
            transaction.enqueue(Note(key=f"key {number}"), longest_wait=60)

    assert len([sql for sql, _ in seen if "INTO outbox" in sql]) == 1
    assert len(waiting(store)) == 50
    store.close()


def test_all_ways_mixed_keep_their_order_and_one_of_each_key(store: Store) -> None:
    """What is enqueued twice at once waits once, and what is running runs again, or is dropped."""
    with store.begin() as transaction:
        transaction.enqueue(Note(text="first", key="a"))
    running = leased(Queue(store))
    with store.begin() as transaction:
        for _ in range(2):
            transaction.enqueue(Note(text="plain"))
            transaction.enqueue(Note(text="plain", to="other"))
            for key in ("a", "b", "b"):
                transaction.enqueue(Note(text="again", key=key))
            transaction.enqueue(Tick(text="tick", key="c"))
            transaction.enqueue(Tick(text="tick", key="c"))
            transaction.enqueue(Note(text="soon", key="d"), delay=50, longest_wait=30)
            transaction.enqueue(Note(text="late", key="d"), delay=90, longest_wait=30)
            transaction.enqueue(Note(text="soon", key="e"), delay=10, longest_wait=30)

    found = [(row.payload["text"], row.lane) for row in sorted(waiting(store), key=lambda row: row.id)]
    due = {row.payload["text"]: row.due_at - START for row in waiting(store)}
    again = Queue(store).succeed(running, lambda transaction: None)

    assert [text for text, lane in found if lane == "lane"] == [
        "first",
        "plain",
        "again",
        "tick",
        "soon",
        "soon",
        "plain",
    ]
    assert [text for text, lane in found if lane == "other"] == ["plain", "plain"]
    assert due["soon"] == 10
    assert again
    assert again.row.payload["text"] == "first"
    store.close()
