"""Collects digests: which open tickets the team, or one of its members, should look at today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta

from identity_bot.store.lists import Lists
from identity_bot.store.store import Store
from identity_bot.tickets.business_time import BusinessHours
from identity_bot.tickets.digest import SHOWN, Digest, Heading, Section, sorted_out
from identity_bot.tickets.model import Stage
from identity_bot.tickets.query import Query
from identity_bot.tickets.service_levels import STALE_AFTER


def of_team(store: Store, hours: BusinessHours, now: float) -> Digest:
    """The team's digest."""
    return _digest(store, _headings(hours, now))


def of_person(store: Store, hours: BusinessHours, now: float, *, slack_id: str, login: str) -> Digest:
    """That of a member of the team: what is assigned to them, if their GitHub login is known, and their requests."""
    assigned = {
        Heading.OVERDUE: Query(due_by=now, assignee=login),
        Heading.TODAY: Query(due_after=now, due_by=_midnight(hours, now), assignee=login),
        Heading.UAT: Query(stages=(Stage.UAT,), assignee=login),
        Heading.ASKED: Query(is_waiting=True, assignee=login),
        Heading.STALE: Query(untouched_since=_stale_since(hours, now), assignee=login),
    }
    own = {
        Heading.OWN_UAT: Query(stages=(Stage.UAT,), requestor=slack_id),
        Heading.OWN_ASKED: Query(is_waiting=True, requestor=slack_id),
    }
    return _digest(store, own | (assigned if login else {}), slack_id)


def _headings(hours: BusinessHours, now: float) -> Mapping[Heading, Query]:
    return {
        Heading.OVERDUE: Query(due_by=now),
        Heading.TODAY: Query(due_after=now, due_by=_midnight(hours, now)),
        Heading.URGENT: Query(is_urgent=True),
        Heading.UNASSIGNED: Query(assignee=""),
        Heading.UAT: Query(stages=(Stage.UAT,)),
        Heading.ASKED: Query(is_waiting=True),
        Heading.STALE: Query(untouched_since=_stale_since(hours, now)),
    }


def _digest(store: Store, queries: Mapping[Heading, Query], slack_id: str = "") -> Digest:
    lists = Lists(store)
    found = list(sorted_out((heading, lists.ids(query)) for heading, query in queries.items()))
    tickets = lists.tickets([one for _, ids in found for one in ids[:SHOWN]])
    sections = [
        Section(
            heading=heading,
            tickets=tuple(tickets[one] for one in ids[:SHOWN] if one in tickets),
            more=max(0, len(ids) - SHOWN),
        )
        for heading, ids in found
    ]
    return Digest(sections=tuple(sections), slack_id=slack_id)


def _stale_since(hours: BusinessHours, now: float) -> float:
    """Since when a stale ticket has not been touched."""
    return hours.subtract(now, STALE_AFTER * hours.day)


def _midnight(hours: BusinessHours, now: float) -> float:
    """When the day ends where the team is."""
    return hours.moment(hours.day_at(now) + timedelta(days=1), time(0))
