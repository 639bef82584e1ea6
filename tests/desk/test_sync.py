"""A sync makes every ticket again from GitHub alone, tells nobody, and goes on where it was cut short."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from identity_bot.desk.sync import MOST_TRIES, Progress, Sync
from identity_bot.errors import Rejected, Retryable
from identity_bot.outbox.ports import IssuePage
from identity_bot.store.lists import Lists
from identity_bot.tickets.business_time import HOUR
from identity_bot.tickets.model import Action, CloseReason, IssueSnapshot, Stage
from identity_bot.tickets.query import Due, Query
from tests.support_desk import Office

REQUESTS, RESTRICTED = "sandbox-org/identity-requests", "sandbox-org/identity-restricted"
TEAM = "C0TEAM"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Three tickets: an open one that is assigned, a closed one, and a sensitive one."""
    office = Office(tmp_path)
    office.submit(view="V1")
    office.submit(view="V2")
    office.submit("data_pull", view="V3", sensitive=True)
    office.work(30)
    office.tracker.edit(1, assignees=frozenset({"linden-brookmere"}))
    office.tracker.edit(2, is_open=False, close_reason=CloseReason.COMPLETED)
    office.clock.move(30 * 86_400)
    yield office
    office.store.close()


@pytest.fixture
def emptied(office: Office, tmp_path: Path) -> Iterator[Office]:
    """The same GitHub and the same Slack beside an empty database."""
    folder = tmp_path / "new"
    folder.mkdir()
    new = Office(folder)
    new.tracker, new.chat, new.clock = office.tracker, office.chat, office.clock
    new.store.clock = office.clock
    new.restart()
    yield new
    new.store.close()


def sync(office: Office, pauses: list[float] | None = None) -> list[Progress]:
    reconciler, reader = office.context.reconciler, office.context.reader
    pause = (pauses if pauses is not None else []).append
    return list(Sync(store=office.store, reconciler=reconciler, reader=reader, pause=pause).run())


def test_an_empty_database_has_every_ticket_again_and_nobody_is_told(office: Office, emptied: Office) -> None:
    before = len(office.chat.posts)

    progress = sync(emptied)
    emptied.work(60)

    assert sum(one.tickets for one in progress) == 3
    first, second = (emptied.store.ticket_at(REQUESTS, number) for number in (1, 2))
    third = emptied.store.ticket_at(RESTRICTED, 3)
    assert first
    assert second
    assert third
    assert first.state.assignees == ("linden-brookmere",)
    assert (second.stage, third.is_sensitive, third.title) == (Stage.CLOSED, True, "")
    assert first.requestor.slack_id == "U0JUNIPER"
    # The cards of open tickets are found or drawn once more; nothing else is posted.
    assert {post.channel for post in office.chat.posts[before:]} <= {TEAM}


def test_nobody_is_told_anew_of_what_was_overdue_before(office: Office, emptied: Office) -> None:
    """By the settings' promise, or by a target date; what becomes overdue later is told."""
    levels = replace(emptied.settings.service_levels, resolution={"default": 5 * 8 * HOUR})
    emptied.settings = replace(emptied.settings, service_levels=levels)
    emptied.restart()
    today = emptied.desk.today()
    office.tracker.edit(3, repository=RESTRICTED, target=today - timedelta(days=3))

    sync(emptied)
    emptied.desk.start_schedule()
    emptied.work(60)

    assert Lists(emptied.store).count(Query(due=Due.OVERDUE)) == 2
    assert not [post for post in emptied.chat.posts if "is not done" in post.text]
    first = emptied.store.ticket_at(REQUESTS, 1)
    assert first
    emptied.click(first, Action.TARGET, str(today + timedelta(days=1)), by="U0LINDEN")
    emptied.work(60)
    emptied.clock.move(3 * 86_400)
    emptied.work(60)
    assert len([post for post in emptied.chat.posts if "is not done" in post.text]) == 1


