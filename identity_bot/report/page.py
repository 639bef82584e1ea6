"""The report's page: one file of HTML that needs nothing else, without a script."""

from __future__ import annotations

from typing import Any

from identity_bot.messages.clocks import plain_moment
from identity_bot.report import charts, words
from identity_bot.report.figures import Figures


def page(figures: Figures) -> str:
    """The page of a month; raises IdentityBotError if the extra `report` is not installed."""
    charts.check_installed()
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
