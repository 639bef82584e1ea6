"""The rules of the house: which module may know which, how long one may be, and that public names say what for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "identity_bot").glob("*.py"))
SANDBOX = sorted((ROOT / "identity_bot" / "sandbox").glob("*.py"))
PLUGINS = sorted((ROOT / "plugins").glob("*/identity_bot_*.py"))
LONGEST = 340

VENDORS = {
    "slack_bolt": {"slack", "slack_moves", "web", "app"},
    "slack_sdk": {"slack", "slack_moves", "chat", "app", "check_slack"},
    "github": {"github", "github_connection", "check_github"},
    "requests": {"github_connection"},
    "sqlalchemy": {"database", "lanes", "outbox", "store", "tables", "transaction"},
    "alembic": {"database"},
    "starlette": {"web", "app"},
    "uvicorn": {"app"},
    "pluggy": {"hookspecs", "plugins", "plugin_checks", "request_type"},
    "click": {"cli"},
    "markdown_it": {"commands"},
}
"""Which modules of the core may know which vendor."""
PURE = {
    "answer_rules", "attribution", "blocks", "card_words", "cards", "commands", "defaults", "errors", "forms",
    "github_edit", "github_read", "github_webhook", "hookspecs", "inputs", "issue", "lifecycle", "markdown",
    "model", "people", "privacy", "questions", "slack_checks", "slack_elements", "slack_limits", "telling",
    "texts", "words",
}  # fmt: skip
"""The modules that compute and touch nothing."""
IO = {"socket", "subprocess", "threading", "time", "urllib.request", "http", "os", "random", "sys", "asyncio"}


def imports(path: Path) -> Iterator[str]:
    """The full names of all that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_is_known_only_at_its_edge(vendor: str) -> None:
    knowing = {path.stem for path in CORE if any(is_below(name, vendor) for name in imports(path))}

    assert knowing <= VENDORS[vendor]


@pytest.mark.parametrize("path", [p for p in CORE if p.stem in PURE], ids=lambda p: p.stem)
def test_a_pure_module_knows_nothing_of_the_world(path: Path) -> None:
    world = {name for name in imports(path) for outside in IO if is_below(name, outside)}
    impure = {
        name.split(".")[1]
        for name in imports(path)
        if name.startswith("identity_bot.") and name.split(".")[1] not in PURE | {"sections"}
    }

    assert not world
    assert not impure


def test_nobody_imports_what_composes_the_parts() -> None:
    """app and cli are the top: only the command line, the sandbox's host bot and the tests may build a bot."""
    for top in ("app", "cli"):
        importing = {
            path.stem
            for path in (*CORE, *SANDBOX)
            if f"identity_bot.{top}" in set(imports(path)) and path.stem != top
        }
        assert importing <= {"cli", "host_bot"}


def test_the_bot_does_not_know_the_sandbox() -> None:
    knowing = {path.stem for path in CORE if any(is_below(n, "identity_bot.sandbox") for n in imports(path))}

    assert knowing <= {"cli"}


@pytest.mark.parametrize("path", PLUGINS, ids=lambda p: p.stem)
def test_a_plugin_uses_public_names_only(path: Path) -> None:
    """From `identity_bot` itself, and never from another plugin."""
    names = set(imports(path))

    assert not {name for name in names if name.startswith("identity_bot_")}
    modules = {p.stem for p in CORE}
    assert not {name for name in names if name.startswith("identity_bot.") and name.split(".")[1] in modules}


@pytest.mark.parametrize("path", [*CORE, *SANDBOX], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_module_is_one_idea_and_says_which(path: Path) -> None:
    """Short enough to be read at once, with a docstring; its public functions, classes and methods have one too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
    assert ast.get_docstring(tree)
    silent = [node.name for node in _public(tree) if not ast.get_docstring(node)]
    assert not silent


def _public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes; a method is its base's to explain where the class has one."""
    for node in tree.body:
        if isinstance(
            node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ) and not node.name.startswith("_"):
            yield node
        if isinstance(node, ast.ClassDef) and not node.bases and not node.name.startswith("_"):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    yield method


def test_the_repository_names_no_machine_and_no_secret() -> None:
    """Paths of a machine and real tokens have no place here."""
    suspicious = ("/work" + "/", "/home" + "/", "/Users" + "/", "xoxb-" + "1", "ghp_" + "a")
    texts = [
        path
        for pattern in ("*.py", "*.md", "*.cfg", "*.toml", "script/*", ".ci/*")
        for path in ROOT.rglob(pattern)
        if path.is_file()
        and not any(part in {".venv", "venv", ".cache", ".git", ".hypothesis"} for part in path.parts)
    ]

    found = [
        str(p) for p in texts if any(s in p.read_text(encoding="utf-8", errors="ignore") for s in suspicious)
    ]
    allowed = {str(ROOT / "tests" / name) for name in ("test_privacy.py", "test_settings.py", "test_chat.py")}
    assert set(found) <= allowed
