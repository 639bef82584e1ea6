"""People change tickets by buttons in Slack: on the team's card, and in what the requestor is told."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pytest_mock import MockerFixture
from slack_bolt import BoltRequest

from identity_bot.errors import StoreError
from identity_bot.tickets.model import Action, CloseReason, Priority, Stage, Ticket
from identity_bot_sandbox import cast
from identity_bot_sandbox.cast import Character
from identity_bot_sandbox.slack.model import Message
from tests.support import REVIEW, VISITOR, World, eventually

JUNIPER, MARLO = "U0JUNIPER", "U0MARLO"
INDIGO, SAGE, LINDEN = "U0INDIGO", "U0SAGE", "U0LINDEN"
INTAKE, TEAM = "C0INTAKE", "C0TEAM"
REPOSITORY = "sandbox-org/identity-requests"
INDIGOS = "indigo-marshwick"


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A ticket that Juniper has asked for, with its card in the team's channel."""
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.sandbox.slack.close(JUNIPER)
    eventually(lambda: world.sandbox.slack.messages(TEAM))
    world.settle()
    return now(world)


def card(world: World) -> Message:
    """The card as it now is."""
    [message] = world.sandbox.slack.messages(TEAM)
    return message


def now(world: World) -> Ticket:
    """The ticket as it now is."""
    [value] = {button["value"] for button in buttons(card(world)).values()}
    found = world.bot.desk.ticket(value)
    assert found
    return found


def buttons(message: Message) -> dict[str, dict[str, Any]]:
    """A message's buttons, by the actions that they stand for."""
    return {
        element["action_id"].removeprefix("idbot:action:"): element
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }


def press(world: World, user: str, action: Action, *, settled: bool = True) -> None:
    """Presses a button of the card."""
    ack = world.sandbox.slack.click(user, TEAM, card(world).ts, f"idbot:action:{action.value}")
    assert ack.is_ok
    if settled:
        world.settle()


def open_form(world: World, user: str, action: Action) -> dict[str, Any]:
    """Presses a button of the card and waits for its form."""
    press(world, user, action, settled=False)
    return eventually(lambda: world.sandbox.slack.view(user) or {})


def send(world: World, user: str, **entered: Any) -> dict[str, str]:
    """Fills in the form in front of somebody and sends it; what it then says is wrong."""
    world.sandbox.slack.fill(user, {f"idbot:{name}": value for name, value in entered.items()})
    refused = world.sandbox.slack.submit(user)
    world.settle()
    return refused


def clicked(world: World, user: str, action: str, value: Any, **more: Any) -> Any:
    """What the app answers to a click that the sandbox's people could not make any more."""
    pressed = {
        "type": "button",
        "action_id": f"idbot:action:{action}",
        "block_id": "idbot:actions",
        "value": value,
    }
    body = {
        "type": "block_actions",
        "user": {"id": user},
        "team": {"id": "T0SANDBOX"},
        "trigger_id": world.sandbox.slack.trigger(user),
        "response_url": world.sandbox.slack.response_url(user, INTAKE),
        "actions": [pressed],
        **more,
    }
    return world.app.dispatch(BoltRequest(body=body, mode="socket_mode"))


def told(world: World, user: str) -> str:
    """What somebody was last told in private."""
    return eventually(lambda: world.sandbox.slack.ephemerals(user))[-1].text


def asked_to_try(world: World, ticket: Ticket) -> Message:
    """Brings the ticket to UAT, and the message by which its requestor is asked to try it."""
    press(world, INDIGO, Action.TAKE)
    press(world, INDIGO, Action.UAT)
    [message] = eventually(lambda: can_be_answered(world, ticket))
    return message


def can_be_answered(world: World, ticket: Ticket) -> list[Message]:
    """The messages with the button Accept."""
    return [message for message in thread(world, ticket) if "accept" in buttons(message)]


def thread(world: World, ticket: Ticket) -> list[Message]:
    """All that stands in the ticket's thread."""
    assert ticket.thread
    return world.sandbox.slack.thread(ticket.thread.channel, ticket.thread.ts)


# Actions done at once


