"""The desk: a form becomes a ticket, the ticket an issue, and everybody concerned is told once, also in a crowd."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_mock import MockerFixture

from identity_bot import Form, Member, hookimpl
from identity_bot.errors import Invalid, OutcomeUnknown, Rejected, Retryable
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.ports import CreatedIssue
from identity_bot.outbox.worker import Worker
from identity_bot.plugins.loader import Found
from identity_bot.tickets.errors import AlreadyFiled, Impossible
from identity_bot.tickets.model import (
    Action,
    Change,
    IssueComment,
    IssueSnapshot,
    MessageRef,
    Priority,
    Stage,
    Ticket,
)
from tests.support_desk import COMMON, DATA, JUNIPER, REVIEW, SETTINGS, Office
from tests.support_outbox import START, at_once, commits, states
from tests.support_plugins import coffee, found

INTAKE, TEAM = "C0INTAKE", "C0TEAM"
LOGINS = ("linden-brookmere", "sage-hollowell", "indigo-marshwick")
COUNT = 4
"""Tickets, where there are many."""
ORIGIN = MessageRef(channel="C0ELSEWHERE", ts="7.1", link="https://slack.test/C0ELSEWHERE/7.1")


# Submitting


def test_a_form_becomes_a_ticket_before_anybody_is_called(office: Office) -> None:
    ticket = office.submit()

    assert office.ticket(ticket) == ticket
    assert (ticket.stage, ticket.number) == (Stage.SUBMITTED, None)
    assert (ticket.requestor.name, ticket.requestor.team) == ("Juniper Vale", "Benefits")
    assert ticket.repository == "sandbox-org/identity-requests"
    assert (office.tracker.issues, office.chat.posts) == ([], [])
    assert states(office.queue) == {"waiting": 1}


def test_a_submission_that_comes_again_is_the_same_ticket(office: Office) -> None:
    """However often Slack delivers it; what has changed in it meanwhile is refused by name, not dropped."""
    first = office.submit(view="V1")
    office.clock.move(1)
    again = office.submit(view="V1")
    with pytest.raises(AlreadyFiled) as refused:
        office.submit(view="V1", team="Another team")
    office.work()
    late = office.submit(view="V1")
    office.work()

    assert again == refused.value.ticket == first
    assert late == office.ticket(first)
    assert late.number == 1
    assert len(office.tracker.issues) == 1
    assert len(office.chat.texts(INTAKE)) == 1


def test_a_repository_that_is_mended_gets_the_issue_on_retry(office: Office) -> None:
    """The request came when the settings named a repository that does not exist."""
    office.tracker.fails.append(Rejected("GitHub: 404 Not Found"))
    filed = office.submit(view="V1")
    office.work()
    types = office.plugins.types
    types["pr_review"].settings = {**types["pr_review"].settings, "repository": "sandbox-org/mended"}
    office.restart()

    [failed] = office.outbox.rows("failed")
    office.outbox.retry(failed.id)
    office.work()

    assert office.tracker.issues[0][0] == "sandbox-org/mended"
    assert office.ticket(filed).repository == "sandbox-org/mended"
    assert office.ticket(filed).number == 1


def test_two_submissions_are_two_tickets(office: Office) -> None:
    office.submit(view="V1")
    office.submit(view="V2")
    office.work()

    assert len(office.tracker.issues) == 2


def test_a_form_with_problems_leaves_nothing_behind(office: Office) -> None:
    with pytest.raises(Invalid) as caught:
        office.submit(team="   ", pull_request="https://example.org", tested=None)

    assert set(caught.value.problems) == {"team", "pull_request", "tested"}
    assert states(office.queue) == {}


def test_personal_data_is_refused_without_repeating_it(office: Office) -> None:
    with pytest.raises(Invalid) as caught:
        office.submit("data_pull", data_needed="All sign-ins of 123-45-6789")

    assert set(caught.value.problems) == {"data_needed"}
    assert "123-45" not in str(caught.value)
    assert states(office.queue) == {}


def test_a_type_that_is_not_installed_is_a_key_error(office: Office) -> None:
    with pytest.raises(KeyError):
        office.desk.submit("nothing", REVIEW, JUNIPER, submission="V1", origin=None)


# Telling


def test_everybody_concerned_is_told_once(office: Office) -> None:
    ticket = office.submit()
    office.work()

    [told] = office.chat.texts(INTAKE)
    [card] = office.chat.texts(TEAM)
    [(view, _)] = office.chat.views
    assert "<@U0JUNIPER>" in told
    assert "|#1>" in told
    assert "PR review" in card
    assert view == "V1"
    now = office.ticket(ticket)
    assert (now.stage, now.number) == (Stage.OPEN, 1)
    assert (now.thread and now.thread.channel, now.card and now.card.channel) == (INTAKE, TEAM)
    assert states(office.queue) == {"done": 5}


def test_the_issue_is_labeled_and_links_the_thread(office: Office) -> None:
    office.submit()
    office.work()

    [(_, draft)] = office.tracker.issues
    [(linked, _)] = office.tracker.patches
    assert draft.labels == ("identity-slackbot", "pr_review")
    assert draft.assignees == ()
    assert linked.thread
    assert linked.thread.link == "https://slack.test/C0INTAKE/1"


def test_an_issue_seen_again_is_told_to_nobody(office: Office) -> None:
    office.submit()
    office.work()
    before = list(office.chat.posts)

    for _ in range(3):
        office.desk.observe(office.tracker.snapshot(1))
    office.work()

    assert office.chat.posts == before


def test_a_webhook_that_is_quicker_than_githubs_answer_tells_once(office: Office) -> None:
    """Whoever sees the issue first, everybody is told once, and the receipt is shown."""
    ticket = office.submit()
    open_issue = office.tracker.open_issue

    def with_webhook(*asked: Any, **more: Any) -> CreatedIssue:
        opened = open_issue(*asked, **more)
        office.desk.observe(opened.snapshot)
        return opened

    office.tracker.open_issue = with_webhook  # type: ignore[method-assign]
    office.work()

    assert len(office.chat.texts(INTAKE)) == 1
    assert len(office.chat.texts(TEAM)) == 1
    assert len(office.chat.views) == 1
    assert office.ticket(ticket).number == 1


@pytest.mark.parametrize("seconds", [1, 5, 12])
def test_an_issue_that_a_webhook_has_told_of_is_not_made_again(office: Office, seconds: int) -> None:
    """The answer to the POST never came and GitHub's list lags behind, but its webhook has come."""
    ticket = office.submit()
    make = office.tracker.open_issue

    def timed_out(*asked: Any, **more: Any) -> CreatedIssue:
        make(*asked, **more)
        raise OutcomeUnknown("GitHub: ReadTimeout")

    office.tracker.open_issue = timed_out  # type: ignore[method-assign]
    office.tracker.find_issue = lambda *_: None  # type: ignore[method-assign]
    office.work(1)
    office.tracker.open_issue = make  # type: ignore[method-assign]

    office.clock.move(seconds)
    office.desk.observe(office.tracker.snapshot(1))
    office.work()

    assert len(office.tracker.issues) == 1
    assert office.ticket(ticket).number == 1
    assert len(office.chat.texts(INTAKE)) == len(office.chat.texts(TEAM)) == 1
    assert "#1" in str(office.chat.views)


