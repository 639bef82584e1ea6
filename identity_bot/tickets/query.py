"""What people ask a list of tickets for: a query, read from words such as `priority:high unassigned`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from identity_bot.errors import IdentityBotError
from identity_bot.text.names import MEMBER_ID, fold, nearest
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import Priority, Stage, Ticket
from identity_bot.tickets.service_levels import due, is_overdue
from identity_bot.tickets.subject import subject, words_in

LONGEST = 500
"""Characters of a query."""
MOST_WORDS = 8
"""Words to search for; the others are ignored."""
WEEK = 7
LAST = 100 * 365 * DAY
"""Seconds by which a ticket with no due time comes after those that have one."""
MOST_COUNTED = 1000
"""Lists are counted up to here, so that counting costs the same however long they are."""


class BadQuery(IdentityBotError):
    """A query cannot be read; its text tells the person why, and how to write it."""


class Due(StrEnum):
    """When a ticket is to be done, seen from today."""

    OVERDUE = "overdue"
    THIS_WEEK = "week"
    """From today to the seventh day after it."""
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """Which tickets a list shows; what is empty or None does not matter."""

    is_open: bool | None = True
    stages: tuple[Stage, ...] = ()
    types: tuple[str, ...] = ()
    priorities: tuple[Priority, ...] = ()
    is_urgent: bool | None = None
    is_sensitive: bool | None = None
    assignee: str | None = None
    """A GitHub login; empty for nobody."""
    spoc: str | None = None
    """A GitHub login or `slack:U…`; empty for nobody."""
    requestor: str = ""
    """A Slack id."""
    handle: str = ""
    """The requestor's name in Slack, as people type it after @."""
    team: str = ""
    due: Due | None = None
    due_by: float | None = None
    """A moment, in seconds since the epoch, until which it is due."""
    due_after: float | None = None
    """A moment until which it is not due yet; only together with `due_by`."""
    is_waiting: bool | None = None
    """Whether the team has asked its requestor something."""
    untouched_since: float | None = None
    """A moment since which neither its issue nor its conversation has changed."""
    older_than: int = 0
    """Days since the ticket was requested."""
    words: tuple[str, ...] = ()
    """Folded; each must be in the title or name the type, the requestor or their team."""
    visible_to: str = ""
    """The Slack id of somebody who sees their own tickets only; empty for the team."""


_TOKEN = re.compile(r'(?:(?P<key>[a-z]{2,12}):)?(?P<value>"[^"]*"?|“[^”]*”?|[^\s"“]\S*)')
_FLAGS: Mapping[str, Mapping[str, Any]] = {
    "open": {"is_open": True},
    "closed": {"is_open": False},
    "all": {"is_open": None},
    "urgent": {"is_urgent": True},
    "sensitive": {"is_sensitive": True},
    "unassigned": {"assignee": ""},
    "overdue": {"due": Due.OVERDUE},
}
"""Words that stand for a condition by themselves."""
KEYS = ("type", "priority", "stage", "assignee", "spoc", "requestor", "team", "target", "older")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Reads what somebody types; `me` is their Slack id, and `key_of` a ticket's name for the owner of a Slack id."""

    types: Collection[str]
    me: str
    key_of: Callable[[str], str]

    def read(self, written: str) -> Query:
        """The query in what was typed; raises BadQuery with what is wrong with it."""
        if len(written) > LONGEST:
            raise BadQuery(f"That is too long to search for. Please use at most {LONGEST} characters.")
        query = Query()
        for key, value, is_quoted in _tokens(written):
            query = self._with(query, key, value, is_quoted)
        return query

    def _with(self, query: Query, key: str, value: str, is_quoted: bool) -> Query:
        match key:
            case "" if fold(value) in _FLAGS and not is_quoted:
                return replace(query, **_FLAGS[fold(value)])
            case "":
                return replace(query, words=(*query.words, *words_in(value))[:MOST_WORDS])
            case "type":
                name = fold(value).replace("-", "_")
                return replace(query, types=(*query.types, _one_of(name, self.types, "type")))
            case "priority":
                found = Priority(_one_of(fold(value), [one.value for one in Priority], "priority"))
                return replace(query, priorities=(*query.priorities, found))
            case "stage":
                names = {fold(one.value).replace(" ", "_"): one for one in Stage}
                stage = names[_one_of(re.sub(r"[\s-]+", "_", fold(value)), names, "stage")]
                is_open = None if stage in (Stage.CLOSED, Stage.SUBMITTED) else query.is_open
                return replace(query, stages=(*query.stages, stage), is_open=is_open)
            case "assignee":
                return replace(query, assignee=self._person(value))
            case "spoc":
                return replace(query, spoc=self._person(value))
            case "requestor":
                slack_id = self._mentioned(value)
                return replace(query, requestor=slack_id, handle="" if slack_id else value.removeprefix("@"))
            case "team":
                return replace(query, team=value)
            case "target":
                return replace(query, due=Due(_one_of(fold(value), [one.value for one in Due], "target")))
            case "older":
                return replace(query, older_than=_days(value))
        near = nearest(key, KEYS)
        hint = (
            f"Did you mean `{near}:`?" if near else f"You can use {', '.join(f'`{one}:`' for one in KEYS)}."
        )
        raise BadQuery(f"A list can't be filtered by `{key}:`. {hint}")

    def _person(self, value: str) -> str:
        """What tickets call somebody who is given as a mention, a GitHub login, `me` or `nobody`."""
        if fold(value) == "nobody":
            return ""
        slack_id = self._mentioned(value)
        return self.key_of(slack_id) if slack_id else value.removeprefix("@")

    def _mentioned(self, value: str) -> str:
        if fold(value) == "me":
            return self.me
        named = re.fullmatch(rf"<@({MEMBER_ID})(?:\|[^>]*)?>|({MEMBER_ID})", value)
        return (named[1] or named[2]) if named else ""


