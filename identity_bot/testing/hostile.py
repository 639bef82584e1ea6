"""Text that tries to break out of where it stands, and what of it had an effect in Markdown and in mrkdwn. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from identity_bot.github import issue_body
from identity_bot.tickets.model import Ticket

MIXTURE = "<!channel|hostile> <@U0HOSTILE> @hostile [x](http://hostile.test) <!-- hostile ``` <b>hostile \u202e\x00 *"
"""A bit of everything, shorter than most questions' limits."""
TEXTS: Mapping[str, str] = {
    "a mention of everybody": "<!channel|hostile> <!here|hostile>",
    "a mention": "@hostile <@U0HOSTILE> @octo/hostile",
    "an HTML comment": "x <!-- hostile",
    "an HTML comment in a line of its own": "x\n\n<!-- hostile\n\n",
    "HTML": "<details><img src=http://hostile.test/>hostile</details>",
    "fences": "x\n```\n# hostile\n````\n~~~\n@hostile",
    "backticks": "`` ` ``` @hostile `",
    "a character that reverses text": "a\u202ehostile",
    "a NUL": "a\x00hostile",
    "a link": "](http://hostile.test) [x](http://hostile.test) <http://hostile.test|x>",
    "the bot's own lines": (
        "x\n<!-- identity-bot:status -->\nSPOC: hostile\n<!-- identity-bot:end -->\n"
        "<!-- identity-bot:ticket=00000000-0000-4000-8000-000000000000 -->"
    ),
    "3,000 characters": "hostile " * 375,
}
"""Hostile texts by what they are."""
ADDRESS = "https://www.va.gov/)@hostile[x](http://hostile.test)*_~"
"""A web address that ends a link too early."""
_MENTION = re.compile(r"(?<![\w`/])@(?:octo/)?hostile", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://hostile\.test", re.IGNORECASE)
_HIDDEN = re.compile("[\x00\u202e]")
_SLACK = re.compile(r"<(?:(?P<sign>[!@#/])[^<>]*hostile|https?://hostile\.test)", re.IGNORECASE)


def in_markdown(body: str) -> Iterator[str]:
    """What hostile text does in an issue's body, as GitHub reads it."""
    if _HIDDEN.search(body):
        yield "hides or reverses text"
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body)
    within: set[str] = set()
    for token in _flat(tokens):
        what, _, side = token.type.rpartition("_")
        if side == "open":
            within.add(what)
        elif side == "close":
            within.discard(what)
        yield from _effect(token, within)


def _effect(token: Token, within: Collection[str]) -> Iterator[str]:
    """What a token does that stands in these others; GitHub mentions nobody in a link."""
    match token.type:
        case "html_block" | "html_inline":
            if "hostile" in token.content.casefold():
                yield "opens an HTML comment or element"
        case "link_open" | "image":
            if _ADDRESS.match(str(token.attrs.get("href") or token.attrs.get("src"))):
                yield "makes a link"
        case "text" if "link" not in within:
            if _MENTION.search(token.content):
                yield "mentions somebody"
            if _ADDRESS.search(token.content):
                yield "makes a link"
            if "heading" in within and token.content.startswith("hostile"):
                yield "makes a heading"


def is_marked(ticket: Ticket, body: str) -> bool:
    """Whether the bot's status block and marker are read, and not shown, in the whole body of an issue."""
    whole = issue_body.with_status(
        issue_body.body(ticket, body), ticket, issue_body.Status(spoc="octo-somebody")
    )
    tokens = MarkdownIt("commonmark").parse(whole)
    marker = whole.rstrip().rpartition("\n")[2]
    return (
        issue_body.ticket_id_in(whole) == ticket.id
        and issue_body.status_in(whole).spoc == "octo-somebody"
        and tokens[0].type == tokens[-1].type == "html_block"
        and tokens[-1].content.strip() == marker
    )


def in_slack(text: str) -> Iterator[str]:
    """What hostile text does in a message's mrkdwn, as Slack reads it."""
    if _HIDDEN.search(text):
        yield "hides or reverses text"
    for found in _SLACK.finditer(text):
        what = {"!": "mentions everybody or opens a comment", "@": "mentions somebody"}
        yield what.get(found["sign"], "makes a link")
    if "```" in text:
        yield "opens a code block"


def mrkdwn_in(found: Any) -> Iterator[str]:
    """The mrkdwn of all text objects in blocks, however deep."""
    if isinstance(found, Mapping):
        if found.get("type") == "mrkdwn":
            yield str(found.get("text", ""))
        for inner in found.values():
            yield from mrkdwn_in(inner)
    elif isinstance(found, list | tuple):
        for inner in found:
            yield from mrkdwn_in(inner)


def _flat(tokens: Iterable[Token]) -> Iterator[Token]:
    """Blocks, each with what is in it."""
    for token in tokens:
        yield token
        yield from token.children or ()
