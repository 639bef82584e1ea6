"""`identity-bot check`: every problem at once, a line for each, and no secret in any of them."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from identity_bot.cli import main
from identity_bot.plugins import loader as plugins
from identity_bot.plugins.loader import Found
from identity_bot.store.store import Store
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from tests.checks.conftest import Check


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


def test_a_report_without_what_draws_it_is_a_warning(
    check: Check, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settings_file.read_text("utf-8")
    settings_file.write_text(f"report = true\n{before}", encoding="utf-8")
    assert check(offline=True).warnings == []
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    [found] = check(offline=True).warnings

    assert found == "report: the monthly report needs `pip install 'identity-bot[report]'`"


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
        ({"GITHUB_TOKEN": "other"}, "GITHUB_TOKEN: GitHub does not accept it (401); create a new one"),
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
    assert any(line.startswith("GitHub: connection refused") for line in found.problems)


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


def test_a_debug_file_is_a_warning_and_one_that_cannot_be_written_a_problem(
    check: Check, tmp_path: Path
) -> None:
    file = tmp_path / "debug.log"

    found = check(also=f'debug_file = "{file}"\n')

    assert found.warnings == [f"debug_file: {file} gets personal data; unset it when you are done"]
    file.unlink()
    file.mkdir()
    assert check().problems == [f"settings: debug_file: {file}: cannot be written: Is a directory"]


def test_it_warns_if_nobody_hears_of_urgent_requests(check: Check, settings_file: Path) -> None:
    text = re.sub(
        r"(?m)^leads = .*$", 'leads = [{ github = "indigo-marshwick" }]', settings_file.read_text("utf-8")
    )
    settings_file.write_text(text, encoding="utf-8")

    [said] = [line for line in check(offline=True).warnings if line.startswith("leads")]

    assert "for data_pull, mock_auth, pr_review, so nobody is mentioned" in said


def test_it_warns_if_nobody_can_approve_and_if_everybody_of_a_rota_is_away(
    check: Check, settings_file: Path
) -> None:
    lines = [line for line in settings_file.read_text().splitlines() if not line.startswith("leads")]
    away = 'away = [{ slack = "U0LINDEN", from = 2020-01-01, to = 2100-01-01 }]'
    settings_file.write_text("\n".join([*lines, 'rota = [{ slack = "U0LINDEN" }]', away]), encoding="utf-8")

    said = check(offline=True).warnings

    assert any(one.startswith("approvers: none for data_pull, so nobody can approve") for one in said)
    assert "rota: everybody is away today, so new data_pull requests get no SPOC" in said


def test_a_rota_that_works_is_no_news(check: Check, settings_file: Path) -> None:
    text = settings_file.read_text()
    settings_file.write_text(f'rota = [{{ slack = "U0LINDEN" }}]\n{text}', encoding="utf-8")

    assert not [one for one in check(offline=True).warnings if "rota" in one or "approv" in one]
