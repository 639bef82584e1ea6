"""The desk of plugins' tests: what is loaded is there, and what is done is seen."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pytest_mock import MockerFixture

from identity_bot import Action, Event, Person, Stage
from identity_bot.errors import NotAllowed
from identity_bot.outbox.queue import LEASE
from identity_bot.outbox.worker import Worker
from identity_bot.testing import Invalid, MemoryDesk, PluginError, SettingsError
from tests.support_plugins import SENSITIVE, coffee, module


def test_plugins_are_loaded_beside_each_other(desk: MemoryDesk) -> None:
    seen: list[str] = []
    desk.load(coffee(), name="coffee")
    desk.load("mock_auth")
    assert desk.load(module(deliver=lambda event: seen.append(event.kind.value)), name="audit") is None

    desk.submit("coffee")
    desk.submit("mock_auth")
    desk.work()

    assert sorted(desk.plugins.types) == ["coffee", "mock_auth"]
    assert seen == ["created", "created"]
    assert desk.settings.observers == {"audit": {}}


def test_a_type_that_is_uninstalled_hears_of_nothing_and_observers_do(desk: MemoryDesk) -> None:
    own: list[str] = []
    others: list[str] = []
    desk.load(coffee(deliver=lambda event: own.append(event.kind.value)), name="coffee")
    desk.load(module(deliver=lambda event: others.append(event.kind.value)), name="audit")
    ticket = desk.submit("coffee")
    desk.work()

    desk.restart(without="coffee")
    desk.act(ticket, Action.CLOSE, "completed")
    desk.work()

    assert own == ["created"]
    assert others == ["created", "closed"]


def test_what_cannot_be_loaded_leaves_the_desk_as_it_was(desk: MemoryDesk) -> None:
    desk.load(coffee(), name="coffee")

    with pytest.raises(SettingsError, match=r"request_types\.tea\.labels"):
        desk.load(coffee(), name="tea", settings={"labels": 5})
    with pytest.raises(PluginError, match="unknown hook 'notfy'"):
        desk.load(module(notfy=lambda: None), name="tea")
    with pytest.raises(PluginError, match="no plugin 'tea'; installed: "):
        desk.load("tea")
    with pytest.raises(PluginError, match="expected a module identity_bot_…, or name="):
        desk.load(SimpleNamespace())

    assert list(desk.plugins.types) == ["coffee"]
    assert desk.submit("coffee").type == "coffee"


def test_a_week_in_which_nothing_happens_takes_no_longer_than_a_minute(
    desk: MemoryDesk, mocker: MockerFixture
) -> None:
    desk.load(coffee(), name="coffee")
    desk.submit("coffee")
    desk.work()
    began, looks = desk.clock.now, mocker.spy(Worker, "run_due")

    desk.work(7 * 24 * 3600 + 0.5)

    assert desk.clock.now == began + 7 * 24 * 3600 + 0.5
    assert looks.call_count < 60


def test_what_was_left_in_a_crash_goes_on_when_its_lease_has_run_out(
    desk: MemoryDesk, mocker: MockerFixture
) -> None:
    desk.load(coffee(), name="coffee")
    ticket = desk.submit("coffee")
    crash = mocker.patch.object(desk.tracker, "open_issue", side_effect=SystemExit)
    with pytest.raises(SystemExit):
        desk.work()
    mocker.stop(crash)

    desk.work(LEASE - 1)
    before = desk.ticket(ticket).number
    desk.work(60)

    assert before is None
    assert desk.ticket(ticket).number


def test_answers_are_samples_but_for_those_given(desk: MemoryDesk) -> None:
    desk.load(coffee(), name="coffee")

    ticket = desk.submit("coffee", size="large", production=True)

    assert ticket.answers == {
        "team": "Benefits Claims",
        "name": "Juniper Vale",
        "production": True,
        "size": "large",
    }
    with pytest.raises(Invalid) as refused:
        desk.submit("coffee", size="")
    assert list(refused.value.problems) == ["size"]


def test_an_answer_to_no_question_is_an_error_of_the_test(desk: MemoryDesk) -> None:
    desk.load("mock_auth")

    with pytest.raises(
        TypeError, match=r"the form of mock_auth has no question 'nmae'; did you mean 'name'\?"
    ):
        desk.submit("mock_auth", nmae="Juniper")


def test_who_may_takes_an_action_and_nobody_else(desk: MemoryDesk) -> None:
    desk.load(coffee(), name="coffee")
    ticket = desk.submit("coffee", by=Person(slack_id="U0WREN"))
    desk.work()

    with pytest.raises(NotAllowed):
        desk.act(ticket, Action.TAKE, by="U0JUNIPER")
    desk.act(ticket, Action.ASSIGN, "linden-brookmere")
    desk.work()

    assert desk.ticket(ticket).stage is Stage.ASSIGNED
    assert desk.issue(ticket).assignees == ("linden-brookmere",)


def test_everybody_is_told_where_their_messages_stand(desk: MemoryDesk) -> None:
    desk.load(coffee(SENSITIVE), name="coffee")

    desk.submit("coffee", secret=False)
    desk.submit("coffee", secret=True)
    desk.work()

    assert len(desk.told("requestor")) == 2
    assert len(desk.told("U0JUNIPER")) == 1
    assert len(desk.told("C0TEAM")) == len(desk.told("team")) + 2  # the cards


def test_time_passes_only_when_it_is_told_to(desk: MemoryDesk) -> None:
    events: list[Event] = []
    desk.load(coffee(deliver=lambda event: events.append(event)), name="coffee")
    began = desk.clock.now

    desk.submit("coffee")
    desk.clock.move(3600)
    assert events == []
    desk.work(10)

    assert len(events) == 1
    assert desk.clock.now == began + 3610
