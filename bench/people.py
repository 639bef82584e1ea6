"""People of the sandbox who use a bot all at once, and how long each of them waits."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from identity_bot.sandbox.server import Sandbox
from identity_bot.sandbox.slack_state import Change

INTAKE = "C0INTAKE"
REPOSITORY = "sandbox-org/identity-requests"
ANSWERS = {
    "idbot:q:team": "Benefits",
    "idbot:q:name": "A person",
    "idbot:q:production": "no",
    "idbot:q:tested": "yes",
    "idbot:q:pull_request": "https://github.com/sandbox-org/vets-api/pull/7",
}


class People:
    """Some people in the intake channel of a sandbox; all times are in milliseconds."""

    def __init__(self, sandbox: Sandbox, count: int) -> None:
        self.slack, self.github = sandbox.slack, sandbox.github
        someone = self.slack.people["U0JUNIPER"]
        self.ids = [f"U0P{number:02}" for number in range(count)]
        for person in self.ids:
            self.slack.people[person] = replace(someone, slack_id=person, handle=person.lower())
            self.slack.channel(INTAKE).members.add(person)
        self._opened = {person: threading.Event() for person in self.ids}
        self._times: dict[str, float] = {}
        self.slack.subscribe(self._notice)

    def open_forms(self, rounds: int, text: str = "/help") -> list[float]:
        """Everybody types the command, again and again: the time until Slack has their view."""

        def one(person: str) -> list[float]:
            waits = []
            for _ in range(rounds):
                self._opened[person].clear()
                begun = time.perf_counter()
                self.slack.command(person, INTAKE, text)
                if not self._opened[person].wait(5):
                    raise RuntimeError("a form did not open within five seconds")
                waits.append((self._times[person] - begun) * 1000)
                self.slack.close(person)
            return waits

        with ThreadPoolExecutor(len(self.ids)) as hands:
            return [wait for waits in hands.map(one, self.ids) for wait in waits]

    def send_forms(self, rounds: int) -> list[float]:
        """Everybody opens, fills in and sends the form: the time from sending to the ack that says it is safe."""

        def one(person: str) -> list[float]:
            waits = []
            for _ in range(rounds):
                self._opened[person].clear()
                self.slack.command(person, INTAKE, "/help pr_review")
                self._opened[person].wait(5)
                self.slack.fill(person, ANSWERS)
                begun = time.perf_counter()
                problems = self.slack.submit(person)
                waits.append((time.perf_counter() - begun) * 1000)
                if problems:
                    raise RuntimeError(f"the form was refused: {problems}")
                self.slack.close(person)
            return waits

        with ThreadPoolExecutor(len(self.ids)) as hands:
            return [wait for waits in hands.map(one, self.ids) for wait in waits]

    def file_issues(self, rounds: int) -> list[float]:
        """One person at a time, with the bot idle: the time from sending to the issue's POST in GitHub."""
        person, waits = self.ids[0], []
        for _ in range(rounds):
            self.github.traffic.clear()
            self._opened[person].clear()
            self.slack.command(person, INTAKE, "/help pr_review")
            self._opened[person].wait(5)
            self.slack.fill(person, ANSWERS)
            begun = time.time()
            self.slack.submit(person)
            while not (made := self.github.traffic.requests("POST", f"/repos/{REPOSITORY}/issues")):
                time.sleep(0.001)
            waits.append((made[0].at - begun) * 1000)
            self.slack.close(person)
            time.sleep(2.5)  # until the bot's lanes have rested: GitHub asks for a second between writes
        return waits

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


@contextmanager
def bot(
    sandbox: Sandbox, mode: str, folder: Path, command: list[str] | None
) -> Iterator[subprocess.Popen[bytes]]:
    """A bot as a process of its own, `socket` or `http`: `command` with mode and port added, else identity_bot."""
    port = free_port()
    environment = {**os.environ, **sandbox.environment(), "DATABASE_URL": f"sqlite:///{folder / 'bench.db'}"}
    if mode == "http":
        environment.pop("SLACK_APP_TOKEN", None)
    settings = folder / f"{mode}.toml"
    settings.write_text(
        'intake_channel = "#vsp-identity"\nteam_channel = "#identity-surge"\n'
        f'repository = "{REPOSITORY}"\n[http]\nport = {port}\n',
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
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        sandbox.slack.delivery.sockets.wait_for(0)


def await_ready(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    """Waits until /readyz says so."""
    for _ in range(2000):
        if process.poll() is not None:
            raise RuntimeError((folder / "bench.log").read_text(encoding="utf-8"))
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the bot did not become ready")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def percentile(waits: list[float], share: int) -> float:
    """The value below which this share, in percent, of the waits lie."""
    return statistics.quantiles(waits, n=100, method="inclusive")[share - 1] if len(waits) > 1 else waits[0]


def figures(waits: list[float]) -> Mapping[str, float]:
    """The percentiles that people ask for."""
    return {f"p{share}": percentile(waits, share) for share in (50, 95, 99)}
