"""What the tests of the store share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from identity_bot.store.store import Store
from identity_bot.testing import Clock
from tests.support_outbox import PATIENCE


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A store without rows, on each database."""
    store = Store(database_url, Clock(), patience=PATIENCE)
    yield store
    store.close()
