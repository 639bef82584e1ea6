"""A form as data: the questions of one request type serve Slack's modal, validation and the issue alike. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError

from identity_bot.errors import Invalid
from identity_bot.markdown import clean
from identity_bot.model import Answers
from identity_bot.questions import Chosen, LongText, Question, ShortText, When, YesNo

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

    def shown_questions(self, answers: Mapping[str, Any]) -> tuple[Question, ...]:
        """The questions whose conditions hold; one that hangs on a hidden question is hidden too."""
        shown: dict[str, Question] = {}
        for question in self.all_questions:
            when = question.shown_when
            if when is None or (when.question in shown and when.holds(answers)):
                shown[question.name] = question
        return tuple(shown.values())

    def is_sensitive(self, answers: Answers) -> bool:
        """Whether these answers make the request sensitive."""
        return self.sensitive_when is not None and self.sensitive_when.holds(answers)


def load(form: Form, raw: Mapping[str, Any]) -> Answers:
    """The answers as they are kept, from what was typed; raises Invalid with one problem for each question.

    Text that is only white space counts as no answer, and answers to hidden questions are dropped.
    """
    problems: dict[str, str] = {}
    tidy = {q.name: value for q in form.all_questions if (value := _tidy(q, raw.get(q.name))) is not None}
    shown = form.shown_questions(tidy)
    given: dict[str, Any] = {}
    for question in shown:
        value = tidy.get(question.name)
        if value is None:
            if question.required:
                problems[question.name] = ANSWER_NEEDED
            continue
        try:
            given[question.name] = question.parse(value) if question.parse else value
        except ValidationError as error:
            problems[question.name] = _first_message(error.messages)
    schema = Schema.from_dict({q.name: q.field() for q in shown})(unknown=EXCLUDE)
    try:
        loaded = schema.load(given)
    except ValidationError as error:
        said = error.normalized_messages()  # type: ignore[no-untyped-call]
        problems |= {str(name): _first_message(messages) for name, messages in said.items()}
    if problems:
        raise Invalid({q.name: problems[q.name] for q in shown if q.name in problems})
    kept = schema.dump(loaded)
    return {q.name: kept[q.name] for q in shown if q.name in kept}


def check(form: Form) -> list[str]:
    """Where a form contradicts itself, a line for each; what Slack would refuse is blocks.py's to find."""
    return list(_contradictions(form))


def _contradictions(form: Form) -> Iterator[str]:
    seen: set[str] = set()
    for question in form.all_questions:
        where = f"question {question.name!r}"
        if not (question.name.isascii() and question.name.isidentifier() and question.name.islower()):
            yield f"{where}: a name has lower-case letters, digits and underscores"
        if question.name in seen:
            common = question.name in {q.name for q in COMMON}
            yield f"{where}: {'every form already has it' if common else 'declared twice'}"
        when = question.shown_when
        if when and when.question not in seen:
            yield f"{where}: shown when {when.question!r} is answered, but no earlier question has that name"
        if isinstance(question, Chosen):
            yield from (f"{where}: {problem}" for problem in _option_problems(question))
        seen.add(question.name)
    if form.sensitive_when and form.sensitive_when.question not in seen:
        yield f"sensitive_when: no question has the name {form.sensitive_when.question!r}"


def _option_problems(question: Chosen) -> Iterator[str]:
    offered = question.offered
    if not offered:
        yield "there is nothing to choose"
    if len({o.value for o in offered}) < len(offered):
        yield "two options have the same value"
    for option in offered:
        if not 0 < len(option.value) <= 150 or not 0 < len(option.label) <= 75:
            yield f"option {option.label[:40]!r}: a value has 1 to 150 characters and a label 1 to 75"


def _tidy(question: Question, value: Any) -> Any:
    """What was typed without what nobody meant to type; None where nothing is left."""
    if isinstance(value, str):
        value = clean(value).strip()
        if not isinstance(question, LongText):
            value = " ".join(value.split())
    return None if value in ("", None, [], {}) else value


def _first_message(said: Any) -> str:
    while isinstance(said, dict):
        said = next(iter(said.values()))
    return str(said[0] if isinstance(said, list) else said)
