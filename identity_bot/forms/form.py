"""A form as data: the questions of one request type serve Slack's modal, validation and the issue alike. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from identity_bot.errors import Invalid
from identity_bot.forms.questions import Chosen, Files, Option, Question, ShortText, When, YesNo
from identity_bot.tickets.model import Answers

ANSWER_NEEDED = "Please answer this question."

TEAM = ShortText(name="team", label="Your team", max_length=100, placeholder="For example: Benefits Claims")
NAME = ShortText(name="name", label="Your name", max_length=100)
PRODUCTION = YesNo(
    name="production",
    label="Does this affect Veterans in production?",
    hint="Yes makes it urgent: the leads are told and put on the ticket at once.",
)
COMMON = (TEAM, NAME, PRODUCTION)
"""The questions that every form begins with."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CONTROLS = (Chosen, YesNo)
"""Slack tells the bot of a choice as soon as it is made; of text only when the form is sent."""
_UNPARSED = (Chosen, YesNo, Files)


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What one request type asks, in order; the questions common to all types come first."""

    title: str
    """What the drop-down calls this type of request; at most 75 characters."""
    description: str = ""
    """A few words more for the drop-down; at most 75 characters."""
    questions: Sequence[Question]
    sensitive_when: When | None = None
    """Which answer makes a request sensitive: its content is not shown in Slack."""

    @property
    def all_questions(self) -> tuple[Question, ...]:
        """The common questions and then the form's own."""
        return (*COMMON, *self.questions)

    def question(self, name: str) -> Question | None:
        """The question of this name, if the form has one."""
        return next((q for q in self.all_questions if q.name == name), None)

    def suggestions(self) -> dict[str, Any]:
        """The initial values, as answers."""
        return {q.name: q.answer(q.initial) for q in self.all_questions if q.initial is not None}

    def shown_questions(self, values: Mapping[str, Any]) -> tuple[Question, ...]:
        """The questions whose conditions hold; one that hangs on a hidden question is hidden too.

        `values` may be answers, or what was typed and is not checked yet.
        """
        shown: dict[str, Question] = {}
        for question in self.all_questions:
            when = question.shown_when
            if when is None or (
                when.question in shown and when.holds(_answered(shown[when.question], values))
            ):
                shown[question.name] = question
        return tuple(shown.values())

    def is_sensitive(self, answers: Answers) -> bool:
        """Whether these answers make the request sensitive."""
        return self.sensitive_when is not None and self.sensitive_when.holds(answers)


def load(form: Form, raw: Mapping[str, Any]) -> Answers:
    """The answers as they are kept, from what was typed; raises Invalid with one problem for each question.

    Text that is only white space counts as no answer, and answers to hidden questions are dropped.
    """
    answers: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for question in form.shown_questions(raw):
        try:
            answer = question.answer(raw.get(question.name))
        except ValidationError as error:
            problems[question.name] = _first_message(error.messages)
            continue
        if answer is not None:
            answers[question.name] = answer
        elif question.required:
            problems[question.name] = ANSWER_NEEDED
    if problems:
        raise Invalid(problems)
    return answers


def readable(form: Form, answers: Answers) -> list[tuple[Question, str]]:
    """The questions that were answered, in the form's order, each with its answer as people read it.

    Answers outlive forms: one whose question has changed or gone since is shown as it was kept.
    """
    known = {question.name: question for question in form.all_questions}
    gone = {name: ShortText(name=name, label=name) for name in answers if name not in known}
    return [(q, _readable(q, answers[q.name])) for q in (known | gone).values() if q.name in answers]


def check(form: Form) -> list[str]:
    """Where a form contradicts itself, a line for each; what Slack would refuse is blocks.py's to find."""
    return list(_contradictions(form))


def _answered(question: Question, values: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {question.name: question.answer(values.get(question.name))}
    except ValidationError:
        return {}


def _readable(question: Question, answer: Any) -> str:
    try:
        return question.shown(answer)
    except Exception:
        return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def _contradictions(form: Form) -> Iterator[str]:
    earlier: dict[str, Question] = {}
    for question in form.all_questions:
        if not isinstance(question, Question) or not question.kind:
            yield f"{question!r:.60} is no question; declare one of the kinds, such as ShortText"
            continue
        yield from (f"question {question.name!r}: {fault}" for fault in _faults(question, earlier))
        earlier[question.name] = question
    if form.sensitive_when:
        yield from (f"sensitive_when: {fault}" for fault in _condition_faults(form.sensitive_when, earlier))


def _faults(question: Question, earlier: Mapping[str, Question]) -> Iterator[str]:
    if not _NAME.fullmatch(question.name):
        yield "its name must be lower-case letters, digits and underscores, beginning with a letter"
    if question.name in earlier:
        is_common = question.name in {common.name for common in COMMON}
        yield "every form already has it" if is_common else "declared twice"
    if question.shown_when:
        yield from (f"shown_when: {fault}" for fault in _condition_faults(question.shown_when, earlier))
    if question.parse and isinstance(question, _UNPARSED):
        yield "parse is for answers that are typed"
    if isinstance(question, Chosen):
        yield from _option_faults(question)
    if isinstance(question, Files) and not all(re.fullmatch(r"[A-Za-z0-9]+", f) for f in question.filetypes):
        yield 'filetypes are endings without a dot, such as "png"'
    if question.initial is not None and (problem := _problem(question, question.initial)):
        yield f"its initial value is no answer to it: {problem}"


def _condition_faults(when: When, earlier: Mapping[str, Question]) -> Iterator[str]:
    question = earlier.get(when.question)
    if question is None:
        yield f"no earlier question has the name {when.question!r}"
    elif not isinstance(question, _CONTROLS):
        yield f"{when.question!r} is neither a choice nor a yes/no question"
    elif isinstance(question, YesNo):
        if not all(isinstance(value, bool) for value in when.values):
            yield f"the answer to {when.question!r} is True or False"
    else:
        offered = [option.value for option in question.offered]
        yield from (f"{v!r} is no option of {when.question!r}" for v in when.values if v not in offered)


def _option_faults(question: Chosen) -> Iterator[str]:
    if isinstance(question.options, str) or not all(isinstance(o, str | Option) for o in question.options):
        yield "options are a list of texts or Options"
        return
    offered = question.offered
    if not offered:
        yield "there is nothing to choose"
    if len({option.value for option in offered}) < len(offered):
        yield "two options have the same value"
    for option in offered:
        if (
            not 0 < len(option.value) <= 150
            or not 0 < len(option.label) <= 75
            or len(option.description) > 75
        ):
            yield (
                f"option {option.label[:40]!r}: a value has 1 to 150 characters, a label 1 to 75, "
                "a description at most 75"
            )


def _problem(question: Question, value: Any) -> str:
    try:
        question.answer(value)
    except ValidationError as error:
        return _first_message(error.messages)
    return ""


def _first_message(said: Any) -> str:
    while isinstance(said, dict | list):
        said = next(iter(said.values())) if isinstance(said, dict) else said[0]
    return str(said)
