"""Somebody whom the settings do not name links their login, works with it, and unlinks; on both databases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from identity_bot import settings
from identity_bot.store.store import Store
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from tests.support import REVIEW, World, eventually

JUNIPER, LINDEN, MARLO = "U0JUNIPER", "U0LINDEN", "U0MARLO"
INTAKE, TEAM = "C0INTAKE", "C0TEAM"
REPOSITORY, LOGIN, OTHER = cast.REPOSITORY, "linden-brookmere", "indigo-marshwick"


@pytest.fixture
def sandbox_settings(sandbox: Sandbox, settings_file: Path, database_url: str) -> settings.Settings:
    """Settings that name nobody."""
    written = settings_file.read_text(encoding="utf-8")
    settings_file.write_text(re.sub(r"(?m)^(leads|people) = .*$", "", written), encoding="utf-8")
    return settings.load(settings_file, sandbox.environment() | {"DATABASE_URL": database_url})


def asked(world: World, user: str, typed: str) -> str:
    """What somebody is answered, which only they see."""
    before = len(world.sandbox.slack.ephemerals(user))
    world.sandbox.slack.command(user, INTAKE, f"/help {typed}")
    return eventually(lambda: world.sandbox.slack.ephemerals(user)[before:])[-1].text


def code_for(world: World, user: str) -> str:
    found = re.search(r"/link (\w{8})", asked(world, user, f"link {LOGIN}"))
    assert found
    return found[1]


def take(world: World) -> None:
    """Linden takes the only ticket by its card."""
    slack = world.sandbox.slack
    [card] = [one for one in slack.messages(TEAM) if "*Stage:*" in one.text]
    slack.click(LINDEN, TEAM, card.ts, "idbot:action:take")
    world.settle()


def test_a_login_is_claimed_proved_used_and_given_up(world: World, webhook: str, database_url: str) -> None:
    slack, github = world.sandbox.slack, world.sandbox.github
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()
    take(world)
    unknown = eventually(lambda: slack.ephemerals(LINDEN))[-1].text
    told = [len(slack.messages(place, replies=True)) for place in (INTAKE, TEAM)]

    theirs, own = code_for(world, MARLO), code_for(world, LINDEN)
    github.comment(REPOSITORY, 1, f"/link {own}", actor=OTHER)
    world.settle()
    after_other = world.bot.store.links()
    github.comment(REPOSITORY, 1, f"/link {own}", actor=LOGIN)
    world.settle()
    github.comment(REPOSITORY, 1, f"/link {theirs}", actor=LOGIN)
    world.settle()

    assert "`/help link octocat`" in unknown
    assert after_other == ()
    elsewhere = Store(database_url)
    assert [(one.slack_id, one.login) for one in elsewhere.links()] == [(LINDEN, LOGIN)]
    elsewhere.close()
    assert "is linked to you now" in slack.dm(LINDEN)[-1].text
    assert slack.dm(MARLO) == []
    given = [[one.content for one in said.reactions] for said in github.comments(REPOSITORY, 1)]
    assert [one for one in given if one] == [["confused"], ["+1"], ["confused"]]
    assert [len(slack.messages(place, replies=True)) for place in (INTAKE, TEAM)] == told
    assert own not in str([message.text for place in (INTAKE, TEAM) for message in slack.messages(place)])

    take(world)
    assert github.issue(REPOSITORY, 1).assignees == (LOGIN,)
    [card] = [one for one in slack.messages(TEAM) if "*Stage:*" in one.text]
    assert f"*Assigned to:* <@{LINDEN}>" in card.text

    assert "is no longer linked to you" in asked(world, LINDEN, "unlink")
    assert world.bot.store.links() == ()
    assert world.bot.outbox.count("failed") == 0


def test_somebody_with_the_same_e_mail_address_in_both_is_mentioned_and_no_more(
    world: World, webhook: str
) -> None:
    slack, github = world.sandbox.slack, world.sandbox.github
    github.access.show_email(LOGIN, "Linden@sandbox.example")
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()

    github.assign(REPOSITORY, 1, LOGIN, actor=OTHER)
    world.settle()
    said = [one.text for one in slack.messages(TEAM, replies=True)]
    take(world)

    assert [text for text in said if text.startswith(f"<@{LINDEN}> ")]
    assert not [text for text in said if "Who is" in text]
    assert "`/help link octocat`" in eventually(lambda: slack.ephemerals(LINDEN))[-1].text
    assert "no longer linked to you" in asked(world, LINDEN, "unlink")
