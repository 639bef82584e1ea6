"""What tests import from each other: waiting for something to become true, and a bot in a sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from slack_bolt import App

from identity_bot.app import Bot
from identity_bot.store.store import Store
from identity_bot.store.surveys import answers_between
from identity_bot.testing.database import new_sqlite as new_sqlite
from identity_bot.testing.sandbox import RECURRING as RECURRING
from identity_bot.testing.sandbox import close as close
from identity_bot.testing.sandbox import eventually as eventually
from identity_bot.testing.sandbox import served as served
from identity_bot_sandbox.cast import Character
from identity_bot_sandbox.server import Sandbox


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of a language, without their indentation."""
    found = re.finditer(rf"^( *)```{language}\n(.*?)^ *```$", document, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{match[1]}", "", match[2], flags=re.MULTILINE) for match in found]


@dataclass(frozen=True, slots=True)
class Ahead:
    """A clock that is ahead of another."""

    clock: Callable[[], float]
    seconds: float

    def __call__(self) -> float:
        return self.clock() + self.seconds


@dataclass(frozen=True, slots=True)
class World:
    """A sandbox with a bot attached to a Bolt app in it, over Socket Mode."""

    sandbox: Sandbox
    bot: Bot
    app: App

    def settle(self, seconds: float = 15.0) -> None:
        """Waits until the bot has nothing left to do."""
        github = self.sandbox.github
        # A poll for later always waits.
        eventually(
            lambda: (
                github.webhooks.settle(0.1)
                and all(row.kind in RECURRING for row in self.bot.outbox.rows("waiting"))
            ),
            seconds=seconds,
        )

    def open_form(self, user: str, type_name: str, *, channel: str = "C0INTAKE") -> None:
        """Opens a type's form by the command and waits until it shows."""
        self.sandbox.slack.command(user, channel, f"/help {type_name}")
        eventually(
            lambda: (
                f'"type": "{type_name}"' in (self.sandbox.slack.view(user) or {}).get("private_metadata", "")
            )
        )

    def fill(self, user: str, **answers: object) -> None:
        """Enters answers by the questions' names."""
        self.sandbox.slack.fill(user, {f"idbot:q:{name}": answer for name, answer in answers.items()})

    def request(self, user: str, type_name: str, **answers: object) -> dict[str, str]:
        """Opens a form, fills it in and sends it; what it then says is wrong, by block."""
        self.open_form(user, type_name)
        self.fill(user, **answers)
        return self.sandbox.slack.submit(user)


VISITOR = Character(
    slack_id="U0WREN",
    handle="wren",
    name="Wren Farrow",
    title="Engineer, of another organization",
    github_login=None,
    workspace="T0ELSEWHERE",
)
"""Somebody who meets the team in a channel that two organizations share."""
REVIEW = {
    "team": "Benefits",
    "production": "no",
    "tested": "yes",
    "pull_request": "https://github.com/sandbox-org/vets-api/pull/7",
}
"""Answers that make a valid PR review request."""
DATA = {
    "team": "Education",
    "production": "no",
    "sensitive": "no",
    "data_needed": "Sign-ins per credential in May",
}
"""Answers that make a valid data pull request."""


def survey_answers(store: Store, start: float, end: float) -> list[tuple[str, int, float]]:
    """What requestors answered to surveys in a time."""
    with store.reading() as connection:
        return answers_between(connection, start, end)
