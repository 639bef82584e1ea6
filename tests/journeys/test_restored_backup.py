"""A backup was restored that lacks the last hour: what people filed and were told is neither lost nor told twice."""

from __future__ import annotations

import html
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from pytest_mock import MockerFixture

from identity_bot.store.store import Store
from identity_bot.tickets.model import Action, CloseReason, IssueComment, IssueSnapshot, MessageRef, Stage
from tests.support import blocks
from tests.support_desk import JUNIPER as ASKED_BY
from tests.support_desk import REVIEW, Office
from tests.support_outbox import PATIENCE, states

JUNIPER, TEAM, INTAKE = "U0JUNIPER", "C0TEAM", "C0INTAKE"
REQUESTS, RESTRICTED = "sandbox-org/identity-requests", "sandbox-org/identity-restricted"
LINDEN = "linden-brookmere"
HOUR = 3600.0
OPERATIONS = Path(__file__).parents[2] / "docs/operations.md"


def back_up(office: Office, folder: Path) -> Path:
    """A copy of the database as it is."""
    copy = folder / "backup.db"
    with office.store.reading() as connection:
        connection.exec_driver_sql(f"VACUUM INTO '{copy}'")
    return copy


def restore(office: Office, copy: Path, folder: Path, statements: str = "") -> None:
    """An hour later, the backup takes the database's place, and the bot is started again.

    `statements` are what the operator runs in between.
    """
    office.work(HOUR / 60)
    office.clock.move(HOUR)
    office.store.close()
    restored = folder / "restored.db"
    shutil.copy(copy, restored)
    with closing(sqlite3.connect(restored)) as connection:
        connection.executescript(statements)
    office.store = Store(f"sqlite:///{restored}", office.clock, patience=PATIENCE)
    office.queue = type(office.queue)(office.store)
    office.restart()
    office.desk.start_schedule()
    office.work(120)


def said(office: Office) -> list[tuple[str, str]]:
    """Everything in Slack: where, and what, or which card, as that changes with the ticket.

    A restored card shows no answers, which are in the issue.
    """
    return [
        (posted.channel, posted.key if posted.key.startswith("card:") else posted.text)
        for posted in office.chat.posts
    ]


@pytest.mark.parametrize(
    "more", [{}, {"origin": MessageRef(channel="C0OTHER", ts="17.5", link="https://slack.test/x")}]
)
def test_a_ticket_filed_since_the_backup_is_that_ticket_again(
    office: Office, tmp_path: Path, more: dict[str, Any]
) -> None:
    office.desk.start_schedule()
    office.work()
    copy = back_up(office, tmp_path)
    ticket = office.submit(production=True, **more)
    office.work(60)
    before, posts = office.ticket(ticket), said(office)

    restore(office, copy, tmp_path)

    after = office.ticket(ticket)
    assert said(office) == posts
    assert len(office.tracker.issues) == 1
    assert after == replace(
        before,
        answers={},
        origin=None,
        offers=(),
        submitted_at=after.submitted_at,
        is_direct=after.is_direct,
        is_timed=False,
        response_due=None,
        escalations=after.escalations,
    )
    assert set(states(office.queue)) <= {"done", "waiting"}


def test_a_restored_ticket_that_began_in_private_is_not_announced(office: Office, tmp_path: Path) -> None:
    copy = back_up(office, tmp_path)
    ticket = office.desk.submit(
        "pr_review", REVIEW, ASKED_BY, submission="V1", origin=None, outside_intake=True, is_private=True
    )
    office.work(60)
    restore(office, copy, tmp_path)

    office.desk.observe(office.tracker.edit(1, is_open=False))
    office.work(60)

    assert office.ticket(ticket).is_private
    assert office.chat.texts("C0INTAKE") == []


def test_a_restored_ticket_is_followed(office: Office, tmp_path: Path) -> None:
    copy = back_up(office, tmp_path)
    ticket = office.submit()
    office.work(60)
    restore(office, copy, tmp_path)
    posts = len(office.chat.posts)

    office.click(ticket, Action.TAKE, LINDEN, by="U0LINDEN")
    office.work(60)

    card = office.ticket(ticket).card
    assert office.ticket(ticket).stage is Stage.ASSIGNED
    assert card
    assert "<@U0LINDEN>" in office.chat.posts[int(card.ts) - 1].text
    [told] = office.chat.posts[posts:]
    thread = office.ticket(ticket).thread
    assert thread
    assert (told.channel, told.thread_ts) == (INTAKE, thread.ts)


def test_a_ticket_whose_issue_was_opened_since_the_backup_is_told_once(
    office: Office, tmp_path: Path
) -> None:
    """The backup has the ticket and the effect that opens its issue, but not that it was done."""
    ticket = office.submit()
    copy = back_up(office, tmp_path)
    office.work(60)
    posts = said(office)

    restore(office, copy, tmp_path)

    assert said(office) == posts
    assert len(office.tracker.issues) == 1
    after = office.ticket(ticket)
    assert (after.number, after.card is not None, after.thread is not None) == (1, True, True)


@pytest.mark.parametrize("first", ["show_card", "post", "link_to"])
def test_a_backup_in_the_midst_of_the_first_messages_doubles_none(
    office: Office, tmp_path: Path, mocker: MockerFixture, first: str
) -> None:
    copies: list[Path] = []
    act = getattr(office.chat, first)

    def meanwhile(*given: Any, **more: Any) -> Any:
        copies[:] = copies or [back_up(office, tmp_path)]
        return act(*given, **more)

    mocker.patch.object(office.chat, first, meanwhile)
    office.submit()
    office.work(60)
    posts = said(office)

    restore(office, copies[0], tmp_path)

    assert said(office) == posts
    assert len(office.tracker.issues) == 1


