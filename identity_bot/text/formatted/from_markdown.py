"""Reads a GitHub comment, which is Markdown with some HTML."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from identity_bot.text.formatted.document import Block, Document, Kind, Run, Style, cleaned, inline
from identity_bot.text.markdown import clean
from identity_bot.text.names import LOGIN

_RULE = "———"
_IMAGE = "image"
_CELLS = " | "
_STYLES = {"strong": Style.BOLD, "em": Style.ITALIC, "s": Style.STRIKE}
_TAGS = {
    "b": Style.BOLD,
    "strong": Style.BOLD,
    "i": Style.ITALIC,
    "em": Style.ITALIC,
    "s": Style.STRIKE,
    "del": Style.STRIKE,
    "strike": Style.STRIKE,
    "code": Style.CODE,
    "kbd": Style.CODE,
    "samp": Style.CODE,
    "tt": Style.CODE,
}
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*)>")
_SOURCE = re.compile(r"""\bsrc\s*=\s*["']?([^\s"'<>]+)""")
_ALTERNATIVE = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_MENTION = re.compile(rf"(?<![A-Za-z0-9_/`.@-])@({LOGIN})(?![A-Za-z0-9_/-])")


def from_markdown(body: str, *, is_file: bool = False) -> Document:
    """What a comment says, as GitHub draws it: a line end is a line end, and hidden comments are left out.

    In a file (`is_file`), a line end within a paragraph is a space.
    Images become links. Cells of a table stand beside each other, with a bar between them.
    """
    # One for each comment: threads may not share a reader, which compiles its rules at the first use.
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    reading = _Reading()
    for token in reader.parse(clean(body)):
        for part in token.children or () if is_file else ():
            if part.type == "softbreak":
                part.type, part.content = "text", " "
        reading.take(token)
    return Document(blocks=tuple(block for block in reading.blocks if block.text.strip()))


class _Reading:
    """The blocks read so far, and what the next one stands in."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._quotes = 0
        self._lists: list[int | None] = []
        self._begins_item = False
        self._base: frozenset[Style] = frozenset()
        self._table: list[Run] | None = None

    def take(self, token: Token) -> None:
        """Read one more token of the comment."""
        match token.type:
            case "inline":
                self._text(_runs(token.children or (), self._base))
            case "fence" | "code_block":
                self._add(Kind.CODE, [Run(text=token.content.strip("\n"))])
            case "html_block":
                self._text(_runs(_parts(token.content.strip("\n")), self._base))
            case "hr":
                self._add(Kind.TEXT, [Run(text=_RULE)])
            case "heading_open" | "thead_open":
                self._base = frozenset({Style.BOLD})
            case "heading_close" | "thead_close":
                self._base = frozenset()
            case _:
                self._enter_or_leave(token)

    def _enter_or_leave(self, token: Token) -> None:
        match token.type:
            case "blockquote_open" | "blockquote_close":
                self._quotes += token.nesting
            case "bullet_list_open" | "ordered_list_open":
                is_ordered = token.type == "ordered_list_open"
                self._lists.append(int(token.attrs.get("start", 1)) if is_ordered else None)
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
                self._begins_item = False
            case "list_item_open":
                self._begins_item = True
            case "list_item_close":
                if (number := self._lists[-1]) is not None:
                    self._lists[-1] = number + 1
            case _:
                self._enter_or_leave_table(token)

    def _enter_or_leave_table(self, token: Token) -> None:
        match token.type:
            case "table_open":
                self._table = []
            case "tr_open" if self._table:
                self._table.append(Run(text="\n"))
            case "th_open" | "td_open" if self._table and self._table[-1].text != "\n":
                self._table.append(Run(text=_CELLS))
            case "table_close" if self._table is not None:
                runs, self._table = self._table, None
                self._text(runs)

    def _text(self, runs: Sequence[Run]) -> None:
        if self._table is not None:
            self._table += runs
        else:
            self._add(Kind.ITEM if self._begins_item else Kind.TEXT, runs)

    def _add(self, kind: Kind, runs: Sequence[Run]) -> None:
        depth = len(self._lists) - 1 if kind is Kind.ITEM else 0
        number = self._lists[-1] if kind is Kind.ITEM else None
        is_quoted = self._quotes > 0
        shown = tuple(map(cleaned, runs)) if kind is Kind.CODE else inline(runs)
        self.blocks.append(Block(kind=kind, runs=shown, is_quoted=is_quoted, depth=depth, number=number))
        self._begins_item = False


def _runs(tokens: Iterable[Token], base: frozenset[Style]) -> list[Run]:
    """The runs of a paragraph; `base` is how all of it looks."""
    runs: list[Run] = []
    on: Counter[Style] = Counter(base)
    address = ""
    for token in tokens:
        now = Run(
            text="", styles=frozenset(style for style, count in on.items() if count > 0), address=address
        )
        name = token.type.removesuffix("_open").removesuffix("_close")
        match token.type:
            case "text" | "text_special" if address:
                runs.append(replace(now, text=token.content))
            case "text" | "text_special":
                runs += _mentions(token.content, now)
            case "softbreak" | "hardbreak":
                runs.append(Run(text="\n"))
            case "code_inline":
                runs.append(replace(now, text=token.content, styles=now.styles | {Style.CODE}))
            case "link_open" | "link_close":
                address = str(token.attrs.get("href", ""))
            case "image":
                source = str(token.attrs.get("src", ""))
                runs.append(replace(now, text=token.content or _IMAGE, address=address or source))
            case "html_inline":
                runs += _drawn(token.content, now, on)
            case _ if name in _STYLES:
                on[_STYLES[name]] += token.nesting
    return runs


def _drawn(tag: str, now: Run, on: Counter[Style]) -> Iterator[Run]:
    """What GitHub draws for a tag; one that changes how text looks changes `on`."""
    found = _TAG.fullmatch(tag)
    name = found[2].lower() if found else ""
    if found and name in _TAGS:
        on[_TAGS[name]] = max(0, on[_TAGS[name]] + (-1 if found[1] else 1))
    elif found and name == "img" and (source := _SOURCE.search(found[3])):
        text = next((one for one in _ALTERNATIVE.findall(found[3])[:1] for one in one if one), _IMAGE)
        yield replace(now, text=html.unescape(text), address=now.address or html.unescape(source[1]))
    elif name == "br":
        yield Run(text="\n")


def _parts(block: str) -> Iterator[Token]:
    """A block of HTML as the tokens of a paragraph."""
    place = 0
    block = _HIDDEN.sub("", block)
    for tag in _TAG.finditer(block):
        yield Token("text", "", 0, content=html.unescape(block[place : tag.start()]))
        yield Token("html_inline", "", 0, content=tag[0])
        place = tag.end()
    yield Token("text", "", 0, content=html.unescape(block[place:]))


def _mentions(text: str, now: Run) -> Iterator[Run]:
    place = 0
    for found in _MENTION.finditer(text) if Style.CODE not in now.styles else ():
        yield replace(now, text=text[place : found.start()])
        yield replace(now, text=found[0], person=found[1])
        place = found.end()
    yield replace(now, text=text[place:])
