"""One ticket in a modal: its facts, its history, what was said, and what the person who opened it may do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot.forms import limits
from identity_bot.messages import clocks, queue, words
from identity_bot.slack.card import BUTTON_BLOCK
from identity_bot.slack.card import label as button_label
from identity_bot.slack.inputs import PREFIX, Json, plain_text
from identity_bot.slack.messages import action_buttons, context, cut, section, verbatim
from identity_bot.tickets.actions import ACTIONS
from identity_bot.tickets.model import Ticket
from identity_bot.tickets.overview import Details
from identity_bot.tickets.people import People

TICKET = f"{PREFIX}ticket"
LONGEST_TITLE = 24
"""Slack's limit for a modal's title."""


def ticket_modal(details: Details, type_title: str, people: People, now: float, *, notice: str = "") -> Json:
    """The modal as of `now`, in seconds since the epoch; `notice` says what has just been requested."""
    ticket = details.ticket
    said = [*words.state(ticket, type_title, people), *clocks.state(ticket, now)]
    facts = [f"*{name}:* {value}" for name, value in said]
    name = words.link(ticket) if details.is_team else words.link_for_anybody(ticket)
    shown = "" if ticket.is_sensitive or not ticket.title else f" {words.type_name(ticket.title)}"
    blocks: list[Json] = [section(notice)] if notice else []
    late = clocks.overdue(ticket, now)
    blocks.append(section(f"*{name}*{shown}\n{late}" if late else f"*{name}*{shown}"))
    blocks += [
        {
            "type": "section",
            "fields": [verbatim(cut(fact, limits.FIELD_TEXT)) for fact in facts[at : at + 10]],
        }
        for at in range(0, len(facts), 10)
    ]
    if step := queue.next_step(ticket):
        blocks.append(context(step))
    if details.actions:
        rows = map(ACTIONS.__getitem__, details.actions)
        labels = {
            row.action: (details.is_own and row.button_mine) or button_label(row, ticket) for row in rows
        }
        blocks.append(action_buttons(labels, ticket.id, BUTTON_BLOCK))
    if details.events:
        blocks += [
            section(queue.HISTORY),
            section("\n".join(queue.event(one, people) for one in details.events)),
        ]
    if details.messages:
        blocks.append(section(queue.CONVERSATION))
        blocks += [section(queue.said(one, people)) for one in details.messages]
    return {
        "type": "modal",
        "callback_id": TICKET,
        "title": plain_text(_title(ticket)),
        "close": plain_text(words.CLOSE),
        "private_metadata": ticket.id,
        "blocks": blocks,
    }


def _title(ticket: Ticket) -> str:
    """The ticket's number, with its repository's name if that is short enough."""
    title = f"Ticket {words.number(ticket)}"
    return title if len(title) <= LONGEST_TITLE else f"Ticket #{ticket.number}"


def is_ticket_modal(body: Mapping[str, Any]) -> bool:
    """Whether somebody pressed a button in a ticket's modal."""
    return (body.get("view") or {}).get("callback_id") == TICKET
