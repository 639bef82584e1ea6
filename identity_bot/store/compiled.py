"""SQL of statements, made once for all databases of a kind: for a database of its own, many a test takes less time."""

from __future__ import annotations

import functools
from collections.abc import Iterator, MutableMapping
from typing import Any

from sqlalchemy.engine import Dialect

MOST = 1_000
"""Statements kept; far more than there are."""


class Compiled(MutableMapping[Any, Any]):
    """What SQLAlchemy has compiled, by its own keys without the dialect in them, of which each engine has another."""

    def __init__(self) -> None:
        self._kept: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        return self._kept[_shared(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[_shared(key)] = value

    def __delitem__(self, key: Any) -> None:
        del self._kept[_shared(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


@functools.cache
def compiled(kind: str) -> Compiled:
    """What all engines for databases of a kind, such as "sqlite", share."""
    return Compiled()


def _shared(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return key[1:] if isinstance(key[0], Dialect) else key
