"""What both sides can show: paragraphs, list items and blocks of code, made of runs of text. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


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
            lines[-1].append(replace(run, text=first))
            lines += [[replace(run, text=text)] for text in others]
        return [merged(line) for line in lines]


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
        return not any(block.text.strip() for block in self.blocks)


def merged(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The runs without empty ones, and as one run what looks the same."""
    return tuple(_merged(run for run in runs if run.text))


def _merged(runs: Iterable[Run]) -> Iterator[Run]:
    pieces: list[str] = []
    last: Run | None = None
    for run in runs:
        if last is not None and (run.person or last.person or replace(run, text=last.text) != last):
            yield replace(last, text="".join(pieces))
            pieces = []
        pieces.append(run.text)
        last = run
    if last is not None:
        yield replace(last, text="".join(pieces))
