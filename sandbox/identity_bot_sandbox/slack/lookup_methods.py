"""The Web API methods that look things up: the app, people, groups, conversations and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.call import (
    Arguments,
    Method,
    SlackError,
    channel_of,
    flag,
    need,
    need_scope,
    page,
    user_of,
)
from identity_bot_sandbox.slack.model import Channel, Message, bot_json, in_thread, person_json
from identity_bot_sandbox.slack.workspace import Workspace

_CHANNEL_SCOPES = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


def api_test(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Echo the arguments, or fail with the requested `error`."""
    if arguments.get("error"):
        raise SlackError(str(arguments["error"]), args=dict(arguments))
    return {"args": dict(arguments)}


def auth_test(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Identify the token's owner."""
    return {
        "url": f"{world.base_url}/",
        "team": cast.WORKSPACE_NAME,
        "team_id": cast.WORKSPACE_ID,
        "user": "identity",
        "user_id": cast.BOT_USER_ID,
        "bot_id": cast.BOT_ID,
        "is_enterprise_install": False,
        **({"enterprise_id": world.enterprise_id} if world.enterprise_id else {}),
    }


def users_info(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Describe a person, or the bot."""
    if arguments.get("user") == cast.BOT_USER_ID:
        return {"user": bot_json()}
    return {"user": _person(world, _visible(world, arguments))}


def users_list(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """List everyone, the bot last."""
    visible = [user for user, person in world.people.items() if not person.is_hidden]
    shown, metadata = page(arguments, [*(_person(world, user) for user in visible), bot_json()])
    return {"members": shown, "response_metadata": metadata}


def users_lookup_by_email(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Find a person by email address, in any case."""
    need(arguments, "email")
    wanted = str(arguments["email"]).casefold()
    for user, person in world.people.items():
        if person_json(person)["profile"]["email"] == wanted and not person.is_hidden:
            return {"user": _person(world, user)}
    raise SlackError("users_not_found")


def users_profile_get(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Return a person's profile."""
    return {"profile": _person(world, _visible(world, arguments))["profile"]}


def _visible(world: Workspace, arguments: Arguments) -> str:
    """The person named by `user`; not found if Slack hides people of that organization."""
    user = user_of(world, arguments)
    if world.people[user].is_hidden:
        raise SlackError("user_not_found")
    return user


def _person(world: Workspace, user: str) -> dict[str, Any]:
    person = person_json(world.people[user], is_deleted=user in world.deactivated)
    if "users:read.email" not in world.scopes:
        del person["profile"]["email"]
    return person


def bots_info(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Describe the app's bot."""
    if arguments.get("bot") not in (None, cast.BOT_ID):
        raise SlackError("bot_not_found")
    return {
        "bot": {
            "id": cast.BOT_ID,
            "deleted": False,
            "name": "Identity",
            "app_id": cast.APP_ID,
            "user_id": cast.BOT_USER_ID,
        }
    }


def usergroups_users_list(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """List a user group's members."""
    need(arguments, "usergroup")
    if arguments["usergroup"] not in world.groups:
        raise SlackError("no_such_subteam")
    members = world.groups[arguments["usergroup"]]
    return {"users": [user for user in members if user not in world.deactivated]}


def files_info(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Describe a file."""
    need(arguments, "file")
    if arguments["file"] not in world.files:
        raise SlackError("file_not_found")
    return {"file": world.files[arguments["file"]].json(), "comments": []}


def conversations_list(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """List the conversations of the given `types` that the bot can see."""
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
    """List a conversation's members."""
    channel = channel_of(world, arguments)
    need_scope(world, f"{_CHANNEL_SCOPES[channel.kind]}:read")
    everybody = sorted(channel.members - world.deactivated) + [cast.BOT_USER_ID] * channel.bot_is_member
    shown, metadata = page(arguments, everybody)
    return {"members": shown, "response_metadata": metadata}


def conversations_open(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Open a direct message with one person or several."""
    if arguments.get("channel"):
        channel = channel_of(world, arguments)
    else:
        need(arguments, "users")
        users = [user.strip() for user in str(arguments["users"]).split(",")]
        if not all(user in world.people and not world.people[user].is_hidden for user in users):
            raise SlackError("user_not_found")
        if not world.deactivated.isdisjoint(users):
            raise SlackError("user_disabled")
        channel = world.dm_channel(*users)
    need_scope(world, f"{_CHANNEL_SCOPES[channel.kind]}:write")
    return {"channel": channel.json() if flag(arguments, "return_im") else {"id": channel.channel_id}}


def conversations_join(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Add the bot to a public channel."""
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


def _read(channel: Channel, arguments: Arguments, messages: list[Message]) -> Mapping[str, Any]:
    shown, metadata = page(arguments, messages)
    with_metadata = flag(arguments, "include_all_metadata")
    return {
        "messages": [in_thread(channel.messages, one, with_metadata=with_metadata) for one in shown],
        "has_more": bool(metadata["next_cursor"]),
        "response_metadata": metadata,
    }


def conversations_history(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Read a conversation, newest first, without replies in threads."""
    channel = _readable(world, arguments)
    return _read(channel, arguments, _between(arguments, world.messages(channel.channel_id)[::-1]))


def conversations_replies(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Read a thread, its first message first."""
    need(arguments, "ts")
    channel = _readable(world, arguments)
    thread = world.thread(channel.channel_id, str(arguments["ts"]))
    if not thread:
        raise SlackError("thread_not_found")
    return _read(channel, arguments, thread[:1] + _between(arguments, thread[1:]))


def reactions_get(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Read a message with its reactions."""
    need(arguments, "timestamp")
    channel = channel_of(world, arguments)
    message = channel.messages.get(str(arguments["timestamp"]))
    if message is None:
        raise SlackError("message_not_found")
    return {"type": "message", "channel": channel.channel_id, "message": message.json()}


METHODS: Mapping[str, Method] = {
    "api.test": Method(api_test, None),
    "auth.test": Method(auth_test, None),
    "users.info": Method(users_info, "users:read"),
    "users.list": Method(users_list, "users:read"),
    "users.lookupByEmail": Method(users_lookup_by_email, "users:read.email"),
    "users.profile.get": Method(users_profile_get, "users.profile:read"),
    "bots.info": Method(bots_info, "users:read"),
    "usergroups.users.list": Method(usergroups_users_list, "usergroups:read"),
    "files.info": Method(files_info, "files:read"),
    "conversations.list": Method(conversations_list, "*"),
    "conversations.info": Method(conversations_info, "*"),
    "conversations.members": Method(conversations_members, "*"),
    "conversations.open": Method(conversations_open, "*"),
    "conversations.join": Method(conversations_join, "channels:join"),
    "conversations.history": Method(conversations_history, "*"),
    "conversations.replies": Method(conversations_replies, "*"),
    "reactions.get": Method(reactions_get, "reactions:read"),
}
