"""The store keeps what it is given, on SQLite and PostgreSQL alike, and says in one sentence when it cannot."""

from __future__ import annotations

import re
import sqlite3
import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from identity_bot.errors import StoreError
from identity_bot.outbox.queue import Outbox
from identity_bot.store import schema as tables
from identity_bot.store.store import BATCH, Store
from identity_bot.text.markdown import clean
from identity_bot.tickets.model import (
    CloseReason,
    Event,
    EventKind,
    LastNotified,
    MessageRef,
    Person,
    Priority,
    Requested,
    Stage,
    TicketState,
)
from tests.support_outbox import (
    PATIENCE,
    START,
    Clock,
    at_once,
    effect,
    enqueue,
    explained,
    statements,
    ticket,
)

SECRET = "the requestor's own words"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url, Clock(), patience=PATIENCE)
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'bot.db'}", Clock())
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    store = Store(postgres_url, Clock())
    store.migrate()
    yield store
    store.close()


def add(store: Store, *submissions: str) -> None:
    for submission in submissions:
        with store.begin() as transaction:
            assert transaction.add_ticket(ticket(submission, answers={"comments": SECRET}))


# Tickets


def test_a_ticket_comes_back_as_it_was_kept(store: Store) -> None:
    kept = ticket(
        state=TicketState(
            stage=Stage.IN_PROGRESS,
            priority=Priority.HIGH,
            assignees=("a-login", "b-login"),
            spoc="slack:U1",
            target=date(2027, 3, 1),
        ),
        headline="New ticket",
        seen_at=START,
        inconsistency="odd",
        asked={EventKind.CLOSED: Requested(by="U1", reason="no longer needed", telling=3)},
        told=LastNotified(
            number=3,
            at=START,
            before=TicketState(),
            now=TicketState(stage=Stage.CLOSED, close_reason=CloseReason.DUPLICATE, target=date(2027, 3, 2)),
            kinds=(EventKind.CLOSED,),
            to=("requestor", "intake"),
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
    with store.begin() as transaction:
        assert transaction.ticket("nobody's") is None


def test_a_second_ticket_of_the_same_id_changes_nothing(store: Store) -> None:
    first = ticket(answers={"comments": "first"})

    with store.begin() as transaction:
        was_new = transaction.add_ticket(first)
    with store.begin() as transaction:
        was_new_again = transaction.add_ticket(ticket(answers={"comments": "second"}))

    assert (was_new, was_new_again) == (True, False)
    assert store.ticket(first.id) == first


def test_of_many_tickets_of_one_id_at_once_one_is_new(store: Store) -> None:
    def submit() -> bool:
        with store.begin() as transaction:
            is_new = transaction.add_ticket(ticket())
            if is_new:
                transaction.enqueue(effect())
            else:
                assert transaction.ticket(ticket().id) == ticket()
            return is_new

    results = at_once(*[submit] * 16)

    assert sorted(map(bool, results)) == [False] * 15 + [True]
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM outbox")).scalar() == 1


def test_two_changes_of_one_ticket_at_once_do_not_overwrite_each_other(store: Store) -> None:
    """A ticket read in a transaction is locked until its end."""
    add(store, "V1")

    def count_up() -> None:
        with store.begin() as transaction:
            found = transaction.ticket(ticket().id)
            assert found
            transaction.save(ticket(answers={"count": found.answers.get("count", 0) + 1}))

    at_once(*[count_up] * 8)

    found = store.ticket(ticket().id)
    assert found
    assert found.answers == {"count": 8}


def test_an_error_in_a_transaction_undoes_all_of_it(store: Store) -> None:
    def write_and_fail() -> None:
        with store.begin() as transaction:
            transaction.add_ticket(ticket())
            transaction.add_event(Event(kind=EventKind.CREATED, ticket_id=ticket().id, at=START))
            transaction.enqueue(effect())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()

    with store.reading() as connection:
        for table in tables.metadata.tables.values():
            assert connection.execute(table.select()).all() == []


def test_the_last_team_is_that_of_the_newest_ticket(store: Store) -> None:
    for number, team in enumerate(["Benefits", "Education", ""]):
        asked_by = Person(slack_id="U1" if team else "U2", team=team)
        with store.begin() as transaction:
            transaction.add_ticket(ticket(f"V{number}", requestor=asked_by, submitted_at=START + number))

    assert store.last_team("U1") == "Education"
    assert store.last_team("U2") == ""
    assert store.last_team("U3") == ""


def test_news_are_told_after_the_commit_and_only_then(store: Store) -> None:
    told: list[bool] = []

    def look() -> None:
        with store.reading() as connection:
            told.append(connection.execute(text("SELECT count(*) FROM outbox")).scalar() == 1)

    def enqueue_and_fail() -> None:
        with store.begin() as transaction:
            transaction.enqueue(effect())
            raise ZeroDivisionError

    store.on_news = look

    add(store, "V1")
    with pytest.raises(ZeroDivisionError):
        enqueue_and_fail()
    enqueue(store, effect())

    assert told == [True]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "expected"),
        ("not an address", "expected"),
        ("mysql://localhost/x", "mysql is not supported; SQLite and PostgreSQL are"),
        ("nonsense+x://localhost/x", "nonsense is not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_is_expected(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=f"DATABASE_URL: .*{said}"):
        Store(url)


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


def test_a_sqlite_opened_immutable_says_so(sqlite_store: Store) -> None:
    add(sqlite_store, "V1")
    path = sqlite_store.engine.url.database
    sqlite_store.close()
    frozen = Store(f"sqlite:///file:{path}?immutable=1&uri=true")

    assert_clear(refused(frozen), "readonly")
    assert frozen.ticket(ticket("V1").id)
    frozen.close()


def test_a_sqlite_file_that_vanished_takes_no_more_tickets(sqlite_store: Store) -> None:
    """SQLite itself would go on writing into the deleted file, and all of it would be lost."""
    add(sqlite_store, "V1")
    path = Path(str(sqlite_store.engine.url.database))
    saved = path.rename(path.with_suffix(".away"))

    assert_clear(refused(sqlite_store), "is gone")
    with pytest.raises(StoreError, match="is gone"):
        sqlite_store.ping()
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


def test_a_folder_that_does_not_exist_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open database file"):
        Store(f"sqlite:///{tmp_path / 'nowhere' / 'bot.db'}").migrate()


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
    with postgres_store.begin() as transaction:
        transaction.connection.execute(text("SET TRANSACTION READ WRITE"))
        transaction.connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
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
    enqueue(postgres_store, effect("github"))

    with postgres_store.begin() as holder:
        holder.connection.execute(text("SELECT * FROM lanes FOR UPDATE"))
        with pytest.raises(StoreError) as caught:
            enqueue(postgres_store, effect("github", payload={"text": SECRET}))

    assert_clear(caught.value, "lock timeout")
    enqueue(postgres_store, effect("github"))


def test_a_postgresql_that_is_not_there_says_so() -> None:
    password = "hu" + "sh"
    with pytest.raises(StoreError) as caught:
        Store(f"postgresql://nobody:{password}@127.0.0.1:1/bot").migrate()

    assert_clear(caught.value, "connection")
    assert password not in "".join(traceback.format_exception(caught.value))


# How the database is asked


def test_the_newest_ticket_of_a_person_is_found_by_an_index(store: Store) -> None:
    with statements(store) as seen:
        store.last_team("U1")

    assert re.search("(SEARCH|Index).*tickets_of_requestor", explained(store, *seen[-1]))


def test_a_ticket_is_found_by_its_issue_by_an_index(store: Store) -> None:
    with statements(store) as seen, store.begin() as transaction:
        transaction.ticket_at("sandbox-org/identity-requests", 1)

    [asked] = [one for one in seen if "SELECT" in one[0]]
    assert re.search("(SEARCH|Index).*tickets.*(autoindex|repository_number)", explained(store, *asked))


@pytest.mark.parametrize("ticket_id", ["T1", None])
def test_what_waits_is_found_by_an_index(store: Store, ticket_id: str | None) -> None:
    """However much has been done, and however many tickets there are."""
    with statements(store) as seen, store.begin() as transaction:
        transaction.enqueue_once(effect("tellings", "tell", ticket_id=ticket_id))

    asked = next(one for one in seen if "SELECT" in one[0])
    assert re.search("(SEARCH|Index).*outbox_(of_ticket|next)", explained(store, *asked))


# Effects that need not be written twice


def waiting(store: Store) -> list[tuple[str, str]]:
    with store.reading() as connection:
        rows = connection.execute(tables.outbox.select().where(tables.outbox.c.state == "waiting")).all()
    return [(row.lane, row.ticket_id) for row in rows]


def test_an_effect_that_waits_already_is_not_written_again(store: Store) -> None:
    for given in ({}, {}, {"ticket_id": "T2"}, {"lane": "other"}, {"kind": "withdraw"}):
        with store.begin() as transaction:
            transaction.enqueue_once(
                effect(**({"lane": "tellings", "kind": "tell", "ticket_id": "T1"} | given))
            )

    expected = [("other", "T1"), ("tellings", "T1"), ("tellings", "T1"), ("tellings", "T2")]
    assert sorted(waiting(store)) == expected


def test_an_effect_is_written_again_while_it_is_being_done(store: Store) -> None:
    """It may have read what has changed since; a timer's is not."""
    outbox = Outbox(store)
    for write in ("enqueue_once", "enqueue_only"):
        enqueue(store, effect(write))
        lease = outbox.lease("worker")
        with store.begin() as transaction:
            getattr(transaction, write)(effect(write))
        assert lease
        assert len(waiting(store)) == {"enqueue_once": 2, "enqueue_only": 3}[write]


def test_the_very_same_effect_is_known_while_it_waits_and_is_done(store: Store) -> None:
    same = effect("github", "change_issue", ticket_id="T1", payload={"move": "close", "by": "U1"})
    other = effect("github", "change_issue", ticket_id="T1", payload={"move": "close", "by": "U2"})
    outbox = Outbox(store)
    enqueue(store, same)

    with store.begin() as transaction:
        found = [transaction.is_waiting(one) for one in (same, other)]
    lease = outbox.lease("worker")
    with store.begin() as transaction:
        while_done = transaction.is_waiting(same)
    assert lease
    outbox.done(lease, {}, lambda transaction: None)
    with store.begin() as transaction:
        was_written = [transaction.was_written(same, since) for since in (START, START + 1)]
        is_still_waiting = transaction.is_waiting(same)

    assert (found, while_done, is_still_waiting) == ([True, False], True, False)
    assert was_written == [True, False]


# Messages and comments


def test_where_a_message_stands_is_remembered_until_it_is_withdrawn(store: Store) -> None:
    first, second = MessageRef(channel="C1", ts="1.1"), MessageRef(channel="D1", ts="2.2")
    with store.begin() as transaction:
        transaction.keep_post("T1", "1:requestor", first, 7)
        transaction.keep_post("T1", "1:intake", first, 8)
        transaction.keep_post("T1", "1:requestor", second, 9)
    kept = [store.posted("T1", "1:requestor"), store.posted("T1", "1:intake"), store.posted("T2", "1:intake")]
    with store.begin() as transaction:
        transaction.forget_post("T1", "1:requestor")
        transaction.forget_post("T1", "1:requestor")

    assert kept == [(second, 9), (first, 8), None]
    assert store.posted("T1", "1:requestor") is None
    assert store.posted("T1", "1:intake") == (first, 8)


def test_of_many_who_hear_a_comment_at_once_one_hears_it_first(store: Store) -> None:
    def hear() -> bool:
        with store.begin() as transaction:
            return transaction.hear("sandbox-org/identity-requests", 2**40)

    heard = at_once(*[hear] * 8)
    with store.begin() as transaction:
        elsewhere = transaction.hear("sandbox-org/identity-restricted", 2**40)

    assert sorted(map(bool, heard)) == [False] * 7 + [True]
    assert elsewhere


def test_what_is_old_and_done_is_deleted_and_nothing_else(store: Store) -> None:
    """Some at a time, however much it is."""
    outbox = Outbox(store)
    with store.begin() as transaction:
        for number in range(BATCH + 2):
            transaction.enqueue(effect(f"old {number % 3}"))
        transaction.connection.execute(tables.outbox.update().values(state="done"))
        transaction.connection.execute(tables.lanes.update().values(ready_at=None))
        waits, parked = (transaction.enqueue(effect(lane, due_at=START)) for lane in ("waits", "parked"))
        later = transaction.enqueue(effect("later", due_at=START + 100))
        change = tables.outbox.update()
        transaction.connection.execute(change.where(tables.outbox.c.id == parked).values(state="parked"))
        transaction.connection.execute(change.where(tables.outbox.c.id == later).values(state="done"))

    deleted = store.clean_up(done_before=START + 50, heard_before=0.0)

    assert deleted == BATCH + 2
    assert [row.effect.id for state in ("waiting", "parked", "done") for row in outbox.rows(state)] == [
        waits,
        parked,
        later,
    ]
