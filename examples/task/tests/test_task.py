"""Tasks: dates that are not over, and steps that become a checklist."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from marshmallow import ValidationError

import identity_bot_task as task
from identity_bot import Person, Ticket
from identity_bot.testing import check_request_type


def issue(steps: str) -> str:
    """The body of the issue for a task with these steps."""
    ticket = Ticket(
        id="3d9a0f6c-2f4e-5b0a-9c59-0d8f4f0f7f11",
        type="task",
        requestor=Person(slack_id="U1", name="Juniper Vale", team="Benefits"),
        answers={"summary": "Rotate the keys", "steps": steps},
        submitted_at=0.0,
    )
    return task.render_issue(ticket, task.form()).body


def test_it_keeps_what_every_request_type_promises() -> None:
    check_request_type(task, answers={"due": (date.today() + timedelta(days=7)).isoformat()})


def test_a_day_that_is_over_is_refused_and_today_is_not() -> None:
    question = task.form().question("due")
    assert question is not None
    today = date.today()

    assert question.answer(today.isoformat()) == today.isoformat()
    with pytest.raises(ValidationError, match="over"):
        question.answer((today - timedelta(days=1)).isoformat())


def test_steps_become_a_checklist_in_which_nothing_is_read_as_markdown() -> None:
    body = issue("- Make new keys\n\n  * Tell @octo\n[x](https://a.test)")

    assert body.startswith("- [ ] `Make new keys`\n- [ ] `Tell @octo`\n- [ ] `[x](https://a.test)`\n\n")


def test_more_steps_than_an_issue_should_have_are_refused() -> None:
    question = task.form().question("steps")
    assert question is not None

    assert question.answer("x\n" * task.MOST_STEPS)
    with pytest.raises(ValidationError, match="at most 15 steps"):
        question.answer("x\n" * (task.MOST_STEPS + 1))


@pytest.mark.parametrize("steps", ["-", "- \n *", "`" * 3000, "\n".join(["`" * 149] * 15)])
def test_the_strangest_steps_still_make_an_issue(steps: str) -> None:
    assert len(issue(steps)) < 60_000
