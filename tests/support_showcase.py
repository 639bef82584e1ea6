"""What tests of the showcase share: settings, and how a plugin without a package is played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from identity_bot import settings
from identity_bot.plugins import loader
from identity_bot.showcase.play import show
from identity_bot.showcase.values import Showcase
from tests.support_desk import SETTINGS
from tests.support_plugins import found


def settings_of(folder: Path, toml: str = SETTINGS) -> settings.Settings:
    """These settings, read from a file in a folder."""
    path = folder / "identity-bot.toml"
    path.write_text(toml, encoding="utf-8")
    return settings.load(path, {"GITHUB_TOKEN": "ghp-x"})


def play(folder: Path, name: str, toml: str = SETTINGS, **plugins: Any) -> Showcase:
    """The showcase of one of these plugins."""
    known = settings_of(folder, toml)
    return show(name, loader.load(known, [found(one, plugin) for one, plugin in plugins.items()]), known)
