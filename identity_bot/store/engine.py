"""Opens the database, SQLite or PostgreSQL, brings its schema up to date, and puts its failures into words."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError

from identity_bot.errors import StoreError
from identity_bot.store import schema
from identity_bot.store.compiled import compiled

NEWEST = "11"
"""The newest revision in migrations/versions; a test holds the two together."""
BEFORE_RELEASE = ("0001", "0002", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10")
"""Revisions of development versions, from which there is no way to NEWEST."""
PATIENCE = 1.0
"""Seconds to wait for a database that others hold: the form's sender must hear within Slack's three."""
SQLITE, POSTGRESQL = ("sqlite", "sqlite+pysqlite"), ("postgres", "postgresql", "postgresql+psycopg")
EXPECTED = (
    'DATABASE_URL: not the address of a database; expected "sqlite:///file.db" or '
    '"postgresql://user:password@host/name", with %40 for an @, %3A for a : and %2F for a / in the password'
)
MIGRATION_PATIENCE = 60.0
"""Seconds to wait while another process brings the schema up to date."""
PRIVATE = 0o600
LEAST_SPACE = 1024 * 1024
"""Bytes on SQLite's disk below which it counts as full: a ticket takes some ten pages in each of two files."""
MIGRATION_LOCK = 0x1DB07
_BEGIN_POSTGRESQL = text(
    "SELECT extract(epoch FROM clock_timestamp())::float8 AS at, set_config('lock_timeout', :patience, true)"
)


def open_engine(url: str, patience: float = PATIENCE) -> Engine:
    """An engine for a database; raises StoreError where the address is not one that can be used.

    Nothing of the address but its first word is ever shown, as any part of a wrong one may be the password.
    """
    try:
        parsed = make_url(url)
        kind = parsed.drivername
        if kind in SQLITE:
            return _sqlite(parsed, patience)
        if kind in POSTGRESQL:
            return _postgresql(parsed, patience)
    except (ArgumentError, ValueError, TypeError):
        raise StoreError(EXPECTED) from None
    raise StoreError(f"DATABASE_URL: {kind} is not supported; SQLite and PostgreSQL (psycopg) are")


def migrate(url: str) -> None:
    """Brings the schema up to NEWEST; raises StoreError where it is newer than this program knows."""
    with _opened(url, MIGRATION_PATIENCE) as engine:
        if engine.dialect.name == "sqlite":
            _keep_private(Path(engine.url.database or ""))
        if _revision(engine) != NEWEST:
            with begin(engine) as connection:
                _upgrade(connection)


def revision(url: str) -> str | None:
    """The revision of the schema, once it is sure that one may write; None for a database that is yet to be made.

    Changes nothing and makes nothing, not even SQLite's file.
    """
    with _opened(url) as engine:
        if engine.dialect.name == "sqlite" and not _exists(Path(engine.url.database or "")):
            if blocked := _unwritable(engine):
                raise StoreError(blocked)
            return None
        with begin(engine):
            pass  # SQLite gives the write lock here, or says why it cannot
        return _revision(engine)


@contextmanager
def _opened(url: str, patience: float = PATIENCE) -> Iterator[Engine]:
    """An engine for one use, whose StoreError names the file or folder that SQLite cannot write."""
    engine = open_engine(url, patience)
    try:
        with failures():
            yield engine
    except StoreError as error:
        raise StoreError(_unwritable(engine) or str(error)) from None
    finally:
        engine.dispose()


def _unwritable(engine: Engine) -> str:
    """What SQLite would have to write but cannot, as a problem of DATABASE_URL; empty if nothing."""
    if engine.dialect.name != "sqlite":
        return ""
    file = Path(engine.url.database or "").absolute()
    if not (file.parent.is_dir() and os.access(file.parent, os.W_OK)):
        return f"DATABASE_URL: {file.parent} is no folder that can be written to"
    if _exists(file) and not os.access(file, os.W_OK):
        return f"DATABASE_URL: {file} cannot be written to"
    return ""


@contextmanager
def begin(engine: Engine, *, durable: bool = True) -> Iterator[Connection]:
    """A connection in a transaction that writes; Store.begin says what `durable` means.

    Reading needs no transaction: each SELECT sees what was committed before it, on both databases.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            _begin_sqlite(connection, "FULL" if durable else "NORMAL")
        else:
            _begin_postgresql(connection)
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to read with."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            _begin_postgresql(connection)
        yield connection


def database_time(connection: Connection) -> float:
    """When PostgreSQL began this connection's transaction, by its own clock, in seconds since the epoch."""
    return float(connection.info["began_at"])


@contextmanager
def failures() -> Iterator[None]:
    """Turns a database's own errors into one kind, with the reason and none of a row's values."""
    try:
        yield
    # Without their causes, as a traceback of those would show what a row holds.
    except (IntegrityError, DataError) as error:
        raise StoreError(f"the database refused a row: {type(error.orig).__name__}") from None
    except DBAPIError as error:
        reason = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
        raise StoreError(f"the database cannot be used: {reason}") from None
    except SQLAlchemyError as error:
        raise StoreError(f"the database cannot be used: {type(error).__name__}") from None


