from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from identity_bot.text.formatted.document import Block, Document, Kind, Run, Style
from identity_bot.text.formatted.from_markdown import from_markdown
from identity_bot.text.formatted.to_markdown import to_markdown
from identity_bot.text.markdown import clean

NASTY = [
    *"`*_~[]<>&|#+-=:/\\!@$()\"'. \t\n",
    *[
        "``",
        "```",
        "~~~",
        "**",
        "***",
        "---",
        "===",
        ":-",
        "    ",
        "1.",
        "2)",
        "\r\n",
        "\x00",
        "\ud800",
        "\u202e",
    ],
    *[
        "<!-- x -->",
        "<details>",
        "<b>",
        "</b>",
        "&amp;",
        "&#96;",
        "![x](https://x.test/a.png)",
        "[a](javascript:b)",
    ],
    *[
        "@octocat",
        "@octo-org/team",
        "#12",
        "GH-12",
        "o/r#1",
        "o/r@abcdef1",
        "abcdef1234",
        "GHSA-xxxx",
        "ada@va.test",
    ],
    *[
        "https://github.com/o/r/issues/1",
        "www.x.test",
        "http://",
        "ftp://x.test",
        "/priority high",
        "$x$",
        "a",
        "1",
    ],
]
STYLES = st.frozensets(st.sampled_from(Style), max_size=3)
text = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=4)), max_size=8).map("".join).map(clean)
run = st.builds(
    Run, text=text, styles=STYLES, address=st.sampled_from(["", "", "https://a.test/?a=1&lt;b(c)"])
)
block = st.builds(
    Block,
    kind=st.sampled_from(Kind),
    runs=st.lists(run, max_size=4).map(tuple),
    is_quoted=st.booleans(),
    depth=st.integers(0, 3),
    number=st.none() | st.integers(1, 1_000),
)
document = st.lists(block, max_size=4).map(lambda blocks: Document(blocks=tuple(blocks)))
repeatable = settings(max_examples=80, deadline=None, derandomize=True)

# As GitHub looks for them, in what is drawn and is neither code nor a link.
EFFECTS = re.compile(
    r"(?:^|[^A-Za-z0-9_])@[a-z0-9]|#[0-9]|\bGH-[0-9]|(?<![a-z0-9_])[0-9a-f]{7,40}(?![a-z0-9_])|\$",
    re.IGNORECASE,
)
DRAWN = {
    *["paragraph_open", "paragraph_close", "inline", "fence", "blockquote_open", "blockquote_close"],
    *["bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close"],
    *["list_item_open", "list_item_close"],
}
OURS = {"<b>", "</b>", "<s>", "</s>", "<i>", "</i>"}


def written(document: Document, **options: Any) -> str:
    logins, names = {"U1": "ada"}, {"U2": "Bob *@octocat*"}
    return to_markdown(
        document, login=lambda one: logins.get(one, ""), name=lambda one: names.get(one, ""), **options
    )


def paragraph(*runs: Run | str) -> Document:
    shown = tuple(Run(text=run) if isinstance(run, str) else run for run in runs)
    return Document(blocks=(Block(runs=shown),))


def bold(text: str) -> Run:
    return Run(text=text, styles=frozenset({Style.BOLD}))


def parsed(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)


def drawn(tokens: list[Token]) -> list[str]:
    """The text of each node that is neither code nor in a link."""
    shown: list[str] = []
    in_link = 0
    for token in tokens:
        in_link += token.nesting if token.type.startswith("link_") else 0
        if token.type == "text" and not in_link:
            shown.append(token.content)
    return shown


@given(document)
@repeatable
def test_nothing_breaks_out_and_nothing_has_an_effect(document: Document) -> None:
    for token in parsed(written(document)):
        assert token.type in DRAWN
        inner = token.children or []
        assert {one.content for one in inner if one.type == "html_inline"} <= OURS
        assert not [one for one in inner if one.type == "image"]
        assert {one.attrs["href"] for one in inner if one.type == "link_open"} <= {
            "https://a.test/?a=1&lt;b(c)"
        }
        assert not [one for one in drawn(inner) if EFFECTS.search(re.sub(r"[\w.+-]+@[\w.-]+\.\w+", "", one))]


