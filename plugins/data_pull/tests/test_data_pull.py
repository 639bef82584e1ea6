"""A data pull asks what is needed, and a sensitive one says nothing of it in its title."""

from __future__ import annotations

from typing import Any

import pytest

import identity_bot_data_pull as data_pull
from identity_bot import Choice, LongText, YesNo
from identity_bot.testing import MemoryDesk, check_request_type


def test_it_keeps_what_every_request_type_promises() -> None:
    check_request_type(data_pull)


def test_the_form_asks_what_is_needed_whether_it_is_sensitive_how_much_and_for_comments() -> None:
    asked = data_pull.form()

    assert [(question.name, type(question), question.required) for question in asked.questions] == [
        ("data_needed", LongText, True),
        ("sensitive", YesNo, True),
        ("size", Choice, False),
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


PRODUCT = {"product_leads": [{"slack": "U0LINDEN", "github": "linden-brookmere"}]}


@pytest.mark.parametrize(
    ("answers", "is_product"),
    [
        ({"sensitive": False}, False),
        ({"sensitive": False, "size": "small"}, False),
        ({"sensitive": False, "size": "large"}, True),
        ({"sensitive": True, "size": "small"}, True),
    ],
)
@pytest.mark.parametrize("settings", [PRODUCT, {}])
def test_what_is_sensitive_or_large_goes_to_the_product_leads_if_there_are_any(
    desk: MemoryDesk, answers: dict[str, Any], is_product: bool, settings: dict[str, Any]
) -> None:
    loaded = desk.load(data_pull, settings=settings)
    assert loaded

    route = loaded.route(desk.submit("data_pull", **answers))

    leads = ["U0LINDEN"] if is_product and settings else ["U0INDIGO", "U0SAGE"]
    assert [one["slack"] for one in route.leads] == leads
    assert route.approvers == route.leads


@pytest.mark.parametrize("is_sensitive", [True, False])
def test_only_what_is_sensitive_needs_approval(desk: MemoryDesk, is_sensitive: bool) -> None:
    desk.load(data_pull)

    ticket = desk.submit("data_pull", sensitive=is_sensitive, size="large")
    desk.work()

    assert ("approval: needed" in desk.issue(ticket).labels) is is_sensitive
