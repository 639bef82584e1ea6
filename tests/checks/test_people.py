"""Who is on the team, and whether the people in the settings are there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from identity_bot.store.links import Links
from identity_bot.store.store import Store
from identity_bot.tickets.people import Link, LinkSource
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.model import Role
from identity_bot_sandbox.server import Sandbox
from tests.checks.conftest import Check
from tests.support import VISITOR

PEOPLE = re.compile("^people = .*$", re.MULTILINE)


NOBODY = (
    'people = [{ slack = "U0NOBODY", github = "nobody-at-all" }, { slack = "U0LINDEN", github = "marlo" }]'
)


def test_leads_that_are_not_there_or_gone_are_problems(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.deactivated.add("U0SAGE")
    sandbox.slack.people.pop("U0INDIGO")
    sandbox.github.set_role(cast.REPOSITORY, "sage-hollowell", Role.NONE)

    found = check()

    assert found.problems == [
        "lead U0INDIGO: there is no such member in this workspace",
        "lead U0SAGE (Sage Hollowell): has been deactivated in Slack",
        f"lead sage-hollowell: cannot be assigned in {cast.REPOSITORY}; give them access to it",
    ]


def test_a_rota_of_people_who_all_left_is_named(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.deactivated.add("U0LINDEN")

    found = check(also='rota = [{ slack = "U0LINDEN" }, { slack = "U0NEVER" }]\n')

    assert "rota: U0LINDEN (Linden Brookmere): has been deactivated in Slack" in found.warnings
    assert "rota: U0NEVER: there is no such member in this workspace" in found.warnings


def test_who_may_change_tickets_is_counted_in_the_team_channel_where_there_is_no_group(check: Check) -> None:
    assert "team_channel #identity-surge: 3 members, who may change tickets" in check().ok


def test_who_may_change_tickets_is_counted_in_the_group(check: Check) -> None:
    found = check(also='team_group = "S0IDENTITY"\n')

    assert (found.problems, found.warnings) == ([], [])
    assert "team_group S0IDENTITY: 3 members, who may change tickets" in found.ok


def test_a_group_that_is_not_there_or_empty_is_a_problem(check: Check, sandbox: Sandbox) -> None:
    missing = check(also='team_group = "S0NOBODY"\n')
    sandbox.slack.groups["S0NOBODY"] = []

    empty = check()

    assert missing.problems == ["team_group S0NOBODY: there is no such user group in this workspace"]
    assert empty.problems == ["team_group S0NOBODY: nobody is in it, so nobody may change tickets"]


def test_a_workspace_without_user_groups_says_what_to_do(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.faults.add("usergroups.users.list", error="plan_upgrade_required")

    assert check(also='team_group = "S0IDENTITY"\n').problems == [
        "team_group S0IDENTITY: this workspace has no user groups; leave team_group out"
    ]


def test_a_team_that_may_not_be_read_is_a_problem(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.scopes = sandbox.slack.scopes - {"usergroups:read"}

    found = check(also='team_group = "S0IDENTITY"\n')

    assert [line.partition(",")[0].partition(" (")[0] for line in found.problems] == [
        "Slack: scope usergroups:read is missing",
        "team_group S0IDENTITY: nobody may change tickets",
    ]


def test_a_channel_of_many_is_no_team(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.channels["C0TEAM"].members |= {f"U{n:04}" for n in range(60)}

    [warned] = check().warnings

    assert warned.startswith(
        "team_channel #identity-surge: 64 members, who may all change tickets; set team_group"
    )


def test_a_channel_of_bots_only_is_no_team(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.channels["C0TEAM"].members.clear()

    assert check().problems == [
        "team_channel #identity-surge: nobody but bots is in it, so nobody may change tickets"
    ]


def test_people_of_other_organizations_may_change_nothing(check: Check, sandbox: Sandbox) -> None:
    for member in list(sandbox.slack.channels["C0TEAM"].members):
        sandbox.slack.remove(member, "C0TEAM")
    sandbox.slack.meet(VISITOR, "C0TEAM")
    sandbox.slack.meet(replace(VISITOR, slack_id="W0HIDDEN", handle="hidden", is_hidden=True), "C0TEAM")

    found = check()

    assert found.problems == [
        "team_channel #identity-surge: nobody of this organization is in it, so nobody may change tickets"
    ]
    assert found.warnings == [
        "team_channel #identity-surge: Wren Farrow (U0WREN) and somebody (W0HIDDEN) may not change tickets, "
        "as they are from other organizations"
    ]


def test_without_users_read_nobody_may_change_tickets(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.scopes = sandbox.slack.scopes - {"users:read"}

    assert any(
        line.startswith(
            "team_channel #identity-surge: nobody may change tickets, because Slack does not say who"
        )
        for line in check().problems
    )


def test_team_members_without_a_github_login_are_named(
    check: Check, sandbox: Sandbox, settings_file: Path
) -> None:
    settings_file.write_text(PEOPLE.sub("", settings_file.read_text(encoding="utf-8")), encoding="utf-8")
    sandbox.slack.channels["C0TEAM"].members |= {"U0MARLO", "U0ROWAN"}
    sandbox.slack.meet(replace(VISITOR, is_bot=True), "C0TEAM")
    sandbox.slack.deactivated.add("U0ROWAN")

    found = check()

    assert "team_channel #identity-surge: 4 members, who may change tickets" in found.ok
    assert found.warnings == [
        "team_channel #identity-surge: no GitHub login is known for Linden Brookmere (U0LINDEN) and "
        "Marlo Pinesong (U0MARLO), so they cannot be assigned from Slack; add them to people, "
        "or let them type link and their login after the command"
    ]


def test_who_has_proved_a_login_is_not_missing_from_the_settings(
    check: Check, sandbox: Sandbox, settings_file: Path, environment: dict[str, str]
) -> None:
    settings_file.write_text(PEOPLE.sub("", settings_file.read_text(encoding="utf-8")), encoding="utf-8")
    store = Store(environment["DATABASE_URL"])
    store.migrate()
    with store.begin() as transaction:
        link = Link(slack_id="U0LINDEN", login="linden-brookmere", source=LinkSource.PROVED, at=0.0)
        Links(transaction).save(link)
    store.close()

    assert check().warnings == []


def test_guests_who_may_change_tickets_are_a_warning(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.channels["C0TEAM"].members.add("U0ROWAN")

    assert any(
        line.startswith(
            "team_channel #identity-surge: Rowan Tidewell (U0ROWAN) may change tickets, as a guest"
        )
        for line in check().warnings
    )


def test_people_who_are_not_there_are_a_warning(check: Check, sandbox: Sandbox, settings_file: Path) -> None:
    changed = PEOPLE.sub(NOBODY, settings_file.read_text(encoding="utf-8"))
    settings_file.write_text(changed, encoding="utf-8")
    sandbox.slack.deactivated.add("U0LINDEN")

    found = check()

    assert found.problems == []
    assert found.warnings == [
        "people: U0NOBODY: there is no such member in this workspace",
        "people: U0LINDEN (Linden Brookmere): has been deactivated in Slack",
        "people: nobody-at-all: there is no such account in GitHub",
        "people: marlo: there is no such account in GitHub",
    ]


def test_people_need_no_access_to_the_repository(check: Check, sandbox: Sandbox) -> None:
    sandbox.github.set_role(cast.REPOSITORY, "linden-brookmere", Role.NONE)

    found = check()

    assert found.warnings == []
    assert "people: 2 other logins found in GitHub" in found.ok
