"""The survey: how satisfied requestors are once their tickets are done. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import MessageRef

WEEK = 7 * DAY
"""Seconds in which a survey can be answered, and the answer changed; and in which nobody is asked twice."""
LONGEST_COMMENT = 500
"""Characters of what somebody adds to their answer."""


class Satisfaction(IntEnum):
    """How satisfied somebody is, the best first."""

    VERY_SATISFIED = 5
    SATISFIED = 4
    NEITHER = 3
    DISSATISFIED = 2
    VERY_DISSATISFIED = 1

    @property
    def is_low(self) -> bool:
        """Whether the leads are told."""
        return self <= Satisfaction.DISSATISFIED


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What one ticket's requestor was asked, and what they answered; all times are in seconds since the epoch."""

    ticket_id: str
    slack_id: str
    asked_at: float
    message: MessageRef | None = None
    """The question in Slack; None while it waits to be posted."""
    answer: Satisfaction | None = None
    comment: str = ""
    answered_at: float | None = None
    """When the answer was last changed."""
    is_reported: bool = False
    """Whether the leads were told of the low answer that it has."""

    @property
    def ends_at(self) -> float:
        """Until when it can be answered, and the answer be changed."""
        return self.asked_at + WEEK
