"""The words that people read in Slack and in the issue, apart from all logic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from identity_bot.errors import Impossible
from identity_bot.forms.form import Form
from identity_bot.text.markdown import mrkdwn
from identity_bot.tickets.lifecycle import ACTIONS, By, is_gone, possible
from identity_bot.tickets.model import Action, Stage, Ticket

ADOPTED = "Request made in GitHub"
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

_DO: Mapping[Action, tuple[str, str]] = {
    Action.TAKE: ("take it", "taken"),
    Action.ASSIGN: ("assign it", "assigned"),
    Action.PRIORITY: ("set its priority", "given a priority"),
    Action.CRITICAL: ("mark it critical", "marked critical"),
    Action.SPOC: ("name its SPOC", "given a SPOC"),
    Action.TARGET: ("set its target date", "given a target date"),
    Action.UAT: ("mark it ready for UAT", "marked ready for UAT"),
    Action.RELEASE: ("mark it released", "marked released"),
    Action.CLOSE: ("close it", "closed"),
    Action.REOPEN: ("reopen it", "reopened"),
    Action.ACCEPT: ("accept it", "accepted"),
    Action.REJECT: ("say that it needs work", "sent back"),
}


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


def _joined(several: Sequence[str], by: str = "and") -> str:
    return several[0] if len(several) == 1 else f"{', '.join(several[:-1])} {by} {several[-1]}"


def type_name(form: Form) -> str:
    """A request type's title, safe in mrkdwn."""
    return mrkdwn(form.title, limit=75)


def number(ticket: Ticket) -> str:
    """What a ticket is called: #12, in the restricted repository with its name, or the reference before that."""
    if ticket.number is None:
        return ticket.reference
    repository = ticket.repository.rpartition("/")[2] if ticket.is_sensitive else ""
    return f"{repository}#{ticket.number}"


def link(ticket: Ticket) -> str:
    """The ticket's issue as a Slack link, such as #12."""
    return f"<{ticket.url}|{number(ticket)}>"


def day(when: date) -> str:
    """A day such as December 1, 2026."""
    return f"{when:%B} {when.day}, {when.year}"


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


def leads(settings: Mapping[str, Any]) -> str:
    """Mentions of the leads that a type's settings name."""
    return " ".join(f"<@{lead['slack']}>" for lead in settings.get("leads", ()) if "slack" in lead)


_ACTS = {
    "open_issue": "open the issue",
    "change_issue": "change the issue",
    "attribute": "say in GitHub whose change it was",
    "obey": "obey a comment",
    "answer": "answer a comment",
    "link_thread": "link the Slack thread",
    "look_at_issue": "look at the issue",
    "resync_repository": "look over a repository",
    "post": "post a message",
    "withdraw": "take a message back",
    "draw_card": "draw the card",
    "tell": "tell the news",
}
"""What the bot was about to do, by the kind of its effect."""


def parked(kind: str, ticket: Ticket | None, leads: str, reason: str) -> str:
    """To the team: something could not be done and waits for an operator; urgent requests mention the leads."""
    about = ""
    if ticket:
        requestor = mrkdwn(ticket.requestor.name, limit=100)
        about = f" for the ticket {ticket.reference} (`{ticket.type}`, asked for by {requestor})"
    urgent = "*Urgent, Veterans in production are affected.* " if ticket and ticket.is_urgent else ""
    return (
        f"{urgent}*I could not {_ACTS.get(kind, kind)}{about}*: {mrkdwn(reason, limit=500)} {leads}\n"
        "It is kept. `identity-bot outbox` shows it, retries it or drops it."
    )


def type_uninstalled(ticket: Ticket) -> str:
    """To the team: a ticket of a type that is gone has changed, and nobody could be told in its words."""
    return f"Ticket {link(ticket)} has news, but its request type `{ticket.type}` is not installed any more."


def gone(ticket: Ticket, moved_to: tuple[str, int] | None) -> str:
    """To the team: a ticket's issue is not where it was, and nobody follows it any more."""
    if moved_to:
        where = mrkdwn(f"{moved_to[0]}#{moved_to[1]}", limit=200)
        return (
            f"The issue of ticket {link(ticket)} was transferred to {where}, which I do not follow, so the ticket "
            "counts as closed. Name that repository in the settings, or tell its requestor where it goes on."
        )
    return (
        f"The issue of ticket {number(ticket)} was deleted, so the ticket counts as closed. "
        "If that was a mistake, please ask its requestor to send the request again."
    )


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


