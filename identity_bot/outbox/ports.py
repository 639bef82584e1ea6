"""What effects need of GitHub, of Slack and of the desk: ports, and the values that pass through them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from identity_bot.forms.form import Form
from identity_bot.messages.updates import Message
from identity_bot.store.transaction import Transaction
from identity_bot.text.redaction import Redact
from identity_bot.tickets.business_time import BusinessHours
from identity_bot.tickets.digest import Digest
from identity_bot.tickets.model import (
    Event,
    IssueComment,
    IssueDraft,
    IssuePatch,
    IssueSnapshot,
    MessageRef,
    ThreadReply,
    Ticket,
)
from identity_bot.tickets.overview import Choices, Home


@dataclass(frozen=True, kw_only=True, slots=True)
class CreatedIssue:
    """A new issue, and in words what GitHub left out of what was asked for."""

    snapshot: IssueSnapshot
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RedactedIssue:
    """An issue after text was removed from it and its comments."""

    snapshot: IssueSnapshot
    is_changed: bool = False
    edited: tuple[str, ...] = ()
    """Links to the description and the comments that lost text, now or earlier, and have it in their edit history."""
    refused: tuple[str, ...] = ()
    """Links to those that still have it because the bot may not edit them."""
    has_title: bool = False
    """Whether text was removed from the title."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PollResult:
    """What has changed in a repository since it was last polled, and how to poll it the next time."""

    issues: tuple[IssueSnapshot, ...]
    """Oldest change first; those that have changed again since then are among the next."""
    comments: tuple[IssueComment, ...]
    since: float
    """When the newest of these issues changed, by GitHub's clock, in whole seconds since the epoch."""
    etag: str
    """For polling again with the same `since`."""
    renamed_to: str | None = None
    """The repository's name if it is no longer the one that was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuePage:
    """A page of all issues of a repository, and how many pages there are."""

    issues: tuple[IssueSnapshot, ...]
    pages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedFile:
    """A file to share in a channel."""

    name: str
    content: bytes
    title: str
    alt_text: str = ""
    """Describes a picture to those who cannot see it; at most 1,000 characters."""


class Tracker(Protocol):
    """GitHub. All methods raise Rejected, Retryable or OutcomeUnknown."""

    @property
    def account(self) -> str:
        """The login under which the bot writes; empty until GitHub has told it."""

    def identify(self) -> str:
        """The login under which the bot writes; asks GitHub where it is not known yet."""

    def open_issue(
        self, repository: str, ticket: Ticket, draft: IssueDraft, *, spoc: str = "", spoc_name: str = ""
    ) -> CreatedIssue:
        """Create the ticket's issue, once; its body is made from the ticket, the draft and who is the SPOC.

        `spoc_name` is what to call a SPOC who is known by a Slack id only.
        """

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        """The bot's own issue that carries this ticket's marker, if created since then (seconds since the epoch)."""

    def get_issue(self, repository: str, number: int) -> IssueSnapshot:
        """An issue as it is now; one that is deleted or elsewhere is_gone."""

    def update_issue(self, ticket: Ticket, patch: IssuePatch, *, spoc_name: str = "") -> IssueSnapshot:
        """Change the ticket's issue, as far as it is not so already, and its status block; the issue as it then is.

        `spoc_name` is what to call a SPOC who is known by a Slack id only.
        """

    def read_text(self, repository: str, number: int) -> tuple[str, ...]:
        """What people wrote in an issue's title and description."""

    def redact(self, ticket: Ticket, redact: Redact) -> RedactedIssue:
        """Redact the issue's title and description, and its comments whoever wrote them; repeatable."""

    def comment(self, repository: str, number: int, body: str, *, idempotency_key: str) -> int:
        """Write a comment that carries the key where people do not see it; the comment's id."""

    def find_comment(self, repository: str, number: int, idempotency_key: str, since: float) -> int | None:
        """The id of the bot's comment with this key, if written since then (seconds since the epoch)."""

    def edit_comment(self, repository: str, comment_id: int, body: str, *, idempotency_key: str) -> bool:
        """Have a comment of the bot's say something else; False if it is not there anymore."""

    def delete_comment(self, repository: str, comment_id: int) -> None:
        """Delete a comment of the bot's, if it is still there."""

    def react(self, repository: str, comment_id: int, content: str) -> None:
        """Put a reaction (`+1`, `confused`, …) on a comment, once."""

    def has_reacted(self, repository: str, comment_id: int) -> bool:
        """Whether the bot has put a reaction on a comment."""

    def list_comments(self, repository: str, number: int) -> tuple[IssueComment, ...]:
        """What people have commented on an issue, oldest first."""

    def may_write(self, repository: str, login: str) -> bool:
        """Whether somebody has write access."""

    def public_email(self, login: str) -> str:
        """The e-mail address that a person shows to everybody; empty if they show none, or it is no person."""

    def poll(self, repository: str, *, since: float, etag: str, comments_since: float) -> PollResult | None:
        """What has changed since then (seconds since the epoch); None, by one conditional request, for nothing."""

    def list_issues(self, repository: str, page: int) -> IssuePage:
        """A page of a repository's issues, open and closed, the oldest first; pages are numbered from 1."""


