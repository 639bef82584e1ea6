"""Settings are one value, or every line of what to mend: where, what was found, what was expected."""

from __future__ import annotations

import base64
import errno
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from identity_bot.errors import SettingsError
from identity_bot.settings import ENVIRONMENT, FILE, GitHubApp, Settings, examine, load, stand_alone_problems
from identity_bot.text.privacy import Additions
from identity_bot.tickets.rota import Turns

GOOD = """
intake_channel = "#vsp-identity"
team_channel = "C024BE91L"
repository = "octo/identity-requests"
"""
TOKEN = {"GITHUB_TOKEN": "ghp_secret"}
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"
APP = {"GITHUB_APP_ID": "12", "GITHUB_APP_INSTALLATION_ID": "34", "GITHUB_APP_PRIVATE_KEY": KEY}


def read(folder: Path, text: str = GOOD, environ: Mapping[str, str] = TOKEN) -> Settings:
    path = folder / "identity-bot.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ)


def problems(folder: Path, text: str = GOOD, environ: Mapping[str, str] = TOKEN) -> list[str]:
    """The lines of what to mend."""
    with pytest.raises(SettingsError) as refused:
        read(folder, text, environ)
    return list(refused.value.problems)


def test_three_settings_and_a_token_are_enough(tmp_path: Path) -> None:
    settings = read(tmp_path)

    assert settings.commands == ("/help",)
    assert settings.intake_channel == "#vsp-identity"
    assert settings.team_channel == "C024BE91L"
    assert settings.repository == "octo/identity-requests"
    assert settings.label == "identity-slackbot"
    assert settings.restricted_repository is None
    assert settings.leads == settings.people == settings.who_is_who == ()
    assert settings.team_group is None
    assert settings.team == "C024BE91L"
    assert settings.home is True
    assert settings.poll_seconds == 60
    assert settings.messages == {}
    assert settings.http == {"host": "127.0.0.1", "port": 3000}
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.github_api_url == "https://api.github.com"
    assert settings.database_url == "sqlite:///identity-bot.db"


def test_every_setting_can_be_set(tmp_path: Path) -> None:
    text = """
        commands = ["/help", "/identity-support", "/help"]
        restricted_repository = "octo/restricted"
        label = "identity"
        leads = [{ slack = "U1A", github = "ada" }, { slack = "W2B" }, { github = "bob" }]
        people = [{ slack = "U3C", github = "carol" }]
        team_group = "S0614TZR7"
        home = false
        poll_seconds = 30
        debug_file = "/tmp/debug.log"
        http = { host = "0.0.0.0", port = 0 }
        [messages]
        assigned.requestor = "{assignees} has it."
        [request_types.pr_review]
        labels = ["review"]
        """
    environ = TOKEN | {
        "SLACK_BOT_TOKEN": " xoxb-1 ",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_SIGNING_SECRET": "sign",
        "SLACK_API_URL": "http://127.0.0.1:1/api",
        "GITHUB_API_URL": "http://127.0.0.1:1/gh/",
        "GITHUB_WEBHOOK_SECRET": "hook",
        "DATABASE_URL": "postgresql://x",
    }

    settings = read(tmp_path, GOOD + text, environ)

    assert settings.commands == ("/help", "/identity-support")
    assert settings.restricted_repository == "octo/restricted"
    assert settings.leads == ({"slack": "U1A", "github": "ada"}, {"slack": "W2B"}, {"github": "bob"})
    assert settings.people == ({"slack": "U3C", "github": "carol"},)
    assert (settings.team_group, settings.team) == ("S0614TZR7", "S0614TZR7")
    assert settings.home is False
    assert settings.poll_seconds == 30
    assert settings.debug_file == "/tmp/debug.log"
    assert settings.messages == {"assigned.requestor": "{assignees} has it."}
    assert settings.http == {"host": "0.0.0.0", "port": 0}
    assert settings.request_types == {"pr_review": {"labels": ["review"]}}
    assert settings.slack_bot_token == "xoxb-1"
    assert settings.slack_api_url == "http://127.0.0.1:1/api/"
    assert settings.github_api_url == "http://127.0.0.1:1/gh"
    assert settings.github_auth == "ghp_secret"
    assert settings.database_url == "postgresql://x"


def test_answers_come_from_a_folder_a_repository_both_or_neither(tmp_path: Path) -> None:
    nowhere = {"folder": None, "repository": None, "path": "", "refresh_minutes": 10, "closed_tickets": True}
    both = 'answers = { folder = "help", repository = "octo/handbook", path = "docs/help", refresh_minutes = 0 }\n'

    assert read(tmp_path, GOOD).answers == nowhere
    assert read(tmp_path, GOOD + 'answers.folder = "help"\n').answers == nowhere | {"folder": "help"}
    assert read(tmp_path, GOOD + both).answers == {
        "folder": "help", "repository": "octo/handbook", "path": "docs/help", "refresh_minutes": 0,
        "closed_tickets": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('folder = " "', "answers.folder: "),
        ('repository = "handbook"', "answers.repository: "),
        ('path = "docs"', 'answers.path: found "docs"; expected repository, too'),
        ('repository = "octo/a", path = "../secrets"', "answers.path: "),
        ('repository = "octo/a", path = "docs/../../x"', "answers.path: "),
        ('repository = "octo/a", path = "docs//x"', "answers.path: "),
        ("refresh_minutes = -1", "answers.refresh_minutes: found -1; expected 0 to 1440 minutes"),
        ("refresh_minutes = 1.5", "answers.refresh_minutes: "),
        ('fodler = "x"', "answers.fodler: unknown setting; did you mean 'folder'?"),
    ],
)
def test_a_place_for_answers_that_is_none_is_told(tmp_path: Path, table: str, said: str) -> None:
    [problem] = problems(tmp_path, f"{GOOD}answers = {{ {table} }}\n")

    assert problem.startswith(said)


