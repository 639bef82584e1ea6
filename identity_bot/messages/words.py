"""The words that people read in Slack, apart from all logic: the forms, the receipt, the card, and refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from identity_bot.text.markdown import ELLIPSIS, mrkdwn
from identity_bot.text.names import is_same, nearest
from identity_bot.tickets.actions import ACTIONS, Ask, By, DateProblem, possible
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.lifecycle import is_gone
from identity_bot.tickets.model import Action, Approval, CloseReason, Priority, Stage, Ticket
from identity_bot.tickets.people import People

# What a ticket is called


def number(ticket: Ticket) -> str:
    """What a ticket is called: #12, outside the main repository name#12, or the reference before that."""
    return ticket.reference if ticket.number is None else f"{ticket.prefix}#{ticket.number}"


def link(ticket: Ticket) -> str:
    """The ticket's issue as a Slack link, such as #12, for the team; without a link while there is no issue."""
    return f"<{ticket.url}|{number(ticket)}>" if ticket.url else number(ticket)


def prefix(repository: str, repositories: Sequence[str]) -> str:
    """What stands before the numbers of a repository's issues, so that no two tickets have the same name.

    Nothing in the main one, which is the first of `repositories`; else its name, with its owner if there are others
    of that name.
    """
    name = repository.rpartition("/")[2]
    same = [one for one in repositories if is_same(one.rpartition("/")[2], name)]
    if repositories and is_same(repository, repositories[0]):
        return ""
    return repository if len(same) > 1 else name


def link_for_anybody(ticket: Ticket) -> str:
    """The same where the reader may be the requestor: no link if only the team can open it."""
    return number(ticket) if ticket.is_sensitive else link(ticket)


def type_name(title: str) -> str:
    """A request type's title, safe in mrkdwn."""
    return mrkdwn(title, limit=75)


def day(when: date) -> str:
    """A day such as December 1, 2026."""
    return f"{when:%B} {when.day}, {when.year}"


def moment(at: float) -> str:
    """A moment (seconds since the epoch) that Slack shows in the reader's own time, with how long ago that is.

    The tokens are those of docs.slack.dev/reference/block-kit/block-elements/date-element.
    """
    fallback = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(at)}^{{date_short_pretty}} at {{time}} ({{ago}})|{fallback}>"


def joined(several: Sequence[str], by: str = "and") -> str:
    """Several names as in a sentence: "a, b and c"; empty for none."""
    return f" {by} ".join(filter(None, [", ".join(several[:-1]), *several[-1:]]))


# Where a request starts: the command, the shortcuts, the Home tab and direct messages

MODAL_TITLE = "Ask the Identity Team"
SHORTCUT = "Ask the Identity Team"
MESSAGE_SHORTCUT = "Ask Identity about this"
START = "Start a request"
COMMAND_WORDS = (
    "help",
    "usage",
    "mine",
    "queue",
    "search",
    "search-docs",
    "search_docs",
    "link",
    "unlink",
    "digest",
)
"""What can follow the command besides a request type, which must have another name."""
NO_TYPES = "There are no request types yet, so there is no form to open. Please tell the bot's operator."
ASKS_FOR_USAGE = frozenset({"help", "usage", "?", "-h", "--help"})
"""What people type after a command to learn what it can do."""


def usage(command: str, word: str, titles: Mapping[str, str]) -> str:
    """To somebody who typed a word after the command that names no request type; `titles` are those of the types."""
    shown = mrkdwn(word, limit=60)
    if word.casefold() in ASKS_FOR_USAGE:
        first = f"`{command}` starts a request to the Identity Team."
    elif near := nearest(word.casefold(), titles):
        first = f"There is no request type “{shown}”. Did you mean `{command} {near}`?"
    else:
        first = f"`{command}` can't do anything with “{shown}”. It starts a request to the Identity Team."
    types = [f"• `{command} {name}`: {type_name(title)}" for name, title in titles.items()]
    return "\n".join(
        [
            first,
            f"• `{command}`: choose from a list, or press *{START}*",
            *types,
            f"• `{command} 12`: see ticket #12",
            f"• `{command} mine`: see your own requests",
            f"• `{command} queue`: see open tickets, or `{command} queue priority:high unassigned` for some of them",
            f"• `{command} search words`: find tickets by words in them",
            f"• `{command} search-docs words`: find answers to known problems",
            f"• `{command} link octocat`: link your GitHub login, or `{command} unlink`",
            f"• `{command} digest on`: get what waits for you each morning, if you're on the team",
        ]
    )


