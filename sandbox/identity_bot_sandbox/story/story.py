"""The story's parts: what people do, what they see, and a check that each step happens."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.model import Message

Found = TypeVar("Found")

INTAKE, TEAM, GENERAL = "C0INTAKE", "C0TEAM", "C0GENERAL"
JUNIPER, MARLO, ROWAN = "U0JUNIPER", "U0MARLO", "U0ROWAN"
INDIGO, SAGE, LINDEN = "U0INDIGO", "U0SAGE", "U0LINDEN"
NAMES = {person.slack_id: person.name for person in cast.PEOPLE}
PLACES = {place.channel_id: f"#{place.name}" for place in cast.PLACES}
LOGINS = {person.slack_id: person.github_login or "" for person in cast.PEOPLE}
PAUSE = 3.5
"""Seconds between two changes of a ticket: long enough that each one is announced in its own message."""
REPLIES = {"is_sent_back", "is_accepted"}
"""The steps that answer a message, which people do without a pause."""


class StoryError(Exception):
    """A step of the story did not happen; the text names it."""


@dataclass(slots=True)
class Story:
    """What the people of the sandbox do, and what each of them saw, in order."""

    sandbox: Sandbox
    patience: float = 30.0
    """Seconds that a step may take."""
    seen: dict[str, list[str]] = field(default_factory=dict)
    due: date = field(init=False)
    """The target date of its tickets, a month from the day on which it begins, and a later one."""
    later: date = field(init=False)

    def __post_init__(self) -> None:
        self.due = self.sandbox.clock.local().date() + timedelta(days=30)
        self.later = self.due + timedelta(days=7)

    def does(self, person: str, what: str) -> None:
        """Note what a person does."""
        self.seen.setdefault(NAMES[person], []).append(f"› {what}")

    def saw(self, person: str, what: str) -> None:
        """Note what a person sees."""
        self.seen.setdefault(NAMES[person], []).append(what)

    def fills(self, person: str, **values: Any) -> None:
        """Fill in questions of the open form."""
        self.sandbox.slack.fill(person, {f"idbot:q:{name}": value for name, value in values.items()})

    def sends(self, person: str) -> None:
        """Submit the form and wait for the receipt."""
        problems = self.sandbox.slack.submit(person)
        self.check(f"the form is accepted, not refused with {problems}", lambda: not problems)
        self.sees_modal(person, "We got your request", "the modal turns into a receipt")

    def sees_modal(self, person: str, text: str, step: str) -> None:
        """Wait until a person's modal shows a text."""
        self.check(f"{step} ({NAMES[person]})", lambda: text in str(self.sandbox.slack.view(person)))
        self.saw(person, step)

    def sees_message(self, person: str, channel: str, *texts: str) -> Message:
        """Wait for exactly one message in a channel with all these texts."""

        def fitting() -> list[Message]:
            return [m for m in self.sandbox.slack.messages(channel) if all(text in m.text for text in texts)]

        found = self.check(f"{PLACES[channel]} has a message with {texts}", fitting)
        self.check(f"{PLACES[channel]} has only one message with {texts}", lambda: len(fitting()) == 1)
        self.saw(person, f"in {PLACES[channel]}: {plain(found[0].text)}")
        return found[0]

    def sees_answer(self, person: str, channel: str, ts: str, *texts: str) -> Message:
        """Wait for a reply in a thread with all these texts."""

        def fitting() -> list[Message]:
            return [
                m for m in self.sandbox.slack.thread(channel, ts)[1:] if all(text in m.text for text in texts)
            ]

        found = self.check(f"{NAMES[person]}'s thread has an answer with {texts}", fitting)[-1]
        place = PLACES.get(channel, "a direct message")
        self.saw(person, f"in the thread in {place}: {plain(found.text)}")
        return found

    def sees_comment(self, person: str, repository: str, issue: int, text: str) -> None:
        """Wait for exactly one comment on an issue that begins so."""

        def fitting() -> list[Any]:
            return [
                one for one in self.sandbox.github.comments(repository, issue) if one.body.startswith(text)
            ]

        self.check(f"{repository}#{issue} has a comment “{text}”", fitting)
        self.check(f"{repository}#{issue} has only one comment “{text}”", lambda: len(fitting()) == 1)
        self.saw(person, f"in GitHub, {repository}#{issue}: {' '.join(text.split())}")

    def sees_home(self, person: str, *texts: str) -> None:
        """Wait until somebody's Home tab has all these texts in a section of it."""

        def fitting() -> list[str]:
            blocks = (self.sandbox.slack.home(person) or {}).get("blocks", ())
            shown = [(block.get("text") or {}).get("text", "") for block in blocks]
            return [text for text in shown if all(one in text for one in texts)]

        found = self.check(f"{NAMES[person]}'s Home tab shows {texts}", fitting)
        self.saw(person, f"in the Home tab: {plain(found[0])}")

    def card(self, issue: int, repository: str = cast.REPOSITORY) -> Message:
        """The team's card of an issue."""
        link = f"/{repository}/issues/{issue}|"

        def fitting() -> list[Message]:
            return [m for m in self.sandbox.slack.messages(TEAM) if "*Stage:*" in m.text and link in m.text]

        return self.check(f"#{issue} has a card", fitting)[0]

    def card_shows(self, issue: int, *texts: str, repository: str = cast.REPOSITORY) -> None:
        """Wait until the team's card of an issue has all these texts."""
        self.check(
            f"the card of #{issue} shows {texts}",
            lambda: all(text in self.card(issue, repository).text for text in texts),
        )

    def presses(self, person: str, channel: str, message: Message, action: str, **entered: Any) -> None:
        """Press a message's button; with `entered`, fill in and submit the form it opens."""
        slack, form = self.sandbox.slack, "idbot:action"
        slack.click(person, channel, message.ts, f"{form}:{action}")
        if entered:
            self.check(
                f"the form of “{action}” opens ({NAMES[person]})",
                lambda: (slack.view(person) or {}).get("callback_id") == form,
            )
            slack.fill(person, {f"idbot:{name}": value for name, value in entered.items()})
            problems = slack.submit(person)
            self.check(
                f"the form of “{action}” is accepted, not refused with {problems}", lambda: not problems
            )

    def opens_issue(self, repository: str, title: str) -> int:
        """Wait for exactly one issue whose title begins so; return its number."""

        def fitting() -> list[Any]:
            return [i for i in self.sandbox.github.issues(repository) if i.title.startswith(title)]

        found = self.check(f"an issue “{title}…” is open in {repository}", fitting)
        self.check(f"only one issue “{title}…” is open in {repository}", lambda: len(fitting()) == 1)
        self.seen.setdefault("GitHub", []).append(f"{repository}#{found[0].number}: {found[0].title}")
        return int(found[0].number)

    def weekend_passes(self) -> None:
        """Set the clock to a Monday at nine that is at least a day away: what is due by then happens at once."""
        clock = self.sandbox.clock
        clock.forward(days=1)
        clock.to_monday()
        self.sees_clock()

    def sees_clock(self) -> None:
        """Note when it is, after the clock was set forward."""
        self.seen.setdefault("The clock", []).append(
            f"{self.sandbox.clock.local():%A, %B %-d, %-I:%M %p} Eastern"
        )

    def check(self, step: str, look: Callable[[], Found]) -> Found:
        """Wait until `look` returns something true and return it; raises StoryError after `patience` seconds."""
        end = time.monotonic() + self.patience
        pause = threading.Event()
        while not (found := look()):
            if time.monotonic() > end:
                raise StoryError(step)
            pause.wait(0.02)
        return found

    def transcript(self) -> Iterator[str]:
        """What each person did and saw, line by line."""
        for name, lines in self.seen.items():
            yield f"\n{name}"
            yield from (f"  {line}" for line in lines)


