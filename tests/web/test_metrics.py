"""The figures of the bot's state and of its database, as Prometheus reads them."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from identity_bot.outbox.effects import EFFECTS
from identity_bot.store.gauges import Gauges, gauges
from identity_bot.tickets.model import Person, Stage
from identity_bot.web.metrics import GAUGES, Metrics
from tests.support_desk import REVIEW, Office

COUNTED = Gauges(
    open_by_stage={"open": 2, "assigned": 1},
    open_by_type={"pr_review": 3},
    overdue_responses=1,
    effects={("failed", "notify"): 4, ("waiting", "poll"): 1},
)


def test_each_figure_has_its_meaning_its_type_and_its_value() -> None:
    state = {"ready": True, "effects_overdue": 3, "effects_delay_seconds": 12.5, "request_types": []}

    text = Metrics(lambda: state, lambda: None).written("")[0].decode()

    assert text.startswith(
        "# HELP identity_bot_ready 1 if a ticket can be kept and, in Socket Mode, Slack is connected.\n"
        "# TYPE identity_bot_ready gauge\n"
        "identity_bot_ready 1.0\n"
        "# HELP identity_bot_effects_overdue Effects that have waited for more than 15 minutes, up to 1000.\n"
        "# TYPE identity_bot_effects_overdue gauge\n"
        "identity_bot_effects_overdue 3.0\n"
        "# HELP identity_bot_effects_delay_seconds How long the oldest waiting effect has waited.\n"
        "# TYPE identity_bot_effects_delay_seconds gauge\n"
        "identity_bot_effects_delay_seconds 12.5\n"
    )


def test_what_is_not_known_is_left_out() -> None:
    """A figure that stays away shows in a monitor; a 0 would pass for an answer just now."""
    unknown = dict.fromkeys(GAUGES) | {"ready": False}

    found = {one.name for one in prometheus(Metrics(lambda: unknown, lambda: None).written("")[0].decode())}

    assert {name for name in found if not name.startswith("identity_bot_process_")} == {"identity_bot_ready"}


def test_what_the_database_counts_has_labels() -> None:
    text = Metrics(dict, lambda: COUNTED).written("")[0].decode()

    for line in (
        'identity_bot_tickets_open{stage="open"} 2.0',
        'identity_bot_tickets_open_by_type{type="pr_review"} 3.0',
        'identity_bot_tickets_overdue{promise="first response"} 1.0',
        'identity_bot_tickets_overdue{promise="resolution"} 0.0',
        'identity_bot_effects{kind="notify",state="failed"} 4.0',
    ):
        assert line in text.replace('state="failed",kind="notify"', 'kind="notify",state="failed"')


def test_whoever_asks_for_openmetrics_gets_it() -> None:
    written, media_type = Metrics(dict, lambda: COUNTED).written(
        "application/openmetrics-text; version=1.0.0"
    )

    assert media_type.startswith("application/openmetrics-text")
    assert "identity_bot_tickets_open" in {one.name for one in openmetrics(written.decode())}


@example("application/openmetrics-text; version=abc")
@given(st.text().map("application/openmetrics-text; version={}".format) | st.text())
def test_whatever_is_asked_for_there_is_an_answer(accept: str) -> None:
    written, media_type = Metrics(dict, lambda: COUNTED).written(accept)

    assert b"identity_bot_tickets_open" in written
    assert media_type.startswith(("text/plain", "application/openmetrics-text"))


def test_there_are_no_more_series_than_words_of_the_code(office: Office) -> None:
    """However many people ask for whatever: no name, no login, no id and nothing that anybody typed."""
    for number in range(30):
        person = Person(slack_id=f"U0ASKS{number}", handle=f"asks-{number}", name=f"Asks {number}")
        answers = REVIEW | {"team": f"Team {number}", "name": f"Asks {number}"}
        office.desk.submit("pr_review", answers, person, submission=f"V{number}", origin=None)
    office.work(5)

    counted = gauges(office.store, office.plugins.types)
    series = [
        sample.labels
        for family in prometheus(Metrics(dict, lambda: counted).written("")[0].decode())
        for sample in family.samples
    ]

    known = {*(one.value for one in Stage), *office.plugins.types, *EFFECTS, "waiting", "failed"}
    known |= {"first response", "resolution"}
    assert {value for labels in series for value in labels.values()} <= known
    assert len(series) < len(Stage) + len(office.plugins.types) + 2 * len(EFFECTS) + 20


def test_a_host_s_own_metrics_are_left_alone() -> None:
    before = {one.name for one in REGISTRY.collect()}

    Metrics(dict, lambda: COUNTED).written("")

    assert {one.name for one in REGISTRY.collect()} == before
