"""The page's switches for faults: slow answers, errors, rate limits and webhooks that go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from identity_bot_sandbox.github.faults import FaultKind
from identity_bot_sandbox.github.world import GitHubWorld
from identity_bot_sandbox.slack.world import SlackWorld

SLOW_SECONDS = 2.0
DELAY_SECONDS = 10.0
RETRY_AFTER = 5
_POSTS_ISSUE = ("POST", "/repos/*/*/issues")


@dataclass(frozen=True, kw_only=True, slots=True)
class Switch:
    """A fault that can be switched on; `side` is the world it affects."""

    name: str
    side: str
    words: str
    put_on: Callable[[SlackWorld, GitHubWorld], object]


def _github(name: str, words: str, put_on: Callable[[GitHubWorld], object]) -> Switch:
    return Switch(name=name, side="GitHub", words=words, put_on=lambda slack, github: put_on(github))


def _slack(name: str, words: str, put_on: Callable[[SlackWorld], object]) -> Switch:
    return Switch(name=name, side="Slack", words=words, put_on=lambda slack, github: put_on(slack))


SWITCHES: tuple[Switch, ...] = (
    _slack(
        "slack-limited",
        f"Rate-limits messages: 429, retry after {RETRY_AFTER} s",
        lambda slack: slack.faults.add("chat.postMessage", retry_after=RETRY_AFTER, times=None),
    ),
    _slack(
        "slack-slow",
        f"Takes {SLOW_SECONDS:g} s longer to answer",
        lambda slack: slack.faults.add(delay=SLOW_SECONDS, times=None),
    ),
    _github(
        "github-slow",
        f"Takes {SLOW_SECONDS:g} s longer to answer",
        lambda github: github.faults.add(kind=FaultKind.SLOW, delay=SLOW_SECONDS, times=None),
    ),
    _github(
        "github-broken",
        "Answers everything with 502",
        lambda github: github.faults.add(status=502, times=None),
    ),
    _github(
        "github-unsure",
        "Creates the next issue, but answers 502",
        lambda github: github.faults.add(*_POSTS_ISSUE, status=502, after=True),
    ),
    _github(
        "github-limited",
        f"Rate-limits everything: 403, retry after {RETRY_AFTER} s",
        lambda github: github.faults.add(kind=FaultKind.SECONDARY_LIMIT, retry_after=RETRY_AFTER, times=None),
    ),
    _github("webhooks-lost", "Loses webhooks", lambda github: github.webhooks.lose(None)),
    _github("webhooks-doubled", "Sends webhooks twice", lambda github: github.webhooks.duplicate(None)),
    _github(
        "webhooks-delayed",
        f"Sends webhooks {DELAY_SECONDS:g} s late",
        lambda github: github.webhooks.delay(DELAY_SECONDS, None),
    ),
    _github(
        "webhooks-reordered",
        "Reverses the order of webhooks that are sent together",
        lambda github: github.webhooks.reorder(None),
    ),
)


@dataclass(kw_only=True, slots=True)
class Switches:
    """The page's switches; setting them replaces all other faults."""

    slack: SlackWorld
    github: GitHubWorld
    _put_on: dict[str, object] = field(default_factory=dict)
    sides: Mapping[str, list[Switch]] = field(
        default_factory=lambda: {
            side: [one for one in SWITCHES if one.side == side] for side in ("Slack", "GitHub")
        }
    )

    def set(self, names: Iterable[str]) -> None:
        """Switch on the named faults, and all others off."""
        wanted = set(names)
        self.slack.faults.clear()
        self.github.faults.clear()
        self.github.webhooks.mend()
        self._put_on = {
            switch.name: switch.put_on(self.slack, self.github)
            for switch in SWITCHES
            if switch.name in wanted
        }

    @property
    def on(self) -> frozenset[str]:
        """The names of the faults that are on; one that happens once is off afterward."""
        active = (*self.slack.faults.active(), *self.github.faults.active())
        return frozenset(name for name, fault in self._put_on.items() if fault is None or fault in active)

    def drop_socket(self) -> None:
        """Abort the app's connections once."""
        self.slack.delivery.sockets.drop()

    def silence_socket(self) -> None:
        """Let the app's connections go silent, open as they are."""
        self.slack.delivery.sockets.silence()
