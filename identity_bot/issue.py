"""The body of an issue: the status block on top, the request, and the marker in the last line. Pure."""

from __future__ import annotations

import re

from identity_bot.markdown import span
from identity_bot.model import Ticket

STATUS_BEGINS = "<!-- identity-bot:status -->"
STATUS_ENDS = "<!-- identity-bot:end -->"
MARKER = re.compile(r"<!-- identity-bot:ticket=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) -->")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
LONGEST_BODY = 65_536
"""GitHub's limit in characters (rest/issues)."""
LONGEST_REQUEST = 60_000
"""What a request may take of it; the rest is for the status block, which changes, and the marker."""
TOO_LONG = "(The rest did not fit into an issue.)"


def body(ticket: Ticket, request: str) -> str:
    """The whole body for a new issue about `request`, which is Markdown already."""
    request = _fitted(request, LONGEST_REQUEST)
    return f"{_status(ticket)}\n\n{request}\n\n<!-- identity-bot:ticket={ticket.id} -->"


def with_status(text: str, ticket: Ticket) -> str:
    """A body with its status block as the ticket now is; all else in it is left as people wrote it."""
    text = text.replace("\r\n", "\n")
    # The end stands in a line of its own: elsewhere it is somebody's name.
    _, ended, rest = text.partition(f"\n{STATUS_ENDS}")
    if not text.startswith(STATUS_BEGINS) or not ended:
        rest = f"\n\n{text}"
    return f"{_status(ticket)}{rest}"


def ticket_id_in(text: str | None) -> str | None:
    """The id in a body's marker, which counts only in its last line: elsewhere it is somebody's text."""
    lines = (text or "").rstrip().splitlines()
    found = MARKER.fullmatch(lines[-1].strip()) if lines else None
    return found.group(1) if found else None


def _fitted(request: str, room: int) -> str:
    """A request of at most `room` characters, cut at the end of a line and with no code block left open."""
    if len(request) <= room:
        return request
    kept: list[str] = []
    fence, length = "", 0
    for text in request.split("\n"):
        opened = _fence_after(text, fence)
        length += len(text) + 1
        if length + len(opened) + len(TOO_LONG) + 3 > room:
            break
        kept.append(text)
        fence = opened
    return "\n".join([*kept, *([fence] if fence else []), "", TOO_LONG])


def _fence_after(text: str, fence: str) -> str:
    """The fence of the code block that is open after a line, given the one that was open before it."""
    found = FENCE.match(text)
    if not fence:
        return found[1] if found else ""
    return "" if found and found[1].startswith(fence) and text.strip() == found[1] else fence


def _status(ticket: Ticket) -> str:
    asked = f"Asked by {span(ticket.requestor.name)}"
    if ticket.requestor.handle:
        asked += f" (in Slack {span(ticket.requestor.handle)})"
    if ticket.requestor.team:
        asked += f", team {span(ticket.requestor.team)}"
    where = f" · [Slack thread]({ticket.thread.link})" if ticket.thread and ticket.thread.link else ""
    urgent = "**Urgent: Veterans in production are affected.** " if ticket.is_urgent else ""
    return f"{STATUS_BEGINS}\n{urgent}{asked}{where} · reference {ticket.reference}\n{STATUS_ENDS}"
