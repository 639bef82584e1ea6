"""Turns what people typed into GitHub Markdown and Slack mrkdwn that shows it literally; nothing breaks out.

Limits count Unicode code points, as len() does; no cut falls inside an emoji sequence or an accented letter.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

EMPTY = "–"
NO_TITLE = "(no title)"
ELLIPSIS = "…"
REPLACEMENT = "\ufffd"

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029]")
# Shown as U+FFFD, so that the reader sees that something was there: controls, bidi overrides, noncharacters.
_HARMFUL_ONES = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff"
_HARMFUL = re.compile(f"[{_HARMFUL_ONES}]")
# What draws nothing is dropped; a flag sequence (England, Texas) is the one honest use of tag characters.
_INVISIBLE_ONES = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\u3164"
    r"\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    r"\U000e01f0-\U000e0fff"
)
_INVISIBLE = re.compile(
    r"(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{4,6}\U000e007f)" f"|[{_INVISIBLE_ONES}]+",
)
# Joiners and variation selectors change the letter or emoji before them; piled up, they carry hidden text.
_SELECTORS, _JOINERS = r"\ufe00-\ufe0f\U000e0100-\U000e01ef", r"\u200c\u200d"
_SELECTOR = f"[{_SELECTORS}]"
_ATTACHED = re.compile(f"[{_SELECTORS}{_JOINERS}]+")
HIDDEN = f"{_HARMFUL_ONES}{_INVISIBLE_ONES}{_SELECTORS}{_JOINERS}{REPLACEMENT}"
"""What clean() may drop or replace, to stand between the brackets of a pattern."""
_SELECTABLE_ASCII = "0123456789#*©®"
# The scripts before this code point (Latin, Greek, Cyrillic, Armenian) are written without joiners.
_FIRST_JOINING_SCRIPT = "\u0590"

# GitHub's parser remembers at most 255 backticks of a fence, and finds code spans of at most 80 (cmark-gfm,
# blocks.c and inlines.c): a longer fence would close at a shorter run inside the text.
_LONGEST_RUN = 199
_LONGEST_TICK = 80

_SLACK_MARK = re.compile(r"https?://[^\s<>]+|`+|[*_~]+")
_SLACK_ADDRESS_TAIL = "*_~`.,;:!?)]}'\""
_SLACK_LOOKALIKE = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "'"})
# Longer words too, as a cut could shorten them; but not the at sign of an e-mail address (ada@here.org).
_SLACK_BROADCAST = re.compile(
    r"@(?=here|channel|everyone|group)(?!(?<=[A-Za-z0-9]@)[a-z]+\.[a-z])",
    re.IGNORECASE,
)
_SLACK_QUOTE = re.compile(r"\A[> ]+")

_FARTHEST_STEP_BACK = 32
# Joiners, vowels and finals of Hangul, skin tones, and the tags of flags.
_CONTINUES = re.compile(r"[\u200c\u200d\u1160-\u11ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
# Two of these letters are a flag.
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def clean(text: str) -> str:
    """The text as the person meant it: one kind of line end, nothing hidden, nothing that reorders the rest.

    Control characters, bidi overrides and isolates and lone surrogates become U+FFFD. Characters that draw
    nothing (zero-width spaces, direction marks, soft hyphens, fillers, tags) are dropped. Joiners and
    variation selectors stay where a script or an emoji needs them, one at a time. Right-to-left letters stay
    as they are. Cleaning twice changes nothing more.
    """
    # Encoding joins the surrogate pairs that some JSON readers leave apart, and replaces the lone ones.
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _LINE_ENDS.sub("\n", text)
    text = _HARMFUL.sub(REPLACEMENT, text)
    text = _INVISIBLE.sub(lambda match: match[1] or "", text)
    return _ATTACHED.sub(_attached, text)


def block(text: str, *, limit: int = 10_000) -> str:
    """A fenced code block for an answer of many lines; it must stand between blank lines.

    `limit` bounds the text; a plain sentence after the fence says how much of a longer one was left out.
    Fences and sentence add less than 500 characters. Text of only white space gives a dash.
    """
    text = re.sub(r"\A(?:[^\S\n]*\n)+", "", clean(text)).rstrip()
    if not text:
        return EMPTY

    text = re.sub(rf"`{{{_LONGEST_RUN + 1},}}", "`" * (_LONGEST_RUN - 1) + ELLIPSIS, text)
    kept = text if len(text) <= limit else text[: boundary(text, limit)].rstrip()
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", kept)), default=0))
    left_out = len(text) - len(kept)
    return f"{fence}text\n{kept}\n{fence}{_left_out(left_out)}"


def span(text: str, *, limit: int = 1_000) -> str:
    """A code span for an answer of one line; not for a table's cell, where a `|` would still end the cell.

    `limit` bounds the text; at most 80 backticks and a space are added on each side. White space alone gives
    a dash.
    """
    text = re.sub(r"[\n\t\u2800]", " ", clean(text)).strip()
    if not text:
        return EMPTY

    text = _fit(text, limit)
    runs = {len(run) for run in re.findall(r"`+", text)}
    if len(runs) >= _LONGEST_TICK:
        text, runs = text.replace("`", "'"), set()
    # The shortest run that the text does not hold: the longest plus one could be too long for GitHub.
    tick = "`" * next(length for length in range(1, _LONGEST_TICK + 1) if length not in runs)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{tick}{pad}{text}{pad}{tick}"


def line(text: str, limit: int = 200) -> str:
    """The title of an issue: one line, never empty, never longer than `limit`.

    GitHub reads nothing in a title but code spans and emoji short codes, which can only change how the title
    itself looks: they stay.
    """
    return _fit(_one_line(text) or NO_TITLE, limit)


def mrkdwn(text: str, *, limit: int = 300) -> str:
    """One line for the middle of a Slack mrkdwn text, at most `limit` characters after escaping.

    Slack has no escape for `* _ ~` and backticks. Between two letters or digits (`snake_case`) the first
    three format nothing and stay, so that names can be copied; elsewhere a look-alike stands for them,
    because an invisible character would spoil copying and searching unseen. In a web address they are
    percent-encoded, which leaves the link good. Addresses become links that show where they lead, and emoji
    short codes become emoji. `@here` and its like get a look-alike at sign; set `verbatim` on the text object
    too, so that Slack links no other names. https://docs.slack.dev/messaging/formatting-message-text
    """
    shown = _unformatted(_SLACK_QUOTE.sub(_quote, _one_line(text)))
    return _fit(shown or EMPTY, limit, lambda part: html.escape(part, quote=False))


def mrkdwn_piece(text: str) -> str:
    """A part of a line of mrkdwn, of whatever length, as mrkdwn() writes it; the line must not begin with `>`."""
    return html.escape(_unformatted(text), quote=False)


def plain(text: str, *, limit: int) -> str:
    """The text of a Slack plain_text object: formatted by nobody, never empty, never longer than `limit`."""
    return _fit(clean(text).strip() or EMPTY, limit)


def boundary(text: str, end: int) -> int:
    """The last place at or before `end` where a reader sees one character end and the next begin."""
    for place in range(end, max(0, end - _FARTHEST_STEP_BACK), -1):
        if not _is_inside_a_character(text, place):
            return place
    # Longer than any real sequence (piled-up accents): cut it anyway.
    return end if end > _FARTHEST_STEP_BACK else 0


def _attached(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    if not before or before.isspace():
        return ""
    joins = before >= _FIRST_JOINING_SCRIPT
    selector = re.match(_SELECTOR, match[0]) if joins or before in _SELECTABLE_ASCII else None
    joiner = re.search(r"[\u200c\u200d]", match[0]) if joins else None
    return (selector[0] if selector else "") + (joiner[0] if joiner else "")


def _one_line(text: str) -> str:
    return re.sub(r"[\s\u2800]+", " ", clean(text)).strip()


def _left_out(count: int) -> str:
    if not count:
        return ""
    return f"\n\n({count:,} more {'character was' if count == 1 else 'characters were'} left out.)"


def _unformatted(text: str) -> str:
    return _SLACK_MARK.sub(_unmark, _SLACK_BROADCAST.sub("＠", text))


def _quote(match: re.Match[str]) -> str:
    # Slack draws a quote for `>` at the start of a line, escaped or not.
    return match[0].replace(">", "›")


def _unmark(match: re.Match[str]) -> str:
    found = match[0]
    if found.startswith("http"):
        address = found.rstrip(_SLACK_ADDRESS_TAIL)
        encoded = re.sub(r"[*_~`]", _encoded, address)
        return encoded + found[len(address) :].translate(_SLACK_LOOKALIKE)
    return found if _is_in_a_word(match) else found.translate(_SLACK_LOOKALIKE)


def _encoded(mark: re.Match[str]) -> str:
    return mark[0] if _is_in_a_word(mark) else f"%{ord(mark[0]):02X}"


def _is_in_a_word(mark: re.Match[str]) -> bool:
    before = mark.string[mark.start() - 1 : mark.start()]
    after = mark.string[mark.end() : mark.end() + 1]
    return mark[0] in "*_~" and (before + after).isascii() and before.isalnum() and after.isalnum()


def _fit(text: str, limit: int, escape: Callable[[str], str] = str) -> str:
    if limit < 1:
        raise ValueError(f"limit is {limit}; expected at least 1")
    if len(escaped := escape(text)) <= limit:
        return escaped
    room = bisect_right(list(accumulate(len(escape(character)) for character in text[:limit])), limit - 1)
    # A mark next to the ellipsis could close formatting that the caller opened.
    return escape(text[: boundary(text, room)].rstrip(" \n*_~")) + ELLIPSIS


def _is_inside_a_character(text: str, place: int) -> bool:
    if place >= len(text):
        return False
    before, after = text[place - 1], text[place]
    if before == "\u200d" or _CONTINUES.match(after) or unicodedata.category(after).startswith("M"):
        return True
    return after in _FLAG_LETTERS and (place - len(text[:place].rstrip(_FLAG_LETTERS))) % 2 == 1
