"""The table of actions: everything there is to say about each thing that people can do to a ticket. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from identity_bot.text.names import fold, is_same
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.lifecycle import LIVE, is_gone
from identity_bot.tickets.model import (
    DUPLICATE_REASONS,
    Action,
    Approval,
    Change,
    CloseReason,
    EventKind,
    IssuePatch,
    Priority,
    Stage,
    Ticket,
    TicketState,
)

WORKED_ON = (Stage.ASSIGNED, Stage.IN_PROGRESS)


class By(StrEnum):
    """Who may do an action."""

    TEAM = "the team"
    REQUESTOR = "the requestor"
    EITHER = "the team or the requestor"
    APPROVER = "an approver"


class Ask(StrEnum):
    """What an action needs besides the click."""

    NOTHING = "nothing"
    OWN_LOGIN = "the GitHub login of whoever clicks"
    ASSIGNEE = "a member of the team who has a GitHub login"
    MEMBER = "a member of the team"
    PRIORITY = "a priority"
    DATE = "a date"
    CLOSE_REASON = "a close reason and, if they like, a comment"
    TICKET = "another ticket and, if they like, a comment"
    REASON = "a reason"
    TEXT = "the text to remove and, if they like, a reason"


class DateProblem(StrEnum):
    """Why a target date is refused, as the predicate of a sentence."""

    INVALID = "is not a date on the calendar"
    PAST = "is in the past"
    FAR = "is more than two years away"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One action: when, by whom and how it is done, and the words for it."""

    action: Action
    at: tuple[Stage, ...]
    """The stages at which it is possible."""
    to: Stage | None
    """The stage that the ticket has afterward, or has passed; None if its stage stays."""
    patch: Callable[[Change], IssuePatch] | None
    """How it changes the issue; raises ValueError if the change's value is not what it takes.

    None if it changes what the issue says, and nothing that the state of a ticket shows.
    """
    event: EventKind
    """What people are told."""
    by: By = By.TEAM
    asks: Ask = Ask.NOTHING
    next_at: tuple[Stage, ...] = ()
    """The stages at which it is the usual next step, so that its button stands out."""

    button: str
    """An ellipsis promises a question before anything happens."""
    button_again: str = ""
    """The button if the ticket already has what the action sets."""
    button_mine: str = ""
    """The button in a message to the requestor, if it needs other words there."""
    question: str = ""
    """The label of the field in the action's form."""
    submit: str = ""
    """The button that sends the form."""

    to_do: str
    """Completes "You can …"."""
    is_so: str
    """Completes "Ticket #1 is …" if the action would change nothing."""
    did: str
    """Follows the name of whoever used the button, in its place."""
    comment: str
    """Follows their name in the comment on the issue; `{value}` and `{person}` may stand in it."""
    by_hand: str
    """How to do it in GitHub."""
    command: str = ""
    """How to do it by a comment on the issue, with an example of what it takes."""
    command_help: str = ""
    """What the command does; empty if it is another action's command."""

    @property
    def has_form(self) -> bool:
        """Whether somebody must fill in a form before it can be done."""
        return self.asks not in (Ask.NOTHING, Ask.OWN_LOGIN)


