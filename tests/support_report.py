"""Tickets of a report, made up."""

from __future__ import annotations

from typing import Any

from identity_bot.report.figures import Figures, Reported, Satisfaction, SelfService, count
from identity_bot.report.month import Month

NOVEMBER = Month(year=2026, number=11)
HOUR, DAY = 3600.0, 86400.0
START = NOVEMBER.start
LATER = NOVEMBER.end + HOUR


def ticket(**changes: Any) -> Reported:
    """A ticket that was opened an hour after November began."""
    return Reported(
        **({"type": "pr_review", "team": "Benefits", "submitted_at": START + HOUR, "stage": "open"} | changes)
    )


def closed(at: float, **changes: Any) -> Reported:
    """A ticket that was closed then."""
    return ticket(**({"stage": "closed", "closed_at": at, "close_reason": "completed"} | changes))


def figures(*tickets: Reported, now: float = LATER, **more: Any) -> Figures:
    """The figures of November, in a team that never sleeps."""
    return count(tickets, NOVEMBER, now=now, business_time=lambda start, end: end - start, **more)


def busy() -> Figures:
    """A month with something in every part of the page, and teams that are not easy to write."""
    teams = ["Benefits", "benefits ", "Mobile <b>&</b>", "$x^2$", "", "日本", "=HYPERLINK(1)", "x" * 80]
    teams += [f"Team {number}" for number in range(14)]
    open_ones = [
        ticket(team=team, priority="high", stage="in progress", submitted_at=START - 40 * DAY)
        for team in teams
    ]
    done = [
        closed(START + (5 + place) * DAY, team=team, responded_at=START + 3 * HOUR, response_due=START + 9 * HOUR,
               resolution_due=START + 10 * DAY)
        for place, team in enumerate(teams)
    ]  # fmt: skip
    return figures(
        *open_ones,
        *done,
        ticket(type="data_pull", stage="submitted"),
        satisfaction=Satisfaction(scores={5: 3, 4: 1, 1: 1}),
        self_service=SelfService(shown=9, solved=3, filed=4),
    )