# The file


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("intake_channel", 'expected the channel where requests are announced, "#name" or its id'),
        ("team_channel", 'expected the channel of the team that answers them, "#name" or its id'),
        ("repository", 'expected "owner/name" of the repository that gets the issues'),
    ],
)
def test_a_setting_that_is_missing_says_what_it_is_for(tmp_path: Path, key: str, said: str) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(key)]

    assert problems(tmp_path, "\n".join(lines)) == [f"{key}: missing; {said}"]


def test_all_that_is_missing_is_said_at_once_each_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, "", {"SLACK_BOT_TOKEN": "bad", "GITHUB_API_URL": "x"})

    assert str(refused.value).splitlines() == [
        'settings: intake_channel: missing; expected the channel where requests are announced, "#name" or its id',
        'settings: team_channel: missing; expected the channel of the team that answers them, "#name" or its id',
        'settings: repository: missing; expected "owner/name" of the repository that gets the issues',
        "settings: SLACK_BOT_TOKEN: not a valid token; expected one that begins with xoxb-",
        "settings: GITHUB_API_URL: not a web address; expected one that begins with https://",
        "settings: GITHUB_TOKEN: missing; expected a token, "
        "or GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID and GITHUB_APP_PRIVATE_KEY",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("repositry = 1", "repositry: unknown setting; did you mean 'repository'?"),
        ("command = []", "command: unknown setting; did you mean 'commands'?"),
        ("http = { prot = 1 }", "http.prot: unknown setting; did you mean 'port'?"),
        (
            "answers = { closed_ticket = true }",
            "answers.closed_ticket: unknown setting; did you mean 'closed_tickets'?",
        ),
        ("leads = [{ gitub = 'ada' }]", "leads.0.gitub: unknown setting; did you mean 'github'?"),
        (
            "zzz = 1",
            "zzz: unknown setting; expected one of answers, away, commands, conversation, debug_file, digest, home, "
            "http, intake_channel, label, leads, messages, observers, people, poll_seconds, privacy, reactions, "
            "report, repository, request_types, restricted_repository, rota, rota_turns, service_levels, survey, "
            "team_channel, team_group",
        ),
    ],
)
def test_a_misspelled_setting_is_told_its_name(tmp_path: Path, text: str, said: str) -> None:
    assert problems(tmp_path, f"{text}\n{GOOD}") == [said]


@pytest.mark.parametrize("line", ['"two words" = "take"', 'eyes = "close"', "eyes = 5"])
def test_a_reaction_stands_for_an_action_that_asks_for_nothing(tmp_path: Path, line: str) -> None:
    [problem] = problems(tmp_path, f"{GOOD}\n[reactions]\n{line}")

    assert problem.startswith("reactions")
    assert "expected" in problem


WRONG = {
    "privacy": [
        ("5", "found 5; expected a table of settings"),
    ],
    "commands": [
        ('"/help"', 'found "/help"; expected a list in brackets, such as […]'),
        ("[]", 'found []; expected at least one command, such as ["/help"]'),
        ("5", "found 5; expected a list in brackets, such as […]"),
    ],
    "reactions": [
        ("5", "found 5; expected a table of settings"),
    ],
    "intake_channel": [
        ('""', 'found ""; expected a channel, "#name" or an id such as "C024BE91L"'),
        ('"vsp-identity"', 'found "vsp-identity"; expected a channel, "#name" or an id such as "C024BE91L"'),
        ("5", 'found 5; expected the channel where requests are announced, "#name" or its id'),
        ('["#a"]', 'found ["#a"]; expected the channel where requests are announced, "#name" or its id'),
    ],
    "team_channel": [
        ('"#two words"', 'found "#two words"; expected a channel, "#name" or an id such as "C024BE91L"'),
        ('"U024BE91L"', 'found "U024BE91L"; expected a channel, "#name" or an id such as "C024BE91L"'),
        ("true", 'found true; expected the channel of the team that answers them, "#name" or its id'),
    ],
    "repository": [
        ('""', 'found ""; expected "owner/name" of a repository'),
        ('"octo"', 'found "octo"; expected "owner/name" of a repository'),
        ('"octo/.."', 'found "octo/.."; expected "owner/name" of a repository'),
        (
            '"https://github.com/octo/identity"',
            'found "https://github.com/octo/identity"; expected "owner/name" of a repository',
        ),
        ('"octo/a\\n"', 'found "octo/a\\n"; expected "owner/name" of a repository'),
        ("1979-05-27", 'found "1979-05-27"; expected "owner/name" of the repository that gets the issues'),
    ],
    "restricted_repository": [
        ('"a/b/c"', 'found "a/b/c"; expected "owner/name" of a repository'),
        ("5", 'found 5; expected text in quotes, such as "…"'),
    ],
    "label": [
        ('" "', 'found " "; expected the name of a label: 1 to 50 characters'),
        (f'"{"x" * 51}"', f'found "{"x" * 51}"; expected the name of a label: 1 to 50 characters'),
        (f'"{"x" * 99}"', f'found "{"x" * 59}…; expected the name of a label: 1 to 50 characters'),
        ("{}", 'found {}; expected text in quotes, such as "…"'),
    ],
    "leads": [
        ('"ada"', 'found "ada"; expected a list in brackets, such as […]'),
        ("{}", "found {}; expected a list in brackets, such as […]"),
    ],
    "people": [
        ('"ada"', 'found "ada"; expected a list in brackets, such as […]'),
        ("{ U1A = 'ada' }", 'found {"U1A": "ada"}; expected a list in brackets, such as […]'),
    ],
    "team_group": [
        ('"@identity"', 'found "@identity"; expected the id of a Slack user group such as "S0614TZR7"'),
        ('"C024BE91L"', 'found "C024BE91L"; expected the id of a Slack user group such as "S0614TZR7"'),
        ("5", 'found 5; expected text in quotes, such as "…"'),
    ],
    "home": [
        ('"no"', 'found "no"; expected true or false'),
        ("2", "found 2; expected true or false"),
    ],
    "poll_seconds": [
        ("9", "found 9; expected 10 to 3600 seconds, or 0 for no polling"),
        ("3601", "found 3601; expected 10 to 3600 seconds, or 0 for no polling"),
        ("-1", "found -1; expected 10 to 3600 seconds, or 0 for no polling"),
        ("60.0", "found 60.0; expected a whole number"),
        ('"60"', 'found "60"; expected a whole number'),
        ("false", "found false; expected a whole number"),
    ],
    "messages": [('"hello"', 'found "hello"; expected a table of settings')],
    "http": [("3000", "found 3000; expected a table of settings")],
    "request_types": [('"pr_review"', 'found "pr_review"; expected a table of settings')],
}


