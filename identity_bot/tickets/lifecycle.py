"""The lifecycle of a ticket: one table of moves, what an issue's state means, and what has happened since. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from identity_bot.errors import Impossible
from identity_bot.tickets.model import (
    Action,
    Change,
    CloseReason,
    EventKind,
    IssuePatch,
    IssueSnapshot,
    Priority,
    Stage,
    Ticket,
    TicketState,
)

STAGE_LABEL, PRIORITY_LABEL = "stage: ", "priority: "

STAGES = tuple(Stage)
LABELLED = STAGES[STAGES.index(Stage.TRIAGED) : STAGES.index(Stage.CLOSED)]
"""The stages that a label can name; open and closed are the issue's own."""
LIVE = (Stage.OPEN, *LABELLED)
WORKED_ON = (Stage.ASSIGNED, Stage.IN_PROGRESS)
GONE = (CloseReason.DELETED, CloseReason.MOVED)
"""Why nothing more can be done to an issue."""

Named = TypeVar("Named", Stage, Priority)


class By(StrEnum):
    """Who may make a move."""

    TEAM = "the team"
    REQUESTOR = "the requestor"
    EITHER = "the team or the requestor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of the table: a move, the stages at which it is possible, where it leads at least, and whose it is."""

    action: Action
    at: tuple[Stage, ...]
    to: Stage
    by: By = By.TEAM


ACTIONS: Mapping[Action, Row] = {
    row.action: row
    for row in (
        Row(action=Action.CRITICAL, at=LIVE, to=Stage.TRIAGED),
        Row(action=Action.PRIORITY, at=LIVE, to=Stage.PRIORITIZED),
        Row(action=Action.SPOC, at=LIVE, to=Stage.TRIAGED),
        Row(action=Action.TAKE, at=LIVE, to=Stage.ASSIGNED),
        Row(action=Action.ASSIGN, at=LIVE, to=Stage.ASSIGNED),
        Row(action=Action.TARGET, at=LIVE, to=Stage.OPEN),
        Row(action=Action.UAT, at=(*WORKED_ON, Stage.ACCEPTED, Stage.RELEASED), to=Stage.UAT),
        Row(action=Action.ACCEPT, at=(Stage.UAT,), to=Stage.ACCEPTED, by=By.REQUESTOR),
        Row(action=Action.REJECT, at=(Stage.UAT,), to=Stage.IN_PROGRESS, by=By.REQUESTOR),
        Row(action=Action.RELEASE, at=(*WORKED_ON, Stage.ACCEPTED), to=Stage.RELEASED),
        Row(action=Action.CLOSE, at=LIVE, to=Stage.CLOSED, by=By.EITHER),
        Row(action=Action.REOPEN, at=(Stage.CLOSED,), to=Stage.OPEN),
    )
}
"""The one table; docs/lifecycle.md is made from it. By hand in GitHub everything is possible, and counts.

To set the priority to critical is the move of that name. A target date leads to *in progress* only where somebody
has the ticket; until then it waits for its turn as before.
"""


def possible(ticket: Ticket) -> tuple[Action, ...]:
    """The moves that would change the ticket as it now is, in the table's order."""
    return tuple(
        row.action
        for row in ACTIONS.values()
        if ticket.stage in row.at
        and not is_gone(ticket)
        and not (row.action is Action.CRITICAL and ticket.state.priority is Priority.CRITICAL)
    )


def is_gone(ticket: Ticket) -> bool:
    """Whether the ticket's issue is nowhere that the bot can reach."""
    return ticket.stage is Stage.CLOSED and ticket.state.close_reason in GONE


def plan(ticket: Ticket, change: Change) -> IssuePatch:
    """How the issue must be edited for a change; raises Impossible where the ticket as it is does not allow it.

    The change's value must be one that its move takes; ValueError otherwise.
    """
    edit = _edit(change)
    if edited(ticket.state, edit) == ticket.state:
        raise Impossible(ticket, change.action, is_so=True)
    if ticket.stage not in ACTIONS[change.action].at or is_gone(ticket):
        raise Impossible(ticket, change.action)
    return edit


