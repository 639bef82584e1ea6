"""Who is who: people's Slack ids and GitHub logins, by the settings and as people have proved. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from identity_bot.text.markdown import mrkdwn
from identity_bot.text.names import MEMBER_ID, fold, is_same

_KEY = re.compile(f"slack:({MEMBER_ID})")

Entry = Mapping[str, str]
"""What the settings say of one person: `slack`, `github` or both."""


class LinkSource(StrEnum):
    """Why we believe that a Slack id and a GitHub login belong to the same person."""

    PROVED = "proved"
    """They commented a code, which they were given in Slack, under that login."""
    OPERATOR = "operator"
    EMAIL = "email"
    """They show the same e-mail address in both: enough to name them, and for nothing else."""
    REMOVED = "removed"
    """It was an error, or they want no link: no e-mail address links this person or this login again."""


TRUSTED = frozenset({LinkSource.PROVED, LinkSource.OPERATOR})
"""The sources by which somebody acts in one place under their name in the other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One person's Slack id and GitHub login, outside the settings."""

    slack_id: str
    login: str
    source: LinkSource
    at: float
    """Seconds since the epoch."""


class People:
    """Finds people's Slack ids by their GitHub logins, in any case, and the other way around.

    `links` returns what people have proved; the same object as long as it is the same. The settings go before it.
    Links by an equal e-mail address count only where it is about how to name somebody.
    """

    def __init__(self, entries: Iterable[Entry], links: Callable[[], tuple[Link, ...]] = lambda: ()) -> None:
        self._fixed = _Index([pair for pair in map(_pair, entries) if pair])
        self._links = links
        self._known: tuple[tuple[Link, ...], _Index, _Index] = (), self._fixed, self._fixed

    def slack_id(self, login: str) -> str:
        """The Slack id of a GitHub login; empty if it is not known."""
        return self._now()[0].slack_ids.get(fold(login), "")

    def named(self, login: str) -> str:
        """The Slack id by which to name a GitHub login; empty if it is not known. It may be a guess."""
        return self._now()[1].slack_ids.get(fold(login), "")

    def login(self, slack_id: str) -> str:
        """The GitHub login of a Slack id; empty if it is not known."""
        return self._now()[0].logins.get(slack_id, "")

    def login_in_settings(self, slack_id: str) -> str:
        """The same by the settings alone."""
        return self._fixed.logins.get(slack_id, "")

    def is_overridden(self, link: Link) -> bool:
        """Whether the settings name the person or the login, so that the link counts for nothing."""
        return link.slack_id in self._fixed.logins or fold(link.login) in self._fixed.slack_ids

    def in_settings(self) -> Mapping[str, str]:
        """The logins that the settings name, by Slack id."""
        return self._fixed.logins

    def _now(self) -> tuple[_Index, _Index]:
        """Who is who for what people do, and for how they are named."""
        links = self._links()
        seen, trusted, naming = self._known
        if seen is not links:
            fixed = list(self._fixed.logins.items())
            found = [one for one in links if not self.is_overridden(one)]
            proved = [(one.slack_id, one.login) for one in found if one.source in TRUSTED]
            guessed = [(one.slack_id, one.login) for one in found if one.source is LinkSource.EMAIL]
            trusted, naming = _Index([*fixed, *proved]), _Index([*fixed, *proved, *guessed])
            self._known = links, trusted, naming  # at once: threads share it
        return trusted, naming

    def key_of(self, slack_id: str) -> str:
        """What a ticket calls somebody: their GitHub login if it is known, else `slack:U…`."""
        return self.login(slack_id) or f"slack:{slack_id}"

    def is_known(self, key: str) -> bool:
        """Whether a GitHub login or `slack:U…` can be mentioned in Slack."""
        return bool(_KEY.fullmatch(key) or self.named(key))

    def mention(self, key: str) -> str:
        """A Slack mention for a GitHub login or `slack:U…`; the login itself if the Slack id is not known."""
        named = _KEY.fullmatch(key)
        slack_id = named[1] if named else self.named(key)
        return f"<@{slack_id}>" if slack_id else mrkdwn(key)

    def mention_of(self, who: str) -> str:
        """A Slack mention for a Slack id, a GitHub login or `slack:U…`."""
        return f"<@{who}>" if re.fullmatch(MEMBER_ID, who) else self.mention(who)


class _Index:
    """Pairs of a Slack id and a login, to be found by either; the first pair counts."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.slack_ids: Mapping[str, str] = {fold(login): slack_id for slack_id, login in reversed(pairs)}
        self.logins: Mapping[str, str] = dict(reversed(pairs))


def contradictions(entries: Iterable[tuple[str, Entry]]) -> Iterator[str]:
    """A line for each entry that contradicts another; `entries` come with their places in the settings."""
    by_slack: dict[str, tuple[str, str]] = {}
    by_login: dict[str, tuple[str, str]] = {}
    for where, entry in entries:
        pair = _pair(entry)
        if not pair:
            continue
        slack_id, login = pair
        known, place = by_slack.setdefault(slack_id, (login, where))
        if not is_same(known, login):
            yield f"{where}: {slack_id} is {login!r} here and {known!r} in {place}; expected one login for each person"
        known, place = by_login.setdefault(fold(login), (slack_id, where))
        if known != slack_id:
            yield f"{where}: {login!r} is {slack_id} here and {known} in {place}; expected one Slack id for each person"


def _pair(entry: Entry) -> tuple[str, str] | None:
    slack_id, login = entry.get("slack"), entry.get("github")
    return (slack_id, login) if slack_id and login else None
