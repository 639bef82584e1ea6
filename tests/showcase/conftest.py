"""Showcases of the shipped request types, played once, and of plugins without a package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from identity_bot import settings
from identity_bot.plugins import loader
from identity_bot.showcase.play import show
from identity_bot.showcase.values import Showcase
from tests.support_desk import SETTINGS
from tests.support_plugins import found

Played = Callable[..., Showcase]


def settings_of(folder: Path, toml: str = SETTINGS) -> settings.Settings:
    path = folder / "identity-bot.toml"
    path.write_text(toml, encoding="utf-8")
    return settings.load(path, {"GITHUB_TOKEN": "ghp-x"})


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Showcase]:
    """The showcases of the three shipped request types."""
    known = settings_of(tmp_path_factory.mktemp("showcase"))
    plugins = loader.load(known, loader.find())
    return {name: show(name, plugins, known) for name in ("data_pull", "mock_auth", "pr_review")}


@pytest.fixture
def played(tmp_path: Path) -> Played:
    """Plays the request type `coffee` among these plugins."""

    def play(toml: str = SETTINGS, **plugins: Any) -> Showcase:
        known = settings_of(tmp_path, toml)
        installed = loader.load(known, [found(name, plugin) for name, plugin in plugins.items()])
        return show("coffee", installed, known)

    return play
