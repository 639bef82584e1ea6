"""Answers to the survey over Slack's real protocol, in a thread of the sandbox."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from identity_bot.messages import survey as said
from identity_bot.messages import words
from identity_bot.outbox.effects import survey as effects
from identity_bot.settings import Settings
from identity_bot.slack.survey import COMMENT, FORM
from identity_bot.store.surveys import Surveys
from identity_bot.tickets.survey import WEEK
from identity_bot_sandbox.slack.model import Message
from tests.support import REVIEW, Ahead, World, eventually, survey_answers

JUNIPER, INDIGO, INTAKE, TEAM = "U0JUNIPER", "U0INDIGO", "C0INTAKE", "C0TEAM"
REPOSITORY = "sandbox-org/identity-requests"


@pytest.fixture
def sandbox_settings(sandbox_settings: Settings) -> Settings:
    """The survey is on, as it is by default."""
    return replace(sandbox_settings, survey=True)


@pytest.fixture
def asked(world: World, monkeypatch: pytest.MonkeyPatch) -> Message:
    """The question to Juniper, whose ticket was closed in GitHub."""
    monkeypatch.setattr("identity_bot.desk.survey.REPORT_AFTER", 0.5)
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()
    world.sandbox.github.close(REPOSITORY, 1, actor="indigo-marshwick")
    [issue] = [world.bot.reader.get_issue(REPOSITORY, 1)]
    world.bot.desk.observe(issue)
    return eventually(lambda: question(world))


def question(world: World) -> Message | None:
    found = [one for one in world.sandbox.slack.messages(INTAKE, replies=True) if said.QUESTION in one.text]
    return found[0] if found else None


def press(world: World, user: str, asked: Message, answer: int | str) -> None:
    world.sandbox.slack.click(user, INTAKE, asked.ts, f"idbot:survey:{answer}")


def answers(world: World) -> list[int]:
    return [answer for _, answer, _ in survey_answers(world.bot.store, 0, 9e12)]


def test_a_click_keeps_the_answer_and_the_message_shows_it(world: World, asked: Message) -> None:
    press(world, JUNIPER, asked, 4)

    assert answers(world) == [4]
    assert eventually(lambda: "You answered *Satisfied*" in (question(world) or asked).text)


def test_whoever_answers_for_somebody_else_is_told_quietly(world: World, asked: Message) -> None:
    press(world, INDIGO, asked, 1)

    [told] = eventually(lambda: world.sandbox.slack.ephemerals(INDIGO))
    assert told.text == said.NOT_YOURS
    assert answers(world) == []


def test_somebody_who_answers_a_year_later_is_told_quietly_that_it_is_over(
    world: World, asked: Message
) -> None:
    press(world, JUNIPER, asked, 5)
    world.settle()
    world.bot.store.clock = Ahead(world.bot.store.clock, 365 * 24 * 3600)

    press(world, JUNIPER, asked, 1)

    [told] = eventually(lambda: world.sandbox.slack.ephemerals(JUNIPER))
    assert told.text == said.OVER
    assert answers(world) == [5]


def test_two_clicks_at_once_leave_one_answer(world: World, asked: Message) -> None:
    with ThreadPoolExecutor(2) as clicks:
        list(clicks.map(lambda answer: press(world, JUNIPER, asked, answer), (5, 3)))

    [kept] = answers(world)
    label = {5: "Very satisfied", 3: "Neither"}[kept]
    assert eventually(lambda: f"You answered *{label}*" in (question(world) or asked).text)


def commented(world: World, asked: Message, text: str) -> dict[str, str]:
    """What Slack shows as wrong with a comment, by block, after Juniper has sent it."""
    slack = world.sandbox.slack
    press(world, JUNIPER, question(world) or asked, "comment")
    eventually(lambda: (slack.view(JUNIPER) or {}).get("callback_id") == FORM)
    slack.fill(JUNIPER, {COMMENT: text})
    return slack.submit(JUNIPER)


def test_a_low_answer_with_a_comment_goes_to_the_leads(world: World, asked: Message) -> None:
    press(world, JUNIPER, asked, 2)
    eventually(lambda: said.ADD_COMMENT in str((question(world) or asked).blocks))

    assert commented(world, asked, "It took *a month*.") == {}

    thread = eventually(
        lambda: [one for one in world.sandbox.slack.messages(TEAM, replies=True) if "∗a month∗" in one.text]
    )
    assert len(thread) == 1
    assert thread[0].thread_ts
    eventually(lambda: said.COMMENTED in (question(world) or asked).text)


def test_personal_data_in_a_comment_is_refused_and_not_kept(world: World, asked: Message) -> None:
    press(world, JUNIPER, asked, 5)
    eventually(lambda: said.ADD_COMMENT in str((question(world) or asked).blocks))

    problems = commented(world, asked, "My SSN is 219-09-9999")

    assert list(problems) == [COMMENT]
    assert "must not be in a ticket" in problems[COMMENT]
    [row] = [Surveys(world.bot.store).of(one) for one, _, _ in survey_answers(world.bot.store, 0, 9e12)]
    assert row
    assert row.comment == ""


def test_an_answer_of_another_version_of_the_bot_changes_nothing(world: World, asked: Message) -> None:
    press(world, JUNIPER, asked, 5)
    client = world.bot.chat.client
    drawn = {
        **asked.blocks[1],
        "elements": [{**asked.blocks[1]["elements"][0], "action_id": "idbot:survey:9"}],
    }
    world.settle()
    client.chat_update(channel=INTAKE, ts=asked.ts, text=asked.text, blocks=[asked.blocks[0], drawn])

    press(world, JUNIPER, asked, 9)

    [told] = eventually(lambda: world.sandbox.slack.ephemerals(JUNIPER))
    assert told.text == words.BUTTON_UNKNOWN
    assert answers(world) == [5]


def test_a_week_is_long_enough_for_the_words() -> None:
    """The words say a week; so the rule has to."""
    assert WEEK == 7 * 24 * 3600
    assert effects.REPORT_AFTER < WEEK
