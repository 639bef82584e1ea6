"""Code as plugins read it while somebody waits, from the sandbox's GitHub: right, soon, and asked for once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from identity_bot.github import code as module
from identity_bot.github.code import GitHubCode, web_host
from identity_bot.plugins.code import CodeUnreadable, PullRequest
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.faults import FaultKind
from identity_bot_sandbox.github.model import ChangedFile, Role
from identity_bot_sandbox.github.world import CODE_REPOSITORY, GitHubWorld

LINK = f"https://github.com/{CODE_REPOSITORY}/pull"
AUTHOR = "juniper-vale"


class Time:
    """A clock that goes on, and can be moved."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def now() -> Time:
    return Time()


@pytest.fixture
def code(github: GitHubWorld, api_url: str, now: Time) -> Iterator[GitHubCode]:
    code = GitHubCode(cast.GITHUB_TOKEN, api_url, now)
    yield code
    code.close()


def test_a_pull_request_tells_its_files_and_where_it_goes(code: GitHubCode) -> None:
    assert code.soon().pull_request(f"{LINK}/1") == PullRequest(
        repository=CODE_REPOSITORY,
        base="main",
        files=("app/services/sign_in/session.rb", "spec/services/sign_in/session_spec.rb"),
    )


def test_all_pages_and_both_names_of_renamed_files_are_read(code: GitHubCode, github: GitHubWorld) -> None:
    files = [ChangedFile(path=f"a/{number}.rb") for number in range(249)]
    files.append(ChangedFile(path="new.rb", previous="old.rb", status="renamed"))
    number = github.open_pull(CODE_REPOSITORY, "Large", actor=AUTHOR, branch="large", files=files).number

    pull = code.soon().pull_request(f"{LINK}/{number}")

    assert len(pull.files) == 251
    assert {"a/0.rb", "a/248.rb", "new.rb", "old.rb"} < set(pull.files)


def test_a_pull_request_of_more_files_than_github_lists_is_not_read(
    code: GitHubCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 1)

    with pytest.raises(CodeUnreadable, match="changes 2 files"):
        code.soon().pull_request(f"{LINK}/1")


def test_a_file_is_read_or_is_not_there(code: GitHubCode) -> None:
    soon = code.soon()

    assert "sign_in/ @sandbox-org/identity" in (
        soon.read_file(CODE_REPOSITORY, ".github/CODEOWNERS", "main") or ""
    )
    assert soon.read_file(CODE_REPOSITORY, "CODEOWNERS") is None


@pytest.mark.parametrize(
    ("repository", "path"),
    [
        ("sandbox-org/nowhere", "CODEOWNERS"),
        (CODE_REPOSITORY, ".github"),
        (cast.RESTRICTED_REPOSITORY, "README.md"),
    ],
)
def test_what_the_token_may_not_see_is_not_missing_but_unknown(
    code: GitHubCode, github: GitHubWorld, repository: str, path: str
) -> None:
    github.set_role(cast.RESTRICTED_REPOSITORY, cast.BOT_LOGIN, Role.NONE)

    with pytest.raises(CodeUnreadable):
        code.soon().read_file(repository, path)


@pytest.mark.parametrize(
    "link",
    [
        f"https://github.example.gov/{CODE_REPOSITORY}/pull/1",
        f"http://github.com/{CODE_REPOSITORY}/pull/1",
        f"{LINK}/1/files",
        f"{LINK}/1?x=/../..",
        "https://github.com/../../pull/1/../../user",
        "https://github.com/../../pull/1",
        "https://github.com/octo/../pull/1",
        "",
    ],
)
def test_only_plain_links_of_githubs_own_host_are_asked_for(
    code: GitHubCode, github: GitHubWorld, link: str
) -> None:
    with pytest.raises(CodeUnreadable):
        code.soon().pull_request(link)

    assert github.traffic.count() == 0


