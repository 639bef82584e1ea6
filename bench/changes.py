"""Changes in GitHub: how soon the bot answers the webhook, tells of them in Slack, and sees that there are none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

from bench.people import REPOSITORY
from identity_bot.github.tracker import GitHubTracker
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.webhooks import Delivery, post
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.model import Change

LEAD, ENGINEER = "indigo-marshwick", "linden-brookmere"
SENDERS = 8


class Team:
    """People who change issues in a sandbox's GitHub, of which a bot at `url` hears."""

    def __init__(self, sandbox: Sandbox, url: str) -> None:
        self.sandbox, self.github = sandbox, sandbox.github
        self._hook = self.github.add_hook(f"{url}/github/webhook", secret=cast.WEBHOOK_SECRET)

    def adopt(self, count: int) -> list[int]:
        """So many issues that the bot makes tickets of; their numbers."""
        numbers = []
        for number in range(count):
            issue = self.github.open_issue(
                REPOSITORY, f"Request {number}", "Please.", actor="juniper-vale", labels=()
            )
            self.github.label(REPOSITORY, issue.number, "identity-slackbot", actor=LEAD)
            numbers.append(issue.number)
        self.github.webhooks.settle(60)
        return numbers

    def answers(self, numbers: list[int], *, a_second: int, seconds: int) -> list[float]:
        """Milliseconds from when each delivery was due, at this rate, to the bot's answer, over new connections."""
        waits: list[float] = []
        begun = time.perf_counter()

        def send(delivery: Delivery, due: float) -> None:
            answered = post(delivery, lambda: datetime.now(UTC))
            waits.append((time.perf_counter() - due) * 1000)
            if answered.status_code != 200:
                raise RuntimeError(f"the bot answered {answered.status_code} {answered.status}")

        with ThreadPoolExecutor(SENDERS) as senders:
            sent = []
            for turn in range(a_second * seconds):
                due = begun + turn / a_second
                time.sleep(max(0.0, due - time.perf_counter()))
                delivery = self._change(numbers[turn % len(numbers)], turn // len(numbers))
                sent.append(senders.submit(send, delivery, max(due, time.perf_counter())))
            for one in sent:
                one.result()
        return waits

    def _change(self, number: int, turn: int) -> Delivery:
        """Gives an issue to somebody, or takes it from them; the delivery of it, which we send ourselves."""
        change = self.github.assign if turn % 2 == 0 else self.github.unassign
        with self.github.mutex:
            self.github.webhooks.lose(1)
            change(REPOSITORY, number, ENGINEER, actor=LEAD)
            return self.github.webhooks.deliveries(self._hook.id)[-1]

    def told(self, numbers: list[int]) -> list[float]:
        """Milliseconds from each change, one by one, to the message about it in Slack."""
        waits = []
        for number in numbers:
            with self._message() as seen:
                begun = time.perf_counter()
                self.github.assign(REPOSITORY, number, ENGINEER, actor=LEAD)
                if not seen.wait(20):
                    raise RuntimeError("nobody was told within twenty seconds")
                waits.append((time.perf_counter() - begun) * 1000)
            time.sleep(3)  # until the lanes have rested
        return waits

    @contextmanager
    def _message(self) -> Iterator[threading.Event]:
        """Set when somebody is told that a ticket is assigned."""
        seen, slack = threading.Event(), self.sandbox.slack

        def notice(change: Change) -> None:
            if change.kind == "message" and change.channel and change.ts:
                message = slack.channel(change.channel).messages.get(change.ts)
                if message and message.is_reply and "assigned" in message.text:
                    seen.set()

        stop = slack.subscribe(notice)
        try:
            yield seen
        finally:
            stop()


def idle_poll(sandbox: Sandbox) -> list[str]:
    """The requests of a poll of a repository in which nothing has changed since the one before, and their answers."""
    tracker = GitHubTracker(cast.GITHUB_TOKEN, f"{sandbox.url}/github/api")
    sandbox.github.open_issue(REPOSITORY, "Request", "Please.", actor="juniper-vale")
    since, etag, now = 0.0, "", time.time()
    for _ in range(3):
        polled = tracker.poll(REPOSITORY, since=since, etag=etag, comments_since=now)
        if polled:
            since, etag = polled.since, polled.etag
        else:
            break
        sandbox.github.traffic.clear()
    return [
        f"{'conditional ' if 'if-none-match' in asked.headers else ''}{asked.method} → {asked.status}"
        for asked in sandbox.github.traffic.requests()
    ]