HOME = (
    "Tell us what you need in a short form. We open a ticket for your request and keep you up to date in Slack until "
    "it's done."
)
WHAT_PEOPLE_ASK = "*You can ask for*"


def typed(command: str) -> str:
    """In the Home tab: the other way to start."""
    return f"You can also type {command} anywhere in Slack."


def request_type(title: str, description: str) -> str:
    """A request type in the Home tab's list."""
    return f"• *{type_name(title)}*" + (f": {mrkdwn(description, limit=150)}" if description else "")


def answer_to_message(command: str, intake_channel: str) -> str:
    """To somebody who writes to the bot directly."""
    where = intake_channel if intake_channel.startswith("#") else f"<#{intake_channel}>"
    return (
        "I'm a bot, and I can't answer messages. To ask the Identity Team for help, press "
        f"*{START}* or type `{command}` anywhere in Slack.\n"
        "If it's about a request that you already made, please reply in that request's thread, "
        f"or write to the team in {where}."
    )


# The request form and its receipt

ADOPTED = "Request made in GitHub"
TITLE = "Title"
"""Above the title of an issue on its card."""
SUBMIT = "Send"
CANCEL = "Cancel"
CLOSE = "Close"
BACK = "Back"
WHAT_DO_YOU_NEED = "*What do you need?*"
CHOOSE_TYPE = "Choose a request type"
THREAD = "Thread"
COPY_EARLIER = "Copy this thread's earlier messages to the ticket"
COPY_EARLIER_MORE = "New replies are copied without this, too."
NO_PERSONAL_DATA = (
    "Your request becomes a GitHub issue, which everybody with access to its repository can read. Please leave out "
    "Veterans' personal data, passwords and keys."
)
BEGUN_IN_PRIVATE = (
    "As you began in a private conversation, only the team and you hear of the request in Slack."
)
ANSWERS_CUT = (
    "*The longest answers are cut short because GitHub limits the length of an issue. "
    "Please ask the requestor for the rest.*"
)
NOTHING_FILED = (
    "Sorry, something went wrong on our side and *your request was not sent*. Your answers are still in the form: "
    "go back and send it again in a minute."
)
FORM_CHANGED = (
    "This form changed after you opened it. We kept the answers that still fit: please check them below and send "
    "the form again."
)
CHANGED_TOO_LATE = (
    "You had already sent this form, so the ticket has your earlier answers. Please post what you changed in the "
    "ticket's thread."
)
TYPE_GONE = "We no longer take this type of request, so *nothing was sent*. Please choose another type above."
COULD_NOT_OPEN = "Sorry, Slack didn't open the form in time. Please try again."


def personal_data(kinds: list[str]) -> str:
    """At a question whose answer may not go into a ticket."""
    return (
        f"This looks like {joined(kinds)}, which must not be in a ticket. "
        "Please leave it out. The team will ask you for it safely if they need it."
    )


def maybe_personal(kinds: list[str]) -> str:
    """In the receipt, about something that may be personal data."""
    return (
        f"Your request contains {joined(kinds)}. If that belongs to a real Veteran, please tell the Identity Team "
        "so they can remove it from the ticket."
    )


def receipt(ticket: Ticket) -> str:
    """The receipt in the modal, with the issue's number as soon as it has one."""
    if ticket.number is None:
        return (
            f"*We got your request.* Your reference is *{ticket.reference}*.\n"
            "We're opening the ticket and will send you its number in Slack. You can close this window."
        )
    restricted = " It is sensitive, so only the team can open it." if ticket.is_sensitive else ""
    return (
        f"*We got your request.* It is ticket {link_for_anybody(ticket)} (reference {ticket.reference}).{restricted}\n"
        "The Identity Team has been notified. You can close this window."
    )


