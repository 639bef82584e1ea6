"""The sample answers lead a form to where it branches."""

from __future__ import annotations

from identity_bot import Choice, Choices, Form, Option, ShortText, When, YesNo
from identity_bot.showcase.answers import conditions, meeting, values_for
from identity_bot.showcase.values import Kind

NESTED = Form(
    title="Nested",
    questions=[
        Choice(name="kind", label="Kind?", options=[Option("a", "A"), Option("b", "B")]),
        YesNo(name="more", label="More?", shown_when=When("kind", "b")),
        Choices(name="some", label="Some?", options=["x", "y"], shown_when=When("more", True)),
        ShortText(name="why", label="Why?", shown_when=When("some", "y")),
    ],
    sensitive_when=When("some", "y"),
)


def test_a_usual_request_is_not_sensitive_and_not_urgent() -> None:
    values = values_for(NESTED, Kind.USUAL)

    assert values
    assert not NESTED.is_sensitive(values)
    assert values["production"] is False


def test_a_sensitive_request_answers_all_that_makes_it_sensitive() -> None:
    values = values_for(NESTED, Kind.SENSITIVE)

    assert values
    assert NESTED.is_sensitive(values)
    assert (values["kind"], values["more"], values["some"]) == ("b", True, ["y"])
    assert "why" in values


def test_an_urgent_request_affects_production() -> None:
    values = values_for(NESTED, Kind.URGENT)

    assert values
    assert values["production"] is True


def test_a_form_that_cannot_be_sensitive_has_no_sensitive_request() -> None:
    assert values_for(Form(title="Plain", questions=[]), Kind.SENSITIVE) is None


def test_a_condition_below_another_is_met_with_it() -> None:
    *_, deepest = conditions(NESTED)

    assert meeting(NESTED, deepest) == {"kind": "b", "more": True, "some": ["y"]}


def test_questions_with_the_same_condition_branch_once() -> None:
    form = Form(
        title="Twice",
        questions=[
            YesNo(name="more", label="More?"),
            *(ShortText(name=name, label=name, shown_when=When("more", True)) for name in ("a", "b")),
        ],
    )

    assert conditions(form) == (When("more", True),)


def test_a_request_that_is_always_sensitive_has_a_usual_one_all_the_same() -> None:
    form = Form(
        title="Always",
        questions=[YesNo(name="secret", label="Secret?")],
        sensitive_when=When("secret", (True, False)),
    )

    assert values_for(form, Kind.USUAL)
