"""Checks with Slack: the tokens, their scopes, the channels, and the forms as Slack sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from identity_bot.checks import Finding, ok, problem, warning
from identity_bot.errors import IdentityBotError
from identity_bot.forms.form import Form
from identity_bot.settings import Settings
from identity_bot.slack import modal
from identity_bot.slack.client import SlackChat, code_of
from identity_bot.slack.manifest import EVENTS_PATH, scopes
from identity_bot.slack.modal import Draft
from identity_bot.tickets.people import People

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
    channels = [
        _channel(chat, what, name, granted)
        for what, name in (
            ("intake_channel", settings.intake_channel),
            ("team_channel", settings.team_channel),
        )
    ]
    yield from _scopes(settings, forms, granted, private=any(is_private for is_private, _ in channels))
    yield from (finding for _, finding in channels)
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


def _channel(chat: SlackChat, what: str, name: str, granted: set[str]) -> tuple[bool, Finding]:
    """Whether a channel is private, and whether the bot can use it."""
    try:
        channel = chat.channel(name, archived=True)
    except IdentityBotError as error:
        code = code_of(error)
        if code == "missing_scope":
            return False, warning(f"{what} {name}: cannot be checked without the scope channels:read")
        if code != "channel_not_found":
            return False, problem(f"{what} {name}: {error}")
        return False, problem(
            f"{what} {name}: there is no such channel that the bot can see; invite the bot if it is private"
        )
    shown = f"{what} #{channel.get('name', name)}"
    is_private = bool(channel.get("is_private"))
    kind = "private" if is_private else "public"
    if channel.get("is_archived"):
        return is_private, problem(f"{shown}: is archived, so nothing can be posted there")
    if channel.get("is_member"):
        return is_private, ok(f"{shown}: {kind}, and the bot is in it")
    if not is_private and "chat:write.public" in granted:
        return is_private, warning(
            f"{shown}: the bot may post there but is not in it, so it cannot check whether a post arrived; "
            "invite it with /invite"
        )
    return is_private, problem(f"{shown}: {kind}, and the bot is not in it; invite it with /invite")


def _form(chat: SlackChat, name: str, forms: Mapping[str, Form]) -> Iterator[Finding]:
    """A problem if Slack itself refuses the form; nothing if Slack cannot tell."""
    view = modal.modal(forms, Draft(type=name))
    try:
        chat.call("blocks.validate", view=json.dumps(view))
    except IdentityBotError as error:
        if code_of(error) == "invalid_blocks":
            yield problem(f"request type {name}: Slack would not show its form ({error})")
