"""The manifest of the Slack app for the settings in force, and which scopes the bot needs and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity_bot.forms.form import Form
from identity_bot.forms.questions import Files
from identity_bot.messages import words
from identity_bot.settings import Settings
from identity_bot.slack.inputs import PREFIX

ASK = f"{PREFIX}ask"
"""The callback_id of the global shortcut."""
ASK_ABOUT = f"{PREFIX}ask-about"
"""The callback_id of the shortcut in a message's menu."""

OPENED, DIRECT = "app_home_opened", "message.im"
SAID, SAID_IN_PRIVATE = "message.channels", "message.groups"
"""The events of the Home tab and of messages: to the bot, in public channels that it is in, and in private ones."""
REACTED = "reaction_added"
"""The event of a reaction, if the settings give one a meaning."""

NAME = "Identity Team requests"
DESCRIPTION = "Ask the Identity Team for help; the ticket is a GitHub issue."
LONG_DESCRIPTION = (
    "Opens a form for each type of request to the Identity Team, from a slash command, a shortcut or a message. Each "
    "request becomes an issue in the team's GitHub repository. Slack keeps everybody up to date: the person who asked "
    "in a thread, and the team in its channel."
)
BACKGROUND = "#1b3c6b"
COMMAND_DESCRIPTION = "Ask the Identity Team for help"
SHORTCUT_DESCRIPTION = "Choose a request type and fill out its form"
MESSAGE_SHORTCUT_DESCRIPTION = "Ask for help with this message; updates go to its thread"
LONGEST_USAGE_HINT = 1000
OTHER_WORDS = (
    "12",
    "mine",
    "queue",
    "search words",
    "search-docs words",
    "link octocat",
    "unlink",
    "digest on",
)
"""What can be typed after the command besides a request type, as people would type it."""
EVENTS_PATH = "/slack/events"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """A permission of the Slack app: what the bot needs it for, and whether requests suffer without it."""

    name: str
    reason: str
    is_needed: bool = True
    """False if the bot works without it, only less conveniently."""


def scopes(settings: Settings, forms: Mapping[str, Form], *, private: bool = False) -> tuple[Scope, ...]:
    """The scopes of the bot token; `private` says that a channel in the settings is private, which needs more.

    Each follows from a method that slack/client or `check` calls (docs.slack.dev/reference/methods).
    """
    channels = (settings.intake_channel, settings.team_channel)
    by_name = [channel for channel in channels if channel.startswith("#")]
    heard = "; answers those that people write to the bot" if settings.home else ""
    copied = "; copies replies in tickets' threads" if settings.conversation else ""
    found = [
        Scope(name="commands", reason="slash commands and shortcuts"),
        Scope(name="chat:write", reason="posts to the channels and replies in threads"),
        Scope(
            name="chat:write.public",
            reason="replies in threads of public channels that the bot is not in",
            is_needed=False,
        ),
        Scope(name="users:read", reason="who on the team is a person of this organization; names in forms"),
        Scope(
            name="users:read.email",
            reason="names somebody from GitHub who shows the same e-mail address there as in Slack",
            is_needed=False,
        ),
        Scope(name="channels:history", reason=f"looks for a post of unknown outcome before it posts again{copied}"),
        Scope(name="im:write", reason="the same for direct messages: which conversation they are in"),
        Scope(name="im:history", reason=f"the same for direct messages{heard}"),
    ]  # fmt: skip
    looked_up = [f"the id behind {' and '.join(by_name)}"] if by_name else []
    team = [] if settings.team_group else [f"who is in {settings.team_channel} and may change tickets"]
    if looked_up or team:
        found.append(Scope(name="channels:read", reason="; ".join(looked_up + team)))
    if settings.team_group:
        found.append(Scope(name="usergroups:read", reason="who is in the team_group and may change tickets"))
    if private:
        found.append(Scope(name="groups:history", reason="the same in private channels"))
        reasons = ["the id behind the name of a private channel"] if by_name else []
        reasons += [f"{reason}, if it is private" for reason in team]
        if reasons:
            found.append(Scope(name="groups:read", reason="; ".join(reasons)))
    if settings.reactions:
        found.append(Scope(name="reactions:read", reason="reactions on cards that do what a button does"))
    if settings.report:
        found.append(
            Scope(
                name="files:write",
                reason="shares the monthly report as a picture and a page; without it, its summary only",
                is_needed=False,
            )
        )
    asking = sorted(name for name, form in forms.items() if _asks_for_files(form))
    if asking:
        found.append(Scope(name="files:read", reason=f"files in the form of {', '.join(asking)}"))
    return tuple(found)


def manifest(
    settings: Settings, forms: Mapping[str, Form], *, url: str | None = None, private: bool = False
) -> dict[str, Any]:
    """The app's manifest, for Socket Mode or, with the bot's public `url`, for HTTP.

    See docs.slack.dev/reference/app-manifest.
    """
    request_url = f"{url.rstrip('/')}{EVENTS_PATH}" if url else None
    interactivity: dict[str, Any] = {"is_enabled": True}
    wanted = {
        OPENED: settings.home,
        DIRECT: settings.home or settings.conversation,
        SAID: settings.conversation,
        SAID_IN_PRIVATE: settings.conversation and private,
        REACTED: bool(settings.reactions),
    }
    heard = [name for name, is_wanted in wanted.items() if is_wanted]
    events: dict[str, Any] = {"bot_events": heard}
    if request_url:
        events |= {"request_url": request_url}
        interactivity |= {"request_url": request_url, "message_menu_options_url": request_url}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": NAME,
            "description": DESCRIPTION,
            "long_description": LONG_DESCRIPTION,
            "background_color": BACKGROUND,
        },
        "features": {
            # Without the messages tab, Slack refuses the direct messages that some updates need.
            "app_home": {
                "home_tab_enabled": settings.home,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": not (settings.home or settings.conversation),
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "shortcuts": [
                {
                    "name": words.SHORTCUT,
                    "type": "global",
                    "callback_id": ASK,
                    "description": SHORTCUT_DESCRIPTION,
                },
                {
                    "name": words.MESSAGE_SHORTCUT,
                    "type": "message",
                    "callback_id": ASK_ABOUT,
                    "description": MESSAGE_SHORTCUT_DESCRIPTION,
                },
            ],
            "slash_commands": [
                {
                    "command": command,
                    "description": COMMAND_DESCRIPTION,
                    **_usage_hint(forms),
                    "should_escape": False,
                    **({"url": request_url} if request_url else {}),
                }
                for command in settings.commands
            ],
        },
        "oauth_config": {
            "scopes": {"bot": sorted(scope.name for scope in scopes(settings, forms, private=private))}
        },
        "settings": {
            **({"event_subscriptions": events} if heard else {}),
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,
        },
    }


def _usage_hint(forms: Mapping[str, Form]) -> dict[str, str]:
    """What to type after the command: the names of request types, as many as fit, then the other words."""
    if not forms:
        return {}
    names: list[str] = []
    for name in sorted(forms):
        if len(" | ".join([*names, name, *OTHER_WORDS])) > LONGEST_USAGE_HINT - 2:
            break
        names.append(name)
    return {"usage_hint": f"[{' | '.join([*names, *OTHER_WORDS])}]"}


def _asks_for_files(form: Form) -> bool:
    return any(isinstance(question, Files) for question in form.all_questions)