def test_who_takes_a_ticket_is_assigned_in_github_and_the_card_says_so(world: World, ticket: Ticket) -> None:
    press(world, INDIGO, Action.TAKE)

    [issue] = world.sandbox.github.issues(REPOSITORY)
    assert issue.assignees == (INDIGOS,)
    assert now(world).stage is Stage.ASSIGNED
    assert f"*Assigned to:* <@{INDIGO}>" in card(world).text
    assert world.sandbox.slack.ephemerals(INDIGO) == []


def test_a_ticket_goes_through_its_life_by_buttons(world: World, ticket: Ticket) -> None:
    press(world, INDIGO, Action.CRITICAL)
    press(world, INDIGO, Action.TAKE)
    press(world, INDIGO, Action.RELEASE)
    released = now(world)
    open_form(world, INDIGO, Action.CLOSE)
    send(world, INDIGO, value="completed", reason="Merged")
    closed = now(world)
    press(world, INDIGO, Action.REOPEN)

    assert (released.stage, released.state.priority) == (Stage.RELEASED, Priority.CRITICAL)
    assert (closed.stage, closed.state.close_reason) == (Stage.CLOSED, CloseReason.COMPLETED)
    assert now(world).stage is not Stage.CLOSED


def test_a_ticket_is_closed_as_a_duplicate_of_the_one_that_is_named(world: World, ticket: Ticket) -> None:
    """What is wrong with the name stands at its field; then both issues say it, and the requestor is led there."""
    github = world.sandbox.github
    open_form(world, INDIGO, Action.DUPLICATE)
    earlier = github.open_issue(REPOSITORY, "Review it", actor=INDIGOS, labels=["identity-slackbot"])
    world.bot.desk.observe(world.bot.tracker.get_issue(REPOSITORY, earlier.number))
    world.settle()

    refused = [send(world, INDIGO, value=value) for value in ("that one", "#99", "1")]
    accepted = send(world, INDIGO, value=f"https://github.test/{REPOSITORY}/issues/{earlier.number}")

    assert ["such as #12" in refused[0]["idbot:value"], "no ticket by that" in refused[1]["idbot:value"]] == [
        True
    ] * 2
    assert "the ticket itself" in refused[2]["idbot:value"]
    assert accepted == {}
    closed = world.bot.desk.ticket(ticket.id)
    assert closed
    assert (closed.stage, closed.state.close_reason) == (Stage.CLOSED, CloseReason.DUPLICATE)
    assert [one.body.partition("\n")[0] for one in github.comments(REPOSITORY, 1)] == ["Duplicate of #2"]
    assert len(github.comments(REPOSITORY, 2)) == 1
    [news] = [one.text for one in thread(world, closed) if "covers the same thing" in one.text]
    assert "It continues there" in news


def test_whoever_closes_a_duplicate_sees_the_tickets_that_look_alike(world: World, ticket: Ticket) -> None:
    """Their numbers are what the form asks for."""
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()
    again = next(one for one in world.sandbox.slack.messages(TEAM) if "|#2>" in one.text)

    world.sandbox.slack.click(INDIGO, TEAM, again.ts, f"idbot:action:{Action.DUPLICATE.value}")
    form = eventually(lambda: world.sandbox.slack.view(INDIGO))

    [shown] = [one for one in form["blocks"] if one["type"] == "context"]
    assert ["|#1>" in one["text"] for one in shown["elements"]] == [True]


def test_the_form_opens_although_the_database_does_not_tell_what_looks_alike(
    world: World, ticket: Ticket, mocker: MockerFixture
) -> None:
    mocker.patch("identity_bot.store.similar.Similar.to", side_effect=StoreError("gone"))

    open_form(world, INDIGO, Action.DUPLICATE)

    assert "context" not in {one["type"] for one in (world.sandbox.slack.view(INDIGO) or {})["blocks"]}


def test_the_card_offers_only_what_is_possible(world: World, ticket: Ticket) -> None:
    before = set(buttons(card(world)))
    press(world, INDIGO, Action.TAKE)
    press(world, INDIGO, Action.CRITICAL)

    assert before == {
        "take",
        "assign",
        "priority",
        "critical",
        "spoc",
        "target",
        "close",
        "duplicate",
        "redact",
        "wait",
    }
    assert set(buttons(card(world))) == before - {"critical"} | {"uat", "release"}


