"""The body of an issue: the status block, the request, and the marker in the last line; a comment's mark. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from identity_bot.errors import Rejected
from identity_bot.text.markdown import span
from identity_bot.tickets.model import Ticket

STATUS_BEGINS = "<!-- identity-bot:status -->"
STATUS_ENDS = "<!-- identity-bot:end -->"
MARKER = re.compile(r"<!-- identity-bot:ticket=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) -->")
IDEMPOTENCY_KEY = re.compile(r"<!-- identity-bot:([\w.:=/+-]+) -->")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
LONGEST_BODY = 65_536
"""GitHub's limit in characters (rest/issues)."""
LONGEST_REQUEST = 60_000
"""What a request may take of it; the rest is for the status block, which changes, and the marker."""
TOO_LONG = "(The rest did not fit into an issue.)"

SPOC, TARGET = "SPOC", "Target date"
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
# GitHub makes links of these (autolinked-references-and-urls), whoever's login they are.
LINKED_LOGIN = re.compile(r"gh-[0-9]+|[0-9a-f]{7,40}", re.IGNORECASE)
SLACK_ID = re.compile(r"slack:[UW][A-Z0-9]{1,40}")
SLACK_ID_LAST = re.compile(rf"\(?\b({SLACK_ID.pattern})\)?$", re.IGNORECASE)
NOBODY = ("nobody", "none", "tbd", "unknown")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
OVER_DAY = re.compile(rf"milestone[^0-9]{{0,20}}({DAY.pattern})", re.IGNORECASE)
ASKED = re.compile(r"reference [A-Z2-7]{4}-[A-Z2-7]{4}$")
AROUND = " \t\r\xa0*_"
"""What a hand may put around a line's words: white space and emphasis."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What GitHub has no field for and the status block keeps: the SPOC and the target date."""

    spoc: str = ""
    """A GitHub login, or `slack:U…` where that is not known."""
    spoc_name: str = ""
    """What the latter is called; it need not be known."""
    target: date | None = None
    target_over: date | None = None
    """The milestone's due date when the target date was set."""


def body(ticket: Ticket, request: str) -> str:
    """The whole body for a new issue about `request`, which is Markdown already."""
    request = _fitted(request, LONGEST_REQUEST)
    return f"{_drawn(ticket, Status())}\n\n{request}\n\n{_marker(ticket)}"


def status_in(text: str | None) -> Status:
    """What the status block says, however hands have edited it; what it says nowhere else counts not at all."""
    lines = (text or "").split("\n")
    return _read(lines[slice(*_block(lines))])


def with_status(text: str, ticket: Ticket, status: Status | None = None) -> str:
    """A body whose status block says this of the ticket (None: what it says already) and whose last line marks it.

    All else stays as people wrote it, also what they wrote into the block. Raises Rejected where they left no room.
    """
    lines = text.split("\n")
    begin, end = _block(lines)
    said = _read(lines[begin:end])
    drawn = _drawn(ticket, said if status is None else status).split("\n")
    if [line.strip() for line in lines[begin:end]] == drawn:
        written = text
    else:
        theirs = "\n".join(line for line in lines[begin:end] if not _is_ours(line)).strip("\r\n")
        after = lines[end:] if end else ["", *lines]
        written = "\n".join([*lines[:begin], *drawn, *(["", theirs] if theirs else []), *after])
    if ticket_id_in(text) != ticket.id:
        kept = (line for line in written.split("\n") if line.strip() != _marker(ticket))
        written = "\n".join([*kept, "", _marker(ticket)])
    if len(written) <= LONGEST_BODY:
        return written
    if status in (None, said):
        return text
    raise Rejected("the issue's text is so long that it leaves no room for the SPOC and the target date")


def is_spoc(text: str) -> bool:
    """Whether a SPOC can be kept by this: a GitHub login, or `slack:U…`."""
    return bool(LOGIN.fullmatch(text) or SLACK_ID.fullmatch(text))


def ticket_id_in(text: str | None) -> str | None:
    """The id in a body's marker, which counts only in its last line: elsewhere it is somebody's text."""
    found = MARKER.fullmatch(_last_line(text))
    return found.group(1) if found else None


def with_idempotency_key(comment: str, key: str) -> str:
    """The comment with the key in its last line, where people don't see it."""
    line = f"<!-- identity-bot:{key} -->"
    if not IDEMPOTENCY_KEY.fullmatch(line):
        raise ValueError(f"an idempotency key is made of letters, digits and . : = / + - _, unlike {key!r}")
    return f"{comment}\n\n{line}"


