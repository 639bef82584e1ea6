"""A request type that is uninstalled while people use it: its modal is open, and its tickets are on their way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from identity_bot.desk.links import Linking
from identity_bot.desk.overview import Overview
from identity_bot.desk.self_service import SelfService
from identity_bot.desk.survey import SurveyDesk
from identity_bot.errors import Invalid
from identity_bot.messages import plugin_check as words
from identity_bot.messages import words as said
from identity_bot.plugins import loader
from identity_bot.showcase.answers import values_for
from identity_bot.showcase.life import REQUESTOR
from identity_bot.showcase.values import Kind
from identity_bot.slack import modal
from identity_bot.slack.client import SlackChat
from identity_bot.slack.inputs import QUESTION, action
from identity_bot.slack.listeners import Listeners
from identity_bot.slack.team import Team
from identity_bot.testing.desk import MemoryDesk
from identity_bot.tickets.model import Action, CloseReason


def removal_problems(
    folder: Path, found: loader.Found, section: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[str]:
    """What goes wrong when it is removed."""
    desk = MemoryDesk(folder)
    try:
        request_type = desk.load(found.load(), settings=section, name=found.name)
        desk.plugins = replace(desk.plugins, sinks={})  # a check delivers nothing to the outside
        desk.restart()
        values = values_for(request_type.form, Kind.USUAL, given) if request_type else None
        if request_type is None or values is None:
            return
        view = {
            **modal.modal(desk.plugins.forms, modal.Draft(type=found.name, values=values)),
            "id": "V-removed",
            "state": {
                "values": {
                    f"{QUESTION}{one.name}": {action(one): {"type": "plain_text_input", "value": "typed"}}
                    for one in request_type.form.shown_questions(values)
                }
            },
        }
        try:
            ticket = desk.desk.submit(found.name, values, REQUESTOR, submission="V-before", origin=None)
        except Invalid:
            return
        desk.work(10)
        desk.restart(without=found.name)
        if said.TYPE_GONE not in str(_answer(desk, view)):
            yield words.MODAL_NOT_ANSWERED
        before = len(desk.told("requestor"))
        desk.act(ticket, Action.CLOSE, CloseReason.COMPLETED.value)
        desk.work(10)
        if len(desk.told("requestor")) == before or desk.outbox.rows("failed"):
            yield words.NOBODY_TOLD
    finally:
        desk.close()


def _answer(desk: MemoryDesk, view: dict[str, Any]) -> dict[str, Any]:
    """What Slack is answered when somebody sends this view to a bot without any request type."""
    chat = SlackChat("", desk.settings.slack_api_url, desk.people)
    listeners = Listeners(
        desk=desk.desk,
        overview=Overview(
            store=desk.store, plugins=desk.plugins, people=desk.people, is_team=desk.desk.is_team
        ),
        linking=Linking(store=desk.store, people=desk.people),
        chat=chat,
        forms={},
        people=desk.people,
        team=Team(chat, desk.settings.team),
        settings=desk.settings,
        self_service=SelfService(store=desk.store, plugins=desk.plugins),
        survey=SurveyDesk(store=desk.store, settings=desk.settings),
    )
    answers: list[dict[str, Any]] = []
    try:
        body = {"user": {"id": REQUESTOR.slack_id}, "view": view}
        listeners.submit(lambda **given: answers.append(given), body, view)  # type: ignore[arg-type]
    finally:
        listeners.close()
    return answers[0] if answers else {}
