"""Plays a request type's whole life on a desk in memory, with sample answers and fictional people."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from identity_bot.app import assemble
from identity_bot.desk.notifier import QUIET
from identity_bot.errors import Invalid
from identity_bot.forms.form import Form
from identity_bot.forms.preview import condition
from identity_bot.github import issue_body
from identity_bot.messages import showcase as words
from identity_bot.messages.updates import Destination
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.queue import Queue
from identity_bot.outbox.worker import Worker
from identity_bot.plugins.approval import approvers
from identity_bot.plugins.loader import Plugins
from identity_bot.plugins.request_type import RequestType
from identity_bot.settings import Settings
from identity_bot.showcase import life
from identity_bot.showcase.answers import conditions, meeting, values_for
from identity_bot.showcase.values import Branch, Issue, Kind, Life, Moment, Showcase, Told
from identity_bot.showcase.watched import Described, Watched
from identity_bot.slack import modal
from identity_bot.standins import Clock, MemoryChat, MemoryTracker, Posted
from identity_bot.store.store import Store
from identity_bot.text import redaction
from identity_bot.tickets import lifecycle
from identity_bot.tickets.actions import ACTIONS
from identity_bot.tickets.model import Approval, IssuePatch, Ticket
from identity_bot.tickets.people import People

ValuesOf = Callable[[Form, Kind], Mapping[str, Any] | None]
"""The answers that lead a form to a kind of ticket; None if it has no such tickets."""
ROUNDS = 4
"""How often the worker looks for work in a moment: after a change, as people are told, and for what follows."""
PATIENCE = 30.0
FIRST = ("card", *Destination, "person", "alert")
"""The order of a moment's messages, which lanes post in any order."""


def show(name: str, plugins: Plugins, settings: Settings) -> Showcase:
    """The showcase of an installed request type; raises KeyError if there is none of this name."""
    return play(watched(plugins.types[name]), plugins, settings)


def play(
    request_type: Watched,
    plugins: Plugins,
    settings: Settings,
    *,
    values_of: ValuesOf = values_for,
    reason: str = life.REASON,
) -> Showcase:
    """The showcase of a request type that is watched, with the answers for each kind of ticket, and this reason."""
    name, form = request_type.name, request_type.form
    with quiet(), tempfile.TemporaryDirectory() as folder:
        store = Store(
            f"sqlite:///{Path(folder) / 'showcase.db'}",
            Clock(life.BEGINNING),
            patience=PATIENCE,
            durable=False,
        )
        try:
            store.migrate()
            stage = _Stage(store, replace(plugins, types={name: request_type}, sinks={}), settings, reason)
            lives = [
                stage.live(request_type, kind, values)
                for kind in Kind
                if (values := values_of(form, kind)) is not None
            ]
        finally:
            store.close()
    return Showcase(
        name=name,
        title=form.title,
        description=form.description,
        form=modal.modal(plugins.forms, modal.Draft(type=name)),
        branches=tuple(_branches(name, form, plugins.forms)),
        lives=tuple(lives),
        failures=tuple(request_type.failures.texts),
    )


def watched(request_type: RequestType) -> Watched:
    """The request type among fictional people, with the leads of the settings."""
    people = [*request_type.settings["people"], *life.TEAM]
    return Watched(
        name=request_type.name,
        form=request_type.form,
        settings=MappingProxyType({**request_type.settings, "people": people}),
        manager=request_type.manager,
        failures=Described(),
    )


