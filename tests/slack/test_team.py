"""Who is of the team is asked of Slack once a minute, and remembered while Slack does not answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.slack.team import FRESH, STALE, Team
from identity_bot.testing import Clock, MemoryChat
from tests.support_outbox import at_once

INDIGO, BOT, JUNIPER = "U0INDIGO", "U0BOT", "U0JUNIPER"


@dataclass
class CountingChat(MemoryChat):
    """A chat that notes what it is asked about, and fails in turn."""

    asked: list[str] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)

    def members(self, place: str) -> frozenset[str]:
        self._ask(place)
        return super().members(place)

    def is_colleague(self, slack_id: str) -> bool:
        self._ask(slack_id)
        return super().is_colleague(slack_id)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.fails:
            raise self.fails.pop(0)


@pytest.fixture
def chat() -> CountingChat:
    return CountingChat(team=frozenset({INDIGO, BOT}), outsiders=frozenset({BOT}))


def test_the_team_is_the_members_who_are_colleagues(chat: CountingChat) -> None:
    team = Team(chat, "C0TEAM", Clock())

    assert [team.includes(one) for one in (INDIGO, BOT, JUNIPER)] == [True, False, False]


def test_nothing_is_asked_about_people_who_are_no_members(chat: CountingChat) -> None:
    """Nor about members who do nothing: a public channel may have thousands."""
    Team(chat, "C0TEAM", Clock()).includes(JUNIPER)

    assert chat.asked == ["C0TEAM"]


def test_the_members_are_listed_with_what_is_known_of_them_so_far(chat: CountingChat) -> None:
    team = Team(chat, "C0TEAM", Clock())
    before = team.members()
    team.includes(BOT)
    team.includes(INDIGO)

    assert before == {BOT: None, INDIGO: None}
    assert team.members() == {BOT: False, INDIGO: True}


def test_slack_is_asked_once_a_minute_whoever_wants_to_know(chat: CountingChat) -> None:
    clock = Clock()
    team = Team(chat, "S0TEAM", clock)

    at_once(*[lambda: team.includes(INDIGO)] * 8)
    clock.move(FRESH - 1)
    team.includes(INDIGO)
    asked_within_the_minute = list(chat.asked)
    clock.move(1)
    team.includes(INDIGO)

    assert asked_within_the_minute == ["S0TEAM", INDIGO]
    assert chat.asked == ["S0TEAM", INDIGO] * 2


def test_whoever_left_is_out_after_a_minute(chat: CountingChat) -> None:
    clock = Clock()
    team = Team(chat, "S0TEAM", clock)
    before = team.includes(INDIGO)
    chat.team = frozenset()
    clock.move(FRESH)

    assert (before, team.includes(INDIGO)) == (True, False)


def test_whoever_changed_to_another_organization_is_out_after_a_minute(chat: CountingChat) -> None:
    clock = Clock()
    team = Team(chat, "C0TEAM", clock)
    before = team.includes(INDIGO)
    chat.outsiders = frozenset({INDIGO})
    clock.move(FRESH)

    assert (before, team.includes(INDIGO)) == (True, False)


@pytest.mark.parametrize("error", [Retryable("429"), OutcomeUnknown("502"), Rejected("missing_scope")])
def test_while_slack_does_not_answer_its_last_answer_counts_for_an_hour(
    chat: CountingChat, error: Exception
) -> None:
    clock = Clock()
    team = Team(chat, "S0TEAM", clock)
    known = team.includes(INDIGO)
    chat.fails = [error] * 3
    clock.move(STALE)
    still_known = team.includes(INDIGO)
    clock.move(1)

    assert (known, still_known) == (True, True)
    with pytest.raises(Retryable, match="S0TEAM"):
        team.includes(INDIGO)


@pytest.mark.parametrize("answers_before", [0, 1])
def test_before_slack_has_answered_once_nobody_can_tell(chat: CountingChat, answers_before: int) -> None:
    """Neither who is a member nor who a member is."""
    team = Team(chat, "C0TEAM", Clock())
    if answers_before:
        team.includes(JUNIPER)
    chat.fails = [OutcomeUnknown("502")]

    with pytest.raises(Retryable):
        team.includes(INDIGO)
    assert team.includes(INDIGO)
