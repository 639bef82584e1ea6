"""`identity-bot check`: every problem at once, a line for each, and no secret in any of them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import create_engine, text

from identity_bot.checks import check as checking
from identity_bot.checks.findings import Verdict
from identity_bot.cli import main
from identity_bot.plugins import loader as plugins
from identity_bot.plugins.loader import Found
from identity_bot.store.store import Store
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.faults import FaultKind
from identity_bot_sandbox.github.model import Role
from identity_bot_sandbox.server import Sandbox

SECRETS = (cast.BOT_TOKEN, cast.APP_TOKEN, cast.GITHUB_TOKEN, cast.SIGNING_SECRET, cast.WEBHOOK_SECRET)

PEOPLE = re.compile("^people = .*$", re.MULTILINE)
NOBODY = (
    'people = [{ slack = "U0NOBODY", github = "nobody-at-all" }, { slack = "U0LINDEN", github = "marlo" }]'
)


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
        yield running


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
        for secret in (*SECRETS, *(environ or {}).values()):
            assert not secret or len(secret) < 4 or not any(secret in finding.text for finding in findings)
        return Checked(findings)

    return run


def test_a_bot_that_can_run_has_no_problem(check: Check) -> None:
    found = check()

    assert (found.problems, found.warnings) == ([], [])
    assert "Slack: signed in to Sandbox as @identity" in found.ok
    assert "GitHub: signed in as identity-helper-bot" in found.ok
    assert "request types: data_pull, mock_auth, pr_review" in found.ok


def test_a_check_changes_nothing(check: Check, sandbox: Sandbox, tmp_path: Path) -> None:
    before = sandbox.github.labels(cast.REPOSITORY)

    check()

    assert not (tmp_path / "bot.db").exists()
    assert sandbox.github.labels(cast.REPOSITORY) == before
    assert not sandbox.slack.messages("C0INTAKE")
    assert sandbox.github.traffic.count("POST") == 0


def test_everything_that_is_wrong_is_said_at_once(check: Check, settings_file: Path) -> None:
    def broken() -> object:
        raise ImportError("no module named 'frobnicate'")

    settings_file.write_text('team_channel = 3\nlable = "x"\n[request_types.nobody]\n', encoding="utf-8")
    environ = {"SLACK_BOT_TOKEN": "", "GITHUB_TOKEN": "", "DATABASE_URL": "sqlite:////nowhere/at/all.db"}
    candidates = [*plugins.find(), Found(name="bad", distribution="identity-bot-bad 1", load=broken)]

    found = check(environ=environ, found=candidates)

    wanted = [
        "intake_channel: missing", "team_channel: ", "repository: missing", "did you mean 'label'",
        "GITHUB_TOKEN: missing", "SLACK_BOT_TOKEN: missing", "request_types.nobody: no request type",
        "plugin 'bad' (identity-bot-bad 1): cannot be imported", "database: DATABASE_URL: /nowhere/at is no folder",
    ]  # fmt: skip
    assert not [what for what in wanted if not any(what in line for line in found.problems)]
    assert len(found.problems) == len(wanted)
    assert found.warnings == ["Slack and GitHub were not asked because the settings above are not complete"]


def test_offline_asks_nobody(check: Check, sandbox: Sandbox) -> None:
    found = check(offline=True)

    assert found.problems == found.warnings == []
    assert not sandbox.slack.traffic.calls()
    assert sandbox.github.traffic.count() == 0


def test_a_file_that_is_not_there_is_a_problem(check: Check, settings_file: Path) -> None:
    settings_file.unlink()
    result = CliRunner().invoke(main, ["--config", str(settings_file), "check", "--offline"])

    assert result.exit_code == 1
    assert "no such file" in result.output


def test_a_database_of_a_newer_version_is_not_touched(check: Check, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    store = Store(url)
    store.migrate()
    store.close()
    assert any("database: can be written to, schema" in line for line in check(offline=True).ok)
    with create_engine(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    [found] = check(offline=True).problems

    assert found.startswith("database: its schema is 9999, newer than this version")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://x", "mysql is not supported"),
        ("nonsense", 'expected "sqlite:///file.db"'),
        ("sqlite://", "needs a file"),
        ("postgresql://nobody:hunter2@127.0.0.1:9/x", "the database cannot be used"),
    ],
)
def test_a_database_that_cannot_be_used_is_a_problem(check: Check, url: str, says: str) -> None:
    [found] = check(environ={"DATABASE_URL": url}, offline=True).problems

    assert says in found
    assert "hunter2" not in found


def test_a_file_that_is_no_database_is_a_problem(check: Check, tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("this is a shopping list, and quite a long one too", encoding="utf-8")

    [found] = check(offline=True).problems

    assert "file is not a database" in found


def test_without_any_request_type_there_is_nothing_to_ask_for(check: Check) -> None:
    assert check(found=[], offline=True).problems == [
        "request types: none is installed, so there is nothing to ask for"
    ]


def test_two_plugins_of_one_name_are_a_problem(check: Check) -> None:
    twins = [Found(name="a", distribution=f"d{n} 1", load=lambda: None) for n in (1, 2)]

    assert any("two plugins have the name 'a'" in line for line in check(found=twins).problems)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-other"}, "SLACK_BOT_TOKEN: Slack answers invalid_auth"),
        ({"SLACK_APP_TOKEN": "xapp-other"}, "SLACK_APP_TOKEN: Slack answers invalid_auth"),
        ({"GITHUB_TOKEN": "other"}, "GITHUB_TOKEN: GitHub does not accept it (401); make a new one"),
        ({"SLACK_BOT_TOKEN": "other"}, "settings: SLACK_BOT_TOKEN: not a valid token"),
    ],
)
def test_a_wrong_token_is_named_and_not_shown(check: Check, environ: dict[str, str], says: str) -> None:
    [found] = check(environ=environ).problems

    assert found.startswith(says)


def test_a_server_that_is_not_there_is_said_so(check: Check) -> None:
    found = check(environ={"SLACK_API_URL": "http://127.0.0.1:9/", "GITHUB_API_URL": "http://127.0.0.1:9/"})

    assert len(found.problems) == 3
    assert sum("cannot be reached" in line for line in found.problems) == 2
    assert any(line.startswith("GitHub: ConnectionError") for line in found.problems)


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


def test_who_may_move_tickets_is_counted_in_the_team_channel_where_there_is_no_group(check: Check) -> None:
    assert "team_channel #identity-surge: 3 members, who may move tickets" in check().ok


def test_who_may_move_tickets_is_counted_in_the_group(check: Check) -> None:
    found = check(also='team_group = "S0IDENTITY"\n')

    assert (found.problems, found.warnings) == ([], [])
    assert "team_group S0IDENTITY: 3 members, who may move tickets" in found.ok


def test_a_group_that_is_not_there_or_empty_is_a_problem(check: Check, sandbox: Sandbox) -> None:
    missing = check(also='team_group = "S0NOBODY"\n')
    sandbox.slack.groups["S0NOBODY"] = []

    empty = check()

    assert missing.problems == ["team_group S0NOBODY: there is no such user group in this workspace"]
    assert empty.problems == ["team_group S0NOBODY: nobody is in it, so nobody may move tickets"]


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
        "team_group S0IDENTITY: nobody may move tickets",
    ]


def test_a_channel_of_many_is_no_team(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.channels["C0TEAM"].members |= {f"U{n:04}" for n in range(60)}

    [warned] = check().warnings

    assert warned.startswith(
        "team_channel #identity-surge: 64 members, who may all move tickets; set team_group"
    )


def test_a_channel_of_bots_only_is_no_team(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.channels["C0TEAM"].members.clear()

    assert check().problems == [
        "team_channel #identity-surge: nobody but bots is in it, so nobody may move tickets"
    ]


def test_team_members_without_a_github_login_are_named(
    check: Check, sandbox: Sandbox, settings_file: Path
) -> None:
    settings_file.write_text(PEOPLE.sub("", settings_file.read_text(encoding="utf-8")), encoding="utf-8")
    sandbox.slack.channels["C0TEAM"].members |= {"U0MARLO", "U0ROWAN", "U0FROM_ELSEWHERE"}
    sandbox.slack.deactivated.add("U0ROWAN")

    found = check()

    assert "team_channel #identity-surge: 4 members, who may move tickets" in found.ok
    assert found.warnings == [
        "team_channel #identity-surge: no GitHub login is known of Linden Brookmere (U0LINDEN) and "
        "Marlo Pinesong (U0MARLO), so they cannot be assigned from Slack; add them to people"
    ]


def test_guests_who_may_move_tickets_are_warned_of(check: Check, sandbox: Sandbox) -> None:
    sandbox.slack.channels["C0TEAM"].members.add("U0ROWAN")

    assert any(
        line.startswith("team_channel #identity-surge: Rowan Tidewell (U0ROWAN) may move tickets, as a guest")
        for line in check().warnings
    )


def test_people_who_are_not_there_are_warned_of(check: Check, sandbox: Sandbox, settings_file: Path) -> None:
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
def test_how_the_bot_hears_of_github_is_said(check: Check, secret: str, line: str, said: str) -> None:
    found = check(environ={"GITHUB_WEBHOOK_SECRET": secret}, also=f"{line}\n")

    assert found.problems == []
    assert any(one.endswith(said) for one in found.ok)


def test_sensitive_requests_in_a_public_repository_are_warned_of(
    check: Check, sandbox: Sandbox, settings_file: Path
) -> None:
    written = settings_file.read_text(encoding="utf-8")
    settings_file.write_text(
        re.sub("^restricted_repository.*$", "", written, flags=re.MULTILINE), encoding="utf-8"
    )

    found = check().warnings

    assert found == [
        f"repository {cast.REPOSITORY} (default; sensitive requests too, for data_pull): is public, so everybody "
        "can read sensitive requests"
    ]


def test_repositories_are_looked_at_with_what_they_are_for(check: Check, sandbox: Sandbox) -> None:
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
        "sandbox-org/code-reviews now; set the new name, as its webhooks bear it",
        "repository sandbox-org/reviews (restricted, for data_pull; for pr_review): is public, so everybody "
        "can read sensitive requests",
    ]


def test_labels_that_stand_and_labels_to_be_made_are_told_apart(check: Check, sandbox: Sandbox) -> None:
    sandbox.github.new_label(cast.REPOSITORY, "Identity-Slackbot", actor="indigo-marshwick")

    found = check(also='[request_types.pr_review]\nlabels = ["needs review", "bug"]\n')

    assert f"labels in {cast.REPOSITORY}: identity-slackbot, bug" in found.ok
    wanted = "data_pull, mock_auth, pr_review, needs review"
    assert f"labels in {cast.REPOSITORY} that will be made: {wanted}" in found.ok


def test_a_token_that_may_not_push_is_a_problem_and_triage_is_enough_for_standing_labels(
    check: Check, sandbox: Sandbox
) -> None:
    sandbox.github.set_role(cast.REPOSITORY, cast.BOT_LOGIN, Role.READ)

    found = check()

    assert [line.partition(": ")[0] for line in found.problems] == [
        f"repository {cast.REPOSITORY} (default)",
        f"labels in {cast.REPOSITORY} that are missing and cannot be made",
    ]


def test_a_bot_that_github_cannot_reach_does_without_a_webhook(check: Check) -> None:
    found = check(environ={"GITHUB_WEBHOOK_SECRET": ""})

    assert found.problems == found.warnings == []
    assert any("the webhook is off" in line for line in found.ok)


def test_http_mode_says_where_slack_must_send_to(check: Check) -> None:
    found = check(environ={"SLACK_APP_TOKEN": ""})

    assert found.problems == []
    assert "Slack: HTTP mode; Slack's request URL must lead to /slack/events on 127.0.0.1:3000" in found.ok


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.CUT, FaultKind.HTML, FaultKind.SECONDARY_LIMIT])
def test_a_github_that_is_ill_is_a_problem_and_no_crash(
    check: Check, sandbox: Sandbox, kind: FaultKind
) -> None:
    sandbox.github.faults.add("GET", "**", kind=kind, times=None)

    assert all("GitHub" in line for line in check().problems)
    assert check().problems


@pytest.mark.parametrize(
    "fault", [{"error": "internal_error"}, {"status": 503}, {"retry_after": 9}, {"cut": True}]
)
def test_a_slack_that_is_ill_is_a_problem_and_no_crash(
    check: Check, sandbox: Sandbox, fault: dict[str, object]
) -> None:
    sandbox.slack.faults.add(times=None, **fault)  # type: ignore[arg-type]

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


def test_the_command_ends_with_a_count_and_says_by_its_code_whether_to_act(
    environment: dict[str, str], settings_file: Path, sandbox: Sandbox
) -> None:
    arguments = ["--config", str(settings_file), "check"]
    began = time.monotonic()
    fine = CliRunner().invoke(main, arguments, env=environment)
    sandbox.slack.channels["C0TEAM"].is_archived = True
    bad = CliRunner().invoke(main, arguments, env=environment)

    assert (fine.exit_code, bad.exit_code) == (0, 1)
    assert fine.output.splitlines()[-1].endswith(" ok, 0 warnings, 0 problems")
    assert bad.output.splitlines()[-1].endswith(" ok, 0 warnings, 1 problem")
    kinds = {line.split()[0] for line in bad.output.splitlines()[:-1]}
    assert kinds == {"ok", "problem"}
    assert time.monotonic() - began < 10
