"""What Slack says about the tokens, the scopes and the channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity_bot_sandbox.server import Sandbox
from tests.checks.conftest import Check


@pytest.mark.parametrize(
    ("missing", "is_problem"),
    [("chat:write", True), ("commands", True), ("users:read", True), ("chat:write.public", False)],
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
    sandbox.slack.channels["C0INTAKE"].bot_is_member = False
    [warned] = check().warnings
    sandbox.slack.scopes = sandbox.slack.scopes - {"chat:write.public"}

    found = check()

    assert warned.startswith("intake_channel #vsp-identity: the bot may post there but is not in it")
    assert found.problems == [
        "intake_channel #vsp-identity: public, and the bot is not in it; invite it with /invite"
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


PUBLIC = (
    "team_channel #identity-surge: public, so everybody in the workspace can join it and then change tickets; "
    "make it private, or set team_group to the user group of those who should"
)


def test_a_public_team_channel_is_a_warning_where_its_members_are_the_team(
    check: Check, sandbox: Sandbox
) -> None:
    private = check()
    sandbox.slack.channels["C0TEAM"].is_private = False
    public = check()

    grouped = check(also='team_group = "S0IDENTITY"\n')

    assert [one.warnings for one in (public, private, grouped)] == [[PUBLIC], [], []]


@pytest.mark.parametrize("key", ["is_ext_shared", "is_pending_ext_shared"])
def test_a_team_channel_that_another_organization_reads_is_a_warning(
    check: Check, sandbox: Sandbox, key: str
) -> None:
    """So is one that another organization is only invited to."""
    sandbox.slack.channels["C0TEAM"].shared = {key}

    assert check().warnings == [
        "team_channel #identity-surge: shared with another organization, whose people can read its cards of tickets"
    ]


def test_an_intake_channel_may_be_shared(check: Check, sandbox: Sandbox) -> None:
    """People of other organizations may ask for help."""
    sandbox.slack.channels["C0INTAKE"].shared = {"is_ext_shared"}

    assert check(also='team_group = "S0IDENTITY"\n').warnings == []


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
