"""Observing: whatever is heard of an issue, and however often and late, its ticket ends as the issue is."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.outbox.effects import Reconcile
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import CloseReason, IssueSnapshot, Priority, Stage, Ticket
from tests.support_desk import SETTINGS, Office
from tests.support_outbox import at_once, statements, states

INTAKE, TEAM = "C0INTAKE", "C0TEAM"
REQUESTS, RESTRICTED = "sandbox-org/identity-requests", "sandbox-org/identity-restricted"
LINDEN, BOT = "linden-brookmere", "identity-helper-bot"
COMMON = "identity-slackbot"


def foreign(office: Office, number: int = 50, **changes: Any) -> IssueSnapshot:
    """An issue that somebody opened in GitHub by hand."""
    made = IssueSnapshot(
        repository=REQUESTS,
        number=number,
        url=f"https://github.test/{REQUESTS}/issues/{number}",
        ticket_id=None,
        updated_at=office.tracker.second(),
        title="Please look into the sign-in page",
        author=LINDEN,
    )
    office.tracker.now[REQUESTS, number] = replace(made, **changes)
    return office.tracker.now[REQUESTS, number]


def state(office: Office, ticket: Ticket) -> tuple[Stage, tuple[str, ...]]:
    now = office.ticket(ticket)
    return now.stage, now.state.assignees


# Late, doubled and reordered


def test_what_is_older_than_what_is_known_counts_not_at_all(office: Office, ticket: Ticket) -> None:
    late = office.tracker.edit(1, assignees=frozenset({LINDEN}))
    office.clock.move(10)
    office.desk.observe(office.tracker.edit(1, assignees=frozenset(), labels=frozenset({"stage: accepted"})))

    office.desk.observe(late)
    office.work()

    assert state(office, ticket) == (Stage.ACCEPTED, ())
    assert len(office.chat.texts(INTAKE)) == 2


def test_of_two_states_of_one_second_the_one_that_github_answers_with_counts(
    office: Office, ticket: Ticket
) -> None:
    """Its clock shows whole seconds; one read settles it, however many deliveries leave it open."""
    first = office.tracker.edit(1, assignees=frozenset({LINDEN}))
    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"sage-hollowell"})))
    asked = office.tracker.reads

    for _ in range(3):
        office.desk.observe(first)
    office.work()

    assert state(office, ticket) == (Stage.ASSIGNED, ("sage-hollowell",))
    assert office.tracker.reads == asked + 1
    assert len(office.chat.texts(INTAKE)) == 2


def test_tickets_of_several_repositories_have_names_of_their_own(tmp_path: Path) -> None:
    """Each repository numbers its issues from 1."""
    office = Office(
        tmp_path, toml=f'{SETTINGS}\n[request_types.data_pull]\nrepository = "sandbox-org/data-pulls"\n'
    )
    office.submit()
    office.work()
    office.tracker.issues.clear()
    office.submit("data_pull", view="V2")
    office.work()

    first, second = office.chat.texts(INTAKE)
    assert "identity-requests/issues/1|#1>" in first
    assert "data-pulls/issues/1|data-pulls#1>" in second
    assert "|data-pulls#1>" in office.chat.texts(TEAM)[1]
    assert "ticket data-pulls#1" in str(office.chat.posts[-1].blocks) + str(office.chat.posts[-2].blocks)
    office.store.close()


def test_the_later_state_of_one_second_is_not_lost(office: Office, ticket: Ticket) -> None:
    office.desk.observe(office.tracker.edit(1, assignees=frozenset({LINDEN})))
    office.desk.observe(office.tracker.edit(1, is_open=False))

    office.work()

    assert state(office, ticket)[0] is Stage.CLOSED


def test_what_is_known_or_outdated_costs_no_write(
    office: Office, ticket: Ticket, mocker: MockerFixture
) -> None:
    """Most deliveries are: one read, and nobody has to wait for their turn to write."""
    outdated = office.tracker.edit(1, assignees=frozenset({LINDEN}))
    office.clock.move(10)
    known = office.tracker.edit(1, is_open=False)
    office.desk.observe(known)
    office.work()
    begin = mocker.spy(office.store, "begin")

    with statements(office.store) as seen:
        office.desk.observe(known)
        office.desk.observe(outdated)

    assert [statement.split()[0] for statement, _ in seen if statement != "BEGIN"] == ["SELECT", "SELECT"]
    assert begin.call_count == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 99, "ticket_id": None, "labels": frozenset({"bug"})},
        {"repository": "sandbox-org/vets-api", "ticket_id": None, "labels": frozenset({COMMON})},
    ],
    ids=["without our label", "in another repository"],
)
def test_an_issue_that_is_not_ours_costs_no_write(
    office: Office, ticket: Ticket, mocker: MockerFixture, changes: dict[str, Any]
) -> None:
    elsewhere = replace(office.tracker.edit(1, is_open=False), **changes)
    begin = mocker.spy(office.store, "begin")

    office.desk.observe(elsewhere)

    assert begin.call_count == 0
    assert office.ticket(ticket) == ticket


def test_a_change_that_is_seen_by_many_at_once_is_told_once(office: Office, ticket: Ticket) -> None:
    snapshot = office.tracker.edit(1, assignees=frozenset({LINDEN}))

    at_once(*[lambda: office.desk.observe(snapshot)] * 8)
    office.work()

    assert len(office.chat.texts(INTAKE)) == 2


def test_what_changes_nothing_that_people_are_told_of_is_kept_and_not_told(
    office: Office, ticket: Ticket
) -> None:
    before = list(office.chat.posts)
    office.desk.observe(office.tracker.edit(1, title="A better title"))

    office.work()

    assert office.ticket(ticket).issue_updated_at > ticket.issue_updated_at
    assert office.chat.posts == before


# Whose an issue is


def test_an_issue_without_its_marker_is_found_by_its_place(office: Office, ticket: Ticket) -> None:
    office.desk.observe(office.tracker.edit(1, ticket_id=None, assignees=frozenset({LINDEN})))

    assert state(office, ticket) == (Stage.ASSIGNED, (LINDEN,))


def test_a_marker_that_the_bot_copied_makes_an_issue_nobodys(office: Office, ticket: Ticket) -> None:
    """Even with our label; whether the issue was transferred there unheard is asked once."""
    asked = office.tracker.reads
    copied = foreign(office, author=BOT, ticket_id=ticket.id, labels=frozenset({COMMON}), is_open=False)

    office.desk.observe(copied)
    office.work()

    assert office.ticket(ticket) == ticket
    assert office.tracker.reads == asked + 1


@pytest.mark.parametrize("labels", [(), (COMMON,)])
def test_the_marker_in_a_strangers_issue_takes_no_ticket_that_waits_for_its_own(
    office: Office, labels: tuple[str, ...]
) -> None:
    """GitHub is away meanwhile; a member who labels the issue makes it a ticket of its author's."""
    office.tracker.fails = [Retryable("GitHub: 503", 60.0)]
    waiting = office.submit()
    office.work(10)

    forged = foreign(office, ticket_id=waiting.id, author="a-stranger", labels=frozenset(labels))
    office.desk.observe(forged)
    office.work(10)
    before = office.ticket(waiting)
    office.work(100)

    assert before.number is None
    assert office.ticket(waiting).number == 1
    with office.store.begin() as transaction:
        found = transaction.ticket_at(REQUESTS, 50)
    assert (found.requestor.name if found else "") == ("a-stranger" if labels else "")
    assert len(office.tracker.issues) == 1


