"""A request type: its form, its settings, and its hooks, whose results are checked before they are used."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import pluggy

from identity_bot.articles.answer import Answer
from identity_bot.errors import Rejected
from identity_bot.forms.form import Form
from identity_bot.logs import scrubbed
from identity_bot.plugins import defaults
from identity_bot.plugins.code import Code, NoCode
from identity_bot.text.markdown import line
from identity_bot.tickets.model import (
    Answers,
    Event,
    EventKind,
    IssueDraft,
    Notification,
    Person,
    Ticket,
)

log = logging.getLogger(__name__)

EMPTY: Mapping[str, Any] = MappingProxyType({})


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

    def repository_for(self, ticket: Ticket) -> str:
        """The repository that gets a ticket's issue, by the settings in force."""
        restricted = ticket.is_sensitive and self.settings["restricted_repository"]
        return str(restricted or self.settings["repository"])

    def hints(self, ticket: Ticket) -> list[str]:
        """What the requestor should know of a ticket's answers that may hold personal data, but need not."""
        return defaults.hints(self.form, ticket.answers, self.settings)

    def self_service(self, text: str, answers: Mapping[str, Any]) -> list[Answer]:
        """Answers that may already solve the problem, the best one first; none if a plugin fails."""
        try:
            shared = {"code": self.code()}
            results = self._call("self_service", shared, text=text, answers=answers)
            found = [one for some in results for one in some]
            for answer in found:
                if not isinstance(answer, Answer):
                    raise TypeError(f"found {type(answer).__name__}; expected an Answer")
        except Exception as error:
            log.error("request type %r: self_service failed", self.name, exc_info=scrubbed(error))
            return []
        return found

    def validate(self, answers: Answers, requestor: Person) -> dict[str, str]:
        """Problems by the question's name; empty if the answers can be submitted.

        A problem at a question that is not shown moves to the last one that is. If a hook raises, so does this:
        answers that could not be checked are not submitted.
        """
        found = self._call("validate", answers=answers, requestor=requestor)
        shown = [question.name for question in self.form.shown_questions(answers)]
        merged: dict[str, str] = {}
        for name, problem in ((n, p) for problems in found for n, p in problems.items() if p):
            if name not in shown:
                log.error(
                    "request type %r: validate found a problem at %r, which is not shown", self.name, name
                )
            merged.setdefault(name if name in shown else shown[-1], str(problem))
        return merged

    def render_issue(self, ticket: Ticket) -> IssueDraft:
        """The issue for a ticket.

        Raises Rejected if the plugin fails; the default issue might show what the plugin would have hidden.
        """
        try:
            draft = self._call("render_issue", ticket=ticket)
            if not isinstance(draft, IssueDraft):
                raise TypeError(f"found {type(draft).__name__}; expected an IssueDraft")
        except Exception as error:
            log.error("request type %r: render_issue failed", self.name, exc_info=scrubbed(error))
            raise Rejected(
                f"render_issue of the request type {self.name!r} failed with {type(error).__name__}"
            ) from error
        return replace(draft, title=line(draft.title))

    def notify(self, ticket: Ticket, event: Event) -> list[Notification]:
        """What to tell people about an event; the standard messages only if a plugin fails."""
        standard = defaults.notify(ticket, event, self.form, self.settings)
        try:
            found = [one for some in self._call("notify", ticket=ticket, event=event) for one in some]
            for notification in found:
                _check(notification, event)
        except Exception as error:
            log.error(
                "request type %r: notify failed; sending the standard messages",
                self.name,
                exc_info=scrubbed(error),
            )
            return standard
        own = [one for one in found if one not in standard]
        return [*(one for one in standard if one in found and not _is_replaced(one, own)), *own]

    def _call(self, hook: str, shared: Mapping[str, Any] = EMPTY, **arguments: Any) -> Any:
        """The hook's results; it gets copies of its arguments but of those that are `shared`.

        A plugin that calls sys.exit must not end the worker's thread: it has failed.
        """
        try:
            return getattr(self.manager.hook, hook)(
                **copy.deepcopy(arguments), **shared, form=self.form, settings=self.settings
            )
        except Exception:
            raise
        except BaseException as error:
            raise RuntimeError(f"{hook} raised {type(error).__name__}") from error


def _check(notification: object, event: Event) -> None:
    if not isinstance(notification, Notification):
        raise TypeError(f"found {type(notification).__name__}; expected a Notification")
    if notification.is_card and event.kind is not EventKind.CREATED:
        raise ValueError(
            f"found a card for the event {event.kind.value!r}; a ticket gets it when it is created"
        )


def _is_replaced(standard: Notification, own: Sequence[Notification]) -> bool:
    """Whether a plugin replaces a standard message; only another card replaces the team's card."""
    if standard.is_card:
        return any(one.is_card for one in own)
    return any(one.instead and one.to is standard.to for one in own)
