"""Values as the database keeps them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from cattrs.preconf.json import make_converter

from identity_bot.tickets.model import Person, Ticket, TicketState

converter = make_converter(detailed_validation=False)
"""Turns our frozen values into plain JSON and back: enums by value, dates as ISO text."""

_PERSON = {f"requestor_{field.name}": field.name for field in fields(Person)}
_DERIVED = frozenset({"queue_rank", "queue_turn", "thread_channel", "thread_ts"})
"""Columns to search and sort by, made from others."""
_STATE = tuple(field.name for field in fields(TicketState))


def row_of(ticket: Ticket) -> dict[str, Any]:
    """A ticket as a row of its table: the requestor and the state have columns of their own, to be searched by."""
    row: dict[str, Any] = converter.unstructure(ticket)
    requestor, state = row.pop("requestor"), row.pop("state")
    thread = row["thread"] or {}
    return {
        **row,
        **state,
        **{column: requestor[name] for column, name in _PERSON.items()},
        "thread_channel": thread.get("channel"),
        "thread_ts": thread.get("ts"),
    }


def ticket_in(row: Mapping[str, Any] | Any) -> Ticket:
    """The ticket in a row of its table."""
    values = {name: value for name, value in dict(row).items() if name not in _DERIVED}
    values["requestor"] = {name: values.pop(column) for column, name in _PERSON.items()}
    values["state"] = {name: values.pop(name) for name in _STATE}
    return converter.structure(values, Ticket)