def test_a_second_sync_changes_nothing(emptied: Office) -> None:
    sync(emptied)
    emptied.work(60)
    kept = [emptied.store.ticket_at(REQUESTS, number) for number in (1, 2)]
    posts = len(emptied.chat.posts)

    sync(emptied)
    emptied.work(60)

    assert [emptied.store.ticket_at(REQUESTS, number) for number in (1, 2)] == kept
    assert len(emptied.chat.posts) == posts


def test_what_changed_in_the_gap_of_a_restored_backup_is_told_to_nobody(office: Office) -> None:
    texts = len(office.chat.posts)

    sync(office)
    office.work(60)

    first = office.store.ticket_at(REQUESTS, 1)
    assert first
    assert first.state.assignees == ("linden-brookmere",)
    assert first.last_notified == first.state
    # What is overdue, or was not touched for long, is no news of the gap.
    late = ("is not done", "Nobody has answered", "Nobody has touched")
    assert all(any(words in post.text for words in late) for post in office.chat.posts[texts:])


def test_an_adopted_issue_is_a_ticket_again_whether_open_or_closed(emptied: Office) -> None:
    for number, is_open in ((11, True), (12, False)):
        emptied.tracker.now[REQUESTS, number] = IssueSnapshot(
            repository=REQUESTS,
            number=number,
            url=f"https://github.test/{number}",
            ticket_id=None,
            created_at=emptied.clock.now - 1000,
            updated_at=emptied.clock.now,
            title="By hand",
            author="marlo-ashgrove",
            labels=frozenset({"identity-slackbot"}),
            is_open=is_open,
        )

    sync(emptied)

    assert all(emptied.store.ticket_at(REQUESTS, number) for number in (11, 12))


def test_an_issue_whose_marker_somebody_else_wrote_is_no_ticket(emptied: Office) -> None:
    one = emptied.tracker.now[REQUESTS, 1]
    emptied.tracker.now[REQUESTS, 1] = replace(one, author="marlo-ashgrove", labels=frozenset())

    sync(emptied)

    assert emptied.store.ticket_at(REQUESTS, 1) is None


class Pages:
    """A tracker of two pages whose second one cannot be had at first."""

    def __init__(self, office: Office, errors: list[Exception]) -> None:
        self.tracker, self.errors = office.tracker, errors
        self.asked: list[int] = []

    def identify(self) -> str:
        return self.tracker.identify()

    def list_issues(self, repository: str, page: int) -> IssuePage:
        if repository == REQUESTS:
            self.asked.append(page)
        if page == 2 and self.errors:
            raise self.errors.pop(0)
        issues = self.tracker.list_issues(repository, 1).issues if page == 1 else ()
        return IssuePage(issues=issues, pages=2)


def test_a_sync_that_was_cut_short_goes_on_where_it_was(emptied: Office) -> None:
    pages = Pages(emptied, [Rejected("GitHub: 401")])
    parts = {"store": emptied.store, "reconciler": emptied.context.reconciler, "reader": pages}
    with pytest.raises(Rejected):
        list(Sync(**parts).run())  # type: ignore[arg-type]

    list(Sync(**parts).run())  # type: ignore[arg-type]

    assert pages.asked == [1, 2, 2]


def test_github_s_limits_are_waited_for_and_not_forever(emptied: Office) -> None:
    pauses: list[float] = []
    pages = Pages(emptied, [Retryable("GitHub: 429", seconds=7.0), Retryable("GitHub: 502")])
    parts = {"store": emptied.store, "reconciler": emptied.context.reconciler, "reader": pages}

    list(Sync(**parts, pause=pauses.append).run())  # type: ignore[arg-type]
    pages.errors = [Retryable("GitHub: 502")] * MOST_TRIES
    with pytest.raises(Retryable):
        list(Sync(**parts, pause=pauses.append).run())  # type: ignore[arg-type]

    assert pauses[:2] == [7.0, 60.0]
    assert len(pauses) == 2 + MOST_TRIES - 1
