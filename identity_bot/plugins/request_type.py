"""A request type: its form, its settings, and its hooks, whose results are checked before they are used."""

from __future__ import annotations

import copy
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import pluggy

from identity_bot.articles.answer import Answer
from identity_bot.forms.form import Form
from identity_bot.plugins import defaults
from identity_bot.plugins.checks import DEFAULTS, place_of
from identity_bot.plugins.code import Code, NoCode
from identity_bot.plugins.failures import Failures, is_interrupt
from identity_bot.text.markdown import line
from identity_bot.tickets.model import (
    Answers,
    Event,
    EventKind,
    IssueDraft,
    Notification,
    Person,
    Route,
    Ticket,
)

log = logging.getLogger(__name__)

R = TypeVar("R")
SLOW = 1.0
"""Seconds after which a hook is logged as slow: people or other tickets wait for it."""


@dataclass(kw_only=True)
class RequestType:
    """A request type's form and settings, and its hooks: the plugin's own, the observers' and the defaults."""

    name: str
    form: Form
    settings: Mapping[str, Any]
    manager: pluggy.PluginManager
    """Holds no other request type's plugin, as each sees its own tickets only."""
    code: Callable[[], Code] = NoCode
    """Makes what a plugin may read of code while somebody waits."""
    failures: Failures = field(default_factory=Failures)
    """Where hooks that fail are kept, so that the team hears of them."""

    def repository_for(self, ticket: Ticket) -> str:
        """The repository that gets a ticket's issue, by the settings in force."""
        restricted = ticket.is_sensitive and self.settings["restricted_repository"]
        return str(restricted or self.settings["repository"])

    @property
    def answers_first(self) -> bool:
        """Whether its plugin or an observer may answer before the form is sent."""
        return len(self.manager.hook.self_service.get_hookimpls()) > 1  # one is the default

    def hints(self, ticket: Ticket) -> list[str]:
        """What the requestor should know of a ticket's answers that may hold personal data, but need not."""
        return defaults.hints(self.form, self.migrated(ticket).answers, self.settings)

    def migrated(self, ticket: Ticket) -> Ticket:
        """A ticket that was kept, with its answers as the form asks for them now; nothing is written back."""
        if not ticket.answers:
            return ticket
        return replace(
            ticket, answers=next(self._results("migrate_answers", _answers, answers=ticket.answers))
        )

    def self_service(self, text: str, answers: Mapping[str, Any]) -> list[Answer]:
        """Answers that may already solve the problem, the best one first."""
        found = self._results(
            "self_service", _list_of(Answer), shared={"code": self.code()}, text=text, answers=answers
        )
        return [answer for some in found for answer in some]

    def validate(self, answers: Answers, requestor: Person) -> dict[str, str]:
        """Problems by the question's name; empty if the answers can be submitted.

        A problem at a question that is not shown moves to the last one that is.
        """
        found = self._results("validate", _problems, answers=answers, requestor=requestor)
        shown = [question.name for question in self.form.shown_questions(answers)]
        merged: dict[str, str] = {}
        for name, problem in ((n, p) for problems in found for n, p in problems.items() if p):
            if name not in shown:
                log.error(
                    "request type %r: validate found a problem at %r, which is not shown", self.name, name
                )
            merged.setdefault(name if name in shown else shown[-1], problem)
        return merged

    def render_issue(self, ticket: Ticket) -> IssueDraft:
        """The issue for a migrated ticket: the first plugin's that makes one, else the default."""
        draft = next(self._results("render_issue", _issue, ticket=ticket))
        return replace(draft, title=line(draft.title))

    def route(self, ticket: Ticket) -> Route:
        """Who a ticket goes to, and who may approve it."""
        return next(self._results("route", _route, ticket=self.migrated(ticket)))

    def notify(self, ticket: Ticket, event: Event) -> list[Notification]:
        """What to tell people about an event."""
        ticket = self.migrated(ticket)
        # Those who lead this ticket are mentioned, and not those who lead others of its type.
        settings = {**self.settings, "leads": list(self.route(ticket).leads)}
        standard = defaults.notify(ticket, event, self.form, settings)
        results = self._results(
            "notify",
            partial(_notifications, event=event),
            shared={"settings": MappingProxyType(settings)},
            ticket=ticket,
            event=event,
        )
        found = [one for some in results for one in some]
        own = [one for one in found if one not in standard]
        return [*(one for one in standard if one in found and not _is_replaced(one, own)), *own]

    def _results(
        self,
        hook: str,
        check: Callable[[Any], R],
        shared: Mapping[str, Any] = MappingProxyType({}),
        **arguments: Any,
    ) -> Iterator[R]:
        """What each implementation of a hook returns, checked, in pluggy's order: one that fails is left out.

        A plugin gets copies of its arguments but of those that are `shared`. pluggy's own call would end at the first
        that fails, and the others' results would be lost.
        """
        for implementation in reversed(getattr(self.manager.hook, hook).get_hookimpls()):
            is_ours = implementation.plugin_name == DEFAULTS
            named = {name: arguments[name] for name in implementation.argnames if name in arguments}
            own = named if is_ours else copy.deepcopy(named)
            given = {"form": self.form, "settings": self.settings, **own, **shared}
            began = time.monotonic()
            try:
                result = implementation.function(*(given[name] for name in implementation.argnames))
                checked = None if result is None else _checked(check, result, implementation.function)
            except BaseException as error:  # a plugin that calls sys.exit must not end the worker's thread
                # The defaults are ours: a privacy gate that fails must let nothing pass.
                if is_ours or is_interrupt(error):
                    raise
                self.failures.add(implementation.plugin_name, hook, error)
                continue
            finally:
                if (took := time.monotonic() - began) > SLOW:
                    self.failures.slow(implementation.plugin_name, hook, took)
            if checked is not None:
                yield checked


