"""The bot's state as metrics for Prometheus.

A label holds a stage, a state, or the name of a request type or of a kind of effect: words of the code's. What people
typed, and who they are, never becomes a label: monitors keep those for years, and one series for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, exposition
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from identity_bot.store.gauges import Gauges

GAUGES = {
    "ready": "1 if a ticket can be kept and, in Socket Mode, Slack is connected",
    "effects_failed": "Effects that have failed and wait for an operator, up to 1000",
    "effects_overdue": "Effects that have waited for more than 15 minutes, up to 1000",
    "effects_delay_seconds": "How long the oldest waiting effect has waited",
    "slack_last_answer_seconds": "How long ago Slack last answered",
    "github_last_answer_seconds": "How long ago GitHub last answered",
}
"""What each figure of the state means."""


class Metrics:
    """What Prometheus scrapes, in a registry of its own: a host bot may use the library's global one."""

    def __init__(self, state: Callable[[], Mapping[str, Any]], count: Callable[[], Gauges | None]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_State(state))
        self._registry.register(_Counts(count))
        ProcessCollector(namespace="identity_bot", registry=self._registry)

    def written(self, accept: str) -> tuple[bytes, str]:
        """The metrics now in the best format that an Accept header takes, and its media type."""
        try:
            encode, media_type = exposition.choose_encoder(accept)
        except (TypeError, ValueError):  # the library fails at a version that is no number
            encode, media_type = exposition.choose_encoder("")
        return encode(self._registry), media_type


class _State(Collector):
    """The figures of the state, without those that are not known."""

    def __init__(self, state: Callable[[], Mapping[str, Any]]) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        found = self._state()
        for name, meaning in GAUGES.items():
            if (value := found.get(name)) is not None:
                yield GaugeMetricFamily(f"identity_bot_{name}", f"{meaning}.", value=float(value))


class _Counts(Collector):
    """What the database counts; nothing if it cannot be asked."""

    def __init__(self, count: Callable[[], Gauges | None]) -> None:
        self._count = count

    def collect(self) -> Iterator[Metric]:
        found = self._count()
        if found is None:
            return
        meaning = "Open tickets, up to 1000 of each"
        yield _family("identity_bot_tickets_open", f"{meaning} stage.", "stage", found.open_by_stage)
        yield _family("identity_bot_tickets_open_by_type", f"{meaning} type.", "type", found.open_by_type)
        overdue = {"first response": found.overdue_responses, "resolution": found.overdue_resolutions}
        meaning = "Open tickets past what the service level promises, up to 1000."
        yield _family("identity_bot_tickets_overdue", meaning, "promise", overdue)
        effects = GaugeMetricFamily(
            "identity_bot_effects",
            "Effects of the outbox, the oldest 1000 of each state.",
            labels=("state", "kind"),
        )
        for labels, count in sorted(found.effects.items()):
            effects.add_metric(labels, count)
        yield effects


def _family(name: str, meaning: str, label: str, counts: Mapping[str, int]) -> Metric:
    """A gauge with one label."""
    family = GaugeMetricFamily(name, meaning, labels=(label,))
    for value, count in sorted(counts.items()):
        family.add_metric((value,), count)
    return family
