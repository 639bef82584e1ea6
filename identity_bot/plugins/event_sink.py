"""An event sink: a plugin that events are delivered to, and what of a ticket it may see."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pluggy

from identity_bot.errors import Retryable, network
from identity_bot.logs import scrubbed
from identity_bot.plugins.failures import is_interrupt
from identity_bot.tickets.model import Event, Ticket

log = logging.getLogger(__name__)

TIME_OUT = 10.0
"""Seconds that a delivery may take; a longer one is logged, as nothing can interrupt it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventSink:
    """A plugin that implements `deliver`, with its section of the settings."""

    name: str
    type: str | None
    """The only type whose events it gets; None for an observer, which gets all."""
    settings: Mapping[str, Any] = field(repr=False)
    manager: pluggy.PluginManager
    """Holds no other plugin."""

    def wants(self, ticket: Ticket) -> bool:
        """Whether it gets a ticket's events."""
        return self.type is None or self.type == ticket.type

    def deliver(self, ticket: Ticket, event: Event, idempotency_key: str) -> None:
        """Hand it an event; raises Retryable, without the plugin's own words, if the plugin fails."""
        if ticket.is_sensitive and self.settings.get("sensitive_answers") is not True:
            ticket, event = _without_content(ticket), replace(event, reason="")
        began = time.monotonic()
        try:
            self.manager.hook.deliver(
                ticket=copy.deepcopy(ticket),
                event=copy.deepcopy(event),
                idempotency_key=idempotency_key,
                settings=self.settings,
            )
        except BaseException as error:  # a plugin that calls sys.exit must not end the worker's thread
            if is_interrupt(error):
                raise
            log.error("plugin %r: deliver failed", self.name, exc_info=scrubbed(error))
            raise Retryable(f"plugin {self.name!r}: deliver failed: {network.reason(error)}") from error
        finally:
            if (took := time.monotonic() - began) > TIME_OUT:
                log.error("plugin %r: deliver took %.0f s; expected at most %.0f", self.name, took, TIME_OUT)


def _without_content(ticket: Ticket) -> Ticket:
    """The ticket without what its requestor and others wrote, apart from their names."""
    return replace(ticket, answers={}, title="", headline="", offers=(), requested=())
