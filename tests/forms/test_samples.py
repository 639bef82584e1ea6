"""Sample answers: each form's own rules accept them."""

from __future__ import annotations

import pytest

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
    ShortText,
    Url,
    When,
    YesNo,
)
from identity_bot.forms.form import load
from identity_bot.forms.samples import sample_values

EVERY_KIND = Form(
    title="Every kind",
    questions=[
        ShortText(name="short", label="Short?", min_length=3, max_length=8),
        LongText(name="long", label="Long?", min_length=200),
        Url(name="url", label="Where?", placeholder="https://www.va.gov/sign-in"),
        Email(name="email", label="E-mail?"),
        Number(name="number", label="How many?", minimum=2.5, decimal=True),
        Date(name="day", label="When?"),
        Choice(name="one", label="Which?", options=["a", "b"], initial="b"),
        Choices(name="some", label="Which ones?", options=["a", "b"]),
        YesNo(name="sure", label="Sure?"),
        Member(name="who", label="Who?"),
        Files(name="files", label="Files?", filetypes=["txt"]),
        ShortText(name="more", label="More?", shown_when=When("one", "b")),
        ShortText(name="other", label="Other?", shown_when=When("one", "a")),
    ],
)


def test_every_kind_of_question_has_a_sample_that_its_rules_accept() -> None:
    answers = load(EVERY_KIND, sample_values(EVERY_KIND))

    assert set(answers) == {q.name for q in EVERY_KIND.all_questions} - {"other"}
    assert answers["one"] == "b"
    assert answers["files"][0]["name"] == "screenshot.txt"


def test_what_is_given_is_used() -> None:
    values = sample_values(EVERY_KIND, {"one": "a", "short": "given"})

    assert values["short"] == "given"
    assert "other" in values
    assert "more" not in values


@pytest.mark.parametrize("name", ["pr_review", "data_pull", "mock_auth"])
def test_shipped_forms_have_samples(name: str) -> None:
    form = __import__(f"identity_bot_{name}").form()

    load(form, sample_values(form))


def test_common_questions_that_a_form_asks_in_its_own_way_have_samples_and_those_left_out_have_none() -> None:
    form = Form(
        title="Own",
        questions=[
            Choice(name="team", label="Team?", options=["Health"]),
            ShortText(name="name", label="Name?", max_length=4),
        ],
        leave_out=["production"],
    )

    values = sample_values(form)

    assert values["team"] == "Health"
    assert set(load(form, values)) == {"team", "name"}
