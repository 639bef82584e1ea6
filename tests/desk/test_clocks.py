"""The team is told once what is due and once what is overdue; answers stop the clock, and waiting makes it stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from identity_bot.errors import OutcomeUnknown
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.effects.issue_access import record_requests
from identity_bot.outbox.worker import Worker
from identity_bot.store.lists import Lists
from identity_bot.text.formatted.document import Document
from identity_bot.tickets.business_time import HOUR
from identity_bot.tickets.model import (
    Action,
    Audience,
    Change,
    CloseReason,
    Event,
    EventKind,
    IssueComment,
    IssueDraft,
    IssueSnapshot,
    MessageRef,
    Notification,
    Route,
    Stage,
    ThreadReply,
    Ticket,
)
from identity_bot.tickets.query import Due, Query
from identity_bot.tickets.rota import MONDAY
from identity_bot.tickets.service_levels import due
from tests.support import Ahead
from tests.support_desk import JUNIPER, SETTINGS, Office
from tests.support_plugins import COFFEE, coffee
from tests.tickets.test_business_time import at

REQUESTS = "sandbox-org/identity-requests"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    office.clock.now = at("2026-11-23 10:00")
    yield office
    office.store.close()


def told(office: Office, words: str) -> list[str]:
    return [post.text for post in office.chat.posts if words in post.text]


def until(office: Office, moment: str) -> None:
    """Let the worker work until then, an hour at a time."""
    while office.clock.now < at(moment):
        office.clock.now = min(office.clock.now + HOUR / 2, at(moment))
        office.work(2)


def opened(office: Office, **changes: object) -> Ticket:
    ticket = office.submit(**changes)
    office.work()
    return office.ticket(ticket)


def test_the_team_is_told_half_an_hour_before_and_the_leads_when_it_is_missed(office: Office) -> None:
    ticket = opened(office, production=True)
    until(office, "2026-11-23 10:29")
    before = told(office, "The answer")

    until(office, "2026-11-23 10:31")
    [warned] = told(office, "The answer is due")
    until(office, "2026-11-30 10:00")

    assert before == []
    [missed] = told(office, "The answer was due")
    assert "<@U0INDIGO>" in missed
    assert office.ticket(ticket).escalations == ("response due", "response missed")
    assert "#1" in warned


def test_after_an_answer_nobody_is_told(office: Office) -> None:
    ticket = opened(office, production=True)
    office.click(ticket, Action.TAKE, "linden-brookmere", by="U0LINDEN")
    until(office, "2026-11-30 10:00")

    assert told(office, "The answer") == []
    answered = office.ticket(ticket)
    assert answered.responded_at is not None
    assert answered.responded_at <= at("2026-11-23 10:01")


def test_a_hand_in_github_is_a_response_at_github_s_time(office: Office) -> None:
    ticket = opened(office)
    office.clock.move(HOUR)
    office.tracker.edit(1, assignees=frozenset({"linden-brookmere"}))
    office.desk.observe(office.tracker.now[REQUESTS, 1])

    assert office.ticket(ticket).responded_at == pytest.approx(at("2026-11-23 11:00"), abs=60)


@pytest.mark.parametrize(
    ("author", "counts"), [("U0LINDEN", True), ("U0JUNIPER", False), ("U0STRANGER", False)]
)
def test_a_reply_of_the_team_is_a_response(office: Office, author: str, counts: bool) -> None:
    thread = MessageRef(channel="C0INTAKE", ts="1764000000.000100")
    ticket = office.submit(origin=thread)
    office.work()
    ts = f"{office.clock.now + 600:.6f}"
    reply = ThreadReply(
        channel="C0INTAKE",
        thread_ts=thread.ts,
        ts=ts,
        author=author,
        words=Document(),
        version=float(ts),
    )
    office.desk.handle_reply(reply)

    assert (office.ticket(ticket).responded_at is not None) == counts


def test_nobody_waits_for_the_database_while_slack_is_asked_who_is_on_the_team(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = MessageRef(channel="C0INTAKE", ts="1764000000.000100")
    ticket = office.submit(origin=thread)
    office.work()

    def asked(slack_id: str) -> bool:
        with office.store.begin():  # raises if another transaction holds the database
            return True

    monkeypatch.setattr(office.desk, "_sees_all", asked)
    ts = f"{office.clock.now + 600:.6f}"
    office.desk.handle_reply(
        ThreadReply(
            channel="C0INTAKE",
            thread_ts=thread.ts,
            ts=ts,
            author="U0LINDEN",
            words=Document(),
            version=float(ts),
        )
    )

    assert office.ticket(ticket).responded_at is not None


@pytest.mark.parametrize(
    ("author", "body", "is_by_member", "counts"),
    [
        ("linden-brookmere", "Which browser was it?", True, True),
        ("linden-brookmere", "/internal Somebody look", True, False),
        ("passer-by", "Me too", False, False),
    ],
)
def test_a_comment_of_a_member_is_a_response(
    office: Office, author: str, body: str, is_by_member: bool, counts: bool
) -> None:
    ticket = opened(office)
    comment = IssueComment(
        repository=REQUESTS,
        number=1,
        id=7,
        author=author,
        body=body,
        created_at=office.clock.now,
        is_by_member=is_by_member,
    )
    office.desk.handle_comment(comment)

    assert (office.ticket(ticket).responded_at is not None) == counts


def closed(office: Office, moment: str, **changes: Any) -> None:
    """GitHub tells that the first issue was closed then."""
    done = {"is_open": False, "closed_at": at(moment), "updated_at": at(moment)}
    office.desk.observe(office.tracker.edit(1, **(done | changes)))
    office.work()


@pytest.mark.parametrize(("said", "counts"), [("2026-11-23 10:20", True), ("2026-11-30 10:00", False)])
def test_what_the_team_says_once_the_requestor_has_closed_it_is_no_response(
    office: Office, said: str, counts: bool
) -> None:
    ticket = opened(office)
    change = Change(action=Action.CLOSE, value=CloseReason.COMPLETED.value)
    with office.store.begin() as transaction:
        transaction.save(record_requests(ticket, [change], by=JUNIPER.slack_id))
    closed(office, "2026-11-23 10:30")
    office.clock.now = at("2026-11-30 10:00")
    comment = IssueComment(
        repository=REQUESTS,
        number=1,
        id=7,
        author="linden-brookmere",
        body="Glad that it works",
        created_at=at(said),
        is_by_member=True,
    )
    office.desk.handle_comment(comment)

    assert (office.ticket(ticket).responded_at is not None) == counts


def test_whoever_closes_it_in_github_has_responded_when_they_did(office: Office) -> None:
    ticket = opened(office)
    office.clock.move(HOUR)
    closed(office, "2026-11-23 10:30", updated_at=at("2026-11-23 10:50"))

    assert office.ticket(ticket).responded_at == at("2026-11-23 10:30")


def test_the_requestor_s_own_click_is_no_response(office: Office) -> None:
    ticket = opened(office)
    office.click(ticket, Action.CLOSE, "not planned", by="U0JUNIPER")
    office.work()

    closed = office.ticket(ticket)
    assert (closed.stage, closed.responded_at) == (Stage.CLOSED, None)
    assert due(closed) is None


def test_a_question_makes_the_clock_stand_until_the_requestor_replies(office: Office) -> None:
    thread = MessageRef(channel="C0INTAKE", ts="1764000000.000100")
    ticket = office.submit(origin=thread)
    office.work()
    office.click(ticket, Action.WAIT, by="U0LINDEN", reason="Which browser was it?")
    office.work()
    waiting = office.ticket(ticket)

    ts = f"{office.clock.now + 600:.6f}"
    reply = ThreadReply(
        channel="C0INTAKE",
        thread_ts=thread.ts,
        ts=ts,
        author="U0JUNIPER",
        words=Document(),
        version=float(ts),
    )
    office.desk.handle_reply(reply)
    office.desk.handle_reply(reply)
    office.work()

    assert waiting.state.is_waiting
    assert "waiting: requestor" not in office.tracker.now[REQUESTS, 1].labels
    [asked] = told(office, "has a question for you")
    assert "Which browser was it?" in asked
    assert not office.ticket(ticket).state.is_waiting
    assert office.ticket(ticket).pauses[0].until is not None


def said(office: Office, ticket: Ticket, author: str, *, ago: float) -> ThreadReply:
    """A reply in the ticket's thread that the bot was not told of."""
    thread = office.ticket(ticket).thread
    assert thread
    ts = f"{office.clock.now - ago:.6f}"
    return ThreadReply(
        channel=thread.channel,
        thread_ts=thread.ts,
        ts=ts,
        author=author,
        words=Document(),
        version=float(ts),
    )


