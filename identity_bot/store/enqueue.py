"""New effects in the outbox: each unless one with its unique key waits there, which may then run again, or later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from sqlalchemy import Connection, Float, bindparam, case, exists, or_
from sqlalchemy.dialects import postgresql, sqlite

from identity_bot.store import bulk, schema

_O = schema.outbox.c
_WAITING_ONCE: dict[str, Any] = {"index_elements": ["unique_key"], "index_where": schema.WAITING}
_IS_RUNNING = exists().where(schema.lanes.c.name == _O.lane, schema.lanes.c.current == _O.id)


class Enqueueable(Protocol):
    """What the outbox keeps of an effect."""

    @property
    def kind(self) -> str:
        """The name of its class."""

    @property
    def lane(self) -> str:
        """The lane that it waits in."""

    @property
    def ticket_id(self) -> str | None:
        """The ticket that it is for."""

    @property
    def unique_key(self) -> str | None:
        """One effect with this key waits at a time; None for any number."""

    @property
    def reruns(self) -> bool:
        """Whether one that is enqueued while the same is running runs once more afterward; else it is dropped."""

    def payload(self) -> Mapping[str, Any]:
        """Its other fields, as JSON."""


@dataclass(frozen=True, slots=True)
class New:
    """An effect that is new, and when it is due; with `longest_wait`, in seconds, it puts off one that waits."""

    effect: Enqueueable
    due_at: float
    longest_wait: float | None


def _add(new: Any) -> Any:
    return new


def _drop(new: Any) -> Any:
    """Leave the one that waits as it is."""
    return new.on_conflict_do_nothing(**_WAITING_ONCE)


def _rerun(new: Any, *, is_debounced: bool = False) -> Any:
    """Have the one that waits run again if it is running; debounced, put it off as well."""
    changes: dict[str, Any] = {"rerun": or_(_O.rerun, _IS_RUNNING, _O.verifications > 0)}
    if is_debounced:
        latest = _O.created_at + bindparam("longest_wait", type_=Float)
        due_at = new.excluded.due_at
        changes["due_at"] = case((latest < due_at, latest), else_=due_at)
    return new.on_conflict_do_update(**_WAITING_ONCE, set_=changes)


_debounce = partial(_rerun, is_debounced=True)
_COLUMNS = ("ticket_id", "lane", "kind", "payload", "unique_key", "created_at", "due_at", "trying_since")
_ALL = postgresql.insert(schema.outbox).from_select(
    _COLUMNS, bulk.rows_from({name: _O[name] for name in _COLUMNS})
)
_WAYS: tuple[Callable[[Any], Any], ...] = (_add, _drop, _rerun, _debounce)
_EACH = {
    name: {way: way(new(schema.outbox).inline()) for way in _WAYS}
    for name, new in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_AT_ONCE = {way: way(_ALL) for way in _WAYS}


def write(connection: Connection, new: Iterable[New], now: float) -> None:
    """Write effects of one lane, in their order."""
    for batch in _batches(new):
        way, longest_wait = _way(batch[0])
        bulk.write(
            connection,
            [_row(one, now) for one in batch],
            each=_EACH[connection.dialect.name][way],
            all_at_once=_AT_ONCE[way],
            shared={} if longest_wait is None else {"longest_wait": longest_wait},
        )


def _batches(new: Iterable[New]) -> Iterator[list[New]]:
    """Those that follow each other and can be written by one statement, which meets each unique key once."""
    batch: list[New] = []
    keys: set[str | None] = set()
    for one in new:
        key = one.effect.unique_key
        if batch and (_way(one) != _way(batch[0]) or (key is not None and key in keys)):
            yield batch
            batch, keys = [], set()
        batch.append(one)
        keys.add(key)
    if batch:
        yield batch


def _way(new: New) -> tuple[Callable[[Any], Any], float | None]:
    """What becomes of one that waits already."""
    if new.effect.unique_key is None:
        return _add, None
    if new.longest_wait is not None:
        return _debounce, new.longest_wait
    return (_rerun if new.effect.reruns else _drop), None


def _row(new: New, now: float) -> dict[str, Any]:
    effect = new.effect
    return {
        "ticket_id": effect.ticket_id,
        "lane": effect.lane,
        "kind": effect.kind,
        "payload": effect.payload(),
        "unique_key": effect.unique_key,
        "created_at": now,
        "due_at": new.due_at,
        "trying_since": new.due_at,
    }
