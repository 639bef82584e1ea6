"""Slack listeners for the buttons that change tickets, and for the forms behind them; an ack may wait for Slack."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from identity_bot.desk.desk import Desk
from identity_bot.errors import IdentityBotError, Invalid, NotAllowed, StoreError
from identity_bot.forms.questions import Option
from identity_bot.logs import scrubbed
from identity_bot.messages import duplicates, words
from identity_bot.messages.updates import Message
from identity_bot.slack import card as cards
from identity_bot.slack import modal as blocks
from identity_bot.slack.card import Click
from identity_bot.slack.client import SlackChat
from identity_bot.slack.errors import translating_errors
from identity_bot.slack.inputs import Json
from identity_bot.slack.messages import ACTION, settled
from identity_bot.slack.payloads import fingerprint, refuse_forged
from identity_bot.slack.team import Team
from identity_bot.slack.ticket_modal import is_ticket_modal
from identity_bot.text.privacy import Additions
from identity_bot.tickets.actions import ACTIONS, Ask
from identity_bot.tickets.duplicates import NotAnOriginal
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.model import Action, Change, Ticket
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)

Answer = Callable[..., Any]
"""Sends a private answer to whoever clicked, where the button is."""

LOOKUPS, LOOKUP_PATIENCE = 20, 1.0
"""How many names lists of people look up in Slack at a time, and for how many seconds a list waits for them."""
PATIENCE = 2.0
"""Seconds that an ack waits for the desk, which may have to ask Slack who is on the team; Slack waits for three."""


class ActionListeners:
    """Listeners for buttons on cards and in messages, and for the forms that they open.

    `run_in_thread` runs a call in another thread and logs whatever it raises; `look_up` runs one in threads that calls
    to Slack may wait for.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        people: People,
        team: Team,
        chat: SlackChat,
        run_in_thread: Callable[..., Future[Any]],
        look_up: Callable[..., Future[None]],
        additions: Additions,
        command: str,
    ) -> None:
        self._additions = additions
        self._command = command
        self._desk = desk
        self._people = people
        self._team = team
        self._chat = chat
        self._run_in_thread = run_in_thread
        self._look_up = look_up
        self._looked_up: list[Future[None]] = []
        self._lock = threading.Lock()

    def attach(self, app: App) -> None:
        """Adds the listeners; add wider patterns later, because Bolt calls only the first listener that fits."""
        buttons: Json = {"type": "block_actions", "action_id": re.compile(f"^{ACTION}")}
        app.action(buttons, middleware=[refuse_forged])(self.click)
        app.options({"action_id": cards.VALUE}, middleware=[refuse_forged])(self.options)
        app.view(cards.FORM, middleware=[refuse_forged])(self.submit)

    def click(self, ack: Ack, body: Json, client: WebClient, respond: Respond) -> None:
        """A button: do the action at once, or open its form; tell whoever may not do it in private."""
        answer = in_slack_thread(respond, body) if not is_ticket_modal(body) else _in_modal(client, body)
        click = cards.click_in(body)
        if click is None:
            self._run_in_thread(say, answer, words.BUTTON_UNKNOWN)
        elif ACTIONS[click.action].has_form:
            self._run_in_thread(self._open, client, body, click, answer)
        else:
            # Once the change is in the database it will be made, even if the bot stops right after this ack.
            done = self._run_in_thread(self._act, client, body, click, answer)
            wait([done], timeout=PATIENCE)
        ack()

    def submit(self, ack: Ack, body: Json, client: WebClient) -> None:
        """An action's form: answer with problems at their fields, or store the change before this acks."""
        answer = self._run_in_thread(self._answer, client, body)
        try:
            ack(**answer.result(timeout=PATIENCE))
        except TimeoutError:
            ack(**_pushed(words.TAKES_LONG, body["view"]))

    def options(self, ack: Ack, body: Json) -> None:
        """The members of the team that fit what was typed into the list of people in an action's form."""
        found = self._run_in_thread(self._team_options, body)
        try:
            ack(options=blocks.found(found.result(timeout=PATIENCE), body.get("value") or ""))
        except TimeoutError:
            ack(options=[])

    def _team_options(self, body: Json) -> list[Option]:
        """The members of the team; by their logins or ids where Slack does not tell their names in time."""
        click = cards.click_behind(body.get("view") or {})
        if click is None:
            return []
        try:
            wait(self._lookups(), timeout=LOOKUP_PATIENCE)
            members = [one for one, is_team in self._team.members().items() if is_team is not False]
        except IdentityBotError as error:
            log.warning("cannot find out who is on the team: %s", error)
            return []
        names = {one: self._chat.known_name(one) or "" for one in members}
        return cards.team_options(members, click.action, names, self._people)

    def _lookups(self) -> list[Future[None]]:
        """The look-ups that are going on, or new ones: Slack allows about a hundred a minute, so a large team waits."""
        members = self._team.members()
        with self._lock:
            if all(one.done() for one in self._looked_up):
                unknown = [one for one, is_team in members.items() if is_team is None]
                self._looked_up = [self._look_up(self._meet, one) for one in unknown[:LOOKUPS]]
            return self._looked_up

    def _meet(self, slack_id: str) -> None:
        """Has Slack tell somebody's name, and whether they are on the team."""
        # If it does not, they are listed without a name, and checked when they are chosen.
        with suppress(IdentityBotError):
            self._team.includes(slack_id)

    def _act(self, client: WebClient, body: Json, click: Click, answer: Answer) -> None:
        by = body["user"]["id"]
        try:
            self.do(click, by, key=fingerprint(body))
        except Exception as error:
            self._run_in_thread(say, answer, explanation(error))
            return
        if is_ticket_modal(body):
            self._run_in_thread(say, answer, words.REQUESTED)
        self._run_in_thread(_replace, client, click, by)

    def do(self, click: Click, by: str, *, key: str) -> None:
        """Do an action that asks for nothing, once for each `key`; `explanation` says why it was not possible."""
        ticket = self._ticket(click)
        self._desk.check(ticket, click.action, by)
        change = Change(action=click.action, value=self._value(click, by))
        self._desk.change(ticket.id, change, by=by, click=key)

    def _value(self, click: Click, by: str) -> str:
        """What the action needs besides the click."""
        if ACTIONS[click.action].asks is not Ask.OWN_LOGIN:
            return ""
        login = self._people.login(by)
        if not login:
            raise _NotDone(words.login_unknown(self._command))
        return login

    def _open(self, client: WebClient, body: Json, click: Click, answer: Answer) -> None:
        try:
            ticket = self._ticket(click)
            self._desk.check(ticket, click.action, body["user"]["id"])
        except Exception as error:
            say(answer, explanation(error))
            return
        similar = self._desk.similar(ticket) if click.action is Action.DUPLICATE else ()
        view = cards.action_form(ticket, click, similar=similar)
        show = client.views_push if is_ticket_modal(body) else client.views_open
        try:
            with translating_errors(show.__name__):
                show(trigger_id=body.get("trigger_id") or "", view=view)
        except IdentityBotError as error:
            log.warning("cannot open the form of an action: %s", error)
            say(answer, words.COULD_NOT_OPEN)

    def _answer(self, client: WebClient, body: Json) -> Json:
        """Slack's response action for a form that was sent; an empty one closes it."""
        view, by = body["view"], body["user"]["id"]
        try:
            click = cards.click_behind(view)
            if click is None:
                raise _NotDone(words.BUTTON_UNKNOWN)
            ticket = self._ticket(click)
            self._desk.check(ticket, click.action, by)
            change = cards.change_in(
                view,
                click.action,
                people=self._people,
                is_team=self._desk.is_team,
                today=self._desk.today(),
                original=lambda named: self._desk.original(ticket, named),
                additions=self._additions,
            )
            self._desk.change(ticket.id, change, by=by, click=fingerprint(body))
        except Invalid as invalid:
            return {"response_action": "errors", "errors": invalid.problems}
        except (Impossible, NotAllowed, NotAnOriginal, _NotDone) as error:
            # Sending it again would not help: the sentence replaces the form.
            return {
                "response_action": "update",
                "view": blocks.apology(explanation(error), close=words.CLOSE, title=blocks.title_in(view)),
            }
        except Exception as error:
            return _pushed(explanation(error), view)
        self._run_in_thread(_replace, client, click, by)
        return {}

    def _ticket(self, click: Click) -> Ticket:
        ticket = self._desk.ticket(click.ticket_id)
        if ticket is None:
            raise _NotDone(words.TICKET_UNKNOWN)
        return ticket


