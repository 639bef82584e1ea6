"""The wheels: each holds its package, the whole of it, and nothing of the others."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("setup.cfg", "pyproject.toml", "README.md", "identity_bot*")
"""What a project consists of."""
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


def wheel(project: Path, folder: Path) -> zipfile.ZipFile:
    """The wheel of a project, built from a copy, so that nothing is left in the repository."""
    source, target = folder / "source", folder / "wheels"
    source.mkdir()
    target.mkdir()
    for part in (path for pattern in PARTS for path in project.glob(pattern)):
        if part.is_file():
            shutil.copy(part, source)
        elif part.suffix != ".egg-info":
            shutil.copytree(part, source / part.name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-c", BUILD, target], cwd=source, check=True, capture_output=True, timeout=60
    )
    [built] = target.glob("*.whl")
    return zipfile.ZipFile(built)


def contents(built: zipfile.ZipFile) -> set[str]:
    """All that it installs, without its metadata."""
    return {name for name in built.namelist() if ".dist-info/" not in name}


def files(project: Path, package: str) -> set[str]:
    """All files of a package in the repository."""
    found = (path for path in (project / package).rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(project).as_posix() for path in found}


def always_required(built: zipfile.ZipFile) -> set[str]:
    """The names of the distributions that it needs, whatever extras are asked for."""
    [metadata] = [name for name in built.namelist() if name.endswith(".dist-info/METADATA")]
    required = message_from_bytes(built.read(metadata)).get_all("Requires-Dist", [])
    return {re.split(r"[^\w-]", line)[0] for line in required if "extra ==" not in line}


def test_the_bots_wheel_holds_the_whole_bot_and_no_sandbox(tmp_path: Path) -> None:
    built = wheel(ROOT, tmp_path)

    assert contents(built) == files(ROOT, "identity_bot") | {"identity_bot_pytest.py"}
    assert {"identity_bot/py.typed", "identity_bot/store/migrations/env.py"} <= contents(built)
    [points] = [built.read(name).decode() for name in built.namelist() if name.endswith("/entry_points.txt")]
    assert "[pytest11]\nidentity_bot_pytest = identity_bot_pytest\n" in points


def test_the_bot_needs_neither_the_sandbox_nor_what_only_tests_need(tmp_path: Path) -> None:
    required = always_required(wheel(ROOT, tmp_path))

    assert "slack-bolt" in required
    assert not required & {"identity-bot-sandbox", "jinja2", "websockets", "PyYAML", "pre-commit", "pytest"}


def test_the_sandboxs_wheel_holds_its_pages_and_needs_the_bot(tmp_path: Path) -> None:
    built = wheel(ROOT / "sandbox", tmp_path)

    assert contents(built) == files(ROOT / "sandbox", "identity_bot_sandbox")
    assert {path.split("/")[2] for path in contents(built) if "/page/" in path} >= {"templates", "static"}
    assert "identity_bot_sandbox/py.typed" in contents(built)
    assert "identity-bot" in always_required(built)


@pytest.mark.parametrize("project", sorted((ROOT / "plugins").glob("*/")), ids=lambda path: path.name)
def test_a_plugins_wheel_is_its_module_or_package_with_an_entry_point(project: Path, tmp_path: Path) -> None:
    built = wheel(project, tmp_path)

    module = f"identity_bot_{project.name}"
    assert contents(built) == files(project, module) or contents(built) == {f"{module}.py"}
    assert contents(built)
    [points] = [built.read(name).decode() for name in built.namelist() if name.endswith("/entry_points.txt")]
    assert points.split() == ["[identity_bot]", project.name, "=", module]
