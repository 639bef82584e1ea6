"""`python -m identity_bot.showcase` prints what the sandbox's gallery shows, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from identity_bot.showcase.__main__ import main
from identity_bot_sandbox import process
from identity_bot_sandbox.page.gallery import GalleryError
from tests.support_desk import SETTINGS
from tests.support_plugins import coffee


def test_it_prints_the_types_and_the_reason_for_each_skipped_plugin(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    installed: Callable[..., None],
) -> None:
    def broken() -> object:
        raise ImportError("No module named 'frobnicate'")

    installed(alone=True, coffee=lambda: coffee(), bad=broken)
    (tmp_path / "identity-bot.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("IDENTITY_BOT_CONFIG", str(tmp_path / "identity-bot.toml"))
    monkeypatch.setenv("GITHUB_TOKEN", "ghp-x")

    assert main() == 0
    shown = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in shown["types"]] == ["coffee"]
    assert [one["name"] for one in shown["skipped"]] == ["bad"]
    assert "frobnicate" in shown["skipped"][0]["reason"]


def test_settings_that_are_wrong_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IDENTITY_BOT_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("GITHUB_TOKEN", "ghp-x")

    assert main() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("settings: ")


def test_the_demo_asks_the_bot_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "identity-bot.toml").write_text(f"{process.SETTINGS}0\n", encoding="utf-8")
    config = {"IDENTITY_BOT_CONFIG": str(tmp_path / "identity-bot.toml"), "GITHUB_TOKEN": "ghp-x"}

    shown = process.showcase({**os.environ, **config})

    assert len(shown["types"]) == 3
    with pytest.raises(GalleryError, match=r"could not play its request types: settings: .*no such file"):
        process.showcase({**os.environ, **config, "IDENTITY_BOT_CONFIG": str(tmp_path / "none.toml")})
