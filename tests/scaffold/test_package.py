"""The package of a new request type: it is written as a whole or not at all, installs, and passes its tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from identity_bot.errors import IdentityBotError
from identity_bot.scaffold import package

ROOT = Path(__file__).parents[2]
CONTENTS = {"a.py": "A = 1\n", "tests/test_a.py": "B = 2\n"}


def python(*arguments: str | Path, folder: Path, path: str = "") -> str:
    """What a new Python prints that finds the bot, and the packages of `path`."""
    before = os.environ.get("PYTHONPATH", "")
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [path, str(ROOT), before]))}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_package_installs_shows_its_form_and_passes_its_tests(tmp_path: Path) -> None:
    package.write(tmp_path / "login_help", package.files("login_help", package.first_form("Auth help")))
    target = tmp_path / "target"
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", target)

    python("-m", "pip", "install", *offline, "./login_help", folder=tmp_path)

    [made] = distributions(path=[str(target)])
    assert (made.name, made.version) == ("identity-bot-login-help", "0.1.0")
    assert [(one.group, one.name, one.value) for one in made.entry_points] == [
        ("identity_bot", "login_help", "identity_bot_login_help")
    ]
    shutil.copytree(tmp_path / "login_help" / "tests", tmp_path / "elsewhere")
    quiet = ("-q", "-p", "no:cacheprovider", "-c", os.devnull)
    assert "3 passed" in python("-m", "pytest", *quiet, "elsewhere", folder=tmp_path, path=str(target))
    assert "login_help: Auth help\n" in python(
        "-m", "identity_bot.cli", "types", folder=tmp_path, path=str(target)
    )


def test_its_tests_pass_before_it_is_installed(tmp_path: Path) -> None:
    package.write(tmp_path / "login_help", package.files("login_help", package.first_form("Auth help")))

    assert "3 passed" in python("-m", "pytest", "-q", "login_help", folder=tmp_path)


@pytest.mark.parametrize("name", ["a", "a" * 40])
def test_its_code_is_as_ruff_wants_it_by_its_own_settings_and_the_projects(tmp_path: Path, name: str) -> None:
    package.write(tmp_path / name, package.files(name, package.first_form("x" * 75)))

    for command in (["format", "--no-cache", "--diff"], ["check", "--no-cache"]):
        python("-m", "ruff", *command, "--config", ROOT / "pyproject.toml", tmp_path, folder=ROOT)
        python("-m", "ruff", *command, tmp_path, folder=tmp_path)


def test_a_folder_is_written_with_the_rights_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    usual = (tmp_path / "new").stat().st_mode

    package.write(tmp_path / "new", CONTENTS)  # an empty folder is as good as none

    assert left_in(tmp_path) == ["new"]
    assert (tmp_path / "new").stat().st_mode == usual
    assert (tmp_path / "new" / "tests" / "test_a.py").read_text(encoding="utf-8") == "B = 2\n"


@pytest.mark.parametrize("what", ["folder", "file", "link"])
def test_nothing_that_exists_is_replaced(tmp_path: Path, what: str) -> None:
    target = tmp_path / "taken"
    if what == "folder":
        target.mkdir()
        (target / "mine").touch()
    elif what == "file":
        target.touch()
    else:
        target.symlink_to("nowhere")

    with pytest.raises(IdentityBotError, match="exists already; choose another place with --folder"):
        package.write(target, CONTENTS)

    assert left_in(tmp_path) == ["taken"]


def test_the_folder_that_one_is_in_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(IdentityBotError, match="exists already"):
        package.write(Path(), CONTENTS)


def test_in_a_folder_that_is_gone_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    with pytest.raises(IdentityBotError, match=r"^new cannot be written: No such file or directory$"):
        package.write(Path("new"), CONTENTS)


def test_a_folder_in_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IdentityBotError, match="nowhere is not a folder; make it first"):
        package.write(tmp_path / "nowhere" / "new", CONTENTS)


def test_a_folder_that_cannot_be_written_to_is_refused_in_one_line(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    mocker.patch("tempfile.mkdtemp", side_effect=PermissionError(13, "Permission denied"))

    with pytest.raises(IdentityBotError, match=r"new cannot be written: Permission denied$"):
        package.write(tmp_path / "new", CONTENTS)

    assert left_in(tmp_path) == []


@pytest.mark.parametrize("failing", ["pathlib.Path.write_text", "pathlib.Path.rename"])
def test_a_disk_that_fills_up_leaves_nothing_behind(
    tmp_path: Path, mocker: MockerFixture, failing: str
) -> None:
    mocker.patch(failing, side_effect=OSError(28, "No space left on device"))

    with pytest.raises(IdentityBotError, match=r"new cannot be written: No space left on device$"):
        package.write(tmp_path / "new", CONTENTS)

    assert left_in(tmp_path) == []
