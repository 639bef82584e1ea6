"""Show a request type as text, for plugin authors and operators without Slack. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from identity_bot.forms.form import Form
from identity_bot.forms.questions import (
    Choices,
    Chosen,
    Date,
    Files,
    LongText,
    Number,
    Question,
    ShortText,
    Url,
    When,
    YesNo,
    number_text,
)

WIDTH = 100
MOST_OPTIONS = 12
"""A longer list shows only its first options."""


def request_type(name: str, form: Form, settings: Mapping[str, Any], label: str) -> str:
    """A request type with its form; `label` is the common label of all tickets."""
    labels = ", ".join(dict.fromkeys([label, name, *settings["labels"]]))
    lines = [f"{name}: {form.title}"]
    if form.description:
        lines.append(f"  {form.description}")
    restricted = settings["restricted_repository"]
    lines.append(f"  issues in {settings['repository']}, labels {labels}")
    if form.sensitive_when:
        where = f"goes to {restricted} and " if restricted else ""
        lines.append(f"  sensitive when {condition(form, form.sensitive_when)}: {where}is not shown in Slack")
    if form.approval_when:
        lines.append(f"  needs approval when {condition(form, form.approval_when)}")
    lines.append("")
    for number, question in enumerate(form.all_questions, start=1):
        lines += _question(number, question, form)
    return "\n".join(lines)


def _question(number: int, question: Question, form: Form) -> Iterator[str]:
    need = "required" if question.required else "optional"
    yield f"  {number:2}. {question.label}"
    yield f"      {question.name}: {_kind(question)}, {need}"
    if question.shown_when:
        yield f"      only when {condition(form, question.shown_when)}"
    if isinstance(question, Chosen):
        yield from _wrapped("choices: ", _options(question))
    if question.placeholder:
        yield from _wrapped("placeholder: ", question.placeholder)
    if question.hint:
        yield from _wrapped("hint: ", question.hint)


def _kind(question: Question) -> str:
    kind = question.kind.replace("_", " ")
    match question:
        case YesNo():
            return "yes or no"
        case Url():
            return f"{kind}, at most {question.max_length:,} characters"
        case ShortText() | LongText() if question.min_length:
            return f"{kind}, {question.min_length:,} to {question.max_length:,} characters"
        case ShortText() | LongText():
            return f"{kind}, at most {question.max_length:,} characters"
        case Number():
            bounds = [
                f"{word} {number_text(limit)}"
                for word, limit in (("from", question.minimum), ("to", question.maximum))
                if limit is not None
            ]
            return " ".join([kind if question.decimal else "whole number", *bounds])
        case Files() if question.filetypes:
            return f"{kind}, at most {question.max_files} ({', '.join(question.filetypes)})"
        case Files():
            return f"{kind}, at most {question.max_files}"
        case Date():
            return f"{kind} (year-month-day)"
    return kind


def _options(question: Chosen) -> str:
    labels = [option.label for option in question.offered]
    more = len(labels) - MOST_OPTIONS
    return "; ".join([*labels[:MOST_OPTIONS], *([f"and {more} more"] if more > 0 else [])])


def condition(form: Form, when: When) -> str:
    """A condition in the form's own words."""
    question = next(question for question in form.all_questions if question.name == when.question)
    is_list = isinstance(question, Choices)
    shown = [question.shown([value] if is_list else value) for value in when.values]
    return f"“{question.label}” is {' or '.join(shown)}"


def _wrapped(head: str, text: str) -> list[str]:
    indent = " " * 6
    return textwrap.wrap(
        head + text, WIDTH, initial_indent=indent, subsequent_indent=indent + " " * len(head)
    )
