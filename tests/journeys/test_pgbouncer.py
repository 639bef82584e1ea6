"""The bot behind a real PgBouncer that hands each transaction whichever session is free."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from identity_bot.errors import StoreError
from identity_bot.outbox.queue import Queue
from identity_bot.store.store import Store
from tests.support import eventually
from tests.support_desk import Office
from tests.support_outbox import Note, at_once, enqueue, states

INI = """
[databases]
{name} = host={host} dbname={name} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


NO_PGBOUNCER = "no PgBouncer on this machine: apt-get install pgbouncer"


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    """The address of a database behind a PgBouncer with three sessions."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_PGBOUNCER)
    behind = make_url(postgres_url)
    host = str(behind.host or behind.query["host"])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="idbot-pgbouncer-") as folder:
        file = Path(folder) / "pgbouncer.ini"
        file.write_text(
            INI.format(name=behind.database, user=behind.username, host=host, listen=port, folder=folder)
        )
        owner = Path(host).stat()  # PostgreSQL's user, as PgBouncer refuses to run as root
        os.chown(folder, owner.st_uid, owner.st_gid)
        process = subprocess.Popen([program, "-q", str(file)], user=owner.st_uid)
        url = f"postgresql://{behind.username}:any@127.0.0.1:{port}/{behind.database}"
        try:
            eventually(lambda: process.poll() is not None or can_connect(url), seconds=10)
            assert process.poll() is None, (Path(folder) / "pgbouncer.log").read_text()
            yield url
        finally:
            process.terminate()
            process.wait(10)


def can_connect(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_desk_lives_behind_pgbouncer(pooled_url: str, tmp_path: Path) -> None:
    office = Office(tmp_path, database_url=pooled_url)
    office.store.migrate()
    office.desk.start_schedule()
    for number in range(4):
        office.submit(view=f"V{number}")

    office.work(30)

    assert len(office.tracker.issues) == 4
    assert "failed" not in states(office.queue)
    office.store.check()
    office.store.close()


def test_many_at_once_share_three_sessions(pooled_url: str) -> None:
    """Statements that are repeated often enough for the driver to prepare them, on sessions that change."""
    store = Store(pooled_url, patience=30.0)

    def write() -> None:
        for _ in range(15):  # and no reading in between, as the driver forgets what it prepared at a rollback
            with store.begin() as transaction:
                transaction.enqueue(Note())

    at_once(*[write] * 8)

    assert states(Queue(store)) == {"waiting": 8 * 15}
    store.close()


def test_no_session_keeps_a_lock_timeout_and_no_transaction_goes_without(pooled_url: str) -> None:
    store, other = Store(pooled_url), Store(pooled_url)
    enqueue(store, Note(to="github"))

    with other.begin() as holder:
        holder.connection.exec_driver_sql("SELECT * FROM lanes FOR UPDATE")
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(StoreError, match="lock timeout"):
                enqueue(store, Note(to="github"))
            assert time.monotonic() - began < 3
    with psycopg.connect(pooled_url, prepare_threshold=None) as bare:
        [[found]] = bare.execute("SHOW lock_timeout").fetchall()

    assert found == "0"
    store.close()
    other.close()
