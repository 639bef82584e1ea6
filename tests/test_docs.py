"""The documents say what is so: the examples run, and what is made from the code is up to date."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pytest_mock import MockerFixture

from identity_bot import (
    Action,
    Audience,
    Event,
    EventKind,
    Form,
    Person,
    Stage,
    Ticket,
    TicketState,
    settings,
)
from identity_bot.forms.form import load
from identity_bot.messages import templates, updates
from identity_bot.plugins import loader as plugins
from identity_bot.plugins.checks import HOOKS
from identity_bot.plugins.loader import Found, Plugins
from identity_bot.tickets import lifecycle
from identity_bot.tickets.actions import ACTIONS
from identity_bot.tickets.model import ticket_id
from identity_bot.tickets.people import People

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```\w+\n# (?P<file>[\w.-]+)\n.*?^```$", re.MULTILINE | re.DOTALL)
SETTINGS = """
intake_channel = "#vsp-identity"
team_channel = "#identity-surge"
repository = "octo/identity-requests"
"""
ANSWERS = {"team": "Benefits", "name": "Juniper Vale", "production": False}


def examples(document: str) -> dict[str, str]:
    """The files that a document shows: those code blocks that begin with a comment that names a file.

    Of a file that it shows several times, the last one.
    """
    path = ROOT / document
    return dict(shown_in(path.read_text(encoding="utf-8")) if path.exists() else ())


def shown_in(text: str) -> list[tuple[str, str]]:
    """The files that a text shows, in its order."""
    return [
        (match["file"], match[0].partition("\n")[2].removesuffix("```")) for match in BLOCK.finditer(text)
    ]


def tutorial() -> str:
    """What the guide for authors begins with."""
    return (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8").partition("\n## From an issue form")[0]


WITH_PACKAGE = [name for name in ("README.md", "docs/plugins.md") if "setup.cfg" in examples(name)]
MODULES = [
    pytest.param(document, file, id=f"{document}-{file}")
    for document in ("README.md", "docs/plugins.md")
    for file in examples(document)
    if file.startswith("identity_bot_") and file != "identity_bot_audit.py"
]
"""The request types that a document shows."""


def loaded(tmp_path: Path, document: str, file: str, more: str = "") -> Plugins:
    """What the bot makes of a module that a document shows."""
    name = file.removeprefix("identity_bot_").removesuffix(".py")
    shown = ModuleType(f"identity_bot_{name}")
    exec(compile(examples(document)[file], file, "exec"), shown.__dict__)
    path = tmp_path / "identity-bot.toml"
    path.write_text(SETTINGS + more, encoding="utf-8")
    in_force = settings.load(path, {"GITHUB_TOKEN": "x"})
    return plugins.load(in_force, [Found(name=name, distribution="example 1.0", load=lambda: shown)])


def run(*command: str, folder: Path, path: Path) -> str:
    """What a command in a new Python says that has the packages of `path` too."""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_made_documents_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "script" / "docs"), "--check"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert (done.stdout, done.returncode) == ("", 0)


def test_the_picture_of_the_hooks_shows_all_of_them() -> None:
    picture = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8").split("```")[1]

    assert [name for name in HOOKS if name not in picture] == []


def test_the_guide_for_authors_names_every_event_and_audience_and_all_that_a_state_has() -> None:
    said = (
        (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8").partition("\n## What people are told\n")[2]
    )
    written = said.partition("\n## ")[0]

    names = [one.name for one in (*EventKind, *Audience)] + [one.name for one in fields(TicketState)]

    assert [name for name in names if f"`{name}`" not in written] == []


def test_the_guide_for_authors_shows_a_whole_package() -> None:
    shown = examples("docs/plugins.md")

    assert {"identity_bot_coffee.py", "setup.cfg", "pyproject.toml", "test_coffee.py"} <= set(shown)
    smallest = next(text for file, text in shown_in(tutorial()) if file == "identity_bot_coffee.py")
    assert len(smallest.strip().splitlines()) <= 20


def test_the_tutorial_leads_from_nothing_to_a_package_to_publish(tmp_path: Path) -> None:
    """Its commands and files in the order in which it shows them, but for what goes on until Ctrl-C."""
    target = tmp_path / "target"
    where = {"identity_bot_coffee.py": "coffee", "test_coffee.py": "coffee/tests"}
    commands = {
        "identity-bot": ("-m", "identity_bot.cli"),
        "python": (),
        "pip": ("-m", "pip", "--quiet", "--disable-pip-version-check"),
    }
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    done: list[str] = []
    for step in re.finditer(
        rf"{BLOCK.pattern}|^    (?P<line>\S[^\n]*)$", tutorial(), re.MULTILINE | re.DOTALL
    ):
        if step["file"] in where:
            path = tmp_path / where[step["file"]] / step["file"]
            path.write_text(dict(shown_in(step[0]))[step["file"]], encoding="utf-8")
        elif step["line"] and "--watch" not in step["line"]:
            name, *arguments = step["line"].split()
            if name == "pip":
                arguments += offline
                arguments += ["--target", str(target)] if arguments[0] == "install" else []
            done.append(run(*commands[name], *arguments, folder=tmp_path, path=target))

    begun, tested, _, seen, _ = done
    assert "sandbox --watch ./coffee" in begun
    assert re.search(r"\d passed", tested)
    assert "They will bring the coffee." in seen
    assert [path.name for path in (tmp_path / "dist").iterdir()] == [
        "identity_bot_coffee-0.1.0-py3-none-any.whl"
    ]


@pytest.mark.parametrize(("document", "file"), MODULES)
def test_the_bot_takes_every_module_that_a_document_shows(tmp_path: Path, document: str, file: str) -> None:
    taken = loaded(tmp_path, document, file)

    assert [str(one) for one in taken.skipped] == []
    [form] = taken.forms.values()
    assert isinstance(form, Form)


@pytest.mark.parametrize("document", WITH_PACKAGE)
def test_the_package_that_a_document_shows_is_found_once_it_is_installed(
    tmp_path: Path, document: str
) -> None:
    source, target = tmp_path / "coffee", tmp_path / "target"
    source.mkdir()
    for file, text in {"pyproject.toml": "", **examples(document)}.items():
        (source / file).write_text(text, encoding="utf-8")
    (tmp_path / "identity-bot.toml").write_text(SETTINGS, encoding="utf-8")
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]

    run(*pip, "--no-build-isolation", "--target", str(target), str(source), folder=tmp_path, path=target)
    found = run(
        "-c", "from identity_bot.plugins.loader import find; print(find())", folder=tmp_path, path=target
    )

    assert "name='coffee', distribution='identity-bot-coffee 0.1.0'" in found


def test_the_examples_of_tests_pass(tmp_path: Path) -> None:
    for file in ("identity_bot_coffee.py", "test_coffee.py"):
        (tmp_path / file).write_text(examples("docs/plugins.md")[file], encoding="utf-8")
    alone = ["-q", "-p", "no:cacheprovider", "-p", "identity_bot_pytest", "-c", os.devnull]

    said = run("-m", "pytest", *alone, "test_coffee.py", folder=tmp_path, path=tmp_path)

    assert "5 passed" in said


def test_the_examples_of_common_questions_and_of_a_migration_do_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "access").mkdir()
    access = loaded(tmp_path / "access", "docs/plugins.md", "identity_bot_access.py").types["access"]
    cake = loaded(tmp_path, "docs/plugins.md", "identity_bot_cake.py").types["cake"]
    juniper = Person(slack_id="U1", name="Juniper Vale", team="Benefits")
    old = Ticket(
        id=ticket_id("V1"), type="cake", requestor=juniper, answers={"size": "large"}, submitted_at=0.0
    )

    assert [one.name for one in access.form.all_questions] == ["team", "name", "account"]
    assert access.form.read({"team": "hc"}, "team") == "Health Care"
    assert cake.migrated(old).answers == {"pieces": "8"}
    assert cake.migrated(cake.migrated(old)) == cake.migrated(old)


def test_the_example_with_every_hook_does_what_it_says(tmp_path: Path) -> None:
    tea = loaded(tmp_path, "docs/plugins.md", "identity_bot_tea.py").types["tea"]
    juniper = Person(slack_id="U1", name="Juniper Vale", team="Benefits")
    typed: dict[str, Any] = ANSWERS | {"kind": "Green", "cups": "3", "which": "hidden"}

    answers = load(tea.form, typed)
    ticket = Ticket(id=ticket_id("V1"), type="tea", requestor=juniper, answers=answers, submitted_at=0.0)
    told = tea.notify(
        replace(ticket, number=1, url="https://github.test/1"),
        Event(kind=EventKind.CREATED, ticket_id=ticket.id, at=0.0),
    )

    assert answers == ANSWERS | {"kind": "Green", "cups": 3}
    assert tea.settings["most_cups"] == 4
    assert tea.validate(answers, juniper) == {
        "cups": "Green tea comes in one or two cups. Please ask for fewer."
    }
    assert tea.render_issue(ticket).title == "Tea for Benefits"
    assert "Put the kettle on for Juniper Vale." in [one.text for one in told]
    closed = Event(kind=EventKind.CLOSED, ticket_id=ticket.id, at=0.0, was=TicketState())
    assert not any("kettle" in one.text for one in tea.notify(replace(ticket, number=1), closed))


def test_the_example_of_a_route_sends_cream_to_the_bakers(tmp_path: Path) -> None:
    more = '[request_types.scones]\nbakers = [{ slack = "U0BAKER" }]\n'
    scones = loaded(tmp_path, "docs/plugins.md", "identity_bot_scones.py", more).types["scones"]
    plain = Ticket(
        id=ticket_id("V1"),
        type="scones",
        requestor=Person(slack_id="U1"),
        answers={"cream": False},
        submitted_at=0.0,
    )
    creamy = replace(plain, answers={"cream": True})

    assert scones.route(creamy).approvers == ({"slack": "U0BAKER"},)
    assert scones.route(plain).approvers == scones.route(replace(plain, answers={})).approvers
    assert scones.route(plain).approvers == tuple(scones.settings["leads"])
    assert scones.form.needs_approval(creamy.answers)
    assert not scones.form.needs_approval(plain.answers)


def test_the_observer_that_the_guide_shows_tells_what_happened(tmp_path: Path, mocker: MockerFixture) -> None:
    opened = mocker.patch("urllib.request.urlopen")
    more = '[observers.audit]\nurl = "https://audit.example.gov/events"'
    sink = loaded(tmp_path, "docs/plugins.md", "identity_bot_audit.py", more).sinks["audit"]
    ticket = Ticket(
        id=ticket_id("V1"),
        type="tea",
        requestor=Person(slack_id="U1"),
        answers={},
        submitted_at=0.0,
        number=7,
    )

    sink.deliver(ticket, Event(kind=EventKind.CREATED, ticket_id=ticket.id, at=1.5), "key")

    [request] = opened.call_args.args
    assert request.full_url == "https://audit.example.gov/events"
    assert request.get_header("Idempotency-key") == "key"
    assert json.loads(request.data) == {"ticket": 7, "event": "created", "stage": "submitted", "at": 1.5}


def test_the_example_of_other_words_is_told_as_it_says(tmp_path: Path) -> None:
    soup = loaded(tmp_path, "docs/plugins.md", "identity_bot_soup.py").types["soup"]
    ticket = Ticket(
        id=ticket_id("V1"),
        type="soup",
        requestor=Person(slack_id="U1", name="Juniper Vale"),
        answers={},
        submitted_at=0.0,
        number=12,
        url="https://github.test/12",
        state=TicketState(stage=Stage.RELEASED),
    )
    event = Event(kind=EventKind.RELEASED, ticket_id=ticket.id, at=0.0, was=TicketState())

    said = updates.messages(ticket, [(event, soup.notify(ticket, event))], soup.form.title, People(()))

    written = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"“@Juniper (#12.*?)”", written.replace("\n", " "))
    assert said["requestor"].text.replace("<https://github.test/12|#12>", "#12") == f"<@U1> {shown}"
    assert list(said) == [Audience.REQUESTOR.value]


@pytest.mark.parametrize("document", ["docs/plugins.md", "docs/lifecycle.md"])
def test_the_texts_that_a_document_replaces_can_be_replaced(document: str) -> None:
    written = (ROOT / document).read_text(encoding="utf-8")

    [block] = re.findall(r"^```toml\n(\[messages\]\n.*?)^```$", written, re.MULTILINE | re.DOTALL)

    assert templates.problems(tomllib.loads(block)["messages"]) == []


# The life of a ticket


def drawing() -> list[str]:
    """The lines of the picture in docs/lifecycle.md."""
    written = (ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8")
    [picture] = re.findall(r"^```mermaid\n(.*?)^```$", written, re.MULTILINE | re.DOTALL)
    first, *lines = picture.splitlines()
    assert first == "stateDiagram-v2"
    return [line.strip() for line in lines]


def test_the_picture_has_every_stage_and_every_action_and_nothing_else() -> None:
    ids = {stage.name.lower() for stage in Stage}
    declared, drawn, actions = set(), set(), set()
    for line in drawing():
        if named := re.fullmatch(r'state "([\w ]+)" as (\w+)', line):
            declared.add((named[1], named[2]))
        elif arrow := re.fullmatch(r"(\[\*\]|\w+) --> (\[\*\]|\w+)(?: : ([\w, ]+))?", line):
            drawn |= {arrow[1], arrow[2]}
            actions |= set((arrow[3] or "").split(", "))
        else:
            assert line in ('state "the issue is open" as live {', "}")

    assert declared == {(stage.value, stage.name.lower()) for stage in Stage}
    assert drawn == ids | {"[*]", "live"}
    leading = {action.value for action, row in ACTIONS.items() if row.to}
    assert actions == leading | {"", "form sent", "issue opened"}


def test_no_arrow_of_the_picture_crosses_the_frame_of_the_open_issue() -> None:
    """Mermaid cannot draw one that does."""
    lines = drawing()
    inner = lines[lines.index('state "the issue is open" as live {') :]
    inside = {stage.name.lower() for stage in lifecycle.LIVE}

    for line in lines:
        ends = set(line.partition(" : ")[0].split(" --> ")) - {"[*]"} if "-->" in line else set()
        assert ends <= inside if line in inner else not ends & inside


def test_the_table_has_every_action_and_the_list_every_text() -> None:
    written = (ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8")

    rows = [line.split(" | ") for line in written.splitlines() if line.startswith("| ")]

    named = {row[0].removeprefix("| ") for row in rows}
    assert {action.value for action in Action} <= named
    assert {f"`{name}`" for name in templates.TEMPLATES} <= named
    assert {f"`{{{name}}}`" for name in templates.PLACEHOLDERS} <= named
    assert all(len(row) == 7 for row in rows if row[0].removeprefix("| ") in set(Action))
