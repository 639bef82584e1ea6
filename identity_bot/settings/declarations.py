"""What can be set: each setting once, with the marshmallow field that checks it and the words the README has for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from marshmallow import Schema
from marshmallow.validate import Length

from identity_bot.settings.kinds import (
    CHANNEL,
    GROUP,
    IS_KEY,
    IS_NUMBER,
    LABEL,
    LONGEST_POLL,
    NUMBER,
    PATH,
    POLL,
    POLL_BESIDE_WEBHOOK,
    REPOSITORY,
    SHORTEST_POLL,
    SWITCH,
    are_tables,
    is_interval,
    is_token,
    is_web_address,
    key,
    variable,
)
from identity_bot.settings.sections import (
    ANSWERS,
    AWAY,
    BY_CLICK,
    COMMANDS,
    DAILY,
    HTTP,
    LEADS,
    PEOPLE,
    PRIVACY,
    REACTIONS,
    ROTA,
    SERVICE_LEVELS,
    TABLE,
    TEXTS,
    TURNS,
)
from identity_bot.text.privacy.additions import Additions
from identity_bot.tickets.model import Action
from identity_bot.tickets.rota import Absence, Turns
from identity_bot.tickets.service_levels import ServiceLevels


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubApp:
    """How to sign in to GitHub as an installed GitHub App."""

    app_id: int
    installation_id: int
    private_key: str = dataclasses.field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that the operator decides; secrets are left out of its repr."""

    intake_channel: str = key(
        CHANNEL,
        'where requests are announced and answered in threads: `"#name"` or an id such as `"C024BE91L"`',
        required='the channel where requests are announced, "#name" or its id',
    )
    team_channel: str = key(
        CHANNEL,
        "where the team gets a card for each ticket, and alerts about what does not work",
        required='the channel of the team that answers them, "#name" or its id',
    )
    team_group: str | None = key(
        GROUP,
        'whose members may change tickets, such as `"S0614TZR7"`; without it, the members of the team channel',
        load_default=None,
    )
    repository: str = key(
        REPOSITORY,
        "the repository that gets the issues",
        required='"owner/name" of the repository that gets the issues',
    )
    restricted_repository: str | None = key(
        REPOSITORY, "gets the issues of sensitive requests instead", load_default=None
    )
    label: str = key(
        LABEL,
        "on every issue of the bot, beside a label of the type's name; created when missing",
        load_default="identity-slackbot",
    )
    commands: tuple[str, ...] = key(
        COMMANDS,
        "the slash commands that open the form; at least one",
        load_default=("/help",),
        validate=Length(min=1, error='expected at least one command, such as ["/help"]'),
        post_load=lambda commands: tuple(dict.fromkeys(commands)),
    )
    home: bool = key(
        SWITCH,
        "whether the app's Home tab, and answers to direct messages, offer to start a request; `false` leaves both to "
        "the app that the bot is attached to",
        load_default=True,
    )
    conversation: bool = key(
        SWITCH,
        "whether replies in a ticket's Slack thread are copied to its issue, and comments on the issue to the thread; "
        "`false` leaves people's words where they wrote them",
        load_default=True,
    )
    survey: bool = key(
        SWITCH,
        "whether requestors are asked how satisfied they are once their tickets are closed as completed, each of them "
        "at most once a week; the leads are told of low answers",
        load_default=True,
    )
    reactions: Mapping[str, Action] = key(
        REACTIONS,
        'reactions on a ticket\'s card that do what its button does, such as `{ eyes = "take" }`: '
        + ", ".join(f"`{name}`" for name in BY_CLICK),
        load_default=dict,
        post_load=lambda table: {name: Action(action) for name, action in table.items()},
    )
    leads: tuple[Mapping[str, str], ...] = key(
        LEADS,
        "who is told about urgent requests, what is overdue and low answers, and who may approve",
        load_default=(),
        post_load=tuple,
    )
    rota: tuple[Mapping[str, str], ...] = key(
        ROTA,
        "who takes turns as the SPOC of new tickets, in this order; without it, somebody names the SPOC",
        load_default=(),
        validate=Length(min=1, error="expected at least one person; leave it out if there is no rota"),
        post_load=tuple,
    )
    rota_turns: Turns = key(  # noqa: RUF009 (declares a setting, like the others)
        TURNS,
        'when the turn goes to the next person: `"weekly"` on Mondays, or `"round_robin"` with each ticket',
        load_default=Turns.WEEKLY,
        post_load=Turns,
    )
    away: tuple[Absence, ...] = key(
        AWAY,
        "when people of the rota are away, so that it leaves them out, such as "
        '`{ slack = "U024BE7LH", from = 2026-12-20, to = 2027-01-03 }`',
        load_default=(),
        post_load=tuple,
    )
    people: tuple[Mapping[str, str], ...] = key(
        PEOPLE,
        "Slack ids and GitHub logins of the team's members, and of others whom messages should mention; "
        "leads who name both need not be repeated",
        load_default=(),
        post_load=tuple,
    )
    report: bool = key(
        SWITCH,
        "whether the team channel gets the report of a month on the first business day of the next one; needs "
        "`pip install 'identity-bot[report]'`",
        load_default=False,
    )
    poll_seconds: int = key(
        NUMBER,
        f"how often GitHub is asked what has changed, {SHORTEST_POLL} to {LONGEST_POLL}; by default {POLL}, or "
        f"{POLL_BESIDE_WEBHOOK} if `GITHUB_WEBHOOK_SECRET` is set; 0 for never, which needs the webhook",
        load_default=None,
        validate=is_interval,
    )
    messages: Mapping[str, str] = key(
        TEXTS,
        "other words for the standard messages, [by their names](docs/lifecycle.md), such as `assigned.requestor`",
        post_load=lambda tables: dict(pair for pair in dotted(tables) if isinstance(pair[1], str)),
    )
    debug_file: str | None = key(
        PATH,
        "a file, readable by its owner only, that gets what Slack and GitHub say about failures; it may hold "
        "**personal data**, so set it only while you look for a fault",
        load_default=None,
    )
    privacy: Additions = key(PRIVACY, "")  # noqa: RUF009 (declares a setting, like the others)
    answers: Mapping[str, Any] = key(ANSWERS, "")
    service_levels: ServiceLevels = key(SERVICE_LEVELS, "")  # noqa: RUF009 (declares a setting, like the others)
    digest: time | None = key(  # noqa: RUF009 (declares a setting, like the others)
        DAILY,
        "when the team channel, and whoever of the team wants one, gets a digest on business days, in the time zone of "
        '`service_levels`; `"off"` for none',
        load_default=lambda: time(9),
    )
    http: Mapping[str, Any] = key(HTTP, "")
    request_types: Mapping[str, Mapping[str, Any]] = key(
        TABLE,
        "a section for each request type that needs one, by its name",
        secret=True,
        validate=are_tables,
    )
    """Sections as written; plugins/loader checks each against its type's schema."""
    observers: Mapping[str, Mapping[str, Any]] = key(
        TABLE, "a section for each observer that needs one, by its name", secret=True, validate=are_tables
    )
    """Sections as written; plugins/loader checks each against its observer's schema."""

    slack_bot_token: str | None = variable(
        "the app's bot token, `xoxb-…`; `run` needs it", validate=is_token("xoxb-")
    )
    slack_app_token: str | None = variable(
        "an app-level token, `xapp-…`; with it, `run` uses Socket Mode", validate=is_token("xapp-")
    )
    slack_signing_secret: str | None = variable("what Slack signs its requests with; `run` needs it for HTTP")
    slack_api_url: str = variable(
        "where Slack's Web API is",
        secret=False,
        load_default="https://slack.com/api/",
        validate=is_web_address,
        post_load=lambda url: url.rstrip("/") + "/",
    )
    github_token: str | None = variable("a token that may write issues; needed unless there is an app")
    github_app_id: int | None = variable("a GitHub App instead of a token", validate=IS_NUMBER, post_load=int)
    github_app_installation_id: int | None = variable(
        "where the app is installed", validate=IS_NUMBER, post_load=int
    )
    github_app_private_key: str | None = variable(
        r"the app's key, as PEM, in which line ends may be written as `\n`, or that in base64",
        validate=IS_KEY,
    )
    github_app_private_key_file: str | None = variable("or the path of a file that holds it")
    github_api_url: str = variable(
        "where GitHub's REST API is",
        secret=False,
        load_default="https://api.github.com",
        validate=is_web_address,
        post_load=lambda url: url.rstrip("/"),
    )
    github_webhook_secret: str | None = variable(
        "what GitHub signs its deliveries with; without it, there is no `/github/webhook`"
    )
    database_url: str = variable(
        "the database: SQLite, or `postgresql://…`", load_default="sqlite:///identity-bot.db"
    )

    @property
    def github_auth(self) -> str | GitHubApp:
        """A token, or a GitHub App."""
        return self.github_token or GitHubApp(
            app_id=self.github_app_id or 0,
            installation_id=self.github_app_installation_id or 0,
            private_key=self.github_app_private_key or "",
        )

    @property
    def team(self) -> str:
        """The user group (`S…`) or the channel whose members may change tickets."""
        return self.team_group or self.team_channel

    @property
    def who_is_who(self) -> tuple[Mapping[str, str], ...]:
        """Everybody with both a Slack id and a GitHub login: people, leads, the rota, and those of single types."""
        written = {
            "people": self.people,
            "leads": self.leads,
            "rota": self.rota,
            "request_types": self.request_types,
        }
        return tuple(entry for _, entry in named(written))

    def for_type(self, section: Mapping[str, Any]) -> Mapping[str, Any]:
        """A type's checked section, merged over the settings that apply to all types."""
        common = {
            "repository": self.repository,
            "restricted_repository": self.restricted_repository,
            "labels": [],
            "leads": list(self.leads),
            "rota": list(self.rota),
            "rota_turns": self.rota_turns,
            "away": self.away,
            "messages": self.messages,
            "conversation": self.conversation,
            "people": self.who_is_who,
            "privacy": self.privacy,
            "service_levels": self.service_levels,
        }
        merged = {**common, **section}
        return {**merged, "rota_turns": Turns(merged["rota_turns"])}


