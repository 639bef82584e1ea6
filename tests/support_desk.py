"""A desk without a world: a tracker and a chat in memory, and a clock to move."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from identity_bot import issue, plugins, settings
from identity_bot.acts import Opened, acts
from identity_bot.desk import Desk, pace
from identity_bot.errors import Refused
from identity_bot.model import IssueDraft, IssueSnapshot, Person, Post, Ticket
from identity_bot.outbox import Outbox
from identity_bot.store import Store
from identity_bot.worker import Worker
from tests.support_outbox import Clock

JUNIPER = Person(slack_id="U0JUNIPER", handle="juniper")
COMMON = {"team": "Benefits", "name": "Juniper Vale", "production": False}
REVIEW = COMMON | {"tested": True, "pull_request": "https://github.com/sandbox-org/vets-api/pull/7"}
DATA = COMMON | {"sensitive": False, "data_needed": "Sign-ins per credential in May"}

SETTINGS = """
intake_channel = "C0INTAKE"
team_channel = "C0TEAM"
repository = "sandbox-org/identity-requests"
restricted_repository = "sandbox-org/identity-restricted"
leads = [{ slack = "U0INDIGO", github = "indigo-marshwick" }, { slack = "U0SAGE", github = "sage-hollowell" }]
"""


@dataclass
class MemoryTracker:
    """A tracker whose issues are a list; `fails` are raised in turn, `drops` are labels and people it leaves out."""

    issues: list[tuple[str, IssueDraft]] = field(default_factory=list)
    statuses: list[Ticket] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    drops: tuple[str, ...] = ()

    def open_issue(self, repository: str, draft: IssueDraft) -> Opened:
        if self.fails:
            raise self.fails.pop(0)
        self.issues.append((repository, draft))
        return Opened(snapshot=self.snapshot(len(self.issues)), refused=self.drops)

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        for number, (where, draft) in enumerate(self.issues, 1):
            if where == repository and issue.ticket_id_in(draft.body) == ticket_id:
                return self.snapshot(number)
        return None

    def set_status(self, ticket: Ticket) -> None:
        self.statuses.append(ticket)

    def snapshot(self, number: int) -> IssueSnapshot:
        """An issue as it now is."""
        repository, draft = self.issues[number - 1]
        return IssueSnapshot(
            repository=repository,
            number=number,
            url=f"https://github.test/{repository}/issues/{number}",
            ticket_id=issue.ticket_id_in(draft.body),
            labels=frozenset(draft.labels),
            assignees=frozenset(draft.assignees),
        )


@dataclass(frozen=True)
class Posted:
    """A message as it was posted."""

    channel: str
    text: str
    blocks: Any
    thread_ts: str | None
    mark: str


@dataclass
class MemoryChat:
    """A chat whose messages are a list; `closed` are channels where it may not post."""

    posts: list[Posted] = field(default_factory=list)
    views: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def post(self, channel: str, message: Mapping[str, Any], *, mark: str, thread_ts: str | None) -> Post:
        if channel in self.closed:
            raise Refused("Slack's chat.postMessage: not_in_channel")
        self.posts.append(Posted(channel, message["text"], message["blocks"], thread_ts, mark))
        return Post(channel=channel, ts=str(len(self.posts)))

    def find_post(self, channel: str, mark: str, since: float, *, thread_ts: str | None) -> Post | None:
        for number, posted in enumerate(self.posts, 1):
            if (posted.channel, posted.mark) == (channel, mark):
                return Post(channel=channel, ts=str(number))
        return None

    def link_to(self, post: Post) -> str:
        return f"https://slack.test/{post.channel}/{post.ts}"

    def show(self, view_id: str, view: Mapping[str, Any]) -> None:
        self.views.append((view_id, view))

    def name_of(self, slack_id: str) -> str:
        return self.names.get(slack_id, "")

    def texts(self, channel: str) -> list[str]:
        """What was posted in a channel."""
        return [posted.text for posted in self.posts if posted.channel == channel]

    def everything(self) -> str:
        """All that Slack was ever sent, as one text."""
        return json.dumps([[vars(posted) for posted in self.posts], self.views], default=dict)


class Office:
    """A desk with its outbox and worker, on a database in a folder."""

    def __init__(
        self, folder: Path, *, toml: str = SETTINGS, found: Sequence[plugins.Found] | None = None
    ) -> None:
        (folder / "identity-bot.toml").write_text(toml, encoding="utf-8")
        environ = {"GITHUB_TOKEN": "ghp-x", "DATABASE_URL": f"sqlite:///{folder / 'bot.db'}"}
        self.settings = settings.load(folder / "identity-bot.toml", environ)
        self.plugins = plugins.load(self.settings, plugins.find() if found is None else found)
        self.clock = Clock()
        self.store = Store(self.settings.database_url, self.clock)
        self.store.migrate()
        self.tracker = MemoryTracker()
        self.chat = MemoryChat()
        self.outbox = Outbox(self.store)
        self.desk = self.new_desk()

    def new_desk(self, *, without: str = "") -> Desk:
        """A desk on the same database, as after a restart, without one of the request types."""
        types = {name: one for name, one in self.plugins.types.items() if name != without}
        self.desk = Desk(
            store=self.store,
            plugins=plugins.Plugins(types=types),
            settings=self.settings,
        )
        return self.desk

    def submit(self, type_name: str = "pr_review", *, view: str = "V1", **changes: Any) -> Ticket:
        """Sends a form, filled in as usual but for the changes."""
        origin = changes.pop("origin", None)
        values = (DATA if type_name == "data_pull" else REVIEW) | changes
        return self.desk.submit(type_name, values, JUNIPER, submission=view, origin=origin)

    def ticket(self, ticket: Ticket) -> Ticket:
        """A ticket as it now is."""
        found = self.store.ticket(ticket.id)
        assert found
        return found

    def work(self, seconds: int = 30) -> None:
        """Lets the worker work for that long."""
        worker = Worker(
            self.outbox,
            acts(self.desk, self.tracker, self.chat),
            pace=pace,
            parked=self.desk.parked,
            jitter=lambda: 0.5,
        )
        for _ in range(seconds):
            worker.run_due()
            self.clock.move(1)
