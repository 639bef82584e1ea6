"""What people read of a ticket's clocks: by when somebody answers, and by when it is done. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from identity_bot.messages import words
from identity_bot.tickets.calendar import TEAM_TIME, team_day
from identity_bot.tickets.model import Stage, Ticket
from identity_bot.tickets.service_levels import Clock, due, is_overdue, waiting_since

WAITING = "Waiting for the requestor"


def moment(at: float, zone: ZoneInfo = TEAM_TIME) -> str:
    """A moment that Slack shows in the reader's own time, such as "Nov 27, 2026 at 3:00 PM"; elsewhere in the team's.

    It is for messages, which stay: Slack would draw "today" as "yesterday" on the day after.
    """
    return f"<!date^{int(at)}^{{date_short}} at {{time}}|{plain_moment(at, zone)}>"


def near_moment(at: float, zone: ZoneInfo = TEAM_TIME) -> str:
    """The same for what is drawn again, such as a card: "today at 3:00 PM"."""
    return f"<!date^{int(at)}^{{date_short_pretty}} at {{time}}|{plain_moment(at, zone)}>"


def day(at: float, zone: ZoneInfo = TEAM_TIME) -> str:
    """The day of a moment, which Slack shows as it is for the reader; elsewhere the team's."""
    return f"<!date^{int(at)}^{{date}}|{words.day(team_day(at, zone))}>"


def plain_moment(at: float, zone: ZoneInfo = TEAM_TIME) -> str:
    """The same where only text can stand, in the team's time: November 27, 2026, 3:00 PM EST."""
    local = datetime.fromtimestamp(at, zone)
    return f"{words.day(local.date())}, {local.hour % 12 or 12}:{local:%M %p %Z}"


def facts(ticket: Ticket, now: float) -> Iterator[str]:
    """What a list says of a ticket's clocks: each a short phrase in mrkdwn, as of `now`."""
    if waiting_since(ticket) is not None and ticket.stage is not Stage.UAT:
        yield WAITING
    one, target = due(ticket), ticket.state.target
    if one and one.clock is Clock.RESPONSE:
        yield _overdue("Answer", one.at, now) if is_overdue(ticket, now) else f"Answer due {moment(one.at)}"
    elif one and is_overdue(ticket, now):
        yield _overdue("", one.at, now)
    if target:
        yield f"Due {words.day(target)}"
    elif one and one.clock is Clock.RESOLUTION and not is_overdue(ticket, now):
        yield f"Due {moment(one.at)}"
    elif ticket.stage is not Stage.CLOSED:
        yield "No target date"


def state(ticket: Ticket, now: float) -> Iterator[tuple[str, str]]:
    """What the card says of them, as names and mrkdwn that stay right although the card is not drawn again.

    What is overdue is left out: overdue() says when it was due.
    """
    since, one = waiting_since(ticket), due(ticket)
    if since is not None:
        yield "Waiting for the requestor", f"since {near_moment(since)}"
    if is_overdue(ticket, now):
        return
    if one and one.clock is Clock.RESPONSE:
        yield "Answer due", near_moment(one.at)
    elif one and not ticket.state.target:
        yield "Due", near_moment(one.at)


def overdue(ticket: Ticket, now: float) -> str:
    """The card's second line, about what is overdue, drawn when it becomes so; empty if nothing is."""
    one = due(ticket)
    if one is None or one.at > now:
        return ""
    what = "the answer was" if one.clock is Clock.RESPONSE else "it was"
    return f":warning: *Overdue:* {what} due {words.moment(one.at)}."


def spent(seconds: float) -> str:
    """How long something took or is late: 40 minutes, 2 hours, 3 days."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"1 {unit}" if count == 1 else f"{count} {unit}s"
    return "less than a minute"


def no_answer(days: int) -> str:
    """Why the bot closes a ticket that its requestor does not try."""
    return f"We got no answer for {days} business days."


def _overdue(what: str, at: float, now: float) -> str:
    return f"{f'{what} overdue' if what else 'Overdue'} by {spent(now - at)}"
