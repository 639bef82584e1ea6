"""The words that people read in Slack and in the issue, apart from all logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot.forms import Form
from identity_bot.markdown import mrkdwn
from identity_bot.model import Ticket

MODAL_TITLE = "Ask the Identity Team"
SUBMIT = "Send"
CANCEL = "Cancel"
CLOSE = "Close"
BACK = "Back"
WHAT_DO_YOU_NEED = "*What do you need?*"
CHOOSE_TYPE = "Choose a type of request"
NO_PERSONAL_DATA = (
    "Tickets can be read by others. Please leave out personal data of Veterans, passwords and keys."
)
ANSWERS_CUT = (
    "*The longest answers are cut here, as together they are more than GitHub takes. "
    "Please ask the requestor for the rest.*"
)
SHORTCUT = "Ask the Identity Team"
MESSAGE_SHORTCUT = "Ask Identity about this"

NOTHING_FILED = (
    "Sorry, that did not work on our side, so *nothing was filed*. Your answers are still in the form: "
    "go back and send it again in a minute."
)
FORM_CHANGED = (
    "This form has changed since you opened it. Your answers are below as far as they still fit; "
    "please look through them and send it again."
)
CHANGED_TOO_LATE = (
    "This form had already been sent once, and the ticket has your answers of that time. What you changed since is "
    "not in it: please add it in the ticket's thread."
)
TYPE_GONE = (
    "This type of request is not offered any more, so *nothing was filed*. Please choose another type above."
)
COULD_NOT_OPEN = "Sorry, Slack did not let me open the form in time. Please try again."
NO_TYPES = "No type of request is installed yet, so there is no form to open. The bot's operator knows how."


def unknown_type(command: str, word: str, names: list[str]) -> str:
    """What a person reads who names a request type that there is not."""
    offered = "\n".join(f"• `{command} {name}`" for name in names)
    return (
        f"There is no request type “{mrkdwn(word, limit=60)}”. You can use:\n{offered}\n"
        f"or just `{command}` to choose from a list."
    )


def personal_data(kinds: list[str]) -> str:
    """At a question whose answer may not go into a ticket."""
    return (
        f"This looks like {_joined(kinds)}, which must not be in a ticket. "
        "Please leave that out; the team will ask you safely for what it needs."
    )


def maybe_personal(kinds: list[str]) -> str:
    """In the receipt, about something that may be personal data."""
    return (
        f"Your request contains {_joined(kinds)}. Where that is a real Veteran's, please tell the "
        "Identity Team, so that it is taken out of the ticket."
    )


def _joined(kinds: list[str]) -> str:
    return kinds[0] if len(kinds) == 1 else f"{', '.join(kinds[:-1])} and {kinds[-1]}"


def type_name(form: Form) -> str:
    """A request type's title, safe in mrkdwn."""
    return mrkdwn(form.title, limit=75)


def link(ticket: Ticket) -> str:
    """The ticket's issue as a Slack link, such as #12."""
    return f"<{ticket.url}|#{ticket.number}>"


def receipt(ticket: Ticket) -> str:
    """The receipt in the modal, with the issue's number as soon as there is one."""
    if ticket.number is None:
        return (
            f"*Your request is in.* Its reference is *{ticket.reference}*.\n"
            "The ticket is being opened; you will be told its number in Slack. You can close this window."
        )
    return (
        f"*Your request is in.* It is ticket {link(ticket)} (reference {ticket.reference}).\n"
        "The Identity Team has been told."
    )


def created_requestor(ticket: Ticket, form: Form) -> str:
    """To the requestor, in the ticket's thread: it exists, and what comes next."""
    soon = (
        "It affects Veterans in production, so the leads have been told: expect an answer within one "
        "business hour."
        if ticket.is_urgent
        else "The team looks at it within one business day."
    )
    return f"{ticket.requestor.mention} your request is ticket {link(ticket)}: *{type_name(form)}*. {soon}"


def created_intake(ticket: Ticket, form: Form) -> str:
    """To the intake channel, when the ticket's thread is somewhere else."""
    return f"New ticket {link(ticket)}: *{type_name(form)}*, asked for by {mrkdwn(ticket.requestor.name)}."


def created_team(ticket: Ticket, form: Form, leads: str) -> str:
    """To the team: the card's headline, with the leads mentioned when it is urgent."""
    headline = f"New ticket {link(ticket)}: *{type_name(form)}*"
    if not ticket.is_urgent:
        return headline
    return f"*Urgent, Veterans in production are affected.* {headline}{' ' if leads else ''}{leads}"


def leads(settings: Mapping[str, Any]) -> str:
    """Mentions of the leads that a type's settings name."""
    return " ".join(f"<@{lead['slack']}>" for lead in settings.get("leads", ()) if "slack" in lead)


def facts(ticket: Ticket, form: Form) -> list[tuple[str, str]]:
    """What the team's card says of a ticket besides the answers, as plain text."""
    return [
        ("Requestor", ticket.requestor.name),
        ("Team", ticket.requestor.team),
        ("Urgent", "Yes" if ticket.is_urgent else "No"),
        ("Sensitive", "Yes, read it in GitHub only" if ticket.is_sensitive else "No"),
        ("Stage", ticket.stage.value),
        ("Reference", ticket.reference),
    ]


def more_answers(count: int) -> str:
    """On the team's card, where it has no room for all answers."""
    return f"… and {count} more {'answer' if count == 1 else 'answers'} in the ticket."


def parked(kind: str, ticket: Ticket | None, leads: str, reason: str) -> str:
    """To the team: something could not be done and waits for an operator; urgent requests mention the leads."""
    what = {"open_issue": "open the issue", "post": "post a message", "link_thread": "link the Slack thread"}
    about = ""
    if ticket:
        requestor = mrkdwn(ticket.requestor.name, limit=100)
        about = f" for the ticket {ticket.reference} (`{ticket.type}`, asked for by {requestor})"
    urgent = "*Urgent, Veterans in production are affected.* " if ticket and ticket.is_urgent else ""
    return (
        f"{urgent}*I could not {what.get(kind, kind)}{about}*: {mrkdwn(reason, limit=500)} {leads}\n"
        "It is kept. `identity-bot outbox` shows it, retries it or drops it."
    )


def type_uninstalled(ticket: Ticket) -> str:
    """To the team: a ticket of a type that is gone has changed, and nobody could be told in its words."""
    return f"Ticket {link(ticket)} has news, but its request type `{ticket.type}` is not installed any more."


def told_directly(channel: str, reason: str) -> str:
    """To the team: a requestor had to be told by direct message."""
    return (
        f"I could not post in `{channel}` ({mrkdwn(reason, limit=300)}), so I told the requestor by direct "
        "message. Is the bot in that channel?"
    )


def refused_by_github(ticket: Ticket, what: str) -> str:
    """To the team: GitHub made the issue, but not with everything that was asked for."""
    return (
        f"Ticket {link(ticket)} is open, but GitHub did not take {mrkdwn(what, limit=300)}. "
        "`identity-bot check` says what the token may do."
    )
