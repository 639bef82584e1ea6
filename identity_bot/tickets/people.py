"""Who is who: people's Slack ids and GitHub logins, as the settings name them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from identity_bot.text.markdown import mrkdwn
from identity_bot.text.names import MEMBER_ID, fold, is_same

_KEY = re.compile(f"slack:({MEMBER_ID})")

Entry = Mapping[str, str]
"""What the settings say of one person: `slack`, `github` or both."""


class People:
    """Finds people's Slack ids by their GitHub logins, in any case, and the other way around."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        pairs = [pair for pair in map(_pair, entries) if pair]
        self._slack_ids = {fold(login): slack_id for slack_id, login in reversed(pairs)}
        self._logins = dict(reversed(pairs))

    def slack_id(self, login: str) -> str:
        """The Slack id of a GitHub login; empty if it is not known."""
        return self._slack_ids.get(fold(login), "")

    def login(self, slack_id: str) -> str:
        """The GitHub login of a Slack id; empty if it is not known."""
        return self._logins.get(slack_id, "")

    def key_of(self, slack_id: str) -> str:
        """What a ticket calls somebody: their GitHub login if it is known, else `slack:U…`."""
        return self.login(slack_id) or f"slack:{slack_id}"

    def mention(self, key: str) -> str:
        """A Slack mention for a GitHub login or `slack:U…`; the login itself if the Slack id is not known."""
        named = _KEY.fullmatch(key)
        slack_id = named[1] if named else self.slack_id(key)
        return f"<@{slack_id}>" if slack_id else mrkdwn(key)

    def mention_of(self, who: str) -> str:
        """A Slack mention for a Slack id, a GitHub login or `slack:U…`."""
        return f"<@{who}>" if re.fullmatch(MEMBER_ID, who) else self.mention(who)


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
