"""The store keeps what it is given and finds it again, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import func, select, text

from identity_bot.errors import StoreError
from identity_bot.store import schema
from identity_bot.store.store import Store
from identity_bot.text.markdown import clean
from identity_bot.tickets.model import (
    Action,
    Change,
    CloseReason,
    MessageRef,
    Person,
    Priority,
    Requested,
    Stage,
    TicketState,
)
from tests.support import new_sqlite
from tests.support_outbox import START, Note, enqueue, explained, statements, ticket


def test_a_ticket_comes_back_as_it_was_kept(store: Store) -> None:
    kept = ticket(
        state=TicketState(
            stage=Stage.IN_PROGRESS,
            priority=Priority.HIGH,
            assignees=("a-login", "b-login"),
            spoc="slack:U1",
            target=date(2027, 3, 1),
        ),
        headline="Ticket",
        issue_updated_at=START,
        inconsistency="odd",
        requested=(
            Requested(
                by="U1", change=Change(action=Action.CLOSE, value="completed", reason="no longer needed")
            ),
        ),
        last_notified=TicketState(
            stage=Stage.CLOSED, close_reason=CloseReason.DUPLICATE, target=date(2027, 3, 2)
        ),
        is_direct=True,
        is_urgent=True,
        is_sensitive=True,
        number=12,
        url="https://github.test/12",
        origin=MessageRef(channel="C1", ts="1.2", link="https://slack.test/1"),
        thread=MessageRef(channel="C2", ts="1.3"),
        card=MessageRef(channel="C3", ts="1.4"),
        answers={"yes": True, "count": 3, "list": ["a", "b"], "person": {"id": "U1", "name": "Ann"}},
    )

    with store.begin() as transaction:
        transaction.add_ticket(kept)

    assert store.ticket(kept.id) == kept


@pytest.mark.parametrize(
    "hostile",
    [
        "\N{PILE OF POO}" * 3000,
        "\N{HEBREW LETTER ALEF}\N{ARABIC LETTER BEH} \N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
        "one\x00two \x1b[31m \ud800 lone",
        "'; DROP TABLE tickets; -- %s %(name)s :name {}",
        "<!channel> @everyone <!-- identity-bot:end -->",
    ],
    ids=["emoji", "right-to-left", "controls", "quotes", "markup"],
)
def test_hostile_text_is_kept_letter_for_letter(store: Store, hostile: str) -> None:
    text = clean(hostile)
    asked_by = Person(slack_id="U1", handle=text, name=text, team=text)
    kept = ticket(requestor=asked_by, answers={"comments": text}, url=text)

    with store.begin() as transaction:
        transaction.add_ticket(kept)

    assert store.ticket(kept.id) == kept
    assert store.last_team("U1") == text


def test_answers_survive_characters_that_no_text_column_takes(store: Store) -> None:
    """Answers are JSON, so that even uncleaned ones come back."""
    kept = ticket(answers={"comments": "one\x00two\ud800"})

    with store.begin() as transaction:
        transaction.add_ticket(kept)

    assert store.ticket(kept.id) == kept


def test_a_ticket_that_nobody_knows_is_none(store: Store) -> None:
    assert store.ticket("nobody's") is None
    assert store.ticket_at("sandbox-org/identity-requests", 1) is None
    with store.begin() as transaction:
        assert transaction.ticket("nobody's") is None
        assert transaction.ticket_at("sandbox-org/identity-requests", 1) is None


def test_a_ticket_is_found_by_its_issue(store: Store) -> None:
    kept = ticket(number=12)
    with store.begin() as transaction:
        transaction.add_ticket(kept)
        transaction.add_ticket(ticket("V2", number=13))

    assert store.ticket_at(kept.repository, 12) == kept
    assert store.ticket_at("sandbox-org/identity-restricted", 12) is None


def test_the_last_team_is_that_of_the_newest_ticket(store: Store) -> None:
    for number, team in enumerate(["Benefits", "Education", ""]):
        asked_by = Person(slack_id="U1" if team else "U2", team=team)
        with store.begin() as transaction:
            transaction.add_ticket(ticket(f"V{number}", requestor=asked_by, submitted_at=START + number))

    assert store.last_team("U1") == "Education"
    assert store.last_team("U2") == ""
    assert store.last_team("U3") == ""


def test_a_worker_hears_of_work_after_the_commit_and_only_then(store: Store) -> None:
    heard: list[bool] = []

    def hear() -> None:
        with store.reading() as connection:
            heard.append(connection.execute(text("SELECT count(*) FROM outbox")).scalar() == 1)

    def enqueue_and_fail() -> None:
        with store.begin() as transaction:
            transaction.enqueue(Note())
            raise ZeroDivisionError

    store.on_work = hear

    with store.begin() as transaction:
        transaction.add_ticket(ticket())
    with pytest.raises(ZeroDivisionError):
        enqueue_and_fail()
    enqueue(store, Note())

    assert heard == [True]


# How the database is asked


def test_the_newest_ticket_of_a_person_is_found_by_an_index(store: Store) -> None:
    with statements(store) as seen:
        store.last_team("U1")

    assert re.search("(SEARCH|Index).*tickets_of_requestor", explained(store, *seen[-1]))


def test_a_ticket_is_found_by_its_issue_by_an_index(store: Store) -> None:
    with statements(store) as seen:
        store.ticket_at("sandbox-org/identity-requests", 1)

    [asked] = [one for one in seen if "SELECT" in one[0]]
    assert re.search("(SEARCH|Index).*tickets.*(autoindex|repository_number)", explained(store, *asked))


# Clocks


def test_transactions_know_the_time_of_their_clock(store: Store) -> None:
    with store.begin() as transaction:
        assert transaction.now == START


def test_postgresql_tells_the_time_to_all_who_use_it(postgres_url: str, mocker: MockerFixture) -> None:
    """A process whose own clock is ahead writes the times that the others write."""
    right = time.time()
    mocker.patch("time.time", return_value=right + 2 * 24 * 3600)
    store = Store(postgres_url, time.time)

    with store.begin() as transaction:
        assert abs(transaction.now - right) < 60
    with store.reading() as connection:
        assert abs(store.now(connection) - right) < 60
    store.close()


# Whether a ticket could be kept now


def test_a_check_finds_a_usable_database_and_leaves_no_trace(store: Store) -> None:
    def rows() -> list[int]:
        with store.reading() as connection:
            counted = [select(func.count()).select_from(table) for table in schema.metadata.sorted_tables]
            return [connection.execute(query).scalar_one() for query in counted]

    before = rows()

    for _ in range(3):
        store.check()

    assert rows() == before


def test_a_check_does_not_wait_long_for_a_locked_sqlite(tmp_path: Path) -> None:
    store = Store(new_sqlite(tmp_path / "bot.db"))
    other = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    began = time.monotonic()
    with pytest.raises(StoreError, match="locked"):
        store.check()

    assert time.monotonic() - began < 3
    other.execute("ROLLBACK")
    other.close()
    store.check()
    store.close()


def test_a_check_finds_a_postgresql_that_can_only_be_read(postgres_url: str) -> None:
    """A replica, or one whose disk an operator protects."""
    store = Store(f"{postgres_url}&options=-c%20default_transaction_read_only%3Don")
    with pytest.raises(StoreError, match="read-only"):
        store.check()
    store.close()


def test_a_check_finds_postgresql_tables_that_another_holds(postgres_url: str) -> None:
    store, other = Store(postgres_url), Store(postgres_url)
    with other.begin() as transaction:
        transaction.connection.execute(text("LOCK TABLE tickets IN SHARE MODE"))

        with pytest.raises(StoreError, match="lock timeout"):
            store.check()
        assert store.ticket("nobody's") is None

    store.check()
    store.close()
    other.close()


SMALL_DISK = """
import os, subprocess, sys
from pathlib import Path

