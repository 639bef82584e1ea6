"""Writes Markdown for GitHub in which only our formatting, links and mentions have an effect.

GitHub looks for mentions and references in what Markdown has drawn already, so that no escape hides them, but not in
code: there they stand. https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from identity_bot.text.formatted.document import Block, Document, Kind, Run, Style, merged
from identity_bot.text.formatted.pages import pages
from identity_bot.text.markdown import block as fenced
from identity_bot.text.markdown import clean, span
from identity_bot.text.names import LOGIN

# In this order from the outside to the inside. A tag draws the same where a mark would be read as text.
_MARKS = ((Style.BOLD, "**", "b"), (Style.STRIKE, "~~", "s"), (Style.ITALIC, "_", "i"))
_ENDS_MARKED = " \n\t.,;:!?)"

_ESCAPED = re.compile(
    r"[\\`*~\[\]<>&|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|!\Z|(?<=www)\.", re.IGNORECASE
)
# A list, a heading, a line under a heading, a table's second line; and a command, of whatever bot.
_LINE_START = re.compile(r"\A(\u00a0*)([0-9]{1,9}(?=[.)])|(?=[#+\-=:/]))")
_INDENTATION = re.compile(r"\A[ \t\u00a0]+")
_ENTITY = re.compile(r"&(?=#?\w+;)")

# A whole word becomes code, so that a redaction finds what it is part of.
_WORD = re.compile(r"\S+")
_BEFORE_WORD = "([{\"'"
_AFTER_WORD = ".,;:!?)]}\"'"
_REFERENCE = re.compile(
    r"#[0-9]|\$|(?<![A-Za-z0-9])GH(?:SA)?-[0-9A-Za-z]|(?<![A-Za-z0-9])[0-9a-f]{7,40}(?![A-Za-z0-9_])|@[A-Za-z0-9]",
    re.IGNORECASE,
)
_MAILBOX = re.compile(r"[A-Za-z0-9_.+%-]*[A-Za-z0-9_]@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
# A link to one of these makes an entry in its history, unless it goes by GitHub's redirector.
_CROSS_REFERENCE = re.compile(
    r"https?://(?:www\.)?github\.com(/[^/?#]+/[^/?#]+/(?:issues|pull|discussions|commit)/.*)", re.IGNORECASE
)
_ELSEWHERE = re.compile(
    r"https?://[^/?#]+/[^/?#]+/[^/?#]+/(?:issues|pull|discussions|commit)/", re.IGNORECASE
)


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

    def write(block: Block, place: _Place) -> str:
        return place.divider + _written(block, place, login, name)

    return "".join(pages(list(_placed(document.readable)), write, limit=limit, more=more))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a block stands: what divides it from the one before, and what its lines begin with."""

    divider: str
    first: str
    others: str


def _placed(blocks: Sequence[Block]) -> Iterator[tuple[Block, _Place]]:
    indents: list[int] = []
    """Where the text of each item begins that the next one may stand in."""
    before: Block | None = None
    for block in blocks:
        if before is None or before.is_quoted is not block.is_quoted or block.kind is not Kind.ITEM:
            indents = []
        first = others = "> " if block.is_quoted else ""
        if block.kind is Kind.ITEM:
            mark = "- " if block.number is None else f"{block.number}. "
            indents = indents[: block.depth]
            indent = indents[-1] if indents else 0
            indents.append(indent + len(mark))
            first, others = f"{first}{' ' * indent}{mark}", f"{others}{' ' * indents[-1]}"
        yield block, _Place(divider=_divider(before, block), first=first, others=others)
        before = block


def _divider(before: Block | None, block: Block) -> str:
    if before is None:
        return ""
    if before.is_quoted is not block.is_quoted:
        return "\n\n"
    if before.kind is block.kind is Kind.ITEM:
        return "\n"
    return "\n>\n" if block.is_quoted else "\n\n"


