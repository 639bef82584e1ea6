"""Tickets that nobody touches: their assignees, or requestors who do not try them, are nudged once; some are closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from identity_bot.errors import OutcomeUnknown
from identity_bot.text.formatted.document import Document
from identity_bot.tickets.business_time import HOUR
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import Action, CloseReason, MessageRef, Stage, ThreadReply, Ticket
from tests.support_desk import SETTINGS, Office
from tests.tickets.test_business_time import at

REQUESTS = "sandbox-org/identity-requests"
THREAD = MessageRef(channel="C0INTAKE", ts="1764000000.000100")
NUDGE, REMINDER = "Nobody has touched it", "You haven't told us yet"
CLOSING = SETTINGS + "service_levels.close_untried_after_days = 10\n"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Makes an office whose clock says Monday, 10:00."""
    offices = []

    def made(toml: str = SETTINGS) -> Office:
        office = Office(tmp_path, toml=toml)
        office.clock.now = at("2026-11-30 10:00")
        offices.append(office)
        return office

    yield made
    for office in offices:
        office.store.close()


@pytest.fixture
def office(make: Callable[..., Office]) -> Office:
    return make()


def until(office: Office, moment: str) -> None:
    """Let the worker work until then, a few hours at a time."""
    while office.clock.now < at(moment):
        office.clock.now = min(office.clock.now + 4 * HOUR, at(moment))
        office.work(2)


def told(office: Office, words: str) -> list[str]:
    return [post.text for post in office.chat.posts if words in post.text]


def taken(office: Office, **changes: object) -> Ticket:
    """A ticket that somebody of the team has taken."""
    ticket = office.submit(**changes)
    office.work()
    office.click(ticket, Action.TAKE, "linden-brookmere", by="U0LINDEN")
    office.work()
    return office.ticket(ticket)


def to_try(office: Office, **changes: object) -> Ticket:
    """A ticket that its requestor has been asked to try."""
    ticket = taken(office, **changes)
    office.click(ticket, Action.UAT, by="U0LINDEN")
    office.work()
    return office.ticket(ticket)


def replied(office: Office, author: str) -> None:
    """Somebody replies in the thread of the request."""
    ts = f"{office.clock.now:.6f}"
    reply = ThreadReply(
        channel=THREAD.channel, thread_ts=THREAD.ts, ts=ts, author=author, words=Document(), version=float(ts)
    )
    office.desk.handle_reply(reply)


def test_the_assignee_of_a_ticket_that_nobody_touches_is_nudged_once(office: Office) -> None:
    ticket = taken(office)
    until(office, "2026-12-07 09:55")
    before = told(office, NUDGE)
    until(office, "2026-12-07 10:05")
    [nudge] = told(office, NUDGE)
    until(office, "2027-01-29 10:00")

    assert before == []
    assert "<@U0LINDEN>" in nudge
    assert told(office, NUDGE) == [nudge]
    assert office.ticket(ticket).stage is Stage.ASSIGNED


def test_of_a_ticket_that_nobody_has_the_team_is_told(office: Office) -> None:
    office.submit()
    until(office, "2026-12-18 10:00")

    [nudge] = told(office, "Nobody has touched ticket")
    assert "nobody has it" in nudge
    assert told(office, NUDGE) == []


def test_after_somebody_touched_it_it_takes_as_long_again(office: Office) -> None:
    taken(office)
    until(office, "2026-12-08 12:00")
    office.tracker.edit(1, labels=frozenset({*office.tracker.now[REQUESTS, 1].labels, "needs design"}))
    office.desk.observe(office.tracker.now[REQUESTS, 1])
    until(office, "2026-12-15 11:55")
    before = told(office, NUDGE)
    until(office, "2026-12-15 12:15")

    assert len(before) == 1
    assert len(told(office, NUDGE)) == 2


def test_a_reply_in_the_thread_counts_as_a_touch(office: Office) -> None:
    taken(office, origin=THREAD)
    until(office, "2026-12-04 16:00")
    replied(office, "U0JUNIPER")
    until(office, "2026-12-10 10:00")

    assert told(office, NUDGE) == []


def test_whoever_does_not_try_it_is_reminded_with_the_buttons(office: Office) -> None:
    ticket = to_try(office)
    until(office, "2027-01-29 10:00")

    [reminder] = [post for post in office.chat.posts if REMINDER in post.text]
    assert "Press Accept if it works" in reminder.text
    assert "close it" not in reminder.text
    assert told(office, NUDGE) == []
    assert {Action.ACCEPT, Action.REJECT} <= {
        button for one in office.ticket(ticket).offers for button in one.buttons
    }
    assert office.ticket(ticket).stage is Stage.UAT


