from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity_bot.text.formatted.document import Block, Document, Kind, Run, Style
from identity_bot.text.formatted.from_markdown import from_markdown
from identity_bot.text.formatted.from_slack import from_slack
from identity_bot.text.formatted.to_mrkdwn import to_mrkdwn
from identity_bot.text.markdown import clean

NASTY = [
    *"`*_~<>&|@#!: \t\n",
    *[
        "```",
        "<!channel>",
        "<!here>",
        "<@U123>",
        "<#C1>",
        "<https://evil.test|bank>",
        "@here",
        "@channel",
        "&lt;",
    ],
    *[
        "<!subteam^S1>",
        "> quote",
        "&gt; quote",
        "https://x.test/a_b*c",
        "http://",
        "\u202e",
        "\ud800",
        "\x00",
        "a",
    ],
]
text = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=4)), max_size=8).map("".join).map(clean)
run = st.builds(
    Run,
    text=text,
    styles=st.frozensets(st.sampled_from(Style), max_size=3),
    address=st.sampled_from(["", "", "https://a.test/?a=1&b=2"]),
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

NOTATION = re.compile(r"<[^<>]*>|<|&(?!amp;|lt;|gt;)")
LOOKALIKES = str.maketrans("∗ˍ∼›", "*_~>")
LINK = re.compile(r"<https://a\.test/\?a=1&amp;b=2(?:\|[^<>|]*)?>")


def written(document: Document, **options: Any) -> tuple[str, ...]:
    return to_mrkdwn(document, slack_id=lambda login: {"ada": "U12"}.get(login, ""), **options)


def shown(body: str) -> str:
    return "\n===\n".join(written(from_markdown(body)))


@given(document)
@repeatable
def test_only_our_own_links_are_notation(document: Document) -> None:
    for page in written(document):
        assert not [one for one in NOTATION.findall(page) if not LINK.fullmatch(one)]
        outside_code = re.sub(r"```.*?```|`[^`]*`", "", page, flags=re.DOTALL)
        assert not re.search(r"@(here|channel|everyone)", outside_code)


@given(document, st.integers(100, 300), st.integers(1, 3))
@repeatable
def test_no_page_is_too_long_and_none_is_too_many(document: Document, limit: int, most: int) -> None:
    (*_, last) = pages = written(document, limit=limit, most=most, more="MORE") or ("",)

    assert len(pages) <= most
    assert all(len(page) <= limit for page in pages)
    whole = "".join(written(document, limit=100_000))
    assert len(whole) <= limit * most or last.endswith("MORE")


@given(st.lists(st.sampled_from(["a", " ", "\n", "&", "<", ">", "*b*", "_i_", "~s~", "`c`"]), max_size=12))
@repeatable
def test_text_comes_back_as_it_was(pieces: list[str]) -> None:
    document = from_slack(
        {"text": "".join(pieces).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
    )

    back = from_slack({"text": "".join(written(document))})

    assert back.text.translate(LOOKALIKES).split() == document.text.split()


@pytest.mark.parametrize(
    ("body", "mrkdwn"),
    [
        ("**b** _i_ ~~s~~ `c`", "*b* _i_ ~s~ `c`"),
        ("**b _i_**, x", "*b* *_i_*, x"),
        ("in**side** a word", "inside a word"),
        ("2 * 3 snake_case _x", "2 ∗ 3 snake_case ˍx"),
        ("[l](https://a.test?a=1&b=2)", "<https://a.test?a=1&amp;b=2|l>"),
        ("https://a.test", "<https://a.test>"),
        ("[a|b](https://a.test)", "<https://a.test|a¦b>"),
        ("Hi @ada and @octocat", "Hi <@U12> and @octocat"),
        ("@here `@here` <!channel>", "＠here `@here` "),
        ("- a\n  1. b\n\n> q\n> r", "• a\n    1. b\n\n> q\n> r"),
        ("```py\nx = '<!here>' & `y` ```` \n```", "```\nx = '&lt;!here&gt;' &amp; `y` '''` \n```"),
        (r"\> no quote", "› no quote"),
    ],
)
def test_a_comment_is_written_for_slack(body: str, mrkdwn: str) -> None:
    assert shown(body) == mrkdwn
