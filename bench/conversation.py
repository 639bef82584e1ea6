"""The conversation about a ticket: how soon what is said arrives on the other side, and what becomes of a flood."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench.people import ANSWERS, INTAKE, REPOSITORY, await_idle
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox

WHO, ENGINEER = "U0JUNIPER", "linden-brookmere"
PATIENCE = 1_200.0


class Talk:
    """A requestor and an engineer who talk about one ticket in a sandbox, whose bot serves at `url`."""

    def __init__(self, sandbox: Sandbox, folder: Path, url: str) -> None:
        self._slack, self._github, self._folder = sandbox.slack, sandbox.github, folder
        self._github.add_hook(f"{url}/github/webhook", secret=cast.WEBHOOK_SECRET)
        self._slack.command(WHO, INTAKE, "/help pr_review")
        _until(lambda: "idbot:q:team" in str(self._slack.view(WHO)))
        self._slack.fill(WHO, ANSWERS)
        self._slack.submit(WHO)
        await_idle(folder)
        [root] = [one for one in self._slack.messages(INTAKE) if "We got your" in one.text]
        self._root = root.ts

    def replies(self, times: int) -> list[float]:
        """Milliseconds from each reply in Slack to its comment in GitHub, while the bot is idle."""
        return [self._wait(self._reply, self._comments, f"reply {number}") for number in range(times)]

    def comments(self, times: int) -> list[float]:
        """Milliseconds from each comment in GitHub to its copy in Slack, while the bot is idle."""
        return [self._wait(self._comment, self._thread, f"comment {number}") for number in range(times)]

    def flood(self, count: int, seconds: float) -> tuple[float, bool]:
        """Seconds until so many replies, said within `seconds`, are comments; and whether each is one, in order."""
        begun = time.perf_counter()
        pause = threading.Event()
        for number in range(count):
            self._reply(f"flood {number:04}")
            pause.wait(max(0.0, begun + (number + 1) * seconds / count - time.perf_counter()))
        last = f"flood {count - 1:04}"
        _until(lambda: any(last in said for said in self._comments()))
        took = time.perf_counter() - begun
        said = [one.rpartition("flood ")[2][:4] for one in self._comments() if "flood " in one]
        return took, said == [f"{number:04}" for number in range(count)]

    def _wait(self, say: Callable[[str], object], there: Callable[[], list[str]], words: str) -> float:
        await_idle(self._folder)
        begun = time.perf_counter()
        say(words)
        _until(lambda: any(words in said for said in there()))
        return (time.perf_counter() - begun) * 1000

    def _reply(self, words: str) -> None:
        self._slack.say(WHO, INTAKE, words, thread_ts=self._root)

    def _comment(self, words: str) -> None:
        self._github.comment(REPOSITORY, 1, words, actor=ENGINEER)

    def _comments(self) -> list[str]:
        return [one.body for one in self._github.comments(REPOSITORY, 1)]

    def _thread(self) -> list[str]:
        return [one.text for one in self._slack.thread(INTAKE, self._root)]


def _until(look: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not look():
        if time.monotonic() > end:
            raise RuntimeError("nothing arrives")
        pause.wait(0.005)
