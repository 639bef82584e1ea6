"""A database that cannot be used says so in one sentence, which shows nothing of what people wrote."""

from __future__ import annotations

import os
import sqlite3
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from identity_bot.errors import StoreError
from identity_bot.store import engine as database
from identity_bot.store.store import Store
from identity_bot.testing import Clock
from tests.support import new_sqlite
from tests.support_outbox import Note, at_once, commits, enqueue, ticket

SECRET = "the requestor's own words"


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    store = Store(new_sqlite(tmp_path / "bot.db"), Clock())
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    store = Store(postgres_url, Clock())
    yield store
    store.close()


def add(store: Store, *submissions: str) -> None:
    for submission in submissions:
        with store.begin() as transaction:
            assert transaction.add_ticket(ticket(submission, answers={"comments": SECRET}))


# Durability


def test_only_a_transaction_that_asks_for_it_does_not_wait_for_the_disk(sqlite_store: Store) -> None:
    """Whatever the one before it on the same connection did."""
    with commits(sqlite_store) as seen:
        for durable in (True, False, False, True):
            with sqlite_store.begin(durable=durable) as transaction:
                transaction.make_ready("lane", 0.0)
        add(sqlite_store, "V1")

    assert seen == ["durable", "not durable", "not durable", "durable", "durable"]


# Addresses


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "expected"),
        ("not an address", "expected"),
        ("mysql://localhost/x", "mysql is not supported; SQLite and PostgreSQL"),
        ("nonsense+x://localhost/x", "nonsense.x is not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite://host/x.db", "expected"),
        ("sqlite:///a\0b.db", "expected"),
        ("sqlite:///x.db?timeout=abc", "expected a path only"),
        ("sqlite:///file:/x.db?uri=true", "expected a path only"),
        ("sqlite:///file:x.db", "expected a path only"),
        ("sqlite+aiosqlite:///x.db", "is not supported"),
        ("sqlite+foo:///x.db", "is not supported"),
        ("postgresql://u:{password}@:bad/x", "expected"),
        ("postgresql://u:p@ss:{password}@h:1/x", "expected"),
        ("postgresql://u:p@{password}@h/x", "expected"),
        ("postgresql://[::1/x", "expected"),
        ("postgresql+foo://u:{password}@h/x", "is not supported"),
        ("postgresql+asyncpg://u:{password}@h/x", "is not supported"),
        ("postgresql+psycopg_async://u:{password}@h/x", "is not supported"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_is_expected(url: str, said: str) -> None:
    """In one line, without the password."""
    password = "hu" + "sh"
    with pytest.raises(StoreError, match=f"DATABASE_URL: .*{said}") as caught:
        Store(url.format(password=password))

    assert_clear(caught.value, "DATABASE_URL")
    assert password not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("127.0.0.1:99999/x", "port"),
        ("127.0.0.1:1/x?sslmode=foo", "sslmode"),
        ("127.0.0.1:1/x?nonsense=1", "nonsense"),
        ("127.0.0.1:1/x?connect_timeout=abc", "connect_timeout"),
        ("127.0.0.1:1/x?password=other", "refused"),
        ("127.0.0.1:1/x", "refused"),
    ],
)
def test_an_address_that_the_driver_refuses_is_said_in_one_line(rest: str, said: str) -> None:
    password = "hu" + "sh"
    with pytest.raises(StoreError) as caught:
        Store(f"postgresql://nobody:{password}@{rest}").migrate()

    assert_clear(caught.value, said)
    assert password not in "".join(traceback.format_exception(caught.value))


@given(
    st.one_of(
        st.text(max_size=60),
        st.builds(
            "{}://{}{}{}".format,
            st.sampled_from(["sqlite", "postgresql", "postgresql+psycopg", "sqlite+x", "mysql"]),
            st.sampled_from(["", "user:word@", "user:@", ":@", "u:w@w@"]),
            st.text(alphabet="ab1:/@?=&%[]\0é .", max_size=20),
            st.sampled_from(["", "/", "/x", "?a=b", "/x?uri=true&mode=ro"]),
        ),
    )
)
def test_no_address_raises_anything_but_our_own_error(url: str) -> None:
    """Only opened, not asked: nothing is made, and nobody called."""
    try:
        Store(url).close()
    except StoreError as error:
        assert_clear(error, "DATABASE_URL")


# Databases that cannot be used


