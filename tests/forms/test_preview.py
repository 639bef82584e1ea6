"""A form drawn as text shows all there is to know of its questions."""

from __future__ import annotations

import re

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
from identity_bot.forms.preview import request_type

EVERYTHING = Form(
    title="Everything",
    description="One question of each kind",
    questions=[
        ShortText(name="short", label="Short?", min_length=2, max_length=20, placeholder="For example"),
        LongText(name="long", label="Long?", required=False, hint="Take your time. " * 12),
        Url(name="url", label="Where?"),
        Email(name="email", label="E-mail?"),
        Number(name="number", label="How many?", minimum=1, maximum=1_000_000),
        Number(name="price", label="How much?", decimal=True),
        Date(name="date", label="When?"),
        Choice(name="one", label="Which?", options=[Option("a", "Apple"), Option("p", "Pear")]),
        Choices(name="many", label="Which ones?", options=[f"number {n}" for n in range(120)]),
        YesNo(name="sure", label="Sure?", shown_when=When("one", ("a", "p"))),
        Member(name="who", label="Who?", shown_when=When("sure", True)),
        Files(
            name="files",
            label="Files?",
            max_files=3,
            filetypes=("png", "pdf"),
            shown_when=When("many", "number 2"),
        ),
    ],
    sensitive_when=When("sure", True),
)


def test_a_form_is_drawn_with_all_that_can_be_said_of_its_questions() -> None:
    settings = {"repository": "o/n", "restricted_repository": "o/r", "labels": ["extra"]}

    drawn = request_type("everything", EVERYTHING, settings, "common")

    for line in (
        "everything: Everything",
        "  One question of each kind",
        "  issues in o/n, labels common, everything, extra",
        "  sensitive when “Sure?” is Yes: goes to o/r and is not shown in Slack",
        "   4. Short?",
        "      short: short text, 2 to 20 characters, required",
        "      placeholder: For example",
        "      long: long text, at most 3,000 characters, optional",
        "      number: whole number from 1 to 1000000, required",
        "      price: number, required",
        "      date: date (year-month-day), required",
        "      choices: Apple; Pear",
        "      sure: yes or no, required",
        "      only when “Which?” is Apple or Pear",
        "      only when “Sure?” is Yes",
        "      only when “Which ones?” is number 2",
        "      files: files, at most 3 (png, pdf), required",
    ):
        assert line in drawn.splitlines()
    assert re.search(r"number 11; and\s+108 more", drawn)
    assert max(map(len, drawn.splitlines())) <= 100
