"""One request type as the desk uses it: its form, its settings, and its hooks, whose answers are checked."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pluggy

from identity_bot.errors import Rejected
from identity_bot.forms.form import Form
from identity_bot.logs import scrubbed
from identity_bot.plugins import defaults
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


@dataclass(kw_only=True)
class RequestType:
    """A request type's form, settings and hooks: its own plugin's, the observers' and the defaults'."""

    name: str
    form: Form
    settings: Mapping[str, Any]
    manager: pluggy.PluginManager
    """Knows no other request type's plugin, so that none hears of tickets that are not its own."""

    def validate(self, answers: Answers, requestor: Person) -> dict[str, str]:
        """Problems by question's name; none where the answers can be filed.

        Each is at a question that is shown, else nobody could read it. A hook that fails raises what it raised:
        answers that could not be checked are not filed.
        """
        said = self._ask("validate", answers=answers, requestor=requestor)
        shown = [question.name for question in self.form.shown_questions(answers)]
        merged: dict[str, str] = {}
        for name, problem in ((n, p) for problems in said for n, p in problems.items() if p):
            if name not in shown:
                log.error(
                    "request type %r: validate found a problem at %r, which is not shown", self.name, name
                )
            merged.setdefault(name if name in shown else shown[-1], str(problem))
        return merged

    def render_issue(self, ticket: Ticket) -> IssueDraft:
        """What the ticket's issue shall say, as this type wants it.

        Raises Rejected where its plugin fails: the standard issue might show what the plugin would have left out.
        """
        try:
            draft = self._ask("render_issue", ticket=ticket)
            if not isinstance(draft, IssueDraft):
                raise TypeError(f"found {type(draft).__name__}; expected an IssueDraft")
        except Exception as error:
            log.error("request type %r: its render_issue failed", self.name, exc_info=scrubbed(error))
            raise Rejected(
                f"render_issue of the request type {self.name!r} failed with {type(error).__name__}"
            ) from error
        return replace(draft, title=line(draft.title))

    def notify(self, ticket: Ticket, event: Event) -> list[Notification]:
        """Who shall hear of an event; where a plugin fails here, the standard words are used instead of all."""
        standard = defaults.notify(ticket, event, self.form, self.settings)
        try:
            said = self._ask("notify", ticket=ticket, event=event)
            told = [notification for some in said for notification in some]
            for notification in told:
                if not isinstance(notification, Notification):
                    raise TypeError(
                        f"found {type(notification).__name__} in the list; expected Notifications"
                    )
                if notification.is_card and event.kind is not EventKind.CREATED:
                    raise ValueError(
                        f"found a card for {event.kind.value!r}; expected one for a new ticket only"
                    )
        except Exception as error:
            log.error(
                "request type %r: a notify failed; the standard words are used",
                self.name,
                exc_info=scrubbed(error),
            )
            return standard
        own = [one for one in told if one not in standard]
        return [*(one for one in told if one in standard and not _is_replaced(one, own)), *own]

    def _ask(self, hook: str, **asked: Any) -> Any:
        """What the plugins answer; one that would end the process, and with it a thread of ours, has only failed."""
        try:
            return getattr(self.manager.hook, hook)(**asked, form=self.form, settings=self.settings)
        except SystemExit as error:
            raise RuntimeError(f"{hook} called sys.exit") from error


def _is_replaced(standard: Notification, own: Sequence[Notification]) -> bool:
    """Whether plugins' words take the place of standard ones; the team's card is only replaced by a card."""
    if standard.is_card:
        return any(one.is_card for one in own)
    return any(one.instead and one.to is standard.to for one in own)
