"""How well personal data and secrets are told from what only looks like them, on lines that developers could paste."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from identity_bot.text.privacy import Kind, find

HERE = Path(__file__).parent
CORPUS = (
    "tuned.txt",
    "held_out.txt",
    "written_last.txt",
    "pasted.txt",
    "pasted_again.txt",
    "reported.txt",
    "support_desk.txt",
    "workday.txt",
    "workday_again.txt",
    "triage.txt",
    "lookups.txt",
)
INNOCENT = "-"


def lines(name: str) -> Iterator[tuple[str, str]]:
    """Each line's kind, "-" if it is innocent, and its text.

    In the file, a line break is written as \\n, and a broken bar keeps other scanners from taking a made-up token for a
    real one.
    """
    for written in (HERE / name).read_text(encoding="utf-8").splitlines():
        kind, _, text = written.partition("\t")
        yield kind, text.replace("¦", "").replace("\\n", "\n")


ALL = [line for name in CORPUS for line in lines(name)]


def found(text: str) -> set[Kind]:
    return {finding.kind for finding in find(text)}


def is_refused(text: str) -> bool:
    return any(kind.blocks for kind in found(text))


def must_be_refused(kind: str) -> bool:
    return kind != INNOCENT and Kind[kind].blocks


def test_the_corpus_is_large_and_about_half_of_it_is_innocent() -> None:
    innocent = sum(kind == INNOCENT for kind, _ in ALL)

    assert len(ALL) >= 600
    assert 0.4 <= innocent / len(ALL) <= 0.6
    assert {kind for kind, _ in ALL} == {INNOCENT, *(kind.name for kind in Kind if kind is not Kind.OTHER)}


def test_recall_and_precision_are_what_the_documents_say() -> None:
    personal = [text for kind, text in ALL if must_be_refused(kind)]
    refused = [kind for kind, text in ALL if is_refused(text)]
    recall = sum(map(is_refused, personal)) / len(personal)
    precision = sum(map(must_be_refused, refused)) / len(refused)
    operations = (HERE.parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")

    assert recall >= 0.98
    assert precision >= 0.98
    assert f"| {len(ALL)} | {recall:.1%} | {precision:.1%} |" in operations


def test_no_innocent_line_is_refused_or_warned_of() -> None:
    assert [text for kind, text in ALL if kind == INNOCENT and found(text)] == []


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.blocks])
def test_what_may_be_personal_is_warned_of_and_not_refused(kind: Kind) -> None:
    texts = [text for name, text in ALL if name == kind.name]

    assert [text for text in texts if found(text) != {kind}] == []
