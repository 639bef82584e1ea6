"""What an act on the sandbox's page works with: the worlds, what was sent, and how an act is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from identity_bot.errors import IdentityBotError
from identity_bot_sandbox.github.state import GitHubWorld
from identity_bot_sandbox.page.faults import Switches
from identity_bot_sandbox.page.slack_view import Looks
from identity_bot_sandbox.page.where import Where
from identity_bot_sandbox.slack.values import Ack
from identity_bot_sandbox.slack.world import SlackWorld


class RefusedError(IdentityBotError):
    """An act was not possible; the sentence is shown to the person."""


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
    "dispatch_failed": "nothing took it: no app is connected, or the app refused it",
}


def must_be_taken(ack: Ack) -> None:
    """Say, as Slack's client does, that the app did not take an interaction."""
    if not ack.is_ok:
        reason = _REASONS.get(ack.error or "", "the app failed")
        raise RefusedError(f"That did not work ({ack.error}): {reason}. Try again?")
