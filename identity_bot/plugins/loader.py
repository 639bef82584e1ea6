"""Finds, checks and scopes plugins; a broken one is reported and left out, and the bot runs with the others."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from marshmallow import Schema

from identity_bot.errors import PluginError, SettingsError
from identity_bot.forms.form import Form
from identity_bot.messages import words
from identity_bot.plugins.checks import Found, InvalidPlugin, ask, implements, imported, new_manager
from identity_bot.plugins.hookspecs import PROJECT
from identity_bot.plugins.request_type import RequestType
from identity_bot.settings import Settings, check_section
from identity_bot.text.names import fold

__all__ = ("Found", "Plugins", "Repository", "RequestType", "SkippedPlugin", "Use", "find", "load")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedPlugin:
    """A plugin that the bot does without, and why."""

    name: str
    distribution: str
    reason: str

    def __str__(self) -> str:
        return f"plugin {self.name!r} ({self.distribution}): {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Which tickets go to a repository: a request type's, or those of all types (`""`) that name no other."""

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
    """What is installed: the request types by name, and the plugins that had to be left out."""

    types: Mapping[str, RequestType]
    left_out: tuple[SkippedPlugin, ...]
    adopted: RequestType
    """How the bot deals with issues that it adopted and that no type's label names."""

    @property
    def repositories(self) -> dict[str, Repository]:
        """The repositories that tickets may go to, by their folded names."""
        found: dict[str, Repository] = {}
        for one in (self.adopted, *(self.types[name] for name in sorted(self.types))):
            common, restricted = one.settings["repository"], one.settings["restricted_repository"]
            places = [(common, False), (restricted, True)]
            if not restricted and one.form.sensitive_when:
                places[1] = (common, True)
            for name, is_sensitive in places:
                if name:
                    known = found.setdefault(fold(name), Repository(name=name, uses=()))
                    use = Use(type=one.name, is_sensitive=is_sensitive)
                    found[fold(name)] = replace(known, uses=(*known.uses, use))
        return found

    def of(self, name: str) -> RequestType | None:
        """The request type of a ticket: of this name, or for an empty one that of adopted issues."""
        return self.types.get(name) if name else self.adopted

    @property
    def forms(self) -> dict[str, Form]:
        """The request types' forms by name."""
        return {name: request_type.form for name, request_type in self.types.items()}


def find() -> list[Found]:
    """The plugins that installed packages announce in the entry point group `identity_bot`."""
    return [
        Found(name=point.name, distribution=_distribution(point), load=point.load)
        for point in sorted(entry_points(group=PROJECT), key=lambda point: point.name)
    ]


def load(settings: Settings, found: Sequence[Found]) -> Plugins:
    """The plugins that can be used.

    Raises PluginError where two have one name, and SettingsError for sections of the settings that do not fit.
    """
    _refuse_twins(found)
    left_out: list[SkippedPlugin] = []
    problems: list[str] = []
    plugins: dict[str, Any] = {}
    ready: dict[str, tuple[Form, Mapping[str, Any]]] = {}
    for candidate in found:
        try:
            plugin = imported(candidate, plugins)
            if implements(plugin, "form"):
                section = settings.request_types.get(candidate.name, {})
                prepared = _request_type(candidate, plugin, settings, section, problems)
                if prepared is None:
                    continue
                ready[candidate.name] = prepared
            plugins[candidate.name] = plugin
        except InvalidPlugin as unusable:
            left_out.append(
                SkippedPlugin(name=candidate.name, distribution=candidate.distribution, reason=str(unusable))
            )
    observers = {name: plugin for name, plugin in plugins.items() if name not in ready}
    problems += _stray_sections(settings, found, observers)
    if problems:
        raise SettingsError(problems)
    for one in left_out:
        log.error("left out: %s", one)
    types = {
        # The type's own plugin last: the last that is registered is asked first.
        name: RequestType(
            name=name, form=form, settings=own, manager=new_manager({**observers, name: plugins[name]})
        )
        for name, (form, own) in ready.items()
    }
    adopted = RequestType(
        name="",
        form=Form(title=words.ADOPTED, questions=[]),
        settings=MappingProxyType(settings.for_type({})),
        manager=new_manager(observers),
    )
    return Plugins(types=MappingProxyType(types), left_out=tuple(left_out), adopted=adopted)


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


def _stray_sections(
    settings: Settings, found: Sequence[Found], observers: Mapping[str, Any]
) -> Iterator[str]:
    """Sections for what is no request type; one that is left out keeps its section until it is mended."""
    names = sorted(candidate.name for candidate in found if candidate.name not in observers)
    for name in settings.request_types:
        if name in observers:
            yield f"request_types.{name}: the plugin {name!r} is no request type and has no settings"
        elif name not in names:
            yield f"request_types.{name}: no request type {name!r}; installed: {', '.join(names) or 'none'}"


def _request_type(
    candidate: Found, plugin: Any, settings: Settings, section: Mapping[str, Any], problems: list[str]
) -> tuple[Form, Mapping[str, Any]] | None:
    """A type's form and settings; None where its section of the settings has problems."""
    hook = new_manager({candidate.name: plugin}).hook
    schema = ask("settings_schema", hook.settings_schema)
    if not (isinstance(schema, type) and issubclass(schema, Schema)):
        raise InvalidPlugin("settings_schema did not return a marshmallow Schema class")
    if taken := sorted({"messages", "people"} & set(ask("settings_schema", schema).fields)):
        raise InvalidPlugin(
            f"its settings_schema has a field {taken[0]!r}, which is the name of a common setting"
        )
    where = f"request_types.{candidate.name}"
    checked, wrong = ask("settings_schema", lambda: check_section(schema(), section, where))
    if wrong:
        problems += wrong
        return None
    own = MappingProxyType(settings.for_type(checked))
    form = ask("form", hook.form, settings=own)
    if not isinstance(form, Form):
        raise InvalidPlugin(f"form returned {type(form).__name__}, not a Form")
    return form, own


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "unknown distribution"
