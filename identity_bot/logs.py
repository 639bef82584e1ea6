"""What the process writes to its log: a line for each record, and never a request's or an answer's text."""

from __future__ import annotations

import logging
import sys

LIBRARIES = ("alembic", "slack_bolt", "slack_sdk", "github", "urllib3", "uvicorn")
"""Their own talk may quote bodies and tokens, even at INFO: Bolt shows a whole request whose signature is wrong."""


def set_up_logging() -> None:
    """One line for each log record on standard error."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
