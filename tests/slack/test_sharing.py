"""Files in a channel: shared in one message with words and a description, found again, and refused without a trace."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_mock import MockerFixture

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.outbox.ports import SharedFile
from identity_bot.slack.client import SlackChat
from identity_bot_sandbox.slack.workspace import SCOPES
from identity_bot_sandbox.slack.world import SlackWorld

TEAM, TEAM_ID = "#identity-surge", "C0TEAM"
FILES = (
    SharedFile(name="report-2026-11.png", content=b"\x89PNG", title="November", alt_text="Two bar charts."),
    SharedFile(name="report-2026-11.html", content=b"<!doctype html>", title="November (page)"),
)


def test_files_are_shared_in_one_message_with_words_and_a_description(
    chat: SlackChat, slack: SlackWorld
) -> None:
    chat.share(TEAM, FILES, "*November*")

    [message] = slack.messages(TEAM_ID)
    assert message.text == "*November*"
    assert [(one.name, one.title, one.alt_text, one.content) for one in message.files] == [
        ("report-2026-11.png", "November", "Two bar charts.", b"\x89PNG"),
        ("report-2026-11.html", "November (page)", "", b"<!doctype html>"),
    ]


def test_what_was_shared_is_found_again(chat: SlackChat, slack: SlackWorld) -> None:
    since = slack.clock() - 10

    assert not chat.has_shared(TEAM, "report-2026-11.html", since)
    chat.share(TEAM, FILES, "November")

    assert chat.has_shared(TEAM, "report-2026-11.html", since)
    assert not chat.has_shared(TEAM, "report-2026-12.html", since)
    assert not chat.has_shared(TEAM, "report-2026-11.html", slack.clock() + 1000)


def test_a_file_of_somebody_else_s_is_not_the_bot_s(chat: SlackChat, slack: SlackWorld) -> None:
    slack.say("U0INDIGO", TEAM_ID, "look", files=[slack.upload("U0INDIGO", "report-2026-11.html", b"x")])

    assert not chat.has_shared(TEAM, "report-2026-11.html", slack.clock() - 10)


def test_without_the_scope_nothing_is_seen(chat: SlackChat, slack: SlackWorld) -> None:
    slack.scopes = SCOPES - {"files:write"}

    with pytest.raises(Rejected, match="missing_scope"):
        chat.share(TEAM, FILES, "November")

    assert slack.messages(TEAM_ID) == []


def test_a_lost_answer_leaves_open_whether_the_files_are_there(chat: SlackChat, slack: SlackWorld) -> None:
    slack.faults.add("files.completeUploadExternal", after=True, cut=True)

    with pytest.raises(OutcomeUnknown):
        chat.share(TEAM, FILES, "November")

    assert chat.has_shared(TEAM, "report-2026-11.html", slack.clock() - 10)


@pytest.mark.parametrize(
    ("method", "fault", "raised"),
    [
        ("files.getUploadURLExternal", {"status": 503}, OutcomeUnknown),
        ("files.getUploadURLExternal", {"cut": True}, OutcomeUnknown),
        ("files.getUploadURLExternal", {"status": 429, "retry_after": 30}, Retryable),
        ("files.completeUploadExternal", {"status": 503}, OutcomeUnknown),
        ("files.completeUploadExternal", {"error": "ratelimited"}, Retryable),
    ],
)
def test_what_fails_in_the_middle_shares_nothing_and_can_be_done_again(
    chat: SlackChat, slack: SlackWorld, method: str, fault: dict[str, Any], raised: type[Exception]
) -> None:
    slack.faults.add(method, **fault)

    with pytest.raises(raised):
        chat.share(TEAM, FILES, "November")
    assert slack.messages(TEAM_ID) == []
    chat.share(TEAM, FILES, "November")

    assert [len(one.files) for one in slack.messages(TEAM_ID)] == [2]


def test_a_file_that_does_not_arrive_shares_nothing(
    chat: SlackChat, slack: SlackWorld, mocker: MockerFixture
) -> None:
    mocker.patch("identity_bot_sandbox.slack.upload_methods.receive", return_value=False)

    with pytest.raises((OutcomeUnknown, Retryable)):
        chat.share(TEAM, FILES, "November")

    assert slack.messages(TEAM_ID) == []
