"""People in the sandbox who use a bot at the same moment, and how long each of them waits."""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from identity_bot.outbox.outbox import Outbox
from identity_bot.store.store import Store
from identity_bot_sandbox.github.model import Change as GitHubChange
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.delivery import Delivery
from identity_bot_sandbox.slack.model import Ack, Change

INTAKE = "C0INTAKE"
REPOSITORY = "sandbox-org/identity-requests"
ANSWERS: dict[str | tuple[str, str], Any] = {
    "idbot:q:team": "Benefits",
    "idbot:q:name": "A person",
    "idbot:q:production": "no",
    "idbot:q:tested": "yes",
    "idbot:q:pull_request": "https://github.com/sandbox-org/vets-api/pull/7",
}


class Timed:
    """Wraps the sandbox's delivery and records how many seconds the app took to ack each person's last submission."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self.acks: dict[str, float] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._delivery, name)

    def ask(self, kind: str, payload: Mapping[str, Any]) -> Ack:
        """Deliver, and record the time of a submission's ack."""
        ack = self._delivery.ask(kind, payload)
        if payload.get("type") == "view_submission":
            self.acks[payload["user"]["id"]] = ack.seconds
        return ack


class People:
    """People in the intake channel of a sandbox. All times are in milliseconds."""

    def __init__(self, sandbox: Sandbox, count: int) -> None:
        self.slack, self.github = sandbox.slack, sandbox.github
        someone = self.slack.people["U0JUNIPER"]
        self.ids = [f"U0P{number:02}" for number in range(count)]
        for person in self.ids:
            self.slack.people[person] = replace(someone, slack_id=person, handle=person.lower())
            self.slack.channel(INTAKE).members.add(person)
        self._opened = {person: threading.Event() for person in self.ids}
        self._times: dict[str, float] = {}
        self._timed = self.slack.delivery = cast(Any, Timed(self.slack.delivery))
        self._filed, self._filed_at = threading.Event(), 0.0
        self.slack.subscribe(self._notice)
        self.github.subscribe(self._notice_issue)

    def open_forms(self, rounds: int) -> list[float]:
        """Everybody types the command at the same moment, `rounds` times: the time until Slack has each one's view."""
        together = threading.Barrier(len(self.ids))

        def one(person: str) -> list[float]:
            waits = []
            for _ in range(rounds):
                together.wait(60)
                begun = time.perf_counter()
                self._open(person, "/help")
                waits.append((self._times[person] - begun) * 1000)
                self.slack.close(person)
            return waits

        return self._all(one)

    def send_forms(self, rounds: int) -> list[float]:
        """Everybody submits a form at the same moment, `rounds` times: the time to the ack of a saved ticket."""
        together = threading.Barrier(len(self.ids))

        def one(person: str) -> list[float]:
            waits = []
            for _ in range(rounds):
                self._open(person, "/help pr_review")
                self.slack.fill(person, ANSWERS)
                together.wait(60)
                self._send(person)
                waits.append(self._timed.acks[person] * 1000)
            return waits

        return self._all(one)

    def file_issues(self, rounds: int) -> list[float]:
        """One person submits while the bot is idle: the time until GitHub has the issue."""
        person, waits = self.ids[0], []
        for _ in range(rounds):
            self._filed.clear()
            self._open(person, "/help pr_review")
            self.slack.fill(person, ANSWERS)
            begun = time.perf_counter()
            self._send(person)
            if not self._filed.wait(10):
                raise RuntimeError("the issue was not opened within ten seconds")
            waits.append((self._filed_at - begun) * 1000)
            time.sleep(2.5)  # GitHub asks for a second between writes, and the next one must not wait for it
        return waits

    def view(self) -> dict[str, Any]:
        """The view that the bot opens for the command, as it sends it."""
        self._open(self.ids[0], "/help")
        self.slack.close(self.ids[0])
        given = self.slack.traffic.calls("views.open")[-1].arguments["view"]
        view: dict[str, Any] = json.loads(given) if isinstance(given, str) else dict(given)
        return view

    def _all(self, one: Callable[[str], list[float]]) -> list[float]:
        with ThreadPoolExecutor(len(self.ids)) as hands:
            return [wait for waits in hands.map(one, self.ids) for wait in waits]

    def _open(self, person: str, command: str) -> None:
        self._opened[person].clear()
        self.slack.command(person, INTAKE, command)
        if not self._opened[person].wait(5):
            raise RuntimeError("a form did not open within five seconds")

    def _send(self, person: str) -> None:
        problems = self.slack.submit(person)
        if problems:
            raise RuntimeError(f"the form was refused: {problems}")
        self.slack.close(person)

    def _notice_issue(self, change: GitHubChange) -> None:
        if (change.event, change.action) == ("issues", "opened"):
            self._filed_at = time.perf_counter()
            self._filed.set()

    def _notice(self, change: Change) -> None:
        opened = self._opened.get(change.user or "")
        if (
            change.kind == "view"
            and opened
            and not opened.is_set()
            and self.slack.views.top(change.user or "")
        ):
            self._times[change.user or ""] = time.perf_counter()
            opened.set()


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A running bot, and where it listens."""

    pid: int
    url: str


@contextmanager
def bot(sandbox: Sandbox, mode: str, folder: Path, command: list[str] | None) -> Iterator[Running]:
    """A bot in a process of its own, by `socket` or `http`: identity_bot, or `command` with mode and port added."""
    port = free_port()
    environment = {**os.environ, **sandbox.environment(), "DATABASE_URL": f"sqlite:///{folder / 'bench.db'}"}
    if mode == "http":
        environment.pop("SLACK_APP_TOKEN", None)
    settings = folder / f"{mode}.toml"
    settings.write_text(
        'intake_channel = "#vsp-identity"\nteam_channel = "#identity-surge"\n'
        f'repository = "{REPOSITORY}"\npeople = [{{ slack = "U0JUNIPER", github = "juniper-vale" }}]\n'
        f"[http]\nport = {port}\n",
        encoding="utf-8",
    )
    arguments = [sys.executable, "-m", *(command or ["identity_bot.cli", "--config", str(settings), "run"])]
    if command:
        arguments += [mode, str(port)]
    sandbox.slack.delivery.request_url = f"http://127.0.0.1:{port}/slack/events" if mode == "http" else None
    process = subprocess.Popen(arguments, env=environment, stderr=(folder / "bench.log").open("ab"))
    try:
        await_ready(process, port, folder)
        if mode == "socket" and not sandbox.slack.delivery.sockets.wait_for(1):
            raise RuntimeError("the bot did not connect")
        yield Running(pid=process.pid, url=f"http://127.0.0.1:{port}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        sandbox.slack.delivery.sockets.wait_for(0)


def await_ready(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    """Wait until /readyz says that the bot is ready."""
    for _ in range(2000):
        if process.poll() is not None:
            raise RuntimeError((folder / "bench.log").read_text(encoding="utf-8"))
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the bot did not become ready")


def await_idle(folder: Path, seconds: float = 300) -> None:
    """Wait until the bot whose database is in this folder has nothing to do within half a minute."""
    store = Store(f"sqlite:///{folder / 'bench.db'}")
    end = time.monotonic() + seconds
    while any(row.due_at < time.time() + 30 for row in Outbox(store).rows("waiting")):
        if time.monotonic() > end:
            raise RuntimeError(f"the bot was still busy after {seconds:.0f} seconds")
        time.sleep(0.05)
    store.close()


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def percentile(waits: list[float], share: int) -> float:
    """The value that `share` percent of the waits do not exceed."""
    return statistics.quantiles(waits, n=100, method="inclusive")[share - 1] if len(waits) > 1 else waits[0]


def figures(waits: list[float]) -> Mapping[str, float]:
    """The percentiles that are reported."""
    return {f"p{share}": percentile(waits, share) for share in (50, 95, 99)}


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Each figure's median over repeated rounds: one noisy round does not move it."""
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
