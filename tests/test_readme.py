"""The README, CONTRIBUTING and docs/operations.md say what is so: settings, links, commands, log lines, SQL."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from sqlalchemy import Engine, create_engine, text

from identity_bot import settings
from identity_bot.cli import main
from identity_bot.messages import issue_comments
from identity_bot.messages.updates import Destination, Message
from identity_bot.outbox.effects import PostUpdate
from identity_bot.store.store import Store
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import Approval, Person, Priority, Ticket
from identity_bot_sandbox.server import Sandbox
from tests.support import blocks, eventually

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
OURS = {"build", "dist", "node_modules"}
DOCUMENTS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part in OURS for part in path.relative_to(ROOT).parts)
)
BY_NAME = [pytest.param(path, id=str(path.relative_to(ROOT))) for path in DOCUMENTS]


def rows(document: str, head: str) -> list[list[str]]:
    """The cells of the table whose head begins so."""
    lines = document[document.index(f"\n| {head} |") + 1 :].splitlines()[2:]
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def prose(document: str) -> str:
    """A document without its fenced blocks."""
    return re.sub(r"^( *)```.*?^\1```$", "", document, flags=re.MULTILINE | re.DOTALL)


def anchors(document: str) -> set[str]:
    """The names by which GitHub links to a document's headings."""
    titles = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_readme_has_every_setting_and_no_other() -> None:
    documented = [row[0].strip("`") for row in rows(README, "key")]

    assert {name.partition(".")[0].removesuffix("[]") for name in documented} == set(settings.FILE.fields)
    for schema, place in (
        (settings.LeadSettings, "leads[]"),
        (settings.TypeSettings, "request_types.<type>"),
        (settings.ObserverSettings, "observers.<name>"),
    ):
        inside = {name.rpartition(".")[2] for name in documented if name.startswith(f"{place}.")}
        assert inside == set(schema().fields)


def test_the_defaults_of_settings_are_written_as_in_the_file() -> None:
    in_words = {"required", "none", "nothing promised", "from the top"}
    shown = {row[0]: row[2] for row in rows(README, "key") if row[2] not in in_words}

    for key, default in shown.items():
        assert default.startswith("`"), key
        tomllib.loads(f"x = {default.strip('`')}")
    assert shown["`service_levels.opens`"] == '`"9:00"`'


def test_the_readme_has_every_environment_variable_and_no_other() -> None:
    documented = [row[0].strip("`") for row in rows(README, "variable")]

    assert documented == [settings.CONFIG_VARIABLE, *settings.ENVIRONMENT.fields]


def test_the_readme_has_every_command_and_label_that_moves_a_ticket() -> None:
    stages = {f"{lifecycle.STAGE_LABEL}{stage.value}" for stage in lifecycle.LABELED}
    priorities = {f"{lifecycle.PRIORITY_LABEL}{priority.value}" for priority in Priority}
    approvals = {f"{lifecycle.APPROVAL_LABEL}{approval.value}" for approval in Approval}

    shown = rows(README, "command")
    named = {name for row in rows(README, "in GitHub") for name in re.findall(r"`(\w+: [^`]+)`", row[0])}

    assert shown == rows(issue_comments.HELP, "command")
    assert {name for name in named if name[0].islower()} == stages | priorities | approvals


def test_the_readme_shows_the_request_type_that_the_guide_for_authors_begins_with() -> None:
    guide = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")

    shown = [*blocks(README, "python")[:1], *blocks(README, "ini"), blocks(README, "toml")[0]]

    assert shown == [*blocks(guide, "python")[:1], *blocks(guide, "ini"), blocks(guide, "toml")[0]]


def test_the_readmes_settings_files_can_be_loaded(tmp_path: Path) -> None:
    """The first by itself, the others with it; those that set what it sets in its place."""
    first, *others = [block for block in blocks(README, "toml") if "[build-system]" not in block]
    environ = {"GITHUB_TOKEN": "a-token"}

    loaded = []
    for number, further in enumerate(["", *others]):
        file = tmp_path / f"{number}.toml"
        file.write_text(f"{first}\n{further}", encoding="utf-8")
        loaded.append(settings.load(file, environ))

    assert loaded[0].leads == ({"slack": "U024BE7LH", "github": "their-login"},)
    assert any(one.commands != ("/help",) for one in loaded)
    assert any(one.request_types for one in loaded)
    assert any(one.messages for one in loaded)


