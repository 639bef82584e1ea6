"""Asks Slack what stands in the bot's way: its tokens, scopes and channels, and the forms as Slack sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from identity_bot.checks.findings import Finding, ok, problem, warning
from identity_bot.forms.form import Form
from identity_bot.settings import Settings
from identity_bot.slack import modal as blocks
from identity_bot.slack.client import failure
from identity_bot.slack.manifest import EVENTS_PATH, scopes
from identity_bot.slack.modal import Draft

TIMEOUT = 10
"""Seconds that one call may take."""
REMEDY = "add it under OAuth & Permissions (`identity-bot manifest` prints them all) and reinstall the app"


class Refusal(Exception):
    """Slack's word for why not."""

    def __init__(self, said: str, code: str) -> None:
        super().__init__(said)
        self.code = code


def check_slack(settings: Settings, forms: Mapping[str, Form]) -> Iterator[Finding]:
    """What Slack says of the tokens, the scopes, the channels and the forms."""
    yield from _socket(settings)
    if not settings.slack_bot_token:
        return
    asking = Asking(settings.slack_bot_token, settings.slack_api_url)
    try:
        bot = asking("auth.test")
    except Refusal as refusal:
        yield problem(
            f"Slack: {refusal}" if not refusal.code else f"SLACK_BOT_TOKEN: Slack answers {refusal.code}"
        )
        return
    yield ok(f"Slack: signed in to {bot.get('team')} as @{bot.get('user')}")
    granted = {scope.strip() for scope in asking.scopes.split(",") if scope.strip()}
    private = False
    seen: list[Finding] = []
    for what, name in (("intake_channel", settings.intake_channel), ("team_channel", settings.team_channel)):
        is_private, findings = _channel(asking, what, name, granted)
        private = private or is_private
        seen += findings
    yield from _scopes(settings, forms, granted, private)
    yield from seen
    yield from _forms(asking, forms)


class Asking:
    """Calls methods with one token, raising Refusal; `scopes` is what Slack said of the token last."""

    def __init__(self, token: str, api_url: str) -> None:
        self._client = WebClient(token=token, base_url=api_url, timeout=TIMEOUT, retry_handlers=[])
        self.scopes = ""

    def __call__(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        try:
            answer = self._client.api_call(method, params=arguments)
        except SlackApiError as error:
            code = error.response.get("error") if hasattr(error.response, "get") else None
            known = code if isinstance(code, str) and " " not in code else ""
            raise Refusal(str(failure(method, error)), known) from error
        except Exception as error:  # urllib, sockets, TLS and slack_sdk each have their own
            raise Refusal(
                f"cannot be reached ({getattr(error, 'reason', None) or type(error).__name__})", ""
            ) from error
        self.scopes = (
            answer.headers.get("x-oauth-scopes") or answer.headers.get("X-OAuth-Scopes") or self.scopes
        )
        return answer.data if isinstance(answer.data, dict) else {}

    def pages(self, method: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        """All pages of a list."""
        cursor = ""
        while True:
            page = self(method, **arguments, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _socket(settings: Settings) -> Iterator[Finding]:
    if not settings.slack_app_token:
        if settings.slack_signing_secret:
            yield ok(
                f"Slack: HTTP mode; Slack's request URL must lead to {EVENTS_PATH} on "
                f"{settings.http['host']}:{settings.http['port']}"
            )
        return
    try:
        Asking(settings.slack_app_token, settings.slack_api_url)("apps.connections.open")
    except Refusal as refusal:
        hint = "; it needs the scope connections:write" if refusal.code == "missing_scope" else ""
        yield problem(
            f"SLACK_APP_TOKEN: Slack answers {refusal.code}{hint}" if refusal.code else f"Slack: {refusal}"
        )
    else:
        yield ok("Slack: the app token can open a socket (Socket Mode)")


def _scopes(
    settings: Settings, forms: Mapping[str, Form], granted: set[str], private: bool
) -> Iterator[Finding]:
    wanted = scopes(settings, forms, private=private)
    missing = [scope for scope in wanted if scope.name not in granted]
    for scope in missing:
        found = problem if scope.is_needed else warning
        yield found(f"Slack: scope {scope.name} is missing ({scope.reason}); {REMEDY}")
    if not missing:
        yield ok(f"Slack: all {len(wanted)} scopes that are needed are granted")


def _channel(asking: Asking, what: str, name: str, granted: set[str]) -> tuple[bool, list[Finding]]:
    """Whether a channel is private, and what there is to say of it."""
    try:
        channel = (
            channel_by_name(asking, name)
            if name.startswith("#")
            else asking("conversations.info", channel=name)["channel"]
        )
    except Refusal as refusal:
        if refusal.code == "missing_scope":
            return False, [warning(f"{what} {name}: cannot be looked at without the scope channels:read")]
        if refusal.code != "channel_not_found":
            return False, [problem(f"{what} {name}: {refusal}")]
        channel = None
    if channel is None:
        return False, [
            problem(
                f"{what} {name}: there is no such channel that the bot can see; invite the bot if it is private"
            )
        ]
    shown = f"{what} #{channel.get('name', name)}"
    is_private = bool(channel.get("is_private"))
    kind = "private" if is_private else "public"
    if channel.get("is_archived"):
        return is_private, [problem(f"{shown}: is archived, so nothing can be posted there")]
    if channel.get("is_member"):
        return is_private, [ok(f"{shown}: {kind}, and the bot is in it")]
    if not is_private and "chat:write.public" in granted:
        return is_private, [
            warning(
                f"{shown}: the bot may post there but is not in it, so it cannot look whether a post arrived; "
                "invite it with /invite"
            )
        ]
    return is_private, [problem(f"{shown}: {kind}, and the bot is not in it; invite it with /invite")]


def channel_by_name(asking: Asking, name: str) -> Mapping[str, Any] | None:
    """The channel of this name; None where the bot can see none."""
    for kind in ("public_channel", "private_channel"):
        try:
            for page in asking.pages("conversations.list", types=kind, limit=999):
                for channel in page.get("channels") or ():
                    if channel.get("name") == name.removeprefix("#"):
                        return channel  # type: ignore[no-any-return]
        except Refusal as refusal:
            if kind == "public_channel" or refusal.code != "missing_scope":
                raise
    return None


def _forms(asking: Asking, forms: Mapping[str, Form]) -> Iterator[Finding]:
    """What Slack itself says of each form (blocks.validate); nothing where it is not to be had."""
    for name in sorted(forms):
        view = blocks.modal(forms, Draft(type=name))
        try:
            asking("blocks.validate", view=json.dumps(view))
        except Refusal as refusal:
            if refusal.code == "invalid_blocks":
                yield problem(f"request type {name}: Slack would not show its form ({refusal})")
