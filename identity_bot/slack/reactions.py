"""Slack listener for reactions on the team's cards: one that the settings name does what its button does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App, BoltContext
from slack_sdk import WebClient

from identity_bot.errors import IdentityBotError
from identity_bot.slack.actions import ActionListeners, explanation
from identity_bot.slack.card import BUTTON_BLOCK, Click
from identity_bot.slack.errors import translating_errors
from identity_bot.slack.inputs import Json
from identity_bot.slack.payloads import fingerprint, refuse_forged
from identity_bot.tickets.model import Action

log = logging.getLogger(__name__)


class ReactionListeners:
    """Listener for reactions; `reactions` are the actions by the names of emoji, none for no listener at all.

    Every other reaction is left to the host's listeners. `run_in_thread` runs a call in another thread and logs
    whatever it raises.
    """

    def __init__(
        self,
        reactions: Mapping[str, Action],
        actions: ActionListeners,
        run_in_thread: Callable[..., Any],
    ) -> None:
        self._reactions = reactions
        self._actions = actions
        self._run_in_thread = run_in_thread

    def attach(self, app: App) -> None:
        """Adds the listener."""
        if self._reactions:
            event = app.event("reaction_added", matchers=[self._is_ours], middleware=[refuse_forged])
            event(self.reacted)

    def reacted(self, body: Json, event: Json, client: WebClient) -> None:
        """Somebody reacted to one of our messages with an emoji that stands for an action."""
        self._run_in_thread(self._act, client, body, event)

    def _is_ours(self, event: Json, context: BoltContext) -> bool:
        return str(event.get("reaction")) in self._reactions and event.get("item_user") == context.bot_user_id

    def _act(self, client: WebClient, body: Json, event: Json) -> None:
        name, by = event["reaction"], event["user"]
        place = {"channel": event["item"]["channel"], "timestamp": event["item"]["ts"]}
        try:
            with translating_errors("reactions.get"):
                message = client.reactions_get(**place, full=True)["message"]
        except IdentityBotError as error:
            log.warning("cannot read what somebody reacted to: %s", error)
            return
        ticket_id = _ticket_of(message)
        if ticket_id is None or not _still_has(message, name, by):
            return
        try:
            click = Click(action=self._reactions[name], ticket_id=ticket_id)
            self._actions.do(click, by, key=fingerprint(body))
        except Exception as error:
            # Slack lets nobody remove another person's reaction, so a word has to do.
            self._say(client, place, by, explanation(error))

    def _say(self, client: WebClient, place: Mapping[str, str], to: str, text: str) -> None:
        try:
            with translating_errors("chat.postEphemeral"):
                client.chat_postEphemeral(channel=place["channel"], user=to, text=text)
        except IdentityBotError as error:
            log.warning("cannot say why a reaction changed nothing: %s", error)


def _ticket_of(message: Mapping[str, Any]) -> str | None:
    """The id of the ticket whose card this is: its buttons hold it."""
    buttons = [block for block in message.get("blocks") or () if block.get("block_id") == BUTTON_BLOCK]
    values = [element.get("value") for block in buttons for element in block["elements"]]
    return next((value for value in values if isinstance(value, str)), None)


def _still_has(message: Mapping[str, Any], name: str, by: str) -> bool:
    given = message.get("reactions") or ()
    return any(one["name"] == name and by in one["users"] for one in given)
