"""Finds personal data in tables, where only the head of a column says what stands below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from identity_bot.text.privacy.folding import Folded
from identity_bot.text.privacy.identifiers import DATE
from identity_bot.text.privacy.kinds import Kind, Span
from identity_bot.text.privacy.placeholders import is_placeholder, is_said_of_passwords

_HEADS = {
    Kind.SSN: re.compile(
        r"(?:\w{1,20}[ _-])?(?:ssns?|ssn[ _-](?:number|no|num)|social(?:[ _-]security)?(?:[ _-]number)?)"
    ),
    Kind.EDIPI: re.compile(r"(?:\w{1,20}[ _-])?(?:edipi|dod[ _-]?(?:id|number))"),
    Kind.VA_FILE: re.compile(
        r"(?:\w{1,20}[ _-])?(?:va[ _-]?)?file[ _-]?(?:number|num|no|nbr)|claim[ _-]?number"
    ),
    Kind.BIRTH_DATE: re.compile(
        r"(?:\w{1,20}[ _-])?(?:dob|date[ _-]of[ _-]birth|birth[ _-]?(?:date|day|dt)|born)"
    ),
    Kind.PASSWORD: re.compile(r"(?:\w{1,20}[ _-])?(?:password|passwd|pwd|pw|pass)"),
    Kind.BANK: re.compile(r"(?:bank[ _-])?(?:account|acct)[ _-]?(?:number|num|no|nbr)"),
}
"""The names that the head of a column can have, in lower case."""
_TELLING = re.compile(r"ssn|social|edipi|dod|file|claim|dob|birth|born|pass|pwd?|acc")
"""What each of these names contains."""
_SSN = re.compile(
    r"(?!000|666|9)(?!(\d)\1\1-?\1\1-?\1{4})\d{3}(?P<by>[- ]?)(?!00)\d\d(?P=by)(?!0000)\d{4}", re.ASCII
)
_DATE = re.compile(
    r"(?:19|20)\d\d(?P<by>[-/.]?)\d{1,2}(?P=by)\d{1,2}(?:[t ][\d:.z+-]{1,20})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d\d){1,2}"
    rf"|(?=\D*\d)(?=.*[a-z]){DATE}",
    re.ASCII,
)
_EDIPI = re.compile(r"\d{10}", re.ASCII)
_VA_FILE = re.compile(r"c?\d{8,9}", re.ASCII)
_ACCOUNT = re.compile(r"(?!0+\Z)\d{6,17}", re.ASCII)
_CONSTANT = re.compile(r"[A-Z]+(?:_[A-Z0-9]+)+", re.ASCII)
_INSERT = re.compile(r"\((?P<heads>[^()\n]{1,500})\)\s{0,3}values\s{0,3}(?P<row>\([^()\n]{1,1000}\))")
_SPACED = re.compile(r"\s*\S+(?:\s{2,}\S+)+\s*")
"""Columns that stand apart, unlike the words of a sentence."""
_RULER = re.compile(r"[ |+:=-]*")
_CELL = re.compile(r"[^,|;\n]*")
_WORD = re.compile(r"\S+")
_MOST_COLUMNS = 60


def _is_password(cell: str) -> bool:
    return (
        4 <= len(cell) <= 60
        and " " not in cell
        and any(map(str.isalpha, cell))
        and bool(re.search(r"[0-9!@#$%^&*+=?]", cell))
        and not cell.startswith(("$2a$", "$2b$", "$2y$"))
        and not is_placeholder(cell)
        and not is_said_of_passwords(cell)
        and not _CONSTANT.fullmatch(cell)
    )


_IS_ONE: dict[Kind, Callable[[str], object]] = {
    Kind.SSN: _SSN.fullmatch,
    Kind.EDIPI: _EDIPI.fullmatch,
    Kind.VA_FILE: _VA_FILE.fullmatch,
    Kind.BIRTH_DATE: _DATE.fullmatch,
    Kind.PASSWORD: _is_password,
    Kind.BANK: _ACCOUNT.fullmatch,
}


def find_in_tables(folded: Folded) -> Iterator[Span]:
    """The cells below a head that names something personal: values between commas, bars, semicolons or spaces."""
    yield from _in_lines(folded)
    for match in _INSERT.finditer(folded.lower) if "values" in folded.lower else ():
        heads, columns, _ = _heads(match["heads"])
        yield from _in_row(folded, match.start("row") + 1, match.end("row") - 1, heads, columns, _CELL)


def _in_lines(folded: Folded) -> Iterator[Span]:
    heads: dict[int, Kind] = {}
    columns, cell = 0, _CELL
    is_ruled = False
    place = 0
    for line, lower in zip(folded.text.split("\n"), folded.lower.split("\n"), strict=True):
        begins, place = place, place + len(line) + 1
        if heads and _RULER.fullmatch(line):
            heads, is_ruled = heads if line else {}, True
        elif heads and (columns > 1 or is_ruled) and len(_cells(line, cell)) == columns:
            yield from _in_row(folded, begins, begins + len(line), heads, columns, cell)
        else:
            (heads, columns, cell), is_ruled = _heads(lower), False


def _in_row(
    folded: Folded, begins: int, ends: int, heads: dict[int, Kind], columns: int, cell: re.Pattern[str]
) -> Iterator[Span]:
    cells = _cells(folded.text[begins:ends], cell)
    for column, kind in heads.items() if len(cells) == columns else ():
        start, end = begins + cells[column][0], begins + cells[column][1]
        text = folded.text if kind is Kind.PASSWORD else folded.lower
        if _IS_ONE[kind](text[start:end]):
            yield start, end, kind


def _heads(line: str) -> tuple[dict[int, Kind], int, re.Pattern[str]]:
    """Which columns have a telling name, how many columns there are, and what a cell is made of."""
    if len(line) <= 1000 and _TELLING.search(line):
        for cell in (_CELL, _WORD):
            cells = _cells(line, cell)
            is_one_word = len(cells) == 1 and " " not in line.strip()
            if is_one_word or 2 <= len(cells) <= _MOST_COLUMNS:
                heads = {
                    column: kind
                    for column, (start, end) in enumerate(cells)
                    for kind, name in _HEADS.items()
                    if name.fullmatch(line, start, end)
                    and not (kind is Kind.PASSWORD and cell is _WORD and not _SPACED.fullmatch(line))
                }
                if heads:
                    return heads, len(cells), cell
    return {}, 0, _CELL


def _cells(line: str, cell: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where the cells of a line stand, without spaces and quotes around them."""
    if cell is _WORD:
        return [match.span() for match in cell.finditer(line)]
    cells = []
    start = 0
    for part in re.split(r"[,|;]", line) if len(line) <= 5000 else ():
        bare = part.strip(" \"'`")
        begins = start + (part.index(bare) if bare else 0)
        cells.append((begins, begins + len(bare)))
        start += len(part) + 1
    return cells
