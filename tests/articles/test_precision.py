"""How well the shipped articles answer what stuck people ask; bench/answers.py prints the figures."""

from __future__ import annotations

import identity_bot_mock_auth as mock_auth
from bench import answers as bench


def test_the_first_answer_is_the_right_one_for_most_questions() -> None:
    measured = bench.precision(mock_auth.ARTICLES.search)
    false, texts = bench.false_answers(mock_auth.ARTICLES.search)

    assert measured.asked == 60
    assert measured.share >= 0.85
    assert false / texts <= 0.4


def test_the_questions_that_nobody_foresaw_do_not_get_worse() -> None:
    assert bench.precision(mock_auth.ARTICLES.search, "held_out").share >= 0.65