def test_a_marker_copied_into_a_strangers_issue_costs_nothing(
    office: Office, ticket: Ticket, mocker: MockerFixture
) -> None:
    copied = foreign(office, ticket_id=ticket.id, author="a-stranger")
    begin = mocker.spy(office.store, "begin")

    office.desk.observe(copied)

    assert begin.call_count == 0


def test_an_issue_with_a_marker_waits_until_the_bot_knows_its_own_account(office: Office) -> None:
    """After a start, a webhook may be sooner than anything else; the outcome of the issue's POST is unknown."""
    office.tracker.account = ""
    office.tracker.fails = [OutcomeUnknown("GitHub: 502")]
    ticket = office.submit()
    created = foreign(office, author=BOT, ticket_id=ticket.id, labels=frozenset({COMMON, "pr_review"}))

    office.desk.observe(created)
    before = office.ticket(ticket)
    office.work()

    assert before.number is None
    assert office.ticket(ticket).number == 50
    assert office.tracker.issues == []
    assert len(office.chat.texts(TEAM)) == len(office.chat.texts(INTAKE)) == 1


def test_an_account_that_github_does_not_tell_is_told_to_the_team(office: Office) -> None:
    office.tracker.account = ""
    office.tracker.fails = [Rejected("GitHub: 403")]

    office.desk.observe(foreign(office, ticket_id=str(uuid.uuid4()), labels=frozenset({COMMON})))
    office.work()

    [told] = office.chat.texts(TEAM)
    assert told.startswith("*The bot couldn't find out who wrote an issue*: GitHub: 403")


