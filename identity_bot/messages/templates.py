"""The standard messages of the lifecycle: constants by name, which the settings may replace. Pure."""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterator, Mapping, Sequence

from identity_bot.messages import words
from identity_bot.text.markdown import ELLIPSIS, mrkdwn
from identity_bot.tickets.model import Audience, CloseReason, Event, EventKind, Stage, Ticket, TicketState
from identity_bot.tickets.people import People

TEMPLATES: Mapping[str, str] = {
    "created.requestor": "your request is ticket {ticket}: *{type}*.",
    "created.requestor_sensitive": (
        "your request is ticket {ticket}: *{type}*. As it is sensitive, it is where only few can read it, "
        "perhaps not even you; all news of it reach you here."
    ),
    "created.intake": "New ticket {ticket}: *{type}*, asked for by {requestor}.",
    "created.team": "New ticket {ticket}: *{type}*",
    "created.team_urgent": "*Urgent, Veterans in production are affected.* New ticket {ticket}: *{type}*",
    "triaged.requestor": "it is critical, so it goes before all others.",
    "prioritized.requestor": "its priority is {priority}.",
    "spoc_named.spoc": "you are its single point of contact, the one who speaks with {requestor}.",
    "assigned.requestor": "it is assigned to {assignees}.",
    "assigned.requestor_changed": "it is now assigned to {assignees}, and no longer to {assignees_before}.",
    "assigned.requestor_nobody": "it is no longer assigned to {assignees_before}, and nobody has it at the moment.",
    "assigned.assignees": "it is yours now.",
    "target_set.requestor": "its target date is {target}.",
    "target_changed.requestor": "its target date is now {target}; it was {target_before}.",
    "target_changed.requestor_none": "its target date of {target_before} no longer holds.",
    "target_changed.spoc": "its target date is now {target}; it was {target_before}.",
    "target_changed.spoc_none": "its target date of {target_before} no longer holds.",
    "uat.requestor": "it is ready for you to try.",
    "accepted.requestor": "it counts as accepted, so there is nothing left for you to try.",
    "accepted.spoc": "{requestor} tried it and accepted it.",
    "accepted.spoc_by_hand": "it was marked as accepted in GitHub.",
    "accepted.assignees": "{requestor} tried it and accepted it.",
    "accepted.assignees_by_hand": "it was marked as accepted in GitHub.",
    "rejected.requestor": "it goes back to work, so there is nothing for you to try yet.",
    "rejected.spoc": "{requestor} tried it, and it needs work. {reason}",
    "rejected.spoc_by_hand": "it goes back to work, as its label in GitHub was changed.",
    "rejected.assignees": "{requestor} tried it, and it needs work. {reason}",
    "rejected.assignees_by_hand": "it goes back to work, as its label in GitHub was changed.",
    "released.requestor": "it is released.",
    "closed.requestor": "it is done and closed. {reason}",
    "closed.requestor_not_planned": "it is closed and will not be done. {reason}",
    "closed.requestor_duplicate": "it is closed, as there is another ticket for the same thing. {reason}",
    "closed.requestor_deleted": "it counts as closed, as its issue in GitHub was deleted.",
    "closed.requestor_moved": "it moved to a place in GitHub that I cannot see, so I have no more news of it.",
    "closed.intake": "Ticket {ticket}, *{type}*, is done and closed.",
    "closed.intake_not_planned": "Ticket {ticket}, *{type}*, is closed and will not be done.",
    "closed.intake_duplicate": "Ticket {ticket}, *{type}*, is closed, as there is another one for the same thing.",
    "closed.intake_deleted": "Ticket {ticket}, *{type}*, counts as closed, as its issue in GitHub was deleted.",
    "closed.intake_moved": "Ticket {ticket}, *{type}*, moved to a place in GitHub that I cannot see.",
    "reopened.requestor": "it is open again.",
    "next.created": "The team looks at it within one business day.",
    "next.created_urgent": (
        "It affects Veterans in production, so the leads have been told: expect an answer within one business hour."
    ),
    "next.open": "The team looks at it next.",
    "next.triaged": "Next, somebody of the team takes it on.",
    "next.prioritized": "Next, somebody of the team takes it on.",
    "next.assigned": "Next, it gets a target date, and you will be told.",
    "next.in_progress": "You will hear when it is ready, or if the target date changes.",
    "next.in_progress_undated": "You will hear when it is ready.",
    "next.uat": "Press Accept if all is well, or Needs work and say what is missing.",
    "next.uat_again": "It is still waiting for you to try it.",
    "next.accepted": "Next, it is released if that is needed, and then closed.",
    "next.released": "It will be closed soon; if something is wrong with it, please tell the team before that.",
    "next.closed": "If something is still missing, please tell the team: they can reopen it.",
    "next.closed_not_planned": "If you still need it, please tell the team why: they can reopen it.",
    "next.closed_duplicate": "If it is not the same thing after all, please tell the team: they can reopen it.",
    "next.closed_deleted": "If you still need it, please send your request again.",
    "next.closed_moved": "The team can tell you where it goes on.",
    "reason.sensitive": "The reason is in the ticket.",
}
"""`<event>.<audience>`, some with a variant, and `next.<stage>`: what happens next at the stage that it is now at.

Messages with a mention begin with it and, but for the first, with the ticket's number; these texts go on from there.
"""

