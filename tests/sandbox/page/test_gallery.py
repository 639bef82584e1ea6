"""The gallery shows what the bot hands over, and says in one line why it shows nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from identity_bot.showcase.document import gallery
from identity_bot_sandbox.page.gallery import NO_BOT, GalleryError
from identity_bot_sandbox.server import Sandbox
from tests.sandbox.page.every_kind import PLUGIN
from tests.sandbox.page.played import played
from tests.support_showcase import play


def seen(sandbox: Sandbox, visitor: httpx.Client) -> str:
    """The gallery's text, without tags."""
    sandbox.showcase = played
    html = visitor.get("/gallery").text
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_form_issue_and_messages_of_each_type_are_drawn(sandbox: Sandbox, visitor: httpx.Client) -> None:
    text = seen(sandbox, visitor)
    parts = [
        "Coffee coffee From the machine",
        "As it is opened, for Coffee",
        "Milk?",
        "When “Milk?” is Yes, it also asks: Which milk? When “Milk?” is Yes, for Coffee",
        "Which milk?",
        "Coffee for Benefits Issue in sandbox-org/identity-requests coffee",
        "How large?",
        "Created Juniper Vale sent the form",
        "The team&#39;s card, in #team",
        "@Juniper Vale We got it.",
        "Prioritized Indigo Marshwick set the priority On the issue + added priority: high high Nobody gets",
        "SPOC named Indigo Marshwick named the SPOC On the issue + added priority: low − removed priority: high",
        "@Linden Brookmere You speak with &lt;them&gt;.",
        "An urgent request",
        "A sensitive request Coffee for Benefits Issue in sandbox-org/identity-restricted",
        "Tea tea",
    ]
    places = [text.find(part) for part in parts]

    assert -1 not in places, [part for part, place in zip(parts, places, strict=True) if place < 0]
    assert "identity-bot:status" not in text


def test_what_a_bot_plays_is_drawn_with_every_kind_of_question(
    sandbox: Sandbox, visitor: httpx.Client, tmp_path: Path
) -> None:
    shown = gallery([play(tmp_path, "every_kind", every_kind=PLUGIN)], [])
    sandbox.showcase = lambda: json.loads(json.dumps(shown))

    html = visitor.get("/gallery").text

    assert "can’t show" not in html
    assert "When “Is there more?” is Yes" in html
    for kind in ("email", "url", "number", "date", "file", "radio", "search"):
        assert f'type="{kind}"' in html
    assert "<option value=" in html
    assert "(1 hour ago)" in html


def test_failures_refusals_and_skipped_plugins_are_said(sandbox: Sandbox, visitor: httpx.Client) -> None:
    text = seen(sandbox, visitor)

    assert "Skipped plugins plugin &#39;soup&#39; (identity-bot-soup 1.0): cannot be imported" in text
    assert "notify failed with ValueError" in text
    assert "Size: We have run out of &lt;b&gt;tea&lt;/b&gt;." in text


def test_no_id_is_used_twice_and_each_link_of_the_page_leads_somewhere(
    sandbox: Sandbox, visitor: httpx.Client
) -> None:
    sandbox.showcase = played
    html = visitor.get("/gallery").text
    ids = re.findall(r' id="([^"]+)"', html)
    targets = set(re.findall(r'href="#([^"]+)"', html))

    assert len(ids) == len(set(ids))
    assert targets <= set(ids)
    assert "type-coffee-sensitive-issue" in targets


def test_nothing_of_it_can_be_sent(sandbox: Sandbox, visitor: httpx.Client) -> None:
    sandbox.showcase = played
    html = visitor.get("/gallery").text

    assert 'method="post"' not in html
    assert html.count("<form") == html.count('<form class="shown">')
    assert html.count('<form class="shown">') == len(re.findall(r"<fieldset class=\"\w+\" disabled>", html))


def test_without_a_bot_one_line_says_why_it_is_empty(visitor: httpx.Client) -> None:
    html = visitor.get("/gallery").text

    assert NO_BOT in html
    assert "Play it again" not in html


def test_a_bot_that_cannot_play_is_said_so(sandbox: Sandbox, visitor: httpx.Client) -> None:
    def fail() -> Mapping[str, Any]:
        raise GalleryError("The bot could not play: settings: <none>")

    sandbox.showcase = fail
    answer = visitor.get("/gallery")

    assert answer.status_code == 200
    assert "The bot could not play: settings: &lt;none&gt;" in answer.text


def test_a_bot_without_request_types_is_said_so(sandbox: Sandbox, visitor: httpx.Client) -> None:
    sandbox.showcase = lambda: {"types": [], "skipped": [], "people": {}, "at": 0.0}

    assert "No request type is installed." in visitor.get("/gallery").text


def test_it_is_played_once_until_somebody_asks_for_it_again(sandbox: Sandbox, visitor: httpx.Client) -> None:
    times: list[int] = []

    def count() -> Mapping[str, Any]:
        times.append(1)
        return played()

    sandbox.showcase = count
    for address in ("/gallery", "/gallery", "/gallery?again=yes"):
        assert visitor.get(address).status_code == 200

    assert len(times) == 2


def test_the_page_leads_to_the_gallery(visitor: httpx.Client) -> None:
    assert 'href="/gallery"' in visitor.get("/").text