def test_a_copied_marker_takes_no_ticket_from_its_issue(office: Office, ticket: Ticket) -> None:
    """Somebody pastes one ticket's body over another's; both stay where they are."""
    office.clock.move(1)
    other = office.submit(view="V2")
    office.work()
    office.clock.move(1)

    office.desk.observe(office.tracker.edit(2, ticket_id=ticket.id, assignees=frozenset({LINDEN})))

    assert state(office, ticket) == (Stage.OPEN, ())
    assert state(office, other) == (Stage.ASSIGNED, (LINDEN,))


def test_the_marker_of_a_ticket_without_an_issue_takes_no_other_tickets_issue(
    office: Office, ticket: Ticket
) -> None:
    waiting = office.submit(view="V2")

    office.desk.observe(office.tracker.edit(1, ticket_id=waiting.id, is_open=False))

    assert office.ticket(waiting) == waiting
    assert state(office, ticket)[0] is Stage.CLOSED


def test_two_issues_that_carry_each_others_markers_do_not_wait_for_each_other(
    office: Office, ticket: Ticket
) -> None:
    other = office.submit(view="V2")
    office.work()
    crossed = [
        office.tracker.edit(1, ticket_id=other.id, is_open=False),
        office.tracker.edit(2, ticket_id=ticket.id, is_open=False),
    ]

    at_once(*[lambda one=one: office.desk.observe(one) for one in crossed * 4])

    assert [state(office, one)[0] for one in (ticket, other)] == [Stage.CLOSED, Stage.CLOSED]


def test_an_issue_that_says_nothing_but_an_unknown_ticket_is_nobodys(office: Office) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"

    office.desk.observe(foreign(office, author=BOT, ticket_id=unknown, labels=frozenset({COMMON})))

    assert states(office.queue) == {}


def test_an_issue_of_a_repository_that_is_not_followed_is_nobodys(office: Office, ticket: Ticket) -> None:
    elsewhere = replace(office.tracker.edit(1, is_open=False), repository="sandbox-org/vets-api")

    office.desk.observe(elsewhere)
    office.desk.observe(replace(elsewhere, ticket_id=None, labels=frozenset({COMMON}), is_open=True))

    assert office.ticket(ticket) == ticket
    assert "waiting" not in states(office.queue)


def test_a_repositorys_name_counts_in_any_case(office: Office, ticket: Ticket) -> None:
    """GitHub shows it as it was made, and takes it as it is written in the settings."""
    snapshot = office.tracker.edit(1, assignees=frozenset({LINDEN}))

    office.desk.observe(replace(snapshot, repository="Sandbox-Org/Identity-Requests"))

    assert state(office, ticket) == (Stage.ASSIGNED, (LINDEN,))
    assert office.ticket(ticket).repository == REQUESTS


