"""A request type's settings, missing, changed and wrong: each gives a line that says which, or works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marshmallow import Schema

from identity_bot.errors import PluginError, SettingsError
from identity_bot.messages import plugin_check as words
from identity_bot.plugins import loader
from identity_bot.plugins.checks import described
from identity_bot.settings import Settings, TypeSettings
from identity_bot.testing.candidates import load

VALUES: tuple[Any, ...] = ("", "x", "x" * 3_000, 0, -1, 10**12, 1.5, True, [], [""], [5], {}, {"x": 1})
"""Values of all kinds that a settings file can hold."""
UNKNOWN = "a_setting_that_there_is_not"

Play = Callable[[loader.RequestType], Iterator[str]]
"""Plays a request type with other settings; what then fails."""


def section_problems(
    found: loader.Found, base: Settings, given: Mapping[str, Any], play: Play
) -> Iterator[str]:
    """What is wrong with how a request type takes its settings."""
    name = found.name
    _, plugins = load(base, [found], {name: given})
    schema = plugins.types[name].manager.hook.settings_schema()
    for key in _own(schema()):
        without = {one: value for one, value in given.items() if one != key}
        yield from _try(found, base, without, f"request_types.{name}.{key}", "nothing", play)
        for value in VALUES:
            changed = {**given, key: value}
            yield from _try(found, base, changed, f"request_types.{name}.{key}", f"{value!r:.40}", play)
    try:
        load(base, [found], {name: {**given, UNKNOWN: 1}})
    except SettingsError:
        return
    except PluginError as error:
        yield words.not_told(f"request_types.{name}.{UNKNOWN}", "1", str(error))
    else:
        yield words.UNKNOWN_SETTING


def _own(schema: Schema) -> list[str]:
    """The keys that only this schema has, as the file writes them."""
    common = TypeSettings().fields
    return [field.data_key or name for name, field in schema.fields.items() if name not in common]


def _try(
    found: loader.Found, base: Settings, section: Mapping[str, Any], path: str, value: str, play: Play
) -> Iterator[str]:
    setting = path.rpartition(".")[2]
    type_path = path.rpartition(".")[0]
    try:
        _, plugins = load(base, [found], {found.name: section})
    except SettingsError as error:
        if not all(one.startswith((f"{path}", f"{type_path}:")) for one in error.problems):
            yield words.not_told(setting, value, "; ".join(error.problems))
    except PluginError as error:
        yield words.not_told(setting, value, str(error))
    except Exception as error:
        yield words.not_told(setting, value, described(error))
    else:
        try:
            failed = list(play(plugins.types[found.name]))
        except Exception as error:
            failed = [described(error)]
        yield from (words.fails_later(setting, value, one) for one in failed)
