"""What an act on the sandbox's page works with: the worlds, what was sent, and how an act is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from identity_bot_sandbox.errors import SandboxError
from identity_bot_sandbox.github.world import GitHubWorld
from identity_bot_sandbox.page.faults import Switches
from identity_bot_sandbox.page.where import Where
from identity_bot_sandbox.slack.model import Ack, Channel
from identity_bot_sandbox.slack.world import SlackWorld


class RefusedError(SandboxError):
    """An act was not possible; the sentence is shown to the person."""


@dataclass(slots=True)
class Looks:
    """When each person last looked at each conversation and thread; written under the workspace's lock."""

    last: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def look(self, world: SlackWorld, user: str, channel: Channel, thread: str) -> None:
        """This person now sees a conversation, or a thread of it where one is named."""
        self.last[(user, channel.channel_id, thread)] = world.new_ts()

    def news(self, world: SlackWorld, user: str, channel: Channel) -> Counter[str]:
        """How many messages of others this person has not seen there, by the thread that they stand in.

        As in Slack, of a thread's replies only those count that mention them or that follow words of their own.
        """
        private = [one for one in world.ephemerals(user) if one.channel == channel.channel_id]
        messages = (*channel.messages.values(), *private)
        follows = {one.thread_ts for one in messages if one.user == user}
        return Counter(
            thread
            for one in messages
            for thread in [(one.thread_ts or "") if one.is_reply or one.only_for else ""]
            if one.user != user and one.ts > self.last.get((user, channel.channel_id, thread), "")
            if not thread or thread in follows or one.only_for or f"<@{user}>" in one.text
        )


@dataclass(kw_only=True, slots=True)
class Scene:
    """The two worlds behind the page and what the page itself remembers."""

    slack: SlackWorld
    github: GitHubWorld
    switches: Switches
    looks: Looks = field(default_factory=Looks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A form that was sent, and the contents of its files by the field's name."""

    form: FormData
    files: Mapping[str, Sequence[tuple[str, bytes]]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field's text with plain line feeds; empty where it is missing."""
        value = self.form.get(name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """All values of a field that may be sent several times."""
        return [value for value in self.form.getlist(name) if isinstance(value, str) and value]


Act = Callable[[Scene, Where, Sent], Where]
"""Does what was asked and gives the place to show then."""

_REASONS = {
    "operation_timeout": "the app did not answer within three seconds",
    "dispatch_failed": "no app is connected, or the app rejected it",
}


def must_be_taken(ack: Ack) -> None:
    """Say, as Slack's client does, that the app did not take an interaction."""
    if not ack.is_ok:
        reason = _REASONS.get(ack.error or "", "the app failed")
        raise RefusedError(f"That didn’t work ({ack.error}): {reason}. Try again?")