def test_what_the_team_said_while_the_bot_was_away_is_a_response_at_its_time(office: Office) -> None:
    """Slack repeats its events for an hour or two; what was said after that is found by reading the thread."""
    office.desk.start_schedule()
    ticket = opened(office, origin=MessageRef(channel="C0INTAKE", ts="1764000000.000100"))
    office.work(400)
    office.clock.move(20 * HOUR)
    office.chat.replies = [said(office, ticket, "U0LINDEN", ago=HOUR)]
    answered_at = office.clock.now - HOUR
    office.work(400)

    assert office.ticket(ticket).responded_at == pytest.approx(answered_at, abs=1)


@pytest.mark.parametrize(("ago", "is_waiting"), [(HOUR, False), (19.99 * HOUR, True)])
def test_an_answer_given_while_the_bot_was_away_ends_the_wait_unless_it_is_older_than_the_question(
    office: Office, ago: float, is_waiting: bool
) -> None:
    office.desk.start_schedule()
    ticket = opened(office, origin=MessageRef(channel="C0INTAKE", ts="1764000000.000100"))
    office.work(400)
    office.clock.move(20 * HOUR - 120)
    office.tracker.edit(1, labels=office.tracker.now[REQUESTS, 1].labels | {"waiting: requestor"})
    if not is_waiting:
        office.clock.move(-10 * HOUR)
    office.desk.observe(office.tracker.now[REQUESTS, 1])
    if not is_waiting:
        office.clock.move(10 * HOUR)
    office.clock.move(120)
    office.chat.replies = [said(office, ticket, "U0JUNIPER", ago=ago)]
    office.work(400)

    assert office.ticket(ticket).state.is_waiting == is_waiting


