"""What has changed about a ticket as messages: everything since the last update becomes one for each destination."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from identity_bot.messages import words
from identity_bot.text.names import is_same
from identity_bot.tickets.model import Action, Audience, Event, EventKind, Notification, Ticket
from identity_bot.tickets.people import People


class Destination(StrEnum):
    """Where messages about a ticket go."""

    REQUESTOR = "requestor"
    """The thread of the request, or the requestor's direct messages."""
    INTAKE = "intake"
    TEAM = "team"
    APPROVERS = "approvers"
    """In the thread of the card, like the next ones."""
    MEMBERS = "members"
    """SPOC and assignees together, in the thread of the card like the team."""


Happened = Sequence[tuple[Event, Sequence[Notification]]]
"""Events of a ticket in the order of the process, each with what there is to say of it."""
Said = Sequence[tuple[Event, Notification]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A button below a message that does not act on the ticket's issue."""

    name: str
    """What the bot knows it by, such as `survey:5`."""
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is said at one destination: mrkdwn, and what its reader can do about the ticket."""

    text: str
    buttons: tuple[Action, ...] = ()
    ticket_id: str = ""
    """The ticket that the buttons and the choices are about."""
    more: tuple[str, ...] = ()
    """What follows the text, in parts that are as long as Slack shows in one piece."""
    choices: tuple[Choice, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """All of the text, in parts."""
        return (self.text, *self.more)


def messages(
    ticket: Ticket, happened: Happened, title: str, people: People, approvers: Sequence[str] = ()
) -> Mapping[Destination, Message]:
    """The message for each destination that has one. People are told of what others did, not of their own clicks.

    `approvers` are mentions of those who may approve the ticket.
    """
    found = {
        Destination.REQUESTOR: _to_requestor(ticket, happened, title),
        Destination.INTAKE: _to_all(ticket, happened, Audience.INTAKE),
        Destination.TEAM: _to_all(ticket, happened, Audience.TEAM),
        Destination.APPROVERS: _to_all(ticket, happened, Audience.APPROVERS, approvers)
        if approvers
        else None,
        Destination.MEMBERS: _to_members(ticket, happened, people),
    }
    return {destination: message for destination, message in found.items() if message}


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
    about = f"{words.link_for_anybody(ticket)} *{words.type_name(title)}*: "
    if said[0][0].kind is EventKind.CREATED:
        about = ""
    following = next((told.next for _, told in reversed(said) if told.next), "")
    text = f"{_sentences(told.text for _, told in said)} {following}".strip()
    return Message(
        text=f"{ticket.requestor.mention} {about}{text}", buttons=_buttons(said), ticket_id=ticket.id
    )


def _to_all(
    ticket: Ticket, happened: Happened, audience: Audience, mentions: Sequence[str] = ()
) -> Message | None:
    said = [
        (event, told)
        for event, notifications in happened
        for told in notifications
        if told.to is audience and not told.is_card
    ]
    if not said:
        return None
    text = " ".join([*mentions, _sentences(told.text for _, told in said)])
    return Message(text=text, buttons=_buttons(said), ticket_id=ticket.id)


def _to_members(ticket: Ticket, happened: Happened, people: People) -> Message | None:
    """Each person is mentioned once, together with all who are told the same."""
    told_by_person: dict[str, list[str]] = {}
    for event, notifications in happened:
        for told in notifications:
            for key in _members(ticket, event, told.to):
                if not _is_by(event, key, people):
                    told_by_person.setdefault(people.mention(key), []).append(told.text)
    mentions_by_text: dict[str, list[str]] = {}
    for mention, texts in told_by_person.items():
        mentions_by_text.setdefault(_sentences(texts), []).append(mention)
    lines = [
        f"{' '.join(mentions)} {words.link(ticket)}: {text}" for text, mentions in mentions_by_text.items()
    ]
    return Message(text="\n".join(lines)) if lines else None


def _members(ticket: Ticket, event: Event, audience: Audience) -> tuple[str, ...]:
    """Whom an event is told to; that somebody is assigned, to who was not so before."""
    if audience is Audience.SPOC:
        return (ticket.state.spoc,) if ticket.state.spoc else ()
    if audience is not Audience.ASSIGNEES:
        return ()
    before = event.was.assignees if event.was and event.kind is EventKind.ASSIGNED else ()
    return tuple(login for login in ticket.state.assignees if login not in before)


def _is_by(event: Event, key: str, people: People) -> bool:
    """Whether it was this person who did it, who may be known by a login or by a Slack id."""
    own = {key, key.removeprefix("slack:"), people.slack_id(key)} - {""}
    return any(is_same(event.by, name) for name in own)


def _buttons(said: Said) -> tuple[Action, ...]:
    """Those of the last event, however many had something to say of it."""
    last = said[-1][0]
    return tuple(dict.fromkeys(button for event, told in said if event is last for button in told.buttons))


def _sentences(texts: Iterable[str]) -> str:
    """Texts one after the other, each once."""
    return " ".join(dict.fromkeys(texts))
