"""Stand-ins for tests of request types: a GitHub and a Slack in memory, and a clock to move."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from identity_bot.errors import Rejected
from identity_bot.forms.form import Form
from identity_bot.messages.updates import Message
from identity_bot.outbox.ports import CreatedIssue, IssuePage, PollResult, RedactedIssue, SharedFile
from identity_bot.plugins.code import CodeUnreadable, PullRequest
from identity_bot.slack import card, messages, modal
from identity_bot.text.redaction import REDACTED, Redact
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import (
    Filed,
    IssueComment,
    IssueDraft,
    IssuePatch,
    IssueSnapshot,
    MessageRef,
    ThreadReply,
    Ticket,
)
from identity_bot.tickets.overview import Home
from identity_bot.tickets.people import People


@dataclass
class Clock:
    """A clock that stands still until it is moved; seconds since the epoch."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def patched(issue: IssueSnapshot, patch: IssuePatch) -> IssueSnapshot:
    """The issue once GitHub has made a patch."""
    changes: dict[str, Any] = {"labels": frozenset(lifecycle.labels_after(issue.labels, patch))}
    if patch.assignees is not None:
        changes["assignees"] = frozenset(patch.assignees)
    if patch.spoc is not None:
        changes["spoc"] = patch.spoc
    if patch.target:
        changes |= {"target": patch.target, "target_over": issue.milestone_due}
    if patch.is_open is not None:
        changes |= {"is_open": patch.is_open, "close_reason": patch.close_reason}
    return replace(issue, **changes)


OWN_COMMENTS = 1_000_000
"""The id of the first comment that a MemoryTracker writes, above those that tests give to people's."""


