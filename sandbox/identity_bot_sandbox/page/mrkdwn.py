"""Slack's mrkdwn as safe HTML: formats, links, mentions and dates; everything else is text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from identity_bot_sandbox.clock import TEAM_ZONE
from identity_bot_sandbox.page.emoji import EMOJI

_DATE_TOKEN = re.compile(r"\{(\w+)\}")
_UNITS = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"), (12, "month"))
_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_PIECES = re.compile(r"```(?P<block>.+?)```|`(?P<code>[^`\n]+)`|<(?P<token>[^<>\n]+)>", re.DOTALL)
_EMOJI = re.compile(r":([a-z0-9_+-]+):")
# A private-use character stands in for each finished piece while formats are replaced.
_FIRST_PIECE = 0xF0000
_RESERVED = re.compile("[\U000f0000-\U000fffff]")
_FORMATS = (("*", "strong"), ("_", "em"), ("~", "s"))


def _format(mark: str, tag: str) -> tuple[re.Pattern[str], str]:
    sign = re.escape(mark)
    return (
        re.compile(rf"(?<![\w{sign}]){sign}(?=\S)([^{sign}\n]*?[^{sign}\s]){sign}(?![\w{sign}])"),
        rf"<{tag}>\1</{tag}>",
    )


_RULES = [_format(mark, tag) for mark, tag in _FORMATS]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Renders Slack's text; `people`, `channels` and `groups` map ids to names.

    `leads_to` returns the page's own address for a link into the sandbox, otherwise None; `now` is the
    reference of relative dates.
    """

    people: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    leads_to: Callable[[str], str | None] = lambda address: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def text(self, given: Mapping[str, object] | None) -> Markup:
        """A text object as HTML."""
        words = str((given or {}).get("text", ""))
        return self.mrkdwn(words) if (given or {}).get("type") == "mrkdwn" else self.plain(words)

    def plain(self, text: str) -> Markup:
        """Plain text with line breaks and emoji."""
        return Markup(_EMOJI.sub(_emoji, str(escape(text))).replace("\n", "<br>"))

    def mrkdwn(self, text: str) -> Markup:
        """Text with Slack's formats, links and mentions."""
        pieces: list[str] = []

        def keep(html: str) -> str:
            pieces.append(html)
            return chr(_FIRST_PIECE + len(pieces) - 1)

        def piece(found: re.Match[str]) -> str:
            if len(pieces) >= 0xFFF0:
                return found[0]
            if found["block"] is not None:
                return keep(f"<pre><code>{_literal(found['block'].strip(chr(10)))}</code></pre>")
            if found["code"] is not None:
                return keep(f"<code>{_literal(found['code'])}</code>")
            return keep(self._token(found["token"]))

        marked = _PIECES.sub(piece, _RESERVED.sub("\ufffd", text))
        html = _EMOJI.sub(_emoji, _literal(marked))
        for pattern, replacement in _RULES:
            html = pattern.sub(replacement, html)
        html = _quoted(html)
        for index in range(len(pieces) - 1, -1, -1):
            html = html.replace(chr(_FIRST_PIECE + index), pieces[index])
        return Markup(html)

    def link(self, address: str, words: str | None = None) -> Markup:
        """A link, within the page if possible; text if its scheme is not allowed."""
        shown = Markup(_literal(words or address))
        here = self.leads_to(address)
        if here is not None:
            return Markup('<a href="{}">{}</a>').format(here, shown)
        if urlsplit(address).scheme not in ("http", "https", "mailto"):
            return shown
        return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(address, shown)

    def mention(self, user: str) -> Markup:
        """A mention of a person."""
        return _mention(f"@{self.people.get(user, user)}")

    def _token(self, token: str) -> str:
        target, _, words = _unescaped(token).partition("|")
        match target[:1]:
            case "@":
                return self.mention(target[1:])
            case "#":
                return _mention(f"#{self.channels.get(target[1:], words or target[1:])}")
            case "!":
                return self._special(target[1:], words)
        try:
            return str(self.link(target, words))
        except ValueError:  # an address that cannot be taken apart
            return _literal(target)

    def _date(self, seconds: int, pattern: str, link: list[str], fallback: str) -> str:
        """A date where the team is, as the page's clock, or its fallback if its tokens are unknown."""
        moment = datetime.fromtimestamp(seconds, TEAM_ZONE)
        words = dated(pattern, moment, self.now().astimezone(TEAM_ZONE)) or fallback or str(moment.date())
        # Screen readers should not announce that time passes.
        drawn = Markup('<time datetime="{}" title="{}" aria-live="off">{}</time>').format(
            moment.isoformat(), f"{moment:%Y-%m-%d %H:%M}", words
        )
        if not link or urlsplit(link[0]).scheme not in ("http", "https"):
            return drawn
        return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(link[0], drawn)

    def _special(self, command: str, words: str) -> str:
        name, *rest = command.split("^")
        if name in ("here", "channel", "everyone"):
            return Markup('<strong class="mention broadcast">@{}</strong>').format(name)
        if name == "subteam" and rest:
            return _mention(self.groups.get(rest[0], words or rest[0]))
        if name == "date" and rest and rest[0].isdigit() and len(rest[0]) < 12:
            return self._date(int(rest[0]), rest[1] if len(rest) > 1 else "", rest[2:], words)
        return _literal(words or command)


def _mention(words: str) -> Markup:
    return Markup('<span class="mention">{}</span>').format(words)


def _emoji(found: re.Match[str]) -> str:
    return EMOJI.get(found[1], found[0])


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _literal(text: str) -> str:
    """Escape for HTML what Slack escaped only in part."""
    return str(escape(_unescaped(text)))


def _quoted(html: str) -> str:
    """Line breaks, and lines that begin with `>` as quotes."""
    parts: list[tuple[bool, list[str]]] = []
    for line in html.split("\n"):
        is_quote = line.startswith("&gt;")
        words = line.removeprefix("&gt;").removeprefix(" ") if is_quote else line
        if parts and parts[-1][0] == is_quote:
            parts[-1][1].append(words)
        else:
            parts.append((is_quote, [words]))
    joined = [(is_quote, "<br>".join(lines)) for is_quote, lines in parts]
    return "".join(f"<blockquote>{text}</blockquote>" if is_quote else text for is_quote, text in joined)


def dated(pattern: str, moment: datetime, now: datetime) -> str | None:
    """Replace the tokens of a pattern; both times are in the reader's time zone.

    None if a token is unknown or there is none; Slack shows the fallback then.
    """
    names = _DATE_TOKEN.findall(pattern)
    if not names or any(_date_part(name, moment, now) is None for name in names):
        return None
    return _DATE_TOKEN.sub(lambda found: _date_part(found[1], moment, now) or "", pattern)


def distance(moment: datetime, now: datetime) -> str:
    """How far away a time is: `just now`, `3 hours ago`, `in 2 days`."""
    seconds = (moment - now).total_seconds()
    amount, unit = int(abs(seconds)), "year"
    for size, name in _UNITS:
        if amount < size:
            unit = name
            break
        amount //= size
    if unit == "second":
        return "just now"
    words = f"{amount} {unit}{'' if amount == 1 else 's'}"
    return f"in {words}" if seconds > 0 else f"{words} ago"


def _date_part(name: str, moment: datetime, now: datetime) -> str | None:
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
