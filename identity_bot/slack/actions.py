"""Slack's listeners for the buttons by which people move tickets, and for the forms behind those buttons."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from identity_bot.desk.desk import Desk
from identity_bot.errors import IdentityBotError, Impossible, Invalid, NotAllowed, StoreError
from identity_bot.logs import scrubbed
from identity_bot.messages import card_words, words
from identity_bot.slack import card as cards
from identity_bot.slack import modal as blocks
from identity_bot.slack.card import Click
from identity_bot.slack.inputs import Json
from identity_bot.slack.messages import ACTION, answered
from identity_bot.tickets.model import Action, Change, Ticket

log = logging.getLogger(__name__)

Answer = Callable[..., Any]
"""Tells who clicked something, where the button stands."""

PATIENCE = 2.0
"""Seconds that an ack waits for the desk, which may have to ask Slack who is of the team; Slack waits for three."""


class ActionListeners:
    """What people press on cards and in messages, and what they enter in the forms that this opens.

    `later` runs a call in a thread of its own and lets nothing out of it.
    """

    def __init__(self, desk: Desk, later: Callable[..., Future[Any]]) -> None:
        self._desk = desk
        self._later = later

    def attach(self, app: App) -> None:
        """Adds the listeners; a wider pattern must be added later, as the first that fits is the only one to hear."""
        app.action(re.compile(f"^{ACTION}"))(self.click)
        app.view(cards.FORM)(self.submit)

    def click(self, ack: Ack, body: Json, client: WebClient, respond: Respond) -> None:
        """A button: the move is made at once, or its form is opened; whoever may not is told so in private."""
        answer = _in_thread(respond, body)
        click = cards.click_in(body)
        if click is None:
            self._later(_say, answer, card_words.BUTTON_UNKNOWN)
        elif click.action in cards.ASKING:
            self._later(self._open, client, body, click, answer)
        else:
            # What is in the database when this acks is done, even if the bot is stopped in the next moment.
            wait([self._later(self._move, client, click, body["user"]["id"], answer)], timeout=PATIENCE)
        ack()

    def submit(self, ack: Ack, body: Json, client: WebClient, view: Json) -> None:
        """A move's form sent: its problems at their fields, or a change that is safe before this acks."""
        answered = self._later(self._answer, client, view, body["user"]["id"])
        try:
            answer = answered.result(timeout=PATIENCE)
        except TimeoutError:
            answer = _pushed(card_words.TAKES_LONG)
        ack(**answer)

    def _move(self, client: WebClient, click: Click, by: str, answer: Answer) -> None:
        try:
            ticket = self._ticket(click)
            self._desk.check(ticket, click.action, by)
            self._desk.change(ticket.id, Change(action=click.action, value=self._value(click, by)), by=by)
        except Exception as error:
            self._later(_say, answer, _sentence(error))
            return
        self._later(_replace, client, click, by)

    def _value(self, click: Click, by: str) -> str:
        """What the move needs besides the click."""
        if click.action is not Action.TAKE:
            return ""
        login = self._desk.people.login(by)
        if not login:
            raise _Told(card_words.LOGIN_UNKNOWN)
        return login

    def _open(self, client: WebClient, body: Json, click: Click, answer: Answer) -> None:
        try:
            ticket = self._ticket(click)
            self._desk.check(ticket, click.action, body["user"]["id"])
        except Exception as error:
            _say(answer, _sentence(error))
            return
        try:
            client.views_open(trigger_id=body["trigger_id"], view=cards.move_form(ticket, click))
        except (SlackApiError, SlackClientError, OSError) as error:
            log.warning("the form of a move could not be opened", exc_info=scrubbed(error))
            _say(answer, words.COULD_NOT_OPEN)

    def _answer(self, client: WebClient, view: Json, by: str) -> Json:
        """What Slack is to do with a form that was sent; nothing closes it."""
        try:
            click = cards.click_behind(view)
            if click is None:
                raise _Told(card_words.BUTTON_UNKNOWN)
            ticket = self._ticket(click)
            self._desk.check(ticket, click.action, by)
            change = cards.change_in(
                view,
                click.action,
                people=self._desk.people,
                is_team=self._desk.is_team,
                today=self._desk.today(),
            )
            self._desk.change(ticket.id, change, by=by)
        except Invalid as invalid:
            return {"response_action": "errors", "errors": invalid.problems}
        except (Impossible, NotAllowed, _Told) as error:
            # There is nothing to send again: the sentence takes the form's place.
            view = blocks.apology(_sentence(error), close=words.CLOSE)
            return {"response_action": "update", "view": view}
        except Exception as error:
            return _pushed(_sentence(error))
        self._later(_replace, client, click, by)
        return {}

    def _ticket(self, click: Click) -> Ticket:
        ticket = self._desk.ticket(click.ticket_id)
        if ticket is None:
            raise _Told(card_words.TICKET_UNKNOWN)
        return ticket


class _Told(IdentityBotError):
    """Something in the way of a move; its text is what the person reads."""


def _pushed(sentence: str) -> Json:
    """A sentence over the form, which stays as it was."""
    return {"response_action": "push", "view": blocks.apology(sentence)}


def _sentence(error: Exception) -> str:
    """What a person reads about why nothing was changed."""
    match error:
        case Impossible():
            return words.impossible(error)
        case NotAllowed() | _Told():
            return str(error)
        case StoreError():
            log.error("a move could not be kept: %s", error)
            return card_words.NOTHING_CHANGED
        case IdentityBotError():
            log.warning("nobody can tell who may move a ticket: %s", error)
            return card_words.CANNOT_TELL
    log.error("a move met a bug", exc_info=scrubbed(error))
    return card_words.NOTHING_CHANGED


def _in_thread(respond: Respond, body: Json) -> Answer:
    """Answers where the button stands: without its thread, Slack shows an answer in the channel."""
    thread_ts = (body.get("container") or {}).get("thread_ts")
    return partial(respond, thread_ts=thread_ts) if thread_ts else respond


def _say(answer: Answer, sentence: str) -> None:
    answer(text=sentence, response_type="ephemeral", replace_original=False)


def _replace(client: WebClient, click: Click, by: str) -> None:
    """Puts what was chosen in the place of a message's buttons; a card is drawn anew by the desk."""
    if not click.text or not click.response_url:
        return
    message = answered(click.text, card_words.chose(click.action, by))
    respond = Respond(response_url=click.response_url, proxy=client.proxy, ssl=client.ssl)
    answer = respond(**message, replace_original=True)
    if answer.status_code != 200:
        log.info("a message's buttons were not replaced: HTTP %s", answer.status_code)
