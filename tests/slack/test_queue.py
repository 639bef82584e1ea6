"""Words after the command that show tickets, the ticket's modal and the Home tab's lists, in the sandbox."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from identity_bot.messages import words
from identity_bot.slack.card import BUTTON_BLOCK
from identity_bot.slack.home import BY_TYPE, FILTERS, TURN
from identity_bot.slack.queue import ROWS
from identity_bot.slack.rows import OPEN
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import Person, Ticket, TicketState
from identity_bot.tickets.overview import ListName
from identity_bot_sandbox.slack.limits import check_message
from tests.support import DATA, REVIEW, VISITOR, World, eventually
from tests.support_outbox import ticket

JUNIPER, MARLO, LINDEN, INTAKE = "U0JUNIPER", "U0MARLO", "U0LINDEN", "C0INTAKE"
REPOSITORY = "sandbox-org/identity-requests"


def keep(world: World, *tickets: Ticket) -> None:
    with world.bot.store.begin() as transaction:
        for one in tickets:
            transaction.add_ticket(one)


def opened(number: int, **changes: Any) -> Ticket:
    """An open ticket of Juniper's."""
    given: dict[str, Any] = {
        "number": number,
        "url": f"https://github.test/{number}",
        "title": f"Title {number}",
    }
    return ticket(f"V{number}", state=TicketState(), **(given | changes))


def asked(world: World, user: str, typed: str) -> Any:
    """What somebody is answered, as a message that only they see."""
    before = len(world.sandbox.slack.ephemerals(user))
    world.sandbox.slack.command(user, INTAKE, f"/help {typed}")
    [*_, said] = eventually(lambda: world.sandbox.slack.ephemerals(user)[before:])
    assert check_message({"text": said.text, "blocks": said.blocks}) == []
    return said


def test_mine_shows_a_persons_own_and_nobody_elses(world: World) -> None:
    keep(world, opened(1), opened(2, requestor=Person(slack_id=MARLO, name="Marlo")))

    said = asked(world, JUNIPER, "mine")

    assert "Title 1" in said.text
    assert "Title 2" not in said.text
    assert "Unassigned" in said.text


def test_mine_of_somebody_without_requests_says_so(world: World) -> None:
    keep(world, opened(1))

    assert asked(world, MARLO, "mine").text == "You have no requests yet."


@pytest.mark.parametrize(
    "typed", ["queue", "queue type:pr_review unassigned", "QUEUE title", "search title 1"]
)
def test_the_queue_shows_what_fits(world: World, typed: str) -> None:
    keep(world, opened(1))

    assert "*<https://github.test/1|#1>* PR review: Title 1" in asked(world, LINDEN, typed).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("queue prio:high", "Did you mean `priority:`?"),
        ("queue type:nothing", "There is no type with that name."),
        ("search", "Please say what to search for"),
        ("search zebra", "No tickets fit."),
        ("99", "There is no ticket 99"),
        ("elsewhere#1", "There is no ticket"),
    ],
)
def test_what_cannot_be_shown_is_said_privately(world: World, typed: str, said: str) -> None:
    assert said in asked(world, JUNIPER, typed).text


def test_a_long_list_is_turned_page_by_page_in_its_place(world: World) -> None:
    slack = world.sandbox.slack
    keep(world, *(opened(number, submitted_at=float(number)) for number in range(1, ROWS + 4)))
    first = asked(world, LINDEN, "queue")

    slack.click(LINDEN, INTAKE, first.ts, "idbot:page:list:next")
    [*_, second] = eventually(
        lambda: [one for one in slack.ephemerals(LINDEN) if f"Title {ROWS + 1}" in one.text]
    )

    slack.click(LINDEN, INTAKE, second.ts, "idbot:page:list:previous")
    [third] = eventually(lambda: [one for one in slack.ephemerals(LINDEN) if one.text == first.text])

    assert f"*{ROWS + 3} open tickets*" in first.text
    assert f"*{ROWS + 3} open tickets*" in second.text
    assert "idbot:page:list:previous" not in str(third.blocks)
    assert f"Title {ROWS}" in first.text
    assert f"Title {ROWS}\n" not in second.text
    assert len(slack.ephemerals(LINDEN)) == 1
    assert "idbot:page:list:next" not in str(second.blocks)


def test_a_search_says_what_was_searched_for_and_how_much_was_found_on_every_page(world: World) -> None:
    slack = world.sandbox.slack
    typed = 'title "open" stage:open'
    numbers = range(1, ROWS + 4)
    keep(
        world,
        *(opened(number, title=f"Title {number} open", submitted_at=float(number)) for number in numbers),
    )
    first = asked(world, LINDEN, f"search {typed}")

    slack.click(LINDEN, INTAKE, first.ts, "idbot:page:list:next")
    second = eventually(lambda: [one for one in slack.ephemerals(LINDEN) if "Title 1 open" in one.text])[-1]

    heading = f"*{ROWS + 3} tickets found:* {typed}"
    assert [said.text.splitlines()[0] for said in (first, second)] == [heading, heading]


