"""What the state of an issue means for its ticket, and what has happened since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.tickets import lifecycle
from identity_bot.tickets.lifecycle import (
    LABELED,
    labels_after,
    news,
    observe,
    state_of,
)
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
from tests.support_outbox import ticket

FIRST, SECOND, THIRD = date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 15)
SUBMITTED = ticket()


def snapshot(*labels: str, **changes: Any) -> IssueSnapshot:
    """An open issue with these labels."""
    given: dict[str, Any] = {
        "repository": "sandbox-org/identity-requests",
        "number": 7,
        "url": "https://github.test/7",
        "ticket_id": SUBMITTED.id,
        "updated_at": 5.0,
        "labels": frozenset({"pr_review", *labels}),
    }
    return IssueSnapshot(**(given | changes))


ASSIGNED = {"assignees": frozenset({"linden-brookmere"})}
AT = {
    Stage.OPEN: snapshot(),
    Stage.TRIAGED: snapshot(spoc="indigo-marshwick"),
    Stage.PRIORITIZED: snapshot("priority: low"),
    Stage.ASSIGNED: snapshot(assignees=frozenset({"indigo-marshwick"})),
    Stage.IN_PROGRESS: snapshot(**ASSIGNED, target=FIRST),
    **{
        stage: snapshot(f"stage: {stage.value}", **ASSIGNED, target=FIRST)
        for stage in (Stage.UAT, Stage.ACCEPTED, Stage.RELEASED)
    },
    Stage.CLOSED: snapshot(is_open=False, close_reason=CloseReason.NOT_PLANNED),
}
"""An issue at each stage; one that is only submitted has none."""

words = st.sampled_from(
    ["pr_review", "stage: open", "stage: nonsense", "Stage:  In Progress", "priority: P1", "PRIORITY:high"]
    + [f"stage: {stage.value}" for stage in Stage]
    + [f"priority: {priority.value}" for priority in Priority]
    + [f"approval: {approval.value}" for approval in Approval]
)
days = st.none() | st.sampled_from([FIRST, SECOND, THIRD])
people = st.sampled_from(["linden-brookmere", "Sage-Hollowell", "indigo-marshwick"])
snapshots = st.builds(
    snapshot,
    url=st.just("https://github.test/7"),
    updated_at=st.integers(0, 9).map(float),
    labels=st.frozensets(words, max_size=5),
    assignees=st.frozensets(people, max_size=2),
    is_open=st.booleans(),
    close_reason=st.none() | st.sampled_from(CloseReason),
    milestone_due=days,
    spoc=st.just("") | people | st.just("slack:U0SAGE"),
    target=days,
    target_over=days,
    is_gone=st.booleans(),
    moved_to=st.none() | st.just(("sandbox-org/elsewhere", 3)),
)
state = snapshots.map(state_of)


def seen(issue: IssueSnapshot) -> Ticket:
    return observe(SUBMITTED, issue)


# What an issue says


@pytest.mark.parametrize("stage", AT)
def test_each_stage_can_be_read_off_an_issue(stage: Stage) -> None:
    assert state_of(AT[stage]).stage is stage


@pytest.mark.parametrize(
    ("label", "stage"),
    [
        ("stage: in progress", Stage.IN_PROGRESS),
        ("Stage: In  Progress", Stage.IN_PROGRESS),
        ("STAGE:ready for uat", Stage.UAT),
        (" stage: triaged", Stage.OPEN),
        ("stage: triaged ", Stage.TRIAGED),
        ("stage: open", Stage.OPEN),
        ("stage: submitted", Stage.OPEN),
        ("stage: closed", Stage.OPEN),
        ("stage: staging", Stage.OPEN),
        ("stage", Stage.OPEN),
        ("released", Stage.OPEN),
    ],
)
def test_a_label_names_a_stage_in_any_case_and_spacing_or_means_nothing(label: str, stage: Stage) -> None:
    assert state_of(snapshot(label)).stage is stage
    assert lifecycle.is_meant(label) is (stage is not Stage.OPEN)


@pytest.mark.parametrize("priority", Priority)
def test_a_label_names_a_priority(priority: Priority) -> None:
    assert state_of(snapshot(f"Priority:  {priority.value.title()}")).priority is priority
    assert lifecycle.is_meant(f"priority: {priority.value}")
    assert not lifecycle.is_meant(f"priority: {priority.value}er")


def test_of_two_stages_the_furthest_counts_and_of_two_priorities_the_most_pressing() -> None:
    odd = seen(snapshot("stage: accepted", "stage: triaged", "priority: low", "priority: high"))

    assert (odd.stage, odd.state.priority) == (Stage.ACCEPTED, Priority.HIGH)
    assert odd.inconsistency == (
        "The issue has 2 stage labels; “accepted” counts. The issue has 2 priority labels; “high” counts."
    )
    assert seen(snapshot("stage: accepted", "Stage:accepted", "stage: odd")).inconsistency == ""


def test_what_was_done_to_an_issue_counts_for_more_than_an_earlier_stages_label() -> None:
    assert state_of(snapshot("stage: triaged", **ASSIGNED)).stage is Stage.ASSIGNED
    assert state_of(snapshot("stage: released", **ASSIGNED)).stage is Stage.RELEASED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_open": False}, CloseReason.COMPLETED),
        ({"is_open": False, "close_reason": CloseReason.DUPLICATE}, CloseReason.DUPLICATE),
        ({"is_gone": True}, CloseReason.DELETED),
        ({"is_gone": True, "moved_to": ("o/r", 3)}, CloseReason.MOVED),
    ],
)
def test_a_closed_issue_is_closed_for_a_reason_whatever_its_labels(
    changes: dict[str, Any], reason: CloseReason
) -> None:
    said = state_of(snapshot("stage: in progress", "priority: high", **changes))

    assert (said.stage, said.close_reason, said.priority) == (Stage.CLOSED, reason, Priority.HIGH)


@pytest.mark.parametrize(
    ("written", "over", "due", "counts"),
    [
        (None, None, None, None),
        (None, None, FIRST, FIRST),
        (SECOND, None, None, SECOND),
        (SECOND, FIRST, FIRST, SECOND),
        (SECOND, None, FIRST, FIRST),
        (SECOND, FIRST, THIRD, THIRD),
        (SECOND, FIRST, None, SECOND),
    ],
    ids=[
        "neither",
        "only a milestone",
        "only written",
        "written over the milestone",
        "a milestone since",
        "another milestone since",
        "the milestone taken away",
    ],
)
def test_the_target_date_is_what_was_set_last(
    written: date | None, over: date | None, due: date | None, counts: date | None
) -> None:
    assert state_of(snapshot(target=written, target_over=over, milestone_due=due)).target == counts


def test_people_are_kept_in_one_order() -> None:
    assert state_of(snapshot(assignees=frozenset({"b", "A", "c"}))).assignees == ("A", "b", "c")


@given(snapshots, snapshots)
def test_a_ticket_is_what_its_issue_shows_now_whatever_was_seen_before(
    earlier: IssueSnapshot, later: IssueSnapshot
) -> None:
    """Lost, doubled and reordered deliveries end in the same ticket: only the last snapshot counts."""
    now = seen(later)

    assert observe(seen(earlier), later) == now
    assert observe(now, later) == now
    assert (now.repository, now.number, now.url) == (later.repository, later.number, later.url)
    assert now.issue_updated_at == later.updated_at
    assert (now.id, now.type, now.requestor, now.answers) == (
        SUBMITTED.id,
        SUBMITTED.type,
        SUBMITTED.requestor,
        SUBMITTED.answers,
    )


# Labels that are put on


def test_one_label_of_a_kind_takes_the_place_of_all_others_of_it() -> None:
    labels = ["pr_review", "Stage: Triaged", "stage: accepted", "priority: low", "stages", "urgent"]

    after = labels_after(labels, IssuePatch(stage=Stage.UAT, priority=Priority.HIGH))

    assert after == ["pr_review", "stages", "urgent", "stage: ready for UAT", "priority: high"]
    assert labels_after(labels, IssuePatch()) == labels


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in LABELED])
def test_stages_that_the_issue_itself_shows_have_no_label(stage: Stage) -> None:
    assert labels_after(["stage: released"], IssuePatch(stage=stage)) == []


# What has happened

OPEN = TicketState()
TAKEN = TicketState(stage=Stage.ASSIGNED, assignees=("linden-brookmere",))
DATED = replace(TAKEN, stage=Stage.IN_PROGRESS, target=FIRST)
TRIED = replace(DATED, stage=Stage.UAT)
TESTED = replace(DATED, stage=Stage.ACCEPTED)
LIVE_NOW = replace(DATED, stage=Stage.RELEASED)
SHUT = replace(DATED, stage=Stage.CLOSED, close_reason=CloseReason.COMPLETED)


@pytest.mark.parametrize(
    ("before", "now", "happened"),
    [
        (OPEN, TicketState(stage=Stage.TRIAGED, priority=Priority.CRITICAL), ["triaged"]),
        (OPEN, TicketState(stage=Stage.PRIORITIZED, priority=Priority.HIGH), ["prioritized"]),
        (
            TicketState(stage=Stage.PRIORITIZED, priority=Priority.HIGH),
            TicketState(stage=Stage.PRIORITIZED, priority=Priority.LOW),
            ["prioritized"],
        ),
        (TicketState(stage=Stage.PRIORITIZED, priority=Priority.HIGH), OPEN, []),
        (OPEN, TicketState(stage=Stage.TRIAGED, spoc="sage"), ["spoc named"]),
        (TicketState(stage=Stage.TRIAGED, spoc="sage"), TicketState(stage=Stage.TRIAGED, spoc="Sage"), []),
        (TicketState(stage=Stage.TRIAGED, spoc="sage"), OPEN, []),
        (OPEN, TAKEN, ["assigned"]),
        (TAKEN, replace(TAKEN, assignees=("sage",)), ["assigned"]),
        (TAKEN, OPEN, ["assigned"]),
        (TAKEN, DATED, ["target date set"]),
        (DATED, replace(DATED, target=SECOND), ["target date changed"]),
        (DATED, TAKEN, ["target date changed"]),
        (DATED, TRIED, ["ready for UAT"]),
        (TRIED, TESTED, ["accepted"]),
        (TESTED, LIVE_NOW, ["released"]),
        (DATED, LIVE_NOW, ["released"]),
        (LIVE_NOW, TRIED, ["ready for UAT"]),
        (LIVE_NOW, TESTED, []),
        (TESTED, DATED, []),
        (TRIED, DATED, ["rejected"]),
        (TRIED, TAKEN, ["target date changed", "rejected"]),
        (DATED, SHUT, ["closed"]),
        (SHUT, replace(SHUT, close_reason=CloseReason.DUPLICATE), []),
        (SHUT, DATED, ["reopened"]),
        (SHUT, TRIED, ["reopened", "ready for UAT"]),
        (SHUT, LIVE_NOW, ["reopened"]),
        (SHUT, replace(DATED, target=SECOND), ["reopened", "target date changed"]),
    ],
)
def test_the_difference_between_then_and_now_is_what_has_happened(
    before: TicketState, now: TicketState, happened: list[str]
) -> None:
    assert [kind.value for kind in news(before, now)] == happened


def test_what_happened_at_once_is_told_in_the_order_of_the_process() -> None:
    everything = replace(TRIED, priority=Priority.HIGH, spoc="sage")

    assert news(OPEN, everything) == (
        EventKind.PRIORITIZED,
        EventKind.SPOC_NAMED,
        EventKind.ASSIGNED,
        EventKind.TARGET_SET,
        EventKind.READY_FOR_UAT,
    )


def test_a_ticket_that_was_closed_has_no_other_news() -> None:
    changed = replace(SHUT, priority=Priority.LOW, spoc="sage", assignees=(), target=THIRD)

    assert news(DATED, changed) == (EventKind.CLOSED,)
    assert news(SHUT, changed) == ()


@given(state, state)
def test_nothing_is_news_twice(before: TicketState, now: TicketState) -> None:
    assert news(now, now) == ()
    kinds = news(before, now)
    assert len(set(kinds)) == len(kinds)


def test_that_a_written_date_yields_to_a_milestones_is_said_on_the_card() -> None:
    yields = seen(snapshot(target=SECOND, milestone_due=FIRST))
    counts = seen(snapshot(target=SECOND, target_over=FIRST, milestone_due=FIRST))

    assert (yields.state.target, counts.state.target) == (FIRST, SECOND)
    assert (
        yields.inconsistency
        == f"The issue's text gives {SECOND} as the target date; its milestone's date, {FIRST}, counts."
    )
    assert counts.inconsistency == ""


# Approval


@pytest.mark.parametrize(
    ("labels", "approval"),
    [
        ((), None),
        (("approval: needed",), Approval.NEEDED),
        (("Approval:  NEEDED",), Approval.NEEDED),
        (("approval: approved", "approval: needed"), Approval.APPROVED),
        (("approval: approved", "approval: declined"), Approval.DECLINED),
        (("approval: perhaps",), None),
        (("approved",), None),
    ],
)
def test_the_approval_is_read_off_the_labels(labels: tuple[str, ...], approval: Approval | None) -> None:
    """Of two labels, the one that somebody added to the first counts, and the one that forbids more than that."""
    assert state_of(snapshot(*labels)).approval is approval
    assert state_of(snapshot(*labels, is_open=False)).approval is approval
    assert bool(seen(snapshot(*labels)).inconsistency) is (len(labels) > 1)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (None, "needed", (EventKind.APPROVAL_NEEDED,)),
        ("needed", None, (EventKind.APPROVAL_NEEDED,)),
        ("needed", "approved", (EventKind.APPROVED,)),
        ("needed", "declined", (EventKind.DECLINED,)),
        ("approved", "declined", (EventKind.DECLINED,)),
        ("declined", "needed", (EventKind.APPROVAL_NEEDED,)),
        ("needed", "needed", ()),
    ],
)
def test_a_changed_approval_is_told_whoever_changed_the_label(
    before: str | None, now: str | None, told: tuple[EventKind, ...]
) -> None:
    was, is_now = (state_of(snapshot(*([f"approval: {one}"] if one else []))) for one in (before, now))

    assert news(was, is_now) == told


@pytest.mark.parametrize(
    ("label", "reason", "is_wrong"),
    [
        ("approval: needed", CloseReason.COMPLETED, True),
        ("approval: needed", None, True),
        ("approval: declined", CloseReason.COMPLETED, True),
        ("approval: needed", CloseReason.NOT_PLANNED, False),
        ("approval: approved", CloseReason.COMPLETED, False),
        ("approval: needed", CloseReason.DUPLICATE, False),
    ],
)
def test_a_ticket_closed_as_completed_without_its_approval_contradicts_itself(
    label: str, reason: CloseReason | None, is_wrong: bool
) -> None:
    closed = snapshot(label, is_open=False, close_reason=reason)

    assert ("closed as completed, but" in seen(closed).inconsistency) is is_wrong
    assert lifecycle.is_closed_unapproved(state_of(closed)) is is_wrong


def test_a_ticket_released_by_hand_without_its_approval_contradicts_itself() -> None:
    released = seen(snapshot("stage: released", "approval: needed"))

    assert released.inconsistency == "The issue was marked released, but the request was never approved."
    assert not seen(snapshot("stage: released", "approval: approved")).inconsistency


@given(st.frozensets(words, max_size=5), st.sampled_from(Approval))
def test_a_new_approval_replaces_every_other_and_nothing_else(
    labels: frozenset[str], approval: Approval
) -> None:
    after = labels_after(labels, IssuePatch(approval=approval))

    assert state_of(snapshot(*after)).approval is approval
    assert not seen(snapshot(*after)).inconsistency.count("approval labels")
    others = {one for one in labels if not one.startswith("approval:")}
    assert set(after) == others | {f"approval: {approval.value}"}
