"""The lifecycle of a ticket: what an issue's state means, and what has happened since. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from identity_bot.text import privacy
from identity_bot.text.names import fold, is_same
from identity_bot.text.redaction import REDACTED
from identity_bot.tickets.model import (
    Approval,
    CloseReason,
    EventKind,
    IssuePatch,
    IssueSnapshot,
    Priority,
    Stage,
    Ticket,
    TicketState,
)

STAGE_LABEL, PRIORITY_LABEL, APPROVAL_LABEL = "stage: ", "priority: ", "approval: "
WAITING_LABEL = "waiting: requestor"
"""On an issue whose requestor was asked something."""

STAGES = tuple(Stage)
LABELED = STAGES[STAGES.index(Stage.TRIAGED) : STAGES.index(Stage.CLOSED)]
"""The stages that a label can name; an issue itself says whether it is open."""
LIVE = (Stage.OPEN, *LABELED)
GONE = (CloseReason.DELETED, CloseReason.MOVED)
"""The close reasons that GitHub does not let people give: there is no issue left that the bot could change."""


def is_gone(ticket: Ticket) -> bool:
    """Whether the ticket's issue was deleted, or moved where the bot cannot reach it."""
    return ticket.stage is Stage.CLOSED and ticket.state.close_reason in GONE


def is_meant(label: str) -> bool:
    """Whether a label names a stage, a priority or an approval, or that its requestor was asked something."""
    return bool(_stages([label]) or _priorities([label]) or _approvals([label]) or _is_waiting(label))


def is_closed_unapproved(state: TicketState) -> bool:
    """Whether somebody closed it as completed by hand, although it needs an approval that it does not have."""
    is_done = state.stage is Stage.CLOSED and state.close_reason is CloseReason.COMPLETED
    return is_done and state.is_unapproved


def labels_after(labels: Iterable[str], patch: IssuePatch) -> list[str]:
    """An issue's labels after a patch: a new stage, priority or approval replaces all labels of its kind."""
    kept = list(labels)
    if patch.stage:
        kept = [label for label in kept if not _is_kind(label, STAGE_LABEL)]
        kept += [f"{STAGE_LABEL}{patch.stage.value}"] if patch.stage in LABELED else []
    if patch.priority:
        kept = [label for label in kept if not _is_kind(label, PRIORITY_LABEL)]
        kept.append(f"{PRIORITY_LABEL}{patch.priority.value}")
    if patch.is_waiting is not None or patch.stage or patch.is_open is False:
        # Whatever moves it on ends its wait.
        kept = [label for label in kept if not _is_waiting(label)]
        kept += [WAITING_LABEL] if patch.is_waiting else []
    if patch.approval:
        kept = [label for label in kept if not _is_kind(label, APPROVAL_LABEL)]
        kept.append(f"{APPROVAL_LABEL}{patch.approval.value}")
    return kept


def observe(ticket: Ticket, snapshot: IssueSnapshot) -> Ticket:
    """The ticket as its issue now shows it, whatever was seen before."""
    return replace(
        ticket,
        repository=snapshot.repository,
        number=snapshot.number,
        url=snapshot.url,
        title=_title(ticket, snapshot),
        closed_at=snapshot.closed_at,
        issue_updated_at=snapshot.updated_at,
        state=state_of(snapshot),
        inconsistency=_inconsistency(snapshot),
    )


def _title(ticket: Ticket, snapshot: IssueSnapshot) -> str:
    """What lists may show of an issue's title."""
    if ticket.is_sensitive:
        return ""
    # What was removed here may still be in GitHub, if the bot may not edit it there.
    return ticket.title if REDACTED in ticket.title else privacy.redact(snapshot.title)


def state_of(snapshot: IssueSnapshot) -> TicketState:
    """The state of an issue's ticket."""
    target = snapshot.target
    if snapshot.milestone_due and snapshot.milestone_due != snapshot.target_over:
        target = snapshot.milestone_due
    state = TicketState(
        priority=next(iter(_priorities(snapshot.labels)), None),
        assignees=tuple(sorted(snapshot.assignees, key=str.casefold)),
        spoc=snapshot.spoc,
        target=target,
        is_waiting=snapshot.is_open and any(map(_is_waiting, snapshot.labels)),
        approval=next(iter(_approvals(snapshot.labels)), None),
    )
    if not snapshot.is_open or snapshot.is_gone:
        return replace(state, stage=Stage.CLOSED, close_reason=_close_reason(snapshot))
    return replace(
        state, stage=max((_stage_that_follows(state), *_stages(snapshot.labels)), key=STAGES.index)
    )


def _close_reason(snapshot: IssueSnapshot) -> CloseReason:
    if snapshot.is_gone:
        return CloseReason.MOVED if snapshot.moved_to else CloseReason.DELETED
    return snapshot.close_reason or CloseReason.COMPLETED


def _stage_that_follows(state: TicketState) -> Stage:
    """The stage of an issue without a stage label, from what has been done to it."""
    if state.assignees:
        return Stage.IN_PROGRESS if state.target else Stage.ASSIGNED
    if state.priority and state.priority is not Priority.CRITICAL:
        return Stage.PRIORITIZED
    return Stage.TRIAGED if state.priority or state.spoc else Stage.OPEN


