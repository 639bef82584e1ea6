"""The body of an issue: the status block on top, the request, and the marker in the last line. Pure."""

from __future__ import annotations

import re

from identity_bot.markdown import span
from identity_bot.model import Ticket

STATUS_BEGINS = "<!-- identity-bot:status -->"
STATUS_ENDS = "<!-- identity-bot:end -->"
MARKER = re.compile(r"<!-- identity-bot:ticket=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) -->")
LONGEST_BODY = 65_536
"""GitHub's limit in characters (rest/issues)."""


def body(ticket: Ticket, request: str) -> str:
    """The whole body for a new issue about `request`, which is Markdown already."""
    return f"{_status(ticket)}\n\n{request}\n\n<!-- identity-bot:ticket={ticket.id} -->"


def with_status(text: str, ticket: Ticket) -> str:
    """A body with its status block as the ticket now is; all else in it is left as people wrote it."""
    text = text.replace("\r\n", "\n")
    if text.startswith(STATUS_BEGINS) and STATUS_ENDS in text:
        rest = text[text.index(STATUS_ENDS) + len(STATUS_ENDS) :]
    else:
        rest = f"\n\n{text}"
    return f"{_status(ticket)}{rest}"


def ticket_id_in(text: str | None) -> str | None:
    """The id in a body's marker, which counts only in its last line: elsewhere it is somebody's text."""
    lines = (text or "").rstrip().splitlines()
    found = MARKER.fullmatch(lines[-1].strip()) if lines else None
    return found.group(1) if found else None


def _status(ticket: Ticket) -> str:
    asked = f"Asked by {span(ticket.requestor.name)}"
    if ticket.requestor.handle:
        asked += f" (in Slack {span(ticket.requestor.handle)})"
    if ticket.requestor.team:
        asked += f", team {span(ticket.requestor.team)}"
    where = f" · [Slack thread]({ticket.thread.link})" if ticket.thread and ticket.thread.link else ""
    urgent = "**Urgent: Veterans in production are affected.** " if ticket.is_urgent else ""
    return f"{STATUS_BEGINS}\n{urgent}{asked}{where} · reference {ticket.reference}\n{STATUS_ENDS}"
