"""A whole life with the survey, over the real protocols: closed in GitHub, answered in Slack, exported."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from identity_bot.app import build
from identity_bot.messages import survey as words
from identity_bot.settings import Settings
from identity_bot.slack.survey import COMMENT, FORM
from identity_bot.store.history import History
from identity_bot.store.surveys import Surveys
from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.model import Message
from tests.support import DATA, REVIEW, World, eventually, survey_answers

JUNIPER, INDIGO, INTAKE, TEAM = "U0JUNIPER", "U0INDIGO", "C0INTAKE", "C0TEAM"
LEAD, REPOSITORY = "indigo-marshwick", cast.REPOSITORY


@pytest.fixture
def sandbox_settings(sandbox_settings: Settings) -> Settings:
    """The survey is on, as it is by default."""
    return replace(sandbox_settings, survey=True)


def test_a_requestor_who_is_not_satisfied_is_heard(
    world: World, webhook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leads read it in the card's thread, the report counts it, and the export has it."""
    monkeypatch.setattr("identity_bot.desk.survey.REPORT_AFTER", 1.0)
    slack, github = world.sandbox.slack, world.sandbox.github
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()

    github.close(REPOSITORY, 1, actor=LEAD)
    world.settle()
    [root] = [one for one in slack.messages(INTAKE) if "We got your" in one.text]
    closed, asked = slack.thread(INTAKE, root.ts)[1:]
    slack.click(JUNIPER, INTAKE, asked.ts, "idbot:survey:1")
    eventually(lambda: words.ADD_COMMENT in str(slack.message(INTAKE, asked.ts).blocks))
    slack.click(JUNIPER, INTAKE, asked.ts, "idbot:survey:comment")
    eventually(lambda: (slack.view(JUNIPER) or {}).get("callback_id") == FORM)
    slack.fill(JUNIPER, {COMMENT: "Nobody answered."})
    assert slack.submit(JUNIPER) == {}
    world.settle()

    assert "closed" in closed.text
    told = [one for one in slack.messages(TEAM, replies=True) if "Nobody answered." in one.text]
    [card] = [one for one in slack.messages(TEAM) if "*Stage:*" in one.text]
    assert {one.thread_ts for one in told} == {card.ts}
    everything = slack.messages(TEAM, replies=True)
    assert sum("<@U0INDIGO> <@U0SAGE>" in one.text and "dissatisfied" in one.text for one in everything) == 1
    found = survey_answers(world.bot.store, 0, time.time() + 60)
    assert [answer for _, answer, _ in found] == [1]
    [row] = History(world.bot.store).export("surveys")
    assert (row["answer"], row["comment"], row["slack_id"]) == (1, "Nobody answered.", JUNIPER)


SECRET = DATA | {"sensitive": "yes"}
RESTRICTED = cast.RESTRICTED_REPOSITORY


def questions(world: World, *users: str) -> list[Message]:
    """Where it was asked, in channels and in these people's direct messages."""
    slack = world.sandbox.slack
    places = [*slack.messages(INTAKE, replies=True), *slack.messages(TEAM, replies=True)]
    for user in users:
        if first := slack.dm(user):
            places += slack.messages(first[0].channel, replies=True)
    return [one for one in places if words.QUESTION in one.text]


def test_the_requestor_of_a_sensitive_ticket_is_asked_and_answers_in_direct_messages(
    world: World, webhook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the question nor the comment is in any channel; the leads learn that there is one."""
    monkeypatch.setattr("identity_bot.desk.survey.REPORT_AFTER", 1.0)
    slack, github = world.sandbox.slack, world.sandbox.github
    world.request(JUNIPER, "data_pull", **SECRET)
    world.settle()
    github.comment(RESTRICTED, 1, "/approve", actor="sage-hollowell")
    world.settle()

    github.close(RESTRICTED, 1, actor=LEAD)
    world.settle()
    [asked] = questions(world, JUNIPER)
    slack.click(JUNIPER, asked.channel, asked.ts, "idbot:survey:2")
    eventually(lambda: words.ADD_COMMENT in str(slack.message(asked.channel, asked.ts).blocks))
    slack.click(JUNIPER, asked.channel, asked.ts, "idbot:survey:comment")
    eventually(lambda: (slack.view(JUNIPER) or {}).get("callback_id") == FORM)
    slack.fill(JUNIPER, {COMMENT: "Of Alaska nothing came."})
    assert slack.submit(JUNIPER) == {}
    world.settle()

    assert asked.channel not in (INTAKE, TEAM)
    assert words.VISIBLE not in asked.text
    everything = [*slack.messages(INTAKE, replies=True), *slack.messages(TEAM, replies=True)]
    assert not [one for one in everything if "Alaska" in str(one)]
    assert sum("Their comment isn't shown here" in one.text for one in everything) == 1


@pytest.mark.parametrize("requestor", [JUNIPER, "U0ROWAN"], ids=["who left", "a guest"])
def test_a_sensitive_ticket_of_somebody_who_left_is_no_failure_and_guests_are_asked(
    world: World, webhook: str, requestor: str
) -> None:
    slack, github = world.sandbox.slack, world.sandbox.github
    world.request(requestor, "data_pull", **SECRET)
    world.settle()
    github.comment(RESTRICTED, 1, "/approve", actor="sage-hollowell")
    world.settle()
    has_left = requestor == JUNIPER
    if has_left:
        slack.deactivate(requestor)

    github.close(RESTRICTED, 1, actor=LEAD)
    world.settle()

    assert len(questions(world, requestor)) == (not has_left)
    assert world.bot.outbox.count("failed") == 0
    ticket = world.bot.store.ticket_at(RESTRICTED, 1)
    assert ticket
    assert (Surveys(world.bot.store).of(ticket.id) is None) == has_left


def test_of_many_tickets_closed_at_once_by_two_replicas_one_is_asked_about(
    world: World, webhook: str, sandbox_settings: Settings
) -> None:
    github = world.sandbox.github
    for number in range(3):
        world.request(JUNIPER, "pr_review", **REVIEW | {"team": f"Team {number}"})
        world.settle()
    replica = build(sandbox_settings, min_intervals=False, quiet=0.1)
    replica.worker.start()
    try:
        for number in (1, 2, 3):
            github.close(REPOSITORY, number, actor=LEAD)
        world.settle()
    finally:
        replica.stop()

    assert len(questions(world)) == 1
    assert world.bot.outbox.count("failed") == 0