ACTIONS: Mapping[Action, Row] = {
    row.action: row
    for row in (
        Row(
            action=Action.APPROVE,
            at=LIVE,
            to=None,
            patch=lambda change: IssuePatch(approval=Approval.APPROVED),
            event=EventKind.APPROVED,
            by=By.APPROVER,
            button="Approve",
            to_do="approve it",
            is_so="already approved",
            did="approved it",
            comment="**approved** this",
            by_hand="replace the label `approval: needed` with `approval: approved`",
            command="/approve",
            command_help="approves the request; only its approvers can",
        ),
        Row(
            action=Action.DECLINE,
            at=LIVE,
            to=Stage.CLOSED,
            patch=lambda change: IssuePatch(
                approval=Approval.DECLINED, is_open=False, close_reason=CloseReason.NOT_PLANNED
            ),
            event=EventKind.DECLINED,
            by=By.APPROVER,
            asks=Ask.REASON,
            button="Decline…",
            question="Why?",
            submit="Decline",
            to_do="decline it",
            is_so="already declined",
            did="declined it",
            comment="**declined** this",
            by_hand="close the issue as not planned, with `approval: declined` in place of `approval: needed`",
            command="/decline We may not share this.",
            command_help="declines the request for this reason and closes it; only its approvers can",
        ),
        Row(
            action=Action.TAKE,
            at=LIVE,
            to=Stage.ASSIGNED,
            patch=lambda change: IssuePatch(assignees=(change.value,)),
            event=EventKind.ASSIGNED,
            asks=Ask.OWN_LOGIN,
            next_at=(Stage.OPEN, Stage.TRIAGED, Stage.PRIORITIZED),
            button="Take it",
            to_do="take it",
            is_so="already assigned to you",
            did="took it",
            comment="took this",
            by_hand="assign yourself",
        ),
        Row(
            action=Action.ASSIGN,
            at=LIVE,
            to=Stage.ASSIGNED,
            patch=lambda change: IssuePatch(assignees=(change.value,)),
            event=EventKind.ASSIGNED,
            asks=Ask.ASSIGNEE,
            button="Assign…",
            question="Assign to",
            submit="Assign",
            to_do="assign it",
            is_so="already assigned to that person",
            did="assigned it",
            comment="assigned this to {person}",
            by_hand="assign somebody",
        ),
        Row(
            action=Action.PRIORITY,
            at=LIVE,
            to=Stage.PRIORITIZED,
            patch=lambda change: IssuePatch(priority=Priority(change.value)),
            event=EventKind.PRIORITIZED,
            asks=Ask.PRIORITY,
            button="Set priority…",
            button_again="Change priority…",
            question="Priority",
            submit="Set priority",
            to_do="set its priority",
            is_so="already at that priority",
            did="set the priority",
            comment="set the priority to **{value}**",
            by_hand="add a label such as `priority: high`",
            command="/priority high",
            command_help="sets the priority: `critical`, `high`, `medium` or `low`",
        ),
        Row(
            action=Action.CRITICAL,
            at=LIVE,
            to=Stage.TRIAGED,
            patch=lambda change: IssuePatch(priority=Priority.CRITICAL),
            event=EventKind.TRIAGED,
            button="Mark critical",
            to_do="mark it critical",
            is_so="already critical",
            did="marked it critical",
            comment="marked this **critical**",
            by_hand="add the label `priority: critical`",
            command="/priority critical",
        ),
        Row(
            action=Action.SPOC,
            at=LIVE,
            to=Stage.TRIAGED,
            patch=lambda change: IssuePatch(spoc=change.value),
            event=EventKind.SPOC_NAMED,
            asks=Ask.MEMBER,
            button="Name the SPOC…",
            question="Who speaks with the requestor?",
            submit="Name SPOC",
            to_do="name its SPOC",
            is_so="already with that SPOC",
            did="named the SPOC",
            comment="named {person} the single point of contact",
            by_hand="write the line `SPOC: login` in the status block",
            command="/spoc @login",
            command_help="names the single point of contact, who speaks with the requestor: one GitHub login",
        ),
        Row(
            action=Action.TARGET,
            at=LIVE,
            to=Stage.OPEN,
            patch=lambda change: IssuePatch(target=date.fromisoformat(change.value)),
            event=EventKind.TARGET_SET,
            asks=Ask.DATE,
            next_at=(Stage.ASSIGNED,),
            button="Set target date…",
            button_again="Change target date…",
            question="Target date",
            submit="Set date",
            to_do="set its target date",
            is_so="already due on that date",
            did="set the target date",
            comment="set the target date to **{value}**",
            by_hand="add a milestone with a due date, or the line `Target date: 2026-12-01` in the status block",
            command="/target 2026-12-01",
            command_help="sets the target date: year, month and day",
        ),
        Row(
            action=Action.WAIT,
            at=LIVE,
            to=None,
            patch=lambda change: IssuePatch(is_waiting=True),
            event=EventKind.WAITING,
            asks=Ask.REASON,
            button="Ask requestor…",
            question="What do you need to know?",
            submit="Ask",
            to_do="ask its requestor something",
            is_so="already waiting for its requestor",
            did="asked the requestor something",
            comment="asked the requestor, and waits for the answer",
            by_hand="add the label `waiting: requestor`",
            command="/waiting Which browser was it?",
            command_help="asks the requestor something; the clock stands until they answer",
        ),
        Row(
            action=Action.RESUME,
            at=LIVE,
            to=None,
            patch=lambda change: IssuePatch(is_waiting=False),
            event=EventKind.RESUMED,
            by=By.EITHER,
            button="Stop waiting",
            button_mine="I answered",
            to_do="say that it is answered",
            is_so="not waiting for its requestor",
            did="said that it is answered",
            comment="said that the question is answered",
            by_hand="remove the label `waiting: requestor`",
        ),
        Row(
            action=Action.UAT,
            at=(*WORKED_ON, Stage.ACCEPTED, Stage.RELEASED),
            to=Stage.UAT,
            patch=lambda change: IssuePatch(stage=Stage.UAT),
            event=EventKind.READY_FOR_UAT,
            next_at=(Stage.IN_PROGRESS,),
            button="Ready for UAT",
            to_do="mark it ready for UAT",
            is_so="already ready for UAT",
            did="marked it ready for UAT",
            comment="marked this **ready for UAT**",
            by_hand="add the label `stage: ready for UAT`",
            command="/uat",
            command_help="asks the requestor to try it",
        ),
        Row(
            action=Action.ACCEPT,
            at=(Stage.UAT,),
            to=Stage.ACCEPTED,
            patch=lambda change: IssuePatch(stage=Stage.ACCEPTED),
            event=EventKind.ACCEPTED,
            by=By.REQUESTOR,
            button="Accept",
            to_do="accept it",
            is_so="already accepted",
            did="accepted it",
            comment="tried this and **accepted** it",
            by_hand="add the label `stage: accepted`",
        ),
        Row(
            action=Action.REJECT,
            at=(Stage.UAT,),
            to=Stage.IN_PROGRESS,
            patch=lambda change: IssuePatch(stage=Stage.IN_PROGRESS),
            event=EventKind.REJECTED,
            by=By.REQUESTOR,
            asks=Ask.REASON,
            button="Needs work…",
            question="What still needs work?",
            submit="Send back",
            to_do="send it back",
            is_so="already in progress",
            did="said it needs work",
            comment="tried this and said it **needs work**",
            by_hand="replace the label `stage: ready for UAT` with `stage: in progress`",
        ),
        Row(
            action=Action.RELEASE,
            at=(*WORKED_ON, Stage.ACCEPTED),
            to=Stage.RELEASED,
            patch=lambda change: IssuePatch(stage=Stage.RELEASED),
            event=EventKind.RELEASED,
            next_at=(Stage.ACCEPTED,),
            button="Mark released",
            to_do="mark it released",
            is_so="already released",
            did="marked it released",
            comment="marked this **released**",
            by_hand="add the label `stage: released`",
            command="/released",
            command_help="marks it released",
        ),
        Row(
            action=Action.CLOSE,
            at=LIVE,
            to=Stage.CLOSED,
            patch=lambda change: IssuePatch(
                is_open=False, close_reason=CloseReason(change.value or CloseReason.COMPLETED)
            ),
            event=EventKind.CLOSED,
            by=By.EITHER,
            asks=Ask.CLOSE_REASON,
            next_at=(Stage.RELEASED,),
            button="Close…",
            button_mine="Close my request…",
            question="Why are you closing it?",
            submit="Close ticket",
            to_do="close it",
            is_so="already closed",
            did="closed the request",
            comment="closed this as **{value}**",
            by_hand="close the issue",
        ),
        Row(
            action=Action.DUPLICATE,
            at=LIVE,
            to=Stage.CLOSED,
            patch=lambda change: IssuePatch(is_open=False, close_reason=CloseReason.DUPLICATE),
            event=EventKind.CLOSED,
            asks=Ask.TICKET,
            button="Close as duplicate of…",
            question="Which ticket covers it?",
            submit="Close ticket",
            to_do="close it as a duplicate",
            is_so="already closed",
            did="closed it as a duplicate",
            comment="closed this as a duplicate",
            by_hand="close the issue as a duplicate",
            command="/duplicate #12",
            command_help="closes it as a duplicate of another ticket, and says so there",
        ),
        Row(
            action=Action.REOPEN,
            at=(Stage.CLOSED,),
            to=Stage.OPEN,
            patch=lambda change: IssuePatch(is_open=True, stage=Stage.OPEN),
            event=EventKind.REOPENED,
            button="Reopen",
            to_do="reopen it",
            is_so="already open",
            did="reopened it",
            comment="reopened this",
            by_hand="reopen the issue",
        ),
        Row(
            action=Action.REDACT,
            at=(*LIVE, Stage.CLOSED),
            to=None,
            patch=None,
            event=EventKind.REDACTED,
            asks=Ask.TEXT,
            button="Redact…",
            question="What should be removed?",
            submit="Remove it",
            to_do="remove text from it",
            is_so="already without that text",
            did="removed text from it",
            comment="removed text that must not be in a ticket",
            by_hand="edit the issue and its comments, and delete the old revisions",
            command="/redact",
            command_help=(
                "removes the text after it, or, with nothing after it, all personal data and secrets in the title and "
                "the description"
            ),
        ),
    )
}
"""In the order of the card's buttons; docs/lifecycle.md is made from it. By hand, GitHub allows everything.

A target date leads to *in progress* only if somebody has the ticket; until then it waits for its turn as before.
"""


