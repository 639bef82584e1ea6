"""Who is on the team, as Slack says; the answer is kept for a minute."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.outbox.ports import Chat

log = logging.getLogger(__name__)

FRESH = 60.0
"""Seconds for which Slack's answer is good: somebody who left the team can still change tickets for that long."""
STALE = 3600.0
"""Seconds for which an old answer is better than none while Slack does not respond."""


class Team:
    """The members of the user group or channel `place`; safe to use from any thread."""

    def __init__(self, chat: Chat, place: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._chat = chat
        self._place = place
        self._clock = clock
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._asked_at = float("-inf")

    def members(self) -> frozenset[str]:
        """Their Slack ids; raises Retryable if Slack has not answered for an hour."""
        with self._lock:
            age = self._clock() - self._asked_at
            if age < FRESH:
                return self._known
            try:
                self._known = self._chat.members(self._place)
                self._asked_at = self._clock()
            except (Rejected, Retryable, OutcomeUnknown) as error:
                if age > STALE:
                    raise Retryable(f"the members of {self._place} are not known: {error}") from error
                log.warning("members of %s: using the last answer: %s", self._place, error)
            return self._known
