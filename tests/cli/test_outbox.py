"""`identity-bot outbox`: what it lists, and what it retries and discards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from identity_bot.outbox.outbox import OVERDUE_AFTER, Outbox
from identity_bot.outbox.queue import Queue
from identity_bot.store.store import Store
from identity_bot.tickets.model import Person, Ticket, ticket_id
from tests.support_cli import run
from tests.support_outbox import Note, enqueue

ANSWER = "the users of 3 May are gone"


@pytest.fixture
def kept(database: str) -> Iterator[Outbox]:
    """An outbox with one failed effect of a ticket (1), one that waits (2) and one that is done (3)."""
    store = Store(database)
    store.migrate()
    queue = Queue(store)
    ticket = Ticket(
        id=ticket_id("V1"), type="data_pull", requestor=Person(slack_id="U0JUNIPER"), submitted_at=0.0,
        answers={"data_needed": ANSWER}, repository="o/n",
    )  # fmt: skip
    with store.begin() as transaction:
        transaction.add_ticket(ticket)
    lanes = ("slack:#team", "github", "slack:views")
    enqueue(store, *(Note(to=lane, text=ANSWER, ticket_id=ticket.id) for lane in lanes))
    lease = queue.lease("test")
    while lease:
        following = None
        if lease.lane == "slack:#team":
            following = queue.fail(lease, "Slack's chat.postMessage:\nis_archived", lambda transaction: False)
        elif lease.lane == "slack:views":
            following = queue.succeed(lease, lambda transaction: None)
        else:
            queue.postpone(lease, "GitHub: 502", 600.0)
        lease = following or queue.lease("test")
    yield Outbox(store)
    store.close()


@pytest.mark.parametrize("arguments", [("outbox",), ("outbox", "list")])
def test_the_outbox_lists_what_failed_and_what_waits_and_its_exit_code_says_that_something_failed(
    kept: Outbox, arguments: tuple[str, ...]
) -> None:
    code, said, _ = run(*arguments)

    head, failed, waiting = said.splitlines()
    reference = Ticket(
        id=ticket_id("V1"), type="", requestor=Person(slack_id=""), answers={}, submitted_at=0.0
    ).reference
    assert code == 1
    assert head.split() == ["id", "state", "kind", "ticket", "lane", "attempts", "due", "last", "error"]
    assert failed.split()[:6] == ["1", "failed", "note", reference, "slack:#team", "1"]
    assert failed.endswith("Z  Slack's chat.postMessage: is_archived")
    assert waiting.split()[1] == "waiting"
    assert waiting.endswith("GitHub: 502")


@pytest.mark.parametrize("state", ["failed", "waiting", "done"])
def test_the_outbox_never_shows_an_answer(kept: Outbox, state: str) -> None:
    code, said, _ = run("outbox", "list", "--state", state)

    assert code == 1
    assert {line.split()[1] for line in said.splitlines()[1:]} == {state}
    assert "users of" not in said


def test_a_failed_effect_can_be_retried(kept: Outbox) -> None:
    assert run("outbox", "retry", "1") == (0, "1: will be retried\n", "")

    assert kept.count("failed") == 0
    lease = Queue(kept.store).lease("worker")
    assert lease
    assert lease.row.id == 1
    assert run("outbox")[0] == 0


def test_all_failed_effects_can_be_retried(kept: Outbox) -> None:
    assert run("outbox", "retry", "--all")[:2] == (0, "1: will be retried\n")
    assert run("outbox", "retry", "--all")[:2] == (0, "no failed effects\n")


def test_a_failed_effect_can_be_discarded(kept: Outbox) -> None:
    assert run("outbox", "discard", "1", "1") == (0, "1: discarded\n", "")

    assert (kept.count("failed"), kept.count("done")) == (0, 2)


@pytest.mark.parametrize("act", ["retry", "discard"])
def test_an_id_that_has_not_failed_is_named_and_the_others_are_done(kept: Outbox, act: str) -> None:
    code, said, why = run("outbox", act, "99", "1", "2")

    assert code == 2
    assert said.startswith("1: ")
    assert why.splitlines() == [
        "99: no effect with this id has failed; `identity-bot outbox` lists them",
        "2: no effect with this id has failed; `identity-bot outbox` lists them",
    ]


@pytest.mark.parametrize("arguments", [("retry",), ("retry", "1", "--all"), ("retry", "x"), ("discard",)])
def test_what_to_retry_or_discard_must_be_clear(kept: Outbox, arguments: tuple[str, ...]) -> None:
    code, _, why = run("outbox", *arguments)

    assert code == 2
    assert why.startswith("Usage: ")
    assert kept.count("failed") == 1


def test_an_overdue_effect_makes_the_outbox_exit_with_1_and_say_why(database: str) -> None:
    """Nothing has failed; only nobody does what waits."""
    store = Store(database)
    store.migrate()
    enqueue(store, Note())
    assert run("outbox")[0] == 0
    store.clock = lambda: time.time() - OVERDUE_AFTER - 300
    enqueue(store, Note(), Note())
    store.close()

    code, said, why = run("outbox")

    assert code == 1
    assert len(said.splitlines()) == 4
    assert why == "2 overdue, one for 20 minutes; is a bot running?\n"


def test_an_empty_outbox_says_so(database: str) -> None:
    store = Store(database)
    store.migrate()
    store.close()

    assert run("outbox") == (0, "no failed or waiting effects\n", "")


def test_the_outbox_of_a_bot_that_never_ran_makes_no_database(database: str, tmp_path: Path) -> None:
    code, _, why = run("outbox")

    assert code == 2
    assert why == "DATABASE_URL: there is no database yet; the bot creates it when it first starts\n"
    assert not list(tmp_path.iterdir())