@pytest.mark.parametrize(
    ("key", "value", "said"), [(key, value, said) for key, cases in WRONG.items() for value, said in cases]
)
def test_a_setting_that_does_not_fit_says_what_was_found_and_what_was_expected(
    tmp_path: Path, key: str, value: str, said: str
) -> None:
    others = [line for line in GOOD.splitlines() if not line.startswith(f"{key} ")]

    assert problems(tmp_path, "\n".join([f"{key} = {value}", *others])) == [f"{key}: {said}"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'commands = ["/help", "help"]',
            'commands.1: found "help"; expected a command such as "/help": a slash, then lowercase letters, '
            "at most 32 characters",
        ),
        (
            'commands = ["/Help"]',
            'commands.0: found "/Help"; expected a command such as "/help": a slash, then lowercase letters, '
            "at most 32 characters",
        ),
        (
            'leads = [{ slack = "@ada" }]',
            'leads.0.slack: found "@ada"; expected a Slack member id such as "U024BE7LH"',
        ),
        (
            'leads = [{ github = "@ada" }]',
            'leads.0.github: found "@ada"; expected a GitHub login, without an @',
        ),
        ('people = [{ slack = "U1A" }]', "people.0.github: missing; expected a GitHub login, without an @"),
        (
            'people = [{ github = "ada" }]',
            'people.0.slack: missing; expected a Slack member id such as "U024BE7LH"',
        ),
        (
            'people = [{ slack = "ada", github = "ada" }]',
            'people.0.slack: found "ada"; expected a Slack member id such as "U024BE7LH"',
        ),
        (
            'people = [{ slack = "U1A", github = "ada", name = "Ada" }]',
            "people.0.name: unknown setting; expected one of github, slack",
        ),
        (
            "messages.assigned.requestor = 5",
            'messages.assigned.requestor: found 5; expected text in quotes, such as "…"',
        ),
        ('messages = { "a.b" = ["c"] }', 'messages.a.b: found ["c"]; expected text in quotes, such as "…"'),
        ("leads = [{}]", "leads.0: empty; expected slack, github or both"),
        ('leads = ["ada"]', 'leads.0: found "ada"; expected a table of settings'),
        ("http = { port = 70000 }", "http.port: found 70000; expected a port from 0 to 65535"),
        ('http = { port = "3000" }', 'http.port: found "3000"; expected a whole number'),
        ("http = { port = true }", "http.port: found true; expected a whole number"),
        ('http = { host = "" }', 'http.host: found ""; expected a host name or an address'),
        (
            "request_types = { pr_review = 5 }",
            "request_types.pr_review: found 5; expected a table of settings",
        ),
    ],
)
def test_a_setting_inside_another_is_named_in_full(tmp_path: Path, text: str, said: str) -> None:
    assert problems(tmp_path, text + GOOD) == [said]


@pytest.mark.parametrize("command", ["/help", "/identity-support", "/a", "/" + "x" * 31, "/a_b-1"])
def test_commands_that_slack_takes_are_taken(tmp_path: Path, command: str) -> None:
    assert read(tmp_path, f'commands = ["{command}"]{GOOD}').commands == (command,)


@pytest.mark.parametrize("channel", ["#a", "#vsp-identity", "C024BE91L", "G024BE91L", "#ідентичність"])
def test_channels_by_name_and_by_id_are_taken(tmp_path: Path, channel: str) -> None:
    text = GOOD.replace("#vsp-identity", channel)

    assert read(tmp_path, text).intake_channel == channel


def test_a_mark_that_windows_editors_put_first_does_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + GOOD).repository == "octo/identity-requests"


