"""Writes mrkdwn for Slack in which only our formatting, links and mentions have an effect.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence

from identity_bot.text.formatted.document import Block, Document, Kind, Run, Style
from identity_bot.text.formatted.pages import pages
from identity_bot.text.markdown import mrkdwn_piece
from identity_bot.text.names import MEMBER_ID

_MARKS = ((Style.BOLD, "*"), (Style.STRIKE, "~"), (Style.ITALIC, "_"))
# Inside a word, a mark formats nothing.
_BEFORE_MARKED = " \n\t([{\"'"
_AFTER_MARKED = " \n\t.,;:!?)]}\"'"
_QUOTED = "> "
_INDENT = "    "
_QUOTE_MARKS = re.compile(r"\A[> ]*>")


def to_mrkdwn(
    document: Document, *, slack_id: Callable[[str], str], limit: int = 3_000, most: int = 4, more: str = ""
) -> tuple[str, ...]:
    """At most `most` texts of at most `limit` characters; if that is not enough, the last ends with `more`.

    Each fits a section of its own, which must be verbatim. `more` is mrkdwn. `slack_id` gives the Slack id of a GitHub
    login, which is mentioned, or nothing.
    """

    def write(block: Block, divider: str) -> str:
        return divider + _written(block, slack_id)

    return pages(list(_divided(document.readable)), write, limit=limit, most=most, more=more)


def _divided(blocks: Sequence[Block]) -> Iterator[tuple[Block, str]]:
    """The blocks, each with what divides it from the one before."""
    before: Block | None = None
    for block in blocks:
        if before is None:
            yield block, ""
        elif before.is_quoted is block.is_quoted and before.kind is block.kind is Kind.ITEM:
            yield block, "\n"
        else:
            yield block, f"\n{_QUOTED}\n" if before.is_quoted and block.is_quoted else "\n\n"
        before = block


def _written(block: Block, slack_id: Callable[[str], str]) -> str:
    if block.kind is Kind.CODE:
        return f"```\n{html.escape(block.text.replace('```', chr(39) * 3), quote=False)}\n```"
    start = _QUOTED if block.is_quoted else ""
    others = start
    if block.kind is Kind.ITEM:
        start += _INDENT * block.depth + ("• " if block.number is None else f"{block.number}. ")
        others += _INDENT * (block.depth + 1)
    lines = [_line(runs, slack_id) for runs in block.lines]
    starts = [start] + [others] * (len(lines) - 1)
    return "\n".join(start + line for start, line in zip(starts, lines, strict=True))


def _line(runs: Sequence[Run], slack_id: Callable[[str], str]) -> str:
    pieces = [""]
    for place, run in enumerate(runs):
        after = runs[place + 1].text[:1] if place + 1 < len(runs) else ""
        pieces.append(_marked(run, pieces[-1][-1:], after, slack_id))
    return "".join(pieces)


def _marked(run: Run, before: str, after: str, slack_id: Callable[[str], str]) -> str:
    text = run.text.strip()
    if not text:
        return run.text
    start = run.text[: len(run.text) - len(run.text.lstrip())]
    end = run.text[len(run.text.rstrip()) :]
    if not before:
        # At the start of a line, Slack draws a quote for it, escaped or not.
        text = _QUOTE_MARKS.sub(lambda found: found[0].replace(">", "›"), text)
    core = _core(run, text, slack_id)
    if (before + start)[-1:] in ("", *_BEFORE_MARKED) and (end + after)[:1] in ("", *_AFTER_MARKED):
        for style, mark in reversed(_MARKS):
            core = f"{mark}{core}{mark}" if style in run.styles else core
    return f"{start}{core}{end}"


def _core(run: Run, text: str, slack_id: Callable[[str], str]) -> str:
    if run.person and re.fullmatch(MEMBER_ID, known := slack_id(run.person)):
        return f"<@{known}>"
    if run.address:
        address = html.escape(run.address, quote=False)
        label = mrkdwn_piece(text.replace("|", "¦"))
        return f"<{address}>" if text == run.address else f"<{address}|{label}>"
    if Style.CODE in run.styles:
        return f"`{html.escape(text.replace('`', chr(39)), quote=False)}`"
    return mrkdwn_piece(text)
