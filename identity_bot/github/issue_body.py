"""An issue's body: the status block, the request and the ticket marker; and a comment's idempotency key. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from identity_bot.errors import Rejected
from identity_bot.text.markdown import span
from identity_bot.text.names import LOGIN, MEMBER_ID
from identity_bot.text.redaction import REDACTED, Redact
from identity_bot.tickets.model import Filed, MessageRef, Person, Ticket

STATUS_BEGINS = "<!-- identity-bot:status -->"
STATUS_ENDS = "<!-- identity-bot:end -->"
_TYPE, _REQUESTOR = r"type=(?P<type>[a-z][a-z0-9_]*)", rf"requestor=(?P<requestor>{MEMBER_ID})"
_THREAD = r"thread=(?P<channel>[A-Z0-9]+)/(?P<ts>[0-9]+\.[0-9]+)"
SAID = re.compile(f"{_TYPE}|{_REQUESTOR}|{_THREAD}|sensitive|private")
"""What a ticket marker says besides the ticket's id: what the database must know and nothing else in the issue says."""
MARKER = re.compile(
    r"<!-- identity-bot:ticket=(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    f"(?: {_TYPE})?(?: {_REQUESTOR})?(?: {_THREAD})?(?P<sensitive> sensitive)?(?P<private> private)? -->"
)
IDEMPOTENCY_KEY = re.compile(r"<!-- identity-bot:([\w.:=/+-]+) -->")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
LONGEST_BODY = 65_536
"""GitHub's limit in characters (rest/issues)."""

SPOC, TARGET = "SPOC", "Target date"
# GitHub turns these into links (autolinked-references-and-urls), even where they are logins.
AUTOLINKED = re.compile(r"gh-[0-9]+|[0-9a-f]{7,40}", re.IGNORECASE)
SLACK_ID = re.compile(f"slack:{MEMBER_ID}")
SLACK_ID_LAST = re.compile(rf"\(?\b({SLACK_ID.pattern})\)?$", re.IGNORECASE)
NOBODY = ("nobody", "none", "tbd", "unknown")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
MILESTONE_DAY = re.compile(rf"milestone[^0-9]{{0,20}}({DAY.pattern})", re.IGNORECASE)
_NAME = "(?:–|(?P<{0}_ticks>`+)(?!`)(?P<{0}>.+?)(?<!`)(?P={0}_ticks)(?!`))"
REQUESTED = re.compile(
    rf"(?P<urgent>\*\*Urgent: [^*]+\*\* )?Requested by {_NAME.format('name')}"
    rf"(?: \(in Slack {_NAME.format('handle')}\))?(?:, team {_NAME.format('team')})?"
    r"(?: · \[Slack thread\]\((?P<link>[^\s()]+)\))? · reference"
)
# No longer than the shortest text that can be redacted.
_SHORT_MARK = "[…]"
LONGEST_REQUESTED = 5_000
REFERENCE = re.compile(r"reference [A-Z2-7]{4}-[A-Z2-7]{4}$")
DECORATION = " \t\r\xa0*_"
"""What people may put around the words of a line: white space and emphasis."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What the status block stores because GitHub has no field for it: the SPOC and the target date."""

    spoc: str = ""
    """A GitHub login, or `slack:U…` if that is not known."""
    spoc_name: str = ""
    """The name that goes with a `slack:U…`, if known."""
    target: date | None = None
    target_over: date | None = None
    """The milestone's due date when the target date was set."""


def body(ticket: Ticket, request: str, status: Status | None = None) -> str:
    """The body of a new issue about a request, which is Markdown."""
    return f"{_status_block(ticket, status or Status())}\n\n{request}\n\n{_marker(ticket)}"


def status_in(text: str | None) -> Status:
    """Read the status block, however people have edited it, and nothing outside of it."""
    lines = (text or "").split("\n")
    return _read(lines[slice(*_find_block(lines))])


def with_status(text: str, ticket: Ticket, status: Status | None = None) -> str:
    """The body with the ticket's status block and, as its last line, the ticket's marker.

    Without a status the block keeps the one that it has. All that people wrote stays, even what they wrote into the
    block. Raises Rejected if there is no room for the status.
    """
    lines = text.split("\n")
    begin, end = _find_block(lines)
    old_status = _read(lines[begin:end])
    block = _status_block(ticket, old_status if status is None else status).split("\n")
    if [line.strip() for line in lines[begin:end]] == block:
        written = text
    else:
        theirs = "\n".join(line for line in lines[begin:end] if not _is_ours(line)).strip("\r\n")
        after = lines[end:] if end else ["", *lines]
        written = "\n".join([*lines[:begin], *block, *(["", theirs] if theirs else []), *after])
    if _last_line(text) != _marker(ticket):
        kept = [line for line in written.split("\n") if not _is_marker_of(line, ticket)]
        written = "\n".join([*kept, *([""] if kept and kept[-1].strip() else []), _marker(ticket)])
    if len(written) <= LONGEST_BODY:
        return written
    if status in (None, old_status):
        return text
    raise Rejected("the issue's description is so long that the SPOC and the target date have no room in it")