def _written(block: Block, place: _Place, login: Callable[[str], str], name: Callable[[str], str]) -> str:
    if block.kind is Kind.CODE:
        lines = fenced(block.text, limit=len(block.text)).split("\n")
    else:
        lines = [_line(_resolved(line, login, name)) for line in block.lines]
    if block.kind is Kind.ITEM:
        lines = [line for line in lines if line] or [""]  # an empty line would end the list
    starts = [place.first] + [place.others] * (len(lines) - 1)
    return "\n".join((start + line).rstrip(" ") for start, line in zip(starts, lines, strict=True))


def _resolved(
    line: Sequence[Run], login: Callable[[str], str], name: Callable[[str], str]
) -> tuple[Run, ...]:
    """The line with logins as the people whom it mentions; somebody who has none is named in the text."""
    return merged(
        _person(run, line[place + 1].text[:1] if place + 1 < len(line) else "", login, name)
        if run.person
        else run
        for place, run in enumerate(line)
    )


def _person(run: Run, after: str, login: Callable[[str], str], name: Callable[[str], str]) -> Run:
    known = login(run.person)
    # With a letter behind it, the login would be somebody else's.
    if re.fullmatch(LOGIN, known) and not re.match(r"[\w/-]", after):
        return Run(text=f"@{known}", styles=run.styles - {Style.CODE}, person=known)
    return Run(text=" ".join(clean(known or name(run.person)).split()) or run.text, styles=run.styles)


def _line(runs: Sequence[Run]) -> str:
    """A line with its marks, which begins nothing but a paragraph."""
    pieces: list[str] = []
    before = ""
    for place, run in enumerate(runs):
        piece = _marked(run, before, runs[place + 1] if place + 1 < len(runs) else None)
        # Between two spans of code, their marks would be one.
        pieces += [" ", piece] if before == "`" and piece.startswith("`") else [piece]
        before = piece[-1:]
    shown = "".join(pieces).rstrip()
    shown = _INDENTATION.sub(lambda found: "\u00a0" * len(found[0].expandtabs(4)), shown)
    return _LINE_START.sub(r"\1\2\\", shown)


def _marked(run: Run, before: str, after: Run | None) -> str:
    text = run.text.strip()
    if not text:
        return run.text
    start = run.text[: len(run.text) - len(run.text.lstrip())]
    end = run.text[len(run.text.rstrip()) :]
    core = _linked(run, text)
    begins_word = not (before + start) or (before + start)[-1].isspace()
    follows = end or (after.text if after else "")
    is_plain = end or after is None or not (after.styles or after.address or after.person)
    ends_word = not follows or follows[0].isspace() or (is_plain and follows[0] in _ENDS_MARKED)
    for style, mark, tag in reversed(_MARKS):
        if style in run.styles and begins_word and ends_word:
            core = f"{mark}{core}{mark}"
        elif style in run.styles:
            core = f"<{tag}>{core}</{tag}>"
    return f"{start}{core}{end}"


def _linked(run: Run, text: str) -> str:
    if run.person:
        return text
    shown = span(text, limit=len(text)) if Style.CODE in run.styles else _literal(text)
    if not run.address:
        return shown
    address = run.address
    if found := _CROSS_REFERENCE.match(address):
        address = f"https://redirect.github.com{found[1]}"
    elif _ELSEWHERE.match(address):
        return shown if run.text != run.address else span(text, limit=len(text))
    elif text == address and not _REFERENCE.search(text):
        return f"<{_ENTITY.sub('&amp;', address)}>"
    return f"[{shown}](<{_ENTITY.sub('&amp;', address)}>)"


def _literal(text: str) -> str:
    """Text in which nothing has an effect."""
    pieces: list[str] = []
    place = 0
    for found in _WORD.finditer(text):
        begun = found[0].lstrip(_BEFORE_WORD)
        word = begun.rstrip(_AFTER_WORD)
        if _REFERENCE.search(word) and not _MAILBOX.fullmatch(word):
            start = found.end() - len(begun)
            pieces += [_escaped(text, place, start), span(word, limit=len(word))]
            place = start + len(word)
    return "".join([*pieces, _escaped(text, place, len(text))])


def _escaped(text: str, start: int, end: int) -> str:
    return _ESCAPED.sub(r"\\\g<0>", text[start:end])
