"""Each question of a form at its limits, beyond them, and with hostile text; and answers that reach them. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from identity_bot.forms.form import Form
from identity_bot.forms.questions import (
    LARGEST_NUMBER,
    Choice,
    Choices,
    Date,
    Email,
    Files,
    LongText,
    Member,
    Number,
    Question,
    ShortText,
    Url,
    YesNo,
    first_message,
)
from identity_bot.messages import plugin_check as words
from identity_bot.plugins.checks import described, line_of
from identity_bot.testing.hostile import ADDRESS, MIXTURE, TEXTS

LONGEST_REFUSAL = 300
"""Characters that Slack shows below a question."""
SHORTEST_QUOTE = 12
"""Characters of what was typed that count as repeated in a refusal."""
FILE = {"id": "F1", "name": "a.png", "link": "https://files.example.gov/F1"}

Say = Callable[..., str]
"""Says a fault of a question, by its name and what was tried."""


def question_problems(form: Form) -> Iterator[str]:
    """What is wrong with the form's own questions: each fault once, with what it was seen with."""
    for question in form.questions:
        found: dict[tuple[Say, Hashable], tuple[list[str], list[str]]] = {}
        for what, typed, must_refuse in _tried(question):
            for say, fault, *more in _try(question, typed, must_refuse):
                found.setdefault((say, fault), (more, []))[1].append(what)
        for (say, _), (more, tried) in found.items():
            yield say(question.name, tried, *more)


def longest(question: Question) -> Any:
    """The longest text that a question accepts, of a few kinds; None if it is no text or accepts none of these."""
    if not isinstance(question, ShortText | LongText):
        return None
    for text in ("ab " * 1_000, "a" * 3_000, "1" * 3_000):
        wanted = text[: question.max_length - 1] + text[:1]
        if accepts(question, wanted):
            return wanted
    return None


def with_text(form: Form, values: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The values with this text in each question for text that accepts it, after the question's own mark.

    Questions for web addresses get a hostile one.
    """
    changed = dict(values)
    for question in form.all_questions:
        wanted = ADDRESS
        if isinstance(question, ShortText | LongText):
            wanted = f"{mark(question)}: {text}"[: question.max_length]
        is_asked = question.name in values and isinstance(question, ShortText | LongText | Url)
        if is_asked and accepts(question, wanted):
            changed[question.name] = wanted
    return changed


def mark(question: Question) -> str:
    """What tells the hostile answer to a question from those to others."""
    return f"answer to {question.name}"


def accepts(question: Question, typed: Any) -> bool:
    """Whether something that was typed is an answer."""
    try:
        return question.answer(typed) is not None
    except Exception:
        return False


def _tried(question: Question) -> Iterator[tuple[str, Any, bool]]:
    """What is tried: its description, what is typed, and whether it must be refused."""
    strict = question.parse is None
    yield from _typed(question, strict) if question.is_typed else _chosen(question)
    yield "nothing", None, False
    yield "white space", " \u2800\n ", False


def _typed(question: Question, strict: bool) -> Iterator[tuple[str, Any, bool]]:
    """What is tried with what people type; a question that parses it may take more than its kind does."""
    match question:
        case ShortText(max_length=most) | LongText(max_length=most):
            yield f"text of {most:,} characters", "a" * most, False
            yield f"text of {most + 1:,} characters", "a" * (most + 1), strict
            for what, text in TEXTS.items():
                yield what, text[:most], False
            yield "a mixture of hostile text", MIXTURE[:most], False
        case Url(max_length=most):
            start = "https://www.va.gov/"
            yield f"an address of {most:,} characters", start + "a" * (most - len(start)), False
            yield f"an address of {most + 1:,} characters", start + "a" * (most + 1 - len(start)), strict
            yield "a script instead of an address", "javascript:hostile()", strict
            yield "text instead of an address", "hostile text", strict
        case Email():
            yield "text instead of an e-mail address", "hostile text", strict
        case Number(minimum=least, maximum=most):
            yield "text instead of a number", "hostile", strict
            yield "a number that is none", "NaN", strict
            yield "a number that is too large", str(LARGEST_NUMBER + 2 if most is None else most + 1), strict
            yield (
                "a number that is too small",
                str(-LARGEST_NUMBER - 2 if least is None else least - 1),
                strict,
            )
            for limit in (least, most):
                if limit is not None:
                    yield f"the limit {limit:g}", str(limit), False
        case Date():
            yield "a day that there is not", "2027-02-30", strict
            yield "text instead of a date", "hostile", strict
            for day in ("0001-01-01", "9999-12-31", "2028-02-29"):
                yield f"the day {day}", day, False
        case Member():
            yield "a person who cannot be", {"id": "hostile", "name": "hostile"}, True


def _chosen(question: Question) -> Iterator[tuple[str, Any, bool]]:
    """What is tried with what people choose or attach."""
    match question:
        case Choice():
            yield "an option that there is not", "hostile option", True
        case Choices(offered=offered):
            yield "an option that there is not", ["hostile option"], True
            yield "all options", [option.value for option in offered], False
        case YesNo():
            yield "an answer that is neither yes nor no", "hostile", True
        case Files():
            yield "a file without an id", [{"name": "hostile.png"}], True
            yield "eleven files", [FILE] * 11, True


def _try(question: Question, typed: Any, must_refuse: bool) -> Iterator[tuple[Any, ...]]:
    """What is wrong: how it is said, what tells it from other faults of its kind, and what else is said."""
    try:
        kept = question.answer(typed)
    except ValidationError as error:
        yield from _refusal_problems(typed, first_message(error))
        return
    except Exception as error:
        yield words.crashed, (type(error), line_of(error)), described(error)
        return
    if kept is None:
        return
    if must_refuse:
        yield words.accepted, None
    try:
        again = question.answer(kept)
    except Exception:
        again = None
    if again != kept:
        yield words.not_its_own, None
    try:
        json.dumps(kept, allow_nan=False)
    except (TypeError, ValueError):
        yield words.not_json, None


def _refusal_problems(typed: Any, said: str) -> Iterator[tuple[Any, ...]]:
    is_sentence = said[:1].isupper() and said.rstrip()[-1:] in (".", "!", "?")
    is_quoted = isinstance(typed, str) and len(typed) >= SHORTEST_QUOTE and typed in said
    if not is_sentence or "Error" in said or len(said) > LONGEST_REFUSAL:
        yield words.impolite, said.replace(typed, "") if is_quoted else said, said
    if is_quoted:
        yield words.quotes, None