def test_who_has_no_known_login_is_told_how_to_take_a_ticket(world: World, ticket: Ticket) -> None:
    world.sandbox.slack.invite(MARLO, TEAM)

    press(world, MARLO, Action.TAKE)

    assert "We don't know your GitHub login" in told(world, MARLO)
    assert now(world).stage is Stage.OPEN


@pytest.mark.parametrize("action", [Action.TAKE, Action.CRITICAL, Action.TARGET, Action.REOPEN])
def test_who_is_not_of_the_team_is_told_who_may(world: World, ticket: Ticket, action: Action) -> None:
    """Before any form is shown; the requestor too."""
    for user in (MARLO, JUNIPER):
        assert clicked(world, user, action.value, ticket.id).status == 200

        assert "Only the Identity Team can do that with ticket #1" in told(world, user)
        assert world.sandbox.slack.view(user) is None


def test_who_has_left_the_team_is_told_so(world: World, ticket: Ticket, mocker: MockerFixture) -> None:
    world.sandbox.slack.remove(SAGE, TEAM)
    mocker.patch("identity_bot.slack.team.FRESH", 0.0)

    clicked(world, SAGE, "take", ticket.id)

    assert "Only the Identity Team" in told(world, SAGE)


def test_a_click_on_an_old_card_says_what_is_possible_now(world: World, ticket: Ticket) -> None:
    open_form(world, INDIGO, Action.CLOSE)
    send(world, INDIGO, value="completed")

    clicked(world, INDIGO, "take", ticket.id)

    assert told(world, INDIGO) == "Ticket #1 is closed, so you can't take it. You can reopen it."


@pytest.mark.parametrize("action", ["take", "assign", "accept"])
@pytest.mark.parametrize("value", ["", "x", "00000000-0000-0000-0000-000000000000", "x" * 2000])
def test_a_ticket_that_is_not_in_the_database_is_said(
    world: World, ticket: Ticket, action: str, value: str
) -> None:
    assert clicked(world, INDIGO, action, value).status == 200

    assert "no record of this ticket" in told(world, INDIGO)


@pytest.mark.parametrize(("action", "value"), [("dance", "x"), ("take", None), ("take", {"x": 1}), ("", "x")])
def test_a_button_of_another_version_is_said(world: World, action: str, value: Any) -> None:
    assert clicked(world, INDIGO, action, value).status == 200

    assert "from another version" in told(world, INDIGO)


def test_clicking_twice_at_once_does_it_once(world: World, ticket: Ticket) -> None:
    with ThreadPoolExecutor(5) as hands:
        list(hands.map(lambda _: press(world, INDIGO, Action.TAKE, settled=False), range(5)))
    world.settle()

    assert len(world.sandbox.github.comments(REPOSITORY, 1)) == 1
    assert now(world).state.assignees == (INDIGOS,)


def test_two_people_at_once_are_both_heard(world: World, ticket: Ticket) -> None:
    with ThreadPoolExecutor(2) as hands:
        one = hands.submit(press, world, INDIGO, Action.CRITICAL, settled=False)
        other = hands.submit(press, world, SAGE, Action.TAKE, settled=False)
        one.result()
        other.result()
    world.settle()

    state = now(world).state
    assert (state.priority, state.assignees) == (Priority.CRITICAL, ("sage-hollowell",))


