"""The life of a showcase takes every action and comes to every event, so that a new one cannot be forgotten."""

from __future__ import annotations

from datetime import date

from identity_bot.showcase import life
from identity_bot.showcase.values import Kind
from identity_bot.tickets.actions import ACTIONS
from identity_bot.tickets.model import Action, EventKind

TODAY = date(2027, 1, 15)


def test_every_action_is_taken() -> None:
    steps = life.steps(Kind.USUAL, TODAY, "words", "#2", approver=life.LEAD["slack"])

    assert {one.change.action for one in steps} == set(Action)


def test_only_what_needs_approval_is_approved() -> None:
    steps = life.steps(Kind.USUAL, TODAY, "words", "#2")

    assert not life.OF_APPROVAL & {ACTIONS[one.change.action].event for one in steps}


def test_the_actions_lead_to_every_event_that_the_table_knows() -> None:
    told = {ACTIONS[action].event for action in life.ORDER} | life.OF_APPROVAL | life.OF_CLOCKS

    assert told | {EventKind.CREATED, EventKind.TARGET_CHANGED} == set(EventKind)


def test_a_second_target_date_differs_from_the_first() -> None:
    dates = [
        one.change.value
        for one in life.steps(Kind.USUAL, TODAY, "words", "#2")
        if one.change.action is Action.TARGET
    ]

    assert dates == ["2027-01-29", "2027-02-05"]


def test_an_urgent_request_is_shown_as_it_begins() -> None:
    assert life.steps(Kind.URGENT, TODAY, "words", "#2") == []


def test_all_who_act_have_a_name() -> None:
    assert {one.by for one in life.steps(Kind.USUAL, TODAY, "words", "#2")} <= set(life.NAMES)
