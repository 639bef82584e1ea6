"""The app's Home tab, what somebody has chosen there, and the message that offers to start a request. Pure."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from identity_bot.forms import limits
from identity_bot.forms.form import Form
from identity_bot.forms.questions import Option
from identity_bot.messages import queue, words
from identity_bot.slack.inputs import PREFIX, Json, plain_text, select
from identity_bot.slack.messages import context, cut, section
from identity_bot.slack.modal import metadata_in, type_options
from identity_bot.slack.rows import PAGE, pager, rows
from identity_bot.tickets.model import Priority
from identity_bot.tickets.overview import Choices, Home, ListName, TicketList
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)

HOME = f"{PREFIX}home"
TURN = f"{PAGE}home:"
FILTERS = f"{PREFIX}filters"
BY_TYPE, BY_PRIORITY = f"{PREFIX}by_type", f"{PREFIX}by_priority"
ALL = "all"
"""The option of a filter that filters nothing; no request type is called so without the others shown as well."""
START = f"{PREFIX}start"
"""The action id and the block of the button that starts a request, wherever it is."""
MOST_TYPES = 100
TYPES_PER_BLOCK = 10
"""Request types in one block of the Home tab: as many as fit into its text at their longest."""


def home(forms: Mapping[str, Form], command: str, shown: Home, people: People, now: float) -> Json:
    """The Home tab: how to start a request, the person's own, and for the team its queue."""
    blocks: list[Json] = [{"type": "header", "text": plain_text(words.MODAL_TITLE)}]
    blocks += [section(words.HOME), _start_button()] if forms else [section(words.NO_TYPES)]
    own, closed, *queues = shown.lists
    for one in (own, closed):
        blocks += _list(one, shown, forms, people, now, command)
    if shown.numbers:
        blocks += [{"type": "divider"}, section(queue.numbers(shown.numbers)), _filters(forms, shown.choices)]
    for one in queues:
        blocks += _list(one, shown, forms, people, now, command)
    if forms:
        listed = [words.request_type(option.label, option.description) for option in type_options(forms)]
        batches = range(0, min(len(listed), MOST_TYPES), TYPES_PER_BLOCK)
        blocks += [{"type": "divider"}, section(words.WHAT_PEOPLE_ASK)]
        blocks += [section("\n".join(listed[at : at + TYPES_PER_BLOCK])) for at in batches]
        blocks.append(context(words.typed(command)))
    return {
        "type": "home",
        "callback_id": HOME,
        "private_metadata": _metadata(shown.choices),
        "blocks": blocks,
    }


def choices_in(view: Mapping[str, Any]) -> Choices:
    """What somebody has chosen in a Home tab; nothing if another version of the bot published it."""
    kept = metadata_in(view)
    name, priority, places = kept.get("type"), kept.get("priority"), kept.get("places")
    return Choices(
        type=name if isinstance(name, str) else "",
        priority=Priority(priority) if priority in set(Priority) else None,
        places={
            str(name): tuple(map(str, several))
            for name, several in places.items()
            if isinstance(several, list)
        }
        if isinstance(places, dict)
        else {},
    )


def choices_after(view: Mapping[str, Any], pressed: Mapping[str, Any]) -> Choices:
    """What somebody has chosen once they have used an element of their Home tab."""
    choices = choices_in(view)
    action, option = str(pressed.get("action_id", "")), (pressed.get("selected_option") or {}).get("value")
    if action == BY_TYPE:
        return Choices(type="" if option == ALL else str(option), priority=choices.priority)
    if action == BY_PRIORITY:
        priority = Priority(option) if option in set(Priority) else None
        return Choices(type=choices.type, priority=priority)
    name = action.removeprefix(TURN).partition(":")[0]
    try:
        places = json.loads(pressed.get("value") or "")
    except (ValueError, RecursionError):
        return choices
    if name not in set(ListName) or not isinstance(places, list):
        return choices
    return replace(choices, places={**choices.places, name: tuple(map(str, places))})


def _list(
    one: TicketList, shown: Home, forms: Mapping[str, Form], people: People, now: float, command: str
) -> Iterator[Json]:
    """A list with its heading and the buttons that turn its page."""
    if not one.tickets and one.name not in queue.NONE:
        return
    yield section(f"*{queue.TITLES[one.name]}*")
    is_own = one.name is ListName.OWN
    yield from rows(one.name, one.tickets, partial(_title, forms), people, now, with_next_step=is_own)
    if one.name is ListName.MINE and not shown.has_login:
        yield context(queue.link_first(command))
    elif not one.tickets:
        is_filtered = bool(shown.choices.type or shown.choices.priority) and not is_own
        yield context(queue.NOTHING_FOUND if is_filtered else queue.NONE[one.name])
    places = list(shown.choices.places.get(one.name, ()))
    turns = [(queue.PREVIOUS, places[:-1])] if places else []
    turns += [(queue.NEXT, [*places, one.next])] if one.next else []
    if buttons := pager(f"home:{one.name}", turns):
        yield buttons


def _title(forms: Mapping[str, Form], name: str) -> str:
    form = forms.get(name)
    return form.title if form else name or words.ADOPTED


def _filters(forms: Mapping[str, Form], choices: Choices) -> Json:
    """The menus by which a team member narrows the queue."""
    types = [Option(ALL, queue.ALL_TYPES), *type_options(forms)][: limits.OPTIONS]
    priorities = [Option(ALL, queue.ALL_PRIORITIES)]
    priorities += [Option(one.value, label) for one, (label, _) in words.PRIORITIES.items()]
    chosen = choices.priority.value if choices.priority else ALL
    menus = (
        (BY_TYPE, queue.BY_TYPE, types, choices.type or ALL),
        (BY_PRIORITY, queue.BY_PRIORITY, priorities, chosen),
    )
    return {
        "type": "actions",
        "block_id": FILTERS,
        "elements": [
            {"action_id": action, "placeholder": plain_text(label), **select(options, value)}
            for action, label, options, value in menus
        ],
    }


def _metadata(choices: Choices) -> str:
    kept = {"type": choices.type, "priority": choices.priority, "places": choices.places}
    written = json.dumps(kept, default=list)
    return written if len(written) <= limits.METADATA else json.dumps({**kept, "places": {}})


def offer(text: str) -> Json:
    """A message with the button that starts a request, and its text in full for screen readers."""
    return {"text": cut(text, limits.MESSAGE_TEXT), "blocks": [section(text), _start_button()]}


def _start_button() -> Json:
    button = {"type": "button", "action_id": START, "text": plain_text(words.START), "style": "primary"}
    return {"type": "actions", "block_id": START, "elements": [button]}
