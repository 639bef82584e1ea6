"""`identity-bot why` and `export`: what happened to a ticket, and everything for a spreadsheet."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from identity_bot.store.store import Store
from identity_bot.tickets.model import Event, EventKind, MessageKind, Person, TicketMessage
from tests.support_cli import run
from tests.support_outbox import START, Note, ticket

SECRET = "the users of 3 May are gone"


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """Two tickets called 1, of two repositories; the first has a history."""
    store = Store(database)
    store.migrate()
    first = ticket("V1", number=1, title="=HYPERLINK(1)", answers={"data": SECRET})
    second = ticket("V2", number=1, repository="sandbox-org/reviews", prefix="reviews")
    with store.begin() as transaction:
        for one in (first, second):
            transaction.add_ticket(replace(one, requestor=Person(slack_id="U0JUNIPER", name="Juniper Vale")))
        transaction.add_event(Event(kind=EventKind.CREATED, ticket_id=first.id, at=START + 1))
        transaction.add_event(Event(kind=EventKind.CLOSED, ticket_id=first.id, at=START + 3, by="U0LINDEN"))
        told = TicketMessage(
            ticket_id=first.id,
            kind=MessageKind.UPDATE,
            at=START + 2,
            text=SECRET,
            to="team",
            channel="C1",
            ts="9.0",
        )
        transaction.add_message(told)
        transaction.enqueue(Note(to="slack:C1", text=SECRET, ticket_id=first.id))
    yield store
    store.close()


def test_why_tells_what_happened_in_order_and_what_has_not_arrived(store: Store) -> None:
    code, said, _ = run("why", "1")

    lines = [line.partition("  ")[2] or line for line in said.splitlines()]
    assert code == 0
    assert lines == [
        f"sandbox-org/identity-requests#1 (pr_review), reference {ticket('V1').reference}, now submitted",
        "requested by U0JUNIPER, Juniper Vale",
        "created",
        f"told team (C1 9.0, {len(SECRET)} characters)",
        "closed by U0LINDEN",
        "note has not been done: waiting after 0 attempts",
    ]
    assert SECRET not in said


def test_why_tells_which_words_have_reached_the_other_side(store: Store) -> None:
    said = {"ticket_id": ticket("V1").id, "author": "U0JUNIPER", "repository": "o/n"}
    with store.begin() as transaction:
        for message in (
            TicketMessage(
                **said,
                kind=MessageKind.REPLY,
                at=START + 4,
                text=SECRET,
                channel="C1",
                ts="9.1",
                comment_id=7,
            ),
            TicketMessage(**said, kind=MessageKind.REPLY, at=START + 5, text="", channel="C1", ts="9.2"),
            TicketMessage(**said, kind=MessageKind.COMMENT, at=START + 6, text="", comment_id=8),
        ):
            transaction.add_message(message)

    lines = run("why", "1")[1].splitlines()

    assert [line.partition("  ")[2] for line in lines[-4:-1]] == [
        "reply by U0JUNIPER (C1 9.1)",
        "reply by U0JUNIPER (C1 9.2, not copied: refused, deleted, or still to be done)",
        "comment by U0JUNIPER (comment 8, not copied: refused, deleted, or still to be done)",
    ]


@pytest.mark.parametrize(
    "name", ["reviews#1", "sandbox-org/Reviews#1", ticket("V2").reference, ticket("V2").reference.lower()]
)
def test_a_ticket_of_another_repository_is_named_by_it_or_by_its_reference(store: Store, name: str) -> None:
    assert "sandbox-org/reviews#1" in run("why", name)[1]


@pytest.mark.parametrize("name", ["2", "nowhere#1", "x", "", "#", "1' OR 1=1", "AAAA-AAAA", "١"])
def test_a_ticket_that_is_not_there_is_one_line(store: Store, name: str) -> None:
    code, said, why = run("why", name)

    assert (code, said) == (2, "")
    assert why.startswith("there is no ticket ")
    assert why.count("\n") == 1


def test_an_export_has_tickets_events_and_messages_in_both_formats(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "out"

    code, said, _ = run("export", folder)

    assert code == 0
    assert len(said.splitlines()) == 8
    rows = [json.loads(line) for line in (folder / "tickets.jsonl").read_text("utf-8").splitlines()]
    with (folder / "tickets.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert {row["id"] for row in rows} == {row["id"] for row in table} == {ticket("V1").id, ticket("V2").id}
    assert {row["title"] for row in table} == {"'=HYPERLINK(1)", ""}
    assert {row["title"] for row in rows} == {"=HYPERLINK(1)", ""}
    [message] = [json.loads(line) for line in (folder / "messages.jsonl").read_text("utf-8").splitlines()]
    assert (message["text"], message["to"]) == (SECRET, "team")
    assert stat.S_IMODE((folder / "tickets.csv").stat().st_mode) == 0o600


def test_an_export_can_be_repeated_and_be_of_one_format(store: Store, tmp_path: Path) -> None:
    run("export", tmp_path / "out", "--format", "csv")
    run("export", tmp_path / "out", "--format", "csv", "--force")

    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "tickets.csv",
        "events.csv",
        "messages.csv",
        "surveys.csv",
    }
    assert len((tmp_path / "out" / "events.csv").read_text("utf-8").splitlines()) == 3


def test_an_export_replaces_no_file_unasked(store: Store, tmp_path: Path) -> None:
    kept = tmp_path / "events.csv"
    kept.write_text("mine")

    code, said, why = run("export", tmp_path)

    assert (code, said) == (2, "")
    assert why.count("\n") == 1
    assert f"{kept}: is there already; --force" in why
    assert [file.name for file in tmp_path.glob("*.*sv")] == ["events.csv"]
    assert kept.read_text() == "mine"


def test_times_in_a_table_are_for_people(store: Store, tmp_path: Path) -> None:
    run("export", tmp_path / "out")

    with (tmp_path / "out" / "events.csv").open(encoding="utf-8", newline="") as file:
        times = [row["at"] for row in csv.DictReader(file)]
    with (tmp_path / "out" / "tickets.csv").open(encoding="utf-8", newline="") as file:
        closed = [row["closed_at"] for row in csv.DictReader(file)]
    lines = (tmp_path / "out" / "events.jsonl").read_text("utf-8").splitlines()
    assert [datetime.fromisoformat(at).timestamp() for at in times] == [START + 1, START + 3]
    assert all(at.endswith("Z") for at in times)
    assert closed == ["", ""]
    assert [json.loads(line)["at"] for line in lines] == [START + 1, START + 3]


def test_a_folder_that_cannot_be_made_is_named(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    code, _, why = run("export", tmp_path / "file" / "out")

    assert (code, why.count("\n")) == (2, 1)
    assert "cannot be written to" in why
