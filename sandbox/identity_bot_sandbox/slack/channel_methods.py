"""The conversations.* methods of the sandbox's Slack: what the bot may see, join and read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.refusal import (
    Arguments,
    Method,
    SlackError,
    channel_of,
    flag,
    need,
    need_scope,
    page,
)
from identity_bot_sandbox.slack.state import Workspace
from identity_bot_sandbox.slack.values import Channel, Message

_CHANNEL_SCOPES = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


def conversations_list(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """List the conversations of the wanted `types` that the bot may see."""
    kinds = str(arguments.get("types") or "public_channel").replace(" ", "").split(",")
    wanted = [{"public_channel": "channel", "private_channel": "group"}.get(kind, kind) for kind in kinds]
    for kind in wanted:
        if kind not in _CHANNEL_SCOPES:
            raise SlackError("invalid_types")
        need_scope(world, f"{_CHANNEL_SCOPES[kind]}:read")
    drop_archived = flag(arguments, "exclude_archived")
    found = [
        channel.json()
        for channel in world.channels.values()
        if channel.kind in wanted
        and (channel.kind == "channel" or channel.bot_is_member)
        and not (drop_archived and channel.is_archived)
    ]
    shown, metadata = page(arguments, found)
    return {"channels": shown, "response_metadata": metadata}


def conversations_info(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Describe a conversation."""
    channel = channel_of(world, arguments)
    need_scope(world, f"{_CHANNEL_SCOPES[channel.kind]}:read")
    return {"channel": channel.json()}


def conversations_members(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """List who is in a conversation."""
    channel = channel_of(world, arguments)
    need_scope(world, f"{_CHANNEL_SCOPES[channel.kind]}:read")
    everybody = sorted(channel.members - world.deactivated) + [cast.BOT_USER_ID] * channel.bot_is_member
    shown, metadata = page(arguments, everybody)
    return {"members": shown, "response_metadata": metadata}


def conversations_open(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Open the direct messages with one person or a few."""
    if arguments.get("channel"):
        channel = channel_of(world, arguments)
    else:
        need(arguments, "users")
        users = [user.strip() for user in str(arguments["users"]).split(",")]
        if not all(user in world.people for user in users):
            raise SlackError("user_not_found")
        if not world.deactivated.isdisjoint(users):
            raise SlackError("user_disabled")
        channel = world.dm_channel(*users)
    need_scope(world, f"{_CHANNEL_SCOPES[channel.kind]}:write")
    return {"channel": channel.json() if flag(arguments, "return_im") else {"id": channel.channel_id}}


def conversations_join(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Take the bot into a public channel."""
    channel = channel_of(world, arguments)
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    channel.bot_is_member = True
    world.announce("channel", channel=channel.channel_id)
    return {"channel": channel.json()}


def _readable(world: Workspace, arguments: Arguments) -> Channel:
    channel = channel_of(world, arguments)
    need_scope(world, f"{_CHANNEL_SCOPES[channel.kind]}:history")
    if not channel.bot_is_member:
        raise SlackError("not_in_channel")
    return channel


def _between(arguments: Arguments, messages: list[Message]) -> list[Message]:
    oldest, latest = (str(arguments.get(name) or "") for name in ("oldest", "latest"))
    inclusive = flag(arguments, "inclusive")

    def is_wanted(ts: str) -> bool:
        if inclusive and ts in (oldest, latest):
            return True
        return (not oldest or float(ts) > float(oldest)) and (not latest or float(ts) < float(latest))

    return [message for message in messages if is_wanted(message.ts)]


def _read(arguments: Arguments, messages: list[Message]) -> Mapping[str, Any]:
    shown, metadata = page(arguments, messages)
    with_metadata = flag(arguments, "include_all_metadata")
    return {
        "messages": [message.json(with_metadata=with_metadata) for message in shown],
        "has_more": bool(metadata["next_cursor"]),
        "response_metadata": metadata,
    }


def conversations_history(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Read a conversation, newest first, without what stands only in threads."""
    channel = _readable(world, arguments)
    return _read(arguments, _between(arguments, world.messages(channel.channel_id)[::-1]))


def conversations_replies(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Read a thread, its first message first."""
    need(arguments, "ts")
    channel = _readable(world, arguments)
    thread = world.thread(channel.channel_id, str(arguments["ts"]))
    if not thread:
        raise SlackError("thread_not_found")
    return _read(arguments, thread[:1] + _between(arguments, thread[1:]))


CHANNEL_METHODS: Mapping[str, Method] = {
    "conversations.list": Method(conversations_list, "*"),
    "conversations.info": Method(conversations_info, "*"),
    "conversations.members": Method(conversations_members, "*"),
    "conversations.open": Method(conversations_open, "*"),
    "conversations.join": Method(conversations_join, "channels:join"),
    "conversations.history": Method(conversations_history, "*"),
    "conversations.replies": Method(conversations_replies, "*"),
}
