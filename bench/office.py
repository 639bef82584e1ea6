"""A desk on SQLite with its worker, without a world: GitHub and Slack in memory, and a clock that is moved."""

from __future__ import annotations

from pathlib import Path

from bench.people import REPOSITORY
from identity_bot import settings
from identity_bot.app import assemble
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.outbox import Outbox
from identity_bot.outbox.ports import Tracker
from identity_bot.outbox.queue import Queue
from identity_bot.outbox.worker import Worker
from identity_bot.plugins import loader
from identity_bot.store.store import Store
from identity_bot.testing import Clock, MemoryChat
from identity_bot.tickets.model import Ticket, ticket_id
from identity_bot.tickets.people import People

SETTINGS = f"""
intake_channel = "C0INTAKE"
team_channel = "C0TEAM"
repository = "{REPOSITORY}"
people = [{{ slack = "U0JUNIPER", github = "juniper-vale" }}]
"""


class Office:
    """A desk whose worker keeps to no minimum intervals, so that only our own work is measured."""

    def __init__(
        self, folder: Path, tracker: Tracker, clock: Clock, *, url: str = "", toml: str = SETTINGS
    ) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "bench.toml").write_text(toml, encoding="utf-8")
        environ = {"GITHUB_TOKEN": "unused", "DATABASE_URL": url or f"sqlite:///{folder / 'bench.db'}"}
        loaded = settings.load(folder / "bench.toml", environ)
        self.clock = clock
        self.store = Store(loaded.database_url, clock)
        self.store.migrate()
        people = People(loaded.who_is_who, self.store.links)
        self.chat = MemoryChat(people=people)
        self.desk, context = assemble(
            store=self.store,
            plugins=loader.load(loaded, loader.find()),
            settings=loaded,
            people=people,
            tracker=tracker,
            reader=tracker,
            chat=self.chat,
            is_team=lambda slack_id: False,
        )
        self.outbox = Outbox(self.store)
        self.worker = Worker(Queue(self.store), EFFECTS, context, min_intervals=False, threads=0)

    def finish(self) -> int:
        """Work until all is told, for four seconds of the clock; how many effects are done by then."""
        for _ in range(4):
            self.worker.run_due()
            self.clock.move(1)
        self.worker.run_due()
        left = [row.kind for row in self.outbox.rows("waiting") if row.due_at <= self.clock()]
        if left or self.outbox.count("failed"):
            raise RuntimeError(f"effects are left: {', '.join(sorted(set(left))) or 'failed ones'}")
        return self.outbox.count("done")

    def ticket(self, number: int) -> Ticket:
        """The ticket of an issue."""
        found = self.store.ticket(ticket_id(f"{REPOSITORY}#{number}"))
        assert found
        return found
