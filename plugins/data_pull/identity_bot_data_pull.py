"""Data that the Identity Team looks up for other teams."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from identity_bot import Form, IssueDraft, LongText, Ticket, When, YesNo, default_issue, hookimpl, line


@hookimpl
def form() -> Form:
    """Asks what is needed and whether it is sensitive, which keeps the answers out of Slack."""
    return Form(
        title="Data pull",
        description="Have data looked up that other teams cannot reach",
        questions=[
            LongText(
                name="data_needed",
                label="What data do you need?",
                hint="Describe it without personal data: which attributes, for which period, what for.",
            ),
            YesNo(
                name="sensitive",
                label="Is it sensitive data that needs special permissions?",
                hint="Yes keeps what you need and your comments out of Slack.",
            ),
            LongText(name="comments", label="Comments", required=False),
        ],
        sensitive_when=When("sensitive", True),
    )


@hookimpl
def render_issue(ticket: Ticket, form: Form, settings: Mapping[str, Any]) -> IssueDraft:
    """The default issue; its title says what is needed unless that is sensitive."""
    draft = default_issue(ticket, form)
    about = "sensitive" if ticket.is_sensitive else ticket.answers["data_needed"]
    return replace(draft, title=line(f"Data pull for {ticket.requestor.team}: {about}", limit=120))
