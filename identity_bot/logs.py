"""The log: one line for each record, without anything that people wrote, and without tokens."""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TextIO

from identity_bot.errors import SettingsError

OURS = "identity_bot"
LIBRARIES = ("alembic", "slack_bolt", "slack_sdk", "github", "urllib3", "uvicorn")
"""Their records may quote bodies and tokens, even at INFO: Bolt logs the whole request if its signature is wrong."""
TOKEN = re.compile(
    r"\b(?:xox[a-z]-|xoxe\.|xapp-|gh[a-z]_|github_pat_)[\w.-]+|\b(?:Bearer|token) [\w.~+/=-]{8,}",
    re.IGNORECASE,
)
CAUSE = re.compile(r"\berror'?[:=] '?([A-Z]\w{0,40}(?:Error|Exception|Timeout)|[a-z]+(?:_[a-z]+)+)\b")
"""The name of an exception, or Slack's code for an error, in a library's message."""

SECOND = 1.0
MOST_REMEMBERED = 1000
"""Records that a throttle remembers before it forgets those that are older than a second."""

vendor_log = logging.Logger(f"{OURS}.vendors", logging.INFO)
"""What Slack and GitHub said about failures, which may quote people: it goes to the debug file and nowhere else.

It is in no hierarchy of loggers, so no host's configuration can make it speak.
"""

_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class RedactingFormatter(logging.Formatter):
    """Formats a record as one line with its ticket, and an exception as its type and traceback without its message.

    An exception's message, and what a library quotes, may hold people's words or a token.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; ignores how another handler has formatted the exception."""
        theirs, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = theirs

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        said = record.message if _is_ours(record) else _own_words(record.message)
        record.message = " ".join(TOKEN.sub("[token]", said).split())
        ticket, left_out = getattr(record, "ticket", None), getattr(record, "left_out", 0)
        more = f" ({left_out} more like this were left out)" if left_out else ""
        return super().formatMessage(record) + (f" ticket={ticket}" if ticket else "") + more

    def formatException(self, ei: _Raised) -> str:  # noqa: N802 (logging's name)
        if ei[1] is None:
            return super().formatException(ei)
        error = scrubbed(ei[1])
        return super().formatException((type(error), error, error.__traceback__))


class Throttle:
    """Lets the same warning or error through once a second: whoever can cause one must not fill the disk."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[tuple[object, ...], tuple[float, int]] = {}
        """When each was last let through, and how many have been left out since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a record; one that is written says how many like it were not."""
        if record.levelno < logging.WARNING:
            return True
        now = self._clock()
        said = record.getMessage() if _is_ours(record) else _own_words(record.getMessage())
        raised = record.exc_info[0] if record.exc_info else None
        key = (record.name, record.levelno, said, getattr(record, "ticket", None), raised)
        at, left_out = self._last.get(key, (now - SECOND, 0))
        if now - at < SECOND:
            self._last[key] = (at, left_out + 1)
            return False
        if len(self._last) > MOST_REMEMBERED:
            self._last = {one: last for one, last in self._last.items() if now - last[0] < SECOND}
        self._last[key] = (now, 0)
        record.left_out = left_out
        return True


def scrubbed(error: BaseException, *, depth: int = 5) -> BaseException:
    """A copy of an exception that any formatter may log, a host's too: its type and traceback without its message.

    The message may quote an answer; so may those of the exceptions that caused it, of which `depth` - 1 are kept.
    """
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    kind = type(type(error).__name__, (Exception,), {"__module__": type(error).__module__})
    shown: BaseException = kind("(message left out: it may quote people)")
    shown.__cause__ = scrubbed(cause, depth=depth - 1) if cause and depth > 1 else None
    return shown.with_traceback(error.__traceback__)


def handler(stream: TextIO) -> logging.Handler:
    """A handler that writes our records and the warnings of libraries, each warning or error once a second."""
    made = logging.StreamHandler(stream)
    made.setFormatter(RedactingFormatter())
    made.addFilter(
        lambda record: _is_ours(record) or (record.levelno >= logging.WARNING and not _is_idle(record))
    )
    made.addFilter(Throttle().filter)
    return made


def set_up_logging() -> None:
    """Write the log to standard error."""
    root = logging.getLogger()
    root.addHandler(handler(sys.stderr))
    root.setLevel(logging.INFO)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


def open_debug_file(path: str | Path) -> Callable[[], None]:
    """Write what vendors say to a file that only its owner may read; the result closes it again.

    Raises SettingsError if the file cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.fchmod(descriptor, 0o600)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError([f"debug_file: {path}: cannot be written: {reason}"]) from error
    stream = os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")
    writing = logging.StreamHandler(stream)
    writing.setFormatter(RedactingFormatter())
    vendor_log.addHandler(writing)

    def close() -> None:
        vendor_log.removeHandler(writing)
        stream.close()

    return close


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == OURS


def _is_idle(record: logging.LogRecord) -> bool:
    """Whether Bolt warns that it ignores SLACK_BOT_TOKEN, which is intended."""
    return str(record.msg).startswith("As you gave `client`")


def _own_words(message: str) -> str:
    """A library's message up to where it may quote something, and the type of error that it names."""
    words = re.split(r"[({\[\n:'\"<]", message, maxsplit=1)[0].strip()[:200]
    cause = CAUSE.search(message)
    return f"{words} ({cause.group(1)})" if cause else words
