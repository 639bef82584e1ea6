"""The values that pass between the parts: frozen, plain, and free of every vendor's types."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from identity_bot.text import redaction
from identity_bot.text.formatted.document import Document
from identity_bot.text.names import LOGIN, MEMBER_ID
from identity_bot.text.redaction import Redact

Answers = Mapping[str, Any]
"""Question name → answer as plain JSON: text, number, true/false, ISO date, list, or absent where unanswered."""

TICKETS = uuid.UUID("6f0c3a1e-55d0-4b53-9d0c-0f2b7c4b8a11")
"""The namespace in which a submission's identity becomes its ticket's id."""

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
"""NUL and lone surrogates, which PostgreSQL refuses."""


class Stage(StrEnum):
    """How far a ticket has come, in this order; the value is what people read."""

    SUBMITTED = "submitted"
    OPEN = "open"
    TRIAGED = "triaged"
    PRIORITIZED = "prioritized"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in progress"
    UAT = "ready for UAT"
    ACCEPTED = "accepted"
    RELEASED = "released"
    CLOSED = "closed"


class Priority(StrEnum):
    """How urgent a ticket is, the most urgent first; critical skips the queue."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class CloseReason(StrEnum):
    """Why a ticket is closed; people can give only the first three reasons."""

    COMPLETED = "completed"
    NOT_PLANNED = "not planned"
    DUPLICATE = "duplicate"
    DELETED = "deleted"
    MOVED = "moved away"
    """Its issue is in a repository that the bot does not follow."""


DUPLICATE_REASONS = (CloseReason.DUPLICATE, CloseReason.NOT_PLANNED)
"""How GitHub may have closed a duplicate: a server that does not know the first takes the second."""


class Approval(StrEnum):
    """Whether somebody with the right to do so has agreed to a request that needs it."""

    NEEDED = "needed"
    APPROVED = "approved"
    DECLINED = "declined"


class EventKind(StrEnum):
    """What happened to a ticket."""

    CREATED = "created"
    APPROVAL_NEEDED = "approval needed"
    """It has to be approved after all, or no longer; that a new ticket must be is part of `CREATED`."""
    APPROVED = "approved"
    DECLINED = "declined"
    TRIAGED = "triaged"
    """Found to be critical."""
    PRIORITIZED = "prioritized"
    SPOC_NAMED = "spoc named"
    ASSIGNED = "assigned"
    TARGET_SET = "target date set"
    TARGET_CHANGED = "target date changed"
    READY_FOR_UAT = "ready for UAT"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RELEASED = "released"
    CLOSED = "closed"
    REOPENED = "reopened"
    REDACTED = "redacted"
    """Something that must not be in a ticket was removed; its stage stays."""
    WAITING = "waiting"
    """The team asked its requestor something."""
    RESUMED = "resumed"
    """It waits for its requestor no longer."""
    RESPONSE_DUE = "response due"
    """The first response will soon be due."""
    RESPONSE_MISSED = "response missed"
    RESOLUTION_DUE = "resolution due"
    """It should soon be done."""
    RESOLUTION_MISSED = "resolution missed"
    STALE = "stale"
    """Nobody has touched it for some business days."""
    UNTRIED = "untried"
    """Its requestor has not said for as long whether it works."""


class Action(StrEnum):
    """What somebody can do to a ticket from Slack or by a comment."""

    APPROVE = "approve"
    DECLINE = "decline"
    CRITICAL = "critical"
    PRIORITY = "priority"
    TAKE = "take"
    ASSIGN = "assign"
    SPOC = "spoc"
    TARGET = "target"
    WAIT = "wait"
    RESUME = "resume"
    UAT = "uat"
    ACCEPT = "accept"
    REJECT = "reject"
    RELEASE = "release"
    CLOSE = "close"
    DUPLICATE = "duplicate"
    REOPEN = "reopen"
    REDACT = "redact"


