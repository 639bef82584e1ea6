"""Help with mocked authentication on local and development machines."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from identity_bot import (
    Answer,
    Articles,
    Choice,
    Form,
    IssueDraft,
    LongText,
    Option,
    Ticket,
    default_issue,
    hookimpl,
    line,
)

CREDENTIALS = (
    Option("logingov", "Login.gov"),
    Option("idme", "ID.me"),
    Option("dslogon", "DS Logon"),
    Option("mhv", "My HealtheVet"),
)
ENVIRONMENTS = (Option("local", "Local"), Option("development", "Development"))

ARTICLES = Articles.in_package(__name__)
MOST_COMMON = {
    "local": ("empty-user-list", "invalid-client-id", "code-or-state-invalid"),
    "development": ("code-or-state-invalid", "user-not-listed", "nothing-loads-after-sign-in"),
}
"""The articles that most people need, by environment."""


@hookimpl
def form() -> Form:
    """Asks for the credential, the environment and comments."""
    return Form(
        title="Mocked authentication",
        description="Help with mocked sign-in that does not work",
        questions=[
            Choice(name="credential", label="Which credential?", options=CREDENTIALS),
            Choice(
                name="environment",
                label="Which environment?",
                options=ENVIRONMENTS,
                hint="Mocked authentication exists in these two only.",
            ),
            LongText(name="comments", label="Comments", required=False),
        ],
    )


@hookimpl
def self_service(text: str, answers: Mapping[str, Any]) -> list[Answer]:
    """What others in the same environment were helped by; once something is typed, the articles that fit it."""
    if text.strip():
        return ARTICLES.search(text)
    return ARTICLES.named(*MOST_COMMON.get(str(answers.get("environment")), MOST_COMMON["local"]))


@hookimpl
def render_issue(ticket: Ticket, form: Form, settings: Mapping[str, Any]) -> IssueDraft:
    """The default issue, titled after the credential and the environment."""
    draft = default_issue(ticket, form)
    named = {q.name: q.shown(ticket.answers[q.name]) for q in form.questions if q.name in ticket.answers}
    title = f"Mocked authentication: {named['credential']}, {named['environment']} ({ticket.requestor.team})"
    return replace(draft, title=line(title))