def test_a_tickets_marker_in_another_repository_is_no_matter(office: Office) -> None:
    """Whoever knows a restricted ticket's id cannot have a public issue taken for its own."""
    ticket = office.submit("data_pull", sensitive=True)

    office.desk.observe(
        IssueSnapshot(
            repository="sandbox-org/identity-requests", number=99, url="https://-", ticket_id=ticket.id
        )
    )

    assert office.ticket(ticket) == ticket


def test_a_webhook_of_somebody_elses_issue_is_no_matter(office: Office) -> None:
    """One without our label, and one with a marker that somebody else wrote."""
    ticket = office.submit()
    office.work()
    before = list(office.chat.posts)
    snapshot = office.tracker.snapshot(1)

    office.desk.observe(replace(snapshot, ticket_id=None, number=99, labels=frozenset({"bug"})))
    forged = replace(snapshot, author="a-stranger", labels=frozenset({"bug"}))
    office.desk.observe(replace(forged, ticket_id="00000000-0000-0000-0000-000000000000", number=98))
    office.work()

    assert office.chat.posts == before
    assert office.ticket(ticket).number == 1


def test_a_ticket_from_a_message_keeps_its_thread(office: Office, mocker: MockerFixture) -> None:
    """The requestor is told there, and the intake channel hears of it too."""
    open_issue = mocker.spy(office.tracker, "open_issue")
    ticket = office.submit(origin=ORIGIN)
    office.work()

    [there] = [posted for posted in office.chat.posts if posted.channel == ORIGIN.channel]
    assert there.thread_ts == ORIGIN.ts
    assert "<@U0JUNIPER>" in there.text
    [intake] = office.chat.texts(INTAKE)
    assert "<@" not in intake
    assert office.ticket(ticket).thread == ORIGIN
    assert open_issue.call_args.args[1].thread == ORIGIN
    assert office.tracker.patches == []


