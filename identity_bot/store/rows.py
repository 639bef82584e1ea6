"""Tickets as rows of the database and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from identity_bot.tickets.model import (
    Asked,
    CloseReason,
    EventKind,
    Facts,
    Person,
    Post,
    Priority,
    Stage,
    Ticket,
    Told,
)

POSTS = ("origin", "thread", "card")
"""The columns that hold a message's place."""
PLAIN = (
    "id", "type", "submitted_at", "is_urgent", "is_sensitive", "is_direct", "repository", "number", "url",
    "headline", "seen_at", "remark",
)  # fmt: skip
"""The columns that hold a ticket's values as they are."""


def row_of(ticket: Ticket) -> dict[str, Any]:
    """A ticket's columns."""
    facts = ticket.facts
    return {
        **{name: getattr(ticket, name) for name in PLAIN},
        "requestor_id": ticket.requestor.slack_id,
        "requestor_handle": ticket.requestor.handle,
        "requestor_name": ticket.requestor.name,
        "requestor_team": ticket.requestor.team,
        "answers": dict(ticket.answers),
        **_written(facts),
        "target": facts.target,
        **{name: asdict(post) if (post := getattr(ticket, name)) else None for name in POSTS},
        "asked": {kind.value: asdict(asked) for kind, asked in ticket.asked.items()},
        "told": _told_written(ticket.told) if ticket.told else None,
    }


def ticket_in(row: Mapping[str, Any] | Any) -> Ticket:
    """The ticket that a row holds."""
    posts: dict[str, Any] = {name: Post(**row[name]) if row[name] else None for name in POSTS}
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
        facts=_facts(row, row["target"]),
        asked={EventKind(kind): Asked(**asked) for kind, asked in row["asked"].items()},
        told=_told(row["told"]) if row["told"] else None,
    )


def _written(facts: Facts) -> dict[str, Any]:
    return {
        "stage": facts.stage.value,
        "priority": facts.priority.value if facts.priority else None,
        "assignees": list(facts.assignees),
        "spoc": facts.spoc,
        "close_reason": facts.close_reason.value if facts.close_reason else None,
    }


def _facts(written: Mapping[str, Any], target: date | None) -> Facts:
    return Facts(
        stage=Stage(written["stage"]),
        priority=Priority(written["priority"]) if written["priority"] else None,
        assignees=tuple(written["assignees"]),
        spoc=written["spoc"],
        target=target,
        close_reason=CloseReason(written["close_reason"]) if written["close_reason"] else None,
    )


def _told_written(told: Told) -> dict[str, Any]:
    def facts(of: Facts) -> dict[str, Any]:
        return {**_written(of), "target": of.target.isoformat() if of.target else None}

    return {
        "number": told.number,
        "at": told.at,
        "before": facts(told.before),
        "now": facts(told.now),
        "kinds": [kind.value for kind in told.kinds],
        "to": list(told.to),
    }


def _told(written: Mapping[str, Any]) -> Told:
    def facts(of: Mapping[str, Any]) -> Facts:
        return _facts(of, date.fromisoformat(of["target"]) if of["target"] else None)

    return Told(
        number=written["number"],
        at=written["at"],
        before=facts(written["before"]),
        now=facts(written["now"]),
        kinds=tuple(EventKind(kind) for kind in written["kinds"]),
        to=tuple(written["to"]),
    )
