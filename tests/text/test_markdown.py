from __future__ import annotations

import html
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from identity_bot.text.markdown import block, clean, line, mrkdwn, plain, span

NASTY = [
    "`",
    "``",
    "```",
    "`" * 81,
    "`" * 300,
    "~~~",
    "~~~text\n",
    "```text\n",
    "\n```\n",
    "    ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\u2028",
    "\x85",
    "\x00",
    "\x1b[31m",
    "\ud800",
    "\udc00",
    "\u202e",
    "\u2066",
    "\u2069",
    "\u200b",
    "\u200d",
    "\ufe0f",
    "\U000e0041",
    "<!-- identity-bot:ticket=0b5f -->",
    "<!--",
    "-->",
    "<details>",
    "</summary>",
    "<script>alert(1)</script>",
    "<![CDATA[",
    "@octo-org/identity",
    "#12",
    "octo/repo#1",
    "Duplicate of #3",
    "https://github.com/o/r/issues/1",
    "![x](https://x.test/a.png)",
    "[a](javascript:b)",
    "# Heading",
    "- [ ] task",
    "> quote",
    "| a | b |\n|---|---|",
    "***",
    "\\",
    "&amp;",
    "&#96;",
    "*",
    "_",
    "~",
    "<!channel>",
    "<@U123>",
    "<https://x.test|bank>",
    "@here",
    ":tada:",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1fa\U0001f1f8",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "שלום",
    "e\u0301",
    "a",
    " ",
]
ONE_FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
ONE_HEART_ON_FIRE = "\u2764\ufe0f\u200d\U0001f525"
FLAG_OF_ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

nasty = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), max_size=30).map("".join)
repeatable = settings(max_examples=100, deadline=None, derandomize=True)


def parsed(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)


def longest_run(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)


# clean


@given(nasty)
@repeatable
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)

    assert clean(once) == once


@given(nasty)
@repeatable
def test_clean_text_has_no_controls_no_surrogates_and_nothing_that_reorders(text: str) -> None:
    cleaned = clean(text)

    assert cleaned.encode().decode() == cleaned
    assert {unicodedata.category(c) for c in cleaned if c not in "\n\t"}.isdisjoint({"Cc", "Cs"})
    assert not set(cleaned) & set(
        "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\x00b\x1bc\x85", "a\ufffdb\ufffdc\ufffd"),
        ("tab\there", "tab\there"),
        ("evil\u202egnp.exe", "evil\ufffdgnp.exe"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\ud83d and \ude00", "\ufffd and \ufffd"),
        ("pass\u200bword\u00ad\ufeff", "password"),
        ("pass\u200dword", "password"),
        ("a\u3164", "a"),
        ("hid\U000e0041\U000e0042den", "hidden"),
        ("\u2764\ufe0f\ufe0e\ufe01\ufe02", "\u2764\ufe0f"),
    ],
)
def test_text_is_cleaned_to_what_was_meant(typed: str, meant: str) -> None:
    assert clean(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        ONE_FAMILY,
        ONE_HEART_ON_FIRE,
        FLAG_OF_ENGLAND,
        "\U0001f44d\U0001f3fd",
        "1\ufe0f\u20e3",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "שלום עולם",
        "\u0915\u094d\u200d\u0937",
        "e\u0301\u0323",
        "한국어 日本語",
    ],
)
def test_emoji_and_every_script_survive_cleaning(text: str) -> None:
    assert clean(text) == text


# block


@given(nasty)
@repeatable
def test_a_block_is_one_fence_that_holds_the_text_and_nothing_else(text: str) -> None:
    written = block(text)

    tokens = parsed(f"Before\n\n{written}\n\n<!-- identity-bot:ticket=real -->")

    if written == "–":
        assert not clean(text).strip()
        return
    assert [token.type for token in tokens] == [
        "paragraph_open",
        "inline",
        "paragraph_close",
        "fence",
        "html_block",
    ]
    assert tokens[3].info == "text"
    assert tokens[3].content.rstrip("\n") in shortened(clean(text))
    assert tokens[3].content.strip() == shortened(clean(text)).strip()


def shortened(text: str) -> str:
    return re.sub("`{200,}", "`" * 198 + "…", text)


@given(nasty)
@repeatable
def test_a_fence_is_never_longer_than_the_255_backticks_that_github_counts(text: str) -> None:
    written = block(text)

    assert written == "–" or longest_run(written) <= 200
    assert len(written) <= len(text) + 500


def test_a_fence_is_longer_than_any_run_of_backticks_in_the_text() -> None:
    assert block("a\n````\nb") == "`````text\na\n````\nb\n`````"


def test_the_first_line_keeps_its_indentation() -> None:
    assert block("\n \n    indented\nnot\n\n") == "```text\n    indented\nnot\n```"


def test_a_long_block_says_outside_the_fence_how_much_was_left_out() -> None:
    written = block("x" * 12_345)

    fence, sentence = parsed(written)[0], parsed(written)[2]
    assert fence.content == "x" * 10_000 + "\n"
    assert sentence.content == "(2,345 more characters were left out.)"
    assert "(1 more character was left out.)" in block("abcd", limit=3)


