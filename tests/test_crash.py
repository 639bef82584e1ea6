"""The crash test: stop after an outside act and before its commit, start again, and count.

Real PyGithub and real slack_sdk against the sandbox; time is moved, not waited for. Whatever happens and whenever,
there is one issue, one message in each role, one link in the issue, and a receipt.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from identity_bot import app, blocks, settings
from identity_bot.model import Effect, Person, Post, Ticket
from identity_bot.outbox import LEASE
from identity_bot.sandbox.github_faults import FaultKind
from identity_bot.sandbox.server import Sandbox
from identity_bot.store import Transaction
from identity_bot.worker import Act, Worker
from tests.support_outbox import Clock

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
    payload = effect.payload
    if effect.kind != "post":
        return effect.kind
    if payload.get("is_notice"):
        return "notice"
    if payload.get("in_thread"):
        return "reply"
    if payload["channel"] == JUNIPER:
        return "direct"
    return str(payload.get("keep_as", "intake"))


@dataclass
class Accidents:
    """What befalls the effects of one role, once: before the act, after it, or within the transaction after it."""

    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None
    within: Callable[[], None] | None = None
    roles: set[str] = field(default_factory=set)
    seen: list[str] = field(default_factory=list)

    def befall(self, act: Act) -> Act:
        """The act, as accident-prone as that."""
        return _Unlucky(act, self)

    def meet(self, moment: str, effect: Effect) -> None:
        """Strikes, if this effect is one to be struck at this moment and was not before."""
        accident, name = getattr(self, moment), f"{moment} {role(effect)}"
        if accident and role(effect) in self.roles and name not in self.seen:
            self.seen.append(name)
            accident()


@dataclass
class _Unlucky:
    act: Act
    accidents: Accidents

    def do(self, effect: Effect) -> Any:
        self.accidents.meet("before", effect)
        result = self.act.do(effect)
        self.accidents.meet("after", effect)
        return result

    def look(self, effect: Effect) -> Any | None:
        return self.act.look(effect)

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        self.act.done(transaction, effect, result)
        self.accidents.meet("within", effect)

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        found = self.act.refused(transaction, effect, reason)
        self.accidents.meet("within", effect)
        return found


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

    def submit(self, *, origin: Post | None = None) -> None:
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
        while bot.outbox.count("waiting"):
            acts = {kind: self.accidents.befall(act) for kind, act in bot.acts.items()}
            worker = Worker(bot.outbox, acts, pace=app.pace, parked=bot.desk.parked, jitter=lambda: 0.5)
            try:
                worker.run_due()
            except Crash:
                bot = self.start()
                self.clock.move(LEASE + 1)
            self.clock.now = max(self.clock.now, bot.outbox.next_ready() or 0.0)

    def count(self) -> dict[str, Any]:
        """What there is in the world, by kind, and what the outbox and the log of events hold."""
        slack, github = self.sandbox.slack, self.sandbox.github
        issues = github.issues(REPOSITORY)
        with self.bots[-1].store.reading() as connection:
            states = connection.execute(text("SELECT state, count(*) FROM outbox GROUP BY state")).all()
            events = connection.execute(text("SELECT kind FROM events")).scalars().all()
        messages = slack.messages(INTAKE, replies=True)
        return {
            "issues": len(issues),
            "mentions in the intake channel": sum("your request is ticket" in one.text for one in messages),
            "news in the intake channel": sum("New ticket" in one.text for one in messages),
            "cards": sum("New ticket" in one.text for one in slack.messages(TEAM)),
            "notices": sum("told the requestor by direct" in one.text for one in slack.messages(TEAM)),
            "direct messages": len(slack.dm(JUNIPER)),
            "links": sum((one.body or "").count("[Slack thread](") for one in issues),
            "edits": github.traffic.count("PATCH"),
            "receipt": "|#1>" in json.dumps(slack.view(JUNIPER)),
            "events": list(events),
            "outbox": dict(states),  # type: ignore[arg-type]
        }


@pytest.fixture
def life(sandbox: Sandbox, settings_file: Path, database_url: str) -> Iterator[Life]:
    environ = sandbox.environment() | {"DATABASE_URL": database_url}
    # An hour ago, so that all that is moved stays in the past of the sandbox, whose clocks are real.
    life = Life(sandbox, settings.load(settings_file, environ), Clock(time.time() - 3600), Accidents())
    yield life
    for bot in life.bots:
        bot.stop()


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PLAIN = {
    "issues": 1,
    "mentions in the intake channel": 1,
    "news in the intake channel": 0,
    "cards": 1,
    "notices": 0,
    "direct messages": 0,
    "links": 1,
    "edits": 1,
    "receipt": True,
    "events": ["created"],
    "outbox": {"done": 5},
}
IN_A_THREAD = PLAIN | {"news in the intake channel": 1, "outbox": {"done": 6}}
TOLD_DIRECTLY = PLAIN | {
    "mentions in the intake channel": 0,
    "news in the intake channel": 1,
    "notices": 1,
    "direct messages": 1,
    "links": 0,
    "edits": 0,
    "outbox": {"done": 7},
}


def crash() -> None:
    raise Crash


def begin_plain(life: Life) -> None:
    """A request by the command."""
    life.submit()


def begin_in_a_thread(life: Life) -> None:
    """A request about a message in the intake channel, whose thread the ticket keeps."""
    ts = life.sandbox.slack.say(JUNIPER, INTAKE, "Sign-in is broken")
    life.submit(origin=Post(channel=INTAKE, ts=ts))


def begin_where_the_bot_may_not_post(life: Life) -> None:
    """A request about a message in a private channel that the bot is not in."""
    ts = life.sandbox.slack.say(JUNIPER, PRIVATE, "Sign-in is broken")
    life.submit(origin=Post(channel=PRIVATE, ts=ts))


Beginning = Callable[[Life], None]
STEPS: list[tuple[Beginning, str, dict[str, Any]]] = [
    *[(begin_plain, name, PLAIN) for name in ("open_issue", "thread", "card", "link_thread", "show_receipt")],
    *[(begin_in_a_thread, name, IN_A_THREAD) for name in ("reply", "intake", "link_thread")],
    *[(begin_where_the_bot_may_not_post, name, TOLD_DIRECTLY) for name in ("direct", "notice", "intake")],
]
each_step = pytest.mark.parametrize(
    ("begin", "name", "expected"), STEPS, ids=[f"{begin.__name__[6:]}-{name}" for begin, name, _ in STEPS]
)


@on_sqlite
@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        (begin_plain, PLAIN),
        (begin_in_a_thread, IN_A_THREAD),
        (begin_where_the_bot_may_not_post, TOLD_DIRECTLY),
    ],
)
def test_without_an_accident_everything_is_there_once(
    life: Life, begin: Beginning, expected: dict[str, Any]
) -> None:
    """What the accidents below are compared with."""
    begin(life)
    life.run()

    assert life.count() == expected


@on_sqlite
@each_step
@pytest.mark.parametrize("moment", ["before", "after", "within"])
def test_a_crash_loses_nothing_and_doubles_nothing(
    life: Life, begin: Beginning, name: str, expected: dict[str, Any], moment: str
) -> None:
    """Before the act, between the act and its transaction, and in that transaction before it commits."""
    life.accidents = Accidents(roles={name}, **{moment: crash})  # type: ignore[arg-type]

    begin(life)
    life.run()

    assert life.accidents.seen == [f"{moment} {name}"]
    assert life.count() == expected


@on_sqlite
@each_step
def test_an_answer_that_never_comes_loses_nothing_and_doubles_nothing(
    life: Life, begin: Beginning, name: str, expected: dict[str, Any]
) -> None:
    """The connection is cut when the act is done already."""
    slack, github = life.sandbox.slack.faults, life.sandbox.github.faults

    def cut() -> None:
        match name:
            case "open_issue":
                github.add("POST", "/repos/*/*/issues", kind=FaultKind.CUT, after=True)
            case "link_thread":
                github.add("PATCH", "/repos/*/*/issues/*", kind=FaultKind.CUT, after=True)
            case "show_receipt":
                slack.add("views.update", cut=True, after=True)
            case _:
                slack.add("chat.postMessage", cut=True, after=True)

    life.accidents = Accidents(roles={name}, before=cut)

    begin(life)
    life.run()

    assert life.accidents.seen == [f"before {name}"]
    assert (slack.active(), github.active()) == ((), ())
    assert life.count() == expected


@on_sqlite
@pytest.mark.parametrize("after", [True, False], ids=["done", "not done"])
def test_an_error_of_the_server_loses_nothing_and_doubles_nothing(life: Life, after: bool) -> None:
    """A 5xx says nothing of the outcome, so that it is looked for."""
    life.sandbox.github.faults.add("POST", "/repos/*/*/issues", status=502, after=after)
    life.sandbox.slack.faults.add("chat.postMessage", status=503, after=after)

    life.submit()
    life.run()

    assert life.count() == PLAIN


def test_a_crash_at_every_step_of_one_life(life: Life) -> None:
    """After each act, and again in its transaction: a machine that keeps none of its promises. On both databases."""
    everything = {name for _, name, _ in STEPS}
    life.accidents = Accidents(roles=everything, after=crash, within=crash)

    life.submit()
    life.run()

    assert len(life.accidents.seen) == 2 * 5
    assert life.count() == PLAIN


@on_sqlite
def test_a_refusal_that_was_not_written_down_is_not_taken_for_a_message(life: Life) -> None:
    """Nobody can look into that channel for the message, so it is left to people, who are told."""
    life.accidents = Accidents(roles={"reply"}, within=crash)

    begin_where_the_bot_may_not_post(life)
    life.run()

    assert life.accidents.seen == ["within reply"]
    assert life.count() == TOLD_DIRECTLY | {
        "direct messages": 0,
        "notices": 0,
        "outbox": {"done": 5, "parked": 1},
    }
    told = [one.text for one in life.sandbox.slack.messages(TEAM)]
    assert any("could not post a message" in one and "nobody can tell" in one for one in told)


KILLED = """
import os, signal, sys
from pathlib import Path
from identity_bot import app, settings
from identity_bot.worker import Worker

bot = app.build(settings.load(Path(sys.argv[1]), os.environ))
now = float(sys.argv[2])
bot.store.clock = lambda: now
act = bot.acts["open_issue"]
done = act.done

def die(*arguments):
    done(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

act.done = die
Worker(bot.outbox, bot.acts, parked=bot.desk.parked).run_due()
"""


def test_a_process_killed_between_act_and_commit_loses_nothing_and_doubles_nothing(
    life: Life, settings_file: Path, database_url: str
) -> None:
    """A real process and a real SIGKILL when the issue is made. On both databases."""
    life.submit()
    environ = os.environ | life.sandbox.environment() | {"DATABASE_URL": database_url}

    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(settings_file), str(life.clock.now)],
        env=environ,
        timeout=60,
        check=False,
    )
    life.clock.move(LEASE + 1)
    life.run()

    assert ended.returncode == -signal.SIGKILL
    assert life.count() == PLAIN