PLACEHOLDERS: Mapping[str, str] = {
    "ticket": "the ticket's number, as a link to its issue",
    "type": "the title of the request type",
    "requestor": "the requestor's name",
    "priority": "the priority that it now has",
    "spoc": "the single point of contact, mentioned",
    "assignees": "who has it now, mentioned",
    "assignees_before": "who had it before and no longer does, mentioned",
    "target": "the target date that it now has, such as December 1, 2026",
    "target_before": "the target date that it had before",
    "close_reason": "completed, not planned, duplicate, deleted or moved away",
    "reason": "what somebody wrote as the reason, in quotation marks; of a sensitive ticket `reason.sensitive`",
}
"""What may stand in braces in any of them, and what it stands for; each is safe in Slack's mrkdwn.

Empty where there is nothing of the kind.
"""
LONGEST = 1000
"""Characters of one text."""

_EVENTS = {
    EventKind.TARGET_SET: "target_set",
    EventKind.TARGET_CHANGED: "target_changed",
    EventKind.READY_FOR_UAT: "uat",
}
_STAGES = {Stage.SUBMITTED: "open", Stage.IN_PROGRESS: "in_progress", Stage.UAT: "uat"}
_CLOSED = {
    CloseReason.NOT_PLANNED: "not_planned",
    CloseReason.DUPLICATE: "duplicate",
    CloseReason.DELETED: "deleted",
    CloseReason.MOVED: "moved",
}


def event_name(kind: EventKind) -> str:
    """What the names of an event's texts begin with."""
    return _EVENTS.get(kind, kind.value.replace(" ", "_"))


def name_of(kind: EventKind, audience: Audience, ticket: Ticket, event: Event) -> str | None:
    """The name of the text for an event and an audience; None where it is not told."""
    return _found(f"{event_name(kind)}.{audience.value}", _variant(kind, audience, ticket, event))


def next_name(ticket: Ticket, event: Event) -> str:
    """The name of the text that says what comes next."""
    if event.kind is EventKind.CREATED:
        return "next.created_urgent" if ticket.is_urgent else "next.created"
    stage, is_dated = ticket.stage, ticket.state.target is not None
    variant = ""
    match stage:
        case Stage.ACCEPTED | Stage.RELEASED if event.was and event.was.stage is Stage.CLOSED:
            # A label of before it was closed says nothing of what comes now.
            stage = Stage.OPEN
        case Stage.ASSIGNED if is_dated:
            stage = Stage.IN_PROGRESS
        case Stage.IN_PROGRESS if not is_dated:
            variant = "undated"
        case Stage.UAT if event.kind is not EventKind.READY_FOR_UAT:
            variant = "again"
        case Stage.CLOSED:
            variant = _close_variant(ticket)
    return _found(f"next.{_STAGES.get(stage, stage.value)}", variant) or "next.open"


