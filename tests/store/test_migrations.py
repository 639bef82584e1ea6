"""The schema: the migrations make what the tables say, and carry the rows of older versions over."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Column, String, inspect, text

from identity_bot.errors import StoreError
from identity_bot.store import engine as database
from identity_bot.store import migrations
from identity_bot.store import schema as tables
from identity_bot.store.store import Store
from identity_bot.tickets.model import IssueDraft, MessageRef, Stage, TicketState, ticket_id
from tests.support_desk import Office
from tests.support_outbox import PATIENCE, START, Clock, ticket

REQUESTS = "sandbox-org/identity-requests"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url, Clock(), patience=PATIENCE)
    store.migrate()
    yield store
    store.close()


def defaults_differ(
    context: Any,
    found: Any,
    column: Column[Any],
    found_default: str | None,
    default: Any,
    rendered: str | None,
) -> bool | None:
    """Whether a column's defaults differ; Alembic, to whom None leaves it, gets JSON and empty text wrong."""
    if not isinstance(column.type, (JSON, String)):
        return None
    return (found_default or "").partition("::")[0].strip("()'") != (rendered or "").strip("'")


def test_the_migrations_make_what_the_tables_say(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": defaults_differ}
        )
        assert compare_metadata(context, tables.metadata) == []


def test_partial_indexes_are_partial(store: Store) -> None:
    """What autogenerate does not compare: an index over all rows would grow with what is done."""
    with store.reading() as connection:
        found = {
            index["name"]: index["dialect_options"] for index in inspect(connection).get_indexes("outbox")
        }

    for name, state in (("outbox_next", "waiting"), ("outbox_parked", "parked")):
        [condition] = (str(option) for key, option in found[name].items() if key.endswith("_where"))
        assert state in condition


def test_newest_is_the_head_of_the_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))

    assert ScriptDirectory.from_config(config).get_heads() == [database.NEWEST]


def test_migrating_again_changes_nothing(store: Store) -> None:
    with store.begin() as transaction:
        transaction.add_ticket(ticket())

    store.migrate()

    assert store.ticket(ticket().id)


START_TWICE = (
    "import sys; from identity_bot.store.store import Store; s = Store(sys.argv[1]); s.migrate(); s.ping()"
)


def test_two_processes_can_start_on_an_empty_database(database_url: str) -> None:
    command = [sys.executable, "-c", START_TWICE, database_url]

    starting = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=50)[1] for process in starting]

    assert [process.returncode for process in starting] == [0, 0], errors


def test_a_newer_schema_is_refused_with_what_to_do(store: Store) -> None:
    with store.begin() as transaction:
        transaction.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreError, match=r"newer schema than this version of identity_bot knows.*install"):
        store.migrate()


# From 0001

OLD = {
    "type": "pr_review",
    "requestor_id": "U0JUNIPER",
    "requestor_handle": "juniper",
    "requestor_name": "Juniper Vale",
    "requestor_team": "Benefits",
    "answers": json.dumps({"team": "Benefits", "name": "Juniper Vale", "production": False}),
    "submitted_at": START,
    "is_urgent": False,
    "is_sensitive": False,
    "repository": REQUESTS,
    "url": "",
    "stage": "submitted",
}
OPEN = {
    "stage": "open",
    "number": 1,
    "url": f"https://github.test/{REQUESTS}/issues/1",
    "thread": json.dumps({"channel": "C0INTAKE", "ts": "1", "link": "https://slack.test/C0INTAKE/1"}),
    "card": json.dumps({"channel": "C0TEAM", "ts": "2", "link": ""}),
}


