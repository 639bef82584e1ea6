"""Effects of the monthly report: wait for the first business day of each month, and post it to the team channel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from identity_bot.errors import IdentityBotError, Rejected, StoreError
from identity_bot.messages.updates import Message
from identity_bot.outbox.effect import UPDATES, Context, Effect, Row, slack_lane
from identity_bot.outbox.ports import SharedFile
from identity_bot.report import charts, words
from identity_bot.report.figures import Figures
from identity_bot.report.month import Month
from identity_bot.report.page import page
from identity_bot.store.reported import NothingToReport, count_month
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.business_time import LONGEST_BREAK, BusinessHours

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleReport(Effect):
    """A timer that rings when the team begins the first business day of a month, for the month before.

    A bot that was down then posts it when it is back.
    """

    kind: ClassVar[str] = "schedule_report"
    label: ClassVar[str] = "schedule the monthly report"
    fixed_lane: ClassVar[str] = UPDATES
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True
    reruns: ClassVar[bool] = False
    is_recurring: ClassVar[bool] = True

    month: str = ""
    """The month that is to be reported on, such as 2026-11; empty for none, as the bot just learned of the setting."""

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        if not context.settings.report:
            return
        now, hours = transaction.now, context.settings.service_levels.hours
        present = Month.at(now, hours.zone)
        month = Month.written(self.month, hours.zone) or present
        latest = present.before if first_opening(present, hours) <= now else present.moved(-2)
        if month.start <= latest.start:
            # Of several that were missed, only the latest one is of use.
            transaction.enqueue(PostReport(month=str(latest), to=context.settings.team_channel))
            month = latest.moved(1)
        due = first_opening(month.moved(1), hours)
        transaction.enqueue(ScheduleReport(month=str(month)), delay=max(0.0, due - now))


@dataclass(frozen=True, kw_only=True, slots=True)
class PostReport(Effect):
    """Post a month's report: its summary with a picture and the page, or alone where the bot may not share files."""

    kind: ClassVar[str] = "post_report"
    label: ClassVar[str] = "post the monthly report"
    reruns: ClassVar[bool] = False
    min_interval: ClassVar[float] = 1.0

    month: str
    to: str = ""
    """The team channel."""

    @property
    def lane(self) -> str:
        return slack_lane(self.to)

    @property
    def unique_key(self) -> str:
        return f"{self.kind}:{self.month}"

    def run(self, context: Context, row: Row) -> None:
        figures = self._figures(context)
        if figures is None or figures.first_at is None:
            log.info("there is nothing to report on %s", self.month)
            return
        text = "\n".join([f"*Identity requests in {figures.month.name}*", *words.summary(figures)])
        try:
            context.chat.share(self.to, self._files(figures, context.plugins.title_of), text)
        except Rejected as error:
            log.warning("the report is posted without its files: %s", error)
            context.chat.post(
                self.to, Message(text=text), idempotency_key=row.idempotency_key, thread_ts=None
            )

    def find_result(self, context: Context, row: Row) -> bool | None:
        since = row.earliest(context.store.clock())
        is_there = context.chat.has_shared(self.to, self._name("html"), since) or context.chat.find_message(
            self.to, row.idempotency_key, since, thread_ts=None
        )
        return True if is_there else None

    def _figures(self, context: Context) -> Figures | None:
        hours = context.settings.service_levels.hours
        try:
            charts.check_installed()
            return count_month(context.store, Month.written(self.month, hours.zone), hours)
        except StoreError:
            raise
        except NothingToReport:
            return None
        except IdentityBotError as error:
            raise Rejected(str(error)) from error

    def _files(self, figures: Figures, title_of: Callable[[str], str]) -> Sequence[SharedFile]:
        title = f"Identity requests in {figures.month.name}"
        return (
            SharedFile(
                name=self._name("png"),
                content=charts.png(figures),
                title=title,
                alt_text=charts.described(figures),
            ),
            SharedFile(
                name=self._name("html"), content=page(figures, title_of).encode(), title=f"{title} (page)"
            ),
        )

    def _name(self, kind: str) -> str:
        return f"report-{self.month}.{kind}"


def first_opening(month: Month, hours: BusinessHours) -> float:
    """When the team begins to work in a month; where no day is a business day, when its first day's hours begin."""
    first = datetime.fromtimestamp(month.start, month.zone).date()
    days = (first + timedelta(days=later) for later in range(LONGEST_BREAK))
    day = next(filter(hours.is_business_day, days), first)
    return hours.moment(day, hours.opens)