def test_a_target_date_that_is_missed_is_told_once_for_each_date(office: Office) -> None:
    ticket = opened(office)
    office.click(ticket, Action.TAKE, "linden-brookmere", by="U0LINDEN")
    office.click(ticket, Action.TARGET, "2026-11-24", by="U0LINDEN")
    until(office, "2026-11-25 10:00")
    office.click(ticket, Action.TARGET, "2026-11-30", by="U0LINDEN")
    until(office, "2026-12-02 10:00")

    assert len(told(office, "is not done. It was due")) == 2
    assert len(told(office, "<@U0LINDEN> <")) >= 2
    assert Lists(office.store).count(Query(due=Due.OVERDUE)) == 1


def test_a_target_date_on_a_weekend_is_missed_when_it_is_over(office: Office) -> None:
    office.clock.now = at("2026-11-28 11:00")
    ticket = opened(office)
    office.click(ticket, Action.TAKE, "linden-brookmere", by="U0LINDEN")
    office.click(ticket, Action.TARGET, "2026-11-29", by="U0LINDEN")
    until(office, "2026-11-29 16:55")
    before = told(office, "is not done")
    until(office, "2026-11-30 10:00")

    assert before == []
    assert len(told(office, "is not done")) == 1


def test_days_begin_at_midnight_where_the_team_is(tmp_path: Path) -> None:
    """It is Monday morning in Tokyo, and still Sunday in the east of the United States."""
    office = Office(
        tmp_path,
        toml="""
        rota = [{ slack = "U0LINDEN" }, { slack = "U0SAGE" }]
        service_levels = { time_zone = "Asia/Tokyo" }
        """
        + SETTINGS,
    )
    office.clock.now = at("2026-11-22 20:00")
    ticket = opened(office)
    said_in_github(office, 1, "linden-brookmere", "/target 2026-11-22", is_by_member=True)
    office.clock.move(60)
    said_in_github(office, 1, "linden-brookmere", "/target 2026-11-29", is_by_member=True)

    found = office.ticket(ticket)
    assert office.desk.today() == date(2026, 11, 23)
    assert [body for _, _, body, _ in office.tracker.comments if "is in the past" in body]
    assert found.state.target == date(2026, 11, 29)
    assert Lists(office.store, ZoneInfo("Asia/Tokyo")).count(Query(due=Due.THIS_WEEK)) == 1
    week_of_the_team = (date(2026, 11, 23) - MONDAY).days // 7
    assert found.state.spoc == ("linden-brookmere", "sage-hollowell")[week_of_the_team % 2]
    office.store.close()


