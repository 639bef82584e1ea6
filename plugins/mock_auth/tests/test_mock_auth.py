"""Trouble with mocked authentication: which credential, which environment, and what else there is to say."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

import identity_bot_mock_auth as mock_auth
from identity_bot import Choice, LongText
from identity_bot.testing import MemoryDesk, check_request_type


def test_it_keeps_what_every_request_type_promises() -> None:
    check_request_type(mock_auth)


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


def test_the_issue_is_titled_as_people_call_things(desk: MemoryDesk) -> None:
    desk.load(mock_auth)

    ticket = desk.submit("mock_auth", team="Benefits", credential="idme", environment="local")
    desk.work()

    issue = desk.issue(ticket)
    assert issue.title == "Mocked authentication: ID.me, Local (Benefits)"
    assert "**Which credential?** `ID.me`" in issue.body


def test_comments_are_in_the_issue_as_they_were_written(desk: MemoryDesk) -> None:
    desk.load(mock_auth)

    ticket = desk.submit("mock_auth", comments="@octo <!-- x\n```")
    desk.work()

    assert "````text\n@octo <!-- x\n```\n````" in desk.issue(ticket).body
