"""What has happened to a ticket as messages: the events of one telling become one message for each place. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from identity_bot import words
from identity_bot.markdown import mrkdwn
from identity_bot.model import Audience, Event, EventKind, Move, Notification, Ticket
from identity_bot.people import People

MEMBERS = "members"
"""Where SPOC and assignees are told: together, in the thread of the card."""

Happened = Sequence[tuple[Event, Sequence[Notification]]]
"""Events of a ticket in the order of the process, each with what there is to say of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is said at one place, in mrkdwn."""

    text: str
    buttons: tuple[Move, ...] = ()


def messages(ticket: Ticket, happened: Happened, title: str, people: People) -> Mapping[str, Message]:
    """The message for each place that has one: `requestor`, `intake`, `team`, `members`.

    People are told of what others did, not of their own clicks.
    """
    found = {
        Audience.REQUESTOR.value: _to_requestor(ticket, happened, title),
        Audience.INTAKE.value: _to_all(happened, Audience.INTAKE),
        Audience.TEAM.value: _to_all(happened, Audience.TEAM),
        MEMBERS: _to_members(ticket, happened, people),
    }
    return {place: message for place, message in found.items() if message}


def _to_requestor(ticket: Ticket, happened: Happened, title: str) -> Message | None:
    if not ticket.requestor.slack_id:
        return None
    said = [
        (event, told)
        for event, notifications in happened
        for told in notifications
        if told.to is Audience.REQUESTOR and event.by != ticket.requestor.slack_id
    ]
    if not said:
        return None
    about = f"ticket {words.link(ticket)}, *{mrkdwn(title, limit=75)}*: "
    if said[0][0].kind is EventKind.CREATED:
        about = ""
    following = next((told.next for _, told in reversed(said) if told.next), "")
    text = " ".join([*_unique(told.text for _, told in said), following]).strip()
    return Message(text=f"{ticket.requestor.mention} {about}{text}", buttons=said[-1][1].buttons)


def _to_all(happened: Happened, audience: Audience) -> Message | None:
    said = [
        told
        for _, notifications in happened
        for told in notifications
        if told.to is audience and not told.is_card
    ]
    text = " ".join(_unique(told.text for told in said))
    return Message(text=text, buttons=said[-1].buttons) if said else None


def _to_members(ticket: Ticket, happened: Happened, people: People) -> Message | None:
    told_by_person: dict[str, list[str]] = {}
    for event, notifications in happened:
        for told in notifications:
            for key in _members(ticket, told.to):
                if event.by not in (key, key.removeprefix("slack:"), people.slack_id(key) or key):
                    told_by_person.setdefault(people.mention(key), []).append(told.text)
    if not told_by_person:
        return None
    said = _unique(text for texts in told_by_person.values() for text in texts)
    mentions = " ".join(told_by_person)
    return Message(text=f"{mentions} ticket {words.link(ticket)}: {' '.join(said)}")


def _members(ticket: Ticket, audience: Audience) -> tuple[str, ...]:
    if audience is Audience.SPOC:
        return (ticket.facts.spoc,) if ticket.facts.spoc else ()
    return ticket.facts.assignees if audience is Audience.ASSIGNEES else ()


def _unique(texts: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(texts))
