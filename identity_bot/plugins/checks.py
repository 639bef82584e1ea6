"""What can be wrong with a plugin before it is ever asked: its name, its import, its hooks and their arguments."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pluggy

from identity_bot.plugins import defaults, hookspecs
from identity_bot.plugins.hookspecs import PROJECT
from identity_bot.settings import did_you_mean

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
DEFAULTS = "defaults"
HOOKS = {name: spec for name, spec in vars(hookspecs).items() if hasattr(spec, f"{PROJECT}_spec")}
"""The hooks that there are, by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A plugin before it is trusted: its name, where it comes from, and how to import it."""

    name: str
    distribution: str
    load: Callable[[], Any]


class InvalidPlugin(Exception):
    """Why one plugin has to be left out."""


def new_manager(plugins: Mapping[str, Any]) -> pluggy.PluginManager:
    """A plugin manager that knows the hooks, the defaults and these plugins, by name, and nothing else."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(defaults, DEFAULTS)
    for name, plugin in plugins.items():
        manager.register(plugin, name)
    return manager


def imported(candidate: Found, others: Mapping[str, Any]) -> Any:
    """The plugin itself, if it can be imported and implements hooks that exist, with arguments that exist."""
    if not NAME.fullmatch(candidate.name):
        raise InvalidPlugin(
            "its name must be lower-case letters, digits and underscores, at most 40, beginning with a letter"
        )
    if candidate.name == DEFAULTS:
        raise InvalidPlugin(f"the name {DEFAULTS!r} is the bot's own; choose another")
    try:
        plugin = candidate.load()
    except (Exception, SystemExit) as error:
        raise InvalidPlugin(f"cannot be imported: {type(error).__name__}: {error}") from error
    twin = next((name for name, other in others.items() if other is plugin), None)
    if twin:
        raise InvalidPlugin(
            f"its module is already the plugin {twin!r}; each plugin needs a module of its own"
        )
    if faults := ask("its import", lambda: list(_faults(plugin))):
        raise InvalidPlugin("; ".join(faults))
    try:
        new_manager({candidate.name: plugin})
    except (pluggy.PluginValidationError, ValueError) as error:
        raise InvalidPlugin(" ".join(str(error).split())) from error
    return plugin


def implements(plugin: Any, hook: str) -> bool:
    """Whether a plugin implements this hook."""
    return hook in _implemented(plugin).values()


def ask(what: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a function answers that runs a plugin's code; raises InvalidPlugin where that fails."""
    try:
        return function(*args, **kwargs)
    except (Exception, SystemExit) as error:
        raise InvalidPlugin(f"{what} failed with {type(error).__name__}: {error}") from error


def _faults(plugin: Any) -> Iterator[str]:
    implemented = _implemented(plugin)
    for name in HOOKS:
        function = vars(plugin).get(name) if inspect.ismodule(plugin) else None
        if (
            inspect.isfunction(function)
            and function.__module__ == plugin.__name__
            and name not in implemented
        ):
            yield f"the function {name!r} has the name of a hook but no @hookimpl; add that, or rename it"
            return
    if not implemented:
        yield f"implements no hook; there are {', '.join(sorted(HOOKS))}"
    for attribute, hook in implemented.items():
        if hook not in HOOKS:
            yield f"unknown hook {hook!r}{did_you_mean(hook, HOOKS)}"
        else:
            yield from _argument_faults(hook, getattr(plugin, attribute))


def _argument_faults(hook: str, function: Any) -> Iterator[str]:
    if inspect.iscoroutinefunction(function):
        yield f"hook {hook!r} is async; hooks are plain functions"
    known = inspect.signature(HOOKS[hook]).parameters
    for argument in inspect.signature(function).parameters.values():
        has_default = argument.default is not inspect.Parameter.empty
        if argument.name not in known and not has_default:
            yield f"hook {hook!r} has no argument {argument.name!r}{did_you_mean(argument.name, known)}"
        elif argument.name in known and has_default:
            yield f"hook {hook!r}: {argument.name!r} has a default value, with which pluggy never gives it another"


def _implemented(plugin: Any) -> dict[str, str]:
    """The hooks that a plugin implements, by the attribute that does."""
    marks = {name: getattr(getattr(plugin, name, None), f"{PROJECT}_impl", None) for name in dir(plugin)}
    return {name: mark.get("specname") or name for name, mark in marks.items() if isinstance(mark, dict)}