def test_a_ticket_keeps_its_title_when_something_is_said_on_top_of_it(world: World) -> None:
    slack = world.sandbox.slack
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()
    slack.command(LINDEN, INTAKE, "/help 1")
    eventually(lambda: slack.view(LINDEN))

    slack.act(LINDEN, BUTTON_BLOCK, action_id="idbot:action:take")
    said = eventually(lambda: "doing that now" in str(slack.view(LINDEN)) and slack.view(LINDEN))

    assert said["title"]["text"] == "Ticket #1"


def test_who_is_not_on_the_team_sees_no_ticket_of_others(world: World) -> None:
    keep(world, opened(1, is_sensitive=True, title=""), opened(2))

    queue, found = asked(world, MARLO, "queue"), asked(world, MARLO, "search title")

    for said in (queue, found):
        assert "#1" not in said.text
        assert "#2" not in said.text
    for name in ("1", "2"):
        assert f"There is no ticket {name}" in asked(world, MARLO, name).text
    assert "#2" in asked(world, JUNIPER, "search title").text
    assert "Sensitive" in asked(world, LINDEN, "queue").text


def test_a_ticket_opens_with_its_facts_history_and_what_the_person_may_do(world: World) -> None:
    slack = world.sandbox.slack
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()

    slack.command(LINDEN, INTAKE, "/help 1")
    view = eventually(lambda: slack.view(LINDEN))
    slack.command(JUNIPER, INTAKE, "/help #1")
    # Until it opens, the receipt of the request is still there.
    eventually(lambda: slack.view(JUNIPER)["title"]["text"] == "Ticket #1")
    own = slack.view(JUNIPER)

    assert view["title"]["text"] == "Ticket #1"
    assert "*Stage:* Open" in str(view)
    assert "Ticket opened" in str(view)
    assert "idbot:action:take" in str(view)
    assert "Close my request…" not in str(view)
    assert "idbot:action:take" not in str(own)
    assert "Close my request…" in str(own)


def test_a_ticket_opens_with_when_it_is_due_and_with_what_is_overdue(world: World) -> None:
    slack, now = world.sandbox.slack, time.time()
    keep(world, opened(1, response_due=now + DAY), opened(2, response_due=now - DAY))

    slack.command(LINDEN, INTAKE, "/help 1")
    on_time = str(eventually(lambda: slack.view(LINDEN)))
    slack.command(LINDEN, INTAKE, "/help 2")
    eventually(lambda: slack.view(LINDEN)["title"]["text"] == "Ticket #2")
    late = str(slack.view(LINDEN))

    assert "*Answer due:* <!date^" in on_time
    assert "Overdue" not in on_time
    assert "*Overdue:* the answer was due <!date^" in late


def test_an_action_in_the_tickets_modal_is_done_and_said(world: World) -> None:
    slack = world.sandbox.slack
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()
    slack.command(LINDEN, INTAKE, "/help 1")
    eventually(lambda: slack.view(LINDEN))

    slack.act(LINDEN, BUTTON_BLOCK, action_id="idbot:action:take")
    eventually(lambda: "doing that now" in str(slack.view(LINDEN)))
    world.settle()

    assert world.sandbox.github.issue(REPOSITORY, 1).assignees == ("linden-brookmere",)


def test_a_form_from_the_tickets_modal_lies_on_top_of_it(world: World) -> None:
    slack = world.sandbox.slack
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()
    slack.command(LINDEN, INTAKE, "/help 1")
    eventually(lambda: slack.view(LINDEN))

    slack.act(LINDEN, BUTTON_BLOCK, action_id="idbot:action:priority")

    assert eventually(lambda: "Set priority" in str((slack.view(LINDEN) or {}).get("title")))


def home(world: World, user: str) -> Any:
    world.sandbox.slack.open_home(user)
    return eventually(lambda: world.sandbox.slack.home(user))


def test_the_home_tab_shows_a_requestor_their_own_and_what_happens_next(world: World) -> None:
    keep(world, opened(1))

    view = str(home(world, JUNIPER))

    assert "My open requests" in view
    assert "Title 1" in view
    assert "Next, the team looks at it." in view
    assert "Needs an owner" not in view
    assert "Start a request" in view


def test_the_home_tab_shows_the_team_its_numbers_and_lists(world: World) -> None:
    keep(world, opened(1), opened(2, is_urgent=True), opened(3))

    view = str(home(world, LINDEN))

    assert "*3* open · *3* unassigned · *0* overdue · *0* waiting for UAT · *1* urgent" in view
    assert view.index("Title 2") < min(view.index("Title 1"), view.index("Title 3"))
    for name in ("Needs an owner", "Mine", "Waiting for UAT", "Overdue", "All open"):
        assert f"*{name}*" in view


