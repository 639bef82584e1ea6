"""What can be set: each setting once, with the marshmallow field that checks it and the words the README has for it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, OneOf, Range, Regexp

from identity_bot.settings.service_levels import DailyTime, PromisesField, ServiceLevelSettings
from identity_bot.text.names import LOGIN, MEMBER_ID
from identity_bot.text.privacy.additions import Additions, problem_with
from identity_bot.tickets.actions import ACTIONS, By
from identity_bot.tickets.model import Action
from identity_bot.tickets.rota import Absence, Turns
from identity_bot.tickets.service_levels import ServiceLevels

SHORTEST_POLL, LONGEST_POLL = 10, 3600
POLL, POLL_BESIDE_WEBHOOK = 60, 300
"""Seconds between two polls of GitHub: without a webhook, and with one, to catch what it missed."""

LONGEST_REFRESH = 1440


# How a setting is declared


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of setting: its name in the README, its marshmallow field, and an example of its value."""

    name: str
    field: Callable[..., fields.Field[Any]]
    example: str = ""

    def __call__(self, meaning: str = "", *, required: str = "", **options: Any) -> fields.Field[Any]:
        """The field of one setting; `required` tells the operator what to enter if it is missing."""
        told = {"kind": self.name, "meaning": meaning, "example": self.example}
        if required:
            told["expected"] = required
        return self.field(required=bool(required), metadata=told, **options)


def _text(name: str, pattern: str, expected: str, example: str = "") -> _Kind:
    matches = Regexp(rf"(?:{pattern})\Z", error=f"expected {expected}")
    return _Kind(name, partial(fields.String, validate=matches), example)


def _key(kind: _Kind, meaning: str, *, secret: bool = False, **options: Any) -> Any:
    """Declares a setting in the file."""
    return dataclasses.field(repr=not secret, metadata={"key": kind(meaning, **options)})


def _variable(meaning: str, *, secret: bool = True, **options: Any) -> Any:
    """Declares an environment variable, by its name in lower case; errors never quote its value."""
    checked_by = _Kind("text", fields.String)(meaning, load_only=True, **({"load_default": None} | options))
    return dataclasses.field(repr=not secret, metadata={"variable": checked_by})


def _are_tables(sections: Mapping[str, Any]) -> None:
    wrong = {name: ["Invalid input type."] for name, one in sections.items() if not isinstance(one, dict)}
    if wrong:
        raise ValidationError(wrong)


def _is_interval(seconds: int) -> None:
    if seconds != 0 and not SHORTEST_POLL <= seconds <= LONGEST_POLL:
        raise ValidationError(f"expected {SHORTEST_POLL} to {LONGEST_POLL} seconds, or 0 for no polling")


def _is_web_address(text: str) -> None:
    with contextlib.suppress(ValueError):
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname:
            return
    raise ValidationError("not a web address; expected one that begins with https://")


def _is_pattern(text: str) -> None:
    if problem := problem_with(text):
        raise ValidationError(problem)


def _is_token(start: str) -> Regexp:
    return Regexp(start, error=f"not a valid token; expected one that begins with {start}")


_IS_NUMBER = Regexp(r"[0-9]{1,18}\Z", error="not a number; expected digits")
_IS_KEY = Regexp(r"(?s).*PRIVATE KEY", error="not a private key; expected its PEM text, or that in base64")

