"""Measures identity_bot against a bare Bolt app in the same run, and prints figures, ratios and aims."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench import answers as self_service
from bench.changes import Team, idle_poll
from bench.clocks import digests, recompute
from bench.conversation import Talk
from bench.databases import databases, made
from bench.deliveries import take_in
from bench.effects import effects_per_second
from bench.lists import fill, looks
from bench.office import SETTINGS
from bench.outage import catch_up
from bench.people import People, await_idle, bot, figures, medians
from bench.report import report, scrape
from bench.sync import full_sync
from bench.timers import ring
from identity_bot import settings
from identity_bot.articles.index import Index
from identity_bot.desk.notifier import QUIET
from identity_bot.plugins import loader
from identity_bot_sandbox.server import Sandbox

MODES = ("socket", "http")


def main() -> None:
    """Run every measure, or with --quick a fraction of the rounds."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a first look")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        commands(Path(folder), rounds=3 if quick else 15)
        submissions(rounds=2 if quick else 5, times=3 if quick else 8)
        issues(times=3 if quick else 12)
        worker(Path(folder))
        changes(seconds=4 if quick else 20, tickets=4 if quick else 15)
        deliveries(Path(folder), tickets=100 if quick else 1_000)
        outage(Path(folder), count=300 if quick else 3_000)
        lists(Path(folder), sizes=(1_000, 10_000) if quick else (1_000, 100_000))
        clocks(Path(folder), count=5_000 if quick else 100_000)
        timers(Path(folder), seconds=20 if quick else 120)
        answers(1_000 if quick else 5_000)
        conversation(times=5 if quick else 20, flood=20 if quick else 500)
        sync(Path(folder), count=500 if quick else 10_000)
        start(Path(folder))


