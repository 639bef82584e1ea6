"""The clock of a running bot, Slack and GitHub is set forward: every timer fires once, and nothing else breaks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from identity_bot.outbox.effect import Context, Effect, Row
from identity_bot.outbox.effects import EFFECTS
from identity_bot.testing.sandbox import SandboxBot, eventually
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox

HOUR, DAY = 3600.0, 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Ring(Effect):
    """A timer for tests, which notes that it fired; a slow one is waited for."""

    kind = "ring"
    label = "ring"
    rung: ClassVar[list[str]] = []
    starting: ClassVar[threading.Event]
    going: ClassVar[threading.Event]

    name: str
    to: str = "bells"
    is_slow: bool = False

    @property
    def lane(self) -> str:
        return self.to

    def find_result(self, context: Context, row: Row) -> Any:
        self.rung.append(f"{self.name} verified")
        return {}

    def run(self, context: Context, row: Row) -> Any:
        if self.is_slow:
            self.starting.set()
            assert self.going.wait(20)
        self.rung.append(self.name)
        return {}


@pytest.fixture
def bot(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxBot]:
    monkeypatch.setitem(EFFECTS, "ring", Ring)  # type: ignore[arg-type]
    monkeypatch.setattr(Ring, "rung", [])
    monkeypatch.setattr(Ring, "starting", threading.Event(), raising=False)
    monkeypatch.setattr(Ring, "going", threading.Event(), raising=False)
    bot = SandboxBot(sandbox, tmp_path)
    bot.load("mock_auth")
    yield bot
    Ring.going.set()
    bot.stop()


def enqueue(bot: SandboxBot, ring: Ring, delay: float = 0.0) -> None:
    with bot.bot.store.begin() as transaction:
        transaction.enqueue(ring, delay=delay)


def test_three_timers_fire_once_each_and_in_order(bot: SandboxBot) -> None:
    enqueue(bot, Ring(name="last"), 20 * HOUR)
    enqueue(bot, Ring(name="first"), 1 * HOUR)
    enqueue(bot, Ring(name="second"), 9 * HOUR)
    enqueue(bot, Ring(name="not yet"), 30 * HOUR)

    bot.clock.forward(days=1)
    eventually(lambda: "last" in Ring.rung)
    bot.settle()

    assert Ring.rung == ["first", "second", "last"]


def test_what_runs_while_the_clock_is_set_is_not_run_again(bot: SandboxBot) -> None:
    """A worker keeps the lane that it has leased, however far the clock is set meanwhile."""
    enqueue(bot, Ring(name="slow", is_slow=True))
    assert Ring.starting.wait(20)

    bot.clock.forward(days=2)
    enqueue(bot, Ring(name="other", to="other bells"))
    eventually(lambda: "other" in Ring.rung)
    Ring.going.set()
    eventually(lambda: "slow" in Ring.rung)
    enqueue(bot, Ring(name="after"))
    eventually(lambda: "after" in Ring.rung)

    assert Ring.rung == ["other", "slow", "after"]


def test_a_request_goes_on_from_day_to_day(bot: SandboxBot) -> None:
    """Both worlds and the bot go by one clock, and what others check by the real time stays valid."""
    assert bot.submit("mock_auth") == {}
    bot.settle()
    bot.clock.forward(days=3)
    bot.github.comment(cast.REPOSITORY, 1, "Still there?", actor="linden-brookmere")
    eventually(lambda: any("Still there?" in said for said in bot.told("C0INTAKE")))
    bot.clock.forward(hours=5)
    bot.github.close(cast.REPOSITORY, 1, actor="indigo-marshwick")
    bot.settle()
    assert bot.submit("mock_auth") == {}
    bot.settle()

    ticket = bot.bot.store.ticket_at(cast.REPOSITORY, 1)
    assert ticket
    assert ticket.closed_at
    assert ticket.closed_at - ticket.submitted_at > 3 * DAY
    assert bot.github.issue(cast.REPOSITORY, 2)
    assert not bot.bot.outbox.rows("failed")
    times = [float(one.ts) for one in bot.slack.messages("C0INTAKE", replies=True)]
    assert max(times) - min(times) > 3 * DAY


def test_the_poll_sees_what_happened_after_the_clock_was_set(bot: SandboxBot) -> None:
    bot.submit("mock_auth")
    bot.settle()
    bot.clock.forward(days=1)
    bot.settle()
    bot.github.webhooks.lose(1)

    bot.github.close(cast.REPOSITORY, 1, actor="indigo-marshwick")
    bot.clock.forward(minutes=5)

    eventually(lambda: (found := bot.bot.store.ticket_at(cast.REPOSITORY, 1)) and found.closed_at)


def test_a_form_that_is_open_meanwhile_can_be_sent(bot: SandboxBot) -> None:
    bot.slack.command("U0JUNIPER", "C0INTAKE", "/help")
    eventually(lambda: bot.slack.view("U0JUNIPER"))

    bot.clock.forward(days=1)

    assert bot.submit("mock_auth") == {}
