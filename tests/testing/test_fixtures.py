"""What pytest offers to a project that has the bot: its fixtures, at no cost to a run that asks for none."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = "identity_bot_pytest"
COFFEE = '''
"""Coffee for the team."""

from identity_bot import Form, ShortText, hookimpl


@hookimpl
def form():
    return Form(title="Coffee", questions=[ShortText(name="size", label="Size?")])
'''
TESTS = """
import identity_bot_coffee as coffee
import pytest

from identity_bot import Action
from identity_bot.testing import Invalid, check_request_type


def test_all_is_well():
    check_request_type(coffee)


def test_a_coffee_is_made(desk):
    desk.load(coffee, settings={"labels": ["kitchen"]})

    ticket = desk.submit("coffee", size="large")
    desk.work()

    assert "`large`" in desk.issue(ticket).body
    assert "kitchen" in desk.issue(ticket).labels
    assert "We got your request" in desk.told("requestor")[0]
    desk.act(ticket, Action.CLOSE, "completed")
    desk.work()
    assert desk.ticket(ticket).stage == "closed"


def test_nothing_is_no_size(desk):
    desk.load(coffee)

    with pytest.raises(Invalid):
        desk.submit("coffee", size=" ")


def test_a_coffee_is_made_over_the_wire(sandbox):
    sandbox.load(coffee)

    assert sandbox.submit("coffee", size="large") == {}
    sandbox.settle()
    assert sandbox.told("C0INTAKE")
"""
WITHOUT_SANDBOX = """
import sys

sys.modules["identity_bot_sandbox"] = None  # as if it were not installed


def test_a_coffee(sandbox):
    raise AssertionError
"""
UNUSED = """
import sys


def test_nothing_of_the_bot_is_imported():
    assert "identity_bot_pytest" in sys.modules
    assert "identity_bot" not in sys.modules
"""
OVERRIDDEN = """
import pytest


@pytest.fixture
def desk():
    return "a desk of wood"


def test_the_desk_is_our_own(desk):
    assert desk == "a desk of wood"
"""


def run(folder: Path, test: str, *arguments: str) -> str:
    """What pytest says of a project with this test, in which the bot is no editable install of this repository."""
    (folder / "identity_bot_coffee.py").write_text(COFFEE, encoding="utf-8")
    (folder / "test_coffee.py").write_text(test, encoding="utf-8")
    options = ("-q", "-rs", "-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={folder}", *arguments)
    path = os.pathsep.join([str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_coffee.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_another_projects_tests_get_the_check_and_the_fixtures(tmp_path: Path) -> None:
    assert "4 passed" in (said := run(tmp_path, TESTS, "-p", PLUGIN)), said


def test_a_run_that_asks_for_nothing_imports_nothing_of_the_bot(tmp_path: Path) -> None:
    assert "1 passed" in (said := run(tmp_path, UNUSED, "-p", PLUGIN)), said


def test_without_the_sandbox_its_tests_are_skipped_with_one_line(tmp_path: Path) -> None:
    said = run(tmp_path, WITHOUT_SANDBOX, "-p", PLUGIN)

    assert "1 skipped" in said
    assert "the sandbox is not installed: pip install 'identity-bot[sandbox]'" in said


def test_a_projects_own_fixture_of_the_same_name_wins(tmp_path: Path) -> None:
    assert "1 passed" in (said := run(tmp_path, OVERRIDDEN, "-p", PLUGIN)), said


@pytest.mark.parametrize("arguments", [(), ("-p", PLUGIN)])
def test_it_is_registered_once_where_the_bot_is_installed(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """By an entry point as setup.cfg declares it, beside a conftest.py like this repository's own."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    metadata = tmp_path / "identity_bot-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: identity-bot\nVersion: 0.1.0\n", encoding="utf-8"
    )
    points = parser["options.entry_points"]["pytest11"].strip()
    (metadata / "entry_points.txt").write_text(f"[pytest11]\n{points}\n", encoding="utf-8")
    (tmp_path / "conftest.py").write_text(
        (ROOT / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8"
    )

    assert "1 passed" in (said := run(tmp_path, UNUSED, *arguments)), said
