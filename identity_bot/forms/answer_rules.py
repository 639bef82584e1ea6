"""The marshmallow fields and rules that answers are checked with. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate

from identity_bot.text.markdown import clean

LARGEST_NUMBER = 2**53 - 1
"""Beyond it, JSON's readers do not agree about a number's last digits."""

_NEVER_IN_ADDRESSES = re.compile(r"[\s<>\"`\\\ufffd]")


def text(**rules: Any) -> fields.Field[Any]:
    """A field for what somebody typed."""
    return fields.String(error_messages={"invalid": "Please enter text."}, **rules)


class WholeNumber(fields.Integer):
    """A whole number, which a fraction is not cut to."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid")
        return super()._validated(value)


class CleanText(fields.String):
    """A text that came with something chosen, such as a file's name."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return clean(super()._deserialize(value, *args, **kwargs))


class Person(Schema):
    """Somebody chosen in Slack."""

    id = fields.String(required=True, validate=validate.Regexp(r"[UW][A-Z0-9]{1,30}\Z"))
    name = CleanText(load_default="", validate=validate.Length(0, 200))


class File(Schema):
    """A file uploaded in Slack."""

    id = fields.String(required=True, validate=validate.Regexp(r"[A-Z0-9]{1,40}\Z"))
    name = CleanText(required=True, validate=validate.Length(1, 200))
    link = CleanText(load_default="", validate=validate.Regexp(r"(https?://[^\s<>]{1,2000})?\Z"))


class Picked(fields.Nested):
    """An object that Slack made: whatever is wrong in it, one sentence says what the person can do."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(*args, **kwargs)
        except ValidationError as error:
            raise self.make_error("type") from error


def number_text(number: float) -> str:
    """A number as people and Slack write it: without an exponent, and without decimals that say nothing."""
    written = f"{Decimal(str(number)):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def length(shortest: int, longest: int) -> validate.Length:
    """A rule for how long a text is."""
    words = f"Please use at most {longest:,} characters."
    if shortest:
        words = f"Please use between {shortest:,} and {longest:,} characters."
    return validate.Length(shortest, longest, error=words)


def web_address(address: str) -> None:
    """A rule for what counts as a web address."""
    try:
        parts = urlsplit(address)
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        has_login = "@" in parts.netloc
    except ValueError:
        is_fine = has_login = False
    if not is_fine or _NEVER_IN_ADDRESSES.search(address):
        raise ValidationError("Please enter a web address, for example https://www.va.gov/sign-in.")
    if has_login:
        raise ValidationError("Please leave the name and password out of the web address.")


def range_words(minimum: float | None, maximum: float | None) -> str:
    """What somebody reads whose number is too small or too large."""
    low, high = (number_text(limit) if limit is not None else "" for limit in (minimum, maximum))
    if low and high:
        return f"Please enter a number from {low} to {high}."
    if low or high:
        return f"Please enter a number of at {'least' if low else 'most'} {low or high}."
    return "Please enter a number of at most 15 digits."
