"""The demo: the example host bot in the sandbox as a process of its own, and a story that checks itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from identity_bot.errors import IdentityBotError
from identity_bot_sandbox import demo
from identity_bot_sandbox.story import lives
from identity_bot_sandbox.story.story import Story, plain


def test_the_story_is_played_through_the_running_bot_and_told_by_person() -> None:
    """Whatever proxy the environment names: nothing leaves the machine."""
    command = [sys.executable, "-m", "identity_bot.cli", "sandbox", "--exit"]
    proxies = dict.fromkeys(demo.PROXIES, "http://127.0.0.1:1")

    played = subprocess.run(
        command, env=os.environ | proxies, capture_output=True, text=True, timeout=120, check=False
    )

    assert played.returncode == 0, played.stderr
    told = played.stdout
    assert "Every step happened." in told
    for person in ("Juniper Vale", "Marlo Pinesong", "Rowan Tidewell", "Indigo Marshwick", "GitHub"):
        assert f"\n{person}\n" in told
    for seen in ("presses “Accept”", "critical, so", "was December", "won't be done", "it needs work"):
        assert seen.replace("December", f"{lives.DUE:%B}") in told
    assert lives.SECRET not in told


def test_a_step_that_does_not_happen_fails_the_demo_by_name() -> None:
    """The team's card is waited for in vain when the bot may not post there."""
    said: list[str] = []

    def sabotaged(story: Story) -> None:
        story.patience = 1.0
        story.sandbox.slack.faults.add("chat.postMessage", error="channel_not_found", times=None)
        lives.Review(story).begins()

    with pytest.raises(IdentityBotError, match=r"did not happen: #vsp-identity has a message"):
        demo.run(port=0, with_bot=True, play=True, leave=True, say=said.append, plot=sabotaged)


def test_a_transcript_line_reads_as_people_read_slack() -> None:
    text = "<@U0JUNIPER> it is <http://x/1|#1>: *PR &amp; review*"

    assert plain(text) == "@Juniper Vale it is #1: PR & review"
    assert plain("New:\n*Stage:*  open\n\n<https://x.test/1>") == "New: | Stage: open | https://x.test/1"


def test_the_demo_says_which_plugin_was_skipped(tmp_path: Path, mocker: MockerFixture) -> None:
    broken = tmp_path / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n", encoding="utf-8")
    (broken / "entry_points.txt").write_text("[identity_bot]\nbroken = not_there\n", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    mocker.patch.dict(os.environ, PYTHONPATH=path)
    said: list[str] = []

    demo.run(port=0, with_bot=True, play=False, leave=True, say=said.append)

    assert "skipped: plugin 'broken' (broken 1.0): cannot be imported" in said[0]