def words_in(text: str | None) -> str:
    """What people wrote in a body or a comment: all of it but the lines that the bot keeps."""
    return "\n".join(written for written, is_ours in _parts(text or "") if not is_ours)


def redacted(text: str | None, redact: Redact) -> str:
    """A body or a comment, redacted but for the lines that the bot keeps; with shorter marks if it gets too long."""
    new = "\n".join(written if is_ours else redact(written) for written, is_ours in _parts(text or ""))
    return new if len(new) <= LONGEST_BODY else new.replace(REDACTED, _SHORT_MARK)


def is_spoc(text: str) -> bool:
    """Whether the status block can store this SPOC: a GitHub login, or `slack:U…`."""
    return bool(re.fullmatch(LOGIN, text) or SLACK_ID.fullmatch(text))


def ticket_id_in(text: str | None) -> str | None:
    """The ticket id in a body's marker. It counts only in the last line; anywhere else somebody typed it."""
    found = MARKER.fullmatch(_last_line(text))
    return found["id"] if found else None


def filed_in(text: str | None) -> Filed | None:
    """What the marker and the status block say of the request; None without a marker."""
    marker = MARKER.fullmatch(_last_line(text))
    if marker is None:
        return None
    lines = (text or "").split("\n")
    block = (line.strip() for line in lines[slice(*_find_block(lines))] if len(line) <= LONGEST_REQUESTED)
    said = next(filter(None, map(REQUESTED.match, block)), None)
    name, handle, team = (_code(said[part]) if said else "" for part in ("name", "handle", "team"))
    link = (said["link"] if said else "") or ""
    return Filed(
        type=marker["type"] or "",
        requestor=Person(slack_id=marker["requestor"] or "", name=name, handle=handle, team=team),
        is_urgent=bool(said and said["urgent"]),
        is_sensitive=bool(marker["sensitive"]),
        is_private=bool(marker["private"]),
        thread=MessageRef(channel=marker["channel"], ts=marker["ts"], link=link)
        if marker["channel"]
        else None,
    )


def with_idempotency_key(comment: str, key: str) -> str:
    """The comment with the key in its last line, where people don't see it."""
    line = f"<!-- identity-bot:{key} -->"
    if not IDEMPOTENCY_KEY.fullmatch(line):
        raise ValueError(f"an idempotency key is made of letters, digits and . : = / + - _, unlike {key!r}")
    return f"{comment}\n\n{line}"


def idempotency_key_in(comment: str | None) -> str | None:
    """The key of a comment that the bot wrote. Like the ticket marker, it counts only in the last line."""
    found = IDEMPOTENCY_KEY.fullmatch(_last_line(comment))
    return found[1] if found else None


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """A text in pieces of whole lines, each with whether the bot keeps them: the status block, marker and key."""
    lines = text.split("\n")
    begin, end = _find_block(lines)
    kept = {number for number in range(begin, end) if _is_ours(lines[number])}
    last = len(text.rstrip().split("\n")) - 1
    if MARKER.fullmatch(lines[last].strip()) or IDEMPOTENCY_KEY.fullmatch(lines[last].strip()):
        kept.add(last)
    for is_ours, numbers in groupby(range(len(lines)), kept.__contains__):
        yield "\n".join(lines[number] for number in numbers), is_ours


def _last_line(text: str | None) -> str:
    return (text or "").rstrip().rpartition("\n")[2].strip()


def _marker(ticket: Ticket) -> str:
    thread = ticket.thread if ticket.thread and ticket.thread.link else None
    said = [
        f"type={ticket.type}",
        f"requestor={ticket.requestor.slack_id}",
        f"thread={thread.channel}/{thread.ts}" if thread else "",
        "sensitive" if ticket.is_sensitive else "",
        "private" if ticket.is_private else "",
    ]
    return f"<!-- {' '.join([f'identity-bot:ticket={ticket.id}', *filter(SAID.fullmatch, said)])} -->"


