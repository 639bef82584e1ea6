"""What the state of an issue means for its ticket, which moves there are, and what has happened since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.errors import Impossible
from identity_bot.tickets import lifecycle
from identity_bot.tickets.lifecycle import (
    ACTIONS,
    LABELLED,
    LIVE,
    STAGES,
    labels_after,
    news,
    observe,
    plan,
    state_of,
)
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
from tests.support_outbox import ticket

FIRST, SECOND, THIRD = date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 15)
SUBMITTED = ticket()
VALUES = {
    Action.PRIORITY: ["high", "medium", "low"],
    Action.TAKE: ["linden-brookmere"],
    Action.ASSIGN: ["sage-hollowell"],
    Action.SPOC: ["sage-hollowell", "slack:U0SAGE"],
    Action.TARGET: ["2026-12-24"],
    Action.CLOSE: ["completed", "not planned", "duplicate", ""],
}
"""What each move that takes a value is tried with."""
CHANGES = [Change(action=move, value=value) for move in Action for value in VALUES.get(move, [""])]


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


def edited(before: IssueSnapshot, edit: IssuePatch) -> IssueSnapshot:
    """The issue once GitHub has made an edit."""
    changes: dict[str, Any] = {"labels": frozenset(labels_after(before.labels, edit))}
    if edit.assignees is not None:
        changes["assignees"] = frozenset(edit.assignees)
    if edit.spoc is not None:
        changes["spoc"] = edit.spoc
    if edit.target:
        changes |= {"target": edit.target, "target_over": before.milestone_due}
    if edit.is_open is not None:
        changes |= {"is_open": edit.is_open, "close_reason": edit.close_reason}
    return replace(before, **changes)


def seen(issue: IssueSnapshot) -> Ticket:
    return observe(SUBMITTED, issue)


def planned(now: Ticket, change: Change) -> IssuePatch | Impossible:
    """The edit, or why there is none."""
    try:
        return plan(now, change)
    except Impossible as error:
        return error


def name(change: Change) -> str:
    return f"{change.action.value} {change.value}".strip()


# The table


def test_the_table_has_every_move_and_begins_at_stages_that_an_issue_can_have() -> None:
    assert set(ACTIONS) == set(Action)
    assert {stage for row in ACTIONS.values() for stage in row.at} == set(Stage) - {Stage.SUBMITTED}


@pytest.mark.parametrize("stage", AT)
def test_each_stage_can_be_read_off_an_issue(stage: Stage) -> None:
    assert state_of(AT[stage]).stage is stage


@pytest.mark.parametrize("change", CHANGES, ids=name)
@pytest.mark.parametrize("stage", AT)
def test_a_move_leads_at_least_to_the_stage_of_its_row_or_is_refused(stage: Stage, change: Change) -> None:
    before, row = seen(AT[stage]), ACTIONS[change.action]

    edit = planned(before, change)

    if isinstance(edit, Impossible):
        assert (edit.ticket, edit.action) == (before, change.action)
        assert edit.is_so or stage not in row.at
    else:
        after = seen(edited(AT[stage], edit))
        assert stage in row.at
        assert STAGES.index(after.stage) >= STAGES.index(row.to)
        assert after.state != before.state


@pytest.mark.parametrize("change", CHANGES, ids=name)
def test_no_move_is_possible_before_there_is_an_issue(change: Change) -> None:
    assert lifecycle.possible(SUBMITTED) == ()
    with pytest.raises(Impossible):
        plan(SUBMITTED, change)


@given(snapshots, st.sampled_from(CHANGES))
def test_whatever_an_issue_is_like_a_move_does_what_its_row_says_and_is_so_afterwards(
    issue: IssueSnapshot, change: Change
) -> None:
    before = seen(issue)
    edit = planned(before, change)
    if isinstance(edit, Impossible):
        assert edit.is_so or change.action not in lifecycle.possible(before)
        return

    after = edited(issue, edit)

    assert change.action in lifecycle.possible(before)
    if issue.is_gone:
        return  # GitHub will refuse it: there is nothing left to edit
    assert STAGES.index(seen(after).stage) >= STAGES.index(ACTIONS[change.action].to)
    if change.action is not Action.REOPEN:
        assert seen(after).state == seen(edited(after, edit)).state
    with pytest.raises(Impossible):
        plan(seen(after), change)


@given(snapshots)
def test_what_is_possible_can_be_planned(issue: IssueSnapshot) -> None:
    now = seen(issue)

    for move in lifecycle.possible(now):
        new = {Action.TAKE: "new", Action.ASSIGN: "new", Action.SPOC: "new", Action.TARGET: "2027-01-01"}
        value = new.get(move) or ("high" if now.state.priority is not Priority.HIGH else "low")
        assert plan(now, Change(action=move, value="" if move is Action.CLOSE else value)) != IssuePatch()


def test_to_set_the_priority_to_critical_skips_prioritisation() -> None:
    edit = plan(seen(AT[Stage.OPEN]), Change(action=Action.PRIORITY, value="critical"))

    assert edit == plan(seen(AT[Stage.OPEN]), Change(action=Action.CRITICAL))
    assert state_of(edited(AT[Stage.OPEN], edit)).stage is Stage.TRIAGED


def test_what_is_critical_already_is_not_offered_to_be_marked_so() -> None:
    assert Action.CRITICAL in lifecycle.possible(seen(snapshot("priority: low")))
    assert Action.CRITICAL not in lifecycle.possible(seen(snapshot("priority: critical")))


def test_a_target_date_means_progress_once_somebody_has_the_ticket() -> None:
    change = Change(action=Action.TARGET, value="2026-12-24")
    waiting, taken = AT[Stage.PRIORITIZED], AT[Stage.ASSIGNED]

    assert state_of(edited(waiting, plan(seen(waiting), change))).stage is Stage.PRIORITIZED
    assert state_of(edited(taken, plan(seen(taken), change))).stage is Stage.IN_PROGRESS


def test_a_reopened_ticket_is_as_far_as_what_was_done_to_it() -> None:
    released = snapshot("stage: released", **ASSIGNED, is_open=False, target=FIRST)

    reopened = edited(released, plan(seen(released), Change(action=Action.REOPEN)))

    assert state_of(reopened).stage is Stage.IN_PROGRESS
    assert state_of(reopened).close_reason is None


def test_the_same_spoc_in_another_case_is_no_change() -> None:
    named = seen(snapshot(spoc="Sage-Hollowell"))

    with pytest.raises(Impossible) as refused:
        plan(named, Change(action=Action.SPOC, value="sage-hollowell"))

    assert refused.value.is_so


@pytest.mark.parametrize(
    ("move", "value"), [(Action.PRIORITY, "p1"), (Action.TARGET, "30 February"), (Action.CLOSE, "bored")]
)
def test_a_value_that_a_move_does_not_take_is_a_bug_of_whoever_asked(move: Action, value: str) -> None:
    with pytest.raises(ValueError, match=value):
        plan(seen(AT[Stage.OPEN]), Change(action=move, value=value))


# What an issue says


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
        "the issue has labels of 2 stages, of which “accepted” counts; "
        "it has labels of 2 priorities, of which “high” counts"
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
    assert now.seen_at == later.updated_at
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


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in LABELLED])
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


@pytest.mark.parametrize("stage", LIVE)
def test_every_open_ticket_can_be_closed_and_every_closed_one_reopened(stage: Stage) -> None:
    assert Action.CLOSE in lifecycle.possible(seen(AT[stage]))
    assert lifecycle.possible(seen(AT[Stage.CLOSED])) == (Action.REOPEN,)


@pytest.mark.parametrize("where", [None, ("sandbox-org/elsewhere", 3)])
def test_nothing_can_be_done_to_a_ticket_whose_issue_is_gone(where: tuple[str, int] | None) -> None:
    gone = seen(snapshot(is_gone=True, moved_to=where))

    assert lifecycle.possible(gone) == ()
    with pytest.raises(Impossible):
        lifecycle.plan(gone, Change(action=Action.REOPEN))


def test_that_a_written_date_yields_to_a_milestones_is_said_on_the_card() -> None:
    yields = seen(snapshot(target=SECOND, milestone_due=FIRST))
    counts = seen(snapshot(target=SECOND, target_over=FIRST, milestone_due=FIRST))

    assert (yields.state.target, counts.state.target) == (FIRST, SECOND)
    assert (
        yields.inconsistency
        == f"its text says {SECOND} as the target date, but its milestone's {FIRST} counts"
    )
    assert counts.inconsistency == ""
