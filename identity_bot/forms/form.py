"""A form as data: Slack's modal, the checks and the issue are all made from its questions. Pure."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from identity_bot.errors import Invalid
from identity_bot.forms import limits
from identity_bot.forms.questions import (
    Choice,
    Choices,
    Chosen,
    Files,
    Question,
    ShortText,
    When,
    YesNo,
    first_message,
)
from identity_bot.text.names import nearest
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
"""The questions that a form begins with, unless it leaves some out or asks them in its own way."""
_KINDS: Mapping[str, tuple[type[Question], ...]] = {
    TEAM.name: (ShortText, Choice),
    NAME.name: (ShortText,),
    PRODUCTION.name: (YesNo,),
}
"""What a form's own question with the name of a common one may be, as the bot reads its answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What one request type asks, in order, after the questions that all types ask.

    At most 93 questions of its own, and one more for each common question that it leaves out or replaces.
    """

    title: str
    """What the drop-down calls this type of request; at most 75 characters."""
    description: str = ""
    """A few more words for the drop-down; at most 75 characters."""
    questions: Sequence[Question]
    """The type's own. One with the name of a common question, such as `team`, is asked in its place."""
    leave_out: Sequence[str] = ()
    """The names of the common questions that this form does not ask: of `team`, `name` and `production`."""
    sensitive_when: When | None = None
    """Which answer makes a request sensitive: its content is not shown in Slack."""
    approval_when: When | None = None
    """Which answer makes a request need approval: until then, it can be worked on but not finished."""

    def __post_init__(self) -> None:
        if problems := list(_problems(self)):
            raise ValueError(f"form {self.title!r:.80}: {'; '.join(problems)}")

    @property
    def all_questions(self) -> tuple[Question, ...]:
        """The common questions that the form asks, some perhaps in its own way, then its others."""
        others = list(self.questions)
        common: list[Question] = []
        for question in COMMON:
            place = next((at for at, q in enumerate(others) if getattr(q, "name", "") == question.name), None)
            if place is not None:
                common.append(others.pop(place))
            elif question.name not in self.leave_out:
                common.append(question)
        return (*common, *others)

    def question(self, name: str) -> Question | None:
        """The question with this name, if the form has one."""
        return next((q for q in self.all_questions if q.name == name), None)

    def read(self, answers: Answers, name: str) -> str:
        """The answer to one question as people read it; empty if it was not asked or not answered."""
        question = self.question(name)
        return question.shown(answers[name]) if question and name in answers else ""

    def suggestions(self) -> dict[str, Any]:
        """The questions' initial values, as answers."""
        return {q.name: q.answer(q.initial) for q in self.all_questions if q.initial is not None}

    def shown_questions(self, values: Mapping[str, Any]) -> tuple[Question, ...]:
        """The questions whose conditions hold; one that depends on a hidden question is hidden too.

        `values` may be answers, or what was typed and not checked yet.
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

    def needs_approval(self, answers: Answers) -> bool:
        """Whether a request with these answers must be approved."""
        return self.approval_when is not None and self.approval_when.holds(answers)


def load(form: Form, raw: Mapping[str, Any]) -> Answers:
    """The answers to keep, from what was typed; raises Invalid with one problem for each question.

    Text that is only white space counts as no answer. Answers to hidden questions are discarded.
    """
    answers: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for question in form.shown_questions(raw):
        try:
            answer = question.answer(raw.get(question.name))
        except ValidationError as error:
            problems[question.name] = first_message(error)
            continue
        if answer is not None:
            answers[question.name] = answer
        elif question.required:
            problems[question.name] = ANSWER_NEEDED
    if problems:
        raise Invalid(problems)
    return answers


def is_common(question: Question) -> bool:
    """Whether a question is one of those that all types ask, in whichever way."""
    return question.name in _KINDS


def readable(form: Form, answers: Answers) -> list[tuple[Question, str]]:
    """The questions that were answered, in the form's order, each with its answer as people read it.

    Answers outlive forms: if a question has since changed or gone, its answer is shown as it was kept.
    """
    known = {question.name: question for question in form.all_questions}
    common = {question.name: question for question in COMMON}
    gone = {
        name: common.get(name) or ShortText(name=name, label=name) for name in answers if name not in known
    }
    return [(q, _readable(q, answers[q.name])) for q in (known | gone).values() if q.name in answers]


def _answered(question: Question, values: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {question.name: question.answer(values.get(question.name))}
    except ValidationError:
        return {}


def _readable(question: Question, answer: Any) -> str:
    if isinstance(answer, question.kept_as):
        with contextlib.suppress(Exception):
            return str(question.shown(answer))
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def _problems(form: Form) -> Iterator[str]:
    """What a question cannot see: the form's own words, its size, and how its questions go together."""
    yield from limits.text("title", form.title, limits.OPTION_TEXT, required=True)
    yield from limits.text("description", form.description, limits.OPTION_TEXT)
    if not isinstance(form.questions, list | tuple):
        yield f"questions: found {type(form.questions).__name__}; expected a list"
        return
    if not isinstance(form.leave_out, list | tuple):
        yield f"leave_out: found {type(form.leave_out).__name__}; expected a list"
        return
    wrong = [name for name in form.leave_out if name not in [*_KINDS]]
    yield from (f"leave_out: {name!r:.80} is none of {', '.join(_KINDS)}" for name in wrong)
    if not form.all_questions:
        yield "questions: found none; expected at least one, as the common ones are left out"
    earlier: dict[str, Question] = {}
    for question in form.all_questions:
        if not isinstance(question, Question):
            yield f"questions: found {question!r:.60}; expected a kind of question, such as ShortText"
            continue
        if question.name in earlier:
            yield f"question {question.name!r}: declared twice"
        elif question.name in form.leave_out:
            yield f"question {question.name!r}: asked and left out; delete its name from leave_out to ask it"
        if not isinstance(question, kinds := _KINDS.get(question.name, (Question,))):
            expected = " or ".join(kind.__name__ for kind in kinds)
            yield f"question {question.name!r}: found {type(question).__name__}; expected {expected}"
        yield from _condition_problems(
            f"question {question.name!r}: shown_when", question.shown_when, earlier
        )
        earlier[question.name] = question
    yield from _condition_problems("sensitive_when", form.sensitive_when, earlier)
    yield from _condition_problems("approval_when", form.approval_when, earlier)
    if len(form.all_questions) > limits.QUESTIONS:
        most = limits.QUESTIONS - len(form.all_questions) + len(form.questions)
        yield f"questions: found {len(form.questions)}; expected at most {most}"
    size = sum(map(_view_bytes, earlier.values()))
    if size > limits.QUESTIONS_BYTES:
        yield (
            f"questions: found {size:,} bytes of texts and options; expected at most {limits.QUESTIONS_BYTES:,}"
        )


