"""Slack's date tokens, such as `{date_short_pretty} at {time}`, written out for one moment. Pure.

The tokens are those of docs.slack.dev/messaging/formatting-message-text, section "Date formatting".
"""

from __future__ import annotations

import re
from datetime import datetime

_TOKEN = re.compile(r"\{(\w+)\}")
_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"), (12, "month"))
_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def written(pattern: str, moment: datetime, now: datetime) -> str | None:
    """The pattern with its tokens written out, both moments being of the reader's time zone.

    None where a token is unknown or there is none: Slack shows the fallback then.
    """
    names = _TOKEN.findall(pattern)
    if not names or any(_one(name, moment, now) is None for name in names):
        return None
    return _TOKEN.sub(lambda found: _one(found[1], moment, now) or "", pattern)


def distance(moment: datetime, now: datetime) -> str:
    """How far away a moment is: `just now`, `3 hours ago`, `in 2 days`."""
    seconds = (moment - now).total_seconds()
    amount, unit = int(abs(seconds)), "year"
    for size, name in _STEPS:
        if amount < size:
            unit = name
            break
        amount //= size
    if unit == "second":
        return "just now"
    words = f"{amount} {unit}{'' if amount == 1 else 's'}"
    return f"in {words}" if seconds > 0 else f"{words} ago"


def _one(name: str, moment: datetime, now: datetime) -> str | None:
    plain = name.removesuffix("_pretty")
    near = _DAYS.get((moment.date() - now.date()).days)
    if plain != name and near is not None and plain in ("date", "date_short", "date_long"):
        return near
    match plain:
        case "date_num":
            return f"{moment:%Y-%m-%d}"
        case "date":
            return f"{moment:%B} {_ordinal(moment.day)}, {moment.year}"
        case "date_short":
            return f"{moment:%b} {moment.day}, {moment.year}"
        case "date_long":
            return f"{moment:%A}, {moment:%B} {_ordinal(moment.day)}, {moment.year}"
        case "time":
            return f"{moment:%H:%M}"
        case "time_secs":
            return f"{moment:%H:%M:%S}"
        case "ago":
            return distance(moment, now)
    return None


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"
