"""The bot's state as metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXPOSITION = "text/plain; version=0.0.4"
"""The media type of Prometheus's text format (prometheus.io/docs/instrumenting/exposition_formats)."""
GAUGES = {
    "ready": "1 if a ticket can be kept and, in Socket Mode, Slack is connected",
    "effects_failed": "Effects that have failed and wait for an operator, up to 1000",
    "effects_overdue": "Effects that have waited for more than 15 minutes, up to 1000",
    "effects_delay_seconds": "How long the oldest waiting effect has waited",
    "slack_last_answer_seconds": "How long ago Slack last answered",
    "github_last_answer_seconds": "How long ago GitHub last answered",
}
"""What each figure of the state means."""


def exposition(state: Mapping[str, Any]) -> str:
    """The state's figures in Prometheus's text format, without those that are not known."""
    lines = []
    for name, meaning in GAUGES.items():
        if (value := state.get(name)) is not None:
            full_name = f"identity_bot_{name}"
            lines += [f"# HELP {full_name} {meaning}.", f"# TYPE {full_name} gauge"]
            lines.append(f"{full_name} {value + 0}")  # True is 1
    return "\n".join(lines) + "\n"