_CHANNEL = _text(
    "channel",
    r"#[^\s,#@]{1,80}|[CG][A-Z0-9]{2,}",
    'a channel, "#name" or an id such as "C024BE91L"',
    "#channel",
)
_REPOSITORY = _text(
    '`"owner/name"`',
    r"[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}",
    '"owner/name" of a repository',
    "owner/name",
)
_COMMAND = _text(
    "command",
    "/[a-z0-9_-]{1,31}",
    'a command such as "/help": a slash, then lowercase letters, at most 32 characters',
)
_LABEL = _text("text", r"(?=.*\S).{1,50}", "the name of a label: 1 to 50 characters")
_MEMBER = _text("member id", MEMBER_ID, 'a Slack member id such as "U024BE7LH"')
_GROUP = _text("user group id", "S[A-Z0-9]{2,}", 'the id of a Slack user group such as "S0614TZR7"')
_LOGIN = _text("login", LOGIN, "a GitHub login, without an @")
_PATH = _text("path", r"(?=.*\S)[^\0]+", "the path of a file", "debug.log")
_IN_REPOSITORY = _text(
    "path",
    r"/?(?!\.{1,2}(?:/|\Z))[^/\0\s](?:[^/\0\n]|/(?!\.{0,2}(?:/|\Z)))*/?",
    'a folder in the repository, such as "docs/help"',
    "docs/help",
)
_SWITCH = _Kind("true or false", partial(fields.Boolean, truthy={True}, falsy={False}))
_PATTERN = _Kind("pattern", partial(fields.String, validate=_is_pattern))
_NUMBER = _Kind("number", partial(fields.Integer, strict=True))


class _Day(fields.Date):
    """A day without a time of day, which TOML can write beside it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> date:
        if isinstance(value, datetime):
            raise self.make_error("invalid", input=value)
        day: date = super()._deserialize(value, attr, data, **more)
        return day


_DAY = _Kind("date", _Day)

# What can be set


class LeadSettings(Schema):
    """Somebody to tell about urgent requests: mentioned in Slack, assigned in GitHub, or both."""

    slack = _MEMBER('mentioned in the team channel, such as `"U024BE7LH"`')
    github = _LOGIN("assigned to the issue; each lead has one of the two, or both")

    @validates_schema
    def _is_somebody(self, lead: Mapping[str, Any], **_: Any) -> None:
        if not lead:
            raise ValidationError("empty; expected slack, github or both")


class AbsenceSettings(Schema):
    """The days on which somebody of the rota is away."""

    slack = _MEMBER("who is away, as in the rota or in `people`")
    github = _LOGIN("the same person's GitHub login; one of the two is enough")
    first = _DAY("the first day, such as `2026-12-20`", required="a day such as 2026-12-20", data_key="from")
    last = _DAY("the last day", required="a day such as 2027-01-03", data_key="to")

    @validates_schema
    def _is_an_absence(self, found: Mapping[str, Any], **_: Any) -> None:
        if "slack" not in found and "github" not in found:
            raise ValidationError("nobody; expected slack, github or both")
        if found["last"] < found["first"]:
            raise ValidationError({"to": ["expected a day that is not before from"]})

    @post_load
    def _absence(self, found: Mapping[str, Any], **_: Any) -> Absence:
        who = {name: found[name] for name in ("slack", "github") if name in found}
        return Absence(who=who, first=found["first"], last=found["last"])


class PersonSettings(Schema):
    """One person's Slack id and GitHub login."""

    slack = _MEMBER('such as `"U024BE7LH"`', required='a Slack member id such as "U024BE7LH"')
    github = _LOGIN("the same person's GitHub login", required="a GitHub login, without an @")


class HttpSettings(Schema):
    """Where `identity-bot run` listens for Slack (HTTP mode), GitHub's webhook and health checks."""

    host = _Kind("text", fields.String)(
        'the address that `run` listens on; `"0.0.0.0"` for all',
        load_default="127.0.0.1",
        validate=Length(min=1, error="expected a host name or an address"),
    )
    port = _NUMBER(
        "the port; 0 for any free one",
        load_default=3000,
        validate=Range(0, 65535, error="expected a port from 0 to 65535"),
    )


_PATTERNS = _Kind("list of patterns", partial(fields.List, _PATTERN()))


class PrivacySettings(Schema):
    """What the check for personal data refuses besides what it knows, and what it lets pass."""

    patterns = _PATTERNS(
        r"refused like personal data, such as `['\bproject-\d{4}\b']`; their syntax is "
        "[RE2's](https://github.com/google/re2/wiki/Syntax), and capitals do not matter",
        load_default=(),
    )
    exceptions = _PATTERNS(
        "pass although they look personal: what lies within a match of one of these", load_default=()
    )

    @post_load
    def _additions(self, lists: Mapping[str, list[str]], **_: Any) -> Additions:
        return Additions(**{name: tuple(patterns) for name, patterns in lists.items()})