# Adopted


def adopted(office: Office) -> Ticket:
    with office.store.begin() as transaction:
        found = transaction.ticket_at(REQUESTS, 50)
    assert found
    return found


def test_an_issue_with_our_label_and_a_types_becomes_a_ticket(office: Office) -> None:
    """Its author is its requestor, and is told directly; the team gets a card."""
    office.desk.observe(foreign(office, labels=frozenset({COMMON.upper(), "pr_review"})))
    office.work()

    ticket = adopted(office)
    assert (ticket.type, ticket.stage, ticket.requestor.slack_id) == ("pr_review", Stage.OPEN, "U0LINDEN")
    assert len(office.chat.texts("U0LINDEN")) == len(office.chat.texts(TEAM)) == 1


def test_an_issue_with_our_label_alone_becomes_a_ticket_of_no_type(office: Office) -> None:
    office.desk.observe(foreign(office, labels=frozenset({COMMON, "bug"}), author="a-stranger"))
    office.work()

    assert adopted(office).type == ""
    assert len(office.chat.texts(TEAM)) == 1
    assert office.chat.texts(INTAKE) == []
    assert "failed" not in states(office.queue)


def test_an_adopted_issue_lives_on_like_any_other(office: Office) -> None:
    office.desk.observe(foreign(office, labels=frozenset({COMMON})))
    office.work()
    office.tracker.now[REQUESTS, 50] = closed = replace(
        office.tracker.now[REQUESTS, 50], is_open=False, updated_at=office.tracker.second()
    )

    office.desk.observe(closed)
    office.work()

    assert adopted(office).stage is Stage.CLOSED
    assert len(office.chat.texts("U0LINDEN")) == 2


def test_what_an_issue_was_when_it_was_adopted_is_no_news(office: Office) -> None:
    office.desk.observe(foreign(office, labels=frozenset({COMMON, "priority: high"})))
    office.work()

    assert adopted(office).state.priority is Priority.HIGH
    assert len(office.chat.texts("U0LINDEN")) == 1


@pytest.mark.parametrize("changes", [{"is_open": False}, {"is_gone": True}, {"labels": frozenset({"bug"})}])
def test_an_issue_that_is_closed_gone_or_has_not_our_label_is_not_adopted(
    office: Office, changes: dict[str, Any]
) -> None:
    office.desk.observe(foreign(office, **({"labels": frozenset({COMMON})} | changes)))

    assert states(office.queue) == {}


def test_an_issue_that_is_labeled_by_many_deliveries_at_once_is_adopted_once(office: Office) -> None:
    snapshot = foreign(office, labels=frozenset({COMMON}))

    at_once(*[lambda: office.desk.observe(snapshot)] * 8)
    office.work()

    assert len(office.chat.texts(TEAM)) == len(office.chat.texts("U0LINDEN")) == 1


# Deleted and transferred


def test_a_deleted_issue_closes_its_ticket_and_is_told(office: Office, ticket: Ticket) -> None:
    office.desk.observe(office.tracker.edit(1, assignees=frozenset({LINDEN})))
    office.work()
    office.desk.observe(office.tracker.edit(1, is_gone=True))
    office.work()

    now = office.ticket(ticket)
    assert (now.stage, now.state.close_reason) == (Stage.CLOSED, CloseReason.DELETED)
    assert now.state.assignees == (LINDEN,)
    assert len(office.chat.texts(INTAKE)) == 4
    assert sum("was deleted" in text for text in office.chat.texts(TEAM)) == 1


