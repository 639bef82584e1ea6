"""What every effect is: one thing to do outside, kept as a row of the outbox until it is done."""

from __future__ import annotations

import hashlib
import json
import logging
from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from identity_bot.errors import Rejected
from identity_bot.outbox.ports import (
    Chat,
    Clocks,
    Comments,
    Conversation,
    Notifier,
    Overview,
    Reconciler,
    Tracker,
)
from identity_bot.plugins.loader import Plugins
from identity_bot.settings import Settings
from identity_bot.store.rows import converter
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import Ticket
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)

RECOVER_AFTER = 3600.0
"""Seconds until a recurring effect that has failed runs again."""
LATE = 300.0
"""Seconds after which what is about to be done is looked for first: a restored backup may not know that it was done."""

WRITTEN = frozenset({"text", "address", "reason", "outcome", "problems"})
"""The names of the fields, of effects and of what is in them, that may hold what people wrote.

Fields of any other name are for the bot: if they changed, the effect could not be read or would do something else.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An effect's row in the outbox."""

    id: int
    ticket_id: str | None
    lane: str
    kind: str
    payload: Mapping[str, Any]
    created_at: float
    """This and the other times are in seconds since the epoch."""
    due_at: float
    trying_since: float
    """When it was first tried, or was last retried by an operator; its due time until then."""
    attempts: int
    verifications: int
    """How often to look for its result before it is run (again); above 0 its outcome is unknown."""
    state: str = "waiting"
    last_error: str = ""

    @property
    def idempotency_key(self) -> str:
        """Tells what this effect leaves outside from all else, in other databases too, whose ids may be the same."""
        return f"{self.id}/{self.created_at!r}"

    def earliest(self, now: float) -> float:
        """The earliest time that it can have been run; a day ago if the clock was ahead when it was written."""
        return self.created_at if self.created_at <= now else now - DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What effects work with. Of GitHub's two sides, `tracker` writes and `reader` only reads."""

    store: Store
    plugins: Plugins
    settings: Settings
    people: People
    tracker: Tracker
    reader: Tracker
    chat: Chat
    reconciler: Reconciler
    comments: Comments
    conversation: Conversation
    notifier: Notifier
    clocks: Clocks
    overview: Overview


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect(ABC):
    """Base class of effects: a field for each thing that it needs, and what to do.

    `run` acts outside and writes nothing; it raises Rejected, Retryable or OutcomeUnknown. What follows is written by
    `on_success`, `on_rejected` or `on_failed`, in the transaction that settles the effect.
    """

    kind: ClassVar[str]
    """Its name in the database."""
    label: ClassVar[str]
    """What it does, for operators, after "could not"."""
    fixed_lane: ClassVar[str] = ""
    """The lane that all effects of this kind wait in; others override `lane`."""
    is_unique: ClassVar[bool] = False
    """Whether only one waits at a time, for each ticket if it is for one."""
    is_repeatable: ClassVar[bool] = False
    """Whether it may simply be run again when nobody knows whether it was done."""
    reruns: ClassVar[bool] = True
    """Whether enqueuing it while the same is running has it run once more afterward."""
    min_interval: ClassVar[float] = 0.0
    """Seconds that its lane rests afterward."""
    is_recurring: ClassVar[bool] = False
    """Whether it goes on forever: it enqueues itself when it is done, and is enqueued again when it has failed."""

    ticket_id: str | None = None

    @property
    def lane(self) -> str:
        """Effects in one lane run one after the other."""
        return self.fixed_lane

    @property
    def unique_key(self) -> str | None:
        """One effect with this key waits at a time; None for any number."""
        return f"{self.kind}:{self.ticket_id or ''}" if self.is_unique else None

    @property
    def content_key(self) -> str:
        """A unique key for an effect of which only the very same one must not wait twice."""
        content = f"{self.ticket_id} {json.dumps(self.payload(), sort_keys=True)}"
        return f"{self.kind}:{hashlib.sha256(content.encode()).hexdigest()}"

    def payload(self) -> Mapping[str, Any]:
        """Its own fields, as JSON."""
        fields: dict[str, Any] = converter.unstructure(self)
        del fields["ticket_id"]
        return fields

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """The effect in a row of the outbox; a recurring one begins anew if another version of the bot wrote it."""
        try:
            return converter.structure({**row.payload, "ticket_id": row.ticket_id}, cls)
        except Exception as error:
            if not cls.is_recurring:
                raise
            log.warning(
                "effect %s (%s) cannot be read and begins anew: %s", row.id, row.kind, type(error).__name__
            )
            return cls()

    def run(self, context: Context, row: Row) -> Any:
        """Act outside; what it returns is handed to `on_success`."""
        return None

    def find_result(self, context: Context, row: Row) -> Any | None:
        """What `run` would have returned, if it can be seen outside that it was done; None if not."""
        return None

    def on_success(self, transaction: Transaction, context: Context, result: Any) -> None:
        """Write what follows."""
        return

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """Write what follows where the outside said no; False where nothing does and the effect has failed."""
        return False

    def on_failed(self, transaction: Transaction, context: Context, reason: str) -> None:
        """Write what follows, besides the alert to the team, when the effect has failed for whatever reason."""
        if self.is_recurring:
            transaction.enqueue(self, delay=RECOVER_AFTER)


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketEffect(Effect):
    """Base class of effects for a ticket."""

    ticket_id: str

    def ticket(self, context: Context) -> Ticket:
        """The ticket as it is now."""
        ticket = context.store.ticket(self.ticket_id)
        if ticket is None:
            raise Rejected("its ticket is not in the database")
        return ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class ClickEffect(TicketEffect):
    """Base class of what one click requests, and requests once."""

    reruns: ClassVar[bool] = False

    click: str = ""
    """Tells the click from every other, as a signed one could be sent again; empty if there was none."""

    @property
    def unique_key(self) -> str | None:
        return click_key(self.click) if self.click else None


def click_key(click: str) -> str:
    """The unique key of whatever a click has requested."""
    return f"click:{click}"


GITHUB, READS, UPDATES = "github", "github:reads", "updates"
"""The lanes of GitHub's writes, of what only asks GitHub, and of what only writes to the database."""
REDACTIONS = "slack:redactions"
"""The lane of what reads channels' histories, page by page: Slack's limits for that hold up no messages."""


def slack_lane(channel: str) -> str:
    """The lane of a Slack channel, or of a person's direct messages."""
    return f"slack:{channel}"