def test_a_sensitive_ticket_stays_sensitive_and_its_requestor_is_told_directly(
    office: Office, tmp_path: Path
) -> None:
    copy = back_up(office, tmp_path)
    ticket = office.submit("data_pull", sensitive=True)
    office.work(60)
    posts = said(office)

    restore(office, copy, tmp_path)
    after = office.ticket(ticket)
    closed = office.tracker.edit(
        1, repository=RESTRICTED, is_open=False, close_reason=CloseReason.NOT_PLANNED
    )
    office.desk.observe(closed)
    office.work(60)

    assert after.is_sensitive
    assert after.is_direct
    assert after.requestor.slack_id == JUNIPER
    told = [
        (channel, text) for channel, text in said(office)[len(posts) :] if "Nobody has answered" not in text
    ]
    assert {channel for channel, _ in told} == {JUNIPER}


def test_a_command_that_has_run_since_the_backup_does_not_run_again(office: Office, tmp_path: Path) -> None:
    """Somebody undid meanwhile what it did."""
    ticket = office.submit()
    office.work(60)
    office.desk.start_schedule()
    office.work(5)
    copy = back_up(office, tmp_path)
    office.tracker.said.append(
        IssueComment(
            repository=REQUESTS,
            number=1,
            id=9,
            author=LINDEN,
            body="/priority high",
            created_at=office.clock.now,
        )
    )
    office.work(120)
    high = office.ticket(ticket).state.priority
    office.tracker.edit(1, labels=office.tracker.snapshot(1).labels - {"priority: high"} | {"priority: low"})
    office.work(120)

    restore(office, copy, tmp_path)

    assert high
    assert high.value == "high"
    assert office.tracker.snapshot(1).labels >= {"priority: low"}
    assert office.tracker.reactions == [(9, "+1")]


def test_an_adopted_issue_that_is_adopted_again_is_told_once(office: Office, tmp_path: Path) -> None:
    """Its new ticket is as young as can be, but its messages are not."""
    copy = back_up(office, tmp_path)
    by_hand = IssueSnapshot(
        repository=REQUESTS,
        number=50,
        url=f"https://github.test/{REQUESTS}/issues/50",
        ticket_id=None,
        updated_at=office.tracker.second(),
        created_at=office.tracker.second(),
        title="Please look into the sign-in page",
        author=LINDEN,
        labels=frozenset({"identity-slackbot", "pr_review"}),
    )
    office.tracker.now[REQUESTS, 50] = by_hand
    office.desk.observe(by_hand)
    office.work(60)
    posts = said(office)

    restore(office, copy, tmp_path)
    office.desk.observe(by_hand)
    office.work(60)

    assert {channel for channel, _ in posts} >= {"U0LINDEN", TEAM}
    assert said(office) == posts
    again = office.store.ticket_at(REQUESTS, 50)
    assert again
    assert again.card
    assert again.submitted_at > office.clock.now - HOUR


def test_a_closed_ticket_gets_no_card(office: Office, tmp_path: Path) -> None:
    copy = back_up(office, tmp_path)
    ticket = office.submit()
    office.work(60)
    office.desk.observe(office.tracker.edit(1, is_open=False))
    office.work(60)
    office.chat.posts.clear()

    restore(office, copy, tmp_path)

    assert office.ticket(ticket).stage is Stage.CLOSED
    assert office.chat.posts == []


def documented(ticket_id: str) -> tuple[str, str]:
    """What operators are told to run for a redacted ticket, and the words by which they find its comment."""
    document = OPERATIONS.read_text(encoding="utf-8")
    [backups] = re.findall(r"^## Backups\n(.*?)^## ", document, re.DOTALL | re.MULTILINE)
    statements = "".join(blocks(backups, "sql"))
    [example] = set(re.findall(r"[0-9a-f-]{36}", statements))
    [words] = re.findall(r'"(.+)" in:comments', backups)
    return statements.replace(example, ticket_id), words


@pytest.mark.parametrize("moment", ["before the issue", "before the closing", "before the redaction"])
def test_what_was_redacted_since_the_backup_stays_redacted_as_documented(
    office: Office, tmp_path: Path, moment: str
) -> None:
    secret = "tr0ub4dor&3"
    copies: dict[str, Path] = {}

    def keep(now: str) -> None:
        if now == moment:
            copies[now] = back_up(office, tmp_path)

    ticket = office.submit("data_pull", data_needed=f"Sign-ins of my user, {secret}, in May")
    keep("before the issue")
    office.work(60)
    office.click(ticket, Action.CLOSE, "completed", by="U0INDIGO", reason=f"Because of {secret}.")
    keep("before the closing")
    office.work(60)
    keep("before the redaction")
    office.click(ticket, Action.REDACT, secret, by="U0INDIGO")
    office.work(60)
    comments = list(office.tracker.comments)
    statements, words = documented(ticket.id)

    restore(office, copies[moment], tmp_path, statements)
    office.desk.observe(office.tracker.edit(1, is_open=True))
    office.work(60)

    with office.store.reading() as connection:
        kept = "\n".join(cast(sqlite3.Connection, connection.connection.driver_connection).iterdump())
    assert secret not in html.unescape(office.chat.everything())
    assert secret not in str(office.tracker.texts)
    assert secret not in kept
    assert office.tracker.comments == comments
    assert words in comments[-1][2]
    assert len(office.tracker.issues) == 1
    assert office.ticket(ticket).stage is Stage.OPEN
    [card] = [text for text in office.chat.texts(TEAM) if "*Stage:*" in text]
    assert "*Stage:* Open" in card
    assert "failed" not in states(office.queue)
