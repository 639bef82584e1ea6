"""Reads the commands, such as `/priority high`, that the team writes in comments on an issue.

A command is a line of ordinary text, as GitHub draws it: what stands in code, quotes, lists, tables or HTML is
talk about commands. Who may give one is not decided here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from itertools import groupby, takewhile

from markdown_it import MarkdownIt
from markdown_it.token import Token

from identity_bot.text.markdown import clean, span

MOST = 10
"""How many commands one comment may hold; more look like a pasted document."""
PRIORITIES = ("critical", "high", "medium", "low")

HELP = """\
Write a command on a line of its own, in a comment on the ticket's issue:

| command | what it does |
|---|---|
| `/spoc @login` | names who speaks with the requestor: one GitHub login |
| `/priority high` | sets the priority: `critical`, `high`, `medium` or `low` |
| `/target 2026-12-01` | sets the target date: year, month and day |
| `/uat` | asks the requestor to try it |
| `/released` | says that it is released |
| `/help` | shows this list |
"""

_EXPECTED = {
    "spoc": "one GitHub login goes after it, such as `/spoc @octocat`",
    "priority": "one of critical, high, medium and low goes after it, such as `/priority high`",
    "target": "one date as year-month-day, and nothing else, goes after it, such as `/target {example}`",
    "uat": "nothing goes after it, just write `/uat`",
    "released": "nothing goes after it, just write `/released`",
    "help": "nothing goes after it, just write `/help`",
}
# A further slash makes it a path.
_COMMAND = re.compile(r"/([^\s/:=]+)(?![^\s:=])[\s:=]*(.*)")
_PUNCTUATION = " .,;:!?…"
_LOGIN = re.compile(r"@?([A-Za-z0-9][A-Za-z0-9-]{0,38})")
# date.fromisoformat() alone also takes 20261201 and 2026-W49-2.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Lower, and the folders /spec, /heap and /helper would pass for commands.
_NEAR = 0.81
_SHOWN = 60

_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CONTAINER = re.compile(r"<(/?)(?:blockquote|code|details|div|ol|pre|table|ul)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command that can be obeyed: its name (spoc, priority, target, uat, released, help) and its value, checked.

    The value is a login without the at sign, in the case that was written; a priority in lower case; an ISO
    date; or nothing.
    """

    name: str
    value: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a comment asks for, and what is wrong with the rest: a sentence of GitHub Markdown each, safe to post."""

    commands: tuple[Command, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the comment neither has a command nor looks as if it were meant to."""
        return not self.commands and not self.problems


def read(comment: str, today: date) -> Reading:
    """The commands in a comment, in the order of their first mention; `today` is what target dates are held to.

    A command that is given twice with different values counts not at all, and of more than `MOST` none does.
    One that cannot be understood is a problem and keeps no other from counting.
    """
    asked = [asking for line in _lines(comment) if (asking := _asking(line))]
    if len(asked) > MOST:
        sentence = (
            f"None of the {len(asked)} commands in this comment was obeyed, as one comment may have at most {MOST}: "
            "please write those that count in a new comment."
        )
        return Reading(problems=(sentence,))

    commands: dict[tuple[str, str], Command] = {}
    problems: list[str] = []
    for word, value, line in asked:
        found = _checked(word, value, line, today)
        if isinstance(found, Command):
            commands.setdefault((found.name, found.value.lower()), found)
        else:
            problems.append(found)
    times = Counter(name for name, _ in commands)
    problems += [
        f"This comment has `/{name}` more than once with different values, so none of them counts: please write it "
        "once, in a new comment."
        for name, count in times.items()
        if count > 1
    ]
    return Reading(
        commands=tuple(command for command in commands.values() if times[command.name] == 1),
        problems=tuple(dict.fromkeys(problems)),
    )


def _asking(line: str) -> tuple[str, str, str] | None:
    """The word, in lower case, what follows it and the whole line, if the word is one of ours or nearly."""
    if not (match := _COMMAND.fullmatch(line)):
        return None
    word = match[1].rstrip(_PUNCTUATION).lower()
    return (word, match[2].rstrip(_PUNCTUATION), line) if _nearest(word) else None


def _nearest(word: str) -> str:
    return next(iter(get_close_matches(word, _EXPECTED, n=1, cutoff=_NEAR)), "")


def _checked(word: str, value: str, line: str, today: date) -> Command | str:
    """The command, or what is wrong with it."""
    if word not in _EXPECTED:
        return f"There is no command {span('/' + word, limit=_SHOWN)}; did you mean `/{_nearest(word)}`?"

    shown = span(line, limit=_SHOWN)
    if word == "target" and _DATE.fullmatch(value):
        return _target(value, shown, today)
    if word == "spoc" and (login := _LOGIN.fullmatch(value)):
        return Command(name=word, value=login[1])
    if word == "priority" and value.lower() in PRIORITIES:
        return Command(name=word, value=value.lower())
    if word in ("uat", "released", "help") and not value:
        return Command(name=word)
    expected = _EXPECTED[word].format(example=_example(today))
    return f"The command {shown} could not be understood: {expected}."


def _target(value: str, shown: str, today: date) -> Command | str:
    """The command for a target date that is written as it should be."""
    instead = f"please write another day, such as `/target {_example(today)}`."
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return f"The date in {shown} is not in the calendar: {instead}"
    if day < today:
        return f"The date in {shown} is in the past: {instead}"
    if (day.year - 2, day.month, day.day) > (today.year, today.month, today.day):
        return f"The date in {shown} is more than two years ahead, probably by a slip: {instead}"
    return Command(name="target", value=value)


def _example(today: date) -> date:
    return today + timedelta(weeks=2)


def _lines(comment: str) -> Iterator[str]:
    """The lines of ordinary text that begin with a slash and a word, without their formatting."""
    # markdown-it cannot encode a lone surrogate in a link's address.
    comment = comment.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    depth, before = 0, ""
    for token in _reader().parse(comment):
        if token.type == "html_block" and token.level == 0:
            # Below a blank line inside <details> there are paragraphs again, but they are drawn in there.
            for tag in _CONTAINER.finditer(_HTML_COMMENT.sub("", token.content)):
                depth = max(0, depth + (-1 if tag[1] else 1))
        elif token.type == "inline" and before == "paragraph_open" and token.level == 1 and not depth:
            # In a comment, GitHub breaks a paragraph at every line end.
            for _, group in groupby(token.children or [], lambda piece: piece.type.endswith("break")):
                pieces = list(group)
                line = _text(piece for piece in pieces if piece.type != "html_inline")
                plain = takewhile(lambda piece: piece.type == "text" and piece.level == 0, pieces)
                if (word := _COMMAND.match(line)) and _text(plain).startswith(line[: word.end(1)]):
                    yield line
        before = token.type


def _reader() -> MarkdownIt:
    # Made anew for each comment: its rules are compiled at the first use, which two threads may not share.
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    # GitHub draws a heading where the "--" of an e-mail's signature follows; to its writer it is a line of text.
    # Unjoined, a slash that was escaped can be told from a plain one.
    return reader.disable(["lheading", "text_join"])


def _text(pieces: Iterable[Token]) -> str:
    return " ".join(clean("".join(piece.content for piece in pieces)).split())
