"""Telling: everybody hears once, in the right place, of what is so; nobody hears of their own clicks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from identity_bot.desk.desk import Desk
from identity_bot.store import schema as tables
from identity_bot.tickets.model import Action, MessageRef, Person, Ticket
from tests.support_desk import REVIEW, Office, Posted
from tests.support_outbox import states

INTAKE, TEAM = "C0INTAKE", "C0TEAM"
JUNIPER, INDIGO, SAGE = "U0JUNIPER", "U0INDIGO", "U0SAGE"
LINDEN = "linden-brookmere"
ASSIGNED = frozenset({LINDEN})
ORIGIN = MessageRef(channel="C0ELSEWHERE", ts="7.1", link="https://slack.test/C0ELSEWHERE/7.1")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.store.close()


@pytest.fixture
def ticket(office: Office) -> Ticket:
    return told(office)


def told(office: Office, type_name: str = "pr_review", **changes: Any) -> Ticket:
    """A ticket whose issue is open, and of which everybody has been told, a minute ago."""
    ticket = office.submit(type_name, **changes)
    office.work(60)
    return office.ticket(ticket)


def see(office: Office, **changes: Any) -> None:
    """Somebody changes the issue in GitHub, and the desk sees it."""
    office.desk.observe(office.tracker.hand(1, **changes))


def news(office: Office, channel: str = INTAKE) -> list[str]:
    """What was said after the first message; in the team's channel, after the card."""
    return office.chat.texts(channel)[1:]


def events(office: Office) -> list[tuple[str, str]]:
    with office.store.reading() as connection:
        rows = connection.execute(select(tables.events).order_by(tables.events.c.id)).all()
    return [(row.kind, row.by) for row in rows]


# One message for what belongs together


