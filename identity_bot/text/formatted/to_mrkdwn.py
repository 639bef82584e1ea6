"""Writes mrkdwn for Slack in which only our formatting, links and mentions have an effect."""

from __future__ import annotations

from collections.abc import Callable

from identity_bot.text.formatted.document import Document
from identity_bot.text.markdown import mrkdwn


def to_mrkdwn(
    document: Document, *, slack_id: Callable[[str], str], limit: int = 3_000, most: int = 4, more: str = ""
) -> tuple[str, ...]:
    """At most `most` texts of at most `limit` characters; if something had to be cut, the last ends with `more`.

    Each text fits a section, which must be verbatim. `more` is mrkdwn. `slack_id` gives the Slack id of a GitHub login,
    which is mentioned, or nothing.
    """
    return (mrkdwn(document.text, limit=limit),)
