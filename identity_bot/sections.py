"""The sections of the settings file: what each may hold, and a line for each thing to mend. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, Range, Regexp

_EXPECTED = {
    "Not a valid string.": 'text in quotes, such as "…"',
    "Not a valid integer.": "a whole number",
    "Not a valid number.": "a number",
    "Not a valid boolean.": "true or false",
    "Not a valid list.": "a list in brackets, such as […]",
    "Invalid input type.": "a table of settings",
    "Invalid type.": "a table of settings",
    "Not a valid mapping type.": "a table of settings",
}
"""What marshmallow's words for a wrong type ask for."""


SHORTEST_POLL, LONGEST_POLL = 10, 3600
"""Seconds between two looks at GitHub."""
REPOSITORY = Regexp(
    r"[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z",
    error='expected "owner/name" of a repository',
)
CHANNEL = Regexp(
    r"(#[^\s,#@]{1,80}|[CG][A-Z0-9]{2,})\Z", error='expected a channel, "#name" or an id such as "C024BE91L"'
)
COMMAND = Regexp(
    r"/[a-z0-9_-]{1,31}\Z",
    error='expected a command such as "/help": a slash, then lower-case letters, 32 in all',
)
LABEL = Regexp(r"(?=.*\S).{1,50}\Z", error="expected the name of a label: 1 to 50 characters")
MEMBER_ID = Regexp(r"[UW][A-Z0-9]{2,}\Z", error='expected a Slack member id such as "U024BE7LH"')
GROUP = Regexp(r"S[A-Z0-9]{2,}\Z", error='expected the id of a Slack user group such as "S0614TZR7"')
LOGIN = Regexp(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}\Z", error="expected a GitHub login, without an @")


def _tables(sections: Mapping[str, Any]) -> None:
    wrong = {name: ["Invalid input type."] for name, one in sections.items() if not isinstance(one, dict)}
    if wrong:
        raise ValidationError(wrong)


def _is_pause(seconds: int) -> None:
    if seconds != 0 and not SHORTEST_POLL <= seconds <= LONGEST_POLL:
        raise ValidationError(f"expected {SHORTEST_POLL} to {LONGEST_POLL} seconds, or 0 for no polling")


def _texts(found: Mapping[str, Any]) -> None:
    wrong = _no_texts(found)
    if wrong:
        raise ValidationError(wrong)


def _no_texts(found: Mapping[str, Any]) -> dict[str | int, Any]:
    wrong: dict[str | int, Any] = {}
    for name, one in found.items():
        if isinstance(one, dict):
            inner = _no_texts(one)
            wrong |= {name: inner} if inner else {}
        elif not isinstance(one, str):
            wrong[name] = ["Not a valid string."]
    return wrong


class LeadSettings(Schema):
    """Somebody who is told of urgent requests: mentioned in Slack, assigned in GitHub, or both."""

    slack = fields.String(validate=MEMBER_ID)
    github = fields.String(validate=LOGIN)

    @validates_schema
    def _is_somebody(self, lead: Mapping[str, Any], **_: Any) -> None:
        if not lead:
            raise ValidationError("empty; expected slack, github or both")


class PersonSettings(Schema):
    """Who somebody of Slack is in GitHub."""

    slack = fields.String(
        required=True, validate=MEMBER_ID, metadata={"expected": 'a Slack member id such as "U024BE7LH"'}
    )
    github = fields.String(
        required=True, validate=LOGIN, metadata={"expected": "a GitHub login, without an @"}
    )


class TypeSettings(Schema):
    """What every request type can set for itself; what it leaves out is taken from the top of the file."""

    repository = fields.String(validate=REPOSITORY)
    restricted_repository = fields.String(validate=REPOSITORY)
    labels = fields.List(fields.String(validate=LABEL))
    leads = fields.List(fields.Nested(LeadSettings))


class HttpSettings(Schema):
    """Where `identity-bot run` listens for Slack (HTTP mode), GitHub's webhook and health checks."""

    host = fields.String(
        load_default="127.0.0.1", validate=Length(min=1, error="expected a host name or an address")
    )
    port = fields.Integer(
        strict=True, load_default=3000, validate=Range(0, 65535, error="expected a port from 0 to 65535")
    )


