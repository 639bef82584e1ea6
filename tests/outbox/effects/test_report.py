"""The monthly report: posted once on the first business day, with its files or without, and never twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from identity_bot.outbox.effects.report import PostReport, ScheduleReport, first_opening
from identity_bot.report.month import Month
from identity_bot.tickets.business_time import BusinessHours
from tests.conftest import SETTINGS
from tests.support_desk import Office, cut_off

EASTERN = ZoneInfo("America/New_York")


def moment(*when: int) -> float:
    return datetime(*when, tzinfo=EASTERN).timestamp()  # type: ignore[misc, arg-type]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A desk with one request of July 1, 2026, whose team has just turned the report on."""
    made = Office(tmp_path, toml=f"report = true\n{SETTINGS}")
    made.clock.now = moment(2026, 7, 1, 12)
    made.submit()
    made.work(30)
    with made.store.begin() as transaction:
        transaction.enqueue(ScheduleReport())
    made.work(5)
    yield made
    made.store.close()


def posted(office: Office) -> list[str]:
    return [one.text for one in office.chat.posts if "Identity requests in" in one.text]


def test_nothing_is_posted_before_the_month_is_over(office: Office) -> None:
    office.clock.now = moment(2026, 8, 3, 8, 59)
    office.work(5)

    assert posted(office) == []


def test_the_first_business_day_brings_the_month_s_report_with_a_picture_and_the_page(office: Office) -> None:
    """August 1, 2026, is a Saturday."""
    office.clock.now = moment(2026, 8, 3, 9)
    office.work(5)

    assert len(posted(office)) == 1
    assert "*Identity requests in July 2026*\nJuly 2026: 1 ticket opened and 0 closed" in posted(office)[0]
    picture, page = (one for _, one in office.chat.shared)
    assert (picture.name, page.name) == ("report-2026-07.png", "report-2026-07.html")
    assert picture.content.startswith(b"\x89PNG")
    assert "Opened 1 and closed 0 tickets" in picture.alt_text
    assert b"<!doctype html>" in page.content
    assert b"<bdi>PR review</bdi>" in page.content


def test_each_month_has_its_report_once(office: Office) -> None:
    for day in (3, 4, 31):
        office.clock.now = moment(2026, 8, day, 9)
        office.desk.start_schedule()
        office.work(5)
    office.clock.now = moment(2026, 9, 1, 9)
    office.work(5)

    assert [text.partition("*\n")[0] for text in posted(office)] == [
        "*Identity requests in July 2026",
        "*Identity requests in August 2026",
    ]


def test_a_bot_that_was_down_posts_the_latest_report_when_it_is_back(office: Office) -> None:
    office.clock.now = moment(2026, 8, 20, 3)
    office.work(5)

    assert "July 2026" in posted(office)[0]

    office.clock.now = moment(2026, 12, 10, 3)
    office.work(10)

    assert [text.partition("*\n")[0] for text in posted(office)[1:]] == [
        "*Identity requests in November 2026"
    ]


def test_without_the_scope_the_summary_alone_is_posted(office: Office) -> None:
    office.chat.may_share = False
    office.clock.now = moment(2026, 8, 3, 9)
    office.work(5)

    assert len(posted(office)) == 1
    assert office.chat.shared == []


@pytest.mark.parametrize("may_share", [True, False], ids=["with files", "without"])
def test_an_answer_that_was_lost_brings_no_second_report(office: Office, may_share: bool) -> None:
    office.chat.may_share = may_share
    cut_off(office, "share" if may_share else "post")
    office.clock.now = moment(2026, 8, 3, 9)
    office.work(60)

    assert len(posted(office)) == 1
    assert not office.outbox.rows("failed")


def test_a_month_before_the_first_ticket_has_no_report(office: Office) -> None:
    with office.store.begin() as transaction:
        transaction.enqueue(PostReport(month="2026-05", to="C0TEAM"))
    office.work(5)

    assert posted(office) == []
    assert not office.outbox.rows("failed")


def test_without_the_extra_the_report_fails_with_what_to_install(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    office.clock.now = moment(2026, 8, 3, 9)
    office.work(5)

    [failed] = office.outbox.rows("failed")
    assert "pip install 'identity-bot[report]'" in failed.last_error


def test_whoever_turns_the_report_off_gets_none(tmp_path: Path) -> None:
    off = Office(tmp_path)
    off.desk.start_schedule()

    assert [row for row in off.outbox.rows("waiting") if row.kind == "schedule_report"] == []


@pytest.mark.parametrize(
    ("year", "month", "expected"),
    [
        (2026, 8, moment(2026, 8, 3, 9)),
        (2027, 1, moment(2027, 1, 4, 9)),
        (2026, 12, moment(2026, 12, 1, 9)),
    ],
    ids=["a weekend", "a holiday on a Friday, and a weekend", "a Tuesday"],
)
def test_a_month_begins_with_its_first_business_day(year: int, month: int, expected: float) -> None:
    assert first_opening(Month(year=year, number=month), BusinessHours()) == expected
