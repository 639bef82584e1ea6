"""What hooks answer is checked and joined, and a plugin that fails cannot stop the bot."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pytest_mock import MockerFixture

from identity_bot import (
    Answer,
    Audience,
    CloseReason,
    Code,
    Event,
    EventKind,
    Form,
    IssueDraft,
    LongText,
    Notification,
    ShortText,
    Stage,
    Ticket,
    TicketState,
)
from identity_bot.plugins import defaults
from identity_bot.plugins.loader import Plugins
from identity_bot.plugins.request_type import RequestType
from identity_bot.testing import MemoryCode
from tests.support_plugins import ANSWERS, COFFEE, CREATED, JUNIPER, coffee, module, only, ticket


def failed(request_type: RequestType) -> list[tuple[str, str, str]]:
    """What failed: plugin, hook and kind of error."""
    return [(one.plugin, one.hook, one.error) for one in request_type.failures.seen]


def test_what_validators_find_is_merged_with_the_privacy_gate(load: Callable[..., Plugins]) -> None:
    request_type = only(load, validate=lambda answers: {"team": f"Not {answers['team']}."})
    answers = ANSWERS | {"size": "my ssn is 123-45-6789"}

    problems = request_type.validate(answers, JUNIPER)

    assert problems["team"] == "Not Benefits."
    assert problems["size"].startswith("This looks like a Social Security number")


def test_the_types_own_word_on_a_question_is_the_one_that_is_shown(load: Callable[..., Plugins]) -> None:
    request_type = only(load, validate=lambda: {"size": "Too large."})

    assert request_type.validate(ANSWERS | {"size": "ssn 123-45-6789"}, JUNIPER) == {"size": "Too large."}


@pytest.mark.parametrize("answer", [None, {}, {"size": ""}, {"size": None}])
def test_a_validator_that_finds_nothing_lets_pass(load: Callable[..., Plugins], answer: Any) -> None:
    assert only(load, validate=lambda: answer).validate(ANSWERS, JUNIPER) == {}


def test_a_problem_at_a_question_that_is_not_shown_stands_at_the_last_one(
    load: Callable[..., Plugins], caplog: pytest.LogCaptureFixture
) -> None:
    request_type = only(load, validate=lambda: {"colour": "Which colour?"})

    assert request_type.validate(ANSWERS, JUNIPER) == {"size": "Which colour?"}
    assert "validate found a problem at 'colour'" in caplog.text


@pytest.mark.parametrize("answer", ["Too large.", ["size"], 5, {"size": 5}, {5: "Too large."}])
def test_a_validator_that_fails_leaves_what_the_others_find(
    load: Callable[..., Plugins], answer: Any
) -> None:
    request_type = only(load, validate=lambda: answer)

    problems = request_type.validate(ANSWERS | {"size": "my ssn is 123-45-6789"}, JUNIPER)

    assert list(problems) == ["size"]
    assert problems["size"].startswith("This looks like a Social Security number")
    assert failed(request_type) == [("coffee", "validate", "TypeError")]


def test_a_privacy_gate_that_fails_lets_nothing_pass(load: Callable[..., Plugins]) -> None:
    request_type = only(load)
    request_type.settings = {}

    with pytest.raises(KeyError):
        request_type.validate(ANSWERS, JUNIPER)


def test_an_issue_is_what_the_plugin_makes_of_it_with_a_title_in_one_line(
    load: Callable[..., Plugins],
) -> None:
    draft = IssueDraft(title=" A\nB " + "x" * 300, body="Body", labels=("hot",), assignees=("ada",))

    rendered = only(load, render_issue=lambda: draft).render_issue(ticket())

    assert rendered == replace(draft, title="A B " + "x" * 195 + "…")


@pytest.mark.parametrize("answer", ["Body", {"title": "x"}, IssueDraft, ["x"]])
def test_where_render_issue_fails_the_issue_is_the_default(load: Callable[..., Plugins], answer: Any) -> None:
    request_type = only(load, render_issue=lambda: answer)

    assert request_type.render_issue(ticket()) == only(load).render_issue(ticket())
    assert failed(request_type) == [("coffee", "render_issue", "TypeError")]


def test_an_observers_issue_stands_in_for_the_types_own_that_fails(load: Callable[..., Plugins]) -> None:
    draft = IssueDraft(title="Observed", body="Body")

    loaded = load(coffee=coffee(render_issue=lambda: 1 / 0), audit=module(render_issue=lambda: draft))

    assert loaded.types["coffee"].render_issue(ticket()) == draft


@pytest.mark.parametrize("answers", ["Pull it.", ["Pull it."], 7])
def test_answers_of_others_are_shown_where_one_plugin_fails(
    load: Callable[..., Plugins], answers: Any
) -> None:
    mine = Answer(title="Pull the mock data", url="https://example.gov/pull")

    loaded = load(coffee=coffee(self_service=lambda: answers), audit=module(self_service=lambda: [mine]))

    assert loaded.types["coffee"].self_service("no users", {}) == [mine]
    assert failed(loaded.types["coffee"]) == [("coffee", "self_service", "TypeError")]


def test_a_slow_hook_is_logged_with_its_plugins_name(
    load: Callable[..., Plugins], caplog: pytest.LogCaptureFixture, mocker: MockerFixture
) -> None:
    mocker.patch("identity_bot.plugins.request_type.time.monotonic", side_effect=[0.0, 2.5, 3.0, 3.1])

    only(load, validate=lambda: None).validate(ANSWERS, JUNIPER)

    assert "plugin 'coffee': validate took 2.5 s" in caplog.text


def test_a_plugin_that_would_end_the_process_has_only_failed(load: Callable[..., Plugins]) -> None:
    """In a thread of the worker's, sys.exit would end that thread without a word, and one thread after the other."""

    def leave() -> None:
        sys.exit(1)

    request_type = only(load, validate=leave, render_issue=leave, notify=leave)

    assert request_type.validate(ANSWERS, JUNIPER) == {}
    assert request_type.render_issue(ticket()) == defaults.default_issue(ticket(), COFFEE)
    assert request_type.notify(ticket(), CREATED) == defaults.notify(
        ticket(), CREATED, COFFEE, request_type.settings
    )


