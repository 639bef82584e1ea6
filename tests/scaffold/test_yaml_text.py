"""YAML of somebody else's: plain values come out as they are written, and nothing large or clever comes in."""

from __future__ import annotations

import time

import pytest

from identity_bot.errors import IdentityBotError
from identity_bot.scaffold.yaml_text import MOST_BYTES, read

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_numbers_and_dates_are_texts_as_they_are_written() -> None:
    assert read(b"[1.10, 0x1F, 2026-12-01, 12:30, yes, ~, '=', =]") == [
        *("1.10", "0x1F", "2026-12-01", "12:30", True, None, "=", "=")
    ]


def test_an_alias_stands_for_its_value() -> None:
    document = b"a: &a {x: '1', y: '2'}\nb: *a\nc:\n  <<: *a\n  y: '3'\n"

    assert read(document) == {
        "a": {"x": "1", "y": "2"},
        "b": {"x": "1", "y": "2"},
        "c": {"x": "1", "y": "3"},
    }


def test_a_mapping_that_took_over_another_can_be_taken_over() -> None:
    document = b"a: &a {label: '1'}\nb:\n  inner: &b\n    <<: *a\n    label: '2'\nc:\n  <<: *b\n"

    assert read(document) == {"a": {"label": "1"}, "b": {"inner": {"label": "2"}}, "c": {"label": "2"}}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"x" * (MOST_BYTES + 1), "expected at most 100,000 bytes"),
        (b"\x89PNG\r\n\x1a\n\xff", "expected a text file in UTF-8"),
        (b"a: \x07", "not YAML: special characters are not allowed"),
        (b"a: [1", "line 1: not YAML: "),
        (b"\ta: 1", "line 1: not YAML: "),
        (b"a: 1\na: 2", "line 2: not YAML: the key 'a' occurs twice"),
        (b"? [a]\n: 1", "line 1: not YAML: found unhashable key"),
        (b"a: 1\n---\nb: 2", "line 2: expected one document; a Markdown template between"),
        (b'a: "\\U00110000"', "not YAML: an escape stands for no character"),
        (b'a: "\\UFFFFFFFF"', "not YAML: an escape stands for no character"),
        (b"a: !!python/object/apply:os.system ['true']", "line 1: expected plain values, without tags"),
        (b"a: !!binary aGk=", "line 1: expected plain values, without tags"),
        (b"a: &a [*a]", "line 1: the alias stands for nothing, or for what it is in"),
        (b"a: *b", "line 1: the alias stands for nothing"),
        (b"a: &b x\nb: *b\n<<: text", "not YAML: expected a mapping"),
        (BOMB.encode(), "line 4: expected at most 10,000 values, counting what aliases repeat"),
        (b"[" * 50_000, "line 1: expected at most 20 levels"),
        (b"- x\n" * 10_001, "line 10000: expected at most 10,000 values"),
    ],
)
def test_what_is_large_or_clever_is_refused_at_once_in_one_line(raw: bytes, why: str) -> None:
    began = time.monotonic()

    with pytest.raises(IdentityBotError) as refused:
        read(raw)

    assert why in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert time.monotonic() - began < 5
