"""The events that Slack sends to the app about messages and reactions, whoever wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.model import TEAM, TOKEN, Channel, Message, in_thread
from identity_bot_sandbox.slack.workspace import Workspace


def tell(world: Workspace, name: str, event: Mapping[str, Any]) -> None:
    """Send an event without waiting for the app, if the app subscribed to it."""
    if name not in world.events:
        return
    world.delivery.tell(
        {
            "token": TOKEN,
            "team_id": TEAM["id"],
            "api_app_id": cast.APP_ID,
            "type": "event_callback",
            "event": event,
            "event_id": world.new_id("Ev"),
            "event_time": int(world.clock()),
            "is_ext_shared_channel": False,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM["id"],
                    "user_id": cast.BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
        }
    )


def posted(world: Workspace, message: Message) -> None:
    """Tell the app about a new message, by the subtype that Slack gives it.

    docs.slack.dev/reference/events/message: `thread_broadcast` has the thread's first message as `root`.
    """
    channel = world.channel(message.channel)
    event = {**in_thread(channel.messages, message), "event_ts": message.ts}
    if message.files:
        event |= {"subtype": "file_share", "upload": False, "display_as_bot": False}
    if message.is_broadcast:
        root = channel.messages.get(message.thread_ts or "")
        event |= {"subtype": "thread_broadcast"}
        event |= {"root": in_thread(channel.messages, root)} if root else {}
    _tell_of_message(world, channel, event)
    if f"<@{cast.BOT_USER_ID}" in message.text and channel.bot_is_member and not message.is_from_app:
        mention = {**event, "channel": channel.channel_id, "channel_type": channel.kind}
        tell(world, "app_mention", {**mention, "type": "app_mention"})


def changed(world: Workspace, before: Message, after: Message) -> None:
    """Tell the app that a message was edited, got a preview of a link, or became a tombstone."""
    channel = world.channel(after.channel)
    versions = {
        "message": in_thread(channel.messages, after),
        "previous_message": in_thread(channel.messages, before),
    }
    _tell_of_message(world, channel, {**_hidden(world, "message_changed"), **versions})


def deleted(world: Workspace, message: Message) -> None:
    """Tell the app that a message was deleted; one that leaves a tombstone is only changed."""
    channel = world.channel(message.channel)
    left = channel.messages.get(message.ts)
    if left is not None:
        changed(world, message, left)
        return
    gone = {"deleted_ts": message.ts, "previous_message": in_thread(channel.messages, message)}
    _tell_of_message(world, channel, {**_hidden(world, "message_deleted"), **gone})


def reacted(world: Workspace, user: str, message: Message, name: str, *, is_removed: bool = False) -> None:
    """Tell the app that somebody added a reaction to a message, or removed it."""
    if not world.channel(message.channel).bot_is_member or "reactions:read" not in world.scopes:
        return
    kind = "reaction_removed" if is_removed else "reaction_added"
    event = {
        "type": kind,
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
        "item_user": message.user,
        "event_ts": world.new_ts(),
    }
    tell(world, kind, event)


def _hidden(world: Workspace, subtype: str) -> dict[str, Any]:
    now = world.new_ts()
    return {"type": "message", "subtype": subtype, "hidden": True, "ts": now, "event_ts": now}


def _tell_of_message(world: Workspace, channel: Channel, event: Mapping[str, Any]) -> None:
    """Send a message's event, if the app's bot is in the conversation."""
    if channel.bot_is_member:
        name = f"message.{channel.kind}" if channel.is_direct else f"message.{channel.kind}s"
        tell(world, name, {**event, "channel": channel.channel_id, "channel_type": channel.kind})
