"""A request type whose events and failures are kept, and whose failing hooks do not end the show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from identity_bot.errors import Rejected
from identity_bot.messages import showcase as words
from identity_bot.plugins.checks import DEFAULTS, described
from identity_bot.plugins.defaults import default_issue
from identity_bot.plugins.request_type import RequestType, check_notification
from identity_bot.tickets.model import Answers, Event, IssueDraft, Notification, Person, Ticket


@dataclass(kw_only=True)
class Watched(RequestType):
    """A request type that goes on with the defaults where the bot would stop and tell the operator."""

    events: list[Event] = field(default_factory=list)
    """All that people were told of, in order."""
    failures: list[str] = field(default_factory=list)
    """The hooks that failed, each once."""

    def validate(self, answers: Answers, requestor: Person) -> dict[str, str]:
        try:
            return super().validate(answers, requestor)
        except Exception as error:
            self._failed("validate", error)
            return {}

    def render_issue(self, ticket: Ticket) -> IssueDraft:
        try:
            return super().render_issue(ticket)
        except Rejected as error:
            self._failed("render_issue", error.__cause__ or error)
            return default_issue(ticket, self.form)

    def notify(self, ticket: Ticket, event: Event) -> list[Notification]:
        self.events.append(event)
        return super().notify(ticket, event)

    def _call(self, hook: str, **arguments: Any) -> Any:
        try:
            found = super()._call(hook, **arguments)
            if hook == "notify":
                for notification in (one for some in found for one in some):
                    check_notification(notification, arguments["event"])
        except Exception as error:
            if hook == "notify":  # the base catches it; what the others raise is seen above
                self._failed(hook, error)
            raise
        return found

    def _failed(self, hook: str, error: BaseException) -> None:
        said = words.hook_failed(self._whose(hook, error), hook, described(error))
        if said not in self.failures:
            self.failures.append(said)

    def _whose(self, hook: str, error: BaseException) -> str:
        """The plugin whose implementation of a hook an error comes from; the type's own where none is seen."""
        ran = set(_code(error))
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            code = getattr(implementation.function, "__code__", None)
            if code in ran and implementation.plugin_name != DEFAULTS:
                return str(implementation.plugin_name)
        return self.name


def _code(error: BaseException | None) -> Iterator[CodeType]:
    """The code that was running when an error was raised, and its causes."""
    while error:
        traceback = error.__traceback__
        while traceback:
            yield traceback.tb_frame.f_code
            traceback = traceback.tb_next
        error = error.__cause__