class Chat(Protocol):
    """Slack. All methods but `name_of` raise Rejected, Retryable or OutcomeUnknown."""

    def post(
        self, channel: str, message: Message, *, idempotency_key: str, thread_ts: str | None
    ) -> MessageRef:
        """Post a message that carries the key where people do not see it."""

    def find_message(
        self,
        channel: str,
        idempotency_key: str,
        since: float,
        *,
        thread_ts: str | None,
        until: float | None = None,
    ) -> MessageRef | None:
        """The message that carries this key, if it was posted in that time (seconds since the epoch)."""

    def share(self, channel: str, files: Sequence[SharedFile], text: str) -> None:
        """Share files in a channel, all in one message; Rejected if the bot may not, and then nobody sees anything."""

    def has_shared(self, channel: str, name: str, since: float) -> bool:
        """Whether the bot has shared a file of this name in a channel since then (seconds since the epoch)."""

    def edit(self, message: MessageRef, now: Message) -> None:
        """Have a message of ours say something else; nothing happens if nobody can edit it anymore."""

    def delete(self, message: MessageRef) -> None:
        """Delete a message of ours, if it is still there."""

    def read_thread(self, thread: MessageRef) -> tuple[ThreadReply, ...]:
        """What people have replied in a thread, oldest first; Rejected if it is gone or the bot may not read it."""

    def settle(self, message: MessageRef, now: Message, outcome: str) -> None:
        """Show a message of ours as it is now, with what became of the buttons that it had.

        Nothing happens if nobody can edit it anymore.
        """

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
        """Draw the team's card of a ticket: in place, or anew where there is none that can be edited.

        It says what is overdue at `now`, in seconds since the epoch. `notes` are lines of mrkdwn about other tickets.
        """

    def redact(
        self, channel: str, redact: Redact, *, thread_ts: str | None, since: float, about: str, cursor: str
    ) -> str:
        """Redact our messages on a page of a thread, or of a channel's since then that name a ticket; repeatable.

        `about` is what names it: the address of its issue. `cursor` is where the page begins, empty for the first one.
        Returns the next page's, empty after the last one.
        """

    def show_home(self, slack_id: str, home: Home, forms: Mapping[str, Form], command: str) -> None:
        """Publish somebody's Home tab."""

    def show_receipt(self, view_id: str, ticket: Ticket, hints: Sequence[str]) -> None:
        """Show a ticket's receipt in an open modal."""

    def link_to(self, message: MessageRef) -> str:
        """A message's permanent link."""

    def name_of(self, slack_id: str) -> str:
        """Somebody's name as Slack shows it; empty where Slack does not tell."""

    def members(self, place: str) -> frozenset[str]:
        """The Slack ids of the members of a channel (`#name` or id) or a user group (`S…`)."""

    def is_colleague(self, slack_id: str) -> bool:
        """Whether somebody is an active person of the bot's own organization, or a guest there."""

    def find_colleague(self, email: str) -> str:
        """The Slack id of the colleague with this e-mail address; empty if there is none or Slack does not tell."""


