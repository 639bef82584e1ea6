"""`/help link` and `/help unlink`, typed in the sandbox."""

from __future__ import annotations

import re

import pytest

from identity_bot.errors import StoreError
from identity_bot.messages import words
from identity_bot_sandbox.slack.limits import check_message
from tests.support import World, eventually

JUNIPER, MARLO, LINDEN, INTAKE = "U0JUNIPER", "U0MARLO", "U0LINDEN", "C0INTAKE"


def asked(world: World, user: str, typed: str) -> str:
    """What somebody is answered, which only they see."""
    before = len(world.sandbox.slack.ephemerals(user))
    ack = world.sandbox.slack.command(user, INTAKE, f"/help {typed}")
    assert not ack.error
    [*_, said] = eventually(lambda: world.sandbox.slack.ephemerals(user)[before:])
    assert check_message({"text": said.text, "blocks": said.blocks}) == []
    return said.text


@pytest.mark.parametrize("typed", ["link marlo-p", "LINK  @marlo-p"])
def test_who_claims_a_login_is_told_how_to_prove_it_and_nobody_else_is(world: World, typed: str) -> None:
    said = asked(world, MARLO, typed)

    assert "as marlo-p, within an hour" in said
    assert re.search(r"\n`/link [2-9A-HJKMNP-Z]{8}`\n", said)
    assert "Comment only codes that you asked for yourself" in said
    assert world.sandbox.slack.messages(INTAKE) == []
    assert world.bot.store.links() == ()


@pytest.mark.parametrize(
    "typed", ["link", "link two words", "link -x", "link https://github.com/x", "link <@U0MARLO>"]
)
def test_what_is_no_login_is_answered_with_an_example(world: World, typed: str) -> None:
    assert "such as `/help link octocat`" in asked(world, MARLO, typed)


def test_who_is_in_the_settings_is_told_so(world: World) -> None:
    for typed in ("link other", "unlink"):
        said = asked(world, LINDEN, typed)

        assert "settings say that your GitHub login is *linden-brookmere*" in said


def test_somebody_elses_login_is_refused(world: World) -> None:
    assert "linked to somebody else" in asked(world, MARLO, "link Linden-Brookmere")


def test_who_has_no_link_is_told_so(world: World) -> None:
    assert "No GitHub login is linked to you" in asked(world, MARLO, "unlink")


def test_a_sixth_code_within_an_hour_is_refused(world: World) -> None:
    said = [asked(world, MARLO, "link marlo-p") for _ in range(6)]

    assert "5 codes in the last hour" in said[5]
    assert len({re.findall(r"/link (\w{8})", one)[0] for one in said[:5]}) == 5


def test_if_the_database_cannot_be_used_nothing_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise StoreError("it is locked")

    monkeypatch.setattr(world.bot.store, "begin", fail)

    assert asked(world, MARLO, "link marlo-p") == words.NOTHING_CHANGED


def test_the_help_names_them(world: World) -> None:
    ack = world.sandbox.slack.command(JUNIPER, INTAKE, "/help help")

    said = eventually(lambda: world.sandbox.slack.ephemerals(JUNIPER))[-1].text
    assert not ack.error
    assert "`/help link octocat`" in said
    assert "`/help unlink`" in said
