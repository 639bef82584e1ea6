"""The default hooks of every request type: settings, the privacy gate, the issue and the standard messages."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema

from identity_bot.articles.answer import Answer
from identity_bot.forms.form import Form, is_common, readable
from identity_bot.forms.questions import Email, Files, LongText, Question, ShortText, Url
from identity_bot.messages import alerts, templates, words
from identity_bot.plugins.hookspecs import hookimpl
from identity_bot.settings import TypeSettings
from identity_bot.text import privacy
from identity_bot.text.markdown import block, line, span
from identity_bot.text.privacy import Additions, Finding, Kind
from identity_bot.tickets import rota
from identity_bot.tickets.model import (
    Action,
    Answers,
    Approval,
    Audience,
    Event,
    EventKind,
    IssueDraft,
    Notification,
    Route,
    Ticket,
)
from identity_bot.tickets.people import People

LONGEST_ANSWER = 10_000
SHORTEST_ANSWER = 20
ROOM_FOR_PLUGINS = 2_000
"""Characters that a plugin can add to the default issue."""
BUTTONS = {
    EventKind.CREATED: (Action.CLOSE,),
    EventKind.WAITING: (Action.RESUME,),
    EventKind.READY_FOR_UAT: (Action.ACCEPT, Action.REJECT),
    EventKind.UNTRIED: (Action.ACCEPT, Action.REJECT),
    EventKind.REOPENED: (Action.CLOSE,),
}
"""What the requestor can do about an event."""
IF_NOBODY_HAS_IT = (
    EventKind.RESPONSE_DUE,
    EventKind.RESOLUTION_DUE,
    EventKind.STALE,
    EventKind.RESUMED,
)
"""The events of which the team hears if there is nobody else."""
OF_APPROVERS = (Action.APPROVE, Action.DECLINE)
_FILE_LINK = re.compile(r" \(https?://\S+\)$", re.MULTILINE)


@hookimpl(trylast=True)
def settings_schema() -> type[Schema]:
    """The settings that every request type has."""
    return TypeSettings


@hookimpl(trylast=True)
def self_service() -> list[Answer]:
    """No answers: each type knows its own."""
    return []


@hookimpl(trylast=True)
def validate(answers: Answers, form: Form, settings: Mapping[str, Any]) -> Mapping[str, str]:
    """The privacy gate: refuses personal data and secrets in text, and in the queries of web addresses."""
    return {
        question.name: words.personal_data(sorted(kind.value for kind in kinds))
        for question, found in _findings(form, answers, settings["privacy"])
        if (kinds := {kind for kind in found if kind.blocks})
    }


@hookimpl(trylast=True)
def migrate_answers(answers: Answers) -> Answers:
    """As they are."""
    return answers


@hookimpl(trylast=True)
def render_issue(ticket: Ticket, form: Form) -> IssueDraft:
    """All answers, each under its question."""
    return default_issue(ticket, form)


@hookimpl(trylast=True)
def route(ticket: Ticket, settings: Mapping[str, Any]) -> Route:
    """The leads of the settings, who also approve, and whoever's turn it is by the rota."""
    return default_route(ticket, settings)


@hookimpl(trylast=True)
def notify(ticket: Ticket, event: Event, form: Form, settings: Mapping[str, Any]) -> list[Notification]:
    """The standard messages, to everybody whom the event concerns."""
    return list(_standard(ticket, event, form, settings))


def _standard(
    ticket: Ticket, event: Event, form: Form, settings: Mapping[str, Any]
) -> Iterator[Notification]:
    messages, levels, leads = settings["messages"], settings["service_levels"], alerts.leads(settings)
    people = People(settings["people"])
    values = templates.values(ticket, event, form.title, people, messages, levels=levels, leads=leads)
    for_requestor = values | {"ticket": words.link_for_anybody(ticket)}
    if ticket.is_direct:
        # The requestor of a sensitive ticket cannot open it, and is told directly.
        for_requestor["reason"] = templates.quoted_reason(event)
    is_new = event.kind is EventKind.CREATED
    for audience in Audience:
        name = templates.name_of(event.kind, audience, ticket, event)
        if name is None or not _is_told(audience, ticket, event):
            continue
        if audience is Audience.APPROVERS:
            yield Notification(to=audience, text=templates.text(name, values, messages), buttons=OF_APPROVERS)
            continue
        is_requestor = audience is Audience.REQUESTOR
        text = templates.text(name, for_requestor if is_requestor else values, messages)
        if is_new and audience is Audience.TEAM and ticket.is_urgent:
            text = f"{text} {leads}".strip()
        following = ""
        if is_requestor:
            name = templates.next_name(ticket, event, levels)
            if name == "next.waiting" and not settings["conversation"]:
                name = "next.waiting_direct" if ticket.is_direct else "next.waiting_unheard"
            following = templates.text(name, for_requestor, messages)
        if is_requestor and is_new and ticket.state.approval is Approval.NEEDED:
            following = f"{following} {templates.text('next.created_approval', for_requestor, messages)}"
        if is_requestor and is_new and settings["conversation"]:
            following = f"{following} {templates.text('next.created_copied', for_requestor, messages)}"
        yield Notification(
            to=audience,
            text=text,
            next=following,
            buttons=BUTTONS.get(event.kind, ()) if is_requestor else (),
            is_card=is_new and audience is Audience.TEAM,
        )


