"""The words around answers that people see before they send a request, and the note on its issue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from identity_bot.articles.answer import Answer
from identity_bot.articles.suggestion import ShownAnswer, Suggestion
from identity_bot.text.formatted import Document, from_markdown
from identity_bot.text.formatted.document import Block, Kind
from identity_bot.text.markdown import ELLIPSIS, clean, mrkdwn, span

FIRST_LINES = 150
"""Characters of an answer that are shown before it is read."""
_READ_OF = 2_000
"""Characters of a text that its first lines are made from."""
_ESCAPED = 10 * _READ_OF
"""Room for all of them in mrkdwn."""
MOST_NOTED = 6
LONGEST_NOTE = 1_500
LONGEST_ADDRESS = 1_000
_NO_ADDRESS = re.compile(r"[^A-Za-z0-9\-._~:/?#@!$&*+,;=%]")

MAY_HELP = "*Does one of these already solve it?*"
READ = "Read"
OPEN = "Open the page"
SOLVED = "This solved it"
STILL_NEED_HELP = "I still need help"
"""How to leave an answer, back to the form; Slack allows 24 characters."""
GLAD = "Glad that helped. Nothing was filed."
ARTICLE = "Answer"
"""The title of the view in which an answer is read."""
GONE = "This answer can't be found anymore. Please search again, or go on with your request."
READ_ON = "Read the rest there"
REST_LEFT_OUT = "The rest is too long to show here."


def search_for(command: str) -> str:
    """To somebody who searched for nothing, or for too little."""
    return f"Please write what to look for, such as: `{command} search-docs code expired`"


def nothing_found(command: str) -> str:
    """To somebody whose words fit no answer."""
    return f"No answer fits these words. You can start a request instead: `{command}`"


def spoken(label: str, suggestion: Suggestion) -> str:
    """What a screen reader says for a button, as several answers have the same ones."""
    return f"{label}: {' '.join(suggestion.answer.title.split())}"[:75]


def title(suggestion: Suggestion) -> str:
    """An answer's title in one line of mrkdwn."""
    return mrkdwn(suggestion.answer.title, limit=300)


def row(suggestion: Suggestion) -> str:
    """An answer's title and its first lines, in mrkdwn that shows them literally."""
    said = f"*{title(suggestion)}*"
    blocks = body(suggestion.answer, _READ_OF).readable
    first = _first_lines(blocks)
    return f"{said}\n{first}" if first else said


def _first_lines(blocks: Sequence[Block]) -> str:
    """As much of an answer as is shown before it is read, up to the end of a word.

    An item that does not fit is not begun, unless little stands before it.
    """
    is_all_code = all(block.kind is Kind.CODE for block in blocks)
    text = ""
    for block in blocks:
        longer = f"{text} {block.text.strip() if is_all_code else _in_one_line(block)}".strip()
        if longer and len(whole := mrkdwn(longer, limit=_ESCAPED)) > FIRST_LINES:
            is_left_out = block.kind is Kind.ITEM and len(text) > FIRST_LINES / 2
            return f"{mrkdwn(text)} {ELLIPSIS}" if is_left_out else _cut(whole, longer)
        text = longer
    return mrkdwn(text) if text else ""


def _cut(whole: str, text: str) -> str:
    """A text's first words; `whole` is all of it in mrkdwn."""
    kept = mrkdwn(text, limit=FIRST_LINES).removesuffix(ELLIPSIS)
    if not whole[len(kept) :].startswith(" "):
        kept = kept.rpartition(" ")[0] or kept
    return f"{kept.rstrip()}{ELLIPSIS}"


def _in_one_line(block: Block) -> str:
    """A block amid others: lists keep their marks, rows of tables end, and code is left for who reads on."""
    match block.kind:
        case Kind.ITEM:
            return f"{'•' if block.number is None else f'{block.number}.'} {block.text.strip()}"
        case Kind.CODE:
            return ELLIPSIS
    is_table = all(" | " in line for line in block.text.strip().split("\n"))
    return "; ".join(block.text.strip().split("\n")) if is_table else block.text.strip()


def body(answer: Answer, longest: int | None = None) -> Document:
    """What an answer says below its title, with which many articles begin."""
    document = from_markdown(answer.text[:longest], is_file=True)
    first, *others = document.readable or (None,)
    if first and first.text.strip().casefold() == answer.title.strip().casefold():
        return Document(blocks=tuple(others))
    return document


def listed(words: str, count: int) -> str:
    """The line above what a search found."""
    answers = "1 answer" if count == 1 else f"{count} answers"
    return f"{answers} for “{mrkdwn(words, limit=100)}”"


def rest(url: str) -> str:
    """What stands at the end of an answer that is too long to be shown whole."""
    where = address(url)
    is_short = 0 < len(where) <= LONGEST_ADDRESS
    return f"<{where.replace('&', '&amp;')}|{READ_ON}>" if is_short else REST_LEFT_OUT


def note(shown: Sequence[ShownAnswer], *, is_sensitive: bool, room: int = LONGEST_NOTE) -> str:
    """What the requestor had been shown, as a line of Markdown for the issue; empty if nothing, or without room.

    Titles that requestors wrote are left out: such an answer is called by its name, and has no place in the issue of
    a sensitive ticket.
    """
    told = [one for one in shown if one.title or not is_sensitive]
    for count in range(min(len(told), MOST_NOTED), 0, -1):
        listed = ", ".join(_noted(one, has_link=not is_sensitive) for one in told[-count:])
        more = f", and {len(told) - count} more" if len(told) > count else ""
        line = f"Before asking, the requestor was shown: {listed}{more}."
        if len(line) <= min(room, LONGEST_NOTE):
            return line
    return ""


def address(url: str) -> str:
    """An answer's address as an address that ends nowhere but at its end, in Markdown and in mrkdwn."""
    return _NO_ADDRESS.sub(lambda found: quote(found[0]), clean(url).strip())


def _noted(shown: ShownAnswer, *, has_link: bool) -> str:
    called = span(shown.title or shown.name, limit=150)
    where = address(shown.url) if has_link else ""
    return f"[{called}]({where})" if where and len(where) <= LONGEST_ADDRESS else called
