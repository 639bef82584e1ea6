"""Trouble with mocked authentication: which credential, which environment, and what else there is to say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from marshmallow import ValidationError

import identity_bot_mock_auth as mock_auth
from identity_bot import Choice, LongText, Person, Ticket

TICKET = Ticket(
    id="3d9a0f6c-2f4e-5b0a-9c59-0d8f4f0f7f11",
    type="mock_auth",
    requestor=Person(slack_id="U1", name="Juniper Vale", team="Benefits"),
    answers={
        "team": "Benefits",
        "name": "Juniper Vale",
        "production": False,
        "credential": "idme",
        "environment": "local",
    },
    submitted_at=0.0,
)


def test_the_form_asks_for_credential_environment_and_comments() -> None:
    asked = mock_auth.form()

    assert [(question.name, type(question), question.required) for question in asked.questions] == [
        ("credential", Choice, True),
        ("environment", Choice, True),
        ("comments", LongText, False),
    ]


def test_all_four_credentials_are_offered() -> None:
    labels = [option.label for option in mock_auth.CREDENTIALS]

    assert labels == ["Login.gov", "ID.me", "DS Logon", "My HealtheVet"]


def test_no_environment_is_offered_but_those_that_have_mocked_authentication() -> None:
    question = mock_auth.form().question("environment")
    assert question is not None

    assert [question.answer(value) for value in ("local", "development")] == ["local", "development"]
    for other in ("staging", "production", "Local"):
        with pytest.raises(ValidationError):
            question.answer(other)


def test_the_issue_is_titled_as_people_call_things() -> None:
    issue = mock_auth.render_issue(TICKET, mock_auth.form(), {})

    assert issue.title == "Mocked authentication: ID.me, Local (Benefits)"
    assert "**Which credential?** `ID.me`" in issue.body


def test_comments_are_in_the_issue_as_they_were_written() -> None:
    asked = replace(TICKET, answers={**TICKET.answers, "comments": "@octo <!-- x\n```"})

    issue = mock_auth.render_issue(asked, mock_auth.form(), {})

    assert "````text\n@octo <!-- x\n```\n````" in issue.body