@dataclass
class MemoryTracker:
    """A tracker whose issues are values.

    `fails` are raised in turn, `drops` are labels and people that it leaves out, `writers` have write access.
    """

    clock: Clock
    issues: list[tuple[str, IssueDraft]] = field(default_factory=list)
    """The repository and the draft of each issue that was opened."""
    now: dict[tuple[str, int], IssueSnapshot] = field(default_factory=dict)
    """The issues as they are, by repository and number."""
    patches: list[tuple[Ticket, IssuePatch]] = field(default_factory=list)
    comments: list[tuple[str, int, str, str]] = field(default_factory=list)
    """Repository, number, text and idempotency key of each comment of the bot's."""
    reactions: list[tuple[int, str]] = field(default_factory=list)
    writers: set[str] = field(default_factory=set)
    said: list[IssueComment] = field(default_factory=list)
    """What people wrote, for polls."""
    fails: list[Exception] = field(default_factory=list)
    drops: tuple[str, ...] = ()
    texts: dict[tuple[str, int], str] = field(default_factory=dict)
    """The descriptions of issues, by repository and number."""
    reads: int = 0
    """How often an issue or a repository was read."""
    account: str = "identity-helper-bot"
    """The login under which the bot writes; empty until it is asked for."""
    emails: dict[str, str] = field(default_factory=dict)
    """The e-mail addresses that people show, by login."""

    def identify(self) -> str:
        """The login under which the bot writes."""
        self._fail()
        self.account = self.account or "identity-helper-bot"
        return self.account

    def open_issue(
        self, repository: str, ticket: Ticket, draft: IssueDraft, *, spoc: str = "", spoc_name: str = ""
    ) -> CreatedIssue:
        """Keep the draft, and make an issue of it."""
        self._fail()
        self.issues.append((repository, draft))
        number = len(self.issues)
        self.texts[repository, number] = draft.body
        self.now[repository, number] = IssueSnapshot(
            repository=repository,
            number=number,
            url=f"https://github.test/{repository}/issues/{number}",
            ticket_id=ticket.id,
            filed=Filed(
                type=ticket.type,
                requestor=ticket.requestor,
                is_urgent=ticket.is_urgent,
                is_sensitive=ticket.is_sensitive,
                is_private=ticket.is_private,
                thread=ticket.thread,
            ),
            created_at=self.second(),
            updated_at=self.second(),
            title=draft.title,
            author="identity-helper-bot",
            labels=frozenset(draft.labels),
            assignees=frozenset(draft.assignees),
            spoc=spoc,
        )
        return CreatedIssue(snapshot=self.snapshot(number), left_out=self.drops)

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        """The bot's last issue with this ticket's marker."""
        wanted = repository, ticket_id, self.identify()
        fitting = [s for (r, _), s in self.now.items() if (r, s.ticket_id, s.author) == wanted]
        return fitting[-1] if fitting else None

    def get_issue(self, repository: str, number: int) -> IssueSnapshot:
        """The issue as it is."""
        self._fail()
        self.reads += 1
        return self.now[repository, number]

    def update_issue(self, ticket: Ticket, patch: IssuePatch, *, spoc_name: str = "") -> IssueSnapshot:
        """Keep the patch, and change the issue by it."""
        self._fail()
        self.patches.append((ticket, patch))
        where = ticket.repository, ticket.number or 0
        before = self.now[where]
        filed = replace(before.filed, thread=ticket.thread) if before.filed else None
        self.now[where] = replace(patched(before, patch), filed=filed, updated_at=self.second())
        return self.now[where]

    def read_text(self, repository: str, number: int) -> tuple[str, ...]:
        """The title, and the description as the bot or somebody has written it."""
        self._fail()
        return self.now[repository, number].title, self.texts.get((repository, number), "")

    def redact(self, ticket: Ticket, redact: Redact) -> RedactedIssue:
        """Redact title, description and comments."""
        self._fail()
        where = ticket.repository, ticket.number or 0
        before = (self.now[where].title, self.texts.get(where, ""), list(self.comments))
        self.now[where] = replace(
            self.now[where], title=redact(self.now[where].title), updated_at=self.second()
        )
        self.texts[where] = redact(self.texts.get(where, ""))
        self.comments = [
            (r, n, redact(body) if (r, n) == where else body, k) for r, n, body, k in self.comments
        ]
        return RedactedIssue(
            snapshot=self.now[where],
            is_changed=before != (self.now[where].title, self.texts[where], self.comments),
            edited=(self.now[where].url,),
            has_title=REDACTED in self.now[where].title,
        )

    def comment(self, repository: str, number: int, body: str, *, idempotency_key: str) -> int:
        """Keep the comment; its id is its place in the list, from OWN_COMMENTS."""
        self._fail()
        self.comments.append((repository, number, body, idempotency_key))
        return OWN_COMMENTS + len(self.comments) - 1

    def find_comment(self, repository: str, number: int, idempotency_key: str, since: float) -> int | None:
        """The comment with this key."""
        for place, (r, n, _, k) in enumerate(self.comments):
            if (r, n, k) == (repository, number, idempotency_key):
                return OWN_COMMENTS + place
        return None

    def edit_comment(self, repository: str, comment_id: int, body: str, *, idempotency_key: str) -> bool:
        """Keep what the comment now says."""
        self._fail()
        where, number, _, key = self.comments[comment_id - OWN_COMMENTS]
        self.comments[comment_id - OWN_COMMENTS] = (where, number, body, key)
        return True

    def delete_comment(self, repository: str, comment_id: int) -> None:
        """Leave nothing of the comment but its place."""
        self.edit_comment(repository, comment_id, "", idempotency_key="")

    def list_comments(self, repository: str, number: int) -> tuple[IssueComment, ...]:
        """What people wrote."""
        self._fail()
        self.reads += 1
        return tuple(one for one in self.said if (one.repository, one.number) == (repository, number))

    def react(self, repository: str, comment_id: int, content: str) -> None:
        """Keep the reaction."""
        self.reactions.append((comment_id, content))

    def has_reacted(self, repository: str, comment_id: int) -> bool:
        """Whether a reaction was kept."""
        return any(reacted == comment_id for reacted, _ in self.reactions)

    def may_write(self, repository: str, login: str) -> bool:
        """Whether they are among the writers."""
        return login in self.writers

    def public_email(self, login: str) -> str:
        """The address, if there is one."""
        self._fail()
        self.reads += 1
        return self.emails.get(login, "")

    def poll(self, repository: str, *, since: float, etag: str, comments_since: float) -> PollResult | None:
        """What has changed since then."""
        self._fail()
        self.reads += 1
        changed = [s for (r, _), s in self.now.items() if r == repository and s.updated_at >= since]
        tag = repr((changed, self.said))
        if etag == tag:
            return None
        newest = max((s.updated_at for s in changed), default=since)
        return PollResult(
            issues=tuple(sorted(changed, key=lambda s: s.updated_at)),
            comments=tuple(
                one for one in self.said if one.repository == repository and one.created_at >= comments_since
            ),
            since=newest,
            etag=tag if newest == since else "",
        )

    def list_issues(self, repository: str, page: int) -> IssuePage:
        """All issues, on one page."""
        self._fail()
        self.reads += 1
        found = [snapshot for (where, _), snapshot in sorted(self.now.items()) if where == repository]
        return IssuePage(issues=tuple(found), pages=1)

    def snapshot(self, number: int) -> IssueSnapshot:
        """An issue as it is now, by the order in which the bot opened it."""
        return self.now[self.issues[number - 1][0], number]

    def edit(self, number: int, *, repository: str = "", **changes: Any) -> IssueSnapshot:
        """Change an issue as somebody does in GitHub; what a webhook would tell of it."""
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


