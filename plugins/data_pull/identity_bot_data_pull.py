"""Data that the Identity Team looks up for other teams."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields

from identity_bot import (
    Choice,
    Form,
    IssueDraft,
    LeadSettings,
    LongText,
    Option,
    Route,
    Ticket,
    TypeSettings,
    When,
    YesNo,
    default_issue,
    default_route,
    hookimpl,
    line,
)

LARGE = "large"


class DataPullSettings(TypeSettings):
    """Small look-ups go to the leads; this says who gets the others."""

    product_leads = fields.List(fields.Nested(LeadSettings), load_default=())


@hookimpl
def settings_schema() -> type[Schema]:
    """The common settings, and the leads of what is sensitive or large."""
    return DataPullSettings


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
                hint="Yes keeps what you need and your comments out of Slack, and needs a lead's approval.",
            ),
            Choice(
                name="size",
                label="How much data is it?",
                required=False,
                options=[
                    Option("small", "A few attributes or numbers"),
                    Option(LARGE, "More than that"),
                ],
            ),
            LongText(name="comments", label="Comments", required=False),
        ],
        sensitive_when=When("sensitive", True),
        approval_when=When("sensitive", True),
    )


@hookimpl
def route(ticket: Ticket, settings: Mapping[str, Any]) -> Route | None:
    """What is sensitive or large goes to the product leads, if the settings name any."""
    product_leads = tuple(settings["product_leads"])
    is_theirs = ticket.is_sensitive or ticket.answers.get("size") == LARGE
    if not (is_theirs and product_leads):
        return None
    return replace(default_route(ticket, settings), leads=product_leads, approvers=product_leads)


@hookimpl
def render_issue(ticket: Ticket, form: Form, settings: Mapping[str, Any]) -> IssueDraft:
    """The default issue; its title says what is needed unless that is sensitive."""
    draft = default_issue(ticket, form)
    about = "sensitive" if ticket.is_sensitive else ticket.answers["data_needed"]
    return replace(draft, title=line(f"Data pull for {ticket.requestor.team}: {about}", limit=120))
