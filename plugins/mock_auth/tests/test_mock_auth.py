"""Trouble with mocked authentication: which credential, which environment, and what else there is to say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from marshmallow import ValidationError

import identity_bot_mock_auth as mock_auth
from bench import answers as bench
from identity_bot import Choice, LongText, Person, Ticket

ARTICLES = Path(__file__).parents[1] / "identity_bot_mock_auth" / "articles"
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


def test_the_first_answer_is_the_right_one_for_most_questions() -> None:
    measured = bench.precision(mock_auth.ARTICLES.search)
    false, texts = bench.false_answers(mock_auth.ARTICLES.search)

    assert measured.asked == 60
    assert measured.share >= 0.85
    assert false / texts <= 0.4


def test_the_questions_that_nobody_foresaw_do_not_get_worse() -> None:
    assert bench.precision(mock_auth.ARTICLES.search, "held_out").share >= 0.65
