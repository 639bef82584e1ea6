"""A whole life with the survey, over the real protocols: closed in GitHub, answered in Slack, exported."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from identity_bot.messages import survey as words
from identity_bot.settings import Settings
from identity_bot.slack.survey import COMMENT, FORM
from identity_bot.store.history import History
from identity_bot_sandbox import cast
from tests.support import REVIEW, World, eventually, survey_answers

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