def test_a_bot_that_was_down_tells_only_what_is_so_now(office: Office) -> None:
    opened(office, production=True)
    office.clock.now = at("2026-11-30 10:00")
    office.restart()
    office.desk.start_schedule()
    office.work(60)

    assert len(told(office, "The answer was due")) == 1
    assert told(office, "The answer is due") == []


@pytest.mark.parametrize("is_lost", [True, False])
def test_each_start_sets_the_timers_though_no_due_time_has_changed(office: Office, is_lost: bool) -> None:
    """One that was lost, or that warns too late for the settings."""
    opened(office, production=True)
    if is_lost:
        with office.store.begin() as transaction:
            transaction.connection.execute(text("DELETE FROM outbox WHERE kind = 'escalate'"))
    else:
        levels = replace(office.settings.service_levels, warn_before=50 * 60.0)
        office.settings = replace(office.settings, service_levels=levels)
    office.restart()
    office.desk.start_schedule()
    until(office, "2026-11-23 10:12")
    early = len(told(office, "The answer is due"))
    until(office, "2026-11-23 12:00")

    assert early == (not is_lost)
    assert [len(told(office, words)) for words in ("The answer is due", "The answer was due")] == [1, 1]


def test_other_promises_count_from_the_next_start_on(office: Office) -> None:
    ticket = opened(office)
    levels = office.settings.service_levels
    office.settings = replace(
        office.settings, service_levels=replace(levels, first_response={"default": 2 * HOUR})
    )
    office.restart()
    office.desk.start_schedule()
    office.work(60)

    assert office.ticket(ticket).response_due == at("2026-11-23 12:00")
    until(office, "2026-11-23 12:30")
    assert len(told(office, "The answer was due")) == 1


def said_in_github(
    office: Office, number: int, author: str, body: str, *, is_by_member: bool = False
) -> None:
    comment = IssueComment(
        repository=REQUESTS,
        number=number,
        id=int(office.clock.now),
        author=author,
        body=body,
        created_at=office.clock.now,
        is_by_member=is_by_member,
    )
    office.desk.handle_comment(comment)
    office.work()


def test_a_second_question_is_not_lost_in_silence(office: Office) -> None:
    """A ticket that waits already asks nobody by the label; who wrote the command hears that."""
    opened(office)
    said_in_github(office, 1, "linden-brookmere", "/waiting Which browser?", is_by_member=True)
    said_in_github(office, 1, "linden-brookmere", "/waiting Which version?", is_by_member=True)

    answers = [body for _, _, body, _ in office.tracker.comments if "already waiting" in body]
    assert len(answers) == 1
    assert told(office, "Which version?") == []


