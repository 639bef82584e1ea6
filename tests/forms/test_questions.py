"""Each kind of question takes what is an answer to it, keeps it as plain JSON, and says how to mend the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError
from marshmallow import validate as rules

from identity_bot import (
    Choice,
    Choices,
    Date,
    Email,
    Files,
    LongText,
    Member,
    Number,
    Option,
    ShortText,
    Url,
    When,
    YesNo,
)
from identity_bot.forms.questions import Question, first_message, number_text

COLORS = (Option("red", "Red light"), Option("green", "Green light"), "blue")
KINDS: list[Question] = [
    ShortText(name="q", label="Short"),
    LongText(name="q", label="Long"),
    Url(name="q", label="Address"),
    Email(name="q", label="E-mail"),
    Number(name="q", label="Whole"),
    Number(name="q", label="Decimal", decimal=True),
    Date(name="q", label="Day"),
    Choice(name="q", label="One", options=COLORS),
    Choices(name="q", label="Several", options=COLORS),
    YesNo(name="q", label="Yes or no"),
    Member(name="q", label="Who"),
    Files(name="q", label="Files"),
]
FILE = {"id": "F1", "name": "shot.png", "link": "https://files.slack.test/F1/shot.png"}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["red", "2026-12-01", "https://va.gov", "a@va.gov", "yes", "F1", "U1", "\ud800", "\x00"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "name", "link", "x"]), inner, max_size=4)
    ),
    max_leaves=5,
)
TYPED = st.sampled_from(
    ["12", "-3.5", "2026-12-01", "https://va.gov/x?a=1#b", "a.b@va.gov", "red", "on", "no"]
)


def problem(question: Question, typed: Any) -> str:
    """What somebody reads at a question that does not take this."""
    with pytest.raises(ValidationError) as refused:
        question.answer(typed)
    return first_message(refused.value)


# All kinds


@pytest.mark.parametrize("question", KINDS, ids=lambda question: question.label)
@given(typed=JSON | TYPED)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_whatever_comes_is_an_answer_in_plain_json_or_a_validation_error(
    question: Question, typed: Any
) -> None:
    try:
        answer = question.answer(typed)
    except ValidationError:
        return

    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert question.answer(answer) == answer
    if answer is not None:
        question.shown(answer).encode()


@pytest.mark.parametrize("question", KINDS, ids=lambda question: question.label)
@pytest.mark.parametrize("nothing", [None, "", [], {}])
def test_nothing_is_no_answer(question: Question, nothing: Any) -> None:
    assert question.answer(nothing) is None


@pytest.mark.parametrize("question", KINDS[:7], ids=lambda question: question.label)
@pytest.mark.parametrize(
    "blank", [" ", "\t\r\n \u2003", "\u200b\ufeff", "\u2800", "\x00", "\ud800", "\u3164"]
)
def test_what_looks_empty_is_no_answer(question: Question, blank: str) -> None:
    assert question.answer(blank) is None


@pytest.mark.parametrize("question", KINDS, ids=lambda question: question.label)
@pytest.mark.parametrize(
    "forged", [7.5, ["x"], {"x": "y"}, [[]], [{}], {"id": 5}, "\x00x", [None], float("nan")]
)
def test_what_no_form_sends_is_answered_in_a_sentence(question: Question, forged: Any) -> None:
    try:
        answer = question.answer(forged)
    except ValidationError:
        sentence = problem(question, forged)
        assert sentence.startswith(("Please ", "This is not one of the choices."))
        assert sentence.endswith(".")
    else:
        assert isinstance(answer, str | float)


# Text


def test_short_text_is_one_tidy_line() -> None:
    question = ShortText(name="q", label="Q")

    assert question.answer("  Benefits\n\tand  \r\n Claims ") == "Benefits and Claims"


def test_long_text_keeps_its_lines() -> None:
    question = LongText(name="q", label="Q")

    assert question.answer("\n  one\r\n\r\n   two  \n") == "one\n\n   two"


@pytest.mark.parametrize("kind", [ShortText, LongText])
@pytest.mark.parametrize(("length", "fits"), [(0, True), (4, False), (5, True), (10, True), (11, False)])
def test_lengths_count_after_tidying_and_both_ends_belong(
    kind: type[ShortText] | type[LongText], length: int, fits: bool
) -> None:
    question = kind(name="q", label="Q", min_length=5, max_length=10)
    typed = f"  {'x' * length}  "

    if fits:
        assert question.answer(typed) == ("x" * length or None)
    else:
        assert problem(question, typed) == "Please use between 5 and 10 characters."


def test_a_text_that_is_too_long_hears_the_limit() -> None:
    assert problem(LongText(name="q", label="Q"), "x" * 3001) == "Please use at most 3,000 characters."


@pytest.mark.parametrize("text", ["😀" * 3000, "שלום עולם", "e\u0301" * 1500, "👩‍👩‍👧" * 600, "مرحبا " * 400])
def test_text_of_any_script_is_kept_as_it_is(text: str) -> None:
    assert LongText(name="q", label="Q").answer(text) == text.strip()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\x00b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ("exe.\u202egnp", "exe.\ufffdgnp"),
        ("pass\u200bword", "password"),
        ("<!-- identity-bot:ticket=x -->", "<!-- identity-bot:ticket=x -->"),
    ],
)
def test_what_hides_or_reorders_text_does_not_get_into_an_answer(typed: str, kept: str) -> None:
    assert ShortText(name="q", label="Q").answer(typed) == kept


def test_validators_of_marshmallow_speak_at_the_question() -> None:
    question = ShortText(name="q", label="Q", validate=[rules.Regexp(r"\d+", error="Please enter digits.")])

    assert question.answer("12") == "12"
    assert problem(question, "x") == "Please enter digits."


def test_parse_decides_what_is_kept_and_what_is_refused() -> None:
    def parse(typed: str) -> str:
        if not typed.startswith("VA-"):
            raise ValidationError("Please enter a number such as VA-12.")
        return f" {typed.upper()} "

    question = ShortText(name="q", label="Q", parse=parse)

    assert question.answer("VA-x") == "VA-X"
    assert problem(question, "x") == "Please enter a number such as VA-12."
    assert problem(question, 5) == "Please enter text."


# Addresses


@pytest.mark.parametrize(
    "typed",
    [
        "https://www.va.gov",
        "http://localhost:3000/sign-in?client_id=x&b=%20#top",
        "HTTPS://VA.GOV/",
        "https://dev.va.gov/a_(b)",
        "https://[::1]:3000/",
        "https://例え.jp/",
    ],
)
def test_web_addresses_are_taken(typed: str) -> None:
    assert Url(name="q", label="Q").answer(f" {typed} ") == typed


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//va.gov",
        "va.gov",
        "https://",
        "https:///x",
        "http://[::1",
        "https://va.gov:99999/",
        "https://va.gov:x/",
        "https://va.gov/a b",
        "https://va.gov/\x00",
        "https://va.gov/<!channel>",
        'https://va.gov/"x',
        "https://evil.test\\@va.gov",
        "https://va\u202e.gov",
        "ftp://va.gov",
    ],
)
def test_other_addresses_are_refused_with_an_example(typed: str) -> None:
    said = "Please enter a web address, for example https://www.va.gov/sign-in."

    assert problem(Url(name="q", label="Q"), typed) == said


@pytest.mark.parametrize("typed", ["https://ada:pw@va.gov", "https://va.gov@evil.test/", "https://@va.gov"])
def test_an_address_with_a_login_in_it_is_refused(typed: str) -> None:
    assert (
        problem(Url(name="q", label="Q"), typed)
        == "Please leave the name and password out of the web address."
    )


@pytest.mark.parametrize("typed", ["a@va.gov", "first.last+tag@sub.example.org", "o'neill@va.gov"])
def test_email_addresses_are_taken(typed: str) -> None:
    assert Email(name="q", label="Q").answer(f" {typed} ") == typed


@pytest.mark.parametrize(
    "typed",
    ["a", "a@", "@va.gov", "a@b", "a b@va.gov", "a@va..gov", "a@@va.gov", "<a@va.gov>", "a@va.gov," * 2],
)
def test_other_email_addresses_are_refused_with_an_example(typed: str) -> None:
    said = "Please enter an e-mail address, for example name@example.gov."

    assert problem(Email(name="q", label="Q"), typed) == said


# Numbers and days


@pytest.mark.parametrize(("typed", "kept"), [("12", 12), (" -3 ", -3), (12, 12), (12.0, 12), ("0", 0)])
def test_whole_numbers_are_taken(typed: Any, kept: int) -> None:
    answer = Number(name="q", label="Q").answer(typed)

    assert answer == kept
    assert type(answer) is int


@pytest.mark.parametrize(
    "typed", ["3.5", 3.5, "x", "1,000", "NaN", "1e3", True, float("inf"), float("nan"), "9" * 5000, "²"]
)
def test_other_whole_numbers_are_refused_with_an_example(typed: Any) -> None:
    assert problem(Number(name="q", label="Q"), typed) == "Please enter a whole number, for example 12."


@pytest.mark.parametrize("typed", ["NaN", "Infinity", "1e999", "x", "1,5", True, float("-inf")])
def test_other_decimal_numbers_are_refused_with_an_example(typed: Any) -> None:
    question = Number(name="q", label="Q", decimal=True)

    assert problem(question, typed) == "Please enter a number, for example 12.5."


@pytest.mark.parametrize("typed", [2**53, "-" + "9" * 30, "1" + "0" * 400])
def test_a_number_that_json_would_not_keep_exactly_is_refused(typed: Any) -> None:
    assert problem(Number(name="q", label="Q"), typed) == "Please enter a number of at most 15 digits."


@pytest.mark.parametrize(
    ("minimum", "maximum", "typed", "said"),
    [
        (0, 10, "11", "Please enter a number from 0 to 10."),
        (0, None, "-1", "Please enter a number of at least 0."),
        (None, 0, "1", "Please enter a number of at most 0."),
        (1_234_567, None, "5", "Please enter a number of at least 1234567."),
        (1e-7, 0.5, "7", "Please enter a number from 0.0000001 to 0.5."),
    ],
)
def test_a_number_outside_its_limits_hears_them(
    minimum: float | None, maximum: float | None, typed: str, said: str
) -> None:
    question = Number(name="q", label="Q", minimum=minimum, maximum=maximum, decimal=True)

    assert problem(question, typed) == said


@pytest.mark.parametrize("typed", [0, 10, "0", "10"])
def test_the_limits_of_a_number_belong_to_it(typed: Any) -> None:
    assert Number(name="q", label="Q", minimum=0, maximum=10).answer(typed) == int(typed)


@given(st.floats(allow_nan=False, allow_infinity=False, width=64) | st.integers())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_number_is_written_without_an_exponent_and_means_the_same(number: float) -> None:
    written = number_text(number)

    assert "e" not in written.lower()
    assert float(written) == float(number)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("2026-12-01", "2026-12-01"), ("2028-02-29", "2028-02-29"), ("0005-01-02", "0005-01-02")],
)
def test_days_are_taken(typed: str, kept: str) -> None:
    question = Date(name="q", label="Q")

    assert question.answer(typed) == kept
    assert question.answer(question.answer(typed)) == kept


@pytest.mark.parametrize(
    "typed", ["2026-02-30", "2027-02-29", "12/01/2026", "tomorrow", 20261201, "2026-13-01", True]
)
def test_other_days_are_refused_with_an_example(typed: Any) -> None:
    said = "Please enter a date as year-month-day, for example 2026-12-01."

    assert problem(Date(name="q", label="Q"), typed) == said


def test_validators_of_a_date_get_a_date() -> None:
    def is_weekday(day: Any) -> None:
        if day.weekday() > 4:
            raise ValidationError("Please choose a working day.")

    question = Date(name="q", label="Q", validate=[is_weekday])

    assert question.answer("2026-12-01") == "2026-12-01"
    assert problem(question, "2026-12-05") == "Please choose a working day."


# Choices, yes and no, people, files


@pytest.mark.parametrize("typed", ["red", "blue"])
def test_an_option_is_kept_as_its_value(typed: str) -> None:
    assert Choice(name="q", label="Q", options=COLORS).answer(typed) == typed


@pytest.mark.parametrize("typed", ["Red light", "purple", " red", 5, True, ["red"], {"value": "red"}])
def test_what_is_not_offered_is_refused(typed: Any) -> None:
    said = "This is not one of the choices. Please choose again."

    assert problem(Choice(name="q", label="Q", options=COLORS), typed) == said


def test_an_option_of_a_list_of_hundreds_is_taken() -> None:
    question = Choice(name="q", label="Q", options=[f"option {n}" for n in range(500)])

    assert question.answer("option 499") == "option 499"


def test_several_options_are_kept_once_each_in_the_order_of_choosing() -> None:
    question = Choices(name="q", label="Q", options=COLORS)

    assert question.answer(["blue", "red", "blue"]) == ["blue", "red"]
    assert question.shown(["blue", "red"]) == "blue\nRed light"


@pytest.mark.parametrize("typed", [["red", "purple"], [["red"]], [None], [5]])
def test_one_option_that_is_not_offered_spoils_the_choice(typed: Any) -> None:
    said = "This is not one of the choices. Please choose again."

    assert problem(Choices(name="q", label="Q", options=COLORS), typed) == said


def test_validators_see_the_whole_choice() -> None:
    question = Choices(
        name="q", label="Q", options=COLORS, validate=[rules.Length(max=1, error="Please choose one.")]
    )

    assert question.answer(["red"]) == ["red"]
    assert problem(question, ["red", "blue"]) == "Please choose one."


@pytest.mark.parametrize(("typed", "kept"), [(True, True), (False, False), ("yes", True), ("no", False)])
def test_yes_and_no_are_kept_as_true_and_false(typed: Any, kept: bool) -> None:
    assert YesNo(name="q", label="Q").answer(typed) is kept


@pytest.mark.parametrize("typed", ["maybe", 7, [True], {"value": True}])
def test_neither_yes_nor_no_is_refused(typed: Any) -> None:
    assert problem(YesNo(name="q", label="Q"), typed) == "Please choose yes or no."


def test_a_person_is_kept_with_id_and_name_and_shown_by_name() -> None:
    question = Member(name="q", label="Q")

    answer = question.answer({"id": "U0ADA", "name": "Ada\x00", "admin": True})

    assert answer == {"id": "U0ADA", "name": "Ada\ufffd"}
    assert question.shown({"id": "U0ADA", "name": "Ada"}) == "Ada"
    assert question.shown({"id": "U0ADA", "name": ""}) == "U0ADA"


@pytest.mark.parametrize(
    "typed", ["U0ADA", {"name": "Ada"}, {"id": "<!channel>"}, {"id": None}, ["U0ADA"], 5]
)
def test_what_is_no_person_is_refused(typed: Any) -> None:
    assert problem(Member(name="q", label="Q"), typed) == "Please choose a person from the list."


def test_files_are_kept_with_their_links() -> None:
    question = Files(name="q", label="Q")

    answer = question.answer([FILE | {"size": 5}, {"id": "F2", "name": "a.txt"}])

    assert answer == [FILE, {"id": "F2", "name": "a.txt", "link": ""}]
    assert question.shown(answer) == f"shot.png ({FILE['link']})\na.txt"


def test_more_files_than_asked_for_are_refused() -> None:
    question = Files(name="q", label="Q", max_files=1)

    assert question.answer([FILE]) == [FILE]
    assert problem(question, [FILE, FILE]) == "Please attach at most 1 file."


@pytest.mark.parametrize(
    ("name", "fits"), [("a.PNG", True), ("a.jpg", True), ("a.exe", False), ("a.png.exe", False)]
)
def test_files_of_other_kinds_are_refused(name: str, fits: bool) -> None:
    question = Files(name="q", label="Q", filetypes=["png", "JPG"])
    typed = [FILE | {"name": name}]

    if fits:
        assert question.answer(typed) == typed
    else:
        assert problem(question, typed) == "Please attach only files of these kinds: jpg, png."


@pytest.mark.parametrize(
    "typed",
    [
        "F1",
        ["F1"],
        [{}],
        [{"id": "F1"}],
        [FILE | {"link": "javascript:alert(1)"}],
        [FILE | {"name": ["x"]}],
        FILE,
    ],
)
def test_what_is_no_file_is_refused(typed: Any) -> None:
    assert problem(Files(name="q", label="Q"), typed) == "Please attach the file again."


# Conditions


@pytest.mark.parametrize(
    ("equals", "given", "holds"),
    [
        (True, True, True),
        (True, False, False),
        (True, None, False),
        (("a", "b"), "b", True),
        (("a", "b"), "c", False),
        ("a", ["b", "a"], True),
        (("x", "y"), ["b", "a"], False),
        ("a", [], False),
    ],
)
def test_a_condition_holds_for_any_of_its_values(equals: Any, given: Any, holds: bool) -> None:
    assert When("q", equals).holds({"q": given}) is holds


# Declarations


def parse(typed: str) -> str:
    return typed


WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: ShortText(name="Size", label="Size"), "question 'Size': its name must be lower-case"),
    (lambda: ShortText(name="2fa", label="Size"), "question '2fa': its name must be lower-case"),
    (lambda: ShortText(name="", label="Size"), "question '': its name must be lower-case"),
    (lambda: ShortText(name="größe", label="Size"), "question 'größe': its name must be lower-case"),
    (lambda: ShortText(name="q", label=None), "question 'q': label: found NoneType; expected text"),  # type: ignore[arg-type]
    (
        lambda: ShortText(name="q", label="Q", required="no"),
        "question 'q': required: found 'no'; expected True",
    ),  # type: ignore[arg-type]
    (lambda: Question(name="q", label="Q"), "question 'q': declare one of the kinds"),
    (lambda: Choice(name="q", label="Q", options=[]), "question 'q': options: found none"),
    (
        lambda: Choice(name="q", label="Q", options="abc"),
        "question 'q': options: found 'abc'; expected a list",
    ),
    (lambda: Choice(name="q", label="Q", options=[5]), "question 'q': options: found [5]; expected a list"),  # type: ignore[list-item]
    (
        lambda: Choice(name="q", label="Q", options=[Option("x", "X"), Option("x", "Y")]),
        "question 'q': options: 2 have the value 'x'",
    ),
    (
        lambda: Choice(name="q", label="Q", options=["x" * 76]),
        f"question 'q': option '{'x' * 39}: label: found 76 characters; expected at most 75",
    ),
    (lambda: Option("v" * 151, "Label"), "option 'Label': value: found 151 characters; expected at most 150"),
    (lambda: Option("v", ""), "option '': label: found nothing; expected 1 to 75 characters"),
    (
        lambda: Choice(name="q", label="Q", options=["x"], initial="y"),
        "question 'q': initial: This is not one of the choices.",
    ),
    (
        lambda: Date(name="q", label="Q", initial="tomorrow"),
        "question 'q': initial: Please enter a date",
    ),
    (
        lambda: YesNo(name="q", label="Q", parse=parse),
        "question 'q': parse: only for answers that people type",
    ),
    (
        lambda: Files(name="q", label="Q", filetypes=[".png"]),
        "question 'q': filetypes: expected a list of endings without a dot",
    ),
    (lambda: Files(name="q", label="Q", filetypes="png"), "question 'q': filetypes: expected a list"),
    (
        lambda: ShortText(name="q", label="Q", validate=parse),  # type: ignore[arg-type]
        "question 'q': validate: found function; expected a list of functions",
    ),
    (
        lambda: ShortText(name="q", label="Q", shown_when="b"),  # type: ignore[arg-type]
        "question 'q': shown_when: found str; expected a When",
    ),
    (lambda: When("q", ()), "When('q'): found no values"),
    (lambda: When(5, True), "When: found 5; expected the name of a question"),  # type: ignore[arg-type]
    (
        lambda: LongText(name="q", label="Q", min_length=9, max_length=8),
        "question 'q': min_length: found 9, which is more than max_length, 8",
    ),
    (
        lambda: Number(name="q", label="Q", minimum=9, maximum=8),
        "question 'q': minimum: found 9, which is more than maximum, 8",
    ),
    (
        lambda: Number(name="q", label="Q", minimum=0.5),
        "question 'q': minimum: found 0.5; expected a whole number",
    ),
    (
        lambda: Number(name="q", label="Q", maximum=float("inf")),
        "question 'q': maximum: found inf; expected a number of at most 15 digits",
    ),
    (
        lambda: Number(name="q", label="Q", minimum=float("nan")),
        "question 'q': minimum: found nan; expected a number of at most 15 digits",
    ),
]


@pytest.mark.parametrize(("declare", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_declaration_that_is_wrong_is_refused_where_it_stands(
    declare: Callable[[], Any], said: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        declare()


def test_all_that_is_wrong_with_a_question_is_told_at_once() -> None:
    with pytest.raises(
        ValueError, match=r"its name must be .*; label: found nothing; .*; max_length: found 0"
    ):
        ShortText(name="Q", label=" ", max_length=0)
