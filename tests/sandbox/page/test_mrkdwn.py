"""Slack's mrkdwn and dates as the page draws them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity_bot_sandbox.page import markdown, mrkdwn
from identity_bot_sandbox.page.mrkdwn import Reader
from identity_bot_sandbox.page.where import Where

BASE = "http://127.0.0.1:9"
READER = Reader(
    people={"U1": "Juniper Vale"},
    channels={"C1": "general"},
    groups={"S1": "@identity-team"},
    leads_to=lambda address: Where().leads_to(address, BASE),
)
TAGS = re.compile(r"</?([a-z0-9]+)")
HOSTILE = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<javascript:alert(1)|press>",
    '<https://x.example/"onmouseover="alert(1)|words>',
    "[press](javascript:alert(1))",
    '![p](x" onerror="alert(1))',
    "`<b>`</code><svg onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<!-- <script> --><script>alert(1)</script>",
    "\U000f0000\U000f0001*a*\U000f0000",
)


def drawn_markdown(text: str) -> str:
    leads_to = READER.leads_to
    return str(markdown.html(text, repository="sandbox-org/identity-requests", leads_to=leads_to))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~gone~", "<strong>bold</strong> <em>it</em> <s>gone</s>"),
        ("2*3*4 snake_case_word", "2*3*4 snake_case_word"),
        ("*bold <@U1>*", '<strong>bold <span class="mention">@Juniper Vale</span></strong>'),
        ("<#C1> <!subteam^S1>", None),
        ("`*a* <@U1>`", "<code>*a* &lt;@U1&gt;</code>"),
        ("```one\n*two*```", "<pre><code>one\n*two*</code></pre>"),
        ("a\nb", "a<br>b"),
        ("&gt; said\n&gt; twice\nanswer", "<blockquote>said<br>twice</blockquote>answer"),
        (":tada: :unheard_of:", "🎉 :unheard_of:"),
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
    ],
)
def test_slacks_formats_are_drawn(text: str, html: str | None) -> None:
    drawn = str(READER.mrkdwn(text))

    assert html is None or drawn == html
    if html is None:
        assert "#general" in drawn
        assert "@identity-team" in drawn


def test_a_broadcast_mention_is_drawn_so_that_it_is_seen() -> None:
    assert 'class="mention broadcast"' in READER.mrkdwn("<!channel> lunch")


def test_a_link_to_an_issue_of_the_sandbox_stays_in_the_page() -> None:
    drawn = str(READER.mrkdwn(f"<{BASE}/github/sandbox-org/identity-requests/issues/3|#3>"))

    assert drawn == '<a href="/github/sandbox-org/identity-requests/issues/3">#3</a>'


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            f"{BASE}/github/sandbox-org/identity-restricted/issues/3",
            "sandbox-org/identity-restricted/issues/3",
        ),
        ("https://redirect.github.com/sandbox-org/vets-api/pull/1", "sandbox-org/vets-api/issues/1"),
        (
            "https://github.com/sandbox-org/vets-api/issues/1#issuecomment-5",
            "sandbox-org/vets-api/issues/1#issuecomment-5",
        ),
        ("https://redirect.github.com/other-org/vets-api/pull/1", None),
        ("https://evil.example/github.com/sandbox-org/vets-api/pull/1", None),
        ("https://github.com/sandbox-org/vets-api/actions", None),
    ],
)
def test_what_belongs_to_the_sandboxs_organization_is_found_in_the_page(
    address: str, shown: str | None
) -> None:
    assert Where().leads_to(address, BASE) == (shown and f"/github/{shown}")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{date_short_pretty} at {time}", "today at 14:05"),
        ("{date_num} {time_secs}", "2026-11-21 14:05:09"),
        ("{date}", "November 21st, 2026"),
        ("{date_short} at {time}", "Nov 21, 2026 at 14:05"),
        ("{date_long}", "Saturday, November 21st, 2026"),
        ("{ago}", "3 hours ago"),
        ("{sundial}", None),
        ("no token", None),
    ],
)
def test_a_date_is_written_as_slack_writes_it(pattern: str, words: str | None) -> None:
    moment = datetime(2026, 11, 21, 14, 5, 9, tzinfo=UTC)

    assert mrkdwn.dated(pattern, moment, moment + timedelta(hours=3)) == words


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(days=-2), "2 days ago"),
        (timedelta(days=400), "in 1 year"),
    ],
)
def test_how_far_away_a_moment_is(away: timedelta, words: str) -> None:
    now = datetime(2026, 11, 21, 14, tzinfo=UTC)

    assert mrkdwn.distance(now + away, now) == words


def test_a_near_day_has_a_name() -> None:
    now = datetime(2026, 11, 21, 14, tzinfo=UTC)
    days = [mrkdwn.dated("{date_long_pretty}", now + timedelta(days=days), now) for days in (-1, 1, 9)]

    assert days == ["yesterday", "tomorrow", "Monday, November 30th, 2026"]


def test_a_date_is_drawn_in_a_message_and_its_fallback_where_it_must() -> None:
    moment = datetime(2026, 11, 21, 14, tzinfo=UTC)
    reader = Reader(now=lambda: moment + timedelta(minutes=5))
    ts = int(moment.timestamp())

    drawn = reader.mrkdwn(f"due <!date^{ts}^{{ago}}|Nov 21> or <!date^{ts}^{{moon}}|Nov 21>")
    linked = reader.mrkdwn(f"<!date^{ts}^{{ago}}^https://a.example/|Nov 21>")
    forged = reader.mrkdwn(f"<!date^{ts}^{{ago}}^javascript:alert(1)|Nov 21>")

    assert ">5 minutes ago</time> or <time" in drawn
    assert ">Nov 21</time>" in drawn
    assert 'href="https://a.example/"' in linked
    assert "href" not in forged


def test_a_link_elsewhere_opens_apart_from_the_page() -> None:
    assert 'rel="noopener noreferrer"' in READER.mrkdwn("<https://github.com/github/docs/issues/3>")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text: str) -> None:
    for drawn in (str(READER.mrkdwn(text)), str(READER.plain(text)), drawn_markdown(text)):
        assert not re.search(r"<(script|img|svg|details)", drawn)
        assert not re.search(r"<[^>]*\son\w+=", drawn)
        assert 'href="javascript' not in drawn


@given(
    st.lists(st.sampled_from([*"*_~`<>|@#!&\n :a1", "<@U1>", "```", "\U000f0000"]), max_size=60).map("".join)
)
@settings(max_examples=300, deadline=None)
def test_any_text_is_drawn_with_tags_of_ours_that_are_all_closed(text: str) -> None:
    """Formats may cross each other, but nothing else may come of a text than the tags that the page knows."""
    drawn = str(READER.mrkdwn(text))

    names = TAGS.findall(drawn)
    assert set(names) <= {"strong", "em", "s", "code", "pre", "br", "a", "span", "blockquote"}
    for name in {*names} - {"br"}:
        assert drawn.count(f"<{name}") >= drawn.count(f"</{name}>")
    assert "\U000f0000" not in drawn
