"""What people may see: their own, the team's queue, and nothing sensitive of others; in the right places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from identity_bot.desk.overview import DEEPEST, ROWS, Overview
from identity_bot.errors import Retryable
from identity_bot.messages.updates import Destination
from identity_bot.tickets.model import (
    Action,
    MessageKind,
    Person,
    Priority,
    Stage,
    Ticket,
    TicketMessage,
    TicketState,
)
from identity_bot.tickets.overview import Choices, ListName
from identity_bot.tickets.query import BadQuery, Query
from tests.support_desk import Office
from tests.support_outbox import ticket

JUNIPER, MARLO, LINDEN = "U0JUNIPER", "U0MARLO", "U0LINDEN"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.store.close()


@pytest.fixture
def overview(office: Office) -> Overview:
    return Overview(
        store=office.store,
        plugins=office.plugins,
        people=office.people,
        is_team=lambda slack_id: slack_id in office.chat.team,
    )


def keep(office: Office, number: int, state: TicketState | None = None, **changes: object) -> Ticket:
    kept = replace(ticket(f"V{number}", number=number, state=state or TicketState()), **changes)  # type: ignore[arg-type]
    with office.store.begin() as transaction:
        transaction.add_ticket(kept)
    return kept


def numbers(
    overview: Overview, slack_id: str, name: ListName, choices: Choices | None = None
) -> list[int | None]:
    lists = {one.name: one for one in overview.home(slack_id, choices or Choices()).lists}
    return [one.number for one in lists[name].tickets]


def test_a_team_member_whose_login_nobody_knows_has_no_tickets_but_is_known_to_have_none(
    office: Office, overview: Overview
) -> None:
    office.chat.team |= {MARLO}
    keep(office, 1, TicketState(assignees=("marlo-p",)))

    homes = [overview.home(who, Choices()) for who in (MARLO, LINDEN)]

    assert [one.has_login for one in homes] == [False, True]
    assert numbers(overview, MARLO, ListName.MINE) == []


def test_each_list_has_what_its_name_says(office: Office, overview: Overview) -> None:
    keep(office, 1)
    keep(office, 2, TicketState(stage=Stage.UAT, assignees=("linden-brookmere",)))
    keep(office, 3, TicketState(stage=Stage.CLOSED))
    keep(office, 4, TicketState(assignees=("sage-hollowell",)), requestor=Person(slack_id=MARLO))

    assert numbers(overview, LINDEN, ListName.UNASSIGNED) == [1]
    assert numbers(overview, LINDEN, ListName.MINE) == numbers(overview, LINDEN, ListName.UAT) == [2]
    assert numbers(overview, JUNIPER, ListName.OWN) == [1, 2]
    assert numbers(overview, JUNIPER, ListName.CLOSED) == [3]
    assert {one.name for one in overview.home(JUNIPER, Choices()).lists} == {ListName.OWN, ListName.CLOSED}


def test_filters_narrow_the_teams_lists_only(office: Office, overview: Overview) -> None:
    keep(office, 1, TicketState(priority=Priority.HIGH), requestor=Person(slack_id=LINDEN))
    keep(office, 2, type="data_pull", requestor=Person(slack_id=LINDEN))

    chosen = Choices(type="pr_review", priority=Priority.HIGH)

    assert numbers(overview, LINDEN, ListName.OPEN, chosen) == [1]
    assert numbers(overview, LINDEN, ListName.OWN, chosen) == [1, 2]


def test_a_filter_for_a_type_that_was_uninstalled_filters_nothing(office: Office, overview: Overview) -> None:
    keep(office, 1)

    home = overview.home(LINDEN, Choices(type="gone"))

    assert (home.choices.type, numbers(overview, LINDEN, ListName.OPEN, Choices(type="gone"))) == ("", [1])


def test_a_page_that_has_become_empty_is_the_first_one(office: Office, overview: Overview) -> None:
    kept = [keep(office, number, submitted_at=float(number)) for number in range(1, ROWS + 2)]
    [second] = [one.next for one in overview.home(LINDEN, Choices()).lists if one.name is ListName.OPEN]
    there = Choices(places={ListName.OPEN: (second,)})
    before = numbers(overview, LINDEN, ListName.OPEN, there)
    with office.store.begin() as transaction:
        transaction.save(replace(kept[-1], state=TicketState(stage=Stage.CLOSED)))

    assert before == [ROWS + 1]
    assert numbers(overview, LINDEN, ListName.OPEN, there) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["7", "#7", "identity-requests#7", "sandbox-org/identity-requests#7"])
def test_a_ticket_is_found_by_each_of_its_names(office: Office, overview: Overview, name: str) -> None:
    kept = keep(office, 7)

    assert overview.find(name) == office.ticket(kept)


@pytest.mark.parametrize("name", ["8", "elsewhere#7", "", "#", "x" * 500, "0", "7 OR 1", "٧"])
def test_what_is_no_tickets_name_finds_none(office: Office, overview: Overview, name: str) -> None:
    keep(office, 7)

    assert overview.find(name) is None


@pytest.mark.parametrize("is_sensitive", [True, False])
def test_a_ticket_is_its_requestors_and_the_teams(
    office: Office, overview: Overview, is_sensitive: bool
) -> None:
    kept = keep(office, 1, is_sensitive=is_sensitive)

    assert overview.ticket(kept.id, MARLO) is None
    assert overview.ticket(kept.id, JUNIPER)
    assert overview.ticket(kept.id, LINDEN)
    assert [len(overview.page(one, Query(), limit=5).tickets) for one in (MARLO, JUNIPER, LINDEN)] == [
        0,
        1,
        1,
    ]


def test_what_the_team_was_told_is_shown_to_the_team_only(office: Office, overview: Overview) -> None:
    kept = keep(office, 1)
    with office.store.begin() as transaction:
        for number, to in enumerate(Destination, 1):
            update = TicketMessage(
                ticket_id=kept.id,
                kind=MessageKind.UPDATE,
                at=1.0,
                text=to,
                to=to,
                channel="C1",
                ts=f"{number}.0",
            )
            transaction.add_message(update)

    own, team = overview.ticket(kept.id, JUNIPER), overview.ticket(kept.id, LINDEN)

    assert own
    assert {one.to for one in own.messages} == {Destination.REQUESTOR, Destination.INTAKE}
    assert team
    assert {one.to for one in team.messages} == set(Destination)


def test_of_many_pages_only_the_last_ones_are_kept_to_go_back(overview: Overview) -> None:
    deep = Choices(places={ListName.OPEN: tuple(str(number) for number in range(100))})

    assert overview.home(LINDEN, deep).choices.places[ListName.OPEN] == deep.places[ListName.OPEN][-DEEPEST:]


def test_everybody_is_offered_what_they_may_do(office: Office, overview: Overview) -> None:
    kept = keep(office, 1, TicketState(stage=Stage.UAT, assignees=("linden-brookmere",)))
    seen = {one: overview.ticket(kept.id, one) for one in (JUNIPER, LINDEN, MARLO)}

    offered = {one: set(details.actions) if details else set() for one, details in seen.items()}

    assert offered[JUNIPER] == {Action.ACCEPT, Action.REJECT, Action.CLOSE}
    assert Action.ASSIGN in offered[LINDEN]
    assert Action.ACCEPT not in offered[LINDEN]
    assert offered[MARLO] == set()


def test_while_slack_does_not_tell_who_is_on_the_team_everybody_sees_their_own(office: Office) -> None:
    def unknown(slack_id: str) -> bool:
        raise Retryable("Slack: 500")

    overview = Overview(store=office.store, plugins=office.plugins, people=office.people, is_team=unknown)

    assert not overview.home(LINDEN, Choices()).is_team


def test_me_is_whoever_asks(overview: Overview) -> None:
    assert overview.reader(LINDEN).read("assignee:me") == Query(assignee="linden-brookmere")
    with pytest.raises(BadQuery):
        overview.reader(LINDEN).read("type:gone")
