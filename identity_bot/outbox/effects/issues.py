"""Effects on issues: open, change, comment on, link and read them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from identity_bot.errors import Rejected, StoreError
from identity_bot.logs import scrubbed
from identity_bot.messages import alerts, answers, issue_comments, words
from identity_bot.messages import duplicates as messages
from identity_bot.outbox.effect import (
    GITHUB,
    LATE,
    READS,
    UPDATES,
    ClickEffect,
    Context,
    Effect,
    Row,
    TicketEffect,
    click_key,
)
from identity_bot.outbox.effects.issue_access import (
    Seen,
    name_of,
    read_issue,
    reconcile,
    record_requests,
    settle_requests,
    wherever_it_is,
    with_names,
)
from identity_bot.outbox.effects.messages import (
    SendDirectMessage,
    ShowReceipt,
    tell_requestor,
    title_of,
)
from identity_bot.outbox.ports import CreatedIssue
from identity_bot.store.answers import shown_before
from identity_bot.store.transaction import Transaction
from identity_bot.text.names import fold
from identity_bot.tickets import actions, duplicates, lifecycle
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.duplicates import NotAnOriginal
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.model import (
    Action,
    Approval,
    Change,
    IssueComment,
    IssueDraft,
    IssueSnapshot,
    Ticket,
)
from identity_bot.tickets.rota import present

log = logging.getLogger(__name__)

Found = TypeVar("Found", IssueSnapshot, IssueComment)

RECEIPT_DELAY = 0.3
"""Seconds that the second receipt waits, lest it reach Slack before the ack that brings the first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenIssue(TicketEffect):
    """Open the ticket's issue. The reconciler then sees it like any other change, and people are told."""

    kind: ClassVar[str] = "open_issue"
    label: ClassVar[str] = "open the issue"
    fixed_lane: ClassVar[str] = GITHUB
    min_interval: ClassVar[float] = 1.0

    view_id: str = ""
    """The modal that shows the receipt."""

    def run(self, context: Context, row: Row) -> tuple[CreatedIssue, ...]:
        """The new issue; nothing if the ticket has one already."""
        ticket = self.ticket(context)
        if ticket.number is not None:
            return ()
        is_late = context.store.clock() - row.created_at > LATE
        if is_late and (found := self.find_result(context, row)):
            return found
        request_type = context.plugins.of(ticket.type)
        if request_type is None:
            raise Rejected(f"the request type {ticket.type!r} is not installed")
        draft = request_type.render_issue(with_names(ticket, request_type, context))
        settings, route = request_type.settings, request_type.route(ticket)
        leads = [lead["github"] for lead in route.leads if "github" in lead] if ticket.is_urgent else []
        is_approved_first = request_type.form.needs_approval(request_type.migrated(ticket).answers)
        draft = IssueDraft(
            title=draft.title,
            body=self._with_note(context, ticket, draft.body),
            labels=_unique(
                context.settings.label,
                *draft.labels,
                *settings["labels"],
                *([f"{lifecycle.APPROVAL_LABEL}{Approval.NEEDED.value}"] if is_approved_first else []),
            ),
            assignees=_unique(*draft.assignees, *filter(None, [route.assignee]), *leads),
        )
        _, is_slack, slack_id = route.spoc.partition("slack:")
        spoc = context.people.key_of(slack_id) if is_slack else route.spoc
        # By today's settings: a repository that was wrong when the request came may have been corrected since.
        repository = request_type.repository_for(ticket)
        name = name_of(context, spoc)
        return (context.tracker.open_issue(repository, ticket, draft, spoc=spoc, spoc_name=name),)

    def _with_note(self, context: Context, ticket: Ticket, body: str) -> str:
        """The body and, below it, which answers the requestor had been shown, as far as there is room."""
        shown = shown_before(context.store, ticket.id)
        room = IssueDraft.LONGEST_BODY - len(body) - 2
        note = answers.note(shown, is_sensitive=ticket.is_sensitive, room=room)
        return f"{body}\n\n{note}" if note else body

    def find_result(self, context: Context, row: Row) -> tuple[CreatedIssue, ...] | None:
        ticket = self.ticket(context)
        if ticket.number is not None:
            return ()  # a webhook told of it, which may be sooner than GitHub's own list
        repository = context.reconciler.candidate_repositories(ticket)[0]
        since = row.earliest(context.store.clock())
        found = context.tracker.find_issue(repository, ticket.id, since)
        return (CreatedIssue(snapshot=found),) if found else None

    def on_success(
        self, transaction: Transaction, context: Context, result: tuple[CreatedIssue, ...]
    ) -> None:
        for created in result:
            context.reconciler.reconcile(transaction, created.snapshot, is_fresh=True)
            if ticket := transaction.ticket(self.ticket_id):
                self._alert_without_spoc(transaction, context, ticket)
                for left_out in created.left_out:
                    context.notifier.alert(transaction, alerts.refused_by_github(ticket, left_out))
        if self.view_id:
            receipt = ShowReceipt(ticket_id=self.ticket_id, view_id=self.view_id)
            transaction.enqueue(receipt, delay=RECEIPT_DELAY)

    def _alert_without_spoc(self, transaction: Transaction, context: Context, ticket: Ticket) -> None:
        """Tell the team once a week that nobody of a rota is there."""
        request_type = context.plugins.of(ticket.type)
        if request_type is None or request_type.route(ticket).spoc or ticket.state.spoc:
            return
        rota, away = request_type.settings["rota"], request_type.settings["away"]
        day = context.settings.service_levels.hours.day_at(ticket.submitted_at)
        if rota and not present(rota, away, day, context.people):
            context.notifier.alert(transaction, alerts.nobody_on_duty(ticket.type), again_after=7 * DAY)

    def on_failed(self, transaction: Transaction, context: Context, reason: str) -> None:
        ticket = transaction.ticket(self.ticket_id)
        if ticket and ticket.number is None:
            text = words.not_opened(ticket, title_of(ticket, context))
            tell_requestor(transaction, context, ticket, text)