def assert_clear(error: StoreError, *reasons: str) -> None:
    """One sentence with the reason; neither it nor its traceback shows what somebody wrote."""
    shown = "".join(traceback.format_exception(error))
    assert any(reason in str(error) for reason in reasons), str(error)
    assert "\n" not in str(error)
    assert SECRET not in shown


def refused(store: Store, submission: str = "V2") -> StoreError:
    """What the store says of a ticket that it cannot keep."""
    with pytest.raises(StoreError) as caught:
        add(store, submission)
    return caught.value


def test_a_row_that_breaks_a_rule_shows_no_values(store: Store) -> None:
    add(store, "V1", "V2")
    with store.begin() as transaction:
        transaction.save(ticket("V1", number=1, answers={"comments": SECRET}))

    with pytest.raises(StoreError) as caught, store.begin() as transaction:
        transaction.save(ticket("V2", number=1, url=SECRET, answers={"comments": SECRET}))

    assert_clear(caught.value, "the database refused a row")
    assert store.ticket(ticket("V1").id)


def test_a_table_that_is_missing_shows_no_values(store: Store) -> None:
    with store.begin() as transaction:
        transaction.connection.execute(text("DROP TABLE tickets"))

    assert_clear(refused(store), "tickets")


def test_a_locked_sqlite_says_so_in_time(sqlite_store: Store) -> None:
    """Reading goes on meanwhile, and writing after it."""
    add(sqlite_store, "V1")
    other = sqlite3.connect(str(sqlite_store.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    assert_clear(refused(sqlite_store), "locked")
    assert sqlite_store.ticket(ticket("V1").id)
    other.execute("ROLLBACK")
    add(sqlite_store, "V2")
    other.close()


def test_writers_in_line_do_not_wait_for_each_others_patience(sqlite_store: Store) -> None:
    """However many wait for a locked database, each hears within two patiences."""
    other = sqlite3.connect(str(sqlite_store.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    errors = at_once(*[lambda number=number: refused(sqlite_store, f"V{number}") for number in range(6)])

    for error in errors:
        assert isinstance(error, StoreError)
        assert_clear(error, "locked", "others have been writing for too long")
    other.execute("ROLLBACK")
    other.close()
    add(sqlite_store, "V1")


def test_a_full_sqlite_says_so(sqlite_store: Store) -> None:
    with sqlite_store.begin() as transaction:
        pages = transaction.connection.exec_driver_sql("PRAGMA page_count").scalar()
        transaction.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreError) as caught, sqlite_store.begin() as transaction:
        transaction.add_ticket(ticket(answers={"comments": SECRET * 10_000}))

    assert_clear(caught.value, "full")
    with sqlite_store.begin() as transaction:
        transaction.connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    add(sqlite_store, "V2")


def test_a_read_only_sqlite_says_so(sqlite_store: Store, tmp_path: Path) -> None:
    """By `query_only`, as file modes do not bind root, who runs the tests here and there."""
    add(sqlite_store, "V1")
    with sqlite_store.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")

    assert_clear(refused(sqlite_store), "readonly")
    assert sqlite_store.ticket(ticket("V1").id)
    with sqlite_store.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = OFF")
    add(sqlite_store, "V2")


def test_a_sqlite_file_that_vanished_takes_no_more_tickets(sqlite_store: Store) -> None:
    """SQLite itself would go on writing into the deleted file, and all of it would be lost."""
    add(sqlite_store, "V1")
    path = Path(str(sqlite_store.engine.url.database))
    saved = path.rename(path.with_suffix(".away"))

    assert_clear(refused(sqlite_store), "is gone")
    with pytest.raises(StoreError, match="is gone"):
        sqlite_store.check()
    assert not path.exists()
    saved.rename(path)
    add(sqlite_store, "V2")
    assert sqlite_store.ticket(ticket("V1").id)


def test_a_sqlite_file_in_the_place_of_another_is_not_mistaken_for_it(
    sqlite_store: Store, tmp_path: Path
) -> None:
    add(sqlite_store, "V1")
    (tmp_path / "other.db").touch()

    (tmp_path / "other.db").replace(tmp_path / "bot.db")

    assert_clear(refused(sqlite_store), "is another than before")


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("not a database at all, but long enough to be read as one" * 100)

    with pytest.raises(StoreError, match="not a database"):
        Store(f"sqlite:///{tmp_path / 'bot.db'}").migrate()


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere/bot.db", "cannot be created: No such file or directory"),
        ("file/bot.db", "Not a directory"),
        ("folder", "is a folder; expected a file"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_place_where_no_file_can_be_says_so(tmp_path: Path, place: str, said: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()

    for ask in (lambda url: Store(url).migrate(), lambda url: Store(url).ticket("x"), database.revision):
        with pytest.raises(StoreError) as caught:
            ask(f"sqlite:///{tmp_path / place}")
        assert_clear(caught.value, said, "no folder that can be written to")


# Who can read it


def modes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277, 0o777])
def test_sqlites_files_are_its_owners_only_from_the_first_moment(tmp_path: Path, umask: int) -> None:
    """Whatever the umask: also the two beside it, which hold the same."""
    before = os.umask(umask)
    try:
        store = Store(f"sqlite:///{tmp_path / 'bot.db'}")
        with store.engine.connect():
            first = modes(tmp_path)
        store.migrate()
        add(store, "V1")
        with store.begin():
            later = modes(tmp_path)
        store.close()
    finally:
        os.umask(before)

    assert set(first.values()) == {0o600}
    assert later == dict.fromkeys(("bot.db", "bot.db-wal", "bot.db-shm"), 0o600)


def test_a_database_that_others_can_read_is_taken_from_them(tmp_path: Path) -> None:
    """As a backup is that was put back."""
    url = new_sqlite(tmp_path / "bot.db")
    (tmp_path / "bot.db").chmod(0o644)

    Store(url).migrate()

    assert modes(tmp_path)["bot.db"] == 0o600


def test_a_database_that_its_group_may_read_stays_so(tmp_path: Path) -> None:
    url = new_sqlite(tmp_path / "bot.db")
    (tmp_path / "bot.db").chmod(0o640)

    Store(url).migrate()

    assert modes(tmp_path)["bot.db"] == 0o640


def test_a_terminated_postgresql_connection_is_replaced(postgres_store: Store) -> None:
    add(postgres_store, "V1")

    def write_while_it_is_terminated() -> None:
        with postgres_store.begin() as transaction:
            transaction.add_ticket(ticket("V2", answers={"comments": SECRET}))
            pid = transaction.connection.execute(text("SELECT pg_backend_pid()")).scalar()
            with postgres_store.reading() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            transaction.add_ticket(ticket("V3", answers={"comments": SECRET}))

    with pytest.raises(StoreError) as caught:
        write_while_it_is_terminated()

    assert_clear(caught.value, "terminat", "closed")
    add(postgres_store, "V2")


def test_a_read_only_postgresql_says_so(postgres_store: Store) -> None:
    add(postgres_store, "V1")
    name = postgres_store.engine.url.database
    with postgres_store.begin() as transaction:
        transaction.connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    postgres_store.close()

    assert_clear(refused(postgres_store), "read-only")
    assert postgres_store.ticket(ticket("V1").id)
    with postgres_store.engine.begin() as connection:
        connection.execute(text("SET TRANSACTION READ WRITE"))
        connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
    postgres_store.close()
    add(postgres_store, "V2")


def test_a_dropped_postgresql_database_says_so(postgres_store: Store, postgres: str) -> None:
    name = postgres_store.engine.url.database
    server = create_engine(
        postgres.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    assert_clear(refused(postgres_store), f'database "{name}" does not exist')
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    postgres_store.migrate()
    add(postgres_store, "V1")
    server.dispose()


def test_a_postgresql_row_that_somebody_holds_is_not_waited_for_too_long(postgres_store: Store) -> None:
    """A process that stopped in the middle of a transaction costs an apology, not Slack's patience."""
    enqueue(postgres_store, Note(to="github"))

    with postgres_store.begin() as holder:
        holder.connection.execute(text("SELECT * FROM lanes FOR UPDATE"))
        with pytest.raises(StoreError) as caught:
            enqueue(postgres_store, Note(to="github", text=SECRET))

    assert_clear(caught.value, "lock timeout")
    enqueue(postgres_store, Note(to="github"))


def test_a_postgresql_that_is_not_there_says_so() -> None:
    password = "hu" + "sh"
    with pytest.raises(StoreError) as caught:
        Store(f"postgresql://nobody:{password}@127.0.0.1:1/bot").migrate()

    assert_clear(caught.value, "connection")
    assert password not in "".join(traceback.format_exception(caught.value))
