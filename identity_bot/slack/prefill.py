"""What a request form holds before anybody types: what Slack, earlier tickets and the message it began from tell."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from identity_bot.desk.desk import Desk
from identity_bot.errors import StoreError
from identity_bot.forms.form import TEAM, Form
from identity_bot.forms.questions import Chosen, LongText, Url
from identity_bot.slack.client import SlackChat
from identity_bot.slack.modal import Draft
from identity_bot.text.markdown import clean

log = logging.getLogger(__name__)

URL = re.compile(r"https?://[^\s<>|]{3,2000}")
PATIENCE = 1.0
"""Seconds that opening a form waits for a name: Slack's trigger expires after three."""


class Prefill:
    """Fills in what is known of a requestor; `look_up` runs a call to Slack in a thread of its own."""

    def __init__(
        self,
        *,
        desk: Desk,
        chat: SlackChat,
        forms: Mapping[str, Form],
        look_up: Callable[[Callable[[str], str], str], Future[str]],
    ) -> None:
        self._desk = desk
        self._chat = chat
        self._forms = forms
        self._look_up = look_up

    def fill(self, draft: Draft, slack_id: str) -> Draft:
        """The draft with what Slack, the person's last ticket and the message they started from tell already."""
        known: dict[str, Any] = {"name": self._name(slack_id)}
        try:
            known["team"] = _option_for(self._desk.last_team(slack_id), self._forms.get(draft.type or ""))
        except StoreError as error:
            log.warning("cannot prefill the team: %s", error)
        known |= self._from_message(draft)
        return replace(draft, values={**{k: v for k, v in known.items() if v}, **draft.values})

    def _name(self, slack_id: str) -> str:
        """Somebody's name; empty if Slack does not tell it before the trigger might expire."""
        known = self._chat.known_name(slack_id)
        if known is not None:
            return known
        try:
            return self._look_up(self._chat.name_of, slack_id).result(timeout=PATIENCE)
        except TimeoutError:
            return ""

    def _from_message(self, draft: Draft) -> dict[str, Any]:
        """The message as the first long text, and its first link that fits as the first web address."""
        form = self._forms.get(draft.type or "")
        if form is None or not draft.about:
            return {}
        values: dict[str, Any] = {}
        if text := next((q for q in form.questions if isinstance(q, LongText)), None):
            link = draft.origin.link if draft.origin else ""
            values[text.name] = f"{draft.about}\n\n{link}".strip()[: text.max_length]
        if address := next((q for q in form.questions if isinstance(q, Url)), None):
            fitting = (url for url in URL.findall(draft.about) if _fits(address, url))
            values[address.name] = next(fitting, None)
        return values


def as_typed(text: str) -> str:
    """A message's text as its author saw it, without Slack's notation for links and mentions."""

    def seen(match: re.Match[str]) -> str:
        target, _, label = match.group(1).partition("|")
        if target[:1] in "@#!":
            return f"{'#' if target[0] == '#' else '@'}{label or target[1:]}"
        return target

    text = re.sub(r"<([^<>\n]{1,3000})>", seen, text)
    return clean(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def _fits(question: Url, url: str) -> bool:
    try:
        return bool(question.answer(url))
    except ValidationError:
        return False


def _option_for(team: str, form: Form | None) -> str:
    """A team as a form keeps it: the value of its option, if the form has the teams to choose from."""
    question = form.question(TEAM.name) if form else None
    offered = question.offered if isinstance(question, Chosen) else ()
    return next((option.value for option in offered if option.label == team), team)
