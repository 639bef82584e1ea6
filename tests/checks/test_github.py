"""What GitHub says about the sign-in, the repositories, the labels and the people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_mock import MockerFixture

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.faults import FaultKind
from identity_bot_sandbox.github.model import Role
from identity_bot_sandbox.server import Sandbox
from tests.checks.conftest import Check


@pytest.mark.parametrize(
    ("secret", "line", "said"),
    [
        ("", "", "so the webhook is off; GitHub is asked every 60 seconds what has changed"),
        ("", "poll_seconds = 10", "so the webhook is off; GitHub is asked every 10 seconds what has changed"),
        (
            "shibboleth",
            "",
            "Labels, Milestones, Repositories); GitHub is asked every 300 seconds for what it missed",
        ),
        ("shibboleth", "poll_seconds = 0", "Labels, Milestones, Repositories); polling is off"),
    ],
)
def test_how_the_bot_learns_of_changes_in_github_is_said(
    check: Check, secret: str, line: str, said: str
) -> None:
    found = check(environ={"GITHUB_WEBHOOK_SECRET": secret}, also=f"{line}\n")

    assert found.problems == []
    assert any(one.endswith(said) for one in found.ok)


def test_sensitive_requests_in_a_public_repository_are_a_warning(
    check: Check, sandbox: Sandbox, settings_file: Path
) -> None:
    written = settings_file.read_text(encoding="utf-8")
    settings_file.write_text(
        re.sub("^restricted_repository.*$", "", written, flags=re.MULTILINE), encoding="utf-8"
    )

    found = check()

    where = f"repository {cast.REPOSITORY} (default; sensitive requests too, for data_pull)"
    assert found.warnings == [f"{where}: is public, so everybody can read sensitive requests"]
    assert [line for line in found.ok if line.startswith("repository")] == [
        f"{where}: the token may set labels and assignees"
    ]


def test_repositories_are_checked_with_what_they_are_for(check: Check, sandbox: Sandbox) -> None:
    sandbox.github.add_repository("sandbox-org/reviews")
    sandbox.github.rename_repository("sandbox-org/reviews", "code-reviews", actor="indigo-marshwick")
    sandbox.github.set_has_issues(cast.REPOSITORY, False)
    sections = """
[request_types.pr_review]
repository = "sandbox-org/reviews"
[request_types.data_pull]
repository = "sandbox-org/nowhere"
restricted_repository = "sandbox-org/reviews"
"""

    found = check(also=sections)

    assert found.problems == [
        f"repository {cast.REPOSITORY} (default): its issues are switched off",
        "repository sandbox-org/nowhere (for data_pull): does not exist, or the token may not see it",
    ]
    assert found.warnings == [
        "repository sandbox-org/reviews (restricted, for data_pull; for pr_review): is called "
        "sandbox-org/code-reviews now; set the new name, because its webhooks use it",
        "repository sandbox-org/reviews (restricted, for data_pull; for pr_review): is public, so everybody "
        "can read sensitive requests",
    ]


def test_existing_labels_and_labels_to_be_created_are_told_apart(check: Check, sandbox: Sandbox) -> None:
    sandbox.github.new_label(cast.REPOSITORY, "Identity-Slackbot", actor="indigo-marshwick")

    found = check(also='[request_types.pr_review]\nlabels = ["needs review", "bug"]\n')

    assert f"labels in {cast.REPOSITORY}: identity-slackbot, bug" in found.ok
    wanted = "data_pull, mock_auth, pr_review, needs review"
    assert f"labels in {cast.REPOSITORY} that will be created: {wanted}" in found.ok


def test_a_token_that_may_not_push_is_a_problem_and_triage_is_enough_for_existing_labels(
    check: Check, sandbox: Sandbox
) -> None:
    sandbox.github.set_role(cast.REPOSITORY, cast.BOT_LOGIN, Role.READ)

    found = check()

    assert [line.partition(": ")[0] for line in found.problems] == [
        f"repository {cast.REPOSITORY} (default)",
        f"labels in {cast.REPOSITORY} that are missing and cannot be created",
    ]


def test_a_bot_that_github_cannot_reach_does_without_a_webhook(check: Check) -> None:
    found = check(environ={"GITHUB_WEBHOOK_SECRET": ""})

    assert found.problems == found.warnings == []
    assert any("the webhook is off" in line for line in found.ok)


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.CUT, FaultKind.HTML, FaultKind.SECONDARY_LIMIT])
def test_a_github_that_is_ill_is_a_problem_and_no_crash(
    check: Check, sandbox: Sandbox, kind: FaultKind
) -> None:
    sandbox.github.faults.add("GET", "**", kind=kind, times=None)

    assert all("GitHub" in line for line in check().problems)
    assert check().problems


def test_a_github_app_is_checked_too(check: Check, sandbox: Sandbox) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    app = sandbox.github.install_app(4711, public.decode())
    environ = {
        "GITHUB_TOKEN": "",
        "GITHUB_APP_ID": "4711",
        "GITHUB_APP_INSTALLATION_ID": str(app.installation_id),
        "GITHUB_APP_PRIVATE_KEY": private,
    }

    assert "GitHub: signed in as a GitHub App" in check(environ=environ).ok
    [found] = check(environ=environ | {"GITHUB_APP_INSTALLATION_ID": "99"}).problems
    assert found.startswith("GITHUB_APP_ID, …_INSTALLATION_ID or …_PRIVATE_KEY: GitHub: 404")


def test_a_token_that_is_nobodys_is_a_warning(check: Check, sandbox: Sandbox) -> None:
    sandbox.github.faults.add("GET", "/user", status=403)

    [found] = check().warnings

    assert found.startswith("GitHub: does not tell whose token this is")


@pytest.mark.parametrize("path", ["", "/github", "/github/api/v2", "/github/sandbox-org"])
def test_an_address_that_is_not_that_of_the_api_is_named_with_the_right_one(
    check: Check, standing: Sandbox, path: str
) -> None:
    """As of a GitHub Enterprise Server without /api/v3 (PyGithub issue 769)."""
    found = check(environ={"GITHUB_API_URL": f"{standing.url}{path}"})

    assert found.problems == [
        f"GITHUB_API_URL: {standing.url}{path} does not answer as GitHub's REST API does; expected "
        f"{standing.url}/api/v3 for GitHub Enterprise Server"
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [("<!DOCTYPE html><title>Sign in</title>", 200), ("<h1>Not Found</h1>", 404), ("", 200), ("[]", 404)],
)
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com", "https://api.github.com, which is the default"),
        ("https://git.example.gov", "https://git.example.gov/api/v3 for GitHub Enterprise Server"),
        ("https://git.example.gov/api/v3", "the address of GitHub's REST API"),
    ],
)
def test_what_answers_with_a_page_is_not_the_api(
    check: Check, standing: Sandbox, mocker: MockerFixture, body: str, status: int, url: str, expected: str
) -> None:
    answer = requests.Response()
    answer.status_code, answer._content, answer.url = status, body.encode(), url
    mocker.patch.object(requests.Session, "get", return_value=answer)

    assert check(environ={"GITHUB_API_URL": url}).problems == [
        f"GITHUB_API_URL: {url} does not answer as GitHub's REST API does; expected {expected}"
    ]
