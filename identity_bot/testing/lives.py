"""A request type's tickets with hostile text, at every event: what breaks out, leaks, fails, or changes its mind."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from identity_bot.errors import Invalid
from identity_bot.forms import form as forms
from identity_bot.forms.form import Form, readable
from identity_bot.forms.questions import Choice, LongText, ShortText
from identity_bot.messages import plugin_check as words
from identity_bot.messages.updates import Destination
from identity_bot.plugins.checks import described
from identity_bot.plugins.defaults import default_issue
from identity_bot.plugins.loader import Plugins, RequestType
from identity_bot.plugins.request_type import SLOW
from identity_bot.settings import Settings
from identity_bot.showcase.answers import values_for
from identity_bot.showcase.life import BEGINNING, OF_CLOCKS, REQUESTOR
from identity_bot.showcase.play import play, watched
from identity_bot.showcase.values import Kind, Life, Moment, Told
from identity_bot.showcase.watched import Watched
from identity_bot.testing.hostile import MIXTURE, TEXTS, in_markdown, in_slack, is_marked, mrkdwn_in
from identity_bot.testing.questions import longest, mark, with_text
from identity_bot.text.markdown import clean
from identity_bot.tickets.model import (
    Approval,
    Event,
    EventKind,
    IssueDraft,
    Notification,
    Route,
    Stage,
    Ticket,
    TicketState,
    ticket_id,
)

REASON = f"answer as a reason: {clean(MIXTURE)}"
MARK = "answer as a reason"
SHORTEST_SECRET = 8
"""Characters of an answer that is looked for in messages: shorter ones stand there by chance."""
EARLIER = "a_question_of_an_earlier_form"
_APPROVALS = {
    EventKind.APPROVAL_NEEDED: Approval.NEEDED,
    EventKind.APPROVED: Approval.APPROVED,
    EventKind.DECLINED: Approval.DECLINED,
}


def life_problems(name: str, plugins: Plugins, settings: Settings, given: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a request type's issues and messages: failures first, and each cause once."""
    twice = _Twice(**vars(watched(plugins.types[name])))
    try:
        _try(twice, plugins, settings, given)
    finally:  # what was found before a hook hung counts, too
        yield from _problems(twice)


def _try(twice: _Twice, plugins: Plugins, settings: Settings, given: Mapping[str, Any]) -> None:
    """Have a request type go through everything, and note what is wrong."""
    form = twice.form
    used: dict[Kind, Mapping[str, Any]] = {}

    def values_of(form: Form, kind: Kind) -> Mapping[str, Any] | None:
        usual = values_for(form, kind, given)
        if usual is None:
            return None
        used[kind] = _accepted(twice, usual, with_text(form, usual, MIXTURE))
        return used[kind]

    case = play(twice, plugins, settings, values_of=values_of, reason=REASON)
    twice.note("hostile text")
    others = list(_of_other_events(twice, used))
    for life in (*case.lives, *others):
        _messages(twice, life)
        if life.kind is Kind.SENSITIVE:
            _leaks(twice, life, form, used[life.kind])
    for what, ticket in _tickets(twice, given):
        _at_once(twice, what, ticket)
    _self_service(twice, given)
    _of_an_earlier_form(twice, given)
    _migration(twice, given)


def _problems(twice: _Twice) -> Iterator[str]:
    """A line for each thing that was noted."""
    yield from (words.failed(failure, list(during)) for failure, during in twice.noted.items())
    if twice.unstable:
        yield words.unstable(list(twice.unstable))
    if twice.in_issue:
        yield words.breaks_out_of_issue(list(twice.in_issue))
    if twice.in_messages:
        yield words.breaks_out_of_messages(list(twice.in_messages), list(twice.broken_events))
    yield from (words.leaks(what, list(events)) for what, events in twice.leaks.items())
    yield from twice.others
    for (_, hook), seconds in twice.failures.slow_hooks.items():
        yield words.too_slow(hook, seconds, SLOW)


def hook_failures(request_type: RequestType, given: Mapping[str, Any]) -> Iterator[str]:
    """Which hooks fail with sample answers and the settings as they are."""
    twice = _Twice(**vars(watched(request_type)))
    ticket = _ticket(twice, values_for(twice.form, Kind.USUAL, given) or {})
    if ticket is None:
        return
    twice.validate(ticket.answers, REQUESTOR)
    twice.route(ticket)
    twice.render_issue(ticket)
    twice.notify(ticket, _created(ticket))
    yield from twice.failures.texts


