"""What the tests of the outbox share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from identity_bot.outbox.queue import Queue
from identity_bot.store.store import Store
from identity_bot.testing import Clock
from tests.support_outbox import PATIENCE


@pytest.fixture
def clock() -> Clock:
    """The store's clock."""
    return Clock()


@pytest.fixture
def queue(database_url: str, clock: Clock) -> Iterator[Queue]:
    """A queue without effects, on each database."""
    queue = Queue(Store(database_url, clock, patience=PATIENCE))
    yield queue
    queue.store.close()
