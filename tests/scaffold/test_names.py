"""Which names a new request type can have."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity_bot.errors import IdentityBotError
from identity_bot.messages import words
from identity_bot.scaffold.names import SHIPPED, module_of, refuse

PLUGINS = Path(__file__).parents[2] / "plugins"


@pytest.mark.parametrize("name", ["login_help", "a", "x2", "a" * 40])
def test_a_new_name_can_be_used(name: str) -> None:
    refuse(name, {"other"})


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Auth-Help", "and not ending with an underscore; for example auth_help"),
        ("2fa", "for example fa"),
        ("", "for example auth_help"),
        ("../up", "for example up"),
        ("a" * 41, "at most 40"),
        ("auth_", "for example auth"),
        ("a\n\x1b[31m", "expected lower-case letters"),
        ("class", "it is a word of Python"),
        ("match", "it is a word of Python"),
        ("email", "it is the name of a module of Python"),
        ("defaults", "the bot itself uses it"),
        ("mock_auth", "a request type of this name comes with the bot"),
        ("coffee", "a plugin of this name is installed"),
        ("sandbox", "the module identity_bot_sandbox exists already"),
        *(
            (word, f"the name {word!r} cannot be used: it is a word of /help")
            for word in words.COMMAND_WORDS
            if "-" not in word
        ),
    ],
)
def test_a_name_that_means_something_else_is_refused_in_one_line(name: str, why: str) -> None:
    with pytest.raises(IdentityBotError) as refused:
        refuse(name, {"coffee"})

    assert why in str(refused.value)
    assert str(refused.value).isprintable()


def test_the_shipped_types_are_those_of_the_repository() -> None:
    assert sorted(SHIPPED) == sorted(path.parent.name for path in PLUGINS.glob("*/setup.cfg"))
    for name in SHIPPED:
        assert any((PLUGINS / name).glob(f"{module_of(name)}*"))