class Audience(StrEnum):
    """Who should be told; the desk decides where."""

    REQUESTOR = "requestor"
    """In the ticket's thread, with a mention; directly where the ticket is sensitive or came from elsewhere."""
    INTAKE = "intake"
    """Everybody in the intake channel."""
    TEAM = "team"
    """The team channel, in the thread of the ticket's card."""
    SPOC = "spoc"
    ASSIGNEES = "assignees"
    """These two in the same thread, with a mention."""
    APPROVERS = "approvers"
    """Those who may approve it, in the same thread, with a mention."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody in Slack, with the names they gave when they asked."""

    slack_id: str
    handle: str = ""
    name: str = ""
    team: str = ""

    @property
    def mention(self) -> str:
        """How Slack writes a mention that notifies this person."""
        return f"<@{self.slack_id}>"


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageRef:
    """A message in Slack: its channel's id, its time stamp there, and its link where we know it."""

    channel: str
    ts: str
    """Empty if a request began in the channel, but not from a message."""
    link: str = ""
    is_private: bool = False
    """Whether somebody began a request there who can read what others cannot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A message of ours with buttons that people can still use, and all that is needed to show it without them."""

    message: MessageRef
    text: str
    buttons: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketState:
    """What people are told about a ticket, as its issue shows it; messages are about changes of these."""

    stage: Stage = Stage.OPEN
    priority: Priority | None = None
    assignees: tuple[str, ...] = ()
    """GitHub logins, sorted."""
    spoc: str = ""
    """A GitHub login, or `slack:U…` where that is not known."""
    target: date | None = None
    close_reason: CloseReason | None = None
    is_waiting: bool = False
    """Whether the team has asked its requestor something and waits for the answer."""
    approval: Approval | None = None
    """None if it needs none."""

    @property
    def is_unapproved(self) -> bool:
        """Whether it may not be finished: it waits for approval, or was declined."""
        return self.approval in (Approval.NEEDED, Approval.DECLINED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A time in which the team's clock stood: the ticket waited for its requestor, or was closed.

    Both ends are in seconds since the epoch; `until` is None while it lasts.
    """

    since: float
    until: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Requested:
    """A change that somebody requested from Slack or by a comment; kept until people are notified of it."""

    by: str
    """A Slack id, or a GitHub login where the Slack id is not known; empty for the bot."""
    change: Change
    is_made: bool = False
    """Whether the issue has been changed as requested."""

    @property
    def is_automatic(self) -> bool:
        """Whether the bot itself requested it."""
        return not self.by


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """One request for help, from its submission on; `number` is None until GitHub has given it one."""

    id: str
    type: str
    requestor: Person
    answers: Answers
    submitted_at: float
    """Seconds since the epoch."""
    state: TicketState = TicketState(stage=Stage.SUBMITTED)
    is_urgent: bool = False
    is_sensitive: bool = False
    is_direct: bool = False
    """Whether its requestor is told by direct messages only."""
    repository: str = ""
    number: int | None = None
    prefix: str = ""
    """What stands before the number where people read it: nothing in the main repository, else its name."""
    url: str = ""
    title: str = ""
    """Its issue's title; empty for a sensitive ticket, of which it may tell something."""
    origin: MessageRef | None = None
    """The message that the request was made from, whose thread the ticket keeps."""
    thread: MessageRef | None = None
    former_threads: tuple[MessageRef, ...] = ()
    """Those that it had before: it became sensitive, or nobody could post there anymore."""
    card: MessageRef | None = None
    headline: str = ""
    """Which ticket it is, in the card's first line after the stage."""
    offers: tuple[Offer, ...] = ()
    """The messages whose buttons must go once they are no longer possible."""
    issue_updated_at: float = 0.0
    """When the issue last changed as far as we know, by GitHub's clock, in whole seconds since the epoch."""
    closed_at: float | None = None
    """When its issue was closed, by GitHub's clock."""
    is_timed: bool = True
    """Whether its first response is measured: of an issue that was adopted or found again, nobody knows it."""
    responded_at: float | None = None
    """When somebody of the team first responded."""
    pauses: tuple[Pause, ...] = ()
    response_due: float | None = None
    """By when the team should respond, and by when it should be done; None if nothing is promised.

    Both stay after they are met: they say what was promised.
    """
    resolution_due: float | None = None
    escalations: tuple[str, ...] = ()
    """What people have been told about these, so that each is told once."""
    nudged_at: float | None = None
    """When somebody was last nudged about it, or would have been if there were anybody."""
    turn: int | None = None
    """Which ticket of its rota it is, counted from 0; None if the rota does not go by tickets."""
    inconsistency: str = ""
    """What contradicts itself in the issue, for the card."""
    requested: tuple[Requested, ...] = ()
    """What is about to change or has just been changed, in the order in which it was requested.

    That it is a duplicate of another ticket stays there for as long as it is closed for that.
    """
    last_notified: TicketState | None = None
    """The state that people were last told; None before they were told anything."""

    def without_made_requests(self) -> Ticket:
        """The ticket without the requests that have been carried out, but for what it is a duplicate of."""
        kept = tuple(one for one in self.requested if not one.is_made)
        if original := self.duplicate_of:
            made = next(one for one in reversed(self.requested) if self._makes_duplicate(one))
            only = Change(action=Action.DUPLICATE, value=original)
            kept = (replace(made, change=only), *kept)
        return replace(self, requested=kept)

    @property
    def duplicate_of(self) -> str:
        """The id of the ticket that this one was closed as a duplicate of; empty if that is not known."""
        found = (one.change.value for one in reversed(self.requested) if self._makes_duplicate(one))
        return next(found, "")

    def _makes_duplicate(self, requested: Requested) -> bool:
        is_closed = self.stage is Stage.CLOSED and self.state.close_reason in DUPLICATE_REASONS
        return is_closed and requested.is_made and requested.change.action is Action.DUPLICATE

    def with_thread(self, thread: MessageRef | None) -> Ticket:
        """The ticket with another thread, or none; the one that it had is remembered."""
        former = (self.thread,) if self.thread else ()
        return replace(self, thread=thread, former_threads=(*self.former_threads, *former))

    def redacted(self, redact: Redact) -> Ticket:
        """The ticket with all that people wrote redacted."""
        who = self.requestor
        return replace(
            self,
            requestor=replace(who, handle=redact(who.handle), name=redact(who.name), team=redact(who.team)),
            answers=redaction.redacted(self.answers, redact),
            title=redact(self.title),
            headline=redact(self.headline),
            offers=tuple(replace(one, text=redact(one.text)) for one in self.offers),
            requested=tuple(
                replace(one, change=replace(one.change, reason=redact(one.change.reason)))
                for one in self.requested
            ),
        )

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        return self.state.stage

    @property
    def is_private(self) -> bool:
        """Whether it began in a private channel or a direct message, so that the intake channel does not hear of it."""
        return bool(self.origin and self.origin.is_private)

    @property
    def reference(self) -> str:
        """A short name for people to quote before there is an issue number, such as `7K3M-9QXT`."""
        return reference(self.id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A lifecycle event: what happened to which ticket, when (seconds since the epoch), through whom and why."""

    kind: EventKind
    ticket_id: str
    at: float
    was: TicketState | None = None
    """What people had been told before; the ticket has what is so now. None for what time alone brings."""
    by: str = ""
    """The Slack id of who did it, or their GitHub login; empty where it was done in GitHub, or by the bot."""
    reason: str = ""
    """What they gave as the reason, as they wrote it, or a sentence of the bot's."""
    original: Ticket | None = None
    """The ticket that it was closed as a duplicate of, if somebody said so to the bot; never set for `deliver`."""


class MessageKind(StrEnum):
    """Where a message about a ticket began."""

    UPDATE = "update"
    """The bot told people what changed."""
    REPLY = "reply"
    """Somebody replied in the ticket's Slack thread."""
    COMMENT = "comment"
    """Somebody commented on the ticket's issue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketMessage:
    """A message about a ticket: what was said, by whom, and where it stands in Slack, in GitHub or in both."""

    ticket_id: str
    kind: MessageKind
    at: float
    """When it arrived where it was written, in seconds since the epoch."""
    text: str
    author: str = ""
    """A Slack id or a GitHub login; empty for the bot."""
    to: str = ""
    """Whom an update was for: the requestor, the intake channel, the team, or its members."""
    channel: str = ""
    ts: str = ""
    repository: str = ""
    comment_id: int | None = None
    version: float = 0.0
    """When it was last edited where it was written, or else when it arrived there, in seconds since the epoch."""
    is_redacted: bool = False
    """Whether text was removed from it: its author may later edit something else than what had to go."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadReply:
    """What a person said in a Slack thread, as it is now; the thread's first message may be one."""

    channel: str
    thread_ts: str
    ts: str
    author: str
    """A Slack id."""
    words: Document = field(default_factory=Document)
    """Empty if it was deleted."""
    version: float
    """When it was last edited or deleted, or else when it was posted, in seconds since the epoch."""
    is_deleted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueDraft:
    """What a new issue says: a plain title, a Markdown body, and labels and assignees by name."""

    LONGEST_BODY: ClassVar[int] = 60_000
    """GitHub accepts 65,536 characters; the bot needs the rest for its status block and marker."""
    LONGEST_NAME: ClassVar[int] = 50
    """GitHub's limit for a label's name in characters (rest/issues/labels)."""

    title: str
    body: str
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_text("IssueDraft: title", self.title)
        _check_text("IssueDraft: body", self.body)
        if len(self.body) > self.LONGEST_BODY:
            raise ValueError(
                f"IssueDraft: body: found {len(self.body):,} characters; expected at most {self.LONGEST_BODY:,}"
            )
        for where, names in (("labels", self.labels), ("assignees", self.assignees)):
            _check_all(f"IssueDraft: {where}", names, str)
            if not all(name.strip() and len(name) <= self.LONGEST_NAME for name in names):
                raise ValueError(
                    f"IssueDraft: {where}: expected names of 1 to {self.LONGEST_NAME} characters"
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class Filed:
    """What an issue that the bot made says of the request behind it, so that its ticket can be made again."""

    type: str
    requestor: Person
    is_urgent: bool = False
    is_sensitive: bool = False
    is_private: bool = False
    """Whether it began where not everybody can read."""
    thread: MessageRef | None = None
    """None if the requestor is told directly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueSnapshot:
    """A GitHub issue as it was at one moment, whoever told us of it."""

    repository: str
    number: int
    url: str
    ticket_id: str | None
    """From the marker in the last line of the body; None for an issue that the bot did not make."""
    filed: Filed | None = None
    """From the marker and the status block."""
    created_at: float = 0.0
    updated_at: float = 0.0
    """When it was created and had last changed, by GitHub's clock: whole seconds since the epoch."""
    title: str = ""
    author: str = ""
    labels: frozenset[str] = frozenset()
    assignees: frozenset[str] = frozenset()
    is_open: bool = True
    closed_at: float | None = None
    close_reason: CloseReason | None = None
    milestone_due: date | None = None
    spoc: str = ""
    """From the status block, as `TicketState.spoc`."""
    target: date | None = None
    """From the status block: the target date that was set for this issue."""
    target_over: date | None = None
    """The milestone's due date at that time; another since then counts for more."""
    is_gone: bool = False
    """Deleted, or transferred to another repository."""
    moved_to: tuple[str, int] | None = None
    """The repository that it was transferred to, and its number there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueComment:
    """A comment on an issue, as it is now."""

    repository: str
    number: int
    id: int
    author: str
    """A login."""
    body: str
    created_at: float
    """Seconds since the epoch."""
    updated_at: float = 0.0
    """When it was last edited or, as far as we know, deleted; 0 if never."""
    is_edit: bool = False
    """Whether it was there before and has been edited or deleted: then its commands have run."""
    is_deleted: bool = False
    is_by_member: bool = False
    """Whether GitHub says that its author belongs to the repository's owner or works on it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """An action that somebody asks for, with what it needs."""

    action: Action
    value: str = ""
    """A priority, a login, a SPOC, an ISO date, a close reason, a ticket's id or a text to remove, as its action takes.
    """
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuePatch:
    """How to change an issue; None leaves a value as it is."""

    stage: Stage | None = None
    """Replaces any other stage label; OPEN removes it."""
    priority: Priority | None = None
    assignees: tuple[str, ...] | None = None
    spoc: str | None = None
    target: date | None = None
    is_open: bool | None = None
    close_reason: CloseReason | None = None
    is_waiting: bool | None = None
    approval: Approval | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Who a new ticket goes to; people are tables with `slack`, `github` or both, as in the settings."""

    leads: tuple[Mapping[str, str], ...] = ()
    """Told about it if it is urgent: mentioned in Slack, assigned in GitHub."""
    spoc: str = ""
    """The single point of contact from the beginning, as `TicketState.spoc`; empty for nobody."""
    assignee: str = ""
    """The GitHub login of who gets it at once; empty for nobody."""
    approvers: tuple[Mapping[str, str], ...] = ()
    """Who may approve it, if its form says that it must be approved."""

    def __post_init__(self) -> None:
        for where, people in (("leads", self.leads), ("approvers", self.approvers)):
            _check_people(f"Route: {where}", people)
        for where, found, pattern, expected in (
            ("spoc", self.spoc, f"{LOGIN}|slack:{MEMBER_ID}", "a GitHub login, or slack: and a member id"),
            ("assignee", self.assignee, LOGIN, "a GitHub login"),
        ):
            if not isinstance(found, str) or (found and not re.fullmatch(pattern, found)):
                raise ValueError(f"Route: {where}: found {found!r:.60}; expected {expected}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """One message to one audience, in Slack's mrkdwn; what people typed has been through `mrkdwn`."""

    to: Audience
    text: str
    next: str = ""
    """What happens next; a message about several events ends with the last one's."""
    buttons: tuple[Action, ...] = ()
    """What the reader can do about the ticket."""
    is_card: bool = False
    """Whether this is the headline of the team's card."""
    instead: bool = False
    """Whether this replaces the standard message to this audience."""

    def __post_init__(self) -> None:
        if not isinstance(self.to, Audience):
            raise ValueError(f"Notification: to: found {type(self.to).__name__}; expected an Audience")
        _check_text("Notification: text", self.text)
        _check_text("Notification: next", self.next)
        if not self.text.strip():
            raise ValueError("Notification: text: found nothing; expected a sentence")
        _check_all("Notification: buttons", self.buttons, Action)
        if self.is_card and self.to is not Audience.TEAM:
            raise ValueError(f"Notification: is_card: found for {self.to.value!r}; only the team has a card")


def _check_text(where: str, found: object) -> None:
    if not isinstance(found, str):
        raise ValueError(f"{where}: found {type(found).__name__}; expected text")
    if _UNSTORABLE.search(found):
        raise ValueError(f"{where}: found NUL or half a surrogate pair; expected clean text")


def _check_people(where: str, found: object) -> None:
    if not isinstance(found, tuple | list):
        raise ValueError(f"{where}: found {type(found).__name__}; expected a tuple of tables")
    for one in found:
        known = {"slack": MEMBER_ID, "github": LOGIN}
        is_table = isinstance(one, Mapping) and one and set(one) <= set(known)
        if not is_table or not all(re.fullmatch(known[key], str(value)) for key, value in one.items()):
            raise ValueError(f'{where}: found {one!r:.60}; expected a table such as {{"slack": "U024BE7LH"}}')


def _check_all(where: str, found: object, kind: type) -> None:
    if not isinstance(found, tuple | list) or not all(isinstance(one, kind) for one in found):
        raise ValueError(f"{where}: expected a tuple, each of them of the type {kind.__name__}")


def ticket_id(submission: str) -> str:
    """The id that every delivery of one submission shares, made from what Slack calls it (its view's id)."""
    return str(uuid.uuid5(TICKETS, submission))


def reference(ticket_id: str) -> str:
    """A ticket's short name, made from its id."""
    letters = base64.b32encode(uuid.UUID(ticket_id).bytes).decode("ascii")
    return f"{letters[:4]}-{letters[4:8]}"
