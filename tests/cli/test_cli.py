"""The command line as a whole: errors in one line each, and help for each command."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity_bot.cli import main
from identity_bot.settings import CONFIG_VARIABLE, ENVIRONMENT
from tests.support_cli import run


@pytest.mark.parametrize(
    ("command", "code", "lines"),
    [
        (("run",), 2, 2),
        (("manifest",), 2, 1),
        (("check", "--offline"), 1, 7),
        (("outbox",), 2, 1),
        (("outbox", "retry", "--all"), 2, 1),
        (("outbox", "discard", "1"), 2, 1),
        (("types",), 0, None),
    ],
)
@pytest.mark.usefixtures("log_as_before")
def test_no_command_needs_anything_to_say_what_is_missing(
    in_empty_folder: Path, command: tuple[str, ...], code: int, lines: int | None
) -> None:
    unset = dict.fromkeys((CONFIG_VARIABLE, *ENVIRONMENT.fields))

    ended, said, why = run(*command, environ=unset)

    assert ended == code
    assert lines is None or len((said + why).splitlines()) == lines
    assert not list(in_empty_folder.iterdir())


@pytest.mark.parametrize("command", ["run", "types", "manifest"])
@pytest.mark.usefixtures("log_as_before")
def test_every_problem_with_the_settings_is_one_line(tmp_path: Path, command: str) -> None:
    file = tmp_path / "identity-bot.toml"
    file.write_text('intake_channel = "x"\nrepository = 3\nhttp.port = "3000"\n', encoding="utf-8")

    code, said, why = run("--config", file, command, environ={"GITHUB_TOKEN": "t"})

    assert (code, said) == (2, "")
    assert len(why.splitlines()) == 4
    assert all(line.startswith("settings: ") for line in why.splitlines())


@pytest.mark.parametrize("name", ["nowhere.toml", "folder"])
def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()

    code, _, why = run("--config", tmp_path / name, "types")

    assert code == 2
    assert why.startswith(f"settings: {tmp_path / name}: ")
    assert len(why.splitlines()) == 1


def test_every_command_says_what_it_is_for() -> None:
    for name, command in main.commands.items():
        code, said, _ = run(name, "--help")
        assert code == 0
        assert command.help
        assert command.help.split("\n")[0][:40] in said
