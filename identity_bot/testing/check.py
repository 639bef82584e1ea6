"""Check a request type in all that can befall it: limits, hostile text, every event, its settings, and its removal."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from identity_bot.errors import Invalid, PluginError, SettingsError
from identity_bot.forms import form as forms
from identity_bot.forms.form import Form
from identity_bot.messages import plugin_check as words
from identity_bot.plugins import loader
from identity_bot.plugins.checks import described, line_of
from identity_bot.showcase.answers import values_for
from identity_bot.showcase.life import REQUESTOR
from identity_bot.showcase.play import quiet
from identity_bot.showcase.values import Kind
from identity_bot.testing.candidates import base_settings, candidate, load
from identity_bot.testing.hanging import Hang, hangs_ended
from identity_bot.testing.lives import hook_failures, life_problems
from identity_bot.testing.questions import question_problems
from identity_bot.testing.removal import removal_problems
from identity_bot.testing.sections import section_problems


def check_request_type(
    plugin: Any,
    *,
    settings: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    name: str = "",
) -> None:
    """Raise AssertionError with a list of everything that is wrong with a request type.

    `plugin` is its module, or the name of one that is installed; `name` is needed for a module that is not called
    `identity_bot_…`. `settings` is its section of the settings file. `answers` are given, by the names of their
    questions, where a question's own rules accept no usual sample.

    Code of the plugin that does not come back ends the check after ten seconds, unless that runs in a thread or on
    Windows, where nothing can: there, let a time limit of the test's own end it, such as pytest-timeout's.
    """
    found = candidate(plugin, name)
    problems: dict[str, None] = {}
    with quiet():
        try:
            with hangs_ended():
                for problem in _problems(found, settings or {}, answers or {}):
                    problems[problem] = None
        except Hang as error:
            problems[words.hangs(line_of(error), error.seconds)] = None
    if problems:
        raise AssertionError(words.found_wrong(found.name, list(problems)))


def _problems(found: loader.Found, section: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    base = base_settings()
    try:
        in_force, plugins = load(base, [found], {found.name: section})
    except SettingsError as error:
        yield from error.problems
        return
    except PluginError as error:
        yield str(error)
        return
    request_type = plugins.types.get(found.name)
    if request_type is None:
        yield words.NO_FORM
        return
    form = request_type.form
    yield from (words.unknown_answer(one) for one in given if form.question(one) is None)
    yield from question_problems(form)
    try:
        refused = list(_refused(request_type, form, given))
    except Exception as error:  # the questions' own code, without which there are no tickets
        yield words.no_samples(described(error))
        return
    yield from refused
    yield from section_problems(found, base, section, lambda one: hook_failures(one, given))
    try:
        yield from life_problems(found.name, plugins, in_force, given)
        if not refused:
            yield from _removal_problems(found, section, given)
    except Exception as error:
        yield words.unexpected(described(error))


def _refused(request_type: loader.RequestType, form: Form, given: Mapping[str, Any]) -> Iterator[str]:
    """Which sample answers are refused, of each kind of ticket."""
    labels = {question.name: question.label for question in form.all_questions}
    found: dict[tuple[str, str], list[str]] = {}
    for kind in Kind:
        values = values_for(form, kind, given)
        if values is None:
            continue
        try:
            refused: Mapping[str, str] = request_type.validate(forms.load(form, values), REQUESTOR)
        except Invalid as error:
            refused = error.problems
        for one in refused.items():
            found.setdefault(one, []).append(kind.value)
    for (name, said), kinds in found.items():
        yield words.refused(kinds, labels.get(name, name), said)


def _removal_problems(
    found: loader.Found, section: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield from removal_problems(Path(folder), found, section, given)
