"""The architecture: which package imports which, where each vendor is known, and that public names have docstrings."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "identity_bot").rglob("*.py"))
SANDBOX_ROOT = ROOT / "sandbox" / "identity_bot_sandbox"
SANDBOX = sorted(SANDBOX_ROOT.rglob("*.py"))
PLUGINS = sorted(
    path
    for place in ("plugins", "examples")
    for pattern in ("*/identity_bot_*.py", "*/identity_bot_*/**/*.py")
    for path in (ROOT / place).glob(pattern)
)

ORDER = (
    "errors", "logs", "text", "articles", "tickets", "forms", "messages", "settings", "plugins", "scaffold", "report",
    "store", "outbox", "desk", "slack", "github", "web", "app", "standins", "showcase", "testing", "checks", "cli",
)  # fmt: skip
"""The packages of the bot: each imports only those before it."""
TOP = {"app", "checks", "cli"}
"""Those that nobody imports but the command line, and the showcase and tests, which play on desks of their own."""
VENDORS = {
    "slack_bolt": ("slack", "web", "app", "testing/sandbox"),
    "slack_sdk": ("slack", "app", "testing/sandbox"),
    "github": ("github",),
    "requests": ("github",),
    "sqlalchemy": ("store", "outbox/queue", "outbox/outbox"),
    "alembic": ("store",),
    "matplotlib": ("report/charts",),
    "jinja2": ("report",),
    "prometheus_client": ("web/metrics",),
    "sqlite3": ("articles/index",),
    "starlette": ("web", "app", "testing/sandbox"),
    "uvicorn": ("web/server", "testing/sandbox"),
    "pluggy": ("plugins",),
    "click": ("cli",),
    "re2": ("text",),
    "stdnum": ("text",),
    "phonenumbers": ("text",),
    "yaml": ("scaffold/yaml_text",),
    "markdown_it": ("tickets/commands", "text/formatted/from_markdown", "testing/hostile"),
}
"""Which packages or modules of the bot may import which vendor."""
VENDORLESS = ("messages", "plugins", "store", "outbox", "desk")
BLOCK_KIT = {
    "blocks",
    "block_id",
    "action_id",
    "plain_text",
    "mrkdwn",
    "section",
    "callback_id",
    "private_metadata",
}
PURE = ("text", "tickets", "forms", "messages")
"""The packages that compute and touch nothing: no sockets, threads, clocks, randomness or environment."""
IO = ("socket", "subprocess", "threading", "time", "urllib.request", "http", "os", "random", "sys", "asyncio")


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """The full names of everything that a module imports, wherever in it; each module is parsed once."""
    return frozenset(_imported(ast.parse(path.read_text(encoding="utf-8"))))


def _imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def place(path: Path) -> str:
    """Where a module of the bot stands, such as `outbox/queue`."""
    return path.relative_to(ROOT / "identity_bot").with_suffix("").as_posix()


def is_in(path: Path, places: tuple[str, ...]) -> bool:
    return any(place(path) == one or place(path).startswith(f"{one}/") for one in places)


def own_imports(path: Path) -> set[str]:
    """The modules of the bot that one of them imports, such as `outbox/queue`."""
    known = {place(one) for one in CORE}
    named = {name.removeprefix("identity_bot.").replace(".", "/") for name in imports(path)}
    return (named | {f"{name}/__init__" for name in named}) & known - {place(path), "__init__"}


def package(name: str) -> str:
    return name.partition("/")[0]


def test_every_package_has_its_place_in_the_order() -> None:
    assert {package(place(path)) for path in CORE} - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("path", CORE, ids=place)
def test_a_package_imports_only_those_before_it(path: Path) -> None:
    if place(path) == "__init__":
        return  # the names that plugins may import
    own = ORDER.index(package(place(path)))

    assert not {name for name in own_imports(path) if ORDER.index(package(name)) > own}


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    graph = {place(path): own_imports(path) for path in CORE if place(path) != "__init__"}

    tuple(TopologicalSorter(graph).static_order())  # raises CycleError


def test_nobody_imports_what_puts_the_parts_together() -> None:
    importing = {place(path): {package(name) for name in own_imports(path)} & TOP for path in CORE}
    others = {name: tops for name, tops in importing.items() if tops and package(name) not in tops}

    assert {package(name) for name in others} <= {"cli", "showcase", "testing"}


@pytest.mark.parametrize("path", [p for p in CORE if is_in(p, VENDORLESS)], ids=place)
def test_desk_outbox_and_plugins_know_neither_block_kit_nor_an_issue_body(path: Path) -> None:
    """Messages, cards and receipts are drawn by slack/, an issue's body is composed by github/."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert not texts & BLOCK_KIT
    assert not {text for text in texts if "<!--" in text}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_is_imported_only_at_its_edge(vendor: str) -> None:
    strays = [
        place(path)
        for path in CORE
        if any(is_below(name, vendor) for name in imports(path)) and not is_in(path, VENDORS[vendor])
    ]

    assert not strays


