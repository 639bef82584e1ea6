"""What the process writes to its log: a line for each record, and never a request's or an answer's text."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from types import TracebackType
from typing import TextIO

OURS = "identity_bot"
LIBRARIES = ("alembic", "slack_bolt", "slack_sdk", "github", "urllib3", "uvicorn")
"""Their own talk may quote bodies and tokens, even at INFO: Bolt shows a whole request whose signature is wrong."""
TOKEN = re.compile(
    r"\b(?:xox[a-z]-|xoxe\.|xapp-|gh[a-z]_|github_pat_)[\w.-]+|\b(?:Bearer|token) [\w.~+/=-]{8,}",
    re.IGNORECASE,
)
CAUSE = re.compile(r"\berror'?[:=] '?([A-Z]\w{0,40}(?:Error|Exception|Timeout)|[a-z]+(?:_[a-z]+)+)\b")
"""The name of an exception or Slack's word for an error, where a library names one."""

_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class RedactingFormatter(logging.Formatter):
    """One line for each record, with its ticket; of libraries only their own words, of exceptions only their kind.

    What a library adds to its words, and what an exception says, may quote people or hold a token.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; what another handler has made of its exception does not count."""
        theirs, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = theirs

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        said = record.message if _is_ours(record) else _own_words(record.message)
        record.message = " ".join(TOKEN.sub("[token]", said).split())
        ticket = getattr(record, "ticket", None)
        return super().formatMessage(record) + (f" ticket={ticket}" if ticket else "")

    def formatException(self, ei: _Raised) -> str:  # noqa: N802 (logging's name)
        error = ei[1]
        chain: list[str] = []
        while error is not None and len(chain) < 5:
            frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
            chain.append("".join([*frames, f"{type(error).__name__} (what it says may quote people)"]))
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\ncaused by\n".join(chain)


def scrubbed(error: BaseException) -> BaseException:
    """An exception as it may be logged by whoever formats the log, a host's own logging too: what it was and where.

    What it says may quote an answer. The same holds for those that it came from.
    """
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    shown: BaseException = type(type(error).__name__, (Exception,), {"__module__": type(error).__module__})()
    shown.__cause__ = scrubbed(cause) if cause else None
    return shown.with_traceback(error.__traceback__)


def handler(stream: TextIO) -> logging.Handler:
    """A handler that writes what may be kept: all of ours, and the warnings of the libraries."""
    made = logging.StreamHandler(stream)
    made.setFormatter(RedactingFormatter())
    made.addFilter(
        lambda record: _is_ours(record) or (record.levelno >= logging.WARNING and not _is_idle(record))
    )
    return made


def set_up_logging() -> None:
    """Writes the log to standard error."""
    root = logging.getLogger()
    root.addHandler(handler(sys.stderr))
    root.setLevel(logging.INFO)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == OURS


def _is_idle(record: logging.LogRecord) -> bool:
    """Whether it is Bolt's remark that it does not take SLACK_BOT_TOKEN itself, which is as we want it."""
    return str(record.msg).startswith("As you gave `client`")


def _own_words(message: str) -> str:
    """What a library says before it begins to quote, and the kind of error it names."""
    words = re.split(r"[({\[\n:'\"<]", message, maxsplit=1)[0].strip()[:200]
    cause = CAUSE.search(message)
    return f"{words} ({cause.group(1)})" if cause else words