@pytest.mark.parametrize(
    ("repository", "path"),
    [
        ("../..", "user"),
        ("octo/..", "x"),
        (CODE_REPOSITORY, "../../../user"),
        (CODE_REPOSITORY, "a/./b"),
        (CODE_REPOSITORY, ""),
    ],
)
def test_no_path_leads_out_of_a_repository(
    code: GitHubCode, github: GitHubWorld, repository: str, path: str
) -> None:
    with pytest.raises(CodeUnreadable):
        code.soon().read_file(repository, path)

    assert github.traffic.count() == 0


def test_the_same_question_is_asked_once_for_some_minutes(
    code: GitHubCode, github: GitHubWorld, now: Time
) -> None:
    def asked() -> int:
        code.soon().pull_request(f"{LINK}/1")
        code.soon().read_file(CODE_REPOSITORY, "CODEOWNERS")
        return github.traffic.count()

    counts = [asked(), asked()]
    now.ahead += module.KEPT + 1
    counts.append(asked())

    assert counts == [4, 4, 8]


def test_a_failure_is_kept_for_a_shorter_time(code: GitHubCode, github: GitHubWorld, now: Time) -> None:
    github.faults.add("GET", "/repos/**", status=502)
    for _ in range(2):
        with pytest.raises(CodeUnreadable, match="502"):
            code.soon().pull_request(f"{LINK}/1")

    now.ahead += module.KEPT_FAILURE + 1

    assert code.soon().pull_request(f"{LINK}/1").base == "main"


def test_who_waits_does_not_wait_long_and_finds_the_answer_the_next_time(
    code: GitHubCode, github: GitHubWorld
) -> None:
    github.faults.add("GET", "/repos/**", kind=FaultKind.SLOW, delay=2.0)
    begun = time.monotonic()

    with pytest.raises(CodeUnreadable, match="in time"):
        code.soon(patience=0.1).pull_request(f"{LINK}/1")
    waited = time.monotonic() - begun

    assert waited < 1.5
    assert code.soon(patience=20).pull_request(f"{LINK}/1").base == "main"
    assert github.traffic.count() == 2


def test_the_patience_is_for_all_questions_together(code: GitHubCode, github: GitHubWorld) -> None:
    github.faults.add("GET", "/repos/**", kind=FaultKind.SLOW, delay=0.2, times=None)
    soon, begun = code.soon(patience=0.3), time.monotonic()

    for path in ("a", "b", "c"):
        with pytest.raises(CodeUnreadable):
            soon.read_file(CODE_REPOSITORY, path)

    assert time.monotonic() - begun < 0.8


def test_a_question_that_takes_too_long_is_given_up(
    code: GitHubCode, github: GitHubWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.05)
    github.faults.add("GET", "/repos/*/*/pulls/1", kind=FaultKind.SLOW, delay=0.1)

    with pytest.raises(CodeUnreadable, match="too long"):
        code.soon().pull_request(f"{LINK}/1")

    assert github.traffic.count() == 1


def test_not_more_than_some_questions_wait(code: GitHubCode, github: GitHubWorld) -> None:
    github.faults.add("GET", "/repos/**", kind=FaultKind.SLOW, delay=0.3)

    for number in range(module.MOST_WAITING):
        with pytest.raises(CodeUnreadable, match="in time"):
            code.soon(patience=0).read_file(CODE_REPOSITORY, f"{number}")

    with pytest.raises(CodeUnreadable, match="too much"):
        code.soon().read_file(CODE_REPOSITORY, "one more")


def test_answers_are_not_kept_without_end(code: GitHubCode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 2)

    for path in ("a", "b", "c", "d"):
        code.soon().read_file(CODE_REPOSITORY, path)

    assert [question[1] for question in code._asked] == ["c", "d"]  # type: ignore[index]


def test_a_bot_that_stops_asks_nothing_anymore(code: GitHubCode) -> None:
    code.close()

    with pytest.raises(CodeUnreadable, match="stopping"):
        code.soon().pull_request(f"{LINK}/1")


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://github.example.gov/api/v3", "github.example.gov"),
        ("https://api.octo.ghe.com", "octo.ghe.com"),
        ("http://127.0.0.1:8000/github/api", "github.com"),
    ],
)
def test_the_host_of_the_pages_follows_from_that_of_the_api(api: str, host: str) -> None:
    assert web_host(api) == host