@dataclass(kw_only=True)
class _Twice(Watched):
    """A request type that is asked everything twice."""

    noted: dict[str, dict[str, None]] = field(default_factory=dict)
    """Each failure, and during what it was seen."""
    unstable: dict[str, None] = field(default_factory=dict)
    """The events whose messages change."""
    in_issue: dict[str, None] = field(default_factory=dict)
    """What people's text does in the issue."""
    in_messages: dict[str, None] = field(default_factory=dict)
    """What people's text does in messages."""
    broken_events: dict[str, None] = field(default_factory=dict)
    """The events in whose messages it does so."""
    leaks: dict[str, dict[str, None]] = field(default_factory=dict)
    """What is in messages about a sensitive ticket, and in those of which events."""
    others: dict[str, None] = field(default_factory=dict)
    """What else is wrong, a line each."""

    def notify(self, ticket: Ticket, event: Event) -> list[Notification]:
        first = super().notify(ticket, event)
        if RequestType.notify(self, ticket, event) != first:
            self.unstable[event.kind.value] = None
        return first

    def render_issue(self, ticket: Ticket) -> IssueDraft:
        first = super().render_issue(ticket)
        if super().render_issue(ticket) != first:
            self.others[words.UNSTABLE_ISSUE] = None
        return first

    def route(self, ticket: Ticket) -> Route:
        first = super().route(ticket)
        if super().route(ticket) != first:
            self.others[words.UNSTABLE_ROUTE] = None
        return first

    def note(self, during: str) -> None:
        """Keep the failures since this was last called."""
        for failure in self.failures.texts:
            self.noted.setdefault(failure, {})[during] = None
        self.failures.texts.clear()

    def read(self, event: str, text: str) -> None:
        """Note what people's text does in the text of a message."""
        for effect in in_slack(text):
            self.in_messages[effect] = None
            self.broken_events[event] = None


def _of_other_events(request_type: _Twice, used: Mapping[Kind, Mapping[str, Any]]) -> Iterator[Life]:
    """What people are told of the events that the lives lack: what time brings, and approvals that no answer needs."""
    others = [kind for kind in EventKind if kind not in {event.kind for event in request_type.events}]
    for kind, values in used.items():
        if ticket := _ticket(request_type, values):
            moments = tuple(_moment(request_type, ticket, one) for one in others)
            yield Life(kind=kind, moments=moments)


def _moment(request_type: _Twice, ticket: Ticket, kind: EventKind) -> Moment:
    """What people are told of an event of a ticket that is due, as if it had just happened."""
    stage = Stage.UAT if kind is EventKind.UNTRIED else Stage.OPEN
    now = TicketState(stage=stage, approval=_APPROVALS.get(kind))
    was = None if kind in OF_CLOCKS else TicketState(stage=stage)
    event = Event(kind=kind, ticket_id=ticket.id, at=BEGINNING, was=was, reason="" if was is None else REASON)
    due = replace(ticket, state=now, response_due=BEGINNING, resolution_due=BEGINNING)
    told = request_type.notify(due, event)
    request_type.note(f"the event {kind.value!r}")
    messages = tuple(
        Told(to=one.to.value, where="", text=f"{one.text} {one.next}", blocks=()) for one in told
    )
    return Moment(events=(kind.value,), by="", messages=messages, labels=(), assignees=(), comments=())


def _created(ticket: Ticket) -> Event:
    return Event(kind=EventKind.CREATED, ticket_id=ticket.id, at=BEGINNING)


def _ticket(request_type: RequestType, values: Mapping[str, Any]) -> Ticket | None:
    """A ticket with these answers; None if the form refuses them."""
    form = request_type.form
    try:
        answers = forms.load(form, values)
    except Exception:
        return None
    who = replace(REQUESTOR, name=str(answers.get("name", "")), team=str(answers.get("team", "")))
    return Ticket(
        id=ticket_id("check"),
        type=request_type.name,
        requestor=who,
        answers=answers,
        submitted_at=BEGINNING,
        is_sensitive=form.is_sensitive(answers),
        repository=str(request_type.settings["repository"]),
        number=1,
        url="https://github.test/1",
    )


