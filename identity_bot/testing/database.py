"""New databases for tests, each a copy of one: running the migrations takes longer than most tests."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from identity_bot.store.store import Store


def new_sqlite(path: Path) -> str:
    """The address of a new database at this path, with all its tables."""
    with path.open("xb") as file:
        file.write(_migrated())
    return f"sqlite:///{path}"


@functools.cache
def _migrated() -> bytes:
    """A database's file, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bot.db"
        store = Store(f"sqlite:///{path}")
        store.migrate()
        store.close()
        return path.read_bytes()
