"""A data pull asks what is needed, and a sensitive one says nothing of it in its title."""

from __future__ import annotations

from dataclasses import replace

import pytest

import identity_bot_data_pull as data_pull
from identity_bot import LongText, Person, Ticket, YesNo

TICKET = Ticket(
    id="3d9a0f6c-2f4e-5b0a-9c59-0d8f4f0f7f11",
    type="data_pull",
    requestor=Person(slack_id="U1", name="Juniper Vale", team="Benefits"),
    answers={
        "team": "Benefits",
        "name": "Juniper Vale",
        "production": False,
        "data_needed": "Sign-ins per credential,\nJuly to September",
        "sensitive": False,
    },
    submitted_at=0.0,
)


def test_the_form_asks_what_is_needed_whether_it_is_sensitive_and_for_comments() -> None:
    asked = data_pull.form()

    assert [(question.name, type(question), question.required) for question in asked.questions] == [
        ("data_needed", LongText, True),
        ("sensitive", YesNo, True),
        ("comments", LongText, False),
    ]


@pytest.mark.parametrize(
    ("answers", "is_sensitive"), [({"sensitive": True}, True), ({"sensitive": False}, False)]
)
def test_only_a_yes_makes_it_sensitive(answers: dict[str, bool], is_sensitive: bool) -> None:
    assert data_pull.form().is_sensitive(answers) is is_sensitive


def test_the_issue_is_titled_by_team_and_what_is_needed() -> None:
    issue = data_pull.render_issue(TICKET, data_pull.form(), {})

    assert issue.title == "Data pull for Benefits: Sign-ins per credential, July to September"
    assert "```text\nSign-ins per credential,\nJuly to September\n```" in issue.body


def test_a_long_description_is_cut_in_the_title_only() -> None:
    long = "Sign-ins " * 300
    asked = replace(TICKET, answers={**TICKET.answers, "data_needed": long.strip()})

    issue = data_pull.render_issue(asked, data_pull.form(), {})

    assert len(issue.title) <= 120
    assert issue.title.endswith("…")
    assert long.strip() in issue.body


def test_a_sensitive_one_says_nothing_of_its_content_in_the_title() -> None:
    asked = replace(TICKET, is_sensitive=True, answers={**TICKET.answers, "sensitive": True})

    issue = data_pull.render_issue(asked, data_pull.form(), {})

    assert issue.title == "Data pull for Benefits: sensitive"
