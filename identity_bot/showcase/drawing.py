"""A showcase as plain text for a terminal of 80 columns: the form, the issue, and the messages. Pure."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from identity_bot.messages import showcase as words
from identity_bot.showcase.life import NAMES
from identity_bot.showcase.values import Issue, Kind, Life, Moment, Showcase

WIDTH = 80
MOST_OPTIONS = 8
"""A longer list shows only its first options."""
QUESTION = "input"
_LINK = re.compile(r"<(?P<target>[^<>|]+)(?:\|(?P<words>[^<>]*))?>")
_COMMENT = re.compile(r"^<!--.*?-->$\n?", re.DOTALL | re.MULTILINE)
"""The bot's own lines in an issue, which GitHub does not show."""
_UNBROKEN = "\xa0"

Json = Mapping[str, Any]


def drawn(case: Showcase) -> str:
    """The whole showcase."""
    lines = [f"{case.name}: {case.title}"]
    if case.description:
        lines += _wrapped(case.description, "")
    for failure in case.failures:
        lines += _wrapped(f"! {failure}", "", "  ")
    lines += _heading(words.FORM)
    lines += _view(case.form)
    for branch in case.branches:
        lines += ["", *_wrapped(words.questions_when(branch.when), "  ")]
        shown = [block for block in branch.view["blocks"] if _asks(block, branch.questions)]
        lines += _blocks(shown, "    ")
    for life in case.lives:
        lines += _life(life)
    return "\n".join(line.rstrip() for line in lines)


def _life(life: Life) -> Iterator[str]:
    titles = {Kind.URGENT: words.URGENT, Kind.SENSITIVE: words.NO_SENSITIVE_CONTENT}
    if title := titles.get(life.kind):
        yield from _heading(title, "=")
    if life.issue is None:
        yield ""
        yield from _wrapped(words.not_played(life.kind.value), "")
        for problem in life.problems:
            yield from _wrapped(f"- {problem}", "  ", "    ")
        yield from _wrapped(words.SAMPLES, "")
        return
    yield from _issue(life.issue)
    yield from _heading(words.MESSAGES)
    for number, moment in enumerate(life.moments):
        yield from ([""] if number else [])
        yield from _moment(moment, life.moments[number - 1] if number else None)


def _issue(issue: Issue) -> Iterator[str]:
    yield from _heading(words.issue_in(issue.repository))
    facts = {
        words.TITLE: issue.title,
        words.LABELS: ", ".join(issue.labels),
        words.ASSIGNEES: ", ".join(issue.assignees),
    }
    for name, value in facts.items():
        if value:
            yield from _wrapped(f"{name}: {value}", "  ", "    ")
    yield ""
    for line in _COMMENT.sub("", issue.body).strip().split("\n"):
        yield from _wrapped(line, "  | ")


def _moment(moment: Moment, before: Moment | None) -> Iterator[str]:
    """What happened, and who is told what of it; `before` tells which labels are new."""
    yield f"{', '.join(moment.events)} ({moment.by})"
    if before:
        had, has = ({*one.labels, *(f"@{who}" for who in one.assignees)} for one in (before, moment))
        changes = [*(f"+ {one}" for one in sorted(has - had)), *(f"- {one}" for one in sorted(had - has))]
        if changes:
            yield from _wrapped(f"{words.ISSUE}: {'  '.join(changes)}", "  ", "    ")
    for comment in moment.comments:
        yield f"  {words.COMMENT}:"
        for line in comment.split("\n"):
            yield from _wrapped(line, "    | ")
    for one in moment.messages:
        yield from _wrapped(f"{one.where}:", "  ")
        yield from _blocks(one.blocks, "    ")
    if not moment.messages:
        yield f"  {words.NOBODY_TOLD}"


def _view(view: Json) -> Iterator[str]:
    yield f"  {_text(view['title'])}"
    yield from _blocks(view["blocks"], "    ")
    buttons = [view[name] for name in ("close", "submit") if name in view]
    yield from _wrapped(" ".join(map(_button, buttons)), "    ")


