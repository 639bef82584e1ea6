"""The app's Home tab and the answer to direct messages: both offer to start a request."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any

from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_sdk import WebClient

from identity_bot.desk.overview import Overview
from identity_bot.errors import IdentityBotError
from identity_bot.forms import limits
from identity_bot.forms.form import Form
from identity_bot.forms.questions import Option
from identity_bot.messages import queue, words
from identity_bot.settings import Settings
from identity_bot.slack.errors import translating_errors
from identity_bot.slack.inputs import PREFIX, Json, plain_text, select
from identity_bot.slack.messages import context, cut, section
from identity_bot.slack.modal import metadata_in, type_options
from identity_bot.slack.payloads import refuse_forged
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
BURST = 600.0
"""Seconds in which one conversation is answered only once."""
REMEMBERED = 2000
"""How many events and conversations to remember, in memory: a second answer does no harm."""
BY_PEOPLE = (None, "file_share", "thread_broadcast")
"""The subtypes of new messages that people write; any other is an edit, a deletion or a bot's message."""
MOST_TYPES = 100
TYPES_PER_BLOCK = 10
"""Request types in one block of the Home tab: as many as fit into its text at their longest."""


def home(forms: Mapping[str, Form], command: str, shown: Home, people: People, now: float) -> Json:
    """The Home tab: how to start a request, the person's own, and for the team its queue."""
    blocks: list[Json] = [{"type": "header", "text": plain_text(words.MODAL_TITLE)}]
    blocks += [section(words.HOME), _start_button()] if forms else [section(words.NO_TYPES)]
    own, closed, *queues = shown.lists
    for one in (own, closed):
        blocks += _list(one, shown, forms, people, now)
    if shown.numbers:
        blocks += [{"type": "divider"}, section(queue.numbers(shown.numbers)), _filters(forms, shown.choices)]
    for one in queues:
        blocks += _list(one, shown, forms, people, now)
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
    one: TicketList, shown: Home, forms: Mapping[str, Form], people: People, now: float
) -> Iterator[Json]:
    """A list with its heading and the buttons that turn its page."""
    if not one.tickets and one.name not in queue.NONE:
        return
    yield section(f"*{queue.TITLES[one.name]}*")
    yield from rows(one.name, one.tickets, partial(_title, forms), people, now)
    if not one.tickets:
        yield context(queue.NONE[one.name])
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


class HomeListeners:
    """Listeners for people who open the app's Home tab or write to the bot.

    An event that one of the host's listeners takes is left to it. `run_in_thread` runs a call in another thread and
    logs whatever it raises.
    """

    def __init__(
        self,
        forms: Mapping[str, Form],
        settings: Settings,
        run_in_thread: Callable[..., Any],
        overview: Overview,
        people: People,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._overview = overview
        self._people = people
        self._forms = forms
        self._settings = settings
        self._command = settings.commands[0]
        self._run_in_thread = run_in_thread
        self._lately = _Lately(clock)

    def attach(self, app: App) -> None:
        """Adds the listeners, unless the settings turn them off."""
        if not self._settings.home:
            return

        ours: set[object] = {self.opened, self.message}

        def is_unclaimed(request: BoltRequest, response: BoltResponse) -> bool:
            # Asked at each event, as the host may add listeners later; Bolt has no public list of them.
            others = (one for one in app._listeners if one.ack_function not in ours)
            return not any(one.matches(req=request, resp=response) for one in others)

        used: Json = {
            "type": "block_actions",
            "action_id": re.compile(f"^({TURN}|{BY_TYPE}$|{BY_PRIORITY}$)"),
        }
        app.action(used, middleware=[refuse_forged])(self.used)
        app.event("app_home_opened", matchers=[is_unclaimed], middleware=[refuse_forged])(self.opened)
        app.event("message", matchers=[_is_direct, is_unclaimed], middleware=[refuse_forged])(self.message)

    def opened(self, event: Json, client: WebClient) -> None:
        """Somebody opened the Home tab, or the tab with messages, to which nothing is added."""
        if event.get("tab") != "messages" and isinstance(event.get("user"), str):
            self._run_in_thread(self._publish, client, event["user"], choices_in(event.get("view") or {}))

    def used(self, ack: Ack, body: Json, client: WebClient) -> None:
        """Somebody filtered or turned the page of a list in their Home tab."""
        ack()
        choices = choices_after(body.get("view") or {}, (body.get("actions") or [{}])[0])
        self._run_in_thread(self._publish, client, body["user"]["id"], choices)

    def message(self, body: Json, event: Json, client: WebClient) -> None:
        """Somebody wrote to the bot: answer once in a while, and never a bot or a repeated event."""
        is_by_person = event.get("subtype") in BY_PEOPLE and isinstance(event.get("user"), str)
        if not is_by_person or event.get("bot_id") or not isinstance(event.get("channel"), str):
            return
        is_new = self._lately.is_first(f"event {body.get('event_id')}")
        if is_new and self._lately.is_first(event["channel"], within=BURST):
            self._run_in_thread(self._answer, client, event["channel"], event.get("thread_ts"))

    def _publish(self, client: WebClient, user: str, choices: Choices) -> None:
        try:
            shown = self._overview.home(user, choices)
            view = home(self._forms, self._command, shown, self._people, time.time())
            with translating_errors("views.publish"):
                client.views_publish(user_id=user, view=view)
        except IdentityBotError as error:
            log.warning("cannot publish the Home tab: %s", error)

    def _answer(self, client: WebClient, channel: str, thread_ts: str | None) -> None:
        text = words.answer_to_message(self._command, self._settings.intake_channel)
        try:
            with translating_errors("chat.postMessage"):
                client.chat_postMessage(channel=channel, thread_ts=thread_ts, **offer(text))
        except IdentityBotError as error:
            log.warning("cannot answer a direct message: %s", error)
            self._lately.forget(channel)


class _Lately:
    """When things last happened, by their names; safe to use from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._at: OrderedDict[str, float] = OrderedDict()

    def is_first(self, name: str, *, within: float = inf) -> bool:
        """Whether it has not happened for so many seconds; it happens now."""
        with self._lock:
            now = self._clock()
            if now - self._at.get(name, -inf) < within:
                return False
            self._at[name] = now
            self._at.move_to_end(name)
            if len(self._at) > REMEMBERED:
                self._at.popitem(last=False)
            return True

    def forget(self, name: str) -> None:
        """As if it had not happened."""
        with self._lock:
            self._at.pop(name, None)


def _is_direct(event: Json) -> bool:
    """Whether a message is in the conversation of one person with the bot; others are none of our business."""
    return event.get("channel_type") == "im"


def _start_button() -> Json:
    button = {"type": "button", "action_id": START, "text": plain_text(words.START), "style": "primary"}
    return {"type": "actions", "block_id": START, "elements": [button]}
