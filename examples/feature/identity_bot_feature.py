"""Feature requests, which people are told about in words of their own."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from identity_bot import (
    Audience,
    Choices,
    CloseReason,
    Event,
    EventKind,
    Form,
    LongText,
    Notification,
    ShortText,
    Ticket,
    TypeSettings,
    hookimpl,
    mrkdwn,
)

BENEFITS = ("Veterans", "Caregivers and families", "VA employees", "Developers of other teams")


class FeatureSettings(TypeSettings):
    """What `[request_types.feature]` may hold, besides what every type has."""

    planning = fields.String(
        load_default="the first Tuesday of each month",
        validate=validate.Length(1, 100),
        metadata={"expected": 'when features are planned, such as "each Monday"'},
    )


@hookimpl
def settings_schema() -> type[FeatureSettings]:
    """When features are planned."""
    return FeatureSettings


@hookimpl
def form() -> Form:
    """Asks for the problem first, as there may be another solution than the one that somebody has in mind."""
    return Form(
        title="Feature request",
        description="Something that you would like to be possible",
        questions=[
            ShortText(name="summary", label="What would you like?", max_length=100),
            LongText(name="problem", label="Which problem would it solve?"),
            Choices(name="benefits", label="Who has that problem?", options=BENEFITS),
            LongText(name="workaround", label="What do they do today?", required=False),
        ],
    )


@hookimpl
def notify(ticket: Ticket, event: Event, settings: Mapping[str, Any]) -> list[Notification] | None:
    """Says when features are planned, and what it means that one is not."""
    if event.kind is EventKind.CREATED:
        text = "We weigh all requests for features against each other."
        following = (
            f"The next planning is on {mrkdwn(settings['planning'])}. We'll tell you what comes of it."
        )
        return [Notification(to=Audience.REQUESTOR, text=text, next=following)]
    is_declined = ticket.state.close_reason is CloseReason.NOT_PLANNED and not event.original  # no duplicate
    if event.kind is EventKind.CLOSED and is_declined:
        text = "We decided not to build it for now."
        if event.reason and not ticket.is_sensitive:
            text += f" The reason: {mrkdwn(event.reason)}"
        following = "You can ask again when something has changed."
        return [Notification(to=Audience.REQUESTOR, text=text, next=following, instead=True)]
    return None
