"""Sample answers to a form: what previews show and what tests of request types submit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from identity_bot.forms.form import Form
from identity_bot.forms.questions import (
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
)

SENTENCE = "Sign-in stops after the second step, for everybody on the team."
COMMON = {"team": "Benefits Claims", "name": "Juniper Vale", "production": False}


def sample_values(form: Form, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A value for each question that the form shows, as somebody types or chooses it.

    `given` values come first; they are needed where a question's own rules accept nothing that its kind suggests.
    """
    values: dict[str, Any] = dict(given or {})
    for question in form.all_questions:  # a condition names earlier questions only
        if question in form.shown_questions(values) and question.name not in values:
            values[question.name] = _sample(question)
    return {question.name: values[question.name] for question in form.shown_questions(values)}


def _sample(question: Question) -> Any:
    """What the question suggests; else the first sample of its kind that its rules accept."""
    samples = _samples(question)
    for value in samples:
        try:
            if question.answer(value) is not None:
                return value
        except ValidationError:
            continue
    return samples[0]


def _samples(question: Question) -> list[Any]:
    suggestions = (question.initial, _example(question.placeholder), COMMON.get(question.name))
    suggested = [value for value in suggestions if value is not None]
    match question:
        case ShortText(min_length=least, max_length=most) | LongText(min_length=least, max_length=most):
            long_enough = SENTENCE * (1 + least // len(SENTENCE))
            return [*suggested, long_enough[:most], "1" * max(1, least)]
        case Url():
            return [
                *suggested,
                "https://github.com/sandbox-org/vets-api/pull/7",
                "https://www.va.gov/sign-in",
            ]
        case Email():
            return [*suggested, "name@example.gov"]
        case Number(minimum=minimum, maximum=maximum):
            return [*suggested, *(limit for limit in (minimum, maximum) if limit is not None), 1]
        case Date():
            return [*suggested, "2026-12-01"]
        case Choice(offered=offered):
            return [*suggested, *(option.value for option in offered)]
        case Choices(offered=offered):
            return [*suggested, *([option.value] for option in offered)]
        case YesNo():
            return [*suggested, True, False]
        case Member():
            return [{"id": "U0LINDEN", "name": "Linden Brookmere"}]
        case Files(filetypes=endings):
            ending = endings[0] if endings else "png"
            return [[{"id": "F1", "name": f"screenshot.{ending}", "link": "https://files.example.gov/F1"}]]
    return suggested or [SENTENCE]


def _example(placeholder: str) -> str | None:
    """What a placeholder gives as an example, such as *For example: Benefits Claims*."""
    _, colon, example = placeholder.partition(":")
    return (
        example.strip()
        if colon and example.strip() and "//" not in placeholder[: len(placeholder) // 4]
        else None
    )
