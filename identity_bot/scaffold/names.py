"""Which names a new request type can have."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from collections.abc import Collection

from identity_bot.errors import IdentityBotError
from identity_bot.messages import words
from identity_bot.plugins.checks import DEFAULTS, NAME
from identity_bot.text.markdown import plain

SHIPPED = ("data_pull", "mock_auth", "pr_review")
"""The request types that come with the bot, whether they are installed or not."""

OURS = (DEFAULTS, "sandbox", "pytest")
"""The names that parts of the bot have, as plugins or packages of their own."""


def module_of(name: str) -> str:
    """The module of a request type."""
    return f"identity_bot_{name}"


def refuse(name: str, installed: Collection[str]) -> None:
    """Raise IdentityBotError if a new request type cannot have this name; `installed` are those of plugins."""
    if not NAME.fullmatch(name) or name.endswith("_"):
        raise IdentityBotError(
            f"the name {plain(name, limit=60)!r} cannot be used: expected lower-case letters, digits and underscores, "
            f"at most 40, beginning with a letter and not ending with an underscore{_proposal(name, installed)}"
        )
    if why := _why_taken(name, installed):
        raise IdentityBotError(f"the name {name!r} cannot be used: {why}; choose another")


def _why_taken(name: str, installed: Collection[str]) -> str:
    if name in words.COMMAND_WORDS:
        return "it is a word of /help"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return "it is a word of Python"
    if name in sys.stdlib_module_names:
        return "it is the name of a module of Python"
    if name in OURS:
        return "the bot itself uses it"
    if name in SHIPPED:
        return "a request type of this name comes with the bot"
    if name in installed:
        return "a plugin of this name is installed"
    if importlib.util.find_spec(module_of(name)) is not None:
        return f"the module {module_of(name)} exists already"
    return ""


def _proposal(name: str, installed: Collection[str]) -> str:
    """A name like this one that can be used, as the end of a sentence; empty if there is none."""
    like = re.sub(r"[^a-z0-9]+", "_", name.lower()).lstrip("_0123456789")[:40].rstrip("_")
    wanted = [like, f"{like[:32].rstrip('_')}_request"] if like else []
    free = (one for one in (*wanted, "new_request") if not _why_taken(one, installed))
    return next((f"; for example {one}" for one in free), "")
