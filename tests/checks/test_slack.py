"""What Slack says about the tokens, the scopes and the channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity_bot_sandbox.server import Sandbox
from tests.checks.conftest import Check


@pytest.mark.parametrize(
    ("missing", "is_problem"),
    [("chat:write", True), ("commands", True), ("channels:history", True), ("users:read", False)],
)
def test_a_missing_scope_is_named_with_what_it_is_needed_for(
    check: Check, sandbox: Sandbox, missing: str, is_problem: bool
) -> None:
    sandbox.slack.scopes = sandbox.slack.scopes - {missing}

    found = check()

    lines = found.problems if is_problem else found.warnings
    assert any(line.startswith(f"Slack: scope {missing} is missing (") for line in lines)
    assert bool(found.problems) is is_problem


def test_a_channel_that_is_not_there_is_a_problem(check: Check, settings_file: Path) -> None:
    changed = settings_file.read_text(encoding="utf-8").replace("#vsp-identity", "#vsp-idenity")
    settings_file.write_text(changed.replace("#identity-surge", "C0NOWHERE"), encoding="utf-8")

    assert check().problems == [
        "intake_channel #vsp-idenity: there is no such channel that the bot can see; invite the bot if it is private",
        "team_channel C0NOWHERE: there is no such channel that the bot can see; invite the bot if it is private",
    ]


def test_an_archived_channel_is_a_problem(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.channels["C0TEAM"].is_archived = True

    assert check().problems == ["team_channel #identity-surge: is archived, so nothing can be posted there"]


def test_a_public_channel_without_the_bot_is_a_warning_and_a_problem_where_it_may_not_post(
    check: Check, sandbox: Sandbox
) -> None:
    sandbox.slack.channels["C0TEAM"].bot_is_member = False
    [warned] = check().warnings
    sandbox.slack.scopes = sandbox.slack.scopes - {"chat:write.public"}

    found = check()

    assert warned.startswith("team_channel #identity-surge: the bot may post there but is not in it")
    assert found.problems == [
        "team_channel #identity-surge: public, and the bot is not in it; invite it with /invite"
    ]


def test_a_private_channel_needs_scopes_of_its_own(
    check: Check, sandbox: Sandbox, settings_file: Path
) -> None:
    sandbox.slack.channels["C0SECRET"].bot_is_member = True
    changed = settings_file.read_text(encoding="utf-8").replace("#identity-surge", "#claims-private")
    settings_file.write_text(changed, encoding="utf-8")
    assert check().problems == []
    sandbox.slack.scopes = sandbox.slack.scopes - {"groups:history"}

    found = check()

    assert "team_channel #claims-private: private, and the bot is in it" in found.ok
    assert any("groups:history is missing" in line for line in found.problems)


def test_http_mode_says_where_slack_must_send_to(check: Check) -> None:
    found = check(environ={"SLACK_APP_TOKEN": ""})

    assert found.problems == []
    assert "Slack: HTTP mode; Slack's request URL must lead to /slack/events on 127.0.0.1:3000" in found.ok


@pytest.mark.parametrize(
    "fault", [{"error": "internal_error"}, {"status": 503}, {"retry_after": 9}, {"cut": True}]
)
def test_a_slack_that_is_ill_is_a_problem_and_no_crash(
    check: Check, sandbox: Sandbox, fault: dict[str, object]
) -> None:
    sandbox.slack.faults.add(times=None, **fault)  # type: ignore[arg-type]

    assert check().problems
