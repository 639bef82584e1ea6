"""Markdown files as articles: what is read of them, and what is left out."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity_bot.articles.article import Article, UnreadableArticle, is_article, read, told_apart

PAGE = "https://github.com/octo/docs/blob/main/docs/help/page.md"


def text_of(markdown: str, address: str = "") -> str:
    return read("docs/help/page.md", markdown.encode(), address).answer.text


def test_the_first_heading_is_the_title_and_the_rest_the_text() -> None:
    article = read("local/no-users.md", b"# No `users` in the list\n\nPull the mock data.\n")

    assert article.answer.title == "No users in the list"
    assert article.answer.text == "Pull the mock data."
    assert (article.answer.name, article.answer.url) == ("local/no-users", "")


@pytest.mark.parametrize(
    ("markdown", "title", "text"),
    [
        ("No users\n========\nPull.", "No users", "Pull."),
        ("## No users ##\nPull.", "No users", "Pull."),
        ("Pull first.\n\n# No users\nThen start.", "No users", "Pull first.\n\n# No users\nThen start."),
        (
            "```\n# not a heading\n```\n# No users\nPull.",
            "No users",
            "```\n# not a heading\n```\n# No users\nPull.",
        ),
        ("Pull the mock data.", "Some page", "Pull the mock data."),
        ("---\ntitle: 'No users'\n---\n# Users\nPull.", "No users", "# Users\nPull."),
        ("---\ntitle: Users\n---\n# Users\nPull.", "Users", "Pull."),
        ("---\n---\nPull.", "Some page", "Pull."),
        ("# " + "x" * 500 + "\nPull.", "x" * 149 + "…", "Pull."),
    ],
)
def test_an_article_without_a_plain_heading_has_a_title_too(markdown: str, title: str, text: str) -> None:
    answer = read("some-page.md", markdown.encode()).answer

    assert (answer.title, answer.text) == (title, text)


def test_the_front_matter_names_keywords_and_where_the_article_is() -> None:
    markdown = (
        "---\nkeywords: blank, nobody\nurl: https://example.gov/help\nunknown: 7\n---\n# No users\nPull."
    )

    article = read("page.md", markdown.encode(), PAGE)

    assert (article.keywords, article.answer.url) == ("blank, nobody", "https://example.gov/help")


def test_a_byte_order_mark_and_line_ends_of_windows_are_not_in_the_way() -> None:
    data = b"\xef\xbb\xbf---\r\ntitle: No users\r\n---\r\nPull.\r\nStart.\r\n"

    answer = read("page.md", data).answer

    assert (answer.title, answer.text) == ("No users", "Pull.\nStart.")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "has no text"),
        (b" \n\n\t", "has no text"),
        (b"# A title only\n", "has no text"),
        (b"<!-- nothing to see -->", "has no text"),
        (b"x" * 100_001, "is larger than 100,000 bytes"),
        (b"x" * 40_001, "has 40,001 characters; expected at most 40,000"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not text in UTF-8"),
        (b"text\x00text", "is not text, but binary"),
        ("Größe".encode("latin-1"), "is not text in UTF-8"),
        ("# Users".encode("utf-16"), "is not text in UTF-8"),
        ("# Users".encode("utf-16-le"), "is not text, but binary"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "is a page of HTML; expected Markdown"),
        (b"---\nurl: javascript:alert(1)\n---\nx", "url: expected https://"),
    ],
)
def test_a_file_that_is_no_article_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableArticle) as refused:
        read("page.md", data)

    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("written", "alone", "in_github"),
    [
        ("[a](https://example.gov/x)", "[a](https://example.gov/x)", "[a](https://example.gov/x)"),
        ("[a](other.md#top)", "a", "[a](https://github.com/octo/docs/blob/main/docs/help/other.md#top)"),
        ("[a](/x.md)", "a", "[a](https://github.com/octo/docs/blob/main/x.md)"),
        ("[a](//example.gov/x)", "a", "[a](https://example.gov/x)"),
        ("[a]()", "a", "a"),
        ("[a](javascript:alert(1))", "[a](javascript:alert(1))", "[a](javascript:alert(1))"),
        ("[a](mailto:ada@example.gov)", "a", "a"),
        (
            "![a picture](shot.png)",
            "a picture",
            "[a picture](https://github.com/octo/docs/blob/main/docs/help/shot.png)",
        ),
        ("`[a](b)` [c](http://[)", "`[a](b)` c", "`[a](b)` c"),
        ("```\n[a](b)\n```", "```\n[a](b)\n```", "```\n[a](b)\n```"),
    ],
)
def test_links_to_nowhere_are_plain_text(written: str, alone: str, in_github: str) -> None:
    assert (text_of(written), text_of(written, PAGE)) == (alone, in_github)


def test_html_comments_are_left_out_and_tags_are_not_searched() -> None:
    article = read(
        "page.md", b"# A\nPull <b class='kbd'>it</b>.<!-- secret\nnote --> Done. [docs](https://kbd.gov)"
    )

    assert "secret" not in article.answer.text
    assert "kbd" not in article.body
    assert " ".join(article.body.split()) == "Pull it . Done. [docs]"


def test_articles_of_the_same_title_are_told_apart_by_their_names() -> None:
    files = {"api/setup.md": b"# Setup\nOne.", "web/setup.md": b"# Setup\nTwo.", "x.md": b"# setup\nThree."}

    found = told_apart(read(path, data) for path, data in files.items())

    assert [one.answer.title for one in found] == ["Setup", "Setup (web/setup)", "setup (x)"]
    assert [one.answer.name for one in found] == ["api/setup", "web/setup", "x"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.md", True),
        ("A/B.MARKDOWN", True),
        (".git/a.md", False),
        (".a.md", False),
        ("a.txt", False),
        ("md", False),
    ],
)
def test_articles_are_markdown_files_that_are_not_hidden(path: str, expected: bool) -> None:
    assert is_article(path) is expected


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "ignore")))
)
def test_any_file_is_an_article_or_refused(data: bytes) -> None:
    with contextlib.suppress(UnreadableArticle):
        assert isinstance(read("page.md", data), Article)


@pytest.mark.parametrize(
    "unit", ["[", '[a](b "', "# ", " ", "<a ", "<!--", "![](", "`", "---\n", "a\n=\n", "*_"]
)
def test_a_file_made_to_be_slow_is_read_in_no_time(unit: str) -> None:
    data = (unit * 100_000)[:39_990].encode()
    begun = time.perf_counter()

    for one in (data, b"# " + data):
        try:
            read("page.md", one)
        except UnreadableArticle:
            continue

    assert time.perf_counter() - begun < 10


@pytest.mark.parametrize(
    "text", [" ".join("`" * length for length in range(1, 270)), "[a](" + " " * 30_000 + "x"]
)
def test_a_line_that_nearly_holds_code_or_a_link_is_read_in_no_time(text: str) -> None:
    """Each would be tried from each place to the end of the line."""
    begun = time.perf_counter()

    read("a.md", f"# A\nbody {text}".encode())

    assert time.perf_counter() - begun < 10