def test_a_thread_without_a_link_gets_one(office: Office) -> None:
    """As when the bot could not ask for it, being no member there yet."""
    office.submit(origin=replace(ORIGIN, link=""))
    office.work()

    [(linked, _)] = office.tracker.patches
    assert linked.thread == ORIGIN


def test_a_requestor_who_cannot_be_told_in_the_channel_is_told_directly(office: Office) -> None:
    office.chat.closed.add(INTAKE)

    ticket = office.submit()
    office.work()

    [told] = office.chat.texts("U0JUNIPER")
    assert "|#1>" in told
    assert any("told the requestor by direct message" in text for text in office.chat.texts(TEAM))
    assert office.ticket(ticket).thread == MessageRef(channel="U0JUNIPER", ts="2")
    assert office.tracker.patches == []
    assert states(office.queue).get("failed") is None


def test_urgent_requests_mention_and_assign_the_leads(office: Office) -> None:
    ticket = office.submit(production=True)
    office.work()

    [card] = office.chat.texts(TEAM)
    [(_, draft)] = office.tracker.issues
    assert "<@U0INDIGO> <@U0SAGE>" in card
    assert draft.assignees == ("indigo-marshwick", "sage-hollowell")
    assert ticket.is_urgent


class AsksForSomebody:
    """A request type with a person among its questions."""

    @hookimpl
    def form(self) -> Form:
        return Form(title="Somebody", questions=[Member(name="who", label="Who?")])


def test_people_are_named_in_the_issue(tmp_path: Path) -> None:
    """An answer that is a person is only an id until the issue is made; without a name the id must do."""
    office = Office(
        tmp_path, found=[Found(name="somebody", distribution="tests", load=lambda: AsksForSomebody())]
    )
    office.chat.names["U0SAGE"] = "Sage Hollowell"

    for view, who in enumerate(["U0SAGE", "U0NOBODY"]):
        values = COMMON | {"who": {"id": who, "name": ""}}
        office.desk.submit("somebody", values, JUNIPER, submission=f"V{view}", origin=None)
    office.work()

    known, unknown = (draft.body for _, draft in office.tracker.issues)
    assert "Sage Hollowell" in known
    assert "Name unknown (U0NOBODY)" in unknown
    cards = office.chat.texts(TEAM)
    assert ["*Who?*\nSage Hollowell" in cards[0], "*Who?*\nName unknown (U0NOBODY)" in cards[1]] == [
        True,
        True,
    ]
    office.store.close()


def test_somebody_without_a_name_in_slack_is_called_by_their_login(tmp_path: Path) -> None:
    office = Office(
        tmp_path, found=[Found(name="somebody", distribution="tests", load=lambda: AsksForSomebody())]
    )

    values = COMMON | {"who": {"id": "U0LINDEN", "name": ""}}
    office.desk.submit("somebody", values, JUNIPER, submission="V1", origin=None)
    office.work()

    [(_, draft)] = office.tracker.issues
    assert "linden-brookmere" in draft.body
    assert "U0LINDEN" not in draft.body
    office.store.close()


# Emoji, and the clock of the team

EMOJI = ["🎉", "👩🏽‍💻", "🇺🇸🇺🇸", "❤️", ":tada:", ":woman-technologist::skin-tone-4:", "1️⃣", "\u200d🙂"]


