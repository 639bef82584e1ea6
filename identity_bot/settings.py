"""Settings: one TOML file and the environment become one frozen value, or a list of everything wrong with them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from identity_bot.errors import SettingsError
from identity_bot.messages import templates as texts
from identity_bot.sections import LONGEST_POLL, SHORTEST_POLL, FileSettings, check_section, dotted
from identity_bot.tickets.people import contradictions

DEFAULT_FILE = Path("identity-bot.toml")
DEFAULT_DATABASE = "sqlite:///identity-bot.db"
SLACK_API = "https://slack.com/api/"
GITHUB_API = "https://api.github.com"
POLL, POLL_BESIDE_WEBHOOK = 60, 300
"""Seconds between two looks at GitHub: where nothing else tells the bot, and as a net below the webhook."""


ENVIRONMENT = (
    "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_URL", "GITHUB_TOKEN",
    "GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY_FILE",
    "GITHUB_API_URL", "GITHUB_WEBHOOK_SECRET", "DATABASE_URL",
)  # fmt: skip
"""The environment variables that the bot reads, besides IDENTITY_BOT_CONFIG."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubApp:
    """How to sign in to GitHub as an installed GitHub App."""

    app_id: int
    installation_id: int
    private_key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that the operator decides; secrets are left out of its repr."""

    commands: tuple[str, ...]
    intake_channel: str
    team_channel: str
    team_group: str | None
    """The user group whose members may move tickets; those of the team channel where it is None."""
    repository: str
    restricted_repository: str | None
    label: str
    leads: tuple[Mapping[str, str], ...]
    people: tuple[Mapping[str, str], ...]
    """Each with `slack` and `github`; `who_is_who` has the leads too."""
    poll_seconds: int
    """How long to wait between two looks at GitHub; 0 for none at all."""
    messages: Mapping[str, str]
    """Texts in the place of the standard ones, by their dotted names (`assigned.requestor`)."""
    http_host: str
    http_port: int
    request_types: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """Sections as written; plugins.py checks each against its type's schema."""
    slack_bot_token: str | None = field(repr=False)
    slack_app_token: str | None = field(repr=False)
    slack_signing_secret: str | None = field(repr=False)
    slack_api_url: str
    github_auth: str | GitHubApp = field(repr=False)
    """A token, or a GitHub App."""
    github_api_url: str
    github_webhook_secret: str | None = field(repr=False)
    database_url: str = field(repr=False)

    @property
    def team(self) -> str:
        """The place whose members may move tickets: a user group (`S…`) or a channel."""
        return self.team_group or self.team_channel

    @property
    def who_is_who(self) -> tuple[Mapping[str, str], ...]:
        """All who are named with a Slack id and a GitHub login: people, leads, and the leads of single types."""
        written = {"people": self.people, "leads": self.leads, "request_types": self.request_types}
        return tuple(entry for _, entry in _named(written))

    def for_type(self, section: Mapping[str, Any]) -> Mapping[str, Any]:
        """A type's own checked section over what holds for all types."""
        common = {
            "repository": self.repository,
            "restricted_repository": self.restricted_repository,
            "labels": [],
            "leads": list(self.leads),
            "messages": self.messages,
            "people": self.who_is_who,
        }
        return {**common, **section}


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings in force, from `path`, else IDENTITY_BOT_CONFIG, else ./identity-bot.toml, and `environ`.

    Raises SettingsError with every problem at once.
    """
    problems: list[str] = []
    found = _read(path or Path(environ.get("IDENTITY_BOT_CONFIG") or DEFAULT_FILE), problems)
    checked = check_section(FileSettings(), found, "", problems) if found is not None else None
    secrets = {name: environ.get(name, "").strip() or None for name in ENVIRONMENT}
    auth = _github_auth(secrets, problems)
    api_urls = {
        "slack": _url(secrets["SLACK_API_URL"] or SLACK_API, "SLACK_API_URL", problems),
        "github": _url(secrets["GITHUB_API_URL"] or GITHUB_API, "GITHUB_API_URL", problems),
    }
    problems += _slack_tokens(secrets)
    if found is not None:  # as written, so that these problems are said with those of single settings
        problems += contradictions(_named(found))
        problems += _polling(found.get("poll_seconds"), secrets)
        problems += _messages(found.get("messages"))
    if problems or checked is None or auth is None:
        raise SettingsError(problems)
    return Settings(
        commands=tuple(dict.fromkeys(checked["commands"])),
        intake_channel=checked["intake_channel"],
        team_channel=checked["team_channel"],
        team_group=checked["team_group"],
        repository=checked["repository"],
        restricted_repository=checked["restricted_repository"],
        label=checked["label"],
        leads=tuple(checked["leads"]),
        people=tuple(checked["people"]),
        poll_seconds=_pause(checked["poll_seconds"], secrets),
        messages=dict(dotted(checked["messages"])),
        http_host=checked["http"]["host"],
        http_port=checked["http"]["port"],
        request_types=checked["request_types"],
        slack_bot_token=secrets["SLACK_BOT_TOKEN"],
        slack_app_token=secrets["SLACK_APP_TOKEN"],
        slack_signing_secret=secrets["SLACK_SIGNING_SECRET"],
        slack_api_url=api_urls["slack"].rstrip("/") + "/",
        github_auth=auth,
        github_api_url=api_urls["github"].rstrip("/"),
        github_webhook_secret=secrets["GITHUB_WEBHOOK_SECRET"],
        database_url=secrets["DATABASE_URL"] or DEFAULT_DATABASE,
    )


def stand_alone_problems(settings: Settings) -> list[str]:
    """What is missing for the bot to run by itself, rather than attached to another bot's app."""
    problems = []
    if not settings.slack_bot_token:
        problems.append("SLACK_BOT_TOKEN: missing; expected the bot token of the Slack app (xoxb-…)")
    if not settings.slack_app_token and not settings.slack_signing_secret:
        problems.append(
            "SLACK_APP_TOKEN or SLACK_SIGNING_SECRET: missing; the first (xapp-…) for Socket Mode, "
            "the second for HTTP"
        )
    return problems


