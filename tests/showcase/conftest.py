"""Showcases of the shipped request types, played once, and of plugins without a package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from identity_bot.plugins import loader
from identity_bot.showcase.play import show
from identity_bot.showcase.values import Showcase
from tests.support_showcase import play, settings_of

Played = Callable[..., Showcase]


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Showcase]:
    """The showcases of the three shipped request types."""
    known = settings_of(tmp_path_factory.mktemp("showcase"))
    plugins = loader.load(known, loader.find())
    return {name: show(name, plugins, known) for name in ("data_pull", "mock_auth", "pr_review")}


@pytest.fixture
def played(tmp_path: Path) -> Played:
    """Plays the request type `coffee` among these plugins."""
    return partial(play, tmp_path, "coffee")
