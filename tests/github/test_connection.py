"""The connection to GitHub, with PyGithub against the sandbox: signing in, and what each failure means."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_mock import MockerFixture

from identity_bot.errors import IdentityBotError, OutcomeUnknown, Rejected, Retryable, SettingsError
from identity_bot.github.connection import Connection, reason_of
from identity_bot.logs import open_debug_file
from identity_bot.settings import GitHubApp
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.faults import FaultKind
from identity_bot_sandbox.github.world import GitHubWorld

from .conftest import expire, key

REPOSITORY = cast.REPOSITORY
ISSUES = f"/repos/{REPOSITORY}/issues"


@pytest.fixture
def connection(api_url: str) -> Connection:
    return Connection(cast.GITHUB_TOKEN, api_url)


def read(connection: Connection) -> Any:
    """Read something, which may simply be repeated."""
    with connection.translating_errors(REPOSITORY, is_repeatable=True):
        return connection.request("GET", f"/repos/{REPOSITORY}").content


def create(connection: Connection) -> Any:
    """Create an issue, which must not happen twice."""
    with connection.translating_errors(REPOSITORY):
        return connection.request("POST", ISSUES, {"title": "A title"}).content


def failure(connection: Connection, kind: type[IdentityBotError], act: Any = create) -> Any:
    """The error of that very kind, or of any if it is the base of them all, that an act raises."""
    with pytest.raises(kind) as raised:
        act(connection)
    assert kind is IdentityBotError or type(raised.value) is kind
    return raised.value


# Failures


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Rejected), (401, Retryable), (403, Rejected), (404, Rejected), (408, OutcomeUnknown), (410, Rejected),
     (422, Rejected), (429, Retryable), (500, OutcomeUnknown), (502, OutcomeUnknown), (503, OutcomeUnknown),
     (504, OutcomeUnknown)],
)  # fmt: skip
def test_a_status_tells_what_became_of_a_request(
    connection: Connection, github: GitHubWorld, status: int, kind: type[IdentityBotError]
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", status=status)

    error = failure(connection, kind)

    assert str(error).startswith(f"GitHub: {status} ")
    assert REPOSITORY in str(error)
    assert github.traffic.count("POST", ISSUES) == 1
    assert not github.issues(REPOSITORY)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_answer_lost_after_the_act_is_an_unknown_outcome_and_sent_once(
    connection: Connection, github: GitHubWorld, status: int
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", status=status, after=True)

    failure(connection, OutcomeUnknown)

    assert github.traffic.count("POST", ISSUES) == len(github.issues(REPOSITORY)) == 1


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.HTML, FaultKind.BROKEN_JSON])
@pytest.mark.parametrize("after", [False, True])
def test_garbage_and_cut_connections_are_unknown_outcomes(
    connection: Connection, github: GitHubWorld, kind: FaultKind, after: bool
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", kind=kind, after=after)

    failure(connection, OutcomeUnknown)

    assert github.traffic.count("POST", ISSUES) == 1
    assert len(github.issues(REPOSITORY)) == after


@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"kind": FaultKind.CUT}, {"kind": FaultKind.HTML}, {"kind": FaultKind.BROKEN_JSON},
     {"status": 401}],
)  # fmt: skip
def test_what_may_be_repeated_has_no_unknown_outcome(
    connection: Connection, github: GitHubWorld, fault: dict[str, Any]
) -> None:
    github.faults.add("GET", "/repos/**", **fault)

    failure(connection, Retryable, read)


def test_silence_is_an_unknown_outcome(github: GitHubWorld, api_url: str, mocker: MockerFixture) -> None:
    mocker.patch("identity_bot.github.connection.TIMEOUT", 1)
    connection = Connection(cast.GITHUB_TOKEN, api_url)
    github.faults.add("POST", "/repos/*/*/issues", kind=FaultKind.HANG, after=True)

    failure(connection, OutcomeUnknown)

    assert len(github.issues(REPOSITORY)) == 1


def test_a_request_to_a_server_that_is_not_there_was_certainly_not_sent() -> None:
    failure(Connection(cast.GITHUB_TOKEN, "http://127.0.0.1:9/github/api"), Retryable)


def test_a_request_was_certainly_not_sent_if_connecting_takes_too_long(
    connection: Connection, mocker: MockerFixture
) -> None:
    mocker.patch.object(requests.Session, "post", side_effect=requests.ConnectTimeout)

    failure(connection, Retryable)


def test_a_rejection_names_the_invalid_fields_and_never_their_values(
    connection: Connection, github: GitHubWorld
) -> None:
    errors = ({"resource": "Issue", "field": "title", "code": "invalid", "value": "hunter2"},)
    github.faults.add("POST", "/repos/*/*/issues", status=422, errors=errors)

    error = failure(connection, Rejected)

    assert str(error) == f"GitHub: 422 invalid request ({REPOSITORY}, title)"


@pytest.mark.parametrize("status", [*range(400, 430), 451, *range(500, 512)])
def test_what_github_says_is_never_repeated(
    connection: Connection, github: GitHubWorld, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    errors = ({"resource": "Issue", "field": "hunter2", "code": "custom", "message": "hunter2"},)
    github.faults.add("POST", "/repos/*/*/issues", status=status, message="hunter2 is invalid", errors=errors)

    error = failure(connection, IdentityBotError)

    assert "hunter2" not in f"{error}{caplog.text}"
    assert str(error).startswith(f"GitHub: {status} ")


def test_what_github_says_is_in_the_debug_file(
    connection: Connection, github: GitHubWorld, tmp_path: Path
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", status=422, message="hunter2 is invalid")
    github.faults.add("GET", f"/repos/{REPOSITORY}", status=404, message="no hunter3")
    close = open_debug_file(tmp_path / "debug.log")

    failure(connection, Rejected)
    connection.get(f"/repos/{REPOSITORY}")
    close()

    first, second = (tmp_path / "debug.log").read_text(encoding="utf-8").splitlines()
    assert f"GitHub: 422 ({REPOSITORY}): " in first
    assert "hunter2 is invalid" in first
    assert "hunter3" in second


@pytest.mark.parametrize(
    ("headers", "words"),
    [({}, "403 permission denied"), ({"retry-after": "5"}, "403 rate limit"),
     ({"x-ratelimit-remaining": "0"}, "403 rate limit"),
     ({"x-github-sso": "required; url=x"}, "403 the token is not authorized for the organization's single sign-on")],
)  # fmt: skip
def test_a_refusal_is_told_in_our_words(headers: dict[str, str], words: str) -> None:
    assert reason_of(403, headers) == words


@pytest.mark.parametrize("status", [200, 404, 422, 500])
def test_a_get_returns_whatever_github_answers(
    connection: Connection, github: GitHubWorld, status: int
) -> None:
    if status != 200:
        github.faults.add("GET", "/repos/**", status=status)

    response = connection.get(f"/repos/{REPOSITORY}")

    assert response.status == status
    assert ("full_name" in response.content) is (status == 200)


def test_a_get_without_an_answer_can_be_repeated(connection: Connection, github: GitHubWorld) -> None:
    github.faults.add("GET", "/repos/**", kind=FaultKind.CUT)

    failure(connection, Retryable, lambda it: it.get(f"/repos/{REPOSITORY}"))


def test_the_time_of_githubs_last_answer_is_known_even_if_it_was_no(
    connection: Connection, github: GitHubWorld
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", status=422)
    before = connection.last_contact

    failure(connection, Rejected)

    assert before is None
    assert connection.last_contact


# Rate limits


@pytest.mark.parametrize(
    ("kind", "seconds"), [(FaultKind.SECONDARY_LIMIT, 45), (FaultKind.PRIMARY_LIMIT, 120)]
)
@pytest.mark.parametrize(("method", "act"), [("GET", read), ("POST", create)])
def test_a_rate_limit_says_how_long_to_wait_and_nobody_sleeps(
    connection: Connection, github: GitHubWorld, kind: FaultKind, seconds: int, method: str, act: Any
) -> None:
    github.faults.add(method, "/repos/**", kind=kind, retry_after=seconds)
    began = time.monotonic()

    error = failure(connection, Retryable, act)

    assert error.seconds == pytest.approx(seconds, abs=2)
    assert time.monotonic() - began < seconds / 2
    assert not github.issues(REPOSITORY)


@pytest.mark.parametrize("kind", [FaultKind.SECONDARY_LIMIT, FaultKind.ERROR])
def test_a_rate_limit_that_names_no_time_lasts_a_minute(
    connection: Connection, github: GitHubWorld, kind: FaultKind
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", kind=kind, status=429)

    assert failure(connection, Retryable).seconds == 60


@pytest.mark.parametrize("status", [429, 503])
def test_the_library_does_not_repeat_a_read_that_is_told_to_wait(
    connection: Connection, github: GitHubWorld, status: int
) -> None:
    github.faults.add("GET", "/repos/**", status=status, retry_after=30, times=None)
    began = time.monotonic()

    failure(connection, Retryable, read)

    assert github.traffic.count("GET") == 1
    assert time.monotonic() - began < 15


# Signing in


def test_a_revoked_token_works_again_once_it_is_restored(connection: Connection, github: GitHubWorld) -> None:
    github.revoke(cast.GITHUB_TOKEN)
    failure(connection, Retryable)

    github.restore(cast.GITHUB_TOKEN)

    assert create(connection)["number"] == 1


def test_a_github_app_acts_under_its_own_name(github: GitHubWorld, api_url: str) -> None:
    private, public = key()
    app = github.install_app(4711, public)
    auth = GitHubApp(app_id=4711, installation_id=app.installation_id, private_key=private)

    connection = Connection(auth, api_url)
    with connection.translating_errors(REPOSITORY):
        connection.request("POST", ISSUES, {"title": "A title", "labels": ["bug"]})

        login = connection.login()

    issue = github.issue(REPOSITORY, 1)
    assert issue.author == login == "identity-helper[bot]"
    assert set(github.labels(REPOSITORY, 1)) == {"bug"}


@pytest.mark.parametrize("wrong", ["app_id", "installation_id", "private_key"])
def test_a_github_app_that_github_does_not_know_creates_nothing(
    github: GitHubWorld, api_url: str, wrong: str
) -> None:
    private, public = key()
    app = github.install_app(4711, public)
    right = GitHubApp(app_id=4711, installation_id=app.installation_id, private_key=private)
    other: dict[str, Any] = {"app_id": 1, "installation_id": 1, "private_key": key()[0]}
    connection = Connection(replace(right, **{wrong: other[wrong]}), api_url)

    with pytest.raises((Retryable, Rejected)):
        create(connection)

    assert github.traffic.count("POST", ISSUES) == 0


def test_a_key_that_cannot_sign_is_found_at_once() -> None:
    text = "-----BEGIN RSA PRIVATE KEY-----\nnonsense\n-----END RSA PRIVATE KEY-----\n"

    with pytest.raises(SettingsError) as refused:
        Connection(GitHubApp(app_id=1, installation_id=2, private_key=text), "http://127.0.0.1:9")

    assert "GITHUB_APP_PRIVATE_KEY: cannot sign with it" in str(refused.value)
    assert "nonsense" not in str(refused.value)


def installed(github: GitHubWorld, api_url: str) -> Connection:
    """A connection of a GitHub App's."""
    private, public = key()
    app = github.install_app(4711, public)
    return Connection(
        GitHubApp(app_id=4711, installation_id=app.installation_id, private_key=private), api_url
    )


