"""Message templates of the lifecycle, by name; the settings may replace each of them. Pure."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping

from identity_bot.messages import clocks, words
from identity_bot.text.markdown import ELLIPSIS, mrkdwn
from identity_bot.text.names import did_you_mean
from identity_bot.tickets.business_time import BusinessHours
from identity_bot.tickets.model import (
    Approval,
    Audience,
    CloseReason,
    Event,
    EventKind,
    Stage,
    Ticket,
    TicketState,
)
from identity_bot.tickets.people import People
from identity_bot.tickets.service_levels import Clock, Due, ServiceLevels, owed, touched_at

TEMPLATES: Mapping[str, str] = {
    "created.requestor": "We got your request: {ticket} *{type}*.",
    "created.requestor_sensitive": (
        "We got your request: {ticket} *{type}*. It is sensitive, so only the team can open its ticket. "
        "We'll send you all updates here."
    ),
    "created.requestor_late": "Your request is now ticket {ticket}: *{type}*. Thank you for waiting.",
    "created.intake": "New ticket {ticket}: *{type}*, requested by {requestor}.",
    "created.team": "Ticket {ticket}: *{type}*",
    "created.team_urgent": "*Urgent: affects Veterans in production.* Ticket {ticket}: *{type}*",
    "created.approvers": "{ticket} needs your approval: *{type}*, requested by {requestor}.",
    "approval_needed.requestor": "It has to be approved before it can be finished.",
    "approval_needed.requestor_no_longer": "It no longer needs approval.",
    "approval_needed.approvers": "{ticket} needs your approval: *{type}*, requested by {requestor}.",
    "approved.requestor": "It's approved.",
    "approved.team": "{by} approved {ticket}.",
    "approved.team_by_hand": "{ticket} was marked approved in GitHub.",
    "declined.requestor": "It was not approved. {reason}",
    "declined.team": "{by} declined {ticket}. {reason}",
    "declined.team_by_hand": "{ticket} was marked declined in GitHub.",
    "triaged.requestor": "It's critical, so it goes ahead of all other requests.",
    "prioritized.requestor": "The priority is {priority}.",
    "spoc_named.spoc": "You're now the single point of contact and speak with {requestor} about it.",
    "assigned.requestor": "It's assigned to {assignees}.",
    "assigned.requestor_changed": "It's now assigned to {assignees}, and no longer to {assignees_before}.",
    "assigned.requestor_nobody": "It's no longer assigned to {assignees_before}. Nobody is working on it right now.",
    "assigned.assignees": "It's assigned to you.",
    "target_set.requestor": "The target date is {target}.",
    "target_changed.requestor": "The target date is now {target} (it was {target_before}).",
    "target_changed.requestor_none": "The target date of {target_before} no longer applies.",
    "target_changed.spoc": "The target date is now {target} (it was {target_before}).",
    "target_changed.spoc_none": "The target date of {target_before} no longer applies.",
    "waiting.requestor": "The team has a question for you. {reason}",
    "waiting.requestor_unasked": "The team is waiting for an answer from you.",
    "resumed.team": "{requestor} answered what you asked about {ticket}, and nobody has it.",
    "resumed.team_by_hand": "{ticket} no longer waits for the requestor, and nobody has it.",
    "resumed.spoc": "{requestor} answered.",
    "resumed.spoc_by_hand": "It no longer waits for the requestor.",
    "resumed.assignees": "{requestor} answered.",
    "resumed.assignees_by_hand": "It no longer waits for the requestor.",
    "response_due.team": "Nobody has answered ticket {ticket} yet. The answer is due {due}.",
    "response_due.assignees": "Nobody has answered the requestor yet. The answer is due {due}.",
    "response_missed.team": "{leads} Nobody has answered ticket {ticket}. The answer was due {due}.",
    "resolution_due.team": "Ticket {ticket} is due {due}, and nobody has it.",
    "resolution_due.assignees": "It's due {due}.",
    "resolution_missed.team": "{leads} Ticket {ticket} is not done. It was due {due}.",
    "stale.team": "Nobody has touched ticket {ticket} for five business days, and nobody has it.",
    "stale.assignees": "Nobody has touched it for five business days. Please say in the ticket how it's going.",
    "uat.requestor": "It's ready for you to try.",
    "untried.requestor": "You haven't told us yet whether it works.",
    "accepted.requestor": "It was marked accepted. You don't need to do anything.",
    "accepted.spoc": "{requestor} tried it and accepted it.",
    "accepted.spoc_by_hand": "It was marked accepted in GitHub.",
    "accepted.assignees": "{requestor} tried it and accepted it.",
    "accepted.assignees_by_hand": "It was marked accepted in GitHub.",
    "rejected.requestor": "It needs more work, so you don't need to try it yet.",
    "rejected.spoc": "{requestor} tried it and said it needs work. {reason}",
    "rejected.spoc_by_hand": "It was sent back to work in GitHub.",
    "rejected.assignees": "{requestor} tried it and said it needs work. {reason}",
    "rejected.assignees_by_hand": "It was sent back to work in GitHub.",
    "released.requestor": "It's released.",
    "closed.requestor": "It's done and closed. {reason}",
    "closed.requestor_untried": "It was closed, as nobody told us whether it works. {reason}",
    "closed.requestor_not_planned": "It was closed and won't be done. {reason}",
    "closed.requestor_duplicate": "It was closed because another ticket covers it. {reason}",
    "closed.requestor_duplicate_of": "It was closed because ticket {original} covers the same thing. {reason}",
    "closed.requestor_deleted": "It was closed because its issue in GitHub was deleted.",
    "closed.requestor_moved": "It moved to a place in GitHub that we can't see, so we can't send you more updates.",
    "closed.intake": "Ticket {ticket}, *{type}*, is done and closed.",
    "closed.intake_not_planned": "Ticket {ticket}, *{type}*, was closed and won't be done.",
    "closed.intake_duplicate": "Ticket {ticket}, *{type}*, was closed because another ticket covers it.",
    "closed.intake_duplicate_of": "Ticket {ticket}, *{type}*, was closed because {original} covers the same thing.",
    "closed.intake_deleted": "Ticket {ticket}, *{type}*, was closed because its issue in GitHub was deleted.",
    "closed.intake_moved": "Ticket {ticket}, *{type}*, moved to a place in GitHub that we can't see.",
    "reopened.requestor": "It's open again.",
    "redacted.requestor": (
        "We removed text from it that must not be in a ticket, such as a password or a Veteran's personal data. "
        "{reason}"
    ),
    "next.created": "Expect an answer by {due}.",
    "next.created_unpromised": "Next, the team will look at it.",
    "next.created_urgent": (
        "It affects Veterans in production, so the team looks at it first. Expect an answer by {due}."
    ),
    "next.created_urgent_unpromised": "It affects Veterans in production, so the team looks at it first.",
    "next.created_urgent_closed": (
        "It affects Veterans in production, so the team looks at it first, but not before business hours begin: "
        "somebody will look on {opens}. {on_call}"
    ),
    "next.created_approval": (
        "It has to be approved before it can be finished. We'll tell you when that is decided."
    ),
    "next.created_copied": "Replies in this thread are copied to the ticket.",
    "next.approval": "It waits for approval. We'll tell you when that is decided.",
    "next.approval_declined": "The team will close it. If you still need it, please tell them why.",
    "next.open": "Next, the team will look at it.",
    "next.triaged": "Next, we'll assign it to someone on the team.",
    "next.prioritized": "Next, we'll assign it to someone on the team.",
    "next.assigned": "Next, we'll set a target date and tell you.",
    "next.in_progress": "We'll tell you when it's ready or if the date changes.",
    "next.in_progress_undated": "We'll tell you when it's ready.",
    "next.waiting": "Please answer in this thread. The ticket waits until you do.",
    "next.waiting_unheard": "Please answer in this thread, and then press I answered. The ticket waits until you do.",
    "next.waiting_direct": (
        "The team can't read what you write here, so please answer somebody of the team, and then press I answered. "
        "The ticket waits until you do."
    ),
    "next.uat": "Press Accept if it works, or Needs work to tell us what's missing.",
    "next.uat_again": "It's still ready for you to try.",
    "next.uat_closes": (
        "Press Accept if it works, or Needs work to tell us what's missing. If we get no answer, we'll close it "
        "on {closes}."
    ),
    "next.accepted": "Next, we'll release it if needed, and then close it.",
    "next.released": "We'll close it soon. If something is wrong, please tell the team before then.",
    "next.closed": "If something is missing, please tell the team. They can reopen it.",
    "next.closed_not_planned": "If you still need it, please tell the team why. They can reopen it.",
    "next.closed_duplicate": "If it's not the same thing, please tell the team. They can reopen it.",
    "next.closed_duplicate_of": (
        "It continues there, so please follow that ticket: we won't send you more updates about this one. If it's not "
        "the same thing, please tell the team. They can reopen yours."
    ),
    "next.closed_duplicate_own": (
        "That's your request, too, so we'll keep you up to date on it there. If it's not the same thing, please tell "
        "the team. They can reopen this one."
    ),
    "next.closed_duplicate_done": (
        "That ticket is closed already, so please read there how it ended. If that doesn't help, please tell the team. "
        "They can reopen yours."
    ),
    "next.closed_duplicate_restricted": (
        "Only the team can open that ticket, so please ask them how it's going. If it's not the same thing, please "
        "tell them. They can reopen yours."
    ),
    "next.closed_deleted": "If you still need it, please send your request again.",
    "next.closed_moved": "The team can tell you where it continues.",
    "next.redacted": "If it was a password or a key, please change it now, as others may have read it.",
    "reason.sensitive": "The reason is in the ticket.",
}
"""`<event>.<audience>`, some with a variant, and `next.<stage>`: what comes next at the stage that the ticket now has.
`next.created_approval` follows a new ticket's first message if it has to be approved, and `next.created_copied` if
replies are copied. `next.waiting_unheard` takes the place of `next.waiting` if they are not, and `next.waiting_direct`
if only the requestor reads them.

