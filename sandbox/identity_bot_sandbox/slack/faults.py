"""What a call meets in the sandbox's Slack: faults, the rate limit and the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from identity_bot_sandbox.faults import ActiveFaults, Log


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What happens to calls of `method` (`*` is any); `times` is how many are left, None for all.

    With `after`, the call takes effect before its answer fails: an outcome the caller cannot know.
    """

    method: str
    error: str | None = None
    status: int | None = None
    retry_after: int | None = None
    delay: float = 0.0
    cut: bool = False
    hang: bool = False
    after: bool = False
    times: int | None = 1

    @property
    def spoils_answer(self) -> bool:
        """Whether the caller gets anything but the true answer; a mere delay keeps it."""
        return self.cut or self.hang or any((self.error, self.status, self.retry_after is not None))


class Faults(ActiveFaults[Fault]):
    """The faults that are switched on in the sandbox's Slack."""

    def add(
        self,
        method: str = "*",
        *,
        error: str | None = None,
        status: int | None = None,
        retry_after: int | None = None,
        delay: float = 0.0,
        cut: bool = False,
        hang: bool = False,
        after: bool = False,
        times: int | None = 1,
    ) -> Fault:
        """Switch a fault on for the next `times` calls of a Web API method, or of `response_url`.

        `error` is one of Slack's codes, `status` a bare HTTP status, `retry_after` (seconds) a 429; `delay` is in
        seconds and may stand alone; `cut` aborts the connection; `hang` sends nothing until the caller gives
        up. With `after`, the call takes effect first.
        """
        fault = Fault(
            method=method,
            error=error,
            status=status,
            retry_after=retry_after,
            delay=delay,
            cut=cut,
            hang=hang,
            after=after,
            times=times,
        )
        return self.switch_on(fault)

    def meet(self, method: str) -> Fault | None:
        """The fault for a call, if one is on; counts it down."""
        return self.first(lambda fault: fault.method in ("*", method))


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call of a Web API method or of `response_url`, with its answer; `at` is in epoch seconds."""

    method: str
    arguments: Mapping[str, Any]
    answer: Mapping[str, Any]
    at: float

    @property
    def is_ok(self) -> bool:
        """Whether the call succeeded."""
        return bool(self.answer.get("ok"))


class Traffic(Log[Call]):
    """The last calls, oldest first."""

    def calls(self, *methods: str) -> list[Call]:
        """The calls of those methods, or of all."""
        return [call for call in self.entries() if not methods or call.method in methods]


@dataclass(slots=True)
class Pace:
    """Slack's limit of about one message a second in each channel, with a small burst; off until `is_on`."""

    clock: Callable[[], float]
    is_on: bool = False
    per_second: float = 1.0
    burst: float = 5.0
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait_for(self, channel: str) -> int | None:
        """Spend one message for the channel, or return the seconds (for Retry-After) to wait."""
        if not self.is_on:
            return None
        now = self.clock()
        level, then = self._levels.get(channel, (self.burst, now))
        level = min(self.burst, level + (now - then) * self.per_second)
        if level < 1:
            self._levels[channel] = (level, now)
            return max(1, round((1 - level) / self.per_second))
        self._levels[channel] = (level - 1, now)
        return None
