"""Finds, checks and scopes plugins; a broken one is reported and left out, and the bot runs with the others."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

import pluggy
from marshmallow import Schema

from identity_bot import defaults, forms, hookspecs
from identity_bot.blocks import check_form
from identity_bot.errors import PluginError, SettingsError
from identity_bot.forms import Form
from identity_bot.hookspecs import PROJECT
from identity_bot.model import Answers, Event, IssueDraft, Notification, Person, Ticket
from identity_bot.sections import check_section, did_you_mean
from identity_bot.settings import Settings

log = logging.getLogger(__name__)

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A plugin that the bot does without, and why."""

    name: str
    distribution: str
    reason: str

    def __str__(self) -> str:
        return f"plugin {self.name!r} ({self.distribution}): {self.reason}"


class RequestType:
    """One request type: its form, its settings, and its hooks over the defaults and the observers."""

    def __init__(
        self,
        name: str,
        form: Form,
        settings: Mapping[str, Any],
        manager: pluggy.PluginManager,
        others: Sequence[Any],
    ) -> None:
        self.name = name
        self.form = form
        self.settings = settings
        self._manager = manager
        self._others = others

    def validate(self, answers: Answers, requestor: Person) -> dict[str, str]:
        """Problems by question's name; none where the answers can be filed."""
        merged: dict[str, str] = {}
        for problems in self._call(
            "validate", answers=answers, form=self.form, requestor=requestor, settings=self.settings
        ):
            merged = {**problems, **merged}
        return merged

    def render_issue(self, ticket: Ticket) -> IssueDraft:
        """What the ticket's issue shall say, as this type wants it."""
        draft = self._call("render_issue", ticket=ticket, form=self.form, settings=self.settings)
        if not isinstance(draft, IssueDraft):
            raise PluginError(f"plugin {self.name!r}: render_issue returned no IssueDraft")
        return draft

    def notify(self, ticket: Ticket, event: Event) -> list[Notification]:
        """Who shall hear of an event; a plugin that fails here costs its own messages, not the standard ones."""
        asked = {"ticket": ticket, "event": event, "form": self.form, "settings": self.settings}
        try:
            told = [n for answer in self._call("notify", **asked) for n in answer]
            if not all(isinstance(n, Notification) for n in told):
                raise TypeError("notify returned something that is no Notification")
        except Exception:
            log.exception("plugin %r: its notify failed; the standard words are used", self.name)
            return defaults.notify(ticket, event, self.form, self.settings)
        return told

    def _call(self, hook: str, **arguments: Any) -> Any:
        return self._manager.subset_hook_caller(hook, self._others)(**arguments)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plugins:
    """What is installed: the request types by name, and the plugins that had to be left out."""

    types: Mapping[str, RequestType]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def forms(self) -> dict[str, Form]:
        """The request types' forms by name."""
        return {name: request_type.form for name, request_type in self.types.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A plugin before it is trusted: its name, where it comes from, and how to import it."""

    name: str
    distribution: str
    load: Callable[[], Any]


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
    manager = new_manager()
    left_out: list[LeftOut] = []
    ready: dict[str, tuple[Form, Mapping[str, Any]]] = {}
    problems: list[str] = []
    for candidate in found:
        try:
            plugin = _imported(candidate)
            if _hook_name(plugin, "form"):
                section = settings.request_types.get(candidate.name, {})
                prepared = _request_type(candidate, plugin, settings, section, problems)
                if prepared is None:
                    continue
                ready[candidate.name] = prepared
            manager.register(plugin, candidate.name)
        except _Unusable as unusable:
            left_out.append(
                LeftOut(name=candidate.name, distribution=candidate.distribution, reason=str(unusable))
            )
    names = [candidate.name for candidate in found]
    problems += [
        f"request_types.{name}: no request type {name!r} is installed{did_you_mean(name, names)}"
        for name in settings.request_types
        if name not in names
    ]
    if problems:
        raise SettingsError(problems)
    for one in left_out:
        log.error("left out: %s", one)
    plugins = {name: manager.get_plugin(name) for name in ready}
    types = {
        name: RequestType(name, form, own, manager, [plugins[other] for other in plugins if other != name])
        for name, (form, own) in ready.items()
    }
    return Plugins(types=MappingProxyType(types), left_out=tuple(left_out))


def new_manager() -> pluggy.PluginManager:
    """A plugin manager that knows the hooks and has the defaults, and nothing else."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(defaults, "defaults")
    return manager


class _Unusable(Exception):
    """Why one plugin has to be left out."""


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


def _imported(candidate: Found) -> Any:
    """The plugin itself, if it can be imported and implements hooks that exist, with arguments that exist."""
    if not NAME.fullmatch(candidate.name) or candidate.name == "defaults":
        raise _Unusable("its name must be lower-case letters, digits and underscores, at most 40")
    try:
        plugin = candidate.load()
    except Exception as error:
        raise _Unusable(f"cannot be imported: {type(error).__name__}: {error}") from error
    faults = list(_hook_faults(plugin))
    if faults:
        raise _Unusable("; ".join(faults))
    try:
        new_manager().register(plugin, candidate.name)
    except (pluggy.PluginValidationError, ValueError) as error:
        raise _Unusable(" ".join(str(error).split())) from error
    return plugin


def _hook_faults(plugin: Any) -> Iterator[str]:
    specs = {name: spec for name, spec in vars(hookspecs).items() if hasattr(spec, f"{PROJECT}_spec")}
    hooks = {attribute: name for attribute in dir(plugin) if (name := _hook_name(plugin, attribute))}
    if not hooks:
        yield f"implements no hook; there are {', '.join(sorted(specs))}"
    for attribute, hook in hooks.items():
        if hook not in specs:
            yield f"unknown hook {hook!r}{did_you_mean(hook, list(specs))}"
            continue
        known = inspect.signature(specs[hook]).parameters
        for argument in inspect.signature(getattr(plugin, attribute)).parameters.values():
            if argument.name not in known and argument.default is inspect.Parameter.empty:
                yield f"hook {hook!r} has no argument {argument.name!r}; it has {', '.join(known)}"


def _hook_name(plugin: Any, attribute: str) -> str | None:
    """The hook that an attribute of a plugin implements, if it implements one."""
    marks = getattr(getattr(plugin, attribute, None), f"{PROJECT}_impl", None)
    return (marks.get("specname") or attribute) if isinstance(marks, dict) else None


def _request_type(
    candidate: Found, plugin: Any, settings: Settings, section: Mapping[str, Any], problems: list[str]
) -> tuple[Form, Mapping[str, Any]] | None:
    """A type's form and settings; None where its section of the settings has problems."""
    manager = new_manager()
    manager.register(plugin, candidate.name)
    schema = _ask(manager.hook.settings_schema)
    if not (isinstance(schema, type) and issubclass(schema, Schema)):
        raise _Unusable("settings_schema did not return a marshmallow Schema class")
    checked = check_section(schema(), section, f"request_types.{candidate.name}", problems)
    if checked is None:
        return None
    own = MappingProxyType(settings.for_type(checked))
    form = _ask(manager.hook.form, settings=own)
    if not isinstance(form, Form):
        raise _Unusable(f"form returned {type(form).__name__}, not a Form")
    faults = _ask(forms.check, form) or _ask(check_form, candidate.name, form)
    if faults:
        raise _Unusable("its form cannot be shown: " + "; ".join(faults))
    return form, own


def _ask(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except Exception as error:
        raise _Unusable(f"failed with {type(error).__name__}: {error}") from error


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "unknown distribution"