@pytest.mark.parametrize("path", [p for p in CORE if is_in(p, PURE)], ids=place)
def test_a_pure_module_does_no_io(path: Path) -> None:
    assert not {name for name in imports(path) for outside in IO if is_below(name, outside)}


def test_the_bot_does_not_import_the_sandbox() -> None:
    importing = [place(p) for p in CORE if any(is_below(n, "identity_bot_sandbox") for n in imports(p))]

    # Inside the command that starts it, and where it is a fixture of tests: both where it is installed.
    assert importing == ["cli/bot", "testing/sandbox"]


def test_the_sandbox_shares_no_judgement_with_the_bot() -> None:
    """It would repeat what the bot gets wrong; a few modules only start the bot."""
    starting_it = {"app", "settings", "errors", "logs", "plugins"}
    starters = {SANDBOX_ROOT / f"{name}.py" for name in ("host_bot", "process", "watch", "demo")}
    shared = {
        f"{path.relative_to(SANDBOX_ROOT)}: {name}"
        for path in SANDBOX
        for name in imports(path)
        if is_below(name, "identity_bot")
        and not (path in starters and set(name.split(".")[1:2]) <= starting_it)
    }

    assert not shared


@pytest.mark.parametrize("path", PLUGINS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_plugin_imports_public_names_only(path: Path) -> None:
    """From `identity_bot` itself, and never from another plugin."""
    names = set(imports(path))
    modules = {place(p).split("/")[0] for p in CORE}

    assert not {name for name in names if name.startswith("identity_bot_")}
    assert not {name for name in names if name.startswith("identity_bot.") and name.split(".")[1] in modules}


@pytest.mark.parametrize(
    "path",
    sorted(path for place in ("plugins", "examples") for path in ROOT.glob(f"{place}/*/tests/*.py")),
    ids=lambda p: p.stem,
)
def test_a_plugins_tests_use_what_every_author_may_use(path: Path) -> None:
    own = f"identity_bot_{path.parents[1].name}"
    modules = {place(p).split("/")[0] for p in CORE} - {"testing"}
    names = imports(path)

    assert {name for name in names if name.startswith("identity_bot_") and not is_below(name, own)} == set()
    assert not {name for name in names if name.startswith("identity_bot.") and name.split(".")[1] in modules}
    assert not {name for name in names if is_below(name, "tests")}


@pytest.mark.parametrize("path", [*CORE, *SANDBOX], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_public_names_have_docstrings(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert ast.get_docstring(tree) or "migrations" in path.parts
    assert not [node.name for node in public(tree) if not ast.get_docstring(node)]


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes; a method is its base's to explain where the class has one."""
    for node in tree.body:
        if isinstance(
            node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ) and not node.name.startswith(("_", "upgrade", "downgrade")):
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
        for pattern in ("*.py", "*.md", "*.cfg", "*.toml", "*.yml", "*.yaml", "script/*", ".ci/*")
        for path in ROOT.rglob(pattern)
        if path.is_file()
        and not any(part in {".venv", "venv", ".cache", ".git", ".hypothesis"} for part in path.parts)
    ]

    found = {p for p in texts if any(s in p.read_text(encoding="utf-8", errors="ignore") for s in suspicious)}
    allowed = {"text/privacy/test_find.py", "test_settings.py", "slack/test_client.py"}
    assert found <= {ROOT / "tests" / name for name in allowed}
