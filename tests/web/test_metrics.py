"""The figures of the bot's state, as Prometheus reads them."""

from __future__ import annotations

from identity_bot.web.metrics import GAUGES, exposition


def test_each_figure_has_its_meaning_its_type_and_its_value() -> None:
    text = exposition(
        {"ready": True, "effects_overdue": 3, "effects_delay_seconds": 12.5, "request_types": []}
    )

    assert text == (
        "# HELP identity_bot_ready 1 if a ticket can be kept and, in Socket Mode, Slack is connected.\n"
        "# TYPE identity_bot_ready gauge\n"
        "identity_bot_ready 1\n"
        "# HELP identity_bot_effects_overdue Effects that have waited for more than 15 minutes, up to 1000.\n"
        "# TYPE identity_bot_effects_overdue gauge\n"
        "identity_bot_effects_overdue 3\n"
        "# HELP identity_bot_effects_delay_seconds How long the oldest waiting effect has waited.\n"
        "# TYPE identity_bot_effects_delay_seconds gauge\n"
        "identity_bot_effects_delay_seconds 12.5\n"
    )


def test_what_is_not_known_is_left_out() -> None:
    """A figure that stays away shows in a monitor; a 0 would pass for an answer just now."""
    unknown = dict.fromkeys(GAUGES) | {"ready": False}

    assert exposition(unknown).splitlines()[-1] == "identity_bot_ready 0"
    assert len(exposition(unknown).splitlines()) == 3
