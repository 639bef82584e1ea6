"""Checks with Slack: the tokens, their scopes, the channels, and the forms as Slack sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from identity_bot.checks import Finding, ok, problem, warning
from identity_bot.errors import IdentityBotError
from identity_bot.forms.form import Form
from identity_bot.settings import Settings
from identity_bot.slack import modal
from identity_bot.slack.client import SlackChat
from identity_bot.slack.errors import code_of
from identity_bot.slack.manifest import EVENTS_PATH, scopes
from identity_bot.slack.modal import Draft
from identity_bot.tickets.people import People

Channel = Mapping[str, Any]
"""A channel as Slack describes it (reference/objects/conversation-object)."""

SHARED = ("is_ext_shared", "is_pending_ext_shared")
"""Slack's flags of a channel that other organizations are in, or are invited to."""
REMEDY = "add it under OAuth & Permissions (`identity-bot manifest` prints them all) and reinstall the app"


def check_slack(chat: SlackChat, settings: Settings, forms: Mapping[str, Form]) -> Iterator[Finding]:
    """What Slack says about the tokens, the scopes, the channels and the forms."""
    yield from _socket(settings)
    if not settings.slack_bot_token:
        return
    try:
        bot = chat.call("auth.test")
    except IdentityBotError as error:
        yield _refused("SLACK_BOT_TOKEN", error)
        return
    yield ok(f"Slack: signed in to {bot.get('team')} as @{bot.get('user')}")
    headers = {name.lower(): value for name, value in bot.headers.items()}
    granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",") if scope.strip()}
    intake, team = (_channel(chat, name) for name in (settings.intake_channel, settings.team_channel))
    yield from _scopes(settings, forms, granted, private=any(map(_is_private, (intake, team))))
    yield _usable(f"intake_channel {settings.intake_channel}", intake, granted)
    yield _usable(f"team_channel {settings.team_channel}", team, granted)
    yield from _outsiders(team, settings)
    for name in sorted(forms):
        yield from _form(chat, name, forms)


def _refused(what: str, error: IdentityBotError, hint: str = "") -> Finding:
    code = code_of(error)
    return problem(f"{what}: Slack answers {code}{hint}" if code else f"Slack cannot be reached: {error}")


def _socket(settings: Settings) -> Iterator[Finding]:
    if settings.slack_app_token:
        try:
            SlackChat(settings.slack_app_token, settings.slack_api_url, People([])).call(
                "apps.connections.open"
            )
        except IdentityBotError as error:
            hint = "; it needs the scope connections:write" if code_of(error) == "missing_scope" else ""
            yield _refused("SLACK_APP_TOKEN", error, hint)
        else:
            yield ok("Slack: the app token can open a socket (Socket Mode)")
    elif settings.slack_signing_secret:
        yield ok(
            f"Slack: HTTP mode; Slack's request URL must lead to {EVENTS_PATH} on "
            f"{settings.http['host']}:{settings.http['port']}"
        )


def _scopes(
    settings: Settings, forms: Mapping[str, Form], granted: set[str], *, private: bool
) -> Iterator[Finding]:
    wanted = scopes(settings, forms, private=private)
    missing = [scope for scope in wanted if scope.name not in granted]
    for scope in missing:
        verdict = problem if scope.is_needed else warning
        yield verdict(f"Slack: scope {scope.name} is missing ({scope.reason}); {REMEDY}")
    if not missing:
        yield ok(f"Slack: all {len(wanted)} scopes that are needed are granted")


def _channel(chat: SlackChat, name: str) -> Channel | IdentityBotError:
    """A channel as Slack describes it, or why it does not."""
    try:
        return chat.channel(name, archived=True)
    except IdentityBotError as error:
        return error


def _is_private(channel: Channel | IdentityBotError) -> bool:
    return isinstance(channel, Mapping) and bool(channel.get("is_private"))


def _usable(what: str, channel: Channel | IdentityBotError, granted: set[str]) -> Finding:
    """Whether the bot can use a channel; `what` is its key and its name or id in the settings."""
    if isinstance(channel, IdentityBotError):
        code = code_of(channel)
        if code == "missing_scope":
            return warning(f"{what}: cannot be checked without the scope channels:read")
        if code != "channel_not_found":
            return problem(f"{what}: {channel}")
        return problem(
            f"{what}: there is no such channel that the bot can see; invite the bot if it is private"
        )
    shown = _shown(what, channel)
    kind = "private" if _is_private(channel) else "public"
    if channel.get("is_archived"):
        return problem(f"{shown}: is archived, so nothing can be posted there")
    if channel.get("is_member"):
        return ok(f"{shown}: {kind}, and the bot is in it")
    if not _is_private(channel) and "chat:write.public" in granted:
        return warning(
            f"{shown}: the bot may post there but is not in it, so it can neither check whether a post arrived nor "
            "copy replies; invite it with /invite"
        )
    return problem(f"{shown}: {kind}, and the bot is not in it; invite it with /invite")


def _outsiders(channel: Channel | IdentityBotError, settings: Settings) -> Iterator[Finding]:
    """Who may change or read tickets because of the kind of channel that the team has."""
    if isinstance(channel, IdentityBotError):
        return
    shown = _shown(f"team_channel {settings.team_channel}", channel)
    if not _is_private(channel) and not settings.team_group:
        yield warning(
            f"{shown}: public, so everybody in the workspace can join it and then change tickets; make it private, "
            "or set team_group to the user group of those who should"
        )
    if any(map(channel.get, SHARED)):
        yield warning(
            f"{shown}: shared with another organization, whose people can read its cards of tickets"
        )


def _shown(what: str, channel: Channel) -> str:
    """The key and the name of a channel, whether the settings have its name or its id."""
    key, _, name = what.partition(" ")
    return f"{key} #{channel.get('name', name)}"


def _form(chat: SlackChat, name: str, forms: Mapping[str, Form]) -> Iterator[Finding]:
    """A problem if Slack itself refuses the form; nothing if Slack cannot tell."""
    view = modal.modal(forms, Draft(type=name))
    try:
        chat.call("blocks.validate", view=json.dumps(view))
    except IdentityBotError as error:
        if code_of(error) == "invalid_blocks":
            yield problem(f"request type {name}: Slack would not show its form ({error})")
