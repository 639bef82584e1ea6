"""A desk on stand-ins: a GitHub and a Slack in memory, a database of its own, and a clock to move."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from identity_bot.app import assemble
from identity_bot.desk.desk import Desk
from identity_bot.forms.samples import sample_values
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.outbox import Outbox
from identity_bot.outbox.queue import Queue
from identity_bot.outbox.worker import Worker
from identity_bot.plugins import loader
from identity_bot.settings import Settings
from identity_bot.showcase.life import REQUESTOR, TEAM, who_takes
from identity_bot.showcase.values import Issue
from identity_bot.standins import Clock, MemoryChat, MemoryTracker
from identity_bot.store.store import Store
from identity_bot.testing.candidates import base_settings, candidate
from identity_bot.testing.candidates import load as load_plugins
from identity_bot.testing.database import new_sqlite
from identity_bot.text.names import did_you_mean
from identity_bot.tickets.model import Action, Change, Person, Ticket
from identity_bot.tickets.people import People

PATIENCE = 30.0
"""Seconds to wait for the database, which other tests on a busy machine may slow down."""


class MemoryDesk:
    """A desk with its outbox and worker, for plugins that a test loads.

    Its people are fictional: Juniper Vale asks; Indigo Marshwick and Sage Hollowell lead the team, which Linden
    Brookmere is on. Nothing happens by itself: `work` lets the bot do what is due.
    """

    def __init__(
        self, folder: Path, *, settings: Settings | None = None, plugins: loader.Plugins | None = None
    ) -> None:
        self.settings = settings or base_settings({"DATABASE_URL": new_sqlite(folder / "desk.db")})
        self.clock = Clock()
        self.store = Store(self.settings.database_url, self.clock, patience=PATIENCE, durable=False)
        self.people = People(self.settings.who_is_who, self.store.links)
        self.tracker = MemoryTracker(self.clock, writers={one["github"] for one in TEAM})
        self.chat = MemoryChat(people=self.people, team=frozenset(one["slack"] for one in TEAM))
        self.queue = Queue(self.store)
        self._found: dict[str, loader.Found] = {}
        self._sections: dict[str, Mapping[str, Any]] = {}
        self._submissions = 0
        self.plugins = plugins or loader.load(self.settings, [])
        self.restart()

    @property
    def outbox(self) -> Outbox:
        """The outbox as operators see it."""
        return Outbox(self.store)

    def load(
        self, plugin: Any, *, settings: Mapping[str, Any] | None = None, name: str = ""
    ) -> loader.RequestType | None:
        """Start again with one more plugin: its module, or the name of one that is installed.

        `settings` are its section of the settings file. Returns the request type, None for an observer. Raises
        SettingsError or PluginError, as the bot says it, if the plugin or its section cannot be used.
        """
        found = candidate(plugin, name)
        known = {**self._found, found.name: found}
        sections = {**self._sections, found.name: settings or {}}
        self.settings, self.plugins = load_plugins(self.settings, tuple(known.values()), sections)
        self._found, self._sections = known, sections
        self.restart()
        return self.plugins.types.get(found.name)

    def restart(self, *, without: str = "") -> Desk:
        """A desk on the same database, as after a restart, without one of the request types."""
        types = {name: one for name, one in self.plugins.types.items() if name != without}
        sinks = {name: one for name, one in self.plugins.sinks.items() if one.type != without}
        self.desk, self.context = assemble(
            store=self.store,
            plugins=replace(self.plugins, types=types, sinks=sinks),
            settings=self.settings,
            people=self.people,
            tracker=self.tracker,
            reader=self.tracker,
            chat=self.chat,
            is_team=lambda slack_id: slack_id in self.chat.team,
        )
        return self.desk

    def submit(self, type_name: str, *, by: Person = REQUESTOR, **answers: Any) -> Ticket:
        """Send a form with sample answers, but for those given by their questions' names.

        Raises Invalid, with the problems by question, if they are refused, and TypeError if there is no such question.
        """
        form = self.plugins.types[type_name].form
        names = [question.name for question in form.all_questions]
        for name in answers:
            if name not in names:
                raise TypeError(
                    f"the form of {type_name} has no question {name!r}{did_you_mean(name, names)}"
                )
        values = sample_values(form, answers) | answers
        self._submissions += 1
        return self.desk.submit(type_name, values, by, submission=f"V{self._submissions}", origin=None)

    def ticket(self, ticket: Ticket) -> Ticket:
        """A ticket as it now is."""
        found = self.store.ticket(ticket.id)
        assert found
        return found

    def act(
        self, ticket: Ticket, action: Action, value: str = "", *, by: str = "", reason: str = ""
    ) -> Ticket:
        """Somebody in Slack takes an action; without `by`, a Slack id, somebody who may.

        `value` is what the action asks for, such as a GitHub login, a date, a priority or a close reason.
        """
        change = Change(action=action, value=value, reason=reason)
        return self.desk.change(ticket.id, change, by=by or who_takes(action))

    def work(self, seconds: float = 60, *, min_intervals: bool = True) -> None:
        """Let the bot work for that long: issues are opened and changed, and people are told."""
        worker = Worker(self.queue, EFFECTS, self.context, min_intervals=min_intervals, jitter=lambda: 0.5)
        end = self.clock.now + seconds
        while self.clock.now < end:
            worker.run_due()
            self.clock.move(min(max(1.0, self._idle()), end - self.clock.now))

    def issue(self, ticket: Ticket) -> Issue:
        """A ticket's issue as it now is, without the bot's own lines in its body."""
        now = self.ticket(ticket)
        where = now.repository, now.number or 0
        snapshot = self.tracker.now[where]
        return Issue(
            repository=now.repository,
            title=snapshot.title,
            body=self.tracker.texts[where],
            labels=tuple(sorted(snapshot.labels)),
            assignees=tuple(sorted(snapshot.assignees)),
        )

    def told(self, to: str) -> list[str]:
        """What was said to somebody, as Slack's mrkdwn and as it now reads, oldest first.

        `to` is `requestor`, `intake`, `team` or `members`, wherever their messages stand, or a channel's id, a
        person's too.
        """
        return [
            posted.text
            for place, posted in enumerate(self.chat.posts, 1)
            if to in (posted.channel, self._to(posted.channel, place))
        ]

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def _idle(self) -> float:
        """Whole seconds until there is something to do; a lane that was left in a crash is looked at each second."""
        ready_in = self.queue.ready_in(also_held=True)
        return math.inf if ready_in is None else math.ceil(ready_in)

    def _to(self, channel: str, place: int) -> str:
        known = self.store.message_in(channel, str(place))
        return known.to if known else ""