def test_toml_that_cannot_be_read_says_where(tmp_path: Path) -> None:
    [said] = problems(tmp_path, 'intake_channel = "#a\nx')

    assert said.startswith(f"{tmp_path / 'identity-bot.toml'}: not valid TOML: ")
    assert "line 1" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "opens = 9:00",
            "opens: Expected newline or end of document after a statement (at line 2, column 10); "
            'expected text and times in quotes, such as "9:00"',
        ),
        (
            "digest = off",
            'digest: Invalid value (at line 2, column 10); expected text and times in quotes, such as "9:00"',
        ),
        ("days_off = [2026-02-30]", "days_off: Invalid date or datetime (at line 2, column 13)"),
        ("gAtE5BlYWRlcg==", "Invalid value (at line 2, column 15)"),
        ("secret", "Expected '=' after a key in a key/value pair (at line 2, column 7)"),
        ('["at line 99"]\n["at line 99"]', "Cannot declare ('at line 99',) twice (at line 3, column 14)"),
    ],
)
def test_toml_that_cannot_be_read_says_in_which_setting_but_not_its_value(
    tmp_path: Path, line: str, said: str
) -> None:
    assert problems(tmp_path, f"survey = true\n{line}\n{GOOD}") == [
        f"{tmp_path / 'identity-bot.toml'}: not valid TOML: {said}"
    ]


def test_a_setting_given_twice_is_not_valid(tmp_path: Path) -> None:
    [said] = problems(tmp_path, GOOD + 'repository = "a/b"')

    assert "not valid TOML" in said


def test_a_number_that_python_would_not_read_is_not_valid(tmp_path: Path) -> None:
    [said] = problems(tmp_path, f"{GOOD}\nx = {'9' * 5000}")

    assert "not valid TOML" in said


def test_a_file_that_is_not_there_says_how_to_name_another(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"

    with pytest.raises(SettingsError) as refused:
        load(path, TOKEN)

    assert refused.value.problems == (f"{path}: no such file; name it with --config or IDENTITY_BOT_CONFIG",)


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, TOKEN)

    assert refused.value.problems == (f"{tmp_path}: cannot be read: Is a directory",)


def test_a_file_that_nobody_may_read_is_said_so(mocker: MockerFixture, tmp_path: Path) -> None:
    path = tmp_path / "locked.toml"
    path.write_text("", encoding="utf-8")
    # A file's mode keeps nothing from root, as whom containers often run the tests.
    mocker.patch.object(Path, "read_text", side_effect=PermissionError(errno.EACCES, "Permission denied"))

    with pytest.raises(SettingsError) as refused:
        load(path, TOKEN)

    assert refused.value.problems == (f"{path}: cannot be read: Permission denied",)


def test_a_file_in_another_encoding_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'label = "\xe9"')

    with pytest.raises(SettingsError) as refused:
        load(path, TOKEN)

    assert refused.value.problems == (f"{path}: cannot be read: expected text in UTF-8",)


def test_the_file_is_named_by_argument_then_environment_then_is_the_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("argument", "environment", "identity-bot"):
        (tmp_path / f"{name}.toml").write_text(f'label = "{name}"{GOOD}', encoding="utf-8")
    named = TOKEN | {"IDENTITY_BOT_CONFIG": "environment.toml"}

    assert load(Path("argument.toml"), named).label == "argument"
    assert load(None, named).label == "environment"
    assert load(None, TOKEN | {"IDENTITY_BOT_CONFIG": ""}).label == "identity-bot"