KEYS = {one.name: one.metadata["key"] for one in dataclasses.fields(Settings) if "key" in one.metadata}
VARIABLES = {
    one.name: one.metadata["variable"] for one in dataclasses.fields(Settings) if one.name not in KEYS
}
FILE = Schema.from_dict(KEYS)()
"""What the settings file may hold."""
ENVIRONMENT = Schema.from_dict({name.upper(): checked_by for name, checked_by in VARIABLES.items()})()
"""The environment variables that the bot reads, besides CONFIG_VARIABLE."""


def dotted(tables: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """The values in nested tables, by their names joined with dots: TOML allows either spelling."""
    for name, found in tables.items():
        if isinstance(found, Mapping):
            yield from dotted(found, f"{before}{name}.")
        else:
            yield f"{before}{name}", found


def named(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each entry with a Slack id and a GitHub login, and its place, in settings that may not have been checked."""
    lists = [(name, found.get(name)) for name in ("people", "leads", "rota")]
    sections = found.get("request_types")
    for name, section in sections.items() if isinstance(sections, Mapping) else ():
        if isinstance(section, Mapping):
            lists += [(f"request_types.{name}.{key}", entries) for key, entries in section.items()]
    for where, entries in lists:
        for number, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
            match entry:
                case {"slack": str(), "github": str()}:
                    yield f"{where}.{number}", entry
