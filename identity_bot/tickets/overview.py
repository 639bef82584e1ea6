"""What somebody sees of the tickets: the Home tab and one ticket, as values that are drawn by slack/. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from identity_bot.tickets.model import Action, Event, Priority, Ticket, TicketMessage


class ListName(StrEnum):
    """The lists of the Home tab."""

    OWN = "own"
    CLOSED = "closed"
    """The person's own that were closed lately."""
    UNASSIGNED = "unassigned"
    MINE = "mine"
    """Those assigned to the person."""
    UAT = "uat"
    OVERDUE = "overdue"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What somebody has chosen in the Home tab: filters of the team's lists, and how far each list was paged."""

    type: str = ""
    priority: Priority | None = None
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By a list's name: where each page after the first begins, up to the one that is shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketList:
    """A page of one of the Home tab's lists."""

    name: ListName
    tickets: tuple[Ticket, ...]
    next: str = ""
    """Where the next page begins; empty on the last one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """How many open tickets there are of some sorts; none goes above `query.MOST_COUNTED`."""

    open: int
    unassigned: int
    overdue: int
    uat: int
    urgent: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """The Home tab of one person."""

    lists: tuple[TicketList, ...]
    choices: Choices
    numbers: Numbers | None = None
    """None for whoever is not on the team."""
    has_login: bool = True
    """Whether a team member's GitHub login is known, by which tickets are assigned."""

    @property
    def is_team(self) -> bool:
        """Whether it is a team member's."""
        return self.numbers is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Details:
    """One ticket, as somebody may see it: what happened, what was said, and what they may do, each oldest first."""

    ticket: Ticket
    events: tuple[Event, ...]
    messages: tuple[TicketMessage, ...]
    actions: tuple[Action, ...]
    is_own: bool
    """Whether they requested it."""
    is_team: bool