def test_ctrl_c_is_not_a_failure_of_the_plugin_that_is_running(load: Callable[..., Plugins]) -> None:
    """In a thread of the worker's, where nobody can press it, it is the plugin's own."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    request_type = only(load, validate=interrupted)

    with pytest.raises(KeyboardInterrupt):
        request_type.validate(ANSWERS, JUNIPER)
    assert failed(request_type) == []

    thread = threading.Thread(target=request_type.validate, args=(ANSWERS, JUNIPER))
    thread.start()
    thread.join()
    assert failed(request_type) == [("coffee", "validate", "KeyboardInterrupt")]


def test_notifications_of_all_are_joined(load: Callable[..., Plugins]) -> None:
    told = only(load, notify=lambda: [Notification(to=Audience.TEAM, text="Hot!")]).notify(ticket(), CREATED)

    assert "Hot!" in [notification.text for notification in told]
    assert [notification.to for notification in told].count(Audience.REQUESTOR) == 1


def test_a_standard_message_that_a_plugin_repeats_is_told_once(load: Callable[..., Plugins]) -> None:
    standard = only(load).notify(ticket(), CREATED)

    assert only(load, notify=lambda: [replace(one) for one in standard]).notify(ticket(), CREATED) == standard


def test_notifications_can_take_the_place_of_the_standard_words_to_one_audience(
    load: Callable[..., Plugins],
) -> None:
    mine = Notification(to=Audience.REQUESTOR, text="it is poured.", next="Sip.", instead=True)
    closed = ticket(state=TicketState(stage=Stage.CLOSED, close_reason=CloseReason.COMPLETED))
    event = Event(kind=EventKind.CLOSED, ticket_id=closed.id, at=0.0, was=TicketState())

    request_type = only(load, notify=lambda: [mine])
    told = request_type.notify(closed, event)

    standard = defaults.notify(closed, event, COFFEE, request_type.settings)
    assert told == [*(one for one in standard if one.to is Audience.INTAKE), mine]


def test_an_observers_notification_takes_the_place_of_the_standard_words_of_every_type(
    load: Callable[..., Plugins],
) -> None:
    mine = Notification(to=Audience.REQUESTOR, text="it is poured.", instead=True)

    loaded = load(coffee=coffee(), audit=module(notify=lambda: [mine]))
    told = loaded.types["coffee"].notify(ticket(), CREATED)

    assert [one for one in told if one.to is Audience.REQUESTOR] == [mine]


def test_a_notification_instead_leaves_the_teams_card_unless_it_is_one(load: Callable[..., Plugins]) -> None:
    """Without a card the team could do nothing from Slack."""
    words = Notification(to=Audience.TEAM, text="Hot!", instead=True)
    card = Notification(to=Audience.TEAM, text="Hot!", is_card=True)

    with_words = only(load, notify=lambda: [words]).notify(ticket(), CREATED)
    with_card = only(load, notify=lambda: [card]).notify(ticket(), CREATED)

    assert [one.text for one in with_words if one.is_card] == ["Ticket <https://github.test/7|#7>: *Coffee*"]
    assert [one.text for one in with_card if one.is_card] == ["Hot!"]


def test_notify_may_look_at_what_has_changed_through_whom_and_why(load: Callable[..., Plugins]) -> None:
    def notify(ticket: Ticket, event: Event) -> list[Notification]:
        assert event.was
        text = f"{event.was.stage.value} to {ticket.state.stage.value}: {event.reason} ({event.by})"
        return [Notification(to=Audience.TEAM, text=text)]

    tasted = ticket(state=TicketState(stage=Stage.IN_PROGRESS))
    event = Event(
        kind=EventKind.REJECTED,
        ticket_id=tasted.id,
        at=0.0,
        was=TicketState(stage=Stage.UAT),
        by="U1",
        reason="Cold",
    )

    told = only(load, notify=notify).notify(tasted, event)

    assert [one.text for one in told if one.to is Audience.TEAM] == [
        "ready for UAT to in progress: Cold (U1)"
    ]


@pytest.mark.parametrize(
    "answer",
    ["Hot!", ["Hot!"], Notification(to=Audience.TEAM, text="not in a list"), [None]],
)
def test_where_notify_fails_the_standard_words_are_told(
    load: Callable[..., Plugins], answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    request_type = only(load, notify=lambda: answer)

    told = request_type.notify(ticket(), CREATED)

    assert told == defaults.notify(ticket(), CREATED, COFFEE, request_type.settings)
    assert "plugin 'coffee': notify failed" in caplog.text


def test_where_notify_fails_what_others_say_is_told(load: Callable[..., Plugins]) -> None:
    loaded = load(
        coffee=coffee(notify=lambda: 1 / 0),
        audit=module(notify=lambda: [Notification(to=Audience.TEAM, text="Hot!")]),
    )

    told = loaded.types["coffee"].notify(ticket(), CREATED)

    assert "Hot!" in [one.text for one in told]
    assert [one.to for one in told].count(Audience.REQUESTOR) == 1


def test_a_ticket_gets_its_card_from_notify_when_it_is_created_and_never_again(
    load: Callable[..., Plugins], caplog: pytest.LogCaptureFixture
) -> None:
    card = Notification(to=Audience.TEAM, text="Hot!", is_card=True)
    closed = Event(kind=EventKind.CLOSED, ticket_id=CREATED.ticket_id, at=0.0, was=TicketState())

    request_type = only(load, notify=lambda: [card])

    assert card in request_type.notify(ticket(), CREATED)
    assert card not in request_type.notify(ticket(), closed)
    assert "plugin 'coffee': notify failed" in caplog.text


def test_a_log_line_of_a_failing_plugin_has_its_traceback(
    load: Callable[..., Plugins], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        only(load, notify=lambda: 1 / 0).notify(ticket(), CREATED)

    assert "return 1 / 0" in caplog.text or "notify=lambda: 1 / 0" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("hook", ["render_issue", "notify"])
def test_no_log_says_what_a_failing_plugin_says(
    load: Callable[..., Plugins], caplog: pytest.LogCaptureFixture, hook: str
) -> None:
    """It may quote an answer, and a host that we are attached to formats our log in its own way."""

    def fail(ticket: Ticket) -> None:
        try:
            raise KeyError(ticket.answers["size"])
        except KeyError as error:
            raise ValueError(f"no such size: {ticket.answers['size']}") from error

    asked = replace(ticket(), answers=ANSWERS | {"size": "quartz pelican"})
    request_type = only(load, **{hook: fail})

    request_type.render_issue(asked)
    request_type.notify(asked, CREATED)

    assert "KeyError" in caplog.text
    assert "ValueError" in caplog.text
    assert "quartz pelican" not in caplog.text


def test_a_plugin_may_look_at_the_answers_as_one(load: Callable[..., Plugins]) -> None:
    asked = Form(title="X", questions=[ShortText(name="a", label="A"), LongText(name="b", label="B")])
    plugin = coffee(
        asked, validate=lambda answers: {"b": "Say more."} if answers["a"] == answers["b"] else None
    )

    request_type = load(coffee=plugin).types["coffee"]

    assert request_type.validate({"a": "x", "b": "x"}, JUNIPER) == {"b": "Say more."}
    assert request_type.validate({"a": "x", "b": "y"}, JUNIPER) == {}


def test_self_service_gets_what_is_typed_and_may_read_code(load: Callable[..., Plugins]) -> None:
    code = MemoryCode(files={("octo/a", "README.md"): "hello"})

    def self_service(text: str, answers: Any, code: Code) -> list[Answer]:
        return [Answer(title=text, text=f"{answers['topic']} {code.read_file('octo/a', 'README.md')}")]

    coffee_type = replace(only(load, self_service=self_service), code=lambda: code)

    assert [one.text for one in coffee_type.self_service("typed", {"topic": "Tea"})] == ["Tea hello"]


def test_without_github_a_plugin_that_reads_code_has_no_answers(
    load: Callable[..., Plugins], caplog: pytest.LogCaptureFixture
) -> None:
    def self_service(code: Code) -> list[Answer]:
        return [Answer(title="x", text=code.read_file("octo/a", "README.md") or "")]

    assert only(load, self_service=self_service).self_service("typed", {}) == []
    assert "plugin 'coffee': self_service failed" in caplog.text


@pytest.mark.parametrize("answer", [["text"], [None], "text", 7])
def test_what_are_no_answers_are_not_shown(
    load: Callable[..., Plugins], answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert only(load, self_service=lambda: answer).self_service("typed", {}) == []
    assert "self_service failed" in caplog.text
