"""Bug reports, sorted by component and severity."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import fields, validate

from identity_bot import (
    Answers,
    Choice,
    Form,
    IssueDraft,
    LongText,
    Option,
    Ticket,
    TypeSettings,
    Url,
    default_issue,
    hookimpl,
    line,
)

SEVERITIES = (
    Option("blocker", "Blocker", "Nobody can go on, and there is no way around it"),
    Option("major", "Major", "It is broken, but there is a way around it"),
    Option("minor", "Minor", "It works, but not as it should"),
)


class BugSettings(TypeSettings):
    """What `[request_types.bug]` may hold, besides what every type has."""

    components = fields.List(
        fields.String(validate=validate.Length(1, 40, error="expected 1 to 40 characters")),
        load_default=lambda: ["Sign-in", "Identity verification", "Sessions"],
        validate=validate.Length(1, 50, error="expected 1 to 50 components"),
        metadata={"expected": 'a list of names, such as ["Sign-in", "Sessions"]'},
    )


@hookimpl
def settings_schema() -> type[BugSettings]:
    """The components that a bug can be in."""
    return BugSettings


@hookimpl
def form(settings: Mapping[str, Any]) -> Form:
    """Asks where it is, what happens and what should happen; the operator decides which components there are."""
    components = dict.fromkeys([*settings["components"], "I don't know"])
    return Form(
        title="Bug report",
        description="Something of ours does not work as it should",
        questions=[
            Choice(name="component", label="Where is the bug?", options=list(components)),
            Choice(name="severity", label="How bad is it?", options=SEVERITIES),
            LongText(
                name="steps",
                label="What did you do?",
                hint="Each step, so that we can do the same. No personal data, please.",
            ),
            LongText(
                name="expected",
                label="What should have happened?",
                placeholder="For example: I am signed out after 30 minutes.",
            ),
            LongText(
                name="actual",
                label="What happened instead?",
                placeholder="For example: I am still signed in after an hour.",
            ),
            Url(name="page", label="On which page?", required=False),
        ],
    )


@hookimpl(specname="validate")
def check_difference(answers: Answers) -> dict[str, str] | None:
    """A bug is a difference between two answers, which no single question can see."""
    if answers["expected"].casefold() == answers["actual"].casefold():
        return {"actual": "This is what should have happened. Please say what is different from that."}
    return None


@hookimpl
def render_issue(ticket: Ticket, form: Form) -> IssueDraft:
    """The default issue, titled after the component, with a label for the severity."""
    draft = default_issue(ticket, form)
    severity, component = ticket.answers["severity"], ticket.answers["component"]
    title = f"Bug in {component}: {ticket.answers['actual']}"
    return replace(draft, title=line(title, limit=100), labels=(*draft.labels, f"severity: {severity}"))
