"""Compiled statements: engines of a kind share them, and there are never too many."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, bindparam, create_engine, literal_column, select

from identity_bot.store import compiled as compiled_module
from identity_bot.store.compiled import Compiled, compiled
from identity_bot.store.engine import open_engine

DOUBLE = select((bindparam("number", 0) * 2).label("doubled"))


def engine(cache: Compiled) -> Engine:
    """An engine for a database in memory, of its own."""
    return create_engine("sqlite://", execution_options={"compiled_cache": cache})


def test_what_one_engine_compiled_another_runs() -> None:
    cache = Compiled()
    results = []

    for number in (2, 3):
        with engine(cache).connect() as connection:
            results.append(connection.execute(DOUBLE, {"number": number}).scalar())

    assert results == [4, 6]
    assert len(cache) == 1


def test_databases_of_a_kind_share_what_was_compiled(tmp_path: Path) -> None:
    shared = [
        open_engine(url).get_execution_options()["compiled_cache"]
        for url in (f"sqlite:///{tmp_path / 'one.db'}", f"sqlite:///{tmp_path / 'other.db'}")
    ]

    assert shared == [compiled("sqlite")] * 2
    assert compiled("postgresql") is not compiled("sqlite")


def test_it_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_module, "MOST", 3)
    cache = Compiled()

    with engine(cache).connect() as connection:
        for number in range(10):
            assert connection.execute(select(literal_column(str(number)))).scalar() == number

    assert 0 < len(cache) <= 3
