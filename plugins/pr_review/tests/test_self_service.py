"""A pull request that changes no code of the team's is told at once, and nothing is said in doubt."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

import identity_bot_pr_review as pr_review
from identity_bot import Answer, PullRequest
from identity_bot.testing import MemoryCode

LINK = "https://github.com/octo/vets-api/pull/7"
OWNERS = {"owners": ["@octo/identity"]}
CODEOWNERS = "* @octo/platform\n/app/sign_in/ @octo/identity\n/docs/ @octo/writers\n"


def code(*files: str, path: str = ".github/CODEOWNERS", text: str = CODEOWNERS, **more: Any) -> MemoryCode:
    pull = PullRequest(repository="octo/vets-api", base="master", files=files, **more)
    return MemoryCode(pulls={LINK: pull}, files={("octo/vets-api", path): text})


def said(
    known: MemoryCode, text: str = LINK, answers: dict[str, Any] | None = None, settings: Any = OWNERS
) -> list[Answer]:
    return pr_review.self_service(text, answers or {}, settings, known)


def test_a_pull_request_that_changes_nothing_of_ours_is_told_with_whose_it_is() -> None:
    [answer] = said(code("app/models/user.rb", "docs/a.md"))

    assert answer.title == "This pull request changes no code of the Identity Team"
    assert "They belong to `@octo/platform`, `@octo/writers`. Ask them for the review." in answer.text
    assert answer.url == "https://github.com/octo/vets-api/blob/master/.github/CODEOWNERS"
    assert answer.name == "not-our-code"


@pytest.mark.parametrize(
    "text", [f"{LINK}/files#r1", f"Please review <{LINK}>, thanks!", f"({LINK}).", f"see {LINK} and {LINK}9"]
)
def test_the_link_may_stand_in_a_text(text: str) -> None:
    assert len(said(code("README.md"), text)) == 1


def test_the_link_may_be_in_the_form() -> None:
    assert len(said(code("README.md"), "", {"pull_request": f"{LINK}/files"})) == 1


@pytest.mark.parametrize(
    "text",
    ["", "please review", "https://github.com/octo/vets-api/pull/", f"{LINK}00000000000", "🙂" * 3_000],
)
def test_without_the_link_of_a_pull_request_nothing_is_said(text: str) -> None:
    assert said(code("README.md"), text, {"pull_request": None}) == []


@pytest.mark.parametrize("files", [["app/sign_in/a.rb"], ["README.md", "app/sign_in/a.rb"], []])
def test_nothing_is_said_of_a_pull_request_that_changes_a_file_of_ours(files: list[str]) -> None:
    assert said(code(*files)) == []


def test_without_the_setting_nothing_is_asked() -> None:
    class Asked(MemoryCode):
        def pull_request(self, link: str) -> PullRequest:
            raise AssertionError("asked")

    assert said(Asked(), settings={"owners": []}) == []


@pytest.mark.parametrize(
    "known",
    [
        MemoryCode(),
        code("README.md", path="elsewhere/CODEOWNERS"),
        code("README.md", text="* @octo/platform\nx[1] @octo/identity"),
        code("README.md", text="x" * 3_000_001),
        code("README.md", text="/a* @octo/platform\n" * 20_001),
        code(*(f"{number}" for number in range(3_000)), text="/a @octo/platform\n" * 1_000),
    ],
)
def test_in_doubt_nothing_is_said(known: MemoryCode) -> None:
    assert said(known) == []


def test_the_first_place_where_github_looks_counts() -> None:
    known = code("README.md", path="docs/CODEOWNERS", text="* @octo/identity")
    assert said(known) == []
    known.files["octo/vets-api", "CODEOWNERS"] = CODEOWNERS
    assert len(said(known)) == 1

    known.unreadable.add(("octo/vets-api", ".github/CODEOWNERS"))

    assert said(known) == []


def test_whoever_has_the_link_of_a_private_pull_request_learns_nothing_of_it() -> None:
    assert said(code("README.md", is_private=True)) == []
    assert said(code("app/sign_in/a.rb", is_private=True)) == []


def test_owners_whom_codeowners_does_not_name_may_be_mistyped_so_nothing_is_said() -> None:
    assert said(code("app/sign_in/a.rb"), settings={"owners": ["@octo/identiy"]}) == []
    assert said(code("README.md"), settings={"owners": ["@octo/identiy"]}) == []


def test_one_of_several_owners_whom_codeowners_names_is_enough() -> None:
    assert len(said(code("README.md"), settings={"owners": ["@octo/identity", "@octo/auth"]})) == 1


def test_no_more_than_five_owners_are_named() -> None:
    [answer] = said(code("README.md", text="* @a @b @c @d @e @f @g\n/app/sign_in/ @octo/identity"))

    assert "`@a`, `@b`, `@c`, `@d`, `@e` and 2 more" in answer.text


def test_what_a_stranger_wrote_into_codeowners_is_shown_as_it_is() -> None:
    [answer] = said(
        code("README.md", text="* @octo/`*<!channel>[x](https://evil.test)\n/app/ @octo/identity")
    )

    assert "``@octo/`*<!channel>[x](https://evil.test)``" in answer.text


@pytest.mark.parametrize("owner", ["octo/identity", "@", "@octo/", "identity", "@octo/a b"])
def test_an_owner_that_is_none_is_refused_in_the_settings(owner: str) -> None:
    with pytest.raises(ValidationError):
        pr_review.settings_schema()().load({"owners": [owner]})

    assert pr_review.settings_schema()().load({"owners": ["@octo/identity", "@ada", "a@b.gov"]})
