"""The commands that need no database: request types as text, the manifest, and the sandbox where it is missing."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from identity_bot.forms.form import Form
from identity_bot.forms.questions import ShortText
from identity_bot.plugins.hookspecs import hookimpl
from tests.support_cli import run

ONE = Form(title="One question", questions=[ShortText(name="short", label="Short?")])


def plugin(form: Form) -> object:
    class Plugin:
        @staticmethod
        @hookimpl
        def form() -> Form:
            return form

    return Plugin


def test_types_draws_the_installed_forms_without_any_token(settings_file: Path) -> None:
    code, said, _ = run(
        "--config", settings_file, "types", environ={"GITHUB_TOKEN": "", "SLACK_BOT_TOKEN": ""}
    )

    assert code == 0
    assert [line for line in said.splitlines() if line and not line.startswith(" ")] == [
        "data_pull: Data pull", "mock_auth: Mocked authentication", "pr_review: PR review",
    ]  # fmt: skip
    assert "pull_request: url, at most 2,000 characters, required" in said
    assert "choices: Login.gov; ID.me; DS Logon; My HealtheVet" in said


def test_types_needs_no_settings_file(in_empty_folder: Path) -> None:
    code, said, why = run("types", environ={"GITHUB_TOKEN": None, "IDENTITY_BOT_CONFIG": None})

    assert code == 0
    assert said.startswith("data_pull: Data pull\n")
    assert "issues in owner/name, labels identity-slackbot, data_pull\n" in said
    assert why == "no identity-bot.toml here: owner/name stands for your repository\n"


@pytest.mark.parametrize("named_by", ["option", "variable"])
def test_types_misses_a_settings_file_that_is_named(in_empty_folder: Path, named_by: str) -> None:
    arguments = ("--config", "mine.toml") if named_by == "option" else ()

    code, said, why = run(*arguments, "types", environ={"IDENTITY_BOT_CONFIG": "mine.toml"})

    assert (code, said) == (2, "")
    assert why == "settings: mine.toml: no such file; name it with --config or IDENTITY_BOT_CONFIG\n"


def test_types_reads_the_settings_file_where_it_is_started(in_empty_folder: Path) -> None:
    (in_empty_folder / "identity-bot.toml").write_text("label = 3\n", encoding="utf-8")

    code, _, why = run("types")

    assert code == 2
    assert "settings: label: found 3;" in why


def test_a_plugin_that_was_skipped_is_named_with_the_reason(
    settings_file: Path, installed: Callable[..., None]
) -> None:
    def broken() -> object:
        raise ImportError("No module named 'frobnicate'")

    installed(alone=True, good=lambda: plugin(ONE), bad=broken)

    code, said, why = run("--config", settings_file, "types")

    assert code == 1
    assert said.startswith("good: One question")
    assert why.startswith("skipped: plugin 'bad' (identity-bot-bad 1.0): cannot be imported")
    assert len(why.splitlines()) == 1
    assert not logging.getLogger("identity_bot.plugins.loader").disabled


def test_no_plugin_at_all_is_said_so(settings_file: Path, installed: Callable[..., None]) -> None:
    installed(alone=True)

    assert run("--config", settings_file, "types")[:2] == (0, "no request type is installed\n")


def test_types_with_a_name_plays_a_whole_life(settings_file: Path) -> None:
    code, said, why = run("--config", settings_file, "types", "pr_review")

    assert (code, why) == (0, "")
    assert said.startswith("pr_review: PR review\n")
    assert "Issue in sandbox-org/identity-requests" in said
    assert "ready for UAT (Indigo Marshwick marked it ready for UAT)" in said


def test_types_with_a_name_needs_no_settings_file(in_empty_folder: Path) -> None:
    code, said, why = run("types", "mock_auth", environ={"IDENTITY_BOT_CONFIG": None})

    assert code == 0
    assert "The team's card, in #team:" in said
    assert "Juniper Vale, who asked, in #intake:" in said
    assert why == "no identity-bot.toml here: owner/name stands for your repository\n"


def test_types_as_json_is_one_document_whatever_a_plugin_prints(
    settings_file: Path, installed: Callable[..., None]
) -> None:
    class Talkative:
        @staticmethod
        @hookimpl
        def form() -> Form:
            return ONE

        @staticmethod
        @hookimpl
        def notify() -> None:
            print("hello")

    installed(alone=True, good=lambda: Talkative)

    code, said, _ = run("--config", settings_file, "types", "good", "--json")

    assert code == 0
    assert json.loads(said)["messages"][0]["blocks"]


@pytest.mark.parametrize("arguments", [(), ("good",)])
def test_types_only_shows_what_a_plugin_writes(
    settings_file: Path, installed: Callable[..., None], arguments: tuple[str, ...]
) -> None:
    """Nothing in it can color, clear or reverse what a terminal shows."""

    class Colorful:
        @staticmethod
        @hookimpl
        def form() -> Form:
            return Form(title="Red \x1b[31m", questions=[ShortText(name="a", label="\u202e\x07 A")])

    installed(alone=True, good=lambda: Colorful)

    code, said, _ = run("--config", settings_file, "types", *arguments)

    assert code == 0
    assert "Red \ufffd[31m" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def test_types_as_json_needs_a_name(settings_file: Path) -> None:
    code, said, why = run("--config", settings_file, "types", "--json")

    assert (code, said) == (2, "")
    assert why.endswith("Error: --json needs the NAME of a request type\n")


def test_a_type_that_is_not_installed_is_said_so_in_one_line(in_empty_folder: Path) -> None:
    code, said, why = run("types", "pr-review", environ={"IDENTITY_BOT_CONFIG": None})

    assert (code, said) == (2, "")
    assert why == (
        "no request type 'pr-review'; installed: data_pull, mock_auth, pr_review; did you mean 'pr_review'?\n"
    )


def test_a_type_that_was_skipped_is_shown_by_its_reason(
    settings_file: Path, installed: Callable[..., None]
) -> None:
    def broken() -> object:
        raise ImportError("No module named 'frobnicate'")

    installed(bad=broken)

    code, said, why = run("--config", settings_file, "types", "bad", "--json")

    assert (code, said) == (1, "")
    assert why.startswith("skipped: plugin 'bad' (identity-bot-bad 1.0): cannot be imported")


def test_an_address_that_the_manifest_cannot_use_is_shown() -> None:
    code, said, why = run("manifest", "--url", "http://bot.example.gov")

    assert (code, said) == (2, "")
    assert "--url: found 'http://bot.example.gov'; expected an address such as https://" in why


def test_without_the_sandbox_installed_one_line_says_how_to_get_it(mocker: MockerFixture) -> None:
    mocker.patch.dict(sys.modules, {"identity_bot_sandbox": None})

    assert run("sandbox") == (
        2,
        "",
        "the sandbox is not installed: run `pip install 'identity-bot[sandbox]'`, "
        "or `pip install ./sandbox` in a clone\n",
    )


def test_without_a_folder_for_temporary_files_one_line_says_which_variable_names_one(
    mocker: MockerFixture,
) -> None:
    mocker.patch(
        "tempfile.TemporaryDirectory", side_effect=FileNotFoundError(2, "No usable temporary directory")
    )

    assert run("sandbox", "--port", "0") == (
        2,
        "",
        "no folder for temporary files can be written to; name one in the variable TMPDIR\n",
    )


@pytest.mark.parametrize("other", ["--no-bot", "--play", "--busy", "--exit"])
def test_a_watched_sandbox_does_nothing_else(other: str, tmp_path: Path) -> None:
    code, said, why = run("sandbox", "--watch", tmp_path, other)

    assert (code, said) == (2, "")
    assert "--watch cannot be combined with --no-bot, --play, --busy or --exit" in why


def test_a_folder_to_watch_must_exist(tmp_path: Path) -> None:
    code, _, why = run("sandbox", "--watch", tmp_path / "nowhere")

    assert code == 2
    assert "nowhere' does not exist" in why


def test_the_sandbox_takes_no_settings_and_says_what_to_do(tmp_path: Path) -> None:
    code, said, why = run("--config", tmp_path / "own.toml", "sandbox")

    assert (code, said) == (2, "")
    assert "start it with --no-bot, and then your bot" in " ".join(why.split())