def _named(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each entry that names a Slack id and a GitHub login, with its place, in settings that may not fit yet."""
    lists = [("people", found.get("people")), ("leads", found.get("leads"))]
    sections = found.get("request_types")
    for name, section in sections.items() if isinstance(sections, Mapping) else ():
        if isinstance(section, Mapping):
            lists.append((f"request_types.{name}.leads", section.get("leads")))
    for where, entries in lists:
        for number, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
            if isinstance(entry, Mapping) and _is_text(entry.get("slack")) and _is_text(entry.get("github")):
                yield f"{where}.{number}", entry


def _is_text(found: Any) -> bool:
    return isinstance(found, str) and bool(found)


def _pause(wanted: int | None, secrets: Mapping[str, str | None]) -> int:
    if wanted is not None:
        return wanted
    return POLL_BESIDE_WEBHOOK if secrets["GITHUB_WEBHOOK_SECRET"] else POLL


def _polling(wanted: Any, secrets: Mapping[str, str | None]) -> Iterator[str]:
    if wanted == 0 and wanted is not False and not secrets["GITHUB_WEBHOOK_SECRET"]:
        yield (
            "poll_seconds: found 0, but GITHUB_WEBHOOK_SECRET is not set, so nothing would tell the bot what happens "
            f"in GitHub; expected {SHORTEST_POLL} to {LONGEST_POLL} seconds, or a webhook"
        )


def _messages(tables: Any) -> Iterator[str]:
    named = [
        pair for pair in dotted(tables if isinstance(tables, Mapping) else {}) if isinstance(pair[1], str)
    ]
    counts = Counter(name for name, _ in named)
    yield from (f"messages.{name}: written twice; expected it once" for name, n in counts.items() if n > 1)
    yield from texts.problems(dict(named))


def _read(path: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        # With or without the mark that some editors on Windows put first.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        problems.append(f"{path}: no such file; name it with --config or IDENTITY_BOT_CONFIG")
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror or error}")
    except UnicodeDecodeError:
        problems.append(f"{path}: cannot be read: expected text in UTF-8")
    except ValueError as error:
        problems.append(f"{path}: not valid TOML: {error}")
    return None


def _github_auth(secrets: Mapping[str, str | None], problems: list[str]) -> str | GitHubApp | None:
    if secrets["GITHUB_TOKEN"]:
        return secrets["GITHUB_TOKEN"]
    app_id, installation = secrets["GITHUB_APP_ID"], secrets["GITHUB_APP_INSTALLATION_ID"]
    key, key_file = secrets["GITHUB_APP_PRIVATE_KEY"], secrets["GITHUB_APP_PRIVATE_KEY_FILE"]
    if not any((app_id, installation, key, key_file)):
        problems.append("GITHUB_TOKEN: missing; expected a token, or GITHUB_APP_ID and its companions")
        return None
    before = len(problems)
    for name in ("GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID"):
        if not re.fullmatch(r"[0-9]{1,18}", secrets[name] or ""):
            problems.append(f"{name}: {'not a number' if secrets[name] else 'missing'}; expected digits")
    if key_file and not key:
        try:
            key = Path(key_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "expected text"
            problems.append(f"GITHUB_APP_PRIVATE_KEY_FILE: {key_file}: cannot be read: {reason}")
            return None
    if key and "\n" not in key:
        key = key.replace("\\n", "\n")  # how a key survives in an environment file
    if not key or "PRIVATE KEY" not in key:
        problems.append(
            "GITHUB_APP_PRIVATE_KEY: missing or not a key; expected its PEM text, or …_FILE with its path"
        )
    if len(problems) > before:
        return None
    return GitHubApp(app_id=int(app_id or 0), installation_id=int(installation or 0), private_key=key or "")


def _slack_tokens(secrets: Mapping[str, str | None]) -> Iterator[str]:
    for name, start in (("SLACK_BOT_TOKEN", "xoxb-"), ("SLACK_APP_TOKEN", "xapp-")):
        if secrets[name] and not (secrets[name] or "").startswith(start):
            yield f"{name}: not such a token; expected one that begins with {start}"


def _url(text: str, name: str, problems: list[str]) -> str:
    try:
        parts = urlsplit(text)
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_fine = False
    if not is_fine:
        problems.append(f"{name}: not a web address; expected one that begins with https://")
    return text
