"""The desk: requests come in, become tickets, and every change of a ticket is told; it knows no vendor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from identity_bot import commands, defaults, forms, lifecycle, words
from identity_bot.errors import AlreadyFiled, Impossible, Invalid, NotAllowed
from identity_bot.model import (
    Asked,
    Change,
    Effect,
    EventKind,
    Facts,
    IssueComment,
    IssueSnapshot,
    Move,
    Person,
    Post,
    Stage,
    Ticket,
    Told,
    ticket_id,
)
from identity_bot.people import People
from identity_bot.plugins import Plugins, RequestType
from identity_bot.settings import Settings
from identity_bot.store import Store, Transaction
from identity_bot.teller import TELLINGS, Teller

log = logging.getLogger(__name__)

GITHUB, READS, VIEWS = "github", "github:reads", "slack:views"
TEAM_TIME = ZoneInfo("America/New_York")


def pace(lane: str) -> float:
    """Seconds that a lane rests between two effects: both Slack (a channel) and GitHub (writes) ask for one."""
    return 0.0 if lane in (READS, VIEWS, TELLINGS) else 1.0


def repository_for(request_type: RequestType, *, is_sensitive: bool) -> str:
    """The repository that gets such a ticket's issue, by the settings in force."""
    settings = request_type.settings
    return str((is_sensitive and settings["restricted_repository"]) or settings["repository"])


