"""Bug reports: components from the settings, a check across two answers, and a label."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

import identity_bot_bug as bug
from identity_bot import Choice, Form, Person, Ticket

ANSWERS = {
    "component": "Sessions",
    "severity": "major",
    "steps": "I waited for an hour.",
    "expected": "I am signed out.",
    "actual": "I am still signed in.",
}
TICKET = Ticket(
    id="3d9a0f6c-2f4e-5b0a-9c59-0d8f4f0f7f11",
    type="bug",
    requestor=Person(slack_id="U1", name="Juniper Vale", team="Benefits"),
    answers=ANSWERS,
    submitted_at=0.0,
)


def form(**section: Any) -> Form:
    return bug.form(bug.BugSettings().load(section))


def offered(asked: Form) -> list[str]:
    question = asked.question("component")
    assert isinstance(question, Choice)
    return [option.label for option in question.offered]


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


def test_the_issue_has_a_label_for_the_severity() -> None:
    issue = bug.render_issue(TICKET, form())

    assert issue.title == "Bug in Sessions: I am still signed in."
    assert issue.labels == ("bug", "severity: major")
