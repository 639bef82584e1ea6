"""What the bot writes below an issue: whose a change from Slack was, and what came of commands."""

from __future__ import annotations

import pytest

from identity_bot.messages import issue_comments
from identity_bot.tickets import commands
from identity_bot.tickets.model import Action, Change


def said(action: Action, value: str = "", reason: str = "", name: str = "Sage Hollowell") -> str:
    return issue_comments.comment(Change(action=action, value=value, reason=reason), name)


@pytest.mark.parametrize("action", Action)
def test_every_action_says_who_made_it(action: Action) -> None:
    sentence = said(action, "completed")

    assert sentence.startswith("`Sage Hollowell` ")
    assert sentence.endswith(" via Slack.")
    assert "{" not in sentence


@pytest.mark.parametrize(
    ("action", "value", "sentence"),
    [
        (Action.ASSIGN, "linden", "`Sage Hollowell` assigned this to `linden` via Slack."),
        (Action.TARGET, "2026-12-01", "`Sage Hollowell` set the target date to **2026-12-01** via Slack."),
        (Action.CLOSE, "not planned", "`Sage Hollowell` closed this as **not planned** via Slack."),
        (Action.CLOSE, "", "`Sage Hollowell` closed this as **completed** via Slack."),
    ],
)
def test_a_value_is_named(action: Action, value: str, sentence: str) -> None:
    assert said(action, value) == sentence


def test_a_reason_and_a_name_are_text_that_github_reads_nothing_in() -> None:
    sentence = said(Action.REJECT, reason="@octo/team closes #3", name="@octo `x`")

    assert (
        sentence
        == "`` @octo `x` `` tried this and said it **needs work** via Slack.\n\n```text\n@octo/team closes #3\n```"
    )


@pytest.mark.parametrize("name", ["spoc", "priority", "target", "uat", "released"])
def test_every_command_but_help_asks_for_a_change(name: str) -> None:
    assert f"`/{name}" in issue_comments.HELP
    assert commands.change_for(name, "x") == Change(action=commands.COMMANDS[name].action, value="x")


def test_help_asks_for_none() -> None:
    assert commands.change_for("help", "") is None


def test_a_reply_says_what_is_wrong_and_what_there_is() -> None:
    assert issue_comments.reply([], wants_help=False) == ""
    assert issue_comments.reply([], wants_help=True) == issue_comments.HELP
    assert issue_comments.reply(["One."], wants_help=False) == f"One.\n\n{issue_comments.SEE_HELP}"
    assert issue_comments.reply(["One.", "Two."], wants_help=False).startswith("* One.\n* Two.\n\n")


def test_somebody_who_does_not_work_here_is_named_without_being_called() -> None:
    assert issue_comments.no_member("octo").startswith("`octo` has no write access")


def test_somebody_without_a_login_is_called_by_name() -> None:
    change = Change(action=Action.SPOC, value="slack:U0MARLO")

    said = issue_comments.comment(change, "Sage Hollowell", "Marlo Pinesong")

    assert said == "`Sage Hollowell` named `Marlo Pinesong` the single point of contact via Slack."
