"""The Web API methods that show something: messages, reactions, modals and home tabs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack import events
from identity_bot_sandbox.slack.call import (
    Arguments,
    Method,
    SlackError,
    channel_of,
    decoded,
    flag,
    need,
    refuse_problems,
    user_of,
)
from identity_bot_sandbox.slack.limits import (
    MESSAGE_TEXT,
    VIEW_BYTES,
    check_blocks,
    check_message,
    check_view,
    view_bytes,
)
from identity_bot_sandbox.slack.model import Channel, Message
from identity_bot_sandbox.slack.views import DEEPEST_STACK, View
from identity_bot_sandbox.slack.workspace import Workspace

EDITED_TEXT = 4000


def _target(world: Workspace, arguments: Arguments) -> Channel:
    """The conversation or direct message to post to, if the bot may post there."""
    need(arguments, "channel")
    if arguments["channel"] in world.people:
        if arguments["channel"] in world.deactivated or world.people[arguments["channel"]].is_hidden:
            raise SlackError("channel_not_found")
        return world.dm_channel(str(arguments["channel"]))
    channel = channel_of(world, arguments)
    if channel.kind == "im" and channel.members <= world.deactivated:
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    if not channel.bot_is_member and "chat:write.public" not in world.scopes:
        raise SlackError("not_in_channel")
    return channel


def _content(world: Workspace, arguments: Arguments) -> dict[str, Any]:
    """The text, blocks, attachments and metadata of a message, checked as Slack checks them."""
    text = str(arguments.get("text") or "")
    blocks = decoded(arguments.get("blocks") or [], "invalid_blocks_format")
    attachments = decoded(arguments.get("attachments") or [], "invalid_attachments")
    if not text and not blocks and not attachments:
        raise SlackError("no_text")
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if len(attachments) > 100:
        raise SlackError("too_many_attachments")
    problems = check_message({"text": text[:MESSAGE_TEXT], "blocks": blocks, "attachments": attachments})
    if problems and all("characters in all" in problem for problem in problems):
        raise SlackError("msg_blocks_too_long")
    refuse_problems("invalid_blocks", problems)
    metadata = decoded(arguments.get("metadata"), "invalid_metadata_format")
    if metadata is not None and not {"event_type", "event_payload"} <= metadata.keys():
        raise SlackError("invalid_metadata_schema")
    content = {"text": text[:MESSAGE_TEXT], "blocks": world.completed(blocks), "attachments": attachments}
    return content if metadata is None else {**content, "metadata": metadata}


def _thread(channel: Channel, arguments: Arguments) -> str | None:
    """The thread to post to. If its first message is gone, Slack silently posts to the channel instead.

    Reported in slack-go#1571: the only sign is that the answer lacks `thread_ts`. A first message that had
    replies when it was deleted leaves a tombstone, and its thread goes on.
    """
    parent = channel.messages.get(str(arguments.get("thread_ts") or ""))
    return None if parent is None else parent.thread_ts or parent.ts


def _in_step(world: Workspace, channel: Channel) -> None:
    seconds = world.pace.wait_for(channel.channel_id)
    if seconds is not None:
        raise SlackError("ratelimited", retry_after=seconds)


def chat_post_message(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Post a message to a conversation or a person."""
    channel = _target(world, arguments)
    content = _content(world, arguments)
    thread_ts = _thread(channel, arguments)
    _in_step(world, channel)
    message = world.post(
        channel.channel_id,
        cast.BOT_USER_ID,
        content.pop("text"),
        is_from_app=True,
        thread_ts=thread_ts,
        is_broadcast=bool(thread_ts) and flag(arguments, "reply_broadcast"),
        unfurls=flag(arguments, "unfurl_links", True),
        **content,
    )
    events.posted(world, message)
    return {"channel": channel.channel_id, "ts": message.ts, "message": message.json(with_metadata=True)}