@pytest.mark.parametrize("body", ["Firefox", "/internal Firefox"])
def test_a_requestor_who_is_not_in_slack_answers_on_the_issue(office: Office, body: str) -> None:
    issue = IssueSnapshot(
        repository=REQUESTS,
        number=50,
        url="https://github.test/50",
        ticket_id=None,
        title="Sign-in fails",
        author="outsider",
        labels=frozenset({office.settings.label}),
        created_at=office.clock.now,
        updated_at=office.clock.now,
    )
    office.tracker.now[REQUESTS, 50] = issue
    office.tracker.texts[REQUESTS, 50] = ""
    office.desk.observe(issue)
    office.work()
    said_in_github(office, 50, "linden-brookmere", "/waiting Which browser?", is_by_member=True)
    posts = len(office.chat.posts)
    said_in_github(office, 50, "passer-by", "Me too")
    waited = "waiting: requestor" in office.tracker.now[REQUESTS, 50].labels
    said_in_github(office, 50, "outsider", body)

    assert waited
    is_internal = body.startswith("/internal")
    assert ("waiting: requestor" in office.tracker.now[REQUESTS, 50].labels) == is_internal
    credited = [text for _, _, text, _ in office.tracker.comments if "is answered" in text]
    assert [text.split()[0] for text in credited] == ([] if is_internal else ["`outsider`"])
    assert not [post for post in office.chat.posts[posts:] if post.channel == "outsider"]


def test_without_a_conversation_the_requestor_s_comment_is_an_answer_and_slack_says_what_to_press(
    tmp_path: Path,
) -> None:
    office = Office(
        tmp_path,
        toml=f"conversation = false\n{SETTINGS}".replace(
            "people = [", 'people = [{ slack = "U0JUNIPER", github = "juniper-vale" }, '
        ),
    )
    office.clock.now = at("2026-11-23 10:00")
    ticket = opened(office)
    office.click(ticket, Action.WAIT, by="U0LINDEN", reason="Which browser?")
    office.work()
    [asked] = told(office, "has a question for you")
    said_in_github(office, 1, "juniper-vale", "Firefox")

    assert "press I answered" in asked
    assert not office.ticket(ticket).state.is_waiting
    office.store.close()


def test_the_requestor_of_a_sensitive_ticket_is_asked_directly_and_answers_there(office: Office) -> None:
    ticket = office.submit("data_pull", sensitive=True)
    office.work()
    office.click(ticket, Action.WAIT, by="U0LINDEN", reason="Which state was it?")
    office.work()
    [asked] = [post for post in office.chat.posts if "Which state was it?" in post.text]
    office.desk.handle_reply(said(office, ticket, "U0JUNIPER", ago=0))
    office.work()

    assert asked.channel == "U0JUNIPER"
    assert "has a question for you. “Which state was it?” Please answer in this thread." in asked.text
    assert not office.ticket(ticket).state.is_waiting


def test_who_alone_reads_the_question_is_told_to_answer_elsewhere(tmp_path: Path) -> None:
    """Without a conversation, nobody on the team would read the answer."""
    office = Office(tmp_path, toml=f"conversation = false\n{SETTINGS}")
    ticket = office.submit("data_pull", sensitive=True)
    office.work()
    office.click(ticket, Action.WAIT, by="U0LINDEN", reason="Which state was it?")
    office.work()

    [asked] = told(office, "has a question for you")
    assert "The team can't read what you write here" in asked
    assert "press I answered" in asked
    office.store.close()