Each is whole sentences, as others may stand before and after it. In a message that begins with a mention, the ticket is
named before them, except in the first one.
"""

PLACEHOLDERS: Mapping[str, str] = {
    "ticket": (
        "the ticket's number, as a link to its issue; the requestor of a sensitive ticket gets no link, as only the "
        "team can open it"
    ),
    "type": "the title of the request type",
    "requestor": "the requestor's name",
    "priority": "the priority that it now has",
    "spoc": "the single point of contact, mentioned",
    "assignees": "who is assigned now, mentioned",
    "assignees_before": "who is no longer assigned, mentioned",
    "target": "the target date, such as December 1, 2026",
    "target_before": "the target date before the change",
    "due": "when the answer, or else the ticket, is due: a moment, which Slack shows in the reader's own time",
    "opens": "when business hours begin next, in the same way",
    "closes": "when a ticket is closed that its requestor doesn't try, in the same way",
    "on_call": "whom to call outside of business hours: `service_levels.on_call` in the settings",
    "leads": "the type's leads, mentioned",
    "by": "who did it, mentioned; empty if it was done in GitHub",
    "close_reason": "completed, not planned, duplicate, deleted or moved away",
    "original": (
        "the number of the ticket that it is a duplicate of, as a link to its issue unless only the team can open it"
    ),
    "reason": (
        "the reason that somebody wrote, in quotation marks, or the bot's own; if the ticket is sensitive, "
        "`reason.sensitive` for all but its requestor, who is told directly"
    ),
}
"""What may stand in braces in any text; each value is safe in Slack's mrkdwn, and empty if there is nothing to show."""
DELAYED_AFTER = 300.0
"""Seconds without an issue after which the requestor is told that it takes longer, and later that it is there."""
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


