"""The fixtures that plugins' tests get from identity_bot; a run that asks for none imports nothing more than this."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from identity_bot.testing import MemoryDesk
    from identity_bot.testing.sandbox import SandboxBot


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryDesk]:
    """A desk on stand-ins for Slack and GitHub, for the plugins that the test loads."""
    from identity_bot.testing import MemoryDesk

    desk = MemoryDesk(tmp_path_factory.mktemp("desk"))
    yield desk
    desk.close()


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxBot]:
    """A bot in the sandbox, over Slack's and GitHub's real protocols, for the plugins that the test loads."""
    missing = "the sandbox is not installed: pip install 'identity-bot[sandbox]'"
    server = pytest.importorskip("identity_bot_sandbox.server", reason=missing)
    from identity_bot.testing.sandbox import SandboxBot

    with server.Sandbox() as running:
        bot = SandboxBot(running, tmp_path_factory.mktemp("sandbox"))
        yield bot
        bot.stop()