def test_what_can_be_used_of_a_broken_file_is_known_with_every_problem(tmp_path: Path) -> None:
    """The check goes on with it; what is missing has an example, and what is wrong its default."""
    path = tmp_path / "identity-bot.toml"
    path.write_text(
        'team_channel = "#team"\ncommands = ["help"]\nhttp.port = "x"\nlabel = "ours"\n'
        '[request_types.pr_review]\nlabels = ["review"]',
        encoding="utf-8",
    )

    settings, said = examine(path, {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_API_URL": "nowhere"})

    assert (settings.team_channel, settings.label) == ("#team", "ours")
    assert settings.request_types == {"pr_review": {"labels": ["review"]}}
    assert settings.slack_bot_token == "xoxb-1"
    assert settings.repository == "owner/name"
    assert settings.commands == ("/help",)
    assert settings.http == {"host": "127.0.0.1", "port": 3000}
    assert settings.slack_api_url == "https://slack.com/api/"
    places = [line.partition(":")[0] for line in said]
    assert places == [
        "intake_channel",
        "repository",
        "commands.0",
        "http.port",
        "SLACK_API_URL",
        "GITHUB_TOKEN",
    ]


# Who is who


def test_all_who_name_both_are_known_leads_of_single_types_too(tmp_path: Path) -> None:
    text = """
        people = [{ slack = "U1A", github = "ada" }]
        leads = [{ slack = "U2B", github = "bob" }, { slack = "U3C" }, { github = "dan" }]
        [request_types.pr_review]
        leads = [{ slack = "U1A", github = "Ada" }, { slack = "U5E", github = "eve" }, { slack = 5 }, "x"]
        [request_types.mock_auth]
        leads = "nobody"
        """

    known = read(tmp_path, GOOD + text).who_is_who

    assert [one["github"] for one in known] == ["ada", "bob", "Ada", "eve"]


def test_one_person_by_two_names_is_said_with_both_places_and_with_all_else(tmp_path: Path) -> None:
    text = """
        zzz = 1
        people = [{ slack = "U1A", github = "ada" }, { slack = "U2B", github = "ADA" }]
        leads = [{ slack = "U1A", github = "bob" }]
        [request_types.pr_review]
        leads = [{ slack = "U3C", github = "bob" }]
        """

    said = problems(tmp_path, GOOD + text)

    assert said[0].startswith("zzz: unknown setting")
    assert said[1:] == [
        "people.1: 'ADA' is U2B here and U1A in people.0; expected one Slack id for each person",
        "leads.0: U1A is 'bob' here and 'ada' in people.0; expected one login for each person",
        "request_types.pr_review.leads.0: 'bob' is U3C here and U1A in leads.0; expected one Slack id for each person",
    ]


# Polling


@pytest.mark.parametrize(
    ("line", "secret", "seconds"),
    [
        ("", "", 60),
        ("", "s", 300),
        ("poll_seconds = 10", "", 10),
        ("poll_seconds = 3600", "s", 3600),
        ("poll_seconds = 0", "s", 0),
    ],
)
def test_how_often_github_is_asked_depends_on_the_webhook_where_it_is_not_set(
    tmp_path: Path, line: str, secret: str, seconds: int
) -> None:
    assert read(tmp_path, GOOD + line, TOKEN | {"GITHUB_WEBHOOK_SECRET": secret}).poll_seconds == seconds


def test_a_bot_that_would_never_hear_of_github_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path, f"{GOOD}poll_seconds = 0") == [
        "poll_seconds: found 0, but GITHUB_WEBHOOK_SECRET is not set, so nothing would tell the bot what happens in "
        "GitHub; expected 10 to 3600 seconds, or a webhook"
    ]


# Messages


@pytest.mark.parametrize(
    "written",
    [
        '[messages]\nassigned.requestor = "{assignees}!"',
        '[messages]\n"assigned.requestor" = "{assignees}!"',
        '[messages.assigned]\nrequestor = "{assignees}!"',
        'messages = { assigned = { requestor = "{assignees}!" } }',
        'messages.assigned.requestor = "{assignees}!"',
    ],
)
def test_a_messages_name_may_be_written_in_any_way_that_toml_knows(tmp_path: Path, written: str) -> None:
    assert read(tmp_path, f"{GOOD}{written}").messages == {"assigned.requestor": "{assignees}!"}


def test_a_message_that_is_written_twice_is_told(tmp_path: Path) -> None:
    text = '[messages]\n"assigned.requestor" = "a"\nassigned.requestor = "b"'

    assert problems(tmp_path, f"{GOOD}{text}") == ["messages.assigned.requestor: set twice; expected it once"]


def test_messages_that_cannot_be_used_are_all_told(tmp_path: Path) -> None:
    text = '[messages]\nasigned.requestor = "a"\nassigned.requestor = "{foo} {"\nreleased.requestor = "{foo}"\nx = 5'

    said = problems(tmp_path, f"{GOOD}{text}")

    places = [
        "messages.x",
        "messages.asigned.requestor",
        "messages.assigned.requestor",
        "messages.released.requestor",
    ]
    assert [line.partition(":")[0] for line in said] == places


# The environment


def test_a_github_app_signs_in_with_a_key(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD, APP)

    assert settings.github_auth == GitHubApp(app_id=12, installation_id=34, private_key=KEY.strip())


def test_a_key_in_one_line_gets_its_lines_back(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD, APP | {"GITHUB_APP_PRIVATE_KEY": KEY.replace("\n", "\\n")})

    assert isinstance(settings.github_auth, GitHubApp)
    assert settings.github_auth.private_key == KEY


@pytest.mark.parametrize("written", [KEY, KEY.replace("\n", "\\n"), KEY.replace("\n", "\r\n")])
@pytest.mark.parametrize("shape", ["{}", "'{}'", '"{}"', " {}\n"])
@pytest.mark.parametrize("width", [None, 76])
def test_a_key_may_be_in_base64(tmp_path: Path, written: str, shape: str, width: int | None) -> None:
    encode = base64.b64encode if width is None else base64.encodebytes
    key = shape.format(encode(written.encode()).decode().strip())

    settings = read(tmp_path, GOOD, APP | {"GITHUB_APP_PRIVATE_KEY": key})

    assert isinstance(settings.github_auth, GitHubApp)
    assert settings.github_auth.private_key.splitlines() == KEY.splitlines()


@pytest.mark.parametrize("written", [b"hunter2", b"\xff\xfe", b"-----BEGIN PUBLIC KEY-----", b""])
def test_base64_of_something_else_is_no_key(tmp_path: Path, written: bytes) -> None:
    key = base64.b64encode(written).decode() or "===="

    assert problems(tmp_path, GOOD, APP | {"GITHUB_APP_PRIVATE_KEY": key}) == [
        "GITHUB_APP_PRIVATE_KEY: not a private key; expected its PEM text, or that in base64"
    ]


def test_a_github_apps_key_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(KEY, encoding="utf-8")
    environ = {k: v for k, v in APP.items() if k != "GITHUB_APP_PRIVATE_KEY"}

    settings = read(tmp_path, GOOD, environ | {"GITHUB_APP_PRIVATE_KEY_FILE": str(file)})

    assert isinstance(settings.github_auth, GitHubApp)
    assert settings.github_auth.private_key == KEY.strip()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"GITHUB_APP_ID": ""}, ["GITHUB_APP_ID: missing; expected digits"]),
        (
            {"GITHUB_APP_PRIVATE_KEY": ""},
            [
                "GITHUB_APP_PRIVATE_KEY: missing; expected its PEM text, or GITHUB_APP_PRIVATE_KEY_FILE with its path"
            ],
        ),
        ({"GITHUB_APP_ID": "x"}, ["GITHUB_APP_ID: not a number; expected digits"]),
        ({"GITHUB_APP_ID": "9" * 5000}, ["GITHUB_APP_ID: not a number; expected digits"]),
        ({"GITHUB_APP_INSTALLATION_ID": ""}, ["GITHUB_APP_INSTALLATION_ID: missing; expected digits"]),
        (
            {"GITHUB_APP_PRIVATE_KEY": "hunter2"},
            [
                "GITHUB_APP_PRIVATE_KEY: not a private key; expected its PEM text, or that in base64",
            ],
        ),
        (
            {"GITHUB_APP_PRIVATE_KEY": "", "GITHUB_APP_PRIVATE_KEY_FILE": "/nowhere/key.pem"},
            ["GITHUB_APP_PRIVATE_KEY_FILE: /nowhere/key.pem: cannot be read: No such file or directory"],
        ),
        (
            {"GITHUB_APP_ID": "", "GITHUB_APP_INSTALLATION_ID": "", "GITHUB_APP_PRIVATE_KEY": ""},
            [
                "GITHUB_TOKEN: missing; expected a token, "
                "or GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID and GITHUB_APP_PRIVATE_KEY"
            ],
        ),
    ],
)
def test_a_github_app_that_is_not_complete_says_what_it_lacks(
    tmp_path: Path, changed: dict[str, str], said: list[str]
) -> None:
    assert problems(tmp_path, GOOD, APP | changed) == said


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"SLACK_BOT_TOKEN": "xoxp-1"},
            "SLACK_BOT_TOKEN: not a valid token; expected one that begins with xoxb-",
        ),
        (
            {"SLACK_APP_TOKEN": "xoxb-1"},
            "SLACK_APP_TOKEN: not a valid token; expected one that begins with xapp-",
        ),
        (
            {"SLACK_API_URL": "slack.com"},
            "SLACK_API_URL: not a web address; expected one that begins with https://",
        ),
        (
            {"GITHUB_API_URL": "https://"},
            "GITHUB_API_URL: not a web address; expected one that begins with https://",
        ),
        (
            {"GITHUB_API_URL": "http://[x"},
            "GITHUB_API_URL: not a web address; expected one that begins with https://",
        ),
    ],
)
def test_a_variable_that_does_not_fit_is_named_without_its_value(
    tmp_path: Path, environ: dict[str, str], said: str
) -> None:
    assert problems(tmp_path, GOOD, TOKEN | environ) == [said]


