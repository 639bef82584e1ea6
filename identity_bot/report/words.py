"""What the report says: its summary and its numbers in words, and its rows for CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from identity_bot.report.figures import Breakdown, Durations, Figures, Flow, days
from identity_bot.tickets.calendar import DAY

GOAL = 70
"""Percent of satisfied requestors that the team wants at least."""
SCORES = {5: "very satisfied", 4: "satisfied", 3: "neither", 2: "dissatisfied", 1: "very dissatisfied"}


def summary(figures: Figures) -> list[str]:
    """The month in a few sentences."""
    this, month = figures.this_month, figures.month
    so_far = "" if figures.is_over else " so far"
    said = [
        f"{month.name}{so_far}: {tickets(this.opened)} opened and {this.closed:,} closed"
        f" ({figures.month_before.opened:,} and {figures.month_before.closed:,} the month before)."
        f" {tickets(figures.open_count)} {'is' if figures.open_count == 1 else 'are'} open now."
    ]
    if figures.first_response.median is not None:
        said.append(
            f"Half of the first responses came {_within(figures.first_response.median)},"
            f" nine of ten {_within(figures.first_response.percentile_90)}."
        )
    for what, promise in (
        ("First responses", figures.response_promise),
        ("Resolutions", figures.resolution_promise),
    ):
        if promise.percent is not None:
            said.append(
                f"{what} within the service level: {percent(promise.percent)}"
                f" ({promise.kept:,} of {promise.kept + promise.missed:,})."
            )
    if figures.days_to_close.median is not None:
        or_less = " or less" if figures.days_to_close.median >= DAY else ""
        said.append(f"Half of the closed tickets took {calendar(figures.days_to_close.median)}{or_less}.")
    if figures.satisfaction.percent is not None:
        answers = "answer was" if figures.satisfaction.count == 1 else "answers were"
        said.append(
            f"{percent(figures.satisfaction.percent)} of {figures.satisfaction.count:,} {answers} satisfied or very"
            f" satisfied (goal: {GOAL}% or more)."
        )
    if figures.self_service.solved:
        said.append(
            f"Articles solved {percent(figures.self_service_percent)} of all requests before a ticket was opened"
            f" ({figures.self_service.solved:,})."
        )
    return said


def tickets(count: int) -> str:
    """A number of tickets."""
    return f"{count:,} ticket{'' if count == 1 else 's'}"


def percent(value: float | None) -> str:
    """A share, in whole percents; never 100 or 0 unless it is exactly that."""
    if value is None:
        return "none"
    rounded = round(value)
    return f"{rounded if value in (0, 100) else min(99, max(1, rounded))}%"


def business(seconds: float | None) -> str:
    """A duration in business time."""
    if seconds is None:
        return "none"
    if seconds < 60:
        return "less than a business minute"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} business minute{'' if minutes == 1 else 's'}"
    hours = f"{seconds / 3600:.1f}".removesuffix(".0")
    return f"{hours} business hour{'' if hours == '1' else 's'}"


def calendar(seconds: float | None) -> str:
    """A duration in calendar days."""
    if seconds is None:
        return "none"
    if seconds < DAY:
        return "less than a day"
    written = f"{days(seconds):.1f}".removesuffix(".0")
    return f"{written} day{'' if written == '1' else 's'}"


def rows(figures: Figures) -> Iterator[tuple[str, str, Any]]:
    """All figures as rows of figure, name and value; None where there is nothing to tell."""
    for when, flow in _flows(figures):
        yield "opened", when, flow.opened
        yield "closed", when, flow.closed
    for figure, breakdown in _breakdowns(figures).items():
        for name, count in breakdown:
            yield figure, name, count
    yield "open", "all", figures.open_count
    for figure, values in _durations(figures).items():
        for name, value in values.items():
            yield figure, name, value
    yield "first_response", "unanswered", figures.unanswered
    for figure, promise in (
        ("first_response_within_service_level", figures.response_promise),
        ("resolution_within_service_level", figures.resolution_promise),
    ):
        yield figure, "kept", promise.kept
        yield figure, "missed", promise.missed
        yield figure, "percent", promise.percent
    yield "satisfaction", "answers", figures.satisfaction.count
    yield "satisfaction", "percent", figures.satisfaction.percent
    for score in SCORES:
        yield "satisfaction", SCORES[score], figures.satisfaction.scores.get(score, 0)
    yield "self_service", "shown", figures.self_service.shown
    yield "self_service", "solved", figures.self_service.solved
    yield "self_service", "not_solved", figures.self_service.filed
    yield "self_service", "percent", figures.self_service_percent


def as_json(figures: Figures) -> dict[str, Any]:
    """All figures as plain JSON: the rows by figure and name, and which month they are of."""
    found: dict[str, Any] = {
        "month": str(figures.month),
        "time_zone": figures.month.zone.key,
        "made_at": figures.made_at,
        "is_over": figures.is_over,
        "figures": {},
    }
    for figure, name, value in rows(figures):
        found["figures"].setdefault(figure, {})[name] = value
    return found


def _within(seconds: float | None) -> str:
    """By when something came, in business time."""
    return f"{'in' if seconds is not None and seconds < 60 else 'within'} {business(seconds)}"


def _flows(figures: Figures) -> Iterator[tuple[str, Flow]]:
    yield "all_time", figures.all_time
    for month, flow in figures.history:
        yield str(month), flow


def _breakdowns(figures: Figures) -> dict[str, Breakdown]:
    return {
        "closed_by_reason": figures.closed_by_reason,
        "opened_by_type": figures.opened_by_type,
        "opened_by_team": figures.opened_by_team,
        "open_by_stage": figures.open_by_stage,
        "open_by_type": figures.open_by_type,
        "open_by_team": figures.open_by_team,
        "open_by_priority": figures.open_by_priority,
    }


def _durations(figures: Figures) -> dict[str, dict[str, Any]]:
    def values(found: Durations, unit: str, seconds: float) -> dict[str, Any]:
        return {
            "count": found.count,
            **{
                f"{name}_{unit}": None if value is None else round(value / seconds, 3)
                for name, value in (
                    ("average", found.average),
                    ("median", found.median),
                    ("percentile_90", found.percentile_90),
                )
            },
        }

    return {
        "first_response": values(figures.first_response, "business_hours", 3600),
        "time_to_close": values(figures.days_to_close, "days", 24 * 3600),
    }
