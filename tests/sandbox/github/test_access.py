"""Tokens and the GitHub App: whom a request speaks for, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import github
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.model import GitHubError
from identity_bot_sandbox.github.world import GitHubWorld

APP_ID = 4711


def new_key() -> tuple[str, str]:
    """A private key and its public half, as PEM text."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return (
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


def connect(world: GitHubWorld, private_key: str, installation_id: int) -> github.Github:
    """PyGithub with the App's authentication."""
    auth = github.Auth.AppAuth(APP_ID, private_key).get_installation_auth(installation_id)
    return github.Github(
        base_url=f"{world.base_url}/github/api",
        auth=auth,
        seconds_between_requests=0,
        seconds_between_writes=0,
        retry=None,
    )


def test_an_app_opens_an_issue_as_a_bot(world: GitHubWorld) -> None:
    private, public = new_key()
    app = world.install_app(APP_ID, public)

    issue = (
        connect(world, private, app.installation_id)
        .get_repo(cast.REPOSITORY)
        .create_issue("t", labels=["bug"])
    )

    assert issue.user.login == "identity-helper[bot]"
    assert issue.user.type == "Bot"
    assert issue.raw_data["performed_via_github_app"]["id"] == APP_ID
    assert world.labels(cast.REPOSITORY, 1) == ["bug"]


def test_an_app_finds_where_it_is_installed(world: GitHubWorld) -> None:
    private, public = new_key()
    app = world.install_app(APP_ID, public)
    integration = github.GithubIntegration(
        auth=github.Auth.AppAuth(APP_ID, private), base_url=f"{world.base_url}/github/api"
    )

    owner, _, name = cast.REPOSITORY.partition("/")
    installation = integration.get_repo_installation(owner, name)

    assert installation.id == app.installation_id
    assert integration.get_app().slug == "identity-helper"
    assert [one.id for one in integration.get_installations()] == [app.installation_id]


def test_an_installation_token_works_for_an_hour() -> None:
    moment = [datetime(2026, 11, 20, 12, tzinfo=UTC)]
    world = GitHubWorld(clock=lambda: moment[0])
    token, _ = world.access.grant(world.install_app(APP_ID, new_key()[1]))

    moment[0] += timedelta(minutes=59)
    assert world.access.identify(f"token {token}").installation_id == APP_ID + 1
    moment[0] += timedelta(minutes=1)
    with pytest.raises(GitHubError, match="Bad credentials"):
        world.access.identify(f"token {token}")


def test_a_signature_by_another_key_is_refused(world: GitHubWorld) -> None:
    app = world.install_app(APP_ID, new_key()[1])

    with pytest.raises(github.GithubException) as refused:
        connect(world, new_key()[0], app.installation_id).get_repo(cast.REPOSITORY)

    assert refused.value.status == 401


def test_a_revoked_token_is_answered_401(hub: github.Github, world: GitHubWorld) -> None:
    world.revoke(cast.GITHUB_TOKEN)

    with pytest.raises(github.BadCredentialsException):
        hub.get_user().login  # noqa: B018 - reading it asks the server