def test_three_thousand_emoji_fit_into_a_block_uncut() -> None:
    assert block("\U0001f600" * 3_000) == "```text\n" + "\U0001f600" * 3_000 + "\n```"


@pytest.mark.parametrize("empty", ["", " \n\t ", "\u200b", "\u200e\n"])
def test_no_text_gives_a_dash(empty: str) -> None:
    assert block(empty) == span(empty) == mrkdwn(empty) == plain(empty, limit=9) == "–"


# span


@given(nasty)
@repeatable
def test_a_span_is_one_code_token_that_holds_the_text_and_nothing_else(text: str) -> None:
    written = span(text, limit=5_000)

    [_, inline, _] = parsed(f"The answer is {written}, no more.")

    if written == "–":
        return
    assert [child.type for child in inline.children or []] == ["text", "code_inline", "text"]
    expected = re.sub(r"[\n\t]", " ", clean(text)).strip()
    assert (inline.children or [])[1].content == expected


@given(nasty)
@repeatable
def test_a_span_at_the_start_of_a_line_stays_a_span(text: str) -> None:
    tokens = parsed(span(text))

    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]


@given(nasty)
@repeatable
def test_a_span_never_needs_more_than_the_80_backticks_that_github_looks_for(text: str) -> None:
    opening = re.match("`*", span(text))

    assert opening is not None
    assert len(opening[0]) <= 80


def test_a_text_with_every_run_of_backticks_still_stays_in_its_span() -> None:
    text = " ".join("`" * length for length in range(1, 100))

    [_, inline, _] = parsed(span(text, limit=10_000))

    assert [child.type for child in inline.children or []] == ["code_inline"]


# line


@given(nasty, st.integers(min_value=1, max_value=60))
@repeatable
def test_a_title_is_one_line_that_is_never_empty_or_too_long(text: str, limit: int) -> None:
    title = line(text, limit)

    assert 1 <= len(title) <= limit
    assert "\n" not in title
    assert title == title.strip()


def test_a_title_without_words_says_so() -> None:
    assert line(" \u200b\n\u3164\u2800") == "(no title)"


def test_a_long_title_ends_with_an_ellipsis() -> None:
    assert line("word " * 100, 11) == "word word…"


# mrkdwn and plain


@given(nasty, st.integers(min_value=1, max_value=400))
@repeatable
def test_slack_sees_no_markup_and_no_line_that_is_too_long(text: str, limit: int) -> None:
    shown = mrkdwn(text, limit=limit)

    assert 1 <= len(shown) <= limit
    assert not re.search(r"[<>\n`]", shown)
    assert not re.search(r"&(?!(?:amp|lt|gt);)", shown)
    assert not shown.startswith("&gt;")
    assert not re.search(r"(?:^|[^A-Za-z0-9])[*_~]|[*_~](?:[^A-Za-z0-9…]|$)", shown)
    assert not re.search(r"(?<![A-Za-z0-9])@here", shown)


@given(st.text(alphabet=st.characters(blacklist_characters="*_~`@>\u2800"), max_size=60))
@repeatable
def test_text_without_marks_comes_back_after_unescaping(text: str) -> None:
    shown = mrkdwn(text, limit=1_000)

    assert html.unescape(shown) == (" ".join(clean(text).split()) or "–")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("*bold* _it_ ~gone~ `code`", "∗bold∗ ˍitˍ ∼gone∼ 'code'"),
        ("snake_case and 2*3", "snake_case and 2*3"),
        ("__init__", "ˍˍinitˍˍ"),
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("> quote", "› quote"),
        ("a > b", "a &gt; b"),
        ("@here and me@here.org", "＠here and me@here.org"),
        ("@here@channel.", "＠here＠channel."),
        ("@org/package", "@org/package"),
        ("https://x.test/_a_/b_c?d=*", "https://x.test/%5Fa%5F/b_c?d=∗"),
        ("*https://x.test/a*", "∗https://x.test/a∗"),
        ("one\ntwo\t three", "one two three"),
    ],
)
def test_slack_shows_what_was_typed(typed: str, shown: str) -> None:
    assert mrkdwn(typed) == shown


def test_a_cut_never_splits_an_escaped_character() -> None:
    for limit in range(1, 30):
        assert re.fullmatch(r"(?:&amp;)*…", mrkdwn("&" * 100, limit=limit))


@given(nasty, st.integers(min_value=1, max_value=60))
@repeatable
def test_plain_text_keeps_its_limit(text: str, limit: int) -> None:
    assert 1 <= len(plain(text, limit=limit)) <= limit


@pytest.mark.parametrize(
    "whole", [ONE_FAMILY, ONE_HEART_ON_FIRE, FLAG_OF_ENGLAND, "\U0001f1fa\U0001f1f8", "e\u0301"]
)
def test_a_cut_never_splits_what_a_reader_sees_as_one_character(whole: str) -> None:
    for limit in range(1, 5 * len(whole)):
        kept = plain(whole * 5, limit=limit).removesuffix("…")

        assert kept == whole * (len(kept) // len(whole))


def test_a_pile_of_accents_is_cut_all_the_same() -> None:
    assert len(plain("e" + "\u0301" * 1_000, limit=100)) == 100


def test_a_limit_below_one_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        plain("text", limit=0)
