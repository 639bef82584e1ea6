"""A desk without a world: a tracker and a chat in memory, and a clock to move."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from identity_bot import settings
from identity_bot.desk.desk import Desk, pace
from identity_bot.desk.ports import CreatedIssue, PollResult
from identity_bot.errors import Rejected
from identity_bot.github.issue_body import with_idempotency_key
from identity_bot.outbox.effects.acts import acts
from identity_bot.outbox.queue import Outbox
from identity_bot.outbox.worker import Worker
from identity_bot.plugins import loader as plugins
from identity_bot.store.store import Store
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import (
    Action,
    Change,
    IssueComment,
    IssueDraft,
    IssuePatch,
    IssueSnapshot,
    MessageRef,
    Person,
    Ticket,
)
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
people = [{ slack = "U0LINDEN", github = "linden-brookmere" }]
"""


@dataclass
class MemoryTracker:
    """A tracker whose issues are values; `fails` are raised in turn, `drops` are labels and people it leaves out."""

    clock: Clock
    issues: list[tuple[str, Ticket, IssueDraft]] = field(default_factory=list)
    """What each issue was opened with: the repository, the ticket and the draft."""
    now: dict[tuple[str, int], IssueSnapshot] = field(default_factory=dict)
    edits: list[tuple[Ticket, IssuePatch]] = field(default_factory=list)
    comments: list[tuple[str, int, str, str]] = field(default_factory=list)
    """Repository, number, text and idempotency key of each."""
    reactions: list[tuple[int, str]] = field(default_factory=list)
    writers: set[str] = field(
        default_factory=lambda: {"indigo-marshwick", "sage-hollowell", "linden-brookmere"}
    )
    said: list[IssueComment] = field(default_factory=list)
    """What people wrote, for polls."""
    fails: list[Exception] = field(default_factory=list)
    drops: tuple[str, ...] = ()
    asked: int = 0
    """How often an issue or a repository was read."""

    def open_issue(self, repository: str, ticket: Ticket, draft: IssueDraft) -> CreatedIssue:
        self._fail()
        self.issues.append((repository, ticket, draft))
        number = len(self.issues)
        self.now[repository, number] = IssueSnapshot(
            repository=repository,
            number=number,
            url=f"https://github.test/{repository}/issues/{number}",
            ticket_id=ticket.id,
            updated_at=self.second(),
            title=draft.title,
            author="identity-helper-bot",
            labels=frozenset(draft.labels),
            assignees=frozenset(draft.assignees),
        )
        return CreatedIssue(snapshot=self.snapshot(number), left_out=self.drops)

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        fitting = [s for (r, _), s in self.now.items() if (r, s.ticket_id) == (repository, ticket_id)]
        return fitting[-1] if fitting else None

    def get_issue(self, repository: str, number: int) -> IssueSnapshot:
        self._fail()
        self.asked += 1
        return self.now[repository, number]

    def update_issue(self, ticket: Ticket, patch: IssuePatch, *, spoc_name: str = "") -> IssueSnapshot:
        self._fail()
        self.edits.append((ticket, patch))
        before = self.now[ticket.repository, ticket.number or 0]
        changes: dict[str, Any] = {"labels": frozenset(lifecycle.labels_after(before.labels, patch))}
        if patch.assignees is not None:
            changes["assignees"] = frozenset(patch.assignees)
        if patch.spoc is not None:
            changes["spoc"] = patch.spoc
        if patch.target:
            changes |= {"target": patch.target, "target_over": before.milestone_due}
        if patch.is_open is not None:
            changes |= {"is_open": patch.is_open, "close_reason": patch.close_reason}
        return self.hand(before.number, repository=ticket.repository, **changes)

    def comment(self, repository: str, number: int, body: str, *, idempotency_key: str) -> None:
        self._fail()
        assert with_idempotency_key(body, idempotency_key)
        self.comments.append((repository, number, body, idempotency_key))

    def has_comment(self, repository: str, number: int, idempotency_key: str, since: float) -> bool:
        return any((r, n, key) == (repository, number, idempotency_key) for r, n, _, key in self.comments)

    def react(self, repository: str, comment_id: int, content: str) -> None:
        self.reactions.append((comment_id, content))

    def may_write(self, repository: str, login: str) -> bool:
        return login in self.writers

    def poll(self, repository: str, *, since: float, etag: str, comments_since: float) -> PollResult | None:
        self._fail()
        self.asked += 1
        changed = [s for (r, _), s in self.now.items() if r == repository and s.updated_at >= since]
        tag = repr((changed, self.said))
        if etag == tag:
            return None
        newest = max((s.updated_at for s in changed), default=since)
        comments = tuple(one for one in self.said if one.created_at >= comments_since)
        issues = tuple(sorted(changed, key=lambda s: s.updated_at))
        return PollResult(issues=issues, comments=comments, since=newest, etag=tag if newest == since else "")

    def snapshot(self, number: int) -> IssueSnapshot:
        """An issue as it now is."""
        return self.now[self.issues[number - 1][0], number]

    def hand(self, number: int, *, repository: str = "", **changes: Any) -> IssueSnapshot:
        """Changes an issue as somebody does in GitHub; what a webhook would tell of it."""
        where = repository or self.issues[number - 1][0]
        changed = replace(self.now[where, number], **{"updated_at": self.second(), **changes})
        self.now[where, number] = changed
        return changed

    def second(self) -> float:
        """GitHub's clock, which shows whole seconds."""
        return float(int(self.clock()))

    def _fail(self) -> None:
        if self.fails:
            raise self.fails.pop(0)


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
    """A chat whose messages are a list; `closed` are channels where it may not post, `lost` messages it cannot edit."""

    posts: list[Posted] = field(default_factory=list)
    updates: list[tuple[MessageRef, str]] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    views: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    team: frozenset[str] = frozenset({"U0INDIGO", "U0SAGE", "U0LINDEN"})

    def post(
        self, channel: str, message: Mapping[str, Any], *, mark: str, thread_ts: str | None
    ) -> MessageRef:
        if channel in self.closed:
            raise Rejected("Slack's chat.postMessage: not_in_channel")
        if thread_ts in self.deleted | self.lost:
            raise Rejected("Slack's chat.postMessage: thread_not_found")
        self.posts.append(Posted(channel, message["text"], message["blocks"], thread_ts, mark))
        return MessageRef(channel=channel, ts=str(len(self.posts)))

    def find_post(self, channel: str, mark: str, since: float, *, thread_ts: str | None) -> MessageRef | None:
        for number, posted in enumerate(self.posts, 1):
            if (posted.channel, posted.mark) == (channel, mark):
                return MessageRef(channel=channel, ts=str(number))
        return None

    def update(self, post: MessageRef, message: Mapping[str, Any]) -> bool:
        if post.ts in self.lost | self.deleted:
            return False
        before = self.posts[int(post.ts) - 1]
        self.posts[int(post.ts) - 1] = replace(before, text=message["text"], blocks=message["blocks"])
        self.updates.append((post, message["text"]))
        return True

    def delete(self, post: MessageRef) -> None:
        self.deleted.add(post.ts)

    def members(self, place: str) -> frozenset[str]:
        return self.team

    def link_to(self, post: MessageRef) -> str:
        return f"https://slack.test/{post.channel}/{post.ts}"

    def show(self, view_id: str, view: Mapping[str, Any]) -> None:
        self.views.append((view_id, view))

    def name_of(self, slack_id: str) -> str:
        return self.names.get(slack_id, "")

    def texts(self, channel: str) -> list[str]:
        """What was posted in a channel."""
        return [posted.text for posted in self.standing(channel)]

    def standing(self, channel: str) -> list[Posted]:
        """What stands in a channel, in its threads too."""
        return [
            posted
            for number, posted in enumerate(self.posts, 1)
            if posted.channel == channel and str(number) not in self.deleted
        ]

    def everything(self) -> str:
        """All that Slack was ever sent, as one text."""
        return json.dumps([[vars(posted) for posted in self.posts], self.views], default=dict)