def not_opened_yet(ticket: Ticket, title: str) -> str:
    """To a requestor whose ticket could not be opened for some minutes."""
    return (
        f"We can't open a ticket in GitHub for your *{type_name(title)}* request right now. We kept your request "
        f"(reference {ticket.reference}) and will tell you when it has a ticket. You don't need to send it again."
    )


def not_opened(ticket: Ticket, title: str) -> str:
    """To a requestor whose ticket will not be opened unless somebody fixes what is wrong."""
    return (
        f"We couldn't open a ticket in GitHub for your *{type_name(title)}* request. We kept your request (reference "
        f"{ticket.reference}) and told the team, who will take care of it. You don't need to send it again."
    )


def became_sensitive(ticket: Ticket) -> str:
    """Posted in place of a message that waited while its ticket became sensitive."""
    return f"There's an update to ticket {link(ticket)}, which is sensitive now. Please read it in GitHub."


# The card and the forms of actions

CLOSE_REASONS: Mapping[CloseReason, tuple[str, str]] = {
    CloseReason.COMPLETED: ("Completed", "It is done, or was solved another way"),
    CloseReason.NOT_PLANNED: ("Not planned", "It won't be done, or is no longer needed"),
    CloseReason.DUPLICATE: ("Duplicate", "Another ticket covers it"),
}
PRIORITIES: Mapping[Priority, tuple[str, str]] = {
    Priority.CRITICAL: ("Critical", "Goes ahead of all other requests"),
    Priority.HIGH: ("High", ""),
    Priority.MEDIUM: ("Medium", ""),
    Priority.LOW: ("Low", ""),
}
HINTS: Mapping[Ask, str] = {
    Ask.ASSIGNEE: "Choose a member of the Identity Team.",
    Ask.MEMBER: "Choose a member of the Identity Team.",
    Ask.DATE: "The day it should be done, in the team's time zone. We'll tell the requestor.",
    Ask.TICKET: (
        "Its number, such as 12 or owner/name#12, or the link to its issue. We'll say so on both issues, and tell the "
        "requestor where it continues."
    ),
    Ask.TEXT: (
        "Paste only the text itself, as it is in the ticket. We forget it when it's removed. Leave this empty to "
        "remove all personal data and secrets that we find in the title and the description."
    ),
}
COMMENT = "Comment"
REDACT_REASON = "Why?"
REASON_HINT = (
    "We'll add this to the ticket and send it to everyone we notify. Please leave out personal data."
)
MISSING: Mapping[Ask, str] = {
    Ask.ASSIGNEE: "Please choose a person.",
    Ask.MEMBER: "Please choose a person.",
    Ask.PRIORITY: "Please choose a priority.",
    Ask.DATE: "Please choose a date.",
    Ask.CLOSE_REASON: "Please choose a reason.",
    Ask.TICKET: "Please name the ticket that covers it, such as #12.",
}
"""What an empty field needs, by what it asks for."""
EXAMPLE_OF_A_REASON = "The page still asks me to sign in twice."
NOT_A_MEMBER = "This person is not on the Identity Team. Please choose someone who is."
ASSIGNEE_UNKNOWN = (
    "We don't know this person's GitHub login. Please assign them in GitHub, or ask them to link it: the "
    "command in Slack, then the word link and their login."
)


def nameless(key: str) -> str:
    """What to call somebody whose name Slack does not tell, by their GitHub login or `slack:U…`."""
    _, is_slack, slack_id = key.partition("slack:")
    return f"Name unknown ({slack_id})" if is_slack else key


def missing_reason(action: Action) -> str:
    """At the field of a reason that nobody wrote."""
    example = ACTIONS[action].command.partition(" ")[2] or EXAMPLE_OF_A_REASON
    return f"Please write a sentence, such as: {example}"


def refused_date(problem: DateProblem) -> str:
    """At the field of a target date that cannot be set."""
    return f"This date {problem.value}. Please choose another one."


