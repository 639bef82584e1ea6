"""Kinds of settings: how each is checked, and what the README and error messages call it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields
from marshmallow.validate import Regexp

from identity_bot.text.names import LOGIN, MEMBER_ID
from identity_bot.text.privacy.additions import problem_with

SHORTEST_POLL, LONGEST_POLL = 10, 3600
POLL, POLL_BESIDE_WEBHOOK = 60, 300
"""Seconds between two polls of GitHub: without a webhook, and with one, to catch what it missed."""


@dataclass(frozen=True, slots=True)
class Kind:
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


def text(name: str, pattern: str, expected: str, example: str = "") -> Kind:
    """A kind of text that matches a pattern; `expected` says how it must look."""
    matches = Regexp(rf"(?:{pattern})\Z", error=f"expected {expected}")
    return Kind(name, partial(fields.String, validate=matches), example)


def key(kind: Kind, meaning: str, *, secret: bool = False, **options: Any) -> Any:
    """Declares a setting in the file."""
    return dataclasses.field(repr=not secret, metadata={"key": kind(meaning, **options)})


def variable(meaning: str, *, secret: bool = True, **options: Any) -> Any:
    """Declares an environment variable, by its name in lower case; errors never quote its value."""
    checked_by = Kind("text", fields.String)(meaning, load_only=True, **({"load_default": None} | options))
    return dataclasses.field(repr=not secret, metadata={"variable": checked_by})


def are_tables(sections: Mapping[str, Any]) -> None:
    """Raise if something in a table of tables is none."""
    wrong = {name: ["Invalid input type."] for name, one in sections.items() if not isinstance(one, dict)}
    if wrong:
        raise ValidationError(wrong)


def is_interval(seconds: int) -> None:
    """Raise if it is no interval for polling."""
    if seconds != 0 and not SHORTEST_POLL <= seconds <= LONGEST_POLL:
        raise ValidationError(f"expected {SHORTEST_POLL} to {LONGEST_POLL} seconds, or 0 for no polling")


def is_web_address(text: str) -> None:
    """Raise if it is no web address."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname:
            return
    raise ValidationError("not a web address; expected one that begins with https://")


def is_pattern(text: str) -> None:
    """Raise if it is no pattern of RE2's."""
    if problem := problem_with(text):
        raise ValidationError(problem)


def is_token(start: str) -> Regexp:
    """Checks that a token begins so."""
    return Regexp(start, error=f"not a valid token; expected one that begins with {start}")


IS_NUMBER = Regexp(r"[0-9]{1,18}\Z", error="not a number; expected digits")
IS_KEY = Regexp(r"(?s).*PRIVATE KEY", error="not a private key; expected its PEM text, or that in base64")

CHANNEL = text(
    "channel",
    r"#[^\s,#@]{1,80}|[CG][A-Z0-9]{2,}",
    'a channel, "#name" or an id such as "C024BE91L"',
    "#channel",
)
REPOSITORY = text(
    '`"owner/name"`',
    r"[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}",
    '"owner/name" of a repository',
    "owner/name",
)
COMMAND = text(
    "command",
    "/[a-z0-9_-]{1,31}",
    'a command such as "/help": a slash, then lowercase letters, at most 32 characters',
)
LABEL = text("text", r"(?=.*\S).{1,50}", "the name of a label: 1 to 50 characters")
MEMBER = text("member id", MEMBER_ID, 'a Slack member id such as "U024BE7LH"')
GROUP = text("user group id", "S[A-Z0-9]{2,}", 'the id of a Slack user group such as "S0614TZR7"')
GITHUB_LOGIN = text("login", LOGIN, "a GitHub login, without an @")
PATH = text("path", r"(?=.*\S)[^\0]+", "the path of a file", "debug.log")
IN_REPOSITORY = text(
    "path",
    r"/?(?!\.{1,2}(?:/|\Z))[^/\0\s](?:[^/\0\n]|/(?!\.{0,2}(?:/|\Z)))*/?",
    'a folder in the repository, such as "docs/help"',
    "docs/help",
)
SWITCH = Kind("true or false", partial(fields.Boolean, truthy={True}, falsy={False}))
PATTERN = Kind("pattern", partial(fields.String, validate=is_pattern))
NUMBER = Kind("number", partial(fields.Integer, strict=True))


class Day(fields.Date):
    """A day without a time of day, which TOML can write beside it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> date:
        if isinstance(value, datetime):
            raise self.make_error("invalid", input=value)
        day: date = super()._deserialize(value, attr, data, **more)
        return day


DAY = Kind("date", Day)
