"""The methods of Slack's Web API about the app itself, people, groups and files, and blocks.validate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot.forms.slack_limits import check_blocks, check_message, check_view
from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.refusal import (
    Arguments,
    Method,
    SlackError,
    decoded,
    need,
    page,
    refuse_problems,
    user_of,
)
from identity_bot_sandbox.slack.state import Workspace
from identity_bot_sandbox.slack.values import bot_json, person_json


def api_test(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Answer, or refuse with the `error` asked for."""
    if arguments.get("error"):
        raise SlackError(str(arguments["error"]), args=dict(arguments))
    return {"args": dict(arguments)}


def auth_test(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Say who the token belongs to."""
    return {
        "url": f"{world.base_url}/",
        "team": cast.WORKSPACE_NAME,
        "team_id": cast.WORKSPACE_ID,
        "user": "identity",
        "user_id": cast.BOT_USER_ID,
        "bot_id": cast.BOT_ID,
        "is_enterprise_install": False,
    }


def users_info(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Describe a person, or the bot."""
    if arguments.get("user") == cast.BOT_USER_ID:
        return {"user": bot_json()}
    user = user_of(world, arguments)
    return {"user": _person(world, user)}


def users_list(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """List everybody, the bot last."""
    shown, metadata = page(arguments, [*(_person(world, user) for user in world.people), bot_json()])
    return {"members": shown, "response_metadata": metadata}


def users_lookup_by_email(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Find a person by their e-mail address."""
    need(arguments, "email")
    for user in world.people:
        if person_json(world.people[user])["profile"]["email"] == arguments["email"]:
            return {"user": _person(world, user)}
    raise SlackError("users_not_found")


def users_profile_get(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Give a person's profile."""
    return {"profile": _person(world, user_of(world, arguments))["profile"]}


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
    """List who is in a user group."""
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


def blocks_validate(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Check blocks, a view or a message without showing them to anybody."""
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
    "api.test": Method(api_test, None),
    "auth.test": Method(auth_test, None),
    "users.info": Method(users_info, "users:read"),
    "users.list": Method(users_list, "users:read"),
    "users.lookupByEmail": Method(users_lookup_by_email, "users:read.email"),
    "users.profile.get": Method(users_profile_get, "users.profile:read"),
    "bots.info": Method(bots_info, "users:read"),
    "usergroups.users.list": Method(usergroups_users_list, "usergroups:read"),
    "files.info": Method(files_info, "files:read"),
    "blocks.validate": Method(blocks_validate, None),
}
