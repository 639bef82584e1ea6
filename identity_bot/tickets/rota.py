"""The rota: whose turn it is to be the single point of contact of a new ticket. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from identity_bot.text.names import fold
from identity_bot.tickets.calendar import TEAM_TIME, team_day
from identity_bot.tickets.model import Ticket
from identity_bot.tickets.people import Entry, People

MONDAY = date(2001, 1, 1)
"""The Monday from which weeks are counted, so that the turns go on from the last week of a year to the next."""


class Turns(StrEnum):
    """When the turn goes to the next person."""

    WEEKLY = "weekly"
    ROUND_ROBIN = "round_robin"
    """With each ticket."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """The days, from the first to the last, on which somebody is away."""

    who: Entry
    first: date
    last: date


def on_duty(
    rota: Sequence[Entry],
    turns: Turns,
    away: Iterable[Absence],
    ticket: Ticket,
    people: People,
    zone: ZoneInfo = TEAM_TIME,
) -> Entry | None:
    """Whose turn a ticket is, by the team's day (in `zone`) on which it was submitted; None if nobody is there.

    A week belongs to the same person whoever else is away; if they are, the next one in the list stands in. Tickets go
    around among those who are there.
    """
    day = team_day(ticket.submitted_at, zone)
    there = present(rota, away, day, people)
    if not there:
        return None
    if turns is Turns.ROUND_ROBIN:
        return there[(ticket.turn or 0) % len(there)]
    week = (day - MONDAY).days // 7 % len(rota)
    return next(one for one in (*rota[week:], *rota[:week]) if one in there)


def present(rota: Sequence[Entry], away: Iterable[Absence], day: date, people: People) -> list[Entry]:
    """Who of the rota is there on a day, in its order."""
    gone = [_names(one.who, people) for one in away if one.first <= day <= one.last]
    return [one for one in rota if not any(_names(one, people) & names for names in gone)]


def key_of(person: Entry, people: People) -> str:
    """What a ticket calls somebody of the rota."""
    return person.get("github") or people.key_of(person["slack"])


def _names(person: Entry, people: People) -> set[str]:
    """The Slack id and the folded login of somebody, of whom the settings may say only one at each place."""
    slack_id, login = person.get("slack", ""), person.get("github", "")
    found = {slack_id, people.slack_id(login), fold(login), fold(people.login(slack_id))}
    return found - {""}
