"""`identity-bot new-type`: a package from nothing or from an issue form, or one line that says why not."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from tests.support_cli import run

FORM = """
name: Sign-in bug
description: Something is broken
labels: bug
body:
- type: input
  attributes:
    label: Where?
"""


@pytest.fixture
def form(in_empty_folder: Path) -> Path:
    path = in_empty_folder / "bug.yml"
    path.write_text(FORM, encoding="utf-8")
    return path


def test_a_new_type_is_written_and_the_next_commands_are_said(in_empty_folder: Path) -> None:
    code, said, why = run("new-type", "login_help", "--title", "Help with  authentication")

    assert (code, why) == (0, "")
    assert said.splitlines() == [
        "login_help is written: setup.cfg, pyproject.toml, README.md, identity_bot_login_help.py, "
        "tests/test_login_help.py",
        "",
        "Next:",
        "  identity-bot sandbox --watch ./login_help",
        "  python -m pytest ./login_help",
        "  pip install ./login_help",
    ]
    assert 'title="Help with authentication"' in Path("login_help/identity_bot_login_help.py").read_text(
        encoding="utf-8"
    )
    assert [path.name for path in in_empty_folder.iterdir()] == ["login_help"]


@pytest.mark.parametrize("folder", ["my types", "-x"])
def test_the_commands_name_the_folder_that_was_chosen(in_empty_folder: Path, folder: str) -> None:
    code, said, _ = run("new-type", "login_help", "--folder", folder)

    assert code == 0
    assert [shlex.split(line)[-1] for line in said.splitlines()[-3:]] == [f"./{folder}"] * 3
    assert (in_empty_folder / folder / "setup.cfg").exists()


def test_an_issue_form_is_taken_over_and_the_rest_is_said(form: Path) -> None:
    code, said, why = run("new-type", "login_help", "--from-template", form)

    assert (code, why) == (0, "")
    assert f"\nNot as in {form}:\n  labels: write labels" in said
    written = Path("login_help/identity_bot_login_help.py").read_text(encoding="utf-8")
    assert 'title="Sign-in bug"' in written
    assert 'name="where"' in written


def test_a_title_of_ones_own_goes_before_the_issue_forms(form: Path) -> None:
    assert run("new-type", "login_help", "--title", "Mine", "--from-template", form)[0] == 0

    assert 'title="Mine"' in Path("login_help/identity_bot_login_help.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("Auth-Help",), "the name 'Auth-Help' cannot be used: "),
        (("help",), "the name 'help' cannot be used: it is a word of /help; choose another"),
        (
            ("mock_auth",),
            "the name 'mock_auth' cannot be used: a request type of this name comes with the bot",
        ),
        (("login_help", "--title", "x" * 76), "--title: found 76 characters; expected at most 75"),
        (("login_help", "--title", " "), "--title: found nothing; expected 1 to 75 characters"),
        (("login_help", "--folder", "."), ". exists already; choose another place with --folder"),
        (("login_help", "--folder", "bug.yml"), "bug.yml exists already"),
        (("login_help", "--folder", "a/b"), "/a is not a folder; make it first"),
        (("login_help", "--from-template", "no.yml"), "no.yml: No such file or directory"),
        (("login_help", "--from-template", "."), ".: expected a file"),
        (("login_help", "--from-template", os.devnull), f"{os.devnull}: expected a file"),
        (("login_help", "--from-template", "empty.yml"), "empty.yml: expected an issue form"),
        (("login_help", "--from-template", "wrong.yml"), "wrong.yml: line 1: not YAML: "),
    ],
)
def test_what_is_refused_is_said_in_one_line_and_nothing_is_written(
    in_empty_folder: Path, form: Path, arguments: tuple[str, ...], why: str
) -> None:
    (in_empty_folder / "empty.yml").touch()
    (in_empty_folder / "wrong.yml").write_text("a: [", encoding="utf-8")
    before = sorted(in_empty_folder.rglob("*"))

    code, said, refusal = run("new-type", *arguments)

    assert (code, said) == (2, "")
    assert why in refusal
    assert len(refusal.splitlines()) == 1
    assert sorted(in_empty_folder.rglob("*")) == before


def test_each_problem_of_an_issue_form_is_a_line_with_the_file(form: Path) -> None:
    form.write_text("name: X\nbody:\n- type: slider\n", encoding="utf-8")

    code, _, why = run("new-type", "login_help", "--from-template", "bug.yml")

    assert code == 2
    assert [line.partition(";")[0] for line in why.splitlines()] == [
        "bug.yml: description: missing",
        "bug.yml: body[0].type: found 'slider'",
    ]


def test_without_pyyaml_one_line_says_how_to_get_it(form: Path, mocker: MockerFixture) -> None:
    mocker.patch.dict(sys.modules, {"yaml": None})
    sys.modules.pop("identity_bot.scaffold.yaml_text", None)

    assert run("new-type", "login_help", "--from-template", form) == (
        2,
        "",
        "PyYAML is not installed, which reads issue forms: run `pip install 'identity-bot[templates]'`\n",
    )
