"""Tickets as rows of the database and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from identity_bot.tickets.model import (
    CloseReason,
    EventKind,
    LastNotified,
    MessageRef,
    Person,
    Priority,
    Requested,
    Stage,
    Ticket,
    TicketState,
)

POSTS = ("origin", "thread", "card")
"""The columns that hold a message's place."""
PLAIN = (
    "id", "type", "submitted_at", "is_urgent", "is_sensitive", "is_direct", "repository", "number", "url",
    "headline", "seen_at", "inconsistency",
)  # fmt: skip
"""The columns that hold a ticket's values as they are."""


def row_of(ticket: Ticket) -> dict[str, Any]:
    """A ticket's columns."""
    state = ticket.state
    return {
        **{name: getattr(ticket, name) for name in PLAIN},
        "requestor_id": ticket.requestor.slack_id,
        "requestor_handle": ticket.requestor.handle,
        "requestor_name": ticket.requestor.name,
        "requestor_team": ticket.requestor.team,
        "answers": dict(ticket.answers),
        **_written(state),
        "target": state.target,
        **{name: asdict(post) if (post := getattr(ticket, name)) else None for name in POSTS},
        "asked": {kind.value: asdict(asked) for kind, asked in ticket.asked.items()},
        "told": _told_written(ticket.told) if ticket.told else None,
    }


def ticket_in(row: Mapping[str, Any] | Any) -> Ticket:
    """The ticket that a row holds."""
    posts: dict[str, Any] = {name: MessageRef(**row[name]) if row[name] else None for name in POSTS}
    return Ticket(
        **{name: row[name] for name in PLAIN},
        **posts,
        requestor=Person(
            slack_id=row["requestor_id"],
            handle=row["requestor_handle"],
            name=row["requestor_name"],
            team=row["requestor_team"],
        ),
        answers=row["answers"],
        state=_facts(row, row["target"]),
        asked={EventKind(kind): Requested(**asked) for kind, asked in row["asked"].items()},
        told=_told(row["told"]) if row["told"] else None,
    )


def _written(state: TicketState) -> dict[str, Any]:
    return {
        "stage": state.stage.value,
        "priority": state.priority.value if state.priority else None,
        "assignees": list(state.assignees),
        "spoc": state.spoc,
        "close_reason": state.close_reason.value if state.close_reason else None,
    }


def _facts(written: Mapping[str, Any], target: date | None) -> TicketState:
    return TicketState(
        stage=Stage(written["stage"]),
        priority=Priority(written["priority"]) if written["priority"] else None,
        assignees=tuple(written["assignees"]),
        spoc=written["spoc"],
        target=target,
        close_reason=CloseReason(written["close_reason"]) if written["close_reason"] else None,
    )


def _told_written(told: LastNotified) -> dict[str, Any]:
    def state(of: TicketState) -> dict[str, Any]:
        return {**_written(of), "target": of.target.isoformat() if of.target else None}

    return {
        "number": told.number,
        "at": told.at,
        "before": state(told.before),
        "now": state(told.now),
        "kinds": [kind.value for kind in told.kinds],
        "to": list(told.to),
    }


def _told(written: Mapping[str, Any]) -> LastNotified:
    def state(of: Mapping[str, Any]) -> TicketState:
        return _facts(of, date.fromisoformat(of["target"]) if of["target"] else None)

    return LastNotified(
        number=written["number"],
        at=written["at"],
        before=state(written["before"]),
        now=state(written["now"]),
        kinds=tuple(EventKind(kind) for kind in written["kinds"]),
        to=tuple(written["to"]),
    )