def _condition_problems(where: str, when: When | None, earlier: Mapping[str, Question]) -> Iterator[str]:
    if when is None:
        return
    if not isinstance(when, When):
        yield f"{where}: found {type(when).__name__}; expected a When"
        return
    match earlier.get(when.question):
        case None:
            near = nearest(when.question, earlier)
            meant = f"; did you mean {near!r}?" if near else ""
            yield f"{where}: no earlier question has the name {when.question!r}{meant}"
        case YesNo():
            if not all(isinstance(value, bool) for value in when.values):
                yield f"{where}: expected True or False, the answers to {when.question!r}"
        case Chosen(offered=offered):
            wrong = [value for value in when.values if value not in [option.value for option in offered]]
            yield from (f"{where}: {value!r} is not an option of {when.question!r}" for value in wrong)
        case _:
            # Slack tells the bot of a choice at once, but of text only when the form is sent.
            yield f"{where}: {when.question!r} is neither a choice nor a yes/no question"


def _view_bytes(question: Question) -> int:
    """At most how many bytes a question takes in Slack's view, apart from the text that people type."""
    size = limits.BLOCK_BYTES + limits.json_bytes(
        [question.name, question.label, question.hint, question.placeholder]
    )
    if isinstance(question, Files):
        size += limits.json_bytes(list(question.filetypes))
    if isinstance(question, Chosen):
        options = sorted(
            limits.OPTION_BYTES + limits.json_bytes([option.value, option.label, option.description])
            for option in question.offered
        )
        most_chosen = limits.OPTIONS if isinstance(question, Choices) else 1
        size += sum(options if len(options) <= limits.OPTIONS else []) + sum(options[-most_chosen:])
    return size