@pytest.mark.parametrize("emoji", EMOJI)
def test_a_request_of_emoji_only_becomes_a_ticket_like_any_other(office: Office, emoji: str) -> None:
    ticket = office.submit(
        "data_pull", sensitive=False, team=emoji, name=emoji, data_needed=emoji, comments=emoji
    )
    office.work()
    office.click(ticket, Action.CLOSE, "not planned", by="U0INDIGO", reason=emoji)
    office.work()

    [(_, draft)] = office.tracker.issues
    assert emoji.strip("\u200d") in draft.title
    assert office.ticket(ticket).stage is Stage.CLOSED
    assert emoji.strip("\u200d") in office.tracker.comments[-1][2]
    assert any(emoji.strip("\u200d") in text for text in office.chat.texts(INTAKE))
    assert "failed" not in states(office.queue)


@pytest.mark.parametrize("emoji", EMOJI)
def test_an_address_of_emoji_only_is_refused_with_an_example(office: Office, emoji: str) -> None:
    with pytest.raises(Invalid) as refused:
        office.submit(pull_request=emoji)

    assert set(refused.value.problems) == {"pull_request"}
    assert "https://" in refused.value.problems["pull_request"]


def test_at_half_past_eleven_in_the_evening_today_is_the_teams(office: Office) -> None:
    """In UTC it is tomorrow already."""
    office.clock.now = datetime(2027, 3, 1, 23, 30, tzinfo=ZoneInfo("America/New_York")).timestamp()
    ticket = office.submit()
    office.work()
    today = office.desk.today()
    for day, comment_id in ((today, 1), (today - timedelta(days=1), 2)):
        office.desk.handle_comment(
            replace(
                comment_on(1, f"/target {day}"),
                id=comment_id,
                author="linden-brookmere",
                created_at=office.clock(),
            )
        )
        office.work()

    assert today == date(2027, 3, 1)
    assert office.ticket(ticket).state.target == today
    assert "is in the past" in office.tracker.comments[-1][2]
    [said] = [text for text in office.chat.texts(INTAKE) if "target date" in text.lower()]
    assert "March 1, 2027" in said


# Sensitive requests

SECRETS = ("quartz pelican", "umbrella sonata", "Harbour Team")


def sensitive(office: Office, **changes: Any) -> None:
    office.submit("data_pull", sensitive=True, data_needed=SECRETS[0], comments=SECRETS[1], **changes)


def test_a_sensitive_request_goes_to_the_restricted_repository(office: Office) -> None:
    sensitive(office)
    office.work()

    [(repository, draft)] = office.tracker.issues
    assert repository == "sandbox-org/identity-restricted"
    assert SECRETS[0] in draft.body
    assert SECRETS[0] not in draft.title


def test_nothing_of_a_sensitive_request_is_sent_to_slack(office: Office) -> None:
    """In no message, block or view; also when things go wrong."""
    office.tracker.fails = [OutcomeUnknown("GitHub: 502"), Retryable("GitHub: 401")]
    office.tracker.drops = ("the label pr_review",)
    office.chat.closed.add(INTAKE)

    sensitive(office)
    office.work(60)

    assert len(office.tracker.issues) == 1
    assert len(office.chat.posts) >= 3
    assert not any(secret in office.chat.everything() for secret in SECRETS)


def test_an_ordinary_data_pull_is_shown_to_the_team(office: Office) -> None:
    office.submit("data_pull")
    office.work()

    [(repository, _)] = office.tracker.issues
    assert repository == "sandbox-org/identity-requests"
    assert str(DATA["data_needed"]) in office.chat.everything()


def test_without_a_restricted_repository_there_is_one_for_all(tmp_path: Path) -> None:
    toml = "\n".join(line for line in SETTINGS.splitlines() if not line.startswith("restricted"))
    office = Office(tmp_path, toml=toml)

    sensitive(office)
    office.work()

    [(repository, _)] = office.tracker.issues
    assert repository == "sandbox-org/identity-requests"
    assert not any(secret in office.chat.everything() for secret in SECRETS)
    office.store.close()


# What goes wrong


def test_what_github_left_out_is_told_to_the_team(office: Office) -> None:
    office.tracker.drops = ("the label pr_review", "the assignee sage-hollowell")

    office.submit()
    office.work()

    alerts = [text for text in office.chat.texts(TEAM) if "GitHub refused" in text]
    assert ["pr_review" in alerts[0], "sage-hollowell" in alerts[1]] == [True, True]
    assert len(office.chat.texts(INTAKE)) == 1


