"""Every hook is documented and used."""

from __future__ import annotations

import importlib
import inspect
import re

from identity_bot.plugins import defaults
from identity_bot.plugins.checks import HOOKS
from tests.support_plugins import ALL_HOOKS, example_folders, shipped_folders


def test_every_hook_is_documented() -> None:
    assert ", ".join(sorted(HOOKS)) == ALL_HOOKS
    for hook in HOOKS.values():
        assert len(inspect.getdoc(hook) or "") > 100
        assert re.search(r"No default\.|Default: ", inspect.getdoc(hook) or "")


def test_every_hook_is_used_by_a_plugin_that_is_shipped() -> None:
    shipped = [
        defaults,
        *(
            importlib.import_module(f"identity_bot_{path.name}")
            for path in (*shipped_folders(), *example_folders())
        ),
    ]

    used = {
        mark["specname"] or name
        for plugin in shipped
        for name, function in vars(plugin).items()
        if (mark := getattr(function, "identity_bot_impl", None))
    }

    assert used == set(HOOKS)