class AnswersSettings(Schema):
    """What requestors are shown before they send a form."""

    folder = _PATH(
        "a folder of Markdown files; a path that is not complete begins where the bot runs", load_default=None
    )
    repository = _REPOSITORY(
        "a repository with Markdown files, whose pages the answers link to; the token needs to read its contents",
        load_default=None,
    )
    path = _IN_REPOSITORY(
        "the folder in that repository, such as `docs/help`; all of it by default", load_default=""
    )
    refresh_minutes = _NUMBER(
        f"how often both are read again, at most {LONGEST_REFRESH}; 0 for only when the bot starts",
        load_default=10,
        validate=Range(0, LONGEST_REFRESH, error=f"expected 0 to {LONGEST_REFRESH} minutes"),
    )
    closed_tickets = _SWITCH(
        "whether requestors see closed tickets with the same problem, but for sensitive and private ones",
        load_default=True,
    )

    @validates_schema
    def _path_is_in_a_repository(self, found: Mapping[str, Any], **_: Any) -> None:
        if found["path"] and not found["repository"]:
            raise ValidationError({"path": ["expected repository, too"]})


_EMOJI = Regexp(
    r"[a-z0-9_+'-]{1,100}\Z", error='not an emoji; expected its name without colons, such as "eyes"'
)
_BY_CLICK = [action.value for action, row in ACTIONS.items() if row.by is By.TEAM and not row.has_form]
_REACTIONS = _Kind(
    "table of actions",
    partial(
        fields.Dict,
        keys=fields.String(validate=_EMOJI),
        values=fields.String(
            validate=OneOf(
                _BY_CLICK, error=f"not an action that asks for nothing; expected {', '.join(_BY_CLICK)}"
            )
        ),
    ),
)
_TABLE = _Kind("table of tables", partial(fields.Dict, keys=fields.String(), load_default=dict))
_TEXTS = _Kind("table of texts", _TABLE.field)
_LEADS = _Kind("list of tables", partial(fields.List, fields.Nested(LeadSettings)))
_AWAY = _Kind("list of tables", partial(fields.List, fields.Nested(AbsenceSettings)))
_TURNS = _Kind(
    "text",
    partial(
        fields.String,
        validate=OneOf([*Turns], error=f"expected {' or '.join(f'{one.value!r}' for one in Turns)}"),
    ),
)
_PEOPLE = _Kind("list of tables", partial(fields.List, fields.Nested(PersonSettings)))
_COMMANDS = _Kind("list of commands", partial(fields.List, _COMMAND()))
_LABELS = _Kind("list of texts", partial(fields.List, _LABEL()))
_PRIVACY = _Kind("table", partial(fields.Nested, PrivacySettings, load_default=Additions))
_ANSWERS = _Kind(
    "table", partial(fields.Nested, AnswersSettings, load_default=lambda: AnswersSettings().load({}))
)
_SERVICE_LEVELS = _Kind(
    "table",
    partial(fields.Nested, ServiceLevelSettings, load_default=lambda: ServiceLevelSettings().load({})),
)
_PROMISES = _Kind("table of durations", PromisesField)
_DAILY = _Kind("time of day", DailyTime)
_HTTP = _Kind("table", partial(fields.Nested, HttpSettings, load_default=lambda: HttpSettings().load({})))


class TypeSettings(Schema):
    """What each request type can set for itself; the top of the file applies to what it leaves out."""

    repository = _REPOSITORY("instead of the one at the top")
    restricted_repository = _REPOSITORY("instead of the one at the top")
    labels = _LABELS("further labels for this type's issues")
    leads = _LEADS("instead of the leads at the top")
    first_response = _PROMISES("instead of those in `service_levels`")
    resolution = _PROMISES("instead of those in `service_levels`")
    rota = _LEADS("instead of the rota at the top; `[]` for none")
    rota_turns = _TURNS("instead of those at the top")