class _NotDone(IdentityBotError):
    """An action cannot be done; its text tells the person why."""


def _pushed(sentence: str, form: Json) -> Json:
    """A sentence on top of the form, which keeps what was entered."""
    return {"response_action": "push", "view": blocks.apology(sentence, title=blocks.title_in(form))}


def explanation(error: Exception) -> str:
    """Why nothing changed, for the person to read."""
    match error:
        case Impossible():
            return words.impossible(error)
        case NotAllowed() | _NotDone():
            return str(error)
        case NotAnOriginal():
            return duplicates.problem(error)
        case StoreError():
            log.error("cannot store a change: %s", error)
            return words.NOTHING_CHANGED
        case IdentityBotError():
            log.warning("cannot find out who is on the team: %s", error)
            return words.CANNOT_TELL
    log.error("unexpected error in an action", exc_info=scrubbed(error))
    return words.NOTHING_CHANGED


def in_slack_thread(respond: Respond, body: Json) -> Answer:
    """Answers in the thread of the button, if it is in one: by default, Slack answers in the channel."""
    if not respond.response_url:  # Slack sends none for a button in a view
        return lambda **answer: None
    thread_ts = (body.get("container") or {}).get("thread_ts")
    return partial(respond, thread_ts=thread_ts) if thread_ts else respond


def _in_modal(client: WebClient, body: Json) -> Answer:
    """Answers on top of the ticket's modal, to which Slack sends no response_url."""

    def answer(*, text: str, **_: Any) -> None:
        with translating_errors("views.push"):
            view = blocks.apology(text, title=blocks.title_in(body["view"]))
            client.views_push(trigger_id=body.get("trigger_id") or "", view=view)

    return answer


def say(answer: Answer, sentence: str) -> None:
    """Answers in private, and leaves the message with the button as it is."""
    answer(text=sentence, response_type="ephemeral", replace_original=False)


def _replace(client: WebClient, click: Click, by: str) -> None:
    """Replaces a message's buttons with what was chosen, at once; the desk draws the message and the card again."""
    if not click.text or not click.response_url:
        return
    message = settled(Message(text=click.text), words.chose(click.action, by))
    respond = Respond(response_url=click.response_url, proxy=client.proxy, ssl=client.ssl)
    answer = respond(**message, replace_original=True)
    if answer.status_code != 200:
        log.info("cannot replace a message's buttons: HTTP %s", answer.status_code)
