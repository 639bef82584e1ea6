"""What must not be read anywhere is replaced, however the place that shows it has written it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.text.markdown import block, mrkdwn, span
from identity_bot.text.redaction import REDACTED, is_long_enough, redacted, redacted_fields, redactor

SECRETS = [
    "hunter2!",
    "p*ss_w~rd`x",
    "a&b<c>d@e",
    "two  words\nand a line",
    "-----BEGIN KEY-----\nMIIE\nabcd",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("shown", [str, block, span, lambda text: mrkdwn(text, limit=500)])
def test_a_text_is_found_however_it_is_shown(secret: str, shown: Callable[[str], str]) -> None:
    found = redactor([secret])(shown(f"My password is {secret} for now"))

    # How many backticks surround it depends on those within.
    assert found.strip("`") == shown(f"My password is {REDACTED} for now").strip("`")


@pytest.mark.parametrize("written", ["> two words\r\n> and a line", "&gt; two\n&gt; words and  a\tline"])
def test_it_is_found_in_a_quotation_and_with_other_line_ends(written: str) -> None:
    assert REDACTED in redactor(["two words\nand a line"])(written)


def test_every_occurrence_goes_and_the_longest_text_first() -> None:
    redact = redactor(["secret", "secret key"])

    assert redact("a secret key, a secret, secret key") == f"a {REDACTED}, a {REDACTED}, {REDACTED}"


@pytest.mark.parametrize("text", ["", "ab", " a b \n c ", REDACTED])
def test_what_is_too_short_or_redacted_already_stays(text: str) -> None:
    said = f"ab abc {REDACTED} {text}"

    assert redactor([text])(said) == said


def test_white_space_does_not_make_a_text_longer() -> None:
    assert not is_long_enough("a  \n b")
    assert is_long_enough("a b c d")


def test_case_matters() -> None:
    assert redactor(["Hunter2"])("hunter2 HUNTER2") == "hunter2 HUNTER2"


def test_json_is_redacted_in_all_its_texts_and_numbers() -> None:
    redact = redactor(["1005169255", "hunter2!"])

    kept = redacted({"a": ["hunter2!", {"b": 1005169255}], "hunter2!": True, "c": None, "d": 7.5}, redact)

    assert kept == {"a": [REDACTED, {"b": REDACTED}], "hunter2!": True, "c": None, "d": 7.5}


def test_only_the_fields_of_the_given_names_are_redacted_however_deep() -> None:
    redact = redactor(["hunter2!"])
    given = {"reason": "hunter2!", "value": "hunter2!", "a": [{"reason": ["hunter2!"], "n": 1}], "b": None}

    kept = redacted_fields(given, {"reason"}, redact)

    assert kept == given | {"reason": REDACTED, "a": [{"reason": [REDACTED], "n": 1}]}


@given(st.lists(st.text(max_size=40), max_size=4), st.text(max_size=200))
def test_whatever_is_removed_nothing_of_it_is_left_and_twice_is_once(texts: list[str], text: str) -> None:
    redact = redactor(texts)

    once = redact(text)

    if not any(one in REDACTED or set(one) & set(REDACTED) for one in texts):
        assert redact(once) == once


def test_a_long_text_takes_no_time() -> None:
    secret, text = "a >" * 300 + "b", "a > a >" * 9000
    began = time.perf_counter()

    redactor([secret, "a a a a"])(text)

    assert time.perf_counter() - began < 1
