"""What plugins failed in while the bot runs: logged at once, and kept until the team is told."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from identity_bot.logs import scrubbed

log = logging.getLogger(__name__)


def is_interrupt(error: BaseException) -> bool:
    """Whether somebody pressed Ctrl-C while a plugin ran, which is no failure of the plugin's."""
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A hook of a plugin that failed, and the kind of the error; never its words, which may quote an answer."""

    plugin: str
    hook: str
    error: str


class Failures:
    """The failures of all plugins' hooks; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Failure, None] = {}
        self._untold: dict[Failure, None] = {}

    def add(self, plugin: str, hook: str, error: BaseException) -> None:
        """Log a failure with its traceback, and keep it."""
        log.error("plugin %r: %s failed; going on without it", plugin, hook, exc_info=scrubbed(error))
        self.keep(plugin, hook, error)

    def keep(self, plugin: str, hook: str, error: BaseException) -> None:
        """Keep a failure that is in the log already."""
        failure = Failure(plugin=plugin, hook=hook, error=type(error).__name__)
        with self._lock:
            self._seen[failure] = self._untold[failure] = None

    def slow(self, plugin: str, hook: str, seconds: float) -> None:
        """Log a hook that took too long."""
        log.warning("plugin %r: %s took %.1f s", plugin, hook, seconds)

    def take(self) -> list[Failure]:
        """The failures since this was last called, each once."""
        with self._lock:
            untold, self._untold = self._untold, {}
        return list(untold)

    @property
    def seen(self) -> list[Failure]:
        """All failures since the bot started, each once."""
        with self._lock:
            return list(self._seen)
