"""The values that pass between the parts: frozen, plain, and free of every vendor's types."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Answers = Mapping[str, Any]
"""Question name → answer as plain JSON: text, number, true/false, ISO date, list, or absent where unanswered."""

TICKETS = uuid.UUID("6f0c3a1e-55d0-4b53-9d0c-0f2b7c4b8a11")
"""The namespace in which a submission's identity becomes its ticket's id."""


class Stage(StrEnum):
    """How far a ticket has come; the value is what people read."""

    SUBMITTED = "submitted"
    OPEN = "open"


class EventKind(StrEnum):
    """What happened to a ticket, in the words of the process."""

    CREATED = "created"


class Audience(StrEnum):
    """Who should hear; where they hear it is the desk's business."""

    REQUESTOR = "requestor"
    """In the ticket's thread; the first such message in the intake channel begins that thread."""
    INTAKE = "intake"
    """Everybody in the intake channel, without a thread."""
    TEAM = "team"
    """The team channel."""


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
class Post:
    """A message in Slack: its channel's id, its time stamp there, and its link where we know it."""

    channel: str
    ts: str
    link: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """One request for help, from its submission on; `issue` is None until GitHub has given it a number."""

    id: str
    type: str
    requestor: Person
    answers: Answers
    submitted_at: float
    """Seconds since the epoch."""
    stage: Stage = Stage.SUBMITTED
    is_urgent: bool = False
    is_sensitive: bool = False
    repository: str = ""
    number: int | None = None
    url: str = ""
    origin: Post | None = None
    """The message that the request was made from, whose thread the ticket keeps."""
    thread: Post | None = None
    card: Post | None = None

    @property
    def reference(self) -> str:
        """A short name for people to quote before there is an issue number, such as `7K3M-9QXT`."""
        letters = base64.b32encode(uuid.UUID(self.id).bytes).decode("ascii")
        return f"{letters[:4]}-{letters[4:8]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A lifecycle event: what happened to which ticket, and when (seconds since the epoch)."""

    kind: EventKind
    ticket_id: str
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueDraft:
    """What a new issue shall say: a plain title, a Markdown body, and labels and assignees by name."""

    title: str
    body: str
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueSnapshot:
    """A GitHub issue as it was at one moment, whoever told us of it."""

    repository: str
    number: int
    url: str
    ticket_id: str | None
    """From the marker in the last line of the body; None for an issue that the bot did not make."""
    labels: frozenset[str] = frozenset()
    assignees: frozenset[str] = frozenset()
    is_open: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """One message to one audience: Slack mrkdwn whose user text has been through `markdown.mrkdwn`."""

    to: Audience
    text: str
    is_card: bool = False
    """Drawn as the triage card, with `text` as its headline and as what screen readers read first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One act on the outside world that must happen: a row of the outbox."""

    lane: str
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    ticket_id: str | None = None
    id: int | None = None
    due_at: float = 0.0
    """Not before this time, in seconds since the epoch."""
    created_at: float = 0.0
    attempts: int = 0
    looks: int = 0
    """How often to look for the act's trace before doing it (again); above 0 its outcome is unknown."""


def ticket_id(submission: str) -> str:
    """The id that every delivery of one submission shares, made from what Slack calls it (its view's id)."""
    return str(uuid.uuid5(TICKETS, submission))
