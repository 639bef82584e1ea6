"""Plugins that a test names: as a module, or by the name of one that is installed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from identity_bot import settings as settings_module
from identity_bot.errors import PluginError
from identity_bot.plugins import loader
from identity_bot.plugins.checks import NAME, implements
from identity_bot.settings import Settings

MODULE = "identity_bot_"
INTAKE = "C0INTAKE"
"""The channel where requests are announced."""
SETTINGS = """
intake_channel = "C0INTAKE"
team_channel = "C0TEAM"
repository = "sandbox-org/identity-requests"
restricted_repository = "sandbox-org/identity-restricted"
leads = [{ slack = "U0INDIGO", github = "indigo-marshwick" }, { slack = "U0SAGE", github = "sage-hollowell" }]
people = [{ slack = "U0LINDEN", github = "linden-brookmere" }]
survey = false
digest = "off"
"""
"""The settings of a desk on stand-ins, among fictional people; without the survey, which no plugin has a part in."""


def candidate(plugin: Any, name: str = "") -> loader.Found:
    """The plugin as its package announces it; a module `identity_bot_coffee` is named `coffee`.

    Raises PluginError if none is installed under the name given, or a module's name does not tell its own.
    """
    if isinstance(plugin, str):
        installed = {one.name: one for one in loader.find()}
        if plugin not in installed:
            raise PluginError(f"no plugin {plugin!r}; installed: {', '.join(sorted(installed)) or 'none'}")
        return installed[plugin]
    module = str(getattr(plugin, "__name__", ""))
    named = name or module.rpartition(".")[2].removeprefix(MODULE)
    if not NAME.fullmatch(named):
        raise PluginError(f"{plugin!r:.80}: expected a module {MODULE}…, or name=")
    return loader.Found(name=named, distribution=module or "a test", load=lambda: plugin)


def base_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a test, with these environment variables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "identity-bot.toml"
        path.write_text(SETTINGS, encoding="utf-8")
        return settings_module.load(path, {"GITHUB_TOKEN": "none"} | dict(environ or {}))


def load(
    settings: Settings, found: Sequence[loader.Found], sections: Mapping[str, Mapping[str, Any]]
) -> tuple[Settings, loader.Plugins]:
    """The plugins, each with its section, and the settings with these sections.

    Raises SettingsError if a section is wrong, and PluginError if a plugin cannot be used.
    """
    types: dict[str, Mapping[str, Any]] = {}
    observers: dict[str, Mapping[str, Any]] = {}
    for one in found:
        if one.name in sections:
            kept = types if _is_type(one) else observers
            kept[one.name] = sections[one.name]
    settings = replace(settings, request_types=types, observers=observers)
    plugins = loader.load(settings, found)
    if plugins.skipped:
        raise PluginError("\n".join(map(str, plugins.skipped)))
    return settings, plugins


def _is_type(found: loader.Found) -> bool:
    """Whether a plugin is a request type; one that cannot be imported is taken for one, and then skipped."""
    try:
        return implements(found.load(), "form")
    except (Exception, SystemExit):
        return True