@given(text)
@repeatable
def test_text_comes_back_as_it_was(text: str) -> None:
    back = from_markdown(written(paragraph(text)))

    shown = "".join(block.text for block in back.blocks)
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", text)


@given(
    st.text("xy z", min_size=1, max_size=6), STYLES, st.text("xy ", max_size=3), st.text("xy .", max_size=3)
)
@repeatable
def test_formatting_comes_back_wherever_it_begins_and_ends(
    text: str, styles: frozenset[Style], before: str, after: str
) -> None:
    run = Run(text=text, styles=styles)

    (block,) = from_markdown(written(paragraph(f"x{before}", run, f"{after}x"))).blocks

    shown = {one.styles for one in block.runs if one.text.strip()}
    assert shown == ({frozenset(), styles} if text.strip() else {frozenset()})


@given(document, st.integers(100, 300))
@repeatable
def test_a_comment_is_never_too_long(document: Document, limit: int) -> None:
    whole = written(document)
    comment = written(document, limit=limit, more="[the rest](https://a.test)")

    assert len(comment) <= limit
    assert comment == whole if len(whole) <= limit else comment.endswith("[the rest](https://a.test)")


@pytest.mark.parametrize(
    ("runs", "markdown"),
    [
        (["a ", bold("b"), ", c"], "a **b**, c"),
        (["a", bold("b"), "c"], "a<b>b</b>c"),
        (["x", bold(" b "), "y"], "x **b** y"),
        (["snake_case * 2_"], r"snake_case \* 2\_"),
        (["see #12, o/r#3 and @octocat."], "see `#12`, `o/r#3` and `@octocat`."),
        (["ask ada@va.test"], "ask ada@va.test"),
        (["it costs $5"], "it costs `$5`"),
        (["/close"], r"\/close"),
        (["no image!", Run(text="l", address="https://a.test")], r"no image\![l](<https://a.test>)"),
        (["  1. x"], "\u00a0\u00a01\\. x"),
        ([Run(text="l", address="https://a.test")], "[l](<https://a.test>)"),
        ([Run(text="https://a.test", address="https://a.test")], "<https://a.test>"),
    ],
)
def test_a_paragraph_is_written_plainly(runs: list[Run | str], markdown: str) -> None:
    assert written(paragraph(*runs)) == markdown


def test_known_people_are_mentioned_and_others_named() -> None:
    ada, bob, unknown = (Run(text="@somebody", person=one) for one in ("U1", "U2", "U3"))

    assert written(paragraph(ada, ", ", bob, ", ", unknown)) == ("@ada, Bob `*@octocat*`, `@somebody`")


def test_a_letter_behind_a_mention_makes_nobody_else_of_it() -> None:
    assert written(paragraph(Run(text="@somebody", person="U1"), "m")) == "adam"


@pytest.mark.parametrize(
    ("address", "markdown"),
    [
        ("https://github.com/o/r/issues/1", "[l](<https://redirect.github.com/o/r/issues/1>)"),
        ("https://www.github.com/o/r/pull/1#x", "[l](<https://redirect.github.com/o/r/pull/1#x>)"),
        ("https://github.com/o/r/blob/main/a.md", "[l](<https://github.com/o/r/blob/main/a.md>)"),
        ("https://github.agency.test/o/r/issues/1", "l"),
    ],
)
def test_a_link_to_an_issue_makes_no_entry_there(address: str, markdown: str) -> None:
    assert written(paragraph(Run(text="l", address=address))) == markdown


def test_lists_and_quotes_are_written() -> None:
    blocks = [
        Block(runs=(Run(text="Intro"),)),
        Block(kind=Kind.ITEM, number=9, runs=(Run(text="a\n\nb"),)),
        Block(kind=Kind.ITEM, depth=1, runs=(Run(text="c"),)),
        Block(is_quoted=True, runs=(Run(text="q\nr"),)),
        Block(is_quoted=True, kind=Kind.CODE, runs=(Run(text="x"),)),
    ]

    assert written(Document(blocks=tuple(blocks))) == (
        "Intro\n\n9. a\n   b\n   - c\n\n> q\n> r\n>\n> ```text\n> x\n> ```"
    )