_CLOCKS = {
    EventKind.CREATED: Clock.RESPONSE,
    EventKind.RESPONSE_DUE: Clock.RESPONSE,
    EventKind.RESPONSE_MISSED: Clock.RESPONSE,
    EventKind.RESOLUTION_DUE: Clock.RESOLUTION,
    EventKind.RESOLUTION_MISSED: Clock.RESOLUTION,
}
"""Of what an event says that it is due."""


def name_of(kind: EventKind, audience: Audience, ticket: Ticket, event: Event) -> str | None:
    """The name of the text for an event and an audience; None if the audience is not told of it."""
    if audience is Audience.APPROVERS and ticket.state.approval is not Approval.NEEDED:
        return None
    return _found(f"{event_name(kind)}.{audience.value}", _variant(kind, audience, ticket, event))


def next_name(ticket: Ticket, event: Event, levels: ServiceLevels) -> str:
    """The name of the text that says what comes next."""
    if event.kind is EventKind.CREATED:
        return _next_for_new(ticket, event, levels.hours)
    if event.kind is EventKind.UNTRIED and levels.close_at(ticket, touched_at(ticket)) is not None:
        return "next.uat_closes"
    if event.kind is EventKind.REDACTED:
        return "next.redacted"
    if event.kind is EventKind.WAITING:
        return "next.waiting"
    if ticket.state.is_unapproved and ticket.stage not in (Stage.CLOSED, Stage.UAT):
        return "next.approval" if ticket.state.approval is Approval.NEEDED else "next.approval_declined"
    stage, is_dated = ticket.stage, ticket.state.target is not None
    variant = ""
    match stage:
        case Stage.ACCEPTED | Stage.RELEASED if event.was and event.was.stage is Stage.CLOSED:
            # A label from before it was closed says nothing about what comes now.
            stage = Stage.OPEN
        case Stage.ASSIGNED if is_dated:
            stage = Stage.IN_PROGRESS
        case Stage.IN_PROGRESS if not is_dated:
            variant = "undated"
        case Stage.UAT if event.kind not in (EventKind.READY_FOR_UAT, EventKind.UNTRIED):
            variant = "again"
        case Stage.CLOSED:
            variant = _continues(ticket, event.original) if event.original else _close_variant(ticket, event)
    return _found(f"next.{_STAGES.get(stage, stage.value)}", variant) or "next.open"


