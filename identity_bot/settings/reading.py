"""Reads the settings: one TOML file and the environment become one frozen value, or a list of all that is wrong."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields

from identity_bot.errors import SettingsError
from identity_bot.messages import templates
from identity_bot.settings.declarations import ENVIRONMENT, FILE, KEYS, VARIABLES, Settings, dotted, named
from identity_bot.settings.kinds import LONGEST_POLL, POLL, POLL_BESIDE_WEBHOOK, SHORTEST_POLL
from identity_bot.settings.service_levels import with_types
from identity_bot.text.names import did_you_mean
from identity_bot.tickets.people import contradictions

CONFIG_VARIABLE, DEFAULT_FILE = "IDENTITY_BOT_CONFIG", Path("identity-bot.toml")
"""The environment variable that names the settings file, and the file that is read without it."""
_UNQUOTED = ("Invalid value", "Expected newline or end of document after a statement")
"""How tomllib calls a text or a time without quotes."""
KEY, KEY_FILE = "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY_FILE"


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings in force, from `path`, else IDENTITY_BOT_CONFIG, else ./identity-bot.toml, and `environ`.

    Raises SettingsError with every problem at once.
    """
    settings, problems = examine(path, environ)
    if problems:
        raise SettingsError(problems)
    return settings


def examine(path: Path | None, environ: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """The usable settings, and a line for each problem.

    A setting that is missing or wrong gets its default, or an example if it has none.
    """
    problems: list[str] = []
    written = _read(path or Path(environ.get(CONFIG_VARIABLE) or DEFAULT_FILE), problems)
    given = _variables(environ, problems)
    in_file, wrong = check_section(FILE, written or {})
    problems += wrong if written is not None else []
    in_environment, wrong = check_section(ENVIRONMENT, given)
    problems += wrong
    problems += _github_sign_in(given)
    if written is not None:
        problems += contradictions(named(written))
        problems += _polling(in_file.get("poll_seconds"), given)
        problems += _messages(written.get("messages"))
    usable = in_file | {name.lower(): value for name, value in in_environment.items()}
    values = {name: usable.get(name, _default(one)) for name, one in (KEYS | VARIABLES).items()}
    if values["poll_seconds"] is None:
        values["poll_seconds"] = POLL_BESIDE_WEBHOOK if values["github_webhook_secret"] else POLL
    values["service_levels"] = with_types(values["service_levels"], values["request_types"])
    return Settings(**values), problems


def stand_alone_problems(settings: Settings) -> list[str]:
    """What is missing for the bot to run by itself, rather than attached to another bot's app."""
    problems = []
    if not settings.slack_bot_token:
        problems.append("SLACK_BOT_TOKEN: missing; expected the bot token of the Slack app (xoxb-…)")
    if not settings.slack_app_token and not settings.slack_signing_secret:
        problems.append(
            "SLACK_APP_TOKEN: missing; expected an app-level token (xapp-…) for Socket Mode, "
            "or SLACK_SIGNING_SECRET for HTTP"
        )
    return problems


def _read(path: Path, problems: list[str]) -> dict[str, Any] | None:
    written = ""
    try:
        # Some editors on Windows put a byte order mark first.
        written = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(written)
    except FileNotFoundError:
        problems.append(f"{path}: no such file; name it with --config or {CONFIG_VARIABLE}")
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror or error}")
    except UnicodeDecodeError:
        problems.append(f"{path}: cannot be read: expected text in UTF-8")
    except ValueError as error:
        problems.append(f"{path}: not valid TOML: {_toml_problem(str(error), written)}")
    return None


def _toml_problem(said: str, written: str) -> str:
    """What is wrong with the file, with the key in that line, but nothing of its value, which may be a secret."""
    at = re.search(r"\(at line (\d+), column \d+\)\Z", said)
    line = written.split("\n")[int(at[1]) - 1] if at else ""
    key = re.match(r"\s*([a-z][a-z0-9_.-]{0,60})\s*=", line)
    if not key:
        return said
    quotes = '; expected text and times in quotes, such as "9:00"' if said.startswith(_UNQUOTED) else ""
    return f"{key[1]}: {said}{quotes}"


