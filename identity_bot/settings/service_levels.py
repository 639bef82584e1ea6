"""The settings of the team's hours and of what it promises in them, read into `ServiceLevels`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from marshmallow import Schema, ValidationError, fields, post_load, validates, validates_schema
from marshmallow.validate import Length, Range

from identity_bot.text.names import did_you_mean
from identity_bot.tickets.business_time import HOUR, BusinessHours, country_problem
from identity_bot.tickets.service_levels import DEFAULT, KEYS, STALE_AFTER, URGENT, Promises, ServiceLevels

LONGEST_WARNING = 480
"""Minutes."""
LONGEST_ON_CALL = 300
LONGEST_UNTRIED = 365
"""Business days."""
_DURATION = re.compile(r"(\d{1,4}) (minute|hour|day)s?")
_TIME = re.compile(r"(\d{1,2}):([0-5]\d)")


def _is_key(key: str) -> None:
    if key not in KEYS:
        raise ValidationError(f"unknown{did_you_mean(key, KEYS)}; expected one of {', '.join(KEYS)}")


class Duration(fields.Field[tuple[float, str] | None]):
    """Business time such as "1 hour" or "2 days", as a number and its unit; None for "none"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> tuple[float, str] | None:
        if value == "none":
            return None
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if not found or not int(found[1]):
            raise ValidationError(
                'expected business time such as "1 hour", "30 minutes" or "2 days", or "none"'
            )
        return float(found[1]), found[2]


class TimeOfDay(fields.Field[time]):
    """A time of day such as "9:00" or "17:30"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> time:
        found = _TIME.fullmatch(value) if isinstance(value, str) else None
        if not found or int(found[1]) > 23:
            raise ValidationError('not a time of day; expected one such as "9:00" or "17:30"')
        return time(int(found[1]), int(found[2]))


class DailyTime(fields.Field[time | None]):
    """A time of day at which something happens; None for "off"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> time | None:
        if value in ("off", ""):
            return None
        try:
            at: time = TimeOfDay().deserialize(value)
            return at
        except ValidationError:
            raise ValidationError('not a time of day; expected one such as "9:00", or "off"') from None


class PromisesField(fields.Dict):
    """What is promised to whom: durations by urgency and priority."""

    def __init__(self, **options: Any) -> None:
        super().__init__(keys=fields.String(validate=_is_key), values=Duration(), **options)


