"""GitHub's Markdown as the page draws it."""

from __future__ import annotations

import pytest

from identity_bot_sandbox.page import markdown
from identity_bot_sandbox.page.mrkdwn import Reader
from identity_bot_sandbox.page.where import Where

BASE = "http://127.0.0.1:9"
READER = Reader(
    people={"U1": "Juniper Vale"},
    channels={"C1": "general"},
    groups={"S1": "@identity-team"},
    leads_to=lambda address: Where().leads_to(address, BASE),
)


def drawn_markdown(text: str) -> str:
    leads_to = READER.leads_to
    return str(markdown.html(text, repository="sandbox-org/identity-requests", leads_to=leads_to))


def test_markdown_is_drawn_as_github_draws_it() -> None:
    drawn = drawn_markdown("# Head\n\none\ntwo\n\n- a\n\n| x |\n|---|\n| y |\n\n```\n@code #1\n```")

    assert "<h4>Head</h4>" in drawn
    assert "one<br" in drawn
    assert "<li>a</li>" in drawn
    assert "<td>y</td>" in drawn
    assert "<code>@code #1" in drawn


@pytest.mark.parametrize(
    "text", ["@juniper-vale", "see #12", "GH-12", "a/b#12", "@org/team", "(#3)", "*@juniper-vale*"]
)
def test_what_github_would_link_is_plain_to_see(text: str) -> None:
    assert 'class="mention"' in drawn_markdown(text)


@pytest.mark.parametrize(
    "text", ["`@juniper-vale`", "```\n#12\n```", "a@b.example", "@\u200bname", "colour#fff"]
)
def test_what_github_would_not_link_is_left_alone(text: str) -> None:
    assert 'class="mention"' not in drawn_markdown(text)


def test_comments_in_markdown_are_invisible_and_other_html_is_text() -> None:
    drawn = drawn_markdown("<!-- marker -->\nbefore <!-- in --> after\n\n<div>x</div>\n\n<!-- never closed")

    assert "marker" not in drawn
    assert "never" not in drawn
    assert "before  after" in drawn
    assert "&lt;div&gt;x" in drawn


def test_a_picture_is_not_loaded_from_elsewhere() -> None:
    drawn = drawn_markdown("![a cat](https://x.example/cat.png)")

    assert "<img" not in drawn
    assert "picture: a cat" in drawn