NEW = "New"
CLOSED: Mapping[CloseReason, str] = {
    CloseReason.COMPLETED: "Closed as completed",
    CloseReason.NOT_PLANNED: "Closed as not planned",
    CloseReason.DUPLICATE: "Closed as a duplicate",
    CloseReason.DELETED: "Closed: issue deleted",
    CloseReason.MOVED: "Closed: issue moved away",
}
"""The stage of a ticket that is closed, by the reason."""


def stage(ticket: Ticket) -> str:
    """How far a ticket has come, such as "Ready for UAT" or "Closed as a duplicate"."""
    reason = ticket.state.close_reason
    if reason and ticket.stage is Stage.CLOSED:
        return CLOSED[reason]
    return f"{ticket.stage.value[0].upper()}{ticket.stage.value[1:]}"


def headline(ticket: Ticket) -> str:
    """The card's first line: the stage, and which ticket it is; an open ticket is "New" until its card is redrawn."""
    is_new = ticket.stage in (Stage.SUBMITTED, Stage.OPEN) and not ticket.card
    return f"*{NEW if is_new else stage(ticket)}.* {ticket.headline or about(ticket)}"


def settled(ticket: Ticket) -> str:
    """What replaces a message's buttons once the ticket has reached a stage where they are no longer possible."""
    return NOT_HERE if ticket.is_sensitive else f"{stage(ticket)}."


NOT_HERE = "This button can no longer be used."
"""The same for a sensitive ticket, as others may read the message: the requestor is told directly."""


def state(ticket: Ticket, type_title: str, people: People) -> list[tuple[str, str]]:
    """What the card says of a ticket besides the answers, as names and mrkdwn; what changes comes first."""
    now = ticket.state
    assigned = ", ".join(map(people.mention, now.assignees))
    said = [
        ("Stage", stage(ticket)),
        ("Priority", now.priority.value if now.priority else "not set"),
        ("Assigned to", assigned or "nobody"),
        ("Target date", day(now.target) if now.target else "not set"),
        ("SPOC", people.mention(now.spoc) if now.spoc else "not named"),
        *([("Approval", now.approval.value)] if now.approval else []),
        ("Urgent", "Yes" if ticket.is_urgent else "No"),
        ("Requestor", mrkdwn(ticket.requestor.name, limit=200)),
        *([("Team", mrkdwn(ticket.requestor.team, limit=200))] if ticket.requestor.team else []),
        ("Type", type_name(type_title)),
        ("Requested", moment(ticket.submitted_at)),
        ("Reference", ticket.reference),
    ]
    return [*said, ("Sensitive", "Yes. Read it only in GitHub.")] if ticket.is_sensitive else said


def more_answers(count: int) -> str:
    """On the card, if it has no room for all answers."""
    return "1 more answer is in the ticket." if count == 1 else f"{count} more answers are in the ticket."


def about(ticket: Ticket) -> str:
    """Which ticket an action's form is about."""
    return f"Ticket {link_for_anybody(ticket)}, requested by {mrkdwn(ticket.requestor.name, limit=200)}"


def spoken(label: str, ticket: Ticket) -> str:
    """What a screen reader says for a card's button, as many cards have the same ones."""
    return f"{label.removesuffix(ELLIPSIS)}, ticket {number(ticket)}"


def chose(action: Action, slack_id: str) -> str:
    """What replaces a message's buttons after somebody used one."""
    return f"<@{slack_id}> {ACTIONS[action].did}."


# Why an action was not done

TICKET_UNKNOWN = (
    "We have no record of this ticket, so nothing changed. If it has an issue in GitHub, please use that."
)
BUTTON_UNKNOWN = (
    "This button is from another version of the bot, so nothing changed. Please use a newer message, or the "
    "ticket's issue in GitHub."
)
CANNOT_TELL = "We couldn't check who may do that, so nothing changed. Please try again in a minute."
NOTHING_CHANGED = (
    "Sorry, something went wrong on our side and *nothing changed*. Please try again in a minute."
)
REQUESTED = "We're doing that now. The ticket will show it in a few seconds."
NOTHING_SHOWN = "Sorry, something went wrong on our side. Please try again in a minute."
TAKES_LONG = (
    "This is taking longer than usual. Please look at the ticket's card in a moment. If nothing has changed there, "
    "go back and send it again."
)


