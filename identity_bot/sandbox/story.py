"""A short story of each request type, played by the sandbox's people on the running bot; every step is checked."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from identity_bot.sandbox import cast
from identity_bot.sandbox.server import Sandbox
from identity_bot.sandbox.slack_values import Message

Found = TypeVar("Found")

INTAKE, TEAM, GENERAL = "C0INTAKE", "C0TEAM", "C0GENERAL"
NAMES = {person.slack_id: person.name for person in cast.PEOPLE}
PLACES = {place.channel_id: f"#{place.name}" for place in cast.PLACES}


class StoryError(Exception):
    """A step of the story did not happen; its text is the step's name."""


@dataclass(slots=True)
class Story:
    """What the people of the sandbox do, and what each of them saw, in order."""

    sandbox: Sandbox
    patience: float = 15.0
    """Seconds that a step may take."""
    seen: dict[str, list[str]] = field(default_factory=dict)
    _told: set[tuple[str, str]] = field(default_factory=set)

    def play(self) -> None:
        """All of it; raises StoryError at the first step that does not happen."""
        self.asks_for_a_review()
        self.asks_for_sensitive_data()
        self.asks_about_a_message()
        self.asks_the_host_bot()

    def asks_for_a_review(self) -> None:
        """A developer chooses the type from the list, mistypes the link, mends it, and gets a ticket."""
        juniper = "U0JUNIPER"
        self.does(juniper, "types /help in #vsp-identity")
        self.sandbox.slack.command(juniper, INTAKE, "/help")
        self.sees_modal(juniper, "What do you need?", "the list of request types opens")
        self.does(juniper, "chooses “PR review”")
        self.sandbox.slack.act(juniper, "idbot:type", "pr_review")
        self.sees_modal(juniper, "Link to the pull request", "the form of a PR review opens")
        self.fills(
            juniper, team="Benefits Claims", production="no", tested="yes", pull_request="https://va.gov/pull"
        )
        problems = self.sandbox.slack.submit(juniper)
        self.check("the wrong link is refused at its question", lambda: "idbot:q:pull_request" in problems)
        self.saw(juniper, f"the form says at the link: {problems['idbot:q:pull_request']}")
        self.fills(
            juniper, pull_request="https://github.com/sandbox-org/vets-api/pull/12/files?w=1#discussion_r7"
        )
        self.sends(juniper)
        issue = self.opens_issue(cast.REPOSITORY, "PR review: vets-api pull request 12")
        self.sees_modal(juniper, f"|#{issue}>", "the modal shows the ticket's number")
        self.sandbox.slack.close(juniper)
        self.sees_message(juniper, INTAKE, f"<@{juniper}> your request is ticket", f"|#{issue}>")
        for person in ("U0INDIGO", "U0SAGE", "U0LINDEN"):
            self.sees_message(person, TEAM, f"|#{issue}>", "PR review")

    def asks_for_sensitive_data(self) -> None:
        """A product manager asks for sensitive data: it goes to the restricted repository, and Slack shows none."""
        marlo, secret = "U0MARLO", "sign-ins by credential for the pilot cohort"
        self.does(marlo, "types /help data_pull in #vsp-identity")
        self.sandbox.slack.command(marlo, INTAKE, "/help data_pull")
        self.sees_modal(marlo, "What data do you need?", "the form of a data pull opens at once")
        self.fills(marlo, team="Education", production="yes", sensitive="yes", data_needed=secret)
        self.sends(marlo)
        self.sandbox.slack.close(marlo)
        issue = self.opens_issue(cast.RESTRICTED_REPOSITORY, "Data pull for Education: sensitive")
        self.sees_message(marlo, INTAKE, f"<@{marlo}> your request is ticket", f"|#{issue}>")
        self.sees_message("U0SAGE", TEAM, f"|#{issue}>", "Urgent", "<@U0INDIGO>")
        shown = [message.text for place in (INTAKE, TEAM) for message in self.sandbox.slack.messages(place)]
        self.check("nothing of a sensitive request is shown in Slack", lambda: secret not in "\n".join(shown))

    def asks_about_a_message(self) -> None:
        """A guest makes a request from a message, whose thread the ticket keeps."""
        rowan = "U0ROWAN"
        self.does(rowan, "writes a message in #general and chooses “Ask Identity about this” on it")
        text = "Mocked sign-in shows an empty list of users since this morning."
        ts = self.sandbox.slack.say(rowan, GENERAL, text)
        self.sandbox.slack.message_shortcut(rowan, "idbot:ask-about", GENERAL, ts)
        self.sees_modal(rowan, "What do you need?", "the list of request types opens")
        self.sandbox.slack.act(rowan, "idbot:type", "mock_auth")
        self.sees_modal(rowan, "Which credential?", "the form opens with the message in its comments")
        self.fills(rowan, team="Health Records", production="no", credential="logingov", environment="local")
        self.sends(rowan)
        self.sandbox.slack.close(rowan)
        issue = self.opens_issue(cast.REPOSITORY, "Mocked authentication: Login.gov, Local")
        told = self.check(
            "the ticket keeps the message's thread", lambda: self.sandbox.slack.thread(GENERAL, ts)[1:]
        )
        self.saw(rowan, f"in the thread of that message: {plain(told[0].text)}")
        self.sees_message(rowan, INTAKE, f"|#{issue}>", "New ticket")

    def asks_the_host_bot(self) -> None:
        """The bot that was there before still answers its own command."""
        linden = "U0LINDEN"
        self.does(linden, "types the host bot's own command /sign-in-status")
        self.sandbox.slack.command(linden, INTAKE, "/sign-in-status")
        answers = self.check(
            "the host bot answers its own command",
            lambda: [m for m in self.sandbox.slack.ephemerals(linden) if "Sign-in works" in m.text],
        )
        self.saw(linden, f"only visible to them: {plain(answers[0].text)}")

    def does(self, person: str, what: str) -> None:
        """Notes what somebody does."""
        self.seen.setdefault(NAMES[person], []).append(f"› {what}")

    def saw(self, person: str, what: str) -> None:
        """Notes what somebody saw."""
        self.seen.setdefault(NAMES[person], []).append(what)

    def fills(self, person: str, **values: Any) -> None:
        """Fills in questions of the open form."""
        self.sandbox.slack.fill(person, {f"idbot:q:{name}": value for name, value in values.items()})

    def sends(self, person: str) -> None:
        """Sends the form, which must turn into a receipt."""
        problems = self.sandbox.slack.submit(person)
        self.check(f"the form is accepted, not refused with {problems}", lambda: not problems)
        self.sees_modal(person, "Your request is in", "the modal turns into a receipt")

    def sees_modal(self, person: str, text: str, step: str) -> None:
        """Waits until somebody's modal shows a text."""
        self.check(f"{step} ({NAMES[person]})", lambda: text in str(self.sandbox.slack.view(person)))
        self.saw(person, step)

    def sees_message(self, person: str, channel: str, *texts: str) -> None:
        """Waits until exactly one message in a channel has all these texts."""

        def fitting() -> list[Message]:
            return [m for m in self.sandbox.slack.messages(channel) if all(text in m.text for text in texts)]

        found = self.check(f"{PLACES[channel]} has a message with {texts}", fitting)
        self.check(f"{PLACES[channel]} has only one message with {texts}", lambda: len(fitting()) == 1)
        self.saw(person, f"in {PLACES[channel]}: {plain(found[0].text)}")

    def opens_issue(self, repository: str, title: str) -> int:
        """Waits until there is exactly one issue whose title begins so; its number."""

        def fitting() -> list[Any]:
            return [i for i in self.sandbox.github.issues(repository) if i.title.startswith(title)]

        found = self.check(f"an issue “{title}…” is open in {repository}", fitting)
        self.check(f"only one issue “{title}…” is open in {repository}", lambda: len(fitting()) == 1)
        self.seen.setdefault("GitHub", []).append(f"{repository}#{found[0].number}: {found[0].title}")
        return int(found[0].number)

    def check(self, step: str, look: Callable[[], Found]) -> Found:
        """Waits until what `look` finds is true, and gives it; raises StoryError when patience ends."""
        end = time.monotonic() + self.patience
        pause = threading.Event()
        while not (found := look()):
            if time.monotonic() > end:
                raise StoryError(step)
            pause.wait(0.02)
        return found

    def transcript(self) -> Iterator[str]:
        """What each person did and saw, as lines to print."""
        for name, lines in self.seen.items():
            yield f"\n{name}"
            yield from (f"  {line}" for line in lines)


def plain(text: str, names: Mapping[str, str] = NAMES) -> str:
    """Slack's mrkdwn as one line of plain text."""
    text = re.sub(r"<@(\w+)>", lambda found: f"@{names.get(found[1], found[1])}", text)
    text = re.sub(r"<[^|>]+\|([^>]+)>", r"\1", text)
    return " ".join(
        text.replace("*", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").split()
    )
