"""The crash test: stop after an outside act and before its commit, start again, and count.

Real PyGithub and real slack_sdk against the sandbox; time is moved, not waited for. Whatever happens and whenever,
there is one issue, one message in each role, one link in the issue, and a receipt.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from identity_bot.outbox.queue import LEASE
from identity_bot.tickets.model import MessageRef
from identity_bot_sandbox.github.faults import FaultKind
from tests.support_crash import INTAKE, JUNIPER, PRIVATE, TEAM, Accidents, Life, crash, life, on_sqlite

__all__ = ("life",)

PLAIN = {
    "issues": 1,
    "mentions in the intake channel": 1,
    "news in the intake channel": 0,
    "cards": 1,
    "alerts": 0,
    "direct messages": 0,
    "links": 1,
    "edits": 1,
    "receipt": True,
    "events": ["created"],
    "not done": {},
    "comments": [],
}
IN_A_THREAD = PLAIN | {"news in the intake channel": 1}
TOLD_DIRECTLY = PLAIN | {
    "mentions in the intake channel": 0,
    "news in the intake channel": 1,
    "alerts": 1,
    "direct messages": 1,
    "links": 0,
    "edits": 0,
}


def begin_plain(life: Life) -> None:
    """A request by the command."""
    life.submit()


def begin_in_a_thread(life: Life) -> None:
    """A request about a message in the intake channel, whose thread the ticket keeps."""
    ts = life.sandbox.slack.say(JUNIPER, INTAKE, "Sign-in is broken")
    life.submit(origin=MessageRef(channel=INTAKE, ts=ts))


def begin_where_the_bot_may_not_post(life: Life) -> None:
    """A request about a message in a private channel that the bot is not in."""
    ts = life.sandbox.slack.say(JUNIPER, PRIVATE, "Sign-in is broken")
    life.submit(origin=MessageRef(channel=PRIVATE, ts=ts))


Beginning = Callable[[Life], None]
STEPS: list[tuple[Beginning, str, dict[str, Any]]] = [
    *[
        (begin_plain, name, PLAIN)
        for name in ("open_issue", "requestor", "draw_card", "link_thread", "show_receipt")
    ],
    *[(begin_in_a_thread, name, IN_A_THREAD) for name in ("requestor", "intake", "link_thread")],
    *[(begin_where_the_bot_may_not_post, name, TOLD_DIRECTLY) for name in ("direct", "post_alert", "intake")],
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
    life.accidents = Accidents(roles={"requestor"}, within=crash)

    begin_where_the_bot_may_not_post(life)
    life.run()

    assert life.accidents.seen == ["within requestor"]
    assert life.count() == TOLD_DIRECTLY | {
        "direct messages": 0,
        "alerts": 0,
        "not done": {"failed": 1},
    }
    told = [one.text for one in life.sandbox.slack.messages(TEAM)]
    assert any("couldn't post a message" in one and "cannot be verified" in one for one in told)


KILLED = """
import os, signal, sys
from pathlib import Path
from identity_bot import app, settings
from identity_bot.outbox.effects import EFFECTS, OpenIssue
from identity_bot.outbox.worker import Worker

bot = app.build(settings.load(Path(sys.argv[1]), os.environ))
now = float(sys.argv[2])
bot.store.clock = lambda: now

class Deadly(OpenIssue):
    def on_success(self, *arguments):
        OpenIssue.on_success(self, *arguments)
        os.kill(os.getpid(), signal.SIGKILL)

Worker(bot.queue, {**EFFECTS, OpenIssue.kind: Deadly}, bot.context).run_due()
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
