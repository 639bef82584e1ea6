"""Anything else: one question, with a few words at least."""

import pytest
from marshmallow import ValidationError

import identity_bot_other as other
from identity_bot.testing import check_request_type


def test_it_keeps_what_every_request_type_promises() -> None:
    check_request_type(other)


def test_a_few_words_are_needed() -> None:
    [question] = other.form().questions

    assert question.answer("  Where do I find the session docs?  ") == "Where do I find the session docs?"
    with pytest.raises(ValidationError):
        question.answer("Help!")
