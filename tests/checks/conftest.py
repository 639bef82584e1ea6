"""A check of settings that fit a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from identity_bot.checks import Verdict
from identity_bot.checks import check as checking
from identity_bot.plugins import loader as plugins
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox

SECRETS = (cast.BOT_TOKEN, cast.APP_TOKEN, cast.GITHUB_TOKEN, cast.SIGNING_SECRET, cast.WEBHOOK_SECRET)


class Checked:
    """What a check said: all of it, and its lines by verdict."""

    def __init__(self, findings: list[checking.Finding]) -> None:
        self.lines = [str(finding) for finding in findings]
        self.ok, self.warnings, self.problems = (
            [finding.text for finding in findings if finding.verdict is verdict] for verdict in Verdict
        )


Check = Callable[..., Checked]


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    """A sandbox for the tests that change nothing in it."""
    with Sandbox() as running:
        yield as_it_should_be(running)


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Sandbox:
    """A sandbox of this test's own, about which there is nothing to say."""
    return as_it_should_be(sandbox)


def as_it_should_be(sandbox: Sandbox) -> Sandbox:
    """The sandbox with a private team channel, as its members are the team."""
    sandbox.slack.channels["C0TEAM"].is_private = True
    return sandbox


@pytest.fixture
def environment(request: pytest.FixtureRequest, standing: Sandbox, tmp_path: Path) -> dict[str, str]:
    own = "sandbox" in request.fixturenames
    chosen: Sandbox = request.getfixturevalue("sandbox") if own else standing
    return chosen.environment() | {"DATABASE_URL": f"sqlite:///{tmp_path / 'bot.db'}"}


@pytest.fixture
def check(environment: dict[str, str], settings_file: Path) -> Check:
    """Checks the settings that fit the sandbox, with changes to the environment or the file."""

    def run(
        *, environ: dict[str, str] | None = None, also: str = "", offline: bool = False, found: object = None
    ) -> Checked:
        settings_file.write_text(settings_file.read_text(encoding="utf-8") + also, encoding="utf-8")
        given = environment | (environ or {})
        candidates = plugins.find() if found is None else found
        findings = list(checking.check(settings_file, given, candidates, offline=offline))  # type: ignore[arg-type]
        more = [value for name, value in (environ or {}).items() if not name.endswith("_API_URL")]
        for secret in (*SECRETS, *more):
            assert not secret or len(secret) < 4 or not any(secret in finding.text for finding in findings)
        return Checked(findings)

    return run
