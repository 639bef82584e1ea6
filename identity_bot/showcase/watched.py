"""A request type whose events and failures are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from identity_bot.messages import showcase as words
from identity_bot.plugins.checks import described
from identity_bot.plugins.failures import Failures
from identity_bot.plugins.request_type import RequestType
from identity_bot.tickets.model import Event, Notification, Ticket


class Described(Failures):
    """Failures as an author reads them: with the error's own words and the line that led to it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, None] = {}
        """Each failure once."""
        self.slow_hooks: dict[tuple[str, str], float] = {}
        """The longest time in seconds of each plugin's hook that took too long."""

    def add(self, plugin: str, hook: str, error: BaseException) -> None:
        super().add(plugin, hook, error)
        self.texts[words.hook_failed(plugin, hook, described(error))] = None

    def slow(self, plugin: str, hook: str, seconds: float) -> None:
        super().slow(plugin, hook, seconds)
        self.slow_hooks[plugin, hook] = max(seconds, self.slow_hooks.get((plugin, hook), 0.0))


@dataclass(kw_only=True)
class Watched(RequestType):
    """A request type that keeps what people were told of."""

    failures: Described
    told: list[tuple[Ticket, Event]] = field(default_factory=list)
    """All that people were told of, in order, with the ticket as it then was."""

    @property
    def events(self) -> list[Event]:
        """All that people were told of, in order."""
        return [event for _, event in self.told]

    def notify(self, ticket: Ticket, event: Event) -> list[Notification]:
        self.told.append((ticket, event))
        return super().notify(ticket, event)
