"""Slack listeners for the survey: the five answers, and the form in which somebody adds a comment to theirs."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from identity_bot.desk.survey import SurveyDesk
from identity_bot.errors import IdentityBotError, NotAllowed
from identity_bot.messages import survey as said
from identity_bot.messages import words
from identity_bot.slack import modal as blocks
from identity_bot.slack.actions import PATIENCE, explanation, in_slack_thread, say
from identity_bot.slack.errors import translating_errors
from identity_bot.slack.inputs import PREFIX, Json, plain_text
from identity_bot.slack.payloads import refuse_forged
from identity_bot.text import privacy
from identity_bot.text.markdown import clean
from identity_bot.text.privacy import Additions
from identity_bot.tickets.survey import LONGEST_COMMENT, Satisfaction, Survey

log = logging.getLogger(__name__)

FORM = f"{PREFIX}survey"
"""The callback id of the form for a comment."""
CHOICE, COMMENT = f"{PREFIX}{said.CHOICE}", f"{PREFIX}{said.COMMENT}"
"""The action ids of the buttons; the first goes before the number of an answer."""


class SurveyListeners:
    """Listeners for answers and comments; `run_in_thread` runs a call in another thread and logs what it raises."""

    def __init__(
        self, *, survey: SurveyDesk, run_in_thread: Callable[..., Future[Any]], additions: Additions
    ) -> None:
        self._survey = survey
        self._run_in_thread = run_in_thread
        self._additions = additions

    def attach(self, app: App) -> None:
        """Adds the listeners; before the one that answers all other actions of ours."""
        pressed: Json = {"type": "block_actions", "action_id": re.compile(f"^{CHOICE}")}
        app.action(pressed, middleware=[refuse_forged])(self.click)
        app.view(FORM, middleware=[refuse_forged])(self.submit)

    def click(self, ack: Ack, body: Json, client: WebClient, respond: Respond) -> None:
        """An answer is kept before this acks; the button for a comment opens its form."""
        if _pressed(body)["action_id"] == COMMENT:
            self._run_in_thread(self._open, body, client, respond)
        else:
            wait([self._run_in_thread(self._answer, body, respond)], timeout=PATIENCE)
        ack()

    def submit(self, ack: Ack, body: Json) -> None:
        """The form with a comment: answer with what is wrong with it, or keep it before this acks."""
        ack(**self._comment(body))

    def _answer(self, body: Json, respond: Respond) -> None:
        pressed = _pressed(body)
        try:
            answer = _answer_in(pressed["action_id"])
            self._survey.answer(pressed.get("value") or "", body["user"]["id"], answer)
        except Exception as error:
            self._run_in_thread(say, in_slack_thread(respond, body), explanation(error))

    def _open(self, body: Json, client: WebClient, respond: Respond) -> None:
        answer = in_slack_thread(respond, body)
        try:
            survey = self._survey.answered(_pressed(body).get("value") or "", body["user"]["id"])
        except Exception as error:
            say(answer, explanation(error))
            return
        try:
            with translating_errors("views.open"):
                client.views_open(trigger_id=body.get("trigger_id") or "", view=form(survey))
        except IdentityBotError as error:
            log.warning("cannot open the form for a comment: %s", error)
            say(answer, words.COULD_NOT_OPEN)

    def _comment(self, body: Json) -> Json:
        """Slack's response action for a form that was sent; an empty one closes it."""
        view = body["view"]
        text = comment_in(view)
        if problem := self._problem(text):
            return {"response_action": "errors", "errors": {COMMENT: problem}}
        try:
            self._survey.comment(view.get("private_metadata") or "", body["user"]["id"], text)
        except NotAllowed as error:
            apology = blocks.apology(str(error), close=words.CLOSE, title=said.TITLE)
            return {"response_action": "update", "view": apology}
        except Exception as error:
            return {
                "response_action": "push",
                "view": blocks.apology(explanation(error), title=said.TITLE),
            }
        return {}

    def _problem(self, text: str) -> str:
        """Why a comment cannot be kept; empty if it can."""
        if len(text) > LONGEST_COMMENT:
            return said.TOO_LONG
        found = privacy.find(text, self._additions)
        kinds = sorted({one.kind.value for one in found if one.kind.blocks})
        return words.personal_data(kinds) if kinds else ""


def form(survey: Survey) -> Json:
    """The form in which somebody adds a comment to their answer, or changes it."""
    typed: Json = {
        "type": "plain_text_input",
        "action_id": COMMENT,
        "multiline": True,
        "max_length": LONGEST_COMMENT,
        "focus_on_load": True,
    }
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": survey.ticket_id,
        "title": plain_text(said.TITLE),
        "submit": plain_text(said.SEND),
        "close": plain_text(words.CANCEL),
        "blocks": [
            {
                "type": "input",
                "block_id": COMMENT,
                "label": plain_text(said.LABEL),
                "hint": plain_text(said.HINT),
                "optional": True,
                "element": typed | ({"initial_value": survey.comment} if survey.comment else {}),
            }
        ],
    }


def comment_in(view: Json) -> str:
    """What somebody typed into the form."""
    entered = blocks.state_in(view).get(COMMENT, {}).get(COMMENT, {})
    return clean(str(entered.get("value") or "")).strip()


def _answer_in(action_id: str) -> Satisfaction:
    """The answer of a button; raises NotAllowed for one that there is not, of another version of the bot."""
    number = action_id.removeprefix(CHOICE)
    if number not in {str(one.value) for one in Satisfaction}:
        raise NotAllowed(words.BUTTON_UNKNOWN)
    return Satisfaction(int(number))


def _pressed(body: Json) -> Json:
    pressed: Json = body["actions"][0]
    return pressed