def test_filters_and_pages_of_the_home_tab_stay_as_chosen(world: World) -> None:
    slack = world.sandbox.slack
    keep(
        world,
        *(opened(number, submitted_at=float(number)) for number in range(1, 8)),
        opened(8, type="data_pull", title="Another"),
    )
    home(world, LINDEN)

    slack.act(LINDEN, FILTERS, "pr_review", BY_TYPE, in_home=True)
    eventually(lambda: "pr_review" in slack.home(LINDEN)["private_metadata"])
    slack.act(LINDEN, f"{TURN}{ListName.OPEN}", action_id=f"{TURN}{ListName.OPEN}:next", in_home=True)
    eventually(lambda: "Title 7" in str(slack.home(LINDEN)))
    slack.open_home(LINDEN)

    view = str(eventually(lambda: slack.home(LINDEN)))
    assert "Title 7" in view
    assert "Another" not in view
    slack.act(LINDEN, f"{TURN}{ListName.OPEN}", action_id=f"{TURN}{ListName.OPEN}:previous", in_home=True)
    assert eventually(lambda: "Title 7" not in str(slack.home(LINDEN)))


def test_a_row_of_the_home_tab_opens_its_ticket(world: World) -> None:
    slack = world.sandbox.slack
    keep(world, one := opened(1))
    home(world, JUNIPER)

    slack.act(JUNIPER, f"{OPEN}:{ListName.OWN}:{one.id}", in_home=True)

    assert eventually(lambda: (slack.view(JUNIPER) or {}).get("title", {}).get("text")) == "Ticket #1"


def test_a_sensitive_ticket_shows_nothing_of_its_content_anywhere(world: World) -> None:
    slack = world.sandbox.slack
    world.request(JUNIPER, "data_pull", **DATA | {"sensitive": "yes", "data_needed": "Zebras per stable"})
    world.settle()

    views = [str(home(world, user)) for user in (JUNIPER, LINDEN)]
    said = asked(world, LINDEN, "queue")
    slack.command(JUNIPER, INTAKE, "/help restricted#1")

    assert "Zebras" not in "".join([*views, str(said.blocks)])
    assert "ebra" not in asked(world, LINDEN, "search zebras").text.partition("\n")[2]


def test_a_database_that_cannot_be_read_is_said_wherever_a_ticket_is_asked_for(world: World) -> None:
    slack = world.sandbox.slack
    keep(world, one := opened(1))
    home(world, JUNIPER)
    database = Path(str(world.bot.store.engine.url.database))
    away = database.rename(database.with_suffix(".away"))

    said = [asked(world, JUNIPER, typed).text for typed in ("1", "mine", "search title")]
    slack.act(JUNIPER, f"{OPEN}:{ListName.OWN}:{one.id}", in_home=True)
    shown = eventually(lambda: slack.view(JUNIPER))
    away.rename(database)

    assert said == [words.NOTHING_SHOWN] * 3
    assert words.NOTHING_SHOWN in str(shown)


def test_an_open_home_tab_is_published_again_when_a_ticket_changes(world: World) -> None:
    slack = world.sandbox.slack
    home(world, JUNIPER)

    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()

    assert eventually(lambda: "PR review" in str(slack.home(JUNIPER)["blocks"][3:5]))


@pytest.mark.parametrize("who", ["U0ROWAN", VISITOR.slack_id])
def test_a_guest_and_a_person_of_another_organization_see_their_own(world: World, who: str) -> None:
    slack = world.sandbox.slack
    slack.meet(VISITOR, INTAKE)
    keep(world, opened(1), opened(2, requestor=Person(slack_id=who, name="Somebody")))

    view = str(home(world, who))
    said = asked(world, who, "queue")

    for shown in (view, said.text):
        assert "Title 2" in shown
        assert "Title 1" not in shown
    assert "unassigned" not in view.partition("My open requests")[0]


def test_hundreds_open_the_home_tab_at_once(world: World) -> None:
    """Each gets their own, and none is lost."""
    slack = world.sandbox.slack
    someone = slack.people[JUNIPER]
    crowd = [f"U0C{number:04}" for number in range(400)]
    for person in crowd:
        slack.people[person] = replace(someone, slack_id=person, handle=person.lower())
    keep(world, opened(1), opened(2, requestor=Person(slack_id=crowd[7], name="Somebody")))

    for person in crowd:
        slack.open_home(person)

    homes = eventually(lambda: all(map(slack.home, crowd)) and {who: str(slack.home(who)) for who in crowd})
    assert [who for who, view in homes.items() if "Title 2" in view] == [crowd[7]]
    assert not [who for who, view in homes.items() if "Title 1" in view]
