"""A form checks all answers at once, says what is wrong with each, and refuses to contradict itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from identity_bot import (
    Choice,
    Choices,
    Date,
    Email,
    Files,
    Form,
    LongText,
    Member,
    Number,
    Option,
    ShortText,
    Url,
    When,
    YesNo,
)
from identity_bot.errors import Invalid
from identity_bot.forms.form import COMMON, load, readable
from identity_bot.forms.questions import Question

COMMON_ANSWERS = {"team": "Benefits", "name": "Juniper Vale", "production": False}
FULL = Form(
    title="Everything",
    questions=[
        ShortText(name="short", label="Short"),
        LongText(name="long", label="Long", required=False),
        Url(name="url", label="Address", required=False),
        Email(name="email", label="E-mail", required=False),
        Number(name="number", label="Number", required=False, minimum=1, maximum=9),
        Date(name="date", label="Day", required=False),
        Choice(name="choice", label="One", options=["a", "b", "c"], required=False),
        Choices(name="choices", label="Several", options=["a", "b", "c"], required=False),
        YesNo(name="yes_no", label="Yes or no", required=False),
        Member(name="member", label="Who", required=False),
        Files(name="files", label="Files", required=False),
        ShortText(name="after_b", label="After b", shown_when=When("choice", ("b", "c"))),
        YesNo(name="after_several", label="After a", shown_when=When("choices", "a"), required=False),
        ShortText(name="last", label="Last", shown_when=When("after_several", True)),
    ],
    sensitive_when=When("yes_no", True),
)
NAMES = [question.name for question in FULL.all_questions]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["a", "b", "yes", "5", "2026-12-01", "https://va.gov", "a@va.gov", "U1", "F1"])
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "link"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def form(*questions: Question, **more: Any) -> Form:
    return Form(title="Coffee", questions=questions, **more)


def problems(asked: Form, **typed: Any) -> dict[str, str]:
    """What somebody reads, by question."""
    with pytest.raises(Invalid) as refused:
        load(asked, COMMON_ANSWERS | typed)
    return refused.value.problems


def outcome(typed: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """The answers or else the problems."""
    try:
        return load(FULL, typed), {}
    except Invalid as refused:
        return {}, refused.problems


def test_answers_are_kept_by_the_questions_names_in_the_forms_order() -> None:
    asked = form(ShortText(name="b", label="B"), Number(name="a", label="A"))

    answers = load(asked, {"a": "5", "b": " x ", "stranger": "y", **COMMON_ANSWERS})

    assert answers == COMMON_ANSWERS | {"b": "x", "a": 5}
    assert list(answers) == ["team", "name", "production", "b", "a"]


def test_every_form_asks_for_team_name_and_production() -> None:
    with pytest.raises(Invalid) as refused:
        load(form(), {})

    assert refused.value.problems == dict.fromkeys(
        ("team", "name", "production"), "Please answer this question."
    )


def test_all_problems_are_told_at_once_in_the_forms_order() -> None:
    said = problems(FULL, number="10", team=" ", short="x" * 201, date="never")

    assert list(said.items()) == [
        ("team", "Please answer this question."),
        ("short", "Please use at most 200 characters."),
        ("number", "Please enter a number from 1 to 9."),
        ("date", "Please enter a date as year-month-day, for example 2026-12-01."),
    ]


@pytest.mark.parametrize("blank", [" \n\t ", "", None, "\u200b", "\x00"])
def test_white_space_is_no_answer(blank: str | None) -> None:
    asked = form(LongText(name="must", label="Must"), LongText(name="may", label="May", required=False))

    assert problems(asked, must=blank, may=blank) == {"must": "Please answer this question."}
    assert "may" not in load(asked, COMMON_ANSWERS | {"must": "x", "may": blank})


def test_no_is_an_answer() -> None:
    assert load(form(YesNo(name="q", label="Q")), COMMON_ANSWERS | {"q": False})["q"] is False
    assert load(form(Number(name="q", label="Q")), COMMON_ANSWERS | {"q": "0"})["q"] == 0


def test_an_initial_value_is_only_a_suggestion() -> None:
    asked = form(ShortText(name="q", label="Q", initial="suggested"))

    assert problems(asked) == {"q": "Please answer this question."}


# Hidden questions


def test_answers_to_hidden_questions_are_dropped_and_not_asked_for() -> None:
    answers = load(FULL, COMMON_ANSWERS | {"short": "x", "choice": "a", "after_b": "forged"})

    assert "after_b" not in answers


@pytest.mark.parametrize("chosen", ["b", "c"])
def test_a_question_is_asked_for_any_of_the_values_of_its_condition(chosen: str) -> None:
    assert problems(FULL, short="x", choice=chosen) == {"after_b": "Please answer this question."}


def test_one_of_several_choices_is_enough_for_a_condition() -> None:
    answers = load(FULL, COMMON_ANSWERS | {"short": "x", "choices": ["b", "a"], "after_several": False})

    assert answers["after_several"] is False


def test_a_question_that_hangs_on_a_hidden_question_is_hidden_too() -> None:
    typed = COMMON_ANSWERS | {"short": "x", "choices": ["b"], "after_several": True, "last": "forged"}

    answers = load(FULL, typed)

    assert not {"after_several", "last"} & set(answers)
    assert problems(FULL, short="x", choices=["a"], after_several=True) == {
        "last": "Please answer this question."
    }


def test_a_condition_reads_an_answer_as_it_will_be_kept() -> None:
    typed = {"short": "x", "choices": ["a"], "after_several": "yes"}

    assert problems(FULL, **typed) == {"last": "Please answer this question."}


def test_a_question_that_hangs_on_a_wrong_answer_is_not_asked_for() -> None:
    said = "This is not one of the choices. Please choose again."

    assert problems(FULL, short="x", choice="z") == {"choice": said}


def test_sensitive_is_what_the_form_calls_sensitive() -> None:
    assert FULL.is_sensitive({"yes_no": True})
    assert not FULL.is_sensitive({"yes_no": False})
    assert not FULL.is_sensitive({})
    assert not form().is_sensitive({"yes_no": True})


# Whatever comes


@given(st.dictionaries(st.sampled_from([*NAMES, "stranger"]), VALUES, max_size=12))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_load_answers_or_says_what_is_wrong_at_a_question_that_is_shown(typed: dict[str, Any]) -> None:
    shown = [question.name for question in FULL.shown_questions(typed)]

    answers, said = outcome(typed)

    assert bool(answers) is not bool(said)
    assert {*answers, *said} <= set(shown)
    assert all(sentence.endswith(".") for sentence in said.values())


@given(st.dictionaries(st.sampled_from(NAMES[4:]), VALUES, max_size=6))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_answers_are_plain_json_and_their_own_answers(typed: dict[str, Any]) -> None:
    given_too = COMMON_ANSWERS | {"short": "x", "after_b": "x", "last": "x"}
    _, wrong = outcome(given_too | typed)
    answers = load(FULL, given_too | {name: value for name, value in typed.items() if name not in wrong})

    kept = json.loads(json.dumps(answers, allow_nan=False))

    assert kept == answers
    assert load(FULL, kept) == answers


def test_answers_of_an_older_form_are_still_readable() -> None:
    answers = COMMON_ANSWERS | {"short": ["no", "text"], "files": "F1", "member": {"x": 1}, "removed": "kept"}

    shown = {question.name: text for question, text in readable(FULL, answers)}

    assert shown["files"] == "F1"
    assert shown["member"] == '{"x": 1}'
    assert shown["removed"] == "kept"
    assert list(shown)[-1] == "removed"


EVERY_KIND: tuple[Question, ...] = (
    ShortText(name="q", label="Q"),
    LongText(name="q", label="Q"),
    Url(name="q", label="Q"),
    Email(name="q", label="Q"),
    Number(name="q", label="Q"),
    Date(name="q", label="Q"),
    Choice(name="q", label="Q", options=["S", "L"]),
    Choices(name="q", label="Q", options=["S", "L"]),
    YesNo(name="q", label="Q"),
    Member(name="q", label="Q"),
    Files(name="q", label="Q"),
)
OF_OTHER_KINDS = (
    "Large, please",
    7,
    7.5,
    True,
    ["S", "M"],
    {"id": "U0JUNIPER", "name": "Juniper Vale"},
    [{"a": 1}],
)


@pytest.mark.parametrize("question", EVERY_KIND, ids=lambda one: one.kind)
@pytest.mark.parametrize("answer", OF_OTHER_KINDS, ids=repr)
def test_an_answer_to_a_question_of_another_kind_is_shown_as_it_was_kept(
    question: Question, answer: Any
) -> None:
    form = Form(title="C", questions=[question])

    [(_, shown)] = readable(form, {"q": answer})

    if not isinstance(answer, question.kept_as):
        assert shown == (answer if isinstance(answer, str) else json.dumps(answer))
    else:
        assert isinstance(shown, str)


# Contradictions


def yes_no(name: str, **more: Any) -> Question:
    return YesNo(name=name, label="Q", **more)


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"questions": [yes_no("a"), yes_no("a")]}, "question 'a': declared twice"),
    ({"questions": [yes_no("team")]}, "question 'team': found YesNo; expected ShortText or Choice"),
    (
        {"questions": [LongText(name="name", label="Q")]},
        "question 'name': found LongText; expected ShortText",
    ),
    (
        {"questions": [ShortText(name="production", label="Q")]},
        "question 'production': found ShortText; expected YesNo",
    ),
    (
        {"questions": [ShortText(name="team", label="Q"), ShortText(name="team", label="Q")]},
        "question 'team': declared twice",
    ),
    (
        {"questions": [ShortText(name="team", label="Q")], "leave_out": ["team"]},
        "question 'team': asked and left out; delete its name from leave_out to ask it",
    ),
    ({"leave_out": ["tema"]}, "leave_out: 'tema' is none of team, name, production"),
    ({"leave_out": [["team"]]}, "leave_out: ['team'] is none of team, name, production"),
    ({"leave_out": "team"}, "leave_out: found str; expected a list"),
    (
        {"leave_out": ["team", "name", "production"]},
        "questions: found none; expected at least one, as the common ones are left out",
    ),
    (
        {"questions": [yes_no("a", shown_when=When("production", True))], "leave_out": ["production"]},
        "question 'a': shown_when: no earlier question has the name 'production'",
    ),
    (
        {"questions": [yes_no("a", shown_when=When("b", True))]},
        "question 'a': shown_when: no earlier question has the name 'b'",
    ),
    (
        {"questions": [yes_no("a", shown_when=When("b", True)), yes_no("b")]},
        "question 'a': shown_when: no earlier question has the name 'b'",
    ),
    (
        {"questions": [yes_no("a", shown_when=When("a", True))]},
        "question 'a': shown_when: no earlier question has the name 'a'",
    ),
    (
        {"questions": [yes_no("a", shown_when=When("team", "x"))]},
        "question 'a': shown_when: 'team' is neither a choice nor a yes/no question",
    ),
    (
        {"questions": [yes_no("a", shown_when=When("production", "yes"))]},
        "question 'a': shown_when: expected True or False, the answers to 'production'",
    ),
    (
        {
            "questions": [
                Choice(name="a", label="A", options=["x", "y"]),
                yes_no("b", shown_when=When("a", ("x", "z"))),
            ]
        },
        "question 'b': shown_when: 'z' is not an option of 'a'",
    ),
    ({"sensitive_when": When("secret", True)}, "sensitive_when: no earlier question has the name 'secret'"),
    ({"sensitive_when": True}, "sensitive_when: found bool; expected a When"),
    ({"approval_when": When("secret", True)}, "approval_when: no earlier question has the name 'secret'"),
    ({"approval_when": True}, "approval_when: found bool; expected a When"),
    ({"questions": ["Size?"]}, "questions: found 'Size?'; expected a kind of question, such as ShortText"),
    ({"questions": 5}, "questions: found int; expected a list"),
]


@pytest.mark.parametrize(("declared", "said"), CONTRADICTIONS, ids=[said for _, said in CONTRADICTIONS])
def test_a_form_that_contradicts_itself_is_refused_with_the_question_named(
    declared: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=f"^form 'Coffee': {re.escape(said)}") as refused:
        Form(**{"title": "Coffee", "questions": []} | declared)

    assert "; " not in str(refused.value).removeprefix(f"form 'Coffee': {said}")


def test_all_contradictions_of_a_form_are_told_at_once() -> None:
    with pytest.raises(ValueError, match="'a': declared twice; sensitive_when: no earlier question"):
        form(yes_no("a"), yes_no("a"), sensitive_when=When("secret", True))


def test_messages_of_validators_may_have_any_shape_that_marshmallow_allows() -> None:
    def refuse(said: Any) -> Callable[[Any], None]:
        def rule(_: Any) -> None:
            raise ValidationError(said)

        return rule

    asked = form(
        ShortText(name="a", label="A", validate=[refuse(["Please say more.", "x"])]),
        ShortText(name="b", label="B", validate=[refuse({"x": ["Please say less."]})]),
    )

    assert problems(asked, a="x", b="x") == {
        "a": "Please say more.",
        "b": "Please say less.",
    }


def test_the_common_questions_are_right_themselves() -> None:
    assert [question.name for question in COMMON] == ["team", "name", "production"]
    assert all(question.required for question in COMMON)


def test_a_form_leaves_out_common_questions_and_has_no_answers_to_them() -> None:
    asked = Form(title="X", questions=[ShortText(name="a", label="A")], leave_out=["production", "name"])

    answers = load(asked, {"a": "x", "team": "Benefits", "name": "Juniper Vale", "production": True})

    assert [question.name for question in asked.all_questions] == ["team", "a"]
    assert answers == {"team": "Benefits", "a": "x"}
    assert (asked.read(answers, "team"), asked.read(answers, "name")) == ("Benefits", "")


def test_a_form_asks_a_common_question_in_its_own_way_in_its_place() -> None:
    teams = Choice(
        name="team", label="Which team?", options=[Option("va1", "Benefits"), Option("va2", "Health")]
    )
    sure = YesNo(name="production", label="Is it down?", shown_when=When("team", "va1"))
    asked = form(ShortText(name="a", label="A"), sure, teams)

    answers = load(asked, COMMON_ANSWERS | {"team": "va2", "a": "x"})

    assert [question.name for question in asked.all_questions] == ["team", "name", "production", "a"]
    assert asked.question("team") is teams
    assert answers == {"team": "va2", "name": "Juniper Vale", "a": "x"}
    assert asked.read(answers, "team") == "Health"
    assert problems(asked, team="Benefits", a="x")["team"].startswith("This is not one of the choices.")


def test_the_answer_to_a_common_question_that_was_left_out_since_is_read_under_its_words() -> None:
    later = Form(title="X", questions=[ShortText(name="a", label="A")], leave_out=["production"])

    read = {question.label: text for question, text in readable(later, COMMON_ANSWERS | {"old": "y"})}

    assert read["Does this affect Veterans in production?"] == "No"
    assert read["old"] == "y"


def test_a_condition_on_a_misspelled_question_says_which_was_probably_meant() -> None:
    with pytest.raises(ValueError, match="has the name 'secrt'; did you mean 'secret'"):
        Form(
            title="Form",
            questions=[YesNo(name="secret", label="Is it secret?")],
            sensitive_when=When("secrt", True),
        )
