"""The lookout: keeps tickets as their issues are, whoever told of those, and finds out whose an issue is."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from identity_bot.desk.notifier import Notifier
from identity_bot.messages import words
from identity_bot.plugins.loader import Plugins, RequestType
from identity_bot.settings import Settings
from identity_bot.store.transaction import Transaction
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import (
    CloseReason,
    Effect,
    IssueSnapshot,
    LastNotified,
    Person,
    Stage,
    Ticket,
    TicketState,
    ticket_id,
)
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)

READS = "github:reads"
"""The lane of what only asks GitHub."""
GONE = (CloseReason.DELETED, CloseReason.MOVED)


def repository_for(request_type: RequestType, *, is_sensitive: bool) -> str:
    """The repository that gets such a ticket's issue, by the settings in force."""
    settings = request_type.settings
    return str((is_sensitive and settings["restricted_repository"]) or settings["repository"])


class Reconciler:
    """Compares issues with what was known of them; each difference is kept, and told, in one transaction."""

    def __init__(self, *, plugins: Plugins, settings: Settings, people: People, teller: Notifier) -> None:
        self._plugins = plugins
        self._settings = settings
        self._people = people
        self._teller = teller
        self.repositories = {name.casefold(): name for name in _repositories(settings, plugins)}
        """The repositories that are followed, as the settings write them, by their names in lower case."""
        self._restricted = _restricted(settings, plugins)

    def take_in(self, transaction: Transaction, snapshot: IssueSnapshot, *, is_fresh: bool) -> None:
        """Takes in an issue of a repository that is followed, and is named as the settings name it."""
        ticket = self._ticket_of(transaction, snapshot)
        if ticket is None:
            self._adopt(transaction, snapshot)
        elif ticket.number is None:
            self._take(transaction, ticket, snapshot)
        else:
            self._compare(transaction, ticket, snapshot, is_fresh)

    def _ticket_of(self, transaction: Transaction, snapshot: IssueSnapshot) -> Ticket | None:
        """The ticket whose issue this is: by the place, else by the marker of a ticket that has no issue yet."""
        ticket = transaction.ticket_at(*_place(snapshot))
        if ticket or not snapshot.ticket_id:
            return ticket
        ticket = transaction.ticket(snapshot.ticket_id)
        if ticket is None or ticket.number is None:
            return ticket if ticket and snapshot.repository in self.candidate_repositories(ticket) else None
        if (ticket.repository, ticket.number) == _place(snapshot):
            return ticket  # it got its place at this moment
        if not snapshot.is_gone:
            self._look(
                transaction, ticket
            )  # is this a copy of its marker, or was its issue transferred here?
        return None

    def candidate_repositories(self, ticket: Ticket) -> list[str]:
        """The repositories where a new ticket's issue may be: that of today's settings, and of those when it came."""
        request_type = self._plugins.types.get(ticket.type)
        today = [repository_for(request_type, is_sensitive=ticket.is_sensitive)] if request_type else []
        return [self.repositories.get(name.casefold(), name) for name in (*today, ticket.repository)]

    def _compare(
        self, transaction: Transaction, ticket: Ticket, snapshot: IssueSnapshot, is_fresh: bool
    ) -> None:
        if snapshot.is_gone:
            self._lose(transaction, ticket, snapshot)
            return
        if snapshot.updated_at < ticket.seen_at:
            return
        now = lifecycle.observe(ticket, snapshot)
        if now == ticket:
            return
        # GitHub's clock shows whole seconds: which of two states is the later one, only GitHub can tell. What was on
        # its way when the issue vanished may be no older than that either.
        is_doubtful = snapshot.updated_at == ticket.seen_at or ticket.state.close_reason in GONE
        if is_doubtful:
            # Also after its own answer, which a webhook may have overtaken: until two in a row say the same.
            self._look(transaction, ticket)
        if is_doubtful and not is_fresh:
            return
        transaction.save(now)
        if now.state != ticket.state or now.inconsistency != ticket.inconsistency:
            self._teller.follow(transaction, now)

    def _lose(self, transaction: Transaction, ticket: Ticket, snapshot: IssueSnapshot) -> None:
        """A ticket whose issue is not where it was: it follows it, or counts as closed."""
        repository = self.repositories.get(snapshot.moved_to[0].casefold()) if snapshot.moved_to else None
        if repository and snapshot.moved_to:
            number = snapshot.moved_to[1]
            # Another ticket is there if somebody gave the issue our label before we heard where it came from.
            if transaction.ticket_at(repository, number) is None:
                followed = replace(ticket, repository=repository, number=number, seen_at=0.0)
                if repository.casefold() in self._restricted and not ticket.is_sensitive:
                    # Who moved it there wants it read there only: no more of it in the thread that all can read.
                    followed = replace(followed, is_sensitive=True, is_direct=True, thread=None)
                transaction.save(followed)
                # Its card may show more than it should from now on.
                self._teller.follow(transaction, followed)
                self._look(transaction, ticket)
                return
        state = replace(
            ticket.state, stage=Stage.CLOSED, close_reason=lifecycle.state_of(snapshot).close_reason
        )
        if state == ticket.state:
            return
        if ticket.stage is not Stage.CLOSED and not repository:
            self._teller.notice(transaction, words.gone(ticket, snapshot.moved_to))
        now = replace(ticket, state=state, seen_at=max(ticket.seen_at, snapshot.updated_at))
        transaction.save(now)
        self._teller.follow(transaction, now)

    def _take(
        self, transaction: Transaction, ticket: Ticket, snapshot: IssueSnapshot, *, is_adopted: bool = False
    ) -> None:
        """A ticket whose issue is seen for the first time."""
        now = lifecycle.observe(ticket, snapshot)
        known = now.state
        if not is_adopted:
            # What the bot itself gave it is no news; what people have done since is.
            leads = {lead.get("github", "").casefold() for lead in self._leads(ticket)}
            assigned = tuple(login for login in now.state.assignees if login.casefold() in leads)
            known = TicketState(assignees=assigned, stage=Stage.ASSIGNED if assigned else Stage.OPEN)
        now = replace(now, told=LastNotified(number=0, at=0.0, before=known, now=known))
        log.info("ticket created: #%s", now.number, extra={"ticket": now.id})
        self._teller.welcome(transaction, now)

    def _leads(self, ticket: Ticket) -> Sequence[Mapping[str, str]]:
        request_type = self._plugins.of(ticket.type)
        return request_type.settings["leads"] if request_type and ticket.is_urgent else ()

    def _adopt(self, transaction: Transaction, snapshot: IssueSnapshot) -> None:
        """Makes a ticket of an issue that somebody has given the common label; one of another database is not ours."""
        labels = {label.casefold() for label in snapshot.labels}
        is_ours = self._settings.label.casefold() in labels and not snapshot.ticket_id
        if not is_ours or not snapshot.is_open or snapshot.is_gone:
            return
        types = [name for name in self._plugins.types if name.casefold() in labels]
        ticket = Ticket(
            id=ticket_id(f"{snapshot.repository}#{snapshot.number}"),
            type=types[0] if len(types) == 1 else "",
            requestor=Person(
                slack_id=self._people.slack_id(snapshot.author), name=snapshot.author, handle=snapshot.author
            ),
            answers={},
            submitted_at=transaction.now,
            is_sensitive=snapshot.repository.casefold() in self._restricted,
            is_direct=True,
            repository=snapshot.repository,
        )
        if transaction.add_ticket(ticket):
            self._take(transaction, ticket, snapshot, is_adopted=True)
        else:
            self._look(
                transaction, ticket
            )  # another process adopted it at this moment, perhaps from an older state

    def _look(self, transaction: Transaction, ticket: Ticket) -> None:
        transaction.enqueue_once(Effect(lane=READS, kind="look_at_issue", ticket_id=ticket.id))


def _place(snapshot: IssueSnapshot) -> tuple[str, int]:
    return snapshot.repository, snapshot.number


def _repositories(settings: Settings, plugins: Plugins) -> Iterator[str]:
    """Every repository that a ticket's issue may be in."""
    for section in _sections(settings, plugins):
        yield from filter(None, (section["repository"], section["restricted_repository"]))


def _restricted(settings: Settings, plugins: Plugins) -> frozenset[str]:
    """The repositories, by their names in lower case, that get sensitive tickets and no others."""
    sections = _sections(settings, plugins)
    named = {str(section["restricted_repository"] or "").casefold() for section in sections}
    return frozenset(named - {str(section["repository"]).casefold() for section in sections} - {""})


def _sections(settings: Settings, plugins: Plugins) -> list[Mapping[str, Any]]:
    common = {"repository": settings.repository, "restricted_repository": settings.restricted_repository}
    return [common, *(request_type.settings for request_type in plugins.types.values())]