def test_an_answer_that_comes_too_late_is_no_reason_to_write_to_its_author(office: Office) -> None:
    """The ticket was closed at the same time; the requestor only replied, and clicked nothing."""
    ticket = opened(office, origin=MessageRef(channel="C0INTAKE", ts="1764000000.000100"))
    office.click(ticket, Action.WAIT, by="U0LINDEN", reason="Which browser?")
    office.work()
    office.tracker.edit(1, is_open=False)
    office.desk.handle_reply(said(office, ticket, "U0JUNIPER", ago=0))
    office.work()

    assert office.ticket(ticket).stage is Stage.CLOSED
    assert [post for post in office.chat.posts if post.channel == "U0JUNIPER"] == []


def with_promises(office: Office, **promises: dict[str, float]) -> None:
    levels = replace(office.settings.service_levels, **promises)  # type: ignore[arg-type]
    office.settings = replace(office.settings, service_levels=levels)
    office.restart()


def test_a_ticket_that_nobody_answered_is_told_of_once_more_when_it_should_be_done(office: Office) -> None:
    """A missed answer does not hide that the ticket itself is overdue."""
    with_promises(office, first_response={"default": HOUR}, resolution={"default": 3 * HOUR})
    opened(office)
    until(office, "2026-11-24 12:00")

    assert [len(told(office, words)) for words in ("The answer is due", "The answer was")] == [1, 1]
    [due_soon] = told(office, "and nobody has it")
    assert "1:00 PM" in due_soon
    [missed] = told(office, "is not done. It was due")
    assert "1:00 PM" in missed


def test_a_ticket_that_is_reopened_is_told_of_once_more_if_it_is_overdue(office: Office) -> None:
    """The leads heard of it before it was closed, and would otherwise never hear of it again."""
    with_promises(office, first_response={}, resolution={"default": 3 * HOUR})
    ticket = opened(office)
    until(office, "2026-11-23 14:00")
    counts = [len(told(office, "is not done. It was due"))]
    for closed, reopened in (("11-23 15:00", "11-25 10:00"), ("11-25 11:00", "11-30 10:00")):
        until(office, f"2026-{closed}")
        office.click(office.ticket(ticket), Action.CLOSE, "completed", by="U0LINDEN")
        until(office, f"2026-{reopened}")
        office.click(office.ticket(ticket), Action.REOPEN, by="U0LINDEN")
        until(office, f"2026-{reopened[:6]}16:00")
        counts.append(len(told(office, "is not done. It was due")))

    assert counts == [1, 2, 3]


def test_a_ticket_that_is_reopened_in_time_is_told_of_when_the_rest_of_its_time_is_over(
    office: Office,
) -> None:
    with_promises(office, first_response={}, resolution={"default": 3 * HOUR})
    ticket = opened(office)
    until(office, "2026-11-23 11:00")
    office.click(ticket, Action.CLOSE, "completed", by="U0LINDEN")
    until(office, "2026-11-25 10:00")
    office.click(office.ticket(ticket), Action.REOPEN, by="U0LINDEN")
    until(office, "2026-11-25 11:30")
    before = len(told(office, "is not done. It was due"))
    until(office, "2026-11-25 13:00")

    assert (before, len(told(office, "is not done. It was due"))) == (0, 1)


def test_whoever_is_promised_no_answer_is_not_told_when_to_expect_one(office: Office) -> None:
    """By when it will be done is not by when somebody answers."""
    with_promises(office, first_response={}, resolution={"default": 3 * HOUR})
    opened(office)

    assert told(office, "Expect an answer") == []
    assert len(told(office, "Next, the team will look at it.")) == 1


@pytest.mark.parametrize("who", ["linden-brookmere", "indigo-marshwick"])
def test_whoever_takes_a_ticket_before_the_bot_has_seen_its_issue_has_responded(
    office: Office, who: str
) -> None:
    """GitHub's answer was lost; the lead whom the bot itself assigns has not responded."""
    open_issue = office.tracker.open_issue

    def cut(*given: Any, **more: Any) -> None:
        office.tracker.open_issue = open_issue  # type: ignore[method-assign]
        open_issue(*given, **more)
        assignees = office.tracker.now[REQUESTS, 1].assignees | {who}
        office.tracker.edit(1, assignees=assignees)
        raise OutcomeUnknown("GitHub: ReadTimeout")

    office.tracker.open_issue = cut  # type: ignore[assignment, method-assign]
    ticket = office.submit(production=True)
    office.work(120)

    found = office.ticket(ticket)
    assert who in found.state.assignees
    assert (found.responded_at is not None) == (who == "linden-brookmere")


