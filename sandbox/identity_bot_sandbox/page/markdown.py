"""An issue's Markdown as safe HTML, with mentions and references marked as GitHub would."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

from identity_bot_sandbox.page.emoji import EMOJI

Leads = Callable[[str], str | None]
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SIGHTS = re.compile(
    r"(?P<address>https?://[^\s<>]*[^\s<>.,;:!?'\")\]])"
    r"|(?<![\w/@.])@(?P<login>[A-Za-z\d](?:[A-Za-z\d-]{0,38})(?:/[\w.-]+)?)"
    r"|(?<![\w/#])(?P<elsewhere>[\w-]+/[\w.-]+)?(?:#|\bGH-)(?P<number>\d{1,9})\b"
    r"|:(?P<emoji>[a-z0-9_+-]+):"
)


def html(text: str | None, *, repository: str, leads_to: Leads) -> Markup:
    """Markdown as HTML; `#12` is an issue of `repository`, and `leads_to` keeps links within the page."""
    return Markup(_reader.render(text or "", {"repository": repository, "leads_to": leads_to}))


def _sights(state: StateCore) -> None:
    """Split mentions, references, bare URLs and emoji from text tokens into their own tokens."""
    for token in state.tokens:
        if token.type != "inline":
            continue
        found: list[Token] = []
        depth = 0
        for child in token.children or []:
            depth += {"link_open": 1, "link_close": -1}.get(child.type, 0)
            found += [child] if child.type != "text" or depth else _split(child.content)
        token.children = found


def _headings(state: StateCore) -> None:
    """Lower headings below those of the page."""
    headings = [token for token in state.tokens if token.type in ("heading_open", "heading_close")]
    levels = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(6, 4 + levels.index(token.tag))}"


def _split(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    for sight in _SIGHTS.finditer(text):
        if sight["emoji"] and sight["emoji"] not in EMOJI:
            continue
        tokens.append(Token("text", "", 0, content=text[at : sight.start()]))
        tokens.append(Token("sight", "", 0, content=sight[0], meta=sight.groupdict()))
        at = sight.end()
    return [*tokens, Token("text", "", 0, content=text[at:])]


def _sight(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    meta, words = tokens[at].meta, tokens[at].content
    if meta["emoji"]:
        return EMOJI[str(meta["emoji"])]
    if meta["login"]:
        return Markup('<span class="mention">{}</span>').format(words)
    if meta["address"]:
        return _link(str(meta["address"]), env) + escape(words) + Markup("</a>")
    repository = meta["elsewhere"] or env["repository"]
    inside = env["leads_to"](f"/github/{repository}/issues/{meta['number']}")
    return Markup('<a class="mention" href="{}">{}</a>').format(inside or "#", words)


def _link(address: str, env: Any) -> Markup:
    inside = env["leads_to"](address)
    if inside is not None:
        return Markup('<a href="{}">').format(inside)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer nofollow">').format(address)


def _link_open(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return _link(str(tokens[at].attrGet("href") or ""), env)


def _image(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Link to an image instead of loading it."""
    words = tokens[at].content or "without a description"
    return _link(str(tokens[at].attrGet("src") or ""), env) + escape(f"picture: {words}") + Markup("</a>")


def _html(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Hide comments, as GitHub does; show any other HTML as text."""
    return str(escape(_COMMENT.sub("", tokens[at].content)))


def _markdown() -> MarkdownIt:
    reader = MarkdownIt("js-default", {"html": True, "breaks": True, "linkify": False, "typographer": False})
    reader.core.ruler.push("sights", _sights)
    reader.core.ruler.push("headings", _headings)
    for name, rule in {
        "sight": _sight,
        "link_open": _link_open,
        "image": _image,
        "html_block": _html,
        "html_inline": _html,
    }.items():
        reader.add_render_rule(name, rule)
    return reader


_reader = _markdown()