class Office:
    """A desk with its outbox and worker, on a database in a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        toml: str = SETTINGS,
        found: Sequence[plugins.Found] | None = None,
        database_url: str = "",
    ) -> None:
        (folder / "identity-bot.toml").write_text(toml, encoding="utf-8")
        database_url = database_url or f"sqlite:///{folder / 'bot.db'}"
        environ = {"GITHUB_TOKEN": "ghp-x", "DATABASE_URL": database_url}
        self.settings = settings.load(folder / "identity-bot.toml", environ)
        self.plugins = plugins.load(self.settings, plugins.find() if found is None else found)
        self.clock = Clock()
        self.store = Store(self.settings.database_url, self.clock)
        self.store.migrate()
        self.tracker = MemoryTracker(self.clock)
        self.chat = MemoryChat()
        self.outbox = Outbox(self.store)
        self.desk = self.new_desk()

    def new_desk(self, *, without: str = "") -> Desk:
        """A desk on the same database, as after a restart, without one of the request types."""
        types = {name: one for name, one in self.plugins.types.items() if name != without}
        self.desk = Desk(
            store=self.store,
            plugins=replace(self.plugins, types=types),
            settings=self.settings,
            members=lambda: self.chat.members(self.settings.team),
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

    def click(self, ticket: Ticket, move: Action, value: str = "", *, by: str, reason: str = "") -> None:
        """Has somebody in Slack ask for a change."""
        self.desk.change(ticket.id, Change(action=move, value=value, reason=reason), by=by)

    def work(self, seconds: float = 30, *, has_pace: bool = True) -> None:
        """Lets the worker work for that long."""
        worker = Worker(
            self.outbox,
            acts(self.desk, self.tracker, self.chat),
            pace=pace if has_pace else lambda lane: 0.0,
            parked=self.desk.teller.parked,
            jitter=lambda: 0.5,
        )
        end = self.clock.now + seconds
        while self.clock.now < end:
            worker.run_due()
            self.clock.move(min(1.0, end - self.clock.now))
