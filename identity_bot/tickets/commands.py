"""Reads the commands, such as `/priority high`, that the team writes in comments on an issue.

A command is a line of ordinary text, as GitHub draws it: what stands in code, quotes, lists, tables or HTML only
talks about commands. This module does not decide who may use one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from itertools import groupby, islice, takewhile

from markdown_it import MarkdownIt
from markdown_it.token import Token

from identity_bot.text import redaction
from identity_bot.text.markdown import clean
from identity_bot.text.names import LOGIN, fold
from identity_bot.tickets import duplicates
from identity_bot.tickets.actions import ACTIONS, Ask, DateProblem, Row, date_problem
from identity_bot.tickets.model import Change, Priority

MOST = 10
"""How many commands one comment may hold; more look like a pasted document."""
LONGEST = 5_000
"""Characters in a comment with commands: parsing Markdown takes up to 20 microseconds for each."""
MOST_SLASHED = 1_000
"""Lines that begin with a slash: behind more of them, a comment is not searched for commands."""
HELP = "help"
LINK = "link"
"""Proves that its writer's login belongs to somebody in Slack."""
INTERNAL = "/internal"
"""Begins a comment that stays in GitHub."""
COMMANDS: Mapping[str, Row] = {
    row.command.partition(" ")[0].removeprefix("/"): row for row in ACTIONS.values() if row.command_help
}
"""The actions that a comment can ask for, by the command's name; `help` and `link` ask for none."""
OTHERS = (HELP, LINK)
"""The commands that ask for no action."""

# A further slash makes it a path.
_COMMAND = re.compile(r"/([^\s/:=]+)(?![^\s:=])[\s:=]*(.*)")
# Up to where Markdown may draw something else than what is written.
_BEGINNING = re.compile(r"\s*/([^\s/:=&<\\*_~`\[\]!|()]{1,40})(?!/)")
_PUNCTUATION = " .,;:!?…"
_LOGIN = re.compile(f"@?({LOGIN})")
# date.fromisoformat() alone also takes 20261201 and 2026-W49-2.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE_SPAN = re.compile(r"(`+)(.*[^`]|[^`])\1(?!`)")
# With a lower one, the folders /spec, /heap and /helper would pass for commands.
_NEAR = 0.81

_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CONTAINER = re.compile(r"<(/?)(?:blockquote|code|details|div|ol|pre|table|ul)\b", re.IGNORECASE)


class ProblemKind(StrEnum):
    """What can be wrong with the commands in a comment."""

    TOO_MANY = "more commands than a comment may have"
    TOO_LONG = "a comment that is too long to look for commands in"
    REPEATED = "a command with several values"
    UNKNOWN = "nearly the name of a command"
    UNREADABLE = "a command with a value that it does not take"
    DATE = "a date that is refused"
    SHORT = "a text to remove that is too short"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a command does not run; `issue_comments.problem` says it in a sentence."""

    kind: ProblemKind
    name: str = ""
    """The command, or the one that was probably meant."""
    written: str = ""
    """What somebody wrote: the word of an unknown command, or else the whole line; nothing of what to remove."""
    count: int = 0
    date: DateProblem | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command that can run: its name, from `COMMANDS` or `OTHERS`, and its value, checked.

    The value is a login without the at sign, in the case that was written; a priority in lower case; an ISO
    date; a ticket's name; a reason, or a text to remove, as it was written; whatever follows `link`; or nothing.
    """

    name: str
    value: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The commands in a comment, and what is wrong with the others."""

    commands: tuple[Command, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the comment has no command, nor anything that looks like one."""
        return not self.commands and not self.problems

    def without(self, name: str) -> Reading:
        """The same but for one command, however it was written."""
        return Reading(
            commands=tuple(one for one in self.commands if one.name != name),
            problems=tuple(one for one in self.problems if one.name != name),
        )


def read(comment: str, today: date) -> Reading:
    """The commands in a comment, in the order of their first mention; `today` decides which target dates are past.

    If a command has several values, none of them counts, except that several texts can be removed at once; if there
    are more than `MOST` commands, or the comment is longer than `LONGEST`, none does.
    An unreadable command does not stop the others.
    """
    slashed = filter(None, map(_BEGINNING.match, clean(comment).splitlines()))
    if not any(_nearest(_word(found[1])) for found in islice(slashed, MOST_SLASHED)):
        return Reading()  # without parsing it: anybody can comment
    if len(comment) > LONGEST:
        return Reading(problems=(Problem(kind=ProblemKind.TOO_LONG, count=len(comment)),))
    written = [one for line, source in _lines(comment) if (one := _written(line, source))]
    if len(written) > MOST:
        return Reading(problems=(Problem(kind=ProblemKind.TOO_MANY, count=len(written)),))

    commands: dict[tuple[str, str], Command] = {}
    problems: list[Problem] = []
    for line in written:
        found = _checked(line, today)
        if isinstance(found, Command):
            is_text = _asks(found.name) is Ask.TEXT
            commands.setdefault((found.name, found.value if is_text else fold(found.value)), found)
        else:
            problems.append(found)
    times = Counter(name for name, _ in commands if _asks(name) is not Ask.TEXT)
    problems += [Problem(kind=ProblemKind.REPEATED, name=name) for name, count in times.items() if count > 1]
    return Reading(
        commands=tuple(command for command in commands.values() if times[command.name] <= 1),
        problems=tuple(dict.fromkeys(problems)),
    )


