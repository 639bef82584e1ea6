"""Every hook is documented and used."""

from __future__ import annotations

import importlib
import inspect
import re

from identity_bot.plugins import defaults
from identity_bot.plugins.checks import HOOKS
from tests.support_plugins import shipped_folders


def test_every_hook_is_documented() -> None:
    assert sorted(HOOKS) == ["form", "notify", "render_issue", "self_service", "settings_schema", "validate"]
    for hook in HOOKS.values():
        assert len(inspect.getdoc(hook) or "") > 100
        assert re.search(r"No default\.|Default: ", inspect.getdoc(hook) or "")


def test_every_hook_is_used_by_a_plugin_that_is_shipped() -> None:
    shipped = [
        defaults,
        *(importlib.import_module(f"identity_bot_{path.name}") for path in shipped_folders()),
    ]

    used = {
        name
        for plugin in shipped
        for name, function in vars(plugin).items()
        if hasattr(function, "identity_bot_impl")
    }

    assert used == set(HOOKS)
