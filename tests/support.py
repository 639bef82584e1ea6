"""What tests import from each other: waiting for something to become true, and a bot in a sandbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from slack_bolt import App

from identity_bot.app import Bot
from identity_bot.sandbox.server import Sandbox

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], *, seconds: float = 10.0) -> Found:
    """What `look` finds, as soon as it is true; fails where it does not become true in time."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"not true within {seconds} s; last seen: {found!r}")
        pause.wait(0.01)
    return found


@dataclass(frozen=True, slots=True)
class World:
    """A sandbox with a bot attached to a Bolt app in it, over Socket Mode."""

    sandbox: Sandbox
    bot: Bot
    app: App

    def settle(self, seconds: float = 15.0) -> None:
        """Waits until the bot has nothing left to do."""
        eventually(lambda: self.bot.outbox.count("waiting") == 0, seconds=seconds)
