"""What the page shows, and its address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from identity_bot_sandbox import cast

SLACK, GITHUB = "slack", "github"
HOME = "home"
_ISSUES = re.compile(r"/github/([^/]+/[^/]+?)(?:/issues(?:/(\d+))?|/pull/(\d+))?/?")
# On these hosts, addresses of the sandbox's organization mean the sandbox.
_GITHUB = re.compile(rf"https://(?:www\.|redirect\.)?github\.com/(?={cast.REPOSITORY.partition('/')[0]}/)")
_PERMALINK = re.compile(r"/archives/(\w+)/p(\d+)(\d{6})")
_FILE = re.compile(r"/slack/files/(\w+)/.*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """Who looks at which conversation and thread, repository and issue.

    `pane` is the half shown on a narrow screen; `state` is open or closed; `issue` 0 is the list.
    """

    person: str = cast.PEOPLE[0].slack_id
    channel: str = cast.PLACES[0].channel_id
    thread: str = ""
    repository: str = cast.REPOSITORY
    issue: int = 0
    state: str = "open"
    pane: str = SLACK

    @property
    def character(self) -> cast.Character:
        """The person who looks."""
        return next(person for person in cast.PEOPLE if person.slack_id == self.person)

    @classmethod
    def read(cls, query: Mapping[str, str], path: Mapping[str, Any] | None = None) -> Where:
        """The place of an address; invalid parts get their defaults."""
        here = cls()
        handles = {person.handle: person.slack_id for person in cast.PEOPLE}
        number = query.get("issue", "")
        here = replace(
            here,
            person=handles.get(query.get("as", ""), here.person),
            channel=query.get("channel", here.channel),
            thread=query.get("thread", ""),
            repository=query.get("repository", here.repository),
            issue=int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0,
            state="closed" if query.get("state") == "closed" else "open",
            pane=GITHUB if query.get("pane") == GITHUB else SLACK,
        )
        if path and "owner" in path:
            repository = f"{path['owner']}/{path['name']}"
            here = replace(here, repository=repository, issue=int(path.get("number", 0)), pane=GITHUB)
        return here

    def at(self, **changes: Any) -> Where:
        """This place with changes; another conversation leaves the thread."""
        if "channel" in changes:
            changes = {"thread": "", **changes}
        return replace(self, **changes)

    def url(self, **changes: Any) -> str:
        """The address of this place with changes."""
        there = self.at(**changes)
        query = there._query()
        path = "/"
        if there.pane == GITHUB:
            path = f"/github/{quote(there.repository)}/issues" + (f"/{there.issue}" if there.issue else "")
            query = {key: text for key, text in query.items() if key not in ("repository", "issue", "pane")}
        return f"{path}?{urlencode(query)}" if query else path

    def act(self, name: str) -> str:
        """The address to which a form posts an action, so that the page returns to this place."""
        query = self._query()
        return f"/page/{name}?{urlencode(query)}" if query else f"/page/{name}"

    def leads_to(self, address: str, base: str) -> str | None:
        """The page's own address for a link to the sandbox's issues, messages or files, else None."""
        address = _GITHUB.sub("/github/", address.removeprefix(base))
        if not address.startswith("/") or address.startswith("//"):
            return None
        parts = urlsplit(address)
        if found := _FILE.fullmatch(parts.path):
            return f"/page/files/{found[1]}"
        if found := _PERMALINK.fullmatch(parts.path):
            root = parse_qs(parts.query).get("thread_ts", [f"{found[2]}.{found[3]}"])[0]
            return self.url(channel=found[1], thread=root, pane=SLACK)
        if found := _ISSUES.fullmatch(parts.path):
            number = int(found[2] or found[3] or 0)
            shown = self.url(repository=found[1], issue=number, pane=GITHUB)
            return shown + (f"#{parts.fragment}" if number and parts.fragment else "")
        return None

    def _query(self) -> dict[str, str]:
        default = Where()
        pairs = {
            "as": (self.character.handle, default.character.handle),
            "channel": (self.channel, default.channel),
            "thread": (self.thread, ""),
            "repository": (self.repository, default.repository),
            "issue": (str(self.issue), "0"),
            "state": (self.state, default.state),
            "pane": (self.pane, default.pane),
        }
        return {name: value for name, (value, usual) in pairs.items() if value != usual}
