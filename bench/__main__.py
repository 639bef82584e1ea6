"""Measures identity_bot against a bare Bolt app in the same run, and prints figures, ratios and what was aimed at."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from bench.changes import Team, idle_poll
from bench.deliveries import take_in
from bench.effects import effects_per_second
from bench.people import People, bot, figures
from identity_bot_sandbox.server import Sandbox

BARE = ["bench.bare"]


def main() -> None:
    """Everything, or with --quick a fraction of the rounds."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a first look")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        commands(Path(folder), rounds=10 if quick else 60)
        submissions(Path(folder), rounds=5 if quick else 25)
        worker(Path(folder))
        changes(seconds=4 if quick else 20, tickets=4 if quick else 15)
        deliveries(Path(folder), tickets=100 if quick else 1_000)
        start(Path(folder))


def commands(folder: Path, rounds: int) -> None:
    """Command to views.open, for bare and ours in turn, so that a noisy minute hits both."""
    print(
        "Command typed → views.open at Slack, in milliseconds (aim: p50 ≤ 1.25 × bare; p95 at 8 people < 40)"
    )
    for mode in ("socket", "http"):
        for count in (1, 8, 32):
            waits: dict[str, list[float]] = {"bare": [], "ours": []}
            for _ in range(3):
                for name, command in (("bare", BARE), ("ours", None)):
                    with Sandbox() as sandbox, bot(sandbox, mode, folder, command):
                        people = People(sandbox, count)
                        people.open_forms(3)
                        waits[name] += people.open_forms(max(5, rounds // count))
            bare, ours = figures(waits["bare"]), figures(waits["ours"])
            print(
                f"  {mode:6} {count:2} people: bare p50 {bare['p50']:6.1f} p95 {bare['p95']:6.1f}"
                f" | ours p50 {ours['p50']:6.1f} p95 {ours['p95']:6.1f}"
                f" | ratio p50 {ours['p50'] / bare['p50']:.2f} p95 {ours['p95'] / bare['p95']:.2f}",
                flush=True,
            )


def submissions(folder: Path, rounds: int) -> None:
    """Form sent to ack with the ticket durable, and to the issue's POST."""
    for mode in ("socket", "http"):
        with Sandbox() as sandbox, bot(sandbox, mode, folder, None):
            people = People(sandbox, 8)
            people.send_forms(2)
            found = figures(people.send_forms(rounds))
            print(
                f"Form sent → ack, ticket durable, 8 people, {mode}: "
                + ", ".join(f"{name} {value:.1f} ms" for name, value in found.items())
                + " (aim: p99 < 100)",
                flush=True,
            )
    with (
        tempfile.TemporaryDirectory() as fresh,
        Sandbox() as sandbox,
        bot(sandbox, "socket", Path(fresh), None),
    ):
        people = People(sandbox, 1)
        people.file_issues(2)
        found = figures(people.file_issues(max(5, rounds // 2)))
        print(f"Form sent → issue opened, idle: p50 {found['p50']:.1f} ms (aim: < 150)", flush=True)


def worker(folder: Path) -> None:
    """Effects a second on SQLite with instant acts."""
    print("Worker on SQLite, instant acts, effects a second (aim: ≥ 500, flat from 1,000 to 100,000 rows)")
    for waiting, done in ((1_000, 0), (100_000, 0), (1_000, 100_000)):
        rates = sorted(
            effects_per_second(Path(tempfile.mkdtemp(dir=folder)), waiting=waiting, done=done)
            for _ in range(3)
        )
        print(f"  {waiting:7,} waiting, {done:7,} done: {rates[1]:6.0f}", flush=True)


def changes(seconds: int, tickets: int) -> None:
    """What is changed in GitHub, to the answer to its webhook, and to the message in Slack; and where nothing is."""
    with tempfile.TemporaryDirectory() as fresh, Sandbox() as sandbox:
        with bot(sandbox, "socket", Path(fresh), None) as running:
            team = Team(sandbox, running.url)
            numbers = team.adopt(tickets)
            time.sleep(2 * tickets + 5)  # until their cards stand
            found = figures(team.told(numbers))
            print(
                f"Change in GitHub → message in Slack, idle: p50 {found['p50']:.0f} ms (aim: < 1,000)",
                flush=True,
            )
        asked = idle_poll(sandbox)
        print(
            f"Poll of an unchanged repository: {', '.join(asked)} (aim: one conditional request)", flush=True
        )
    with (
        tempfile.TemporaryDirectory() as fresh,
        Sandbox() as sandbox,
        bot(sandbox, "socket", Path(fresh), None) as running,
    ):
        team = Team(sandbox, running.url)
        numbers = team.adopt(100)
        found = figures(team.answers(numbers, a_second=50, seconds=seconds))
        print(
            "Webhook → answer, 50 deliveries a second about 100 tickets, worker busy: "
            + ", ".join(f"{name} {value:.1f} ms" for name, value in found.items())
            + " (aim: p99 < 50)",
            flush=True,
        )


def deliveries(folder: Path, tickets: int) -> None:
    """Deliveries in any order, a tenth of them twice, until all is told; the messages are checked."""
    found = take_in(folder, tickets=tickets, deliveries=tickets * 10)
    print(
        f"{tickets * 10:,} deliveries of {tickets:,} tickets in any order → the right messages:"
        f" {found['seconds']:.1f} s of work without pacing, {found['cpu']:.1f} s of it on the processor,"
        f" {found['effects']:.0f} effects (aim: < 60 for 10,000)",
        flush=True,
    )


def start(folder: Path) -> None:
    """Time from start to ready, and memory then."""
    times, memory = [], 0
    with Sandbox() as sandbox:
        for _ in range(3):
            begun = time.perf_counter()
            with bot(sandbox, "socket", folder, None) as running:
                times.append(time.perf_counter() - begun)
                status = Path(f"/proc/{running.pid}/status")
                if status.exists():
                    lines = status.read_text(encoding="utf-8").splitlines()
                    memory = max(
                        memory, *(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
                    )
    print(f"Start to ready: {sorted(times)[1]:.2f} s (aim: < 2); memory {memory / 1024:.0f} MB (aim: < 120)")


if __name__ == "__main__":
    main()
