"""A plugin is found by being installed, is called for its own tickets only, and cannot stop the bot when broken."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from identity_bot import (
    Audience,
    CloseReason,
    Event,
    EventKind,
    Form,
    IssueDraft,
    LongText,
    Notification,
    Person,
    ShortText,
    Stage,
    Ticket,
    TicketState,
    TypeSettings,
    When,
    YesNo,
    hookimpl,
    settings,
)
from identity_bot.errors import PluginError, Rejected, SettingsError
from identity_bot.plugins import defaults
from identity_bot.plugins import loader as plugins
from identity_bot.plugins.checks import HOOKS
from identity_bot.plugins.loader import Found, Plugins, RequestType
from identity_bot.tickets.model import ticket_id

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """
intake_channel = "#vsp-identity"
team_channel = "#identity-surge"
repository = "octo/identity-requests"
leads = [{ slack = "U0LEAD", github = "lead" }]
"""
JUNIPER = Person(slack_id="U0JUNIPER", name="Juniper Vale", team="Benefits")
ANSWERS = {"team": "Benefits", "name": "Juniper Vale", "production": False, "size": "large"}
CREATED = Event(kind=EventKind.CREATED, ticket_id=ticket_id("V1"), at=0.0)

COFFEE = Form(title="Coffee", questions=[ShortText(name="size", label="Size")])
SENSITIVE = Form(title="X", questions=[YesNo(name="secret", label="?")], sensitive_when=When("secret", True))


@pytest.fixture
def in_force(tmp_path: Path) -> Callable[..., settings.Settings]:
    """Settings with some more TOML at their end."""

    def load(more: str = "") -> settings.Settings:
        path = tmp_path / "identity-bot.toml"
        path.write_text(SETTINGS + more, encoding="utf-8")
        return settings.load(path, {"GITHUB_TOKEN": "x"})

    return load


@pytest.fixture
def load(in_force: Callable[..., settings.Settings]) -> Callable[..., Plugins]:
    """Loads plugins, given by name, with some more TOML in the settings."""

    def loaded(more: str = "", /, **by_name: Any) -> Plugins:
        return plugins.load(in_force(more), [found(name, plugin) for name, plugin in by_name.items()])

    return loaded


def found(name: str, plugin: Any, distribution: str | None = None) -> Found:
    """A plugin as if a package announced it; an exception or a function instead of one happens at its import."""

    def import_it() -> Any:
        if isinstance(plugin, BaseException):
            raise plugin
        return plugin

    return Found(name=name, distribution=distribution or f"identity-bot-{name} 1.0", load=import_it)


def module(**functions: Any) -> SimpleNamespace:
    """A plugin whose functions all carry the marker."""
    return SimpleNamespace(**{name: hookimpl(function) for name, function in functions.items()})


def coffee(form: Any = COFFEE, **functions: Any) -> SimpleNamespace:
    """A request type with this form."""
    return module(form=lambda: form, **functions)


def ticket(**more: Any) -> Ticket:
    known: dict[str, Any] = {
        "id": ticket_id("V1"),
        "type": "coffee",
        "requestor": JUNIPER,
        "answers": ANSWERS,
        "submitted_at": 0.0,
        "number": 7,
        "url": "https://github.test/7",
    }
    return Ticket(**known | more)


def reason(load: Callable[..., Plugins], plugin: Any, name: str = "coffee") -> str:
    """Why the bot does without this plugin; it must run with another one all the same."""
    loaded = load(**{name: plugin, "tea": coffee()})
    assert set(loaded.types) == {"tea"}
    [skipped] = loaded.skipped
    head = f"plugin {name!r} (identity-bot-{name} 1.0): "
    assert str(skipped).startswith(head)
    return str(skipped).removeprefix(head)


# What is skipped, and what the operator reads


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImportError("no module named 'x'"), "cannot be imported: ImportError: no module named 'x'"),
        (SyntaxError("bad"), "cannot be imported: SyntaxError: bad"),
        (SystemExit(3), "cannot be imported: SystemExit: 3"),
        (ZeroDivisionError(), "cannot be imported: ZeroDivisionError: "),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_skipped(
    load: Callable[..., Plugins], error: BaseException, said: str
) -> None:
    assert reason(load, error) == said


def test_a_plugin_that_is_skipped_is_in_the_log_by_name(
    load: Callable[..., Plugins], caplog: pytest.LogCaptureFixture
) -> None:
    load(coffee=ImportError("x"))

    assert "skipped: plugin 'coffee' (identity-bot-coffee 1.0): cannot be imported" in caplog.text


def test_an_unknown_hook_is_told_the_name_it_may_have_meant(load: Callable[..., Plugins]) -> None:
    assert reason(load, coffee(notfy=lambda ticket: [])) == "unknown hook 'notfy'; did you mean 'notify'?"


def test_a_hook_like_no_other_is_told_what_there_is(load: Callable[..., Plugins]) -> None:
    assert (
        reason(load, coffee(zzz=lambda: None))
        == "unknown hook 'zzz'; expected one of form, notify, render_issue, settings_schema, validate"
    )


def test_all_unknown_hooks_and_arguments_are_told_at_once(load: Callable[..., Plugins]) -> None:
    broken = coffee(notfy=lambda: None, validate=lambda answer, person: {})

    assert reason(load, broken) == (
        "unknown hook 'notfy'; did you mean 'notify'?; "
        "hook 'validate' has no argument 'answer'; did you mean 'answers'?; "
        "hook 'validate' has no argument 'person'; expected one of answers, form, requestor, settings"
    )


def test_an_argument_with_a_default_would_never_get_another_value(load: Callable[..., Plugins]) -> None:
    broken = module(form=lambda settings=None: COFFEE)

    assert reason(load, broken) == (
        "hook 'form': 'settings' has a default, so pluggy never passes it; remove the default"
    )


def test_an_async_hook_is_refused(load: Callable[..., Plugins]) -> None:
    async def notify() -> list[Notification]:
        return []

    assert reason(load, coffee(notify=notify)) == "hook 'notify' is async; hooks are plain functions"


def test_a_plugin_without_hooks_is_told_which_there_are(load: Callable[..., Plugins]) -> None:
    said = "implements no hook; expected one of form, notify, render_issue, settings_schema, validate"

    assert reason(load, SimpleNamespace()) == said


def test_a_hook_without_its_marker_is_found(load: Callable[..., Plugins]) -> None:
    forgotten = ModuleType("identity_bot_coffee")
    exec("def form(): ...", forgotten.__dict__)

    assert (
        reason(load, forgotten)
        == "the function 'form' has the name of a hook but no @hookimpl; add that, or rename it"
    )


@pytest.mark.parametrize("name", ["Coffee", "2coffee", "coffee-to-go", "", "x" * 41, "größe", "coffee\n"])
def test_a_name_that_is_no_name_is_skipped(load: Callable[..., Plugins], name: str) -> None:
    assert reason(load, coffee(), name) == (
        "its name must be lower-case letters, digits and underscores, at most 40, beginning with a letter"
    )


def test_the_name_of_the_bots_own_plugin_is_taken(load: Callable[..., Plugins]) -> None:
    assert reason(load, coffee(), "defaults") == "the bot itself uses the name 'defaults'; choose another"


def test_one_module_cannot_be_two_plugins(load: Callable[..., Plugins]) -> None:
    one = coffee()

    loaded = load(coffee=one, latte=one)

    assert set(loaded.types) == {"coffee"}
    assert [str(skipped) for skipped in loaded.skipped] == [
        "plugin 'latte' (identity-bot-latte 1.0): the plugin 'coffee' has the same module; "
        "each plugin needs its own"
    ]


def test_a_plugin_that_pluggy_refuses_is_skipped(load: Callable[..., Plugins]) -> None:
    broken = SimpleNamespace(form=hookimpl(lambda: COFFEE), notify=hookimpl(wrapper=True)(lambda: None))

    assert "generator function" in reason(load, broken)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("nonsense", "form returned str; expected a Form"),
        (None, "form returned NoneType; expected a Form"),
        (Form, "form returned type; expected a Form"),
    ],
)
def test_what_is_no_form_is_skipped_with_the_reason(
    load: Callable[..., Plugins], form: Any, said: str
) -> None:
    assert reason(load, coffee(form)) == said


def test_a_form_that_slack_would_refuse_is_skipped_with_the_question_named(
    load: Callable[..., Plugins],
) -> None:
    broken = module(form=lambda: Form(title="X", questions=[ShortText(name="a", label="A", hint="x" * 2001)]))

    assert reason(load, broken) == (
        "form failed with ValueError: question 'a': hint: found 2,001 characters; expected at most 2,000"
    )


def test_a_form_hook_that_fails_is_skipped_with_the_reason(load: Callable[..., Plugins]) -> None:
    assert reason(load, module(form=lambda: 1 / 0)) == "form failed with ZeroDivisionError: division by zero"


class Crashing(TypeSettings):
    def __init__(self) -> None:
        raise RuntimeError("boom")


class Leaving(TypeSettings):
    def __init__(self) -> None:
        raise SystemExit(1)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({}, "settings_schema returned "),
        (TypeSettings(), "settings_schema returned "),
        (dict, "settings_schema returned "),
        (Crashing, "settings_schema failed with RuntimeError: boom"),
        (Leaving, "settings_schema failed with SystemExit: 1"),
    ],
)
def test_a_settings_schema_that_is_none_is_skipped(
    load: Callable[..., Plugins], schema: Any, said: str
) -> None:
    assert reason(load, coffee(settings_schema=lambda: schema)).startswith(said)


def test_two_plugins_of_one_name_stop_the_bot_with_both_named(
    in_force: Callable[..., settings.Settings],
) -> None:
    twins = [found("coffee", coffee(), "barista 1.0"), found("coffee", coffee(), "roaster 2.0")]

    with pytest.raises(PluginError) as refused:
        plugins.load(in_force(), [*twins, found("tea", coffee())])

    assert str(refused.value) == (
        "two plugins have the name 'coffee': barista 1.0 and roaster 2.0; uninstall one of them"
    )


# Settings of a type


class CoffeeSettings(TypeSettings):
    beans = fields.String(required=True, metadata={"expected": "the kind of beans"})
    cups = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 9))
    key = fields.String(load_only=True, validate=validate.Length(8))


def test_a_types_hooks_get_its_own_settings_over_those_of_all(load: Callable[..., Plugins]) -> None:
    asked: list[Mapping[str, Any]] = []
    plugin = module(
        form=lambda settings: asked.append(settings) or COFFEE, settings_schema=lambda: CoffeeSettings
    )

    loaded = load('[request_types.coffee]\nbeans = "arabica"\nlabels = ["hot"]', coffee=plugin)

    assert asked == [
        {
            "repository": "octo/identity-requests",
            "restricted_repository": None,
            "labels": ["hot"],
            "leads": [{"slack": "U0LEAD", "github": "lead"}],
            "messages": {},
            "people": ({"slack": "U0LEAD", "github": "lead"},),
            "beans": "arabica",
            "cups": 1,
        }
    ]
    assert loaded.types["coffee"].settings == asked[0]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("", ["request_types.coffee.beans: missing; expected the kind of beans"]),
        ("beans = 5", ["request_types.coffee.beans: found 5; expected the kind of beans"]),
        (
            "beans = 'x'\ncups = 0\nlabel = []",
            [
                "request_types.coffee.cups: found 0; Must be greater than or equal to 1 and less than or equal to 9.",
                "request_types.coffee.label: unknown setting; did you mean 'labels'?",
            ],
        ),
        ("beans = 'x'\nkey = 'secret'", ["request_types.coffee.key: Shorter than minimum length 8."]),
        (
            "beans = 'x'\nrepository = 'x'",
            ['request_types.coffee.repository: found "x"; expected "owner/name" of a repository'],
        ),
    ],
)
def test_a_types_section_is_checked_by_its_own_schema(
    load: Callable[..., Plugins], section: str, said: list[str]
) -> None:
    plugin = coffee(settings_schema=lambda: CoffeeSettings)

    with pytest.raises(SettingsError) as refused:
        load(f"[request_types.coffee]\n{section}", coffee=plugin)

    assert list(refused.value.problems) == said


def test_all_sections_that_do_not_fit_are_told_at_once(load: Callable[..., Plugins]) -> None:
    with pytest.raises(SettingsError) as refused:
        load(
            "[request_types.coffee]\nlabls = []\n[request_types.pr-review]\n[request_types.audit]\n",
            coffee=coffee(),
            audit=module(notify=lambda: None),
        )

    assert str(refused.value).splitlines() == [
        "settings: request_types.coffee.labls: unknown setting; did you mean 'labels'?",
        "settings: request_types.pr-review: no request type 'pr-review'; installed: coffee",
        "settings: request_types.audit: the plugin 'audit' is not a request type and has no settings",
    ]


def test_the_section_of_a_type_that_is_skipped_can_stay(load: Callable[..., Plugins]) -> None:
    assert load("[request_types.coffee]\nbeans = 1", coffee=ImportError("x")).skipped


def test_a_schema_need_not_inherit_and_still_has_what_every_type_has(load: Callable[..., Plugins]) -> None:
    class Own(Schema):
        beans = fields.String(load_default="arabica")

    loaded = load(coffee=coffee(settings_schema=lambda: Own))

    assert loaded.types["coffee"].settings["repository"] == "octo/identity-requests"
    assert loaded.types["coffee"].settings["beans"] == "arabica"


def test_every_repository_is_known_with_what_goes_there(load: Callable[..., Plugins]) -> None:
    more = """
        restricted_repository = "octo/restricted"
        [request_types.coffee]
        repository = "Octo/Coffee"
        restricted_repository = "octo/IDENTITY-requests"
        """

    found = load(more, tea=coffee(SENSITIVE), coffee=coffee()).repositories

    assert {key: one.name for key, one in found.items()} == {
        "octo/identity-requests": "octo/identity-requests",
        "octo/restricted": "octo/restricted",
        "octo/coffee": "Octo/Coffee",
    }
    assert [key for key, one in found.items() if one.is_restricted] == ["octo/restricted"]
    assert found["octo/identity-requests"].uses == (
        plugins.Use(type="", is_sensitive=False),
        plugins.Use(type="coffee", is_sensitive=True),
        plugins.Use(type="tea", is_sensitive=False),
    )


def test_sensitive_tickets_go_where_the_others_go_if_no_repository_is_restricted(
    load: Callable[..., Plugins],
) -> None:
    [only_one] = load(tea=coffee(SENSITIVE)).repositories.values()

    assert plugins.Use(type="tea", is_sensitive=True) in only_one.uses
    assert not only_one.is_restricted


# Who is called for which ticket


def test_hooks_are_called_for_their_own_types_tickets_and_observers_for_all(
    load: Callable[..., Plugins],
) -> None:
    heard: list[tuple[str, str]] = []

    def listening(name: str) -> dict[str, Any]:
        def validate(answers: Any) -> None:
            heard.append((name, "validate"))

        def render_issue(ticket: Ticket) -> None:
            heard.append((name, "render_issue"))

        def notify(ticket: Ticket) -> None:
            heard.append((name, "notify"))

        return {"validate": validate, "render_issue": render_issue, "notify": notify}

    loaded = load(
        audit=module(**listening("audit")),
        coffee=coffee(**listening("coffee")),
        tea=coffee(**listening("tea")),
        zebra=module(**listening("zebra")),
    )
    for name in ("coffee", "tea"):
        request_type = loaded.types[name]
        request_type.validate(ANSWERS, JUNIPER)
        request_type.render_issue(ticket(type=name))
        request_type.notify(ticket(type=name), CREATED)

    assert set(loaded.types) == {"coffee", "tea"}
    for name in ("coffee", "tea"):
        assert [hook for who, hook in heard if who == name] == ["validate", "render_issue", "notify"]
    for name in ("audit", "zebra"):
        assert [hook for who, hook in heard if who == name] == ["validate", "render_issue", "notify"] * 2


def test_a_hook_under_another_name_is_scoped_too(load: Callable[..., Plugins]) -> None:
    sneaky = SimpleNamespace(
        form=hookimpl(lambda: COFFEE),
        mine=hookimpl(specname="render_issue")(lambda: IssueDraft(title="X", body="")),
    )

    loaded = load(sneaky=sneaky, tea=coffee())

    assert loaded.types["sneaky"].render_issue(ticket()).title == "X"
    assert loaded.types["tea"].render_issue(ticket()).title == "Coffee: Benefits"


def test_a_types_own_word_comes_before_an_observers(load: Callable[..., Plugins]) -> None:
    loaded = load(
        coffee=coffee(render_issue=lambda: IssueDraft(title="Own", body="")),
        tea=coffee(),
        zebra=module(render_issue=lambda: IssueDraft(title="Observed", body="")),
    )

    assert loaded.types["coffee"].render_issue(ticket()).title == "Own"
    assert loaded.types["tea"].render_issue(ticket()).title == "Observed"


def test_an_observers_schema_and_sections_are_not_those_of_types(load: Callable[..., Plugins]) -> None:
    loaded = load(audit=module(settings_schema=lambda: CoffeeSettings), coffee=coffee())

    assert set(loaded.types) == {"coffee"}
    assert "beans" not in loaded.types["coffee"].settings


# What hooks answer


def only(load: Callable[..., Plugins], **functions: Any) -> RequestType:
    return load(coffee=coffee(**functions)).types["coffee"]


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


@pytest.mark.parametrize("answer", ["Too large.", ["size"], 5])
def test_answers_that_could_not_be_checked_are_not_filed(load: Callable[..., Plugins], answer: Any) -> None:
    request_type = only(load, validate=lambda: answer)

    with pytest.raises(AttributeError):
        request_type.validate(ANSWERS, JUNIPER)


def test_an_issue_is_what_the_plugin_makes_of_it_with_a_title_in_one_line(
    load: Callable[..., Plugins],
) -> None:
    draft = IssueDraft(title=" A\nB " + "x" * 300, body="Body", labels=("hot",), assignees=("ada",))

    rendered = only(load, render_issue=lambda: draft).render_issue(ticket())

    assert rendered == replace(draft, title="A B " + "x" * 195 + "…")


@pytest.mark.parametrize("answer", ["Body", {"title": "x"}, IssueDraft, ["x"]])
def test_what_is_no_issue_is_refused_with_the_hook_named(load: Callable[..., Plugins], answer: Any) -> None:
    request_type = only(load, render_issue=lambda: answer)

    with pytest.raises(Rejected, match=r"render_issue of the request type 'coffee' failed with TypeError"):
        request_type.render_issue(ticket())


def test_a_failing_render_issue_tells_nothing_of_the_answers(load: Callable[..., Plugins]) -> None:
    def render_issue(ticket: Ticket) -> IssueDraft:
        raise KeyError(ticket.answers["size"])

    with pytest.raises(Rejected) as refused:
        only(load, render_issue=render_issue).render_issue(ticket())

    assert str(refused.value) == "render_issue of the request type 'coffee' failed with KeyError"


def test_a_plugin_that_would_end_the_process_has_only_failed(load: Callable[..., Plugins]) -> None:
    """In a thread of the worker's, sys.exit would end that thread without a word, and one thread after the other."""

    def leave() -> None:
        sys.exit(1)

    request_type = only(load, validate=leave, render_issue=leave, notify=leave)

    with pytest.raises(RuntimeError, match=r"validate raised SystemExit"):
        request_type.validate(ANSWERS, JUNIPER)
    with pytest.raises(Rejected):
        request_type.render_issue(ticket())
    assert request_type.notify(ticket(), CREATED) == defaults.notify(
        ticket(), CREATED, COFFEE, request_type.settings
    )


