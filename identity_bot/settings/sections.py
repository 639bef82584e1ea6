"""The tables that the settings file may hold, and those of each request type and observer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, OneOf, Range, Regexp

from identity_bot.settings.kinds import (
    COMMAND,
    DAY,
    GITHUB_LOGIN,
    IN_REPOSITORY,
    LABEL,
    MEMBER,
    NUMBER,
    PATH,
    PATTERN,
    REPOSITORY,
    SWITCH,
    Kind,
)
from identity_bot.settings.service_levels import DailyTime, PromisesField, ServiceLevelSettings
from identity_bot.text.privacy.additions import Additions
from identity_bot.tickets.actions import ACTIONS, By
from identity_bot.tickets.rota import Absence, Turns

LONGEST_REFRESH = 1440


class LeadSettings(Schema):
    """Somebody to tell about urgent requests: mentioned in Slack, assigned in GitHub, or both."""

    slack = MEMBER('mentioned in the team channel, such as `"U024BE7LH"`')
    github = GITHUB_LOGIN("assigned to the issue; each lead has one of the two, or both")

    @validates_schema
    def _is_somebody(self, lead: Mapping[str, Any], **_: Any) -> None:
        if not lead:
            raise ValidationError("empty; expected slack, github or both")


class RotaSettings(LeadSettings):
    """Somebody who takes turns as the single point of contact of new tickets."""

    slack = MEMBER('mentioned when a ticket is theirs, such as `"U024BE7LH"`')
    github = GITHUB_LOGIN("the same person's GitHub login; one of the two is enough")


class AbsenceSettings(Schema):
    """The days on which somebody of the rota is away."""

    slack = MEMBER("who is away, as in the rota or in `people`")
    github = GITHUB_LOGIN("the same person's GitHub login; one of the two is enough")
    first = DAY("the first day, such as `2026-12-20`", required="a day such as 2026-12-20", data_key="from")
    last = DAY("the last day", required="a day such as 2027-01-03", data_key="to")

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _is_of_somebody(self, found: Mapping[str, Any], written: Any, **_: Any) -> None:
        # Any further key may be one of the two, misspelled, which is told as such.
        if isinstance(written, Mapping) and written.keys() <= {"from", "to"}:
            raise ValidationError("nobody; expected slack, github or both")

    @validates_schema(skip_on_field_errors=False)
    def _ends_after_it_begins(self, found: Mapping[str, Any], **_: Any) -> None:
        if "first" in found and "last" in found and found["last"] < found["first"]:
            raise ValidationError({"to": ["expected a day that is not before from"]})

    @post_load
    def _absence(self, found: Mapping[str, Any], **_: Any) -> Absence:
        who = {name: found[name] for name in ("slack", "github") if name in found}
        return Absence(who=who, first=found["first"], last=found["last"])


class PersonSettings(Schema):
    """One person's Slack id and GitHub login."""

    slack = MEMBER('such as `"U024BE7LH"`', required='a Slack member id such as "U024BE7LH"')
    github = GITHUB_LOGIN("the same person's GitHub login", required="a GitHub login, without an @")


class HttpSettings(Schema):
    """Where `identity-bot run` listens for Slack (HTTP mode), GitHub's webhook and health checks."""

    host = Kind("text", fields.String)(
        'the address that `run` listens on; `"0.0.0.0"` for all',
        load_default="127.0.0.1",
        validate=Length(min=1, error="expected a host name or an address"),
    )
    port = NUMBER(
        "the port; 0 for any free one",
        load_default=3000,
        validate=Range(0, 65535, error="expected a port from 0 to 65535"),
    )


PATTERNS = Kind("list of patterns", partial(fields.List, PATTERN()))


class PrivacySettings(Schema):
    """What the check for personal data refuses besides what it knows, and what it lets pass."""

    patterns = PATTERNS(
        r"refused like personal data, such as `['\bproject-\d{4}\b']`; their syntax is "
        "[RE2's](https://github.com/google/re2/wiki/Syntax), and capitals do not matter",
        load_default=(),
    )
    exceptions = PATTERNS(
        "pass although they look personal: what lies within a match of one of these", load_default=()
    )

    @post_load
    def _additions(self, lists: Mapping[str, list[str]], **_: Any) -> Additions:
        return Additions(**{name: tuple(patterns) for name, patterns in lists.items()})


