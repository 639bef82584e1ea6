"""What each of Slack's failures comes to, with slack_sdk as it is against the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from identity_bot.errors import IdentityBotError, OutcomeUnknown, Rejected, Retryable
from identity_bot.logs import open_debug_file
from identity_bot.messages.updates import Message
from identity_bot.slack.client import SlackChat
from identity_bot.tickets.model import MessageRef
from identity_bot.tickets.people import People
from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.workspace import SCOPES
from identity_bot_sandbox.slack.world import SlackWorld
from tests.support_outbox import ticket

INTAKE, TEAM, GROUP, JUNIPER = "C0INTAKE", "C0TEAM", "S0IDENTITY", "U0JUNIPER"
MESSAGE = Message(text="Hello")
TICKET = ticket(number=12, url="https://github.test/12")

EVERYWHERE = {
    # docs.slack.dev/reference/methods: the errors that every method shares
    Rejected: """deprecated_endpoint invalid_arg_name invalid_arguments invalid_array_arg invalid_charset
        invalid_form_data invalid_post_type is_bot method_deprecated missing_post_type missing_scope
        no_permission not_allowed_token_type""",
    Retryable: """access_denied accesslimited account_inactive ekm_access_denied enterprise_is_restricted
        invalid_auth not_authed org_login_required ratelimited request_timeout team_access_not_granted
        team_added_to_org token_expired token_revoked two_factor_setup_required""",
    OutcomeUnknown: "fatal_error internal_error service_unavailable",
}
OWN = {
    "chat.postMessage": {
        Rejected: """as_user_not_supported attachment_payload_limit_exceeded cannot_reply_to_message
            channel_not_found duplicate_channel_not_found duplicate_message_not_found invalid_blocks
            invalid_blocks_format invalid_metadata_format invalid_metadata_schema is_archived
            markdown_text_conflict messages_tab_disabled metadata_must_be_sent_from_app metadata_too_large
            missing_file_data msg_blocks_too_long msg_too_long no_text not_in_channel restricted_action
            restricted_action_non_threadable_channel restricted_action_read_only_channel
            restricted_action_thread_locked restricted_action_thread_only_channel
            slack_connect_canvas_sharing_blocked slack_connect_file_link_sharing_blocked
            slack_connect_lists_sharing_blocked team_not_found too_many_attachments too_many_contact_cards""",
        Retryable: "rate_limited message_limit_exceeded",
    },
    "chat.update": {
        Rejected: """as_user_not_supported block_mismatch cant_broadcast_message invalid_attachments invalid_blocks
            invalid_blocks_format invalid_metadata_format invalid_metadata_schema markdown_text_conflict
            metadata_must_be_sent_from_app metadata_too_large msg_too_long no_dual_broadcast_content_update no_text
            slack_connect_file_link_sharing_blocked streaming_state_conflict team_not_found
            too_many_attachments""",
        Retryable: "external_channel_migrating",
        OutcomeUnknown: "update_failed",
    },
    "conversations.members": {
        Rejected: """channel_not_found invalid_cursor invalid_limit method_not_supported_for_channel_type""",
        Retryable: "fetch_members_failed",
    },
    "usergroups.users.list": {
        Rejected: "invalid_cursor no_such_subteam plan_upgrade_required user_is_restricted"
    },
    "views.update": {Rejected: "duplicate_external_id hash_conflict not_found view_too_large"},
    "chat.getPermalink": {Rejected: "channel_not_found message_not_found"},
    "conversations.history": {
        Rejected: """channel_is_limited_access channel_not_found invalid_cursor invalid_metadata_filter_keys
            invalid_ts_latest invalid_ts_oldest not_in_channel"""
    },
    "conversations.replies": {
        Rejected: """channel_not_found invalid_cursor invalid_metadata_filter_keys invalid_ts_latest
            invalid_ts_oldest list_record_comment_fetch_failed method_not_supported_for_channel_type"""
    },
    "conversations.list": {
        Rejected: """invalid_cursor invalid_limit invalid_types method_not_supported_for_channel_type
            missing_argument"""
    },
    "conversations.open": {
        Rejected: """channel_not_found invalid_user_combination method_not_supported_for_channel_type
            not_enough_users too_many_users user_disabled user_not_found user_not_visible
            users_list_not_supplied"""
    },
}
CALLS: dict[str, Callable[[SlackChat], object]] = {
    "chat.postMessage": lambda chat: chat.post(INTAKE, MESSAGE, idempotency_key="1", thread_ts=None),
    "chat.update": lambda chat: chat.show_card(
        replace(TICKET, card=MessageRef(channel=TEAM, ts="1.0")),
        None,
        channel=TEAM,
        idempotency_key="1",
        now=0.0,
    ),
    "conversations.members": lambda chat: chat.members(TEAM),
    "usergroups.users.list": lambda chat: chat.members(GROUP),
    "views.update": lambda chat: chat.show_receipt("V1", TICKET, []),
    "chat.getPermalink": lambda chat: chat.link_to(MessageRef(channel=INTAKE, ts="1.0")),
    "conversations.history": lambda chat: chat.find_message(INTAKE, "1", 0.0, thread_ts=None),
    "conversations.replies": lambda chat: chat.find_message(INTAKE, "1", 0.0, thread_ts="1.0"),
    "conversations.list": lambda chat: chat.find_message("#vsp-identity", "1", 0.0, thread_ts=None),
    "conversations.open": lambda chat: chat.find_message(JUNIPER, "1", 0.0, thread_ts=None),
}
ANSWERS = [
    pytest.param(method, code, kind, id=f"{method}-{code}")
    for method in CALLS
    for table in (EVERYWHERE, OWN[method])
    for kind, codes in table.items()
    for code in codes.split()
]


@pytest.mark.parametrize(("method", "code", "kind"), ANSWERS)
def test_every_documented_error_is_told_apart_by_what_may_be_done_about_it(
    chat: SlackChat, slack: SlackWorld, method: str, code: str, kind: type[IdentityBotError]
) -> None:
    slack.faults.add(method, error=code)

    with pytest.raises(kind) as raised:
        CALLS[method](chat)

    assert str(raised.value) == f"Slack's {method}: {code}"
    assert len(slack.traffic.calls(method)) == 1


@pytest.mark.parametrize("method", CALLS)
def test_a_limit_says_how_long_to_wait_and_nobody_sleeps(
    chat: SlackChat, slack: SlackWorld, method: str
) -> None:
    slack.faults.add(method, retry_after=17)
    began = time.monotonic()

    with pytest.raises(Retryable) as later:
        CALLS[method](chat)

    assert later.value.seconds == 17
    assert time.monotonic() - began < 10
    assert len(slack.traffic.calls(method)) == 1


def test_an_error_of_limits_without_a_time_is_waited_for_a_while(chat: SlackChat, slack: SlackWorld) -> None:
    slack.faults.add("chat.postMessage", error="rate_limited")

    with pytest.raises(Retryable) as later:
        CALLS["chat.postMessage"](chat)

    assert later.value.seconds
    assert later.value.seconds >= 1


@pytest.mark.parametrize("status", [400, 403, 404, 408, 500, 502, 503, 504])
def test_an_answer_that_is_no_answer_of_slack_is_an_unknown_outcome(
    chat: SlackChat, slack: SlackWorld, status: int
) -> None:
    slack.faults.add("chat.postMessage", status=status)

    with pytest.raises(OutcomeUnknown, match=f"HTTP {status}"):
        CALLS["chat.postMessage"](chat)

    assert len(slack.traffic.calls("chat.postMessage")) == 1


def test_a_page_of_html_instead_of_json_is_an_unknown_outcome(chat: SlackChat, slack: SlackWorld) -> None:
    slack.faults.add("chat.postMessage", status=200)

    with pytest.raises(OutcomeUnknown):
        CALLS["chat.postMessage"](chat)


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_that_breaks_is_an_unknown_outcome_and_nothing_is_posted_twice(
    chat: SlackChat, slack: SlackWorld, after: bool
) -> None:
    slack.faults.add("chat.postMessage", cut=True, after=after)

    with pytest.raises(OutcomeUnknown):
        CALLS["chat.postMessage"](chat)

    assert len(slack.traffic.calls("chat.postMessage")) == 1
    assert len(slack.messages(INTAKE)) == after


def test_silence_is_an_unknown_outcome_and_nothing_is_posted_twice(
    chat: SlackChat, slack: SlackWorld
) -> None:
    slack.faults.add("chat.postMessage", hang=True, after=True)
    chat.client.timeout = 1

    with pytest.raises(OutcomeUnknown):
        CALLS["chat.postMessage"](chat)

    assert len(slack.messages(INTAKE)) == 1


def test_a_server_that_is_not_there_was_certainly_not_asked() -> None:
    chat = SlackChat(cast.BOT_TOKEN, "http://127.0.0.1:9/slack/api/", People([]))

    with pytest.raises(Retryable, match="connection refused"):
        CALLS["chat.postMessage"](chat)


def test_a_missing_scope_is_named(chat: SlackChat, slack: SlackWorld) -> None:
    slack.scopes = SCOPES - {"chat:write"}

    with pytest.raises(Rejected, match=r"missing_scope \(needed: chat:write\)"):
        CALLS["chat.postMessage"](chat)


@pytest.mark.parametrize("said", ["hunter-2", "Hunter_two", "no_one:here", "x" * 80, "the text: hunter 2"])
def test_what_slack_says_is_not_repeated_unless_it_is_a_code(
    chat: SlackChat, slack: SlackWorld, said: str, tmp_path: Path
) -> None:
    slack.faults.add("chat.postMessage", error=said)
    close = open_debug_file(tmp_path / "debug.log")

    with pytest.raises(OutcomeUnknown) as raised:
        CALLS["chat.postMessage"](chat)
    close()

    assert str(raised.value) == "Slack's chat.postMessage: HTTP 200"
    assert said in (tmp_path / "debug.log").read_text(encoding="utf-8")