def test_an_issue_that_cannot_be_made_is_kept_and_told(office: Office) -> None:
    office.tracker.fails = [Rejected("GitHub: 410 Issues has been disabled in this repository.")]

    ticket = office.submit()
    office.work()

    [alert] = office.chat.texts(TEAM)
    assert f"couldn't open the issue for ticket {ticket.reference}" in alert
    assert "410" in alert
    [failed] = office.outbox.rows("failed")
    office.outbox.retry(failed.id)
    office.work()
    assert office.ticket(ticket).number == 1
    kept, opened = office.chat.texts(INTAKE)
    assert kept.startswith(f"{JUNIPER.mention} We couldn't open a ticket")
    assert ticket.reference in kept
    assert "410" not in kept
    assert "We got your request" in opened


def test_an_alert_that_cannot_be_posted_makes_no_other(office: Office) -> None:
    """A team channel that is closed would otherwise fill the outbox with alerts about itself."""
    office.chat.closed.add(TEAM)
    office.tracker.drops = ("the label pr_review",)

    office.submit()
    office.work(120)

    assert office.chat.texts(TEAM) == []
    kinds = [row.kind for row in office.outbox.rows("failed")]
    assert sorted(kinds) == ["draw_card", "post_alert", "post_alert"]
    assert states(office.queue).get("waiting") is None


def test_a_type_uninstalled_before_its_issue_was_made_is_kept_and_told(office: Office) -> None:
    ticket = office.submit()
    office.restart(without="pr_review")
    office.work()

    [alert] = office.chat.texts(TEAM)
    assert "'pr_review' is not installed" in alert
    [failed] = office.outbox.rows("failed")
    office.restart()
    office.outbox.retry(failed.id)
    office.work()
    assert office.ticket(ticket).number == 1
    assert len(office.chat.texts(INTAKE)) == 2


def test_a_type_uninstalled_before_its_issue_was_seen_is_told_to_the_team(office: Office) -> None:
    """The issue was made, but the answer never came; GitHub's webhook finds the type gone."""
    ticket = office.submit()
    draft = office.plugins.types["pr_review"].render_issue(ticket)
    office.tracker.open_issue(ticket.repository, ticket, draft)
    office.restart(without="pr_review")

    office.desk.observe(office.tracker.snapshot(1))
    office.work()

    assert office.ticket(ticket).number == 1
    assert any("is no longer installed" in text for text in office.chat.texts(TEAM))


def test_a_type_uninstalled_after_its_issue_was_seen_is_told_as_planned(office: Office) -> None:
    """What is in the outbox was put into words already."""
    ticket = office.submit()
    draft = office.plugins.types["pr_review"].render_issue(ticket)
    office.desk.observe(office.tracker.open_issue(ticket.repository, ticket, draft).snapshot)
    office.restart(without="pr_review")

    office.work()

    assert len(office.chat.texts(INTAKE)) == 1
    assert len(office.chat.texts(TEAM)) == 1
    assert len(office.chat.views) == 1
    assert states(office.queue).get("failed") is None


def test_a_receipt_that_nobody_sees_any_more_is_not_shown(office: Office) -> None:
    """GitHub was down for an hour; the modal is closed, and its id may mean nothing."""
    office.tracker.fails = [Retryable("GitHub: down", 3600.0)]

    ticket = office.submit()
    office.work(1)
    office.clock.move(3600)
    office.work()

    assert office.ticket(ticket).number == 1
    assert office.chat.views == []


def test_an_issue_made_before_a_time_out_is_found(office: Office) -> None:
    open_issue = office.tracker.open_issue

    def cut(*asked: Any, **more: Any) -> CreatedIssue:
        office.tracker.open_issue = open_issue  # type: ignore[method-assign]
        open_issue(*asked, **more)
        raise OutcomeUnknown("GitHub: ReadTimeout")

    office.tracker.open_issue = cut  # type: ignore[method-assign]
    ticket = office.submit()
    office.work()

    assert len(office.tracker.issues) == 1
    assert office.ticket(ticket).number == 1
    assert len(office.chat.texts(INTAKE)) == 1


def test_the_idempotency_keys_of_two_databases_differ(tmp_path: Path) -> None:
    """Their effects have the same numbers; the bot must not take another's message for its own."""
    keys = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        office = Office(tmp_path / str(number))
        office.clock.move(number * 0.001)
        office.submit(view=f"V{number}")
        office.work()
        keys.append({posted.key for posted in office.chat.posts})
        office.store.close()

    assert not keys[0] & keys[1]


