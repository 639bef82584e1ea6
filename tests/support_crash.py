"""What the crash tests share: accidents that befall effects, and the life of a ticket over many starts of the bot."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from identity_bot import app, settings
from identity_bot.outbox.effect import Context, Effect, Row
from identity_bot.outbox.effects import EFFECTS, PostUpdate
from identity_bot.outbox.queue import LEASE
from identity_bot.outbox.worker import Worker
from identity_bot.slack import modal as blocks
from identity_bot.store.transaction import Transaction
from identity_bot.testing import Clock
from identity_bot.tickets.model import MessageRef, Person, Ticket
from identity_bot_sandbox.server import Sandbox
from tests.support import RECURRING

JUNIPER, INTAKE, TEAM, PRIVATE = "U0JUNIPER", "C0INTAKE", "C0TEAM", "C0SECRET"
REPOSITORY = "sandbox-org/identity-requests"
VALUES = {
    "team": "Benefits",
    "name": "Juniper Vale",
    "production": False,
    "tested": True,
    "pull_request": "https://github.com/sandbox-org/vets-api/pull/7",
}


class Crash(BaseException):
    """The process ends here: no `except Exception` sees it, and nothing more is written."""


def role(effect: Effect) -> str:
    """What an effect is for in the life of a ticket."""
    match effect:
        case PostUpdate(instead_of=channel) if channel:
            return "direct"
        case PostUpdate(is_first=True, to=destination):
            return str(destination)
        case PostUpdate():
            return "news"
    return effect.kind


@dataclass
class Accidents:
    """What befalls the effects of one role, once: before it runs, after it, or within the transaction after it."""

    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None
    within: Callable[[], None] | None = None
    roles: set[str] = field(default_factory=set)
    seen: list[str] = field(default_factory=list)

    def befall(self, effect_class: type[Effect]) -> type[Effect]:
        """The effects of a class, as accident-prone as that."""
        accidents = self

        class Unlucky(effect_class):  # type: ignore[misc, valid-type]
            def run(self, context: Context, row: Row) -> Any:
                accidents.meet("before", self)
                result = effect_class.run(self, context, row)
                accidents.meet("after", self)
                return result

            def on_success(self, transaction: Transaction, context: Context, result: Any) -> None:
                effect_class.on_success(self, transaction, context, result)
                accidents.meet("within", self)

            def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
                found = effect_class.on_rejected(self, transaction, context, reason)
                accidents.meet("within", self)
                return found

        return Unlucky

    def meet(self, moment: str, effect: Effect) -> None:
        """Strikes, if this effect is one to be struck at this moment and was not before."""
        accident, name = getattr(self, moment), f"{moment} {role(effect)}"
        if accident and role(effect) in self.roles and name not in self.seen:
            self.seen.append(name)
            accident()


@dataclass
class Life:
    """The life of a ticket in the sandbox, over as many starts of the bot as it takes."""

    sandbox: Sandbox
    settings: settings.Settings
    clock: Clock
    accidents: Accidents
    bots: list[app.Bot] = field(default_factory=list)
    ticket: Ticket | None = None

    def start(self) -> app.Bot:
        """A fresh bot on the same database, as after a crash."""
        bot = app.build(self.settings)
        bot.store.clock = self.clock
        self.bots.append(bot)
        return bot

    def submit(self, *, origin: MessageRef | None = None) -> None:
        """Somebody opens the form, fills it in and sends it."""
        bot = self.start()
        view = blocks.modal(bot.plugins.forms, blocks.Draft(type="pr_review"))
        opened = bot.chat.client.views_open(trigger_id=self.sandbox.slack.trigger(JUNIPER), view=view)
        asked_by = Person(slack_id=JUNIPER, handle="juniper")
        self.ticket = bot.desk.submit(
            "pr_review", VALUES, asked_by, submission=opened["view"]["id"], origin=origin
        )

    def run(self) -> None:
        """Lets time pass until nothing is left to do; after each crash, the leases run out and a fresh bot goes on."""
        bot = self.start()
        effects = {kind: self.accidents.befall(one) for kind, one in EFFECTS.items()}
        while self.is_busy():
            worker = Worker(bot.queue, effects, bot.context, jitter=lambda: 0.5)
            try:
                worker.run_due()
            except Crash:
                bot = self.start()
                self.clock.move(LEASE + 1)
            if self.is_busy():
                self.clock.move(max(0.0, bot.queue.ready_in() or 0.0))

    def is_busy(self) -> bool:
        """Whether anything is left to do but what timers do later."""
        waiting = self.bots[-1].outbox.rows("waiting")
        return any(one.kind not in RECURRING or one.due_at <= self.clock.now for one in waiting)

    @property
    def bot(self) -> app.Bot:
        """The bot that was started last."""
        return self.bots[-1]

    def news(self) -> list[str]:
        """What was said in the request's thread after its first message."""
        slack = self.sandbox.slack
        [root] = [one for one in slack.messages(INTAKE) if "We got your" in one.text]
        return [one.text for one in slack.thread(INTAKE, root.ts)[1:]]

    def count(self) -> dict[str, Any]:
        """What there is in the world, by kind, and what the outbox and the log of events hold."""
        slack, github = self.sandbox.slack, self.sandbox.github
        issues = github.issues(REPOSITORY)
        with self.bots[-1].store.reading() as connection:
            rows = connection.execute(text("SELECT kind, state FROM outbox WHERE state <> 'done'")).all()
            events = connection.execute(text("SELECT kind FROM events")).scalars().all()
        messages = slack.messages(INTAKE, replies=True)
        return {
            "issues": len(issues),
            "mentions in the intake channel": sum("We got your" in one.text for one in messages),
            "news in the intake channel": sum("New ticket" in one.text for one in messages),
            "cards": sum("*Stage:*" in one.text for one in slack.messages(TEAM)),
            "alerts": sum("told the requestor by direct" in one.text for one in slack.messages(TEAM)),
            "direct messages": len(slack.dm(JUNIPER)),
            "links": sum((one.body or "").count("[Slack thread](") for one in issues),
            "edits": github.traffic.count("PATCH"),
            "comments": [one.body.partition("\n")[0] for one in github.comments(REPOSITORY, 1)],
            "receipt": "|#1>" in json.dumps(slack.view(JUNIPER)),
            "events": list(events),
            "not done": dict(Counter(state for kind, state in rows if kind not in RECURRING)),
        }


def crash() -> None:
    """The process ends at once."""
    raise Crash


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def life(sandbox: Sandbox, settings_file: Path, database_url: str) -> Iterator[Life]:
    """A life in a sandbox and a database of its own."""
    environ = sandbox.environment() | {"DATABASE_URL": database_url}
    # An hour ago, so that all that is moved stays in the past of the sandbox, whose clocks are real.
    life = Life(sandbox, settings.load(settings_file, environ), Clock(time.time() - 3600), Accidents())
    yield life
    for bot in life.bots:
        bot.stop()