class ServiceLevelSettings(Schema):
    """When the team works, and how soon it promises to answer."""

    time_zone = fields.String(
        load_default="America/New_York",
        metadata={"kind": "time zone", "meaning": "the team's, by its name in the IANA database"},
    )
    opens = TimeOfDay(
        load_default=time(9),
        metadata={"kind": "time", "meaning": "when business hours begin"},
    )
    closes = TimeOfDay(
        load_default=time(17),
        metadata={"kind": "time", "meaning": "when they end, on the same day"},
    )
    holidays = fields.String(
        load_default="US",
        metadata={
            "kind": "country",
            "meaning": 'whose holidays and weekends are no business days, such as `"US"` for its federal holidays or '
            '`"DE-BY"`; `""` for Monday to Friday without holidays',
        },
    )
    days_off = fields.List(
        fields.Raw(),
        load_default=list,
        metadata={
            "kind": "list of dates",
            "meaning": "further days without business, such as `[2026-12-24]`",
        },
    )
    first_response = PromisesField(
        load_default=lambda: {DEFAULT: (1.0, "day"), URGENT: (1.0, "hour"), "critical": (1.0, "hour")},
        metadata={
            "kind": "table of durations",
            "meaning": "how soon somebody of the team answers, in business time: by "
            + ", ".join(f"`{key}`" for key in KEYS)
            + '; `"none"` promises nothing, and of several that fit the shortest counts',
            "default": '`{ urgent = "1 hour", critical = "1 hour", default = "1 day" }`',
        },
    )
    resolution = PromisesField(
        load_default=dict,
        metadata={
            "kind": "table of durations",
            "meaning": "the same for how soon a ticket is done, if nobody sets its target date",
            "default": "nothing promised",
        },
    )
    warn_minutes = fields.Integer(
        strict=True,
        load_default=30,
        validate=Range(0, LONGEST_WARNING, error=f"expected 0 to {LONGEST_WARNING} minutes"),
        metadata={
            "kind": "number",
            "meaning": "how long before something is due its assignees are told, in minutes of business time; 0 for "
            "never",
        },
    )
    on_call = fields.String(
        load_default="",
        validate=Length(max=LONGEST_ON_CALL, error=f"expected at most {LONGEST_ON_CALL} characters"),
        metadata={
            "kind": "text",
            "meaning": "what requestors of urgent tickets are told outside of business hours: a sentence that says "
            "whom to call",
        },
    )

    close_untried_after_days = fields.Integer(
        strict=True,
        load_default=0,
        metadata={
            "kind": "number",
            "meaning": "after how many business days without an answer the bot closes a ticket that is ready for UAT "
            f"and not urgent: {STALE_AFTER + 1} to {LONGEST_UNTRIED}, as its requestor is reminded after "
            f"{STALE_AFTER}; 0 for never",
        },
    )

    @validates("close_untried_after_days")
    def _is_after_the_nudge(self, days: int, data_key: str) -> None:
        if days != 0 and not STALE_AFTER < days <= LONGEST_UNTRIED:
            raise ValidationError(f"expected 0, or {STALE_AFTER + 1} to {LONGEST_UNTRIED} days")

    @validates("time_zone")
    def _is_a_time_zone(self, name: str, data_key: str) -> None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zones = [zone for zone in available_timezones() if "/" in zone]
            meant = did_you_mean(name, zones, 'a name such as "America/New_York"')
            raise ValidationError(f"not a time zone{meant}") from None

    @validates("holidays")
    def _are_known(self, country: str, data_key: str) -> None:
        if country and (problem := country_problem(country)):
            raise ValidationError(problem)

    @validates("days_off")
    def _are_dates(self, days: Sequence[Any], data_key: str) -> None:
        if not all(type(day) is date for day in days):
            raise ValidationError("expected dates without quotes, such as [2026-12-24]")

    @validates_schema(skip_on_field_errors=False)
    def _closes_after_it_opens(self, found: Mapping[str, Any], **_: Any) -> None:
        opens, closes = found.get("opens"), found.get("closes")
        if opens and closes and closes <= opens:
            raise ValidationError(
                {"closes": [f"not later than opens ({opens:%H:%M}); expected a later time of the same day"]}
            )

    @post_load
    def _service_levels(self, found: Mapping[str, Any], **_: Any) -> ServiceLevels:
        hours = BusinessHours(
            zone=ZoneInfo(found["time_zone"]),
            opens=found["opens"],
            closes=found["closes"],
            country=found["holidays"],
            days_off=frozenset(found["days_off"]),
        )
        return ServiceLevels(
            hours=hours,
            first_response=seconds_of(found["first_response"], hours),
            resolution=seconds_of(found["resolution"], hours),
            warn_before=found["warn_minutes"] * 60.0,
            on_call=found["on_call"].strip(),
            close_untried_after=found["close_untried_after_days"],
        )


def with_types(levels: ServiceLevels, sections: Mapping[str, Any]) -> ServiceLevels:
    """The service levels with what single request types promise in their sections, as far as they are usable."""
    types: dict[str, Mapping[str, Promises]] = {}
    for name, section in sections.items():
        own = {}
        for what in ("first_response", "resolution") if isinstance(section, Mapping) else ():
            if what in section:
                try:
                    own[what] = seconds_of(PromisesField().deserialize(section[what]), levels.hours)
                except ValidationError:
                    continue  # the type's own schema tells the operator
        if own:
            types[name] = own
    return replace(levels, types=types)


def seconds_of(promises: Mapping[str, tuple[float, str] | None], hours: BusinessHours) -> Promises:
    """Promises as seconds of business time."""
    units = {"minute": 60.0, "hour": HOUR, "day": hours.day}
    return {key: None if one is None else one[0] * units[one[1]] for key, one in promises.items()}