def _next_for_new(ticket: Ticket, event: Event, hours: BusinessHours) -> str:
    name = "next.created_urgent" if ticket.is_urgent else "next.created"
    if ticket.is_urgent and not hours.is_open(event.at):
        return "next.created_urgent_closed"
    return name if _due(ticket, event) else f"{name}_unpromised"


def _due(ticket: Ticket, event: Event) -> Due | None:
    """What an event speaks of: whoever just asked waits for an answer, and else for what is due next."""
    clock = _CLOCKS.get(event.kind)
    return next((one for one in owed(ticket) if clock in (None, one.clock)), None)


def _found(name: str, variant: str) -> str | None:
    return next((n for n in (f"{name}_{variant}", name) if n in TEMPLATES), None)


def _variant(kind: EventKind, audience: Audience, ticket: Ticket, event: Event) -> str:
    was = event.was or TicketState()
    match kind:
        case EventKind.CREATED if audience is Audience.REQUESTOR:
            late = "late" if event.at - ticket.submitted_at >= DELAYED_AFTER else ""
            return "sensitive" if ticket.is_sensitive else late
        case EventKind.CREATED if ticket.is_urgent:
            return "urgent"
        case EventKind.APPROVAL_NEEDED if ticket.state.approval is None:
            return "no_longer"
        case EventKind.APPROVED | EventKind.DECLINED if not event.by:
            return "by_hand"
        case EventKind.ASSIGNED if not ticket.state.assignees:
            return "nobody"
        case EventKind.ASSIGNED if _gone(was, ticket.state):
            return "changed"
        case EventKind.TARGET_CHANGED if ticket.state.target is None:
            return "none"
        case EventKind.WAITING:
            return "" if event.reason.strip() else "unasked"
        case EventKind.ACCEPTED | EventKind.REJECTED | EventKind.RESUMED:
            return "" if event.by and event.by == ticket.requestor.slack_id else "by_hand"
        case EventKind.CLOSED:
            return _close_variant(ticket, event)
    return ""


def _close_variant(ticket: Ticket, event: Event) -> str:
    reason = ticket.state.close_reason
    if event.original:
        return "duplicate_of"
    if event.reason and not event.by:
        return "untried"
    return _CLOSED.get(reason, "") if reason else ""