class FileSettings(Schema):
    """The settings file as a whole."""

    commands = fields.List(
        fields.String(validate=COMMAND),
        load_default=lambda: ["/help"],
        validate=Length(min=1, error='expected at least one command, such as ["/help"]'),
    )
    intake_channel = fields.String(
        required=True,
        validate=CHANNEL,
        metadata={"expected": 'the channel where requests are announced, "#name" or its id'},
    )
    team_channel = fields.String(
        required=True,
        validate=CHANNEL,
        metadata={"expected": 'the channel of the team that answers them, "#name" or its id'},
    )
    repository = fields.String(
        required=True,
        validate=REPOSITORY,
        metadata={"expected": '"owner/name" of the repository that gets the issues'},
    )
    team_group = fields.String(load_default=None, validate=GROUP)
    restricted_repository = fields.String(load_default=None, validate=REPOSITORY)
    label = fields.String(load_default="identity-slackbot", validate=LABEL)
    leads = fields.List(fields.Nested(LeadSettings), load_default=list)
    people = fields.List(fields.Nested(PersonSettings), load_default=list)
    poll_seconds = fields.Integer(strict=True, load_default=None, validate=_is_pause)
    messages = fields.Dict(keys=fields.String(), load_default=dict, validate=_texts)
    http = fields.Nested(HttpSettings, load_default=lambda: HttpSettings().load({}))
    request_types = fields.Dict(keys=fields.String(), load_default=dict, validate=_tables)


def check_section(
    schema: Schema, found: Mapping[str, Any], where: str, problems: list[str]
) -> dict[str, Any] | None:
    """A section as its schema loads it; None, with a line for each problem, where it does not fit."""
    try:
        loaded = schema.load(found)
    except ValidationError as error:
        problems += _lines(error.messages, schema, found, where)
        return None
    if not isinstance(loaded, dict):
        raise TypeError("the settings' schema makes something other than a dict")
    return loaded


def dotted(tables: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """What stands in tables within tables, by its names joined with dots, as TOML lets one write it."""
    for name, found in tables.items():
        if isinstance(found, Mapping):
            yield from dotted(found, f"{before}{name}.")
        else:
            yield f"{before}{name}", found


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` where a known name is near, else what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(names) or 'none'}"


def _lines(messages: Any, at: Any, found: Any, where: str) -> Iterator[str]:
    """However deep marshmallow nests them; `at` is the schema or field that they are about, `found` its value."""
    if isinstance(messages, list):
        for message in messages:
            yield from _lines(message, at, found, where)
        return
    if not isinstance(messages, dict):
        yield f"{where}: {_said(str(messages), at, found)}"
        return
    for key, inner in messages.items():
        name = f"{where}.{key}" if where else str(key)
        if inner == ["Unknown field."]:
            yield f"{name}: unknown setting{did_you_mean(str(key), _fields(at))}"
        elif key == "_schema":
            yield from _lines(inner, None, None if isinstance(found, Mapping) else found, where)
        else:
            yield from _lines(inner, _inner(at, key), _item(found, key), name)


def _said(text: str, field: Any, found: Any) -> str:
    expected = getattr(field, "metadata", {}).get("expected") or _EXPECTED.get(text)
    if text == "Missing data for required field.":
        return f"missing; expected {expected}" if expected else "missing"
    if text in _EXPECTED:
        text = f"expected {expected}"
    if found is None or getattr(field, "load_only", False):  # marshmallow's mark for a secret
        return text
    shown = json.dumps(found, ensure_ascii=False, default=str)
    return f"found {shown if len(shown) <= 60 else f'{shown[:60]}…'}; {text}"


def _fields(at: Any) -> Mapping[str, Any]:
    schema = at.schema if isinstance(at, fields.Nested) else at
    return schema.fields if isinstance(schema, Schema) else {}


def _inner(at: Any, key: Any) -> Any:
    return at.inner if isinstance(at, fields.List) else _fields(at).get(key)


def _item(found: Any, key: Any) -> Any:
    try:
        return found[key]
    except (KeyError, IndexError, TypeError):
        return None
