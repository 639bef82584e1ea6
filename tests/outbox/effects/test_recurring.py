"""Recurring effects: one chain of polls goes on whatever fails, and what was done long ago is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable, StoreError
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.ports import PollResult
from identity_bot.store import schema
from identity_bot.store.transaction import BATCH, Transaction
from identity_bot.tickets.model import EventKind, IssueComment, IssueSnapshot, Stage
from tests.support_desk import Office
from tests.support_outbox import at_once, statements, states

INTAKE, TEAM = "C0INTAKE", "C0TEAM"
REQUESTS, RESTRICTED = "sandbox-org/identity-requests", "sandbox-org/identity-restricted"
LINDEN = "linden-brookmere"
ASSIGNED = frozenset({LINDEN})
DAY = 24 * 3600.0


def waiting(office: Office, kind: str = "poll") -> list[Any]:
    return [row for row in office.outbox.rows("waiting") if row.kind == kind]


def stumble(office: Office, over: Callable[[IssueSnapshot], Exception | None]) -> None:
    """Have the reconciler raise what `over` gives for an issue."""
    reconcile = office.context.reconciler.reconcile

    def stumbling(transaction: Transaction, snapshot: IssueSnapshot, **more: Any) -> None:
        if error := over(snapshot):
            raise error
        reconcile(transaction, snapshot, **more)

    office.context.reconciler.reconcile = stumbling  # type: ignore[method-assign]


def poll_once(office: Office) -> None:
    """Lets time pass until the next poll is over, and all that follows is done."""
    [due] = waiting(office)
    office.clock.now = max(office.clock.now, due.due_at)
    office.work(10)


# One chain


def test_what_changed_in_github_is_found_without_any_webhook(office: Office) -> None:
    ticket = office.submit()
    office.desk.start_schedule()
    office.work(100)
    office.tracker.edit(1, assignees=ASSIGNED)
    office.work(100)

    assert office.ticket(ticket).stage is Stage.ASSIGNED
    assert len(office.chat.texts(INTAKE)) == 2


def test_there_is_one_chain_of_polls_however_many_processes_start(office: Office) -> None:
    at_once(*[office.desk.start_schedule] * 4)
    office.work(200)
    office.desk.start_schedule()

    assert len(waiting(office)) == len(waiting(office, "clean_up")) == 1


def test_a_start_during_a_poll_keeps_the_cursors(office: Office) -> None:
    """Another process polls at this moment; what it knows is not thrown away."""
    office.desk.start_schedule()
    office.work(10)
    before = waiting(office)[0].payload["cursors"]
    poll = office.tracker.poll

    def meanwhile(*asked: Any, **more: Any) -> PollResult | None:
        office.desk.start_schedule()
        return poll(*asked, **more)

    office.tracker.poll = meanwhile  # type: ignore[method-assign]
    poll_once(office)

    [following] = waiting(office)
    assert following.payload["cursors"] == before


def test_without_polling_nothing_is_polled_and_old_rows_are_still_cleaned_up(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.settings = replace(office.settings, poll_seconds=0)
    office.restart().start_schedule()
    office.work(10)

    assert (waiting(office), len(waiting(office, "clean_up"))) == ([], 1)
    assert office.tracker.reads == 0
    office.store.close()


def test_polls_that_find_nothing_ask_once_for_each_repository(office: Office) -> None:
    office.desk.start_schedule()
    office.work(10)
    for expected in (2, 4, 6):
        assert office.tracker.reads == expected
        poll_once(office)


def test_a_poll_begins_where_the_last_one_ended(office: Office) -> None:
    asked: list[tuple[str, float]] = []
    poll = office.tracker.poll

    def noting(repository: str, **more: Any) -> PollResult | None:
        asked.append((repository, more["since"]))
        return poll(repository, **more)

    office.tracker.poll = noting  # type: ignore[method-assign]
    start = office.clock.now
    office.desk.start_schedule()
    office.submit()
    office.work(10)
    poll_once(office)
    poll_once(office)

    since = [moment for repository, moment in asked if repository == REQUESTS]
    assert since[0] == start - 7 * DAY
    assert since[2] == office.tracker.snapshot(1).updated_at


# What goes wrong


@pytest.mark.parametrize(
    "error",
    [
        Retryable("GitHub: 503"),
        OutcomeUnknown("GitHub: 502"),
        Rejected("GitHub: 404"),
        StoreError("locked"),
        ZeroDivisionError(),
        KeyError("full_name"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_failure_ends_polling_or_keeps_the_other_repository_from_it(
    office: Office, error: Exception
) -> None:
    poll = office.tracker.poll
    polled: list[str] = []

    def failing(repository: str, **more: Any) -> PollResult | None:
        if repository == REQUESTS:
            raise error
        polled.append(repository)
        return poll(repository, **more)

    office.tracker.poll = failing  # type: ignore[method-assign]
    office.desk.start_schedule()
    office.work(10)
    office.clock.move(5 * DAY)
    office.work(10)
    poll_once(office)

    assert len(polled) >= 3
    assert len(waiting(office)) == 1
    assert "failed" not in states(office.queue)


def test_polls_are_further_apart_while_github_cannot_be_reached_and_then_as_before(office: Office) -> None:
    office.desk.start_schedule()
    office.work(1)
    pauses = []
    for fails in (1, 1, 1, 1, 1, 1, 1, 1, 0):
        office.tracker.fails = [*[Retryable("GitHub: 503")] * 2 * fails]
        office.clock.now = waiting(office)[0].due_at
        office.work(1)
        pauses.append(waiting(office)[0].due_at - office.clock.now + 1)

    often = office.settings.poll_seconds
    assert pauses[:3] == [often * 2, often * 4, often * 8]
    assert pauses[-2:] == [max(900.0, often), often]


def test_a_time_that_github_names_is_waited_for(office: Office) -> None:
    office.tracker.fails = [Retryable("GitHub: rate limit", 1800.0)]
    start = office.clock.now
    office.desk.start_schedule()
    office.work(1)

    assert waiting(office)[0].due_at == start + 1800


def test_a_bug_that_one_issue_meets_does_not_stop_the_others(office: Office) -> None:
    first, second = office.submit(view="V1"), office.submit(view="V2")
    office.work(60)
    for number in (1, 2):
        office.tracker.edit(number, is_open=False)
    stumble(office, lambda snapshot: ZeroDivisionError() if snapshot.number == 1 else None)

    office.desk.start_schedule()
    office.work(30)

    assert [office.ticket(one).stage for one in (first, second)] == [Stage.OPEN, Stage.CLOSED]
    assert len(waiting(office)) == 1


@pytest.mark.parametrize("error", [StoreError("locked"), OperationalError("SELECT", {}, Exception("locked"))])
def test_a_database_that_fails_during_a_poll_loses_no_change(office: Office, error: Exception) -> None:
    ticket = office.submit()
    office.desk.start_schedule()
    office.work(60)
    office.tracker.edit(1, is_open=False)
    errors = [error]
    stumble(office, lambda snapshot: errors.pop() if errors else None)

    poll_once(office)
    office.work(30)

    assert errors == []
    assert office.ticket(ticket).stage is Stage.CLOSED


@pytest.mark.parametrize(
    "payload", [{"cursors": 5}, {"cursors": {REQUESTS: {"from": 1}}}, {"cursors": None, "failures": "many"}]
)
def test_a_poll_that_another_version_wrote_begins_anew(office: Office, payload: dict[str, Any]) -> None:
    ticket = office.submit()
    office.desk.start_schedule()
    office.work(100)
    with office.store.begin() as transaction:
        kind = schema.outbox.c.kind == "poll"
        transaction.connection.execute(schema.outbox.update().where(kind).values(payload=payload))
    office.tracker.edit(1, assignees=ASSIGNED)

    poll_once(office)

    assert office.ticket(ticket).stage is Stage.ASSIGNED
    assert "failed" not in states(office.queue)
    assert len(waiting(office)) == 1


@pytest.mark.parametrize("kind", [kind for kind, one in EFFECTS.items() if one.is_recurring])
def test_a_recurring_effect_that_has_failed_runs_again_by_itself(
    office: Office, kind: str, mocker: MockerFixture
) -> None:
    """The team is told; nobody has to restart anything."""
    office.settings = replace(office.settings, report=True, digest=time(9))
    office.restart()
    office.desk.start_schedule()
    office.work(5)
    bug = mocker.patch.object(EFFECTS[kind], "on_success", side_effect=ZeroDivisionError)
    [due] = waiting(office, kind)
    office.clock.now = max(office.clock.now, due.due_at)
    office.work(20)
    assert [row.kind for row in office.outbox.rows("failed")] == [kind]
    mocker.stop(bug)

    [again] = waiting(office, kind)
    office.clock.now = again.due_at
    office.work(10)

    [following] = waiting(office, kind)
    assert following.id > again.id
    assert len(office.outbox.rows("failed")) == 1


def test_a_renamed_repository_is_said_once_and_still_polled(office: Office) -> None:
    """By the poll and by the webhook together, too."""
    ticket = office.submit()
    poll = office.tracker.poll

    def renamed(repository: str, **more: Any) -> PollResult | None:
        polled = poll(repository, **more)
        is_it = polled is not None and repository == REQUESTS
        return replace(polled, renamed_to="sandbox-org/ids") if polled and is_it else polled

    office.tracker.poll = renamed  # type: ignore[method-assign]
    office.desk.start_schedule()
    office.work(100)
    office.desk.repository_renamed(REQUESTS, "sandbox-org/ids")
    for changes in ({"assignees": ASSIGNED}, {"is_open": False}):
        office.tracker.edit(1, **changes)
        poll_once(office)

    assert sum("is now called" in text for text in office.chat.texts(TEAM)) == 1
    assert office.ticket(ticket).stage is Stage.CLOSED


def test_commands_in_comments_are_found_by_polling(office: Office) -> None:
    ticket = office.submit()
    office.desk.start_schedule()
    office.work(100)
    office.tracker.said.append(
        IssueComment(
            repository=REQUESTS,
            number=1,
            id=7,
            author=LINDEN,
            body="/priority high",
            created_at=office.clock.now,
        )
    )
    office.tracker.edit(1)
    for _ in range(3):
        poll_once(office)

    assert office.ticket(ticket).state.priority
    assert office.tracker.reactions == [(7, "+1")]


@pytest.mark.parametrize("count", [100])
def test_all_that_changed_in_a_day_without_github_is_told_once(office: Office, count: int) -> None:
    """However many issues changed, and however often: each requestor gets one message, with how it is now."""
    tickets = [office.submit(view=f"V{number}") for number in range(count)]
    office.desk.start_schedule()
    office.work(10, min_intervals=False)
    before = len(office.chat.texts(INTAKE))
    poll = office.tracker.poll
    office.tracker.poll = _unreachable  # type: ignore[method-assign]

    for hour in range(24):
        for number in range(1 + hour % 5, count + 1, 5):
            office.tracker.edit(number, assignees=ASSIGNED if number % 2 else frozenset({"sage-hollowell"}))
            office.tracker.edit(number, labels=frozenset({f"priority: {('low', 'high')[hour > 12]}"}))
        office.work(1, min_intervals=False)
        office.clock.move(3600)
    office.tracker.poll = poll  # type: ignore[method-assign]
    office.clock.move(900)
    office.work(10, min_intervals=False)

    said = sorted(office.chat.texts(INTAKE)[before:])
    expected = [
        f"<@U0JUNIPER> <{now.url}|#{now.number}> *PR review*: The priority is high."
        f" It's assigned to {'<@U0LINDEN>' if (now.number or 0) % 2 else '<@U0SAGE>'}."
        for now in map(office.ticket, tickets)
    ]
    assert [text.partition(" Next")[0] for text in said] == sorted(expected)
    assert sorted({row.kind for row in office.outbox.rows("waiting")} - {"escalate"}) == [
        "catch_up",
        "clean_up",
        "poll",
        "resync",
    ]
    assert "failed" not in states(office.queue)


def _unreachable(*_: Any, **__: Any) -> None:
    raise Retryable("GitHub: cannot be reached")


# Cleaning up


def old_rows(office: Office, count: int) -> None:
    """Effects that were done long ago."""
    columns = {"lane": "old", "kind": "reply", "payload": {}, "created_at": 0, "trying_since": 0, "due_at": 0}
    with office.store.begin() as transaction:
        rows = [columns | {"state": "done"} for _ in range(count)]
        transaction.connection.execute(insert(schema.outbox), rows)


def test_what_was_done_a_month_ago_is_forgotten_and_nothing_else(office: Office) -> None:
    old = office.submit()
    office.work()
    office.clock.move(31 * DAY)
    fresh = office.submit(view="V2")
    office.work()
    office.desk.start_schedule()
    office.work()

    with office.store.reading() as connection:
        rows = connection.execute(select(schema.outbox).where(schema.outbox.c.state == "done")).all()
    assert {row.ticket_id for row in rows if row.kind != "escalate"} >= {fresh.id, None}
    assert "open_issue" not in {row.kind for row in rows if row.ticket_id == old.id}
    assert office.ticket(fresh).number == 2


def test_it_is_cleaned_up_each_day_a_batch_at_a_time(office: Office) -> None:
    old_rows(office, 2 * BATCH + BATCH // 2)
    office.desk.start_schedule()
    with statements(office.store) as seen:
        office.work(10)

    assert sum(sql.startswith("DELETE FROM outbox") for sql, _ in seen) == 3
    assert all(row.created_at for row in office.outbox.rows("done"))
    [following] = waiting(office, "clean_up")
    assert DAY - 20 < following.due_at - office.clock.now <= DAY


def test_comments_that_were_processed_a_year_ago_are_forgotten(office: Office) -> None:
    for day, comment in ((0, 1), (200, 2), (166, 3)):
        office.clock.move(day * DAY)
        with office.store.begin() as transaction:
            assert transaction.process_comment(REQUESTS, comment)
    office.desk.start_schedule()
    office.work(1)

    with office.store.begin() as transaction:
        processed = [transaction.process_comment(REQUESTS, comment) for comment in (1, 2, 3)]
    assert processed == [True, False, False]


def test_events_and_tickets_are_never_forgotten(office: Office) -> None:
    ticket = office.submit()
    office.work()
    office.clock.move(4000 * DAY)
    office.desk.start_schedule()
    office.work()

    assert office.ticket(ticket).number == 1
    with office.store.reading() as connection:
        kinds = connection.execute(select(schema.events.c.kind)).scalars().all()
    assert kinds[0] == EventKind.CREATED.value