def _checked(check: Callable[[Any], R], result: Any, function: Callable[..., Any]) -> R:
    """What a hook returned, if it is of its kind; else the error says where the hook is."""
    try:
        return check(result)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{error}{place_of(function)}") from None


def _list_of(kind: type[R]) -> Callable[[Any], list[R]]:
    """A check that a hook returned a list of these."""

    def check(result: Any) -> list[R]:
        if not isinstance(result, list | tuple):
            raise TypeError(f"found {type(result).__name__}; expected a list")
        for one in result:
            if not isinstance(one, kind):
                raise TypeError(f"found {type(one).__name__}; expected {kind.__name__}")
        return list(result)

    return check


def _problems(result: Any) -> dict[str, str]:
    if not isinstance(result, Mapping):
        raise TypeError(f"found {type(result).__name__}; expected a mapping of question names to sentences")
    found = {name: problem for name, problem in result.items() if problem}
    if wrong := next((one for pair in found.items() for one in pair if not isinstance(one, str)), None):
        raise TypeError(f"found {type(wrong).__name__}; expected the names of questions and sentences")
    return found


def _answers(result: Any) -> Answers:
    """Answers as the database would keep them."""
    if not isinstance(result, Mapping) or not all(isinstance(name, str) for name in result):
        raise TypeError(f"found {type(result).__name__}; expected a mapping of question names to answers")
    kept: dict[str, Any] = json.loads(json.dumps(dict(result)))
    return kept


def _issue(result: Any) -> IssueDraft:
    if not isinstance(result, IssueDraft):
        raise TypeError(f"found {type(result).__name__}; expected an IssueDraft")
    return result


def _route(result: Any) -> Route:
    if not isinstance(result, Route):
        raise TypeError(f"found {type(result).__name__}; expected a Route")
    return result


def _notifications(result: Any, event: Event) -> list[Notification]:
    notifications = _list_of(Notification)(result)
    if event.kind is not EventKind.CREATED and any(one.is_card for one in notifications):
        raise ValueError(
            f"found a card for the event {event.kind.value!r}; a ticket gets it when it is created"
        )
    return notifications


def _is_replaced(standard: Notification, own: Sequence[Notification]) -> bool:
    """Whether a plugin replaces a standard message; only another card replaces the team's card."""
    if standard.is_card:
        return any(one.is_card for one in own)
    return any(one.instead and one.to is standard.to for one in own)
