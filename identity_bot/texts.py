"""The standard messages of the lifecycle: constants by name, which the settings may replace. Pure."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping

from identity_bot import words
from identity_bot.markdown import mrkdwn
from identity_bot.model import Audience, Event, EventKind, Facts, Stage, Ticket
from identity_bot.people import People

TEXTS: Mapping[str, str] = {
    "created.requestor": "your request is ticket {ticket}: *{type}*.",
    "created.intake": "New ticket {ticket}: *{type}*, asked for by {requestor}.",
    "created.team": "New ticket {ticket}: *{type}*",
    "created.team_urgent": "*Urgent, Veterans in production are affected.* New ticket {ticket}: *{type}*",
    "triaged.requestor": "it is critical and goes before all others.",
    "prioritised.requestor": "its priority is {priority}.",
    "spoc_named.spoc": "you are its single point of contact: {requestor} will be told of you as the one to ask.",
    "assigned.requestor": "it is assigned to {assignees}.",
    "assigned.requestor_changed": "it is now assigned to {assignees}, and no longer to {assignees_before}.",
    "assigned.requestor_nobody": "it is no longer assigned to {assignees_before}; nobody has it at the moment.",
    "target_set.requestor": "its target date is {target}.",
    "target_changed.requestor": "its target date is now {target}; it was {target_before}.",
    "target_changed.requestor_none": "its target date, {target_before}, does not hold any more.",
    "target_changed.spoc": "its target date is now {target}; it was {target_before}.",
    "target_changed.spoc_none": "its target date, {target_before}, does not hold any more.",
    "uat.requestor": "it is ready for you to try.",
    "accepted.requestor": "it is accepted.",
    "accepted.spoc": "{requestor} tried it and accepted it.",
    "accepted.assignees": "{requestor} tried it and accepted it.",
    "rejected.requestor": "it goes back to work.",
    "rejected.spoc": "{requestor} tried it, and it needs work. {reason}",
    "rejected.assignees": "{requestor} tried it, and it needs work. {reason}",
    "released.requestor": "it is released.",
    "closed.requestor": "it is closed: {close_reason}. {reason}",
    "closed.intake": "Ticket {ticket}, *{type}*, is closed: {close_reason}.",
    "reopened.requestor": "it is open again.",
    "next.created": "The team looks at it within one business day.",
    "next.created_urgent": (
        "It affects Veterans in production, so the leads have been told: expect an answer within one business hour."
    ),
    "next.open": "The team looks at it next.",
    "next.triaged": "Next, somebody of the team gets it.",
    "next.prioritised": "Next, it is assigned to somebody of the team.",
    "next.assigned": "Next, they set a target date.",
    "next.in_progress": "It is being worked on; you will hear when it is ready, or if the date changes.",
    "next.uat": "Please try it, then press Accept, or Needs work and say what is missing.",
    "next.accepted": "Next, it is released or closed.",
    "next.released": "It will be closed soon; if something is wrong, say so here.",
    "next.closed": "If that is not right, say so here, and the team can reopen it.",
    "reason.sensitive": "The reason is in the ticket.",
}
"""`<event>.<audience>`, some with a variant, and `next.<stage>`: what happens next at the stage that it is now at.

Messages with a mention begin with it and, but for the first, with the ticket's number; these texts go on from there.
"""

_EVENTS = {
    EventKind.TARGET_SET: "target_set",
    EventKind.TARGET_CHANGED: "target_changed",
    EventKind.READY_FOR_UAT: "uat",
}
_STAGES = {Stage.SUBMITTED: "open", Stage.IN_PROGRESS: "in_progress", Stage.UAT: "uat"}
PLACEHOLDERS = (
    "ticket", "type", "requestor", "priority", "spoc", "assignees", "assignees_before", "target", "target_before",
    "close_reason", "reason",
)  # fmt: skip
"""What may stand in braces in any of them; each is safe in Slack's mrkdwn."""
LONGEST = 1000
"""Characters of one text."""


def name_of(kind: EventKind, audience: Audience, ticket: Ticket, event: Event) -> str | None:
    """The name of the text for an event and an audience; None where it is not told."""
    name = f"{_EVENTS.get(kind, kind.value.replace(' ', '_'))}.{audience.value}"
    return next((n for n in (f"{name}_{_variant(kind, ticket, event)}", name) if n in TEXTS), None)


def _variant(kind: EventKind, ticket: Ticket, event: Event) -> str:
    if kind is EventKind.CREATED and ticket.is_urgent:
        return "urgent"
    if kind is EventKind.ASSIGNED and not ticket.facts.assignees:
        return "nobody"
    if kind is EventKind.ASSIGNED and event.was and event.was.assignees:
        return "changed"
    return "none" if kind is EventKind.TARGET_CHANGED and ticket.facts.target is None else ""


def next_name(ticket: Ticket, kind: EventKind) -> str:
    """The name of the text that says what comes next."""
    if kind is EventKind.CREATED:
        return "next.created_urgent" if ticket.is_urgent else "next.created"
    return f"next.{_STAGES.get(ticket.stage, ticket.stage.value)}"


def values(ticket: Ticket, event: Event, title: str, people: People) -> dict[str, str]:
    """What stands for each of the placeholders, in mrkdwn."""
    now, was = ticket.facts, event.was or Facts()
    reason = mrkdwn(event.reason, limit=500) if event.reason else ""
    if reason and ticket.is_sensitive:
        reason = TEXTS["reason.sensitive"]
    return {
        "ticket": words.link(ticket),
        "type": mrkdwn(title, limit=75),
        "requestor": mrkdwn(ticket.requestor.name or ticket.requestor.handle, limit=100),
        "priority": now.priority.value if now.priority else "",
        "spoc": people.mention(now.spoc) if now.spoc else "",
        "assignees": ", ".join(people.mention(login) for login in now.assignees),
        "assignees_before": ", ".join(people.mention(login) for login in was.assignees),
        "target": words.day(now.target) if now.target else "",
        "target_before": words.day(was.target) if was.target else "",
        "close_reason": now.close_reason.value if now.close_reason else "",
        "reason": reason,
    }


def text(name: str, values: Mapping[str, str], messages: Mapping[str, str]) -> str:
    """A text with its values, as `messages` of the settings have it, else the standard one."""
    return (messages.get(name) or TEXTS[name]).format_map(values).strip()


def problems(messages: Mapping[str, str]) -> list[str]:
    """A line for each text of the settings that cannot be used."""
    return list(_problems(messages))


def _problems(messages: Mapping[str, str]) -> Iterator[str]:
    for name, written in messages.items():
        where = f"messages.{name}"
        if name not in TEXTS:
            yield f"{where}: there is no such text; there is {', '.join(TEXTS)}"
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