def test_what_was_on_its_way_when_an_issue_was_deleted_does_not_bring_it_back(
    office: Office, ticket: Ticket
) -> None:
    """GitHub is asked, and says that it is gone."""
    on_its_way = replace(office.tracker.snapshot(1), updated_at=office.tracker.second() + 5)
    office.desk.observe(office.tracker.edit(1, is_gone=True))
    office.work()

    office.desk.observe(on_its_way)
    office.work()

    assert office.ticket(ticket).state.close_reason is CloseReason.DELETED


def test_a_deletion_that_comes_again_is_told_once(office: Office, ticket: Ticket) -> None:
    gone = office.tracker.edit(1, is_gone=True)

    for _ in range(3):
        office.desk.observe(gone)
        office.work()

    assert sum("was deleted" in text for text in office.chat.texts(TEAM)) == 1
    assert len(office.chat.texts(INTAKE)) == 3


def transfer(office: Office, there: str, number: int) -> IssueSnapshot:
    """Transfers the first issue; what the webhook tells of it."""
    was = office.tracker.snapshot(1)
    office.tracker.now[there, number] = replace(
        was, repository=there, number=number, updated_at=office.tracker.second()
    )
    return office.tracker.edit(1, is_gone=True, moved_to=(there, number))


def test_a_ticket_follows_its_issue_to_another_repository_and_back(office: Office, ticket: Ticket) -> None:
    away = transfer(office, RESTRICTED, 7)
    office.desk.observe(away)
    office.work()
    there = office.ticket(ticket)
    office.tracker.now[REQUESTS, 9] = replace(
        office.tracker.now[RESTRICTED, 7], repository=REQUESTS, number=9, assignees=frozenset({LINDEN})
    )
    back = replace(office.tracker.now[RESTRICTED, 7], is_gone=True, moved_to=(REQUESTS, 9))
    for again in (away, back, away, back):
        office.desk.observe(again)
        office.work()

    now = office.ticket(ticket)
    assert (there.repository, there.number, there.stage) == (RESTRICTED, 7, Stage.OPEN)
    assert (now.repository, now.number, now.stage) == (REQUESTS, 9, Stage.ASSIGNED)
    assert len(office.chat.texts(ticket.requestor.slack_id)) == 1


def test_a_transfer_that_nobody_told_of_is_found_out(office: Office, ticket: Ticket) -> None:
    """As where repositories are only polled: the marker turns up in the other one."""
    transfer(office, RESTRICTED, 7)

    office.desk.observe(office.tracker.now[RESTRICTED, 7])
    office.work()

    now = office.ticket(ticket)
    assert (now.repository, now.number, now.stage) == (RESTRICTED, 7, Stage.OPEN)


def test_an_adopted_issue_that_is_seen_in_its_new_place_first_stays_the_same_ticket(office: Office) -> None:
    """Its author is not the bot, and it has the bot's marker since the bot first edited it."""
    office.desk.observe(foreign(office, labels=frozenset({COMMON, "pr_review"})))
    office.work()
    ticket = adopted(office)
    was = office.tracker.edit(50, repository=REQUESTS, ticket_id=ticket.id)
    there = replace(was, repository=RESTRICTED, number=7, updated_at=office.tracker.second())
    office.tracker.now[RESTRICTED, 7] = there
    away = office.tracker.edit(50, repository=REQUESTS, is_gone=True, moved_to=(RESTRICTED, 7))
    told = len(office.chat.posts)

    for seen in (there, away, there):
        office.desk.observe(seen)
        office.work()

    now = office.ticket(ticket)
    assert (now.repository, now.number, now.stage) == (RESTRICTED, 7, Stage.OPEN)
    assert len(office.chat.posts) == told


def test_an_issue_with_another_ones_marker_is_adopted_when_github_names_no_transfer(
    office: Office, ticket: Ticket
) -> None:
    """A stranger copied the marker, and a member put our label on the issue."""
    asked = office.tracker.reads
    copied = foreign(office, ticket_id=ticket.id, author="a-stranger", labels=frozenset({COMMON}))

    office.desk.observe(copied)
    office.work()

    assert adopted(office).requestor.name == "a-stranger"
    assert office.ticket(ticket) == ticket
    assert office.tracker.reads == asked + 1


