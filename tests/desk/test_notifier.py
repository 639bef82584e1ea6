"""The notifier: everybody is told once, in the right place, of what is so; nobody is told of their own clicks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import select

from identity_bot.desk.desk import Desk
from identity_bot.desk.notifier import QUIET
from identity_bot.errors import Rejected, Retryable
from identity_bot.outbox.effects import Notify
from identity_bot.store import schema
from identity_bot.testing import Posted
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import (
    Action,
    Change,
    IssueComment,
    IssueSnapshot,
    MessageRef,
    Person,
    Requested,
    Ticket,
    TicketState,
)
from tests.support_desk import REVIEW, Office
from tests.support_outbox import states

INTAKE, TEAM = "C0INTAKE", "C0TEAM"
JUNIPER, INDIGO, SAGE = "U0JUNIPER", "U0INDIGO", "U0SAGE"
LINDEN = "linden-brookmere"
ASSIGNED = frozenset({LINDEN})
STEPS: tuple[dict[str, Any], ...] = (
    {"assignees": ASSIGNED},
    {"labels": frozenset({"priority: high"})},
    {"target": date(2027, 3, 1)},
    {"labels": frozenset({"priority: high", "stage: ready for UAT"})},
)
"""How an issue is changed, one step after the other."""
ORIGIN = MessageRef(channel="C0ELSEWHERE", ts="7.1", link="https://slack.test/C0ELSEWHERE/7.1")


@pytest.fixture
def ticket(office: Office) -> Ticket:
    return told(office)


@pytest.fixture
def tried(office: Office, ticket: Ticket) -> Ticket:
    """The same, when it is ready for its requestor to try."""
    see(office, assignees=ASSIGNED, labels=frozenset({"stage: ready for UAT"}))
    office.work(60)
    return office.ticket(ticket)


def told(office: Office, type_name: str = "pr_review", **changes: Any) -> Ticket:
    """A ticket whose issue is open, and of which everybody has been told, a minute ago."""
    ticket = office.submit(type_name, **changes)
    office.work(60)
    return office.ticket(ticket)


def see(office: Office, **changes: Any) -> None:
    """Somebody changes the issue in GitHub, and the desk sees it."""
    office.desk.observe(office.tracker.edit(1, **changes))


def posts(office: Office, channel: str) -> list[Posted]:
    """What was posted in a channel, in its threads too."""
    return [posted for posted in office.chat.posts if posted.channel == channel]


def news(office: Office, channel: str = INTAKE) -> list[str]:
    """What was said after the first message; in the team's channel, after the card."""
    return office.chat.texts(channel)[1:]


def events(office: Office, ticket: Ticket | None = None) -> list[tuple[str, str]]:
    """The kinds of what happened, and whose it was; of all tickets, or of one."""
    with office.store.reading() as connection:
        rows = connection.execute(select(schema.events).order_by(schema.events.c.id)).all()
    return [(row.kind, row.by) for row in rows if ticket is None or row.ticket_id == ticket.id]


def thread_of(ticket: Ticket) -> str:
    """The time stamp of the message that begins a ticket's thread."""
    assert ticket.thread
    return ticket.thread.ts


# One burst, one message


def test_a_burst_of_changes_is_one_message(office: Office, ticket: Ticket) -> None:
    """One change in GitHub arrives as several webhooks: told once it has been quiet for two seconds."""
    see(office, assignees=ASSIGNED)
    office.clock.move(1)
    see(office, labels=frozenset({"priority: high"}))
    office.clock.move(1.5)
    see(office, target=date(2027, 3, 1))
    office.work(1.9)
    early = news(office)
    office.work()

    [said] = news(office)
    assert early == []
    assert all(part in said for part in ("<@U0LINDEN>", "high", "March 1, 2027"))
    assert [kind for kind, _ in events(office)] == ["created", "prioritized", "assigned", "target date set"]


