"""What both sides can show: paragraphs, list items and blocks of code, made of runs of text. Pure values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote

from identity_bot.text.markdown import boundary, clean


class Style(StrEnum):
    """How a run of text looks."""

    BOLD = "bold"
    ITALIC = "italic"
    STRIKE = "strike"
    CODE = "code"


class Kind(StrEnum):
    """What a block is."""

    TEXT = "text"
    ITEM = "item"
    CODE = "code"


PLAIN: frozenset[Style] = frozenset()

_LONGEST_ADDRESS = 2_000
_ADDRESS = re.compile(r"https?://[^\s<>]+")
_LINKABLE = re.compile(r"(?:https?://|mailto:)\S", re.IGNORECASE)
# What ends an address on one side or the other, or is no part of an address at all.
_UNSAFE = re.compile(r"[\s<>\"`|\\^{}\x00-\x20\x7f-\x9f]")
_PUNCTUATION_AFTER = "*_~`.,;:!?)]}'\""
_FALSE_LABEL = re.compile(r"(?:https?://|www\.)", re.IGNORECASE)
_WORD = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A piece of text that looks the same from its first character to its last."""

    text: str
    styles: frozenset[Style] = PLAIN
    address: str = ""
    """Where it leads, if it is a link."""
    person: str = ""
    """The Slack id or the GitHub login of the person whom it mentions; `text` is for readers who do not know them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A paragraph, a list item or a block of code; runs may hold line ends."""

    kind: Kind = Kind.TEXT
    runs: tuple[Run, ...] = ()
    is_quoted: bool = False
    depth: int = 0
    """How many lists an item stands in, apart from its own."""
    number: int | None = None
    """The number of an item; None for a bullet."""

    @property
    def text(self) -> str:
        """What people read, without formatting."""
        return "".join(run.text for run in self.runs)

    @property
    def lines(self) -> list[tuple[Run, ...]]:
        """The runs of each line."""
        lines: list[list[Run]] = [[]]
        for run in self.runs:
            first, *others = run.text.split("\n")
            lines[-1].append(replace(run, text=first) if others else run)
            lines += [[replace(run, text=text)] for text in others]
        return [merged(line) for line in lines]

    def cut(self, end: int) -> tuple[Block, Block]:
        """The block up to a place of its text, and the rest; words and mentions stay whole if possible."""
        text = self.text
        end = boundary(text, end)
        space = re.search(r"\s\S*\Z", text[max(0, end - _WORD) : end])
        if space and end < len(text):
            end -= len(space[0]) - 1
        head: list[Run] = []
        for place, run in enumerate(self.runs):
            if len(run.text) > end:
                kept = 0 if run.person else end
                tail = (replace(run, text=run.text[kept:]), *self.runs[place + 1 :])
                head.append(replace(run, text=run.text[:kept]))
                kind = Kind.TEXT if self.kind is Kind.ITEM else self.kind
                return replace(self, runs=merged(head)), replace(self, runs=tail, kind=kind, number=None)
            end -= len(run.text)
            head.append(run)
        return self, replace(self, runs=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What somebody wrote, on either side."""

    blocks: tuple[Block, ...] = ()

    @property
    def text(self) -> str:
        """Everything that would be copied, as plain text: for the privacy gate, with the addresses of the links."""
        pieces: list[str] = []
        for block in self.blocks:
            addresses = [run.address for run in block.runs if run.address and run.address != run.text]
            pieces += [block.text, *addresses]
        return "\n".join(pieces)

    @property
    def people(self) -> frozenset[str]:
        """The Slack ids or the GitHub logins of those whom it mentions."""
        return frozenset(run.person for block in self.blocks for run in block.runs if run.person)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read."""
        return not self.readable

    @property
    def readable(self) -> tuple[Block, ...]:
        """The blocks in which there is something to read."""
        return tuple(block for block in self.blocks if block.text.strip())


def inline(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Runs as one side wrote them, made safe: addresses in the text become links, and no label hides where it leads.

    A link that is neither to the web nor to a mailbox loses its address.
    """
    return merged(linked for run in merged(runs) for linked in _linked(cleaned(run)))


def cleaned(run: Run) -> Run:
    """The run without what hides or reorders text; character references can bring it in, too."""
    text = clean(run.text)
    return run if text == run.text else replace(run, text=text)


def _linked(run: Run) -> Iterator[Run]:
    if run.person or (Style.CODE in run.styles and not run.address):
        yield run
    elif run.address:
        address = _safe(run.address)
        hides = _FALSE_LABEL.match(run.text) and not run.address.startswith(run.text.rstrip("/…"))
        yield replace(run, address=address, text=run.address if hides and address else run.text)
    else:
        place = 0
        for found in _ADDRESS.finditer(run.text):
            written = found[0].rstrip(_PUNCTUATION_AFTER)
            if address := _safe(written):
                yield replace(run, text=run.text[place : found.start()])
                yield replace(run, text=written, address=address)
                place = found.start() + len(written)
        yield replace(run, text=run.text[place:])


def _safe(address: str) -> str:
    """The address, encoded so that it stays one; empty if it is none that anybody should follow."""
    encoded = _UNSAFE.sub(lambda found: quote(found[0]), clean(address).strip())
    return encoded if _LINKABLE.match(encoded) and len(encoded) <= _LONGEST_ADDRESS else ""


def merged(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The runs without empty ones, and as one run what looks the same."""
    return tuple(_merged(run for run in runs if run.text))


def _merged(runs: Iterable[Run]) -> Iterator[Run]:
    pieces: list[str] = []
    last: Run | None = None
    for run in runs:
        if last is not None and not _looks_same(run, last):
            yield _joined(last, pieces)
            pieces = []
        pieces.append(run.text)
        last = run
    if last is not None:
        yield _joined(last, pieces)


def _joined(last: Run, pieces: Sequence[str]) -> Run:
    return last if len(pieces) == 1 else replace(last, text="".join(pieces))


def _looks_same(run: Run, other: Run) -> bool:
    is_person = run.person or other.person
    return not is_person and run.styles == other.styles and run.address == other.address