@dataclass(frozen=True, slots=True)
class _Changed:
    """What became of a requested change, and the issue as it was seen meanwhile."""

    seen: Seen
    is_made: bool = False
    is_ours: bool = False
    """Whether this effect made it, perhaps in an earlier attempt."""
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeIssue(ClickEffect):
    """Change the issue as somebody in Slack requested by an action."""

    kind: ClassVar[str] = "change_issue"
    label: ClassVar[str] = "change the issue"
    fixed_lane: ClassVar[str] = GITHUB
    is_repeatable: ClassVar[bool] = True
    min_interval: ClassVar[float] = 1.0

    change: Change
    by: str
    """A Slack id; of a requestor who has none, their GitHub login."""
    is_answer: bool = False
    """Whether it follows from what its requestor wrote, who clicked nothing and is not told if it was not possible."""

    def run(self, context: Context, row: Row) -> _Changed:
        ticket, seen = read_issue(context, context.tracker, self.ticket(context))
        try:
            patch = actions.plan(ticket, self.change)
            if self.change.action is Action.DUPLICATE:
                duplicates.check(ticket, context.store.ticket(self.change.value), context.store.ticket)
        except NotAnOriginal as error:
            return _Changed(seen, problem=messages.problem(error))
        except Impossible as error:
            if not error.is_so:
                return _Changed(seen, problem=words.impossible(error))
            # If an attempt was cut short it was ours, unless somebody else requested the same since. And a reason that
            # somebody wrote is said even if another was quicker.
            is_theirs = any(
                one.by != self.by
                and one.change.action is self.change.action
                and actions.is_so(ticket.state, one.change)
                for one in ticket.requested
            )
            is_ours = row.verifications > 0 and not is_theirs
            if not is_ours and duplicates.is_unsaid(ticket, self.change):
                return _Changed(seen, problem=words.impossible(error))
            return _Changed(seen, is_made=is_ours or bool(self.change.reason), is_ours=is_ours)
        name = name_of(context, patch.spoc or "")
        snapshot = context.tracker.update_issue(ticket, patch, spoc_name=name)
        return _Changed((*seen, snapshot), is_made=True, is_ours=True)

    def on_success(self, transaction: Transaction, context: Context, result: _Changed) -> None:
        made, not_made = ([self.change], []) if result.is_ours else ([], [self.change])
        settle_requests(
            transaction, context, self.ticket_id, self.by, made=made, not_made=not_made, seen=result.seen
        )
        if result.problem:
            self._answer(transaction, result.problem)
        elif result.is_made:
            transaction.enqueue(CreditAction(ticket_id=self.ticket_id, change=self.change, by=self.by))
        if result.is_ours:
            tell_original(transaction, self.ticket_id, self.change)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """Whoever requested it is told, and can do so again."""
        self.on_failed(transaction, context, reason)
        transaction.enqueue(GetIssue(ticket_id=self.ticket_id))
        return True

    def on_failed(self, transaction: Transaction, context: Context, reason: str) -> None:
        ticket = settle_requests(transaction, context, self.ticket_id, self.by, not_made=[self.change])
        if ticket:
            self._answer(transaction, words.not_taken(ticket, reason))

    def _answer(self, transaction: Transaction, text: str) -> None:
        if not self.is_answer:
            transaction.enqueue(SendDirectMessage(ticket_id=self.ticket_id, to=self.by, text=text))


