"""Bots in processes of their own follow the sandbox's clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx

from identity_bot_sandbox import cast
from identity_bot_sandbox.clock import set_by
from identity_bot_sandbox.page.routes import routes
from identity_bot_sandbox.process import BotProcess
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.story.story import TEAM, Story
from tests.support import eventually

INDIGO, JUNIPER, INTAKE = "U0INDIGO", "U0JUNIPER", "C0INTAKE"


def test_a_bot_is_where_the_clock_is_and_goes_forward_with_it(tmp_path: Path) -> None:
    """Also two on one database, as while a plugin is reloaded, and one that was stopped meanwhile."""
    with Sandbox(pages=[routes], clock=set_by("2031-05-01 10:00")) as sandbox:
        first = BotProcess(sandbox, tmp_path)
        second = BotProcess(sandbox, tmp_path)
        try:
            story = Story(sandbox)
            sandbox.slack.command(JUNIPER, INTAKE, "/help mock_auth")
            story.sees_modal(JUNIPER, "Which credential?", "the form opens")
            story.fills(JUNIPER, team="Health", production="no", credential="logingov", environment="local")
            story.sends(JUNIPER)
            issue = story.opens_issue(cast.REPOSITORY, "Mocked")
            story.card(issue)
            due = sandbox.clock.local().date() + timedelta(days=1)
            sandbox.github.comment(cast.REPOSITORY, issue, f"/target {due}", actor="indigo-marshwick")
            story.card_shows(issue, "May 2, 2031")

            page = httpx.post(
                f"{sandbox.url}/page/clock",
                data={"to": "monday"},
                headers={"Origin": sandbox.url},
                follow_redirects=True,
                trust_env=False,
            )
            first.stop()
            sandbox.github.comment(cast.REPOSITORY, issue, "Still there?", actor="indigo-marshwick")
            eventually(
                lambda: any(
                    "Still there?" in one.text for one in sandbox.slack.messages(INTAKE, replies=True)
                )
            )
            sandbox.slack.open_home(INDIGO)
            eventually(lambda: "overdue" in str(sandbox.slack.home(INDIGO)))
        finally:
            first.stop()
            second.stop()

    assert "Mon, May 5, 2031, 9:00 AM" in page.text
    assert not sandbox.clock.is_followed
    assert sandbox.slack.messages(TEAM)
