"""Effects of digests: one that waits for the hour, and one for each message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from identity_bot.messages import digest
from identity_bot.outbox.effect import UPDATES, Context, Effect, Row, slack_lane
from identity_bot.store import digests
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.business_time import HOUR
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import MessageRef


@dataclass(frozen=True, kw_only=True, slots=True)
class PostDigest(Effect):
    """Post one day's digest, as it is at that moment; nothing if there is nothing to say."""

    kind: ClassVar[str] = "post_digest"
    label: ClassVar[str] = "post a digest"
    reruns: ClassVar[bool] = False
    min_interval: ClassVar[float] = 1.0

    to: str
    """A channel, or somebody's Slack id."""
    day: str
    is_own: bool = False
    """Whether it is somebody's own."""

    @property
    def lane(self) -> str:
        return slack_lane(self.to)

    @property
    def unique_key(self) -> str:
        return f"{self.kind}:{self.to}:{self.day}"

    def run(self, context: Context, row: Row) -> MessageRef | None:
        now, hours = context.store.clock(), context.settings.service_levels.hours
        if hours.day_at(now).isoformat() != self.day:
            return None  # Slack could not be reached for the rest of that day
        if self.is_own and not context.overview.sees_all(self.to):
            return None  # they have left the team
        found = context.overview.digest(hours, now, self.to if self.is_own else "")
        if not found.sections:
            return None

        def title_of(name: str) -> str:
            request_type = context.plugins.of(name)
            return request_type.form.title if request_type else name

        message = digest.text(found, title_of, context.settings.commands[0], now)
        return context.chat.post(self.to, message, idempotency_key=row.idempotency_key, thread_ts=None)

    def find_result(self, context: Context, row: Row) -> MessageRef | None:
        since = row.earliest(context.store.clock())
        return context.chat.find_message(self.to, row.idempotency_key, since, thread_ts=None)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """Somebody who cannot be written to is left alone; that the team cannot is an operator's concern."""
        return self.is_own


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleDigest(Effect):
    """Enqueue the digests at their hour on each business day.

    If the bot was down over the hour, they are late, but not later than the team's hours of that day.
    """

    kind: ClassVar[str] = "schedule_digest"
    label: ClassVar[str] = "send the digests"
    fixed_lane: ClassVar[str] = UPDATES
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True
    reruns: ClassVar[bool] = False
    is_recurring: ClassVar[bool] = True

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        at, hours, now = context.settings.digest, context.settings.service_levels.hours, transaction.now
        if at is None:
            return
        day = hours.day_at(now)
        begins = hours.moment(day, at)
        if hours.is_business_day(day) and begins <= now < max(hours.end_of(day), begins + HOUR):
            team = PostDigest(to=context.settings.team_channel, day=day.isoformat())
            own = [
                PostDigest(to=one, day=day.isoformat(), is_own=True)
                for one in digests.subscribers(transaction)
            ]
            for post in (team, *own):
                if not transaction.was_enqueued(post.unique_key, now - DAY):
                    transaction.enqueue(post)
        transaction.enqueue(ScheduleDigest(), delay=hours.next_time(now, at) - now)