def test_writes_to_github_and_to_channels_keep_a_minimal_interval_and_modals_do_not() -> None:
    rests = {kind: effect.min_interval for kind, effect in EFFECTS.items() if effect.min_interval}

    assert rests == dict.fromkeys(
        (
            *("open_issue", "change_issue", "credit_action", "link_thread", "run_commands", "reply"),
            *("comment", "copy_comment", "copy_reply", "redact_issue", "redact_messages"),
            *("post_update", "post_alert", "send_direct_message", "draw_card", "retire_buttons"),
            *("ask_survey", "draw_survey", "post_report", "post_digest", "close_untried"),
        ),
        1.0,
    ) | {"publish_home": 0.6, "read_thread": 1.2}


# Durability


@pytest.fixture
def known(office: Office) -> Ticket:
    """A ticket whose issue is open, in a database that is to last."""
    office.store.durable = True
    ticket = office.submit()
    office.work()
    return ticket


def comment_on(number: int, body: str) -> IssueComment:
    return IssueComment(
        repository="sandbox-org/identity-requests",
        number=number,
        id=number,
        author=LOGINS[0],
        body=body,
        created_at=START,
    )


def test_what_people_ask_for_is_durable(office: Office, known: Ticket) -> None:
    with commits(office.store) as seen:
        office.submit(view="V2")
        office.click(known, Action.PRIORITY, "high", by="U0INDIGO")
        office.desk.handle_comment(comment_on(1, "/priority high"))

    assert seen == ["durable"] * 3


@pytest.mark.usefixtures("known")
def test_a_change_that_the_next_poll_finds_again_need_not_be_durable(office: Office) -> None:
    snapshot = office.tracker.edit(1, assignees=frozenset({LOGINS[0]}))

    with commits(office.store) as seen:
        office.desk.observe(snapshot)

    assert seen == ["not durable"]


@pytest.mark.usefixtures("known")
def test_that_an_issue_is_gone_is_durable_as_no_poll_finds_it(office: Office) -> None:
    with commits(office.store) as seen:
        office.desk.observe(replace(office.tracker.snapshot(1), is_gone=True))

    assert seen == ["durable"]


@pytest.mark.usefixtures("known")
def test_without_polls_every_change_is_durable(office: Office) -> None:
    office.settings = replace(office.settings, poll_seconds=0)
    office.restart()

    with commits(office.store) as seen:
        office.desk.observe(office.tracker.edit(1, assignees=frozenset({LOGINS[0]})))

    assert seen == ["durable"]


@pytest.mark.usefixtures("known")
def test_what_changes_nothing_is_not_written(office: Office) -> None:
    with commits(office.store) as seen:
        office.desk.observe(office.tracker.snapshot(1))
        office.desk.handle_comment(comment_on(1, "/internal I am on it."))
        office.desk.handle_comment(comment_on(99, "No ticket."))
        office.desk.handle_comment(replace(comment_on(1, "/help"), repository="sandbox-org/vets-api"))

    assert seen == []


# Many at once


def test_nobody_waits_for_each_other_and_everything_is_told_once(tmp_path: Path, database_url: str) -> None:
    """Observed in crossed order, with copied markers, clicked and commanded, while several workers run."""
    office = Office(tmp_path, database_url=database_url)
    tickets = [office.submit(view=f"V{number}") for number in range(COUNT)]
    office.work(10, min_intervals=False)
    office.clock.move(60)
    workers = [
        Worker(office.queue, EFFECTS, office.context, min_intervals=False, jitter=lambda: 0.5)
        for _ in range(4)
    ]

    def see(first: int) -> None:
        for step in range(3 * COUNT):
            number = 1 + (first + (step if first % 2 else -step)) % COUNT
            other = tickets[number % COUNT]
            office.desk.observe(
                office.tracker.edit(number, ticket_id=other.id, assignees=frozenset({LOGINS[step % 3]}))
            )

    def click(ticket: Ticket) -> None:
        for priority in ("high", "low"):
            try:
                office.click(ticket, Action.PRIORITY, priority, by="U0INDIGO")
            except Impossible:
                continue

    def comment(number: int) -> None:
        office.desk.handle_comment(comment_on(number, "/help"))

    at_once(
        *[lambda first=first: see(first) for first in range(4)],
        *[lambda ticket=ticket: click(ticket) for ticket in tickets],
        *[lambda number=number: comment(number) for number in range(1, COUNT + 1)],
        *[lambda worker=worker: worker.run_due() for worker in workers],
    )
    office.work(100, min_intervals=False)

    for number, ticket in enumerate(map(office.ticket, tickets), 1):
        assert ticket.number == number
        assert ticket.state == ticket.last_notified
        assert ticket.requested == ()
        assert set(ticket.state.assignees) == office.tracker.snapshot(number).assignees
    assert len([text for text in office.chat.texts("C0TEAM") if "*Stage:*" in text]) == COUNT
    assert sorted(office.tracker.reactions) == [(number, "+1") for number in range(1, COUNT + 1)]
    assert set(states(office.queue)) == {"done"}
    office.store.close()