def test_an_app_whose_token_expires_gets_a_new_one_and_goes_on(github: GitHubWorld, api_url: str) -> None:
    connection = installed(github, api_url)
    create(connection)

    expire(github)
    issue = create(connection)
    expire(github)
    read(connection)

    assert issue["number"] == 2
    assert len(github.issues(REPOSITORY)) == 2


def test_an_app_that_github_no_longer_takes_asks_for_one_new_token_and_then_waits(
    github: GitHubWorld, api_url: str
) -> None:
    connection = installed(github, api_url)
    create(connection)
    github.faults.add("POST", ISSUES, status=401, times=None)
    before = github.traffic.count("POST")

    failure(connection, Retryable)

    assert github.traffic.count("POST") == before + 3
    assert len(github.issues(REPOSITORY)) == 1


@pytest.mark.parametrize(("status", "is_refused"), [(401, True), (403, False), (404, False), (502, False)])
def test_a_token_that_is_not_accepted_is_told_apart_until_it_is(
    github: GitHubWorld, connection: Connection, status: int, is_refused: bool
) -> None:
    github.faults.add("GET", f"/repos/{REPOSITORY}", status=status)

    failure(connection, IdentityBotError, read)
    before = connection.is_refused
    read(connection)

    assert (before, connection.is_refused) == (is_refused, False)


@pytest.mark.parametrize("wrong", ["app_id", "private_key"])
def test_a_github_app_that_is_not_accepted_is_told_apart(
    github: GitHubWorld, api_url: str, wrong: str
) -> None:
    private, public = key()
    app = github.install_app(4711, public)
    right = GitHubApp(app_id=4711, installation_id=app.installation_id, private_key=private)
    other: dict[str, Any] = {"app_id": 1, "private_key": key()[0]}
    connection = Connection(replace(right, **{wrong: other[wrong]}), api_url)

    with pytest.raises(IdentityBotError), connection.translating_errors("account", is_repeatable=True):
        connection.login()

    assert connection.is_refused