def test_notifications_of_all_are_joined(load: Callable[..., Plugins]) -> None:
    told = only(load, notify=lambda: [Notification(to=Audience.TEAM, text="Hot!")]).notify(ticket(), CREATED)

    assert "Hot!" in [notification.text for notification in told]
    assert [notification.to for notification in told].count(Audience.REQUESTOR) == 1


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

    assert [one.text for one in with_words if one.is_card] == [
        "New ticket <https://github.test/7|#7>: *Coffee*"
    ]
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
    assert "request type 'coffee': notify failed" in caplog.text


def test_a_ticket_gets_its_card_from_notify_when_it_is_created_and_never_again(
    load: Callable[..., Plugins], caplog: pytest.LogCaptureFixture
) -> None:
    card = Notification(to=Audience.TEAM, text="Hot!", is_card=True)
    closed = Event(kind=EventKind.CLOSED, ticket_id=CREATED.ticket_id, at=0.0, was=TicketState())

    request_type = only(load, notify=lambda: [card])

    assert card in request_type.notify(ticket(), CREATED)
    assert card not in request_type.notify(ticket(), closed)
    assert "request type 'coffee': notify failed" in caplog.text


# The hooks themselves


def test_every_hook_is_documented() -> None:
    assert sorted(HOOKS) == ["form", "notify", "render_issue", "settings_schema", "validate"]
    for hook in HOOKS.values():
        assert len(inspect.getdoc(hook) or "") > 100
        assert re.search(r"No default\.|Default: ", inspect.getdoc(hook) or "")


