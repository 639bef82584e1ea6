"""Trouble with mocked authentication: which credential, which environment, and what else there is to say."""

from __future__ import annotations

from pathlib import Path

import pytest
from marshmallow import ValidationError

import identity_bot_mock_auth as mock_auth
from identity_bot import Choice, LongText
from identity_bot.testing import MemoryDesk, check_request_type

ARTICLES = Path(__file__).parents[1] / "identity_bot_mock_auth" / "articles"


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


def test_before_anything_is_typed_the_articles_that_most_people_need_are_shown() -> None:
    local = mock_auth.self_service("", {"environment": "local"})
    development = mock_auth.self_service(" ", {"environment": "development"})

    assert [answer.name for answer in local] == list(mock_auth.MOST_COMMON["local"])
    assert [answer.name for answer in development] == list(mock_auth.MOST_COMMON["development"])
    assert mock_auth.self_service("", {}) == local


def test_what_is_typed_finds_the_article_about_it() -> None:
    found = mock_auth.self_service("I get an invalid client id since I reset my database", {})

    assert found[0].title == "Invalid client id"
    assert "db:seed" in found[0].text


def test_each_article_is_short_and_read() -> None:
    files = sorted(path.stem for path in ARTICLES.glob("*.md"))

    answers = mock_auth.ARTICLES.named(*files)

    assert [answer.name for answer in answers] == files
    assert len(files) == 12
    assert all(len(answer.text) < 1_500 for answer in answers)
