"""People on the team change tickets by reacting to a card, by the same rules as with its buttons."""

from __future__ import annotations

from dataclasses import replace

import pytest

from identity_bot.settings import Settings
from identity_bot.tickets.model import Action
from identity_bot_sandbox.slack.model import Message
from tests.support import REVIEW, World, eventually

JUNIPER, INDIGO = "U0JUNIPER", "U0INDIGO"
TEAM, REPOSITORY = "C0TEAM", "sandbox-org/identity-requests"


@pytest.fixture
def sandbox_settings(sandbox_settings: Settings) -> Settings:
    """Two reactions have a meaning."""
    return replace(sandbox_settings, reactions={"eyes": Action.TAKE, "repeat": Action.REOPEN})


@pytest.fixture
def card(world: World) -> Message:
    """The card of a ticket that Juniper has asked for."""
    world.request(JUNIPER, "pr_review", **REVIEW)
    [message] = eventually(lambda: world.sandbox.slack.messages(TEAM))
    world.settle()
    return message


def assignees(world: World) -> tuple[str, ...]:
    return world.sandbox.github.issue(REPOSITORY, 1).assignees


def test_a_reaction_that_the_settings_name_takes_the_ticket(world: World, card: Message) -> None:
    world.sandbox.slack.react(INDIGO, TEAM, card.ts, "tada")
    world.sandbox.slack.react(INDIGO, TEAM, card.ts, "eyes")

    eventually(lambda: assignees(world) == ("indigo-marshwick",))
    assert world.sandbox.slack.ephemerals(INDIGO) == []


def test_whoever_reacts_in_vain_is_told_quietly(world: World, card: Message) -> None:
    slack = world.sandbox.slack

    slack.react(INDIGO, TEAM, card.ts, "repeat")

    [told] = eventually(lambda: slack.ephemerals(INDIGO))
    assert "open" in told.text
    assert world.sandbox.github.issue(REPOSITORY, 1).is_open


def test_a_reaction_to_anything_else_means_nothing(world: World, card: Message) -> None:
    slack = world.sandbox.slack
    said = slack.say(INDIGO, TEAM, "I look at it")

    slack.react(INDIGO, TEAM, said, "eyes")
    slack.react(INDIGO, TEAM, card.ts, "repeat")

    assert len(eventually(lambda: slack.ephemerals(INDIGO))) == 1
    assert assignees(world) == ()
