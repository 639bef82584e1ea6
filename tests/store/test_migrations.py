"""The schema: the migrations make what the tables say, and what they do not know is refused."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Column, String, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from identity_bot.errors import StoreError
from identity_bot.store import engine as database
from identity_bot.store import migrations, schema
from identity_bot.store.store import Store
from identity_bot.testing import Clock
from tests.support_outbox import PATIENCE, ticket


@pytest.fixture
def store(empty_url: str) -> Iterator[Store]:
    """A store whose tables were made by the migrations."""
    store = Store(empty_url, Clock(), patience=PATIENCE)
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
        assert compare_metadata(context, schema.metadata) == []


def test_partial_indexes_are_partial(store: Store) -> None:
    """What autogenerate does not compare: an index over all rows would grow with what is done."""
    with store.reading() as connection:
        found = {
            index["name"]: index["dialect_options"]
            for table in ("outbox", "tickets")
            for index in inspect(connection).get_indexes(table)
        }

    for name, state in (
        ("outbox_next", "waiting"),
        ("outbox_waiting_once", "waiting"),
        ("outbox_of_ticket", "done"),
        ("tickets_open", "closed"),
    ):
        [condition] = (str(option) for key, option in found[name].items() if key.endswith("_where"))
        assert state in condition


def test_other_tables_have_another_revision() -> None:
    """Else a database with the old ones would be taken for one that is up to date, and fail at its first use."""
    made = [
        str(made.compile(dialect=sqlite.dialect()))
        for table in schema.metadata.sorted_tables
        for made in (
            CreateTable(table),
            *map(CreateIndex, sorted(table.indexes, key=lambda one: str(one.name))),
        )
    ]
    tables = hashlib.sha256(" ".join("".join(made).split()).encode()).hexdigest()[:12]

    assert (database.NEWEST, tables) == ("11", "e93b2816d074"), (
        "after a change to the tables, change NEWEST as well"
    )


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
    "import sys; from identity_bot.store.store import Store; s = Store(sys.argv[1]); s.migrate(); s.check()"
)


def test_two_processes_can_start_on_an_empty_database(empty_url: str) -> None:
    command = [sys.executable, "-c", START_TWICE, empty_url]

    starting = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=50)[1] for process in starting]

    assert [process.returncode for process in starting] == [0, 0], errors


def test_a_newer_schema_is_refused_with_what_to_do(store: Store) -> None:
    with store.begin() as transaction:
        transaction.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreError, match=r"newer schema than this version of identity_bot knows.*install"):
        store.migrate()


@pytest.mark.parametrize("revision", database.BEFORE_RELEASE)
def test_a_schema_of_a_development_version_is_refused_with_what_to_do(store: Store, revision: str) -> None:
    """Its rows are left as they are."""
    with store.begin() as transaction:
        transaction.add_ticket(ticket())
        transaction.connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))

    with pytest.raises(StoreError, match=r"development version.*set DATABASE_URL to an empty database"):
        store.migrate()

    assert store.ticket(ticket().id)
    with pytest.raises(StoreError, match="development version"):
        database.revision(store.engine.url.render_as_string(hide_password=False))


def test_the_revision_is_read_without_making_anything(empty_url: str, tmp_path: Path) -> None:
    before = database.revision(empty_url)
    made = list(tmp_path.iterdir())
    Store(empty_url).migrate()

    assert (before, made) == (None, [])
    assert database.revision(empty_url) == database.NEWEST
