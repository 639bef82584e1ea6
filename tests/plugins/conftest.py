"""Loads plugins that no package announces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from identity_bot import settings
from identity_bot.plugins import loader as plugins
from identity_bot.plugins.loader import Plugins
from tests.support_plugins import SETTINGS, found


@pytest.fixture
def in_force(tmp_path: Path) -> Callable[..., settings.Settings]:
    """Settings with some more TOML at their end."""

    def load(more: str = "") -> settings.Settings:
        path = tmp_path / "identity-bot.toml"
        path.write_text(SETTINGS + more, encoding="utf-8")
        return settings.load(path, {"GITHUB_TOKEN": "x"})

    return load


@pytest.fixture
def load(in_force: Callable[..., settings.Settings]) -> Callable[..., Plugins]:
    """Loads plugins, given by name, with some more TOML in the settings."""

    def loaded(more: str = "", /, **by_name: Any) -> Plugins:
        return plugins.load(in_force(more), [found(name, plugin) for name, plugin in by_name.items()])

    return loaded
