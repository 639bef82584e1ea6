"""Sample answers that lead a form where it branches: sensitive or not, urgent, each condition met. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from identity_bot.forms.form import PRODUCTION, Form
from identity_bot.forms.questions import Choices, Chosen, When, YesNo
from identity_bot.forms.samples import sample_values
from identity_bot.showcase.values import Kind


def conditions(form: Form) -> tuple[When, ...]:
    """The conditions of the form's questions, each once, in the form's order."""
    return tuple(dict.fromkeys(one.shown_when for one in form.all_questions if one.shown_when))


def meeting(form: Form, when: When) -> dict[str, Any]:
    """Answers that meet a condition, and those on which its own question depends."""
    return _answering(form, when, when.values[0])


def values_for(
    form: Form, kind: Kind, given: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any] | None:
    """Sample answers for one kind of ticket, with those given; None if the form cannot lead to it."""
    match kind:
        case Kind.SENSITIVE:
            if form.sensitive_when is None:
                return None
            return sample_values(form, {**given, **meeting(form, form.sensitive_when)})
        case Kind.URGENT:
            if form.question(PRODUCTION.name) is None:
                return None
            is_urgent = meeting(form, When(PRODUCTION.name, True))
            return sample_values(form, {**given, **_not_sensitive(form), **is_urgent})
    return sample_values(form, {**given, **_not_sensitive(form), PRODUCTION.name: False})


def _not_sensitive(form: Form) -> dict[str, Any]:
    """An answer that keeps a request from being sensitive, if its question has one."""
    when = form.sensitive_when
    if when is None:
        return {}
    question = form.question(when.question)
    others: list[object] = []
    match question:
        case YesNo():
            others = [value for value in (False, True) if value not in when.values]
        case Chosen(offered=offered):
            others = [option.value for option in offered if option.value not in when.values]
    return _answering(form, when, others[0]) if others else {}


def _answering(form: Form, when: When, value: object) -> dict[str, Any]:
    question = form.question(when.question)
    above = question.shown_when if question else None
    needed = meeting(form, above) if above else {}
    return needed | {when.question: [value] if isinstance(question, Choices) else value}