@dataclass
class MemoryCode:
    """Code in memory: pull requests by their links, and files by repository and path."""

    pulls: dict[str, PullRequest] = field(default_factory=dict)
    files: dict[tuple[str, str], str] = field(default_factory=dict)
    unreadable: set[tuple[str, str]] = field(default_factory=set)
    """Files that GitHub does not tell of."""

    def pull_request(self, link: str) -> PullRequest:
        """The pull request at a link; CodeUnreadable if there is none."""
        if link not in self.pulls:
            raise CodeUnreadable(f"no pull request at {link}")
        return self.pulls[link]

    def read_file(self, repository: str, path: str, branch: str = "") -> str | None:
        """A file on any branch."""
        if (repository, path) in self.unreadable:
            raise CodeUnreadable(f"{path} of {repository} cannot be read")
        return self.files.get((repository, path))


@dataclass(frozen=True)
class Posted:
    """A message as it was posted, drawn as Slack shows it."""

    channel: str
    text: str
    blocks: Any
    thread_ts: str | None
    key: str


@dataclass
class MemoryChat:
    """A chat whose messages are a list.

    `closed` are channels where it may not post, `lost` the time stamps of messages that can no longer be edited.
    """

    people: People = field(default_factory=lambda: People([]))
    posts: list[Posted] = field(default_factory=list)
    edits: list[tuple[MessageRef, str]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    views: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    homes: list[tuple[str, Home]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    shared: list[tuple[str, SharedFile]] = field(default_factory=list)
    may_share: bool = True
    names: dict[str, str] = field(default_factory=dict)
    replies: list[ThreadReply] = field(default_factory=list)
    """What people have written in threads."""
    team: frozenset[str] = frozenset()
    outsiders: frozenset[str] = frozenset()
    emails: dict[str, str] = field(default_factory=dict)
    """The Slack ids of people, by e-mail address."""

    def post(
        self, channel: str, message: Message, *, idempotency_key: str, thread_ts: str | None
    ) -> MessageRef:
        """Keep the message; its time stamp is its place in the list, from 1."""
        return self._post(channel, messages.message(message), idempotency_key, thread_ts)

    def share(self, channel: str, files: Sequence[SharedFile], text: str) -> None:
        """Keep the files, and the text as a message."""
        if self.may_share:
            self.shared += [(channel, one) for one in files]
            self._post(channel, messages.message(Message(text=text)), "", None)
        else:
            raise Rejected("Slack's files.getUploadURLExternal: missing_scope (needed: files:write)")

    def has_shared(self, channel: str, name: str, since: float) -> bool:
        """Whether a file of this name was shared."""
        return any((where, one.name) == (channel, name) for where, one in self.shared)

    def find_message(
        self,
        channel: str,
        idempotency_key: str,
        since: float,
        *,
        thread_ts: str | None,
        until: float | None = None,
    ) -> MessageRef | None:
        """The message with this key."""
        for number, posted in enumerate(self.posts, 1):
            if (posted.channel, posted.key) == (channel, idempotency_key):
                return MessageRef(channel=channel, ts=str(number))
        return None

    def edit(self, message: MessageRef, now: Message) -> None:
        """Edit the message."""
        if message.ts not in self.lost:
            self._edit(message, messages.message(now))

    def delete(self, message: MessageRef) -> None:
        """Leave nothing of the message but its place."""
        self._edit(message, {"text": "", "blocks": []})

    def read_thread(self, thread: MessageRef) -> tuple[ThreadReply, ...]:
        """The replies that a test says are there."""
        self._check(thread.channel)
        return tuple(one for one in self.replies if one.thread_ts == thread.ts)

    def settle(self, message: MessageRef, now: Message, outcome: str) -> None:
        """Edit the message."""
        if message.ts not in self.lost:
            self._edit(message, messages.settled(now, outcome))

    def show_card(
        self,
        ticket: Ticket,
        form: Form | None,
        *,
        channel: str,
        idempotency_key: str,
        now: float,
        notes: Sequence[str] = (),
    ) -> MessageRef:
        """Edit the card, or post it."""
        drawn = card.card(ticket, form, self.people, notes, now=now)
        if ticket.card is None or ticket.card.ts in self.lost:
            return self._post(channel, drawn, idempotency_key, None)
        self._edit(ticket.card, drawn)
        return ticket.card

    def redact(
        self, channel: str, redact: Redact, *, thread_ts: str | None, since: float, about: str, cursor: str
    ) -> str:
        """Redact the messages of a thread, or those in the channel that name the ticket; there is only one page."""
        self._check(channel)
        for place, posted in enumerate(self.posts):
            is_meant = thread_ts in (posted.thread_ts, str(place + 1)) if thread_ts else about in posted.text
            if posted.channel == channel and is_meant:
                drawn = messages.redacted(vars(posted), redact) or {}
                self.posts[place] = replace(posted, **drawn)
        return ""

    def show_receipt(self, view_id: str, ticket: Ticket, hints: Sequence[str]) -> None:
        """Keep the receipt."""
        self.views.append((view_id, modal.receipt(ticket, hints=hints)))

    def show_home(self, slack_id: str, home: Home, forms: Mapping[str, Form], command: str) -> None:
        """Keep the Home tab."""
        self.homes.append((slack_id, home))

    def members(self, place: str) -> frozenset[str]:
        """The team."""
        return self.team

    def is_colleague(self, slack_id: str) -> bool:
        """Everybody is, but for `outsiders`."""
        return slack_id not in self.outsiders

    def find_colleague(self, email: str) -> str:
        """Whoever has this address, but for `outsiders`."""
        found = self.emails.get(email, "")
        return found if self.is_colleague(found) else ""

    def link_to(self, message: MessageRef) -> str:
        """An address made of channel and time stamp."""
        return f"https://slack.test/{message.channel}/{message.ts}"

    def name_of(self, slack_id: str) -> str:
        """The name, if there is one."""
        return self.names.get(slack_id, "")

    def texts(self, channel: str) -> list[str]:
        """What was posted in a channel, in its threads too."""
        return [posted.text for posted in self.posts if posted.channel == channel]

    def everything(self) -> str:
        """All that Slack was ever sent, as one text."""
        return json.dumps([[vars(posted) for posted in self.posts], self.views], default=dict)

    def _edit(self, message: MessageRef, drawn: Mapping[str, Any]) -> None:
        before = self.posts[int(message.ts) - 1]
        self.posts[int(message.ts) - 1] = replace(before, text=drawn["text"], blocks=drawn["blocks"])
        self.edits.append((message, drawn["text"]))

    def _check(self, channel: str) -> None:
        if channel in self.closed:
            raise Rejected("Slack's chat.postMessage: not_in_channel")

    def _post(self, channel: str, drawn: Mapping[str, Any], key: str, thread_ts: str | None) -> MessageRef:
        self._check(channel)
        if thread_ts in self.lost:
            raise Rejected("Slack's chat.postMessage: thread_not_found")
        self.posts.append(Posted(channel, drawn["text"], drawn["blocks"], thread_ts, key))
        return MessageRef(channel=channel, ts=str(len(self.posts)))
