"""Lists of tickets as blocks, the same in the Home tab and below the command. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from identity_bot.messages import queue
from identity_bot.slack.inputs import PREFIX, Json, plain_text
from identity_bot.slack.messages import section
from identity_bot.tickets.model import Ticket
from identity_bot.tickets.people import People

OPEN = f"{PREFIX}open"
"""The action id of the button that opens a ticket; its value is the ticket's id."""
PAGE = f"{PREFIX}page:"
"""Begins the action ids of the buttons that turn a list's page; the value says where to."""
LONGEST_VALUE = 2000


def rows(
    name: str,
    tickets: Iterable[Ticket],
    title_of: Callable[[str], str],
    people: People,
    now: float,
    *,
    with_next_step: bool = False,
) -> Iterator[Json]:
    """A block for each ticket of a list, with the button that opens it and, for requestors, what happens next.

    `title_of` gives a request type's title by its name.
    """
    for ticket in tickets:
        button = {
            "type": "button",
            "action_id": OPEN,
            "text": plain_text(queue.OPEN_TICKET),
            "accessibility_label": queue.spoken(ticket)[:75],
            "value": ticket.id,
        }
        text = queue.row(ticket, title_of(ticket.type), people, now)
        step = queue.next_step(ticket) if with_next_step else ""
        shown = section(f"{text}\n{step}" if step else text)
        yield {**shown, "block_id": f"{OPEN}:{name}:{ticket.id}", "accessory": button}


def pager(name: str, places: Iterable[tuple[str, Any]]) -> Json | None:
    """The buttons below a list: a label and the place that each leads to; None without any."""
    buttons = [
        {
            "type": "button",
            "action_id": f"{PAGE}{name}:{label.casefold()}",
            "text": plain_text(label),
            "value": value,
        }
        for label, place in places
        if len(value := json.dumps(place, ensure_ascii=False)) <= LONGEST_VALUE
    ]
    return {"type": "actions", "block_id": f"{PAGE}{name}", "elements": buttons} if buttons else None