def _continues(ticket: Ticket, original: Ticket) -> str:
    """How the requestor of a duplicate learns what becomes of it."""
    who, is_closed = ticket.requestor.slack_id, original.stage is Stage.CLOSED
    is_own = bool(who) and who == original.requestor.slack_id and not is_closed
    if original.is_sensitive and not is_own:
        return "duplicate_restricted"
    if is_closed:
        return "duplicate_done"
    return "duplicate_own" if is_own else "duplicate_of"


def _gone(was: TicketState, now: TicketState) -> list[str]:
    """Who was assigned and no longer is."""
    return [login for login in was.assignees if login not in now.assignees]


def values(
    ticket: Ticket,
    event: Event,
    title: str,
    people: People,
    messages: Mapping[str, str],
    *,
    levels: ServiceLevels,
    leads: str = "",
) -> dict[str, str]:
    """The value of each placeholder, in mrkdwn; `messages` are the texts from the settings."""
    now, was, owed, hours = ticket.state, event.was or TicketState(), _due(ticket, event), levels.hours
    closes = levels.close_at(ticket, touched_at(ticket))
    known = {
        "ticket": words.link(ticket),
        "type": words.type_name(title),
        "requestor": mrkdwn(ticket.requestor.name or ticket.requestor.handle, limit=100),
        "priority": now.priority.value if now.priority else "",
        "spoc": people.mention(now.spoc) if now.spoc else "",
        "assignees": words.joined([people.mention(login) for login in now.assignees]),
        "assignees_before": words.joined([people.mention(login) for login in _gone(was, now)]),
        "target": words.day(now.target) if now.target else "",
        "target_before": words.day(was.target) if was.target else "",
        "due": clocks.moment(owed.at, hours.zone) if owed else "",
        "opens": clocks.moment(hours.next_open(event.at), hours.zone),
        "closes": clocks.moment(closes, hours.zone) if closes else "",
        "on_call": mrkdwn(levels.on_call) if levels.on_call else "",
        "leads": leads,
        "close_reason": now.close_reason.value if now.close_reason else "",
        "by": people.mention_of(event.by) if event.by else "",
        "original": words.link_for_anybody(event.original) if event.original else "",
        "reason": "",
    }
    return known | {"reason": _reason(ticket, event, known, messages)}


def _reason(ticket: Ticket, event: Event, known: Mapping[str, str], messages: Mapping[str, str]) -> str:
    is_withheld = ticket.is_sensitive and event.by and event.reason.strip()
    return text("reason.sensitive", known, messages) if is_withheld else quoted_reason(event)


def quoted_reason(event: Event) -> str:
    """The reason that somebody wrote, or the bot's own, for those who may read it; empty if there is none."""
    if not event.reason.strip():
        return ""
    if not event.by:
        return mrkdwn(event.reason)
    quoted = mrkdwn(event.reason, limit=500)
    return f"“{quoted}”" if quoted.endswith((".", "!", "?", ELLIPSIS)) else f"“{quoted}.”"


def text(name: str, values: Mapping[str, str], messages: Mapping[str, str]) -> str:
    """A text with its values: the one in `messages`, the settings' own, unless it is missing or comes out empty."""
    return messages.get(name, "").format_map(values).strip() or TEMPLATES[name].format_map(values).strip()


def problems(messages: Mapping[str, str]) -> list[str]:
    """A line for each text in the settings that cannot be used."""
    return list(_problems(messages))


def _problems(messages: Mapping[str, str]) -> Iterator[str]:
    for name, written in messages.items():
        where = f"messages.{name}"
        if name not in TEMPLATES:
            yield f"{where}: unknown text{did_you_mean(name, TEMPLATES)}"
            continue
        if not written.strip() or len(written) > LONGEST:
            yield f"{where}: expected a text of 1 to {LONGEST:,} characters"
            continue
        try:
            fields = list(string.Formatter().parse(written))
        except ValueError:
            yield f"{where}: a single brace; write {{{{ or }}}} to show a brace"
            continue
        for _, field, specification, conversion in fields:
            if field is None:
                continue
            if field not in PLACEHOLDERS:
                yield f"{where}: unknown placeholder {{{field}}}; expected one of {', '.join(PLACEHOLDERS)}"
            elif specification or conversion:
                yield f"{where}: {{{field}}} has a format; expected only the name"