class AnswersSettings(Schema):
    """What requestors are shown before they send a form."""

    folder = PATH(
        "a folder of Markdown files; a path that is not complete begins where the bot runs", load_default=None
    )
    repository = REPOSITORY(
        "a repository with Markdown files, whose pages the answers link to; the token needs to read its contents",
        load_default=None,
    )
    path = IN_REPOSITORY(
        "the folder in that repository, such as `docs/help`; all of it by default", load_default=""
    )
    refresh_minutes = NUMBER(
        f"how often both are read again, at most {LONGEST_REFRESH}; 0 for only when the bot starts",
        load_default=10,
        validate=Range(0, LONGEST_REFRESH, error=f"expected 0 to {LONGEST_REFRESH} minutes"),
    )
    closed_tickets = SWITCH(
        "whether requestors of your organization see closed tickets with the same problem, but for sensitive "
        "and private ones",
        load_default=True,
    )

    @validates_schema(skip_on_field_errors=False)
    def _path_is_in_a_repository(self, found: Mapping[str, Any], **_: Any) -> None:
        # A repository that is wrong is not in what was found.
        if found.get("path") and not found.get("repository", "wrong"):
            raise ValidationError({"path": ["expected repository, too"]})


EMOJI = Regexp(
    r"[a-z0-9_+'-]{1,100}\Z", error='not an emoji; expected its name without colons, such as "eyes"'
)
BY_CLICK = [action.value for action, row in ACTIONS.items() if row.by is By.TEAM and not row.has_form]
REACTIONS = Kind(
    "table of actions",
    partial(
        fields.Dict,
        keys=fields.String(validate=EMOJI),
        values=fields.String(
            validate=OneOf(
                BY_CLICK, error=f"not an action that asks for nothing; expected {', '.join(BY_CLICK)}"
            )
        ),
    ),
)
TABLE = Kind("table of tables", partial(fields.Dict, keys=fields.String(), load_default=dict))
TEXTS = Kind("table of texts", TABLE.field)
LEADS = Kind("list of tables", partial(fields.List, fields.Nested(LeadSettings)))
ROTA = Kind("list of tables", partial(fields.List, fields.Nested(RotaSettings)))
AWAY = Kind("list of tables", partial(fields.List, fields.Nested(AbsenceSettings)))
TURNS = Kind(
    "text",
    partial(
        fields.String,
        validate=OneOf([*Turns], error=f"expected {' or '.join(f'{one.value!r}' for one in Turns)}"),
    ),
)
PEOPLE = Kind("list of tables", partial(fields.List, fields.Nested(PersonSettings)))
COMMANDS = Kind("list of commands", partial(fields.List, COMMAND()))
LABELS = Kind("list of texts", partial(fields.List, LABEL()))
PRIVACY = Kind("table", partial(fields.Nested, PrivacySettings, load_default=Additions))
ANSWERS = Kind(
    "table", partial(fields.Nested, AnswersSettings, load_default=lambda: AnswersSettings().load({}))
)
SERVICE_LEVELS = Kind(
    "table",
    partial(fields.Nested, ServiceLevelSettings, load_default=lambda: ServiceLevelSettings().load({})),
)
PROMISES = Kind("table of durations", PromisesField)
DAILY = Kind("time of day", DailyTime)
HTTP = Kind("table", partial(fields.Nested, HttpSettings, load_default=lambda: HttpSettings().load({})))


class TypeSettings(Schema):
    """What each request type can set for itself; the top of the file applies to what it leaves out."""

    repository = REPOSITORY("instead of the one at the top")
    restricted_repository = REPOSITORY("instead of the one at the top")
    labels = LABELS("further labels for this type's issues")
    leads = LEADS("instead of the leads at the top")
    first_response = PROMISES("instead of those in `service_levels`")
    resolution = PROMISES("instead of those in `service_levels`")
    rota = ROTA("instead of the rota at the top; `[]` for none")
    rota_turns = TURNS("instead of those at the top")


class ObserverSettings(Schema):
    """What each observer can set for itself, in `[observers.<name>]`."""

    sensitive_answers = SWITCH(
        "whether the plugin is handed the answers and reasons of sensitive tickets; where they go is up to the plugin",
        load_default=False,
    )
