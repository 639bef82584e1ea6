"""Slack listeners for people who open the app's Home tab, use it, or write to the bot directly."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_sdk import WebClient

from identity_bot.desk.overview import Overview
from identity_bot.errors import IdentityBotError
from identity_bot.forms.form import Form
from identity_bot.messages import words
from identity_bot.settings import Settings
from identity_bot.slack.errors import translating_errors
from identity_bot.slack.home import BY_PRIORITY, BY_TYPE, TURN, choices_after, offer
from identity_bot.slack.home import home as drawn_home
from identity_bot.slack.host import is_unclaimed
from identity_bot.slack.inputs import Json
from identity_bot.slack.payloads import refuse_forged
from identity_bot.slack.thread_replies import BY_PEOPLE
from identity_bot.tickets.overview import Choices
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)

BURST = 600.0
"""Seconds in which one conversation is answered only once."""
REMEMBERED = 2000
"""How many events and conversations to remember, in memory: a second answer does no harm."""


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
        clock: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._overview = overview
        self._people = people
        self._forms = forms
        self._settings = settings
        self._command = settings.commands[0]
        self._run_in_thread = run_in_thread
        self._lately = _Lately(elapsed)
        self._clock = clock

    def attach(self, app: App) -> None:
        """Adds the listeners, unless the settings turn them off."""
        if not self._settings.home:
            return

        def is_left_to_us(request: BoltRequest, response: BoltResponse) -> bool:
            return is_unclaimed(app, request, response)

        used: Json = {
            "type": "block_actions",
            "action_id": re.compile(f"^({TURN}|{BY_TYPE}$|{BY_PRIORITY}$)"),
        }
        app.action(used, middleware=[refuse_forged])(self.used)
        app.event("app_home_opened", matchers=[is_left_to_us], middleware=[refuse_forged])(self.opened)
        app.event("message", matchers=[_is_direct, is_left_to_us], middleware=[refuse_forged])(self.message)

    def opened(self, event: Json, client: WebClient) -> None:
        """Somebody opened the Home tab, or the tab with messages, to which nothing is added."""
        if event.get("tab") != "messages" and isinstance(event.get("user"), str):
            # With the hash, Slack takes no view that something the person has chosen meanwhile has replaced.
            shown = (event.get("view") or {}).get("hash")
            self._run_in_thread(self._publish, client, event["user"], None, shown)

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

    def _publish(
        self, client: WebClient, user: str, choices: Choices | None, replaces: str | None = None
    ) -> None:
        try:
            shown = self._overview.open_home(user, choices)
            view = drawn_home(self._forms, self._command, shown, self._people, self._clock())
            with translating_errors("views.publish"):
                client.views_publish(user_id=user, view=view, hash=replaces)
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