class Reconciler(Protocol):
    """Keeps tickets equal to their issues."""

    @property
    def repositories(self) -> Mapping[str, str]:
        """The repositories that are followed, as the settings write them, by their folded names."""

    def reconcile(self, transaction: Transaction, snapshot: IssueSnapshot, *, is_fresh: bool = False) -> None:
        """Update the ticket of an issue; `is_fresh` says that the bot just asked GitHub for it."""

    def adopt(self, transaction: Transaction, snapshot: IssueSnapshot) -> None:
        """Make a ticket of an issue that is none, if a member put the common label on it."""

    def recover(self, transaction: Transaction, snapshot: IssueSnapshot) -> bool:
        """Make an issue's ticket again, or bring it up to date, telling nobody; whether the issue is a ticket."""

    def candidate_repositories(self, ticket: Ticket) -> Sequence[str]:
        """Where the issue of a new ticket may be, the likeliest first."""


class Comments(Protocol):
    """What people write below tickets' issues."""

    def handle(self, transaction: Transaction, comment: IssueComment, *, tries: int = 0) -> None:
        """Enqueue the commands in a comment; `tries` is how often that was tried, when its issue was no ticket yet."""


class Conversation(Protocol):
    """What people say about tickets in Slack and in GitHub."""

    def hear(
        self, transaction: Transaction, reply: ThreadReply, *, is_by_team: bool, is_late: bool = False
    ) -> None:
        """Take in that somebody has replied; `is_late` says that it was read long after it was said."""

    def copy_comment(
        self, transaction: Transaction, ticket: Ticket, comment: IssueComment, *, is_fresh: bool = False
    ) -> None:
        """Take in a comment on a ticket's issue as it is now; `is_fresh` says that the bot just asked GitHub for it."""

    def copy_reply(self, transaction: Transaction, reply: ThreadReply, *, is_earlier: bool = False) -> None:
        """Take in what was said in a Slack thread as it is now.

        `is_earlier` says that the ticket's requestor chose to have it copied although it was said before.
        """


class Notifier(Protocol):
    """Tells people."""

    def notify(self, transaction: Transaction, ticket_id: str) -> None:
        """Tell people how a ticket differs from what they were last told."""

    def tell(self, transaction: Transaction, ticket: Ticket, event: Event) -> None:
        """Tell people at once of something that the ticket's state does not show."""

    def alert(self, transaction: Transaction, text: str, *, again_after: float = 0.0) -> None:
        """Tell the team of something to fix, unless they were told within `again_after` seconds."""

    def effect_failed(self, transaction: Transaction, kind: str, ticket_id: str | None, reason: str) -> None:
        """Tell the team that an effect waits for an operator."""


class Clocks(Protocol):
    """Keeps due times, and tells people of them."""

    def recompute(self, transaction: Transaction, tickets: Iterable[Ticket]) -> None:
        """Bring the clocks and timers of tickets up to date."""

    def escalate(self, transaction: Transaction, ticket_id: str) -> None:
        """Tell people of what is due or overdue by now, each once."""


class Overview(Protocol):
    """What people may see of the tickets."""

    def sees_all(self, slack_id: str) -> bool:
        """Whether somebody is on the team."""

    def digest(self, hours: BusinessHours, now: float, slack_id: str) -> Digest:
        """What somebody should look at today; the team if no Slack id is given."""

    def home(self, slack_id: str, choices: Choices) -> Home:
        """The Home tab of somebody who has chosen this."""
