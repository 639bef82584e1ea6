"""The examples as people use them: built, installed, used for whole lives of tickets, and removed again."""

from __future__ import annotations

import csv
import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from identity_bot.errors import SettingsError
from identity_bot.forms.samples import sample_values
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.queue import LEASE
from identity_bot.outbox.worker import Worker
from identity_bot.plugins import loader
from identity_bot.tickets.model import Action, Stage, Ticket
from tests.support_crash import Accidents, Crash, crash
from tests.support_desk import JUNIPER, SETTINGS, Office
from tests.support_outbox import states
from tests.support_plugins import ROOT, example_folders, shipped_entry_points

INTAKE, TEAM, LINDEN = "C0INTAKE", "C0TEAM", "linden-brookmere"
EXAMPLES = [folder.name for folder in example_folders()]
TYPES = [name for name in EXAMPLES if name != "event_mirror"]
GIVEN = {"task": {"due": (date.today() + timedelta(days=7)).isoformat()}}
"""Answers to questions whose rules accept no usual sample."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which pip has installed all examples, from copies: a build leaves files in its source."""
    folder = tmp_path_factory.mktemp("examples")
    sources = [folder / name for name in EXAMPLES]
    for source in sources:
        ignored = shutil.ignore_patterns("tests", "__pycache__", "build", "*.egg-info")
        shutil.copytree(ROOT / "examples" / source.name, source, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    how = ["--no-deps", "--no-compile", "--no-build-isolation", "--target", str(folder / "target")]
    subprocess.run([*pip, *how, *map(str, sources)], check=True, capture_output=True, timeout=120)
    return folder / "target"


@pytest.fixture
def target(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of this test's own with the installed examples, from which this process imports them."""
    folder = tmp_path / "target"
    shutil.copytree(built, folder)
    monkeypatch.syspath_prepend(folder)

    def installed(group: str) -> list[Any]:
        here = [one for one in entry_points(group=group) if one.dist and is_in(folder, one.dist)]
        return [*shipped_entry_points(group), *here]

    monkeypatch.setattr(loader, "entry_points", installed)
    forget()
    yield folder
    forget()


def is_in(folder: Path, distribution: Any) -> bool:
    return Path(distribution.locate_file("")).resolve() == folder.resolve()


def forget() -> None:
    """Have the examples imported anew: other tests import them from the repository."""
    for name in EXAMPLES:
        sys.modules.pop(f"identity_bot_{name}", None)
    importlib.invalidate_caches()


@pytest.fixture
def office(target: Path, tmp_path: Path) -> Iterator[Office]:
    """A desk with the shipped types and all examples; events are mirrored to a file."""
    section = f'\n[observers.event_mirror]\nfile = "{tmp_path / "events.csv"}"\n'
    office = Office(tmp_path, toml=SETTINGS + section, found=loader.find())
    yield office
    office.store.close()


def uninstall(office: Office, target: Path, name: str) -> None:
    """Remove a package, as pip does, and start the bot again."""
    for path in target.glob(f"identity_bot_{name}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    forget()
    office.plugins = loader.load(office.settings, loader.find())
    office.restart()


def submit(office: Office, name: str) -> Ticket:
    """Send the form of a type, filled in as its preview suggests."""
    values = sample_values(office.plugins.types[name].form, GIVEN.get(name))
    ticket = office.desk.submit(name, values, JUNIPER, submission=f"V-{name}", origin=None)
    office.work(60)
    return office.ticket(ticket)


def see(office: Office, **changes: Any) -> None:
    """Somebody changes the issue in GitHub, and people are told."""
    office.desk.observe(office.tracker.edit(1, **changes))
    office.work(60)


def events(tmp_path: Path) -> list[tuple[str, str]]:
    """What the observer has written: each event's type and kind."""
    with (tmp_path / "events.csv").open(encoding="utf-8", newline="") as file:
        return [(row["type"], row["event"]) for row in csv.DictReader(file)]


def test_each_package_is_one_module_with_an_entry_point(built: Path) -> None:
    points = {
        path.read_text(encoding="utf-8").split()[1:] == [name, "=", f"identity_bot_{name}"]
        for name in EXAMPLES
        for path in built.glob(f"identity_bot_{name}-*.dist-info/entry_points.txt")
    }

    assert points == {True}
    modules = {path.name for path in built.iterdir() if path.suffix != ".dist-info"}
    assert modules == {f"identity_bot_{name}.py" for name in EXAMPLES}


def test_a_new_process_sees_what_is_installed_and_no_longer_what_is_removed(
    built: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    shutil.copytree(built, target)
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(target), str(ROOT)])}

    def seen() -> str:
        command = [sys.executable, "-m", "identity_bot.cli", "types"]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    before = seen()
    for path in target.glob("identity_bot_*"):
        if "_bug" in path.name or "_event_mirror" in path.name:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    after = seen()

    titles = ["Authentication help", "Bug report", "Feature request", "Something else", "Task"]
    assert [title for title in titles if title in before] == titles
    assert "observer: event_mirror" in before
    assert [title for title in titles if title in after] == [t for t in titles if t != "Bug report"]
    assert "event_mirror" not in after


@pytest.mark.parametrize("name", TYPES)
def test_a_request_lives_its_whole_life_with_an_installed_example(
    name: str, office: Office, target: Path, tmp_path: Path
) -> None:
    ticket = submit(office, name)
    see(office, assignees=frozenset({LINDEN}), target=date(2027, 3, 1))
    see(office, labels=frozenset({name, "stage: ready for UAT"}))
    office.click(ticket, Action.ACCEPT, by=JUNIPER.slack_id)
    office.work(60)
    see(office, is_open=False)

    assert Path(sys.modules[f"identity_bot_{name}"].__file__ or "").parent == target
    assert office.plugins.skipped == ()
    [(repository, draft)] = office.tracker.issues
    assert repository == "sandbox-org/identity-requests"
    assert name in draft.labels
    title = office.plugins.types[name].form.title
    told = office.chat.texts(INTAKE)
    assert title in told[0]
    assert len(told) == 5  # created; assigned, with a date; ready to try; closed, and so announced
    assert office.ticket(ticket).stage is Stage.CLOSED
    kinds = ["created", "assigned", "target date set", "ready for UAT", "accepted", "closed"]
    assert events(tmp_path) == [(name, kind) for kind in kinds]
    assert "failed" not in states(office.queue)


@pytest.mark.parametrize("name", TYPES)
def test_tickets_of_a_removed_type_still_close_and_people_are_told(
    name: str, office: Office, target: Path, tmp_path: Path
) -> None:
    ticket = submit(office, name)
    before = len(office.chat.texts(INTAKE))

    uninstall(office, target, name)
    see(office, assignees=frozenset({LINDEN}))
    see(office, is_open=False)

    assert name not in office.plugins.types
    assert office.ticket(ticket).stage is Stage.CLOSED
    news = office.chat.texts(INTAKE)[before:]
    assert any(LINDEN in text or "<@U0LINDEN>" in text for text in news)
    assert sum("closed" in text for text in news) == 2
    assert any("is no longer installed" in text for text in office.chat.texts(TEAM))
    assert events(tmp_path) == [(name, kind) for kind in ("created", "assigned", "closed")]
    assert "failed" not in states(office.queue)
    with pytest.raises(KeyError):
        office.desk.submit(name, {}, JUNIPER, submission="V-again", origin=None)
    assert submit(office, "mock_auth").number == 2


def test_an_observer_that_is_removed_leaves_nothing_waiting(
    office: Office, target: Path, tmp_path: Path
) -> None:
    (tmp_path / "events.csv").mkdir()  # so that nothing can be written there
    ticket = submit(office, "other")
    assert [row.kind for row in office.outbox.rows("waiting") if row.lane == "plugin:event_mirror"] == [
        "deliver"
    ]

    with pytest.raises(
        SettingsError, match=r"observers\.event_mirror: no observer 'event_mirror'; installed: none"
    ):
        uninstall(office, target, "event_mirror")
    office.settings = replace(office.settings, observers={})
    uninstall(office, target, "event_mirror")
    see(office, is_open=False)
    office.clock.move(3_600)  # it might be installed again
    office.work(300)

    assert office.ticket(ticket).stage is Stage.CLOSED
    assert len(office.chat.texts(INTAKE)) == 3
    assert {row.kind for row in office.outbox.rows("waiting")} == {"escalate"}


@pytest.mark.parametrize("moment", ["before", "after", "within"])
def test_each_event_is_written_once_whenever_the_bot_ends(
    moment: str, office: Office, tmp_path: Path
) -> None:
    """Before the row is written, between the row and the transaction that settles it, and in that transaction."""
    accidents = Accidents(roles={"deliver"}, **{moment: crash})  # type: ignore[arg-type]
    effects = {kind: accidents.befall(one) for kind, one in EFFECTS.items()}
    values = sample_values(office.plugins.types["other"].form)
    office.desk.submit("other", values, JUNIPER, submission="V1", origin=None)

    with pytest.raises(Crash):
        Worker(office.queue, effects, office.context, min_intervals=False).run_due()
    office.clock.move(LEASE + 1)
    office.work(60)
    see(office, is_open=False)

    assert accidents.seen == [f"{moment} deliver"]
    assert events(tmp_path) == [("other", "created"), ("other", "closed")]


def test_an_observer_sees_the_tickets_of_shipped_types_too(office: Office, tmp_path: Path) -> None:
    submit(office, "mock_auth")
    see(office, is_open=False)

    assert events(tmp_path) == [("mock_auth", "created"), ("mock_auth", "closed")]
