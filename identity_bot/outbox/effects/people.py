"""The effect that finds out who somebody in GitHub is in Slack, to name them there."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.messages import alerts
from identity_bot.outbox.effect import READS, Context, Effect, Row
from identity_bot.store.links import Links
from identity_bot.store.transaction import Transaction
from identity_bot.text.names import fold
from identity_bot.tickets.people import Link, LinkSource

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class FindPerson(Effect):
    """Find a login's person in Slack by the e-mail address that both show; ask the team if there is none.

    The address is neither kept nor logged.
    """

    kind: ClassVar[str] = "find_person"
    label: ClassVar[str] = "find out who somebody in GitHub is in Slack"
    fixed_lane: ClassVar[str] = READS
    is_repeatable: ClassVar[bool] = True
    reruns: ClassVar[bool] = False

    login: str

    @property
    def unique_key(self) -> str:
        return f"{self.kind}:{fold(self.login)}"

    def run(self, context: Context, row: Row) -> str:
        """Their Slack id, or nothing."""
        email = context.reader.public_email(self.login)
        try:
            return context.chat.find_colleague(email) if email else ""
        except (Rejected, Retryable, OutcomeUnknown) as error:
            # Not tried again: that would hold up the lane, in which GitHub is polled.
            log.warning("cannot look up who %s is in Slack: %s", self.login, error)
            return ""

    def on_success(self, transaction: Transaction, context: Context, result: str) -> None:
        link = Link(slack_id=result, login=self.login, source=LinkSource.EMAIL, at=transaction.now)
        if result and not context.people.is_overridden(link) and Links(transaction).suggest(link):
            log.info("%s is named as %s, by an equal e-mail address", result, self.login)
        elif not context.people.is_known(self.login):
            text = alerts.who_is(self.login, context.settings.commands[0])
            context.notifier.alert(transaction, text)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """GitHub does not tell who that is."""
        self.on_success(transaction, context, "")
        return True
