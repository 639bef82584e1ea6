"""The log keeps no words of people's, and no token."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from identity_bot.errors import SettingsError
from identity_bot.logs import (
    LIBRARIES,
    MOST_REMEMBERED,
    Throttle,
    handler,
    open_debug_file,
    set_up_logging,
    vendor_log,
)

ANSWER = "the users of 3 May are gone"


@pytest.fixture
def written(log_as_before: None) -> StringIO:
    """What our handler writes when everything is allowed to speak."""
    stream = StringIO()
    root = logging.getLogger()
    root.addHandler(handler(stream))
    root.setLevel(logging.DEBUG)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.DEBUG)
    return stream


@pytest.mark.parametrize(
    "name", ["slack_bolt.App", "slack_sdk.web", "github.Requester", "urllib3", "app.py:x"]
)
def test_a_librarys_own_talk_is_not_kept(written: StringIO, name: str) -> None:
    for level in (logging.DEBUG, logging.INFO):
        logging.getLogger(name).log(level, "request body: %s", ANSWER)

    assert written.getvalue() == ""


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Unhandled request ({'value': 'hunter2'})\n---\nsuggestion", "Unhandled request"),
        ("Failed to run listener function (error: hunter2)", "Failed to run listener function"),
        ("Failed to decode Slack API response: hunter2", "Failed to decode Slack API response"),
        ("Failed to check (session id: 1, error: URLError, message: hunter2)", "Failed to check (URLError)"),
        ("Failed to get the URL: {'ok': False, 'error': 'invalid_auth'}", "Failed to get the URL (invalid_auth)"),
        ("Invalid token Bearer hunter2hunter2", "Invalid token [token]"),
    ],
)  # fmt: skip
def test_of_a_librarys_warning_its_own_words_are_kept(written: StringIO, said: str, kept: str) -> None:
    logging.getLogger("slack_bolt.App").warning(said)

    [line] = written.getvalue().splitlines()
    assert line.endswith(f"WARNING slack_bolt.App: {kept}")


def test_an_exceptions_words_are_not_kept_but_its_kind_and_place_are(written: StringIO) -> None:
    try:
        try:
            int(ANSWER)
        except ValueError as error:
            raise KeyError(ANSWER) from error
    except KeyError:
        logging.getLogger("identity_bot.desk.desk").exception("unexpected error in a submission")

    kept = written.getvalue()
    assert ANSWER not in kept.replace("int(ANSWER)", "")
    assert "KeyError" in kept
    assert "ValueError" in kept
    assert "test_logs.py" in kept


def test_an_exception_that_is_its_own_cause_is_written_like_any_other(written: StringIO) -> None:
    error = ValueError(ANSWER)
    error.__cause__ = error

    logging.getLogger("identity_bot.desk.desk").error("unexpected error", exc_info=error)

    assert "ValueError: (message left out" in written.getvalue()
    assert ANSWER not in written.getvalue()


@pytest.mark.parametrize("token", ["xoxb-72-ab", "xapp-7-A0-99", "ghp_x2c3", "github_pat_11AA", "ghs_x1"])
def test_a_token_is_never_kept(written: StringIO, token: str) -> None:
    logging.getLogger("identity_bot.slack.client").warning("Slack said %s", f"no to {token}!")

    assert token not in written.getvalue()
    assert "no to [token]" in written.getvalue()


def test_a_record_is_one_line_with_its_ticket(written: StringIO) -> None:
    logging.getLogger("identity_bot.desk.desk").info("ticket created:\n#1", extra={"ticket": "8ec4176c"})

    [line] = written.getvalue().splitlines()
    assert line.endswith("INFO identity_bot.desk.desk: ticket created: #1 ticket=8ec4176c")


@pytest.mark.usefixtures("log_as_before")
def test_the_libraries_are_told_to_be_quiet() -> None:
    set_up_logging()

    assert all(logging.getLogger(name).getEffectiveLevel() >= logging.WARNING for name in LIBRARIES)
    assert logging.getLogger("identity_bot.desk.desk").isEnabledFor(logging.INFO)


# What vendors say


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_without_a_debug_file_what_vendors_say_is_not_kept(
    written: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    vendor_log.info("GitHub: 422: %s", ANSWER)

    assert ANSWER not in written.getvalue() + "".join(capsys.readouterr())


def test_the_debug_file_is_its_owners_only(tmp_path: Path, written: StringIO, open_umask: None) -> None:
    path = tmp_path / "debug.log"
    path.touch(0o666)

    close = open_debug_file(path)
    vendor_log.info("GitHub: 422: %s, ghp_%s", ANSWER, "a" * 36)
    close()
    vendor_log.info("after it was closed")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [line] = path.read_text(encoding="utf-8").splitlines()
    assert line.endswith(f"GitHub: 422: {ANSWER}, [token]")
    assert written.getvalue() == ""


def test_a_debug_file_that_cannot_be_written_is_a_setting_to_mend(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"settings: debug_file: .*: cannot be written: Is a directory"):
        open_debug_file(tmp_path)


# Floods


def record(
    message: str, level: int = logging.WARNING, name: str = "identity_bot.web.routes"
) -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, message, (), None)


def test_the_same_warning_is_written_once_a_second_with_how_many_were_left_out() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)

    first = [throttle.filter(record("refused")) for _ in range(300)]
    now = 1.0
    later = record("refused")

    assert first == [True] + [False] * 299
    assert throttle.filter(later)
    assert vars(later)["left_out"] == 299


def test_what_differs_is_written_and_so_is_what_is_no_warning() -> None:
    throttle = Throttle(lambda: 0.0)

    records = [record("a"), record("b"), record("a", logging.ERROR), record("a", name="identity_bot.app")]
    records += [record("fine", logging.INFO)] * 3

    assert all(map(throttle.filter, records))


def test_a_flood_of_different_warnings_is_forgotten() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    for number in range(3 * MOST_REMEMBERED):
        now += 0.01
        throttle.filter(record(str(number)))

    assert len(throttle._last) <= MOST_REMEMBERED + 1


def test_a_librarys_flood_is_one_line(written: StringIO) -> None:
    for number in range(100):
        logging.getLogger("asyncio").error("socket.accept() out of system resource\nsocket: <%s>", number)

    assert written.getvalue().count("\n") == 1