def possible(ticket: Ticket) -> tuple[Action, ...]:
    """The actions that would change the ticket as it now is, in the table's order."""
    return tuple(
        row.action
        for row in ACTIONS.values()
        if ticket.stage in row.at
        and not is_gone(ticket)
        and (row.by is not By.APPROVER or ticket.state.approval is Approval.NEEDED)
        and not (row.action is Action.RELEASE and ticket.state.is_unapproved)
        and not (row.asks in (Ask.NOTHING, Ask.REASON) and is_so(ticket.state, Change(action=row.action)))
    )


def plan(ticket: Ticket, change: Change) -> IssuePatch:
    """How the issue must change; raises Impossible if the ticket as it is does not allow it.

    Raises ValueError if the change's value is not one that its action takes.
    """
    row = ACTIONS[change.action]
    if is_so(ticket.state, change):
        is_of_another = change.action is Action.DUPLICATE and ticket.duplicate_of not in ("", change.value)
        raise Impossible(ticket, change.action, is_so=not is_of_another)
    if ticket.stage not in row.at or is_gone(ticket):
        raise Impossible(ticket, change.action)
    if row.by is By.APPROVER and ticket.state.approval is not Approval.NEEDED:
        raise Impossible(ticket, change.action)
    patch = row.patch(change) if row.patch else IssuePatch()
    is_finished = patch.stage is Stage.RELEASED or patch.close_reason is CloseReason.COMPLETED
    if is_finished and ticket.state.is_unapproved:
        raise Impossible(ticket, change.action)
    if patch.is_open and ticket.state.approval is Approval.DECLINED:
        return replace(patch, approval=Approval.NEEDED)  # who declined it may have learned more since
    return patch