def impossible(error: Impossible) -> str:
    """Why a move was not made, and what whoever wanted it can do instead; plain text for Slack and GitHub alike."""
    ticket, move = error.ticket, error.action
    name = f"Ticket {number(ticket)}"
    if ticket.stage is Stage.SUBMITTED:
        return f"{name} is not open in GitHub yet. Please try again in a minute."
    if is_gone(ticket):
        return f"{name} has no issue in GitHub any more, so nothing can be done to it."
    if error.is_so or ACTIONS[move].to is ticket.stage or move is Action.REOPEN:
        said = f"{name} {_so_already(ticket, move)}."
    else:
        said = f"{name} is {ticket.stage.value}, so it cannot be {_DO[move][1]}."
    mine = (By.TEAM, By.EITHER) if ACTIONS[move].by is By.TEAM else (By.REQUESTOR, By.EITHER)
    others = [_DO[one][0] for one in possible(ticket) if ACTIONS[one].by in mine and one is not move]
    if others:
        return f"{said} You can {_joined(others, 'or')}."
    return f"{said} If something is missing, please tell the Identity Team."


def _so_already(ticket: Ticket, move: Action) -> str:
    """What a move would have made so, where it is so."""
    now = ticket.state
    match move:
        case Action.TAKE | Action.ASSIGN if now.assignees:
            return f"is already assigned to {_joined(now.assignees)}"
        case Action.PRIORITY | Action.CRITICAL if now.priority:
            return f"already has the priority {now.priority.value}"
        case Action.SPOC:
            return "already has this SPOC"
        case Action.TARGET if now.target:
            return f"already has the target date {day(now.target)}"
        case Action.REOPEN:
            return "is not closed"
    return f"is already {now.stage.value}"


def not_team(ticket: Ticket) -> str:
    """To somebody who is not of the team and wanted to move a ticket."""
    return (
        f"Only the Identity Team can do that with ticket {number(ticket)}. Whoever asked for it can close it, and "
        "can accept it or send it back once it is ready for UAT."
    )


def not_requestor(ticket: Ticket) -> str:
    """To somebody who wanted to do what is the requestor's to do."""
    who = mrkdwn(ticket.requestor.name or "the requestor", limit=200)
    return f"Only {who}, who asked for ticket {number(ticket)}, can accept it or send it back."


def not_taken(ticket: Ticket, reason: str) -> str:
    """To whoever asked for a change that GitHub did not take."""
    return f"GitHub did not take your change of ticket {link(ticket)}: {mrkdwn(reason, limit=300)}"


def cannot_be_told(ticket: Ticket, reason: str) -> str:
    """To the team: a requestor cannot be reached in Slack at all."""
    who = mrkdwn(ticket.requestor.name, limit=100)
    return (
        f"I could not tell {who} of the news about ticket {link(ticket)}, neither in a thread nor directly "
        f"({mrkdwn(reason, limit=300)}). Somebody should, if it matters to them."
    )


def repository_renamed(was: str, now: str) -> str:
    """To the team: a repository has another name than the settings say."""
    return (
        f"The repository `{mrkdwn(was)}` is now called `{mrkdwn(now)}`. Its operator should write the new name "
        "into my settings and restart me; until then I miss what GitHub tells of it by webhook."
    )


def cannot_poll(reason: str) -> str:
    """To the team: GitHub has not been asked for news for some minutes."""
    return (
        f"I cannot ask GitHub for news: {mrkdwn(reason, limit=300)}. Until I can, what happens there is told late, "
        "but not lost. `identity-bot check` says what to mend."
    )


def label_renamed(repository: str, was: str, now: str) -> str:
    """To the team: a label that means something to the bot has another name, or (`now` is empty) is gone."""
    became = f"was renamed to `{mrkdwn(now)}`" if now else "was deleted"
    return (
        f"The label `{mrkdwn(was)}` in `{mrkdwn(repository)}` {became}. I only know it by the old name: "
        "please name it so again, or tickets will look as if they had no such label."
    )
