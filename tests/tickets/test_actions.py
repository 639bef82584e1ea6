"""The table of actions: what is possible when, what each leads to, and what a date must be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.tickets import actions
from identity_bot.tickets.actions import ACTIONS, DateProblem, date_problem, event_for, plan
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.lifecycle import LIVE, STAGES, labels_after, news, state_of
from identity_bot.tickets.model import (
    Action,
    Change,
    EventKind,
    IssuePatch,
    IssueSnapshot,
    Priority,
    Stage,
    Ticket,
)
from tests.tickets.test_lifecycle import ASSIGNED, AT, FIRST, SUBMITTED, seen, snapshot, snapshots

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


def planned(now: Ticket, change: Change) -> IssuePatch | Impossible:
    """The edit, or why there is none."""
    try:
        return plan(now, change)
    except Impossible as error:
        return error


def name(change: Change) -> str:
    return f"{change.action.value} {change.value}".strip()


def test_the_table_has_every_move_and_begins_at_stages_that_an_issue_can_have() -> None:
    assert set(ACTIONS) == set(Action)
    assert {stage for row in ACTIONS.values() for stage in row.at} == set(Stage) - {Stage.SUBMITTED}


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
    assert actions.possible(SUBMITTED) == ()
    with pytest.raises(Impossible):
        plan(SUBMITTED, change)


@given(snapshots, st.sampled_from(CHANGES))
def test_whatever_an_issue_is_like_a_move_does_what_its_row_says_and_is_so_afterward(
    issue: IssueSnapshot, change: Change
) -> None:
    before = seen(issue)
    edit = planned(before, change)
    if isinstance(edit, Impossible):
        assert edit.is_so or change.action not in actions.possible(before)
        return

    after = edited(issue, edit)

    assert change.action in actions.possible(before)
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

    for move in actions.possible(now):
        new = {Action.TAKE: "new", Action.ASSIGN: "new", Action.SPOC: "new", Action.TARGET: "2027-01-01"}
        value = new.get(move) or ("high" if now.state.priority is not Priority.HIGH else "low")
        assert plan(now, Change(action=move, value="" if move is Action.CLOSE else value)) != IssuePatch()


def test_to_set_the_priority_to_critical_skips_prioritisation() -> None:
    edit = plan(seen(AT[Stage.OPEN]), Change(action=Action.PRIORITY, value="critical"))

    assert edit == plan(seen(AT[Stage.OPEN]), Change(action=Action.CRITICAL))
    assert state_of(edited(AT[Stage.OPEN], edit)).stage is Stage.TRIAGED


def test_what_is_critical_already_is_not_offered_to_be_marked_so() -> None:
    assert Action.CRITICAL in actions.possible(seen(snapshot("priority: low")))
    assert Action.CRITICAL not in actions.possible(seen(snapshot("priority: critical")))


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


@pytest.mark.parametrize("stage", LIVE)
def test_every_open_ticket_can_be_closed_and_every_closed_one_reopened(stage: Stage) -> None:
    assert Action.CLOSE in actions.possible(seen(AT[stage]))
    assert actions.possible(seen(AT[Stage.CLOSED])) == (Action.REOPEN,)


@pytest.mark.parametrize("where", [None, ("sandbox-org/elsewhere", 3)])
def test_nothing_can_be_done_to_a_ticket_whose_issue_is_gone(where: tuple[str, int] | None) -> None:
    gone = seen(snapshot(is_gone=True, moved_to=where))

    assert actions.possible(gone) == ()
    with pytest.raises(Impossible):
        actions.plan(gone, Change(action=Action.REOPEN))


# The event that an action leads to


@pytest.mark.parametrize("change", CHANGES, ids=name)
@pytest.mark.parametrize("stage", AT)
def test_an_action_leads_to_an_event_that_people_are_told(stage: Stage, change: Change) -> None:
    before = seen(AT[stage])
    patch = planned(before, change)
    if isinstance(patch, Impossible):
        return

    after = seen(edited(AT[stage], patch))

    assert event_for(before.state, change) in news(before.state, after.state)


def test_a_second_target_date_is_told_as_a_change() -> None:
    change = Change(action=Action.TARGET, value="2026-12-24")

    assert event_for(seen(AT[Stage.ASSIGNED]).state, change) is EventKind.TARGET_SET
    assert event_for(seen(AT[Stage.IN_PROGRESS]).state, change) is EventKind.TARGET_CHANGED


def test_the_priority_critical_is_told_as_triage() -> None:
    change = Change(action=Action.PRIORITY, value="critical")

    assert event_for(seen(AT[Stage.OPEN]).state, change) is EventKind.TRIAGED


# Target dates


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2026-12-01", None),
        ("2026-11-21", None),
        ("2028-11-21", None),
        ("2026-11-20", DateProblem.PAST),
        ("2028-11-22", DateProblem.FAR),
        ("2026-02-30", DateProblem.INVALID),
        ("tomorrow", DateProblem.INVALID),
        ("", DateProblem.INVALID),
    ],
)
def test_a_target_date_is_a_day_from_today_to_two_years_ahead(
    written: str, problem: DateProblem | None
) -> None:
    assert date_problem(written, date(2026, 11, 21)) is problem


# The words of the table


@pytest.mark.parametrize("row", ACTIONS.values(), ids=lambda row: row.action.value)
def test_a_row_has_all_the_words_that_its_action_needs(row: actions.Row) -> None:
    assert all((row.button, row.to_do, row.is_so, row.did, row.comment, row.by_hand))
    assert bool(row.question) is bool(row.submit) is row.has_form
    assert row.button.endswith("…") is row.has_form
    assert all(len(label) <= 24 for label in (row.submit, row.button.removesuffix("…")))


def test_at_each_stage_at_most_one_button_stands_out_and_it_can_be_used() -> None:
    for stage in Stage:
        usual = [row for row in ACTIONS.values() if stage in row.next_at]
        assert len(usual) <= 1
        assert all(stage in row.at for row in usual)