# Clicks


def test_a_click_counts_once_even_after_its_effect_was_undone(office: Office, ticket: Ticket) -> None:
    change = Change(action=Action.PRIORITY, value="high")
    office.desk.change(ticket.id, change, by="U0INDIGO", click="one")
    office.work()
    office.desk.change(ticket.id, Change(action=Action.PRIORITY, value="low"), by="U0INDIGO", click="two")
    office.work()

    office.restart().change(ticket.id, change, by="U0INDIGO", click="one")
    office.work()

    assert office.ticket(ticket).state.priority is Priority.LOW


@pytest.mark.parametrize("text", ["", "a secret"])
def test_a_click_that_redacts_counts_once_too(office: Office, ticket: Ticket, text: str) -> None:
    change = Change(action=Action.REDACT, value=text)
    office.desk.change(ticket.id, change, by="U0INDIGO", click="one")
    office.work()
    told = len(office.chat.texts("U0INDIGO"))

    office.restart().change(ticket.id, change, by="U0INDIGO", click="one")

    assert told
    assert not [one for one in office.outbox.rows("waiting") if "redact" in one.kind or "find" in one.kind]
    office.desk.change(ticket.id, change, by="U0INDIGO", click="two")
    office.work()
    assert len(office.chat.texts("U0INDIGO")) == told + 1


def test_the_same_choice_by_another_click_counts_again(office: Office, ticket: Ticket) -> None:
    for click, value in (("one", "high"), ("two", "low"), ("three", "high")):
        office.desk.change(ticket.id, Change(action=Action.PRIORITY, value=value), by="U0INDIGO", click=click)
        office.work()

    assert office.ticket(ticket).state.priority is Priority.HIGH


def test_a_click_that_arrives_at_two_processes_at_once_counts_once(tmp_path: Path, database_url: str) -> None:
    office = Office(tmp_path, database_url=database_url)
    ticket = office.submit()
    office.work()
    desks = [office.restart() for _ in range(2)]

    change = Change(action=Action.PRIORITY, value="high")
    at_once(*(partial(desk.change, ticket.id, change, by="U0INDIGO", click="one") for desk in desks * 4))

    assert [row.kind for row in office.outbox.rows("waiting")].count("change_issue") == 1


@pytest.mark.parametrize("hook", ["validate", "render_issue", "notify"])
def test_a_ticket_goes_through_without_the_hook_of_a_plugin_that_fails_and_the_team_is_told_once_a_day(
    tmp_path: Path, hook: str
) -> None:
    def fail() -> None:
        raise ValueError("my ssn is 123-45-6789")

    office = Office(tmp_path, found=[found("coffee", coffee(**{hook: fail}))])
    values = {"team": "Benefits", "name": "Juniper Vale", "production": False, "size": "large"}

    for view in ("V1", "V2"):
        office.desk.submit("coffee", values, JUNIPER, submission=view, origin=None)
        office.work(60)

    assert len(office.tracker.issues) == 2
    alerts = [text for text in office.chat.texts("C0TEAM") if "failed" in text]
    assert len(alerts) == 1
    assert f"*The plugin `coffee` failed in `{hook}`.*" in alerts[0]
    assert "123-45-6789" not in office.chat.everything()
    assert any("got your" in text for text in office.chat.texts("C0INTAKE") + office.chat.texts("U0JUNIPER"))
