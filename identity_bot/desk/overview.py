"""What people may see of the tickets: their own, the team's queue, and one ticket with all that happened to it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

from identity_bot.desk import digest
from identity_bot.errors import NotAllowed, OutcomeUnknown, Rejected, Retryable
from identity_bot.messages.updates import Destination
from identity_bot.plugins.approval import check_approver
from identity_bot.plugins.loader import Plugins
from identity_bot.store.lists import Lists, Page
from identity_bot.store.store import Store
from identity_bot.text.names import fold
from identity_bot.tickets.actions import ACTIONS, By, possible
from identity_bot.tickets.business_time import BusinessHours
from identity_bot.tickets.calendar import TEAM_TIME
from identity_bot.tickets.digest import Digest
from identity_bot.tickets.model import Action, Stage, Ticket
from identity_bot.tickets.overview import Choices, Details, Home, ListName, Numbers, TicketList
from identity_bot.tickets.people import People
from identity_bot.tickets.query import Due, Query, Reader

log = logging.getLogger(__name__)

ROWS = 5
"""Tickets on a page of a list in the Home tab."""
RECENT = 3
"""Closed tickets that the Home tab shows to their requestor."""
LATEST = 20
"""Events and messages of a ticket that are shown."""
DEEPEST = 6
"""Pages that a person can go back in each list; those of all lists fit into the metadata of the Home tab."""

OF_THE_TEAM = (Destination.TEAM, Destination.MEMBERS, Destination.APPROVERS)
"""Whoever is not on the team does not see what was told here."""


class Overview:
    """Reads what somebody may see; `is_team` says who is on the team, and may raise what a port raises.

    `zone` is the team's, in which weeks and days begin.
    """

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        people: People,
        is_team: Callable[[str], bool],
        zone: ZoneInfo = TEAM_TIME,
    ) -> None:
        self._store = store
        self._lists = Lists(store, zone)
        self._plugins = plugins
        self._people = people
        self._is_team = is_team

    def home(self, slack_id: str, choices: Choices) -> Home:
        """The Home tab of somebody who has chosen this; a type that was uninstalled since is no filter."""
        if choices.type not in self._plugins.types:
            choices = replace(choices, type="")
        choices = replace(choices, places={name: last[-DEEPEST:] for name, last in choices.places.items()})
        own = Query(requestor=slack_id)
        lists = [self._list(ListName.OWN, own, choices), self._closed(slack_id)]
        if not self.sees_all(slack_id):
            return Home(lists=tuple(lists), choices=choices)
        chosen = Query(
            types=(choices.type,) if choices.type else (),
            priorities=(choices.priority,) if choices.priority else (),
        )
        login = self._people.login(slack_id)
        queries = {
            ListName.UNASSIGNED: replace(chosen, assignee=""),
            ListName.MINE: replace(chosen, assignee=login) if login else None,  # else nobody knows
            ListName.UAT: replace(chosen, stages=(Stage.UAT,)),
            ListName.OVERDUE: replace(chosen, due=Due.OVERDUE),
            ListName.OPEN: chosen,
        }
        lists += [
            self._list(name, query, choices) if query else TicketList(name=name, tickets=())
            for name, query in queries.items()
        ]
        return Home(lists=tuple(lists), choices=choices, numbers=self._numbers(), has_login=bool(login))

    def open_home(self, slack_id: str, choices: Choices | None = None) -> Home:
        """The same, for somebody who has opened it, or has just chosen this; it is published again when tickets change.

        Without `choices` it shows what they chose before.
        """
        choices = choices or self._store.home_choices(slack_id)
        with self._store.begin(durable=False) as transaction:
            transaction.open_home(slack_id, choices)
        return self.home(slack_id, choices)

    def page(self, slack_id: str, query: Query, *, limit: int, after: str = "") -> Page:
        """A page of what somebody asked for, as far as they may see it."""
        return self._lists.page(self._visible(slack_id, query), limit=limit, after=after)

    def count(self, slack_id: str, query: Query) -> int:
        """How many tickets that is, up to MOST_COUNTED."""
        return self._lists.count(self._visible(slack_id, query))

    def reader(self, slack_id: str) -> Reader:
        """Reads queries as somebody types them."""
        return Reader(types=tuple(self._plugins.types), me=slack_id, key_of=self._people.key_of)

    def find(self, name: str) -> Ticket | None:
        """The ticket that people call so: `123`, `#123`, `reviews#12` or `owner/name#12`; None if there is none."""
        named = re.fullmatch(r"(?:(?P<where>[\w./-]*)#)?(?P<number>\d{1,9})", name.strip(), re.ASCII)
        if not named:
            return None
        repositories = [one.name for one in self._plugins.repositories.values()]
        if where := fold(named["where"] or ""):
            repositories = [one for one in repositories if where in (fold(one), fold(one.rpartition("/")[2]))]
        found = (self._store.ticket_at(repository, int(named["number"])) for repository in repositories)
        return next(filter(None, found), None)

    def details(self, ticket: Ticket, slack_id: str) -> Details | None:
        """The ticket as somebody may see it; None if they may not."""
        is_own, is_team = ticket.requestor.slack_id == slack_id, self.sees_all(slack_id)
        if not is_own and not is_team:
            return None
        messages = () if ticket.is_sensitive else self._store.messages(ticket.id, LATEST)
        return Details(
            ticket=ticket,
            events=tuple(self._store.events(ticket.id, LATEST)),
            messages=tuple(one for one in messages if is_team or one.to not in OF_THE_TEAM),
            actions=tuple(
                one
                for one in possible(ticket)
                if _may(one, is_own=is_own, is_team=is_team, is_approver=self._approves(ticket, slack_id))
            ),
            is_own=is_own,
            is_team=is_team,
        )

    def _approves(self, ticket: Ticket, slack_id: str) -> bool:
        """Whether somebody may approve a ticket; that they are still active is asked when they do."""
        try:
            check_approver(
                self._plugins, ticket, self._people, slack_id=slack_id, is_colleague=lambda one: True
            )
        except NotAllowed:
            return False
        return True

    def ticket(self, ticket_id: str, slack_id: str) -> Details | None:
        """The ticket with this id, as somebody may see it; None if they may not, or there is none."""
        ticket = self._store.ticket(ticket_id)
        return self.details(ticket, slack_id) if ticket else None

    def digest(self, hours: BusinessHours, now: float, slack_id: str) -> Digest:
        """What somebody on the team should look at today; the whole team if no Slack id is given."""
        if not slack_id:
            return digest.of_team(self._store, hours, now)
        login = self._people.login(slack_id) or ""
        return digest.of_person(self._store, hours, now, slack_id=slack_id, login=login)

    def sees_all(self, slack_id: str) -> bool:
        """Whether somebody is on the team; not while Slack does not tell."""
        try:
            return self._is_team(slack_id)
        except (Rejected, Retryable, OutcomeUnknown) as error:
            log.warning("cannot find out who is on the team: %s", error)
            return False

    def _visible(self, slack_id: str, query: Query) -> Query:
        return query if self.sees_all(slack_id) else replace(query, visible_to=slack_id)

    def _list(self, name: ListName, query: Query, choices: Choices) -> TicketList:
        places = choices.places.get(name, ())
        page = self._lists.page(query, limit=ROWS, after=places[-1] if places else "")
        if places and not page.tickets:  # what was there is closed by now
            page = self._lists.page(query, limit=ROWS)
        return TicketList(name=name, tickets=page.tickets, next=page.next)

    def _closed(self, slack_id: str) -> TicketList:
        page = self._lists.page(Query(is_open=False, requestor=slack_id), limit=RECENT)
        return TicketList(name=ListName.CLOSED, tickets=page.tickets)

    def _numbers(self) -> Numbers:
        count = self._lists.count
        return Numbers(
            open=count(Query()),
            unassigned=count(Query(assignee="")),
            overdue=count(Query(due=Due.OVERDUE)),
            uat=count(Query(stages=(Stage.UAT,))),
            urgent=count(Query(is_urgent=True)),
        )


def _may(action: Action, *, is_own: bool, is_team: bool, is_approver: bool) -> bool:
    whose = ACTIONS[action].by
    if whose is By.APPROVER:
        return is_approver
    return (is_own and whose is not By.TEAM) or (is_team and whose is not By.REQUESTOR)
