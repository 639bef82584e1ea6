"""What each ticket's life in the story is made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from identity_bot.desk.notifier import TOGETHER
from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.values import Message
from identity_bot_sandbox.story.story import TEAM, Story

LOGINS = {person.slack_id: person.github_login or "" for person in cast.PEOPLE}
ANSWERS = {"is_sent_back", "is_accepted"}
"""The steps that answer a message, and so are told in another one at once."""


class Life:
    """A ticket's life: it begins with a request, and goes on in steps."""

    repository = cast.REPOSITORY
    issue: int
    root: tuple[str, str]
    """The channel and time stamp of the message under which the requestor hears of it."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.slack = story.sandbox.slack
        self.github = story.sandbox.github
        self._last = 0.0

    def begins(self) -> None:
        """The request, and what everybody sees of it."""
        raise NotImplementedError

    def steps(self) -> Sequence[Callable[[], None]]:
        """What happens to the ticket then."""
        raise NotImplementedError

    def goes_on(self, step: Callable[[], None]) -> None:
        """Takes a step, so long after the last one that it is told in a message of its own."""
        if step.__name__ not in ANSWERS:
            self.story.check("time passes", lambda: time.monotonic() - self._last > TOGETHER)
        step()
        self._last = time.monotonic()

    def presses(self, person: str, move: str, says: str, **entered: Any) -> None:
        """Somebody of the team presses a button of the card."""
        self.story.does(person, f"{says} (on the card of #{self.issue})")
        self.story.presses(person, TEAM, self.story.card(self.issue, self.repository), move, **entered)

    def in_github(self, person: str, says: str, act: Callable[..., Any], *arguments: Any) -> None:
        """Somebody does something in GitHub."""
        self.story.does(person, f"{says} (in GitHub, {self.repository}#{self.issue})")
        act(self.repository, self.issue, *arguments, actor=LOGINS[person])

    def hears(self, person: str, *texts: str) -> Message:
        """The requestor hears of it, with a mention."""
        return self.story.sees_answer(person, *self.root, f"<@{person}>", *texts)

    def shows(self, *texts: str) -> None:
        """The card shows it."""
        self.story.card_shows(self.issue, *texts, repository=self.repository)
