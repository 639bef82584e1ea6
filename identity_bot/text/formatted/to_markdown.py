"""Writes Markdown for GitHub in which only our formatting, links and mentions have an effect."""

from __future__ import annotations

from collections.abc import Callable

from identity_bot.text.formatted.document import Document
from identity_bot.text.markdown import block


def to_markdown(
    document: Document,
    *,
    login: Callable[[str], str],
    name: Callable[[str], str],
    limit: int = 60_000,
    more: str = "",
) -> str:
    """A comment of at most `limit` characters; one that had to be cut ends with `more`, which is Markdown.

    `login` gives the GitHub login of a Slack id, which is mentioned, or nothing; then `name` gives what to call them,
    or nothing.
    """
    return block(document.text, limit=limit - 500)