def test_the_first_change_is_told_at_once(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work(2)

    [said] = news(office)
    assert "assigned to <@U0LINDEN>" in said


def test_what_changes_within_five_seconds_is_told_in_the_same_message(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work(2)
    see(office, labels=frozenset({"priority: high"}))
    office.work(2)
    see(office, target=date(2027, 3, 1))
    office.work()

    [said] = news(office)
    assert all(part in said for part in ("<@U0LINDEN>", "high", "March 1, 2027"))
    assert [kind for kind, _ in events(office)] == ["created", "assigned", "prioritized", "target date set"]


def test_what_changes_later_is_told_in_a_message_of_its_own(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work(7)
    see(office, labels=frozenset({"priority: high"}))
    office.work()

    first, second = news(office)
    assert "high" not in first
    assert "<@U0LINDEN>" not in second


def test_what_is_taken_back_within_five_seconds_is_withdrawn(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work(2)
    told_at_first = news(office)
    see(office, assignees=frozenset())
    office.work()

    assert len(told_at_first) == 1
    assert news(office) == []


def test_what_is_taken_back_before_it_was_told_is_never_told(office: Office, ticket: Ticket) -> None:
    before = len(office.chat.posts)
    see(office, assignees=ASSIGNED)
    office.clock.move(1)
    see(office, assignees=frozenset())
    office.work()

    assert len(office.chat.posts) == before


def test_what_is_taken_back_before_it_was_posted_is_never_posted(office: Office, ticket: Ticket) -> None:
    """The channel's lane is busy; the message waits in line when it becomes untrue."""
    see(office, assignees=ASSIGNED)
    office.clock.move(1)
    with office.store.begin() as transaction:
        office.desk.teller.tell(transaction, ticket.id)
    see(office, assignees=frozenset())
    with office.store.begin() as transaction:
        office.desk.teller.tell(transaction, ticket.id)
    before = len(office.chat.posts)
    office.work()

    assert len(office.chat.posts) == before


def test_what_is_done_anew_after_it_was_withdrawn_is_told(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work(2)
    see(office, assignees=frozenset())
    office.work(1)
    see(office, assignees=frozenset({"sage-hollowell"}))
    office.work()

    [said] = news(office)
    assert "<@U0SAGE>" in said


def test_what_is_taken_back_later_is_told(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work(10)
    see(office, assignees=frozenset())
    office.work()

    assert len(news(office)) == 2
    assert "nobody" in news(office)[-1].lower()


def test_the_answer_to_a_message_is_not_added_to_it(office: Office, ticket: Ticket) -> None:
    """The requestor sends it back seconds after they were asked to try it; asked again, they hear it again."""
    see(office, assignees=ASSIGNED, target=date(2027, 3, 1))
    office.work(10)
    office.click(ticket, Action.UAT, by=INDIGO)
    office.work(2)
    office.click(ticket, Action.REJECT, by=JUNIPER, reason="It is blue")
    office.work(2)

    asked = office.chat.standing(INTAKE)[-1]
    assert "ready" in asked.text.lower()
    assert any("It is blue" in text and "<@U0LINDEN>" in text for text in news(office, TEAM))
    office.click(ticket, Action.UAT, by=INDIGO)
    office.work(2)
    again = office.chat.standing(INTAKE)[-1]
    assert (again.text, again.blocks) == (asked.text, asked.blocks)
    assert again.mark != asked.mark
    assert any("It is blue" in text for text in news(office, TEAM))


def test_clocks_that_differ_do_not_keep_news_from_people(office: Office, ticket: Ticket) -> None:
    """Another process, whose clock is an hour ahead, told the last; what is new is not edited into that."""
    see(office, assignees=ASSIGNED)
    office.work()
    with office.store.begin() as transaction:
        now = transaction.ticket(ticket.id)
        assert now
        assert now.told
        transaction.save(replace(now, told=replace(now.told, at=now.told.at + 3600)))

    see(office, labels=frozenset({"priority: high"}))
    office.work()

    assert len(news(office)) == 2


def test_a_message_that_somebody_deleted_is_posted_anew_with_what_is_added(
    office: Office, ticket: Ticket
) -> None:
    see(office, assignees=ASSIGNED)
    office.work(2)
    office.chat.deleted.add(str(len(office.chat.posts)))
    see(office, labels=frozenset({"priority: high"}))
    office.work()

    [said] = news(office)
    assert "<@U0LINDEN>" in said
    assert "high" in said


# Who, and where


def test_the_requestor_is_told_in_the_thread_with_a_mention(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work()

    said = office.chat.standing(INTAKE)[-1]
    assert (said.channel, said.thread_ts) == (INTAKE, ticket.thread and ticket.thread.ts)
    assert said.text.startswith("<@U0JUNIPER> ")


def test_a_request_from_a_message_is_told_in_that_messages_thread(office: Office) -> None:
    told(office, origin=ORIGIN)
    see(office, assignees=ASSIGNED)
    office.work()

    assert [posted.thread_ts for posted in office.chat.standing(ORIGIN.channel)] == [ORIGIN.ts, ORIGIN.ts]


def test_of_a_sensitive_ticket_the_requestor_is_told_directly(office: Office) -> None:
    """All of it in one thread there; the channel hears nothing that is new."""
    told(office, "data_pull", sensitive=True)
    see(office, assignees=ASSIGNED)
    office.work()

    first, second = office.chat.standing(JUNIPER)
    assert first.thread_ts is None
    assert second.thread_ts
    assert office.chat.texts(INTAKE) == []


def test_a_request_from_elsewhere_is_told_directly(office: Office) -> None:
    """And is announced in the intake channel, without a mention."""
    asked_by = Person(slack_id=JUNIPER, handle="juniper")
    office.desk.submit("pr_review", REVIEW, asked_by, submission="V1", origin=None, outside_intake=True)
    office.work()

    [announced] = office.chat.texts(INTAKE)
    assert "<@" not in announced
    assert len(office.chat.texts(JUNIPER)) == 1


def test_people_are_not_told_of_their_own_clicks(office: Office, ticket: Ticket) -> None:
    office.click(ticket, Action.CLOSE, "completed", by=JUNIPER)
    office.work()

    assert [text for text in news(office) if "<@U0JUNIPER>" in text] == []
    assert ("closed", JUNIPER) in events(office)


def test_an_assignee_is_not_told_of_what_they_did_themselves(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED, target=date(2027, 3, 1), spoc=LINDEN)
    office.work(10)
    before = news(office, TEAM)
    office.click(ticket, Action.TARGET, "2027-04-01", by="U0LINDEN")
    office.work()

    assert news(office, TEAM) == before
    assert "April 1, 2027" in news(office)[-1]


def test_spoc_and_assignees_are_told_in_the_cards_thread(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED, spoc="sage-hollowell", target=date(2027, 3, 1))
    office.work(10)
    office.click(ticket, Action.UAT, by=INDIGO)
    office.work(10)
    office.click(ticket, Action.REJECT, by=JUNIPER, reason="It is blue")
    office.work()

    said = office.chat.standing(TEAM)[-1]
    assert said.thread_ts == (ticket.card and ticket.card.ts)
    assert "<@U0SAGE>" in said.text
    assert "<@U0LINDEN>" in said.text


def test_what_people_did_before_the_bot_saw_the_issue_is_told(office: Office) -> None:
    """Assigned by hand in the second in which it was opened: created, and assigned, both are told."""
    office.submit(production=True)
    make = office.tracker.open_issue

    def with_hand(*asked: object) -> object:
        opened = make(*asked)  # type: ignore[arg-type]
        return replace(opened, snapshot=office.tracker.hand(1, assignees=ASSIGNED))

    office.tracker.open_issue = with_hand  # type: ignore[assignment, method-assign]
    office.work()

    created, assigned = office.chat.texts(INTAKE)
    assert "your request is ticket" in created
    assert "<@U0LINDEN>" in assigned


def test_the_leads_who_are_assigned_to_what_is_urgent_are_no_news(office: Office) -> None:
    ticket = told(office, production=True)

    assert ticket.state.assignees == ("indigo-marshwick", "sage-hollowell")
    assert len(office.chat.texts(INTAKE)) == 1
    assert len(office.chat.texts(TEAM)) == 1


def test_closing_is_announced_in_the_intake_channel_too(office: Office, ticket: Ticket) -> None:
    see(office, is_open=False)
    office.work()

    in_thread = [posted.thread_ts is not None for posted in office.chat.standing(INTAKE)[1:]]
    assert sorted(in_thread) == [False, True]


def test_news_of_a_type_that_is_not_installed_any_more_go_to_the_team(office: Office, ticket: Ticket) -> None:
    """The card still shows what is so."""
    office.new_desk(without="pr_review")
    see(office, is_open=False)
    office.work()

    assert news(office) == []
    assert sum("no longer installed" in text for text in office.chat.texts(TEAM)) == 1
    assert "closed" in office.chat.texts(TEAM)[0]
    assert "parked" not in states(office.outbox)


# The card


def cards(office: Office) -> list[Posted]:
    return [posted for posted in office.chat.standing(TEAM) if posted.text.startswith("New ticket")]


def card(office: Office) -> Posted:
    return cards(office)[0]


def test_the_card_is_one_message_that_is_edited_whoever_changed_what(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work(10)
    office.click(ticket, Action.TARGET, "2027-03-01", by=INDIGO)
    office.work()

    assert len(cards(office)) == 1
    assert "<@U0LINDEN>" in card(office).text
    assert "March 1, 2027" in card(office).text


def test_a_card_that_cannot_be_edited_is_posted_anew(office: Office, ticket: Ticket) -> None:
    assert ticket.card
    office.chat.lost.add(ticket.card.ts)
    see(office, assignees=ASSIGNED)
    office.work()

    _, anew = cards(office)
    now = office.ticket(ticket)
    assert "<@U0LINDEN>" in anew.text
    assert now.card != ticket.card
    see(office, is_open=False)
    office.work()
    assert len(cards(office)) == 2


def test_a_card_is_drawn_again_where_the_ticket_changed_while_it_was_drawn(office: Office) -> None:
    office.submit()
    post = office.chat.post

    def meanwhile(channel: str, *rest: object, **more: object) -> MessageRef:
        if channel == TEAM and not office.tracker.snapshot(1).assignees:
            see(office, assignees=ASSIGNED)
        return post(channel, *rest, **more)  # type: ignore[arg-type]

    office.chat.post = meanwhile  # type: ignore[method-assign]
    office.work()

    assert len(cards(office)) == 1
    assert "<@U0LINDEN>" in card(office).text


def test_the_card_stands_before_what_is_said_in_its_thread(office: Office) -> None:
    """Even where all of it waits in the same lane."""
    office.submit()
    office.work(1)
    see(office, assignees=ASSIGNED, spoc="sage-hollowell")
    office.work()

    first, *others = office.chat.standing(TEAM)
    assert first.thread_ts is None
    assert {posted.thread_ts for posted in others} == {str(office.chat.posts.index(first) + 1)}


# Where nobody can be told


def test_where_the_thread_is_gone_the_requestor_is_told_directly_from_then_on(
    office: Office, ticket: Ticket
) -> None:
    """Told to the team once, not at each message."""
    assert ticket.thread
    office.chat.deleted.add(ticket.thread.ts)
    for changes in ({"assignees": ASSIGNED}, {"target": date(2027, 3, 1)}, {"is_open": False}):
        see(office, **changes)
        office.work(10)

    first, *others = office.chat.standing(JUNIPER)
    assert len(others) == 2
    assert first.thread_ts is None
    assert {posted.thread_ts for posted in others} == {str(office.chat.posts.index(first) + 1)}
    assert sum("by direct message" in text for text in office.chat.texts(TEAM)) == 1
    assert "parked" not in states(office.outbox)


def test_where_the_requestor_cannot_be_told_at_all_the_team_is_told(office: Office, ticket: Ticket) -> None:
    """The channel is archived and the requestor deactivated: one notice for each telling, and no end of tries."""
    office.chat.closed |= {INTAKE, JUNIPER}
    see(office, assignees=ASSIGNED)
    office.work(60)

    assert sum("couldn't tell Juniper Vale" in text for text in office.chat.texts(TEAM)) == 1
    assert not any("by direct message" in text for text in office.chat.texts(TEAM))
    assert "waiting" not in states(office.outbox)


def test_a_team_channel_that_is_closed_stops_nothing_else(office: Office, ticket: Ticket) -> None:
    assert ticket.card
    office.chat.closed.add(TEAM)
    office.chat.lost.add(ticket.card.ts)
    see(office, assignees=ASSIGNED)
    office.work(60)

    assert len(news(office)) == 1
    assert "waiting" not in states(office.outbox)
    kinds = [(row.effect.kind, "is_notice" in row.effect.payload) for row in office.outbox.rows("parked")]
    assert sorted(kinds) == [("draw_card", False), ("post", False), ("post", True), ("post", True)]


def test_a_message_that_was_told_directly_is_edited_and_withdrawn_there(
    office: Office, ticket: Ticket
) -> None:
    office.chat.closed.add(INTAKE)
    see(office, assignees=ASSIGNED)
    office.work(3)
    see(office, labels=frozenset({"priority: high"}), assignees=ASSIGNED)
    office.work(2)
    [said] = office.chat.texts(JUNIPER)
    see(office, labels=frozenset(), assignees=frozenset())
    office.work()

    assert "high" in said
    assert office.chat.texts(JUNIPER) == []


def test_a_parked_message_does_not_overwrite_what_was_told_later(office: Office, ticket: Ticket) -> None:
    """The operator has it tried again when the telling it belongs to says more."""
    office.chat.closed.add(INTAKE)
    see(office, is_open=False)
    office.work(3)
    office.chat.closed.clear()
    [parked] = office.outbox.rows("parked")
    with office.store.begin() as transaction:
        slot = parked.effect.payload["slot"]
        newer = {"to": "intake", "slot": slot, "message": {"text": "newer", "blocks": []}}
        transaction.enqueue(replace(parked.effect, payload=newer, due_at=0.0))
    office.work(3)

    office.outbox.retry(parked.effect.id or 0)
    office.work(3)

    assert office.chat.texts(INTAKE)[-1] == "newer"
    assert states(office.outbox).get("parked") is None


# Notices


@pytest.mark.parametrize("seconds", [0, 3600])
def test_a_renamed_label_is_said_once_however_often_it_is_delivered(office: Office, seconds: int) -> None:
    def hear(desk: Desk) -> None:
        desk.label_renamed("Sandbox-Org/identity-requests", "stage: triaged", "triaged")
        desk.label_renamed("sandbox-org/identity-requests", "bug", "defect")
        desk.repository_renamed("sandbox-org/identity-requests", "sandbox-org/ids")

    for _ in range(3):
        hear(office.desk)
        office.work(3)
        office.clock.move(seconds)

    assert sorted("label" in text for text in office.chat.texts(TEAM)) == [False, True]


def test_a_label_that_is_renamed_again_days_later_is_said_again(office: Office) -> None:
    for _ in range(2):
        office.desk.label_renamed("sandbox-org/identity-requests", "identity-slackbot", "")
        office.work(3)
        office.clock.move(3 * 24 * 3600)

    assert len(office.chat.texts(TEAM)) == 2
