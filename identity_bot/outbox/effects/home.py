"""The effect that publishes a Home tab again once a ticket has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from identity_bot.outbox.effect import Context, Effect, Row
from identity_bot.store.transaction import Transaction

WATCHED = 1800.0
"""Seconds after which nobody is taken to look at the Home tab anymore: Slack does not say when it is left."""
MOST_WATCHING = 100
"""Home tabs that are kept up to date: Slack lets an app publish about a hundred a minute."""
QUIET, LONGEST_WAIT = 1.0, 10.0
"""Debounce: seconds without a change until a Home tab is published again, and the most from the first change on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishHome(Effect):
    """Publish somebody's Home tab as the tickets are now."""

    kind: ClassVar[str] = "publish_home"
    label: ClassVar[str] = "publish a Home tab"
    fixed_lane: ClassVar[str] = "slack:homes"
    is_repeatable: ClassVar[bool] = True
    min_interval: ClassVar[float] = 0.6

    slack_id: str

    @property
    def unique_key(self) -> str:
        return f"{self.kind}:{self.slack_id}"

    def run(self, context: Context, row: Row) -> None:
        home = context.overview.home(self.slack_id, context.store.home_choices(self.slack_id))
        context.chat.show_home(self.slack_id, home, context.plugins.forms, context.settings.commands[0])

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        return True  # it is published when it is opened again


def publish_homes(transaction: Transaction) -> None:
    """Have the Home tabs published again that people may be looking at."""
    for slack_id in transaction.home_viewers(transaction.now - WATCHED, MOST_WATCHING):
        transaction.enqueue(PublishHome(slack_id=slack_id), delay=QUIET, longest_wait=LONGEST_WAIT)
