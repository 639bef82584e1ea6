"""Many rows by one statement on PostgreSQL, which reads and plans a statement anew for each row that it is run for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, Connection, Select, bindparam, func, select


def rows_from(columns: Mapping[str, Column[Any]]) -> Select[Any]:
    """Rows that `write` is given, by their keys, as the source of an INSERT or UPDATE with the columns' names."""
    return select(
        *(
            func.unnest(bindparam(f"all_{key}", type_=ARRAY(column.type, dimensions=1))).label(column.name)
            for key, column in columns.items()
        )
    )


def write(
    connection: Connection,
    rows: Sequence[Mapping[str, Any]],
    *,
    each: Any,
    all_at_once: Any,
    shared: Mapping[str, Any] | None = None,
) -> None:
    """Run `each` for every row or, where that is faster, `all_at_once`, which has its rows by `rows_from`.

    `shared` are parameters that are the same for all.
    """
    more = shared or {}
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        columns = {f"all_{key}": [row[key] for row in rows] for key in rows[0]}
        connection.execute(all_at_once, {**columns, **more})
    elif rows:
        values = [{**row, **more} for row in rows]
        connection.execute(each, values if len(rows) > 1 else values[0])
