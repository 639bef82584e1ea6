"""`/help digest on` and `/help digest off`, typed in the sandbox."""

from __future__ import annotations

from datetime import time

import pytest

from identity_bot.messages import digest as words
from identity_bot.messages.queue import link_first
from identity_bot.slack.digests import DigestAnswers
from identity_bot.store.digests import subscribers
from identity_bot.tickets.people import People
from tests.slack.test_links import asked
from tests.support import World

LINDEN, MARLO = "U0LINDEN", "U0MARLO"


def listed(world: World) -> list[str]:
    with world.bot.store.begin() as transaction:
        return subscribers(transaction)


def test_a_member_of_the_team_turns_their_own_on_and_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often they say so."""
    monkeypatch.setattr(world.bot.listeners, "_digests", DigestAnswers(world.bot.desk, time(9)))

    on = [asked(world, LINDEN, typed) for typed in ("digest on", "Digest ON")]
    kept = listed(world)
    off = [asked(world, LINDEN, "digest off") for _ in range(2)]

    assert on == [words.turned_on(time(9), "/help")] * 2
    assert "at 9:00 AM you get" in on[0]
    assert kept == [LINDEN]
    assert off == [words.OFF] * 2
    assert listed(world) == []


def test_whose_login_is_unknown_is_told_to_link_it_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody knows which tickets are theirs."""
    monkeypatch.setattr(world.bot.listeners, "_digests", DigestAnswers(world.bot.desk, time(9)))
    monkeypatch.setattr(world.bot.desk, "_people", People(()))

    on = asked(world, LINDEN, "digest on")

    assert on.startswith(words.turned_on(time(9), "/help"))
    assert on.endswith(link_first("/help"))
    assert listed(world) == [LINDEN]


def test_nobody_else_can_have_one(world: World) -> None:
    assert asked(world, MARLO, "digest on") == words.NOT_YOURS
    assert listed(world) == []


@pytest.mark.parametrize("typed", ["digest", "digest maybe", "digest on off"])
def test_other_words_are_answered_with_the_right_ones(world: World, typed: str) -> None:
    assert asked(world, LINDEN, typed) == words.usage("/help")
    assert listed(world) == []


def test_who_turns_it_on_while_the_settings_have_it_off_is_told(world: World) -> None:
    assert asked(world, LINDEN, "digest on") == words.NOT_SENT
