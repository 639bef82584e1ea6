"""Read which plugins a package declares in its folder, so that they run without being installed."""

from __future__ import annotations

import configparser
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from identity_bot.errors import PluginError
from identity_bot.plugins.checks import Found
from identity_bot.plugins.hookspecs import PROJECT


def plugins_in(folder: Path) -> list[Found]:
    """The plugins of the package in a folder, by its setup.cfg or pyproject.toml; nothing is imported yet.

    Raises PluginError, in one line, if there is none or a file cannot be read.
    """
    declared = _setup_cfg(folder / "setup.cfg") or _pyproject(folder / "pyproject.toml")
    if not declared:
        raise PluginError(
            f"{folder}: no plugin found; expected entry points of {PROJECT} in setup.cfg or pyproject.toml"
        )
    distribution, points = declared
    return [
        Found(name=name, distribution=distribution, load=_Load(folder, name, value))
        for name, value in sorted(points.items())
    ]


class _Load:
    """Imports a plugin from its folder, even if another copy of it is installed."""

    def __init__(self, folder: Path, name: str, value: str) -> None:
        self._folder = folder.resolve()
        self._point = EntryPoint(name=name, value=value, group=PROJECT)

    def __call__(self) -> Any:
        for place in (self._folder, self._folder / "src"):
            if place.is_dir() and str(place) not in sys.path[:2]:
                sys.path.insert(0, str(place))
        return self._point.load()


def _setup_cfg(path: Path) -> tuple[str, Mapping[str, str]] | None:
    parser = configparser.ConfigParser(interpolation=None)
    text = _text(path)
    try:
        parser.read_string(text)
        declared = parser.get("options.entry_points", PROJECT, fallback="")
    except configparser.Error as error:
        raise PluginError(f"{path}: {' '.join(str(error).split())}") from error
    pairs = [line.partition("=") for line in declared.splitlines() if line.strip()]
    points = {name.strip(): value.strip() for name, _, value in pairs}
    name = parser.get("metadata", "name", fallback="unnamed")
    version = parser.get("metadata", "version", fallback="without version")
    return (f"{name} {version}", points) if points else None


def _pyproject(path: Path) -> tuple[str, Mapping[str, str]] | None:
    try:
        project = tomllib.loads(_text(path)).get("project", {})
        points = project.get("entry-points", {}).get(PROJECT, {})
        named = f"{project.get('name', 'unnamed')} {project.get('version', 'without version')}"
        points = {str(name): str(value) for name, value in points.items()}
    except (tomllib.TOMLDecodeError, AttributeError) as error:
        raise PluginError(f"{path}: {error}") from error
    return (named, points) if points else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise PluginError(
            f"{path}: {getattr(error, 'strerror', None) or 'expected text in UTF-8'}"
        ) from error
