"""Find installed plugins, check them, and decide which hooks each ticket's type may call.

A broken plugin is skipped with a line in the log; the bot runs with the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

from marshmallow import Schema
from pluggy import HookCaller

from identity_bot.errors import PluginError, SettingsError
from identity_bot.forms.form import Form
from identity_bot.messages import words
from identity_bot.plugins.checks import (
    DEFAULTS,
    Found,
    InvalidPlugin,
    call,
    implements,
    import_plugin,
    new_manager,
    place_of,
)
from identity_bot.plugins.code import Code, NoCode
from identity_bot.plugins.event_sink import EventSink
from identity_bot.plugins.failures import Failures
from identity_bot.plugins.folder import plugins_in
from identity_bot.plugins.hookspecs import PROJECT
from identity_bot.plugins.request_type import RequestType
from identity_bot.settings import ObserverSettings, Settings, TypeSettings, check_section
from identity_bot.text.names import fold

__all__ = ("Found", "Plugins", "Repository", "RequestType", "SkippedPlugin", "Use", "find", "load")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedPlugin:
    """An installed plugin that cannot be used, and why."""

    name: str
    distribution: str
    reason: str

    def __str__(self) -> str:
        return f"plugin {self.name!r} ({self.distribution}): {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Which tickets go to a repository: a request type's, or (`""`) those of all types that name no other."""

    type: str
    is_sensitive: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A repository that tickets may go to, by its name in the settings, and which tickets."""

    name: str
    uses: tuple[Use, ...]

    @property
    def is_restricted(self) -> bool:
        """Whether it gets sensitive tickets and no others."""
        return all(use.is_sensitive for use in self.uses)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plugins:
    """The request types by name, and the plugins that were skipped."""

    types: Mapping[str, RequestType]
    skipped: tuple[SkippedPlugin, ...]
    adopted: RequestType
    """For adopted issues that have no type's label."""
    sinks: Mapping[str, EventSink] = field(default_factory=dict)
    """The plugins that events are delivered to, by name."""
    observers: tuple[str, ...] = ()
    """The names of the plugins that are no request types."""
    failures: Failures = field(default_factory=Failures)
    """What plugins failed in since the bot started."""

    @property
    def repositories(self) -> dict[str, Repository]:
        """The repositories that tickets may go to, by their folded names."""
        found: dict[str, Repository] = {}
        for one in (self.adopted, *(self.types[name] for name in sorted(self.types))):
            common, restricted = one.settings["repository"], one.settings["restricted_repository"]
            sensitive = restricted or (common if one.form.sensitive_when else None)
            for name, is_sensitive in ((common, False), (sensitive, True)):
                if name:
                    known = found.setdefault(fold(name), Repository(name=name, uses=()))
                    use = Use(type=one.name, is_sensitive=is_sensitive)
                    found[fold(name)] = replace(known, uses=(*known.uses, use))
        return found

    def of(self, name: str) -> RequestType | None:
        """The request type with this name; the one for adopted issues if the name is empty."""
        return self.types.get(name) if name else self.adopted

    def title_of(self, name: str) -> str:
        """The title of the request type with this name, or the name if it is not installed."""
        request_type = self.of(name)
        return request_type.form.title if request_type else name

    def stand_in(self, name: str) -> RequestType:
        """What tells people about tickets of a type that is no longer installed, in the standard words."""
        return replace(
            self.adopted, name=name, form=Form(title=name.replace("_", " ").capitalize(), questions=[])
        )

    @property
    def forms(self) -> dict[str, Form]:
        """The request types' forms by name."""
        return {name: request_type.form for name, request_type in self.types.items()}


def find(folders: Sequence[Path] = ()) -> list[Found]:
    """The plugins in the entry point group `identity_bot`, by name.

    Those in `folders`, which need not be installed, stand for installed ones of their names. Raises PluginError if
    a folder declares none.
    """
    here = [found for folder in folders for found in plugins_in(folder)]
    names = {found.name for found in here}
    installed = [
        Found(name=point.name, distribution=_distribution(point), load=point.load)
        for point in entry_points(group=PROJECT)
        if point.name not in names
    ]
    return sorted([*here, *installed], key=lambda found: found.name)