def login_unknown(command: str) -> str:
    """To somebody who wanted a ticket and cannot be assigned."""
    return (
        "We don't know your GitHub login, so we couldn't assign the ticket to you. Please link it first, such as with "
        f"`{command} link octocat`, or assign yourself in GitHub."
    )


def impossible(error: Impossible) -> str:
    """Why an action is not possible, and what the same person can do instead; plain text for Slack and GitHub."""
    ticket, row = error.ticket, ACTIONS[error.action]
    name = f"Ticket {number(ticket)}"
    if ticket.stage is Stage.SUBMITTED:
        return f"{name} has no issue in GitHub yet. Please try again in a minute."
    if is_gone(ticket):
        return f"{name} no longer has an issue in GitHub, so nothing more can be done."
    is_so = error.is_so or (row.to is ticket.stage and row.by is not By.APPROVER)
    said = (
        f"{name} is {row.is_so}." if is_so else f"{name} is {ticket.stage.value}, so you can't {row.to_do}."
    )
    if unapproved := _unapproved(ticket, error.action, is_so=is_so):
        said = f"{name} {unapproved}"
    if row.by is By.APPROVER or (unapproved and error.action is Action.CLOSE):
        return said
    mine = (By.TEAM, By.EITHER) if row.by is By.TEAM else (By.REQUESTOR, By.EITHER)
    rows = (ACTIONS[one] for one in possible(ticket) if one is not error.action)
    others = [other.to_do for other in rows if other.by in mine and other.to]
    if others:
        return f"{said} You can {joined(others, 'or')}."
    return f"{said} If something is missing, please tell the Identity Team."


def _unapproved(ticket: Ticket, action: Action, *, is_so: bool) -> str:
    """What the approval has to do with it, as the predicate of a sentence; empty if it has nothing to do with it."""
    approval = ticket.state.approval
    if ACTIONS[action].by is By.APPROVER:
        if approval is Approval.NEEDED:
            return ""
        return f"was {approval.value} already, so nothing changed." if approval else "doesn't need approval."
    if is_so or not ticket.state.is_unapproved or ticket.stage is Stage.CLOSED:
        return ""
    why = "was declined" if approval is Approval.DECLINED else "still needs approval"
    match action:
        case Action.CLOSE:
            return f"{why}, so you can't close it as completed. You can close it as not planned."
        case Action.RELEASE:
            return f"{why}, so you can't {ACTIONS[action].to_do}."
    return ""


def own_approval(ticket: Ticket) -> str:
    """To an approver who wanted to decide on their own request."""
    return (
        f"You requested ticket {number(ticket)} yourself, so somebody else must approve or decline it. "
        "You can close it if you no longer need it."
    )


def not_approver(ticket: Ticket, approvers: Sequence[str]) -> str:
    """To somebody who wanted to approve or decline a ticket and may not; `approvers` are the names of those who may."""
    if not approvers:
        return (
            f"Nobody can approve or decline ticket {number(ticket)}: the settings name no approvers for it."
        )
    return f"Only {joined(approvers, 'or')} can approve or decline ticket {number(ticket)}."


def not_team(ticket: Ticket) -> str:
    """To somebody outside the team who wanted to change a ticket."""
    return (
        f"Only the Identity Team can do that with ticket {number(ticket)}. Whoever requested it can close it, and can "
        "accept it or send it back when it's ready to try."
    )


def not_requestor(ticket: Ticket) -> str:
    """To somebody who wanted to do what only the requestor can."""
    who = mrkdwn(ticket.requestor.name or "the requestor", limit=200)
    return f"Only {who}, who requested ticket {number(ticket)}, can accept it or send it back."


def not_taken(ticket: Ticket, reason: str) -> str:
    """To whoever asked for a change that GitHub refused."""
    return f"GitHub refused your change to ticket {link_for_anybody(ticket)}: {mrkdwn(reason, limit=300)}"
