"""Slack listeners on a Bolt app: each acks from memory or after one short transaction, and waits for nothing else."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from identity_bot.articles.suggestion import Suggestion
from identity_bot.desk.desk import Desk
from identity_bot.desk.links import Linking
from identity_bot.desk.overview import Overview
from identity_bot.desk.self_service import SelfService
from identity_bot.desk.survey import SurveyDesk
from identity_bot.errors import IdentityBotError, Invalid, Rejected, Retryable, SettingsError, StoreError
from identity_bot.forms.form import Form
from identity_bot.logs import scrubbed
from identity_bot.messages import words
from identity_bot.settings import Settings
from identity_bot.slack import card as cards
from identity_bot.slack import modal as blocks
from identity_bot.slack.actions import ActionListeners
from identity_bot.slack.answer_listeners import AnswerListeners
from identity_bot.slack.client import SlackChat
from identity_bot.slack.digests import DigestAnswers
from identity_bot.slack.errors import translating_errors
from identity_bot.slack.home import START, offer
from identity_bot.slack.home_listeners import HomeListeners
from identity_bot.slack.host import who_answers
from identity_bot.slack.inputs import PREFIX, QUESTION, Json
from identity_bot.slack.links import LinkAnswers
from identity_bot.slack.manifest import ASK, ASK_ABOUT
from identity_bot.slack.messages import ACTION, CHOICES
from identity_bot.slack.modal import TYPE, Draft
from identity_bot.slack.payloads import refuse_forged
from identity_bot.slack.prefill import PATIENCE, Prefill, as_typed
from identity_bot.slack.queue import QueueListeners
from identity_bot.slack.reactions import ReactionListeners
from identity_bot.slack.reply_listeners import ReplyListeners
from identity_bot.slack.rows import OPEN
from identity_bot.slack.survey import CHOICE, SurveyListeners
from identity_bot.slack.survey import FORM as SURVEY
from identity_bot.slack.team import Team
from identity_bot.text.markdown import clean
from identity_bot.tickets.errors import AlreadyFiled
from identity_bot.tickets.model import MessageRef, Person
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)

PRIVATE_CHANNEL, DIRECT_MESSAGE, GROUP_MESSAGE = "privategroup", "directmessage", "mpdm-"
"""What Slack sends as the name of any private channel and direct message, and how that of a group message begins."""
PRIVATE_IDS = ("D", "G")
"""How the ids of direct messages begin, and those of older private channels and group messages; of newer ones, `C`."""
OURS: Mapping[str, Json] = {
    "the shortcut": {"type": "shortcut", "callback_id": ASK},
    "the message shortcut": {"type": "message_action", "callback_id": ASK_ABOUT},
    "the button that starts a request": {
        "type": "block_actions", "actions": [{"action_id": START, "block_id": START}]
    },
    "the buttons that open a ticket": {
        "type": "block_actions", "actions": [{"action_id": OPEN, "block_id": OPEN}]
    },
    "the choices": {"type": "block_actions", "actions": [{"action_id": TYPE, "block_id": TYPE}]},
    "the searches": {"type": "block_suggestion", "action_id": TYPE, "block_id": TYPE, "value": ""},
    "the actions": {
        "type": "block_actions", "actions": [{"action_id": f"{ACTION}take", "block_id": cards.BUTTON_BLOCK}]
    },
    "the answers to the survey": {
        "type": "block_actions", "actions": [{"action_id": f"{CHOICE}5", "block_id": CHOICES}]
    },
    "the comments on the survey": {"type": "view_submission", "view": {"type": "modal", "callback_id": SURVEY}},
    "the lists of people": {
        "type": "block_suggestion", "action_id": cards.VALUE, "block_id": cards.VALUE, "value": ""
    },
    "the forms of actions": {"type": "view_submission", "view": {"type": "modal", "callback_id": cards.FORM}},
    "the forms": {"type": "view_submission", "view": {"type": "modal", "callback_id": blocks.FORM}},
}  # fmt: skip
"""What Slack sends us besides commands, as far as Bolt's matchers read it."""
REPLY: Json = {
    "type": "event_callback",
    "event": {
        "type": "message",
        "channel_type": "channel",
        "channel": "C0",
        "text": "",
        "ts": "2.0",
        "thread_ts": "1.0",
    },
}
"""A reply in a thread, as far as Bolt's matchers read it."""
REDRAW_AFTER = (0.0, 1.0, 3.0)
"""Seconds before each attempt to redraw a form, in a thread of ours: until one succeeds, the form has no questions."""
LONGEST_PAUSE = 15.0
"""Seconds that are waited at most before another attempt if Slack asks for it."""