def _edit(change: Change) -> IssuePatch:
    match change.action:
        case Action.CRITICAL:
            return IssuePatch(priority=Priority.CRITICAL)
        case Action.PRIORITY:
            return IssuePatch(priority=Priority(change.value))
        case Action.TAKE | Action.ASSIGN:
            return IssuePatch(assignees=(change.value,))
        case Action.SPOC:
            return IssuePatch(spoc=change.value)
        case Action.TARGET:
            return IssuePatch(target=date.fromisoformat(change.value))
        case Action.CLOSE:
            return IssuePatch(is_open=False, close_reason=CloseReason(change.value or CloseReason.COMPLETED))
        case Action.REOPEN:
            return IssuePatch(is_open=True, stage=Stage.OPEN)
        case _:
            return IssuePatch(stage=ACTIONS[change.action].to)


def edited(state: TicketState, edit: IssuePatch) -> TicketState:
    """The facts that an edit leads to, as far as they do not follow from others."""
    stage = edit.stage or state.stage
    if edit.is_open is False:
        stage = Stage.CLOSED
    return TicketState(
        stage=stage,
        priority=edit.priority or state.priority,
        assignees=state.assignees if edit.assignees is None else edit.assignees,
        spoc=state.spoc if edit.spoc is None or _is_same(edit.spoc, state.spoc) else edit.spoc,
        target=edit.target or state.target,
        close_reason=edit.close_reason if edit.is_open is False else state.close_reason,
    )


def is_meant(label: str) -> bool:
    """Whether a label names a stage or a priority."""
    return any(True for kind in _KINDS for _ in _named([label], *kind))


def labels_after(labels: Iterable[str], edit: IssuePatch) -> list[str]:
    """An issue's labels once it has been edited: one of a kind takes the place of all others of that kind."""
    kept = list(labels)
    if edit.stage:
        kept = [label for label in kept if not _is_kind(label, STAGE_LABEL)]
        kept += [f"{STAGE_LABEL}{edit.stage.value}"] if edit.stage in LABELLED else []
    if edit.priority:
        kept = [label for label in kept if not _is_kind(label, PRIORITY_LABEL)]
        kept.append(f"{PRIORITY_LABEL}{edit.priority.value}")
    return kept


def observe(ticket: Ticket, snapshot: IssueSnapshot) -> Ticket:
    """The ticket as the issue now shows it; a function of the snapshot alone, whatever was seen before."""
    stages, priorities = ({*_named(snapshot.labels, *kind)} for kind in _KINDS)
    return replace(
        ticket,
        repository=snapshot.repository,
        number=snapshot.number,
        url=snapshot.url,
        seen_at=snapshot.updated_at,
        state=state_of(snapshot),
        inconsistency=_remark(stages, priorities, snapshot),
    )


def state_of(snapshot: IssueSnapshot) -> TicketState:
    """What an issue says of its ticket."""
    priority = min(
        _named(snapshot.labels, PRIORITY_LABEL, tuple(Priority)), key=_RANK.__getitem__, default=None
    )
    target = snapshot.target
    if snapshot.milestone_due and snapshot.milestone_due != snapshot.target_over:
        target = snapshot.milestone_due
    state = TicketState(
        priority=priority,
        assignees=tuple(sorted(snapshot.assignees, key=str.casefold)),
        spoc=snapshot.spoc,
        target=target,
    )
    if not snapshot.is_open or snapshot.is_gone:
        return replace(state, stage=Stage.CLOSED, close_reason=_close_reason(snapshot))
    labelled = _named(snapshot.labels, STAGE_LABEL, LABELLED)
    return replace(state, stage=max((_stage_that_follows(state), *labelled), key=_RANK.__getitem__))


