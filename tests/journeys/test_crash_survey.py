"""The crash test of the survey: whatever is cut short, a requestor is asked once and the leads are told once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from identity_bot.desk.survey import SurveyDesk
from identity_bot.messages import survey as words
from identity_bot.store.surveys import Surveys
from identity_bot.tickets.survey import Satisfaction
from tests.support_crash import INTAKE, JUNIPER, REPOSITORY, TEAM, Accidents, Life, crash, on_sqlite
from tests.support_crash import life as any_life

__all__ = ("any_life",)

LEAD = "indigo-marshwick"


@pytest.fixture
def life(any_life: Life) -> Life:
    """A life with the survey, as it is by default."""
    any_life.settings = replace(any_life.settings, survey=True)
    return any_life


def live(life: Life, accidents: Accidents) -> None:
    """A ticket is closed as completed, and its requestor answers that they are dissatisfied."""
    life.submit()
    life.run()
    life.clock.move(60)
    life.accidents = accidents
    life.sandbox.github.close(REPOSITORY, 1, actor=LEAD)
    life.bot.desk.observe(life.bot.tracker.get_issue(REPOSITORY, 1))
    life.run()
    assert life.ticket
    desk = SurveyDesk(store=life.bot.store, settings=life.settings)
    desk.answer(life.ticket.id, JUNIPER, Satisfaction.DISSATISFIED)
    life.run()
    life.clock.move(2000)
    life.run()


def check(life: Life) -> None:
    """That everything is there once, and nothing else."""
    closed, asked = life.news()
    assert "closed" in closed
    assert words.QUESTION in asked
    assert "You answered *Dissatisfied*" in asked
    told = [one for one in life.sandbox.slack.messages(TEAM, replies=True) if "*dissatisfied*" in one.text]
    assert len(told) == 1
    assert life.ticket
    survey = Surveys(life.bot.store).of(life.ticket.id)
    assert survey
    assert survey.message
    assert survey.message.channel == INTAKE
    assert life.count()["not done"] == {}


@on_sqlite
@pytest.mark.parametrize("name", ["notify", "ask_survey", "draw_survey", "report_low_answer", "news"])
@pytest.mark.parametrize("moment", ["after", "within"])
def test_a_crash_loses_nothing_and_doubles_nothing(life: Life, name: str, moment: str) -> None:
    """Between the act and its transaction, and in that transaction before it commits."""
    live(life, Accidents(roles={name}, **{moment: crash}))  # type: ignore[arg-type]

    assert life.accidents.seen == [f"{moment} {name}"]
    check(life)


def test_a_crash_at_every_step_loses_nothing_and_doubles_nothing(life: Life) -> None:
    """On both databases."""
    roles = {"notify", "ask_survey", "draw_survey", "report_low_answer", "news"}
    live(life, Accidents(roles=roles, before=crash, after=crash, within=crash))

    check(life)


@on_sqlite
@pytest.mark.parametrize(
    ("name", "method"), [("ask_survey", "chat.postMessage"), ("draw_survey", "chat.update")]
)
def test_an_answer_that_never_comes_loses_nothing_and_doubles_nothing(
    life: Life, name: str, method: str
) -> None:
    """The connection is cut when the act is done already."""

    def cut() -> None:
        life.sandbox.slack.faults.add(method, cut=True, after=True)

    before: Callable[[], None] = cut
    live(life, Accidents(roles={name}, before=before))

    check(life)