class Listeners:
    """Our listeners on a Bolt app, and the threads in which they call Slack after the ack."""

    def __init__(
        self,
        *,
        desk: Desk,
        overview: Overview,
        linking: Linking,
        chat: SlackChat,
        forms: Mapping[str, Form],
        people: People,
        team: Team,
        settings: Settings,
        self_service: SelfService,
        survey: SurveyDesk,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._desk = desk
        self._chat = chat
        self._forms = forms
        self._closing = threading.Event()
        self._commands = settings.commands
        self._intake_channel = settings.intake_channel
        # Bolt's threads are five, for the host's listeners too (docs/decisions/0003): none may wait for long.
        self._calls = ThreadPoolExecutor(max_workers=32, thread_name_prefix="identity-bot-slack")
        # A pool of their own: calls wait for look-ups, which must not queue behind calls.
        self._lookups = ThreadPoolExecutor(max_workers=32, thread_name_prefix="identity-bot-names")
        self._prefill = Prefill(desk=desk, chat=chat, forms=forms, look_up=self._lookups.submit)
        self._actions = ActionListeners(
            desk=desk,
            people=people,
            team=team,
            chat=chat,
            run_in_thread=self._run_in_thread,
            look_up=self._lookups.submit,
            additions=settings.privacy,
            command=settings.commands[0],
        )
        self._survey = SurveyListeners(
            survey=survey, run_in_thread=self._run_in_thread, additions=settings.privacy
        )
        self._reactions = ReactionListeners(settings.reactions, self._actions, self._run_in_thread)
        self._replies = ReplyListeners(desk.handle_reply) if settings.conversation else None
        self._home = HomeListeners(forms, settings, self._run_in_thread, overview, people, clock)
        self._queue = QueueListeners(
            overview=overview, forms=forms, people=people, run_in_thread=self._run_in_thread, clock=clock
        )
        self._links = LinkAnswers(linking, people)
        self._digests = DigestAnswers(desk, settings.digest)
        self._answers = AnswerListeners(
            self_service=self_service, forms=forms, run_in_thread=self._run_in_thread
        )

    def attach(self, app: App) -> None:
        """Adds our listeners; raises SettingsError if one of the app's would answer what is meant for ours."""
        problems = [
            f"commands: {name}: the app's listener {owner!r} already answers it; choose another name, "
            "or attach identity_bot before that listener"
            for name in self._commands
            if (owner := who_answers(app, name, {"command": name, "text": ""}))
        ]
        problems += [
            f"the app's listener {owner!r} already answers {what} of ours; attach identity_bot before that listener"
            for what, body in OURS.items()
            if (owner := who_answers(app, what, body))
        ]
        if problems:
            raise SettingsError(problems)
        if self._replies and (owner := who_answers(app, "replies in threads", REPLY)):
            log.warning(
                "the app's listener %r takes replies in threads before identity_bot, so none is copied to its ticket; "
                "attach identity_bot before it",
                owner,
            )
        # With the types, as Bolt reads legacy payloads with the same ids in other ways.
        ours = re.compile(f"^{PREFIX}")
        for name in self._commands:
            app.command(name, middleware=[refuse_forged])(self.command)
        app.shortcut({"type": "shortcut", "callback_id": ASK}, middleware=[refuse_forged])(self.shortcut)
        app.shortcut({"type": "message_action", "callback_id": ASK_ABOUT}, middleware=[refuse_forged])(
            self.message_shortcut
        )
        self._actions.attach(app)
        self._survey.attach(app)
        self._reactions.attach(app)
        if self._replies:
            self._replies.attach(app)
        self._home.attach(app)
        self._queue.attach(app)
        if self._replies:
            self._replies.attach_last(app)
        self._answers.attach(app)
        start: Json = {"type": "block_actions", "action_id": START}
        app.action(start, middleware=[refuse_forged])(self.start)
        app.action({"type": "block_actions", "action_id": ours}, middleware=[refuse_forged])(self.change)
        app.options({"action_id": ours}, middleware=[refuse_forged])(self.options)
        app.view(blocks.FORM, middleware=[refuse_forged])(self.submit)

    def close(self) -> None:
        """Waits for running calls, and lets those that pause go on at once."""
        self._closing.set()
        self._calls.shutdown(wait=True)
        self._answers.close()
        self._lookups.shutdown(wait=True)

    def command(self, ack: Ack, body: Json, client: WebClient, respond: Respond) -> None:
        """`/help`, `/help pr_review`, words for tickets or a link, or anything else: then what the command can do."""
        word = clean(body.get("text") or "").strip()
        forms = self._forms
        name = word.casefold().replace("-", "_").replace(" ", "_")
        sides = (self._queue, self._links, self._digests, self._answers)
        if answer := next(filter(None, (side.answer(word) for side in sides)), None):
            ack()
            self._run_in_thread(answer, client, body, respond)
        elif not forms:
            ack(text=words.NO_TYPES)
        elif word and name not in forms:
            titles = {option.value: option.label for option in blocks.type_options(forms)}
            ack(**offer(words.usage(body["command"], word, titles)))
        else:
            ack()
            channel = {"id": body.get("channel_id"), "name": body.get("channel_name")}
            self._run_in_thread(self._open_in, channel, client, body, Draft(type=name or None), respond)

    def start(self, ack: Ack, body: Json, client: WebClient, respond: Respond) -> None:
        """The button in the Home tab, in a direct message, or below what the command can do."""
        ack()
        self._run_in_thread(self._open_in, body.get("channel") or {}, client, body, Draft(), respond)

    def shortcut(self, ack: Ack, body: Json, client: WebClient) -> None:
        """The global shortcut: the same form from anywhere in Slack."""
        ack()
        self._run_in_thread(self._open, client, body, Draft(outside_intake=True), None)

    def message_shortcut(self, ack: Ack, body: Json, client: WebClient, respond: Respond) -> None:
        """The shortcut on a message: the form has its text and link, and the ticket uses its thread."""
        ack()
        self._run_in_thread(self._open_about, client, body, respond)

    def change(self, ack: Ack, body: Json, client: WebClient) -> None:
        """A choice in our modal that changes what it shows; other actions of ours are only acked."""
        ack()
        view = body.get("view") or {}
        if view.get("callback_id") == blocks.FORM:
            is_typing = self._answers.is_description(body)
            self._run_in_thread(self._answers.typed if is_typing else self._redraw, client, body)

    def options(self, ack: Ack, body: Json) -> None:
        """The options of a searchable list for what was typed so far."""
        forms = self._forms
        query = body.get("value") or ""
        if body.get("block_id") == TYPE:
            ack(options=blocks.found(blocks.type_options(forms), query))
            return
        form = forms.get(blocks.draft_in(body.get("view") or {}, forms).type or "")
        question = form.question(str(body.get("block_id", "")).removeprefix(QUESTION)) if form else None
        ack(options=blocks.found(getattr(question, "offered", ()), query))

    def submit(self, ack: Ack, body: Json, view: Json) -> None:
        """The request form: answer with problems at their questions, or store the ticket before this acks."""
        ack(**self._answer(body, view))

    def _answer(self, body: Json, view: Json) -> Json:
        """Slack's response action for a request form that was sent."""
        self._answers.sent(view["id"])
        forms = self._forms
        draft = blocks.draft_in(view, forms)
        if draft.type is None or draft.type not in forms:
            emptied = replace(draft, type=None, values={})
            return {"response_action": "update", "view": blocks.modal(forms, emptied, notice=words.TYPE_GONE)}
        if draft.unknown_answers:
            return self._show_problems({}, draft, view)
        try:
            ticket = self._desk.submit(
                draft.type,
                draft.values,
                self._requestor(body),
                submission=view["id"],
                origin=draft.origin,
                with_earlier=draft.with_earlier,
                outside_intake=draft.outside_intake,
                is_private=draft.is_private,
            )
            receipt = blocks.receipt(ticket, hints=self._desk.hints(ticket))
            return {"response_action": "update", "view": receipt}
        except AlreadyFiled as before:
            receipt = blocks.receipt(before.ticket, hints=[words.CHANGED_TOO_LATE])
            return {"response_action": "update", "view": receipt}
        except Invalid as invalid:
            return self._show_problems(invalid.problems, draft, view)
        except StoreError as error:
            log.error("cannot store a submission: %s", error)
        except Exception as error:
            log.error("unexpected error in a submission", exc_info=scrubbed(error))
        return {"response_action": "push", "view": blocks.apology(words.NOTHING_FILED)}

    def _open_in(self, channel: Json, client: WebClient, body: Json, draft: Draft, respond: Respond) -> None:
        """Open the form for whoever is in this channel, or in none."""
        outside_intake = not self._is_intake(channel)
        is_private = outside_intake and _is_private(channel)
        self._open(
            client, body, replace(draft, outside_intake=outside_intake, is_private=is_private), respond
        )

    def _show_problems(self, problems: Mapping[str, str], draft: Draft, view: Json) -> Json:
        """The problems at their questions or, if the form changed after it was opened, the new form with a notice."""
        if problems and set(problems) <= blocks.drawn(view):
            return {"response_action": "errors", "errors": blocks.errors(problems)}
        form = self._forms[draft.type or ""]
        labels = {q.name: q.label for q in form.all_questions}
        listed = [f"• {labels.get(name, name)}: {problem}" for name, problem in problems.items()]
        notice = "\n".join([words.FORM_CHANGED, *listed])
        answers = self._answers.carried(draft, view)
        drawn = blocks.modal(self._forms, draft, notice=notice, answers=answers)
        return {"response_action": "update", "view": drawn}

    def _open(self, client: WebClient, body: Json, draft: Draft, respond: Respond | None) -> None:
        if draft.type:
            draft = self._prefill.fill(draft, _user_id(body))
        view = blocks.modal(self._forms, draft, answers=self._answers.at_first(draft))
        try:
            with translating_errors("views.open"):
                opened = client.views_open(trigger_id=body.get("trigger_id"), view=view)
        except IdentityBotError as error:
            log.warning("cannot open the form: %s", error)
            if respond and respond.response_url:
                respond(text=words.COULD_NOT_OPEN, response_type="ephemeral", replace_original=False)
            else:  # a global shortcut has no channel to answer in
                self._say_privately(client, _user_id(body), words.COULD_NOT_OPEN)
            return
        self._answers.opened(client, opened, draft, _user_id(body))
        if not draft.type:
            self._chat.name_of(_user_id(body))  # known by the time a type is chosen

    def _say_privately(self, client: WebClient, slack_id: str, sentence: str) -> None:
        try:
            with translating_errors("chat.postMessage"):
                client.chat_postMessage(channel=slack_id, text=sentence)
        except IdentityBotError as error:
            log.warning("cannot tell somebody that the form did not open: %s", error)

    def _open_about(self, client: WebClient, body: Json, respond: Respond) -> None:
        message, channel = body["message"], body["channel"]["id"]
        try:
            link = self._chat.link_to(MessageRef(channel=channel, ts=message["ts"]))
        except IdentityBotError:
            link = ""  # the bot may not be in that conversation; the form opens all the same
        root = message.get("thread_ts") or message["ts"]
        draft = Draft(
            is_private=_is_private(body["channel"]) and not self._is_intake(body["channel"]),
            origin=MessageRef(channel=channel, ts=root, link=link),
            about=as_typed(message.get("text") or ""),
            in_thread=self._replies is not None and bool(message.get("thread_ts")),
        )
        self._open(client, body, draft, respond)

    def _redraw(self, client: WebClient, body: Json) -> None:
        view, forms = body["view"], self._forms
        draft = blocks.draft_in(view, forms)
        chosen = next((a for a in body.get("actions", ()) if a.get("action_id") == TYPE), None)
        if chosen and chosen.get("selected_option"):
            draft = replace(draft, type=chosen["selected_option"]["value"])
            draft = self._prefill.fill(draft, _user_id(body))
            answers: Sequence[Suggestion] | None = self._answers.at_first(draft)
        else:
            answers = self._answers.carried(draft, view)
        drawn = blocks.modal(forms, draft, answers=answers)
        asked = 0.0
        for pause in REDRAW_AFTER:
            self._closing.wait(max(pause, min(asked, LONGEST_PAUSE)))
            try:
                self._answers.redraw(client, body, draft, drawn)
                return
            except IdentityBotError as error:
                log.info("cannot redraw the form: %s", error)
                if isinstance(error, Rejected):  # it changed meanwhile or was closed
                    break
                asked = (isinstance(error, Retryable) and error.seconds) or 0.0
        self._answers.open.forget(view["id"])

    def _requestor(self, body: Json) -> Person:
        """Who sent a form; with their name in Slack if that is known, for a form that does not ask for it."""
        user = body["user"]
        name = self._chat.known_name(user["id"]) or ""
        return Person(slack_id=user["id"], handle=user.get("username") or user.get("name") or "", name=name)

    def _is_intake(self, channel: Json) -> bool:
        """Whether somebody begins in the intake channel; False in no channel at all."""
        if self._intake_channel in (channel.get("id"), f"#{channel.get('name')}"):
            return True
        if channel.get("name") != PRIVATE_CHANNEL or not self._intake_channel.startswith("#"):
            return False
        try:  # Slack tells the name of no private channel
            found = self._lookups.submit(self._chat.id_of, self._intake_channel)
            return found.result(timeout=PATIENCE) == channel.get("id")
        except (TimeoutError, IdentityBotError) as error:
            log.warning("cannot tell whether a private channel is the intake channel: %s", error)
            return False

    def _run_in_thread(self, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Runs a call in another thread and logs what it raises, so that it cannot spoil the ack."""

        def run() -> Any:
            try:
                return call(*arguments)
            except Exception as error:
                log.error("unexpected error in a call to Slack", exc_info=scrubbed(error))

        return self._calls.submit(run)


def _is_private(channel: Json) -> bool:
    """Whether not everybody can read a channel, as far as Slack tells with what somebody does there."""
    name, channel_id = str(channel.get("name") or ""), str(channel.get("id") or "")
    is_named_so = name in (PRIVATE_CHANNEL, DIRECT_MESSAGE) or name.startswith(GROUP_MESSAGE)
    return is_named_so or channel_id.startswith(PRIVATE_IDS)


def _user_id(body: Json) -> str:
    return str(body.get("user_id") or body["user"]["id"])
