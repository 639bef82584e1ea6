"""A data pull asks what is needed, and a sensitive one says nothing of it in its title."""

from __future__ import annotations

import pytest

import identity_bot_data_pull as data_pull
from identity_bot import LongText, YesNo
from identity_bot.testing import MemoryDesk, check_request_type


def test_it_keeps_what_every_request_type_promises() -> None:
    check_request_type(data_pull)


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


def test_the_issue_is_titled_by_team_and_what_is_needed(desk: MemoryDesk) -> None:
    desk.load(data_pull)
    needed = "Sign-ins per credential,\nJuly to September"

    ticket = desk.submit("data_pull", team="Benefits", data_needed=needed, sensitive=False)
    desk.work()

    issue = desk.issue(ticket)
    assert issue.title == "Data pull for Benefits: Sign-ins per credential, July to September"
    assert f"```text\n{needed}\n```" in issue.body


def test_a_long_description_is_cut_in_the_title_only(desk: MemoryDesk) -> None:
    desk.load(data_pull)
    long = ("Sign-ins " * 300).strip()

    ticket = desk.submit("data_pull", data_needed=long, sensitive=False)
    desk.work()

    issue = desk.issue(ticket)
    assert len(issue.title) <= 120
    assert issue.title.endswith("…")
    assert long in issue.body


def test_a_sensitive_one_says_nothing_of_its_content_in_the_title_or_in_slack(desk: MemoryDesk) -> None:
    desk.load(data_pull)

    ticket = desk.submit("data_pull", team="Benefits", data_needed="Sign-ins in May", sensitive=True)
    desk.work()

    issue = desk.issue(ticket)
    assert issue.title == "Data pull for Benefits: sensitive"
    assert "Sign-ins in May" in issue.body
    assert "Sign-ins in May" not in desk.chat.everything()