def _found(name: str, variant: str) -> str | None:
    return next((n for n in (f"{name}_{variant}", name) if n in TEMPLATES), None)


def _variant(kind: EventKind, audience: Audience, ticket: Ticket, event: Event) -> str:
    was = event.was or TicketState()
    match kind:
        case EventKind.CREATED if audience is Audience.REQUESTOR:
            return "sensitive" if ticket.is_sensitive else ""
        case EventKind.CREATED if ticket.is_urgent:
            return "urgent"
        case EventKind.ASSIGNED if not ticket.state.assignees:
            return "nobody"
        case EventKind.ASSIGNED if _gone(was, ticket.state):
            return "changed"
        case EventKind.TARGET_CHANGED if ticket.state.target is None:
            return "none"
        case EventKind.ACCEPTED | EventKind.REJECTED if not event.by or event.by != ticket.requestor.slack_id:
            return "by_hand"
        case EventKind.CLOSED:
            return _close_variant(ticket)
    return ""


def _close_variant(ticket: Ticket) -> str:
    reason = ticket.state.close_reason
    return _CLOSED.get(reason, "") if reason else ""


def _gone(was: TicketState, now: TicketState) -> list[str]:
    """Who was assigned and no longer is."""
    return [login for login in was.assignees if login not in now.assignees]


def values(
    ticket: Ticket, event: Event, title: str, people: People, messages: Mapping[str, str]
) -> dict[str, str]:
    """What stands for each of the placeholders, in mrkdwn; `messages` are the settings' own texts."""
    now, was = ticket.state, event.was or TicketState()
    known = {
        "ticket": words.link(ticket),
        "type": mrkdwn(title, limit=75),
        "requestor": mrkdwn(ticket.requestor.name or ticket.requestor.handle, limit=100),
        "priority": now.priority.value if now.priority else "",
        "spoc": people.mention(now.spoc) if now.spoc else "",
        "assignees": _all([people.mention(login) for login in now.assignees]),
        "assignees_before": _all([people.mention(login) for login in _gone(was, now)]),
        "target": words.day(now.target) if now.target else "",
        "target_before": words.day(was.target) if was.target else "",
        "close_reason": now.close_reason.value if now.close_reason else "",
        "reason": "",
    }
    return known | {"reason": _reason(ticket, event, known, messages)}


def _reason(ticket: Ticket, event: Event, known: Mapping[str, str], messages: Mapping[str, str]) -> str:
    if not event.reason.strip():
        return ""
    if ticket.is_sensitive:
        return text("reason.sensitive", known, messages)
    quoted = mrkdwn(event.reason, limit=500)
    return f"“{quoted}”" if quoted.endswith((".", "!", "?", ELLIPSIS)) else f"“{quoted}”."


def _all(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def text(name: str, values: Mapping[str, str], messages: Mapping[str, str]) -> str:
    """A text with its values, as `messages` of the settings have it, else (or where that comes out empty) our own."""
    return messages.get(name, "").format_map(values).strip() or TEMPLATES[name].format_map(values).strip()


def problems(messages: Mapping[str, str]) -> list[str]:
    """A line for each text of the settings that cannot be used."""
    return list(_problems(messages))


def _problems(messages: Mapping[str, str]) -> Iterator[str]:
    for name, written in messages.items():
        where = f"messages.{name}"
        if name not in TEMPLATES:
            near = difflib.get_close_matches(name, TEMPLATES, n=1)
            rest = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(TEMPLATES)}"
            yield f"{where}: there is no such text; {rest}"
            continue
        if not written.strip() or len(written) > LONGEST:
            yield f"{where}: expected a text of 1 to {LONGEST:,} characters"
            continue
        try:
            fields = list(string.Formatter().parse(written))
        except ValueError:
            yield f"{where}: a brace stands alone; write {{{{ or }}}} for a brace that is meant as such"
            continue
        for _, field, specification, conversion in fields:
            if field is None:
                continue
            if field not in PLACEHOLDERS:
                yield f"{where}: unknown placeholder {{{field}}}; there is {', '.join(PLACEHOLDERS)}"
            elif specification or conversion:
                yield f"{where}: {{{field}}} takes no format; expected the name alone"
