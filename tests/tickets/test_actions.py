"""The table of actions: what is possible when, what each leads to, and what a date must be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.testing import patched
from identity_bot.tickets import actions
from identity_bot.tickets.actions import ACTIONS, By, DateProblem, date_problem, event_for, plan
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.lifecycle import LIVE, STAGES, news, state_of
from identity_bot.tickets.model import (
    Action,
    Approval,
    Change,
    CloseReason,
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
"""What each action that takes a value is tried with."""
CHANGES = [
    Change(action=action, value=value)
    for action in Action
    for value in VALUES.get(action, [""])
    if ACTIONS[action].patch
]
"""Changes of what the state of a ticket shows."""


def planned(now: Ticket, change: Change) -> IssuePatch | Impossible:
    """The patch, or why there is none."""
    try:
        return plan(now, change)
    except Impossible as error:
        return error


def is_finished(ticket: Ticket) -> bool:
    """Whether it was closed as completed, or an open one released."""
    return ticket.stage is Stage.RELEASED or ticket.state.close_reason is CloseReason.COMPLETED


def name(change: Change) -> str:
    return f"{change.action.value} {change.value}".strip()


def test_the_table_has_every_action_and_begins_at_stages_that_an_issue_can_have() -> None:
    assert set(ACTIONS) == set(Action)
    assert {stage for row in ACTIONS.values() for stage in row.at} == set(Stage) - {Stage.SUBMITTED}


@pytest.mark.parametrize("change", CHANGES, ids=name)
@pytest.mark.parametrize("stage", AT)
def test_an_action_leads_at_least_to_the_stage_of_its_row_or_is_refused(stage: Stage, change: Change) -> None:
    row = ACTIONS[change.action]
    needed = frozenset({"approval: needed"} if row.by is By.APPROVER else ())
    issue = replace(AT[stage], labels=AT[stage].labels | needed)
    before = seen(issue)

    patch = planned(before, change)

    if isinstance(patch, Impossible):
        assert (patch.ticket, patch.action) == (before, change.action)
        assert patch.is_so or stage not in row.at
    else:
        after = seen(patched(issue, patch))
        assert stage in row.at
        assert STAGES.index(after.stage) >= STAGES.index(row.to or stage)
        assert after.state != before.state


@pytest.mark.parametrize("change", CHANGES, ids=name)
def test_no_action_is_possible_before_there_is_an_issue(change: Change) -> None:
    assert actions.possible(SUBMITTED) == ()
    with pytest.raises(Impossible):
        plan(SUBMITTED, change)


@given(snapshots, st.sampled_from(CHANGES))
def test_whatever_an_issue_is_like_an_action_does_what_its_row_says_and_is_so_afterward(
    issue: IssueSnapshot, change: Change
) -> None:
    before, to = seen(issue), ACTIONS[change.action].to
    patch = planned(before, change)
    if isinstance(patch, Impossible):
        is_unfinished = change.action is Action.CLOSE and before.state.is_unapproved
        assert patch.is_so or is_unfinished or change.action not in actions.possible(before)
        return

    after = patched(issue, patch)

    assert change.action in actions.possible(before)
    assert to is None or STAGES.index(seen(after).stage) >= STAGES.index(to)
    assert not before.state.is_unapproved or is_finished(before) or not is_finished(seen(after))
    if change.action is not Action.REOPEN:
        assert seen(after).state == seen(patched(after, patch)).state
    with pytest.raises(Impossible):
        plan(seen(after), change)


@given(snapshots)
def test_what_is_possible_can_be_planned(issue: IssueSnapshot) -> None:
    now = seen(issue)

    for action in set(actions.possible(now)) - {Action.REDACT}:
        new = {Action.TAKE: "new", Action.ASSIGN: "new", Action.SPOC: "new", Action.TARGET: "2027-01-01"}
        value = new.get(action) or ("high" if now.state.priority is not Priority.HIGH else "low")
        value = "not planned" if action is Action.CLOSE else value
        assert plan(now, Change(action=action, value=value)) != IssuePatch()


def test_nobody_is_asked_for_a_second_question_that_could_not_be_asked() -> None:
    """The form would take what somebody types and then refuse it."""
    waiting = seen(snapshot(labels=frozenset({"waiting: requestor"})))

    assert Action.WAIT in actions.possible(seen(snapshot()))
    assert Action.WAIT not in actions.possible(waiting)
    assert Action.RESUME in actions.possible(waiting)


def test_to_set_the_priority_to_critical_skips_prioritization() -> None:
    patch = plan(seen(AT[Stage.OPEN]), Change(action=Action.PRIORITY, value="critical"))

    assert patch == plan(seen(AT[Stage.OPEN]), Change(action=Action.CRITICAL))
    assert state_of(patched(AT[Stage.OPEN], patch)).stage is Stage.TRIAGED


def test_what_is_critical_already_is_not_offered_to_be_marked_so() -> None:
    assert Action.CRITICAL in actions.possible(seen(snapshot("priority: low")))
    assert Action.CRITICAL not in actions.possible(seen(snapshot("priority: critical")))


def test_a_target_date_means_progress_once_somebody_has_the_ticket() -> None:
    change = Change(action=Action.TARGET, value="2026-12-24")
    waiting, taken = AT[Stage.PRIORITIZED], AT[Stage.ASSIGNED]

    assert state_of(patched(waiting, plan(seen(waiting), change))).stage is Stage.PRIORITIZED
    assert state_of(patched(taken, plan(seen(taken), change))).stage is Stage.IN_PROGRESS


def test_a_reopened_ticket_is_as_far_as_what_was_done_to_it() -> None:
    released = snapshot("stage: released", **ASSIGNED, is_open=False, target=FIRST)

    reopened = patched(released, plan(seen(released), Change(action=Action.REOPEN)))

    assert state_of(reopened).stage is Stage.IN_PROGRESS
    assert state_of(reopened).close_reason is None


def test_the_same_spoc_in_another_case_is_no_change() -> None:
    named = seen(snapshot(spoc="Sage-Hollowell"))

    with pytest.raises(Impossible) as refused:
        plan(named, Change(action=Action.SPOC, value="sage-hollowell"))

    assert refused.value.is_so


@pytest.mark.parametrize(
    ("action", "value"), [(Action.PRIORITY, "p1"), (Action.TARGET, "30 February"), (Action.CLOSE, "bored")]
)
def test_a_value_that_an_action_does_not_take_is_a_bug_of_whoever_asked(action: Action, value: str) -> None:
    with pytest.raises(ValueError, match=value):
        plan(seen(AT[Stage.OPEN]), Change(action=action, value=value))


@pytest.mark.parametrize("stage", LIVE)
def test_every_open_ticket_can_be_closed_and_every_closed_one_reopened(stage: Stage) -> None:
    assert Action.CLOSE in actions.possible(seen(AT[stage]))
    assert actions.possible(seen(AT[Stage.CLOSED])) == (Action.REOPEN, Action.REDACT)


@pytest.mark.parametrize("stage", [*LIVE, Stage.CLOSED])
def test_text_can_be_removed_at_every_stage_that_an_issue_can_have_and_changes_none(stage: Stage) -> None:
    now, change = seen(AT[stage]), Change(action=Action.REDACT, value="hunter2!")

    assert Action.REDACT in actions.possible(now)
    assert plan(now, change) == IssuePatch()
    assert not actions.is_so(now.state, change)
    assert event_for(now.state, change) is EventKind.REDACTED


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

    after = seen(patched(AT[stage], patch))

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


# Approval


@pytest.mark.parametrize("action", [Action.APPROVE, Action.DECLINE])
@pytest.mark.parametrize("label", ["", "approval: approved", "approval: declined", "approval: perhaps"])
def test_only_what_waits_for_approval_can_be_approved_or_declined(action: Action, label: str) -> None:
    before = seen(snapshot(label))

    assert action not in actions.possible(before)
    with pytest.raises(Impossible):
        plan(before, Change(action=action))


@pytest.mark.parametrize("label", ["approval: needed", "approval: declined"])
@pytest.mark.parametrize("stage", [Stage.IN_PROGRESS, Stage.ACCEPTED])
def test_what_is_not_approved_is_neither_released_nor_closed_as_completed(stage: Stage, label: str) -> None:
    before = seen(replace(AT[stage], labels=AT[stage].labels | {label}))

    assert Action.RELEASE not in actions.possible(before)
    for change in (
        Change(action=Action.RELEASE),
        Change(action=Action.CLOSE),
        Change(action=Action.CLOSE, value="completed"),
    ):
        with pytest.raises(Impossible):
            plan(before, change)
    for reason in ("not planned", "duplicate"):
        assert plan(before, Change(action=Action.CLOSE, value=reason)).is_open is False
    assert plan(before, Change(action=Action.DUPLICATE, value="x")).is_open is False


def test_what_is_approved_goes_on_as_any_other() -> None:
    approved = seen(replace(AT[Stage.ACCEPTED], labels=AT[Stage.ACCEPTED].labels | {"approval: approved"}))

    assert set(actions.possible(approved)) == set(actions.possible(seen(AT[Stage.ACCEPTED])))
    assert plan(approved, Change(action=Action.CLOSE)).close_reason is CloseReason.COMPLETED


def test_what_was_declined_is_closed_as_not_planned_and_needs_approval_again_if_it_is_reopened() -> None:
    waiting = snapshot("approval: needed")

    declined = patched(waiting, plan(seen(waiting), Change(action=Action.DECLINE, reason="No.")))
    reopened = patched(declined, plan(seen(declined), Change(action=Action.REOPEN)))

    assert seen(declined).state.close_reason is CloseReason.NOT_PLANNED
    assert seen(declined).state.approval is Approval.DECLINED
    assert news(state_of(waiting), state_of(declined)) == (EventKind.DECLINED, EventKind.CLOSED)
    assert seen(reopened).state.approval is Approval.NEEDED
    assert news(state_of(declined), state_of(reopened)) == (EventKind.REOPENED, EventKind.APPROVAL_NEEDED)


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
