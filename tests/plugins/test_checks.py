"""A plugin that cannot be used is skipped, and the operator reads why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from marshmallow import Schema, fields

from identity_bot import Form, Notification, ShortText, TypeSettings, hookimpl
from identity_bot.plugins.loader import Plugins
from tests.support_plugins import ALL_HOOKS, COFFEE, coffee, module


def reason(load: Callable[..., Plugins], plugin: Any, name: str = "coffee") -> str:
    """Why the bot does without this plugin; it must run with another one all the same."""
    loaded = load(**{name: plugin, "tea": coffee()})
    assert set(loaded.types) == {"tea"}
    [skipped] = loaded.skipped
    head = f"plugin {name!r} (identity-bot-{name} 1.0): "
    assert str(skipped).startswith(head)
    return re.sub(r" \(\w+\.py:\d+\)$", "", str(skipped).removeprefix(head))


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


def test_the_reason_names_the_line_of_the_plugin(load: Callable[..., Plugins]) -> None:
    """Its own last line, though the bot's own code or a library's found the mistake."""

    def form() -> Form:
        return Form(
            title="Coffee",
            questions=[ShortText(name="size", label="Size", hint="x" * 2001)],
        )

    def settings_schema() -> type[Schema]:
        return fields.Nested("nowhere").schema  # type: ignore[return-value]

    line, other = form.__code__.co_firstlineno + 3, settings_schema.__code__.co_firstlineno + 1

    [skipped] = load(coffee=module(form=form)).skipped
    [second] = load(coffee=module(form=lambda: COFFEE, settings_schema=settings_schema)).skipped

    assert skipped.reason.endswith(f"expected at most 2,000 (test_checks.py:{line})")
    assert second.reason.endswith(f" (test_checks.py:{other})")


def test_a_plugin_that_is_skipped_is_in_the_log_by_name(
    load: Callable[..., Plugins], caplog: pytest.LogCaptureFixture
) -> None:
    load(coffee=ImportError("x"))

    assert "skipped: plugin 'coffee' (identity-bot-coffee 1.0): cannot be imported" in caplog.text


def test_an_unknown_hook_is_told_the_name_it_may_have_meant(load: Callable[..., Plugins]) -> None:
    assert reason(load, coffee(notfy=lambda ticket: [])) == "unknown hook 'notfy'; did you mean 'notify'?"


def test_a_hook_like_no_other_is_told_what_there_is(load: Callable[..., Plugins]) -> None:
    assert reason(load, coffee(zzz=lambda: None)) == f"unknown hook 'zzz'; expected one of {ALL_HOOKS}"


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


def test_a_hook_that_yields_is_refused(load: Callable[..., Plugins]) -> None:
    """The bot would call it, and nothing of it would run."""

    def deliver() -> Iterator[None]:
        yield

    assert reason(load, coffee(deliver=deliver)) == (
        "hook 'deliver' has a yield, so calling it does nothing; hooks are plain functions, return a list"
    )


def test_an_async_hook_is_refused(load: Callable[..., Plugins]) -> None:
    async def notify() -> list[Notification]:
        return []

    assert reason(load, coffee(notify=notify)) == "hook 'notify' is async; hooks are plain functions"


def test_a_plugin_without_hooks_is_told_which_there_are(load: Callable[..., Plugins]) -> None:
    said = f"implements no hook; expected one of {ALL_HOOKS}"

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


@pytest.mark.parametrize("kind", ["wrapper", "hookwrapper"])
def test_a_hook_that_would_wrap_the_others_is_skipped(load: Callable[..., Plugins], kind: str) -> None:
    wrapping = SimpleNamespace(form=hookimpl(lambda: COFFEE), notify=hookimpl(**{kind: True})(lambda: None))

    assert reason(load, wrapping) == "hook 'notify' is a wrapper; each plugin answers for itself only"


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


def test_where_the_hook_is_that_returned_no_form_is_said(load: Callable[..., Plugins]) -> None:
    def form() -> str:
        return "nonsense"

    [skipped] = load(coffee=module(form=form)).skipped

    assert str(skipped).endswith(f"expected a Form (test_checks.py:{form.__code__.co_firstlineno})")


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