def test_a_database_that_is_locked_is_said_and_nothing_is_changed(world: World, ticket: Ticket) -> None:
    world.bot.desk.is_team(INDIGO)
    other = sqlite3.connect(str(world.bot.store.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    press(world, INDIGO, Action.CRITICAL, settled=False)
    said = told(world, INDIGO)
    other.execute("ROLLBACK")
    other.close()

    assert "*nothing changed*" in said


def test_a_slow_list_of_members_delays_no_ack(world: World, ticket: Ticket) -> None:
    """The action is done all the same, as soon as Slack has told who is of the team."""
    world.sandbox.slack.faults.add("conversations.members", delay=4.0)

    ack = world.sandbox.slack.click(INDIGO, TEAM, card(world).ts, "idbot:action:critical")

    assert ack.is_ok
    eventually(lambda: world.bot.desk.ticket(ticket.id).state.priority is Priority.CRITICAL)  # type: ignore[union-attr]


def test_when_slack_does_not_tell_who_is_of_the_team_that_is_said(world: World, ticket: Ticket) -> None:
    world.sandbox.slack.faults.add("conversations.members", error="internal_error", times=None)

    press(world, INDIGO, Action.CRITICAL, settled=False)

    assert "We couldn't check who may do that" in told(world, INDIGO)


# Actions that ask for something


def test_a_target_date_is_asked_for_checked_and_set(world: World, ticket: Ticket) -> None:
    today = world.bot.desk.today()
    open_form(world, INDIGO, Action.TARGET)

    past = send(world, INDIGO, value=today - timedelta(days=1))
    far = send(world, INDIGO, value=today + timedelta(days=800))
    fine = send(world, INDIGO, value=today + timedelta(days=10))

    assert "in the past" in past["idbot:value"]
    assert "two years" in far["idbot:value"]
    assert fine == {}
    assert world.sandbox.slack.view(INDIGO) is None
    assert now(world).state.target == today + timedelta(days=10)
    assert "Change target date…" in str(card(world).blocks)


def offered(world: World, user: str, typed: str = "") -> list[str]:
    """The names in the list of people of the form in front of somebody."""
    return [one["text"]["text"] for one in world.sandbox.slack.options(user, "idbot:value", typed)]


def test_a_ticket_is_assigned_to_a_member_whose_login_is_known(world: World, ticket: Ticket) -> None:
    world.sandbox.slack.invite(MARLO, TEAM)
    open_form(world, LINDEN, Action.ASSIGN)

    names = offered(world, LINDEN)
    found = offered(world, LINDEN, "sag")
    fine = send(world, LINDEN, value="Sage Hollowell")

    assert names == ["Indigo Marshwick", "Linden Brookmere", "Sage Hollowell"]
    assert found == ["Sage Hollowell"]
    assert fine == {}
    assert now(world).state.assignees == ("sage-hollowell",)


def test_typing_in_a_list_of_people_asks_slack_about_each_of_them_once(
    world: World, ticket: Ticket, mocker: MockerFixture
) -> None:
    """However slow Slack is, and not in the threads in which forms are opened."""
    slack = world.sandbox.slack
    open_form(world, INDIGO, Action.SPOC)
    world.bot.team._colleagues.clear()
    slack.traffic.clear()
    slack.faults.add("users.info", delay=3.0, times=None)
    calls = mocker.spy(world.bot.listeners._calls, "submit")

    for typed in ("l", "li", "lin"):
        assert offered(world, INDIGO, typed)

    def asked() -> list[str]:  # a call is listed once it is answered
        return sorted(call.arguments["user"] for call in slack.traffic.calls("users.info"))

    members = sorted(world.bot.team.members())
    eventually(lambda: len(asked()) >= len(members))
    assert asked() == members
    assert calls.call_count == 3


@pytest.mark.parametrize("who", [VISITOR, replace(VISITOR, slack_id="W0WREN", is_hidden=True)])
def test_people_of_other_organizations_in_the_team_channel_may_change_nothing(
    world: World, ticket: Ticket, who: Character
) -> None:
    world.sandbox.slack.meet(who, TEAM)

    press(world, who.slack_id, Action.TAKE)

    assert "Only the Identity Team can do that" in told(world, who.slack_id)
    assert now(world).state.assignees == ()


@pytest.mark.parametrize("bot", [cast.BOT_USER_ID, VISITOR.slack_id])
def test_bots_in_the_team_channel_are_given_nothing(world: World, ticket: Ticket, bot: str) -> None:
    """Neither to this bot itself nor to another."""
    world.sandbox.slack.meet(replace(VISITOR, is_bot=True, workspace=cast.WORKSPACE_ID), TEAM)
    world.sandbox.slack.people.setdefault(bot, replace(VISITOR, slack_id=bot))
    open_form(world, INDIGO, Action.SPOC)

    assert offered(world, INDIGO) == ["Indigo Marshwick", "Linden Brookmere", "Sage Hollowell"]


def test_a_member_whose_id_begins_with_w_does_all_that_the_team_does(world: World, ticket: Ticket) -> None:
    """So do the ids of people of an Enterprise organization."""
    worker = replace(VISITOR, slack_id="W012A3CDE", workspace=cast.WORKSPACE_ID)
    world.sandbox.slack.meet(worker, TEAM)
    press(world, worker.slack_id, Action.CRITICAL)
    open_form(world, worker.slack_id, Action.SPOC)
    refused = send(world, worker.slack_id, value=worker.name)

    assert refused == {}
    assert "*SPOC:* <@W012A3CDE>" in card(world).text
    assert "slack:W012A3CDE" in world.sandbox.github.issue(REPOSITORY, 1).body


def test_a_spoc_is_of_the_team_and_needs_no_login(world: World, ticket: Ticket) -> None:
    world.sandbox.slack.invite(MARLO, TEAM)
    open_form(world, INDIGO, Action.SPOC)

    assert offered(world, INDIGO, "juniper") == []
    assert send(world, INDIGO, value="Marlo Pinesong") == {}

    assert f"*SPOC:* <@{MARLO}>" in card(world).text


def test_who_leaves_the_team_before_the_form_is_sent_is_refused(
    world: World, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_form(world, LINDEN, Action.ASSIGN)
    world.sandbox.slack.fill(LINDEN, {"idbot:value": "Sage Hollowell"})
    world.sandbox.slack.remove(SAGE, TEAM)
    monkeypatch.setattr("identity_bot.slack.team.FRESH", 0.0)

    refused = send(world, LINDEN)

    assert "not on the Identity Team" in refused["idbot:value"]


def test_a_list_of_people_shows_logins_where_slack_tells_no_names(world: World, ticket: Ticket) -> None:
    world.sandbox.slack.invite(MARLO, TEAM)
    open_form(world, LINDEN, Action.ASSIGN)
    world.sandbox.slack.faults.add("users.info", error="internal_error", times=None)

    assert offered(world, LINDEN) == ["indigo-marshwick", "Linden Brookmere", "sage-hollowell"]


def test_a_priority_is_set(world: World, ticket: Ticket) -> None:
    open_form(world, INDIGO, Action.PRIORITY)

    assert send(world, INDIGO, value="low") == {}

    assert "priority: low" in world.sandbox.github.labels(REPOSITORY, 1)


def test_a_form_over_what_has_changed_since_says_so(world: World, ticket: Ticket) -> None:
    """Two people close at once: the second reads why the form is of no use any more."""
    open_form(world, SAGE, Action.TARGET)
    open_form(world, INDIGO, Action.CLOSE)
    send(world, INDIGO, value="duplicate")

    send(world, SAGE, value=world.bot.desk.today())

    assert "Ticket #1 is closed, so you can't set its target date. You can reopen it." in str(
        world.sandbox.slack.view(SAGE)
    )


def test_a_form_that_could_not_be_kept_stays_to_be_sent_again(world: World, ticket: Ticket) -> None:
    open_form(world, INDIGO, Action.PRIORITY)
    world.sandbox.slack.fill(INDIGO, {"idbot:value": "high"})
    other = sqlite3.connect(str(world.bot.store.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    world.sandbox.slack.submit(INDIGO)
    over = str(world.sandbox.slack.view(INDIGO))
    other.execute("ROLLBACK")
    other.close()
    world.sandbox.slack.close(INDIGO)

    assert "nothing changed" in over or "longer than usual" in over
    assert world.sandbox.slack.submit(INDIGO) == {}
    world.settle()
    assert now(world).state.priority is Priority.HIGH


def test_a_form_that_slack_does_not_open_is_said(world: World, ticket: Ticket) -> None:
    world.sandbox.slack.faults.add("views.open", error="expired_trigger_id")

    press(world, INDIGO, Action.TARGET)

    assert "didn't open the form" in told(world, INDIGO)


def test_a_form_of_another_version_is_said(world: World) -> None:
    view = {"id": "V1", "type": "modal", "callback_id": "idbot:action", "private_metadata": "{", "state": {}}
    body = {"type": "view_submission", "user": {"id": INDIGO}, "team": {"id": "T0SANDBOX"}, "view": view}

    answer = world.app.dispatch(BoltRequest(body=body, mode="socket_mode"))

    assert answer.status == 200
    assert "from another version" in answer.body


def test_sending_a_form_twice_does_it_once(world: World, ticket: Ticket) -> None:
    open_form(world, INDIGO, Action.PRIORITY)
    world.sandbox.slack.fill(INDIGO, {"idbot:value": "high"})

    world.sandbox.slack.submit(INDIGO, clicks=4)
    world.settle()

    assert len(world.sandbox.github.comments(REPOSITORY, 1)) == 1


# What the requestor does


def test_the_requestor_accepts_and_the_message_says_so(world: World, ticket: Ticket) -> None:
    message = asked_to_try(world, ticket)

    world.sandbox.slack.click(JUNIPER, INTAKE, message.ts, "idbot:action:accept")
    world.settle()

    assert now(world).stage is Stage.ACCEPTED
    assert can_be_answered(world, ticket) == []
    [kept] = [m for m in thread(world, ticket) if m.ts == message.ts]
    assert kept.text == f"{message.text}\n<@{JUNIPER}> accepted it."


def test_the_requestor_sends_it_back_with_a_reason(world: World, ticket: Ticket) -> None:
    message = asked_to_try(world, ticket)
    world.sandbox.slack.click(JUNIPER, INTAKE, message.ts, "idbot:action:reject")
    eventually(lambda: world.sandbox.slack.view(JUNIPER))

    personal = send(world, JUNIPER, reason="The SSN 123-45-6789 is shown")
    fine = send(world, JUNIPER, reason="It still asks twice")

    assert "a Social Security number" in personal["idbot:reason"]
    assert "123-45-6789" not in str(personal)
    assert fine == {}
    assert now(world).stage is Stage.IN_PROGRESS
    assert "It still asks twice" in str(world.sandbox.github.comments(REPOSITORY, 1))
    eventually(lambda: can_be_answered(world, ticket) == [])
    assert any("said it needs work" in m.text for m in thread(world, ticket))


def test_nobody_else_accepts(world: World, ticket: Ticket) -> None:
    message = asked_to_try(world, ticket)

    for user, action in ((MARLO, "accept"), (INDIGO, "accept"), (INDIGO, "reject")):
        world.sandbox.slack.click(user, INTAKE, message.ts, f"idbot:action:{action}")

        assert "Only Juniper Vale, who requested ticket #1, can accept it" in told(world, user)
        assert world.sandbox.slack.view(user) is None
    assert now(world).stage is Stage.UAT


def test_the_requestor_closes_their_own_request(world: World, ticket: Ticket) -> None:
    [message] = [m for m in world.sandbox.slack.messages(INTAKE) if "close" in buttons(m)]
    world.sandbox.slack.click(JUNIPER, INTAKE, message.ts, "idbot:action:close")
    eventually(lambda: world.sandbox.slack.view(JUNIPER))

    assert send(world, JUNIPER, value="not planned", reason="Found it myself") == {}

    assert now(world).state.close_reason is CloseReason.NOT_PLANNED
    eventually(lambda: "closed the request" in world.sandbox.slack.messages(INTAKE)[0].text)


def test_accepting_twice_says_that_it_is_accepted(world: World, ticket: Ticket) -> None:
    asked_to_try(world, ticket)
    clicked(world, JUNIPER, "accept", ticket.id)
    world.settle()

    clicked(world, JUNIPER, "accept", ticket.id)

    assert told(world, JUNIPER) == "Ticket #1 is already accepted. You can close it."


# Replays


def test_a_click_that_is_sent_again_after_it_was_undone_does_nothing(world: World, ticket: Ticket) -> None:
    """A signature is good for five minutes."""
    body: dict[str, Any] = {"trigger_id": "1.2.abc", "response_url": ""}
    assert clicked(world, INDIGO, "critical", ticket.id, **body).status == 200
    world.settle()
    open_form(world, INDIGO, Action.PRIORITY)
    send(world, INDIGO, value="low")

    assert clicked(world, INDIGO, "critical", ticket.id, **body).status == 200
    world.settle()

    assert now(world).state.priority is Priority.LOW


def test_a_form_that_is_sent_again_after_it_was_undone_does_nothing(world: World, ticket: Ticket) -> None:
    open_form(world, INDIGO, Action.PRIORITY)
    send(world, INDIGO, value="high")
    replayed = world.sandbox.slack.resubmit
    press(world, INDIGO, Action.CRITICAL)

    assert replayed(INDIGO).is_ok
    world.settle()

    assert now(world).state.priority is Priority.CRITICAL