def _branches(name: str, form: Form, forms: Mapping[str, Form]) -> Iterator[Branch]:
    """What each condition adds to the form."""
    for when in conditions(form):
        values = {**form.suggestions(), **meeting(form, when)}
        added = [one for one in form.shown_questions(values) if one.shown_when == when]
        yield Branch(
            when=condition(form, when),
            questions=tuple(one.name for one in added),
            labels=tuple(one.label for one in added),
            view=modal.modal(forms, modal.Draft(type=name, values=values)),
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what the desk logs of plugins that fail out of the terminal, as the showcase says it."""
    ours = logging.getLogger("identity_bot")
    propagates, silent = ours.propagate, logging.NullHandler()
    ours.propagate = False
    ours.addHandler(silent)
    try:
        yield
    finally:
        ours.removeHandler(silent)
        ours.propagate = propagates


def _place(to: str) -> int:
    return FIRST.index(to) if to in FIRST else len(FIRST)


class _Stage:
    """A desk on stand-ins, on which one ticket after the other lives."""

    def __init__(self, store: Store, plugins: Plugins, settings: Settings, reason: str) -> None:
        clock = store.clock
        assert isinstance(clock, Clock)
        self.clock = clock
        self.settings = settings
        self.plugins = plugins
        self.store = store
        self.reason = reason
        people = self.people = People([*settings.who_is_who, *life.TEAM])
        team = frozenset(one["slack"] for one in life.TEAM)
        self.tracker = MemoryTracker(clock, writers={one["github"] for one in life.TEAM})
        self.chat = MemoryChat(people=people, team=team, names=dict(life.NAMES))
        self.desk, context = assemble(
            store=store,
            plugins=plugins,
            settings=settings,
            people=people,
            tracker=self.tracker,
            reader=self.tracker,
            chat=self.chat,
            is_team=team.__contains__,
        )
        self.worker = Worker(Queue(store), EFFECTS, context, min_intervals=False, jitter=lambda: 0.5)

    def live(self, request_type: Watched, kind: Kind, values: Mapping[str, object]) -> Life:
        """One ticket's life, from its submission on."""
        try:
            ticket = self.desk.submit(
                request_type.name, values, life.REQUESTOR, submission=f"showcase:{kind}", origin=None
            )
        except Invalid as error:
            labels = {one.name: one.label for one in request_type.form.all_questions}
            problems = (words.refused(labels.get(name, name), said) for name, said in error.problems.items())
            return Life(kind=kind, problems=tuple(problems))
        name = life.NAMES[life.REQUESTOR.slack_id]
        moments = [self._moment(ticket, request_type, words.did(name, words.SUBMITTED))]
        repository, draft = self.tracker.issues[-1]
        issue = Issue(
            repository=repository,
            title=draft.title,
            body=issue_body.body(ticket, draft.body),
            labels=draft.labels,
            assignees=draft.assignees,
        )
        texts = [one for one in ticket.answers.values() if isinstance(one, str)]
        written = next(filter(redaction.is_long_enough, texts), name)
        original = self._another(request_type, kind, values)
        approver = self._approver(ticket, request_type)
        for step in life.steps(
            kind, self.desk.today(), written, original, reason=self.reason, approver=approver
        ):
            self.desk.change(ticket.id, step.change, by=step.by)
            by = words.did(life.NAMES.get(step.by, step.by), ACTIONS[step.change.action].did)
            moments.append(self._moment(ticket, request_type, by))
        return Life(kind=kind, issue=issue, moments=tuple(moments))

    def _approver(self, ticket: Ticket, request_type: Watched) -> str:
        """Who decides on a ticket that needs approval; in GitHub, by hand, if nobody of the settings can in Slack."""
        now = self.store.ticket(ticket.id)
        if now is None or now.state.approval is not Approval.NEEDED:
            return ""
        plugins = replace(self.plugins, types={request_type.name: request_type})
        able = approvers(plugins, now, self.people)
        if found := next((one["slack"] for one in able if "slack" in one), ""):
            return found
        where = now.repository, now.number or 0
        approved = lifecycle.labels_after(
            self.tracker.now[where].labels, IssuePatch(approval=Approval.APPROVED)
        )
        self.desk.observe(self.tracker.edit(where[1], labels=frozenset(approved)))
        return ""

    def _another(self, request_type: Watched, kind: Kind, values: Mapping[str, object]) -> str:
        """The id of another ticket with the same answers; what people are told of it is not shown."""
        other = self.desk.submit(
            request_type.name, values, life.REQUESTOR, submission=f"showcase:{kind}:another", origin=None
        )
        self._moment(other, request_type, "")
        return other.id

    def _moment(self, ticket: Ticket, request_type: Watched, by: str) -> Moment:
        """Let all that follows happen, and see what it was."""
        posts, comments, events = len(self.chat.posts), len(self.tracker.comments), len(request_type.events)
        for _ in range(ROUNDS):
            self.worker.run_due()
            self.clock.move(QUIET)
        now = self.store.ticket(ticket.id)
        snapshot = self.tracker.now[now.repository, now.number] if now and now.number else None
        messages = (self._told(ticket, place) for place in range(posts, len(self.chat.posts)))
        return Moment(
            events=tuple(dict.fromkeys(one.kind.value for one in request_type.events[events:])),
            by=by,
            messages=tuple(sorted(messages, key=lambda one: _place(one.to))),
            labels=tuple(sorted(snapshot.labels)) if snapshot else (),
            assignees=tuple(sorted(snapshot.assignees)) if snapshot else (),
            comments=tuple(
                issue_body.words_in(body).strip() for *_, body, _ in self.tracker.comments[comments:]
            ),
        )

    def _told(self, ticket: Ticket, place: int) -> Told:
        """A message as it was posted, by its place among all."""
        posted = self.chat.posts[place]
        known = self.store.message_in(posted.channel, str(place + 1))
        to = known.to if known else self._to(posted)
        person = life.NAMES.get(posted.channel, "")
        where = words.where(
            to,
            channel=posted.channel,
            is_direct=bool(person),
            is_reply=posted.thread_ts is not None,
            name=person or life.NAMES[ticket.requestor.slack_id],
        )
        return Told(to=to, where=where, text=posted.text, blocks=tuple(posted.blocks))

    def _to(self, posted: Posted) -> str:
        """For whom a message is that is not an update about a ticket."""
        if posted.key.startswith("card:"):
            return "card"
        return "alert" if posted.channel == self.settings.team_channel else "person"
