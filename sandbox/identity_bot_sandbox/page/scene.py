"""What the page's actions work with: the two worlds, the submitted form, and refusals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from identity_bot_sandbox.clock import SandboxClock
from identity_bot_sandbox.errors import SandboxError
from identity_bot_sandbox.github.world import GitHubWorld
from identity_bot_sandbox.page.faults import Switches
from identity_bot_sandbox.page.where import Where
from identity_bot_sandbox.slack.model import Ack, Channel
from identity_bot_sandbox.slack.world import SlackWorld


class RefusedError(SandboxError):
    """An action was not possible; the person is shown the sentence."""


@dataclass(slots=True)
class Looks:
    """When each person last read each conversation and thread; guarded by the workspace's lock."""

    last: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def look(self, world: SlackWorld, user: str, channel: Channel, thread: str) -> None:
        """Mark a conversation, or one of its threads, as read."""
        self.last[(user, channel.channel_id, thread)] = world.new_ts()

    def news(self, world: SlackWorld, user: str, channel: Channel) -> Counter[str]:
        """The person's unread messages by others, counted by thread.

        As in Slack, replies in a thread count only if they mention the person or the person took part.
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
    """The two worlds behind the page, and what the page remembers."""

    slack: SlackWorld
    github: GitHubWorld
    switches: Switches
    clock: SandboxClock
    looks: Looks = field(default_factory=Looks)
    problems: Callable[[], Sequence[str]] = tuple
    """What is wrong with the bot, for everybody to see."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A submitted form, and its files by field."""

    form: FormData
    files: Mapping[str, Sequence[tuple[str, bytes]]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field's text with plain line feeds; empty if missing."""
        value = self.form.get(name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """All values of a field."""
        return [value for value in self.form.getlist(name) if isinstance(value, str) and value]


Act = Callable[[Scene, Where, Sent], Where]
"""Does what the form asks for and returns the place to show next."""

_REASONS = {
    "operation_timeout": "the app did not answer within three seconds",
    "dispatch_failed": "no app is connected, or the app rejected it",
}


def must_be_taken(ack: Ack) -> None:
    """Raise an error, as Slack's client shows one, if the app did not acknowledge an interaction."""
    if not ack.is_ok:
        reason = _REASONS.get(ack.error or "", "the app failed")
        raise RefusedError(f"That didn’t work ({ack.error}): {reason}. Try again?")
