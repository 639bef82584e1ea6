"""The survey's answers: which are low."""

from __future__ import annotations

from identity_bot.tickets.survey import Satisfaction


def test_the_two_worst_answers_are_low() -> None:
    assert [one.value for one in Satisfaction if one.is_low] == [2, 1]