def ask_to_resume(transaction: Transaction, ticket: Ticket, *, click: str) -> None:
    """Enqueue that a ticket waits no longer, as its requestor has answered; once for each `click`."""
    change = Change(action=Action.RESUME)
    by = ticket.requestor.slack_id or ticket.requestor.handle
    if by and not transaction.was_enqueued(click_key(click), since=0.0):
        transaction.save(record_requests(ticket, [change], by))
        resume = ChangeIssue(ticket_id=ticket.id, change=change, by=by, click=click, is_answer=True)
        transaction.enqueue(resume)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Comment(TicketEffect):
    """Base class of comments on the issue: override `_text`."""

    fixed_lane: ClassVar[str] = GITHUB
    min_interval: ClassVar[float] = 1.0

    def _text(self, context: Context) -> str:
        raise NotImplementedError

    def run(self, context: Context, row: Row) -> Seen:
        text = self._text(context)

        def comment(ticket: Ticket) -> None:
            context.tracker.comment(
                ticket.repository, ticket.number or 0, text, idempotency_key=row.idempotency_key
            )

        return wherever_it_is(context, self.ticket(context), comment)[1]

    def find_result(self, context: Context, row: Row) -> Seen | None:
        ticket, seen = read_issue(context, context.tracker, self.ticket(context))
        where = ticket.repository, ticket.number or 0
        is_done = lifecycle.is_gone(ticket) or context.tracker.find_comment(
            *where, row.idempotency_key, row.earliest(context.store.clock())
        )
        return seen if is_done else None

    def on_success(self, transaction: Transaction, context: Context, result: Seen) -> None:
        reconcile(transaction, context, result)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment(_Comment):
    """Say something on the issue."""

    kind: ClassVar[str] = "comment"
    label: ClassVar[str] = "comment on the issue"

    text: str
    """Markdown."""

    def _text(self, context: Context) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditAction(_Comment):
    """Comment on the issue who made a change in Slack, and why; a reason that was sent twice is credited once."""

    kind: ClassVar[str] = "credit_action"
    label: ClassVar[str] = "say in GitHub who made a change"
    reruns: ClassVar[bool] = False

    change: Change
    by: str

    @property
    def unique_key(self) -> str | None:
        # A change without a reason is only credited if it was made, and may be made again after another.
        return self.content_key if self.change.reason else None

    def _text(self, context: Context) -> str:
        name = self._name(self.ticket(context), context)
        person = name_of(context, self.change.value) or words.nameless(self.change.value)
        return issue_comments.comment(self.change, name, person, self._original(context))

    def _original(self, context: Context) -> str:
        """What to call the ticket that this one is a duplicate of, if readers may be led there."""
        ticket = self.ticket(context)
        original = context.store.ticket(self.change.value) if self.change.action is Action.DUPLICATE else None
        if original is None or duplicates.is_hidden_from(ticket, original):
            return ""
        return duplicates.name_in(ticket.repository, original)

    def _name(self, ticket: Ticket, context: Context) -> str:
        """What to call whoever made the change, if need be by what they called themselves in their request."""
        if not ticket.requestor.slack_id and self.by == ticket.requestor.handle:
            return self.by  # who is known in GitHub only
        own = ticket.requestor.name if self.by == ticket.requestor.slack_id else ""
        return context.chat.name_of(self.by) or own or words.nameless(context.people.key_of(self.by))