def test_a_change_is_told_when_it_has_been_quiet_for_two_seconds(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work(QUIET)
    early = news(office)
    office.work(1)

    assert early == []
    [said] = news(office)
    assert "It's assigned to <@U0LINDEN>" in said


def test_changes_that_never_end_are_told_after_ten_seconds(office: Office, ticket: Ticket) -> None:
    """Somebody changes the target date every second for a quarter of a minute."""
    said_after = {}
    for second in range(1, 16):
        see(office, assignees=ASSIGNED, target=date(2027, 3, second))
        office.work(1)
        said_after[second] = len(news(office))
    office.work()

    first, second_message = news(office)
    assert [said_after[10], said_after[11]] == [0, 1]
    assert "It's assigned to <@U0LINDEN>" in first
    assert "March 11, 2027" in first
    assert "March 15, 2027 (it was March 11, 2027)" in second_message


def test_a_new_ticket_is_told_at_once(office: Office) -> None:
    office.submit()
    office.work(1)

    assert len(office.chat.texts(INTAKE)) == len(office.chat.texts(TEAM)) == 1


def test_what_changes_later_is_told_in_a_message_of_its_own(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work(7)
    see(office, labels=frozenset({"priority: high"}))
    office.work()

    first, second = news(office)
    assert "high" not in first
    assert "<@U0LINDEN>" not in second


def test_what_is_changed_back_before_it_was_told_is_never_told(office: Office, ticket: Ticket) -> None:
    before = list(office.chat.posts)
    see(office, assignees=ASSIGNED)
    office.clock.move(1)
    see(office, assignees=frozenset())
    office.work()

    assert news(office) == []
    assert len(office.chat.posts) == len(before)
    assert events(office) == [("created", "")]
    assert office.ticket(ticket).state == office.ticket(ticket).last_notified


def test_what_is_done_anew_after_it_was_changed_back_is_told(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work(1)
    see(office, assignees=frozenset())
    office.work(1)
    see(office, assignees=frozenset({"sage-hollowell"}))
    office.work()

    [said] = news(office)
    assert "<@U0SAGE>" in said
    assert "<@U0LINDEN>" not in said


def test_a_correction_of_what_was_told_is_a_new_message(office: Office, ticket: Ticket) -> None:
    """Screen readers and phones do not announce edits: what was posted stays as it is."""
    see(office, assignees=ASSIGNED)
    office.work(4)
    [told_first] = news(office)
    see(office, assignees=frozenset())
    office.work()

    first, correction = news(office)
    assert first == told_first
    assert "nobody" in correction.lower()
    assert {ref for ref, _ in office.chat.edits} == {ticket.card}


def test_each_difference_is_told_once_in_whatever_order_deliveries_come(office: Office) -> None:
    """Late, doubled or lost: each message tells from what was told last, and the last one tells what is so."""
    random = Random(7)
    count, turns = 24, 8
    tickets = [office.submit(view=f"V{number}") for number in range(count)]
    office.work(5, min_intervals=False)
    seen: list[list[IssueSnapshot]] = [[] for _ in tickets]
    for changes in STEPS:
        office.clock.move(1)
        for number, snapshots in enumerate(seen, 1):
            snapshots.append(office.tracker.edit(number, **changes))
    orders = [[random.randrange(len(STEPS)) for _ in range(random.randint(1, turns))] for _ in tickets]

    for turn in range(turns):
        for snapshots, order in zip(seen, orders, strict=True):
            for step in order[turn : turn + 1]:
                office.desk.observe(snapshots[step])
        office.work(random.choice([0.0, 1.0, 3.0, 12.0]), min_intervals=False)
    office.work(min_intervals=False)

    for ticket, snapshots, order in zip(map(office.ticket, tickets), seen, orders, strict=True):
        expected = lifecycle.state_of(snapshots[max(order)])
        assert ticket.state == ticket.last_notified == expected
        kinds = [kind for kind, _ in events(office, ticket)][1:]
        assert sorted(kinds) == sorted(lifecycle.news(TicketState(), expected))
        said = [posted.text for posted in posts(office, INTAKE) if posted.thread_ts == thread_of(ticket)]
        assert len(said) == len(set(said)) <= len(set(order))


def test_what_changes_while_people_are_told_is_told_once(
    office: Office, ticket: Ticket, mocker: MockerFixture
) -> None:
    """Just before the transaction that tells, and just after it."""
    later = iter([{"labels": frozenset({"priority: high"})}, {"target": date(2027, 3, 1)}])

    def meanwhile(*_: object) -> None:
        if changes := next(later, None):
            see(office, **changes)

    mocker.patch.object(Notify, "run", meanwhile)
    see(office, assignees=ASSIGNED)
    office.work()

    assert [kind for kind, _ in events(office)] == ["created", "prioritized", "assigned", "target date set"]
    assert [("high" in said, "March 1, 2027" in said) for said in news(office)] == [
        (True, False),
        (False, True),
    ]


def test_of_an_update_that_was_posted_only_the_buttons_are_ever_edited(
    office: Office, ticket: Ticket
) -> None:
    """The requestor sends it back seconds after they were asked to try it; asked again, they are told again."""
    see(office, assignees=ASSIGNED, target=date(2027, 3, 1))
    office.work(10)
    office.click(ticket, Action.UAT, by=INDIGO)
    office.work(4)
    asked = posts(office, INTAKE)[-1]
    office.click(ticket, Action.REJECT, by=JUNIPER, reason="It is blue")
    office.work(4)

    assert "ready" in asked.text.lower()
    assert posts(office, INTAKE)[-1].text == f"{asked.text}\n<@{JUNIPER}> said it needs work."
    assert any("It is blue" in text and "<@U0LINDEN>" in text for text in news(office, TEAM))
    office.click(ticket, Action.UAT, by=INDIGO)
    office.work(4)
    again = posts(office, INTAKE)[-1]
    assert (again.text, again.blocks) == (asked.text, asked.blocks)
    assert again.key != asked.key


# Who requested it, and why


def test_a_reason_is_told_with_what_it_is_the_reason_for(office: Office, tried: Ticket) -> None:
    """Even if GitHub's webhook is quicker than its answer to the bot."""
    update_issue = office.tracker.update_issue

    def with_webhook(*asked: Any, **more: Any) -> IssueSnapshot:
        snapshot = update_issue(*asked, **more)
        office.desk.observe(snapshot)
        return snapshot

    office.tracker.update_issue = with_webhook  # type: ignore[method-assign]
    office.click(tried, Action.REJECT, by=JUNIPER, reason="It is blue")
    office.work()

    assert any("It is blue" in text for text in news(office, TEAM))
    assert events(office)[-1] == ("rejected", JUNIPER)
    assert office.ticket(tried).requested == ()


@pytest.mark.parametrize("action", [Action.ACCEPT, Action.REJECT])
def test_the_requestor_is_not_told_that_they_accepted_or_sent_it_back(
    office: Office, tried: Ticket, action: Action
) -> None:
    before = len(office.chat.texts(INTAKE))
    office.click(tried, action, by=JUNIPER, reason="It is blue" if action is Action.REJECT else "")
    office.work()

    assert len(office.chat.texts(INTAKE)) == before
    assert "<@U0LINDEN>" in news(office, TEAM)[-1]


def test_of_a_burst_everybody_is_told_of_what_others_did(office: Office, tried: Ticket) -> None:
    """The requestor accepts it, and within two seconds the team releases it: both are in one message."""
    before = news(office)
    office.click(tried, Action.ACCEPT, by=JUNIPER)
    office.click(office.ticket(tried), Action.TARGET, "2027-05-01", by=INDIGO)
    office.work()

    [said] = news(office)[len(before) :]
    assert "May 1, 2027" in said
    assert "accepted" not in said
    assert set(events(office)[-2:]) == {("target date set", INDIGO), ("accepted", JUNIPER)}


def test_who_requested_what_is_kept_apart_for_two_people(office: Office, ticket: Ticket) -> None:
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.click(ticket, Action.ASSIGN, LINDEN, by=SAGE)
    both = office.ticket(ticket).requested
    office.work()

    assert both == (
        Requested(by=INDIGO, change=Change(action=Action.PRIORITY, value="high")),
        Requested(by=SAGE, change=Change(action=Action.ASSIGN, value=LINDEN)),
    )
    assert events(office)[1:] == [("prioritized", INDIGO), ("assigned", SAGE)]
    assert office.ticket(ticket).requested == ()


def test_a_request_that_was_not_made_leaves_no_attribution(office: Office, ticket: Ticket) -> None:
    """GitHub refused it; that somebody does the same by hand later is theirs."""
    office.tracker.fails = [Rejected("GitHub: 422")]
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work()
    refused = office.ticket(ticket).requested

    see(office, labels=frozenset({"priority: high"}))
    office.work()

    assert refused == ()
    assert events(office)[1:] == [("prioritized", "")]


def test_a_request_that_somebody_was_quicker_to_make_by_hand_is_told_once(
    office: Office, ticket: Ticket
) -> None:
    """Nothing was left to be made, so nothing is attributed and nothing of it remains."""
    office.tracker.edit(1, labels=frozenset({"priority: high"}))
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work()

    assert events(office)[1:] == [("prioritized", "")]
    assert office.ticket(ticket).requested == ()
    assert len(news(office)) == 1


def test_a_request_that_waits_claims_nothing_that_somebody_else_does_meanwhile(
    office: Office, ticket: Ticket
) -> None:
    """The same thing is set to another value in GitHub, which is away for the bot's own change."""
    office.tracker.fails = [Retryable("GitHub: 503", 60.0)]
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work(1)
    see(office, labels=frozenset({"priority: low"}))
    office.work(10)
    office.work(100)

    assert events(office)[1:] == [("prioritized", ""), ("prioritized", INDIGO)]
    assert office.ticket(ticket).requested == ()


def test_a_target_date_is_whose_it_is_also_if_github_tells_of_it_first(
    office: Office, ticket: Ticket
) -> None:
    """The webhook makes it a ticket with a target date before the bot's own answer has come."""
    update_issue = office.tracker.update_issue

    def with_webhook(*asked: Any, **more: Any) -> IssueSnapshot:
        snapshot = update_issue(*asked, **more)
        office.desk.observe(snapshot)
        return snapshot

    office.tracker.update_issue = with_webhook  # type: ignore[method-assign]
    office.click(ticket, Action.TARGET, "2027-05-01", by=INDIGO)
    office.work()

    assert events(office)[1:] == [("target date set", INDIGO)]
    assert office.ticket(ticket).requested == ()


def comment(office: Office, body: str, author: str) -> None:
    """Somebody comments on the issue, and the desk sees it."""
    office.desk.handle_comment(
        IssueComment(
            repository="sandbox-org/identity-requests",
            number=1,
            id=1,
            author=author,
            body=body,
            created_at=office.clock(),
        )
    )


def test_a_strangers_comment_command_attributes_nothing(office: Office, ticket: Ticket) -> None:
    comment(office, "/priority high", "a-stranger")
    office.work()
    refused = office.ticket(ticket).requested

    see(office, labels=frozenset({"priority: high"}))
    office.work()

    assert refused == ()
    assert events(office)[1:] == [("prioritized", "")]


def test_a_members_comment_command_is_theirs(office: Office, ticket: Ticket) -> None:
    comment(office, "/priority high", LINDEN)
    office.work()

    assert events(office)[1:] == [("prioritized", "U0LINDEN")]
    assert office.ticket(ticket).requested == ()


def test_a_closed_ticket_forgets_what_was_requested_before(office: Office, ticket: Ticket) -> None:
    """It was closed before the priority was told: what is done after it is reopened is somebody else's."""
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.click(ticket, Action.CLOSE, "completed", by=SAGE)
    office.work()
    closed = office.ticket(ticket).requested
    see(office, is_open=True, close_reason=None, labels=frozenset({"priority: low"}))
    office.work()

    assert closed == ()
    assert events(office)[1:] == [("closed", SAGE), ("reopened", ""), ("prioritized", "")]


# Who, and where


def test_the_requestor_is_told_in_the_thread_with_a_mention(office: Office, ticket: Ticket) -> None:
    see(office, assignees=ASSIGNED)
    office.work()

    said = posts(office, INTAKE)[-1]
    assert (said.channel, said.thread_ts) == (INTAKE, ticket.thread and ticket.thread.ts)
    assert said.text.startswith("<@U0JUNIPER> ")


def test_a_request_from_a_message_is_told_in_that_messages_thread(office: Office) -> None:
    told(office, origin=ORIGIN)
    see(office, assignees=ASSIGNED)
    office.work()

    assert [posted.thread_ts for posted in posts(office, ORIGIN.channel)] == [ORIGIN.ts, ORIGIN.ts]


def test_of_a_sensitive_ticket_the_requestor_is_told_directly(office: Office) -> None:
    """All of it in one thread there; the channel hears nothing that is new."""
    told(office, "data_pull", sensitive=True)
    see(office, assignees=ASSIGNED)
    office.work()

    first, second = posts(office, JUNIPER)
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


@pytest.mark.parametrize("origin", [None, ORIGIN])
def test_a_request_from_a_private_channel_is_never_announced(
    office: Office, origin: MessageRef | None
) -> None:
    """Neither when it is new nor when it is done."""
    asked_by = Person(slack_id=JUNIPER, handle="juniper")
    office.desk.submit(
        "pr_review",
        REVIEW,
        asked_by,
        submission="V1",
        origin=origin,
        outside_intake=not origin,
        is_private=True,
    )
    office.work()
    office.desk.observe(office.tracker.edit(1, is_open=False))
    office.work()

    assert office.chat.texts(INTAKE) == []
    assert len(office.chat.texts(ORIGIN.channel if origin else JUNIPER)) == 2


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

    said = posts(office, TEAM)[-1]
    assert said.thread_ts == (ticket.card and ticket.card.ts)
    assert "<@U0SAGE>" in said.text
    assert "<@U0LINDEN>" in said.text


def test_what_people_did_before_the_bot_saw_the_issue_is_told(office: Office) -> None:
    """Assigned by hand in the second in which it was opened: created, and assigned, both are told."""
    office.submit(production=True)
    make = office.tracker.open_issue

    def with_hand(*asked: object, **more: object) -> object:
        opened = make(*asked, **more)  # type: ignore[arg-type]
        return replace(opened, snapshot=office.tracker.edit(1, assignees=ASSIGNED))

    office.tracker.open_issue = with_hand  # type: ignore[assignment, method-assign]
    office.work()

    created, assigned = office.chat.texts(INTAKE)
    assert "We got your" in created
    assert "<@U0LINDEN>" in assigned


def test_the_leads_who_are_assigned_to_what_is_urgent_are_no_news(office: Office) -> None:
    ticket = told(office, production=True)

    assert ticket.state.assignees == ("indigo-marshwick", "sage-hollowell")
    assert len(office.chat.texts(INTAKE)) == 1
    assert len(office.chat.texts(TEAM)) == 1


def test_closing_is_announced_in_the_intake_channel_too(office: Office, ticket: Ticket) -> None:
    see(office, is_open=False)
    office.work()

    in_thread = [posted.thread_ts is not None for posted in posts(office, INTAKE)[1:]]
    assert sorted(in_thread) == [False, True]


def test_news_of_a_type_that_is_not_installed_any_more_are_told_in_the_standard_words(
    office: Office, ticket: Ticket
) -> None:
    """The team is told what is missing; the card still shows what is so."""
    office.restart(without="pr_review")
    see(office, is_open=False)
    office.work()

    assert ["closed" in text for text in news(office)] == [True, True]
    assert sum("no longer installed" in text for text in office.chat.texts(TEAM)) == 1
    assert "Closed" in office.chat.texts(TEAM)[0]
    assert "failed" not in states(office.queue)


# The card


def cards(office: Office) -> list[Posted]:
    return [posted for posted in posts(office, TEAM) if "*Stage:*" in posted.text]


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
    show_card = office.chat.show_card

    def meanwhile(*asked: Any, **more: Any) -> MessageRef:
        if not office.tracker.snapshot(1).assignees:
            see(office, assignees=ASSIGNED)
        return show_card(*asked, **more)

    office.chat.show_card = meanwhile  # type: ignore[method-assign]
    office.work()

    assert len(cards(office)) == 1
    assert "<@U0LINDEN>" in card(office).text


def test_the_card_stands_before_what_is_said_in_its_thread(office: Office) -> None:
    """Even where all of it waits in the same lane."""
    office.submit()
    office.work(1)
    see(office, assignees=ASSIGNED, spoc="sage-hollowell")
    office.work()

    first, *others = posts(office, TEAM)
    assert first.thread_ts is None
    assert {posted.thread_ts for posted in others} == {str(office.chat.posts.index(first) + 1)}


# Where nobody can be told


def test_where_the_thread_is_gone_the_requestor_is_told_directly_from_then_on(
    office: Office, ticket: Ticket
) -> None:
    """Told to the team once, not at each message."""
    assert ticket.thread
    office.chat.lost.add(ticket.thread.ts)
    for changes in ({"assignees": ASSIGNED}, {"target": date(2027, 3, 1)}, {"is_open": False}):
        see(office, **changes)
        office.work(10)

    first, *others = posts(office, JUNIPER)
    assert len(others) == 2
    assert first.thread_ts is None
    assert {posted.thread_ts for posted in others} == {str(office.chat.posts.index(first) + 1)}
    assert sum("by direct message" in text for text in office.chat.texts(TEAM)) == 1
    assert "failed" not in states(office.queue)


def test_where_the_requestor_cannot_be_told_at_all_the_team_is_told(office: Office, ticket: Ticket) -> None:
    """The channel is archived and the requestor deactivated: one alert for each update, and no end of tries."""
    office.chat.closed |= {INTAKE, JUNIPER}
    see(office, assignees=ASSIGNED)
    office.work(60)

    assert sum("couldn't tell Juniper Vale" in text for text in office.chat.texts(TEAM)) == 1
    assert not any("by direct message" in text for text in office.chat.texts(TEAM))
    assert "waiting" not in states(office.queue)


def test_a_team_channel_that_is_closed_stops_nothing_else(office: Office, ticket: Ticket) -> None:
    assert ticket.card
    office.chat.closed.add(TEAM)
    office.chat.lost.add(ticket.card.ts)
    see(office, assignees=ASSIGNED)
    office.work(60)

    assert len(news(office)) == 1
    assert "waiting" not in states(office.queue)
    kinds = [row.kind for row in office.outbox.rows("failed")]
    assert sorted(kinds) == ["draw_card", "post_alert", "post_alert", "post_update"]


def test_a_failed_message_that_an_operator_retries_is_posted_as_it_was(
    office: Office, ticket: Ticket
) -> None:
    """It edits nothing that was told since."""
    office.chat.closed.add(TEAM)
    see(office, assignees=ASSIGNED)
    office.work(10)
    office.chat.closed.clear()
    see(office, is_open=False)
    office.work(10)
    before = posts(office, TEAM)
    [failed] = [row for row in office.outbox.rows("failed") if row.kind == "post_update"]

    office.outbox.retry(failed.id)
    office.work(3)

    assert posts(office, TEAM)[:-1] == before
    assert posts(office, TEAM)[-1].text.startswith("<@U0LINDEN> <")


# Alerts


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


def test_the_team_is_asked_once_who_somebody_is_in_slack(office: Office, ticket: Ticket) -> None:
    for assignees in ({"octocat"}, set(), {"octocat", "linden-brookmere"}):
        office.desk.observe(office.tracker.edit(1, assignees=frozenset(assignees)))
        office.work(60)
    office.desk.observe(office.tracker.edit(1, spoc="slack:U0INDIGO"))
    office.work(60)

    [asked] = [text for text in office.chat.texts("C0TEAM") if "Who is" in text]
    assert "*octocat*" in asked
    assert "`/help link octocat`" in asked