def test_every_hook_is_used_by_a_plugin_that_is_shipped() -> None:
    shipped = [
        defaults,
        *(importlib.import_module(f"identity_bot_{path.name}") for path in shipped_folders()),
    ]

    used = {
        name
        for plugin in shipped
        for name, function in vars(plugin).items()
        if hasattr(function, "identity_bot_impl")
    }

    assert used == set(HOOKS)


def test_every_hook_is_named_in_a_test_of_this_file() -> None:
    tests = [name for name, function in globals().items() if name.startswith("test_") and callable(function)]
    words = {"form": "form", "settings_schema": "schema", "validate": "validators", "notify": "notif"}

    for hook in HOOKS:
        assert any(words.get(hook, hook) in name for name in tests), hook


def shipped_folders() -> list[Path]:
    return sorted(path.parent for path in (ROOT / "plugins").glob("*/setup.cfg"))


def test_the_plugins_of_this_repository_are_installed_and_whole(
    in_force: Callable[..., settings.Settings],
) -> None:
    mine = {path.name for path in shipped_folders()}

    loaded = plugins.load(in_force(), [one for one in plugins.find() if one.name in mine])

    assert set(loaded.types) == mine == {"data_pull", "mock_auth", "pr_review"}
    assert loaded.skipped == ()