@pytest.mark.parametrize("name", [name for name in ENVIRONMENT.fields if not name.startswith("GITHUB_")])
def test_a_blank_variable_is_one_that_is_not_set(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, GOOD, TOKEN | {name: "  "}) == read(tmp_path)


def test_secrets_are_not_in_the_settings_repr(tmp_path: Path) -> None:
    secret = "shibboleth"
    text = f'{GOOD}\n[request_types.x]\npassword = "{secret}"\n'
    environ = {
        "SLACK_BOT_TOKEN": f"xoxb-{secret}",
        "SLACK_APP_TOKEN": f"xapp-{secret}",
        "SLACK_SIGNING_SECRET": secret,
        "GITHUB_WEBHOOK_SECRET": secret,
        "DATABASE_URL": f"postgresql://bot:{secret}@db/bot",
    }

    for auth in (APP | {"GITHUB_APP_PRIVATE_KEY": KEY.replace("MIIE", secret)}, {"GITHUB_TOKEN": secret}):
        settings: Any = read(tmp_path, text, environ | auth)
        assert secret not in repr(settings)
        assert secret not in repr(settings.github_auth) or isinstance(settings.github_auth, str)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {},
            [
                "SLACK_BOT_TOKEN: missing; expected the bot token of the Slack app (xoxb-…)",
                "SLACK_APP_TOKEN: missing; expected an app-level token (xapp-…) for Socket Mode, "
                "or SLACK_SIGNING_SECRET for HTTP",
            ],
        ),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}, []),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}, []),
    ],
)
def test_only_a_bot_that_runs_by_itself_needs_slacks_tokens(
    tmp_path: Path, environ: dict[str, str], said: list[str]
) -> None:
    assert stand_alone_problems(read(tmp_path, GOOD, TOKEN | environ)) == said


