"""After a transfer to the restricted repository nothing more is shown in public, and failed acts are nobody's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from identity_bot.errors import OutcomeUnknown, Retryable
from identity_bot.messages.updates import Message
from identity_bot.tickets.model import Action, IssueComment, Stage, Ticket
from tests.support_desk import Office

JUNIPER, TEAM, INTAKE = "U0JUNIPER", "C0TEAM", "C0INTAKE"
SAGE = "sage-hollowell"
RESTRICTED = "sandbox-org/identity-restricted"


@pytest.fixture
def ticket(office: Office) -> Ticket:
    """A ticket that its requestor is to try, a minute ago."""
    ticket = office.submit()
    office.work(60)
    labels = office.tracker.snapshot(1).labels | {"stage: ready for UAT"}
    office.desk.observe(office.tracker.edit(1, labels=labels, assignees=frozenset({SAGE})))
    office.work(60)
    return office.ticket(ticket)


def transfer(office: Office) -> None:
    """Somebody moves the issue to the restricted repository."""
    here = office.tracker.snapshot(1)
    office.clock.move(1)
    moved = replace(here, repository=RESTRICTED, number=5, updated_at=office.tracker.second())
    office.tracker.now[RESTRICTED, 5] = moved
    gone = replace(here, is_gone=True, moved_to=(RESTRICTED, 5), updated_at=office.tracker.second())
    office.tracker.now[here.repository, 1] = gone
    office.desk.observe(gone)


def test_a_message_that_waits_while_its_ticket_becomes_sensitive_shows_nothing_of_it(
    office: Office, ticket: Ticket
) -> None:
    post = office.chat.post

    def away(channel: str, message: Message, **more: Any) -> Any:
        if channel == TEAM:
            raise Retryable("Slack: 503")
        return post(channel, message, **more)

    office.chat.post = away  # type: ignore[method-assign]
    office.click(ticket, Action.REJECT, by=JUNIPER, reason="A detail of a Veteran.")
    office.work(10)
    transfer(office)
    office.work(10)
    office.chat.post = post  # type: ignore[method-assign]
    office.work(400)

    assert not [text for text in office.chat.texts(TEAM) if "A detail of a Veteran." in text]
    assert any("which is sensitive now" in text for text in office.chat.texts(TEAM))


def test_a_public_message_in_flight_does_not_become_the_thread_of_a_sensitive_ticket(
    office: Office, ticket: Ticket
) -> None:
    post, moved = office.chat.post, []

    def meanwhile(channel: str, message: Message, **more: Any) -> Any:
        posted = post(channel, message, **more)
        if channel == INTAKE and not moved:
            moved.append(True)
            transfer(office)
        return posted

    office.chat.post = meanwhile  # type: ignore[method-assign]
    labels = office.tracker.snapshot(1).labels | {"priority: high"}
    office.desk.observe(office.tracker.edit(1, labels=labels))
    office.work(60)
    before = len(office.chat.texts(INTAKE))
    office.desk.observe(
        office.tracker.edit(5, repository=RESTRICTED, assignees=frozenset({"linden-brookmere"}))
    )
    office.work(60)

    assert moved
    assert office.ticket(ticket).is_sensitive
    assert len(office.chat.texts(INTAKE)) == before
    assert office.chat.texts(JUNIPER)


def test_a_change_that_fails_for_good_is_told_and_attributed_to_nobody_later(
    office: Office, ticket: Ticket
) -> None:
    office.tracker.fails = [RuntimeError("a bug")]
    office.click(ticket, Action.ACCEPT, by=JUNIPER)
    office.work(10)

    assert [row.kind for row in office.outbox.rows("failed")] == ["change_issue"]
    assert office.ticket(ticket).requested == ()
    assert office.chat.texts(JUNIPER)


def test_a_card_of_unknown_outcome_is_drawn_again_for_a_later_change(office: Office) -> None:
    show, lost = office.chat.show_card, []

    def cut(*given: Any, **more: Any) -> Any:
        shown = show(*given, **more)
        if not lost:
            lost.append(True)
            raise OutcomeUnknown("Slack: ReadTimeout")
        return shown

    office.chat.show_card = cut  # type: ignore[method-assign]
    office.submit()
    office.work(2)
    labels = office.tracker.snapshot(1).labels | {"priority: high"}
    office.desk.observe(office.tracker.edit(1, labels=labels))
    office.work(60)

    [card] = [text for text in office.chat.texts(TEAM) if "*Stage:*" in text]
    assert "*Priority:* high" in card


def test_an_issue_that_was_missing_for_a_moment_is_a_ticket_again(office: Office, ticket: Ticket) -> None:
    """GitHub once answered 404, by a clock of ours that is ahead of its own."""
    there = office.tracker.snapshot(1)
    office.desk.observe(replace(there, is_gone=True, updated_at=office.tracker.second() + 90))
    office.work(60)
    was_closed = office.ticket(ticket).stage is Stage.CLOSED
    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"linden-brookmere"})))
    office.work(60)

    assert was_closed
    assert office.ticket(ticket).stage is Stage.UAT


def test_a_command_in_a_comment_after_a_transfer_is_not_lost_if_only_polls_run(office: Office) -> None:
    """The comment is listed with the issue, which GitHub has yet to be asked about."""
    ticket = office.submit()
    office.desk.start_schedule()
    office.work(65)
    here = office.tracker.snapshot(1)
    moved = replace(here, repository=RESTRICTED, number=5, updated_at=office.tracker.second())
    office.tracker.now[RESTRICTED, 5] = moved
    office.tracker.now[here.repository, 1] = replace(
        here, is_gone=True, moved_to=(RESTRICTED, 5), updated_at=here.updated_at
    )
    said = IssueComment(
        repository=RESTRICTED, number=5, id=9, author=SAGE, body="/priority high", created_at=office.clock.now
    )
    office.tracker.said.append(said)

    office.work(200)

    assert (office.ticket(ticket).repository, office.ticket(ticket).number) == (RESTRICTED, 5)
    assert "priority: high" in office.tracker.now[RESTRICTED, 5].labels
    assert office.tracker.reactions == [(9, "+1")]


def test_commands_on_an_issue_that_is_no_ticket_are_given_up_after_a_while(office: Office) -> None:
    office.desk.handle_comment(
        IssueComment(
            repository=RESTRICTED,
            number=5,
            id=9,
            author=SAGE,
            body="/priority high",
            created_at=office.clock.now,
        )
    )

    office.work(62)
    waiting = [row.due_at - row.created_at for row in office.outbox.rows("waiting")]
    office.work(700)

    assert waiting == [600.0]
    assert office.outbox.rows("waiting") == []
    assert office.tracker.reactions == []
