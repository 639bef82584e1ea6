"""Who is on the team, and who is a colleague, as Slack says; its answers are kept for a minute."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.outbox.ports import Chat

log = logging.getLogger(__name__)

T = TypeVar("T")

FRESH = 60.0
"""Seconds for which Slack's answer is good: somebody who left the team can still change tickets for that long."""
STALE = 3600.0
"""Seconds for which an old answer is better than none while Slack does not respond."""


class Team:
    """The people in the user group or channel `place`; safe to use from any thread.

    Bots and people from other organizations are not on the team, wherever they are members. Guests are: contractors
    often have no other account.
    """

    def __init__(self, chat: Chat, place: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._chat = chat
        self._clock = clock
        self._members = _Answer(partial(chat.members, place), f"the members of {place}", clock)
        self._colleagues: dict[str, _Answer[bool]] = {}

    def includes(self, slack_id: str) -> bool:
        """Whether somebody is on the team; raises Retryable if Slack has not answered for an hour."""
        # Only of members is it asked, and of those who do something: a public channel may have thousands.
        return slack_id in self._members() and self.is_colleague(slack_id)

    def is_colleague(self, slack_id: str) -> bool:
        """Whether somebody is active in the bot's own organization, or a guest there; raises as `includes`."""
        ask = _Answer(partial(self._chat.is_colleague, slack_id), f"who {slack_id} is", self._clock)
        return self._colleagues.setdefault(slack_id, ask)()

    def members(self) -> dict[str, bool | None]:
        """Each member, and whether they are on the team: None if nobody asked about them yet. Raises as `includes`."""
        asked = {one: answer.latest for one, answer in self._colleagues.copy().items()}
        return {one: asked.get(one) for one in sorted(self._members())}


class _Answer(Generic[T]):
    """What Slack answers to one question, asked again after a minute; `what` names it in the log."""

    def __init__(self, ask: Callable[[], T], what: str, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._what = what
        self._clock = clock
        self._lock = threading.Lock()
        self.latest: T | None = None
        self._asked_at = float("-inf")

    def __call__(self) -> T:
        with self._lock:
            age = self._clock() - self._asked_at
            if self.latest is not None and age < FRESH:
                return self.latest
            try:
                answer = self._ask()
            except (Rejected, Retryable, OutcomeUnknown) as error:
                if self.latest is None or age > STALE:
                    raise Retryable(f"{self._what}: not known: {error}") from error
                log.warning("%s: using the last answer: %s", self._what, error)
                return self.latest
            self.latest, self._asked_at = answer, self._clock()
            return answer