@pytest.mark.parametrize("by_hand", [False, True])
def test_whom_a_plugin_assigns_has_not_responded(office: Office, by_hand: bool) -> None:
    """By its route or its issue, wherever GitHub's answer was lost; whoever else was assigned has."""
    draft = IssueDraft(title="Coffee", body="One", assignees=("sage-hollowell",))
    route = Route(assignee="indigo-marshwick")
    office.load(coffee(COFFEE, route=lambda: route, render_issue=lambda: draft), name="coffee")
    answers = {"team": "T", "name": "J", "production": False, "size": "x"}
    open_issue = office.tracker.open_issue

    def open_and_assign(*given: Any, **more: Any) -> Any:
        issue = open_issue(*given, **more)
        assignees = office.tracker.now[REQUESTS, 1].assignees | {"linden-brookmere"}
        office.tracker.edit(1, assignees=assignees if by_hand else assignees - {"linden-brookmere"})
        office.desk.observe(office.tracker.now[REQUESTS, 1])
        return issue

    office.tracker.open_issue = open_and_assign  # type: ignore[method-assign]
    ticket = office.desk.submit("coffee", answers, JUNIPER, submission="V7", origin=None)
    office.work()

    found = office.ticket(ticket)
    assert {"indigo-marshwick", "sage-hollowell"} <= set(found.state.assignees)
    assert (found.responded_at is not None) == by_hand


@pytest.mark.parametrize("type_name", ["pr_review", "data_pull"])
def test_what_the_bot_puts_on_its_issue_is_no_response_though_it_is_seen_bit_by_bit(
    office: Office, type_name: str
) -> None:
    """GitHub tells that the issue was opened, and then of each label and assignee, before its answer arrives."""
    open_issue = office.tracker.open_issue

    def open_bit_by_bit(*given: Any, **more: Any) -> Any:
        created = open_issue(*given, **more)
        whole = created.snapshot
        bare = replace(whole, labels=frozenset(), assignees=frozenset())
        assigned = replace(whole, labels=frozenset(), updated_at=whole.updated_at + 1)
        labeled = replace(whole, updated_at=whole.updated_at + 2)
        for seen in (bare, assigned, labeled):
            office.tracker.now[whole.repository, whole.number] = seen
            office.desk.observe(seen)
        return replace(created, snapshot=labeled)

    office.tracker.open_issue = open_bit_by_bit  # type: ignore[method-assign]
    secret = {"sensitive": True} if type_name == "data_pull" else {}
    ticket = office.submit(type_name, production=True, **secret)
    office.work(60)

    found = office.ticket(ticket)
    assert found.state.assignees == ("indigo-marshwick", "sage-hollowell")
    assert found.responded_at is None
    assert told(office, "assigned to") == []
    assert len(told(office, "needs your approval")) == bool(secret)
    until(office, "2026-11-23 12:00")
    assert len(told(office, "Nobody has answered")) >= 1


@pytest.mark.parametrize("ahead", [300.0, -300.0])
def test_two_processes_whose_clocks_are_five_minutes_apart_tell_each_thing_once(
    office: Office, tmp_path: Path, ahead: float
) -> None:
    with_promises(office, first_response={"default": HOUR}, resolution={"default": 3 * HOUR})
    (tmp_path / "other").mkdir()
    other = Office(tmp_path / "other", database_url=office.settings.database_url)
    other.store.clock = Ahead(office.clock, ahead)  # type: ignore[assignment]
    other.settings, other.tracker, other.chat = office.settings, office.tracker, office.chat
    other.restart()
    worker = Worker(other.queue, EFFECTS, other.context, min_intervals=False, jitter=lambda: 0.5)
    opened(office)
    while office.clock.now < at("2026-11-23 15:00"):
        office.clock.move(120)
        worker.run_due()
        office.work(2)
    other.store.close()

    said = ("The answer is due", "The answer was due", "and nobody has it", "is not done. It was due")
    assert [len(told(office, words)) for words in said] == [1, 1, 1, 1]
    assert office.outbox.rows("failed") == []