def tell_original(transaction: Transaction, ticket_id: str, change: Change) -> None:
    """Enqueue a comment on the issue that a ticket was just closed as a duplicate of; nothing for other changes."""
    if change.action is not Action.DUPLICATE:
        return
    ticket, original = transaction.read_ticket(ticket_id), transaction.read_ticket(change.value)
    if ticket and original:
        is_hidden = duplicates.is_hidden_from(original, ticket)
        name = "" if is_hidden else duplicates.name_in(original.repository, ticket)
        transaction.enqueue(Comment(ticket_id=original.id, text=issue_comments.has_duplicate(name)))


@dataclass(frozen=True, kw_only=True, slots=True)
class GetIssue(TicketEffect):
    """Read an issue, if what GitHub told us leaves its state open."""

    kind: ClassVar[str] = "get_issue"
    label: ClassVar[str] = "read the issue"
    fixed_lane: ClassVar[str] = READS
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True

    def run(self, context: Context, row: Row) -> Seen:
        return read_issue(context, context.reader, self.ticket(context))[1]

    def on_success(self, transaction: Transaction, context: Context, result: Seen) -> None:
        reconcile(transaction, context, result)

    def on_rejected(self, transaction: Transaction, context: Context, reason: str) -> bool:
        """The team is told once, however many issues cannot be read: each is read again within a day."""
        context.notifier.alert(transaction, alerts.cannot_poll(reason), again_after=DAY)
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentifyIssue(Effect):
    """Find out whether the bot wrote an issue with a ticket marker, for which it must know its own account."""

    kind: ClassVar[str] = "identify_issue"
    label: ClassVar[str] = "find out who wrote an issue"
    fixed_lane: ClassVar[str] = READS
    is_repeatable: ClassVar[bool] = True
    reruns: ClassVar[bool] = False

    snapshot: IssueSnapshot

    @property
    def unique_key(self) -> str:
        return self.content_key

    def run(self, context: Context, row: Row) -> Seen | None:
        context.reader.identify()
        return None

    def on_success(self, transaction: Transaction, context: Context, result: Seen | None) -> None:
        context.reconciler.reconcile(transaction, self.snapshot)


@dataclass(frozen=True, kw_only=True, slots=True)
class AdoptIssue(IdentifyIssue):
    """Adopt an issue that carries a ticket's marker, unless that ticket's issue was transferred to its place."""

    kind: ClassVar[str] = "adopt_issue"
    label: ClassVar[str] = "find out whether an issue was transferred"

    def run(self, context: Context, row: Row) -> Seen:
        marked = context.store.ticket(self.snapshot.ticket_id or "")
        return read_issue(context, context.reader, marked)[1] if marked else ()

    def on_success(self, transaction: Transaction, context: Context, result: Seen | None) -> None:
        reconcile(transaction, context, result or ())
        if transaction.ticket_at(self.snapshot.repository, self.snapshot.number) is None:
            context.reconciler.adopt(transaction, self.snapshot)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconcile(Effect):
    """Reconcile what a poll found: one batch in one transaction."""

    kind: ClassVar[str] = "reconcile"
    label: ClassVar[str] = "reconcile what a poll found"
    fixed_lane: ClassVar[str] = UPDATES
    is_repeatable: ClassVar[bool] = True

    snapshots: tuple[IssueSnapshot, ...] = ()
    comments: tuple[IssueComment, ...] = ()
    tries: int = 0
    """How often the comments were handled before, when their issue was no ticket yet."""

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        for snapshot in self.snapshots:
            _one_by_one(transaction, snapshot, lambda one: context.reconciler.reconcile(transaction, one))
        for comment in self.comments:
            _one_by_one(
                transaction,
                comment,
                lambda one: context.comments.handle(transaction, one, tries=self.tries),
            )


def _one_by_one(transaction: Transaction, found: Found, handle: Callable[[Found], None]) -> None:
    """One bad issue must not stop the others."""
    try:
        with transaction.savepoint():
            handle(found)
    except StoreError:
        raise  # nothing is wrong with this one
    except Exception as error:
        log.error("%s#%s: unexpected error", found.repository, found.number, exc_info=scrubbed(error))


def _unique(*names: str) -> tuple[str, ...]:
    """Names without repetition, whatever their case, in their order."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(fold(name), name)
    return tuple(first.values())