def _variables(environ: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    """The variables that are set, with the GitHub App's key; without all of the App's if there is a token."""
    given = {name: value for name in ENVIRONMENT.fields if (value := environ.get(name, "").strip())}
    if "GITHUB_TOKEN" in given:
        return {name: value for name, value in given.items() if not name.startswith("GITHUB_APP_")}
    if KEY_FILE in given and KEY not in given:
        try:
            given[KEY] = Path(given[KEY_FILE]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "expected text"
            where = given[KEY_FILE]
            is_path = len(where) < 500 and "PRIVATE KEY" not in where and where.isprintable()
            wrong = f"{where}: cannot be read: {reason}" if is_path else "expected the path of a file"
            problems.append(f"{KEY_FILE}: {wrong}")
    if KEY in given:
        given[KEY] = _pem(given[KEY])
    return given


def _pem(key: str) -> str:
    """A private key as PEM: an environment file holds it in one line, with `\\n` for line ends or in base64."""
    text = key.strip().strip("'\"")
    if "PRIVATE KEY" not in text:
        with contextlib.suppress(ValueError):  # binascii's and Unicode's errors are ValueErrors
            text = base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    return text if "\n" in text else text.replace("\\n", "\n")


def _default(checked_by: fields.Field[Any]) -> Any:
    if checked_by.required:
        return checked_by.metadata["example"]
    return checked_by.load_default() if callable(checked_by.load_default) else checked_by.load_default


def _github_sign_in(given: Mapping[str, str]) -> Iterator[str]:
    if "GITHUB_TOKEN" in given:
        return
    if not any(name.startswith("GITHUB_APP_") for name in given):
        yield f"GITHUB_TOKEN: missing; expected a token, or GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID and {KEY}"
        return
    for name in ("GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID"):
        if name not in given:
            yield f"{name}: missing; expected digits"
    if KEY not in given and KEY_FILE not in given:
        yield f"{KEY}: missing; expected its PEM text, or {KEY_FILE} with its path"


def _polling(seconds: int | None, given: Mapping[str, str]) -> Iterator[str]:
    if seconds == 0 and "GITHUB_WEBHOOK_SECRET" not in given:
        yield (
            "poll_seconds: found 0, but GITHUB_WEBHOOK_SECRET is not set, so nothing would tell the bot what happens "
            f"in GitHub; expected {SHORTEST_POLL} to {LONGEST_POLL} seconds, or a webhook"
        )


def _messages(tables: Any) -> Iterator[str]:
    pairs = dotted(tables if isinstance(tables, Mapping) else {})
    texts = []
    for name, found in pairs:
        if isinstance(found, str):
            texts.append((name, found))
        else:
            yield f"messages.{name}: {_line('Not a valid string.', None, found)}"
    counts = Counter(name for name, _ in texts)
    yield from (f"messages.{name}: set twice; expected it once" for name, n in counts.items() if n > 1)
    yield from templates.problems(dict(texts))


# What is wrong with them: one line each, with the place, what was found and what was expected


def check_section(
    schema: Schema, found: Mapping[str, Any], where: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """The usable values of a section, as its schema loads them, and a line for each problem."""
    try:
        loaded = schema.load(found)
    except ValidationError as error:
        fine = error.valid_data if isinstance(error.valid_data, dict) else {}
        usable = {name: value for name, value in fine.items() if name not in error.messages}
        return usable, list(_lines(error.messages, schema, found, where))
    if not isinstance(loaded, dict):
        raise TypeError("the settings' schema loads something other than a dict")
    return loaded, []


_EXPECTED = {
    "Not a valid string.": 'text in quotes, such as "…"',
    "Not a valid integer.": "a whole number",
    "Not a valid number.": "a number",
    "Not a valid boolean.": "true or false",
    "Not a valid date.": "a day, such as 2026-12-20",
    "Not a valid list.": "a list in brackets, such as […]",
    "Invalid input type.": "a table of settings",
    "Invalid type.": "a table of settings",
    "Not a valid mapping type.": "a table of settings",
}
"""What to say is expected if marshmallow says that a value has the wrong type."""


def _lines(messages: Any, at: Any, found: Any, where: str) -> Iterator[str]:
    """A line for each message, however deep they are nested; `at` is their schema or field, `found` its value."""
    if isinstance(messages, list):
        for message in messages:
            yield from _lines(message, at, found, where)
        return
    if not isinstance(messages, dict):
        yield f"{where}: {_line(str(messages), at, found)}"
        return
    for key, inner in messages.items():
        name = f"{where}.{key}" if where else str(key)
        if inner == ["Unknown field."]:
            yield f"{name}: unknown setting{did_you_mean(str(key), _fields(at))}"
        elif key == "_schema":
            yield from _lines(inner, None, None if isinstance(found, Mapping) else found, where)
        elif isinstance(at, fields.Mapping) and isinstance(inner, dict):
            # Marshmallow tells of a table's keys apart from its values.
            yield from _lines(inner.get("key", []), at.key_field, None, name)
            yield from _lines(inner.get("value", []), at.value_field, _item(found, key), name)
        else:
            yield from _lines(inner, _inner(at, key), _item(found, key), name)


def _line(message: str, at: Any, found: Any) -> str:
    expected = getattr(at, "metadata", {}).get("expected") or _EXPECTED.get(message)
    if message == "Missing data for required field.":
        return f"missing; expected {expected}" if expected else "missing"
    if message in _EXPECTED:
        message = f"expected {expected}"
    if found is None or getattr(at, "load_only", False):  # load_only marks a secret
        return message
    shown = json.dumps(found, ensure_ascii=False, default=str)
    return f"found {shown if len(shown) <= 60 else f'{shown[:60]}…'}; {message}"


def _fields(at: Any) -> Mapping[str, Any]:
    schema = at.schema if isinstance(at, fields.Nested) else at
    found = schema.fields if isinstance(schema, Schema) else {}
    return {one.data_key or name: one for name, one in found.items()}


def _inner(at: Any, key: Any) -> Any:
    return at.inner if isinstance(at, fields.List) else _fields(at).get(key)


def _item(found: Any, key: Any) -> Any:
    try:
        return found[key]
    except (KeyError, IndexError, TypeError):
        return None