def test_a_transfer_to_where_nobody_looks_closes_the_ticket_and_says_so(
    office: Office, ticket: Ticket
) -> None:
    office.desk.observe(transfer(office, "sandbox-org/vets-api", 7))
    office.work()

    assert office.ticket(ticket).state.close_reason is CloseReason.MOVED
    assert sum("sandbox-org/vets-api#7" in text for text in office.chat.texts(TEAM)) == 1


def test_a_transfer_to_an_issue_that_was_adopted_there_harms_neither(office: Office, ticket: Ticket) -> None:
    """Its marker was gone and somebody gave it our label before the transfer was heard of."""
    away = transfer(office, RESTRICTED, 7)
    office.desk.observe(
        replace(office.tracker.now[RESTRICTED, 7], ticket_id=None, labels=frozenset({COMMON}))
    )
    office.desk.observe(away)
    office.work()

    assert office.ticket(ticket).state.close_reason is CloseReason.MOVED
    assert "failed" not in states(office.queue)


# What is odd


def test_two_stages_labels_are_said_on_the_card_and_the_further_one_counts(
    office: Office, ticket: Ticket
) -> None:
    office.desk.observe(office.tracker.edit(1, labels=frozenset({"stage: accepted", "Stage:Released"})))
    office.work()

    assert office.ticket(ticket).stage is Stage.RELEASED
    assert "2 stage labels" in office.chat.texts(TEAM)[0]


def test_a_milestone_gives_the_target_date(office: Office, ticket: Ticket) -> None:
    office.desk.observe(office.tracker.edit(1, milestone_due=date(2027, 3, 1)))

    assert office.ticket(ticket).state.target == date(2027, 3, 1)


def test_a_read_that_github_refuses_is_told_to_the_team_and_made_again_with_the_next_resync(
    office: Office, ticket: Ticket
) -> None:
    first = office.tracker.edit(1, assignees=frozenset({LINDEN}))
    office.desk.observe(first)
    office.tracker.fails.append(Rejected("GitHub: 403"))

    office.desk.observe(replace(first, assignees=frozenset()))
    office.work()

    assert "failed" not in states(office.queue)
    assert any(
        "The bot can't get changes from GitHub: GitHub: 403" in said for said in office.chat.texts(TEAM)
    )
    assert state(office, ticket) == (Stage.ASSIGNED, (LINDEN,))


# What a poll found


def test_a_bug_with_one_issue_leaves_the_others_told(
    office: Office, ticket: Ticket, mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in one issue of a batch undoes nothing of the others, and leaves nothing of itself."""
    others = [office.submit(view=f"V{number}") for number in (2, 3)]
    office.work()
    office.clock.move(60)
    snapshots = tuple(office.tracker.edit(number, is_open=False) for number in (1, 2, 3))
    follow = office.context.notifier.follow  # type: ignore[attr-defined]

    def fails_at_the_second(transaction: Transaction, one: Ticket) -> None:
        follow(transaction, one)
        if one.number == 2:
            raise ZeroDivisionError("on purpose")

    mocker.patch.object(office.context.notifier, "follow", fails_at_the_second)
    with office.store.begin() as transaction:
        transaction.enqueue(Reconcile(snapshots=snapshots))
    office.work()

    stages = [state(office, one)[0] for one in (ticket, *others)]
    assert stages == [Stage.CLOSED, Stage.OPEN, Stage.CLOSED]
    told = [text for text in office.chat.texts(INTAKE) if "closed" in text]
    assert [sum(f"|#{number}>" in text for text in told) for number in (1, 2, 3)] == [2, 0, 2]
    assert "sandbox-org/identity-requests#2: unexpected error" in caplog.text
    assert set(states(office.queue)) == {"done"}
