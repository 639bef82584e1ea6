"""Deliveries of events: each plugin in its own lane, at least once, and nothing else waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from identity_bot import Event, EventKind, Stage, Ticket
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.worker import THREADS, Worker
from identity_bot.plugins import loader
from identity_bot.store import schema
from tests.support import eventually
from tests.support_desk import SETTINGS, Office
from tests.support_outbox import states
from tests.support_plugins import found, module

TEAM = "C0TEAM"
DAY = 24 * 3600.0
SENSITIVE = {"sensitive": True, "data_needed": "Sign-ins of one person"}


@dataclass
class Sink:
    """An observer that keeps what is delivered to it; `fails` are raised in turn."""

    got: list[tuple[Ticket, Event, str]] = field(default_factory=list)
    fails: list[BaseException] = field(default_factory=list)

    def deliver(self, ticket: Ticket, event: Event, idempotency_key: str) -> None:
        self.got.append((ticket, event, idempotency_key))
        if self.fails:
            raise self.fails.pop(0)

    @property
    def kinds(self) -> list[str]:
        """What it was told of."""
        return [event.kind.value for _, event, _ in self.got]

    @property
    def plugin(self) -> Any:
        """It as a plugin."""
        return module(
            deliver=lambda ticket, event, idempotency_key: self.deliver(ticket, event, idempotency_key)
        )


Opens = Callable[..., Office]


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    """Opens an office with observers, by name, besides the shipped request types."""
    offices = []

    def open_office(more: str = "", **plugins: Any) -> Office:
        added = [found(name, plugin) for name, plugin in plugins.items()]
        offices.append(Office(tmp_path, toml=SETTINGS + more, found=[*loader.find(), *added]))
        return offices[-1]

    yield open_office
    for office in offices:
        office.store.close()


def see(office: Office, **changes: Any) -> None:
    """Somebody changes the issue in GitHub, and people are told."""
    office.desk.observe(office.tracker.edit(1, **changes))
    office.work(60)


def test_every_event_of_a_ticket_is_delivered_once_with_what_it_led_to(opened: Opens) -> None:
    sink = Sink()
    office = opened(audit=sink.plugin)
    ticket = office.submit()
    office.work()

    see(office, assignees=frozenset({"linden-brookmere"}))
    see(office, is_open=False)

    assert sink.kinds == ["created", "assigned", "closed"]
    assert [got.state.stage for got, _, _ in sink.got] == [Stage.OPEN, Stage.ASSIGNED, Stage.CLOSED]
    assert {(got.id, got.number, got.answers["tested"]) for got, _, _ in sink.got} == {(ticket.id, 1, True)}
    assert len({key for _, _, key in sink.got}) == 3
    with office.store.reading() as connection:
        kept = connection.execute(select(schema.events.c.kind, schema.events.c.at)).all()
    assert [(event.kind.value, event.at) for _, event, _ in sink.got] == [tuple(row) for row in kept]


def test_what_is_late_still_says_what_the_event_led_to(opened: Opens) -> None:
    sink = Sink(fails=[OSError("down")] * 3)
    office = opened(audit=sink.plugin)
    office.submit()
    office.work(2)

    see(office, is_open=False)

    assert [(kind, got.state.stage) for (got, _, _), kind in zip(sink.got, sink.kinds, strict=True)] == [
        *[("created", Stage.OPEN)] * 4,
        ("closed", Stage.CLOSED),
    ]


def test_a_failed_delivery_is_repeated_with_the_same_key(opened: Opens) -> None:
    sink = Sink(fails=[ConnectionRefusedError("no"), SystemExit(1)])
    office = opened(audit=sink.plugin)
    office.submit()
    office.work(60)

    assert sink.kinds == ["created"] * 3
    assert len({(event, key) for _, event, key in sink.got}) == 1
    assert "failed" not in states(office.queue)


def test_people_other_plugins_and_github_do_not_wait_for_one_that_fails(opened: Opens) -> None:
    bad, good = Sink(fails=[OSError("down")] * 10_000), Sink()
    office = opened(bad=bad.plugin, good=good.plugin)
    office.submit()
    office.work(60)
    see(office, is_open=False)

    assert good.kinds == ["created", "closed"]
    assert len(office.chat.texts("C0INTAKE")) == 3
    assert {row.lane for row in office.outbox.rows("waiting")} == {"plugin:bad", "updates"}  # for later


def test_the_team_is_told_once_which_plugin_keeps_failing(opened: Opens) -> None:
    """Not of what works when it is tried again."""
    flaky, bad = Sink(fails=[OSError("down")] * 2), Sink(fails=[OSError("Juniper Vale")] * 10_000)
    office = opened(flaky=flaky.plugin, bad=bad.plugin)
    office.submit()
    office.work(120)
    for number in range(2, 5):
        office.submit(view=f"V{number}")
        office.work(120)

    [told] = [text for text in office.chat.texts(TEAM) if "in `deliver`" in text]
    assert told == (
        "*The plugin `bad` failed in `deliver`.* The bot tries again for three days; tickets and messages are not "
        "affected. The bot's log says where it failed."
    )


def test_whatever_a_plugin_fails_of_the_team_is_told_once_that_it_has(opened: Opens) -> None:
    sink = Sink(fails=[(OSError, ValueError, TimeoutError)[n % 3]("x") for n in range(10_000)])
    office = opened(audit=sink.plugin)
    for number in range(6):
        office.submit(view=f"V{number}")
    office.work(600)
    office.clock.move(3.5 * DAY)
    office.work(600)

    assert len(office.outbox.rows("failed")) == 6
    [told] = [text for text in office.chat.texts(TEAM) if "couldn't deliver" in text]
    assert "plugin `audit`" in told


def test_after_three_days_it_has_failed_and_the_team_is_told_once_by_the_plugins_name(opened: Opens) -> None:
    """Whatever the plugin says stays unsaid: it may quote an answer."""
    sink = Sink(fails=[ConnectionRefusedError("Juniper Vale")] * 10_000)
    office = opened(audit=sink.plugin)
    office.submit()
    office.submit(view="V2")
    office.work(60)
    office.clock.move(3.5 * DAY)
    office.work(60)

    failed = office.outbox.rows("failed")
    assert [(row.kind, row.lane) for row in failed] == [("deliver", "plugin:audit")] * 2
    assert failed[0].last_error == (
        "given up after three days: plugin 'audit': deliver failed: connection refused"
    )
    [told] = [text for text in office.chat.texts(TEAM) if "couldn't deliver" in text]
    assert "plugin `audit`" in told
    assert "Juniper Vale" not in told
    sink.fails = []
    assert office.outbox.retry(failed[0].id)
    office.work(5)
    assert len(office.outbox.rows("failed")) == 1


def test_what_waits_for_a_plugin_that_was_uninstalled_is_discarded(
    opened: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    office = opened(audit=Sink(fails=[OSError("down")] * 3).plugin)
    office.submit()
    office.work(2)
    office.context = replace(office.context, plugins=replace(office.plugins, sinks={}))

    office.clock.move(3_600)
    with caplog.at_level(logging.WARNING):
        office.work(300)

    assert "the plugin 'audit' is not installed anymore" in caplog.text
    assert "waiting" not in states(office.queue)


def test_what_waits_for_a_plugin_that_is_installed_again_soon_is_delivered_once(opened: Opens) -> None:
    """Or that only another process has yet, while one after the other is brought up to date."""
    sink = Sink()
    office = opened(audit=sink.plugin)
    with_it = office.context
    office.submit()
    office.context = replace(office.context, plugins=replace(office.plugins, sinks={}))
    office.work(600)
    before = sink.kinds
    office.context = with_it

    office.work(600)

    assert (before, sink.kinds) == ([], ["created"])


@pytest.mark.parametrize("allowed", [False, True])
def test_what_is_sensitive_is_handed_over_only_if_the_settings_say_so(opened: Opens, allowed: bool) -> None:
    sink = Sink()
    more = "\n[observers.audit]\nsensitive_answers = true\n" if allowed else ""
    office = opened(more, audit=sink.plugin)
    ticket = office.submit("data_pull", **SENSITIVE)
    office.work()

    [(got, event, _)] = sink.got
    assert event.kind is EventKind.CREATED
    assert (got.id, got.number, got.is_sensitive) == (ticket.id, 1, True)
    assert ("Sign-ins of one person" in repr(sink.got)) is allowed


def test_a_reason_for_a_sensitive_ticket_is_left_out(opened: Opens) -> None:
    sink = Sink()
    office = opened(audit=sink.plugin)
    ticket = office.submit("data_pull", **SENSITIVE)
    office.work()
    event = Event(kind=EventKind.CLOSED, ticket_id=ticket.id, at=0.0, reason="It is a name.")

    office.plugins.sinks["audit"].deliver(office.ticket(ticket), event, "key")

    assert [event.reason for _, event, _ in sink.got] == ["", ""]


def test_a_plugin_that_changes_what_it_is_given_changes_nothing(opened: Opens) -> None:
    audit = module(deliver=lambda ticket: ticket.answers.clear())
    office = opened(audit=audit)
    ticket = office.submit()
    office.work()

    assert office.ticket(ticket).answers["tested"] is True


def test_no_event_is_delivered_when_a_ticket_is_made_again(opened: Opens, tmp_path: Path) -> None:
    sink = Sink()
    office = opened(audit=sink.plugin)
    office.submit()
    office.work()
    (tmp_path / "again").mkdir()
    again = Office(tmp_path / "again", toml=SETTINGS, found=[*loader.find(), found("audit", sink.plugin)])
    with again.store.begin() as transaction:
        assert again.context.reconciler.recover(transaction, office.tracker.snapshot(1))
    again.work()
    again.store.close()

    assert sink.kinds == ["created"]


def test_slow_plugins_take_no_thread_from_the_others(opened: Opens) -> None:
    """As many as there are threads hang at once; the bot still opens the issue and tells people."""
    held, entered = threading.Event(), threading.Semaphore(0)

    def hang(ticket: Ticket) -> None:
        entered.release()
        held.wait(30)

    office = opened(
        **{f"slow_{number}": module(deliver=lambda ticket: hang(ticket)) for number in range(THREADS)}
    )
    threads = THREADS + len(office.plugins.sinks)
    worker = Worker(office.queue, EFFECTS, office.context, min_intervals=False, threads=threads)
    worker.start()
    try:
        office.submit()
        assert all(entered.acquire(timeout=10) for _ in range(THREADS))
        office.submit(view="V2")
        eventually(lambda: len(office.chat.texts("C0INTAKE")) == 2)
    finally:
        held.set()
        worker.stop()


def test_a_delivery_that_takes_too_long_is_logged(
    opened: Opens, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("identity_bot.plugins.event_sink.TIME_OUT", -1.0)
    office = opened(audit=Sink().plugin)
    office.submit()
    office.work()

    assert "plugin 'audit': deliver took 0 s" in caplog.text