class Desk:
    """The use cases: each is one transaction that writes what is now so, and the effects that must follow.

    `members` gives the Slack ids of who is of the team; it may raise what a port raises.
    """

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        settings: Settings,
        members: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self.store = store
        self.plugins = plugins
        self.settings = settings
        self.people = People(settings.who_is_who)
        self.teller = Teller(plugins=plugins, settings=settings, people=self.people)
        self._members = members
        self.repositories = {name.casefold(): name for name in _repositories(settings, plugins)}
        """The repositories that are followed, as the settings write them, by their names in lower case."""

    def submit(
        self,
        type_name: str,
        values: Mapping[str, Any],
        requestor: Person,
        *,
        submission: str,
        origin: Post | None,
        is_elsewhere: bool = False,
    ) -> Ticket:
        """The ticket for a filled-in form; the same submission is the same ticket, however often it comes.

        `is_elsewhere` says that the form was opened outside the intake channel and belongs to no message either.
        Raises Invalid with the problems by question, AlreadyFiled where it comes with other answers than before,
        KeyError for a type that is not installed, and StoreError where nothing could be kept.
        """
        request_type = self.plugins.types[type_name]
        form = request_type.form
        answers = forms.load(form, values)
        problems = request_type.validate(answers, requestor)
        if problems:
            raise Invalid(problems)
        is_sensitive = form.is_sensitive(answers)
        ticket = Ticket(
            id=ticket_id(submission),
            type=type_name,
            requestor=replace(requestor, name=answers["name"], team=answers["team"]),
            answers=answers,
            submitted_at=self.store.clock(),
            is_urgent=answers["production"],
            is_sensitive=is_sensitive,
            is_direct=is_sensitive or is_elsewhere,
            repository=repository_for(request_type, is_sensitive=is_sensitive),
            origin=origin,
            thread=None if is_sensitive else origin,
        )
        effect = Effect(lane=GITHUB, kind="open_issue", ticket_id=ticket.id, payload={"view": submission})
        with self.store.begin() as transaction:
            if not transaction.add_ticket(ticket):
                log.info("submission came again", extra={"ticket": ticket.id})
                filed = transaction.ticket(ticket.id) or ticket
                if filed.answers != ticket.answers:
                    raise AlreadyFiled(filed)
                return filed
            transaction.enqueue(effect)
        log.info("ticket submitted: %s", type_name, extra={"ticket": ticket.id})
        return ticket

    def remarks(self, ticket: Ticket) -> list[str]:
        """What the receipt should add about a ticket's answers."""
        request_type = self.plugins.types.get(ticket.type)
        return defaults.remarks(request_type.form, ticket.answers) if request_type else []

    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket of this id, as it was last seen."""
        return self.store.ticket(ticket_id)

    def is_team(self, slack_id: str) -> bool:
        """Whether somebody may move tickets; raises where Slack cannot tell."""
        return slack_id in self._members()

    def today(self) -> date:
        """The day that it is where the team works."""
        return datetime.fromtimestamp(self.store.clock(), TEAM_TIME).date()

    def check(self, ticket: Ticket, move: Move, by: str) -> None:
        """Raises NotAllowed where a move is not somebody's to make, Impossible where the ticket does not allow it."""
        is_own = by == ticket.requestor.slack_id
        whose = lifecycle.MOVES[move].by
        if whose is lifecycle.By.REQUESTOR and not is_own:
            raise NotAllowed(words.not_requestor(ticket))
        may = is_own if whose is not lifecycle.By.TEAM else False
        if not may and not self.is_team(by):
            raise NotAllowed(words.not_team(ticket))
        if move not in lifecycle.possible(ticket):
            raise Impossible(ticket, move, is_so=ticket.stage in lifecycle.MOVES[move].at)

    def change(self, ticket_id: str, change: Change, *, by: str) -> Ticket:
        """Has the issue changed as somebody in Slack (`by`) asks; clicked twice it is done once.

        Raises NotAllowed, Impossible, KeyError for a ticket that there is not, and what `is_team` and the store raise.
        """
        ticket = self.store.ticket(ticket_id)
        if ticket is None:
            raise KeyError(ticket_id)
        self.check(ticket, change.move, by)
        lifecycle.plan(ticket, change)
        payload = {"move": change.move.value, "value": change.value, "reason": change.reason, "by": by}
        effect = Effect(lane=GITHUB, kind="change_issue", ticket_id=ticket.id, payload=payload)
        with self.store.begin() as transaction:
            if not transaction.is_waiting(effect):
                transaction.enqueue(effect)
        log.info("ticket: %s asked for", change.move.value, extra={"ticket": ticket.id})
        return ticket

    def note(self, ticket_id: str, kind: EventKind, asked: Asked | None) -> None:
        """Remembers who asks for a change that is about to be made, or forgets it where it was not made."""
        with self.store.begin() as transaction:
            ticket = transaction.ticket(ticket_id)
            if ticket:
                others = {k: a for k, a in ticket.asked.items() if k is not kind}
                transaction.save(replace(ticket, asked=others | ({kind: asked} if asked else {})))

    def keep_polling(self) -> None:
        """Has GitHub polled from now on, by one process at a time; where it is already, all stays as it is."""
        if self.settings.poll_seconds:
            with self.store.begin() as transaction:
                transaction.enqueue_once(Effect(lane=READS, kind="poll"))

    def hear(self, comment: IssueComment) -> None:
        """Takes in a comment on an issue: the commands in it are obeyed, once."""
        repository = self.repositories.get(comment.repository.casefold())
        reading = commands.read(comment.body, self.today())
        if repository is None or reading.is_empty:
            return
        with self.store.begin() as transaction:
            ticket = transaction.ticket_at(repository, comment.number)
            if ticket is None or not transaction.hear(repository, comment.id):
                return
            payload = {
                "comment": comment.id,
                "author": comment.author,
                "commands": [[command.name, command.value] for command in reading.commands],
                "problems": list(reading.problems),
            }
            transaction.enqueue(Effect(lane=GITHUB, kind="obey", ticket_id=ticket.id, payload=payload))

    def label_renamed(self, repository: str, was: str, now: str) -> None:
        """Tells the team where a label that means something here has another name; `now` is empty where it is gone."""
        ours = {self.settings.label.casefold(), *(name.casefold() for name in self.plugins.types)}
        is_ours = was.casefold() in ours or lifecycle.is_meant(was)
        if is_ours and repository.casefold() in self.repositories:
            with self.store.begin() as transaction:
                self.teller.notice(transaction, words.label_renamed(repository, was, now))

    def repository_renamed(self, was: str, now: str) -> None:
        """Tells the team where a repository of the settings has another name."""
        if was.casefold() in self.repositories:
            with self.store.begin() as transaction:
                self.teller.notice(transaction, words.repository_renamed(was, now))

    def observe(self, snapshot: IssueSnapshot, *, is_now: bool = False) -> None:
        """Takes in an issue as it was seen, by whatever way it was; the only way in which a ticket changes.

        `is_now` says that GitHub was asked for this issue, rather than told us of it.
        """
        repository = self.repositories.get(snapshot.repository.casefold())
        if repository is None:
            return
        snapshot = replace(snapshot, repository=repository)
        with self.store.begin() as transaction:
            ticket = self._ticket_of(transaction, snapshot)
            if ticket is None:
                self._adopt(transaction, snapshot)
            elif ticket.number is None:
                self._take(transaction, ticket, snapshot)
            else:
                self._compare(transaction, ticket, snapshot, is_now)

    def _ticket_of(self, transaction: Transaction, snapshot: IssueSnapshot) -> Ticket | None:
        """The ticket whose issue this is: by the marker where that fits, else by the place."""
        ticket = transaction.ticket(snapshot.ticket_id) if snapshot.ticket_id else None
        if ticket and (ticket.number is None or (ticket.repository, ticket.number) == _place(snapshot)):
            return ticket
        return transaction.ticket_at(*_place(snapshot))

    def _compare(
        self, transaction: Transaction, ticket: Ticket, snapshot: IssueSnapshot, is_now: bool
    ) -> None:
        if snapshot.moved_to and (repository := self.repositories.get(snapshot.moved_to[0].casefold())):
            transaction.save(replace(ticket, repository=repository, number=snapshot.moved_to[1], seen_at=0.0))
            self._look(transaction, ticket)
            return
        if snapshot.is_gone:
            if ticket.stage is not Stage.CLOSED:
                self.teller.notice(transaction, words.gone(ticket, snapshot.moved_to))
        elif snapshot.updated_at < ticket.seen_at:
            return
        now = lifecycle.observe(ticket, snapshot)
        if now == ticket:
            return
        if snapshot.updated_at == ticket.seen_at and not is_now and not snapshot.is_gone:
            # GitHub's clock shows whole seconds: which of the two is the later state, only GitHub can tell.
            self._look(transaction, ticket)
            return
        transaction.save(now)
        if now.facts != ticket.facts or now.remark != ticket.remark:
            self.teller.follow(transaction, now)

    def _take(
        self, transaction: Transaction, ticket: Ticket, snapshot: IssueSnapshot, *, is_adopted: bool = False
    ) -> None:
        """A ticket whose issue is seen for the first time."""
        now = lifecycle.observe(ticket, snapshot)
        known = now.facts
        if not is_adopted:
            # What the bot itself gave it is no news; what people have done since is.
            leads = {lead.get("github", "").casefold() for lead in self._leads(ticket)}
            assigned = tuple(login for login in now.facts.assignees if login.casefold() in leads)
            known = Facts(assignees=assigned, stage=Stage.ASSIGNED if assigned else Stage.OPEN)
        now = replace(now, told=Told(number=0, at=0.0, before=known, now=known))
        log.info("ticket created: #%s", now.number, extra={"ticket": now.id})
        self.teller.welcome(transaction, now)

    def _leads(self, ticket: Ticket) -> Sequence[Mapping[str, str]]:
        request_type = self.plugins.of(ticket.type)
        return request_type.settings["leads"] if request_type and ticket.is_urgent else ()

    def _adopt(self, transaction: Transaction, snapshot: IssueSnapshot) -> None:
        """Makes a ticket of an issue that somebody has given the common label; one of another database is not ours."""
        labels = {label.casefold() for label in snapshot.labels}
        is_ours = self.settings.label.casefold() in labels and not snapshot.ticket_id
        if not is_ours or not snapshot.is_open or snapshot.is_gone:
            return
        types = [name for name in self.plugins.types if name.casefold() in labels]
        ticket = Ticket(
            id=ticket_id(f"{snapshot.repository}#{snapshot.number}"),
            type=types[0] if len(types) == 1 else "",
            requestor=Person(
                slack_id=self.people.slack_id(snapshot.author), name=snapshot.author, handle=snapshot.author
            ),
            answers={},
            submitted_at=transaction.now,
            is_direct=True,
            repository=snapshot.repository,
        )
        if transaction.add_ticket(ticket):
            self._take(transaction, ticket, snapshot, is_adopted=True)

    def _look(self, transaction: Transaction, ticket: Ticket) -> None:
        transaction.enqueue_once(Effect(lane=READS, kind="look_at_issue", ticket_id=ticket.id))


def _place(snapshot: IssueSnapshot) -> tuple[str, int]:
    return snapshot.repository, snapshot.number


def _repositories(settings: Settings, plugins: Plugins) -> Iterator[str]:
    """Every repository that a ticket's issue may be in."""
    own = [request_type.settings for request_type in plugins.types.values()]
    common = {"repository": settings.repository, "restricted_repository": settings.restricted_repository}
    for section in (common, *own):
        yield from filter(None, (section["repository"], section["restricted_repository"]))
