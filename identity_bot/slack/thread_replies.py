"""Replies in threads as Slack's events and its API describe them, read into our values. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from identity_bot.text.formatted import from_slack
from identity_bot.text.names import MEMBER_ID
from identity_bot.tickets.model import ThreadReply

BY_PEOPLE = (None, "file_share", "thread_broadcast")
"""The subtypes of messages that people write; any other is a bot's, or tells what happened to the channel."""
_MEMBER = re.compile(MEMBER_ID)
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")


def reply_in(message: Mapping[str, Any], channel: str) -> ThreadReply | None:
    """What a person said in a thread, its first message too; None for what bots and workflows say."""
    ts, thread_ts, author = (message.get(name) for name in ("ts", "thread_ts", "user"))
    if not (_is_ts(ts) and _is_ts(thread_ts) and isinstance(author, str) and _MEMBER.fullmatch(author)):
        return None
    if message.get("subtype") not in BY_PEOPLE or message.get("bot_id") or message.get("app_id"):
        return None
    words = from_slack(message)
    if not words.text.strip():
        return None  # nothing that could be copied
    edited = message.get("edited")
    edited_at = edited.get("ts") if isinstance(edited, Mapping) else None
    return ThreadReply(
        channel=channel,
        thread_ts=thread_ts,
        ts=ts,
        author=author,
        words=words,
        version=float(edited_at if _is_ts(edited_at) else ts),
    )


def reply_told_by(event: Mapping[str, Any]) -> ThreadReply | None:
    """What an event of the kind `message` tells of, as it is since; None if a person said none of it in a thread.

    https://docs.slack.dev/reference/events/message
    """
    channel = event.get("channel")
    if not isinstance(channel, str):
        return None
    match event.get("subtype"):
        case "message_changed" if _message(event, "message").get("subtype") != "tombstone":
            return reply_in(_message(event, "message"), channel)
        case "message_changed" | "message_deleted":  # the first message of a thread leaves a tombstone
            before = reply_in(_message(event, "previous_message"), channel)
            at = event.get("event_ts")
            if before is None or not _is_ts(at):
                return None
            return ThreadReply(
                channel=channel,
                thread_ts=before.thread_ts,
                ts=before.ts,
                author=before.author,
                version=float(at),
                is_deleted=True,
            )
    return reply_in(event, channel)


def _message(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = event.get(name)
    return found if isinstance(found, Mapping) else {}


def _is_ts(found: Any) -> TypeGuard[str]:
    return isinstance(found, str) and bool(_TS.fullmatch(found))
