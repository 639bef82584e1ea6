"""Who is of the team is asked of Slack once a minute, and remembered while Slack does not answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.slack.team import FRESH, STALE, Team
from identity_bot.testing import Clock, MemoryChat
from tests.support_outbox import at_once


@dataclass
class CountingChat(MemoryChat):
    """A chat that counts how often it is asked who is in a place, and fails in turn."""

    places: list[str] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)

    def members(self, place: str) -> frozenset[str]:
        self.places.append(place)
        if self.fails:
            raise self.fails.pop(0)
        return self.team


@pytest.fixture
def chat() -> CountingChat:
    return CountingChat(team=frozenset({"U0INDIGO"}))


def test_slack_is_asked_once_a_minute_whoever_wants_to_know(chat: CountingChat) -> None:
    clock = Clock()
    team = Team(chat, "S0TEAM", clock)

    at_once(*[team.members] * 8)
    clock.move(FRESH - 1)
    team.members()
    asked_within_the_minute = list(chat.places)
    clock.move(1)
    team.members()

    assert asked_within_the_minute == ["S0TEAM"]
    assert len(chat.places) == 2


def test_whoever_left_is_out_after_a_minute(chat: CountingChat) -> None:
    clock = Clock()
    team = Team(chat, "S0TEAM", clock)
    before = team.members()
    chat.team = frozenset()
    clock.move(FRESH)

    assert (before, team.members()) == (frozenset({"U0INDIGO"}), frozenset())


@pytest.mark.parametrize("error", [Retryable("429"), OutcomeUnknown("502"), Rejected("missing_scope")])
def test_while_slack_does_not_answer_its_last_answer_counts_for_an_hour(
    chat: CountingChat, error: Exception
) -> None:
    clock = Clock()
    team = Team(chat, "S0TEAM", clock)
    known = team.members()
    chat.fails = [error] * 2
    clock.move(STALE)
    still_known = team.members()
    clock.move(1)

    assert still_known == known
    with pytest.raises(Retryable, match="S0TEAM"):
        team.members()


def test_before_slack_has_answered_once_nobody_can_tell(chat: CountingChat) -> None:
    chat.fails = [OutcomeUnknown("502")]
    team = Team(chat, "C0TEAM", Clock())

    with pytest.raises(Retryable):
        team.members()
    assert team.members() == chat.team
