"""A sandbox's Slack, and the bot's client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from identity_bot.slack.client import SlackChat
from identity_bot.tickets.people import People
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.workspace import SCOPES
from identity_bot_sandbox.slack.world import SlackWorld


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def slack(running: Sandbox) -> Iterator[SlackWorld]:
    """The sandbox's Slack, put back after each test."""
    world = running.slack
    yield world
    world.faults.clear()
    world.traffic.clear()
    world.scopes = SCOPES
    world.deactivated.clear()
    for channel in world.channels.values():
        channel.messages.clear()
        channel.is_archived = False


@pytest.fixture
def chat(running: Sandbox, slack: SlackWorld) -> SlackChat:
    return SlackChat(cast.BOT_TOKEN, running.environment()["SLACK_API_URL"], People([]))