def news(before: TicketState, now: TicketState) -> tuple[EventKind, ...]:
    """What happened to a ticket since people were told that it was as `before`, in the order of the process."""
    return tuple(_news(before, now))


def _news(before: TicketState, now: TicketState) -> Iterator[EventKind]:
    if now.stage is Stage.CLOSED:
        yield from _news_of_approval(before, now)
        if before.stage is not Stage.CLOSED:
            yield EventKind.CLOSED
        return
    if before.stage is Stage.CLOSED:
        yield EventKind.REOPENED
    yield from _news_of_approval(before, now)
    if now.priority and now.priority is not before.priority:
        yield EventKind.TRIAGED if now.priority is Priority.CRITICAL else EventKind.PRIORITIZED
    if now.spoc and not is_same(now.spoc, before.spoc):
        yield EventKind.SPOC_NAMED
    if now.assignees != before.assignees:
        yield EventKind.ASSIGNED
    if now.target != before.target:
        yield EventKind.TARGET_CHANGED if before.target else EventKind.TARGET_SET
    if now.is_waiting != before.is_waiting and (now.is_waiting or now.stage is before.stage):
        # Whatever moves it on ends its wait, which is no news of its own.
        yield EventKind.WAITING if now.is_waiting else EventKind.RESUMED
    if now.stage is not before.stage:
        yield from _news_of_stage(before, now)


def _news_of_stage(before: TicketState, now: TicketState) -> Iterator[EventKind]:
    has_advanced = STAGES.index(now.stage) > STAGES.index(before.stage)
    if now.stage is Stage.UAT or (now.stage in _TOLD_STAGES and has_advanced):
        # Removing a label or reopening the issue may uncover an older label, which is no news.
        yield _TOLD_STAGES[now.stage]
    elif before.stage is Stage.UAT:
        yield EventKind.REJECTED


def _news_of_approval(before: TicketState, now: TicketState) -> Iterator[EventKind]:
    """What people are told of the approval; once the ticket is closed, only that it was declined."""
    event = _APPROVALS.get(now.approval, EventKind.APPROVAL_NEEDED)
    if now.approval is not before.approval and (now.stage is not Stage.CLOSED or event is EventKind.DECLINED):
        yield event


def _stages(labels: Iterable[str]) -> list[Stage]:
    """The stages that labels name, in any case, in the order of the process."""
    names = _names(labels, STAGE_LABEL)
    return [stage for stage in LABELED if fold(stage.value) in names]


def _priorities(labels: Iterable[str]) -> list[Priority]:
    """The priorities that labels name, in any case, the highest first."""
    names = _names(labels, PRIORITY_LABEL)
    return [priority for priority in Priority if priority.value in names]


def _approvals(labels: Iterable[str]) -> list[Approval]:
    """The approvals that labels name, in any case, the one that counts first."""
    names = _names(labels, APPROVAL_LABEL)
    return [approval for approval in _APPROVALS if approval and approval.value in names]


def _names(labels: Iterable[str], prefix: str) -> set[str]:
    return {_name_in(label) for label in labels if _is_kind(label, prefix)}


def _is_kind(label: str, prefix: str) -> bool:
    return fold(label).startswith(prefix.strip())


def _is_waiting(label: str) -> bool:
    return " ".join(fold(label).replace(":", ": ").split()) == WAITING_LABEL


def _name_in(label: str) -> str:
    return " ".join(fold(label.partition(":")[2]).split())


def _inconsistency(snapshot: IssueSnapshot) -> str:
    """Two labels or two target dates where there should be one and which of them counts, or a missing approval."""
    stages, priorities = _stages(snapshot.labels), _priorities(snapshot.labels)
    approvals = _approvals(snapshot.labels)
    found = []
    if len(stages) > 1:
        found.append(f"The issue has {len(stages)} stage labels; “{stages[-1].value}” counts.")
    if len(priorities) > 1:
        found.append(f"The issue has {len(priorities)} priority labels; “{priorities[0].value}” counts.")
    if len(approvals) > 1:
        found.append(f"The issue has {len(approvals)} approval labels; “{approvals[0].value}” counts.")
    state = state_of(snapshot)
    if is_closed_unapproved(state) or (state.is_unapproved and state.stage is Stage.RELEASED):
        done = "marked released" if snapshot.is_open else "closed as completed"
        said = "declined" if state.approval is Approval.DECLINED else "never approved"
        found.append(f"The issue was {done}, but the request was {said}.")
    due, written = snapshot.milestone_due, snapshot.target
    if due and written and due not in (written, snapshot.target_over):
        found.append(
            f"The issue's text gives {written} as the target date; its milestone's date, {due}, counts."
        )
    return " ".join(found)


_APPROVALS: Mapping[Approval | None, EventKind] = {
    Approval.DECLINED: EventKind.DECLINED,
    Approval.APPROVED: EventKind.APPROVED,
    Approval.NEEDED: EventKind.APPROVAL_NEEDED,
}
"""What people are told of each approval; of two on one issue, the first of these counts."""
_TOLD_STAGES = {
    Stage.UAT: EventKind.READY_FOR_UAT,
    Stage.ACCEPTED: EventKind.ACCEPTED,
    Stage.RELEASED: EventKind.RELEASED,
}
