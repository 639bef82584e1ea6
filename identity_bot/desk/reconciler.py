"""The reconciler: keeps each ticket equal to its issue, however the bot learned of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from identity_bot.desk.clocks import Clocks
from identity_bot.desk.notifier import Notifier
from identity_bot.messages import alerts, words
from identity_bot.outbox.effects.issues import (
    AdoptIssue,
    GetIssue,
    IdentifyIssue,
)
from identity_bot.plugins.loader import Plugins
from identity_bot.settings import Settings
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.text.names import fold, is_same
from identity_bot.tickets import lifecycle
from identity_bot.tickets.actions import event_for
from identity_bot.tickets.lifecycle import GONE
from identity_bot.tickets.model import (
    Approval,
    IssueSnapshot,
    MessageRef,
    Person,
    Stage,
    Ticket,
    TicketState,
    ticket_id,
)
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)


class Reconciler:
    """Compares issues with the tickets in the database; saves each difference and has the notifier follow it."""

    def __init__(
        self,
        *,
        plugins: Plugins,
        settings: Settings,
        people: People,
        notifier: Notifier,
        clocks: Clocks,
        account: Callable[[], str],
    ) -> None:
        """`account` is the login under which the bot writes; empty until GitHub has told it."""
        self._plugins = plugins
        self._settings = settings
        self._people = people
        self._notifier = notifier
        self._clocks = clocks
        self._account = account
        found = plugins.repositories
        self.repositories = {name: one.name for name, one in found.items()}
        """The repositories that the bot watches, spelled as in the settings, by their folded names."""
        names = tuple(self.repositories.values())
        self._prefixes = {name: words.prefix(name, names) for name in names}
        self._restricted = {name for name, one in found.items() if one.is_restricted}

    def reconcile(self, transaction: Transaction, snapshot: IssueSnapshot, *, is_fresh: bool = False) -> None:
        """Update the ticket of an issue; nothing else changes a ticket's state.

        `is_fresh` says that the bot just asked GitHub for this issue, rather than being told by a webhook or a poll.
        """
        repository = self.repositories.get(fold(snapshot.repository))
        if repository is None:
            return
        snapshot = replace(snapshot, repository=repository)
        ticket = transaction.ticket_at(*_place(snapshot))
        if ticket is None and snapshot.ticket_id:
            self._reconcile_marked(transaction, snapshot, snapshot.ticket_id)
        elif ticket is None:
            self.adopt(transaction, snapshot)
        else:
            self._compare(transaction, ticket, snapshot, is_fresh)

    def is_known(self, snapshot: IssueSnapshot, store: Store) -> bool:
        """Whether a snapshot tells nothing new: of an issue that is no ticket, or of a known or older state."""
        repository = self.repositories.get(fold(snapshot.repository))
        if repository is None:
            return True
        ticket = store.ticket_at(repository, snapshot.number)
        if ticket is None:
            return not (self._is_labeled(snapshot) or self._may_be_ours(snapshot))
        if snapshot.is_gone:
            return False
        seen = replace(snapshot, repository=repository)
        return snapshot.updated_at < ticket.issue_updated_at or self._observe(ticket, seen) == ticket

    def _observe(self, ticket: Ticket, snapshot: IssueSnapshot) -> Ticket:
        """The ticket as its issue shows it, with the name that it has among those of all repositories."""
        return replace(
            lifecycle.observe(ticket, snapshot), prefix=self._prefixes.get(snapshot.repository, "")
        )

    def _reconcile_marked(self, transaction: Transaction, snapshot: IssueSnapshot, ticket_id: str) -> None:
        """Find the ticket of an issue by its marker, which counts only if the bot wrote the issue."""
        account = self._account()
        if not account:
            transaction.enqueue(IdentifyIssue(snapshot=snapshot))
            return
        if not is_same(snapshot.author, account):
            self._adopt_marked(transaction, snapshot, ticket_id)
            return
        ticket = transaction.ticket(ticket_id)
        if ticket is None:
            self._restore(transaction, snapshot, ticket_id)
        elif ticket.number is None:
            if snapshot.repository in self.candidate_repositories(ticket):
                self._first_seen(transaction, ticket, snapshot)
        elif (ticket.repository, ticket.number) == _place(snapshot):
            # Another process saved its number just now.
            self._compare(transaction, ticket, snapshot, is_fresh=False)
        elif not snapshot.is_gone:
            # The issue was transferred here, or its text copied from another of ours: only GitHub can tell.
            self._get_issue(transaction, ticket)

    def _restore(self, transaction: Transaction, snapshot: IssueSnapshot, ticket_id: str) -> None:
        """Make a ticket again that the database has lost, for example because a backup was restored."""
        filed = snapshot.filed
        if filed is None or snapshot.is_gone:
            return
        is_sensitive = filed.is_sensitive or fold(snapshot.repository) in self._restricted
        ticket = Ticket(
            id=ticket_id,
            type=filed.type,
            requestor=filed.requestor,
            answers={},
            submitted_at=snapshot.created_at,
            is_urgent=filed.is_urgent,
            is_sensitive=is_sensitive,
            is_direct=filed.thread is None,
            is_timed=False,
            repository=snapshot.repository,
            origin=MessageRef(channel="", ts="", is_private=True) if filed.is_private else None,
            thread=filed.thread,
        )
        if is_sensitive and not filed.is_sensitive:
            # It was moved to be read there only, so the thread that it was filed with is not its anymore.
            ticket = replace(ticket.with_thread(None), is_direct=True)
        if transaction.add_ticket(ticket):
            now = self._clocks.recover(transaction, self._observe(ticket, snapshot))
            log.info("ticket restored: %s", words.number(now), extra={"ticket": now.id})
            self._notifier.restore(transaction, now, snapshot.created_at)
        else:
            self._get_issue(transaction, ticket)  # another process restored it just now

    def recover(self, transaction: Transaction, snapshot: IssueSnapshot) -> bool:
        """Make an issue's ticket again, or bring it up to date, telling nobody; whether the issue is a ticket.

        The bot must know its own account by then.
        """
        repository = self.repositories.get(fold(snapshot.repository))
        if repository is None or snapshot.is_gone:
            return False
        snapshot = replace(snapshot, repository=repository)
        ticket = transaction.ticket_at(*_place(snapshot))
        if ticket is None and snapshot.ticket_id and is_same(snapshot.author, self._account()):
            if transaction.ticket(snapshot.ticket_id):
                self.reconcile(transaction, snapshot)  # it waits for its issue, or was moved
            else:
                self._restore(transaction, snapshot, snapshot.ticket_id)
            return True
        if ticket is None:
            if not self._is_labeled(snapshot):
                return False
            ticket = self._adopted(snapshot)
            if transaction.add_ticket(ticket):
                now = self._clocks.recover(transaction, self._observe(ticket, snapshot))
                self._notifier.restore(transaction, now, snapshot.created_at)
            return True
        now = self._observe(ticket, snapshot)
        if snapshot.updated_at >= ticket.issue_updated_at and now != ticket:
            now = replace(now, last_notified=now.state)
            transaction.save(now)
            if _is_by_team(ticket, now):
                now = self._clocks.respond(transaction, now, _acted_at(now))
            self._notifier.follow(transaction, self._clocks.recover(transaction, now))
        return True

    def candidate_repositories(self, ticket: Ticket) -> list[str]:
        """Where a new ticket's issue may be: by today's settings, or by those in force when it was submitted."""
        request_type = self._plugins.types.get(ticket.type)
        today = [request_type.repository_for(ticket)] if request_type else []
        return [self.repositories.get(fold(name), name) for name in (*today, ticket.repository)]

    def _compare(
        self, transaction: Transaction, ticket: Ticket, snapshot: IssueSnapshot, is_fresh: bool
    ) -> None:
        if snapshot.is_gone:
            self._lose(transaction, ticket, snapshot)
            return
        if snapshot.updated_at < ticket.issue_updated_at:
            return
        now = self._observe(ticket, snapshot)
        if now == ticket:
            return
        # GitHub's timestamps are whole seconds: of two states in the same second only GitHub knows the later one. The
        # same goes for what was on its way when the issue vanished.
        is_doubtful = snapshot.updated_at == ticket.issue_updated_at or ticket.state.close_reason in GONE
        if is_doubtful:
            # Even after GitHub's own answer, which a webhook may have overtaken: ask until two answers agree.
            self._get_issue(transaction, ticket)
        if is_doubtful and not is_fresh:
            return
        opened = self._as_opened(ticket, now)
        now = replace(now, last_notified=opened.last_notified)
        transaction.save(now)
        if now.state != ticket.state:
            if _is_by_team(opened, now):
                now = self._clocks.respond(transaction, now, _acted_at(now))
            is_reopened = ticket.stage is Stage.CLOSED and now.stage is not Stage.CLOSED
            now = self._clocks.follow(transaction, now, is_reopened=is_reopened)
        if now.state != ticket.state or now.inconsistency != ticket.inconsistency:
            self._notifier.follow(transaction, now)

    def _lose(self, transaction: Transaction, ticket: Ticket, snapshot: IssueSnapshot) -> None:
        """Follow an issue that was transferred to a repository that the bot watches; else close the ticket."""
        repository = self.repositories.get(fold(snapshot.moved_to[0])) if snapshot.moved_to else None
        if repository and snapshot.moved_to:
            number = snapshot.moved_to[1]
            # Somebody may have put our label on it there, so that it became another ticket before we knew.
            if transaction.ticket_at(repository, number) is None:
                followed = replace(
                    ticket,
                    repository=repository,
                    number=number,
                    prefix=self._prefixes[repository],
                    issue_updated_at=0.0,
                )
                if fold(repository) in self._restricted and not ticket.is_sensitive:
                    # It was moved there to be read there only: stop posting in a thread that everybody can read.
                    self._notifier.hide(transaction, ticket)
                    followed = replace(
                        followed.with_thread(None), is_sensitive=True, is_direct=True, headline="", title=""
                    )
                transaction.save(followed)
                # The card may show more than it should now.
                self._notifier.follow(transaction, followed)
                self._get_issue(transaction, ticket)
                return
        state = replace(
            ticket.state, stage=Stage.CLOSED, close_reason=lifecycle.state_of(snapshot).close_reason
        )
        if state == ticket.state:
            return
        if ticket.stage is not Stage.CLOSED and not repository:
            self._notifier.alert(transaction, alerts.gone(ticket, snapshot.moved_to))
        # GitHub does not say when that was.
        closed_at = ticket.closed_at if ticket.stage is Stage.CLOSED else transaction.now
        now = replace(ticket, state=state, closed_at=closed_at)
        transaction.save(now)
        now = self._clocks.follow(transaction, now)
        self._notifier.follow(transaction, now)

    def _first_seen(
        self, transaction: Transaction, ticket: Ticket, snapshot: IssueSnapshot, *, is_adopted: bool = False
    ) -> None:
        """Save what a new issue says, and welcome the ticket."""
        now = self._observe(ticket, snapshot)
        known = now.state
        if not is_adopted:
            # What the bot itself put on the issue is no news; what people have done since is.
            leads = {fold(lead.get("github", "")) for lead in self._leads(ticket)}
            assigned = tuple(login for login in now.state.assignees if fold(login) in leads)
            known = TicketState(
                assignees=assigned,
                stage=Stage.ASSIGNED if assigned else Stage.OPEN,
                approval=now.state.approval if now.state.approval is Approval.NEEDED else None,
            )
        now = self._clocks.start(transaction, replace(now, last_notified=known))
        others = {fold(login) for login in now.state.assignees} - {fold(login) for login in known.assignees}
        if others and not is_adopted and others - self._assigned_first(now):
            # Somebody took it before the bot saw that it was there: GitHub's answer was lost.
            now = self._clocks.respond(transaction, now, _acted_at(now))
        log.info("ticket created: %s", words.number(now), extra={"ticket": now.id})
        self._notifier.welcome(transaction, now, opened_at=snapshot.created_at if is_adopted else None)

    def _as_opened(self, ticket: Ticket, now: Ticket) -> Ticket:
        """The ticket as if all that the bot itself put on its issue had been there when that was first seen.

        GitHub may tell that an issue was opened, and then of each label and assignee, before it answers the bot.
        """
        if ticket.responded_at is not None or not ticket.is_timed or ticket.stage is Stage.CLOSED:
            return ticket
        opened = ticket
        added = {fold(login) for login in now.state.assignees} - {fold(one) for one in ticket.state.assignees}
        if added and added <= self._put_first(now):
            assignees, stage = now.state.assignees, now.state.stage
            told = ticket.last_notified and replace(ticket.last_notified, assignees=assignees, stage=stage)
            state = replace(ticket.state, assignees=assignees, stage=stage)
            opened = replace(opened, state=state, last_notified=told)
        if (
            ticket.state.approval is None
            and now.state.approval is Approval.NEEDED
            and self._needs_approval(now)
        ):
            # Its approvers are still to be told.
            opened = replace(opened, state=replace(opened.state, approval=Approval.NEEDED))
        return opened

    def _needs_approval(self, ticket: Ticket) -> bool:
        request_type = self._plugins.of(ticket.type)
        if request_type is None:
            return False
        return request_type.form.needs_approval(request_type.migrated(ticket).answers)

    def _put_first(self, ticket: Ticket) -> set[str]:
        """The folded logins of all whom the bot itself assigns to a new issue."""
        return self._assigned_first(ticket) | {fold(one.get("github", "")) for one in self._leads(ticket)}

    def _assigned_first(self, ticket: Ticket) -> set[str]:
        """The folded logins of those whom the ticket's type itself assigns, apart from leads."""
        request_type = self._plugins.of(ticket.type)
        if request_type is None:
            return set()
        draft = request_type.render_issue(request_type.migrated(ticket))
        return {fold(login) for login in (*draft.assignees, request_type.route(ticket).assignee)}

    def _leads(self, ticket: Ticket) -> Sequence[Mapping[str, str]]:
        request_type = self._plugins.of(ticket.type)
        return request_type.route(ticket).leads if request_type and ticket.is_urgent else ()

    def _adopt_marked(self, transaction: Transaction, snapshot: IssueSnapshot, ticket_id: str) -> None:
        """Adopt an issue with a marker that its author did not get from us, unless it is an adopted one that moved."""
        marked = transaction.ticket(ticket_id) if self._is_adoptable(snapshot) else None
        if marked and marked.number is not None:
            # It was adopted elsewhere and transferred here, or its author copied the marker: only GitHub can tell.
            transaction.enqueue(AdoptIssue(snapshot=snapshot))
        else:
            self.adopt(transaction, snapshot)

    def adopt(self, transaction: Transaction, snapshot: IssueSnapshot) -> None:
        """Make a ticket of an issue that is none, that somebody else wrote and a member put the common label on."""
        if not self._is_adoptable(snapshot):
            return
        ticket = replace(self._adopted(snapshot), submitted_at=transaction.now)
        if transaction.add_ticket(ticket):
            self._first_seen(transaction, ticket, snapshot, is_adopted=True)
        else:
            # Another process adopted it just now, perhaps from an older state.
            self._get_issue(transaction, ticket)

    def _adopted(self, snapshot: IssueSnapshot) -> Ticket:
        """The ticket of an issue that somebody else wrote, requested when that was."""
        labels = {fold(label) for label in snapshot.labels}
        types = [name for name in self._plugins.types if fold(name) in labels]
        return Ticket(
            id=ticket_id(f"{snapshot.repository}#{snapshot.number}"),
            type=types[0] if len(types) == 1 else "",
            requestor=Person(
                slack_id=self._people.slack_id(snapshot.author), name=snapshot.author, handle=snapshot.author
            ),
            answers={},
            submitted_at=snapshot.created_at,
            is_sensitive=fold(snapshot.repository) in self._restricted,
            is_direct=True,
            is_timed=False,
            repository=snapshot.repository,
        )

    def _is_adoptable(self, snapshot: IssueSnapshot) -> bool:
        return self._is_labeled(snapshot) and snapshot.is_open and not snapshot.is_gone

    def _is_labeled(self, snapshot: IssueSnapshot) -> bool:
        """Whether an issue has the common label."""
        return fold(self._settings.label) in {fold(label) for label in snapshot.labels}

    def _may_be_ours(self, snapshot: IssueSnapshot) -> bool:
        """Whether an issue has a ticket marker that the bot may have written."""
        account = self._account()
        return bool(snapshot.ticket_id) and (not account or is_same(snapshot.author, account))

    def _get_issue(self, transaction: Transaction, ticket: Ticket) -> None:
        transaction.enqueue(GetIssue(ticket_id=ticket.id))


def _is_by_team(ticket: Ticket, now: Ticket) -> bool:
    """Whether somebody of the team made a ticket what it is now: whoever can, unless its requestor asked for it."""
    requestor = ticket.requestor.slack_id or ticket.requestor.handle
    own = {event_for(ticket.state, one.change) for one in ticket.requested if one.by == requestor}
    return not own.issuperset(lifecycle.news(ticket.state, now.state))


def _acted_at(now: Ticket) -> float:
    """When somebody made a ticket what it is now; of one that is closed, others may have changed the issue since."""
    if now.stage is Stage.CLOSED and now.closed_at is not None:
        return now.closed_at
    return now.issue_updated_at


def _place(snapshot: IssueSnapshot) -> tuple[str, int]:
    return snapshot.repository, snapshot.number
