"""The survey's answers: which are good, which are low, and their share."""

from __future__ import annotations

from identity_bot.tickets.survey import Satisfaction, csat


def test_the_two_best_are_good_and_the_two_worst_are_low() -> None:
    assert [one.value for one in Satisfaction if one.is_good] == [5, 4]
    assert [one.value for one in Satisfaction if one.is_low] == [2, 1]


def test_csat_is_the_share_of_the_good_answers_and_nothing_without_any() -> None:
    assert csat([5, 4, 3, 1]) == 0.5
    assert csat([3]) == 0.0
    assert csat([]) is None