def _is_told(audience: Audience, ticket: Ticket, event: Event) -> bool:
    """Whether to tell somebody whom the event may concern."""
    if event.kind in IF_NOBODY_HAS_IT and audience is Audience.TEAM:
        return not ticket.state.assignees and not (event.kind is EventKind.RESUMED and ticket.state.spoc)
    return audience is not Audience.INTAKE or _is_announced(ticket, event)


def _is_announced(ticket: Ticket, event: Event) -> bool:
    """Whether to tell the intake channel of a ticket: not if it is sensitive, private, or new with its thread there."""
    if ticket.is_private:
        return False
    if event.kind is EventKind.CREATED and ticket.origin is None:
        return ticket.is_direct and not ticket.is_sensitive and bool(ticket.type)
    return not ticket.is_sensitive


def default_route(ticket: Ticket, settings: Mapping[str, Any]) -> Route:
    """The leads of the settings, who also approve, and as SPOC whoever's turn it is by the rota."""
    people = People(settings["people"])
    zone = settings["service_levels"].hours.zone
    person = rota.on_duty(settings["rota"], settings["rota_turns"], settings["away"], ticket, people, zone)
    leads = tuple(settings["leads"])
    return Route(leads=leads, approvers=leads, spoc=rota.key_of(person, people) if person else "")


def default_issue(ticket: Ticket, form: Form) -> IssueDraft:
    """All answers, each under its question, as Markdown that cannot mention anybody, link, or hide text.

    If all of it is more than GitHub accepts, the longest answers are cut, and the issue says so.
    """
    asked_by = ticket.requestor.team or ticket.requestor.name
    return IssueDraft(
        title=line(f"{form.title}: {asked_by}", limit=200), body=_body(ticket, form), labels=(ticket.type,)
    )


def hints(form: Form, answers: Answers, settings: Mapping[str, Any]) -> list[str]:
    """Sentences for the receipt: which answers may hold personal data that the privacy gate lets pass."""
    kinds = {
        kind
        for _, found in _findings(form, answers, settings["privacy"])
        for kind in found
        if not kind.blocks
    }
    return [words.maybe_personal(sorted(kind.value for kind in kinds))] if kinds else []


def _findings(form: Form, answers: Answers, additions: Additions) -> Iterator[tuple[Question, set[Kind]]]:
    """What each typed answer seems to hold, apart from what its question asks for."""
    for question, text in readable(form, answers):
        match question:
            case ShortText() | LongText():
                yield question, _kinds(privacy.find(text, additions))
            case Email():
                yield question, _kinds(privacy.find(text, additions)) - {Kind.EMAIL}
            case Files():
                yield question, _kinds(privacy.find(_FILE_LINK.sub("", text), additions))
            case Url():
                yield question, _kinds(privacy.find_in_link(text, additions))


def _kinds(findings: list[Finding]) -> set[Kind]:
    return {finding.kind for finding in findings}


def _body(ticket: Ticket, form: Form) -> str:
    longest = IssueDraft.LONGEST_BODY - ROOM_FOR_PLUGINS
    whole = _sections(ticket, form, LONGEST_ANSWER)
    if len(whole) <= longest:
        return whole
    room = longest - len(words.ANSWERS_CUT) - 2
    limits = range(SHORTEST_ANSWER, LONGEST_ANSWER)
    fitting = bisect_right(limits, room, key=lambda limit: len(_sections(ticket, form, limit)))
    return f"{words.ANSWERS_CUT}\n\n{_sections(ticket, form, limits[max(0, fitting - 1)])}"


def _sections(ticket: Ticket, form: Form, limit: int) -> str:
    answered = readable(form, ticket.answers)
    own_first = sorted(answered, key=lambda one: is_common(one[0]))
    return "\n\n".join(_section(question, text, limit) for question, text in own_first)


def _section(question: Question, text: str, limit: int) -> str:
    """A long answer stands in a block under its question, a short one beside it."""
    label = re.sub(r"([\\`*_\[\]<>#|~&!@])", r"\\\1", line(question.label, limit=200))
    if isinstance(question, LongText) or "\n" in text:
        return f"### {label}\n\n{block(text, limit=limit)}"
    return f"**{label}** {span(text, limit=min(limit, 1_000))}"