class SameFile:
    """Makes sure that a SQLite file is still the one that was opened: writing goes on unseen in a deleted one."""

    def __init__(self, engine: Engine) -> None:
        self._path = Path(engine.url.database or "")
        self._opened: tuple[int, int] | None = None

    def check(self) -> None:
        """Raises StoreError where the file is gone or is another."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            found = None
        except OSError as error:
            raise StoreError(f"DATABASE_URL: {self._path}: {error.strerror}") from None
        else:
            found = status.st_dev, status.st_ino
        if self._opened is None:
            self._opened = found
        elif found != self._opened:
            became = "is another than before" if found else "is gone"
            raise StoreError(f"the database file {self._path} {became}; put it back, or restart the bot")

    def check_space(self) -> None:
        """Raises StoreError where the file's disk is full, or as good as full, or can only be read."""
        try:
            disk = os.statvfs(self._path.parent)
        except OSError as error:
            raise StoreError(f"the database cannot be used: {error.strerror}") from None
        if disk.f_flag & os.ST_RDONLY:
            raise StoreError(f"the database cannot be used: {self._path.parent} is read-only")
        if disk.f_bavail * disk.f_frsize < LEAST_SPACE:
            raise StoreError(f"the database cannot be used: the disk of {self._path.parent} is full")


def try_to_write(connection: Connection) -> None:
    """Write what changes nothing, in a transaction that others commit; raises what writing a ticket would raise."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA user_version = 0")  # writes a page even where it was 0
        return
    if connection.execute(text("SELECT current_setting('transaction_read_only')")).scalar() == "on":
        raise StoreError("the database cannot be used: it is read-only")
    connection.execute(text(f"LOCK TABLE {', '.join(schema.metadata.tables)} IN ROW EXCLUSIVE MODE"))


def _postgresql(url: URL, patience: float) -> Engine:
    if "@" in f"{url.host}{url.database}":  # what follows an @ in the password would be shown as the host
        raise StoreError(EXPECTED)
    url = url.set(drivername="postgresql+psycopg")
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": "2"})

    try:
        engine = create_engine(
            url,
            # PgBouncer hands each transaction another session: nothing may be kept in one.
            connect_args={"prepare_threshold": None},
            execution_options={"patience": patience, "compiled_cache": compiled("postgresql")},
            # The outbox relies on it: what is read under a lock is what was committed before the lock was had.
            isolation_level="READ COMMITTED",
            pool_size=10,
            max_overflow=22,
            pool_timeout=patience,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except ImportError as error:
        raise StoreError("DATABASE_URL: PostgreSQL needs `pip install 'identity-bot[postgres]'`") from error
    return engine


def _begin_postgresql(connection: Connection) -> None:
    """Set what holds for this transaction, and learn the time: both by one question."""
    patience = connection.get_execution_options()["patience"]
    began = connection.execute(_BEGIN_POSTGRESQL, {"patience": str(int(patience * 1000))}).one()
    connection.info["began_at"] = began.at


def _sqlite(url: URL, patience: float) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise StoreError("DATABASE_URL: a SQLite database needs a file, or nothing would survive a restart")
    if "\0" in (url.database or ""):
        raise StoreError(EXPECTED)
    if url.query:
        raise StoreError("DATABASE_URL: found a ? in the address of a SQLite database; expected a path only")
    if (url.database or "").startswith("file:"):
        raise StoreError("DATABASE_URL: found a file: address of a SQLite database; expected a path only")
    engine = create_engine(
        url,
        connect_args={"timeout": patience, "check_same_thread": False},
        execution_options={"compiled_cache": compiled("sqlite")},
        pool_size=32,
        pool_use_lifo=True,  # the connection that was used last still has its pages in memory
        pool_timeout=patience,
        hide_parameters=True,
    )
    engine.dialect.create_connect_args(url)  # which raises what is wrong with the address
    event.listen(engine, "connect", _set_up_sqlite)
    file = Path(url.database or "")
    event.listen(engine, "do_connect", lambda *_: _create_private(file))
    return engine


def _create_private(file: Path) -> None:
    """Make SQLite's file, if there is none, for its owner only; SQLite gives those beside it the same mode."""
    try:
        opened = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE)
    except FileExistsError:
        if file.is_dir():
            raise StoreError(f"DATABASE_URL: {file} is a folder; expected a file") from None
        return
    except OSError as error:
        raise StoreError(f"DATABASE_URL: {file}: cannot be created: {error.strerror}") from None
    try:
        os.fchmod(opened, PRIVATE)  # whatever the umask says
    finally:
        os.close(opened)


def _keep_private(file: Path) -> None:
    """Take SQLite's files from everybody else where others can read them, such as a copy that was put back."""
    for one in (file, *(file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))):
        with contextlib.suppress(OSError):  # not ours, or not there
            if one.is_file() and one.stat().st_mode & stat.S_IRWXO:
                one.chmod(PRIVATE)


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError as error:
        raise StoreError(f"DATABASE_URL: {file}: {error.strerror}") from None


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # _begin_sqlite says BEGIN
    cursor = connection.cursor()
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()


def _begin_sqlite(connection: Connection, synchronous: str) -> None:
    # At once, as sqlite3 would begin too late for a reader-writer; and not in a listener to SQLAlchemy's "begin"
    # event, which slows every statement down.
    if connection.info.get("synchronous") != synchronous:
        connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")
        connection.info["synchronous"] = synchronous
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found in BEFORE_RELEASE:
        raise StoreError(
            "the database was created by a development version from before 0.1.0, which cannot be upgraded; "
            "set DATABASE_URL to an empty database"
        )
    return found


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    config = Config()
    scripts = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", scripts.replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, NEWEST)
    except CommandError as error:
        raise StoreError(
            f"the database has a newer schema than this version of identity_bot knows ({error}); "
            "install the newer version again"
        ) from error
