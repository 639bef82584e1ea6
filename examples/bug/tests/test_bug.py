"""Bug reports: components from the settings, a check across two answers, and a label."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

import identity_bot_bug as bug
from identity_bot import Choice, Form
from identity_bot.testing import Invalid, MemoryDesk, check_request_type

ANSWERS = {
    "component": "Sessions",
    "severity": "major",
    "steps": "I waited for an hour.",
    "expected": "I am signed out.",
    "actual": "I am still signed in.",
}


def form(**section: Any) -> Form:
    return bug.form(bug.BugSettings().load(section))


def offered(asked: Form) -> list[str]:
    question = asked.question("component")
    assert isinstance(question, Choice)
    return [option.label for option in question.offered]


def test_it_keeps_what_every_request_type_promises() -> None:
    check_request_type(bug)


def test_the_operator_decides_which_components_there_are() -> None:
    assert offered(form()) == ["Sign-in", "Identity verification", "Sessions", "I don't know"]
    assert offered(form(components=["Portal", "Portal"])) == ["Portal", "I don't know"]


@pytest.mark.parametrize("components", [[], [""], "Sign-in", ["x" * 41]])
def test_components_that_cannot_be_shown_are_refused(components: object) -> None:
    with pytest.raises(ValidationError):
        form(components=components)


def test_what_happened_must_differ_from_what_should_have() -> None:
    same = {**ANSWERS, "actual": "i am signed OUT."}

    assert bug.check_difference(ANSWERS) is None
    assert list(bug.check_difference(same) or {}) == ["actual"]


def test_somebody_who_says_the_same_twice_is_asked_for_the_difference(desk: MemoryDesk) -> None:
    desk.load(bug)

    with pytest.raises(Invalid, match="say what is different"):
        desk.submit("bug", **ANSWERS | {"actual": "i am signed OUT."})


def test_the_issue_has_a_label_for_the_severity(desk: MemoryDesk) -> None:
    desk.load(bug)

    ticket = desk.submit("bug", **ANSWERS)
    desk.work()

    assert desk.issue(ticket).title == "Bug in Sessions: I am still signed in."
    assert {"bug", "severity: major"} <= set(desk.issue(ticket).labels)
