"""The words of lists of tickets and of one ticket: in the Home tab, below `/help`, and in the ticket's modal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from identity_bot.messages import clocks, words
from identity_bot.text.markdown import mrkdwn
from identity_bot.tickets.model import (
    Approval,
    Event,
    EventKind,
    MessageKind,
    Stage,
    Ticket,
    TicketMessage,
)
from identity_bot.tickets.overview import ListName, Numbers
from identity_bot.tickets.people import People
from identity_bot.tickets.query import MOST_COUNTED

LONGEST_TITLE = 60
LONGEST_SAID = 300

TITLES: Mapping[ListName, str] = {
    ListName.OWN: "My open requests",
    ListName.CLOSED: "My recently closed requests",
    ListName.UNASSIGNED: "Needs an owner",
    ListName.MINE: "Mine",
    ListName.UAT: "Waiting for UAT",
    ListName.OVERDUE: "Overdue",
    ListName.OPEN: "All open",
}
NONE: Mapping[ListName, str] = {
    ListName.OWN: "You have no open requests.",
    ListName.UNASSIGNED: "Every open ticket has an owner.",
    ListName.MINE: "Nothing is assigned to you.",
    ListName.UAT: "Nothing waits for UAT.",
    ListName.OVERDUE: "Nothing is overdue.",
    ListName.OPEN: "No tickets are open.",
}
"""What an empty list says; one that is not here is not shown then."""
OPEN_TICKET = "Open"
NEXT, PREVIOUS = "Next", "Previous"
SEARCH_FOR = "Please say what to search for, such as `search login page`."
ALL_TYPES, ALL_PRIORITIES = "All types", "All priorities"
BY_TYPE, BY_PRIORITY = "Filter by type", "Filter by priority"
HISTORY, CONVERSATION = "*History*", "*Conversation*"
NOTHING_FOUND = "No tickets fit."
NO_REQUESTS = "You have no requests yet."
NOT_YOURS = "Only the Identity Team and whoever requested it can see this ticket."
NEXT_STEP: Mapping[Stage, str] = {
    Stage.SUBMITTED: "Next, we open its ticket in GitHub.",
    Stage.OPEN: "Next, the team looks at it.",
    Stage.TRIAGED: "Next, the team prioritizes it.",
    Stage.PRIORITIZED: "Next, somebody on the team takes it.",
    Stage.ASSIGNED: "Next, they set a target date.",
    Stage.IN_PROGRESS: "They're working on it.",
    Stage.UAT: "Please try it, then accept it or say what still needs work.",
    Stage.ACCEPTED: "Next, the team releases or closes it.",
    Stage.RELEASED: "Next, the team closes it.",
}
"""What happens next, for the requestor."""
ASKED = "Please answer the team's question. The ticket waits until you do."
UNAPPROVED: Mapping[Approval | None, str] = {
    Approval.NEEDED: "Next, somebody approves or declines it.",
    Approval.DECLINED: "Next, the team closes it, as it was declined.",
}
"""What happens next to what may not be finished."""
_PAST: Mapping[EventKind, str] = {
    EventKind.CREATED: "Ticket opened",
    EventKind.APPROVAL_NEEDED: "Need for approval changed",
    EventKind.APPROVED: "Approved",
    EventKind.DECLINED: "Declined",
    EventKind.TRIAGED: "Marked critical",
    EventKind.PRIORITIZED: "Prioritized",
    EventKind.SPOC_NAMED: "SPOC named",
    EventKind.ASSIGNED: "Assigned",
    EventKind.TARGET_SET: "Target date set",
    EventKind.TARGET_CHANGED: "Target date changed",
    EventKind.WAITING: "Requestor asked",
    EventKind.RESUMED: "Question answered",
    EventKind.RESPONSE_DUE: "Answer almost due",
    EventKind.RESPONSE_MISSED: "Answer overdue",
    EventKind.RESOLUTION_DUE: "Almost due",
    EventKind.RESOLUTION_MISSED: "Overdue",
    EventKind.STALE: "Assignees reminded",
    EventKind.READY_FOR_UAT: "Ready for UAT",
    EventKind.UNTRIED: "Requestor reminded",
    EventKind.ACCEPTED: "Accepted",
    EventKind.REJECTED: "Sent back",
    EventKind.RELEASED: "Released",
    EventKind.CLOSED: "Closed",
    EventKind.REOPENED: "Reopened",
    EventKind.REDACTED: "Text removed",
}


def row(ticket: Ticket, type_title: str, people: People, now: float) -> str:
    """One ticket in a list: two lines of mrkdwn. `now` is in seconds since the epoch.

    Nothing of a sensitive ticket's content is in it, nor a link that its requestor may not be able to open.
    """
    name = f"*{words.link_for_anybody(ticket)}* {_what(ticket, type_title)}"
    return f"{name}\n{' · '.join(_facts(ticket, people, now))}"


def similar(ticket: Ticket, type_title: str) -> str:
    """A ticket that looks like another one, on that one's card: one line of mrkdwn that mentions nobody."""
    return f"Similar: *{words.link(ticket)}* {_what(ticket, type_title)} · {_where_it_is(ticket)}"


