"""The views.* methods of the sandbox's Slack: modals opened by triggers, updates with hashes, home tabs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot.forms.slack_limits import VIEW_BYTES, check_view, view_bytes
from identity_bot_sandbox.slack.refusal import (
    Arguments,
    Method,
    SlackError,
    decoded,
    need,
    refuse_problems,
    user_of,
)
from identity_bot_sandbox.slack.state import Workspace
from identity_bot_sandbox.slack.views import DEEPEST_STACK, View


def _given(
    world: Workspace, arguments: Arguments, *, kind: str, instead_of: View | None = None
) -> dict[str, Any]:
    """The view that the app sent, refused as Slack would refuse it."""
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
    """Use a trigger up; gives the person in front of whom the modal may be shown."""
    need(arguments, "trigger_id")
    trigger = world.triggers.get(str(arguments["trigger_id"]))
    if trigger is None:
        raise SlackError("invalid_trigger_id")
    if trigger.is_used:
        raise SlackError("exchanged_trigger_id")
    if world.clock() > trigger.expires:
        raise SlackError("expired_trigger_id")
    trigger.is_used = True
    return trigger.user


def _shown(world: Workspace, view: View) -> Mapping[str, Any]:
    world.announce("home" if view.given["type"] == "home" else "view", user=view.user)
    return {"view": view.json()}


def views_open(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Show a modal to the person whose act gave the trigger."""
    need(arguments, "trigger_id")
    given = _given(world, arguments, kind="modal")
    return _shown(world, world.views.open(_triggered(world, arguments), given))


def views_push(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Show a modal above the one in which the person did something."""
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
    """Show another content in a view that is still open."""
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
    """Show a person their home tab."""
    user = user_of(world, arguments, "user_id")
    home = world.views.homes.get(user)
    given = _given(world, arguments, kind="home", instead_of=home)
    if home is not None:
        _check_hash(home, arguments)
    return _shown(world, world.views.publish(user, given))


VIEW_METHODS: Mapping[str, Method] = {
    "views.open": Method(views_open, None),
    "views.push": Method(views_push, None),
    "views.update": Method(views_update, None),
    "views.publish": Method(views_publish, None),
}