def test_what_is_not_tried_after_ten_days_is_closed_if_the_settings_say_so(
    make: Callable[..., Office],
) -> None:
    office = make(CLOSING)
    ticket = to_try(office)
    until(office, "2026-12-08 10:00")
    [reminder] = told(office, REMINDER)
    until(office, "2026-12-14 09:55")
    open_until_then = office.ticket(ticket).stage
    until(office, "2026-12-14 10:15")
    office.work(60)

    assert "we'll close it on <!date^" in reminder
    assert open_until_then is Stage.UAT
    closed = office.ticket(ticket)
    assert (closed.stage, closed.state.close_reason) == (Stage.CLOSED, CloseReason.COMPLETED)
    [news] = told(office, "nobody told us whether it works")
    assert "We got no answer for 10 business days. If something is missing, please tell the team." in news
    [comment] = [one for one in office.tracker.comments if "reopen the issue" in str(one)]
    assert "did not say whether it works" in str(comment)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda office, ticket: replied(office, "U0JUNIPER"),
        lambda office, ticket: office.click(ticket, Action.REJECT, by="U0JUNIPER", reason="It is slow."),
        lambda office, ticket: office.click(ticket, Action.TARGET, "2026-12-21", by="U0LINDEN"),
    ],
    ids=["a reply", "sent back", "a target date"],
)
def test_nothing_is_closed_that_somebody_has_touched_since_the_reminder(
    make: Callable[..., Office], meanwhile: Callable[[Office, Ticket], None]
) -> None:
    office = make(CLOSING)
    ticket = to_try(office, origin=THREAD)
    until(office, "2026-12-08 10:00")
    meanwhile(office, ticket)
    until(office, "2026-12-14 18:00")

    assert office.ticket(ticket).stage is not Stage.CLOSED


def test_an_urgent_ticket_is_never_closed_by_the_bot(make: Callable[..., Office]) -> None:
    office = make(CLOSING)
    ticket = to_try(office, production=True)
    until(office, "2027-01-29 10:00")

    assert len(told(office, REMINDER)) == 1
    assert office.ticket(ticket).stage is Stage.UAT


def test_what_its_requestor_could_not_be_reminded_of_is_not_closed(make: Callable[..., Office]) -> None:
    office = make(CLOSING)
    ticket = to_try(office)
    with office.store.begin() as transaction:
        locked = transaction.ticket(ticket.id)
        assert locked
        transaction.save(replace(locked, requestor=replace(locked.requestor, slack_id="")))
    until(office, "2027-01-29 10:00")

    assert office.ticket(ticket).stage is Stage.UAT


def test_a_bot_that_was_down_for_weeks_reminds_first(make: Callable[..., Office]) -> None:
    office = make(CLOSING)
    ticket = to_try(office)
    office.clock.now = at("2027-01-11 10:00")
    office.work(60)
    reminded = told(office, REMINDER), office.ticket(ticket).stage
    until(office, "2027-01-19 12:00")

    assert (len(reminded[0]), reminded[1]) == (1, Stage.UAT)
    assert office.ticket(ticket).stage is Stage.CLOSED


def test_it_is_not_closed_if_github_has_seen_a_change_that_the_bot_has_not(
    make: Callable[..., Office],
) -> None:
    office = make(CLOSING)
    ticket = to_try(office)
    until(office, "2026-12-08 10:00")
    until(office, "2026-12-14 09:00")
    office.tracker.edit(1, assignees=frozenset({"sage-hollowell"}))
    until(office, "2026-12-14 12:00")

    seen = office.ticket(ticket)
    assert (seen.stage, seen.state.assignees, seen.requested) == (Stage.UAT, ("sage-hollowell",), ())


def test_an_answer_that_is_lost_closes_it_once_and_says_so_once(make: Callable[..., Office]) -> None:
    office = make(CLOSING)
    ticket = to_try(office)
    until(office, "2026-12-14 09:00")
    update = office.tracker.update_issue

    def lost(*given: object, **more: object) -> None:
        office.tracker.update_issue = update  # type: ignore[method-assign]
        update(*given, **more)  # type: ignore[arg-type]
        raise OutcomeUnknown("GitHub: ReadTimeout")

    office.tracker.update_issue = lost  # type: ignore[method-assign, assignment]
    until(office, "2026-12-14 14:00")

    assert office.ticket(ticket).stage is Stage.CLOSED
    assert len(told(office, "We got no answer")) == 1
    assert len([one for one in office.tracker.comments if "reopen the issue" in str(one)]) == 1


def test_nobody_is_nudged_about_what_nobody_touched_before_the_bot_knew_it(office: Office) -> None:
    """Else all old issues of a repository would nudge at once when they are adopted."""
    ticket = taken(office)
    long_ago = office.clock.now - 60 * DAY
    old = replace(ticket, submitted_at=long_ago, issue_updated_at=long_ago, responded_at=None)
    with office.store.begin() as transaction:
        transaction.save(office.context.clocks.start(transaction, old))
    until(office, "2026-12-29 10:00")

    assert told(office, NUDGE) == []


def test_what_the_bot_finds_long_untried_is_not_closed_before_its_requestor_is_reminded(
    make: Callable[..., Office],
) -> None:
    office = make(CLOSING)
    ticket = to_try(office)
    long_ago = office.clock.now - 60 * DAY
    old = replace(ticket, submitted_at=long_ago, issue_updated_at=long_ago, responded_at=None)
    office.tracker.edit(1, updated_at=long_ago)
    with office.store.begin() as transaction:
        office.context.clocks.recover(transaction, old)
    until(office, "2026-12-04 16:00")
    before = told(office, REMINDER), office.ticket(ticket).stage
    until(office, "2026-12-08 16:00")

    assert (len(before[0]), before[1]) == (1, Stage.UAT)
    assert office.ticket(ticket).stage is Stage.CLOSED