def _asks(block: Json, questions: Sequence[str]) -> bool:
    """Whether a block asks one of these questions."""
    return block["type"] == QUESTION and str(block["block_id"]).rpartition(":")[2] in questions


def _blocks(blocks: Iterable[Json], indent: str) -> Iterator[str]:
    for block in blocks:
        match block:
            case {"type": "input", "label": label, "element": element}:
                optional = " (optional)" if block.get("optional") else ""
                yield from _wrapped(f"{_text(label)}{optional}", indent)
                yield from _element(element, f"{indent}  ")
                if hint := block.get("hint"):
                    yield from _wrapped(_text(hint), f"{indent}  ")
            case {"type": "section"}:
                for text in [*([block["text"]] if "text" in block else []), *block.get("fields", ())]:
                    yield from _wrapped(_text(text), indent)
                if accessory := block.get("accessory"):
                    yield from _element(accessory, f"{indent}  ")
            case {"type": "context", "elements": elements}:
                for element in elements:
                    yield from _wrapped(_text(element), indent)
            case {"type": "actions", "elements": elements}:
                yield from _wrapped(" ".join(_button(one["text"]) for one in elements), indent)
            case _:
                yield f"{indent}({block['type']})"


def _element(element: Json, indent: str) -> Iterator[str]:
    """What somebody sees of an empty field, or of one that is filled in."""
    kind = str(element["type"])
    options = [_text(one["text"]) for one in element.get("options", ())]
    chosen = [
        _text(one["text"])
        for one in (*element.get("initial_options", ()), element.get("initial_option"))
        if one
    ]
    value = element.get("initial_value") or element.get("initial_date") or ", ".join(chosen)
    shown = str(value or _text(element.get("placeholder", {})))
    if kind in ("radio_buttons", "checkboxes"):
        marks = ("(x)", "( )") if kind == "radio_buttons" else ("[x]", "[ ]")
        said = "  ".join(f"{marks[one not in chosen]} {one}" for one in options)
        yield from _wrapped(said, indent)
        return
    field = f"[ {shown}{' v' if 'select' in kind else ''} ]" if shown else f"[ {'_' * 20} ]"
    yield from _wrapped(f"{field} ({_KINDS.get(kind, kind)})", indent)
    more = len(options) - MOST_OPTIONS
    listed = [*options[:MOST_OPTIONS], *([f"and {more} more"] if more > 0 else [])]
    if listed:
        yield from _wrapped(" / ".join(listed), indent)


_KINDS = {
    "plain_text_input": "text",
    "url_text_input": "link",
    "email_text_input": "email address",
    "number_input": "number",
    "datepicker": "date",
    "static_select": "list",
    "external_select": "searchable list",
    "multi_static_select": "list, several",
    "multi_external_select": "searchable list, several",
    "users_select": "person",
    "file_input": "files",
}


def _button(text: Json) -> str:
    """A button, which is not broken into two lines."""
    return f"[{_text(text)}]".replace(" ", _UNBROKEN)


def _text(text: Json) -> str:
    """A text object as people read it: mentions by name, links by their words."""
    written = str(text.get("text", ""))
    return spoken(written) if text.get("type") == "mrkdwn" else written


def spoken(mrkdwn: str) -> str:
    """Slack's mrkdwn with names instead of ids, and links by their words; bold and code keep their marks."""

    def read(found: re.Match[str]) -> str:
        target, said = found["target"], found["words"]
        if target.startswith("@"):
            return f"@{NAMES.get(target[1:], target[1:])}"
        return str(said or target)

    return html.unescape(_LINK.sub(read, mrkdwn))


def _heading(text: str, rule: str = "-") -> list[str]:
    after = [""] if rule == "-" else []  # what stands below the other rule is headed itself
    return ["", text, rule * min(WIDTH, len(text)), *after]


def _wrapped(text: str, indent: str, more: str | None = None) -> list[str]:
    """Lines of at most 80 columns; only a word that is longer stands out, so that it can be copied."""
    lines: list[str] = []
    for line in text.split("\n"):
        lines += textwrap.wrap(
            line,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent if more is None else more,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [indent]
    return [line.replace(_UNBROKEN, " ") for line in lines]