def load(settings: Settings, found: Sequence[Found], code: Callable[[], Code] = NoCode) -> Plugins:
    """The plugins that can be used, and those that were skipped; `code` makes what they may read of code in GitHub.

    Raises PluginError if two plugins have the same name, and SettingsError if a section of the settings is wrong.
    """
    _refuse_twins(found)
    skipped: list[SkippedPlugin] = []
    problems: list[str] = []
    plugins: dict[str, Any] = {}
    ready: dict[str, tuple[Form, Mapping[str, Any]]] = {}
    sections: dict[str, Mapping[str, Any]] = {}
    for candidate in found:
        try:
            plugin = import_plugin(candidate, plugins)
            if implements(plugin, "form"):
                if candidate.name in words.COMMAND_WORDS:
                    raise InvalidPlugin(f"{candidate.name!r} is a word of the command; choose another name")
                ready[candidate.name] = _form_and_settings(candidate, plugin, settings)
                sections[candidate.name] = ready[candidate.name][1]
            else:
                sections[candidate.name] = _section(candidate, plugin, "observers", settings.observers)
            plugins[candidate.name] = plugin
        except InvalidPlugin as error:
            skipped.append(
                SkippedPlugin(name=candidate.name, distribution=candidate.distribution, reason=str(error))
            )
        except SettingsError as error:
            problems += error.problems
    observers = {name: plugin for name, plugin in plugins.items() if name not in ready}
    problems += _unknown_sections(settings, found, observers, ready)
    if problems:
        raise SettingsError(problems)
    for one in skipped:
        log.error("skipped: %s", one)
    failures = Failures()
    types = {
        # pluggy asks the plugin that was registered last first: the type's own.
        name: RequestType(
            name=name,
            form=form,
            settings=own,
            manager=new_manager({**observers, name: plugins[name]}),
            code=code,
            failures=failures,
        )
        for name, (form, own) in ready.items()
    }
    adopted = RequestType(
        name="",
        form=Form(title=words.ADOPTED, questions=[]),
        settings=MappingProxyType(settings.for_type({})),
        manager=new_manager(observers),
        failures=failures,
    )
    sinks = {
        name: EventSink(
            name=name,
            type=name if name in ready else None,
            settings=sections[name],
            manager=new_manager({name: plugin}),
        )
        for name, plugin in plugins.items()
        if implements(plugin, "deliver")
    }
    return Plugins(
        types=MappingProxyType(types),
        skipped=tuple(skipped),
        adopted=adopted,
        sinks=MappingProxyType(sinks),
        observers=tuple(sorted(observers)),
        failures=failures,
    )


def _refuse_twins(found: Sequence[Found]) -> None:
    by_name: dict[str, list[str]] = {}
    for candidate in found:
        by_name.setdefault(candidate.name, []).append(candidate.distribution)
    twins = [
        f"two plugins have the name {name!r}: {' and '.join(sources)}; uninstall one of them"
        for name, sources in by_name.items()
        if len(sources) > 1
    ]
    if twins:
        raise PluginError("\n".join(twins))


def _unknown_sections(
    settings: Settings, found: Sequence[Found], observers: Mapping[str, Any], types: Mapping[str, Any]
) -> Iterator[str]:
    """Problems with sections that belong to no plugin of their kind; the section of a skipped one may stay."""
    names = sorted(candidate.name for candidate in found if candidate.name not in observers)
    for name in settings.request_types:
        if name in observers:
            yield f"request_types.{name}: the plugin {name!r} is an observer; expected observers.{name}"
        elif name not in names:
            yield f"request_types.{name}: no request type {name!r}; installed: {', '.join(names) or 'none'}"
    for name in settings.observers:
        if name in types:
            yield f"observers.{name}: the plugin {name!r} is a request type; expected request_types.{name}"
        elif name not in [candidate.name for candidate in found]:
            yield f"observers.{name}: no observer {name!r}; installed: {', '.join(sorted(observers)) or 'none'}"


def _form_and_settings(candidate: Found, plugin: Any, settings: Settings) -> tuple[Form, Mapping[str, Any]]:
    """What a request type declares. Raises SettingsError if its section of the settings is wrong."""
    section = _section(candidate, plugin, "request_types", settings.request_types)
    own = MappingProxyType(settings.for_type(section))
    hook = new_manager({candidate.name: plugin}).hook.form
    form = call("form", hook, settings=own)
    if not isinstance(form, Form):
        raise InvalidPlugin(f"form returned {type(form).__name__}; expected a Form{_place(hook)}")
    return form, own


def _section(
    candidate: Found, plugin: Any, kind: str, sections: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """A plugin's section of the settings as its schema loads it. Raises SettingsError if it is wrong."""
    manager = new_manager({candidate.name: plugin})
    manager.unregister(name=DEFAULTS)
    schema = call("settings_schema", manager.hook.settings_schema)
    if schema is None:
        schema = TypeSettings if kind == "request_types" else ObserverSettings
    if not (isinstance(schema, type) and issubclass(schema, Schema)):
        raise InvalidPlugin(
            f"settings_schema returned {schema!r:.60}; expected a marshmallow Schema class"
            f"{_place(manager.hook.settings_schema)}"
        )
    taken = sorted({"away", "messages", "people", "privacy"} & set(call("settings_schema", schema).fields))
    if taken and kind == "request_types":
        raise InvalidPlugin(f"settings_schema has a field {taken[0]!r}, which is a common setting; rename it")
    where, found = f"{kind}.{candidate.name}", sections.get(candidate.name, {})
    checked, problems = call("settings_schema", lambda: check_section(schema(), found, where))
    if problems:
        raise SettingsError(problems)
    return MappingProxyType(checked)


def _place(hook: HookCaller) -> str:
    """Where the plugin's implementation of a hook begins."""
    return place_of(hook.get_hookimpls()[-1].function)


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "unknown distribution"
