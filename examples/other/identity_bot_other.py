"""Anything that no other request type asks about."""

from identity_bot import Form, LongText, hookimpl


@hookimpl
def form() -> Form:
    """One question; the bot asks for the team, the name and the urgency by itself."""
    return Form(
        title="Something else",
        description="When no other type fits",
        questions=[LongText(name="request", label="What do you need?", min_length=20)],
    )
