"""A repository's folder of articles, read from the sandbox's GitHub."""

from __future__ import annotations

import pytest

from identity_bot.errors import IdentityBotError, Rejected, Retryable
from identity_bot.github import files
from identity_bot.github.files import RepositoryFolder
from identity_bot_sandbox import cast
from identity_bot_sandbox.github import files_api
from identity_bot_sandbox.github.world import GitHubWorld

REPOSITORY = "sandbox-org/handbook"
PAGE = "blob/main/docs/help"


@pytest.fixture
def handbook(github: GitHubWorld) -> GitHubWorld:
    github.add_repository(REPOSITORY)
    for path in ("README.md", "docs/other.md", "docs/help/no users.md", "docs/help/local/setup.md"):
        github.put_file(REPOSITORY, path, f"# {path}\nText.")
    github.put_file(REPOSITORY, "docs/help/logo.png", b"\x89PNG")
    github.put_file(REPOSITORY, "docs/help/link.md", "/etc/passwd", mode="120000")
    github.put_file(REPOSITORY, "docs/help/local/link.md", "../../secret.md", mode="120000")
    github.put_file(REPOSITORY, "docs/help/.drafts/a.md", "# Draft")
    github.put_file(REPOSITORY, "docs/help/huge.md", "x" * 100_001)
    return github


def folder(api_url: str, path: str = "docs/help", repository: str = REPOSITORY) -> RepositoryFolder:
    return RepositoryFolder(cast.GITHUB_TOKEN, api_url, repository, path)


def asked(github: GitHubWorld) -> list[str]:
    """The paths of the requests since the last time, below the repository."""
    found = [one.path.removeprefix(f"/repos/{REPOSITORY}/") for one in github.traffic.requests()]
    github.traffic.clear()
    return [path.partition("/")[0] if "contents" in path else "/".join(path.split("/")[:2]) for path in found]


def test_articles_are_read_and_link_to_their_pages(handbook: GitHubWorld, api_url: str) -> None:
    found = folder(api_url).read()

    assert found is not None
    assert {file.path: file.address.partition(f"{REPOSITORY}/")[2] for file in found if file.data} == {
        "docs/help/no users.md": f"{PAGE}/no%20users.md",
        "docs/help/local/setup.md": f"{PAGE}/local/setup.md",
    }
    assert [(file.path, file.problem) for file in found if file.problem] == [
        ("docs/help/huge.md", "is larger than 100,000 bytes")
    ]
    assert found[-1].data == b"# docs/help/no users.md\nText."
    assert folder(api_url).count() == 3


def test_the_whole_repository_can_be_the_folder(handbook: GitHubWorld, api_url: str) -> None:
    found = folder(api_url, "").read()

    assert found is not None
    assert {"README.md", "docs/other.md"} < {file.path for file in found}


def test_an_unchanged_folder_costs_one_request(handbook: GitHubWorld, api_url: str) -> None:
    found = folder(api_url)
    found.read()
    asked(handbook)

    assert found.read() is None
    assert asked(handbook) == ["contents"]


def test_only_changed_files_are_read_again(handbook: GitHubWorld, api_url: str) -> None:
    found = folder(api_url)
    found.read()
    handbook.put_file(REPOSITORY, "docs/help/local/setup.md", "# Set up\nOther text.")
    asked(handbook)

    again = found.read()

    assert again is not None
    assert [file.data for file in again if "setup" in file.path] == [b"# Set up\nOther text."]
    assert asked(handbook) == ["contents", "git/trees", "git/blobs"]


def test_a_failure_on_the_way_is_no_reading_and_what_was_read_is_kept(
    handbook: GitHubWorld, api_url: str
) -> None:
    found = folder(api_url)
    handbook.faults.add("GET", "/repos/**/git/blobs/*", status=502)

    with pytest.raises(Retryable):
        found.read()
    again = found.read()

    assert again is not None
    assert len(again) == 3


@pytest.mark.parametrize(
    ("path", "repository", "reason"),
    [
        ("docs/nowhere", REPOSITORY, "404 not found"),
        ("README.md", REPOSITORY, "is a file; expected a folder"),
        ("docs/images", REPOSITORY, "no Markdown files found"),
        ("docs", "sandbox-org/nowhere", "404 not found"),
    ],
)
def test_a_folder_that_is_none_says_so(
    handbook: GitHubWorld, api_url: str, path: str, repository: str, reason: str
) -> None:
    handbook.put_file(REPOSITORY, "docs/images/a.png", b"\x89PNG")
    found = folder(api_url, path, repository)

    for _ in range(2):
        with pytest.raises(Rejected, match=reason) as refused:
            found.read()
        assert found.place in str(refused.value)


def test_no_more_files_are_read_than_requests_allow(
    handbook: GitHubWorld, api_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 2)

    found = folder(api_url).read()

    assert found is not None
    assert len(found) == 2
    assert "only the first 2 files of 3 are read" in caplog.text


def test_a_folder_of_which_github_lists_a_part_is_read_in_part(
    handbook: GitHubWorld, api_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    handbook.put_file(REPOSITORY, "docs/help/local/users.md", "# Users")
    monkeypatch.setattr(files_api, "MOST_NODES", 2)

    found = folder(api_url).read()

    assert found is not None
    assert "docs/help/local/setup.md" in {one.path for one in found}
    assert "docs/help/local/users.md" not in {one.path for one in found}
    assert "GitHub lists only a part of docs/help/local" in caplog.text


def test_without_github_there_is_an_error_and_no_crash(handbook: GitHubWorld) -> None:
    with pytest.raises(IdentityBotError):
        RepositoryFolder(cast.GITHUB_TOKEN, "http://127.0.0.1:9/api", REPOSITORY, "docs").read()