# Real packages


PACKAGE = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n',
    "setup.cfg": """\
[metadata]
name = identity-bot-{name}
version = 1.5

[options]
py_modules = identity_bot_{name}

[options.entry_points]
identity_bot =
    {name} = identity_bot_{name}
""",
}
GOOD = """\
from identity_bot import Form, ShortText, hookimpl

@hookimpl
def form():
    return Form(title="Coffee", questions=[ShortText(name="size", label="Size")])
"""
REPORT = """\
import json, sys
from pathlib import Path
from identity_bot import settings
from identity_bot.plugins import loader as plugins
loaded = plugins.load(settings.load(Path(sys.argv[1]), {"GITHUB_TOKEN": "x"}), plugins.find())
print(json.dumps({"types": sorted(loaded.types), "skipped": [str(one) for one in loaded.skipped]}))
"""


def package(folder: Path, name: str, code: str) -> Path:
    """The source of a request type's package, in a folder of its own."""
    source = folder / name
    source.mkdir()
    for file, text in PACKAGE.items():
        (source / file).write_text(text.format(name=name) if file == "setup.cfg" else text, encoding="utf-8")
    (source / f"identity_bot_{name}.py").write_text(code, encoding="utf-8")
    return source


def pip_install(target: Path, *sources: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    command = [*pip, "--no-deps", "--no-build-isolation", "--target", str(target), *map(str, sources)]
    subprocess.run(command, check=True, timeout=120)


def installed(target: Path, folder: Path) -> dict[str, Any]:
    """What a new Python finds that has these packages too."""
    file = folder / "identity-bot.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(target), str(ROOT)])}
    command = [sys.executable, "-c", REPORT, str(file)]
    done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True, timeout=60)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_installing_a_package_is_all_it_takes(tmp_path: Path) -> None:
    """One good package and one that cannot be imported, from any folder."""
    target = tmp_path / "target"
    sources = [
        package(tmp_path, "coffee", GOOD),
        package(tmp_path, "cocoa", "import there_is_no_such_module\n"),
    ]

    before = installed(target, tmp_path)
    pip_install(target, *sources)
    after = installed(target, tmp_path)

    assert set(after["types"]) - set(before["types"]) == {"coffee"}
    assert after["skipped"][-1:] == [
        "plugin 'cocoa' (identity-bot-cocoa 1.5): cannot be imported: "
        "ModuleNotFoundError: No module named 'there_is_no_such_module'",
    ]


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

    with contextlib.suppress(Rejected):
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
