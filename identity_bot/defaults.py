"""The default plugin, which every request type has beneath its own: settings, privacy gate, issue and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema

from identity_bot import privacy, words
from identity_bot.forms import COMMON, Form
from identity_bot.hookspecs import hookimpl
from identity_bot.markdown import block, line, span
from identity_bot.model import Answers, Audience, Event, IssueDraft, Notification, Ticket
from identity_bot.questions import Email, Files, LongText, Question, ShortText
from identity_bot.settings import TypeSettings


@hookimpl(trylast=True)
def settings_schema() -> type[Schema]:
    """Only what every request type can set."""
    return TypeSettings


@hookimpl(trylast=True)
def validate(answers: Answers, form: Form) -> Mapping[str, str]:
    """The privacy gate: no personal data and no secret in any text; web addresses are left alone."""
    problems = {}
    for question, text in _texts(form, answers):
        kinds = {found.kind for found in privacy.find(text) if found.kind.blocks}
        if kinds:
            problems[question.name] = words.personal_data(sorted(kind.value for kind in kinds))
    return problems


@hookimpl(trylast=True)
def render_issue(ticket: Ticket, form: Form) -> IssueDraft:
    """Every answer under its question."""
    return default_issue(ticket, form)


@hookimpl(trylast=True)
def notify(ticket: Ticket, event: Event, form: Form, settings: Mapping[str, Any]) -> list[Notification]:
    """The standard words: to the requestor in the thread, to the team as a card, to the intake channel."""
    leads = " ".join(f"<@{lead['slack']}>" for lead in settings.get("leads", ()) if "slack" in lead)
    told = [
        Notification(to=Audience.REQUESTOR, text=words.created_requestor(ticket, form)),
        Notification(to=Audience.TEAM, text=words.created_team(ticket, form, leads), is_card=True),
    ]
    if ticket.origin:
        told.append(Notification(to=Audience.INTAKE, text=words.created_intake(ticket, form)))
    return told


def default_issue(ticket: Ticket, form: Form) -> IssueDraft:
    """Every answer under its question, as text that cannot mention, link, hide or break out."""
    asked_by = ticket.requestor.team or ticket.requestor.name
    sections = [
        f"### {line(question.label, limit=200)}\n\n{_answer(question, ticket.answers[question.name])}"
        for question in (*form.questions, *COMMON)
        if question.name in ticket.answers
    ]
    return IssueDraft(
        title=line(f"{form.title}: {asked_by}", limit=200), body="\n\n".join(sections), labels=(ticket.type,)
    )


def remarks(form: Form, answers: Answers) -> list[str]:
    """What a requestor should know of answers that may hold personal data, but need not."""
    kinds = {
        found.kind
        for _, text in _texts(form, answers)
        for found in privacy.find(text)
        if not found.kind.blocks
    }
    return [words.maybe_personal(sorted(kind.value for kind in kinds))] if kinds else []


def _texts(form: Form, answers: Answers) -> Iterator[tuple[Question, str]]:
    for question in form.all_questions:
        if question.name in answers and isinstance(question, (ShortText, LongText, Email, Files)):
            yield question, question.shown(answers[question.name])


def _answer(question: Question, answer: Any) -> str:
    text = question.shown(answer)
    return block(text) if isinstance(question, LongText) or "\n" in text else span(text)
