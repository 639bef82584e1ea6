"""A pull request's link is taken from whichever of its pages it was copied, and nothing else is."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

import identity_bot_pr_review as pr_review
from identity_bot import Url, YesNo
from identity_bot.testing import MemoryDesk, check_request_type

PLAIN = "https://github.com/department-of-veterans-affairs/vets-api/pull/1234"
REFUSAL = (
    "Please paste the link of a GitHub pull request, for example "
    "https://github.com/department-of-veterans-affairs/vets-api/pull/1234."
)


def test_it_keeps_what_every_request_type_promises() -> None:
    check_request_type(pr_review)


def test_the_form_asks_for_the_link_and_whether_the_code_was_tested() -> None:
    asked = pr_review.form()

    assert [(question.name, type(question), question.required) for question in asked.questions] == [
        ("pull_request", Url, True),
        ("tested", YesNo, True),
    ]
    assert asked.sensitive_when is None


@pytest.mark.parametrize(
    "copied",
    [
        PLAIN,
        f"  {PLAIN}\n",
        f"{PLAIN}/",
        f"{PLAIN}/files",
        f"{PLAIN}/changes",
        f"{PLAIN}/checks?check_run_id=5",
        f"{PLAIN}/commits",
        f"{PLAIN}/commits/0b5f2a9c",
        f"{PLAIN}/files/0b5f2a9c..1c6e#diff-9f",
        f"{PLAIN}#discussion_r123",
        f"{PLAIN}/files#r123",
        f"{PLAIN}#issuecomment-123",
        f"{PLAIN}?notification_referrer_id=NT_kwDO",
        f"{PLAIN}/files?w=1&diff=split#r5",
        PLAIN.replace("https", "http"),
        PLAIN.replace("https", "HTTPS"),
        PLAIN.replace("//github", "//www.github"),
        PLAIN.replace("github.com", "GitHub.COM"),
    ],
)
def test_every_page_of_a_pull_request_leads_to_its_plain_address(copied: str) -> None:
    [question, _] = pr_review.form().questions

    assert question.answer(copied) == PLAIN
    assert question.answer(question.answer(copied)) == PLAIN


@pytest.mark.parametrize(
    "repository", ["octo/a", "o/vets-website", "octo-org/.github", "octo/a_b.c-d", "0/0"]
)
def test_any_repository_on_github_will_do(repository: str) -> None:
    link = f"https://github.com/{repository}/pull/1"

    assert pr_review.pull_request(f"{link}/files") == link


@pytest.mark.parametrize(
    "other",
    [
        "https://github.com/octo/vets-api/issues/1234",
        "https://github.com/octo/vets-api/pulls",
        "https://github.com/octo/vets-api/pull/",
        "https://github.com/octo/vets-api/pull/new/branch",
        "https://github.com/octo/vets-api/pull/0",
        "https://github.com/octo/vets-api/pull/12x",
        "https://github.com/octo/vets-api/pull/1234567890",
        "https://github.com/octo/vets-api/compare/a...b",
        "https://github.com/octo/vets-api",
        "https://github.com/octo/../pull/1",
        "https://github.com/-octo/vets-api/pull/1",
        "https://github.com/octo/vets-api/tree/main/pull/1",
        "https://github.example.com/octo/vets-api/pull/1",
        "https://github.com.evil.test/octo/vets-api/pull/1",
        "https://evil.test/https://github.com/octo/vets-api/pull/1",
        "https://github.com@evil.test/octo/vets-api/pull/1",
        "https://ada:pw@github.com/octo/vets-api/pull/1",
        "https://gitlab.com/octo/vets-api/pull/1",
        "https://api.github.com/repos/octo/vets-api/pulls/1",
        "github.com/octo/vets-api/pull/1",
        "javascript:alert(1)",
        "octo/vets-api#1",
        f"{PLAIN} and {PLAIN}",
        f"{PLAIN}\n{PLAIN}",
        "1234",
        "please review",
    ],
)
def test_anything_else_is_refused_with_an_example(other: str) -> None:
    [question, _] = pr_review.form().questions

    with pytest.raises(ValidationError) as refused:
        question.answer(other)

    assert refused.value.messages == [REFUSAL]


def test_the_example_in_the_refusal_is_a_good_link() -> None:
    example = REFUSAL.rsplit(" ", 1)[1].removesuffix(".")

    assert pr_review.pull_request(example) == example


def test_the_issue_is_titled_by_repository_number_and_team(desk: MemoryDesk) -> None:
    desk.load(pr_review)

    ticket = desk.submit("pr_review", team="Benefits", pull_request=f"{PLAIN}/files")
    desk.work()

    assert desk.issue(ticket).title == "PR review: vets-api pull request 1234 (Benefits)"


def test_the_issue_links_to_the_pull_request_without_a_trace_in_its_timeline(desk: MemoryDesk) -> None:
    desk.load(pr_review)

    ticket = desk.submit("pr_review", pull_request=PLAIN, tested=True)
    desk.work()

    link, _, rest = desk.issue(ticket).body.partition("\n\n")
    assert link == (
        "[Open the pull request](https://redirect.github.com/department-of-veterans-affairs/vets-api/pull/1234)"
    )
    assert f"`{PLAIN}`" in rest
    assert f"]({PLAIN})" not in rest
    assert "**Has the code been tested?** `Yes`" in rest


def test_a_hostile_team_name_stays_one_line_in_the_title(desk: MemoryDesk) -> None:
    desk.load(pr_review)

    ticket = desk.submit("pr_review", pull_request=PLAIN, team="A\nB\x00" + "x" * 90)
    desk.work()

    assert desk.issue(ticket).title == f"PR review: vets-api pull request 1234 (A B\ufffd{'x' * 90})"