def commands(folder: Path, rounds: int) -> None:
    """Command to views.open. Bare and ours take turns within each round, so a noisy machine slows both."""
    path, size = save_view(folder)
    print(
        f"Command → views.open, in ms; both open our view of {size:,} bytes, bare has it built in advance;"
        f" medians of {rounds} rounds and of their ratios (aim: ratio ≤ 1.15 for p50 and p95)"
    )
    bare_bolt = ["bench.bare", str(path)]
    for mode in MODES:
        for count in (1, 8, 32):
            with (
                Sandbox() as bare_sandbox,
                bot(bare_sandbox, mode, folder, bare_bolt),
                Sandbox() as our_sandbox,
                bot(our_sandbox, mode, folder, None),
            ):
                bare, ours, ratios = compare(
                    People(bare_sandbox, count), People(our_sandbox, count), rounds, max(3, 40 // count)
                )
            print(
                f"  {mode:6} {count:2} people: bare p50 {bare['p50']:6.1f} p95 {bare['p95']:6.1f}"
                f" | ours p50 {ours['p50']:6.1f} p95 {ours['p95']:6.1f}"
                f" | ratio p50 {ratios['p50']:.2f} p95 {ratios['p95']:.2f}",
                flush=True,
            )


def save_view(folder: Path) -> tuple[Path, int]:
    """A file with the view that our bot opens for the command, for the bare app to open too, and its bytes as sent."""
    with Sandbox() as sandbox, bot(sandbox, "socket", folder, None):
        written = json.dumps(People(sandbox, 1).view())
    path = folder / "view.json"
    path.write_text(written, encoding="utf-8")
    return path, len(written.encode())


def compare(
    bare: People, ours: People, rounds: int, times: int
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """The medians over the rounds: bare's figures, ours, and the ratio of both in the same round."""
    bare.open_forms(3)
    ours.open_forms(3)
    found = []
    for number in range(rounds):
        waits = {}
        for people in (bare, ours) if number % 2 == 0 else (ours, bare):
            waits[people] = figures(people.open_forms(times))
        found.append((waits[bare], waits[ours]))
    ratios = [{name: our[name] / one[name] for name in our} for one, our in found]
    return medians([one for one, _ in found]), medians([our for _, our in found]), medians(ratios)


def submissions(rounds: int, times: int) -> None:
    """Form submitted to ack, when the ticket is durable."""
    print(f"Form → ack, ticket durable; medians of {rounds} rounds")
    for mode in MODES:
        for count, aim in ((8, 60), (32, 150)):
            with (
                tempfile.TemporaryDirectory() as fresh,
                Sandbox() as sandbox,
                bot(sandbox, mode, Path(fresh), None),
            ):
                people = People(sandbox, count)
                people.send_forms(2)
                found = medians([figures(people.send_forms(times)) for _ in range(rounds)])
            print(f"  {mode:6} {count:2} people: {shown(found)} (aim: p99 ≤ {aim})", flush=True)


def issues(times: int) -> None:
    """Form submitted to the issue's POST, while the bot is idle."""
    with (
        tempfile.TemporaryDirectory() as fresh,
        Sandbox() as sandbox,
        bot(sandbox, "socket", Path(fresh), None),
    ):
        people = People(sandbox, 1)
        people.file_issues(2)
        found = figures(people.file_issues(times))
    print(f"Form → issue opened, idle: p50 {found['p50']:.1f} ms (aim: < 150)", flush=True)


def shown(found: dict[str, float]) -> str:
    """Percentiles in a row."""
    return ", ".join(f"{name} {value:.1f} ms" for name, value in found.items())


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
            await_idle(Path(fresh))
            found = figures(team.told(numbers))
            print(
                f"Change in GitHub → message in Slack, idle: p50 {found['p50']:.0f} ms"
                f" (aim: < 2,500, with {QUIET:.0f} s of quiet)",
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
        f" {found['effects']:.0f} effects (aim: < 10 for 10,000)",
        flush=True,
    )


def outage(folder: Path, count: int) -> None:
    """One poll after a day without GitHub, until everything that it found is told."""
    seconds = catch_up(folder, changes=count)
    print(
        f"{count:,} changes found by one poll, all told: {seconds:.1f} s without pacing (aim: < 60 for 3,000)",
        flush=True,
    )


def lists(folder: Path, sizes: tuple[int, ...]) -> None:
    """Each list, Home and search with few tickets and with many, and the report and the metrics of those."""
    print("Lists, Home and search, p95 (aim: < 50 ms with 100,000 tickets, and flat)")
    (folder / "lists.toml").write_text(SETTINGS, encoding="utf-8")
    loaded = settings.load(folder / "lists.toml", {"GITHUB_TOKEN": "unused"})
    plugins = loader.load(loaded, loader.find())
    with databases(folder) as found:
        for name, url in found.items():
            store = made(url)
            slowest: dict[int, Mapping[str, float]] = {}
            for size in sizes:
                fill(store, size)
                slowest[size] = looks(store, plugins, rounds=40)
            scraped = scrape(store, times=20)
            store.close()
            made_in = report(url)
            few, many = (slowest[size] for size in (sizes[0], sizes[-1]))
            for look, p95 in many.items():
                print(
                    f"  {name:10} {look:30} {sizes[0]:7,}: {few[look]:6.1f} ms | {sizes[-1]:7,}: {p95:6.1f} ms",
                    flush=True,
                )
            print(
                f"  {name:10} monthly report of {sizes[-1]:,} tickets (aim: < 10 s, 300 MB): counted in"
                f" {made_in['count']:.1f} s, with page and picture {made_in['all']:.1f} s, {made_in['MB']:.0f} MB;"
                f" a scrape of /metrics (aim: < 50 ms): {scraped:.1f} ms",
                flush=True,
            )


def clocks(folder: Path, count: int) -> None:
    """Due times of open tickets after the settings have changed, and the digests of these tickets."""
    with databases(Path(tempfile.mkdtemp(dir=folder))) as found:
        for name, url in found.items():
            seconds = recompute(Path(tempfile.mkdtemp(dir=folder)), url, count)
            took = digests(url, times=20)
            print(
                f"{count:,} open tickets on {name}: due times after a change of the settings in {seconds:.1f} s"
                f" (aim: < 30); the team's digest in {took['team']:.0f} ms, one's own in {took['own']:.0f} ms"
                " (aim: < 200)",
                flush=True,
            )


def timers(folder: Path, seconds: int) -> None:
    """Timers that ring while replicas are killed."""
    with databases(Path(tempfile.mkdtemp(dir=folder))) as found:
        for name, url in found.items():
            late = ring(folder, url, timers=5 * seconds, seconds=seconds, kill_every=3.0)
            print(
                f"{5 * seconds} timers of three replicas on {name}, {late['kills']:.0f} kills: each rings once, late by"
                f" p50 {late['p50']:.2f} s, p95 {late['p95']:.2f} s, at most {late['max']:.2f} s (aim: < 5)",
                flush=True,
            )


def answers(count: int) -> None:
    """A search of many articles, and the first answers to questions about those of mock_auth."""
    articles = self_service.made_up(count)
    begun = time.perf_counter()
    index = Index(articles)
    built = time.perf_counter() - begun
    median, p95 = self_service.search_times(index, self_service.texts_to_search(articles))
    print(
        f"Search of {count:,} articles: p50 {median:.1f} ms, p95 {p95:.1f} ms (aim: < 20); indexed in {built:.1f} s"
    )
    import identity_bot_mock_auth

    search = identity_bot_mock_auth.ARTICLES.search
    for part, aim in (("questions", " (aim: ≥ 0.85)"), ("held_out", "")):
        found = self_service.precision(search, part)
        print(
            f"  first answers of mock_auth, {part}: {found.share:.2f} right of {found.asked}{aim};"
            f" {found.among_three} among the first three, {found.nothing} find nothing"
        )
    false, texts = self_service.false_answers(search)
    print(f"  texts about something else that find an article: {false} of {texts}", flush=True)


def conversation(times: int, flood: int) -> None:
    """Replies and comments on their way to the other side."""
    with (
        tempfile.TemporaryDirectory() as fresh,
        Sandbox() as sandbox,
        bot(sandbox, "socket", Path(fresh), None) as running,
    ):
        talk = Talk(sandbox, Path(fresh), running.url)
        replies, comments = figures(talk.replies(times)), figures(talk.comments(times))
        print(
            f"Reply in Slack → comment in GitHub, idle: p50 {replies['p50']:.0f} ms;"
            f" comment → reply: p50 {comments['p50']:.0f} ms (aim: < 1,500)",
            flush=True,
        )
        took, is_whole = talk.flood(flood, seconds=60 * flood / 500)
        print(
            f"{flood} replies at 500 a minute, copied at one a second: each is one comment, in order: {is_whole};"
            f" the last after {took:.0f} s",
            flush=True,
        )


def sync(folder: Path, count: int) -> None:
    """Every ticket made again from GitHub alone."""
    with databases(Path(tempfile.mkdtemp(dir=folder))) as found:
        for name, url in found.items():
            did = full_sync(folder, url, count)
            print(
                f"sync --full of {count:,} issues on {name}: {did['seconds']:.1f} s, {did['requests']:.0f} requests,"
                f" {did['memory']:.0f} MB more memory (aim: < 300 s, a request for each 100, flat)",
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
