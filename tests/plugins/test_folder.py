"""Plugins in the folder of a package that is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from identity_bot.errors import PluginError
from identity_bot.plugins import loader
from identity_bot.plugins.folder import plugins_in

MODULE = "from identity_bot import Form, hookimpl\n\n@hookimpl\ndef form():\n    return Form(title='X', questions=[])\n"
SETUP = "[metadata]\nname = coffee\nversion = 1.0\n\n[options.entry_points]\nidentity_bot =\n    {0} = {1}\n"
PROJECT = '[project]\nname = "coffee"\nversion = "1.0"\n\n[project.entry-points.identity_bot]\n{0} = "{1}"\n'


@pytest.fixture(autouse=True)
def _path_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [("setup.cfg", SETUP, "."), ("pyproject.toml", PROJECT, "."), ("pyproject.toml", PROJECT, "src")],
)
def test_a_plugin_is_loaded_from_its_folder(tmp_path: Path, file: str, text: str, place: str) -> None:
    module = f"identity_bot_coffee_{file[0]}{len(place)}"
    (tmp_path / file).write_text(text.format("coffee", module), encoding="utf-8")
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / f"{module}.py").write_text(MODULE, encoding="utf-8")

    [found] = plugins_in(tmp_path)

    assert (found.name, found.distribution) == ("coffee", "coffee 1.0")
    assert Path(found.load().__file__).parent == (tmp_path / place).resolve()


def test_a_plugin_in_a_folder_stands_for_the_installed_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text(SETUP.format("mock_auth", "identity_bot_mine"), encoding="utf-8")

    found = loader.find([tmp_path])

    assert [one.name for one in found] == ["data_pull", "mock_auth", "pr_review"]
    assert found[1].distribution == "coffee 1.0"


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        (
            "README.md",
            "",
            ": no plugin found; expected entry points of identity_bot in setup.cfg or pyproject.toml",
        ),
        ("setup.cfg", "[options.entry_points]\nother =\n    a = b\n", ": no plugin found"),
        ("setup.cfg", "[metadata\n", "/setup.cfg: File contains no section headers"),
        ("setup.cfg", b"\xff", "/setup.cfg: expected text in UTF-8"),
        ("pyproject.toml", "project = 1\n", "/pyproject.toml: "),
        ("pyproject.toml", "project = [", "/pyproject.toml: "),
    ],
)
def test_a_folder_without_a_plugin_is_refused_in_one_line(
    tmp_path: Path, file: str, text: str | bytes, why: str
) -> None:
    (tmp_path / file).write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(PluginError) as refused:
        plugins_in(tmp_path)

    assert str(refused.value).startswith(f"{tmp_path}{why}")
    assert len(str(refused.value).splitlines()) == 1