from identity_bot.errors import StoreError
from identity_bot.errors import StoreError
from identity_bot.store import schema
from identity_bot.store.store import Store
from tests.support import new_sqlite
from tests.support_outbox import ticket

folder = Path(sys.argv[1])
store = Store(f"sqlite:///{folder / 'bot.db'}")
store.migrate()
store.check()
filler = folder / "filler"
try:
    with filler.open("wb", buffering=0) as file:
        while file.write(b"0" * 4096):
            pass
except OSError:
    pass


def refused():
    try:
        store.check()
    except StoreError as error:
        print(error)
    try:
        with store.begin() as transaction:
            transaction.add_ticket(ticket("V1", answers={"comments": "0" * 100_000}))
    except StoreError as error:
        print(error)


refused()
filler.unlink()
store.check()
store.close()  # else the disk is busy; the next question opens it again
subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
refused()
"""


def test_a_check_finds_a_full_disk_and_one_that_is_read_only(tmp_path: Path) -> None:
    """On a disk of two megabytes, as far as the machine lets a test mount one."""
    mounting = f'mount -t tmpfs -o size=2m none {tmp_path} && exec "$@"'
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c", mounting, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("this machine does not let a test mount a disk of its own (unshare, mount)")

    ran = subprocess.run(
        [*inside, sys.executable, "-c", SMALL_DISK, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    full, ticket_of_full, read_only, ticket_of_read_only = ran.stdout.splitlines()
    assert full == f"the database cannot be used: the disk of {tmp_path} is full"
    assert read_only == f"the database cannot be used: {tmp_path} is read-only"
    assert "full" in ticket_of_full
    assert "readonly" in ticket_of_read_only or "unable" in ticket_of_read_only
