"""What the desk needs of GitHub and of Slack: the two ports, and the values that pass through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from identity_bot.tickets.model import IssueComment, IssueDraft, IssuePatch, IssueSnapshot, MessageRef, Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class CreatedIssue:
    """A new issue, and the labels and assignees that GitHub left out of it, in words."""

    snapshot: IssueSnapshot
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PollResult:
    """What has changed in a repository since it was last asked, and how to ask the next time."""

    issues: tuple[IssueSnapshot, ...]
    """Oldest change first; those that have changed again since then are among the next."""
    comments: tuple[IssueComment, ...]
    since: float
    """When the newest of these issues changed, by GitHub's clock, in whole seconds since the epoch."""
    etag: str
    """For asking again with the same `since`."""
    renamed_to: str | None = None
    """The repository's name where it has another one than it was asked for by."""


class Tracker(Protocol):
    """GitHub's side as the desk sees it. All methods raise Rejected, Retryable or OutcomeUnknown."""

    def open_issue(self, repository: str, ticket: Ticket, draft: IssueDraft) -> CreatedIssue:
        """Create the ticket's issue, once. The tracker adds to the draft's body what it needs to find the ticket."""

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        """The issue that carries this ticket's marker, if one was made since then (seconds since the epoch)."""

    def get_issue(self, repository: str, number: int) -> IssueSnapshot:
        """An issue as it is now; one that is deleted or elsewhere is_gone."""

    def update_issue(self, ticket: Ticket, patch: IssuePatch, *, spoc_name: str = "") -> IssueSnapshot:
        """Changes the ticket's issue as far as it is not so already, and its status block; the issue as it then is.

        `spoc_name` is what a SPOC is called who is known by a Slack id only.
        """

    def comment(self, repository: str, number: int, body: str, *, idempotency_key: str) -> None:
        """Post a comment that carries the key where people don't see it."""

    def has_comment(self, repository: str, number: int, idempotency_key: str, since: float) -> bool:
        """Whether a comment with this key was posted since then (seconds since the epoch)."""

    def react(self, repository: str, comment_id: int, content: str) -> None:
        """Puts a reaction (`+1`, `confused`, …) on a comment, once."""

    def may_write(self, repository: str, login: str) -> bool:
        """Whether somebody has write access."""

    def poll(self, repository: str, *, since: float, etag: str, comments_since: float) -> PollResult | None:
        """What has changed since then (seconds since the epoch); None, by one conditional request, for nothing."""


class Chat(Protocol):
    """Slack's side as the desk sees it. All methods raise Rejected, Retryable or OutcomeUnknown."""

    def post(
        self, channel: str, message: Mapping[str, Any], *, mark: str, thread_ts: str | None
    ) -> MessageRef:
        """Posts a message that carries `mark` where people do not see it."""

    def find_post(self, channel: str, mark: str, since: float, *, thread_ts: str | None) -> MessageRef | None:
        """The message that carries this mark, if it was posted since then (seconds since the epoch)."""

    def update(self, post: MessageRef, message: Mapping[str, Any]) -> bool:
        """Puts another message in the place of one of ours; False where that is gone or can be edited no more."""

    def delete(self, post: MessageRef) -> None:
        """Takes one of our messages away; one that is gone already is gone."""

    def link_to(self, post: MessageRef) -> str:
        """A message's permanent link."""

    def show(self, view_id: str, view: Mapping[str, Any]) -> None:
        """Puts another view in an open modal's place."""

    def name_of(self, slack_id: str) -> str:
        """Somebody's name as Slack shows it; empty where Slack does not tell."""

    def members(self, place: str) -> frozenset[str]:
        """The Slack ids of who belongs to a channel (`#name` or id) or a user group (`S…`)."""