def _is_marker_of(line: str, ticket: Ticket) -> bool:
    found = MARKER.fullmatch(line.strip())
    return found is not None and found["id"] == ticket.id


def _code(span: str | None) -> str:
    """The text in a code span."""
    return (span or "").strip()


def _find_block(lines: Sequence[str]) -> tuple[int, int]:
    """Where the status block begins and ends, outside of code blocks; (0, 0) if there is none.

    A block without its end extends as far as its lines can only be ours.
    """
    begin: int | None = None
    fence = ""
    for number, line in enumerate(lines):
        was_fenced, fence = bool(fence), _fence_after(line, fence)
        if was_fenced or fence:
            continue
        if line.strip() == STATUS_BEGINS:
            if begin is not None:
                break
            begin = number
        elif line.strip() == STATUS_ENDS and begin is not None:
            return begin, number + 1
    if begin is None:
        return 0, 0
    end = begin + 1
    while end < len(lines) and _is_ours(lines[end]):
        end += 1
    return begin, end


def _is_ours(line: str) -> bool:
    """Whether the bot wrote a line of the block, as far as one can tell."""
    text = line.strip()
    return (
        text in (STATUS_BEGINS, STATUS_ENDS)
        or ("Requested by " in text and REFERENCE.search(text) is not None)
        or _entry(text)[0] in (SPOC.casefold(), TARGET.casefold())
    )


def _read(block: Sequence[str]) -> Status:
    """Read the lines of a block. If several name a SPOC or a target date, the first valid one counts."""
    entries = [_entry(line) for line in block]
    spoc, spoc_name = next(_spocs(value for key, value in entries if key == SPOC.casefold()), ("", ""))
    target, over = next(_targets(value for key, value in entries if key == TARGET.casefold()), (None, None))
    return Status(spoc=spoc, spoc_name=spoc_name, target=target, target_over=over)


def _spocs(values: Iterator[str]) -> Iterator[tuple[str, str]]:
    for value in values:
        login = value.strip(" `@.,;")
        if found := SLACK_ID_LAST.search(value.rstrip(" `.,;")):
            yield f"slack:{found[1][6:].upper()}", _without_ticks(value[: found.start()])
        elif re.fullmatch(LOGIN, login) and login.casefold() not in NOBODY:
            yield login, ""


def _targets(values: Iterator[str]) -> Iterator[tuple[date, date | None]]:
    for value in values:
        found, over = DAY.match(value.strip(" `")), MILESTONE_DAY.search(value)
        if found and (day := _day(found[0])):
            yield day, _day(over[1]) if over else None


def _entry(line: str) -> tuple[str, str]:
    """A line's key, folded, and its value, both without list markers and emphasis."""
    key, _, value = line.partition(":")
    return " ".join(key.strip(DECORATION + "-+").casefold().split()), value.strip(DECORATION)


def _without_ticks(name: str) -> str:
    name = name.strip()
    ticks = len(name) - len(name.lstrip("`"))
    return name[ticks : len(name) - ticks].strip()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _fence_after(line: str, fence: str) -> str:
    """The fence of the code block that is open after a line, given the one that is open before it."""
    found = FENCE.match(line)
    if not fence:
        return found[1] if found else ""
    return "" if found and found[1].startswith(fence) and line.strip() == found[1] else fence


def _status_block(ticket: Ticket, status: Status) -> str:
    """The status block. It is written again and again, so nothing in it may mention or link to anybody."""
    who = ticket.requestor
    handle = f" (in Slack {span(who.handle)})" if who.handle else ""
    team = f", team {span(who.team)}" if who.team else ""
    thread = f" · [Slack thread]({ticket.thread.link})" if ticket.thread and ticket.thread.link else ""
    urgent = "**Urgent: Veterans in production are affected.** " if ticket.is_urgent else ""
    first = f"{urgent}Requested by {span(who.name)}{handle}{team}{thread} · reference {ticket.reference}"
    lines = [STATUS_BEGINS, first]
    if is_spoc(status.spoc):
        lines.append(f"{SPOC}: {_spoc(status)}")
    if status.target:
        over = f", overrides the milestone's {status.target_over}" if status.target_over else ""
        lines.append(f"{TARGET}: {status.target}{over}")
    return "\n".join([*lines, STATUS_ENDS])


def _spoc(status: Status) -> str:
    if status.spoc.startswith("slack:"):
        return f"{span(status.spoc_name, limit=80)} ({status.spoc})" if status.spoc_name else status.spoc
    return span(status.spoc) if AUTOLINKED.fullmatch(status.spoc) else status.spoc
