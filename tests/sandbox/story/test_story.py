"""The demo: the example host bot in the sandbox as a process of its own, and a story that checks itself."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_mock import MockerFixture

from identity_bot.cli import main
from identity_bot.errors import IdentityBotError
from identity_bot.settings import load, stand_alone_problems
from identity_bot_sandbox import cast, demo
from identity_bot_sandbox.process import PROXIES
from identity_bot_sandbox.story import lives
from identity_bot_sandbox.story.story import Story, plain


def test_the_story_is_played_through_the_running_bot_and_told_by_person() -> None:
    """Whatever proxy the environment names: nothing leaves the machine."""
    command = [sys.executable, "-m", "identity_bot.cli", "sandbox", "--exit"]
    proxies = dict.fromkeys(PROXIES, "http://127.0.0.1:1")

    played = subprocess.run(
        command, env=os.environ | proxies, capture_output=True, text=True, timeout=300, check=False
    )

    assert played.returncode == 0, played.stderr
    told = played.stdout
    assert "Every step happened." in told
    for person in ("Juniper Vale", "Marlo Pinesong", "Rowan Tidewell", "Indigo Marshwick", "GitHub"):
        assert f"\n{person}\n" in told
    for seen in (
        "presses “Accept”",
        "critical, so",
        "was December",
        "won't be done",
        "it needs work",
        "Overdue by",
        "What waits for the team today",
    ):
        assert seen.replace("December", f"{date.today() + timedelta(days=30):%B}") in told
    for said in (
        "replied: Which page does this change?",
        "`Juniper Vale` replied in Slack",
        "in the Home tab: #1",
    ):
        assert said in told.replace(" | ", " ")
    clock = told.partition("\nThe clock\n")[2].partition("\n\n")[0].splitlines()
    assert [line.rpartition(", ")[2] for line in clock] == [
        "9:00 AM Eastern", "10:01 AM Eastern", "9:00 AM Eastern", "12:00 PM Eastern"
    ]  # fmt: skip
    assert lives.SECRET not in told


def test_without_a_bot_it_prints_what_a_bot_of_ones_own_needs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "identity_bot.cli", "sandbox", "--no-bot", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = "".join(iter(lambda: process.stdout.readline(), "poll_seconds = 10\n"))
        process.terminate()
    head, _, file = said.partition("identity-bot.toml:\n")
    exports = [line.removeprefix("export ") for line in head.splitlines() if line.startswith("export ")]
    (tmp_path / "identity-bot.toml").write_text(file, encoding="utf-8")

    loaded = load(tmp_path / "identity-bot.toml", dict(line.split("=", 1) for line in exports))

    assert stand_alone_problems(loaded) == []
    assert loaded.repository == cast.REPOSITORY
    assert loaded.slack_api_url.startswith("http://127.0.0.1:")


def test_a_step_that_does_not_happen_fails_the_demo_by_name() -> None:
    """The team's card is waited for in vain when the bot may not post there."""
    said: list[str] = []

    def sabotaged(story: Story) -> None:
        story.patience = 1.0
        story.sandbox.slack.faults.add("chat.postMessage", error="channel_not_found", times=None)
        lives.Review(story).begins()

    with pytest.raises(IdentityBotError, match=r"did not happen: #vsp-identity has a message"):
        demo.run(port=0, with_bot=True, play=True, leave=True, say=said.append, plot=sabotaged)


def test_a_busy_week_is_in_the_home_tab_as_soon_as_the_bot_runs() -> None:
    """Of its forty tickets four are closed; nobody is told of any."""
    said: list[str] = []

    def looks(story: Story) -> None:
        slack = story.sandbox.slack
        slack.open_home(lives.INDIGO)
        story.check("the Home tab shows the numbers", lambda: "*36* open" in str(slack.home(lives.INDIGO)))
        story.check("no requestor is told", lambda: not slack.messages(lives.INTAKE))

    demo.run(port=0, with_bot=True, play=True, leave=True, busy=True, say=said.append, plot=looks)

    assert said[-1] == "\nEvery step happened."


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


def test_the_demo_says_how_commands_find_its_database(mocker: MockerFixture) -> None:
    """While the bot runs; afterward there is none."""
    said: list[str] = []
    listed: list[str] = []

    def look() -> None:
        [line] = [one for one in said if "export DATABASE_URL=" in one]
        [assigned] = shlex.split(line.partition("export ")[2])
        name, _, value = assigned.partition("=")
        made = CliRunner().invoke(main, ["answers"], env={name: value})
        listed.append(made.output)

    mocker.patch.object(demo, "_wait", look)

    demo.run(port=0, with_bot=True, play=False, leave=False, say=said.append)

    assert listed == ["no answers were shown\n"]
