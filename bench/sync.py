"""A full sync: how long it takes to make every ticket again from GitHub, and what requests and memory that takes."""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping
from pathlib import Path

from bench.people import REPOSITORY
from identity_bot import settings
from identity_bot.app import build
from identity_bot.store.store import Store
from identity_bot_sandbox.server import Sandbox

LABEL = "identity-slackbot"
LEAD = "indigo-marshwick"
SETTINGS = f"""
intake_channel = "C0INTAKE"
team_channel = "C0TEAM"
repository = "{REPOSITORY}"
"""


def full_sync(folder: Path, database_url: str, issues: int) -> Mapping[str, float]:
    """Seconds, requests to GitHub, growth of memory in MB, and tickets made, for so many issues of one repository."""
    Store(database_url).migrate()
    (folder / "sync.toml").write_text(SETTINGS, encoding="utf-8")
    with Sandbox() as sandbox:
        for number in range(issues):
            sandbox.github.open_issue(REPOSITORY, f"Request {number}", "Please.", actor=LEAD, labels=(LABEL,))
        loaded = settings.load(folder / "sync.toml", {**sandbox.environment(), "DATABASE_URL": database_url})
        bot = build(loaded, min_intervals=False)
        before, memory = sandbox.github.traffic.count(), _memory()
        begun = time.perf_counter()
        tickets = sum(progress.tickets for progress in bot.sync())
        seconds = time.perf_counter() - begun
        asked = sandbox.github.traffic.count() - before
        grown = _memory() - memory
        told = len(sandbox.slack.messages("C0INTAKE"))
        bot.stop()
    if tickets != issues or told:
        raise RuntimeError(f"{tickets} tickets of {issues} issues; {told} messages")
    return {"seconds": seconds, "requests": asked, "memory": grown}


def _memory() -> float:
    """The most that this process has used so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
