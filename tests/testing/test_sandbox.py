"""The sandbox as authors get it: their plugin over Slack's and GitHub's real protocols."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from identity_bot import Choice, Form, LongText, ShortText, When
from identity_bot.errors import SettingsError
from identity_bot.testing.sandbox import SandboxBot
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from tests.support_plugins import coffee

LATTE = Form(
    title="Coffee",
    questions=[
        Choice(name="size", label="Size?", options=["small", "large"]),
        ShortText(name="why", label="Why so large?", shown_when=When("size", "large")),
        LongText(name="details", label="Details?", required=False),
    ],
)


@pytest.fixture
def bot(sandbox: Sandbox, tmp_path: Path) -> Iterator[SandboxBot]:
    bot = SandboxBot(sandbox, tmp_path)
    yield bot
    bot.stop()


def test_a_request_goes_from_the_form_to_the_issue_and_back(bot: SandboxBot) -> None:
    bot.load(coffee(LATTE), name="coffee")

    problems = bot.submit("coffee", size="large", why="It is early.")
    bot.settle()
    bot.github.close(cast.REPOSITORY, 1, actor="indigo-marshwick")
    bot.settle()

    assert problems == {}
    assert "`It is early.`" in bot.github.issue(cast.REPOSITORY, 1).body
    assert any("closed" in text for text in bot.told("C0INTAKE"))


def test_what_is_refused_is_said_at_its_question(bot: SandboxBot) -> None:
    bot.load(coffee(LATTE, validate=lambda: {"size": "We have none. Please choose another."}), name="coffee")

    problems = bot.submit("coffee")

    assert problems == {"size": "We have none. Please choose another."}


def test_another_plugin_comes_beside_the_first(bot: SandboxBot) -> None:
    bot.load(coffee(), name="coffee")
    bot.load("mock_auth")

    bot.submit("coffee")
    bot.settle()

    assert sorted(bot.bot.plugins.types) == ["coffee", "mock_auth"]
    assert bot.github.issue(cast.REPOSITORY, 1)


def test_wrong_settings_leave_the_bot_as_it_was(bot: SandboxBot) -> None:
    bot.load(coffee(), name="coffee")

    with pytest.raises(SettingsError, match=r"request_types\.coffee\.repository"):
        bot.load(coffee(), name="coffee", settings={"repository": 5})

    assert bot.submit("coffee") == {}
