"""Divides a document into texts of a limited length; a block is written whole, or cut and written as two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from identity_bot.text.formatted.document import Block

Place = TypeVar("Place")
Write = Callable[[Block, Place], str]
"""Writes a block where it stands, after the line ends that divide it from the block before."""
Blocks = Sequence[tuple[Block, Place]]

_GAP = "\n\n"
_MOST_TRIES = 20


def pages(
    blocks: Blocks[Place], write: Write[Place], *, limit: int, most: int = 1, more: str = ""
) -> tuple[str, ...]:
    """At most `most` texts of at most `limit` characters; if that is not enough, the last ends with `more`."""
    done: list[str] = []
    while blocks:
        page, rest = _filled(blocks, write, limit)
        if rest and len(done) == most - 1:
            page, _ = _filled(blocks, write, limit - len(_GAP) - len(more))
            return (*done, f"{page}{_GAP}{more}".strip("\n"))
        done.append(page)
        blocks = rest
    return tuple(page for page in done if page)


def _filled(blocks: Blocks[Place], write: Write[Place], limit: int) -> tuple[str, Blocks[Place]]:
    """One page, and the blocks that it has no room for."""
    page = ""
    for index, (block, place) in enumerate(blocks):
        text = _following(page, write(block, place))
        if len(page) + len(text) <= limit:
            page += text
        elif page and len(text) <= limit // 2:
            return page, blocks[index:]
        else:
            head, tail = _cut(block, place, write, limit - len(page))
            return page + _following(page, head), [(tail, place), *blocks[index + 1 :]]
    return page, ()


def _following(page: str, text: str) -> str:
    return text if page else text.lstrip("\n")


def _cut(block: Block, place: Place, write: Write[Place], room: int) -> tuple[str, Block]:
    """As much of a block as fits, written, and the rest of it; never the whole block again."""
    end = min(len(block.text), max(0, room))
    for tries in range(_MOST_TRIES):
        head, tail = block.cut(end)
        text = write(head, place)
        if not head.text.strip():
            break
        if len(text) <= room:
            return text, tail
        # Most text gets longer evenly; what does not is halved, so that hostile text is not written too often.
        end = int(end * room / len(text)) if tries < _MOST_TRIES // 4 else end // 2
    return "", replace(block, runs=())
