"""The words on the team's card, on the buttons by which people move tickets, and in the forms behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from identity_bot.messages.words import day, link, number
from identity_bot.text.markdown import ELLIPSIS, mrkdwn
from identity_bot.tickets.model import Action, CloseReason, Priority, Stage, Ticket
from identity_bot.tickets.people import People

BUTTONS: Mapping[Action, str] = {
    Action.TAKE: "Take it",
    Action.ASSIGN: "Assign…",
    Action.PRIORITY: "Set priority…",
    Action.CRITICAL: "Mark critical",
    Action.SPOC: "Name the SPOC…",
    Action.TARGET: "Set target date…",
    Action.UAT: "Ready for UAT",
    Action.RELEASE: "Mark released",
    Action.CLOSE: "Close…",
    Action.REOPEN: "Reopen",
    Action.ACCEPT: "Accept",
    Action.REJECT: "Needs work…",
}
"""What the buttons on the card and in messages say; an ellipsis promises a question before anything happens."""
CHANGE_TARGET = "Change target date…"
CLOSE_MINE = "Close my request…"

ASSIGN_TO = "Assign to"
SPOC_IS = "Who speaks with the requestor?"
TEAM_HINT = "Somebody of the Identity Team."
PRIORITY_IS = "Priority"
TARGET_IS = "Target date"
TARGET_HINT = "The day by which it should be done, by Eastern time. The requestor is told."
CLOSE_BECAUSE = "Why is it closed?"
COMMENT = "Comment"
COMMENT_HINT = "Goes on the ticket and to everybody who is told. No personal data, please."
REJECT_BECAUSE = "What still needs work?"
MOVE_SUBMITS: Mapping[Action, str] = {
    Action.ASSIGN: "Assign",
    Action.SPOC: "Name SPOC",
    Action.PRIORITY: "Set priority",
    Action.TARGET: "Set date",
    Action.CLOSE: "Close ticket",
    Action.REJECT: "Send back",
}
"""What the button says that ends a move's form."""
CLOSE_REASONS: Mapping[CloseReason, tuple[str, str]] = {
    CloseReason.COMPLETED: ("Completed", "It is done, or solved in another way"),
    CloseReason.NOT_PLANNED: ("Not planned", "It will not be done, or is not needed any more"),
    CloseReason.DUPLICATE: ("Duplicate", "There is another ticket for it"),
}
PRIORITIES: Mapping[Priority, tuple[str, str]] = {
    Priority.CRITICAL: ("Critical", "Skips the queue"),
    Priority.HIGH: ("High", ""),
    Priority.MEDIUM: ("Medium", ""),
    Priority.LOW: ("Low", ""),
}

NO_PERSON = "Please choose somebody."
NO_PRIORITY = "Please choose one of the priorities."
NO_DATE = "Please choose a day, such as next Friday."
DATE_PAST = "This day is in the past. Please choose today (by Eastern time) or a day to come."
DATE_FAR = "This day is more than two years ahead, probably by a slip. Please choose an earlier one."
NO_CLOSE_REASON = "Please choose one of the reasons."
NO_REJECT_REASON = (
    "Please say in a sentence what is missing, such as: The page still asks me to sign in twice."
)
NOT_A_MEMBER = "This is no member of the Identity Team. Please choose somebody who is."
ASSIGNEE_UNKNOWN = (
    "I do not know their GitHub login. Please assign them in GitHub, or ask the bot's operator to add them to "
    "people in the settings."
)

TICKET_UNKNOWN = (
    "I do not know this ticket any more, so nothing was changed. Its issue in GitHub, if there is one, "
    "is as it was."
)
BUTTON_UNKNOWN = (
    "This button is of another version of me, so nothing was changed. Please use a newer message, or the "
    "ticket's issue in GitHub."
)
CANNOT_TELL = "I could not find out who may do that, so nothing was changed. Please try again in a minute."
NOTHING_CHANGED = (
    "Sorry, that did not work on our side, so *nothing was changed*. Please try again in a minute."
)
TAKES_LONG = (
    "This takes longer than usual. Please look at the ticket's card in a moment: if nothing has changed there, "
    "go back and send it again."
)
LOGIN_UNKNOWN = (
    "I do not know your GitHub login, so I cannot assign the ticket to you. Please assign yourself in GitHub, "
    "or ask the bot's operator to add you to `people` in the settings."
)
_CHOSE: Mapping[Action, str] = {
    Action.ACCEPT: "accepted it",
    Action.REJECT: "said that it needs work",
    Action.CLOSE: "closed the request",
}


def moment(at: float) -> str:
    """A moment (seconds since the epoch) that Slack shows in the reader's own time, with how long ago that is.

    The tokens are those of docs.slack.dev/reference/block-kit/block-elements/date-element.
    """
    fallback = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(at)}^{{date_short_pretty}} at {{time}} ({{ago}})|{fallback}>"


def state(ticket: Ticket, type_title: str, people: People) -> list[tuple[str, str]]:
    """What the team's card says of a ticket besides the answers, as names and mrkdwn: first what moves."""
    now = ticket.state
    stage = now.stage.value
    if now.close_reason and now.stage is Stage.CLOSED:
        stage = f"{stage}: {now.close_reason.value}"
    assigned = ", ".join(map(people.mention, now.assignees))
    said = [
        ("Stage", stage),
        ("Priority", now.priority.value if now.priority else "not set"),
        ("Assigned to", assigned or "nobody"),
        ("Target date", day(now.target) if now.target else "not set"),
        ("SPOC", people.mention(now.spoc) if now.spoc else "not named"),
        ("Urgent", "Yes" if ticket.is_urgent else "No"),
        ("Requestor", mrkdwn(ticket.requestor.name, limit=200)),
        ("Team", mrkdwn(ticket.requestor.team, limit=200)),
        ("Type", mrkdwn(type_title, limit=75)),
        ("Asked", moment(ticket.submitted_at)),
        ("Reference", ticket.reference),
    ]
    return [*said, ("Sensitive", "Yes, read it in GitHub only")] if ticket.is_sensitive else said


def odd(inconsistency: str) -> str:
    """On the card, about an issue that says two things at once."""
    return f"{inconsistency[:1].upper()}{inconsistency[1:]}."


def more_answers(count: int) -> str:
    """On the team's card, where it has no room for all answers."""
    return f"… and {count} more {'answer' if count == 1 else 'answers'} in the ticket."


def about(ticket: Ticket) -> str:
    """In a move's form: which ticket it is about."""
    return f"Ticket {link(ticket)}, asked for by {mrkdwn(ticket.requestor.name, limit=200)}"


def spoken(label: str, ticket: Ticket) -> str:
    """What a screen reader says for a card's button, as there are many cards with the same ones."""
    return f"{label.removesuffix(ELLIPSIS)}, ticket {number(ticket)}"


def chose(move: Action, slack_id: str) -> str:
    """In the place of a message's buttons, once somebody has used one."""
    return f"<@{slack_id}> {_CHOSE.get(move, 'has chosen')}."