def test_patterns_and_exceptions_are_added_to_the_rules_about_personal_data(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        GOOD
        + """
        [privacy]
        patterns = ['\\bproject-\\d{4}\\b']
        exceptions = ["123-45-6789", "ada@va.gov"]
        """,
    )

    assert settings.privacy == Additions(
        patterns=(r"\bproject-\d{4}\b",), exceptions=("123-45-6789", "ada@va.gov")
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("patterns = 'a'", 'privacy.patterns: found "a"; expected a list in brackets, such as […]'),
        (
            "patterns = ['(']",
            'privacy.patterns.0: found "("; not a pattern: missing ): (; expected RE2\'s syntax',
        ),
        (
            "exceptions = ['a', '(?=a)']",
            'privacy.exceptions.1: found "(?=a)"; not a pattern: invalid perl operator: (?=; expected RE2\'s syntax',
        ),
        (
            "exceptions = ['a*']",
            'privacy.exceptions.0: found "a*"; matches text of no characters; expected a pattern for some',
        ),
        ("pattern = ['a']", "privacy.pattern: unknown setting; did you mean 'patterns'?"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_told_with_its_place(
    tmp_path: Path, written: str, said: str
) -> None:
    assert problems(tmp_path, f"{GOOD}\n[privacy]\n{written}\n") == [said]


def test_a_types_section_goes_over_what_holds_for_all(tmp_path: Path) -> None:
    settings = read(tmp_path, 'leads = [{ github = "ada" }]' + GOOD)

    own = settings.for_type({"repository": "octo/reviews"})

    assert own == {
        "repository": "octo/reviews",
        "restricted_repository": None,
        "labels": [],
        "leads": [{"github": "ada"}],
        "rota": [],
        "rota_turns": Turns.WEEKLY,
        "away": (),
        "messages": {},
        "conversation": True,
        "people": (),
        "privacy": Additions(),
        "service_levels": settings.service_levels,
    }


def test_a_key_in_the_place_of_its_path_is_not_shown(tmp_path: Path) -> None:
    without_key = {name: value for name, value in APP.items() if name != "GITHUB_APP_PRIVATE_KEY"}

    found = problems(tmp_path, GOOD, without_key | {"GITHUB_APP_PRIVATE_KEY_FILE": KEY})

    assert found == ["GITHUB_APP_PRIVATE_KEY_FILE: expected the path of a file"]


# Rubbish

VALUES = (
    "0", "-1", "99999999999999999999999", "1.5", "inf", "nan", "true", "1979-05-27", "07:32:00", '""', '" "', '"x"',
    '"\\u0000"', '"\\n"', "[]", "[1]", "[[]]", "[{}]", '[{ slack = 1, github = [] }]', "{}", "{ a = 1 }",
    "{ a = { b = {} } }", '{ port = "x", host = 1 }', "{ port = -1 }", "{ port = 99999 }", '"postgresql://"',
)  # fmt: skip
TEXTS = (
    "0", "-1", "x", "[]", "{}", "true", "\udcff", "two\nlines", "x" * 5000, "http://", "http://[", "https://x:y", "://",
    "~", "/", "/dev/null", "-----BEGIN", "PRIVATE KEY", "\N{ARABIC-INDIC DIGIT ONE}", "%s {} $HOME",
)  # fmt: skip


@pytest.mark.parametrize("name", FILE.fields)
def test_rubbish_in_the_file_is_told_in_a_line_or_harmless(tmp_path: Path, name: str) -> None:
    path = tmp_path / "identity-bot.toml"
    others = "".join(line + "\n" for line in GOOD.splitlines() if not line.startswith(f"{name} "))
    for value in VALUES:
        path.write_text(f"{name} = {value}\n{others}", encoding="utf-8")

        found = examine(path, TOKEN)[1]

        assert not [line for line in found if not line.startswith(name) or "\n" in line], value


@pytest.mark.parametrize("name", ENVIRONMENT.fields)
def test_rubbish_in_a_variable_is_told_in_a_line_or_harmless(tmp_path: Path, name: str) -> None:
    path = tmp_path / "identity-bot.toml"
    path.write_text(GOOD, encoding="utf-8")
    for text in TEXTS:
        for sign_in in (TOKEN, APP, {"GITHUB_APP_ID": "12", "GITHUB_APP_INSTALLATION_ID": "34"}):
            found = examine(path, {**sign_in, name: text})[1]

            assert not [line for line in found if "\n" in line], text


# The rota


def test_a_rota_and_who_is_away_are_read(tmp_path: Path) -> None:
    more = """
rota = [{ slack = "U0A", github = "ada" }, { github = "bob" }]
rota_turns = "round_robin"
away = [{ github = "bob", from = 2026-12-20, to = "2027-01-03" }]
"""

    found = read(tmp_path, more + GOOD)

    assert found.rota == ({"slack": "U0A", "github": "ada"}, {"github": "bob"})
    assert found.rota_turns is Turns.ROUND_ROBIN
    [absence] = found.away
    assert (absence.who, absence.first, absence.last) == (
        {"github": "bob"},
        date(2026, 12, 20),
        date(2027, 1, 3),
    )
    assert {"slack": "U0A", "github": "ada"} in found.who_is_who
    assert found.for_type({"rota_turns": "weekly"})["rota_turns"] is Turns.WEEKLY


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("rota = []", "rota: found []; expected at least one person; leave it out if there is no rota"),
        ("rota = [{}]", "rota.0: empty; expected slack, github or both"),
        ('rota_turns = "daily"', "rota_turns: found \"daily\"; expected 'weekly' or 'round_robin'"),
        (
            'away = [{ slack = "U0A", from = 2026-12-20 }]',
            "away.0.to: missing; expected a day such as 2027-01-03",
        ),
        (
            'away = [{ slack = "U0A", from = 2026-12-20T10:00:00, to = 2026-12-21 }]',
            'away.0.from: found "2026-12-20 10:00:00"; expected a day such as 2026-12-20',
        ),
        (
            'away = [{ slack = "U0A", from = "soon", to = 2026-12-21 }]',
            'away.0.from: found "soon"; expected a day such as 2026-12-20',
        ),
        (
            'away = [{ slack = "U0A", from = 2026-12-22, to = 2026-12-21 }]',
            'away.0.to: found "2026-12-21"; expected a day that is not before from',
        ),
        (
            "away = [{ from = 2026-12-20, to = 2026-12-21 }]",
            "away.0: nobody; expected slack, github or both",
        ),
        (
            'away = [{ slack = "U0A", form = 2026-12-20, to = 2026-12-21 }]',
            "away.0.form: unknown setting; did you mean 'from'?",
        ),
    ],
)
def test_a_rota_that_cannot_be_is_refused_in_words(tmp_path: Path, written: str, said: str) -> None:
    assert said in problems(tmp_path, f"{written}\n{GOOD}")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        *(
            (
                f'time_zone = "{name}"',
                f'time_zone: found "{name}"; not a time zone; expected a name such as "America/New_York"',
            )
            for name in ("Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "zone.tab")
        ),
        *(
            (
                f'time_zone = "{name}"',
                f"time_zone: found \"{name}\"; not a time zone; did you mean '{meant}'?",
            )
            for name, meant in (
                ("america/new_york", "America/New_York"),
                ("America/Denvr", "America/Denver"),
                ("Berlin", "Europe/Berlin"),
            )
        ),
        *(
            (
                f'holidays = "{code}"',
                f"holidays: found \"{code}\"; not a country whose holidays are known; did you mean '{meant}'?",
            )
            for code, meant in (("us", "US"), ("De-by", "DE-BY"))
        ),
        ("time_zone = 5", 'time_zone: found 5; expected text in quotes, such as "…"'),
        (
            'opens = "17:00"\ncloses = "9:00"',
            'closes: found "9:00"; not later than opens (17:00); expected a later time of the same day',
        ),
        (
            'opens = "9:00"\ncloses = "9:00"',
            'closes: found "9:00"; not later than opens (09:00); expected a later time of the same day',
        ),
        (
            'closes = "24:00"',
            'closes: found "24:00"; not a time of day; expected one such as "9:00" or "17:30"',
        ),
        (
            'holidays = "Germany"',
            'holidays: found "Germany"; not a country whose holidays are known; expected a code such as US or DE-BY',
        ),
        (
            'days_off = ["soon"]',
            'days_off: found ["soon"]; expected dates without quotes, such as [2026-12-24]',
        ),
        ("warn_minutes = -1", "warn_minutes: found -1; expected 0 to 480 minutes"),
        (
            'first_response = { urgent = "soon" }',
            'first_response.urgent: found "soon"; expected business time such as "1 hour", "30 minutes" or "2 days", '
            'or "none"',
        ),
        (
            'resolution = { urgnt = "1 day" }',
            "resolution.urgnt: unknown; did you mean 'urgent'?; expected one of urgent, critical, high, medium, low, "
            "default",
        ),
    ],
)
def test_hours_that_nobody_can_keep_are_refused_in_words(tmp_path: Path, line: str, said: str) -> None:
    text = f"{GOOD}\n[service_levels]\n{line}"

    assert problems(tmp_path, text) == [f"service_levels.{said}"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            '[service_levels]\nwarn_minutes = -1\ntime_zone = "Mars/Olympus"\nholidays = "Germany"\n'
            'days_off = ["soon"]\nopens = "17:00"\ncloses = "9:00"',
            {"warn_minutes", "time_zone", "holidays", "days_off", "closes"},
        ),
        ('[service_levels]\nopens = "17:00"\ncloses = "late"', {"closes"}),
        ("[[away]]\nfrom = 2026-12-22\nto = 2026-12-21", {"0", "to"}),
        ("[[away]]\nslack = 5\nfrom = 2026-12-22\nto = 2026-12-21", {"slack", "to"}),
        ('[[away]]\nfrom = "soon"\nto = 2026-12-21', {"0", "from"}),
        ('[[away]]\nslakc = "U0A"\nfrom = 2026-12-20\nto = 2026-12-21', {"slakc"}),
        ('[answers]\npath = "docs"\nrefresh_minutes = -1', {"path", "refresh_minutes"}),
        ('[answers]\npath = "docs"\nrepository = "handbook"', {"repository"}),
        ("[answers]\npath = 5", {"path"}),
    ],
)
def test_what_is_wrong_in_one_setting_hides_nothing_of_the_others(
    tmp_path: Path, text: str, names: set[str]
) -> None:
    found = problems(tmp_path, f"{GOOD}\n{text}")

    assert sorted(one.partition(": ")[0].rpartition(".")[2] for one in found) == sorted(names)


def test_a_folder_of_time_zones_is_none(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, f'{GOOD}\n[service_levels]\ntime_zone = "America"')

    assert problem.startswith('service_levels.time_zone: found "America"; not a time zone; did you mean ')


@pytest.mark.parametrize("country", ["DE", "DE-BY", "IL", "VA", ""])
def test_the_holidays_of_another_country_can_be_kept(tmp_path: Path, country: str) -> None:
    text = f'{GOOD}\n[service_levels]\ntime_zone = "Europe/Berlin"\nholidays = "{country}"'

    hours = read(tmp_path, text).service_levels.hours

    assert hours.country == country
    assert hours.next_open(0.0) > 0.0
