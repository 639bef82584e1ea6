"""The habits: hooks and CI run what `script/test` runs, and hold what CONTRIBUTING asks for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / ".pre-commit-config.yaml"
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
SCRIPT = (ROOT / "script" / "test").read_text(encoding="utf-8").splitlines()


def hooks() -> list[dict[str, Any]]:
    """All hooks, of all repositories that the configuration names."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return [hook | {"repo": repo["repo"]} for repo in config["repos"] for hook in repo["hooks"]]


def workflow() -> dict[Any, Any]:
    read: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return read


def subject_hook(folder: Path, message: str) -> subprocess.CompletedProcess[str]:
    """What the hooks make of a commit's message, in a repository with this configuration."""
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    (folder / CONFIG.name).write_bytes(CONFIG.read_bytes())
    (folder / "message").write_text(message, encoding="utf-8")
    arguments = ["run", "--hook-stage", "commit-msg", "--commit-msg-filename", "message"]
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=folder,
        env=os.environ | {"PRE_COMMIT_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_hooks_come_from_this_repository_alone() -> None:
    assert {hook["repo"] for hook in hooks()} == {"local"}


def test_hooks_run_the_checks_of_the_test_script() -> None:
    run = [hook["entry"].removeprefix(".venv/bin/") for hook in hooks() if hook["language"] == "system"]

    assert run == [line for line in SCRIPT if re.match(r"(ruff|mypy|script/docs)\b", line)]


def test_each_check_of_the_test_script_can_fail_it() -> None:
    """In `a && b` a failing `a` does not end a script that runs with -e."""
    assert "set -euo pipefail" in SCRIPT
    assert not [line for line in SCRIPT if re.match(r"(ruff|mypy|script/|pytest).*(&&|\|\|)", line)]


@pytest.mark.parametrize(("length", "code"), [(72, 0), (73, 1)])
def test_a_subject_has_at_most_72_characters(length: int, code: int, tmp_path: Path) -> None:
    checked = subject_hook(tmp_path, f"{'s' * length}\n\nA body {'of any width ' * 10}\n")

    assert checked.returncode == code, checked.stdout + checked.stderr


def test_ci_runs_the_test_script_on_the_oldest_and_the_newest_python() -> None:
    job = workflow()["jobs"]["test"]
    runs = [step for step in job["steps"] if "run" in step]

    assert [step["run"] for step in runs] == ["script/test"]
    assert runs[0]["env"]["CI"] == "true"
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]


def test_ci_runs_for_pushes_and_pull_requests() -> None:
    assert workflow()[True].keys() == {"push", "pull_request"}  # YAML 1.1 reads the key `on` as true


def test_ci_may_only_read() -> None:
    assert workflow()["permissions"] == {"contents": "read"}
    assert not [name for name, job in workflow()["jobs"].items() if "permissions" in job]


def test_ci_uses_github_s_own_actions_by_major_version() -> None:
    steps = [step for job in workflow()["jobs"].values() for step in job["steps"]]
    actions = [step["uses"] for step in steps if "uses" in step]

    assert actions
    assert not [action for action in actions if not re.fullmatch(r"actions/[\w-]+@v\d+", action)]