def idempotency_key_in(comment: str | None) -> str | None:
    """The key of a comment that the bot wrote. Like the ticket marker, it counts only in the last line."""
    found = IDEMPOTENCY_KEY.fullmatch(_last_line(comment))
    return found.group(1) if found else None


def _last_line(text: str | None) -> str:
    lines = (text or "").rstrip().splitlines()
    return lines[-1].strip() if lines else ""


def _marker(ticket: Ticket) -> str:
    return f"<!-- identity-bot:ticket={ticket.id} -->"


def _block(lines: Sequence[str]) -> tuple[int, int]:
    """The lines from the status block's first to after its last, outside of any code block; (0, 0) without one.

    One whose end is missing ends with the last line that can only be ours.
    """
    begin: int | None = None
    fence = ""
    for number, text in enumerate(lines):
        was_fenced, fence = bool(fence), _fence_after(text, fence)
        if was_fenced or fence:
            continue
        if text.strip() == STATUS_BEGINS:
            if begin is not None:
                break
            begin = number
        elif text.strip() == STATUS_ENDS and begin is not None:
            return begin, number + 1
    if begin is None:
        return 0, 0
    end = begin + 1
    while end < len(lines) and _is_ours(lines[end]):
        end += 1
    return begin, end


def _is_ours(line: str) -> bool:
    """Whether a line of the block was written by the bot, as far as one can tell."""
    text = line.strip()
    return (
        text in (STATUS_BEGINS, STATUS_ENDS)
        or ("Asked by " in text and ASKED.search(text) is not None)
        or _entry(text)[0] in (SPOC.casefold(), TARGET.casefold())
    )


def _read(block: Sequence[str]) -> Status:
    """What the lines of a block say; of two lines about the same, the first that can be read counts."""
    spoc, spoc_name = next(_spocs(block), ("", ""))
    target, over = next(_targets(block), (None, None))
    return Status(spoc=spoc, spoc_name=spoc_name, target=target, target_over=over)


def _spocs(block: Sequence[str]) -> Iterator[tuple[str, str]]:
    for key, value in map(_entry, block):
        if key != SPOC.casefold():
            continue
        login = value.strip(" `@.,;")
        if found := SLACK_ID_LAST.search(value.rstrip(" `.,;")):
            yield f"slack:{found[1][6:].upper()}", _name(value[: found.start()])
        elif LOGIN.fullmatch(login) and login.casefold() not in NOBODY:
            yield login, ""


def _targets(block: Sequence[str]) -> Iterator[tuple[date, date | None]]:
    for key, value in map(_entry, block):
        if key != TARGET.casefold():
            continue
        found, over = DAY.match(value.strip(" `")), OVER_DAY.search(value)
        if found and (day := _day(found[0])):
            yield day, _day(over[1]) if over else None


def _entry(line: str) -> tuple[str, str]:
    """What stands before and after a line's colon, the first in lower case, without list markers and emphasis."""
    key, _, value = line.partition(":")
    return " ".join(key.strip(AROUND + "-+").casefold().split()), value.strip(AROUND)


def _name(shown: str) -> str:
    """The name in a code span, or without one."""
    shown = shown.strip()
    ticks = len(shown) - len(shown.lstrip("`"))
    return shown[ticks : len(shown) - ticks].strip()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


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


def _drawn(ticket: Ticket, status: Status) -> str:
    """The status block. Nothing in it may mention or link anybody, for it is written again and again."""
    asked = f"Asked by {span(ticket.requestor.name)}"
    if ticket.requestor.handle:
        asked += f" (in Slack {span(ticket.requestor.handle)})"
    if ticket.requestor.team:
        asked += f", team {span(ticket.requestor.team)}"
    where = f" · [Slack thread]({ticket.thread.link})" if ticket.thread and ticket.thread.link else ""
    urgent = "**Urgent: Veterans in production are affected.** " if ticket.is_urgent else ""
    lines = [STATUS_BEGINS, f"{urgent}{asked}{where} · reference {ticket.reference}"]
    if is_spoc(status.spoc):
        lines.append(f"{SPOC}: {_shown(status)}")
    if status.target:
        over = f", set over the milestone's {status.target_over}" if status.target_over else ""
        lines.append(f"{TARGET}: {status.target}{over}")
    return "\n".join([*lines, STATUS_ENDS])


def _shown(status: Status) -> str:
    if status.spoc.startswith("slack:"):
        return f"{span(status.spoc_name, limit=80)} ({status.spoc})" if status.spoc_name else status.spoc
    return span(status.spoc) if LINKED_LOGIN.fullmatch(status.spoc) else status.spoc
