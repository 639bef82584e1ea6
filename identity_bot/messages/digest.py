"""The words of digests, and of turning one's own on and off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import time

from identity_bot.forms.limits import SECTION_TEXT
from identity_bot.messages import queue
from identity_bot.messages.updates import Message
from identity_bot.tickets.digest import SHOWN, Digest, Heading, Section
from identity_bot.tickets.people import People
from identity_bot.tickets.query import MOST_COUNTED

LONGEST = 12_000
"""Characters of a digest: Slack accepts about 13,000 in a message's blocks."""
TITLES: Mapping[Heading, str] = {
    Heading.OVERDUE: "Overdue",
    Heading.TODAY: "Due today",
    Heading.URGENT: "Urgent",
    Heading.UNASSIGNED: "Needs an owner",
    Heading.UAT: "Waiting for UAT",
    Heading.ASKED: "Waiting for the requestor",
    Heading.STALE: "Nobody touched for five business days",
    Heading.OWN_UAT: "Your requests that wait for you to try them",
    Heading.OWN_ASKED: "Your requests that wait for your answer",
}
LISTED: Mapping[Heading, str] = {
    Heading.OVERDUE: "overdue",
    Heading.URGENT: "urgent",
    Heading.UNASSIGNED: "unassigned",
    Heading.UAT: "stage:ready-for-uat",
}
"""What to type after `/help queue` for all tickets under a heading, where there are words for them."""
OFF = "You get no digest of your own anymore."
NOT_SENT = "The team has turned digests off in its settings, so none are sent."
NOT_YOURS = "Only the Identity Team can have a digest."


def text(digest: Digest, title_of: Callable[[str], str], command: str, now: float) -> Message:
    """A digest as a message; `title_of` gives a request type's title by its name.

    If all of its tickets are more than Slack shows in one message, fewer stand under each heading.
    """
    whose = "What waits for you today" if digest.slack_id else "What waits for the team today"
    parts: tuple[str, ...] = ()
    for most in range(SHOWN, 0, -1):
        sections = [
            _section(one.folded(most), title_of, command, now, bool(digest.slack_id))
            for one in digest.sections
        ]
        parts = tuple(part for lines in sections for part in _parts(lines))
        if sum(map(len, parts)) <= LONGEST:
            break
    return Message(text=f"*{whose}*", more=parts)


def turned_on(at: time, command: str) -> str:
    """To somebody who asked for a digest of their own."""
    return (
        f"On business days at {at.hour % 12 or 12}:{at:%M %p} you get a direct message with the tickets assigned to "
        "you that are overdue, due today, waiting or untouched, and with your own requests that wait for you. On days "
        f"when there are none you get nothing. `{command} digest off` ends it."
    )


def usage(command: str) -> str:
    """To somebody who typed something else after the word."""
    return f"Please type `{command} digest on` or `{command} digest off`."


def _parts(lines: Iterable[str]) -> Iterator[str]:
    """A section's lines in pieces that Slack shows whole; no line is longer than one."""
    piece = ""
    for line in lines:
        if piece and len(piece) + 1 + len(line) > SECTION_TEXT:
            yield piece
            piece = ""
        piece = f"{piece}\n{line}" if piece else line
    yield piece


def _section(
    section: Section, title_of: Callable[[str], str], command: str, now: float, is_own: bool
) -> list[str]:
    nobody = People({})  # by their logins: a mention would call each of them every morning
    rows = [queue.row(one, title_of(one.type), nobody, now) for one in section.tickets]
    if section.more:
        count = len(section.tickets) + section.more
        number = f"{section.more:,}{'+' if count >= MOST_COUNTED else ''}"
        asked = LISTED.get(section.heading, "")
        words = " ".join(one for one in (asked, "assignee:me" if is_own else "") if one)
        is_listed = not section.heading.name.startswith("OWN") and words
        listed = f"{command} queue {words}" if is_listed else f"{command} {'mine' if is_own else 'queue'}"
        rows.append(f"and {number} more: `{listed}`")
    return [f"*{TITLES[section.heading]}*", *rows]
