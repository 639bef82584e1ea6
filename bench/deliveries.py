"""How long it takes to take in thousands of GitHub's deliveries in any order, and whether the right messages come."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from bench.office import Office
from bench.people import REPOSITORY
from identity_bot.desk.notifier import QUIET
from identity_bot.github.snapshot import snapshot_of
from identity_bot.github.webhook import IssueSeen, read_webhook
from identity_bot.outbox.ports import Tracker
from identity_bot.testing import Clock
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import IssueSnapshot
from identity_bot_sandbox import cast as characters
from identity_bot_sandbox.github.world import GitHubWorld

LEAD = "indigo-marshwick"
STARTED = 1_800_000_000.0
LABELS = (
    "priority: critical",
    "priority: high",
    "stage: ready for UAT",
    "stage: accepted",
    "stage: released",
)
LOGINS = ("indigo-marshwick", "sage-hollowell", "linden-brookmere")
AT_ONCE = 100
"""Deliveries between two turns of the worker."""

Delivery = tuple[Mapping[str, str], bytes]


class Repository:
    """A repository of the sandbox's GitHub, in memory, where a few hundred things happen a second."""

    def __init__(self, tickets: int, chance: random.Random) -> None:
        self._clock = Clock(STARTED - 100_000)
        self._github = GitHubWorld(clock=lambda: datetime.fromtimestamp(self._clock(), UTC))
        self._github.webhooks.lose(None)  # kept, and brought by us
        self._chance = chance
        for number in range(tickets):
            self._github.open_issue(REPOSITORY, f"Request {number}", "Please.", actor="juniper-vale")
            self._github.label(REPOSITORY, number + 1, "identity-slackbot", actor=LEAD)
        self.beginning = [self.get_issue(REPOSITORY, number + 1) for number in range(tickets)]
        self._github.webhooks.register("http://bot.test/", secret=characters.WEBHOOK_SECRET)

    def live(self, count: int) -> list[Delivery]:
        """At least so many deliveries; every fourth change is made within the second of the one before."""
        while len(self._github.webhooks.deliveries()) < count:
            for _ in range(20):
                number = self._chance.randrange(len(self.beginning)) + 1
                self._clock.move(1)
                for _ in range(self._chance.choice((1, 1, 2))):
                    self._change(number)
        return [
            ({name.lower(): value for name, value in sent.headers.items()}, sent.body)
            for sent in self._github.webhooks.deliveries()
        ]

    def _change(self, number: int) -> None:
        github, where, chance = self._github, (REPOSITORY, number), self._chance
        issue, label, login = github.issue(*where), chance.choice(LABELS), chance.choice(LOGINS)
        match chance.randrange(6):
            case 0 | 1:
                has = label in github.labels(*where)
                (github.unlabel if has else github.label)(*where, label, actor=LEAD)
            case 2 | 3:
                has = login in issue.assignees
                (github.unassign if has else github.assign)(*where, login, actor=LEAD)
            case 4:
                github.comment(*where, "I am on it.", actor=LEAD)
            case _ if issue.is_open:
                github.close(*where, actor=LEAD)
            case _:
                github.reopen(*where, actor=LEAD)

    def get_issue(self, repository: str, number: int) -> IssueSnapshot:
        """An issue as it is now, by what GitHub's API answers."""
        with self._github.mutex:
            where = self._github.repository(repository)
            shown = self._github.rendering().issue(where, where.issue(number))
        return snapshot_of(repository, shown)


def bring(office: Office, deliveries: Sequence[Delivery]) -> int:
    """Bring deliveries within two seconds of the desk's clock while the worker works; how many effects are done."""
    for number, (headers, body) in enumerate(deliveries, 1):
        delivery = read_webhook(headers["x-github-event"], body)
        if isinstance(delivery, IssueSeen):
            office.desk.observe(delivery.snapshot)
            if delivery.comment:
                office.desk.handle_comment(delivery.comment)
        office.clock.move(QUIET * 0.9 / len(deliveries))
        if number % AT_ONCE == 0:
            office.worker.run_due()
    return office.finish()


def told(office: Office, numbers: Sequence[int]) -> list[tuple[str, list[str], list[str]]]:
    """Each ticket's card, what its requestor was told, and what stands below the card."""
    threads: dict[str | None, list[str]] = {}
    for posted in office.chat.posts:
        threads.setdefault(posted.thread_ts, []).append(posted.text)
    found = []
    for number in numbers:
        ticket = office.ticket(number)
        assert ticket.card
        assert ticket.thread
        card = office.chat.posts[int(ticket.card.ts) - 1].text
        found.append((card, threads.get(ticket.thread.ts, []), threads.get(ticket.card.ts, [])))
    return found


def opened(folder: Path, repository: Repository) -> Office:
    """An office that knows all tickets as they began, a minute ago."""
    office = Office(folder, cast(Tracker, repository), Clock(STARTED))
    for seen in repository.beginning:
        office.desk.observe(seen)
    office.finish()
    office.clock.move(60)
    return office


def take_in(folder: Path, *, tickets: int, deliveries: int) -> dict[str, float]:
    """Seconds of work for so many deliveries in any order, a tenth of them twice; raises where a message is wrong.

    Slack is a list, and GitHub the sandbox's in memory, so that only our own work is measured. Right is what a desk
    tells that hears only of the last state of each issue, and each ticket must be as its issue is.
    """
    chance = random.Random(7)
    repository = Repository(tickets, chance)
    sent = repository.live(deliveries * 9 // 10)
    sent += chance.sample(sent, deliveries - len(sent))
    chance.shuffle(sent)
    office = opened(folder / "any-order", repository)
    before = office.finish()
    begun, spent = time.perf_counter(), time.process_time()
    done = bring(office, sent)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - spent
    perfect = opened(folder / "perfect", repository)
    perfect.finish()
    last = [repository.get_issue(REPOSITORY, number + 1) for number in range(tickets)]
    for seen in last:
        perfect.desk.observe(seen)
    perfect.finish()
    if [office.ticket(seen.number).state for seen in last] != [lifecycle.state_of(seen) for seen in last]:
        raise RuntimeError("a ticket is not what its issue is")
    numbers = [seen.number for seen in last]
    if told(office, numbers) != told(perfect, numbers):
        raise RuntimeError("wrong messages were posted")
    office.store.close()
    perfect.store.close()
    return {
        "seconds": seconds,
        "cpu": cpu,
        "effects": done - before,
        "messages": len(office.chat.posts),
        "edits": len(office.chat.edits),
    }