def chat_post_ephemeral(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Post a message that only one person in a conversation sees."""
    user = user_of(world, arguments)
    channel = _target(world, arguments)
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    if not channel.bot_is_member:
        raise SlackError("not_in_channel")
    content = _content(world, arguments)
    content.pop("metadata", None)
    message = world.post(
        channel.channel_id,
        cast.BOT_USER_ID,
        content.pop("text"),
        is_from_app=True,
        only_for=user,
        thread_ts=_thread(channel, arguments),
        **content,
    )
    return {"message_ts": message.ts}


def _own(world: Workspace, arguments: Arguments, refusal: str) -> tuple[Channel, Message]:
    need(arguments, "ts")
    channel = channel_of(world, arguments)
    message = channel.messages.get(str(arguments["ts"]))
    if message is None or message.is_tombstone:
        raise SlackError("message_not_found")
    if not message.is_from_app:
        raise SlackError(refusal)
    return channel, message


def chat_update(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Change one of the app's own messages; text without blocks removes the blocks."""
    channel, message = _own(world, arguments, "cant_update_message")
    if channel.is_archived:
        raise SlackError("is_inactive")
    if len(str(arguments.get("text") or "")) > EDITED_TEXT:
        raise SlackError("msg_too_long")
    content = _content(world, arguments)
    _in_step(world, channel)
    content["text"] = content["text"] or message.text
    before, message = message, world.edit(message, edited_ts=world.new_ts(), **content)
    events.changed(world, before, message)
    answer = {"channel": channel.channel_id, "ts": message.ts, "text": message.text}
    return {**answer, "message": message.json(with_metadata=True)}


def chat_delete(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Delete one of the app's own messages."""
    channel, message = _own(world, arguments, "cant_delete_message")
    world.delete(message)
    events.deleted(world, message)
    return {"channel": channel.channel_id, "ts": message.ts}


def chat_get_permalink(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Return a message's permalink."""
    need(arguments, "message_ts")
    channel, ts = channel_of(world, arguments), str(arguments["message_ts"])
    message = channel.messages.get(ts)
    if message is None:
        raise SlackError("message_not_found")
    address = f"{world.base_url}/archives/{channel.channel_id}/p{ts.replace('.', '')}"
    if message.is_reply:
        address += f"?thread_ts={message.thread_ts}&cid={channel.channel_id}"
    return {"channel": channel.channel_id, "permalink": address}


def _reaction(world: Workspace, arguments: Arguments) -> tuple[Message, str]:
    """The message and the name of the reaction that a call is about."""
    need(arguments, "name", "timestamp")
    channel = channel_of(world, arguments)
    message = channel.messages.get(str(arguments["timestamp"]))
    if message is None:
        raise SlackError("message_not_found")
    if not channel.bot_is_member:
        raise SlackError("not_in_channel")
    return message, str(arguments["name"]).strip(":")


def reactions_add(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Add an emoji reaction to a message."""
    message, name = _reaction(world, arguments)
    reaction = (name, cast.BOT_USER_ID)
    if reaction in message.reactions:
        raise SlackError("already_reacted")
    world.edit(message, reactions=(*message.reactions, reaction))
    events.reacted(world, cast.BOT_USER_ID, message, name)
    return {}


def reactions_remove(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Remove the bot's own reaction; nobody can remove somebody else's."""
    message, name = _reaction(world, arguments)
    reaction = (name, cast.BOT_USER_ID)
    if reaction not in message.reactions:
        raise SlackError("no_reaction")
    world.edit(message, reactions=tuple(one for one in message.reactions if one != reaction))
    events.reacted(world, cast.BOT_USER_ID, message, name, is_removed=True)
    return {}


def _given(
    world: Workspace, arguments: Arguments, *, kind: str, instead_of: View | None = None
) -> dict[str, Any]:
    """The view that the app sent, if Slack would accept it."""
    need(arguments, "view")
    view = decoded(arguments["view"])
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments")
    if view_bytes(view) > VIEW_BYTES:
        raise SlackError("view_too_large")
    problems = check_view(view)
    if not problems and view["type"] != kind:
        problems = [f"/view/type: {view['type']!r}; Slack wants {kind} here"]
    refuse_problems("invalid_arguments", problems)
    external_id = view.get("external_id")
    namesake = world.views.find(external_id=external_id) if external_id else None
    if namesake is not None and namesake is not instead_of:
        raise SlackError("duplicate_external_id")
    return view


def _triggered(world: Workspace, arguments: Arguments) -> str:
    """Use up a trigger; return the person to show the modal to."""
    need(arguments, "trigger_id")
    trigger = world.triggers.get(str(arguments["trigger_id"]))
    if trigger is None:
        raise SlackError("invalid_trigger_id")
    if trigger.is_used:
        raise SlackError("exchanged_trigger_id")
    if world.real_clock() > trigger.expires:
        raise SlackError("expired_trigger_id")
    trigger.is_used = True
    return trigger.user


def _shown(world: Workspace, view: View) -> Mapping[str, Any]:
    world.announce("home" if view.given["type"] == "home" else "view", user=view.user)
    return {"view": view.json()}


def views_open(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Open a modal for the person behind the trigger."""
    need(arguments, "trigger_id")
    given = _given(world, arguments, kind="modal")
    return _shown(world, world.views.open(_triggered(world, arguments), given))


def views_push(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Push a modal onto the person's stack."""
    need(arguments, "trigger_id")
    given = _given(world, arguments, kind="modal")
    user = _triggered(world, arguments)
    stack = world.views.stacks.get(user)
    if not stack:
        raise SlackError("not_found")
    if len(stack) >= DEEPEST_STACK:
        raise SlackError("push_limit_reached")
    return _shown(world, world.views.push(user, given))


def _check_hash(view: View, arguments: Arguments) -> None:
    if arguments.get("hash") and arguments["hash"] != view.hash:
        raise SlackError("hash_conflict")


def views_update(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Replace the content of an open view."""
    view_id, external_id = arguments.get("view_id"), arguments.get("external_id")
    if not view_id and not external_id:
        need(arguments, "view_id")
    view = world.views.find(view_id=view_id, external_id=external_id)
    if view is None:
        raise SlackError("not_found")
    given = _given(world, arguments, kind=view.given["type"], instead_of=view)
    _check_hash(view, arguments)
    world.views.redraw(view, given)
    return _shown(world, view)


def views_publish(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Publish a person's App Home."""
    user = user_of(world, arguments, "user_id")
    home = world.views.homes.get(user)
    given = _given(world, arguments, kind="home", instead_of=home)
    if home is not None:
        _check_hash(home, arguments)
    return _shown(world, world.views.publish(user, given))


def blocks_validate(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Check blocks, a view or a message without showing them."""
    given = [name for name in ("blocks", "view", "message") if arguments.get(name)]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    value = decoded(arguments[given[0]])
    if given[0] == "blocks":
        refuse_problems("invalid_blocks", check_blocks(value, "message"))
    else:
        refuse_problems("invalid_blocks", check_view(value) if given[0] == "view" else check_message(value))
    return {}


METHODS: Mapping[str, Method] = {
    "chat.postMessage": Method(chat_post_message, "chat:write"),
    "chat.postEphemeral": Method(chat_post_ephemeral, "chat:write"),
    "chat.update": Method(chat_update, "chat:write"),
    "chat.delete": Method(chat_delete, "chat:write"),
    "chat.getPermalink": Method(chat_get_permalink, None),
    "reactions.add": Method(reactions_add, "reactions:write"),
    "reactions.remove": Method(reactions_remove, "reactions:write"),
    "views.open": Method(views_open, None),
    "views.push": Method(views_push, None),
    "views.update": Method(views_update, None),
    "views.publish": Method(views_publish, None),
    "blocks.validate": Method(blocks_validate, None),
}