def plain(text: str, names: Mapping[str, str] = NAMES) -> str:
    """Slack's mrkdwn as one line of plain text."""
    text = re.sub(r"<@(\w+)>", lambda found: f"@{names.get(found[1], found[1])}", text)
    text = re.sub(r"<[^|>]+\|([^>]+)>", r"\1", text)
    text = re.sub(r"<(https?://[^>]+)>", r"\1", text)
    lines = [" ".join(line.split()) for line in text.replace("*", "").splitlines()]
    return html.unescape(" | ".join(filter(None, lines)))


class Life:
    """A ticket's life: a request, then steps."""

    repository = cast.REPOSITORY
    issue: int
    root: tuple[str, str]
    """The channel and timestamp of the message under which the requestor gets updates."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.slack = story.sandbox.slack
        self.github = story.sandbox.github
        self._last = 0.0

    def begins(self) -> None:
        """The request, and what people see of it."""
        raise NotImplementedError

    def steps(self) -> Sequence[Callable[[], None]]:
        """What happens to the ticket, in order."""
        raise NotImplementedError

    def goes_on(self, step: Callable[[], None]) -> None:
        """Take a step, long enough after the last one to be announced in its own message."""
        if step.__name__ not in REPLIES:
            self.story.check("time passes", lambda: time.monotonic() - self._last > PAUSE)
        step()
        self._last = time.monotonic()

    def presses(self, person: str, action: str, says: str, **entered: Any) -> None:
        """A team member presses a button of the card."""
        self.story.does(person, f"{says} (on the card of #{self.issue})")
        self.story.presses(person, TEAM, self.story.card(self.issue, self.repository), action, **entered)

    def in_github(self, person: str, says: str, act: Callable[..., Any], *arguments: Any) -> None:
        """A person does something in GitHub."""
        self.story.does(person, f"{says} (in GitHub, {self.repository}#{self.issue})")
        act(self.repository, self.issue, *arguments, actor=LOGINS[person])

    def hears(self, person: str, *texts: str) -> Message:
        """The requestor gets an update that mentions them."""
        return self.story.sees_answer(person, *self.root, f"<@{person}>", *texts)

    def shows(self, *texts: str) -> None:
        """The card shows these texts."""
        self.story.card_shows(self.issue, *texts, repository=self.repository)