class ObserverSettings(Schema):
    """What each observer can set for itself, in `[observers.<name>]`."""

    sensitive_answers = _SWITCH(
        "whether the plugin is handed the answers and reasons of sensitive tickets; where they go is up to the plugin",
        load_default=False,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubApp:
    """How to sign in to GitHub as an installed GitHub App."""

    app_id: int
    installation_id: int
    private_key: str = dataclasses.field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that the operator decides; secrets are left out of its repr."""

    intake_channel: str = _key(
        _CHANNEL,
        'where requests are announced and answered in threads: `"#name"` or an id such as `"C024BE91L"`',
        required='the channel where requests are announced, "#name" or its id',
    )
    team_channel: str = _key(
        _CHANNEL,
        "where the team gets a card for each ticket, and alerts about what does not work",
        required='the channel of the team that answers them, "#name" or its id',
    )
    team_group: str | None = _key(
        _GROUP,
        'whose members may change tickets, such as `"S0614TZR7"`; without it, the members of the team channel',
        load_default=None,
    )
    repository: str = _key(
        _REPOSITORY,
        "the repository that gets the issues",
        required='"owner/name" of the repository that gets the issues',
    )
    restricted_repository: str | None = _key(
        _REPOSITORY, "gets the issues of sensitive requests instead", load_default=None
    )
    label: str = _key(
        _LABEL,
        "on every issue of the bot, beside a label of the type's name; created when missing",
        load_default="identity-slackbot",
    )
    commands: tuple[str, ...] = _key(
        _COMMANDS,
        "the slash commands that open the form; at least one",
        load_default=("/help",),
        validate=Length(min=1, error='expected at least one command, such as ["/help"]'),
        post_load=lambda commands: tuple(dict.fromkeys(commands)),
    )
    home: bool = _key(
        _SWITCH,
        "whether the app's Home tab, and answers to direct messages, offer to start a request; `false` leaves both to "
        "the app that the bot is attached to",
        load_default=True,
    )
    conversation: bool = _key(
        _SWITCH,
        "whether replies in a ticket's Slack thread are copied to its issue, and comments on the issue to the thread; "
        "`false` leaves people's words where they wrote them",
        load_default=True,
    )
    survey: bool = _key(
        _SWITCH,
        "whether requestors are asked how satisfied they are once their tickets are closed as completed, each of them "
        "at most once a week; the leads are told of low answers",
        load_default=True,
    )
    reactions: Mapping[str, Action] = _key(
        _REACTIONS,
        'reactions on a ticket\'s card that do what its button does, such as `{ eyes = "take" }`: '
        + ", ".join(f"`{name}`" for name in _BY_CLICK),
        load_default=dict,
        post_load=lambda table: {name: Action(action) for name, action in table.items()},
    )
    leads: tuple[Mapping[str, str], ...] = _key(
        _LEADS, "who is told about urgent requests", load_default=(), post_load=tuple
    )
    rota: tuple[Mapping[str, str], ...] = _key(
        _LEADS,
        "who takes turns as the SPOC of new tickets, in this order; without it, somebody names the SPOC",
        load_default=(),
        validate=Length(min=1, error="expected at least one person; leave it out if there is no rota"),
        post_load=tuple,
    )
    rota_turns: Turns = _key(  # noqa: RUF009 (declares a setting, like the others)
        _TURNS,
        'when the turn goes to the next person: `"weekly"` on Mondays, or `"round_robin"` with each ticket',
        load_default=Turns.WEEKLY,
        post_load=Turns,
    )
    away: tuple[Absence, ...] = _key(
        _AWAY,
        "when people of the rota are away, so that it leaves them out, such as "
        '`{ slack = "U024BE7LH", from = 2026-12-20, to = 2027-01-03 }`',
        load_default=(),
        post_load=tuple,
    )
    people: tuple[Mapping[str, str], ...] = _key(
        _PEOPLE,
        "Slack ids and GitHub logins of the team's members, and of others whom messages should mention; "
        "leads who name both need not be repeated",
        load_default=(),
        post_load=tuple,
    )
    report: bool = _key(
        _SWITCH,
        "whether the team channel gets the report of a month on the first business day of the next one; needs "
        "`pip install 'identity-bot[report]'`",
        load_default=False,
    )
    poll_seconds: int = _key(
        _NUMBER,
        f"how often GitHub is asked what has changed, {SHORTEST_POLL} to {LONGEST_POLL}; by default {POLL}, or "
        f"{POLL_BESIDE_WEBHOOK} if `GITHUB_WEBHOOK_SECRET` is set; 0 for never, which needs the webhook",
        load_default=None,
        validate=_is_interval,
    )
    messages: Mapping[str, str] = _key(
        _TEXTS,
        "other words for the standard messages, [by their names](docs/lifecycle.md), such as `assigned.requestor`",
        post_load=lambda tables: dict(pair for pair in dotted(tables) if isinstance(pair[1], str)),
    )
    debug_file: str | None = _key(
        _PATH,
        "a file, readable by its owner only, that gets what Slack and GitHub say about failures; it may hold "
        "**personal data**, so set it only while you look for a fault",
        load_default=None,
    )
    privacy: Additions = _key(_PRIVACY, "")  # noqa: RUF009 (declares a setting, like the others)
    answers: Mapping[str, Any] = _key(_ANSWERS, "")
    service_levels: ServiceLevels = _key(_SERVICE_LEVELS, "")  # noqa: RUF009 (declares a setting, like the others)
    digest: time | None = _key(  # noqa: RUF009 (declares a setting, like the others)
        _DAILY,
        "when the team channel, and whoever of the team wants one, gets a digest on business days, in the time zone of "
        '`service_levels`; `"off"` for none',
        load_default=lambda: time(9),
    )
    http: Mapping[str, Any] = _key(_HTTP, "")
    request_types: Mapping[str, Mapping[str, Any]] = _key(
        _TABLE,
        "a section for each request type that needs one, by its name",
        secret=True,
        validate=_are_tables,
    )
    """Sections as written; plugins/loader checks each against its type's schema."""
    observers: Mapping[str, Mapping[str, Any]] = _key(
        _TABLE, "a section for each observer that needs one, by its name", secret=True, validate=_are_tables
    )
    """Sections as written; plugins/loader checks each against its observer's schema."""

    slack_bot_token: str | None = _variable(
        "the app's bot token, `xoxb-…`; `run` needs it", validate=_is_token("xoxb-")
    )
    slack_app_token: str | None = _variable(
        "an app-level token, `xapp-…`; with it, `run` uses Socket Mode", validate=_is_token("xapp-")
    )
    slack_signing_secret: str | None = _variable(
        "what Slack signs its requests with; `run` needs it for HTTP"
    )
    slack_api_url: str = _variable(
        "where Slack's Web API is",
        secret=False,
        load_default="https://slack.com/api/",
        validate=_is_web_address,
        post_load=lambda url: url.rstrip("/") + "/",
    )
    github_token: str | None = _variable("a token that may write issues; needed unless there is an app")
    github_app_id: int | None = _variable(
        "a GitHub App instead of a token", validate=_IS_NUMBER, post_load=int
    )
    github_app_installation_id: int | None = _variable(
        "where the app is installed", validate=_IS_NUMBER, post_load=int
    )
    github_app_private_key: str | None = _variable(
        r"the app's key, as PEM, in which line ends may be written as `\n`, or that in base64",
        validate=_IS_KEY,
    )
    github_app_private_key_file: str | None = _variable("or the path of a file that holds it")
    github_api_url: str = _variable(
        "where GitHub's REST API is",
        secret=False,
        load_default="https://api.github.com",
        validate=_is_web_address,
        post_load=lambda url: url.rstrip("/"),
    )
    github_webhook_secret: str | None = _variable(
        "what GitHub signs its deliveries with; without it, there is no `/github/webhook`"
    )
    database_url: str = _variable(
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