def event_for(before: TicketState, change: Change) -> EventKind:
    """What people who were told of the state `before` are told once this change is made."""
    row = ACTIONS[change.action]
    patch = row.patch(change) if row.patch else IssuePatch()
    if patch.priority is Priority.CRITICAL:
        return EventKind.TRIAGED
    return EventKind.TARGET_CHANGED if patch.target and before.target else row.event


def is_so(state: TicketState, change: Change) -> bool:
    """Whether a change would change nothing, as far as the stage does not follow from the rest."""
    row = ACTIONS[change.action]
    if row.patch is None:
        return False
    patch = row.patch(change)
    is_open = state.stage is not Stage.CLOSED
    assignees = state.assignees if patch.assignees is None else patch.assignees
    return (
        patch.is_open in (None, is_open)
        and (patch.is_open or patch.stage in (None, state.stage))
        and (patch.close_reason in (None, state.close_reason) or _is_duplicate(state, change))
        and patch.priority in (None, state.priority)
        and patch.approval in (None, state.approval)
        and patch.target in (None, state.target)
        and patch.is_waiting in (None, state.is_waiting)
        and (patch.spoc is None or is_same(patch.spoc, state.spoc))
        and sorted(map(fold, assignees)) == sorted(map(fold, state.assignees))
    )


def _is_duplicate(state: TicketState, change: Change) -> bool:
    """Whether it is closed as well as GitHub lets a duplicate be."""
    return change.action is Action.DUPLICATE and state.close_reason in DUPLICATE_REASONS


def date_problem(written: str, today: date) -> DateProblem | None:
    """What is wrong with a target date that should be an ISO date; None if it can be set."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return DateProblem.INVALID
    if day < today:
        return DateProblem.PAST
    is_far = (day.year - 2, day.month, day.day) > (today.year, today.month, today.day)
    return DateProblem.FAR if is_far else None
