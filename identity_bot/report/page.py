"""The report's page: one file of HTML that needs nothing else, without a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from identity_bot.messages.clocks import plain_moment
from identity_bot.report import charts, words
from identity_bot.report.figures import Breakdown, Figures


def page(figures: Figures, title_of: Callable[[str], str] = str) -> str:
    """The page of a month; `title_of` gives a request type's title by its name.

    Raises IdentityBotError if the extra `report` is not installed.
    """
    charts.check_installed()
    figures = _with_titles(figures, title_of)
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("identity_bot.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "business": words.business,
        "calendar": words.calendar,
        "percent": words.percent,
        "number": lambda count: f"{count:,}",
    }
    # Markup, as ElementTree has escaped all that people typed.
    pictures = {name: Markup(charts.svg(chart)) for name, chart in charts.charts(figures).items()}
    return environment.get_template("report.html").render(**_values(figures), pictures=pictures)


def _with_titles(figures: Figures, title_of: Callable[[str], str]) -> Figures:
    """The figures with the titles of request types in place of their names."""

    def titled(breakdown: Breakdown) -> Breakdown:
        return tuple((title_of(name), count) for name, count in breakdown)

    return replace(
        figures, opened_by_type=titled(figures.opened_by_type), open_by_type=titled(figures.open_by_type)
    )


def _values(figures: Figures) -> dict[str, Any]:
    return {
        "figures": figures,
        "month": figures.month,
        "made": plain_moment(figures.made_at, figures.month.zone),
        "summary": words.summary(figures),
        "promises": [
            ("First response", figures.response_promise),
            ("Resolution", figures.resolution_promise),
        ],
        "scores": [(name, figures.satisfaction.scores.get(score, 0)) for score, name in words.SCORES.items()],
        "goal": words.GOAL,
    }
