from __future__ import annotations

import pytest

from identity_bot.text.formatted.document import Block, Kind, Run, Style
from identity_bot.text.formatted.from_markdown import from_markdown


def styled(text: str, *styles: Style) -> Run:
    return Run(text=text, styles=frozenset(styles))


def runs(body: str) -> tuple[Run, ...]:
    (block,) = from_markdown(body).blocks
    return block.runs


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("**b _i_**", (styled("b ", Style.BOLD), styled("i", Style.BOLD, Style.ITALIC))),
        ("~~s~~ `c`", (styled("s", Style.STRIKE), Run(text=" "), styled("c", Style.CODE))),
        ("<b>b</b><kbd>k</kbd></i>", (styled("b", Style.BOLD), styled("k", Style.CODE))),
        ("# Title", (styled("Title", Style.BOLD),)),
        ("one\ntwo  \nthree<br>four", (Run(text="one\ntwo\nthree\nfour"),)),
        (r"\*a\* &amp; &lt;!here&gt;", (Run(text="*a* & <!here>"),)),
        ("[l](https://a.test)", (Run(text="l", address="https://a.test"),)),
        ("[l](docs/x.md) [m](javascript:x)", (Run(text="l [m](javascript:x)"),)),
        ("![plan](https://a.test/1)", (Run(text="plan", address="https://a.test/1"),)),
        (
            '<img width="3" alt="a &amp; b" src="https://a.test/1">',
            (Run(text="a & b", address="https://a.test/1"),),
        ),
        ("a<!-- hidden -->b", (Run(text="ab"),)),
        ("---", (Run(text="———"),)),
        ("- [x] done", (Run(text="[x] done"),)),
    ],
)
def test_a_paragraph_is_read_as_github_draws_it(body: str, shown: tuple[Run, ...]) -> None:
    assert runs(body) == shown


@pytest.mark.parametrize(
    ("body", "people"),
    [
        ("@ada and (@Bob), @cy.", {"ada", "Bob", "cy"}),
        ("@octo-org/team ada@va.test x@ada @ada/x", set()),
        ("`@ada` <code>@ada</code> [@ada](https://a.test)", set()),
        ("```\n@ada\n```", set()),
    ],
)
def test_people_are_known_by_their_logins(body: str, people: set[str]) -> None:
    assert from_markdown(body).people == people


def test_lists_quotes_and_code_are_blocks() -> None:
    body = "- a\n\n  2. b\n  3. c\n\n> q\n> > r\n\n```py\nx = 1\n```\n"

    assert from_markdown(body).blocks == (
        Block(kind=Kind.ITEM, runs=(Run(text="a"),)),
        Block(kind=Kind.ITEM, depth=1, number=2, runs=(Run(text="b"),)),
        Block(kind=Kind.ITEM, depth=1, number=3, runs=(Run(text="c"),)),
        Block(is_quoted=True, runs=(Run(text="q"),)),
        Block(is_quoted=True, runs=(Run(text="r"),)),
        Block(kind=Kind.CODE, runs=(Run(text="x = 1"),)),
    )


def test_the_cells_of_a_table_stand_beside_each_other() -> None:
    (block,) = from_markdown("| a | b |\n|---|---|\n| 1 |  |\n").blocks

    assert block.text == "a | b\n1 | "


def test_hidden_comments_are_left_out_and_folded_text_is_read() -> None:
    body = "<!-- key=1 -->\n<details><summary>Logs</summary>\n\ntext\n\n</details>\n\n<!-- never closed"

    assert from_markdown(body).text == "Logs\ntext"


def test_character_references_bring_nothing_hidden_in() -> None:
    assert from_markdown("a&#8238;b&#x200b;c").text == "a\ufffdbc"


def test_a_surrogate_does_no_harm() -> None:
    assert from_markdown("[a](https://a.test/\ud800)").text


def test_in_a_file_a_line_end_within_a_paragraph_is_a_space() -> None:
    written = "Seed the\ndatabase.  \nRestart\nit.\n\n1. Begin\n   again.\n"

    document = from_markdown(written, is_file=True)

    assert [block.text for block in document.blocks] == ["Seed the database.\nRestart it.", "Begin again."]
