"""How the sandbox's Slack reads a method's arguments and refuses a call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from identity_bot_sandbox.errors import SandboxError
from identity_bot_sandbox.slack.model import Channel
from identity_bot_sandbox.slack.workspace import Workspace

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method and the scope it requires (`*` if it checks scopes itself)."""

    act: Callable[[Workspace, Arguments], Mapping[str, Any]]
    scope: str | None = None


class SlackError(SandboxError):
    """Slack refuses a call with one of its error codes; `more` goes into the answer beside it."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


def refuse_problems(error: str, problems: Sequence[str]) -> None:
    """Refuse the call if the referee found problems, in Slack's format."""
    if not problems:
        return
    pairs = [problem.split(": ", 1) for problem in problems]
    written = [f"{reason} [json-pointer:{pointer}]" for pointer, reason in pairs]
    messages = [f"[ERROR] {line}" for line in written]
    raise SlackError(error, errors=written, response_metadata={"messages": messages})


def need(arguments: Arguments, *names: str) -> None:
    """Refuse a call that lacks one of the named arguments."""
    missing = [name for name in names if arguments.get(name) in (None, "")]
    if missing:
        lines = [f"[ERROR] missing required field: {name}" for name in missing]
        raise SlackError("invalid_arguments", response_metadata={"messages": lines})


def decoded(value: Any, error: str = "invalid_arguments") -> Any:
    """An argument that form-encoded calls send as a JSON string."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError(error) from None


def flag(arguments: Arguments, name: str, default: bool = False) -> bool:
    """A boolean argument, which forms write as `1`, `0`, `true` or `false`."""
    value = arguments.get(name, default)
    return value.lower() in ("1", "true") if isinstance(value, str) else bool(value)


def page(arguments: Arguments, items: Sequence[Any], default: int = 100) -> tuple[list[Any], dict[str, Any]]:
    """The page of items at `cursor`, at most `limit`, and the metadata with the next cursor."""
    try:
        limit = int(arguments.get("limit") or default)
        start = int(str(arguments.get("cursor") or "next:0").removeprefix("next:"))
    except ValueError:
        raise SlackError("invalid_cursor") from None
    end = start + max(1, min(limit, 999))
    return list(items[start:end]), {"next_cursor": f"next:{end}" if end < len(items) else ""}


def channel_of(world: Workspace, arguments: Arguments) -> Channel:
    """The conversation named by `channel`; not found if the bot cannot see it."""
    need(arguments, "channel")
    try:
        channel = world.channel(str(arguments["channel"]))
    except LookupError:
        raise SlackError("channel_not_found") from None
    if (channel.is_private or channel.is_direct) and not channel.bot_is_member:
        raise SlackError("channel_not_found")
    return channel


def user_of(world: Workspace, arguments: Arguments, name: str = "user") -> str:
    """The person named by `user`."""
    need(arguments, name)
    if arguments[name] not in world.people:
        raise SlackError("user_not_found")
    return str(arguments[name])


def need_scope(world: Workspace, scope: str) -> None:
    """Refuse the call if the token lacks a scope."""
    if scope not in world.scopes:
        raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(world.scopes)))