def is_internal(comment: str) -> bool:
    """Whether a comment is for the team only."""
    return re.match(rf"{INTERNAL}(?![\w/-])", comment.lstrip(), re.IGNORECASE) is not None


def change_for(name: str, value: str) -> Change | None:
    """The change that a command asks for; None for `help` and `link`."""
    row = COMMANDS.get(name)
    if row and row.asks is Ask.REASON:
        return Change(action=row.action, reason=value)
    return Change(action=row.action, value=value) if row else None


@dataclass(frozen=True, slots=True)
class _Written:
    """A line that is a command or nearly one."""

    word: str
    """In lower case."""
    value: str
    """What follows it as people see it, without punctuation at its end."""
    line: str
    text: str
    """What follows it as it was written."""


def _written(line: str, source: str) -> _Written | None:
    match = _COMMAND.fullmatch(line)
    word = _word(match[1]) if match else ""
    if match is None or not _nearest(word):
        return None
    typed = _COMMAND.fullmatch(source.strip())
    return _Written(word, match[2].rstrip(_PUNCTUATION), line, _unquoted(typed[2] if typed else match[2]))


def _word(written: str) -> str:
    return written.rstrip(_PUNCTUATION).lower()


def _nearest(word: str) -> str:
    return next(iter(get_close_matches(word, (*COMMANDS, *OTHERS), n=1, cutoff=_NEAR)), "")


def _unquoted(text: str) -> str:
    """A text without the backticks of a code span that is all of it."""
    span = _CODE_SPAN.fullmatch(text.strip())
    return span[2].strip() if span and span[1] not in span[2] else text.strip()


def _asks(name: str) -> Ask:
    return COMMANDS[name].asks if name in COMMANDS else Ask.NOTHING


def _checked(written: _Written, today: date) -> Command | Problem:
    """The command, or what is wrong with it."""
    word, value = written.word, written.value
    if word not in (*COMMANDS, *OTHERS):
        return Problem(kind=ProblemKind.UNKNOWN, name=_nearest(word), written=f"/{word}")

    if word == LINK and value:
        return Command(name=word, value=value)  # whether it fits is found out where the code is known
    if word == LINK:
        return Problem(kind=ProblemKind.UNREADABLE, name=word, written=written.line)
    match _asks(word):
        case Ask.TEXT if written.text and not redaction.is_long_enough(written.text):
            return Problem(kind=ProblemKind.SHORT, name=word)
        case (Ask.TEXT | Ask.REASON) as asked if written.text or asked is Ask.TEXT:
            return Command(name=word, value=written.text)
        case Ask.MEMBER if login := _LOGIN.fullmatch(value):
            return Command(name=word, value=login[1])
        case Ask.PRIORITY if value.lower() in set(Priority):
            return Command(name=word, value=value.lower())
        case Ask.DATE if _DATE.fullmatch(value):
            if refused := date_problem(value, today):
                return Problem(kind=ProblemKind.DATE, name=word, written=written.line, date=refused)
            return Command(name=word, value=value)
        case Ask.TICKET if duplicates.read(value):
            return Command(name=word, value=value)
        case Ask.NOTHING if not value:
            return Command(name=word)
    return Problem(kind=ProblemKind.UNREADABLE, name=word, written=written.line)


def _lines(comment: str) -> Iterator[tuple[str, str]]:
    """The lines of ordinary text that begin with a slash and a word: without formatting, and as they were written."""
    # markdown-it cannot encode a lone surrogate in a link's address.
    comment = comment.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    depth, before = 0, ""
    for token in _reader().parse(comment):
        if token.type == "html_block" and token.level == 0:
            # A paragraph after a blank line inside <details> is parsed as one, but drawn in there.
            for tag in _CONTAINER.finditer(_HTML_COMMENT.sub("", token.content)):
                depth = max(0, depth + (-1 if tag[1] else 1))
        elif token.type == "inline" and before == "paragraph_open" and token.level == 1 and not depth:
            # In a comment, GitHub breaks a paragraph at every line end.
            groups = groupby(token.children or [], lambda piece: piece.type.endswith("break"))
            listed = [list(pieces) for is_break, pieces in groups if not is_break]
            # If a link or a piece of code extends over a line end, nobody knows which line is which.
            sources = token.content.split("\n")
            sources = sources if len(sources) == len(listed) else [""] * len(listed)
            for pieces, source in zip(listed, sources, strict=True):
                line = _text(piece for piece in pieces if piece.type != "html_inline")
                plain = takewhile(lambda piece: piece.type == "text" and piece.level == 0, pieces)
                if (word := _COMMAND.match(line)) and _text(plain).startswith(line[: word.end(1)]):
                    yield line, source
        before = token.type


def _reader() -> MarkdownIt:
    # One for each comment: threads may not share a reader, which compiles its rules at the first use.
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    # GitHub draws a line above the "--" of an e-mail's signature as a heading; to its writer it is a line of text.
    # Without text_join, an escaped slash differs from a plain one.
    return reader.disable(["lheading", "text_join"])


def _text(pieces: Iterable[Token]) -> str:
    return " ".join(clean("".join(piece.content for piece in pieces)).split())