def test_the_readmes_lines_attach_the_bot_to_a_host(
    sandbox: Sandbox, settings_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IDENTITY_BOT_CONFIG", str(settings_file))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'bot.db'}")
    [lines] = [block for block in blocks(README, "python") if "attach" in block]
    environment = sandbox.environment()
    client = WebClient(token=environment["SLACK_BOT_TOKEN"], base_url=environment["SLACK_API_URL"])
    names: dict[str, Any] = {"app": App(client=client, signing_secret="a-secret")}

    exec(lines, names)  # the point of this test: what a reader copies works

    bot = names["bot"]
    with bot.store.begin() as transaction:
        bot.context.notifier.alert(transaction, "Hello")
    eventually(lambda: [message.text for message in sandbox.slack.messages("C0TEAM")] == ["Hello"])
    bot.stop()


@pytest.mark.parametrize("path", BY_NAME)
def test_links_lead_somewhere(path: Path) -> None:
    found = re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text(encoding="utf-8")))

    dead = []
    for link in found:
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (path.parent / target).resolve() if target else path
        if not there.exists() or (
            anchor and there.suffix == ".md" and anchor not in anchors(there.read_text(encoding="utf-8"))
        ):
            dead.append(link)

    assert dead == []


@pytest.mark.parametrize("path", BY_NAME)
def test_commands_modules_and_scripts_that_are_named_exist(path: Path) -> None:
    document = path.read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:`|^ {4})identity-bot ([a-z-]+)", document, re.MULTILINE))
    modules = {Path(name).name for name in re.findall(r"`([\w/]+\.py)`", document)}
    scripts = set(re.findall(r"(?:`|^ {4})(script/[\w.]+)", document, re.MULTILINE))

    known = {
        found.name
        for place in ("identity_bot", "sandbox", "tests", "script")
        for found in (ROOT / place).rglob("*.py")
    }
    assert commands <= set(main.commands)
    assert modules - known <= {"setup.py"}
    assert {script for script in scripts if not (ROOT / script).is_file()} == set()


def test_contributing_says_where_every_package_belongs() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    layout = contributing[contributing.index("    identity_bot/  ") : contributing.index("    sandbox/  ")]
    found = {path.stem for path in (ROOT / "identity_bot").iterdir() if path.suffix in ("", ".py")}

    assert found - {"__init__", "__pycache__"} <= set(re.findall(r"\w+", layout))


def test_the_log_lines_that_operators_are_told_of_are_written() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "identity_bot").rglob("*.py"))
    told = [row[0] for row in rows(OPERATIONS, "line contains")]

    pieces = [
        piece.strip(" :")
        for line in told
        for piece in line.partition("` (")[0].strip("`").split("…")
        if len(piece.strip(" :")) > 3
    ]

    assert len(pieces) >= 8
    assert [piece for piece in pieces if piece not in source] == []


@pytest.fixture
def written(database_url: str) -> Iterator[Engine]:
    """A database with one ticket whose message was sent, and one whose issue waits."""
    store = Store(database_url)
    person = Person(slack_id="U0JUNIPER", name="Juniper Vale", team="Benefits")
    for name, number in (("told", 12), ("waiting", None)):
        ticket = Ticket(
            id=name,
            type="data_pull",
            requestor=person,
            answers={"data_needed": "something personal", "sensitive": False},
            submitted_at=1.0,
            repository="your-org/identity-requests",
            number=number,
        )
        with store.begin() as transaction:
            transaction.add_ticket(ticket)
            transaction.enqueue(
                PostUpdate(
                    ticket_id=name, to=Destination.TEAM, message=Message(text="It is done."), channel="C0TEAM"
                )
            )
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET state = 'done', created_at = 1 WHERE ticket_id = 'told'"))
    store.close()
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    yield engine
    engine.dispose()


def test_the_sql_that_operators_are_given_does_what_it_says(written: Engine) -> None:
    renamed, unknown, redacted = blocks(OPERATIONS, "sql")

    with written.begin() as connection:
        connection.exec_driver_sql(unknown)
        connection.exec_driver_sql(renamed)
        for statement in redacted.strip().split(";\n"):
            connection.exec_driver_sql(statement)

    with written.begin() as connection:
        query = text("SELECT ticket_id FROM outbox WHERE verifications = 3")
        waiting = connection.execute(query).scalars().all()
        places = connection.execute(text("SELECT repository FROM tickets")).scalars().all()
        assert waiting == ["waiting"]
        assert places == ["your-org/the-new-name"] * 2