def written(query: Query) -> str:
    """The query as somebody could type it."""
    return " ".join(_written(query))


def is_pressing(ticket: Ticket) -> bool:
    """Whether it goes before all others: Veterans are affected, or it is critical."""
    return ticket.is_urgent or ticket.state.priority is Priority.CRITICAL


OVERDUE_RANKS = (0, 1, 2, 3, 4, 10, 11, 12, 13, 14)
"""The ranks of overdue tickets; five more is the rank of such a ticket that is not."""
RANKS = range(20)
"""All ranks. What has just become due has the rank of an overdue ticket only once its timer has rung."""
PRESSING_RANKS = range(10)
"""The ranks of urgent and critical tickets."""


def rank(ticket: Ticket, now: float) -> int:
    """Where an open ticket stands in the queue: urgent and critical first, then overdue, then by priority.

    A smaller number goes first; of the same rank, what is due first does, and then the oldest.
    """
    priorities = list(Priority)
    by_priority = priorities.index(ticket.state.priority) if ticket.state.priority else len(priorities)
    return by_priority + (0 if is_overdue(ticket, now) else 5) + (0 if is_pressing(ticket) else 10)


def turn(ticket: Ticket) -> float:
    """When it is its turn among tickets of the same rank: when it is due, else after all that are, by its age."""
    one = due(ticket)
    return one.at if one else ticket.submitted_at + LAST


def week_end(today: date) -> date:
    """The last day that counts as this week."""
    return today + timedelta(days=WEEK)


def searched(ticket: Ticket) -> tuple[str, ...]:
    """The words that a ticket is found by; nothing of a sensitive one's content."""
    who = ticket.requestor
    return words_in(" ".join([ticket.title, ticket.type.replace("_", " "), who.name, who.handle, who.team]))


def subject_term(word: str) -> str:
    """The term by which a ticket is found that is about this."""
    return _term("about", word)


def terms(ticket: Ticket) -> frozenset[str]:
    """What a ticket is looked up by, besides what has a column of its own."""
    state = ticket.state
    return frozenset(
        [
            *searched(ticket),
            *map(subject_term, subject(ticket)),
            *(_term("assignee", login) for login in state.assignees or [""]),
            _term("spoc", state.spoc),
            _term("team", ticket.requestor.team),
            _term("requestor", ticket.requestor.handle),
        ]
    )


def wanted_terms(query: Query) -> frozenset[str]:
    """The terms that a ticket must have to be in a list."""
    named = {
        "assignee": query.assignee,
        "spoc": query.spoc,
        "team": query.team or None,
        "requestor": query.handle or None,
    }
    return frozenset(
        [*query.words, *(_term(key, value) for key, value in named.items() if value is not None)]
    )


def _term(key: str, value: str) -> str:
    # A word has no colon, so that none is taken for a name.
    return f"{key}:{fold(value)}"[:80]


def _tokens(written: str) -> Iterator[tuple[str, str, bool]]:
    """Each condition's key, empty for mere words, its value without quotes, and whether it had quotes."""
    for token in _TOKEN.finditer(written):
        value = token["value"].strip('"“”')
        if value:
            yield token["key"] or "", value, value != token["value"]


def _one_of(value: str, known: Collection[str], what: str) -> str:
    if value in known:
        return value
    near = nearest(value, known)
    hint = (
        f"Did you mean `{near}`?" if near else f"There are {', '.join(f'`{one}`' for one in sorted(known))}."
    )
    raise BadQuery(f"There is no {what} with that name. {hint}")


def _days(value: str) -> int:
    found = re.fullmatch(r">?(\d{1,4})d?", value)
    if not found:
        raise BadQuery("Please give an age in days, such as `older:7`.")
    return int(found[1])


def _written(query: Query) -> Iterator[str]:
    if not query.stages and query.is_open is not True:
        yield "all" if query.is_open is None else "closed"
    yield from (f"stage:{stage.value.replace(' ', '_')}" for stage in query.stages)
    yield from (f"type:{name}" for name in query.types)
    yield from (f"priority:{priority.value}" for priority in query.priorities)
    flags = (("urgent", query.is_urgent), ("sensitive", query.is_sensitive))
    yield from (name for name, value in flags if value)
    if query.assignee is not None:
        yield f"assignee:{query.assignee}" if query.assignee else "unassigned"
    if query.spoc is not None:
        yield f"spoc:{query.spoc or 'nobody'}"
    if query.requestor:
        yield f"requestor:{query.requestor}"
    if query.handle:
        yield f"requestor:{_quoted(f'@{query.handle}')}"
    if query.team:
        yield f"team:{_quoted(query.team)}"
    if query.due:
        yield f"target:{query.due.value}"
    if query.older_than:
        yield f"older:{query.older_than}"
    yield from (f'"{word}"' if word in _FLAGS else word for word in query.words)


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value
