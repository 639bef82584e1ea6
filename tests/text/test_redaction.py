"""What must not be read anywhere is replaced, however the place that shows it has written it."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.text.formatted import from_slack, to_markdown, to_mrkdwn
from identity_bot.text.markdown import block, mrkdwn, span
from identity_bot.text.redaction import REDACTED, is_long_enough, redacted, redacted_fields, redactor, within

SECRETS = [
    "hunter2!",
    "p*ss_w~rd`x",
    "a&b<c>d@e",
    "two  words\nand a line",
    "-----BEGIN KEY-----\nMIIE\nabcd",
]


def as_comment(text: str) -> str:
    return to_markdown(from_slack({"text": html.escape(text, quote=False)}), login=str, name=str)


def as_reply(text: str) -> str:
    return "".join(to_mrkdwn(from_slack({"text": html.escape(text, quote=False)}), slack_id=str))


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "shown", [str, block, span, lambda text: mrkdwn(text, limit=500), as_comment, as_reply], ids=range(6)
)
def test_a_text_is_found_however_it_is_shown(secret: str, shown: Callable[[str], str]) -> None:
    found = redactor([secret])(shown(f"My password is {secret} for now"))

    expected = shown(f"My password is {REDACTED} for now")
    # How many backticks surround it depends on those within, and only our own brackets are not escaped.
    assert re.sub("`+", "", found) == re.sub("`+", "", expected).replace(r"\[redacted\]", REDACTED)


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


@pytest.mark.parametrize(
    "written",
    [
        "536-\u200b22-8145",
        "536-22\u00ad-8145",
        "\u202e536-22-8145",
        "5\u200b3\u200d6-2\ufe0f2-81\u206045",
        "536-22-8145",
    ],
)
def test_hidden_characters_neither_save_a_text_nor_change_what_is_wanted(written: str) -> None:
    for wanted in ("536-22-8145", "536-22\u200b-8145", written):
        assert REDACTED in redactor([wanted])(f"SSN is {written}.")
        assert "8145" not in redactor([wanted])(f"SSN is {written}.")


def test_hidden_characters_may_stand_between_words() -> None:
    assert redactor(["two words"])("my two\u200b \u00adwords") == f"my {REDACTED}"


def test_a_text_of_hidden_characters_is_too_short() -> None:
    assert not is_long_enough("a\u200b\u200c\u200d\u00adb")


@pytest.mark.parametrize("text", ["reproduce", "prod1", "1prod", "éprod", "prodä"])
def test_a_short_text_is_not_taken_out_of_a_longer_word(text: str) -> None:
    assert redactor(["prod"])(text) == text


@pytest.mark.parametrize("text", ["prod", "(prod)", "_prod_", "prod.", "&lt;prod&gt;", "é prod"])
def test_it_is_taken_from_among_other_characters(text: str) -> None:
    assert redactor(["prod"])(text) == text.replace("prod", REDACTED)


def test_an_encoded_character_before_a_text_is_no_part_of_a_word() -> None:
    assert redactor(["prod"])("https://a.test/?b=%40prod") == f"https://a.test/?b=%40{REDACTED}"


def test_a_long_text_is_taken_out_of_a_longer_word_unless_only_whole_ones_are_wanted() -> None:
    text = "reproductions"

    assert redactor(["production"])(text) == f"re{REDACTED}s"
    assert redactor(["production"], is_whole=True)(text) == text


@pytest.mark.parametrize(
    "text",
    ["<@U0PROD>", "<#C0PROD|x>", "<!subteam^PROD|x>", "<!date^1^PROD|x>", "<https://PROD.test/PROD|x>"],
)
def test_what_slack_reads_is_not_broken_by_a_short_text(text: str) -> None:
    wanted = ["PROD", "U0PROD", "C0PROD", "subteam"]

    assert redactor(wanted)(f"{text} PROD") == f"{text} {REDACTED}"


def test_a_label_and_a_query_are_redacted_beside_an_address_that_stays() -> None:
    text = "<https://a.test/prod?x=prod|prod>"

    assert redactor(["prod"])(text) == f"<https://a.test/prod?x={REDACTED}|{REDACTED}>"


@pytest.mark.parametrize("text", ["see #1234", "https://a.test/issues/1234", "[x](https://1234.test/1234)"])
def test_a_short_finding_breaks_neither_a_number_nor_an_address(text: str) -> None:
    assert redactor(["1234"], is_whole=True)(text) == text


@pytest.mark.parametrize(
    "text", ["https://a:1234@b.test/", "https://b.test/?a=1234", "pin 1234", "https://a.test/ 1234"]
)
def test_a_short_finding_goes_from_what_people_made_up(text: str) -> None:
    assert redactor(["1234"], is_whole=True)(text) == text.replace("1234", REDACTED)


@pytest.mark.parametrize(
    "text", ["PIN #1234", "is1234now", "1234", "https://a.test/1234/b", "see https://a.test/pin=1234?a=b"]
)
def test_a_finding_goes_from_where_it_is_whatever_it_is_a_part_of(text: str) -> None:
    start = text.index("1234")

    redact = redactor(within(text, start, start + 4), is_whole=True)

    assert "1234" not in redact(text)
    assert "1234" not in redact("It is 1234.")


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


def test_time_grows_no_faster_than_the_text() -> None:
    redact = redactor(["a >" * 300 + "b", "a a a a"])

    def taken(length: int) -> float:
        began = time.process_time()
        redact("a > a >" * length)
        return time.process_time() - began

    # Eight times the text; what grows with its square would take 64 times as long, and a busy machine twice.
    assert min(taken(9_000) for _ in range(3)) < 24 * max(min(taken(1_125) for _ in range(3)), 0.01)
