"""Tasks with a date and a checklist."""

from dataclasses import replace
from datetime import date

from marshmallow import ValidationError

from identity_bot import (
    Date,
    Form,
    IssueDraft,
    LongText,
    Member,
    Number,
    ShortText,
    Ticket,
    default_issue,
    hookimpl,
    line,
    span,
)

MOST_STEPS = 15


def not_past(day: date) -> None:
    """Accepts today and later; asks for today's date when somebody answers, as the bot runs for weeks."""
    if day < date.today():
        raise ValidationError("This day is over. Please choose today or a later day.")


def few(steps: str) -> None:
    """Accepts as many steps as one issue should have."""
    if len(steps_in(steps)) > MOST_STEPS:
        raise ValidationError(f"Please enter at most {MOST_STEPS} steps. Larger tasks are better split.")


def steps_in(text: str) -> list[str]:
    """The steps, one a line, without the bullets that people like to type."""
    return [step for row in text.splitlines() if (step := row.strip().lstrip("-*• ").strip())]


@hookimpl
def form() -> Form:
    """Asks what is to be done, until when, and in which steps."""
    return Form(
        title="Task",
        description="Something that the Identity Team should do",
        questions=[
            ShortText(name="summary", label="What should be done?", max_length=100),
            LongText(name="steps", label="Which steps are there?", hint="One on each line.", validate=[few]),
            Date(name="due", label="By when do you need it?", required=False, validate=[not_past]),
            Number(name="hours", label="How many hours may it take?", required=False, minimum=1, maximum=80),
            Member(name="contact", label="Who knows more about it?", required=False),
        ],
    )


@hookimpl
def render_issue(ticket: Ticket, form: Form) -> IssueDraft:
    """The default issue with the steps as a checklist on top, so that GitHub shows how many are done."""
    draft = default_issue(ticket, form)
    checklist = "\n".join(f"- [ ] {span(step, limit=80)}" for step in steps_in(ticket.answers["steps"]))
    title = line(f"Task: {ticket.answers['summary']}")
    return replace(draft, title=title, body=f"{checklist}\n\n{draft.body}" if checklist else draft.body)
