"""How long it takes to take in thousands of GitHub's deliveries in any order, and whether the right messages stand."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from bench.people import REPOSITORY
from identity_bot import settings
from identity_bot.desk.desk import Desk
from identity_bot.github.snapshot import snapshot_of
from identity_bot.github.webhook import IssueSeen, read_webhook
from identity_bot.outbox.effects.acts import acts
from identity_bot.outbox.queue import Outbox
from identity_bot.outbox.worker import Worker
from identity_bot.plugins import loader as plugins
from identity_bot.store.store import Store
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import IssueSnapshot, MessageRef, Ticket, ticket_id
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
SETTINGS = f"""
intake_channel = "C0INTAKE"
team_channel = "C0TEAM"
repository = "{REPOSITORY}"
people = [{{ slack = "U0JUNIPER", github = "juniper-vale" }}]
"""
AT_ONCE = 100
"""Deliveries between two turns of the worker."""

Delivery = tuple[Mapping[str, str], bytes]


@dataclass
class Moment:
    """A clock that is moved."""

    now: float = STARTED

    def __call__(self) -> float:
        return self.now


@dataclass
class Wall:
    """A chat that is a list: texts, and the messages below which they stand."""

    posts: list[tuple[str, str | None]] = field(default_factory=list)
    edits: int = 0
    deleted: set[int] = field(default_factory=set)

    def post(
        self, channel: str, message: Mapping[str, Any], *, mark: str, thread_ts: str | None
    ) -> MessageRef:
        """Puts a message at the end."""
        self.posts.append((message["text"], thread_ts))
        return MessageRef(channel=channel, ts=str(len(self.posts) - 1))

    def update(self, post: MessageRef, message: Mapping[str, Any]) -> bool:
        """Changes a message where it stands."""
        self.posts[int(post.ts)] = message["text"], self.posts[int(post.ts)][1]
        self.edits += 1
        return True

    def delete(self, post: MessageRef) -> None:
        """Takes a message away."""
        self.deleted.add(int(post.ts))

    def standing(self) -> dict[str | None, list[str]]:
        """What stands below each message, and at the top."""
        found: dict[str | None, list[str]] = {}
        for number, (text, thread) in enumerate(self.posts):
            if number not in self.deleted:
                found.setdefault(thread, []).append(text)
        return found


class Repository:
    """A repository of the sandbox's GitHub, in memory, where a few hundred things happen a second."""

    def __init__(self, tickets: int, chance: random.Random) -> None:
        self._clock = Moment(STARTED - 100_000)
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
                self._clock.now += 1
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


class Office:
    """A desk with its outbox on SQLite, and a worker without a pace; the desk's clock stands still."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        folder.mkdir()
        (folder / "bench.toml").write_text(SETTINGS, encoding="utf-8")
        environ = {"GITHUB_TOKEN": "unused", "DATABASE_URL": f"sqlite:///{folder / 'bench.db'}"}
        loaded = settings.load(folder / "bench.toml", environ)
        self.clock, self.wall = Moment(), Wall()
        self.store = Store(loaded.database_url, self.clock)
        self.store.migrate()
        self.desk = Desk(store=self.store, plugins=plugins.load(loaded, plugins.find()), settings=loaded)
        self._outbox = Outbox(self.store)
        self._worker = Worker(
            self._outbox, acts(self.desk, cast(Any, repository), cast(Any, self.wall)), threads=0
        )
        self._numbers = range(1, len(repository.beginning) + 1)
        for seen in repository.beginning:
            self.desk.observe(seen)
        self.finish()
        self.clock.now += 60

    def take_in(self, deliveries: Sequence[Delivery]) -> float:
        """Takes deliveries in, all within four seconds of the desk's clock, and works; how many effects are done."""
        for number, (headers, body) in enumerate(deliveries, 1):
            told = read_webhook(headers, body, characters.WEBHOOK_SECRET)
            if isinstance(told, IssueSeen):
                self.desk.observe(told.snapshot)
                if told.comment:
                    self.desk.hear(told.comment)
            self.clock.now += 4 / len(deliveries)
            if number % AT_ONCE == 0:
                self._worker.run_due()
        return self.finish()

    def finish(self) -> float:
        """Works until nothing is left; how many effects are done by then. The clock moves by less than a second."""
        for _ in range(4):
            self._worker.run_due()
            self.clock.now += 0.2
        left = self._outbox.count("waiting") + self._outbox.count("parked")
        if left:
            raise RuntimeError(f"{left} effects are left")
        return self._outbox.count("done")

    def told(self) -> list[tuple[str, list[str], list[str]]]:
        """Each ticket's card, what its requestor was told, and what stands below the card."""
        standing, found = self.wall.standing(), []
        for number in self._numbers:
            ticket = self.ticket(number)
            assert ticket.card
            assert ticket.thread
            card = self.wall.posts[int(ticket.card.ts)][0]
            found.append((card, standing.get(ticket.thread.ts, []), standing.get(ticket.card.ts, [])))
        return found

    def ticket(self, number: int) -> Ticket:
        """The ticket of an issue."""
        found = self.store.ticket(ticket_id(f"{REPOSITORY}#{number}"))
        assert found
        return found


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
    office = Office(folder / "any-order", repository)
    before = office.finish()
    begun, spent = time.perf_counter(), time.process_time()
    done = office.take_in(sent)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - spent
    perfect = Office(folder / "perfect", repository)
    last = [repository.get_issue(REPOSITORY, number + 1) for number in range(tickets)]
    for seen in last:
        perfect.desk.observe(seen)
    for _ in range(2):
        perfect.finish()
    if [office.ticket(seen.number).state for seen in last] != [lifecycle.state_of(seen) for seen in last]:
        raise RuntimeError("a ticket is not what its issue is")
    if office.told() != perfect.told():
        raise RuntimeError("wrong messages stand")
    stand = sum(len(texts) for texts in office.wall.standing().values())
    office.store.close()
    perfect.store.close()
    return {
        "seconds": seconds,
        "cpu": cpu,
        "effects": done - before,
        "messages": stand,
        "edits": office.wall.edits,
    }