def _accepted(
    request_type: RequestType, usual: Mapping[str, Any], wanted: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The values wanted; the usual ones for those questions at which they are refused."""
    for _ in wanted:
        try:
            refused = request_type.validate(forms.load(request_type.form, wanted), REQUESTOR)
        except Invalid as error:
            refused = dict(error.problems)
        except Exception:
            return usual
        again = {**wanted, **{name: usual[name] for name in refused if name in usual}}
        if again == wanted:
            break
        wanted = again
    return wanted


def _tickets(request_type: _Twice, given: Mapping[str, Any]) -> Iterator[tuple[str, Ticket]]:
    """Tickets at the limits of what people can send: each hostile text, the longest and the fewest answers."""
    form = request_type.form
    usual = values_for(form, Kind.USUAL, given) or {}
    tried = {what: with_text(form, usual, text) for what, text in TEXTS.items()}
    tried["the longest answers"] = usual | {
        one.name: text for one in form.all_questions if (text := longest(one)) and one.name in usual
    }
    required = {one.name for one in form.all_questions if one.required}
    tried["no optional answers"] = {name: value for name, value in usual.items() if name in required}
    for what, values in tried.items():
        if ticket := _ticket(request_type, values):
            yield what, ticket


def _at_once(request_type: _Twice, what: str, ticket: Ticket) -> None:
    """Note what is wrong with the issue and the first messages of a ticket."""
    try:
        request_type.validate(ticket.answers, REQUESTOR)
        request_type.route(ticket)
        request_type.route(replace(ticket, answers={}))  # as of one that was made again from its issue
        draft = request_type.render_issue(ticket)
        told = request_type.notify(ticket, _created(ticket))
    except Exception as error:  # not the plugin's, which would be a failure
        request_type.noted.setdefault(described(error), {})[what] = None
        return
    request_type.note(what)
    request_type.in_issue |= dict.fromkeys(in_markdown(draft.body))
    if not is_marked(ticket, draft.body):
        request_type.others[words.NOT_MARKED] = None
    for one in told:
        for text in (one.text, one.next):
            request_type.read(EventKind.CREATED.value, text)


def _messages(request_type: _Twice, life: Life) -> None:
    for moment in life.moments:
        for message in moment.messages:
            for text in (message.text, *mrkdwn_in(message.blocks)):
                request_type.read(_named(moment), text)


def _named(moment: Moment) -> str:
    return ", ".join(moment.events) or moment.by


def _leaks(request_type: _Twice, life: Life, form: Form, values: Mapping[str, Any]) -> None:
    """Note what people typed or chose that is in a message about a sensitive ticket."""
    secrets = {MARK: "a reason"}
    for question in form.questions:
        value = values.get(question.name)
        if isinstance(question, ShortText | LongText) and str(value).startswith(mark(question)):
            secrets[mark(question)] = f"the answer to {question.name!r}"
        elif isinstance(value, str) and len(value) >= SHORTEST_SECRET:
            shown = question.shown(value) if isinstance(question, Choice) else value
            secrets[shown] = f"the answer to {question.name!r}"
    for moment in life.moments:
        for message in moment.messages:
            said = "\n".join((message.text, *mrkdwn_in(message.blocks)))
            for secret, what in secrets.items():
                if secret in said and not (secret == MARK and message.to == Destination.REQUESTOR):
                    request_type.leaks.setdefault(what, {})[_named(moment)] = None


def _self_service(request_type: _Twice, given: Mapping[str, Any]) -> None:
    """The hook is called while people type, with answers that nobody has checked."""
    usual = values_for(request_type.form, Kind.USUAL, given) or {}
    odd: tuple[Any, ...] = (None, 5, ["hostile"], {"id": "hostile"}, MIXTURE)
    for text in ("", "x", MIXTURE, "x" * 3_000):
        request_type.self_service(text, {})
    for value in odd:
        request_type.self_service("x", dict.fromkeys(usual, value))
    request_type.note("answers that are not checked yet")


def _of_an_earlier_form(request_type: _Twice, given: Mapping[str, Any]) -> None:
    """Tickets outlive forms: a question may be gone or of another kind, and a ticket may have lost its answers."""
    form = request_type.form
    ticket = _ticket(request_type, values_for(form, Kind.USUAL, given) or {})
    if ticket is None:
        return
    changed = {
        one.name: ["kept", 5] if isinstance(ticket.answers.get(one.name), str) else "kept"
        for one in form.questions
    }
    earlier = replace(ticket, answers={**ticket.answers, **changed, EARLIER: "kept"})
    shown = {question.name: text for question, text in readable(form, copy.deepcopy(earlier.answers))}
    body = default_issue(earlier, form).body
    for name in (*changed, EARLIER):
        if "kept" not in shown.get(name, "") or not body:
            request_type.others[words.unreadable(name)] = None
    gone = replace(ticket, answers={**ticket.answers, EARLIER: "kept"})
    request_type.render_issue(gone)
    request_type.note("the answer to a question that is gone")
    request_type.notify(replace(ticket, answers={}), _created(ticket))
    request_type.note("a ticket that was made again from its issue, without answers")


def _migration(request_type: _Twice, given: Mapping[str, Any]) -> None:
    """What migrates answers of an earlier form meets answers of today's, and its own results, which it must keep."""
    ticket = _ticket(request_type, values_for(request_type.form, Kind.USUAL, given) or {})
    if ticket is None:
        return
    if request_type.migrated(ticket).answers != ticket.answers:
        request_type.others[words.MIGRATES_TODAYS] = None
    earlier = replace(ticket, answers={**ticket.answers, EARLIER: "kept"})
    once = request_type.migrated(earlier)
    if request_type.migrated(once).answers != once.answers:
        request_type.others[words.MIGRATES_TWICE] = None