def test_a_form_that_is_delivered_twice_puts_no_timer_off(office: Office) -> None:
    opened(office, production=True)
    until(office, "2026-11-23 10:20")
    office.submit(production=True)
    until(office, "2026-11-23 10:31")

    assert len(told(office, "The answer is due")) == 1


def test_a_plugin_that_fails_at_an_escalation_takes_nothing_away(office: Office) -> None:
    """And one that says something of its own says it beside the standard words."""

    def notify(event: Event) -> list[Notification]:
        if event.kind is EventKind.RESPONSE_DUE:
            raise RuntimeError("no")
        is_missed = event.kind is EventKind.RESPONSE_MISSED
        return [Notification(to=Audience.REQUESTOR, text="It takes longer.")] * is_missed

    office.load(coffee(COFFEE, notify=notify), name="coffee")
    answers = {"team": "T", "name": "J", "production": True, "size": "x"}
    office.desk.submit("coffee", answers, JUNIPER, submission="V7", origin=None)
    office.work()
    until(office, "2026-11-24 12:00")

    for words in ("Nobody has answered the requestor yet", "The answer was due", "It takes longer."):
        assert len(told(office, words)) == 1


def test_a_deleted_issue_is_closed_when_the_bot_learns_of_it(office: Office) -> None:
    """So the report counts it in that month, and no answer as missed that nobody asked for anymore."""
    ticket = opened(office)
    office.desk.observe(replace(office.tracker.now[REQUESTS, 1], is_gone=True))
    until(office, "2026-11-25 12:00")

    closed = office.ticket(ticket)
    assert closed.closed_at == pytest.approx(at("2026-11-23 10:01"), abs=60)
    assert office.settings.service_levels.resolution_seconds(closed) == pytest.approx(30, abs=60)
    assert told(office, "The answer") == []


def test_the_card_says_what_is_overdue_until_somebody_answers(office: Office) -> None:
    thread = MessageRef(channel="C0INTAKE", ts="1764000000.000100")
    ticket = opened(office, production=True, origin=thread)
    until(office, "2026-11-23 11:05")
    late = card(office, ticket)
    office.desk.handle_reply(said(office, ticket, "U0LINDEN", ago=-60))
    office.work(60)

    assert "*Overdue:* the answer was due" in late
    assert "Overdue" not in card(office, ticket)
    assert "Answer due" not in card(office, ticket)


def card(office: Office, ticket: Ticket) -> str:
    """What the team's card says now."""
    now = office.ticket(ticket).card
    assert now
    return str(office.chat.posts[int(now.ts) - 1])


def test_without_anybody_who_has_it_the_team_hears_that_its_requestor_answered(office: Office) -> None:
    ticket = opened(office, origin=MessageRef(channel="C0INTAKE", ts="1764000000.000100"))
    office.click(ticket, Action.WAIT, by="U0LINDEN", reason="Which browser was it?")
    office.work(60)
    office.desk.handle_reply(said(office, ticket, "U0JUNIPER", ago=-60))
    office.work(60)

    [news] = told(office, "answered what you asked")
    assert "nobody has it" in news


def test_nobody_to_call_is_no_dash(office: Office) -> None:
    office.clock.now = at("2026-11-23 20:00")
    opened(office, production=True)

    [news] = told(office, "before business hours begin")
    assert "–" not in news
    assert "—" not in news