def _close_reason(snapshot: IssueSnapshot) -> CloseReason:
    if snapshot.is_gone:
        return CloseReason.MOVED if snapshot.moved_to else CloseReason.DELETED
    return snapshot.close_reason or CloseReason.COMPLETED


def _stage_that_follows(state: TicketState) -> Stage:
    """The stage without any label: what has been done to the issue tells how far it is."""
    if state.assignees:
        return Stage.IN_PROGRESS if state.target else Stage.ASSIGNED
    if state.priority and state.priority is not Priority.CRITICAL:
        return Stage.PRIORITIZED
    return Stage.TRIAGED if state.priority or state.spoc else Stage.OPEN


def news(before: TicketState, now: TicketState) -> tuple[EventKind, ...]:
    """What people are to be told of a ticket of which they had been told `before`, in the order of the process."""
    return tuple(_news(before, now))


def _news(before: TicketState, now: TicketState) -> Iterator[EventKind]:
    if now.stage is Stage.CLOSED:
        if before.stage is not Stage.CLOSED:
            yield EventKind.CLOSED
        return
    if before.stage is Stage.CLOSED:
        yield EventKind.REOPENED
    if now.priority and now.priority is not before.priority:
        yield EventKind.TRIAGED if now.priority is Priority.CRITICAL else EventKind.PRIORITIZED
    if now.spoc and not _is_same(now.spoc, before.spoc):
        yield EventKind.SPOC_NAMED
    if now.assignees != before.assignees:
        yield EventKind.ASSIGNED
    if now.target != before.target:
        yield EventKind.TARGET_CHANGED if before.target else EventKind.TARGET_SET
    if now.stage is before.stage:
        return
    has_advanced = _RANK[now.stage] > _RANK[before.stage]
    if now.stage is Stage.UAT or (now.stage in _TOLD_STAGES and has_advanced):
        # A label that is left when another is taken away, or when the issue is reopened, is no news.
        yield _TOLD_STAGES[now.stage]
    elif before.stage is Stage.UAT:
        yield EventKind.REJECTED


def _named(labels: Iterable[str], prefix: str, names: tuple[Named, ...]) -> Iterator[Named]:
    """The stages or priorities that labels name, in whatever case."""
    by_name = {name.value.casefold(): name for name in names}
    for label in labels:
        if _is_kind(label, prefix) and (found := by_name.get(_name_in(label))):
            yield found


def _is_same(one: str, other: str) -> bool:
    """Whether two logins are one, as GitHub sees it."""
    return one.casefold() == other.casefold()


def _is_kind(label: str, prefix: str) -> bool:
    return label.casefold().startswith(prefix.strip())


def _name_in(label: str) -> str:
    return " ".join(label.partition(":")[2].casefold().split())


def _remark(stages: Collection[Stage], priorities: Collection[Priority], snapshot: IssueSnapshot) -> str:
    """That there are two labels, or two target dates, where there should be one."""
    said = []
    if len(stages) > 1:
        counts = max(stages, key=_RANK.__getitem__)
        said.append(f"the issue has labels of {len(stages)} stages, of which “{counts.value}” counts")
    if len(priorities) > 1:
        counts_most = min(priorities, key=_RANK.__getitem__)
        said.append(f"it has labels of {len(priorities)} priorities, of which “{counts_most.value}” counts")
    due, written = snapshot.milestone_due, snapshot.target
    if due and written and due not in (written, snapshot.target_over):
        said.append(f"its text says {written} as the target date, but its milestone's {due} counts")
    return "; ".join(said)


_RANK: Mapping[Stage | Priority, int] = {
    **{stage: rank for rank, stage in enumerate(STAGES)},
    **{priority: rank for rank, priority in enumerate(Priority)},
}
_KINDS = ((STAGE_LABEL, LABELLED), (PRIORITY_LABEL, tuple(Priority)))
_TOLD_STAGES = {
    Stage.UAT: EventKind.READY_FOR_UAT,
    Stage.ACCEPTED: EventKind.ACCEPTED,
    Stage.RELEASED: EventKind.RELEASED,
}