def run(store: Store, what: str, revision: str) -> None:
    """Takes the schema to a revision, up or down."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        getattr(command, what)(config, revision)


def insert(store: Store, table: str, **values: Any) -> None:
    names = ", ".join(values)
    wanted = ", ".join(f":{name}" for name in values)
    with store.begin() as transaction:
        transaction.connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({wanted})"), values)


@pytest.fixture
def old(database_url: str) -> Iterator[Store]:
    """A database as version 0001 left it: a ticket that waits for its issue, one that is open, a sensitive one."""
    store = Store(database_url, Clock(), patience=PATIENCE)
    run(store, "upgrade", "0001")
    insert(store, "tickets", **OLD | {"id": ticket_id("V0")})
    insert(store, "tickets", **OLD | OPEN | {"id": ticket_id("V1")})
    sensitive = {"id": ticket_id("V2"), "is_sensitive": True, "number": 2}
    insert(store, "tickets", **OLD | OPEN | sensitive)
    insert(store, "events", ticket_id=ticket_id("V1"), kind="created", at=START)
    yield store
    store.close()


def test_old_tickets_are_what_they_were(old: Store) -> None:
    old.migrate()

    waiting, is_open, sensitive = (old.ticket(ticket_id(view)) for view in ("V0", "V1", "V2"))
    assert waiting
    assert is_open
    assert sensitive
    assert (waiting.state, waiting.number, waiting.told) == (TicketState(stage=Stage.SUBMITTED), None, None)
    assert (is_open.state, is_open.told, is_open.asked) == (TicketState(), None, {})
    assert is_open.card == MessageRef(channel="C0TEAM", ts="2")
    assert (is_open.seen_at, is_open.is_direct) == (0.0, False)
    assert (sensitive.is_direct, sensitive.thread) == (True, None)


@pytest.mark.parametrize(
    ("kind", "payload", "kind_now", "payload_now"),
    [
        (
            "post",
            {"channel": "C0INTAKE", "keep_as": "thread", "otherwise": "U1", "message": {"text": "told"}},
            "post",
            {"to": "requestor", "message": {"text": "told"}, "slot": ""},
        ),
        ("post", {"channel": "C0TEAM", "keep_as": "card", "message": {"text": "card"}}, "draw_card", {}),
        (
            "post",
            {"channel": "C0TEAM", "message": {"text": "x"}},
            "post",
            {"channel": "C0TEAM", "message": {"text": "x"}},
        ),
        ("open_issue", {"view": "V1"}, "open_issue", {"view": "V1"}),
    ],
)
def test_what_waits_is_done_as_this_version_does_it(
    old: Store, kind: str, payload: dict[str, Any], kind_now: str, payload_now: dict[str, Any]
) -> None:
    due = {"created_at": START, "due_at": START, "since": START, "lane": "slack:C0TEAM"}
    for state in ("waiting", "parked", "done"):
        insert(old, "outbox", kind=kind, payload=json.dumps(payload), state=state, **due)

    old.migrate()

    with old.reading() as connection:
        rows = connection.execute(tables.outbox.select().order_by(tables.outbox.c.id)).all()
    assert [(row.kind, row.payload) for row in rows] == [(kind_now, payload_now)] * 2 + [(kind, payload)]


def test_an_old_ticket_lives_on_and_its_first_change_is_told_once(
    old: Store, database_url: str, tmp_path: Path
) -> None:
    office = Office(tmp_path, database_url=database_url)
    with office.store.begin() as transaction:
        found = transaction.ticket(ticket_id("V1"))
        assert found
    for channel in ("C0INTAKE", "C0TEAM"):  # where the old ticket has its thread and its card
        office.chat.post(channel, {"text": "old", "blocks": []}, mark="", thread_ts=None)
    office.tracker.open_issue(REQUESTS, found, IssueDraft(title="An old one", body=""))

    office.desk.observe(office.tracker.snapshot(1))
    office.work()
    quiet = len(office.chat.posts)
    office.clock.move(60)
    for _ in range(3):
        office.desk.observe(office.tracker.hand(1, assignees=frozenset({"linden-brookmere"})))
        office.work(60)

    assert quiet == 2
    said = office.chat.standing("C0INTAKE")[1:]
    assert [posted.thread_ts for posted in said] == ["1"]
    assert "<@U0LINDEN>" in said[0].text
    assert "<@U0LINDEN>" in office.chat.standing("C0TEAM")[0].text
    assert office.outbox.count("parked") == 0
    office.store.close()


def test_the_schema_can_be_taken_back(old: Store) -> None:
    """And forth again, with the rows."""
    old.migrate()
    run(old, "downgrade", "0001")
    with old.reading() as connection:
        columns = {column["name"] for column in inspect(connection).get_columns("tickets")}
        has_posts = inspect(connection).has_table("posts")
    old.migrate()

    assert "told" not in columns
    assert not has_posts
    found = old.ticket(ticket_id("V1"))
    assert found
    assert found.number == 1
