"""The words around a showcase: what stands above a form, an issue and messages that nobody sent. Pure."""

from __future__ import annotations

FORM = "Form"
ISSUE = "Issue"
MESSAGES = "Messages"
MORE_QUESTIONS = "More questions"
TITLE = "Title"
LABELS = "Labels"
ASSIGNEES = "Assignees"
COMMENT = "Comment on the issue"
NOBODY_TOLD = "Nobody gets a message."
NO_SENSITIVE_CONTENT = "A sensitive request: the same life, with nothing of its content in Slack"
URGENT = "An urgent request: how its life begins"
SUBMITTED = "sent the form"


def hook_failed(plugin: str, hook: str, error: str) -> str:
    """That a plugin's hook failed while the showcase was played, and what was shown instead."""
    instead = {
        "render_issue": "the issue is made without it",
        "validate": "the answers are taken without it",
        "notify": "people get the other messages only",
    }.get(hook, "it is left out")
    return f"{hook} of the plugin {plugin!r} failed with {' '.join(error.split())}: {instead}"


def refused(question: str, problem: str) -> str:
    """That a sample answer does not pass the plugin's own checks."""
    return f"{question}: {problem}"


def questions_when(condition: str) -> str:
    """Which answer adds questions to the form."""
    return f"When {condition}, it also asks:"


def not_played(kind: str) -> str:
    """That a ticket could not be made of the sample answers."""
    return f"No {kind} ticket could be made, because the request type refuses the sample answers:"


SAMPLES = (
    "A question's own sample is its initial value, or what follows the colon of its placeholder, "
    "such as “For example: Benefits Claims”."
)
"""How a plugin's author gets sample answers that the plugin takes."""


def issue_in(repository: str) -> str:
    """Where the issue is."""
    return f"{ISSUE} in {repository}"


def did(name: str, what: str) -> str:
    """Who did what."""
    return f"{name} {what}"


def where(to: str, *, channel: str, is_direct: bool, is_reply: bool, name: str) -> str:
    """For whom a message is and where it stands; `name` is the person's in a direct message."""
    if is_direct:
        return f"{name}, in a direct message"
    place = "a thread" if to == "requestor" else "the card's thread"
    place = f"in {place} in {channel}" if is_reply else f"in {channel}"
    match to:
        case "card":
            return f"The team's card, {place}"
        case "alert":
            return f"An alert for the team, {place}"
        case "intake":
            return f"Everybody, {place}"
        case "members":
            return f"SPOC and assignees, {place}"
        case "team":
            return f"The team, {place}"
    return f"{name}, who asked, {place}"
