"""Check a plugin before the bot relies on it: its name, its import, its hooks and their arguments."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import marshmallow
import pluggy

import identity_bot
from identity_bot.plugins import defaults, hookspecs
from identity_bot.plugins.hookspecs import PROJECT
from identity_bot.text.markdown import plain
from identity_bot.text.names import did_you_mean

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
DEFAULTS = "defaults"
_NOT_THEIRS = (
    *(
        f"{Path(one.__file__).parent}{os.sep}"
        for one in (identity_bot, importlib, marshmallow, pluggy)
        if one.__file__
    ),
    "<",
)
"""How the names of files begin that are on the way to a plugin's code: ours, and those that import or call it."""
LONGEST_REASON = 300
"""Characters of an error's own words that are shown."""
HOOKS = {name: spec for name, spec in vars(hookspecs).items() if hasattr(spec, f"{PROJECT}_spec")}
"""The hook specifications by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An installed plugin that has not been checked: its name, its package, and how to import it."""

    name: str
    distribution: str
    load: Callable[[], Any]


class InvalidPlugin(Exception):
    """A plugin cannot be used; the text says why."""


def new_manager(plugins: Mapping[str, Any]) -> pluggy.PluginManager:
    """A plugin manager with the hooks, the defaults and only these plugins, by name."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(defaults, DEFAULTS)
    for name, plugin in plugins.items():
        manager.register(plugin, name)
    return manager


def import_plugin(candidate: Found, others: Mapping[str, Any]) -> Any:
    """The imported plugin. Raises InvalidPlugin unless all its hooks and their arguments exist."""
    if not NAME.fullmatch(candidate.name):
        raise InvalidPlugin(
            "its name must be lower-case letters, digits and underscores, at most 40, beginning with a letter"
        )
    if candidate.name == DEFAULTS:
        raise InvalidPlugin(f"the bot itself uses the name {DEFAULTS!r}; choose another")
    try:
        plugin = candidate.load()
    except (Exception, SystemExit) as error:
        raise InvalidPlugin(f"cannot be imported: {described(error)}") from error
    twin = next((name for name, other in others.items() if other is plugin), None)
    if twin:
        raise InvalidPlugin(f"the plugin {twin!r} has the same module; each plugin needs its own")
    if problems := call("its import", lambda: list(_problems(plugin))):
        raise InvalidPlugin("; ".join(problems))
    try:
        new_manager({candidate.name: plugin})
    except (pluggy.PluginValidationError, ValueError) as error:
        raise InvalidPlugin(" ".join(str(error).split())) from error
    return plugin


def implements(plugin: Any, hook: str) -> bool:
    """Whether a plugin implements this hook."""
    return hook in _implemented(plugin).values()


def call(what: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a plugin's code; any failure becomes InvalidPlugin."""
    try:
        return function(*args, **kwargs)
    except (Exception, SystemExit) as error:
        raise InvalidPlugin(f"{what} failed with {described(error)}") from error


def described(error: BaseException) -> str:
    """An error of a plugin's code, with the line of its file that led to it."""
    said = plain(str(error), limit=LONGEST_REASON) if str(error) else ""
    return f"{type(error).__name__}: {said}{line_of(error)}"


def line_of(error: BaseException) -> str:
    """The line of a plugin's file that led to an error, as ` (identity_bot_coffee.py:12)`; empty if it is none's."""
    outside = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_NOT_THEIRS)
    ]
    # What the plugin called may have raised it, so the last line of the file that came first.
    theirs = [frame for frame in outside if frame.filename == outside[0].filename]
    return f" ({Path(theirs[-1].filename).name}:{theirs[-1].lineno})" if theirs else ""


def place_of(function: Callable[..., Any]) -> str:
    """Where a plugin's function begins, as ` (identity_bot_coffee.py:12)`; empty if it is not written in Python."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f" ({Path(code.co_filename).name}:{code.co_firstlineno})" if code else ""


def _problems(plugin: Any) -> Iterator[str]:
    implemented = _implemented(plugin)
    if forgotten := next((name for name in HOOKS if _is_unmarked(plugin, name, implemented)), None):
        yield f"the function {forgotten!r} has the name of a hook but no @hookimpl; add that, or rename it"
    elif not implemented:
        yield f"implements no hook; expected one of {', '.join(sorted(HOOKS))}"
    for attribute, hook in implemented.items():
        if hook not in HOOKS:
            yield f"unknown hook {hook!r}{did_you_mean(hook, HOOKS)}"
        else:
            yield from _argument_problems(hook, getattr(plugin, attribute))


def _is_unmarked(plugin: Any, name: str, implemented: Mapping[str, str]) -> bool:
    """Whether a module defines a function with a hook's name that is not a hook."""
    function = vars(plugin).get(name) if inspect.ismodule(plugin) else None
    is_own = inspect.isfunction(function) and function.__module__ == plugin.__name__
    return is_own and name not in implemented


def _argument_problems(hook: str, function: Any) -> Iterator[str]:
    if _is_wrapper(function):
        yield f"hook {hook!r} is a wrapper; each plugin answers for itself only"
    if inspect.iscoroutinefunction(function):
        yield f"hook {hook!r} is async; hooks are plain functions"
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        yield f"hook {hook!r} has a yield, so calling it does nothing; hooks are plain functions, return a list"
    known = inspect.signature(HOOKS[hook]).parameters
    for argument in inspect.signature(function).parameters.values():
        has_default = argument.default is not inspect.Parameter.empty
        if argument.name not in known and not has_default:
            yield f"hook {hook!r} has no argument {argument.name!r}{did_you_mean(argument.name, known)}"
        elif argument.name in known and has_default:
            yield f"hook {hook!r}: {argument.name!r} has a default, so pluggy never passes it; remove the default"


def _is_wrapper(function: Any) -> bool:
    mark = getattr(function, f"{PROJECT}_impl", {})
    return bool(mark.get("wrapper") or mark.get("hookwrapper"))


def _implemented(plugin: Any) -> dict[str, str]:
    """The hooks that a plugin implements, by the name of the function."""
    marks = {name: getattr(getattr(plugin, name, None), f"{PROJECT}_impl", None) for name in dir(plugin)}
    return {name: mark.get("specname") or name for name, mark in marks.items() if isinstance(mark, dict)}