def spoken(ticket: Ticket) -> str:
    """What a screen reader says for the button that opens a ticket."""
    return f"{OPEN_TICKET} ticket {words.number(ticket)}"


def numbers(found: Numbers) -> str:
    """The line of numbers at the top of a team member's Home tab."""
    said = (
        ("open", found.open),
        ("unassigned", found.unassigned),
        ("overdue", found.overdue),
        ("waiting for UAT", found.uat),
        ("urgent", found.urgent),
    )
    return " · ".join(f"*{_count(number)}* {name}" for name, number in said)


def link_first(command: str) -> str:
    """Instead of a team member's own tickets, if nobody knows their GitHub login."""
    return (
        "We don't know your GitHub login, so we can't tell which tickets are yours. To link it, type "
        f"`{command} link` and your login, such as `{command} link octocat`."
    )


def next_step(ticket: Ticket) -> str:
    """What happens next; empty once it is closed."""
    if ticket.state.is_waiting:
        return ASKED
    is_unapproved = ticket.state.is_unapproved and ticket.stage not in (Stage.UAT, Stage.CLOSED)
    return UNAPPROVED[ticket.state.approval] if is_unapproved else NEXT_STEP.get(ticket.stage, "")


def event(happened: Event, people: People) -> str:
    """A line of a ticket's history."""
    by = f" by {people.mention_of(happened.by)}" if happened.by else ""
    return f"{words.moment(happened.at)}: {_PAST[happened.kind]}{by}"


def said(message: TicketMessage, people: People) -> str:
    """A line of a ticket's conversation."""
    if message.kind is MessageKind.UPDATE:
        return f"{words.moment(message.at)}: {message.text}"
    who = people.mention_of(message.author)
    return f"{words.moment(message.at)}: {who}: {mrkdwn(message.text, limit=LONGEST_SAID)}"


def no_ticket(name: str) -> str:
    """To somebody who asked for a ticket that is not there."""
    return f"There is no ticket {mrkdwn(name, limit=40)} that you can see."


def listed(asked: str, count: int, *, is_own: bool = False, is_search: bool = False) -> str:
    """Above a list that somebody asked for, how long it is; `is_own` says that it is of their own requests."""
    if is_own:
        return f"*Your requests ({_count(count)})*"
    noun = "ticket" if count == 1 else "tickets"
    if not asked:
        return f"*{_count(count)} open {noun}*"
    return f"*{_count(count)} {noun}{' found' if is_search else ''}:* {mrkdwn(asked, limit=200)}"


def _what(ticket: Ticket, type_title: str) -> str:
    """The type and the title, which usually says the type itself."""
    title = "" if ticket.is_sensitive else ticket.title
    if type_title and title.casefold().startswith(type_title.casefold()):
        return mrkdwn(title, limit=len(type_title) + LONGEST_TITLE)
    return words.type_name(type_title) + (f": {mrkdwn(title, limit=LONGEST_TITLE)}" if title else "")


def _where_it_is(ticket: Ticket) -> str:
    stage = words.stage(ticket)
    if ticket.stage is Stage.CLOSED:
        return f"{stage} on {clocks.day(ticket.closed_at)}" if ticket.closed_at else stage
    logins = [mrkdwn(login, limit=40) for login in ticket.state.assignees]
    # By their logins: a mention would tell them of each card that shows their ticket.
    if not logins:
        return f"{stage}, unassigned"
    assigned = f"assigned to {words.joined(logins)}"
    return f"A{assigned[1:]}" if ticket.stage is Stage.ASSIGNED else f"{stage}, {assigned}"


def _facts(ticket: Ticket, people: People, now: float) -> Iterator[str]:
    state = ticket.state
    yield words.stage(ticket)
    if ticket.is_urgent:
        yield "Urgent"
    if ticket.is_sensitive:
        yield "Sensitive"
    yield f"{state.priority.value.capitalize()} priority" if state.priority else "No priority"
    yield (
        f"Assigned to {', '.join(map(people.mention, state.assignees))}" if state.assignees else "Unassigned"
    )
    yield from clocks.facts(ticket, now)
    yield _age(ticket, now)
    who = ticket.requestor
    yield ", ".join(mrkdwn(one, limit=60) for one in (who.name, who.team) if one) or "Requestor unknown"


def _age(ticket: Ticket, now: float) -> str:
    end = ticket.closed_at if ticket.stage is Stage.CLOSED and ticket.closed_at else now
    days = max(0, int((end - ticket.submitted_at) // 86_400))
    spent = "1 day" if days == 1 else f"{days} days"
    return (
        f"Took {spent}" if ticket.stage is Stage.CLOSED else "Requested today" if not days else f"{spent} old"
    )


def _count(number: int) -> str:
    return f"{MOST_COUNTED:,}+" if number >= MOST_COUNTED else f"{number:,}"
