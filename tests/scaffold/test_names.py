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
        ("Login-Help", "and not ending with an underscore; for example login_help"),
        ("2fa", "for example fa"),
        ("", "for example new_request"),
        ("search-docs", "for example search_docs_request"),
        ("Class", "for example class_request"),
        ("mock-auth", "for example mock_auth_request"),
        ("Coffee!", "for example coffee_request"),
        ("Sandbox", "for example sandbox_request"),
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
        ("sandbox", "the bot itself uses it"),
        ("pytest", "the bot itself uses it"),
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


def test_a_name_whose_module_exists_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "identity_bot_taken.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(
        IdentityBotError, match="the module identity_bot_taken exists already; choose another"
    ):
        refuse("taken", set())


@pytest.mark.parametrize("word", [*words.COMMAND_WORDS, "", "-", "A" * 60, f"{'a' * 39}-b", *SHIPPED])
def test_the_name_that_is_proposed_can_be_used(word: str) -> None:
    installed = {"coffee", "coffee_request", "a" * 40}

    with pytest.raises(IdentityBotError) as refused:
        refuse(f"{word}!", installed)

    refuse(str(refused.value).rpartition("for example ")[2], installed)


def test_the_shipped_types_are_those_of_the_repository() -> None:
    assert sorted(SHIPPED) == sorted(path.parent.name for path in PLUGINS.glob("*/setup.cfg"))
    for name in SHIPPED:
        assert any((PLUGINS / name).glob(f"{module_of(name)}*"))
